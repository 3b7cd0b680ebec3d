"""`azyq access` as an officer types it: apply, decide, grant, block, list (A3–A9)."""

from __future__ import annotations

from pathlib import Path

from tests.integration.access_in_process import IINS
from tests.integration.month_in_process import query
from tests.integration.test_cli import Shell
from tests.unit.case_desk import PDF

FORM = f"""
service = "analyst-access"
consent = true
[applicant]
iin = "{IINS[0]}"
[fields]
surname = "Сейткали"
given_name = "Айгүл"
post = "Аудитор"
unit = "Аудит бөлімі"
contact = "a.seitkali@audit.gov.kz"
phone = "+77011234567"
purpose = "Аудит"
body = "Тексеру комиссиясы"
body_kind = "revision_commission"
region = "110000000"
[documents]
qr = "qr.pdf"
"""


def test_A3_to_A9_from_the_form_to_the_block(database: str, tmp_path: Path) -> None:
    azyq = Shell(database, tmp_path)
    (tmp_path / "form.toml").write_text(FORM, encoding="utf-8")
    (tmp_path / "qr.pdf").write_bytes(PDF)
    assert "nobody has access" in azyq("access", "list").stdout
    told = azyq("access", "apply", "form.toml", "--sign", "--json")
    assert told.returncode == 0, told.stderr
    (number,) = (
        row[0]
        for row in query(
            database, "SELECT originator_id::text FROM azyq_log.azyq_events WHERE topic = 'case.opened'"
        )
    )
    # the integrator grants nothing that was not passed on
    early = azyq("access", "grant", number, "--as", "i.officer", "--trained-on", "2026-01-10")
    assert (early.returncode, early.stderr.split(":")[0]) == (1, "step_not_open")
    assert azyq("access", "decide", number, "--as", "a.officer").returncode == 0
    trained = azyq("access", "grant", number, "--as", "i.officer", "--trained-on", "2025-07-01")
    assert trained.returncode == 0, trained.stderr
    (row,) = azyq.json("access", "list")
    assert (row["state"], row["regions"], row["last_sign_in"]) == ("granted", ["11"], None)
    assert "never signed in" in azyq("access", "list").stdout
    assert row["role"] in trained.stdout
    role = f"SELECT count(*) FROM pg_roles WHERE rolname = '{row['role']}'"
    assert query(database, role) == [(1,)]
    # the integrator blocks nobody by itself (A9)
    assert azyq("access", "block", row["case"], "--as", "i.officer").returncode == 1
    # the body tells who left, the authorised body passes it on (A6)
    assert azyq("access", "block", row["case"], "--role", "authorised").returncode == 2
    left = azyq("access", "block", row["case"], "--role", "applicant", "--left-on", "2025-07-01")
    assert left.returncode == 0, left.stderr
    assert azyq("access", "block", row["case"], "--as", "a.officer", "--role", "authorised").returncode == 0
    assert query(database, role) == [(1,)]
    blocked = azyq("access", "block", row["case"], "--as", "i.officer")
    assert (blocked.returncode, "blocked" in blocked.stdout) == (0, True), blocked.stderr
    assert query(database, role) == [(0,)]
    assert azyq.json("access", "list")[0]["state"] == "blocked"
    assert IINS[0] not in azyq("access", "list", "--json").stdout
    assert azyq("audit").returncode == 0


def test_only_the_form_for_access_is_applied_with(database: str, tmp_path: Path) -> None:
    azyq = Shell(database, tmp_path)
    (tmp_path / "other.toml").write_text('service = "complaint"\n', encoding="utf-8")
    assert azyq("access", "apply", "other.toml").returncode == 2
    assert azyq("access", "block", "AA-1", "--as", "x", "--role", "nobody").returncode == 2

"""`azyq db` and the other commands that report what they did: tables, views, JSON, and a login that may do less."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest

from infra.settings import ROOT
from projections.all_views import VIEWS
from tests.conftest import as_url, new_database
from tests.integration.month_in_process import AKKOL, Household, Town, a_month, as_csv, query
from tests.integration.test_cli import KEY, Shell

NEW_KEY = base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture
def empty(postgres_dsn: str, tmp_path: Path) -> Iterator[Shell]:
    """A database that nobody migrated."""
    with new_database(postgres_dsn) as dsn:
        yield Shell(as_url(dsn), tmp_path)


@pytest.fixture
def azyq(database: str, tmp_path: Path) -> Shell:
    return Shell(database, tmp_path)


def test_migrate_makes_the_views_tables_and_status_shows_them(empty: Shell) -> None:
    # given nothing yet
    before = empty("db", "status", "--json")
    assert before.returncode == 1
    told = json.loads(before.stdout)
    assert all(row["applied_at"] is None for row in told["migrations"])
    assert [(row["name"], row["version"]) for row in told["views"]] == [(v.name, None) for v in VIEWS]
    # when
    done = empty.json("db", "migrate")
    assert len(done["applied"]) == len(told["migrations"])
    assert done["views"] == {"made": [view.name for view in VIEWS], "outdated": []}
    # then
    for view in VIEWS:
        assert query(empty.dsn, f"SELECT count(*) FROM azyq_views.{view.name}") == [(0,)]
    after = empty.json("db", "status")
    assert after["views"] == [
        {"name": v.name, "version": v.version, "wanted": v.version, "position": 0} for v in VIEWS
    ]
    assert empty.json("db", "migrate") == {"applied": [], "views": {"made": [], "outdated": []}}
    shown = empty("db", "status").stdout
    assert all(view.name in shown for view in VIEWS)


def test_a_view_of_another_version_is_named_with_what_to_do(azyq: Shell) -> None:
    assert azyq("db", "migrate").returncode == 0
    query(azyq.dsn, "UPDATE azyq_views.view_state SET version = 99 WHERE view = 'families'")
    assert azyq.json("db", "migrate")["views"]["outdated"] == ["families"]
    assert "azyq rebuild families" in azyq("db", "migrate").stdout
    status = azyq("db", "status")
    assert status.returncode == 1
    assert "azyq rebuild families" in status.stdout


def test_after_migrate_a_login_that_may_only_act_as_our_roles_is_enough(empty: Shell) -> None:
    # given a database that a privileged login migrated
    assert empty("db", "migrate").returncode == 0
    login = f"azyq_test_{uuid4().hex[:12]}"
    query(empty.dsn, f"CREATE ROLE {login} LOGIN IN ROLE azyq_app, azyq_vault")
    try:
        url = psycopg2.extensions.make_dsn(empty.dsn, user=login)
        (empty.folder / "rejects").mkdir()
        # when a process runs under a login that can make nothing
        town = Town().households(2)
        write_list(empty, town)
        taken = empty.json(
            *("month", "import", "list.csv", "--programme", AKKOL, "--month", "2025-07"),
            *("--at", "2025-07-03T10:00"),
            DATABASE_URL=url,
        )
        assert taken["accepted"] == 4
        # then all works
        assert empty.json("audit", DATABASE_URL=url)["holds"] is True
        assert empty("db", "status", DATABASE_URL=url).returncode == 0
        assert empty.json("db", "migrate", DATABASE_URL=url)["applied"] == []
    finally:
        query(empty.dsn, f"DROP OWNED BY {login}; DROP ROLE {login}")


def write_list(azyq: Shell, households: list[Household]) -> None:
    with a_month(azyq.dsn, azyq.folder, AZYQ_MASTER_KEY=KEY) as month:
        month.write_list(as_csv(month.rows(households))).rename(azyq.folder / "list.csv")


def test_what_reports_has_json(azyq: Shell) -> None:
    # programme check
    checked = azyq.json("programme", "check", str(ROOT / "programmes" / "akkol-2025.toml"))
    assert (checked["id"], checked["months"]) == ("akkol-2025", ["2025-07", "2025-08", "2025-09"])
    # parked
    for position in (1, 2):
        azyq("db", "migrate")
        query(
            azyq.dsn,
            "INSERT INTO azyq_views.parked (view, position, stream, topic, reason)"
            " VALUES ('families', %s, gen_random_uuid(), 'sms.sent', 'no row')",
            position,
        )
    assert azyq.json("parked", "discard", "families", "1", "--reason", "a test") == {
        "view": "families",
        "position": 1,
        "state": "discarded",
        "reason": "a test",
    }
    retried = azyq.json("parked", "retry", "families", "2")
    assert retried == {"view": "families", "position": 2, "taken_in": True}
    # the vault
    with a_month(azyq.dsn, azyq.folder, AZYQ_MASTER_KEY=KEY) as month:
        household = Town().household(1)
        month.list_of([household])
        subject = month.subject(household.people[0])
    assert azyq.json("vault", "erase", subject, "--yes") == {"subject": subject, "erased": True}
    assert azyq.json("vault", "rotate-key", NEW_KEY) == {"rotated": True}
    # db stop
    assert azyq.json("db", "stop") == {"stopped": False, "reason": "not_embedded"}


def test_db_stop_says_in_json_whether_it_stopped(azyq: Shell) -> None:
    assert azyq.json("db", "stop", DATABASE_URL="") == {"stopped": False, "reason": "not_there"}
    assert not (azyq.folder / "data" / "postgres").exists()
    assert azyq("db", "migrate", DATABASE_URL="").returncode == 0
    assert azyq.json("db", "stop", DATABASE_URL="") == {"stopped": True, "reason": None}

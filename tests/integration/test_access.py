"""Analysts and auditors on real PostgreSQL: granted by a case, signed in by a certificate, within their scope (A1–A9)."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from pyarrow import parquet

from domain.access_refusals import ChallengeOver
from domain.calendar import ALMATY
from infra.parts.access import AnalystAccess
from infra.parts.scheduler import Scheduler
from infra.reporting.running import Reports, Request
from projections.reports.all_reports import REPORTS
from tests.certificates import certified
from tests.conftest import as_url, new_database
from tests.integration.access_in_process import AUTHORISED, IINS, INTEGRATOR, MONTH, Bureau, a_bureau
from tests.integration.month_in_process import query


@pytest.fixture
def bureau(month_database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(month_database, tmp_path, families=0) as bureau:
        yield bureau


def test_A1_to_A8_granted_signed_in_read_recorded_and_blocked(bureau: Bureau) -> None:
    # given an auditor of one oblast whose body applied and was granted access
    user, case = bureau.granted()
    (granted,) = bureau.events("access.granted")
    assert (granted["user"], granted["case"], granted["regions"]) == (user.subject, case.case, ["11"])
    # when the auditor signs in and reads
    headers = bureau.sign_in(user)
    told = bureau.http.get(f"/v1/reports/month?month={MONTH}", headers=headers)
    # then it is the own region's, says where it stands, and the reading is in the log
    assert told.status_code == 200, told.text
    regions = {row["region"] for row in told.json()["sections"]["regions"]}
    assert regions == {"1132"}
    (read,) = bureau.events("access.report_read")
    assert (read["user"], read["report"], read["regions"]) == (user.subject, "month", ["11"])
    assert read["log_position"] == told.json()["log_position"] == int(told.headers["azyq-log-position"])
    assert read["parameters"] == {"month": MONTH, "region": "11"}
    # when the account is blocked
    bureau.block(case)
    bureau.follow()
    # then nothing is given any more
    told = bureau.http.get(f"/v1/reports/month?month={MONTH}", headers=headers)
    assert (told.status_code, told.json()["code"]) == (403, "access_blocked")
    assert bureau.try_sign_in(user).json()["code"] == "access_blocked"


def refused(bureau: Bureau, headers: dict[str, str], address: str) -> str:
    """The code of what is asked for in vain, which must be recorded."""
    before = len(bureau.events("access.reading_refused"))
    told = bureau.http.get(address, headers=headers)
    assert told.status_code in (403, 404, 422), told.text
    assert "application/problem+json" in told.headers["content-type"]
    recorded = bureau.events("access.reading_refused")[before:]
    assert [one["code"] for one in recorded] == [told.json()["code"]]
    assert bureau.events("access.report_read") == []
    return str(told.json()["code"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("month?region=55", "region_foreign"),
        ("month?region=551010000", "region_foreign"),
        ("month?region=1", "region_foreign"),  # wider than the own one
        ("goods?region=55&as_of=7", "region_foreign"),
        ("pilot?region=55&format=xlsx", "region_foreign"),
        ("goods?region=55&format=parquet&section=articles", "region_foreign"),
        ("month?region=11%27%20OR%201%3D1--", "parameter_malformed"),
        ("month?region=%27%20OR%201%3D1--", "region_foreign"),
        ("month?region=11&region=55", "parameter_twice"),
        ("daily?on=2026-03-20&region=55", "region_foreign"),
        ("shops?shop=S001&region=5", "region_foreign"),
        ("appeals?region=55&format=csv", "region_foreign"),
        ("month?limit=1000000000", "parameter_foreign"),
        ("month?order_by=iin", "parameter_foreign"),
        ("month?from=2006-01&to=2026-01", "parameter_foreign"),
        ("month?month=2006-01", "month_without_programme"),
        ("month?month=%D9%A2026-03", "parameter_malformed"),
        ("month?as_of=999999999999", "as_of_ahead"),
        ("month?as_of=999999999999999999999999", "parameter_malformed"),
        ("month?as_of=2026-04-31", "parameter_malformed"),
        ("month?as_of=2026-04-01T09:00:00%2B99:00", "parameter_malformed"),
        ("month?programme=akkol-2025%27--", "parameter_malformed"),
        *(
            (f"{name}?shop=nobodys", "shop_unknown")
            for name in ("daily", "shops", "appeals", "reconciliation")
        ),
        ("month?format=exe", "format_unknown"),
        ("month?section=families", "section_unknown"),
        ("families", "report_unknown"),
        ("month%00", "report_unknown"),
    ],
)
def test_A2_what_is_beyond_the_scope_or_no_question_is_refused_and_recorded(
    reader: tuple[Bureau, dict[str, str]], asked: str, code: str
) -> None:
    bureau, headers = reader
    assert refused(bureau, headers, f"/v1/reports/{asked}") == code


def test_A2_a_report_without_regions_is_for_no_regions_reader(
    reader: tuple[Bureau, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau, headers = reader
    monkeypatch.setitem(REPORTS, "daily", replace(REPORTS["daily"], parameters=frozenset({"on"})))
    assert refused(bureau, headers, "/v1/reports/daily?on=2026-03-20") == "report_not_by_region"


@pytest.fixture(scope="module")
def reader(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bureau, dict[str, str]]]:
    """An auditor of one oblast, signed in."""
    folder = tmp_path_factory.mktemp("reader")
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_bureau(as_url(dsn), folder, families=40) as bureau,
    ):
        user, _ = bureau.granted()
        yield bureau, bureau.sign_in(user)


def test_what_was_typed_is_not_recorded_when_it_may_be_a_persons(bureau: Bureau) -> None:
    user, _ = bureau.granted()
    headers = bureau.sign_in(user)
    bureau.http.get("/v1/reports/month?region=880504300123&iin=880504300123", headers=headers)
    bureau.http.get("/v1/reports/880504300123", headers=headers)
    told = bureau.events("access.reading_refused")
    assert len(told) == 2
    assert "880504300123" not in str(told)


def test_A8_a_challenge_is_for_one_sign_in_within_five_minutes(bureau: Bureau) -> None:
    user, _ = bureau.granted()

    def sign_in(challenge: str, signed: bytes | None = None) -> str:
        signature = user.certificate.sign(challenge.encode() if signed is None else signed)
        body = {"challenge": challenge, "signature": base64.b64encode(signature).decode()}
        told = bureau.http.post("/v1/access/sessions", json=body)
        assert told.status_code in (201, 401, 422)
        return str(told.json().get("code", ""))

    def challenge() -> str:
        return str(bureau.http.post("/v1/access/challenge").json()["challenge"])

    used = challenge()
    assert sign_in(used) == ""
    assert sign_in(used) == "challenge_over"
    assert sign_in("azyq sign-in " + "a" * 43) == "challenge_over"
    # a signature over something else, and after it failed the challenge is used up
    other = challenge()
    assert sign_in(other, b"another challenge") == "signature_of_other_text"
    assert sign_in(other) == "challenge_over"
    late = challenge()
    bureau.clock.now = bureau.clock() + timedelta(minutes=5)
    assert sign_in(late) == "challenge_over"


def test_A8_whose_signature_it_is_decides_and_nothing_else(bureau: Bureau) -> None:
    user, _ = bureau.granted()
    iin = IINS[0]
    stranger = bureau.user()  # known to the vault, granted nothing
    forger = certified("Nobody", authority=True)
    for certificate, status, code in (
        (stranger.certificate, 401, "sign_in_failed"),
        (certified("A. Seitkali", forger, serial=f"IIN{iin}"), 422, "certificate_not_trusted"),
        (certified("A. Seitkali", bureau.authority, serial=f"BIN{iin}"), 422, "signer_unknown"),
        (certified("A. Seitkali", bureau.authority), 422, "signer_unknown"),
        (certified("A. Seitkali", bureau.authority, serial=f"IIN{iin}", days=30), 422, "certificate_expired"),
    ):
        told = bureau.try_sign_in(replace(user, certificate=certificate))
        assert (told.status_code, told.json()["code"]) == (status, code)
    told = bureau.http.post("/v1/access/challenge").json()["challenge"]
    body = {"challenge": told, "signature": "not base64"}
    assert bureau.http.post("/v1/access/sessions", json=body).json()["code"] == "signature_not_cms"


def test_A8_sign_ins_refusals_and_sign_outs_are_in_the_log(bureau: Bureau) -> None:
    user, case = bureau.granted()
    stranger = bureau.user()
    # given somebody who signs in by a signature that doesn't hold, and somebody without a grant
    forger = replace(user, certificate=certified("Forger", authority=True))
    assert bureau.try_sign_in(forger).status_code == 422
    assert bureau.try_sign_in(stranger).status_code == 401
    assert bureau.events("access.signed_in") == []
    told = [(one["user"], one["code"]) for one in bureau.events("access.sign_in_refused")]
    assert told == [("", "certificate_not_for_signing"), (stranger.subject, "sign_in_failed")]
    # when the reader signs in and out
    headers = bureau.sign_in(user)
    for _ in range(2):  # the second time nobody is signed in any more
        assert bureau.http.delete("/v1/access/sessions", headers=headers).status_code == 204
    (signed_in,) = bureau.events("access.signed_in")
    assert (signed_in["user"], signed_in["case"], signed_in["way"]) == (user.subject, case.case, "signature")
    assert [one["user"] for one in bureau.events("access.signed_out")] == [user.subject]
    # and is blocked
    bureau.block(case)
    bureau.follow()
    assert bureau.try_sign_in(user).status_code == 403
    last = bureau.events("access.sign_in_refused")[-1]
    assert (last["user"], last["code"]) == (user.subject, "access_blocked")
    # then nothing of it is personal, and the view has the last sign-in
    assert IINS[0] not in str([bureau.events(f"access.{name}") for name in ("signed_in", "sign_in_refused")])
    bureau.azyq.catch_up_views()
    assert query(bureau.azyq.dsn, "SELECT number, way FROM azyq_views.sign_ins") == [(case.case, "signature")]


def test_A8_what_strangers_try_does_not_fill_the_log(bureau: Bureau) -> None:
    for _ in range(80):
        with pytest.raises(ChallengeOver):
            bureau.access.sign_in("azyq sign-in " + "a" * 43, "")
    assert 60 <= len(bureau.events("access.sign_in_refused")) < 70


def test_A8_a_session_is_over_after_eight_hours_or_when_it_is_ended(bureau: Bureau) -> None:
    user, _ = bureau.granted()
    headers, other = bureau.sign_in(user), bureau.sign_in(user)
    address = f"/v1/reports/month?month={MONTH}"
    assert bureau.http.get(address, headers=headers).status_code == 200
    assert bureau.http.delete("/v1/access/sessions", headers=other).status_code == 204
    assert bureau.http.get(address, headers=other).json()["code"] == "session_over"
    bureau.clock.now = bureau.clock() + timedelta(hours=8)
    assert bureau.http.get(address, headers=headers).json()["code"] == "session_over"
    for bad in (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic x"},
    ):
        told = bureau.http.get(address, headers=bad)
        assert (told.status_code, told.json()["code"]) == (401, "session_over")
    # and the database has no token, only its hash
    assert headers["Authorization"].removeprefix("Bearer ") not in str(
        query(bureau.azyq.dsn, "SELECT * FROM azyq_access.session")
    )


def test_A5_after_its_year_access_ends_by_itself_over_http_and_in_the_database(bureau: Bureau) -> None:
    user, case = bureau.granted()
    headers = bureau.sign_in(user)
    bureau.clock.now = datetime(2027, 4, 7, 0, 0, 1, tzinfo=ALMATY)
    told = bureau.http.get("/v1/reports/month", headers=headers)
    assert told.status_code in (401, 403)
    assert bureau.try_sign_in(user).json()["code"] == "access_over"
    bureau.follow()
    assert [one["case"] for one in bureau.events("access.ended")] == [case.case]
    assert query(bureau.azyq.dsn, f"SELECT 1 FROM pg_roles WHERE rolname = '{bureau.role(user, case)}'") == []
    # and once only, whoever follows the case again
    Scheduler(bureau.azyq).tick()
    bureau.follow()
    assert len(bureau.events("access.ended")) == 1


def test_A4_a_case_is_followed_once_also_by_many_at_once(bureau: Bureau) -> None:
    user, case = bureau.user(), None
    case = bureau.apply(user)
    bureau.act(case, "consider", "passed_on", AUTHORISED)
    bureau.follow()
    assert bureau.events("access.granted") == []  # passed on is not granted yet
    bureau.act(case, "grant", "granted", INTEGRATOR, trained_on="2026-04-03", account_role="auditor")
    bureau.azyq.catch_up_views()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: AnalystAccess(bureau.azyq).follow_cases(), range(4)))
    assert told == [{}] * 4
    assert len(bureau.events("access.granted")) == 1
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: bureau.follow(), range(4)))
    assert len(bureau.events("access.granted")) == 1
    role = bureau.role(user, case)
    assert query(bureau.azyq.dsn, f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'") == [(1,)]


def test_A2_a_body_whose_budget_has_no_vouchers_sees_nothing(bureau: Bureau) -> None:
    user, case = bureau.granted(body_kind="interior_department", administrator="252")
    assert bureau.events("access.granted")[0]["administrator"] == "252"
    assert refused(bureau, bureau.sign_in(user), "/v1/reports/month") == "scope_empty"
    assert query(bureau.azyq.dsn, f"SELECT 1 FROM pg_roles WHERE rolname = '{bureau.role(user, case)}'") == []


def test_the_same_figures_in_every_format(bureau: Bureau) -> None:
    user, _ = bureau.granted()
    headers = bureau.sign_in(user)
    asked = f"/v1/reports/goods?month={MONTH}&section=positions"
    rows = bureau.http.get(asked, headers=headers).json()["sections"]["positions"]
    assert len(rows) > 3
    text = bureau.http.get(asked + "&format=csv", headers=headers).text
    assert next(csv.DictReader(io.StringIO(text)))["purchases"] == str(rows[0]["purchases"])
    book = openpyxl.load_workbook(
        io.BytesIO(bureau.http.get(asked + "&format=xlsx", headers=headers).content)
    )
    # a position has its number and, in the reader's language, its name
    assert book.worksheets[0]["C2"].value == rows[0]["position_name"]
    assert book.worksheets[0]["E2"].value == rows[0]["purchases"]
    table = parquet.read_table(
        io.BytesIO(bureau.http.get(asked + "&format=parquet", headers=headers).content)
    )
    assert table.num_rows == len(rows)
    assert table.column("position_name").to_pylist() == [row["position_name"] for row in rows]
    assert [one["form"] for one in bureau.events("access.report_read")] == ["json", "csv", "xlsx", "parquet"]


def test_A2_of_the_republic_small_counts_are_hidden_and_regions_are_not_told_apart_alone(
    bureau: Bureau,
) -> None:
    user, _ = bureau.granted(body_kind="supreme_audit", region="")
    headers = bureau.sign_in(user)
    address = f"/v1/reports/month?month={MONTH}"
    assert refused(bureau, headers, address + "&region=11") == "region_of_its_own_bodies"
    told = bureau.http.get(address, headers=headers).json()
    exact = Reports(bureau.azyq.dsn, bureau.azyq.programmes).answer(
        Request("month", {"month": MONTH}, str(told["log_position"])), bureau.clock()
    )
    hidden = 0
    for table in exact.tables:
        columns = [column.id for column in table.section.columns]
        for row, shown in zip(table.rows, told["sections"][table.section.id], strict=True):
            true = dict(zip(columns, row, strict=True))
            for column in columns[table.section.keys :]:
                assert shown[column] in (true[column], None), column
                hidden += shown[column] is None
                if not column.endswith("_tiyn"):
                    assert shown[column] not in (1, 2, 3, 4)
    assert {row["region"] for row in told["sections"]["regions"]} == {"11", "55"}
    assert hidden > 0
    # the same figures by the pilot's report, in files, and as of any moment of the week
    pilot = bureau.http.get(f"/v1/reports/pilot?month={MONTH}", headers=headers).json()["sections"][
        "vouchers"
    ]
    assert pilot[0]["issued"] == told["sections"]["months"][0]["vouchers"]
    for moment in (
        "2026-04-06T09:00:00%2B05:00",
        "2026-04-06T00:00:00+05:00",
        "2026-04-06%2009:00",
        "2026-04-06",
    ):
        again = bureau.http.get(f"{address}&as_of={moment}", headers=headers).json()
        assert again["sections"] == told["sections"]
    for form in ("csv", "xlsx", "parquet"):
        assert bureau.http.get(f"{address}&format={form}&section=sizes", headers=headers).status_code == 200


def test_A2_of_the_republic_no_time_to_come_tells_more_than_the_last_week(bureau: Bureau) -> None:
    user, _ = bureau.granted(body_kind="supreme_audit", region="")
    headers = bureau.sign_in(user)
    address = f"/v1/reports/month?month={MONTH}"
    now = bureau.http.get(address, headers=headers).json()
    for moment in ("2026-04-14T09:00:00%2B05:00", "2030-01-01T00:00:00%2B05:00"):
        ahead = bureau.http.get(f"{address}&as_of={moment}", headers=headers).json()
        assert (ahead["log_position"], ahead["sections"]) == (now["log_position"], now["sections"])
    assert bureau.http.get(f"{address}&as_of=0", headers=headers).json()["log_position"] == 0
    # what was asked before its time is not kept for it
    bureau.clock.now += timedelta(days=8)
    bureau.azyq.catch_up_views()
    later = bureau.http.get(address, headers=bureau.sign_in(user)).json()
    assert later["log_position"] == bureau.access._reports.stands("2026-04-13T00:00:00+05:00")[0]
    assert later["log_position"] > now["log_position"]

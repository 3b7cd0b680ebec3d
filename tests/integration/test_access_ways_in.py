"""Another region's data by every way in: found where the guard is off, refused and recorded where it is on (A2).

What follows a block, or the end of the year, is tried in the same way (A5, A6).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import openpyxl
import psycopg2
import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

from domain.calendar import ALMATY
from domain.trade.shop import Shop, ShopFacts
from infra.parts.analytics import Analytics
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.web.analytics.reading import Reader
from tests.conftest import as_url, new_database
from tests.integration.access_in_process import MONTH, Bureau, User, a_bureau
from tests.integration.month_in_process import query
from tests.integration.test_access_sql import connected, rows
from tests.integration.test_analytics_access import FROM_ELSEWHERE, sign_in

HERE, THERE = ("shop-in-akmola", "113220100"), ("shop-in-pavlodar", "551010000")


@pytest.fixture(scope="module")
def desk(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bureau, User, dict[str, str], TestClient]]:
    """An auditor of one oblast, signed in over HTTP and on the pages; a shop in each oblast."""
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_bureau(as_url(dsn), tmp_path_factory.mktemp("ways"), families=40) as bureau,
    ):
        for name, kato in (HERE, THERE):
            facts = ShopFacts(name, "000000000000", "", kato, "", "2025-01-01")
            bureau.azyq.log.save(Shop.join(name, facts, datetime(2026, 3, 1, tzinfo=ALMATY)))
        user, _ = bureau.granted()
        analytics = Analytics(bureau.azyq, bureau.access)
        app = create_app(Replies(bureau.azyq, lambda: None), analytics=analytics)
        with TestClient(
            app, base_url="https://azyq.example.kz", client=FROM_ELSEWHERE, follow_redirects=False
        ) as pages:
            assert sign_in(pages, user).status_code == 303
            yield bureau, user, bureau.sign_in(user), pages
        analytics.close()


@contextmanager
def unguarded(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With every check of the region off."""
    with monkeypatch.context() as patch:
        patch.setattr(bureau.access, "_within", lambda _, request: request)
        patch.setattr(Reader, "may_read", lambda *_: True)
        yield


def text_of(told: Any) -> str:
    """What an answer says, of whatever format."""
    kind = told.headers["content-type"]
    if "spreadsheet" in kind:
        book = openpyxl.load_workbook(io.BytesIO(told.content))
        return str([[cell.value for cell in row] for sheet in book.worksheets for row in sheet.rows])
    if "parquet" in kind:
        return str(parquet.read_table(io.BytesIO(told.content)).to_pylist())
    return str(told.text)


# Each way asks for the other oblast and gets rows that are not empty where nobody stands in the way.
OVER_HTTP = [
    *(f"{report}?month={MONTH}&region=55" for report in ("month", "pilot", "goods", "reconciliation")),
    "daily?on=2026-03-20&region=55",
    "shops?region=55",
    f"month?month={MONTH}&region=5510",
    f"month?month={MONTH}&region=551010",
    *(f"month?month={MONTH}&region=55&section=regions&format={form}" for form in ("csv", "xlsx", "parquet")),
    f"month?month={MONTH}&region=55&as_of=2026-04-01T00:00:00%2B05:00",
    f"month?month={MONTH}&region=55&as_of=100",
]
ON_PAGES = [
    f"/analytics?month={MONTH}&region=55&lang=en",
    f"/analytics/rows/month/regions?month={MONTH}&region=55&lang=en",
    f"/analytics/rows/month/regions?month={MONTH}&region=55&as_of=2026-04-01&lang=en",
    f"/analytics/rows/month/regions/file?month={MONTH}&region=55&form=csv",
    f"/analytics/rows/month/regions/file?month={MONTH}&region=55&form=xlsx",
    f"/analytics/rows/goods/articles/file?month={MONTH}&region=55&form=csv",
    f"/analytics/rows/shops/turnover?month={MONTH}&region=55&lang=en",
]


def last_refusal(bureau: Bureau, before: int) -> list[tuple[str, str]]:
    return [(one["user"], one["code"]) for one in bureau.events("access.reading_refused")[before:]]


@pytest.mark.parametrize("asked", OVER_HTTP)
def test_A2_over_http(
    desk: tuple[Bureau, User, dict[str, str], TestClient], monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    bureau, user, headers, _ = desk
    with unguarded(bureau, monkeypatch):
        told = bureau.http.get(f"/v1/reports/{asked}", headers=headers)
        assert told.status_code == 200, told.text
    before, read = len(bureau.events("access.reading_refused")), len(bureau.events("access.report_read"))
    told = bureau.http.get(f"/v1/reports/{asked}", headers=headers)
    assert (told.status_code, told.json()["code"]) == (403, "region_foreign")
    assert last_refusal(bureau, before) == [(user.subject, "region_foreign")]
    assert len(bureau.events("access.report_read")) == read


@pytest.mark.parametrize("asked", ON_PAGES)
def test_A2_on_the_pages(
    desk: tuple[Bureau, User, dict[str, str], TestClient], monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    bureau, user, _, pages = desk
    with unguarded(bureau, monkeypatch):
        told = pages.get(asked)
        assert told.status_code == 200
        if "regions" in asked or asked.startswith("/analytics?"):
            assert re.search("Pavlodar|5510", text_of(told))
    before = len(bureau.events("access.reading_refused"))
    told = pages.get(asked)
    assert told.status_code == 403
    assert not re.search("Pavlodar|551010", told.text)
    assert last_refusal(bureau, before) == [(user.subject, "region_foreign")]


@pytest.mark.parametrize("report", ["shops", "reconciliation", "daily", "appeals"])
def test_A2_the_id_of_a_shop_elsewhere_gives_nothing_of_it(
    desk: tuple[Bureau, User, dict[str, str], TestClient], monkeypatch: pytest.MonkeyPatch, report: str
) -> None:
    bureau, _, headers, _ = desk
    bureau.azyq.catch_up_views()
    asked = f"/v1/reports/{report}?shop={THERE[0]}"
    if report == "shops":
        with unguarded(bureau, monkeypatch):  # the probe: it is found where nobody stands in the way
            assert THERE[0] in str(bureau.http.get(asked, headers=headers).json()["sections"])
        own = bureau.http.get(asked.replace(THERE[0], HERE[0]), headers=headers).json()
        assert HERE[0] in str(own["sections"])
    told = bureau.http.get(asked, headers=headers)
    assert told.status_code == 200
    assert THERE[0] not in str(told.json()["sections"])
    assert told.json()["parameters"]["region"] == "11"


@pytest.mark.parametrize(
    "address",
    [
        "/v1/cases?role=authorised",
        "/v1/cases/AA-2026-4K7QXM2V",
        "/v1/staff",
        "/analytics/rows/families/families",
        "/analytics/rows/month/families",
        "/v1/reports/families",
        "/v1/reports/sms_journal",
        "/v1/reports/../families",
    ],
)
def test_A1_a_readers_session_opens_nothing_but_reports(
    desk: tuple[Bureau, User, dict[str, str], TestClient], address: str
) -> None:
    bureau, _, headers, pages = desk
    for told in (bureau.http.get(address, headers=headers), pages.get(address)):
        assert told.status_code in (401, 403, 404), (address, told.status_code, told.text[:200])


def test_A2_by_sql_nothing_but_row_level_security_stands_between(
    desk: tuple[Bureau, User, dict[str, str], TestClient],
) -> None:
    bureau, user, _, _ = desk
    (case,) = {one["case"] for one in bureau.events("access.granted") if one["user"] == user.subject}
    role = bureau.access.roles()
    (name,) = [one for one, (_, number) in role.items() if number == case]
    elsewhere = "SELECT count(*) FROM families WHERE region ^@ '55'"
    ((table,),) = query(
        bureau.azyq.dsn,
        "SELECT table_name FROM azyq_views.view_state WHERE view = 'families' AND status = 'current'",
    )
    switch = f"ALTER TABLE azyq_views.{table} {{}} ROW LEVEL SECURITY; SELECT 1"
    with connected(bureau, name) as connection:
        query(bureau.azyq.dsn, switch.format("DISABLE"))
        try:
            ((found,),) = rows(connection, elsewhere)
            assert found > 0
        finally:
            query(bureau.azyq.dsn, switch.format("ENABLE"))
        assert rows(connection, elsewhere) == [(0,)]


@pytest.mark.parametrize("how", ["blocked", "over"])
def test_A5_A6_after_the_end_nothing_is_given_by_any_way_and_the_try_is_recorded(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    user, case = bureau.granted()
    sessions = [bureau.sign_in(user) for _ in range(3)]
    role = bureau.role(user, case)
    if how == "blocked":
        bureau.block(case)
        bureau.follow()
    else:
        # the session would be over as well: one that isn't
        bureau.clock.now = datetime(2027, 4, 7, 0, 0, 1, tzinfo=ALMATY)
        query(bureau.azyq.dsn, "UPDATE azyq_access.session SET expires_at = 'infinity' RETURNING 1")
        bureau.follow()
    code = f"access_{how}"
    address = f"/v1/reports/month?month={MONTH}"
    # the probe: where the log isn't asked, the session still opens
    with monkeypatch.context() as patch:
        grant = bureau.access._grants.access(user.subject)
        assert grant is not None
        patch.setattr(bureau.access, "_grant", lambda *_: grant.grants[case.case])
        assert bureau.http.get(address, headers=sessions[0]).status_code == 200
    for headers in sessions[1:]:
        told = bureau.http.get(address, headers=headers)
        assert (told.status_code, told.json()["code"]) == (403, code)
        # and the session is over with it
        assert bureau.http.get(address, headers=headers).json()["code"] == "session_over"
    refused = bureau.events("access.reading_refused")
    assert [(one["user"], one["code"]) for one in refused] == [(user.subject, code)] * 2
    assert bureau.try_sign_in(user).json()["code"] == code
    with pytest.raises(psycopg2.OperationalError), connected(bureau, role):
        pass


@pytest.fixture
def bureau(month_database: str, tmp_path: Any) -> Iterator[Bureau]:
    with a_bureau(month_database, tmp_path, families=0) as bureau:
        yield bureau

"""The analysts' pages for those who were granted access: signed in by a certificate, within their regions (A2, A4–A8)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from domain.access_refusals import ScopeEmpty
from domain.errors import Refusal
from infra.parts.analytics import Analytics
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.web.analytics.sign_in import COOKIE
from tests.integration.access_in_process import MONTH, Bureau, User, a_bureau
from tests.integration.month_in_process import query

FROM_ELSEWHERE = ("203.0.113.9", 5000)
PAGE = f"/analytics?month={MONTH}&lang=en"


@pytest.fixture
def bureau(month_database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(month_database, tmp_path, families=0) as bureau:
        yield bureau


@pytest.fixture
def pages(bureau: Bureau) -> Iterator[TestClient]:
    analytics = Analytics(bureau.azyq, bureau.access)
    app = create_app(Replies(bureau.azyq, lambda: None), analytics=analytics)
    with TestClient(
        app,
        base_url="https://azyq.example.kz",
        client=FROM_ELSEWHERE,
        raise_server_exceptions=False,
        follow_redirects=False,
    ) as client:
        yield client
    analytics.close()


def sign_in(
    pages: TestClient,
    user: User,
    as_file: bool = False,
    spoil: bool = False,
    way: str = "/analytics/sign-in?lang=en",
) -> Any:
    shown = pages.get(way)
    challenge = unescape(re.findall(r"<textarea[^>]*readonly[^>]*>([^<]*)<", shown.text)[0])
    signature = user.certificate.sign((challenge + ("x" if spoil else "")).encode())
    fields: dict[str, Any] = {"challenge": (None, challenge)}
    if as_file:
        fields["file"] = ("challenge.p7s", signature)
    else:
        fields["signature"] = (None, base64.encodebytes(signature).decode())
    (action,) = re.findall(r'action="(/analytics/sign-in[^"]*)"', unescape(shown.text))
    return pages.post(action, files=fields)


LINK = f"/analytics/rows/month/regions?month={MONTH}&region=11&sort=spent&order=desc&lang=ru"


def test_a_link_that_was_passed_on_is_opened_after_signing_in(bureau: Bureau, pages: TestClient) -> None:
    user, _ = bureau.granted()
    told = pages.get(LINK)
    assert told.status_code == 401
    (way,) = re.findall(r'href="(/analytics/sign-in[^"]*)"', unescape(told.text))
    assert '<html lang="ru">' in pages.get(way).text
    assert sign_in(pages, user, way=way).headers["location"] == LINK


@pytest.mark.parametrize(
    ("asked", "opened"),
    [
        ("https://evil.example/analytics", "/analytics?lang=en"),
        ("//evil.example/analytics", "/analytics?lang=en"),
        ("/\\evil.example", "/analytics?lang=en"),
        ("/analytics/../office", "/analytics?lang=en"),
        ("/analytics/%2e%2e/office", "/analytics?lang=en"),
        ("/analytics/sign-out", "/analytics?lang=en"),
        ("/analyticsx", "/analytics?lang=en"),
        ("javascript:alert(1)", "/analytics?lang=en"),
        ("/analytics?a=1\r\nSet-Cookie: x=1", "/analytics?a=1%0D%0ASet-Cookie%3A+x%3D1&lang=en"),
        ("/analytics?" + "a" * 3000, "/analytics?lang=en"),
        ("/analytics/rows/month/regions/file?form=csv&lang=kk", "/analytics/rows/month/regions?lang=kk"),
    ],
)
def test_A8_nothing_but_our_own_pages_is_opened_after_signing_in(
    bureau: Bureau, pages: TestClient, asked: str, opened: str
) -> None:
    user, _ = bureau.granted()
    told = sign_in(pages, user, way=f"/analytics/sign-in?{urlencode({'lang': 'en', 'to': asked})}")
    assert told.status_code == 303
    assert told.headers["location"] == opened


@pytest.mark.parametrize("as_file", [True, False])
def test_A8_a_signature_over_the_challenge_opens_the_pages(
    bureau: Bureau, pages: TestClient, as_file: bool
) -> None:
    user, _ = bureau.granted()
    assert pages.get(PAGE).status_code == 401
    told = sign_in(pages, user, as_file)
    assert told.status_code == 303
    cookie = told.headers["set-cookie"]
    assert cookie.startswith(COOKIE)
    assert {"HttpOnly", "Secure", "Path=/analytics", "SameSite=lax"} <= set(cookie.split("; "))
    assert pages.get(PAGE).status_code == 200
    # when signing out, the session is over, whoever kept the cookie
    token = pages.cookies[COOKIE]
    assert pages.post("/analytics/sign-out").status_code == 303
    pages.cookies.set(COOKIE, token)
    assert pages.get(PAGE).status_code == 401


def test_A8_a_signature_that_does_not_hold_opens_nothing(bureau: Bureau, pages: TestClient) -> None:
    user, _ = bureau.granted()
    told = sign_in(pages, user, spoil=True)
    assert told.status_code == 422
    assert "over another text" in told.text
    stranger = bureau.user()
    assert sign_in(pages, stranger).status_code == 422
    for body in (
        b"",
        b"\x00" * 50,
        b'--x\r\nContent-Disposition: form-data; name="signature"\r\n\r\n\xff\r\n--x--',
    ):
        told = pages.post(
            "/analytics/sign-in", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert told.status_code == 422
    assert pages.get(PAGE).status_code == 401


def test_A2_the_pages_are_of_the_readers_region_and_each_reading_is_recorded(
    bureau: Bureau, pages: TestClient
) -> None:
    user, case = bureau.granted()
    sign_in(pages, user)
    told = pages.get(PAGE)
    assert "Akmola oblast" in told.text
    assert "Pavlodar oblast" not in told.text
    read = bureau.events("access.report_read")
    assert {one["report"] for one in read} == {
        "month",
        "reconciliation",
        "goods",
        "shops",
        "appeals",
        "daily",
    }
    assert {(one["user"], one["case"], one["parameters"]["region"], one["form"]) for one in read} == {
        (user.subject, case.case, "11", "page")
    }
    position = re.findall(r"Log position: ([\d\s]+)", told.text)[0]
    assert {str(one["log_position"]) for one in read} == {re.sub(r"\s", "", position)}
    file = pages.get(f"/analytics/rows/month/regions/file?month={MONTH}&form=csv")
    assert file.status_code == 200
    assert {line.split(",")[2] for line in file.text.splitlines()[1:]} == {"1132"}
    assert bureau.events("access.report_read")[-1]["form"] == "csv"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/analytics?month={MONTH}&region=55", "region_foreign"),
        (f"/analytics?month={MONTH}&region=1", "region_foreign"),
        (f"/analytics/rows/month/regions?month={MONTH}&region=551010", "region_foreign"),
        (f"/analytics/rows/goods/articles/file?month={MONTH}&region=55&form=xlsx", "region_foreign"),
        (f"/analytics/rows/month/regions?month={MONTH}&region=55&as_of=100", "region_foreign"),
        (f"/analytics/rows/shops/turnover?month={MONTH}&region=55", "region_foreign"),
        ("/analytics/rows/daily/shops?on=2026-03-10&region=5", "region_foreign"),
        ("/analytics/rows/appeals/topics/file?region=55&form=csv", "region_foreign"),
    ],
)
def test_A2_another_regions_data_are_refused_and_the_try_is_recorded(
    bureau: Bureau, pages: TestClient, path: str, code: str
) -> None:
    user, _ = bureau.granted()
    sign_in(pages, user)
    told = pages.get(path)
    assert told.status_code == 403
    assert "Pavlodar oblast" not in told.text
    refused = bureau.events("access.reading_refused")
    assert [(one["user"], one["code"]) for one in refused] == [(user.subject, code)]
    assert bureau.events("access.report_read") == []


def test_A6_a_blocked_reader_reads_nothing_more(bureau: Bureau, pages: TestClient) -> None:
    user, case = bureau.granted()
    sign_in(pages, user)
    assert pages.get(PAGE).status_code == 200
    bureau.block(case)
    bureau.follow()
    told = pages.get(PAGE)
    assert told.status_code == 403
    assert "blocked" in told.text
    assert sign_in(pages, user).status_code == 422


def test_A2_whoever_is_of_no_region_sees_the_republic_without_small_counts(
    bureau: Bureau, pages: TestClient
) -> None:
    user, _ = bureau.granted(body_kind="state_audit", region="")
    sign_in(pages, user)
    for address in (
        PAGE,
        f"{PAGE}&compare=2026-03-20",
        f"/analytics/rows/month/regions?month={MONTH}&lang=en",
    ):
        told = pages.get(address)
        assert told.status_code == 200
        assert "Pavlodar oblast" in told.text
        # what is hidden need not be small: a whole oblast's families are no "fewer than 5"
        assert told.text.count("fewer than 5") == 1
    assert ">not shown<" in pages.get(f"/analytics/rows/month/sizes?month={MONTH}&lang=en").text
    release = pages.get(f"/analytics/rows/month/sizes?month={MONTH}&compare=2026-03-20")
    assert release.status_code == 200
    # The figures are those at the end of a week, and the page says that it stands there.
    (read, *_) = [one for one in bureau.events("access.report_read") if one["report"] == "month"]
    position = re.findall(r"Log position: ([\d\s]+)", pages.get(PAGE).text)[0]
    assert re.sub(r"\s", "", position) == str(read["log_position"])
    told = pages.get(f"{PAGE}&region=11")
    assert told.status_code == 403
    assert [one["code"] for one in bureau.events("access.reading_refused")] == ["region_of_its_own_bodies"]


@pytest.mark.parametrize(
    "body",
    [
        {"body_kind": "central_audit", "region": "", "own_body": "Министерство"},
        {"body_kind": "interior_department", "administrator": "252"},
        {"body_kind": "interior_department", "administrator": "352", "region": "710000000"},
    ],
)
def test_A2_a_body_without_data_of_its_own_is_told_so_in_words(
    bureau: Bureau, pages: TestClient, body: dict[str, str]
) -> None:
    user, _ = bureau.granted(**body)
    assert bureau.events("access.granted")[0]["regions"] == []
    sign_in(pages, user)
    for language in ScopeEmpty.texts:
        told = pages.get(PAGE.replace("lang=en", f"lang={language}"))
        assert told.status_code == 403
        assert ScopeEmpty.texts[language] in unescape(told.text)
    assert {one["code"] for one in bureau.events("access.reading_refused")} == {"scope_empty"}
    # and the form wants what the clause names
    with pytest.raises(Refusal) as refusal:
        bureau.apply(bureau.user(), **{**body, "own_body": "", "administrator": ""})
    assert refusal.value.code == "field_missing"


def test_A4_the_readings_of_a_page_are_written_together(bureau: Bureau, pages: TestClient) -> None:
    user, _ = bureau.granted()
    sign_in(pages, user)
    assert pages.get(PAGE).status_code == 200
    found = query(
        bureau.azyq.dsn,
        "SELECT count(*), count(DISTINCT xmin::text) FROM azyq_log.azyq_events WHERE topic = 'access.report_read'",
    )
    # each report is a reading of its own; the log, which tills write to as well, is held twice: for those of the
    # month, and then for the day that they tell
    ((readings, times),) = found
    assert readings == len({event["report"] for event in bureau.events("access.report_read")}) > 3
    assert times == 2

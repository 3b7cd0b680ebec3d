"""/office/lists: uploads, pages and decisions as a browser without scripts makes them, and what is refused."""

from __future__ import annotations

import asyncio
import csv
import html
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from domain.office import APPROVER, CLERK, OPERATOR
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.parts.office.list_work import ListWork
from infra.parts.office.lists import OfficeLists
from infra.parts.office.reading import Office
from infra.parts.staff import enrol_staff
from infra.web.office.lists import LISTS
from infra.web.office.lists_words import LIST_WORDS
from infra.web.office.sign_in import COOKIE
from tests.integration.month_in_process import Town, a_month, as_csv, events_of, query
from tests.integration.office_in_process import HERE, OfficeSite, post

pytestmark = pytest.mark.views_ready

JULY = "akkol-2025/2025-07"
STAFF = {
    "k.clerk": (CLERK,),
    "k.approver": (APPROVER,),
    "m.approver": (APPROVER,),
    "k.operator": (OPERATOR,),
    "k.both": (CLERK, APPROVER),
    "r.registrar": ("registrar",),
}


class Site(OfficeSite):
    """The office on the second of the month, before any list."""

    def csv(self, families: int = 2, spoiled: int = 0) -> tuple[bytes, bytes]:
        """A list and its numbers, others at each call."""
        self.town = getattr(self, "town", None) or Town(4)
        households = self.town.households(families)
        rows = self.month.rows(households)
        for row in rows[:spoiled]:
            row[1] = "123"
        numbers = as_csv([[h.people[0].iin, str(h.phone)] for h in households], "iin,phone")
        return as_csv(rows).encode(), numbers.encode()

    def work(self) -> None:
        with closing(ListWork(self.month.azyq)) as work:
            work.round()

    def brought(self, client: TestClient, content: bytes, numbers: bytes | None = None) -> str:
        """The path of the page of a list that was sent and checked."""
        answer = send(client, content, numbers)
        assert answer.status_code == 303, answer.text
        self.work()
        return str(answer.headers["location"]).partition("?")[0]

    def topics(self) -> list[str]:
        found = [event.topic for event in events_of(self.month.azyq.dsn)]
        return [topic for topic in found if topic.startswith("list.")]

    def uploads(self) -> int:
        return int(query(self.month.azyq.dsn, "SELECT count(*) FROM vault.brought")[0][0])


def send(
    client: TestClient,
    content: bytes | None,
    numbers: bytes | None = None,
    month: str = JULY,
    headers: dict[str, str] | None = None,
) -> Any:
    """The form as a browser sends it."""
    files: list[tuple[str, Any]] = [("month", (None, month))]
    if content is not None:
        files.append(("list", ("list.csv", content, "text/csv")))
    files.append(("numbers", ("" if numbers is None else "numbers.csv", numbers or b"", "text/csv")))
    return client.post(LISTS, files=files, headers=headers)


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", answer.text)))


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_month(database, tmp_path) as month:
        azyq = month.azyq
        azyq.view_store.prepare(azyq.views)
        office = Office(azyq)
        app = create_app(Replies(azyq, lambda: None), office=office, lists=OfficeLists(azyq))
        for staff, roles in STAFF.items():
            enrol_staff(azyq).enrol(staff, "", roles, month.clock())
        azyq.catch_up_views()
        yield Site(month, office, app)
        office.close()


def test_R14_a_list_goes_through_the_pages_of_two_persons(site: Site) -> None:
    clerk, approver = site.signed_in("k.clerk"), site.signed_in("k.approver")
    assert 'name="month"' in clerk.get(LISTS).text
    assert 'name="month"' not in approver.get(LISTS).text
    answer = send(clerk, *site.csv(4, spoiled=1))
    path = str(answer.headers["location"])
    coming = clerk.get(path)
    assert f'<noscript><meta http-equiv="refresh" content="2; url={path}"></noscript>' in coming.text
    assert clerk.get(path.replace("?", "/progress?")).json()["over"] is False
    site.work()
    assert clerk.get(path.replace("?", "/progress?")).json()["over"] is True
    text = text_of(clerk.get(path))
    assert "Waits for approval" in text
    assert "You brought this list in: somebody else has to approve it." in text
    assert "Rows 8" in text
    assert "CSV; UTF-8; delimiter «,»" in text
    assert "iin_not_12_digits" in text
    assert f"{path.partition('?')[0]}/approve" not in clerk.get(path).text

    page = approver.get(path)
    assert f"{path.partition('?')[0]}/approve" in page.text
    approved = post(approver, path.replace("?", "/approve?"))
    assert (approved.status_code, approved.headers["location"]) == (303, path)
    assert "Approved, being taken in" in text_of(approver.get(path))
    site.work()
    text = text_of(clerk.get(path))
    assert "Taken in" in text
    assert "k.approver" in text
    assert "1-" in text
    assert "Taken in" in text_of(clerk.get(LISTS))
    assert site.topics() == ["list.begun", "list.brought_in", "list.approved", "list.taken_in"]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_R14_every_stage_is_said_in_every_language(site: Site, language: str) -> None:
    clerk, approver = site.signed_in("k.clerk"), site.signed_in("k.approver")
    path = site.brought(clerk, *site.csv(spoiled=1))
    said = clerk.get(f"{path}?lang={language}").text
    assert LIST_WORDS["stage_waiting"][("kk", "ru", "en").index(language)] in said
    assert f'lang="{language}"' in said
    post(approver, f"{path}/decline", reason="numbers_missing")
    assert LIST_WORDS["because_numbers_missing"][("kk", "ru", "en").index(language)] in html.unescape(
        clerk.get(f"{path}?lang={language}").text
    )
    for client in (clerk, approver):
        assert client.get(f"{LISTS}?lang={language}").status_code == 200


def test_R18_the_rows_that_go_back_are_for_clerk_and_approver_and_nobody_keeps_them(site: Site) -> None:
    clerk = site.signed_in("k.clerk")
    path = site.brought(clerk, *site.csv(spoiled=1))
    answer = clerk.get(f"{path}/rejects.csv?lang=ru")
    assert answer.headers["cache-control"] == "no-store"
    assert (
        answer.headers["content-disposition"] == 'attachment; filename="azyq-rejects-akkol-2025-2025-07.csv"'
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[-2] for row in rows] == ["code", "iin_not_12_digits", "family_without_applicant"]
    assert "rejects.csv" not in site.signed_in("k.operator").get(path).text
    assert site.signed_in("k.operator").get(f"{path}/rejects.csv").status_code == 403
    assert site.signed_in("r.registrar").get(f"{path}/rejects.csv").status_code == 403
    assert clerk.get(f"{path}/list.csv").status_code == 404
    assert clerk.get(f"{path}/no-number.csv").status_code == 404
    assert (
        site.topics()[-3:] == ["list.rejects_read", "list.act_refused", "list.act_refused"][:3]
        or site.topics()
    )


def test_R14_another_roles_button_pressed_by_hand_is_refused_and_recorded(site: Site) -> None:
    clerk, both = site.signed_in("k.clerk"), site.signed_in("k.both")
    path = site.brought(both, *site.csv())
    refused = {
        "same_person": post(both, f"{path}/approve"),
        "office_role_missing": post(clerk, f"{path}/approve"),
    }
    assert {answer.status_code for answer in refused.values()} == {403}
    assert "You brought this list in, so somebody else has to approve it." in text_of(
        refused["same_person"], 403
    )
    assert "approver" in text_of(refused["office_role_missing"], 403)
    assert post(clerk, f"{path}/decline", reason="mistake").status_code == 403
    assert post(site.signed_in("r.registrar"), f"{path}/approve").status_code == 403
    assert send(site.signed_in("k.approver"), *site.csv()).status_code == 403
    recorded = [one for one in events_of(site.month.azyq.dsn) if one.topic == "list.act_refused"]
    assert [(one.state["by"], one.state["act"], one.state["code"]) for one in recorded] == [
        ("k.both", "approve", "same_person"),
        ("k.clerk", "approve", "office_role_missing"),
        ("k.clerk", "decline", "office_role_missing"),
        ("r.registrar", "approve", "office_role_missing"),
        ("k.approver", "bring_in", "office_role_missing"),
    ]
    assert site.signed_in("r.registrar").get(path).status_code == 403
    assert [one["staff"] for one in site.acts("office.refused")] == ["r.registrar"]


@pytest.mark.parametrize("act", ["approve", "decline", "retry"])
def test_R14_the_address_a_refused_decision_leaves_behind_leads_to_the_list(site: Site, act: str) -> None:
    path = site.brought(site.signed_in("k.clerk"), *site.csv())
    approver = site.signed_in("k.approver")
    answer = approver.get(f"{path}/{act}?lang=kk")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?lang=kk")
    assert site.browser().get(f"{path}/{act}").headers["location"].startswith("/office/sign-in")
    assert approver.get(f"{LISTS}/%2F%2Fevil.example/{act}").status_code == 404
    assert site.topics() == ["list.begun", "list.brought_in"]


def test_R14_a_second_approver_is_told_that_it_is_decided(site: Site) -> None:
    path = site.brought(site.signed_in("k.clerk"), *site.csv())
    assert post(site.signed_in("k.approver"), f"{path}/approve").status_code == 303
    late = post(site.signed_in("m.approver"), f"{path}/decline", reason="mistake")
    assert "decided on already, by “k.approver”" in text_of(late, 422)


def test_R14_nobody_does_anything_from_elsewhere_or_without_a_session(site: Site) -> None:
    clerk = site.signed_in("k.clerk")
    path = site.brought(clerk, *site.csv())
    stranger = site.browser()
    assert stranger.get(LISTS).headers["location"].startswith("/office/sign-in")
    assert stranger.get(f"{path}/rejects.csv").headers["location"].startswith("/office/sign-in")
    assert stranger.get(f"{path}/progress").status_code == 401
    assert post(stranger, f"{path}/approve").status_code == 401
    assert send(stranger, *site.csv()).status_code == 401
    for name, value in (("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")):
        approver = site.signed_in("k.approver")
        assert post(approver, f"{path}/approve", headers={name: value}).status_code == 403
        assert send(clerk, site.csv()[0], headers={name: value}).status_code == 403
    assert site.topics() == ["list.begun", "list.brought_in"]
    assert site.uploads() == 1


def test_R14_whoever_loses_the_role_while_the_file_comes_brings_nothing_in(site: Site) -> None:
    clerk, cookie = site.signed_in("k.clerk"), ""
    cookie = clerk.cookies[COOKIE]

    async def pieces() -> AsyncIterator[bytes]:
        head = (
            b'--x\r\nContent-Disposition: form-data; name="month"\r\n\r\n' + JULY.encode() + b"\r\n"
            b'--x\r\nContent-Disposition: form-data; name="list"; filename="a.csv"\r\n\r\n'
        )
        yield head + site.csv()[0]
        site_staff = enrol_staff(site.month.azyq)
        await asyncio.to_thread(site_staff.change, "k.clerk", "", (OPERATOR,), site.month.clock())
        yield b"\r\n--x--\r\n"

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=site.app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            kind = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": f"{COOKIE}={cookie}"}
            return await client.post(LISTS, content=pieces(), headers=kind)

    assert asyncio.run(call()).status_code == 403
    assert site.uploads() == 0
    assert site.topics() == ["list.begun", "list.act_refused"]


# --- what comes ----------------------------------------------------------------------------------------------

HEAD = (
    b'--x\r\nContent-Disposition: form-data; name="month"\r\n\r\n' + JULY.encode() + b"\r\n"
    b'--x\r\nContent-Disposition: form-data; name="list"; filename="a.csv"\r\n\r\n'
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (HEAD + b"cut off", "multipart/form-data; boundary=x"),
        (HEAD + b"1\r\n--x", "multipart/form-data; boundary=x"),
        (HEAD + b"1\r\n--x--\r\n", "multipart/form-data"),
        (b"month=a", "application/x-www-form-urlencoded"),
        (b"\x00\xff" * 100, "multipart/form-data; boundary=x"),
        (HEAD[: -len(b'filename="a.csv"\r\n\r\n')], "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 12,
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_R14_a_form_that_is_none_or_breaks_off_leaves_nothing(site: Site, body: bytes, kind: str) -> None:
    answer = site.signed_in("k.clerk").post(LISTS, content=body, headers={"Content-Type": kind})
    assert "did not come to its end" in text_of(answer, 422)
    assert site.uploads() == 0


def test_R14_without_a_file_or_with_one_too_large_the_page_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = site.signed_in("k.clerk")
    assert "Choose the file of the list." in text_of(send(clerk, None), 422)
    assert "Choose the file of the list." in text_of(send(clerk, None, site.csv()[1]), 422)
    monkeypatch.setattr("infra.web.office.list_upload.MOST", 3_000_000)
    assert "The file is too large" in text_of(send(clerk, bytes(3_000_001)), 413)
    answer = clerk.post(
        LISTS,
        content=iter([HEAD, *[bytes(1_000_000)] * 4]),
        headers={"Content-Type": "multipart/form-data; boundary=x", "Accept": "application/json"},
    )
    assert (answer.status_code, "too large" in answer.json()["error"]) == (413, True)
    assert site.uploads() == 0


@pytest.mark.parametrize(
    "month",
    ["", "/", "akkol-2025", "akkol-2025/2031-01", "no/2025-07", "akkol-2025/2025-08", "'; --/²", "a" * 500],
)
def test_R19_a_month_made_up_by_hand_is_refused(site: Site, month: str) -> None:
    answer = send(site.signed_in("k.clerk"), *site.csv(), month=month)
    assert "Not done." in text_of(answer, 422)
    assert site.uploads() == 0


def test_R14_a_refusals_button_says_where_it_leads(site: Site) -> None:
    path = site.brought(site.signed_in("k.clerk"), *site.csv())
    refused = {
        "Today": site.signed_in("r.registrar").get(path),
        "Sign in": post(site.browser(), f"{path}/approve"),
        "Lists": post(
            site.signed_in("k.approver"), f"{path}/approve", headers={"Origin": "https://evil.example"}
        ),
    }
    for words, answer in refused.items():
        assert re.search(rf'class="button wide-button"[^>]*>{words}<', answer.text)


def test_R19_after_the_cut_off_the_page_takes_no_list_and_approves_none(site: Site) -> None:
    clerk = site.signed_in("k.clerk")
    path = site.brought(clerk, *site.csv())
    site.month.at(5, 9)
    clerk, approver = site.signed_in("k.clerk"), site.signed_in("k.approver")
    assert 'name="month"' not in clerk.get(LISTS).text
    assert "Lists for July 2025 were taken up to 04.07.2025; this one came on 05.07.2025" in text_of(
        send(clerk, *site.csv()), 422
    )
    text = text_of(approver.get(path))
    assert "Not approved in time" in text
    assert "Waits for approval" not in text
    assert f"{path}/approve" not in approver.get(path).text
    assert f"{path}/decline" in approver.get(path).text
    assert "Not approved in time" in text_of(approver.get(LISTS))
    assert "Lists that nobody approved in time: 1." in text_of(approver.get("/office"))
    assert "Lists waiting for approval" not in text_of(approver.get("/office"))
    assert "No list came in time (up to 04.07.2025)" in text_of(approver.get("/office"))
    assert "today is the last day" not in text_of(approver.get("/office"))
    assert "04.07.2025 Last day for the list being carried out" in text_of(approver.get("/office"))
    refused = text_of(post(approver, f"{path}/approve"), 422)
    assert "Lists for July 2025 were taken in up to 04.07.2025, and today is 05.07.2025" in refused
    site.month.at(6, 9)
    approver = site.signed_in("k.approver")
    assert "No list came in time (up to 04.07.2025)" in text_of(approver.get("/office"))
    assert "Not approved in time" in text_of(approver.get(path))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_R14_sentences_about_a_month_tell_it_in_words(site: Site, language: str) -> None:
    clerk = site.signed_in("k.clerk")
    site.brought(clerk, *site.csv())
    answer = clerk.get(f"{LISTS}?lang={language}")
    said = {
        "kk": "2025 жылғы шілде айының басқа тізімі",
        "ru": "Другой список за июль 2025 года ждёт",
        "en": "Another list of July 2025 waits",
    }[language]
    assert said in text_of(answer)
    assert "2025-07" not in text_of(answer)


def test_R14_a_script_is_answered_in_json(site: Site) -> None:
    clerk = site.signed_in("k.clerk")
    content, numbers = site.csv()
    answer = send(clerk, content, numbers, headers={"Accept": "application/json"})
    assert answer.json()["next"].startswith(f"{LISTS}/")
    site.work()
    again = send(clerk, content, numbers, headers={"Accept": "application/json"})
    assert (again.status_code, "waits for a decision" in again.json()["error"]) == (422, True)


@pytest.mark.parametrize("upload", ["0" * 32, "1", "..%2F..", "%00", "x" * 300, "²"])
def test_R14_a_list_that_is_not_there_is_a_page_that_says_so(site: Site, upload: str) -> None:
    approver = site.signed_in("k.approver")
    for path in ("", "/progress", "/rejects.csv"):
        assert approver.get(f"{LISTS}/{upload}{path}").status_code in (404, 422)
    for act in ("approve", "decline", "retry"):
        assert post(approver, f"{LISTS}/{upload}/{act}", reason="mistake").status_code == 404
    assert approver.post(f"{LISTS}/{upload}/approve", content=b"\x00").status_code == 404


def test_O5_2_forty_uploads_at_once_are_taken_in_turn_and_those_that_break_off_leave_nothing(
    site: Site,
) -> None:
    cookie = site.signed_in("k.clerk").cookies[COOKIE]

    async def pieces(whole: bool) -> AsyncIterator[bytes]:
        yield HEAD
        for _ in range(20):
            yield bytes(100_000)
            await asyncio.sleep(0)
        if whole:
            yield b"\r\n--x--\r\n"

    async def call(client: httpx.AsyncClient, number: int) -> int:
        kind = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": f"{COOKIE}={cookie}"}
        return (await client.post(LISTS, content=pieces(number % 2 == 0), headers=kind)).status_code

    async def all_at_once() -> list[int]:
        transport = httpx.ASGITransport(app=site.app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url=HERE, timeout=60) as client:
            return await asyncio.gather(*(call(client, number) for number in range(40)))

    said = asyncio.run(all_at_once())
    assert set(said) <= {303, 422, 503}
    assert said.count(503) > 0
    assert site.uploads() == said.count(303)

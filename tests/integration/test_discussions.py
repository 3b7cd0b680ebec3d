"""Public discussions: anybody reads the draft and comments until the end, then reads the report (S002-03 to S002-05)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from infra.parts.cases import discussions
from infra.parts.cases.discussions import COMMENTS_AN_HOUR
from infra.parts.staff import enrol_staff
from tests.integration.discussions_in_process import (
    DRAFT,
    REWORKED,
    DraftingHouse,
    a_drafting_house,
    opened,
    placed,
)
from tests.integration.month_in_process import events_of
from tests.unit.test_services_drafting import NAME
from tests.unit.ways_through import moment

pytestmark = pytest.mark.views_ready

TEXT = "Сократить срок. <script>alert(1)</script>"
AUTHOR = "Асанов Болат"


@pytest.fixture
def house(database: str, tmp_path: Path) -> Iterator[DraftingHouse]:
    with a_drafting_house(database, tmp_path) as house:
        yield house


def typed(house: DraftingHouse, **fields: str) -> dict[str, str]:
    """The form as somebody fills it in, with the key that the page had."""
    page = house.client.get(house.path).text
    (key,) = re.findall(r'name="key" value="([0-9a-f]{32})"', page)
    values = {
        "comment_kind": "proposal",
        "content": TEXT,
        "author": AUTHOR,
        "comment_language": "ru",
        **fields,
    }
    return {"key": key, **{f"f.{name}": value for name, value in values.items()}}


def send(house: DraftingHouse, data: dict[str, str], path: str = "", **headers: str) -> Any:
    parts = {name: (None, value) for name, value in data.items()}
    return house.client.post(path or house.path, files=parts, headers=headers)


def comments(house: DraftingHouse) -> list[dict[str, Any]]:
    return house.events("case.remark_recorded")


def call(house: DraftingHouse, key: str = "k1", **fields: Any) -> Any:
    body = {"fields": {"comment_kind": "remark", "content": "Too long a term", **fields}}
    return house.client.post(
        f"/v1{house.path}/comments", json=body, headers={"Idempotency-Key": key, "Accept-Language": "ru"}
    )


def test_S002_03_anybody_reads_the_draft_and_until_when_it_is_discussed(house: DraftingHouse) -> None:
    page = house.client.get(house.path).text
    assert "Remarks and proposals are taken until 12.05.2026, 18:30." in html.unescape(page)
    assert "Радио" in page
    (link,) = re.findall(r'href="(/discussions/[^"]+/documents/[0-9a-f]{64})"', page)
    got = house.client.get(link)
    assert got.content == DRAFT
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["x-content-type-options"] == "nosniff"
    listed = house.client.get("/discussions").text
    assert house.path in listed
    assert NAME in listed
    assert "<script" not in page


@pytest.mark.parametrize(
    ("language", "said"),
    [("kk", "Пікіріңіз"), ("ru", "Ваше замечание или предложение"), ("en", "Your comment")],
)
def test_S002_03_in_the_readers_language_which_is_that_of_the_comment(
    house: DraftingHouse, language: str, said: str
) -> None:
    page = house.client.get(f"{house.path}?lang={language}").text
    assert said in page
    assert re.search(rf'<option value="{language}" selected>', page)
    assert f'<html lang="{language}">' in page


def test_S002_04_a_comment_is_an_event_of_the_case_and_its_author_is_in_the_vault(
    house: DraftingHouse,
) -> None:
    data = typed(house)
    answer = send(house, data)
    assert answer.status_code == 303, answer.text
    (event,) = comments(house)
    assert (event["number"], event["late"], event["role"]) == (1, False, "public")
    assert event["facts"] == {"comment_kind": "proposal", "content": TEXT, "comment_language": "ru"}
    assert set(event["sealed"]) == {"author"}
    log = json.dumps(events_of(house.azyq.dsn), ensure_ascii=False, default=str)
    assert AUTHOR not in log
    assert "testclient" not in log
    page = house.client.get(answer.headers["location"]).text
    assert "recorded as No. 1" in page
    assert "Remarks and proposals so far: 1" in page
    assert AUTHOR not in page
    # A second press of the button is the same comment; the same form with other words is told to be another.
    assert send(house, data).headers["location"] == answer.headers["location"]
    assert send(house, {**data, "f.content": "other"}).status_code == 422
    assert len(comments(house)) == 1


def test_S002_04_neither_name_nor_language_must_be_told(house: DraftingHouse) -> None:
    assert send(house, typed(house, author="", comment_language="")).status_code == 303
    (event,) = comments(house)
    assert event["sealed"] == {}


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"f.content": ""}, 422, "is missing"),
        ({"f.content": "   "}, 422, "missing"),
        ({"f.content": "x" * 1_000_000}, 422, "at most 10,000 characters"),
        ({"f.content": "a\x00b"}, 422, "must be"),
        ({"f.comment_kind": "praise"}, 422, "must be one of"),
        ({"f.comment_kind": ""}, 422, "is missing"),
        ({"f.author": "a" * 10_001}, 422, "must be"),
    ],
)
def test_S002_04_what_is_no_comment_is_told_so_and_is_no_event(
    house: DraftingHouse, change: dict[str, str], status: int, said: str
) -> None:
    answer = send(house, {**typed(house), **change})
    assert answer.status_code == status
    assert said in html.unescape(answer.text)
    assert "<script>alert" not in answer.text
    assert comments(house) == []


def test_S002_04_a_body_that_is_no_form_is_refused(house: DraftingHouse) -> None:
    for content, kind in (
        (b"", "multipart/form-data"),
        (b"x" * 100, "text/plain"),
        (b"{}", "application/json"),
    ):
        answer = house.client.post(house.path, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 422, kind
    assert comments(house) == []


@pytest.mark.parametrize("number", ["XX-2026-22222222", "x", "<script>", "0" * 400, "{unplaced}"])
def test_S002_03_what_is_not_in_discussion_is_unknown(house: DraftingHouse, number: str) -> None:
    unplaced = opened(house.azyq, house.clock(), "another")
    path = f"/discussions/{number.format(unplaced=unplaced.case)}"
    data = typed(house)
    assert house.client.get(path).status_code == 404
    assert send(house, data, path).status_code == 404
    assert house.client.get(f"/v1{path}").json()["code"] == "discussion_unknown"
    answer = house.client.post(f"/v1{path}/comments", json={"fields": {}}, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (404, "discussion_unknown")
    assert house.client.get(f"{path}/report.html").status_code == 404


def test_S002_04_after_the_end_nothing_is_taken_though_the_clock_was_not_asked_yet(
    house: DraftingHouse,
) -> None:
    data = typed(house)
    house.at("12.05 18:30")
    assert send(house, data).status_code == 303
    house.at("12.05 18:31")
    answer = send(house, {**data, "key": "f" * 32})
    assert answer.status_code == 422
    assert "The discussion ended on 12.05.2026, 18:30" in html.unescape(answer.text)
    refused = call(house, "after")
    assert (refused.status_code, refused.json()["code"]) == (422, "discussion_over")
    assert "12.05.2026" in refused.json()["detail"]
    assert len(comments(house)) == 1
    page = house.client.get(house.path).text
    assert 'name="key"' not in page
    assert "The report will be on this page" in page


def test_S002_05_the_report_is_shown_once_it_is_posted_and_not_before(house: DraftingHouse) -> None:
    send(house, typed(house))
    assert call(house).status_code == 201
    house.close_and_answer()
    assert house.client.get(f"{house.path}/report.html").status_code == 404
    assert "grounds of 1" not in house.client.get(house.path).text
    told = house.client.get(f"/v1{house.path}").json()
    assert (told["open"], told["report"], told["comments"]) == (False, [], 2)
    house.post()
    page = house.client.get(house.path).text
    assert f"{house.path}/report.html" in page
    reworked = sha256(REWORKED).hexdigest()
    assert house.client.get(f"{house.path}/documents/{reworked}").content == REWORKED
    report = house.client.get(f"{house.path}/report.html?lang=ru").text
    for said in ("Too long a term", AUTHOR, "grounds of 1", "grounds of 2", "10.04.2026", "12.05.2026"):
        assert said in report, said
    assert "<script>alert" not in report
    assert house.client.get(f"{house.path}/report.docx").content.startswith(b"PK")
    assert house.client.get(f"{house.path}/report.exe").status_code == 404
    told = house.client.get(f"/v1{house.path}").json()
    assert told["report"] == [f"{house.path}/report.html", f"{house.path}/report.docx"]
    house.azyq.catch_up_views()
    assert [row["open"] for row in house.client.get("/v1/discussions").json()["discussions"]] == [False]


def test_S002_03_a_draft_that_was_withdrawn_is_told_as_ended(house: DraftingHouse) -> None:
    house.at("13.05 00:05")
    house.azyq.settle_cases.run_due(house.clock())
    house.act("report", "withdrawn")
    page = house.client.get(house.path).text
    assert "Comments are no longer taken" in page
    assert "The report will be" not in page


def test_S002_03_nothing_of_a_case_but_its_draft_is_given_to_everybody(house: DraftingHouse) -> None:
    """A document of another kind, or of another case, has no address here."""
    other = placed(house.azyq, opened(house.azyq, house.clock(), "another"), house.clock())
    digest = sha256(DRAFT).hexdigest()
    assert house.client.get(f"/discussions/{other.case}/documents/{digest}").status_code == 200
    for wrong in ("0" * 64, "x", digest.upper(), "../secret"):
        assert house.client.get(f"{house.path}/documents/{wrong}").status_code == 404
        assert house.client.get(f"/v1{house.path}/documents/{wrong}").status_code == 404


def test_S002_04_a_portal_reads_and_comments_over_http(house: DraftingHouse) -> None:
    (row,) = house.client.get("/v1/discussions").json()["discussions"]
    assert row["draft"] == NAME
    assert (row["case"], row["open"], row["until"]) == (house.case.case, True, "2026-05-12T18:30:00+05:00")
    told = house.client.get(f"/v1{house.path}").json()
    assert [one["field"] for one in told["asks"]] == ["comment_kind", "content", "comment_language", "author"]
    assert told["documents"][0]["sha256"] == sha256(DRAFT).hexdigest()
    assert call(house, author=AUTHOR).json() == {"case": house.case.case, "number": 1}
    assert call(house, author=AUTHOR).json()["number"] == 1
    assert call(house, "k2").json()["number"] == 2
    reused = call(house, "k2", content="something else")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    empty = call(house, "k3", content="")
    assert (empty.json()["code"], empty.json()["pointer"]) == ("field_missing", "/fields/content")
    unknown = call(house, "k4", colour="red")
    assert unknown.json()["code"] == "field_unknown"
    keyless = house.client.post(f"/v1{house.path}/comments", json={"fields": {}})
    assert keyless.json()["code"] == "idempotency_key_missing"
    large = house.client.post(
        f"/v1{house.path}/comments",
        content=json.dumps({"fields": {"content": "x" * 1_000_000}}),
        headers={"Idempotency-Key": "k5", "Content-Type": "application/json"},
    )
    assert large.status_code == 413
    assert len(comments(house)) == 2


def test_S002_04_a_flood_from_one_address_is_stopped(house: DraftingHouse) -> None:
    codes = [call(house, f"k{number}").status_code for number in range(COMMENTS_AN_HOUR + 3)]
    assert codes == [201] * COMMENTS_AN_HOUR + [429] * 3
    answer = send(house, typed(house))
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3600"
    assert len(comments(house)) == COMMENTS_AN_HOUR


def test_S002_04_a_portal_with_its_key_brings_as_many_as_people_write(house: DraftingHouse) -> None:
    issued = enrol_staff(house.azyq).enrol("portal", roles=("applicant",), unit="", at=house.clock())
    path = f"/v1{house.path}/comments"
    body = {"fields": {"comment_kind": "remark", "content": "Too long a term"}}
    for number in range(COMMENTS_AN_HOUR + 2):
        headers = {"Idempotency-Key": f"k{number}", "Authorization": f"Bearer {issued.key}"}
        assert house.client.post(path, json=body, headers=headers).status_code == 201
    wrong = {"Idempotency-Key": "k", "Authorization": "Bearer azyq-staff-none"}
    assert house.client.post(path, json=body, headers=wrong).json()["code"] == "staff_key_unknown"


def test_S002_04_a_flood_from_many_addresses_is_stopped_too(
    house: DraftingHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discussions, "COMMENTS_OF_ALL", 3)
    made = discussions.Discussions(house.azyq)
    fields = {"comment_kind": "remark", "content": "text"}
    for number in range(3):
        made.comment(house.case.case, fields, {}, f"k{number}", f"10.0.0.{number}")
    with pytest.raises(discussions.CommentsTooMany):
        made.comment(house.case.case, fields, {}, "k9", "10.0.0.9")


def test_S002_04_two_people_with_the_same_key_are_two(house: DraftingHouse) -> None:
    fields = {"comment_kind": "remark", "content": "text"}
    numbers = [
        house.discussions.comment(house.case.case, fields, {}, "1", address)
        for address in ("10.0.0.1", "10.0.0.2")
    ]
    assert numbers == [1, 2]


def test_S002_08_an_amendment_goes_through_the_same_discussion(house: DraftingHouse) -> None:
    house.at("13.05 10:00")
    other = placed(house.azyq, opened(house.azyq, house.clock(), "another"), moment("13.05 10:00"))
    house.azyq.catch_up_views()
    listed = house.client.get("/v1/discussions").json()["discussions"]
    assert [(row["case"], row["open"]) for row in listed] == [(other.case, True), (house.case.case, False)]

"""Cases over HTTP, as clerks and a portal know them: a licence from its application to its end, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from fastapi import Request
from httpx import Response

from domain.procedures.case_refusals import DocumentTooLarge
from infra.api.problems import Problem, problem_response
from infra.api.strict_json import read_body
from infra.clock import real_clock
from infra.parts.scheduler import UPLOADS_WAIT
from infra.parts.staff import enrol_staff
from infra.signatures.trial import NoSignatures
from tests.integration.clerks_in_process import IIN, LICENCE, PDF, PHONE, Bureau, Member, a_bureau
from tests.integration.month_in_process import query

pytestmark = pytest.mark.views_ready


@pytest.fixture
def bureau(database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database, tmp_path) as bureau:
        yield bureau


@pytest.fixture
def portal(bureau: Bureau) -> Member:
    return bureau.member("portal", "applicant")


def opened(bureau: Bureau, portal: Member, **changed: Any) -> str:
    answer = portal.post("/v1/cases", bureau.licence(portal, **changed))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case"])


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_S000_L1_to_L6_a_clerks_whole_licence_case(bureau: Bureau, portal: Member) -> None:
    responsible = bureau.member("r.resp", "responsible", unit="responsible")
    clerk = bureau.member("k.clerk", "clerk", unit="clerk")
    head = bureau.member("h.head", "head", unit="head")
    executor = bureau.member("e.exec", "executor", unit="executor")
    # L1: the application comes through the portal, under a signature, with its papers
    answer = portal.post("/v1/cases", bureau.licence(portal))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["state"], told["opened"], told["missing"]) == ("open", ["L2"], [])
    assert told["due_at"] == "2026-03-27T18:30:00+05:00"
    case = told["case"]
    # L2 to L4: each sees what there is to do, does it, and sees it no more
    bureau.azyq.catch_up_views()
    assert responsible.to_do() == [(case, "L2")]
    assert clerk.to_do() == []
    acted = responsible.act(case, "L2", "accepted")
    assert (acted.status_code, acted.json()["opened"], acted.json()["late"]) == (201, ["L3"], False)
    bureau.later(minutes=30)
    assert clerk.act(case, "L3", "registered").json()["late"] is True
    assert head.act(case, "L4", "assigned", assignee="e.exec").json()["opened"] == ["L5"]
    bureau.azyq.catch_up_views()
    assert (responsible.to_do(), executor.to_do(mine="yes")) == ([], [(case, "L5")])
    # L5: the executor reads what was brought
    shown = executor.get(f"/v1/cases/{case}").json()
    assert (shown["personal"]["iin"], shown["fields"]["subtypes"]) == (IIN, "II")
    assert (shown["status_page"], portal.get(f"/v1/cases/{case}").json()["status_page"]) == (
        "",
        told["status_page"],
    )
    (paper, _) = shown["documents"]
    there = executor.get(f"/v1/cases/{case}/documents/{paper['sha256']}")
    assert (there.status_code, there.content, there.headers["content-type"]) == (200, PDF, "application/pdf")
    (standing,) = shown["steps"]
    assert {one["outcome"]: one["open"] for one in standing["outcomes"]}["licence_prepared"] is True
    assert executor.act(case, "L5", "licence_prepared").status_code == 201
    # L6: the head signs
    assert code(head.act(case, "L6", "licence_signed")) == (422, "signature_missing")
    signed = head.act(case, "L6", "licence_signed", sign=True).json()
    assert (signed["ending"], signed["results"][0]["number"]) == ("granted", f"{case}-1")
    over = head.get(f"/v1/cases/{case}").json()
    assert (over["state"], over["ending"], over["steps"]) == ("closed", "granted", [])
    bureau.azyq.catch_up_views()
    closed = head.get("/v1/cases", state="closed", service=LICENCE).json()
    assert [(one["case"], one["term"]) for one in closed["cases"]] == [(case, "kept")]
    levels = head.get(f"/v1/services/{LICENCE}/levels").json()
    assert (levels["figures"]["done"], levels["figures"]["terms_kept"]) == (1, 1)


def test_a_number_typed_by_hand_is_understood(bureau: Bureau, portal: Member) -> None:
    case = opened(bureau, portal)
    begins, year, rest = case.split("-")
    cyrillic = rest.translate(str.maketrans("BCHKMPTX", "ВСНКМРТХ"))
    for typed in (case.lower(), f"{begins}–2О{year[2:]}–{cyrillic}", f"1D {year} {rest[:4]} {rest[4:]}"):
        shown = portal.get(f"/v1/cases/{typed}")
        assert (shown.status_code, shown.json().get("case")) == (200, case), typed
        paper = shown.json()["documents"][0]["sha256"]
        assert portal.get(f"/v1/cases/{typed}/documents/{paper}").status_code == 200
    responsible = bureau.member("r.resp", "responsible", unit="responsible")
    assert responsible.act(f"ld {year} {cyrillic}", "L2", "accepted").json()["case"] == case


# --- what is refused ------------------------------------------------------------------------------------


@pytest.fixture
def staff(bureau: Bureau) -> dict[str, Member]:
    """One member a role of the licence."""
    return {
        role: bureau.member(f"{role[0]}.{role}", role, unit=role)
        for role in ("responsible", "clerk", "head", "executor")
    }


def through(case: str, staff: dict[str, Member], upto: str) -> None:
    """The licence's steps before `upto`."""
    for role, step, outcome, more in (
        ("responsible", "L2", "accepted", {}),
        ("clerk", "L3", "registered", {}),
        ("head", "L4", "assigned", {"assignee": "e.executor"}),
        ("executor", "L5", "licence_prepared", {}),
        ("head", "L6", "licence_signed", {"sign": True}),
    ):
        if step == upto:
            return
        answer = staff[role].act(case, step, outcome, **more)
        assert answer.status_code == 201, answer.text


def test_S002_36_acts_out_of_turn_twice_by_the_wrong_role_and_after_the_end(
    bureau: Bureau, portal: Member, staff: dict[str, Member]
) -> None:
    case = opened(bureau, portal)
    responsible, clerk, head, executor = (staff[one] for one in ("responsible", "clerk", "head", "executor"))
    before = bureau.topics()
    assert code(clerk.act(case, "L3", "registered")) == (422, "step_not_open")
    assert code(clerk.act(case, "L2", "accepted")) == (403, "not_your_step")
    assert code(portal.act(case, "L2", "accepted")) == (403, "not_your_step")
    assert code(responsible.act(case, "L9", "accepted")) == (422, "step_unknown")
    assert code(responsible.act(case, "L2", "rejected")) == (422, "outcome_unknown")
    assert bureau.topics() == before
    through(case, staff, "L3")
    assert code(responsible.act(case, "L2", "accepted")) == (422, "step_not_open")
    assert clerk.act(case, "L3", "registered").status_code == 201
    assert code(head.act(case, "L4", "assigned")) == (422, "assignee_missing")
    assert head.act(case, "L4", "assigned", assignee="e.executor").status_code == 201
    other = bureau.member("o.other", "executor", unit="executor")
    assert code(other.act(case, "L5", "licence_prepared")) == (403, "not_assigned_to_you")
    assert code(executor.act(case, "L5", "refusal_prepared")) == (422, "ground_missing")
    assert code(executor.act(case, "L5", "refusal_prepared", ground="weather")) == (422, "ground_unknown")
    # whoever prepared it signs nothing, whatever other roles he has
    both = bureau.member("b.both", "head", "executor")
    assert head.post(f"/v1/cases/{case}/assignments", {"step": "L5", "assignee": "b.both"}).status_code == 201
    assert both.act(case, "L5", "licence_prepared").status_code == 201
    assert code(both.act(case, "L6", "licence_signed", sign=True)) == (403, "same_person")
    assert head.act(case, "L6", "licence_signed", sign=True).status_code == 201
    assert code(head.act(case, "L6", "licence_signed", sign=True)) == (422, "case_closed")
    assert code(head.act("LD-2026-22222222", "L6", "licence_signed")) == (404, "case_unknown")


def test_S000_L5a_a_document_of_another_case_is_no_document_of_this_one(
    bureau: Bureau, portal: Member, staff: dict[str, Member]
) -> None:
    case = opened(bureau, portal)
    kept = portal.uploaded(b"%PDF-1.7 of another case")
    body = bureau.licence(portal)
    other = portal.post("/v1/cases", {**body, "documents": {**body["documents"], "fee_paid": kept}})
    assert other.status_code == 201
    # its digest is known to somebody else, and gives him nothing
    second = bureau.member("portal.two", "applicant")
    refused = second.post("/v1/cases", {**bureau.licence(second), "documents": {"fee_paid": kept}})
    assert code(refused) == (422, "paper_unknown")
    assert refused.json()["pointer"] == "/documents/fee_paid"
    answer = staff["responsible"].act(case, "L2", "accepted", documents={"fee_paid": kept})
    assert code(answer) == (422, "paper_unknown")
    assert code(staff["head"].get(f"/v1/cases/{case}/documents/{kept}")) == (404, "not_found")
    # nor is a document of this case given to a step that asks for none
    (mine, _) = portal.get(f"/v1/cases/{case}").json()["documents"]
    answer = staff["responsible"].act(case, "L2", "accepted", documents={"fee_paid": mine["sha256"]})
    assert code(answer) == (422, "document_unknown")


def test_the_same_key_gets_the_same_answer_and_another_call_none(
    bureau: Bureau, portal: Member, staff: dict[str, Member]
) -> None:
    body = bureau.licence(portal)
    first = portal.post("/v1/cases", body, key="k1")
    again = portal.post("/v1/cases", body, key="k1")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    other = {**body, "fields": {**body["fields"], "subtypes": "III"}}
    refused = portal.post("/v1/cases", other, key="k1")
    assert code(refused) == (422, "idempotency_key_reused")
    case = first.json()["case"]
    acted = staff["responsible"].act(case, "L2", "accepted", key="a1")
    assert acted.status_code == 201
    bureau.later(hours=2)
    assert staff["clerk"].act(case, "L3", "registered", key="a1").status_code == 201
    # the case went on, and the answer is what it was
    assert staff["responsible"].act(case, "L2", "accepted", key="a1").json() == acted.json()
    assert portal.post("/v1/cases", body, key="k1").json() == first.json()
    assert code(staff["responsible"].act(case, "L3", "accepted", key="a1")) == (422, "idempotency_key_reused")
    long = "x" * 200
    told = staff["head"].act(case, "L4", "assigned", key=long, assignee="e.executor")
    assert (told.status_code, told.json()["opened"]) == (201, ["L5"])
    assert staff["head"].act(case, "L4", "assigned", key=long, assignee="e.executor").json() == told.json()
    assert code(portal.client.post("/v1/cases", json=body, headers=portal.headers)) == (
        400,
        "idempotency_key_missing",
    )
    assert bureau.topics()["case.opened"] == 1


def test_of_many_who_act_at_once_one_does(bureau: Bureau, portal: Member, staff: dict[str, Member]) -> None:
    case = opened(bureau, portal)

    def accept(number: int) -> int:
        return staff["responsible"].act(case, "L2", "accepted", key=f"p{number}").status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(accept, range(16))) == {201: 1, 422: 15}
    body = bureau.licence(portal)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: portal.post("/v1/cases", body, key="same").json(), range(8)))
    assert {str(one) for one in told} == {str(told[0])}
    assert bureau.topics()["case.opened"] == 2


# --- who is let in, and what he sees --------------------------------------------------------------------


def test_without_a_key_with_a_wrong_one_and_after_a_revocation_nobody_is_let_in(bureau: Bureau) -> None:
    head = bureau.member("h.head", "head")
    addresses = ("/v1/cases", "/v1/cases/X", "/v1/staff/me", f"/v1/services/{LICENCE}/levels")
    other = head.key[:-1] + ("y" if head.key.endswith("x") else "x")
    for path in addresses:
        assert code(bureau.client.get(path)) == (401, "staff_key_missing")
        for wrong in (
            "Bearer x",
            f"Bearer {other}",
            "Basic x",
            f"Bearer azyq_trial_k7qm2xva_{'a' * 43}",
        ):
            answer = bureau.client.get(path, headers={"Authorization": wrong})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert bureau.client.get(path, headers=head.headers).status_code != 401
    live = head.key.replace("azyq_trial", "azyq_live")
    answer = bureau.client.get("/v1/staff/me", headers={"Authorization": f"Bearer {live}"})
    assert code(answer) == (403, "staff_key_of_other_environment")
    assert head.get("/v1/staff/me").json() == {"staff": "h.head", "roles": ["head"], "unit": ""}
    fresh = head.post("/v1/staff/rotate").json()["key"]
    assert head.get("/v1/staff/me").status_code == 200
    enrol_staff(bureau.azyq).revoke("h.head", "left", bureau.clock())
    for key in (head.key, fresh):
        answer = bureau.client.get("/v1/staff/me", headers={"Authorization": f"Bearer {key}"})
        assert code(answer) == (403, "staff_revoked")


def test_whoever_tries_keys_or_asks_too_often_is_told_to_wait(database: str, tmp_path: Path) -> None:
    with a_bureau(database, tmp_path, AZYQ_STAFF_PER_SECOND=2) as bureau:
        clerk = bureau.member("k.clerk", "clerk")
        codes = Counter(clerk.get("/v1/staff/me").status_code for _ in range(20))
        assert codes[429] > 5
        wrong = {"Authorization": f"Bearer azyq_trial_staff_k.clerk_{'a' * 43}"}
        codes = Counter(bureau.client.get("/v1/staff/me", headers=wrong).status_code for _ in range(50))
        assert codes[429] > 10


def test_a_member_sees_the_cases_of_the_roles_and_the_unit(
    bureau: Bureau, portal: Member, staff: dict[str, Member]
) -> None:
    case = opened(bureau, portal)
    bureau.azyq.catch_up_views()
    stranger = bureau.member("s.stranger", "moderator")
    elsewhere = bureau.member("e.elsewhere", "responsible", unit="clerk")
    for other in (stranger, elsewhere):
        assert code(other.get(f"/v1/cases/{case}")) == (404, "case_unknown")
        assert code(other.act(case, "L2", "accepted")) == (404, "case_unknown")
        assert other.to_do() == []
        assert code(other.get("/v1/cases", state="closed", service=LICENCE)) == (403, "service_not_yours")
        assert code(other.get(f"/v1/services/{LICENCE}/levels")) == (403, "service_not_yours")
        assert code(other.post("/v1/cases", {"service": LICENCE})) == (403, "service_not_yours")
    assert code(stranger.get("/v1/cases", role="head")) == (403, "role_not_yours")
    assert staff["head"].get(f"/v1/cases/{case.lower()}").json()["case"] == case
    assert portal.get(f"/v1/cases/{case}").status_code == 200


def test_what_there_is_to_do_comes_in_pages_the_one_due_first_in_front(
    bureau: Bureau, portal: Member, staff: dict[str, Member]
) -> None:
    body = bureau.licence(portal)
    cases = []
    for number in range(7):
        cases.append(portal.post("/v1/cases", body).json()["case"])
        bureau.later(minutes=number)
    bureau.azyq.catch_up_views()
    responsible = staff["responsible"]
    seen, after = [], None
    for _ in range(5):
        page = responsible.get("/v1/cases", limit="2", **({"after": after} if after else {})).json()
        seen += [one["case"] for one in page["cases"]]
        after = page["after"]
        if after is None:
            break
    assert sorted(seen) == sorted(cases)
    assert [one for one in seen if one in cases[3:]] == cases[3:]
    assert IIN not in str(after)
    overdue = responsible.get("/v1/cases", due="overdue").json()["cases"]
    assert {one["case"] for one in overdue} == {*cases[:2]}
    assert all(one["overdue"] for one in overdue)
    assert len(responsible.get("/v1/cases", due="today").json()["cases"]) == 7
    assert responsible.to_do(due="2026-03-01") == []
    assert responsible.to_do(service="licence-construction") == []


def test_S002_04_what_is_overdue_is_brought_before_the_head(
    bureau: Bureau, portal: Member, staff: dict[str, Member]
) -> None:
    case = opened(bureau, portal)
    through(case, staff, "L5")
    bureau.later(days=40)
    bureau.azyq.catch_up_views()
    assert bureau.azyq.settle_cases.run_due(bureau.clock()).overdue == 1
    bureau.azyq.catch_up_views()
    assert staff["head"].to_do(state="escalated") == [(case, "L5")]
    assert staff["clerk"].to_do(state="escalated") == []
    (waiting,) = staff["head"].get(f"/v1/services/{LICENCE}/levels").json()["waiting"]
    assert (waiting["role"], waiting["open"], waiting["overdue"]) == ("executor", 1, 1)
    late = staff["executor"].act(case, "L5", "refusal_prepared", ground="untrue").json()
    assert late["late"] is True
    assert staff["head"].act(case, "L6", "refusal_signed", sign=True).status_code == 201
    bureau.azyq.catch_up_views()
    figures = staff["head"].get(f"/v1/services/{LICENCE}/levels").json()["figures"]
    assert (figures["refused_by_ground"], figures["terms_missed"]) == ({"untrue": 1}, 1)


@pytest.mark.parametrize(
    ("query_", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=501", "/limit"),
        ("limit=1e9", "/limit"),
        ("limit=%EF%BC%91", "/limit"),
        ("due=2026-02-30", "/due"),
        ("due=9999-12-31", "/due"),
        ("state=gone", "/state"),
        ("state=closed", "/service"),
        ("mine=1", "/mine"),
        ("sort=iin", "/sort"),
        ("role=a&role=b", "/role"),
        ("role=%00", "/role"),
        ("service=licence", "/service"),
    ],
)
def test_a_list_that_is_asked_for_wrongly_is_refused(bureau: Bureau, query_: str, pointer: str) -> None:
    head = bureau.member("h.head", "head")
    answer = bureau.client.get(f"/v1/cases?{query_}", headers=head.headers)
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


@pytest.mark.parametrize("after", ["x", "fHx8", "%F0%9F%92%B6", "MjAyNi0wMy0wMnx4", "' OR 1=1--"])
def test_a_page_begins_where_we_said(bureau: Bureau, after: str) -> None:
    head = bureau.member("h.head", "head")
    for more in ({}, {"state": "closed", "service": LICENCE}):
        assert code(head.get("/v1/cases", after=after, **more))[0] == 422


# --- uploads --------------------------------------------------------------------------------------------


class Slowly:
    """A request whose body comes in pieces of a megabyte."""

    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, pieces: int) -> None:
        self.pieces, self.read = pieces, 0

    async def stream(self) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            self.read += 1
            yield bytes(1_000_000)


@pytest.fixture
def small(database: str, tmp_path: Path) -> Iterator[Bureau]:
    """A bureau that takes documents of a megabyte."""
    with a_bureau(database, tmp_path, AZYQ_DOCUMENT_MEGABYTES=1) as bureau:
        yield bureau


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", (422, "document_empty")),
        (b"MZ\x90\x00", (422, "document_wrong_type")),
        (b"<html>%PDF-1.7", (422, "document_wrong_type")),
        (b"PK\x03\x04 not a docx", (422, "document_wrong_type")),
        (b"%PDF-" + bytes(999_996), (413, "upload_too_large")),
    ],
    ids=["nothing", "a program", "html", "a zip", "a byte too many"],
)
def test_S002_20_an_upload_that_can_not_be_kept_is_refused(
    small: Bureau, content: bytes, refused: tuple[int, str]
) -> None:
    clerk = small.member("k.clerk", "clerk")
    assert code(clerk.upload(content)) == refused
    assert query(small.azyq.dsn, "SELECT count(*) FROM azyq_log.azyq_events WHERE topic LIKE 'case.%'") == [
        (0,)
    ]
    assert clerk.upload(b"%PDF-" + bytes(999_995)).status_code == 201


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("kk", "Ең көбі 1 МБ рұқсат етілген."),
        ("ru", "Разрешено не больше 1 МБ."),
        ("en", "At most 1 MB are allowed."),
    ],
)
def test_S002_20_what_is_too_large_is_told_how_large_it_may_be(
    small: Bureau, language: str, said: str
) -> None:
    clerk = small.member("k.clerk", "clerk")
    headers = {**clerk.headers, "Accept-Language": language}
    told = small.client.post("/v1/papers", content=b"%PDF-" + bytes(999_996), headers=headers).json()
    assert said in told["detail"]
    assert (told["limit_bytes"], told["pointer"], told["status"]) == (1_000_000, "", 413)
    headers |= {"Content-Type": "application/json", "Idempotency-Key": "k"}
    body = small.client.post("/v1/cases", content=b" " * 300_000, headers=headers).json()
    assert (body["limit_bytes"], "256 " in body["detail"]) == (262_144, True)
    problem = DocumentTooLarge("documents.diploma", name={}, megabytes=10)
    answer = problem_response(asked_in(language), problem)
    assert (answer.status_code, json.loads(bytes(answer.body))["limit_bytes"]) == (413, 10_000_000)


def asked_in(language: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-language", language.encode())]})


def test_S002_20_of_a_hundred_megabytes_no_more_than_the_limit_is_read(small: Bureau) -> None:
    clerk = small.member("k.clerk", "clerk")

    def endless() -> Iterator[bytes]:
        yield from (bytes(1_000_000) for _ in range(100))

    # it says so
    answer = small.client.post(
        "/v1/papers", content=b"%PDF-", headers={**clerk.headers, "Content-Length": "100000000"}
    )
    assert code(answer) == (413, "upload_too_large")
    # it doesn't say so
    answer = small.client.post("/v1/papers", content=endless(), headers=clerk.headers)
    assert code(answer) == (413, "upload_too_large")
    # and what comes after the limit is left where it is
    asked = Slowly(100)
    with pytest.raises(Problem) as refused:
        asyncio.run(read_body(cast(Any, asked), 1_000_000, "upload_too_large"))
    assert (refused.value.code, asked.read) == ("upload_too_large", 2)


def test_S002_20_what_a_file_is_called_is_nobodys_concern(bureau: Bureau, portal: Member) -> None:
    name = 'attachment; filename="../../etc/passwd"'
    assert portal.upload(PDF, **{"Content-Disposition": name}).status_code == 201
    parts = {"Content-Type": "multipart/form-data; boundary=x"}
    assert code(portal.upload(PDF, **parts)) == (415, "upload_in_parts")
    body = bureau.licence(portal)
    for wrong in ("../../etc/passwd", "fee_paid\x00", "C:\\fee"):
        documents = {**body["documents"], wrong: body["documents"]["fee_paid"]}
        answer = portal.post("/v1/cases", {**body, "documents": documents})
        assert code(answer) == (422, "document_unknown"), wrong
    answer = portal.post("/v1/cases", {**body, "documents": {"fee_paid": "../../etc/passwd"}})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/documents/fee_paid")


def test_S002_20_an_upload_waits_a_day(bureau: Bureau, portal: Member) -> None:
    digest = portal.uploaded()
    papers = bureau.azyq.vault.papers
    query(bureau.azyq.dsn, "UPDATE vault.paper_holder SET kept_at = now() - interval '25 hours' RETURNING 1")
    assert portal.uploaded() == digest  # again: it waits anew
    assert papers.purge_staged(real_clock() - UPLOADS_WAIT) == 0
    query(bureau.azyq.dsn, "UPDATE vault.paper_holder SET kept_at = now() - interval '25 hours' RETURNING 1")
    assert papers.purge_staged(real_clock() - UPLOADS_WAIT) == 1
    answer = portal.post("/v1/cases", {**bureau.licence(portal), "documents": {"fee_paid": "0" * 64}})
    assert code(answer) == (422, "paper_unknown")


def test_O5_2_an_upload_is_encrypted_and_its_uploaders_alone(bureau: Bureau, portal: Member) -> None:
    content = b"%PDF-1.7 the secret of Dinara"
    digest = portal.uploaded(content)
    assert portal.uploaded(content) == digest
    kept = query(bureau.azyq.dsn, "SELECT sealed FROM vault.paper")
    assert len(kept) == 1
    assert b"Dinara" not in bytes(kept[0][0])
    other = bureau.member("portal.two", "applicant")
    body = {**bureau.licence(other), "documents": {"fee_paid": digest}}
    assert code(other.post("/v1/cases", body)) == (422, "paper_unknown")
    assert code(bureau.client.post("/v1/papers", content=content)) == (401, "staff_key_missing")


# --- what is sent, and what is left behind --------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (b"", (400, "json_malformed")),
        (b"[]", (422, "field_wrong")),
        (b'{"service": "x", "service": "y"}', (400, "key_twice")),
        (b'{"service": NaN}', (400, "number_not_finite")),
        (b'{"service": 1}', (422, "field_wrong")),
        (b'{"service": "licence-design", "iin": "x"}', (422, "field_unknown")),
        (b'{"service": "licence-design\\u0000"}', (422, "text_broken")),
        (b'{"service": "licence-design", "fields": {"x": "\\ud800"}}', (400, "text_broken")),
        (b'{"service": "licence-design", "fields": {"x": 1.5}}', (422, "field_wrong")),
        (b'{"service": "licence-design", "fields": {"x": {"y": 1}}}', (422, "field_wrong")),
        (b'{"service": "licence-design", "signature": "?"}', (422, "field_wrong")),
        (b'{"service": "licence-design", "applicant": {"iin": "1"}}', (422, "field_wrong")),
        (b'{"service": "licence-design", "x": ' + b"[" * 100 + b"]" * 100 + b"}", (400, "nested_too_deep")),
        (b'{"service": "' + b"x" * 300_000 + b'"}', (413, "body_above_256_kb")),
        (b'{"service": "nothing"}', (422, "service_unknown")),
        (b"\xff", (400, "encoding_wrong")),
    ],
)
def test_a_body_that_is_none_is_refused(portal: Member, raw: bytes, refused: tuple[int, str]) -> None:
    headers = {**portal.headers, "Idempotency-Key": "k", "Content-Type": "application/json"}
    assert code(portal.client.post("/v1/cases", content=raw, headers=headers)) == refused


def test_S000_06_what_is_asked_for_must_be_there(bureau: Bureau, portal: Member) -> None:
    body = bureau.licence(portal)
    for changed, refused, pointer in (
        ({"consent": False}, "consent_missing", "/consent"),
        ({"sign": False}, "signature_missing", "/signature"),
        ({"sign": False, "signature": "AAAA"}, "signature_invalid", "/signature"),
        ({"kind": "other"}, "kind_unknown", "/kind"),
        ({"channel": "street"}, "channel_unknown", "/channel"),
        ({"fields": {**body["fields"], "bin": "12"}}, "field_malformed", "/fields/bin"),
        ({"fields": {**body["fields"], "colour": "red"}}, "field_unknown", "/fields/colour"),
        ({"fields": {**body["fields"], "subtypes": "a\x00b"}}, "field_malformed", "/fields/subtypes"),
        ({"fields": {"applicant_kind": "natural"}}, "field_missing", "/fields/applicant_name"),
        ({"applicant": {"iin": "880504300002"}}, "field_malformed", "/applicant/iin"),
        ({"applicant": {"iin": IIN, "phone": "112"}}, "field_malformed", "/applicant/phone"),
    ):
        answer = portal.post("/v1/cases", {**body, **changed})
        assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (
            *(422, refused, pointer),
        )
    for language, word in (("kk", "керек"), ("ru", "подпись"), ("en", "signature")):
        answer = portal.post("/v1/cases", {**body, "sign": False}, **{"Accept-Language": language})
        assert word in answer.json()["detail"]
    assert "case.opened" not in bureau.topics()


def test_S000_06_without_consent_nothing_is_kept_of_a_person(bureau: Bureau, portal: Member) -> None:
    refused = portal.post("/v1/cases", bureau.licence(portal, consent=False))
    assert code(refused) == (422, "consent_missing")
    assert bureau.azyq.vault.find_person(IIN) is None


def test_O5_1_no_personal_data_stand_in_events_answers_of_lists_or_logs(
    bureau: Bureau, portal: Member, staff: dict[str, Member], capfd: pytest.CaptureFixture[str]
) -> None:
    case = opened(bureau, portal)
    through(case, staff, "")
    bureau.azyq.catch_up_views()
    events = str(query(bureau.azyq.dsn, "SELECT convert_from(state, 'UTF8') FROM azyq_log.azyq_events"))
    views = str(query(bureau.azyq.dsn, "SELECT row_to_json(c) FROM azyq_views.cases c"))
    lists = staff["head"].get("/v1/cases", state="closed", service=LICENCE).text
    said = "".join(capfd.readouterr())
    for personal in (IIN, PHONE, "Оспанова", "Динара", "Акколь"):
        for text in (events, views, lists, said):
            assert personal not in text
    # a phone that is known already is not a clerk's to change
    body = bureau.licence(portal, applicant={"iin": IIN, "phone": "+77479998877"})
    assert portal.post("/v1/cases", body).status_code == 201
    subject = bureau.azyq.vault.find_person(IIN)
    assert subject is not None
    assert bureau.azyq.vault.phones([subject]) == {subject: PHONE}


def test_in_production_nobody_signs_for_another(bureau: Bureau, portal: Member) -> None:
    bureau.azyq.__dict__["signatures"] = NoSignatures()
    assert code(portal.post("/v1/cases", bureau.licence(portal))) == (422, "signature_trial_only")


def test_S002_10_services_are_told_to_anybody(bureau: Bureau) -> None:
    listed = bureau.client.get("/v1/services").json()["services"]
    assert len(listed) >= 14
    told = bureau.client.get(f"/v1/services/{LICENCE}").json()
    assert told["kinds"][0]["name"]["ru"] == "Выдача лицензии"
    assert {one["field"]: one["personal"] for one in told["fields"]}["iin"] is True
    assert code(bureau.client.get("/v1/services/nothing")) == (404, "not_found")


def test_S000_T6_T16_a_commission_sits_by_http(bureau: Bureau, portal: Member) -> None:
    member = bureau.member("s.secretary", "responsible", "clerk", "head", "executor", "commission")
    fields = {"surname": "Сейткали", "given_name": "Айгүл", "iin": IIN, "phone": PHONE}
    fields |= {"activity": "expert_works", "specialisation": "I"}
    paper = portal.uploaded()
    cases = []
    for _ in range(3):
        body = {"service": "attestation", "fields": fields, "consent": True, "sign": True}
        body["documents"] = {"diploma": paper, "work_proof": paper}
        body["applicant"] = {"iin": IIN}
        cases.append(portal.post("/v1/cases", body).json()["case"])
        for step, outcome, more in (
            ("T2", "accepted", {}),
            ("T3", "registered", {}),
            ("T4", "assigned", {"assignee": "s.secretary"}),
        ):
            assert member.act(cases[-1], step, outcome, **more).status_code == 201
    listed = {
        "service": "attestation",
        "step": "T5",
        "members": ["s.secretary"],
        "decisions": [{"case": case, "outcome": "listed"} for case in cases],
    }
    # one case that can't be decided on, and none is
    before = bureau.topics()
    wrong = {**listed, "decisions": [*listed["decisions"], {"case": "AT-2026-22222222", "outcome": "listed"}]}
    answer = member.post("/v1/sittings", wrong)
    assert (*code(answer), answer.json()["pointer"]) == (404, "case_unknown", "/decisions/3/case")
    assert code(member.post("/v1/sittings", {**listed, "members": []})) == (422, "sitting_malformed")
    assert bureau.topics() == before
    assert member.post("/v1/sittings", listed).status_code == 201
    decided = {
        **listed,
        "step": "T6",
        "members": ["a.one", "b.two"],
        "decisions": [{"case": case, "outcome": "admitted"} for case in cases],
        "minutes": member.uploaded(b"%PDF-1.7 minutes"),
        "sign": True,
    }
    first = member.post("/v1/sittings", decided, key="s1")
    assert (first.status_code, len(first.json()["decisions"])) == (201, 3)
    assert member.post("/v1/sittings", decided, key="s1").json() == first.json()
    assert code(member.post("/v1/sittings", decided, key="s2")) == (422, "step_not_open")
    by_portal = portal.post("/v1/sittings", {**decided, "minutes": None})
    assert by_portal.status_code in (403, 422)


def test_S000_06_a_signature_is_over_what_the_call_says(bureau: Bureau, portal: Member) -> None:
    signatures: Any = bureau.azyq.signatures
    body = {**bureau.licence(portal), "sign": False}
    told = portal.post("/v1/cases/content", body)
    content = base64.b64decode(told.json()["content"])
    assert "case.opened" not in bureau.topics()
    subject = bureau.azyq.vault.find_person(IIN)
    for signer, refused in (("somebody", "signature_of_another"), (subject, "")):
        body["signature"] = base64.b64encode(signatures.sign(signer, content)).decode()
        answer = portal.post("/v1/cases", body)
        assert answer.json().get("code", "") == refused
    # a word changed after the signature
    other = {**body, "fields": {**body["fields"], "subtypes": "III"}}
    assert code(portal.post("/v1/cases", other)) == (422, "signature_invalid")
    head = bureau.member("h.head", "head")
    asked = {"step": "L6", "outcome": "licence_signed"}
    case = answer.json()["case"]
    told = head.post(f"/v1/cases/{case}/acts/content", asked)
    assert case.encode() in base64.b64decode(told.json()["content"])
    sitting = {"service": LICENCE, "step": "L6", "members": ["a"], "decisions": []}
    assert head.post("/v1/sittings/content", sitting).status_code == 200

"""Cases over HTTP, as clerks and a portal know them: a licence from its application to its end, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from tests.integration.clerks_in_process import IIN, LICENCE, PDF, Bureau, Member, a_bureau


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

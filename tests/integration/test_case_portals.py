"""Cases through portals: each sees, and acts on, those that its own key opened; to it there are no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from psycopg2 import Binary
from typer.testing import CliRunner

from domain.commands.case_calls import OpenCase
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from infra.audit.run import run_audit
from infra.cli.app import app
from infra.postgres.connect import connect
from infra.postgres.log_reader import LogReader
from infra.signatures.trial import TrialSignatures
from projections.all_views import VIEWS
from streams.rebuild import rebuild
from tests.integration.access_in_process import FORM
from tests.integration.clerks_in_process import IIN, LICENCE, PDF, Bureau, Member, a_bureau
from tests.integration.month_in_process import query

pytestmark = pytest.mark.views_ready

ACCESS = "analyst-access"


@pytest.fixture
def bureau(database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database, tmp_path) as bureau:
        yield bureau


@pytest.fixture
def one(bureau: Bureau) -> Member:
    return bureau.member("portal.one", "applicant")


@pytest.fixture
def two(bureau: Bureau) -> Member:
    return bureau.member("portal.two", "applicant")


def access(portal: Member) -> dict[str, Any]:
    """A request for access: once it is granted, there is something for the applicant to do."""
    return {
        "service": ACCESS,
        "applicant": {"iin": IIN},
        "fields": FORM,
        "documents": {"qr": portal.uploaded()},
        "consent": True,
        "sign": True,
    }


def opened(portal: Member, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    answer = portal.post("/v1/cases", body, key)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def granted(bureau: Bureau, portal: Member) -> str:
    """A case whose step `access` is open, the applicant's; views saw each step by itself."""
    case = str(opened(portal, access(portal))["case"])
    bureau.azyq.catch_up_views()
    clerks: dict[str, Member] = bureau.members
    for role, step, outcome, fields in (
        ("authorised", "consider", "passed_on", {}),
        ("integrator", "grant", "granted", {"trained_on": "2026-03-02", "account_role": "reader"}),
    ):
        clerk = clerks.get(role) or bureau.member(f"c.{role}", role)
        clerks[role] = clerk
        answer = clerk.act(case, step, outcome, fields=fields)
        assert answer.status_code == 201, answer.text
        bureau.azyq.catch_up_views()
    return case


def without_number(answer: Response, case: str) -> tuple[int, str]:
    return answer.status_code, answer.text.replace(case, "NUMBER")


LEFT = {"left_on": "2026-03-02"}


def test_a_portal_sees_and_does_what_is_its_own_only(bureau: Bureau, one: Member, two: Member) -> None:
    mine, others = granted(bureau, one), granted(bureau, two)
    assert one.get(f"/v1/cases/{mine}").json()["status_page"].startswith("http")
    assert one.to_do() == one.to_do(role="applicant", service=ACCESS) == [(mine, "access")]
    assert two.to_do() == [(others, "access")]
    paper = one.get(f"/v1/cases/{mine}").json()["documents"][0]["sha256"]
    before = bureau.topics()
    # to the other portal it is as a case that there is not
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("GET", f"/documents/{paper}", None),
        ("POST", "/acts", {"step": "access", "outcome": "left", "fields": LEFT}),
        ("POST", "/acts/content", {"step": "access", "outcome": "left", "fields": LEFT}),
        ("POST", "/assignments", {"step": "access", "assignee": "portal.two"}),
    ]
    for method, path, body in asked:
        told = [
            without_number(
                two.get(f"/v1/cases/{case}{path}")
                if method == "GET"
                else two.post(f"/v1/cases/{case}{path}", body),
                case,
            )
            for case in (mine, "AA-2026-22222222")
        ]
        assert told[0] == told[1]
        assert (told[0][0], json.loads(told[0][1])["code"]) == (404, "case_unknown"), path
    assert bureau.topics() == before
    assert one.get(f"/v1/cases/{mine}/documents/{paper}").status_code == 200
    assert one.act(mine, "access", "left", fields=LEFT).status_code == 201


def test_a_sitting_tells_a_portal_of_no_case_but_its_own(bureau: Bureau, one: Member, two: Member) -> None:
    mine = opened(one, bureau.licence(one))["case"]
    body = {"service": LICENCE, "step": "L2", "members": ["a"]}
    told = []
    for case in (mine, "LD-2026-22222222"):
        answer = two.post("/v1/sittings", {**body, "decisions": [{"case": case, "outcome": "accepted"}]})
        assert answer.json()["pointer"] == "/decisions/0/case"
        told.append(without_number(answer, case))
    assert told[0] == told[1]
    assert (told[0][0], json.loads(told[0][1])["code"]) == (404, "case_unknown")


def test_a_case_opened_in_the_wallet_is_no_portals(bureau: Bureau, one: Member) -> None:
    body = bureau.licence(one)
    told = opened(one, body, "k1")
    subject = bureau.azyq.vault.find_person(IIN)
    assert subject is not None
    # the same words, the same applicant and the same key, through no portal
    call = OpenCase(
        service=LICENCE,
        actor=Actor(subject, ("applicant",)),
        channel="portal",
        kind=body["kind"],
        applicant=subject,
        fields=body["fields"],
        documents=dict.fromkeys(body["documents"], PDF),
        consent=True,
        language="ru",
        key="k1",
    )
    wallets = _opened_as(bureau, call)
    assert wallets.case != told["case"]
    assert (wallets.through, bureau.azyq.known_cases.case(told["case"]).through) == ("", "portal.one")
    assert one.get(f"/v1/cases/{wallets.case}").json()["code"] == "case_unknown"
    clerk = bureau.member("r.resp", "responsible", unit="responsible")
    assert clerk.get(f"/v1/cases/{wallets.case}").status_code == 200
    # each gets its own again
    assert opened(one, body, "k1") == told
    assert _opened_as(bureau, call).case == wallets.case


def _opened_as(bureau: Bureau, call: OpenCase) -> Case:
    signatures = bureau.azyq.signatures
    assert isinstance(signatures, TrialSignatures)
    signed = replace(call, signature=signatures.sign(call.actor.id, call.content()))
    return bureau.azyq.run_case.open(signed, bureau.clock())


def test_the_same_key_of_two_portals_opens_two_cases(bureau: Bureau, one: Member, two: Member) -> None:
    body = bureau.licence(one)
    bureau.licence(two)  # its own uploads, of the same content
    mine, others = opened(one, body, "k1"), opened(two, body, "k1")
    assert mine["case"] != others["case"]
    assert mine["status_page"] != others["status_page"]
    assert (opened(one, body, "k1"), opened(two, body, "k1")) == (mine, others)
    assert bureau.topics()["case.opened"] == 2
    other = {**body, "fields": {**body["fields"], "subtypes": "III"}}
    assert two.post("/v1/cases", other, "k1").json()["code"] == "idempotency_key_reused"


def test_a_clerk_who_is_a_portal_too_speaks_for_the_applicants_of_its_own_cases_only(
    bureau: Bureau, one: Member
) -> None:
    both = bureau.member("b.both", "applicant", "authorised")
    others, mine = granted(bureau, one), granted(bureau, both)
    seen = both.get(f"/v1/cases/{others}")
    assert (seen.status_code, seen.json()["status_page"]) == (200, "")
    assert both.get(f"/v1/cases/{mine}").json()["status_page"] != ""
    assert both.act(others, "access", "left", fields=LEFT).json()["code"] == "not_your_step"
    assert both.to_do(role="applicant") == [(mine, "access")]
    assert both.act(mine, "access", "left", fields=LEFT).status_code == 201


def test_whoever_works_on_a_case_is_told_the_portal(bureau: Bureau, one: Member) -> None:
    case = opened(one, bureau.licence(one))["case"]
    clerk = bureau.member("r.resp", "responsible", unit="responsible")
    assert clerk.get(f"/v1/cases/{case}").json()["through"] == "portal.one"


def test_lists_are_right_with_many_cases_of_either(bureau: Bureau, one: Member, two: Member) -> None:
    cases: dict[str, list[str]] = {"portal.one": [], "portal.two": []}
    for _, portal in product(range(3), (one, two)):
        cases[portal.staff].append(granted(bureau, portal))
        bureau.later(minutes=1)
    for portal in (one, two):
        seen: list[str] = []
        after: dict[str, str] = {}
        for _ in range(5):
            page = portal.get("/v1/cases", limit="2", **after).json()
            seen += [row["case"] for row in page["cases"]]
            if page["after"] is None:
                break
            after = {"after": page["after"]}
        assert sorted(seen) == sorted(cases[portal.staff])


def test_the_view_of_steps_tells_the_portal_however_it_was_made(bureau: Bureau, one: Member) -> None:
    case = granted(bureau, one)
    call = OpenCase(
        service="complaint",
        actor=Actor("wallet-k1", ("applicant",)),
        channel="wallet",
        kind="complaint",
        fields={"category": "price", "text": "?", "region": "113220100", "shop": "Дүкен"},
        consent=True,
        key="k1",
    )
    wallets = bureau.azyq.run_case.open(call, bureau.clock()).case
    bureau.azyq.catch_up_views()
    fed = _steps(bureau)
    assert {row[:4] for row in fed if row[0] == case} == {
        (case, "", "portal", "portal.one"),
        (case, "consider", "done", "portal.one"),
        (case, "grant", "done", "portal.one"),
        (case, "training_report", "open", "portal.one"),
        (case, "access", "open", "portal.one"),
    }
    assert {row[3] for row in fed if row[0] == wallets} == {None}
    reader = LogReader(bureau.azyq.dsn)
    rebuild(reader, bureau.azyq.view_store, next(view for view in VIEWS if view.name == "case_steps"))
    reader.close()
    assert _steps(bureau) == fed
    verdict = run_audit(bureau.azyq.dsn, bureau.azyq.programmes, bureau.azyq.goods)
    assert (verdict.findings, verdict.notes) == ([], [])


def test_until_the_view_is_rebuilt_after_an_upgrade_a_portal_is_told_to_ask_again(
    bureau: Bureau, one: Member
) -> None:
    case = granted(bureau, one)
    # given the view as it was before portals were in it
    query(bureau.azyq.dsn, "ALTER VIEW azyq_views.case_steps RENAME COLUMN through TO opened_through")
    # then a portal's list is not there at the moment, and a clerk's is
    answer = one.get("/v1/cases?role=applicant")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_available")
    assert int(answer.headers["retry-after"]) > 0
    assert bureau.members["integrator"].get("/v1/cases?role=integrator").status_code == 200
    # until it is rebuilt
    reader = LogReader(bureau.azyq.dsn)
    rebuild(reader, bureau.azyq.view_store, next(view for view in VIEWS if view.name == "case_steps"))
    reader.close()
    assert one.to_do() == [(case, "access")]


def _steps(bureau: Bureau) -> list[tuple[str, str, str, str]]:
    return query(
        bureau.azyq.dsn, "SELECT number, step, state, through FROM azyq_views.case_steps ORDER BY 1, 2, turn"
    )


def test_at_the_command_line_a_case_names_its_portal(
    bureau: Bureau, one: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = str(opened(one, bureau.licence(one))["case"])
    clerks = bureau.member("r.resp", "responsible", unit="responsible")
    unnamed = str(opened(clerks, bureau.licence(clerks, channel="portal"))["case"])
    monkeypatch.setattr("infra.cli.case_reading.opened", lambda _: nullcontext(bureau.azyq))
    for language, said in (
        ("en", "through the portal portal.one\n"),
        ("ru", "через портал portal.one\n"),
        ("kk", "portal.one порталы арқылы\n"),
    ):
        shown, other = (
            CliRunner().invoke(app, ["case", "show", number, "--lang", language]).stdout
            for number in (case, unnamed)
        )
        assert said in shown
        assert unnamed in other
        assert said.replace("portal.one", "").strip() not in other


# --- from before: an event of version 1 -----------------------------------------------------------------


def older(bureau: Bureau, case: str) -> None:
    """Put a case into the log as it was written before: the same events, the first one of version 1."""
    connection = connect(bureau.azyq.dsn, autocommit=True)
    stream = str(bureau.azyq.known_cases.case(case).id)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT state FROM azyq_log.azyq_events WHERE originator_id = %s AND originator_version = 1",
            (stream,),
        )
        ((state,),) = cursor.fetchall()
        data = json.loads(bytes(state))
        assert (data.pop("class_version"), data.pop("through")) == (2, "portal.one")
        cursor.execute(
            "UPDATE azyq_log.azyq_events SET state = %s WHERE originator_id = %s AND originator_version = 1",
            (Binary(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()), stream),
        )
    connection.close()


def test_a_case_from_before_goes_on_and_is_seen_by_clerks_and_by_no_portal(
    bureau: Bureau, one: Member, two: Member
) -> None:
    body = access(one)
    told = opened(one, body, "k1")
    older(bureau, told["case"])
    case = told["case"]
    found = bureau.azyq.known_cases.case(case)
    assert (found.through, found.opener_role) == ("", "applicant")
    authorised = bureau.member("c.authorised", "authorised")
    integrator = bureau.member("c.integrator", "integrator")
    assert authorised.act(case, "consider", "passed_on").status_code == 201
    fields = {"trained_on": "2026-03-02", "account_role": "reader"}
    bureau.azyq.catch_up_views()
    assert integrator.to_do() == [(case, "grant")]
    assert integrator.act(case, "grant", "granted", fields=fields).status_code == 201
    bureau.azyq.catch_up_views()
    for portal in (one, two):
        assert portal.get(f"/v1/cases/{case}").json()["code"] == "case_unknown"
        assert portal.to_do() == []
    shown = authorised.get(f"/v1/cases/{case}").json()
    assert (shown["through"], shown["state"]) == ("", "open")
    # the key of before gets the portal no case that may be another's
    assert opened(one, body, "k1")["case"] != case
    # nothing is parked, and the audit has nothing to say
    assert query(bureau.azyq.dsn, "SELECT count(*) FROM azyq_views.parked") == [(0,)]
    rows = dict(query(bureau.azyq.dsn, "SELECT number, state FROM azyq_views.cases"))
    assert rows[case] == "open"

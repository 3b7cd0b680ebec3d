"""A case from its opening to its end: whose turn it is, what is asked for, what is refused (S000, S002, S003)."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from domain.calendar import ALMATY
from domain.commands.case_calls import ActOnCase, ReassignStep
from domain.commands.enrol_staff import EnrolStaff
from domain.errors import LANGUAGES, Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.definition import Channel, Kind, Term, Unit
from domain.procedures.running import valid_until
from tests.unit.case_desk import (
    APPLICANT_ID,
    CITIZEN,
    CLERK,
    DEPUTY,
    EXECUTOR,
    HEAD,
    OTHER,
    PDF,
    Desk,
)
from tests.unit.service_to_run import MONDAY, later, licence, named, outcome, running, service, step, wd


@pytest.fixture
def desk() -> Desk:
    return Desk(running(licence()), at=MONDAY)


def then_refused(code: str, do: Any, field: str | None = None) -> Refusal:
    """`do` is refused with `code`, in words of each language, about `field`."""
    with pytest.raises(Refusal) as told:
        do()
    assert told.value.code == code
    if field is not None:
        assert told.value.field == field
    for language in LANGUAGES:
        assert "{" not in told.value.sentence(language)
    return told.value


def prepared(desk: Desk) -> Case:
    """A case before the head, prepared by the executor."""
    case = desk.open()
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    return desk.act(case, "prepare", "licence", EXECUTOR, fields={"category": "2"})


def test_S000_L1_to_L6_a_licence_from_the_first_step_to_the_last(desk: Desk) -> None:
    # given an application
    case = desk.open()
    assert case.case.startswith("MU-2026-")
    assert list(case.steps) == ["accept"]
    # when each does what is theirs
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    case = desk.act(case, "prepare", "licence", EXECUTOR, fields={"category": "2"})
    assert list(case.steps) == ["sign"]
    case = desk.act(case, "sign", "granted", DEPUTY, sign=True)
    # then the applicant has a licence for five years, and the case is over
    assert (case.end, case.closed_at) == ("granted", MONDAY)
    assert case.results == [("licence", f"{case.case}-1", "2026-03-02", "2031-03-02")]
    assert desk.topics(case) == [
        *(
            "case.opened",
            "case.step_opened",
            "case.acted",
            "case.notice_due",
            "case.step_opened",
            "case.acted",
        ),
        *("case.step_opened", "case.acted", "case.step_opened", "case.acted", "case.result_issued"),
        *("case.notice_due", "case.closed"),
    ]
    assert [purpose for _, _, purpose in desk.log.due] == ["case:accepted", "case:done"]


def test_S000_09_the_promised_day_and_time_are_told_at_once(desk: Desk) -> None:
    first, again = desk.open(), desk.open(kind="reissue", documents={"plan": PDF})
    assert first.due_at == datetime(2026, 3, 23, 18, 30, tzinfo=ALMATY)
    assert again.due_at == datetime(2026, 3, 5, 18, 30, tzinfo=ALMATY)
    assert first.steps["accept"].due_at == datetime(2026, 3, 2, 10, 20, tzinfo=ALMATY)


def test_S002_19_what_arrives_after_hours_counts_from_the_next_opening() -> None:
    desk = Desk(running(licence()), at=datetime(2026, 3, 6, 18, 31, tzinfo=ALMATY))
    case = desk.open()
    assert case.counted_from == datetime(2026, 3, 9, 9, 0, tzinfo=ALMATY)
    assert case.steps["accept"].due_at == datetime(2026, 3, 9, 9, 20, tzinfo=ALMATY)


def test_nobody_acts_out_of_turn_twice_or_after_the_end(desk: Desk) -> None:
    case = desk.open()
    then_refused("step_not_open", lambda: desk.act(case, "sign", "granted", HEAD), "step")
    then_refused("step_unknown", lambda: desk.act(case, "nowhere", "granted", HEAD), "step")
    desk.act(case, "accept", "accepted", CLERK)
    then_refused("step_not_open", lambda: desk.act(case, "accept", "accepted", CLERK), "step")
    then_refused("outcome_unknown", lambda: desk.act(case, "name", "nothing", HEAD), "outcome")
    case = prepared(desk)
    desk.act(case, "sign", "granted", DEPUTY, sign=True)
    then_refused("case_closed", lambda: desk.act(case, "sign", "granted", DEPUTY), "case")
    then_refused("case_unknown", lambda: desk.act("MU-2026-XXXXXXXX", "sign", "granted", DEPUTY), "case")
    then_refused("case_unknown", lambda: desk.act("'; --\u0000\ud800", "sign", "granted", DEPUTY), "case")


def test_only_the_role_and_the_person_whose_step_it_is_acts(desk: Desk) -> None:
    case = desk.open()
    then_refused("not_your_step", lambda: desk.act(case, "accept", "accepted", EXECUTOR), "actor")
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    do: dict[str, Any] = {"fields": {"category": 1}}
    then_refused("not_assigned_to_you", lambda: desk.act(case, "prepare", "licence", OTHER, **do), "actor")
    elsewhere = EXECUTOR._replace(unit="archive")
    then_refused("not_your_step", lambda: desk.act(case, "prepare", "licence", elsewhere, **do), "actor")
    desk.act(case, "prepare", "licence", EXECUTOR, **do)


def test_S000_L6_who_prepared_does_not_sign(desk: Desk) -> None:
    both = Actor("e.executor", ("executor", "head"))
    case = prepared(desk)
    then_refused("same_person", lambda: desk.act(case, "sign", "granted", both, sign=True), "actor")
    then_refused("signature_missing", lambda: desk.act(case, "sign", "granted", HEAD), "signature")
    forged = {"signature": b"h.head:" + b"0" * 64}
    then_refused("signature_invalid", lambda: desk.act(case, "sign", "granted", HEAD, **forged), "signature")
    then_refused("outcome_not_open", lambda: desk.act(case, "sign", "refused", HEAD, sign=True), "outcome")
    desk.act(case, "sign", "granted", HEAD, sign=True)


def test_S000_L6_a_person_signs_as_the_certificate_says(desk: Desk) -> None:
    # given a head whose person is known
    staff = EnrolStaff(desk.log, "trial", secrets.choice)
    staff.enrol(HEAD.id, "", ["head"], MONDAY, subject="p-head")
    head = staff.of_subject("p-head")
    assert head is not None
    case = prepared(desk)
    # when it is signed by the person's certificate, it holds; by another's, or one that nobody is known by, it doesn't
    digest = sha256(ActOnCase(case.case, "sign", "granted", head).content()).hexdigest()
    by = {name: f"{name}:{digest}".encode() for name in ("p-head", "p-other")}
    for actor, signer in ((head, "p-other"), (HEAD, "p-head"), (DEPUTY, "p-head")):
        then_refused(
            "signature_of_another",
            lambda actor=actor, signer=signer: desk.act(case, "sign", "granted", actor, signature=by[signer]),
            "signature",
        )
    case = desk.act(case, "sign", "granted", head, signature=by["p-head"])
    (acted,) = [d for topic, d in desk.log.events(case.id) if topic == "case.acted" and d["step"] == "sign"]
    assert (acted["actor"], acted["signature"][0]) == ("h.head", "p-head")


def test_S000_L6_one_person_under_two_ids_is_one_person(desk: Desk) -> None:
    staff = EnrolStaff(desk.log, "trial", secrets.choice)
    staff.enrol(EXECUTOR.id, "", ["executor"], MONDAY, subject="p1")
    case = prepared(desk)
    staff.revoke(EXECUTOR.id, "moved", MONDAY)
    staff.enrol(HEAD.id, "", ["head"], MONDAY, subject="p1")
    head = staff.of_subject("p1")
    assert head is not None
    then_refused("same_person", lambda: desk.act(case, "sign", "granted", head, sign=True), "actor")
    desk.act(case, "sign", "granted", DEPUTY, sign=True)


def test_S002_22_a_refusal_names_its_ground_out_of_a_closed_list(desk: Desk) -> None:
    case = desk.open()
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    then_refused("ground_missing", lambda: desk.act(case, "prepare", "refusal", EXECUTOR), "ground")
    then_refused(
        "ground_unknown", lambda: desk.act(case, "prepare", "refusal", EXECUTOR, ground="mood"), "ground"
    )
    told = {"fields": {"category": "1"}, "ground": "untrue"}
    then_refused("ground_unknown", lambda: desk.act(case, "prepare", "licence", EXECUTOR, **told), "ground")
    case = desk.act(case, "prepare", "refusal", EXECUTOR, ground="unfit")
    case = desk.act(case, "sign", "refused", HEAD, sign=True)
    assert (case.end, case.ground, case.results[0][0]) == ("refused", "unfit", "refusal")


def test_what_is_asked_for_must_be_there_and_nothing_else(desk: Desk) -> None:
    told = then_refused("field_missing", lambda: desk.open(fields={}), "fields.activity")
    assert told.also == ()
    then_refused(
        "field_unknown", lambda: desk.open(fields={"activity": "x", "colour": "red"}), "fields.colour"
    )
    wrong = {"activity": "x", "graduated_on": "2026-02-30", "phone": "１２３"}
    told = then_refused("field_malformed", lambda: desk.open(fields=wrong), "fields.graduated_on")
    assert [one.field for one in told.also] == ["fields.phone"]
    then_refused("document_unknown", lambda: desk.open(documents={"../../etc": PDF}), "documents.../../etc")
    then_refused("document_empty", lambda: desk.open(documents={"plan": b""}), "documents.plan")
    then_refused("document_wrong_type", lambda: desk.open(documents={"plan": b"MZ\x90"}), "documents.plan")
    then_refused(
        "document_wrong_type", lambda: desk.open(documents={"plan": b"PK\x03\x04x"}), "documents.plan"
    )
    huge = b"%PDF-" + bytes(10_000_000)
    then_refused("document_too_large", lambda: desk.open(documents={"plan": huge}), "documents.plan")
    then_refused("channel_unknown", lambda: desk.open(channel="fax"), "channel")
    then_refused("kind_unknown", lambda: desk.open(kind="duplicate"), "kind")
    then_refused("service_unknown", lambda: desk.open(service="tea"), "service")
    case = desk.open()
    desk.act(case, "accept", "accepted", CLERK)
    then_refused("assignee_missing", lambda: desk.act(case, "name", "named", HEAD), "assignee")
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    then_refused("field_missing", lambda: desk.act(case, "prepare", "licence", EXECUTOR), "fields.category")
    told_too = {"fields": {"category": "1"}, "assignee": "x"}
    then_refused(
        "assignee_not_asked", lambda: desk.act(case, "prepare", "licence", EXECUTOR, **told_too), "assignee"
    )


@pytest.mark.parametrize(
    "value", ["", " ", "1e5", "１２", "²", "NaN", "--1", "1,5", True, 1.5, None, [], {}, "9" * 400]
)
def test_a_number_is_a_plain_one(desk: Desk, value: Any) -> None:
    case = desk.open()
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    with pytest.raises(Refusal) as told:
        desk.act(case, "prepare", "licence", EXECUTOR, fields={"category": value})
    assert told.value.code in ("field_missing", "field_malformed")


def test_S002_23_an_incomplete_package_is_refused_where_it_is_and_seen_by_the_first_step_elsewhere(
    desk: Desk,
) -> None:
    refused_case = desk.open(channel="state_corporation", documents={"plan": PDF})
    assert (refused_case.end, refused_case.missing, refused_case.steps) == (
        "acceptance_refused",
        ["diploma"],
        {},
    )
    assert desk.topics(refused_case) == ["case.opened", "case.acceptance_refused"]
    then_refused("case_closed", lambda: desk.act(refused_case, "accept", "accepted", CLERK))
    case = desk.open(documents={"plan": PDF})
    assert (case.missing, list(case.steps)) == (["diploma"], ["accept"])
    # S000-L5a: and the executor refuses to consider it
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    case = desk.act(case, "prepare", "incomplete", EXECUTOR, ground="unfit")
    assert case.end == "refused"
    whole = desk.open()
    desk.act(whole, "accept", "accepted", CLERK)
    desk.act(whole, "name", "named", HEAD, assignee=EXECUTOR.id)
    then_refused(
        "outcome_not_open",
        lambda: desk.act(whole, "prepare", "incomplete", EXECUTOR, ground="unfit"),
        "outcome",
    )


def test_S003_11_what_a_register_knows_is_not_asked_for(desk: Desk) -> None:
    desk.registers.facts["education", APPLICANT_ID] = {"graduated_on": "2016-06-30"}
    case = desk.open(documents={"plan": PDF}, channel="state_corporation")
    assert (case.missing, case.known, case.facts["graduated_on"]) == ([], ("education",), "2016-06-30")
    desk.registers.facts["education", APPLICANT_ID] = {"graduated_on": "some day"}
    assert "graduated_on" not in desk.open(documents={"plan": PDF}).facts
    # what the applicant says goes before what the register says
    own = desk.open(fields={"activity": "x", "graduated_on": "2010-01-01"})
    assert own.facts["graduated_on"] == "2010-01-01"


def test_S003_A04_a_kind_is_open_by_dates() -> None:
    kinds = {
        "first": Kind("first", named("first"), when="not has('graduated_on')"),
        "reissue": Kind("reissue", named("reissue"), wd(3), "years(graduated_on, received_on) < 3"),
    }
    desk = Desk(running(licence(kinds=kinds)), at=MONDAY)
    assert desk.open(kind="").kind == "first"
    recent = {"activity": "x", "graduated_on": "2023-03-03"}
    assert desk.open(kind="", fields=recent).kind == "reissue"
    old = {"activity": "x", "graduated_on": "2023-03-02"}
    then_refused("kind_not_open", lambda: desk.open(kind="reissue", fields=old), "kind")
    then_refused("kind_unknown", lambda: desk.open(kind="", fields=old), "kind")


def test_S002_21_without_consent_nothing_is_taken() -> None:
    desk = Desk(running(licence(consent=True)), at=MONDAY)
    then_refused("consent_missing", desk.open, "consent")
    assert desk.open(consent=True).end == ""


def test_S000_06_an_application_through_the_portal_bears_a_signature() -> None:
    made = licence(channels=(Channel("portal", "accept", signs=True),))
    desk = Desk(running(made), at=MONDAY)
    then_refused("signature_missing", desk.open, "signature")


def test_S000_05_a_service_is_applied_for_while_it_is_in_force() -> None:
    desk = Desk(running(licence()), at=datetime(2025, 12, 31, 12, tzinfo=ALMATY))
    then_refused("service_not_in_force", desk.open, "service")


def test_S002_08_a_case_ends_under_the_version_it_began_with(desk: Desk) -> None:
    case = desk.open()
    # given a new version without the executor
    only = step("accept", "clerk", outcome("accepted", ends="granted"))
    asked = licence()
    newer = service((only,), ("accept",), version="2", fields=asked.fields, documents=asked.documents)
    desk.services.versions = [running(newer)]
    case = desk.act(case, "accept", "accepted", CLERK)
    assert list(case.steps) == ["name"]
    assert desk.act(desk.open(), "accept", "accepted", CLERK).end == "granted"
    assert list(desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id).steps) == ["prepare"]


def test_a_changed_file_under_the_same_number_is_refused(desk: Desk) -> None:
    desk.open()
    desk.services.versions = [running(licence(), text="changed")]
    then_refused("service_version_changed", desk.open, "service")


def test_the_same_key_opens_and_acts_once(desk: Desk) -> None:
    first, again = desk.open(key="k1"), desk.open(key="k1")
    assert first.case == again.case
    assert len(desk.log.events(first.id)) == 2
    then_refused("idempotency_key_reused", lambda: desk.open(key="k1", fields={"activity": "other"}))
    assert desk.open(key="k1", actor=Actor("b" * 32, ("applicant",))).case != first.case
    # over New Year too
    desk.now = datetime(2027, 1, 4, 10, tzinfo=ALMATY)
    assert desk.open(key="k1").case == first.case
    assert desk.open(key="k2").case.startswith("MU-2027-")
    desk.now = MONDAY
    desk.act(first, "accept", "accepted", CLERK, key="a1")
    again = desk.act(first, "accept", "accepted", CLERK, key="a1")
    assert desk.topics(again).count("case.acted") == 1
    then_refused(
        "idempotency_key_reused", lambda: desk.act(first, "name", "named", CLERK, assignee="x", key="a1")
    )


def test_who_has_no_role_does_nothing_but_ask(desk: Desk) -> None:
    nobody = Actor("x", ())
    case = desk.open(actor=nobody)
    assert (case.opener, case.opener_role) == ("x", "")
    then_refused("not_your_step", lambda: desk.act(case, "accept", "accepted", nobody), "actor")


def test_nothing_personal_is_in_an_event(desk: Desk) -> None:
    case = desk.open(fields={"activity": "design", "phone": "+77011234567"})
    whole = str(desk.log.events(case.id))
    assert "77011234567" not in whole
    assert desk.cases.sealed_values(case) == {"phone": "+77011234567"}
    again = desk.open(fields={"activity": "design", "phone": "+77011234567"})
    assert case.sealed["phone"] != again.sealed["phone"]
    desk.papers.kept.clear()
    assert desk.cases.sealed_values(case) == {}


def test_an_act_after_its_time_is_recorded_as_late(desk: Desk) -> None:
    case = desk.open()
    desk.now = later(MONDAY, minutes=20)
    on_time = desk.open()
    desk.act(case, "accept", "accepted", CLERK)
    desk.now = later(MONDAY, minutes=40, microseconds=1)
    desk.act(on_time, "accept", "accepted", CLERK)
    late = [
        data["late"]
        for c in (case, on_time)
        for topic, data in desk.log.events(c.id)
        if topic == "case.acted"
    ]
    assert late == [False, True]
    assert desk.topics(on_time)[2:5] == ["case.became_overdue", "case.escalated", "case.acted"]


def test_S000_L5a_an_outcome_has_a_term_of_its_own(desk: Desk) -> None:
    case = desk.open(documents={"plan": PDF})
    desk.act(case, "accept", "accepted", CLERK)
    case = desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    desk.now = MONDAY + timedelta(days=3)
    case = desk.act(case, "prepare", "incomplete", EXECUTOR, ground="unfit")
    acted = [data for topic, data in desk.log.events(case.id) if topic == "case.acted"][-1]
    assert (acted["late"], acted["due_at"]) == (True, "2026-03-04T18:30:00+05:00")
    assert desk.log.events(case.id)[-1][1]["late"] is False


def test_a_step_is_given_to_another_by_who_may(desk: Desk) -> None:
    case = desk.open()
    desk.act(case, "accept", "accepted", CLERK)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)

    def give(actor: Actor, step: str = "prepare") -> Case:
        return desk.commands.reassign(ReassignStep(case.case, step, actor, OTHER.id), desk.now)

    then_refused("may_not_reassign", lambda: give(CLERK), "step")
    then_refused("step_not_open", lambda: give(HEAD, "sign"), "step")
    give(HEAD)
    give(HEAD)
    do: dict[str, Any] = {"fields": {"category": 1}}
    then_refused("not_assigned_to_you", lambda: desk.act(case, "prepare", "licence", EXECUTOR, **do))
    again = desk.act(case, "prepare", "licence", OTHER, **do)
    assert desk.topics(again).count("case.reassigned") == 1


def test_a_conflict_is_decided_again(desk: Desk) -> None:
    case = desk.open()
    desk.log.conflicts = 3
    assert list(desk.act(case, "accept", "accepted", CLERK).steps) == ["name"]
    assert desk.log.saves == 2


def test_only_the_applicant_acts_for_the_applicant() -> None:
    made = service((step("say", "applicant", outcome("said", ends="granted")),), ("say",))
    desk = Desk(running(made), at=MONDAY)
    case = desk.open(fields={}, documents={})
    then_refused(
        "not_your_step", lambda: desk.act(case, "say", "said", Actor("b" * 32, ("applicant",))), "actor"
    )
    assert desk.act(case, "say", "said", CITIZEN).end == "granted"


def test_S003_A03_a_licence_of_a_leap_day_ends_on_the_28th() -> None:
    assert valid_until(date(2024, 2, 29), Term(5, Unit.YEARS)) == date(2029, 2, 28)
    assert valid_until(date(2024, 2, 29), Term(4, Unit.YEARS)) == date(2028, 2, 29)
    assert valid_until(date(2026, 1, 31), Term(1, Unit.MONTHS)) == date(2026, 2, 28)
    assert valid_until(date(2026, 12, 31), Term(30, Unit.CALENDAR_DAYS)) == date(2027, 1, 30)

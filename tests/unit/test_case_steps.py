"""Steps of a case: side by side and joined, passed over, by the clock, by the system, in sittings (S000, S002)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from domain.calendar import ALMATY
from domain.commands.case_calls import ActOnCase, Decision, HoldSitting
from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_refusals import ServiceUnknown
from domain.procedures.definition import Field, Service, Step, Term, Unit
from tests.unit.case_desk import CLERK, EXECUTOR, HEAD, PDF, Desk, signed
from tests.unit.service_to_run import MONDAY, later, minutes, named, outcome, running, service, step, wd
from tests.unit.test_case import then_refused

COMMISSION = Actor("s.secretary", ("commission",))
CITIZEN = Actor("c.citizen", ("public",))
EMPTY: dict[str, Any] = {"fields": {}, "documents": {}}


def desk_of(*steps: Step, first: tuple[str, ...] = (), at: datetime = MONDAY, **parts: Any) -> Desk:
    return Desk(running(service(steps, first or (steps[0].id,), **parts)), at=at)


def agreement(**lawyers: Any) -> tuple[Step, ...]:
    """A draft that three agree to side by side (S002-07), then the head."""
    return (
        step("draft", "executor", outcome("sent", opens=("finance", "law", "press"))),
        step("finance", "clerk", outcome("agreed")),
        step("law", "clerk", outcome("agreed"), **lawyers),
        step("press", "clerk", outcome("agreed"), when="has('budget')"),
        step("approve", "head", outcome("approved", ends="granted"), after=("finance", "law", "press")),
    )


BUDGET = (Field("budget", named("budget"), "number", required="false"),)


def test_S002_07_what_runs_side_by_side_is_joined_when_the_last_is_done() -> None:
    desk = desk_of(*agreement(), fields=BUDGET)
    case = desk.open(fields={"budget": "1"}, documents={})
    assert set(desk.act(case, "draft", "sent", EXECUTOR).steps) == {"finance", "law", "press"}
    desk.act(case, "press", "agreed", CLERK)
    desk.act(case, "finance", "agreed", CLERK)
    then_refused("step_not_open", lambda: desk.act(case, "approve", "approved", HEAD))
    assert list(desk.act(case, "law", "agreed", CLERK).steps) == ["approve"]
    assert desk.act(case, "approve", "approved", HEAD).end == "granted"


def test_S002_07_a_step_that_is_passed_over_counts_as_done() -> None:
    desk = desk_of(*agreement(when="has('budget')"), fields=BUDGET)
    case = desk.open(**EMPTY)
    assert list(desk.act(case, "draft", "sent", EXECUTOR).steps) == ["finance"]
    assert list(desk.act(case, "finance", "agreed", CLERK).steps) == ["approve"]
    assert desk.topics(case).count("case.step_passed_over") == 2


def test_what_is_open_when_the_case_ends_is_dropped() -> None:
    desk = desk_of(
        step("a", "clerk", outcome("over", ends="refused")),
        step("b", "head", outcome("done")),
        first=("a", "b"),
    )
    case = desk.act(desk.open(**EMPTY), "a", "over", CLERK)
    assert (case.end, desk.log.events(case.id)[-1][1]["dropped"]) == ("refused", [["b", 1]])


def discussion() -> tuple[Step, ...]:
    """30 days of comments (S002-04), then the report (S002-05)."""
    comment = outcome("comment", stays=True, remark="made", fields=(Field("text", named("text")),))
    answered = tuple(
        outcome(id_, stays=True, remark=id_, fields=(Field("remark", named("remark"), "number"),))
        for id_ in ("taken", "not_taken")
    )
    return (
        step(
            "discuss",
            "public",
            comment,
            outcome("over", opens=("report",)),
            term=Term(30, Unit.CALENDAR_DAYS),
            at_due="over",
        ),
        step("report", "executor", *answered, outcome("posted", ends="granted")),
    )


def test_S002_04_comments_are_heard_for_30_days_and_then_recorded_as_late() -> None:
    desk = desk_of(*discussion())
    case = desk.open(**EMPTY)
    assert case.steps["discuss"].due_at == datetime(2026, 4, 1, 18, 30, tzinfo=ALMATY)
    desk.act(case, "discuss", "comment", CITIZEN, fields={"text": "too dear"})
    # the last instant is in time; after it the discussion is over, whether or not the clock was looked at
    desk.now = datetime(2026, 4, 1, 18, 30, tzinfo=ALMATY)
    desk.act(case, "discuss", "comment", CITIZEN, fields={"text": "in time"})
    desk.now += timedelta(microseconds=1)
    case = desk.act(case, "discuss", "comment", CITIZEN, fields={"text": "late"})
    late = [data["late"] for topic, data in desk.log.events(case.id) if topic == "case.remark_recorded"]
    assert (late, case.remarks, list(case.steps)) == ([False, False, True], 3, ["report"])
    over = next(data for topic, data in desk.log.events(case.id) if topic == "case.acted")
    assert (over["outcome"], over["actor"], over["late"]) == ("over", "system", False)
    # S002-F2: remarks are answered by their numbers
    desk.act(case, "report", "taken", EXECUTOR, fields={"remark": "1"})
    for number in ("0", "4", "-1", "1.5"):
        wrong = partial(desk.act, case, "report", "taken", EXECUTOR, fields={"remark": number})
        then_refused("field_malformed", wrong)
    assert desk.act(case, "report", "posted", EXECUTOR).end == "granted"


def test_a_comment_before_its_step_was_ever_open_is_out_of_turn() -> None:
    desk = desk_of(step("first", "clerk", outcome("done", opens=("discuss",))), *discussion())
    case = desk.open(**EMPTY)
    then_refused("step_not_open", lambda: desk.act(case, "discuss", "comment", CITIZEN, fields={"text": "x"}))


def test_what_is_overdue_is_marked_once_and_brought_before_the_head() -> None:
    desk = desk_of(
        step("accept", "clerk", outcome("done", ends="granted"), term=minutes(20), escalates_to="head"),
        step("side", "clerk", outcome("done"), term=wd(1)),
        first=("accept", "side"),
    )
    case = desk.open(**EMPTY)
    desk.now = later(MONDAY, minutes=20)
    desk.settle.run_due(desk.now)
    assert desk.topics(case) == ["case.opened", "case.step_opened", "case.step_opened"]
    desk.now = later(MONDAY, minutes=21)
    done = desk.settle.run_due(desk.now)
    assert (done.cases, done.overdue, done.acted, done.failed) == (1, 1, 0, {})
    assert desk.topics(case)[-2:] == ["case.became_overdue", "case.escalated"]
    for _ in range(2):
        assert desk.settle.run_due(desk.now).overdue == 0
    assert desk.topics(case).count("case.became_overdue") == 1


def test_one_case_that_can_not_be_looked_after_holds_up_no_other() -> None:
    desk = desk_of(step("accept", "clerk", outcome("done", ends="granted"), term=minutes(20)))
    cases = [desk.open(**EMPTY) for _ in range(3)]
    broken, ready = cases[1].case, desk.cases.running

    def running_of(case: Case) -> Any:
        if case.case == broken:
            raise ServiceUnknown("service", service="made-up@1")
        return ready(case)

    desk.cases.running = running_of  # type: ignore[method-assign]
    done = desk.settle.run_due(later(MONDAY, hours=1), at_once=2)
    assert (done.cases, done.overdue, done.failed) == (3, 2, {broken: "service_unknown"})


def accreditation(**parts: Any) -> Service:
    """Like S000's C: the system forms the certificate."""
    formed = outcome("formed", ends="granted", result="licence", notifies="done")
    return service((step("form", "system", formed, term=minutes(40)),), ("form",), **parts)


def test_S000_C2_the_system_ends_a_fully_automatic_case_at_once() -> None:
    desk = Desk(running(accreditation()), at=MONDAY)
    case = desk.open(**EMPTY)
    assert (case.end, case.closed_at, case.results[0][0]) == ("granted", MONDAY, "licence")
    acted = next(data for topic, data in desk.log.events(case.id) if topic == "case.acted")
    assert (acted["actor"], acted["role"], acted["late"]) == ("system", "system", False)
    then_refused("case_closed", lambda: desk.act(case, "form", "formed", CLERK))


def test_S002_19_the_system_too_waits_for_the_next_opening_where_the_service_rolls_over() -> None:
    saturday = datetime(2026, 3, 7, 12, tzinfo=ALMATY)
    desk = Desk(running(accreditation()), at=saturday)
    case = desk.open(**EMPTY)
    assert list(case.steps) == ["form"]
    then_refused("not_your_step", lambda: desk.act(case, "form", "formed", HEAD))
    assert desk.settle.run_due(saturday).acted == 0
    assert desk.settle.run_due(datetime(2026, 3, 9, 9, tzinfo=ALMATY)).acted == 1
    assert desk.cases.case(case.case).end == "granted"


def test_a_circle_of_automatic_steps_comes_to_an_end() -> None:
    desk = desk_of(
        step("a", "system", outcome("on", opens=("b",))), step("b", "system", outcome("on", opens=("a",)))
    )
    case = desk.open(**EMPTY)
    assert 100 < desk.topics(case).count("case.acted") <= 200


def attestation() -> Service:
    """Like S000's T: accepted, listed for the commission, decided in a sitting, notified."""
    alone = outcome("incomplete", alone=True, ends="refused", grounds=True)
    admit = outcome(
        "admitted", opens=("order",), signs=True, fields=(Field("points", named("points"), "number"),)
    )
    turn_down = outcome("not_admitted", opens=("order",), signs=True, grounds=True)
    return service(
        (
            step("list", "executor", alone, outcome("listed", opens=("commission",)), group=True, term=wd(8)),
            step("commission", "commission", admit, turn_down, group=True, term=wd(2)),
            step("order", "head", outcome("signed", ends="granted", other_than=("commission",))),
        ),
        ("list",),
    )


def decided(
    desk: Desk, step_id: str, actor: Actor, *decisions: Decision, sign: bool = True, **parts: Any
) -> Any:
    call = {
        "service": "made-up",
        "step": step_id,
        "actor": actor,
        "members": ("a", "b"),
        "decisions": decisions,
        **parts,
    }
    sitting = HoldSitting(**call)
    if sign:
        sitting = HoldSitting(**call, signature=signed(sitting))
    return desk.commands.hold_sitting(sitting, desk.now)


def test_S000_T16_a_sitting_decides_on_many_cases_each_with_its_own_outcome() -> None:
    desk = Desk(running(attestation()), at=MONDAY)
    cases = [desk.open(**EMPTY) for _ in range(4)]
    desk.act(cases[0], "list", "incomplete", EXECUTOR, ground="untrue")
    rest = [case.case for case in cases[1:]]
    decided(desk, "list", EXECUTOR, *(Decision(number, "listed") for number in rest))
    saves = desk.log.saves
    sitting = decided(
        desk,
        "commission",
        COMMISSION,
        Decision(rest[0], "admitted", fields={"points": "90"}),
        Decision(rest[1], "not_admitted", ground="unfit"),
        Decision(rest[2].lower(), "admitted", fields={"points": "70"}),
        minutes=PDF,
        key="s1",
    )
    assert desk.log.saves == saves + 1
    assert sitting.decisions == [[rest[0], "admitted"], [rest[1], "not_admitted"], [rest[2], "admitted"]]
    found = [desk.cases.case(number) for number in rest]
    assert [case.done["commission"] for case in found] == ["admitted", "not_admitted", "admitted"]
    assert [case.ground for case in found] == ["", "unfit", ""]
    assert desk.papers.read(sitting.id.hex, sitting.minutes[0]) == PDF


def test_S000_T16_one_case_that_can_not_be_decided_keeps_all_from_it() -> None:
    desk = Desk(running(attestation()), at=MONDAY)
    cases = [desk.open(**EMPTY).case for _ in range(3)]
    listed = [Decision(number, "listed") for number in cases]
    desk.act(cases[1], "list", "incomplete", EXECUTOR, ground="untrue")
    before = {stream: len(events) for stream, events in desk.log.streams.items()}
    told = then_refused(
        "case_closed",
        lambda: decided(desk, "list", EXECUTOR, *listed, Decision("MU-2026-NOBODYXX", "listed")),
        f"{cases[1]}.case",
    )
    assert [(one.code, one.field) for one in told.also] == [("case_unknown", "MU-2026-NOBODYXX.case")]
    assert {stream: len(events) for stream, events in desk.log.streams.items()} == before


def test_S000_T16_what_is_a_groups_is_done_in_a_sitting_and_nothing_else() -> None:
    desk = Desk(running(attestation()), at=MONDAY)
    case = desk.open(**EMPTY)
    then_refused("in_sitting_only", lambda: desk.act(case, "list", "listed", EXECUTOR), "step")
    decided(desk, "list", EXECUTOR, Decision(case.case, "listed"))
    one = Decision(case.case, "admitted", fields={"points": 1})
    then_refused("signature_missing", lambda: decided(desk, "commission", COMMISSION, one, sign=False))
    then_refused("not_your_step", lambda: decided(desk, "commission", HEAD, one))
    then_refused("sitting_malformed", lambda: decided(desk, "commission", COMMISSION))
    then_refused("sitting_malformed", lambda: decided(desk, "commission", COMMISSION, one, one))
    then_refused("sitting_malformed", lambda: decided(desk, "commission", COMMISSION, one, members=()))
    then_refused("document_wrong_type", lambda: decided(desk, "commission", COMMISSION, one, minutes=b"x"))
    then_refused("document_empty", lambda: decided(desk, "commission", COMMISSION, one, minutes=b""))
    then_refused("case_unknown", lambda: decided(desk, "commission", COMMISSION, one, service="other"))
    decided(desk, "commission", COMMISSION, one)
    then_refused(
        "not_in_sitting",
        lambda: decided(desk, "order", HEAD, Decision(case.case, "signed")),
        f"{case.case}.step",
    )
    both = Actor(COMMISSION.id, ("head",))
    then_refused("same_person", lambda: desk.act(case, "order", "signed", both))
    assert desk.act(case, "order", "signed", HEAD).end == "granted"


def test_the_same_sitting_is_held_once() -> None:
    desk = Desk(running(attestation()), at=MONDAY)
    cases = [desk.open(**EMPTY).case for _ in range(2)]
    listed = [Decision(number, "listed") for number in cases]
    first, again = (decided(desk, "list", EXECUTOR, *listed, key="s1") for _ in range(2))
    assert first.id == again.id
    then_refused("idempotency_key_reused", lambda: decided(desk, "list", EXECUTOR, listed[0], key="s1"))
    assert [len(desk.log.events(desk.cases.case(number).id)) for number in cases] == [4, 4]


def test_S002_02_terms_count_from_a_date_field_where_the_file_says_so() -> None:
    fields = (Field("in_force_on", named("in_force_on"), "date"),)
    desk = desk_of(
        step("draft", "executor", outcome("done", ends="granted"), term=wd(5), starts="in_force_on"),
        fields=fields,
        starts="in_force_on",
        term=Term(30, Unit.CALENDAR_DAYS),
    )
    case = desk.open(fields={"in_force_on": "2026-02-02"}, documents={})
    assert case.steps["draft"].due_at == datetime(2026, 2, 9, 18, 30, tzinfo=ALMATY)
    assert case.due_at == datetime(2026, 3, 4, 18, 30, tzinfo=ALMATY)


def test_a_step_within_that_has_no_term_is_due_with_its_case() -> None:
    desk = desk_of(
        step("a", "clerk", outcome("done", opens=("b",))),
        step("b", "clerk", outcome("done", ends="granted"), within=False),
    )
    case = desk.open(**EMPTY)
    assert case.steps["a"].due_at == case.due_at
    assert desk.act(case, "a", "done", CLERK).steps["b"].due_at is None


def test_an_outcome_may_be_anothers_than_the_steps() -> None:
    withdrawn = outcome("withdrawn", role="applicant", ends="refused")
    desk = desk_of(step("check", "clerk", outcome("done", ends="granted"), withdrawn))
    case = desk.open(**EMPTY)
    then_refused("not_your_step", lambda: desk.act(case, "check", "withdrawn", CLERK))
    citizen = Actor(case.applicant, ("applicant",))
    then_refused("not_your_step", lambda: desk.act(case, "check", "done", citizen))
    assert desk.act(case, "check", "withdrawn", citizen).end == "refused"


def test_a_holiday_that_was_moved_moves_the_term() -> None:
    made = service((step("a", "clerk", outcome("done", ends="granted"), term=wd(1)),), ("a",))
    plain = Desk(running(made), at=MONDAY).open(**EMPTY)
    moved = Desk(running(made, {date(2026, 3, 3): True, date(2026, 3, 7): False}), at=MONDAY).open(**EMPTY)
    assert plain.steps["a"].due_at == datetime(2026, 3, 3, 18, 30, tzinfo=ALMATY)
    assert moved.steps["a"].due_at == datetime(2026, 3, 4, 18, 30, tzinfo=ALMATY)


@pytest.mark.parametrize("role", ["system", "public", "", "head\u0000"])
def test_nobody_takes_a_role_that_is_not_the_steps(role: str) -> None:
    desk = desk_of(step("a", "clerk", outcome("done", ends="granted")))
    case = desk.open(**EMPTY)
    call = ActOnCase(case.case, "a", "done", Actor("x", (role,)))
    with pytest.raises(Refusal) as told:
        desk.commands.act(call, desk.now)
    assert told.value.code == "not_your_step"


def test_a_replayed_case_is_the_case_that_was_told() -> None:
    desk = desk_of(*agreement(), fields=BUDGET)
    case = desk.open(fields={"budget": "2.5"}, documents={})
    told = desk.act(case, "draft", "sent", EXECUTOR)
    replayed = desk.cases.case(case.case)
    ignored = {"_modified_on", "_pending_events"}
    assert {k: v for k, v in vars(told).items() if k not in ignored} == {
        k: v for k, v in vars(replayed).items() if k not in ignored
    }


def test_S000_T16_a_comment_is_no_decision_of_a_sitting() -> None:
    desk = desk_of(*discussion())
    case = desk.open(**EMPTY)
    comment = Decision(case.case, "comment", fields={"text": "x"})
    then_refused("not_in_sitting", lambda: decided(desk, "discuss", CITIZEN, comment))


def test_what_would_make_an_event_that_nobody_reads_is_refused() -> None:
    fields = tuple(Field(f"f{number}", named(f"f{number}"), required="false") for number in range(30))
    desk = desk_of(
        step("a", "head", outcome("named", opens=("b",), assigns="executor")),
        step("b", "executor", outcome("done", ends="granted")),
        fields=fields,
    )
    long = {one.id: "ң" * 9_000 for one in fields}
    then_refused("field_malformed", lambda: desk.open(fields=long, documents={}))
    key = "k\u0000" + "x" * 5_000
    case = desk.open(**EMPTY, key=key)
    assert desk.open(**EMPTY, key=key).case == case.case
    assert "\\u0000" not in str(desk.log.events(case.id))
    for person in ("x" * 101, "a\u0000", " a"):
        named_so = partial(desk.act, case, "a", "named", HEAD, assignee=person)
        then_refused("field_malformed", named_so, "assignee")
    assert desk.act(case, "a", "named", HEAD, assignee="x" * 100).steps["b"].assignee == "x" * 100

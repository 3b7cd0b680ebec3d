"""Cases told so that every type of their events happens, for the golden files."""

from __future__ import annotations

from typing import Any

from domain.commands.case_calls import Decision, HoldSitting, ReassignStep
from domain.procedures.acts import Actor
from domain.procedures.definition import Document, Field
from tests.unit.case_desk import CLERK, EXECUTOR, HEAD, OTHER, PDF, Desk, signed
from tests.unit.service_to_run import MONDAY, later, minutes, named, outcome, running, service, step

PUBLIC = Actor("p.passer-by", ("public",))


def told_cases() -> list[Any]:
    """One stored event of each type: of a case that saw everything, of one refused, of a sitting and a service."""
    remark = outcome("said", stays=True, remark="made", fields=(Field("text", named("text"), personal=True),))
    made = service(
        (
            step("talk", "public", remark, outcome("over", opens=("name",)), term=minutes(60), at_due="over"),
            step(
                "name",
                "head",
                outcome("named", opens=("list", "side"), assigns="executor", notifies="accepted"),
            ),
            step("side", "clerk", outcome("done", opens=("never",)), term=minutes(20), escalates_to="head"),
            step("never", "clerk", outcome("done"), when="false"),
            step(
                "list", "executor", outcome("listed", opens=("sign",), signs=True, grounds=True), group=True
            ),
            step(
                "sign",
                "head",
                outcome("granted", ends="granted", result="licence", signs=True, notifies="done"),
            ),
        ),
        ("talk",),
        fields=(
            Field("activity", named("activity")),
            Field("phone", named("phone"), "phone", required="false"),
        ),
        documents=(Document("plan", named("plan")),),
    )
    desk = Desk(running(made), at=MONDAY)
    fields = {"activity": "design", "phone": "+77011234567"}
    call: dict[str, Any] = {"fields": fields, "documents": {"plan": PDF}, "key": "k1"}
    case = desk.open(**call)
    desk.act(case, "talk", "said", PUBLIC, fields={"text": "why?"}, key="r1")
    desk.now = later(MONDAY, minutes=61)
    desk.settle.run_due(desk.now)
    desk.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    desk.commands.reassign(ReassignStep(case.case, "list", HEAD, OTHER.id, "k3"), desk.now)
    desk.now = later(MONDAY, minutes=120)
    desk.settle.run_due(desk.now)
    desk.act(case, "side", "done", CLERK)
    decided = Decision(case.case, "listed", ground="unfit")
    sitting = HoldSitting("made-up", "list", OTHER, ("a", "b"), [decided], PDF, key="s1")
    sitting = HoldSitting("made-up", "list", OTHER, ("a", "b"), [decided], PDF, signed(sitting), "s1")
    desk.commands.hold_sitting(sitting, desk.now)
    desk.act(case, "sign", "granted", HEAD, sign=True)
    case = desk.cases.case(case.case)
    first, second = case.notices
    case.record_notice(first, "case:accepted", "kk", "ucs2", 2, "outbox", desk.now)
    case.record_report(first, "delivered", desk.now)
    case.record_notice_failed(second, "case:done", "no_number", desk.now)
    desk.log.save(case)
    case.withdraw(f"{case.case}-1", "replaced", "MU-2026-22222222", "MU-2026-22222222-1", desk.now)
    desk.log.save(case)
    desk.open(channel="state_corporation", fields=fields, documents={}, key="k2")
    fullest: dict[str, Any] = {}
    for events in desk.log.streams.values():
        for event in events:
            if event.topic not in fullest or len(event.state) > len(fullest[event.topic].state):
                fullest[event.topic] = event
    return list(fullest.values())

"""Whatever anybody tries on any shipped service, in whatever order: refusals with words, and a log that the audit holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from domain.calendar import day_start
from domain.commands.case_calls import ActOnCase, Decision, HoldSitting, OpenCase, ReassignStep
from domain.errors import LANGUAGES, Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.definition import APPLICANT, Field, Outcome, Service
from infra.sample.numbers import bin_number
from tests.unit.case_desk import APPLICANT_ID, PDF, Desk, signed
from tests.unit.test_audit_cases import found
from tests.unit.ways_through import running, shipped

VALUES: dict[str, list[Any]] = {
    "text": ["text", "", " ", "x" * 20_000, "a\u0000b", "\ud800", 5, None, "қазақша"],
    "date": ["2020-02-29", "2021-02-29", "2024-01-01", "1.1.2020", "２０２０-01-01"],
    "number": ["1", "2.5", "-3", "1e9", 2, True, "²"],
    "yes_no": [True, False, "yes", "no", "perhaps", 1],
    "email": ["a@example.kz", "a@", "а@пример.кз"],
    "phone": ["+77011234567", "87011234567", "+7"],
    "iin": [bin_number(date(2020, 1, 1), 1), "880504300124", "1"],
    "bin": [bin_number(date(2020, 1, 1), 1), "", "BIN"],
    "kato": ["113220100", "11322010", "x"],
    "choice": ["nothing of the kind"],
    "file": ["0" * 64, "0"],
}
PEOPLE = ("one", "two")


class Somebody:
    """Tries what comes to mind on one service."""

    def __init__(self, service: str, seed: int) -> None:
        self.chance = Random(f"{service}/{seed}")
        self.running = running(service)
        self.service: Service = self.running.service
        self.desk = Desk(
            self.running, at=day_start(self.service.effective_from) + timedelta(days=40, hours=10)
        )
        self.cases: list[str] = []
        self.codes: set[str] = set()

    def tries(self, times: int) -> None:
        for _ in range(times):
            do = self.chance.choices([self.open, self.act, self.sit, self.wait, self.give], [2, 12, 3, 2, 1])[
                0
            ]
            try:
                do()
            except Refusal as refusal:
                for one in (refusal, *refusal.also):
                    self.codes.add(one.code)
                    assert all("{" not in one.sentence(language) for language in LANGUAGES)

    def value(self, field: Field) -> Any:
        sane = self.chance.random() < 0.98
        if field.choices and sane:
            return self.chance.choice([*field.choices])
        return VALUES[field.type][0] if sane else self.chance.choice(VALUES[field.type])

    def fields(self, fields: tuple[Field, ...]) -> dict[str, Any]:
        return {one.id: self.value(one) for one in fields if self.chance.random() < 0.98}

    def actor(self, role: str) -> Actor:
        role = role if self.chance.random() < 0.9 else self.chance.choice([*self.service.roles, ""])
        if role == APPLICANT:
            return Actor(APPLICANT_ID, (APPLICANT,))
        known = self.service.roles.get(role)
        return Actor(f"p.{self.chance.choice(PEOPLE)}", (role,), known.unit if known else "")

    def open(self) -> None:
        channel = self.chance.choice([one.id for one in self.service.channels])
        call = OpenCase(
            self.service.id,
            self.actor(APPLICANT),
            channel,
            kind=self.chance.choice([*self.service.kinds, "", "x"]),
            applicant=self.chance.choice([APPLICANT_ID, ""]),
            fields=self.fields(self.service.fields),
            documents={
                one.id: PDF for one in self.service.documents if not one.filled and self.chance.random() < 0.9
            },
            consent=self.chance.random() < 0.9,
            language=self.chance.choice([*LANGUAGES, "de"]),
            key=self.chance.choice(["", "k1"]),
        )
        self.cases.append(self.desk.commands.open(self.sign(call), self.desk.now).case)

    def sign(self, call: Any) -> Any:
        return replace(call, signature=signed(call)) if self.chance.random() < 0.95 else call

    def turn(self) -> tuple[Case, str, Outcome]:
        if not self.cases:
            self.open()
        case = self.desk.cases.case(self.chance.choice(self.cases))
        steps = [*case.steps] if case.steps and self.chance.random() < 0.9 else [*self.service.steps]
        step = self.chance.choice(steps)
        return case, step, self.chance.choice(self.service.steps[step].outcomes)

    def said(self, case: Case, outcome: Outcome) -> dict[str, Any]:
        ground = self.chance.choice([*self.service.grounds, ""]) if outcome.grounds else ""
        fields = self.fields(outcome.fields)
        if outcome.remark in ("taken", "not_taken") and "remark" in fields:
            fields["remark"] = self.chance.randint(0, case.remarks + 1)
        return {
            "fields": fields,
            "documents": {one.id: PDF for one in outcome.documents if self.chance.random() < 0.9},
            "ground": ground,
            "assignee": f"p.{self.chance.choice(PEOPLE)}" if outcome.assigns else "",
        }

    def act(self) -> None:
        case, step, outcome = self.turn()
        actor = self.actor(outcome.role or self.service.steps[step].role)
        if standing := case.steps.get(step):
            actor = actor._replace(id=standing.assignee or actor.id)
        said = self.said(case, outcome)
        call = ActOnCase(case.case, step, outcome.id, actor, **said, key=self.chance.choice(["", "", "a1"]))
        self.desk.commands.act(self.sign(call), self.desk.now)

    def sit(self) -> None:
        case, step, outcome = self.turn()
        same = [one for one in self.cases if step in self.desk.cases.case(one).steps]
        decisions = [
            Decision(one, outcome.id, **self.said(case, outcome))
            for one in dict.fromkeys([case.case, *self.chance.sample(same, min(2, len(same)))])
        ]
        actor = self.actor(self.service.steps[step].role)
        call = HoldSitting(self.service.id, step, actor, PEOPLE, decisions, self.chance.choice([None, PDF]))
        self.desk.commands.hold_sitting(self.sign(call), self.desk.now)

    def wait(self) -> None:
        self.desk.now += timedelta(minutes=self.chance.choice([1, 30, 600, 5_000, 50_000]))
        self.desk.settle.run_due(self.desk.now)

    def give(self) -> None:
        case, step, _ = self.turn()
        to = f"p.{self.chance.choice([*PEOPLE, ''])}"
        role = self.service.steps[step].escalates_to or "head"
        self.desk.commands.reassign(ReassignStep(case.case, step, self.actor(role), to), self.desk.now)


@pytest.mark.parametrize("seed", [1, 3])
@pytest.mark.parametrize("service", shipped().ids())
def test_whatever_is_tried_is_done_by_the_rules_or_refused_in_words(service: str, seed: int) -> None:
    somebody = Somebody(service, seed)
    somebody.tries(150)
    events = [
        [str(e.originator_id).replace("-", ""), e.originator_version, e.topic, json.loads(e.state)]
        for stream in somebody.desk.log.streams.values()
        for e in stream
    ]
    assert found(events) == set()
    assert len(somebody.codes) > 3
    assert any(event[2] == "case.acted" for event in events)

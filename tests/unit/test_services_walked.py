"""Shipped services walked at random: whatever officials choose, at whatever time, every case comes to an end and replays.

The tables of test_services_* tell what should happen; here nobody chooses what the tables chose.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.definition import PUBLIC, SYSTEM, Field, Outcome, Step
from tests.unit.test_services_construction import (
    ACCREDITED,
    ATTESTED,
    ISSUED,
    NOT_ADMITTED,
    REFUSED,
    REISSUED,
)
from tests.unit.test_services_drafting import REGULATION, STANDARD
from tests.unit.test_services_medical import (
    A_CONFIRMATION,
    A_FIRST,
    B_ISSUE,
    C_CONFIRMATION,
    C_FIRST,
    D_CONFIRMATION,
    D_FIRST,
    D_REISSUE,
)
from tests.unit.test_services_of_the_programme import ACCESS, UPHELD, WITH_LOAN, WITHOUT_LOAN
from tests.unit.ways_through import Story, Turn, Way, hold_sitting, moment, running, shipped, somebody

WAYS = [
    *(ISSUED.but(service=one) for one in ("licence-survey", "licence-construction")),
    *(ISSUED, REISSUED, ATTESTED, ACCREDITED, A_FIRST, A_CONFIRMATION, B_ISSUE, C_FIRST, C_CONFIRMATION),
    *(D_FIRST, D_CONFIRMATION, D_REISSUE, STANDARD, STANDARD.but(kind="amendment"), REGULATION),
    *(ACCESS, UPHELD, WITH_LOAN, WITHOUT_LOAN),
]
MOST_TURNS = 200


def value(asked: Field, case: Case, chance: Random) -> Any:
    """Something that the field takes; the name of a draft is sometimes the register's."""
    match asked.type:
        case "date":
            return "2026-06-01"
        case "number":
            return "1"
        case "yes_no":
            return chance.choice(["yes", "no"])
        case "choice":
            return chance.choice(list(asked.choices))
        case _:
            return chance.choice([case.facts.get("register_name", "Мәтін"), "Мәтін"])


class Walk:
    """A case, and officials who do whatever they may."""

    def __init__(self, way: Way, chance: Random) -> None:
        self.story = Story(way)
        self.chance = chance
        self.running = running(way.service)

    @property
    def case(self) -> Case:
        return self.story.case

    def choices(self) -> list[tuple[Step, Outcome, dict[str, Any]]]:
        """What may be done now, with the fields brought to it."""
        found = []
        for standing in self.case.steps.values():
            step = self.running.service.steps[standing.step]
            for outcome in step.outcomes:
                fields = {one.id: value(one, self.case, self.chance) for one in outcome.fields}
                if outcome.remark in ("taken", "not_taken") and not self.case.remarks:
                    continue
                told = {name: {"yes": "true", "no": "false"}.get(one, one) for name, one in fields.items()}
                if outcome.id != step.at_due and self.running.holds(outcome.when, self.case.facts_with(told)):
                    found.append((step, outcome, fields))
        return found

    def go(self) -> Walk:
        for _ in range(MOST_TURNS):
            if self.case.closed_at is not None:
                return self
            late = self.chance.choice([0, 1, 5, 40])
            self.story.desk.now += timedelta(hours=self.chance.randrange(30), days=late)
            self.story.desk.settle.run_due(self.story.desk.now)
            self.look()
            if self.case.closed_at is None:
                self.act()
        raise AssertionError(f"no end: {list(self.case.steps)}")

    def act(self) -> None:
        choices = self.choices()
        if not choices:
            waits = [one for one in self.case.steps.values() if self.running.service.steps[one.step].at_due]
            assert waits, f"nothing can be done: {list(self.case.steps)}"
            return
        # what is only recorded is chosen seldom, so that walks end
        weights = [1 if outcome.stays else 4 for _, outcome, _ in choices]
        step, outcome, fields = self.chance.choices(choices, weights)[0]
        role = outcome.role or step.role
        ground = self.chance.choice(list(self.running.service.grounds)) if outcome.grounds else ""
        papers = tuple(one.id for one in outcome.documents)
        turn = Turn(
            "", role, step.id, outcome.id, "", ground, fields, papers, by=role if role == PUBLIC else ""
        )
        if step.group and not outcome.alone:
            hold_sitting(self.story.desk, self.story.way.service, turn, [self.case.case])
        else:
            self.story.act(turn, outcome)
        self.look()

    def look(self) -> None:
        self.story.case = self.story.desk.cases.case(self.case.case)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.service}-{way.kind}")
def test_whatever_officials_choose_every_case_comes_to_an_end(way: Way) -> None:
    ends = set()
    for seed in range(12):
        walk = Walk(way, Random(f"{way.service}/{seed}")).go()
        ends.add(walk.case.end)
        acts = walk.story.events("acted")
        assert all(
            one["actor"] == somebody(way.service, one["role"], "").id
            for one in acts
            if one["actor"] != SYSTEM
        )
        assert walk.case.steps == {}
    assert ends <= set(running(way.service).service.ends)


def test_every_shipped_service_is_walked() -> None:
    assert {way.service for way in WAYS} == set(shipped().ids())


SIGNED_BY_A_HEAD = [
    (way, turn)
    for way in (*WAYS, REFUSED, NOT_ADMITTED)
    for turn in way.turns
    if turn.role.endswith("head") and way.kind != "amendment" and Story(way).outcome(turn).signs
]


@pytest.mark.parametrize(
    ("way", "turn"), SIGNED_BY_A_HEAD, ids=lambda one: one.service if isinstance(one, Way) else one.step
)
def test_S000_L6_no_head_signs_what_he_prepared_himself(way: Way, turn: Turn) -> None:
    # given a case before the head, prepared by somebody who is a head too
    story = Story(way).until(turn.step)
    (step,) = story.outcome(turn).other_than
    story.desk.now = moment(turn.at)
    # when that somebody signs, then it is refused
    with pytest.raises(Refusal) as refusal:
        story.act(turn, story.outcome(turn), Actor(story.case.actors[step], (turn.role,)))
    assert refusal.value.code == "same_person"

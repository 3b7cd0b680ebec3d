"""Ways through the shipped services, told as the law's tables are: who does what, when, and until when it was due.

    Way("licence-design", "06.04 10:00", promised="27.04 18:30", ...turns=[
        Turn("06.04 10:05", "responsible", "L2", "accepted", due="06.04 10:20"), ...

Days and times are of 2026 in Kazakhstan. `play` goes the way with the real commands, a log in memory and the real
calendar, and checks each turn; what the case has come to is then the test's to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import cache
from typing import Any

import pytest

from domain.calendar import ALMATY
from domain.commands.case_calls import Decision, HoldSitting, OpenCase
from domain.errors import LANGUAGES, Refusal
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.definition import APPLICANT, PUBLIC, SYSTEM, Outcome, Service
from domain.procedures.running import RunningService
from domain.procedures.services import Services
from domain.procedures.working_time import DaysOff, WorkingTime
from infra.cases.services import load_services
from infra.cases.working_calendar import days_off
from infra.settings import ROOT
from tests.unit.case_desk import APPLICANT_ID, PDF, Desk, signed

FOLDER = ROOT / "services"
YEAR = 2026


@dataclass(frozen=True, slots=True)
class Turn:
    """One row of the table: at `at` somebody of `role` ends `step` with `outcome`; the step was due at `due`.

    Whatever signature, assignee or sitting the outcome asks for is brought along. `by` tells two of a role apart.
    """

    at: str
    role: str
    step: str
    outcome: str
    due: str = ""
    ground: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    late: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A request and the turns to its end. `refuses`: results given are refusals."""

    service: str
    at: str
    turns: Sequence[Turn]
    end: str
    promised: str = ""
    kind: str = ""
    channel: str = "portal"
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    opener: str = APPLICANT
    results: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def but(self, **changed: Any) -> Way:
        """The same way with some of it changed; `fields` are added to the others."""
        if "fields" in changed:
            changed["fields"] = {**self.fields, **changed["fields"]}
        return replace(self, **changed)


@cache
def shipped() -> Services:
    """The services that azyq ships."""
    return load_services(FOLDER)


@cache
def calendar() -> DaysOff:
    """Kazakhstan's days off."""
    return days_off(FOLDER / "moved-days.csv")


@cache
def running(service: str) -> RunningService:
    """A shipped service, ready to run."""
    file = shipped().file(service, shipped().latest(service).version)
    schedule = file.service.schedule
    hours = WorkingTime(schedule.office, calendar(), schedule.reception)
    return RunningService(file.service, file.text, file.digest, hours)


def service(service_id: str) -> Service:
    """A shipped service."""
    return shipped().latest(service_id)


def moment(text: str) -> datetime:
    """ "06.04 10:05": of 2026, in Kazakhstan, unless the year is said: "06.04.2027 10:05"."""
    day, clock = text.split(" ")
    parts = [int(part) for part in day.split(".")]
    year = parts[2] if len(parts) == 3 else YEAR
    return datetime.combine(date(year, parts[1], parts[0]), time.fromisoformat(clock), ALMATY)


def told(at: datetime | None) -> str:
    """An instant the way `moment` reads it; "" for none."""
    if at is None:
        return ""
    local = at.astimezone(ALMATY)
    return f"{local:%d.%m %H:%M}" if local.year == YEAR else f"{local:%d.%m.%Y %H:%M}"


def somebody(service_id: str, role: str, by: str = "") -> Actor:
    """Somebody of a role: the applicant is the one person, officials are told apart by `by`."""
    if role == APPLICANT:
        return Actor(APPLICANT_ID, (APPLICANT,))
    if role == PUBLIC:
        return Actor(by or "a.citizen", (PUBLIC,))
    found = service(service_id).roles[role]
    return Actor(f"{role}.{by or 'one'}", (role,), found.unit)


class Story:
    """A case of a shipped service, on its way; at a `desk` where others went theirs, or at one of its own."""

    def __init__(self, way: Way, desk: Desk | None = None) -> None:
        self.way = way
        self.desk = desk or Desk(running(way.service), at=moment(way.at))
        self.desk.now = moment(way.at)
        for register in way.known:
            self.desk.registers.facts[register, APPLICANT_ID] = {}
        self.case = self._open(way)

    def _open(self, way: Way) -> Case:
        parts: dict[str, Any] = {
            "service": way.service,
            "actor": somebody(way.service, way.opener),
            "channel": way.channel,
            "kind": way.kind,
            "applicant": APPLICANT_ID if way.opener == APPLICANT else "",
            "fields": way.fields,
            "documents": dict.fromkeys(way.documents, PDF),
            "consent": running(way.service).service.consent,
        }
        call = OpenCase(**parts)
        if any(one.signs and one.id == way.channel for one in service(way.service).channels):
            call = replace(call, signature=signed(call))
        return self.desk.commands.open(call, self.desk.now)

    def outcome(self, turn: Turn) -> Outcome:
        """What a turn takes, as the service's file has it."""
        step = running(self.way.service).service.steps[turn.step]
        return next(one for one in step.outcomes if one.id == turn.outcome)

    def go(self, turns: Sequence[Turn] | None = None) -> Story:
        """Take the turns, each checked: due when the table says, late only when it says so."""
        for turn in self.way.turns if turns is None else turns:
            self.take(turn)
        return self

    def until(self, step: str) -> Story:
        """Take the turns of the way up to the one of `step`."""
        before = [turn.step for turn in self.way.turns].index(step)
        return self.go(self.way.turns[:before])

    def take(self, turn: Turn, **changed: Any) -> Story:
        """One turn, some of it changed."""
        turn = replace(turn, **changed)
        outcome = self.outcome(turn)
        if turn.role == SYSTEM and turn.step in self.case.done:
            return self._done_already(turn)
        standing = self.case.steps.get(turn.step)
        if not outcome.stays:
            assert standing is not None, f"{turn.step} is not open: {', '.join(self.case.steps)}"
            assert told(standing.due_at) == turn.due, turn
        seen = len(self.desk.log.events(self.case.id))
        self.desk.now = moment(turn.at)
        if turn.role == SYSTEM:
            self.desk.settle.run_due(self.desk.now)
        elif running(self.way.service).service.steps[turn.step].group and not outcome.alone:
            hold_sitting(self.desk, self.way.service, turn, [self.case.case])
        else:
            self.act(turn, outcome)
        self.case = self.desk.cases.case(self.case.case)
        acted = [
            event
            for topic, event in self.desk.log.events(self.case.id)[seen:]
            if topic in ("case.acted", "case.remark_recorded") and event["step"] == turn.step
        ]
        assert [(one["outcome"], one["late"]) for one in acted] == [(turn.outcome, turn.late)], turn
        return self

    def _done_already(self, turn: Turn) -> Story:
        """What the system did at once, with the act before it."""
        (acted,) = [one for one in self.events("acted") if one["step"] == turn.step]
        (opened,) = [one for one in self.events("step_opened") if one["step"] == turn.step]
        assert (acted["outcome"], acted["actor"], acted["late"]) == (turn.outcome, SYSTEM, False)
        assert told(datetime.fromisoformat(opened["due_at"])) == turn.due
        return self

    def act(self, turn: Turn, outcome: Outcome, actor: Actor | None = None) -> None:
        """The turn's act alone, whenever it is; nothing is checked."""
        parts: dict[str, Any] = {"ground": turn.ground, "fields": turn.fields}
        if outcome.assigns:
            parts["assignee"] = somebody(self.way.service, outcome.assigns).id
        if turn.documents:
            parts["documents"] = dict.fromkeys(turn.documents, PDF)
        actor = actor or somebody(self.way.service, turn.role, turn.by)
        self.desk.act(self.case, turn.step, turn.outcome, actor, sign=outcome.signs, **parts)

    def then_refused(self, code: str, turn: Turn, **changed: Any) -> Refusal:
        """The turn is refused with `code`, in words of each language, and nothing is recorded."""
        before = len(self.desk.log.events(self.case.id))
        with pytest.raises(Refusal) as told_why:
            self.take(turn, **changed)
        assert told_why.value.code == code
        assert all("{" not in told_why.value.sentence(language) for language in LANGUAGES)
        assert len(self.desk.log.events(self.case.id)) == before
        return told_why.value

    def events(self, topic: str) -> list[dict[str, Any]]:
        """What happened of one topic, without its "case."."""
        return [event for name, event in self.desk.log.events(self.case.id) if name == f"case.{topic}"]

    def then_ends_as_told(self) -> Story:
        """The case has come to the way's end, with its results and notices, and was promised when told."""
        assert told(self.case.due_at) == self.way.promised
        assert (self.case.end, self.case.closed_at is not None) == (self.way.end, True)
        assert tuple(one["result"] for one in self.events("result_issued")) == self.way.results
        assert tuple(one["notice"] for one in self.events("notice_due")) == self.way.notices
        return self


def hold_sitting(desk: Desk, service_id: str, turn: Turn, cases: Sequence[str], **others: Turn) -> None:
    """A sitting on a group's step: `turn` for each of the `cases`, `others` by number in its stead."""
    decisions = [
        Decision(number, one.outcome, one.fields, {}, one.ground)
        for number, one in ((number, others.get(number, turn)) for number in cases)
    ]
    actor = somebody(service_id, turn.role, turn.by)
    call = HoldSitting(service_id, turn.step, actor, ["s.one", "s.two"], decisions)
    desk.commands.hold_sitting(replace(call, signature=signed(call)), desk.now)


def play(way: Way) -> Story:
    """The way from its request to its end."""
    return Story(way).go().then_ends_as_told()


def untaken(service_id: str, ways: Mapping[str, Way]) -> set[tuple[str, str]]:
    """The (step, outcome) of a service that none of the `ways` takes."""
    taken = {
        (turn.step, turn.outcome) for way in ways.values() if way.service == service_id for turn in way.turns
    }
    every = {(step.id, one.id) for step in service(service_id).steps.values() for one in step.outcomes}
    return every - taken

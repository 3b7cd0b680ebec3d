"""A version of a service, ready to run cases: its conditions compiled, its terms put into working time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Protocol

from domain.calendar import day_start
from domain.procedures.conditions import Condition, Facts, compiled
from domain.procedures.definition import (
    APPLICANT,
    PUBLIC,
    SYSTEM,
    Names,
    Role,
    Service,
    Step,
    Term,
    Unit,
)
from domain.procedures.vocabulary import vocabulary_of


class Time(Protocol):
    """The working-time calendar of one service (`domain.procedures.working_time.WorkingTime`)."""

    def received(self, at: datetime, rolls_over: bool) -> datetime: ...

    def add(self, start: datetime, term: Term, *, clocked: bool = False) -> datetime: ...


class RunningService:
    """One version of a service and the digest of its text."""

    def __init__(self, service: Service, text: str, digest: str, time: Time) -> None:
        """`text` is the file's, `digest` its SHA-256 in hex. Raises ValueError for a condition that is none."""
        self.service = service
        self.text = text
        self.digest = digest
        self._time = time
        self._vocabulary = vocabulary_of(service)
        self._compiled: dict[str, Condition] = {
            condition: compiled(condition, self._vocabulary) for condition in set(_conditions(service))
        }

    @property
    def registers(self) -> Collection[str]:
        """Where something is looked up first (S003-11)."""
        return self._vocabulary.registers

    def holds(self, condition: str, facts: Facts) -> bool:
        """Whether one of the service's conditions holds; one about a fact that is missing does not."""
        return self._compiled[condition](facts)

    def received(self, at: datetime) -> datetime:
        """When what arrives at `at` counts as received (S002-19, S003-06)."""
        return self._time.received(at, self.service.schedule.rolls_over)

    def due(self, start: datetime, term: Term | None, clocked: bool = False) -> datetime | None:
        """The last instant of a term from `start`; None where there is no term."""
        return None if term is None else self._time.add(start, term, clocked=clocked)

    def promised(self, kind: str, facts: Mapping[str, str], counted_from: datetime) -> datetime | None:
        """The standard's term for a kind of request (S000-09, S000-L5b), from its date field or the receipt (S002-02)."""
        own = self.service.kinds.get(kind)
        start = started(self.service.starts, facts, counted_from)
        # Nobody's hours bind a service that is all the system's: it works round the clock (S000-C2).
        clocked = self.service.automation == "full"
        return self.due(start, (own.term if own else None) or self.service.term, clocked)

    def step_due(self, step: Step, kind: str, start: datetime, promised: datetime | None) -> datetime | None:
        """The last instant of a step that counts from `start`; of one within that has no term, the case's own."""
        term = step.terms.get(kind, step.term)
        return promised if term is None and step.within else self.due(start, term, step.clocked)

    def role(self, role: str) -> Role:
        """The role of this id: one of the service's, or one of the three that every service has."""
        return self.service.roles.get(role) or _ALWAYS[role]

    def is_automatic(self, step: Step) -> bool:
        """Whether the system does the step at once (S000-C2); one with `at_due` waits for its term."""
        return self.role(step.role).automatic and not step.at_due

    @cached_property
    def joins(self) -> tuple[Step, ...]:
        """Steps that open when others are done (S002-07)."""
        return tuple(step for step in self.service.steps.values() if step.after)

    def assigners(self, role: str) -> frozenset[str]:
        """Roles that name the person for `role`."""
        return frozenset(
            step.role
            for step in self.service.steps.values()
            if any(outcome.assigns == role for outcome in step.outcomes)
        )


def valid_until(start: date, term: Term) -> date:
    """The last day of something valid for `term` from `start`: its own day later, or the month's last (S003-A03)."""
    if term.unit in (Unit.YEARS, Unit.MONTHS):
        months = start.year * 12 + start.month - 1 + term.number * (12 if term.unit is Unit.YEARS else 1)
        for day in range(start.day, start.day - 4, -1):
            try:
                return date(months // 12, months % 12 + 1, day)
            except ValueError:
                continue
    if term.unit in (Unit.MINUTES, Unit.HOURS):
        return start
    return date.fromordinal(start.toordinal() + term.number)


def started(field: str, facts: Mapping[str, str], otherwise: datetime) -> datetime:
    """What a term counts from: the day that stands in a date field, where there is one."""
    return day_start(date.fromisoformat(facts[field])) if field in facts else otherwise


def _conditions(service: Service) -> Iterator[str]:
    yield from (one.when for one in service.kinds.values())
    yield from (one.required for one in service.fields)
    yield from (one.required for one in service.documents)
    for step in service.steps.values():
        yield step.when
        for outcome in step.outcomes:
            yield outcome.when
            yield from (one.required for one in outcome.fields)
            yield from (one.required for one in outcome.documents)


def _named(kk: str, ru: str, en: str) -> Names:
    return {"kk": kk, "ru": ru, "en": en}


_ALWAYS = {
    APPLICANT: Role(APPLICANT, _named("өтініш беруші", "заявитель", "applicant")),
    SYSTEM: Role(SYSTEM, _named("жүйе", "система", "system"), automatic=True),
    PUBLIC: Role(PUBLIC, _named("кез келген адам", "любое лицо", "anybody")),
}

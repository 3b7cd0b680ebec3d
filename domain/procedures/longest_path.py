"""How long a service's steps take at most, one after another, beside what its standard promises (S002-33, S000-T15)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from domain.procedures.definition import Hours, Outcome, Service, Step, Term, Unit
from domain.procedures.order import following

DAYS_A_MONTH, DAYS_A_YEAR = 30, 365


class Path(NamedTuple):
    """Steps one after another with the terms that add up."""

    steps: tuple[str, ...]
    terms: tuple[Term, ...]

    def sums(self) -> tuple[Term, ...]:
        """What it takes, by unit, the longest first; hours as minutes."""
        sums: dict[Unit, int] = {}
        for number, unit in self.terms:
            hours = unit is Unit.HOURS
            kept = Unit.MINUTES if hours else unit
            sums[kept] = sums.get(kept, 0) + number * (60 if hours else 1)
        return tuple(Term(sums[unit], unit) for unit in reversed(Unit) if unit in sums)

    def __str__(self) -> str:
        """What it takes, as "26 wd 100 min"."""
        return " ".join(map(str, self.sums()))


def working_minutes(term: Term, hours: Hours) -> int:
    """How many minutes of work a term has, to compare it with others.

    Calendar days by the share of the week that is worked; a month has 30 of them, a year 365: holidays apart.
    """
    number, unit = term
    if unit is Unit.MINUTES:
        return number
    if unit is Unit.HOURS:
        return number * 60
    if unit is Unit.WORKING_DAYS:
        return number * minutes_a_day(hours)
    days = number * {Unit.CALENDAR_DAYS: 1, Unit.MONTHS: DAYS_A_MONTH, Unit.YEARS: DAYS_A_YEAR}[unit]
    return days * minutes_a_day(hours) * len(hours.weekdays) // 7


def minutes_a_day(hours: Hours) -> int:
    """The minutes of work of a working day."""

    def minutes(at: object) -> int:
        return at.hour * 60 + at.minute if at is not None else 0  # type: ignore[attr-defined]

    pause = minutes(hours.break_to) - minutes(hours.break_from)
    return minutes(hours.closes) - minutes(hours.opens) - pause


def longest_path(service: Service, kind: str) -> Path:
    """The steps of a request of this `kind` that take longest together, steps outside the service's term apart.

    The steps must have an order: see `domain.procedures.order.cycle_of`.
    """
    hours = service.schedule.office
    known: dict[str, tuple[int, Path]] = {}

    def from_step(step: Step) -> tuple[int, Path]:
        if step.id not in known:
            ways = [way for outcome in step.outcomes for way in from_outcome(step, outcome)]
            known[step.id] = max(ways, key=lambda way: way[0], default=(0, Path((step.id,), ())))
        return known[step.id]

    def from_outcome(step: Step, outcome: Outcome) -> Iterator[tuple[int, Path]]:
        if outcome.stays:
            return
        term = term_of(step, kind, outcome)
        own = (term,) if term is not None else ()
        minutes = sum(working_minutes(one, hours) for one in own)
        yield minutes, Path((step.id,), own)
        for after in following(service, step, outcome):
            rest, path = from_step(service.steps[after])
            yield minutes + rest, Path((step.id, *path.steps), (*own, *path.terms))

    starts = [from_step(service.steps[id_]) for id_ in service.first]
    return max(starts, key=lambda way: way[0])[1]


def term_of(step: Step, kind: str, outcome: Outcome | None = None) -> Term | None:
    """The term that a step, ended so, has for requests of a kind; None without one, or outside the service's."""
    if not step.within:
        return None
    if outcome is not None and outcome.term is not None:
        return outcome.term
    return step.terms.get(kind, step.term)


def check_terms(service: Service) -> Iterator[tuple[str, str]]:
    """Terms of steps, each and together, that go beyond the standard's (S002-33), as (key, reason)."""
    hours = service.schedule.office
    told: set[str] = set()
    for number, kind in enumerate(service.kinds.values(), start=1):
        promised = kind.term or service.term
        if promised is None:
            continue
        most = working_minutes(promised, hours)
        beyond = {
            key: f"{term} is more than the service's term, {promised} (S002-33)"
            for key, term in _terms_of_steps(service, kind.id)
            if working_minutes(term, hours) > most
        }
        path = longest_path(service, kind.id)
        if not beyond and sum(working_minutes(term, hours) for term in path.terms) > most:
            key = f"kinds[{number}].term" if kind.term else "term"
            steps = ", ".join(path.steps)
            beyond = {key: f"{promised} is less than {path}, which the steps {steps} take together (S002-33)"}
        for key, reason in beyond.items():
            if key not in told:
                yield key, reason
        told |= beyond.keys()


def _terms_of_steps(service: Service, kind: str) -> Iterator[tuple[str, Term]]:
    for number, step in enumerate(service.steps.values(), start=1):
        term = term_of(step, kind)
        if term is not None:
            yield f"steps[{number}].{f'terms.{kind}' if kind in step.terms else 'term'}", term
        for which, outcome in enumerate(step.outcomes, start=1):
            if step.within and outcome.term is not None:
                yield f"steps[{number}].outcomes[{which}].term", outcome.term

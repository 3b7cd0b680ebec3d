"""The order of a service's steps, checked at load: every step can be reached, every case comes to an end.

Every way that a case can take is walked. Of conditions only what they say of how steps ended is known
(`domain.procedures.endings`): else any outcome may be taken, and any step that has a condition may be passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from domain.procedures.definition import Outcome, Service, Step
from domain.procedures.endings import Endings
from domain.procedures.longest_path import check_terms
from domain.procedures.order import before_each, cycle_of

Fault = tuple[str, str]

MOST_STATES = 10_000


class _State(NamedTuple):
    """Where a case can stand: steps open, those over that others wait for, endings that conditions ask for, and
    whether a ground for refusal was named."""

    open: frozenset[str]
    over: frozenset[str]
    ended: frozenset[tuple[str, str]]
    ground: bool


def check_graph(service: Service) -> Iterator[Fault]:
    """What is wrong with the order of the steps, as (key, reason); names in it lead somewhere already."""
    openings = list(_check_openings(service))
    if openings:
        yield from openings
        return
    if cycle := cycle_of(service):
        number = list(service.steps).index(cycle[0]) + 1
        yield f"steps[{number}]", f"leads back to itself: {' -> '.join(cycle)}"
        return
    yield from _Walk(service).faults()
    yield from _check_two_persons(service)
    yield from check_terms(service)


def _check_openings(service: Service) -> Iterator[Fault]:
    if not service.first:
        yield "first", "names no step: a case would have nothing to begin with"
    joins = {step.id for step in service.steps.values() if step.after}
    for number, id_ in enumerate(service.first, start=1):
        if id_ in joins:
            yield f"first[{number}]", f"{id_} opens once the steps that it comes after are done"
    for number, step in enumerate(service.steps.values(), start=1):
        key = f"steps[{number}]"
        if step.id in step.after:
            yield f"{key}.after", f"{step.id} waits for itself"
        if all(outcome.stays for outcome in step.outcomes):
            yield f"{key}.outcomes", "none ends the step: every one stays"
        for which, outcome in enumerate(step.outcomes, start=1):
            for place, id_ in enumerate(outcome.opens, start=1):
                if id_ in joins:
                    where = f"{key}.outcomes[{which}].opens[{place}]"
                    yield where, f"{id_} opens by itself, once the steps that it comes after are done"


def _check_two_persons(service: Service) -> Iterator[Fault]:
    before = before_each(service)
    for number, step in enumerate(service.steps.values(), start=1):
        for which, outcome in enumerate(step.outcomes, start=1):
            for place, other in enumerate(outcome.other_than, start=1):
                if other not in before[step.id]:
                    where = f"steps[{number}].outcomes[{which}].other_than[{place}]"
                    yield where, f"{other} never comes before {step.id}"


class _Walk:
    """Every way through a service, and what goes wrong on some or never happens on any."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._numbers = {id_: number for number, id_ in enumerate(service.steps, start=1)}
        self._joins = [step for step in service.steps.values() if step.after]
        self._awaited = frozenset(id_ for step in self._joins for id_ in step.after)
        self._endings = Endings(service)
        self._asked = self._endings.steps_asked()
        self._reached: set[str] = set()
        self._taken: set[tuple[str, str]] = set()
        self._faults: dict[Fault, None] = {}

    def faults(self) -> Iterator[Fault]:
        """What is wrong: first what goes wrong on some way, then what never happens."""
        seen: set[_State] = set()
        start = _State(frozenset(), frozenset(), frozenset(), ground=False)
        ways = list(self._opened(start, self._service.first, "first"))
        while ways:
            state = ways.pop()
            if state in seen:
                continue
            seen.add(state)
            if len(seen) > MOST_STATES:
                yield "steps", "run side by side in too many ways for all of them to be checked"
                return
            for id_ in sorted(state.open):
                ways += self._after(state, self._service.steps[id_])
        yield from sorted(self._faults, key=lambda fault: [int(n) for n in re.findall(r"\d+", fault[0])])
        yield from self._never()

    def _fault(self, key: str, reason: str) -> None:
        self._faults[key, reason] = None

    def _after(self, state: _State, step: Step) -> Iterator[_State]:
        """The states that one step of `state` can lead to."""
        done, going = dict(state.ended), False
        for which, outcome in enumerate(step.outcomes, start=1):
            if not outcome.stays and self._endings.holds(outcome.when, done) is not False:
                going = True
                yield from self._ended(
                    state, step, outcome, f"steps[{self._numbers[step.id]}].outcomes[{which}]"
                )
        if not going:
            ended = ", ".join(f"{one} ended as {how}" for one, how in sorted(done.items()))
            self._fault(f"steps[{self._numbers[step.id]}].outcomes", f"none can be taken when {ended}")

    def _ended(self, state: _State, step: Step, outcome: Outcome, key: str) -> Iterator[_State]:
        self._taken.add((step.id, outcome.id))
        ground = state.ground or outcome.grounds
        if outcome.result and self._service.results[outcome.result].refusal and not ground:
            self._fault(f"{key}.result", f"{outcome.result} is a refusal without a ground (S002-22)")
        if outcome.ends:
            return
        ended = state.ended | ({(step.id, outcome.id)} if step.id in self._asked else frozenset())
        over = state.over | (self._awaited & {step.id})
        yield from self._opened(_State(state.open - {step.id}, over, ended, ground), outcome.opens, key)

    def _opened(self, state: _State, opens: tuple[str, ...], key: str) -> list[_State]:
        """`state` with `opens` and what waited for its steps open, or passed over; `key` led there."""
        found, stuck = [], False
        done = dict(state.ended)
        ways = [(state.open, state.over, opens)]
        while ways:
            now, over, rest = ways.pop()
            joined = tuple(
                step.id
                for step in self._joins
                if over.issuperset(step.after) and _opened_mark(step.id) not in over
            )
            if joined:
                ways.append((now, self._used_up(over, joined), (*rest, *joined)))
            elif not rest:
                stuck = stuck or not now
                found += [state._replace(open=now, over=over)] if now else []
            else:
                step = self._service.steps[rest[0]]
                opening = self._endings.holds(step.when, done)
                if step.id in now:
                    self._fault(key, f"opens {step.id} while it is open already: join the ways by after")
                elif opening is not False:
                    self._reached.add(step.id)
                    ways.append((now | {step.id}, over, rest[1:]))
                if opening is not True:
                    ways.append((now, over | (self._awaited & {step.id}), rest[1:]))
        if stuck and not found:
            self._fault(key, "opens nothing and ends nothing: a case would stay open for ever")
        elif stuck and len(opens) == 1:
            self._fault(key, f"goes nowhere when {opens[0]} is passed over")
        return found

    def _used_up(self, over: frozenset[str], joined: tuple[str, ...]) -> frozenset[str]:
        """What is over after `joined` opened: that they did, and what others still wait for."""
        over |= {_opened_mark(id_) for id_ in joined}
        waiting = [step for step in self._joins if _opened_mark(step.id) not in over]
        return over - (self._awaited - {id_ for step in waiting for id_ in step.after})

    def _never(self) -> Iterator[Fault]:
        for number, step in enumerate(self._service.steps.values(), start=1):
            if step.id not in self._reached:
                if step.after:
                    yield f"steps[{number}].after", f"{', '.join(step.after)} are never all done in one case"
                else:
                    yield f"steps[{number}]", f"no case comes to step {step.id}"
        ended, given = set(), set()
        for step in self._service.steps.values():
            for which, outcome in enumerate(step.outcomes, start=1):
                if (step.id, outcome.id) in self._taken:
                    ended.add(outcome.ends)
                    given.add(outcome.result)
                elif step.id in self._reached and not outcome.stays:
                    yield f"steps[{self._numbers[step.id]}].outcomes[{which}].when", "never holds"
        for id_ in self._service.ends:
            if id_ not in ended:
                yield f"ends.{id_}", "no case ends so"
        for number, id_ in enumerate(self._service.results, start=1):
            if id_ not in given:
                yield f"results[{number}]", f"no case gives {id_}"


def _opened_mark(step: str) -> str:
    """What stands among what is over once `step`, which waits for others, has opened; no step's id looks so."""
    return f"opened {step}"

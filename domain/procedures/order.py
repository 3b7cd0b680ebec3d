"""Which step comes after which: what outcomes open, and what opens once several steps are done."""

from __future__ import annotations

from collections.abc import Iterator

from domain.procedures.definition import Outcome, Service, Step


def following(service: Service, step: Step, outcome: Outcome) -> Iterator[str]:
    """The steps that come next when `step` ends so: those it opens, and those that wait for it with others."""
    if outcome.stays or outcome.ends:
        return
    yield from outcome.opens
    for other in service.steps.values():
        if step.id in other.after:
            yield other.id


def after_each(service: Service) -> dict[str, frozenset[str]]:
    """Of each step those that can come right after it."""
    return {
        step.id: frozenset(one for outcome in step.outcomes for one in following(service, step, outcome))
        for step in service.steps.values()
    }


def before_each(service: Service) -> dict[str, frozenset[str]]:
    """Of each step those that can come before it, near or far."""
    after = after_each(service)
    found: dict[str, set[str]] = {id_: set() for id_ in service.steps}
    for first in service.steps:
        reached, ways = set(), [*after[first]]
        while ways:
            step = ways.pop()
            if step not in reached:
                reached.add(step)
                found[step].add(first)
                ways += after[step]
    return {id_: frozenset(steps) for id_, steps in found.items()}


def cycle_of(service: Service) -> tuple[str, ...]:
    """Steps that lead back to the first of them, if there are any: what they take has no sum."""
    after = after_each(service)
    finished: set[str] = set()

    def visit(step: str, path: list[str]) -> tuple[str, ...]:
        if step in path:
            return (*path[path.index(step) :], step)
        if step not in finished:
            for one in sorted(after[step]):
                if cycle := visit(one, [*path, step]):
                    return cycle
            finished.add(step)
        return ()

    return next(filter(None, (visit(first, []) for first in service.steps)), ())

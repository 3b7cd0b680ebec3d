"""The business process of a service as swim lanes: which box stands in which lane and row, and what leads where.

Lanes are columns, time runs down (S002-39). A box is a start, a procedure, a choice or an end (S000-08).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from domain.procedures.definition import APPLICANT, SYSTEM, Outcome, Step
from infra.papers.service_words import Lane, ServiceWords
from infra.papers.spelling import sentence

Shape = Literal["start", "step", "choice", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its words, and for a procedure its number, who does it, its term and what else there is to say."""

    id: str
    shape: Shape
    lane: str
    title: str = ""
    number: str = ""
    doer: str = ""
    term: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """From one box to others, all taken together; `label` says when."""

    source: str
    targets: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Process:
    """Lanes from left to right, boxes with their rows from the top (0), and the ways between them."""

    lanes: tuple[Lane, ...]
    boxes: dict[str, Box]
    rows: dict[str, int]
    ways: tuple[Way, ...]


def process_of(told: ServiceWords) -> Process:
    """The process of a service."""
    lanes = _lanes(told)
    boxes: dict[str, Box] = {}
    ways: list[Way] = []
    order: list[str] = []

    def put(box: Box) -> None:
        boxes[box.id] = box
        order.append(box.id)

    by_hand = _hands_over(told)
    first = told.service.steps[told.service.first[0]]
    start_lane = f"role:{APPLICANT}" if by_hand else told.lane(first.role).id
    channels = ", ".join(
        told.channel(channel.id) for channel in told.service.channels if channel.id != "internal"
    )
    title = told.words["start" if by_hand else "start_alone"]
    put(Box("start", "start", start_lane, title, notes=(sentence(channels),) if channels else ()))
    ways.append(Way("start", tuple(f"step:{step}" for step in told.service.first)))

    for step in told.steps:
        put(_step_box(told, step))
        leaving = [one for one in step.outcomes if not one.stays]
        grouped = _grouped(told, step, leaving)
        source = f"step:{step.id}"
        for outcome in leaving:
            if outcome.ends:
                end = f"end:{step.id}:{outcome.ends}"
                if end not in boxes:
                    boxes[end] = Box(end, "end", _end_lane(told, step, outcome), told.end(outcome.ends))
        if len(grouped) > 1:
            choice = f"choice:{step.id}"
            put(Box(choice, "choice", told.lane(step.role).id))
            ways.append(Way(source, (choice,)))
            source = choice
        for targets, labels in grouped:
            ways.append(Way(source, targets, " / ".join(labels) if len(grouped) > 1 else ""))
        order.extend(end for end in boxes if end.startswith(f"end:{step.id}:") and end not in order)
    return Process(lanes, boxes, _rows(boxes, order, ways), tuple(ways))


def _lanes(told: ServiceWords) -> tuple[Lane, ...]:
    """The applicant first, then units and roles in the order in which the process comes to them."""
    lanes: dict[str, Lane] = {}
    if _hands_over(told):
        lane = told.lane(APPLICANT)
        lanes[lane.id] = lane
    for step in told.steps:
        lane = told.lane(step.role)
        lanes.setdefault(lane.id, lane)
    return tuple(lanes.values())


def _hands_over(told: ServiceWords) -> bool:
    """Whether somebody applies, so that what comes out goes to him."""
    return any(channel.id != "internal" for channel in told.service.channels)


def _step_box(told: ServiceWords, step: Step) -> Box:
    words = told.words
    lane, doer = told.lane(step.role), told.role(step.role)
    notes = [sentence(outcome_name) for outcome_name in _staying(told, step)]
    if step.group:
        notes.append(words["is_group"])
    condition = told.conditions.told(step.when)
    if condition:
        notes.append(words["if"].format(condition=condition))
    instantly = step.term is None and not step.terms and (told.lane(step.role).id == f"role:{SYSTEM}")
    has_term = step.term is not None or step.terms or instantly
    return Box(
        f"step:{step.id}",
        "step",
        lane.id,
        told.name(step.names),
        str(told.number(step.id)),
        doer if doer != lane.name else "",
        "; ".join(told.step_term(step)) if has_term else "",
        tuple(notes),
    )


def _staying(told: ServiceWords, step: Step) -> list[str]:
    return [told.name(one.names) for one in step.outcomes if one.stays]


def _grouped(
    told: ServiceWords, step: Step, leaving: Sequence[Outcome]
) -> list[tuple[tuple[str, ...], list[str]]]:
    """Where the outcomes lead, those that lead to the same put together, with their names."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for outcome in leaving:
        targets = tuple(f"step:{opened}" for opened in told.next_steps(step, outcome))
        if outcome.ends:
            targets = (*targets, f"end:{step.id}:{outcome.ends}")
        if targets:
            grouped.setdefault(targets, []).append(told.name(outcome.names))
    return list(grouped.items())


def _end_lane(told: ServiceWords, step: Step, outcome: Outcome) -> str:
    """An end that the applicant hears of stands with him."""
    heard = outcome.result or outcome.notifies
    return f"role:{APPLICANT}" if heard and _hands_over(told) else told.lane(step.role).id


def _rows(boxes: dict[str, Box], order: Sequence[str], ways: Sequence[Way]) -> dict[str, int]:
    """Each box below all that lead to it, and no two of a lane beside each other."""
    leads: dict[str, list[str]] = {box: [] for box in boxes}
    for way in ways:
        for target in way.targets:
            leads[target].append(way.source)
    rows: dict[str, int] = {}
    taken: set[tuple[str, int]] = set()
    for box in order:
        row = max((rows[before] + 1 for before in leads[box] if before in rows), default=0)
        while (boxes[box].lane, row) in taken:
            row += 1
        rows[box] = row
        taken.add((boxes[box].lane, row))
    return rows

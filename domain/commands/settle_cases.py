"""What the clock asks of cases: outcomes that the system takes, marks of what is overdue, escalations (S000, S002-09)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.commands.conflicts import until_saved
from domain.commands.known_cases import KnownCases
from domain.errors import Refusal
from domain.ports import Log
from domain.procedures.case import Case

CASES_AT_ONCE = 200


class DueSteps(Protocol):
    """Cases that the clock asks something of, as the views have them."""

    def due(
        self, now: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[tuple[datetime, UUID]]:
        """(since when, stream of a case), in this order, after `after`."""
        ...


@dataclass(slots=True)
class DueOutcome:
    """What the clock brought: `cases` looked at, steps `acted` on by the system, steps that became `overdue`.

    `failed` are the cases that could not be looked after, with the reason's code.
    """

    cases: int = 0
    acted: int = 0
    overdue: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class SettleCases:
    """The command; `due_steps` say which cases to look at."""

    def __init__(self, log: Log, cases: KnownCases, due_steps: DueSteps) -> None:
        self._log = log
        self._cases = cases
        self._due_steps = due_steps

    def run_due(
        self, now: datetime, go_on: Callable[[], object] = lambda: None, at_once: int = CASES_AT_ONCE
    ) -> DueOutcome:
        """What the clock asks for by `now`: outcomes that the system takes, marks of what is overdue, escalations.

        Safe to repeat, and to run twice at once: the cases themselves know what is done. `go_on` is called between
        batches and may raise.
        """
        outcome = DueOutcome()
        after: tuple[datetime, UUID] | None = None
        while batch := self._due_steps.due(now, after, at_once):
            go_on()
            streams = list(dict.fromkeys(stream for _, stream in batch))
            self._settle(streams, now, outcome)
            after = batch[-1]
        return outcome

    def _settle(self, streams: Sequence[UUID], now: datetime, outcome: DueOutcome) -> None:
        def decide() -> tuple[int, int, int, dict[str, str]]:
            found = self._log.load(streams)
            cases: list[Case] = []
            failed: dict[str, str] = {}
            due: list[tuple[str, UUID, str]] = []
            for case in found.values():
                told = set(case.notices)
                try:
                    case.pass_due(self._cases.running(case), now)
                except Refusal as refusal:
                    failed[case.case] = refusal.code
                    continue
                cases.append(case)
                due += case.notices_beyond(told)
            topics = [type(event) for case in cases for event in case.pending_events]
            self._log.save(*cases, due=due)
            return len(found), topics.count(Case.Acted), topics.count(Case.BecameOverdue), failed

        count, acted, overdue, failed = until_saved(decide)
        outcome.cases += count
        outcome.acted += acted
        outcome.overdue += overdue
        outcome.failed |= failed

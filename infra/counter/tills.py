"""The counter as the API has it: a lane that writes and one that reads, closed together."""

from __future__ import annotations

from dataclasses import dataclass

from domain.commands.counter_calls import Answer
from infra.counter.lanes import Lane
from infra.counter.reader import Question, Said
from infra.counter.writer import Wanted

DRAIN_SECONDS = 20.0  # beyond the log's own patience


@dataclass(frozen=True, slots=True)
class Lanes:
    """What terminals ask for goes into one of these."""

    writing: Lane[Wanted, Answer]
    reading: Lane[Question, Said]

    def close(self) -> bool:
        """Finish what is queued; whether it was in time."""
        done = self.writing.close(DRAIN_SECONDS)
        return self.reading.close(DRAIN_SECONDS) and done

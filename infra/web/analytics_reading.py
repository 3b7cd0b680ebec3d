"""What the analysts' pages ask of the system behind them, and who reads (A2, A4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from fastapi import Request as HttpRequest

from domain.access import REPUBLIC
from domain.programmes import Programme
from domain.seal import Sealed
from infra.chain import Chain
from infra.reporting.running import Answer, Request
from projections.reports.report import Names


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: `user` as readings are noted, `regions` the prefixes of KATO codes that may be read (A2)."""

    user: str
    regions: tuple[str, ...]
    local: bool = False

    @property
    def everything(self) -> bool:
        """Whether the whole republic may be read."""
        return REPUBLIC in self.regions

    def may_read(self, region: str) -> bool:
        """Whether the region lies within what may be read."""
        return any(region.startswith(own) for own in self.regions)


class Stand(NamedTuple):
    """Where figures stand: a log position, and when its last event was recorded."""

    position: int
    recorded_at: datetime | None


class AnalyticsServices(Protocol):
    """All but `reader` may block and are called from worker threads, several at once."""

    trial: bool
    programmes: Mapping[str, Programme]

    def reader(self, request: HttpRequest) -> Reader | None:
        """Who asks; None for somebody who is not let in."""
        ...

    def stands(self, as_of: str) -> Stand:
        """The position at which every report can be had. Raises a Refusal of `infra.reporting.refusals`."""
        ...

    def answers(self, asked: Sequence[tuple[Request, Collection[str]]]) -> list[Answer]:
        """Reports as of a position each, with these sections. Raises a Refusal of `infra.reporting.refusals`."""
        ...

    def noted(self, reader: Reader, request: Request, form: str) -> None:
        """Keep that a report was read, in which form (A9)."""
        ...

    def refused(self, reader: Reader, report: str, code: str, region: str) -> None:
        """Keep that a report was asked for and not given."""
        ...

    def position_names(self, programme: str, month: str) -> Mapping[int, Names]:
        """What the positions of the month's goods list are called."""
        ...

    def chain(self) -> Chain:
        """Where the views and the publisher stand now."""
        ...

    def age(self, position: int) -> float:
        """Seconds since the log went beyond `position`."""
        ...

    def seals(self) -> Sequence[Sealed]:
        """The log's seals, the newest last."""
        ...

    def now(self) -> datetime:
        """The time of the system."""
        ...

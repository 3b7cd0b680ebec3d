"""What the analysts' pages ask of the system behind them, and who reads (A2, A4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from fastapi import Request as HttpRequest

from domain.access import REPUBLIC, Grant
from domain.errors import Refusal
from domain.programmes import Programme
from domain.seal import Sealed
from infra.api.access import Session
from infra.chain import Chain
from infra.reporting.naming import Labels, PositionNames
from infra.reporting.running import Answer, Request


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the vault's subject and the grant in force (A1); without a grant, whoever sits at a trial's machine."""

    user: str
    grant: Grant | None = None

    @property
    def local(self) -> bool:
        """Whether it is whoever sits at a trial's machine."""
        return self.grant is None

    @property
    def regions(self) -> tuple[str, ...]:
        """The prefixes of KATO codes that may be read (A2)."""
        return (REPUBLIC,) if self.grant is None else self.grant.regions

    @property
    def outside(self) -> bool:
        """Whether it is somebody of no region's own body: of the republic whole, and without small counts."""
        return self.grant is not None and self.grant.outside

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
        """Who asks; None for somebody who is not let in. Raises AccessBlocked, AccessOver."""
        ...

    def stands(self, as_of: str) -> Stand:
        """The position at which every report can be had. Raises a Refusal of `infra.reporting.refusals`."""
        ...

    def check(self, request: Request) -> None:
        """Nothing, if the report can be asked for so. Raises a Refusal of `infra.reporting.refusals`."""
        ...

    def answers(
        self, reader: Reader, asked: Sequence[tuple[Request, Collection[str]]], form: str
    ) -> list[Answer]:
        """Reports as of a position each, of which these sections are shown in a `form`; the readings are recorded.

        Raises a Refusal of `infra.reporting.refusals` or of the reader's access.
        """
        ...

    def refused(self, reader: Reader, request: Request, refusal: Refusal) -> None:
        """Record that a report was asked for and not given."""
        ...

    def challenge(self) -> str:
        """A text to sign in by (A8)."""
        ...

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge. Raises a Refusal of `domain.access_refusals`."""
        ...

    def sign_out(self, request: HttpRequest) -> None:
        """End the session of whoever asks."""
        ...

    def position_names(self, programme: str, month: str, on: str = "") -> PositionNames:
        """What the positions of the goods list of the day, else of the month, are called."""
        ...

    def labels(self, answer: Answer) -> Labels:
        """What the codes in a report are called."""
        ...

    def named(self, answer: Answer, language: str) -> Answer:
        """A report with a column of names after each of codes."""
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

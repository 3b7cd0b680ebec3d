"""What the HTTP face asks of the system behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import psycopg2
from eventsourcing.persistence import OperationalError as LogUnavailable

from domain.commands.terminals import Credentials, IssuedKey
from domain.ports import DeliveryReport, IncomingReply
from infra.apart import ApartFailed, ApartLate
from infra.counter.tills import Lanes
from infra.qr.keys import QrKeys
from projections.view import ViewMissing

OUTCOMES = (
    "consented",
    "refused",
    "not_understood",
    "too_late",
    "unknown_sender",
    "already_answered",
)


class Unavailable(Exception):
    """Something behind us does not answer at the moment; the caller is to ask again (503)."""


UNAVAILABLE = (
    Unavailable,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    LogUnavailable,
    ApartFailed,
    ApartLate,
    ViewMissing,
)


class ReplyOutcome(NamedTuple):
    """What a reply came to: one of OUTCOMES, and a text for the gateway to send back at once, if any."""

    outcome: str
    answer: str | None = None


class CounterServices(Protocol):
    """What terminals ask of the system behind them; `env` is trial or production."""

    env: str
    terminal_per_second: float
    lanes: Lanes
    qr_keys: QrKeys

    def enrol(self, code: str) -> IssuedKey:
        """A key for a one-time code; called from worker threads. Raises a Refusal."""
        ...

    def rotate(self, caller: Credentials) -> IssuedKey:
        """Another key; called from worker threads. Raises a Refusal."""
        ...

    def now(self) -> datetime:
        """The time of the system."""
        ...


class ApiServices(Protocol):
    """Called from worker threads, so any of these may block; all are called by several threads at once.

    `sms_secret` is the webhook secret (`whsec_…`), `kannel_token` the unguessable part of Kannel's addresses.
    A Refusal becomes a 422, Unavailable or a database that can't be reached a 503, anything else a 500.
    """

    sms_secret: str
    kannel_token: str

    def record_replies(self, replies: Sequence[IncomingReply]) -> Sequence[ReplyOutcome]:
        """Decide `replies` and keep what came of them; one outcome each, in order; the same at a repeat."""
        ...

    def record_reports(self, reports: Sequence[DeliveryReport]) -> None:
        """Keep what became of our messages; a report on an unknown message is no error."""
        ...

    def ready(self) -> dict[str, str | bool]:
        """What we stand on, by name; False where it does not work."""
        ...

    def now(self) -> datetime:
        """The time of the system (in a trial it may be another than the real one)."""
        ...

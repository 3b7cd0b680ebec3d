"""The seals: each closes the log up to a position by a hash, chained to the one before and signed (R29, O6).

What is sealed can't be changed, removed, added to or put in another order without every later seal showing it. The
leaves are the events in order of the log, the root over them is RFC 6962's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.calendar import local_day
from domain.errors import Refusal
from domain.identity import seals_id
from domain.merkle import HASH_BYTES, leaf_hash

LARGEST_PARTS = 1024
FIRST = "0" * 64  # what the first seal is chained to


class DayNotOver(Refusal):
    """A day can be sealed when it is over."""

    code: ClassVar[str] = "day_not_over"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{day} күні әлі аяқталған жоқ: күн аяқталғаннан кейін ғана мөрленеді.",
        "ru": "День {day} ещё не закончился: опечатать можно только прошедший день.",
        "en": "The day {day} is not over yet: only a day that is over can be sealed.",
    }


class DaySealed(Refusal):
    """A later day is sealed already, and the chain goes forward only."""

    code: ClassVar[str] = "day_sealed"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Журнал {last} күніне дейін мөрленген: {day} күнін жеке мөрлеуге болмайды.",
        "ru": "Журнал уже опечатан по {last}: день {day} отдельно опечатать нельзя.",
        "en": "The log is sealed up to {last} already: the day {day} can't be sealed by itself.",
    }


class Sealed(NamedTuple):
    """One seal: the last position it covers, how many events since the seal before, the root over them, and the chain.

    `parts` are the roots over each `part_leaves` events in turn: they say where the log was changed, not only that it
    was. Hashes are SHA-256 in hex; `signature` is Ed25519 over `hash`, in hex, by the key `key` (its public half).
    """

    number: int
    on: str
    after: int
    upto: int
    events: int
    root: str
    part_leaves: int
    parts: tuple[str, ...]
    previous: str
    hash: str
    key: str
    signature: str


def event_leaf(position: int, stream: UUID, version: int, topic: str, state: bytes) -> bytes:
    """The leaf hash of an event: its position, stream, version, topic (its length in bytes first) and stored bytes."""
    name = topic.encode()
    place = position.to_bytes(8, "big") + stream.bytes + version.to_bytes(8, "big")
    return leaf_hash(place + len(name).to_bytes(4, "big") + name + state)


def part_leaves(events: int) -> int:
    """How many leaves each part has: a power of two, so that there are at most LARGEST_PARTS."""
    leaves = 4096
    while leaves * LARGEST_PARTS < events:
        leaves *= 2
    return leaves


def split_leaves(hashes: bytes) -> list[bytes]:
    """Leaf hashes written one behind the other, as a list."""
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]


_HASHED = ("after", "events", "number", "on", "part_leaves", "previous", "root", "upto")


def hash_of(seal: Sealed) -> str:
    """What the seal's hash must be: SHA-256 over its fields as JSON (keys sorted, no blanks), the hash before among them."""
    fields = {name: getattr(seal, name) for name in _HASHED}
    return sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Seals(Aggregate):
    """The chain of an installation's seals, one stream."""

    TOPIC = "seals"

    class Event(Aggregate.Event):
        """What all have in common."""

    class Created(Aggregate.Created, Event):
        """The first event of the chain."""

        TOPIC = "seal.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """The chain begins."""

        TOPIC = "seal.begun"

    class DaySealed(Event):
        """The log up to the position `upto` is sealed, for the day `on` and what came before it (R29)."""

        TOPIC = "seal.day_sealed"
        number: int
        on: str
        after: int
        upto: int
        events: int
        root: str
        part_leaves: int
        parts: list[str]
        previous: str
        hash: str
        key: str
        signature: str

        def apply(self, seals: Any) -> None:
            """It is the chain's end."""
            seals.last = sealed_of(vars(self))

    def __init__(self) -> None:
        self.last: Sealed | None = None

    @staticmethod
    def create_id() -> UUID:
        return seals_id()

    @classmethod
    def begin(cls, at: datetime) -> Seals:
        """The chain, before its first seal."""
        return cls._create(cls.Begun, timestamp=at)

    def check_day(self, day: date, at: datetime) -> None:
        """Raises DayNotOver, DaySealed when `day` can't be sealed at `at`."""
        if local_day(at) <= day:
            raise DayNotOver("on", day=day)
        if self.last is not None and self.last.on > day.isoformat():
            raise DaySealed("on", day=day, last=self.last.on)

    def seal(self, draft: Sealed, at: datetime) -> None:
        """Close the log by `draft`, which follows the last seal. Raises DayNotOver, DaySealed, ValueError."""
        self.check_day(date.fromisoformat(draft.on), at)
        before = self.last
        follows = (before.number + 1, before.upto, before.hash) if before else (1, 0, FIRST)
        if (draft.number, draft.after, draft.previous) != follows:
            raise ValueError("a seal that does not follow the last one")
        self.trigger_event(self.DaySealed, **draft._asdict() | {"parts": list(draft.parts)}, timestamp=at)


def sealed_of(data: Mapping[str, Any]) -> Sealed:
    """The seal in an event's fields. Raises KeyError."""
    return Sealed(**{name: data[name] for name in Sealed._fields} | {"parts": tuple(data["parts"])})

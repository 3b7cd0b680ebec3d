"""What an audit measures by: a finding, the facts of a month as plain values, times and quantities of events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha1
from typing import Literal

from domain.calendar import ALMATY, day_end
from domain.programmes import Programme, ProgrammeMonth

# Kazakhstan is at UTC+5 from this day on; before it, the zone is asked.
_PLAIN_FROM = "2024-03-02"
_NAMESPACE = bytes.fromhex("5f0e5a3c6e0b5d1f9b8a0a2f1c7e4d25")
_QUANTITY = re.compile(r"(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,3}))?\Z", re.ASCII)
_QUANTITIES_REMEMBERED = 100_000
_quantities: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be: which check, by which clause, and the event to blame.

    `position` is the event's in the log, or None when no event is to blame but a table kept beside it; `stream` is 32
    hex digits. `what` has no personal data.
    """

    check: str
    clause: str
    position: int | None
    stream: str
    version: int
    topic: str
    what: str


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """A programme's month: local days as text (`2025-07-05`), sums in tiyn, ends as instants."""

    programme: Programme
    version: str
    amount_tiyn: int
    list_from: str
    list_cutoff: str
    first_sms_on: str
    reminder_on: str
    valid_from: str
    valid_to: str
    deadline: str
    deadline_end: datetime
    valid_to_end: datetime
    draw: Literal["discount", "price"]
    over_cap: Literal["refuse", "settle"]
    cap_percent: tuple[int, int] | None  # the discount's cap as numerator and denominator of a percentage
    farm_percent: tuple[int, int]  # how far below the market a farm's goods are sold, in the same way
    hold_minutes: int

    @classmethod
    def of(cls, month: ProgrammeMonth) -> MonthFacts:
        """The facts of `month`, under the terms that hold in it (R31)."""
        terms = month.terms
        percent = terms.discount_cap_percent if terms.draw == "discount" else None
        return cls(
            programme=month.programme,
            version=terms.version,
            amount_tiyn=terms.amount_tiyn,
            list_from=month.assistance_on.isoformat(),
            list_cutoff=month.list_cutoff.isoformat(),
            first_sms_on=month.first_sms_on.isoformat(),
            reminder_on=month.reminder_on.isoformat(),
            valid_from=month.valid_from.isoformat(),
            valid_to=month.valid_to.isoformat(),
            deadline=month.deadline.isoformat(),
            deadline_end=day_end(month.deadline),
            valid_to_end=day_end(month.valid_to),
            draw=terms.draw,
            over_cap=terms.over_cap,
            cap_percent=None if percent is None else percent.as_integer_ratio(),
            farm_percent=terms.farm_discount_percent.as_integer_ratio(),
            hold_minutes=terms.hold_minutes,
        )

    @staticmethod
    def day(text: str) -> date:
        return date.fromisoformat(text)


def local_day_text(timestamp: str) -> str:
    """The local day of an event's time, as text. Raises ValueError when it is no time with an offset."""
    if timestamp[-6:] == "+05:00" and timestamp >= _PLAIN_FROM and timestamp[10] == "T":
        return timestamp[:10]
    at = instant(timestamp).astimezone(ALMATY)
    return f"{at.year:04d}-{at.month:02d}-{at.day:02d}"


def instant(timestamp: str) -> datetime:
    """An event's time. Raises ValueError when it has no offset."""
    at = datetime.fromisoformat(timestamp)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at


def thousandths(quantity: str) -> int:
    """`"1.25"` as 1250. Raises ValueError unless it is a plain number with at most 3 places."""
    found = _quantities.get(quantity)
    if found is None:
        parts = _QUANTITY.match(quantity)
        if parts is None:
            raise ValueError("not a quantity")
        found = int(parts[1]) * 1000 + int((parts[2] or "").ljust(3, "0"))
        if len(_quantities) > _QUANTITIES_REMEMBERED:
            _quantities.clear()
        _quantities[quantity] = found
    return found


def name_in(namespace: bytes, name: str) -> str:
    """The id (RFC 9562, version 5) of `name` within `namespace`, 32 hex digits."""
    digest = sha1(namespace + name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:12]}5{digest[13:16]}{'89ab'[int(digest[16], 16) & 3]}{digest[17:32]}"


def azyq_name(name: str) -> str:
    """The id of one of our names, 32 hex digits."""
    return name_in(_NAMESPACE, name)

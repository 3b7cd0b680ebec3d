"""A time as people write it, of which a report is to tell what was known then."""

from __future__ import annotations

import re
from datetime import date, datetime

from domain.calendar import ALMATY, day_end

_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(Z|[+ -][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)


def time_written(text: str) -> datetime:
    """A time with its offset (ISO 8601), a time of Almaty without one, or the end of a day. Raises ValueError."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, time, offset = match.groups()
    try:
        if time is None:
            return day_end(date.fromisoformat(day))
        if offset is None:
            return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ALMATY)
        # In an address that somebody typed, the plus sign of an offset has become a space.
        return datetime.fromisoformat(f"{day}T{time}{offset.replace(' ', '+')}")
    except OverflowError:
        raise ValueError(text) from None

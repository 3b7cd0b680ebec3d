"""What recipients said of the service, and what came of it, as the log tells: ratings and requests (R30).

Beside the ledger, which feeds it; nothing here reads a view, and nothing is shared with the views' folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.reports.entries import Family
from projections.view import Recorded

HEARD_TOPICS = ("case.", "family.rated")


@dataclass(slots=True)
class Rating:
    """The last rating of a purchase."""

    family: Family
    shop: str
    stars: int


@dataclass(slots=True)
class Asked:
    """A request: when it came, until when an answer was promised, how and when it ended; "" for not yet."""

    service: str
    version: str
    received_at: datetime
    due_at: datetime | None
    facts: dict[str, str]
    ended_at: datetime | None = None
    ending: str = ""
    late: bool = False


class Heard:
    """Ratings by purchase, requests by stream."""

    def __init__(self) -> None:
        self.ratings: dict[str, Rating] = {}
        self.requests: dict[str, Asked] = {}

    def feed(self, event: Recorded, family: Family | None) -> None:
        """One event of HEARD_TOPICS; `family` is whose stream it is of, if it is a family's."""
        data = event.data
        if event.topic == "family.rated" and family is not None:
            self.ratings[data["redemption"]] = Rating(family, data["shop"], data["stars"])
        elif event.topic == "case.opened":
            self.requests[event.stream] = _asked(data)
        elif event.topic in ("case.closed", "case.acceptance_refused"):
            asked = self.requests[event.stream]
            asked.ended_at = datetime.fromisoformat(data["timestamp"])
            asked.ending = data.get("end", "acceptance_refused")
            asked.late = data.get("late", False)


def _asked(data: dict[str, Any]) -> Asked:
    due = data["due_at"]
    return Asked(
        data["service"],
        data["version"],
        datetime.fromisoformat(data["received_at"]),
        datetime.fromisoformat(due) if due else None,
        data["facts"],
    )

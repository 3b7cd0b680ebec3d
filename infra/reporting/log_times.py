"""At which position the log stood at a time.

Times of events don't only rise: what is dated back was recorded when its position was taken. At a time the log stood
before the first event that is dated later, for nothing later could be known then. The latest time up to a position does
rise, so it is noted every so many positions, once: the log's past does not change.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from datetime import UTC, datetime
from typing import Any

BLOCK = 1 << 12
_AT_A_TIME = 64 * BLOCK  # positions a statement
_TIME = "(convert_from(state, 'UTF8')::json ->> 'timestamp')::timestamptz"


class LogTimes:
    """The latest time by the end of each block of positions, as far as it was asked for; safe among threads."""

    def __init__(self) -> None:
        self._latest: list[datetime] = []
        self._lock = threading.Lock()

    def position(self, cursor: Any, at: datetime) -> int:
        """The last position before any event dated after `at`; the log's last where there is none, 0 for no log.

        `cursor` reads one state of the log.
        """
        at = at.astimezone(UTC)  # PostgreSQL knows no offset of 16 hours and more
        cursor.execute("SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events")
        (head,) = cursor.fetchone()
        with self._lock:
            self._extend(cursor, head // BLOCK)
            first = bisect_right(self._latest, at) * BLOCK
        cursor.execute(
            f"SELECT min(notification_id) - 1 FROM azyq_log.azyq_events"
            f" WHERE notification_id > %s AND notification_id <= %s AND {_TIME} > %s",
            (first, first + BLOCK, at),
        )
        (found,) = cursor.fetchone()
        return int(head if found is None else found)

    def _extend(self, cursor: Any, blocks: int) -> None:
        """Note the blocks that are whole."""
        while len(self._latest) < blocks:
            first = len(self._latest) * BLOCK
            last = min(blocks * BLOCK, first + _AT_A_TIME)
            cursor.execute(
                f"SELECT (notification_id - 1) / {BLOCK}, max({_TIME}) FROM azyq_log.azyq_events"
                " WHERE notification_id > %s AND notification_id <= %s GROUP BY 1 ORDER BY 1",
                (first, last),
            )
            by_block: dict[int, datetime] = dict(cursor.fetchall())
            for block in range(len(self._latest), last // BLOCK):
                found = by_block.get(block)  # positions have gaps
                before = self._latest[-1] if self._latest else None
                times = [one for one in (before, found) if one is not None]
                self._latest.append(max(times, default=_NEVER))


_NEVER = datetime.fromisoformat("0001-01-02T00:00:00+00:00")

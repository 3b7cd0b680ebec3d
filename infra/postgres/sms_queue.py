"""The queue of SMS that are due, on PostgreSQL (`domain.commands.send_sms.SmsQueue`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from psycopg2.extensions import connection as Connection

from domain.commands.send_sms import DueSms


class PostgresSmsQueue:
    """Works on the calling thread's connection of the log."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection

    def due(self, now: datetime, unknown_before: datetime, limit: int) -> list[DueSms]:
        """Waiting ones whose time has come, and sending ones untouched since `unknown_before`; oldest first."""
        with self._connection().cursor() as cursor:
            # Half of the rows, PostgreSQL expects of a CASE: so it walks the index in order, where for what OR
            # seems to leave it reads and sorts the whole queue, as long as a queue just filled isn't analysed.
            cursor.execute(
                "SELECT message, stream, purpose, state, attempts FROM azyq_log.sms_due WHERE state <> 'sent'"
                " AND CASE state WHEN 'waiting' THEN not_before IS NULL OR not_before <= %s"
                " ELSE touched_at < %s END ORDER BY queued LIMIT %s",
                (now, unknown_before, limit),
            )
            return [
                DueSms(message.replace("-", ""), UUID(stream), purpose, state, attempts)
                for message, stream, purpose, state, attempts in cursor
            ]

    def begin(self, messages: Sequence[DueSms], at: datetime) -> set[str]:
        """Note, before the hand-over, that it begins; those that nobody else took since they were read."""
        # Each hand-over counts an attempt, so the count tells whether there was one in between.
        with self._connection().cursor() as cursor:
            cursor.execute(
                "UPDATE azyq_log.sms_due s SET state = 'sending', touched_at = %s, attempts = s.attempts + 1"
                " FROM unnest(%s::uuid[], %s::integer[]) AS t(message, attempts)"
                " WHERE s.message = t.message AND s.attempts = t.attempts AND s.state <> 'sent'"
                " RETURNING s.message",
                (at, [m.message for m in messages], [m.attempts for m in messages]),
            )
            return {message.replace("-", "") for (message,) in cursor}

    def postpone(self, messages: Mapping[str, datetime]) -> None:
        """Try these again at their time."""
        if messages:
            self._run(
                "UPDATE azyq_log.sms_due s SET state = 'waiting', not_before = t.at"
                " FROM unnest(%s::uuid[], %s::timestamptz[]) AS t(message, at) WHERE s.message = t.message",
                list(messages),
                list(messages.values()),
            )

    def finish(self, messages: Sequence[str], keep: bool) -> None:
        """Done with these; `keep` those whose delivery reports are to be matched."""
        if messages:
            self._run(
                "UPDATE azyq_log.sms_due SET state = 'sent' WHERE message = ANY(%s::uuid[])"
                if keep
                else "DELETE FROM azyq_log.sms_due WHERE message = ANY(%s::uuid[])",
                list(messages),
            )

    def streams(self, messages: Sequence[str]) -> dict[str, tuple[UUID, str, str]]:
        """(stream, purpose, state) of messages that are kept; anything that is not an id of ours is unknown."""
        ids = [m for m in messages if len(m) == 32 and all(c in "0123456789abcdef" for c in m)]
        with self._connection().cursor() as cursor:
            cursor.execute(
                "SELECT message, stream, purpose, state FROM azyq_log.sms_due WHERE message = ANY(%s::uuid[])",
                (ids,),
            )
            return {
                message.replace("-", ""): (UUID(stream), purpose, state)
                for message, stream, purpose, state in cursor
            }

    def handed_over(self, messages: Sequence[str]) -> dict[str, datetime | None]:
        """When the hand-over of each began; those that wait for theirs, or aren't kept, are absent."""
        with self._connection().cursor() as cursor:
            cursor.execute(
                "SELECT message, touched_at FROM azyq_log.sms_due"
                " WHERE message = ANY(%s::uuid[]) AND state <> 'waiting'",
                (list(messages),),
            )
            return {message.replace("-", ""): touched_at for message, touched_at in cursor}

    def waiting(self, cycle: UUID | None = None) -> int:
        """How many are not handed over yet."""
        with self._connection().cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM azyq_log.sms_due"
                " WHERE state <> 'sent' AND (%(cycle)s::uuid IS NULL OR cycle = %(cycle)s)",
                {"cycle": cycle and str(cycle)},
            )
            row = cursor.fetchone()
            return int(row[0]) if row else 0

    def _run(self, statement: str, *values: object) -> None:
        with self._connection().cursor() as cursor:
            cursor.execute(statement, values)

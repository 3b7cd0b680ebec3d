"""The outbox gateway, for trials: a file stands for the phone network, and one can read what was sent.

Numbers and texts are in the file alone (JSON lines, mode 0600). The table in the vault's schema knows message
ids and how much of the file they fill, so that a message that left never leaves again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psycopg2
import structlog
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from domain.ports import OutgoingSms, SendResult
from infra.postgres.connect import VAULT_ROLE, connect

OUTBOX_MIGRATIONS: list[tuple[str, str]] = [
    (
        "outbox_1_tables",
        """
        SET LOCAL ROLE azyq_vault;
        CREATE TABLE vault.outbox (
            message_id text PRIMARY KEY,
            position bigint NOT NULL,
            sent_at timestamptz NOT NULL
        );
        CREATE TABLE vault.outbox_file (
            name text PRIMARY KEY,
            size bigint NOT NULL
        );
        """,
    ),
]

_Line = tuple[str, int, datetime]

log = structlog.get_logger(__name__)


class OutboxGateway:
    """A gateway (R20, R23) that appends to `file`; a message id twice is one line, also after a SIGKILL.

    Order of a batch: lines to the file, fsync, then ids and file size in one transaction. What stands in the
    file beyond the recorded size was cut off in between: it did leave, so its ids are recorded at the next
    call, and an unfinished last line is removed.

    `dsn` is the database (its schema vault holds the table), `clock` gives `sent_at`.
    """

    name = "outbox"
    idempotent = True

    def __init__(
        self, dsn: str, file: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._dsn = dsn
        self._file = Path(os.path.abspath(file))
        self._clock = clock
        self._connection: Connection | None = None
        self._turn = threading.Lock()

    def send(self, messages: Sequence[OutgoingSms]) -> list[SendResult]:
        """Append what is new of `messages`. When database or disk fail, all are to be tried again."""
        if not messages:
            return []
        sound = [message for message in messages if _can_be_written(message)]
        with self._turn:
            try:
                self._append(sound)
            except (psycopg2.Error, OSError) as error:
                self.close()
                log.warning("outbox_unavailable", messages=len(messages), error=type(error).__name__)
                return [SendResult(m.message_id, False, True, "outbox_unavailable") for m in messages]
        ids = {message.message_id for message in sound}
        return [
            SendResult(m.message_id, True)
            if m.message_id in ids
            else SendResult(m.message_id, False, reason="text_broken")
            for m in messages
        ]

    def taken(self, messages: Sequence[str]) -> set[str]:
        """Those of `messages` (ids) that left; a batch under way is waited for. Raises psycopg2.Error, OSError."""
        with self._turn:
            self._append([])
            assert self._connection is not None
            with self._connection as transaction, transaction.cursor() as cursor:
                cursor.execute(
                    "SELECT message_id FROM vault.outbox WHERE message_id = ANY(%s)", (list(messages),)
                )
                return {message_id for (message_id,) in cursor}

    def close(self) -> None:
        """Let go of the database; the next call connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _append(self, messages: Sequence[OutgoingSms]) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._dsn, role=VAULT_ROLE, application_name="azyq-outbox")
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with self._connection as transaction, transaction.cursor() as cursor:
                # Other processes wait here: sizes and ids are read only once they are settled.
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"outbox {self._file}",)
                )
                left = self._what_left_unrecorded(cursor, descriptor)
                cursor.execute(
                    "SELECT message_id FROM vault.outbox WHERE message_id = ANY(%s)",
                    ([m.message_id for m in messages],),
                )
                known = {row[0] for row in cursor.fetchall()} | {message_id for message_id, _, _ in left}
                added = self._write(descriptor, [m for m in messages if m.message_id not in known])
                if left or added:
                    self._record(cursor, left + added, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)

    def _what_left_unrecorded(self, cursor: Cursor, descriptor: int) -> list[_Line]:
        cursor.execute("SELECT size FROM vault.outbox_file WHERE name = %s", (str(self._file),))
        row = cursor.fetchone()
        size = os.fstat(descriptor).st_size
        # A file shorter than recorded was emptied by hand: its messages were sent all the same.
        recorded = min(row[0] if row else 0, size)
        if recorded == size:
            return []
        tail = _read(descriptor, recorded, size - recorded)
        whole = tail[: tail.rfind(b"\n") + 1]
        os.ftruncate(descriptor, recorded + len(whole))
        left: list[_Line] = []
        position = recorded
        for line in whole.splitlines(keepends=True):
            try:
                entry = orjson.loads(line)
                left.append((str(entry["message_id"]), position, datetime.fromisoformat(entry["sent_at"])))
            except (ValueError, KeyError, TypeError):
                log.warning("outbox_line_unreadable", position=position)
            position += len(line)
        log.info("outbox_recovered", messages=len(left), unfinished_bytes=len(tail) - len(whole))
        return left

    def _write(self, descriptor: int, messages: Sequence[OutgoingSms]) -> list[_Line]:
        at = self._clock()
        sent_at = at.isoformat()
        position = os.lseek(descriptor, 0, os.SEEK_END)
        added: dict[str, _Line] = {}
        lines: list[bytes] = []
        for message in messages:
            if message.message_id in added:
                continue
            line = orjson.dumps(
                {
                    "message_id": message.message_id,
                    "to": message.to,
                    "text": message.text,
                    "purpose": message.purpose,
                    "language": message.language,
                    "sent_at": sent_at,
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            added[message.message_id] = (message.message_id, position, at)
            lines.append(line)
            position += len(line)
        if lines:
            rest = memoryview(b"".join(lines))
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        return list(added.values())

    def _record(self, cursor: Cursor, lines: Sequence[_Line], size: int) -> None:
        ids, positions, times = (
            (list(column) for column in zip(*lines, strict=True)) if lines else ([], [], [])
        )
        cursor.execute(
            "INSERT INTO vault.outbox (message_id, position, sent_at) "
            "SELECT * FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[]) ON CONFLICT DO NOTHING",
            (ids, positions, times),
        )
        cursor.execute(
            "INSERT INTO vault.outbox_file (name, size) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET size = excluded.size",
            (str(self._file), size),
        )


def _can_be_written(message: OutgoingSms) -> bool:
    try:
        f"{message.to}{message.text}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _read(descriptor: int, start: int, count: int) -> bytes:
    pieces = []
    while count > 0:
        piece = os.pread(descriptor, count, start)
        if not piece:
            break
        pieces.append(piece)
        start += len(piece)
        count -= len(piece)
    return b"".join(pieces)

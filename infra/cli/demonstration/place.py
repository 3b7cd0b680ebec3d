"""A fresh database for the demonstration in the embedded PostgreSQL, without losing what was there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

import psycopg2
from psycopg2 import sql

from domain.errors import Refusal
from infra.postgres.connect import connect
from infra.postgres.embedded import EmbeddedPostgres
from infra.settings import Settings

DATABASE = "azyq"
PATIENCE_SECONDS = 5.0  # so long a process that was just ended may take to leave


class DataInUse(Refusal):
    """A server works on the data: its clock would send and expire in the middle of the story."""

    code = "data_in_use"
    texts = {
        "en": "Another process of azyq, such as `azyq serve`, works in {data}."
        " End it first, or name another folder: AZYQ_DATA.",
        "ru": "С папкой {data} работает другой процесс azyq, например `azyq serve`."
        " Сначала завершите его или укажите другую папку: AZYQ_DATA.",
        "kk": "{data} бумасымен azyq-тың басқа процесі жұмыс істеп тұр, мысалы `azyq serve`."
        " Алдымен оны аяқтаңыз немесе басқа буманы көрсетіңіз: AZYQ_DATA.",
    }


@contextmanager
def prepared_place(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """The address of an empty database, and the name under which other data were set aside, if any.

    Data that a demonstration left, and nobody added to, are dropped. Raises DataInUse.
    """
    with EmbeddedPostgres(settings.data) as dsn:
        if _others_stay(dsn):
            raise DataInUse(data=settings.data)
        kept, dropped = _make_room(dsn)
        # Beside a fresh database every line of it would look like a message that left unrecorded.
        _clear_outbox(settings.data, kept, dropped)
        yield dsn, kept
        _leave_mark(dsn)


def _others_stay(dsn: str) -> bool:
    """Whether anybody else is in the database, and doesn't leave in a while."""
    connection = connect(dsn, autocommit=True)
    patience = time.monotonic() + PATIENCE_SECONDS
    try:
        with connection.cursor() as cursor:
            while True:
                cursor.execute(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
                    " AND backend_type = 'client backend' AND pid <> pg_backend_pid())"
                )
                if not (cursor.fetchone() or (False,))[0]:
                    return False
                if time.monotonic() > patience:
                    return True
                time.sleep(0.1)
    finally:
        connection.close()


def _clear_outbox(data: Path, kept: str | None, dropped: bool) -> None:
    """Take the outbox file away with the database it is of; one of another database is set aside."""
    outbox = data / "outbox.jsonl"
    if dropped:
        outbox.unlink(missing_ok=True)
    elif outbox.exists():
        numbered = (f"outbox.kept_{n}.jsonl" for n in count(1))
        names = chain([f"outbox.{kept}.jsonl"], numbered) if kept else numbered
        outbox.rename(next(path for name in names if not (path := data / name).exists()))


def _make_room(dsn: str) -> tuple[str | None, bool]:
    """The name under which the data that were there are kept, if any; whether a demonstration's were dropped."""
    head, mark = _head_and_mark(dsn)
    if head == 0 and mark is None:
        return None, False
    server = connect(psycopg2.extensions.make_dsn(dsn, dbname="postgres"), autocommit=True)
    kept = None
    try:
        with server.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                (DATABASE,),
            )
            if mark is not None and mark == head:
                cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
            else:
                cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'azyq_kept_%'")
                kept = f"azyq_kept_{(cursor.fetchone() or (0,))[0] + 1}"
                cursor.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(kept)
                    )
                )
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    finally:
        server.close()
    return kept, kept is None


def _head_and_mark(dsn: str) -> tuple[int, int | None]:
    """The log's last position, and where a demonstration ended (None: there was none)."""
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT to_regclass('azyq_log.azyq_events'), to_regclass('azyq_meta.demonstration')"
            )
            log, mark = cursor.fetchone() or (None, None)
            head, ended = 0, None
            if log:
                cursor.execute("SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events")
                head = (cursor.fetchone() or (0,))[0]
            if mark:
                cursor.execute("SELECT max(ended_at_position) FROM azyq_meta.demonstration")
                ended = (cursor.fetchone() or (None,))[0]
            return head, ended
    finally:
        connection.close()


def _leave_mark(dsn: str) -> None:
    head, _ = _head_and_mark(dsn)
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS azyq_meta.demonstration (ended_at_position bigint NOT NULL)"
            )
            cursor.execute("INSERT INTO azyq_meta.demonstration VALUES (%s)", (head,))
    finally:
        connection.close()

"""Connections that reports are read over: few at a time, kept for the next reader, each with one state of the database."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ, TRANSACTION_STATUS_IDLE
from psycopg2.extensions import connection as Connection

from infra.postgres.connect import APP_ROLE, connect

AT_ONCE = (
    2  # a process: the counter is to have the rest of the machine, and PostgreSQL's connections are counted
)
TURN_SECONDS = 20.0
STATEMENT_SECONDS = 30
NICE = 10
# A month's sums by region and size are hashed within this; a second reading has a bound on memory, too. A month of the
# views is mostly in memory: by the default, which is a disk's, a quarter of all families was read with the other three.
_SETTINGS = (
    f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'; SET LOCAL jit = off; SET LOCAL work_mem = '32MB';"
    " SET LOCAL random_page_cost = 1.5"
)
# Processes of PostgreSQL that share one report's work take the counter's part of the machine.
_ALONE = "; SET LOCAL max_parallel_workers_per_gather = 0"


class NoTurn(psycopg2.OperationalError):
    """So many read reports that this one did not come to its turn in time; it may ask again."""


class Snapshots:
    """At most `at_once` connections to `dsn`, for threads.

    `serving`: beside the counter, so that a report's statement is one process's work, and connections are kept.
    """

    def __init__(self, dsn: str, at_once: int = AT_ONCE, serving: bool = False) -> None:
        self._dsn = dsn
        self._turns = threading.BoundedSemaphore(at_once)
        self._begin = _SETTINGS + (_ALONE if serving else "")
        self._keeping = serving
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection that sees one state of the database, and writes nothing.

        Raises NoTurn, and psycopg2.OperationalError without a server.
        """
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise NoTurn("no turn")
        try:
            connection = self._begun()
            try:
                yield connection
            finally:
                self._keep(connection)
        finally:
            self._turns.release()

    def close(self) -> None:
        """Close the connections, those in use after their use."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __len__(self) -> int:
        """How many connections are kept."""
        return len(self._idle)

    def _begun(self) -> Connection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                _execute(connection, self._begin)
            except psycopg2.Error:
                connection.close()  # the server ended it while it was idle
            else:
                return connection
        connection = connect(self._dsn, role=APP_ROLE, application_name="azyq-report")
        if self._keeping:
            _stand_back(connection)
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        _execute(connection, self._begin)
        return connection

    def _keep(self, connection: Connection) -> None:
        try:
            connection.rollback()
            whole = connection.info.transaction_status == TRANSACTION_STATUS_IDLE
        except psycopg2.Error:
            whole = False
        with self._lock:
            if whole and self._keeping and not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def _stand_back(connection: Connection) -> None:
    """Where PostgreSQL runs on this machine and under us, its process for this connection yields to all others."""
    if not hasattr(socket, "SO_PEERCRED") or not (connection.info.host or "").startswith("/"):
        return
    with suppress(OSError, ValueError, IndexError), socket.socket(fileno=os.dup(connection.fileno())) as peer:
        postmaster, _, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        backend = connection.info.backend_pid
        # A number of another container's would be somebody else's here.
        parent = int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
        if parent == postmaster > 0:
            os.setpriority(os.PRIO_PROCESS, backend, NICE)


def _execute(connection: Connection, statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)

"""The vault's connections: one a thread at work, kept for the next."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from infra.postgres.connect import VAULT_ROLE, connect

Answer = TypeVar("Answer")


class VaultConnections:
    """Connections to `dsn` acting as azyq_vault; at most `keep` idle ones stay open."""

    def __init__(self, dsn: str, keep: int = 4) -> None:
        self._dsn = dsn
        self._keep = keep
        self._idle: list[Connection] = []
        self._lock = Lock()
        self._process = os.getpid()

    def new(self) -> Connection:
        return connect(self._dsn, role=VAULT_ROLE, application_name="azyq-vault")

    def run(self, work: Callable[[Cursor], Answer]) -> Answer:
        """`work` in one transaction. It runs once more when a kept connection turns out to be dead."""
        connection, kept = self._take()
        try:
            return self._run_on(connection, work)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            if not kept or not connection.closed:
                raise
        return self._run_on(self.new(), work)

    def close(self) -> None:
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def _run_on(self, connection: Connection, work: Callable[[Cursor], Answer]) -> Answer:
        try:
            with connection, connection.cursor() as cursor:
                answer = work(cursor)
        except BaseException:
            self._give_back(connection)
            raise
        self._give_back(connection)
        return answer

    def _take(self) -> tuple[Connection, bool]:
        with self._lock:
            if self._process != os.getpid():
                # After a fork the connections are the parent's: they're left alone, not closed.
                self._idle, self._process = [], os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed:
                    return connection, True
        return self.new(), False

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if not connection.closed and len(self._idle) < self._keep:
                self._idle.append(connection)
                return
        connection.close()

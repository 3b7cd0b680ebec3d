"""Readers in the database: each session is recorded, what does harm is ended, months are released (A1, A2, A8)."""

from __future__ import annotations

import threading
from contextlib import suppress
from uuid import uuid4

import structlog
from psycopg2 import errors

from domain.ports import LogConflict
from domain.sign_ins import BY_SQL, SignIn, sql_session_id
from infra.bootstrap import Azyq
from infra.parts.access import AnalystAccess
from infra.postgres.reader_watch import Limits, Seen, end_misuse

LOOK_SECONDS, RELEASE_SECONDS = 5.0, 60.0

log = structlog.get_logger("azyq")


class ReaderWatch:
    """Looks at the sessions of readers; of several that look at once each session is recorded once."""

    def __init__(self, azyq: Azyq, access: AnalystAccess, limits: Limits | None = None) -> None:
        self._azyq = azyq
        self._access = access
        self._limits = limits
        self._known: set[Seen] = set()
        self._powerless = False

    def look(self) -> None:
        """One look: sessions that are new are recorded, those that do harm disconnected and recorded."""
        try:
            found = end_misuse(self._azyq.dsn, self._limits)
        except errors.InsufficientPrivilege:
            if not self._powerless:
                log.error(
                    "readers_not_watched", reason="the database's login may not end sessions of readers"
                )
            self._powerless = True
            return
        new = set(found.sessions) - self._known
        if new or found.misuses:
            roles = self._access.roles()
            now = self._azyq.clock()
            for seen in new:
                if seen.role in roles:
                    self._note(seen, *roles[seen.role])
            for role, reason in found.misuses:
                log.warning("reader_disconnected", role=role, reason=reason)
                if role in roles:
                    user, case = roles[role]
                    self._azyq.log.save(SignIn.disconnected(uuid4(), user, case, reason, now))
        self._known = set(found.sessions)

    def _note(self, seen: Seen, user: str, case: str) -> None:
        stream = sql_session_id(user, case, seen.backend)
        if not self._azyq.log.load([stream]):
            # Another one that looks may have noted it meanwhile.
            with suppress(LogConflict):
                self._azyq.log.save(SignIn.signed_in(stream, user, case, BY_SQL, self._azyq.clock()))


class _Stopped(Exception):
    """The process is to end."""


def release_months(azyq: Azyq, access: AnalystAccess, stop: threading.Event) -> None:
    """Every minute until `stop`: what is due of the months that bodies of the republic see by SQL."""

    def go_on() -> None:
        if stop.is_set():
            raise _Stopped

    while not stop.wait(RELEASE_SECONDS):
        try:
            if told := access.release_months(go_on):
                log.info("months_released", months=told)
        except _Stopped:
            return
        except Exception as error:
            log.warning("months_not_released", error=type(error).__name__)


def watch_readers(azyq: Azyq, access: AnalystAccess, stop: threading.Event) -> None:
    """A look every few seconds until `stop`, whatever else is under way."""
    watch = ReaderWatch(azyq, access)
    while not stop.wait(LOOK_SECONDS):
        try:
            watch.look()
        except Exception as error:
            log.warning("readers_not_watched", error=type(error).__name__)

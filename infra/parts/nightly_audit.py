"""The audit of each night (R29): the log and the views are proved by a process that leaves the cores to the tills.

`python -m infra.parts.nightly_audit` is its own program, which `NightlyAudit` starts.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import structlog

from domain.audit_events import Verdict, audits_of, record_verdict
from domain.calendar import ALMATY
from infra.apart import Apart, ApartFailed, ApartLate, work
from infra.audit.run import run_audit, verdict_kept
from infra.bootstrap import Azyq
from infra.clock import real_clock
from infra.postgres.connect import APP_ROLE, connect
from infra.settings import Settings
from streams.trouble import where

LOOK_SECONDS = 30.0
NIGHT = timedelta(hours=3)  # one that was missed waits for the next night: days belong to the tills
AGAIN_SECONDS = 1200.0  # after one that did not come to its end
_NICE = 19
_LOCK = int.from_bytes(b"azyqaudt", "big") & (2**63 - 1)
_PROGRAM = "infra.parts.nightly_audit"

log = structlog.get_logger("azyq")


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What the process is told at its start."""

    settings: Settings
    dsn: str


class NightlyAudit:
    """Audits once a night; of several schedulers one does. For one thread."""

    def __init__(self, azyq: Azyq, program: str = _PROGRAM) -> None:
        self._azyq = azyq
        self._program = program
        self._not_before = 0.0

    def due(self) -> bool:
        """Whether it is night, and nobody audited in it yet."""
        settings, now = self._azyq.settings, self._azyq.clock()
        if settings.audit_time is None or not settings.keeps_time or time.monotonic() < self._not_before:
            return False
        begun = _last_time(settings.audit_time, now)
        if now >= begun + NIGHT:
            return False
        audits = audits_of(self._azyq.log)
        return audits is None or audits.last_at is None or audits.last_at < begun

    def round(self) -> Verdict | None:
        """The verdict of an audit that was due, now in the log; None where none was, or it did not come to its end."""
        if not self.due():
            return None
        lock = connect(self._azyq.dsn, role=APP_ROLE, autocommit=True, application_name="azyq-audits")
        with closing(lock), lock.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
            if cursor.fetchone() != (True,) or not self.due():
                return None
            verdict = self._audited()
            if verdict is None:
                return None
            record_verdict(self._azyq.log, verdict, self._azyq.clock())
        if verdict.findings:
            log.error("audit_found", upto=verdict.upto, findings=verdict.findings, first=verdict.first)
        else:
            log.info("audit_holds", upto=verdict.upto, events=verdict.events, checks=verdict.checks)
        return verdict

    def _audited(self) -> Verdict | None:
        with Apart(self._program, _Beginning(self._azyq.settings, self._azyq.dsn)) as audit:
            until = time.monotonic() + NIGHT.total_seconds()
            while not self._azyq.stopping.is_set():
                with suppress(ApartLate):
                    try:
                        return cast(Verdict, audit.answer(0.5))
                    except ApartFailed as failed:
                        self._not_before = time.monotonic() + AGAIN_SECONDS
                        log.error("audit_failed", code=failed.code)
                        return None
                if time.monotonic() > until:
                    log.error("audit_failed", error="it took longer than a night")
                    return None
        return None


def _last_time(at: str, now: datetime) -> datetime:
    """When it was this time of day last, in Almaty."""
    hour, minute = map(int, at.split(":"))
    begun = now.astimezone(ALMATY).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return begun if begun <= now else begun - timedelta(days=1)


def audit_nightly(azyq: Azyq, stop: threading.Event) -> None:
    """Audit each night until `stop`."""
    audits = NightlyAudit(azyq)
    while not stop.is_set():
        try:
            audits.round()
        except Exception as error:
            log.error("audit_failed", error=type(error).__name__, at=where(error))
        stop.wait(LOOK_SECONDS)


def _verdict(beginning: _Beginning) -> Verdict:
    with ExitStack() as stack:
        azyq = Azyq(beginning.settings, beginning.dsn, real_clock, stack)
        verdict = run_audit(azyq.dsn, azyq.programmes, azyq.goods, seal_keys=azyq.trusted_seal_keys())
    return verdict_kept(verdict)


if __name__ == "__main__":
    work(_verdict, _NICE)

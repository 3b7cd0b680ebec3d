"""The audit's verdict, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.audit import AuditVerdict, run_audit
from infra.bootstrap import Azyq
from infra.importing import progress_bar

SENTENCES = {
    "en": {
        "holds": "audit: holds — {events} events in {streams} streams, {checks} checks, {seconds:.1f} s",
        "broken": "audit: {count} findings in {events} events",
    },
    "ru": {
        "holds": "аудит: сходится — событий {events}, потоков {streams}, проверок {checks}, {seconds:.1f} с",
        "broken": "аудит: нарушений {count}, событий {events}",
    },
    "kk": {
        "holds": "аудит: дұрыс — {events} оқиға, {streams} ағын, {checks} тексеру, {seconds:.1f} с",
        "broken": "аудит: {count} бұзушылық, {events} оқиға",
    },
}


def audit_now(azyq: Azyq, show_progress: bool) -> AuditVerdict:
    """Audit the log and the views as they stand."""
    with progress_bar(show_progress) as progress:
        return run_audit(
            azyq.dsn, azyq.programmes, azyq.goods, lambda done, total: progress("events", done, total)
        )


def verdict_dict(verdict: AuditVerdict) -> dict[str, Any]:
    """For `--json`."""
    return {
        "holds": verdict.first is None,
        "events": verdict.events,
        "streams": verdict.streams,
        "checks": verdict.checks,
        "seconds": round(verdict.seconds, 3),
        "findings": [finding._asdict() for finding in verdict.findings],
    }


def verdict_lines(verdict: AuditVerdict, language: str = "en") -> Iterator[str]:
    """For people: the verdict, then the findings, the first offending event first."""
    words = SENTENCES[language]
    if verdict.first is None:
        yield words["holds"].format(
            events=verdict.events,
            streams=verdict.streams,
            checks=sum(verdict.checks.values()),
            seconds=verdict.seconds,
        )
        return
    yield words["broken"].format(count=len(verdict.findings), events=verdict.events)
    for finding in verdict.findings[:20]:
        yield f"  #{finding.position} {finding.topic} {finding.stream} [{finding.clause}]: {finding.what}"

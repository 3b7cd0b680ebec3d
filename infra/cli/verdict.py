"""The audit's verdict, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from infra.audit.run import AuditVerdict, run_audit
from infra.bootstrap import Azyq
from infra.cli.month_tables import grouped
from infra.cli.progress import progress_bar

SENTENCES = {
    "en": {
        "holds": "audit: holds — events {events}, streams {streams}, checks {checks}, {seconds:.1f} s",
        "broken": "audit: findings {count}, events {events}",
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
        return run_audit(azyq.dsn, azyq.programmes, azyq.goods, progress, azyq.trusted_seal_keys())


def verdict_dict(verdict: AuditVerdict) -> dict[str, Any]:
    """For `--json`."""
    return {
        "holds": verdict.holds,
        "log_position": verdict.head,
        "events": verdict.events,
        "streams": verdict.streams,
        "checks": verdict.checks,
        "found": verdict.found,
        "seconds": round(verdict.seconds, 3),
        "findings": [asdict(finding) for finding in verdict.findings],
    }


def verdict_lines(verdict: AuditVerdict, language: str = "en") -> Iterator[str]:
    """For people: the verdict, then the findings, the first offending event first."""
    words = SENTENCES[language]
    if verdict.holds:
        yield words["holds"].format(
            events=grouped(verdict.events),
            streams=grouped(verdict.streams),
            checks=grouped(sum(verdict.checks.values())),
            seconds=verdict.seconds,
        )
        return
    yield words["broken"].format(count=grouped(sum(verdict.found.values())), events=grouped(verdict.events))
    for finding in verdict.findings[:20]:
        where = f"#{finding.position}" if finding.position is not None else "-"
        yield f"  {where} {finding.topic} {finding.stream} {finding.check} [{finding.clause}]: {finding.what}"

"""The audit of each night: when it is due, by a process of its own, its verdict in the log, and what holds it back (R29)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.audit_events import Verdict, record_verdict
from domain.calendar import ALMATY
from infra.parts.api import Watching
from infra.parts.nightly_audit import NightlyAudit
from infra.postgres.connect import connect
from infra.settings import Settings
from tests.integration.month_in_process import Month, Town, a_month, events_of, query

CLOCK = "2025-07-05T09:00:00+05:00"


@pytest.fixture
def month(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path, AZYQ_CLOCK=CLOCK) as opened:
        opened.asked(*Town().households(2))
        opened.azyq.catch_up_views()
        yield opened


def at(month: Month, day: int, hour: int, minute: int = 0) -> None:
    month.clock.now = datetime(2025, 7, day, hour, minute, tzinfo=ALMATY)


def verdicts(month: Month) -> list[dict[str, Any]]:
    return [event.state for event in events_of(month.azyq.dsn) if event.topic == "audit.ended"]


def test_R29_it_is_due_once_a_night_and_not_by_day(month: Month) -> None:
    audits = NightlyAudit(month.azyq)
    for day, hour, minute, due in (
        (10, 2, 59, False),
        (10, 3, 0, True),
        (10, 5, 59, True),
        (10, 6, 0, False),
        (10, 14, 0, False),
        (11, 3, 30, True),
    ):
        at(month, day, hour, minute)
        assert audits.due() is due, (day, hour)
    record_verdict(month.azyq.log, Verdict(1, 1, 1, 0, ""), month.clock())
    assert not audits.due()
    at(month, 11, 5)
    assert not audits.due()
    at(month, 12, 3)
    assert audits.due()


@pytest.mark.parametrize(("text", "hour", "due"), [("23:30", 1, True), ("off", 3, False), ("0", 3, False)])
def test_R29_the_time_is_a_setting(month: Month, text: str, hour: int, due: bool) -> None:
    month.azyq.settings = month.azyq.settings.model_copy(update={"audit_at": text})
    at(month, 10, hour)
    assert NightlyAudit(month.azyq).due() is due


@pytest.mark.parametrize("text", ["24:00", "3:00", "03:60", "night", "０３:00", "-1"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a time of day as 03:00"):
        Settings(AZYQ_AUDIT_AT=text)


def test_R29_a_trial_without_a_clock_is_not_audited_by_itself(month: Month) -> None:
    month.azyq.settings = month.azyq.settings.model_copy(update={"clock": None})
    at(month, 10, 3)
    assert not NightlyAudit(month.azyq).due()


def test_R29_its_verdict_is_left_in_the_log_and_measured(month: Month) -> None:
    at(month, 10, 3, 5)
    watching = Watching(month.azyq)
    assert watching.audited() is None
    with capture_logs() as logs:
        verdict = NightlyAudit(month.azyq).round()
    assert verdict is not None
    assert (verdict.findings, [one["event"] for one in logs]) == (0, ["audit_holds"])
    assert [(one["findings"], one["upto"]) for one in verdicts(month)] == [(0, verdict.upto)]
    at(month, 10, 4, 5)
    assert watching.audited() == (3600.0, 0)
    # a second one in the same night does nothing
    assert NightlyAudit(month.azyq).round() is None
    assert len(verdicts(month)) == 1


def test_R29_what_it_finds_is_an_alarm(month: Month) -> None:
    query(month.azyq.dsn, "DELETE FROM azyq_views.families")
    at(month, 10, 3, 5)
    with capture_logs() as logs:
        verdict = NightlyAudit(month.azyq).round()
    assert verdict is not None
    assert verdict.findings > 0
    assert [(one["event"], one["log_level"]) for one in logs] == [("audit_found", "error")]
    told = Watching(month.azyq).audited()
    assert told is not None
    assert told.findings == verdict.findings


def test_R29_one_that_fails_leaves_no_verdict_and_waits_before_the_next(month: Month) -> None:
    at(month, 10, 3, 5)
    audits = NightlyAudit(month.azyq, "tests.integration.programs.failing")
    with capture_logs() as logs:
        assert audits.round() is None
    assert [(one["event"], one["code"]) for one in logs] == [("audit_failed", 7)]
    assert verdicts(month) == []
    assert not audits.due()


def test_R29_of_several_schedulers_one_audits(month: Month) -> None:
    at(month, 10, 3, 5)
    from infra.parts import nightly_audit

    other = connect(month.azyq.dsn, autocommit=True)
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (nightly_audit._LOCK,))
        assert NightlyAudit(month.azyq).round() is None
    assert verdicts(month) == []


def test_R29_it_ends_with_the_scheduler(month: Month) -> None:
    at(month, 10, 3, 5)
    audits = NightlyAudit(month.azyq, "tests.integration.programs.sleeping")
    ended = threading.Thread(target=audits.round)
    ended.start()
    month.azyq.stopping.set()
    ended.join(20)
    assert not ended.is_alive()
    assert verdicts(month) == []

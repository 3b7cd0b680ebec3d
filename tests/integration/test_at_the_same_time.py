"""Processes that do the same at the same time, and a log that others hold: both end well, or say so (R32)."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import typer
from eventsourcing.persistence import InterfaceError, OperationalError
from fastapi.testclient import TestClient

from domain.commands.conflicts import until_saved
from domain.errors import LANGUAGES
from domain.ports import LogConflict
from infra.cli.running import refusals
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.postgres.connect import APP_ROLE, connect
from infra.postgres.log import LogBusy
from infra.settings import ROOT
from tests.integration.month_in_process import Town, a_month, as_csv, events_of
from tests.integration.served_site import KEY, SECRET, phone_of, reply_body, signed

AZYQ = [sys.executable, "-c", "from infra.cli import main; main()"]
AKKOL = ("--programme", "akkol-2025")


class Together:
    """Starts azyq several times at once on one database."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": dsn,
            "AZYQ_DATA": str(folder / "data"),
            "AZYQ_MASTER_KEY": KEY,
            "AZYQ_SMS_PER_SECOND": "100000",
        }

    def __call__(self, *commands: tuple[str, ...]) -> list[tuple[int, str, str]]:
        """(exit code, stdout, stderr) of each."""
        running = [
            subprocess.Popen(
                [*AZYQ, *command],
                cwd=self._folder,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for command in commands
        ]
        told = [process.communicate(timeout=120) for process in running]
        for _, said in told:
            assert "Traceback" not in said, said
        return [(p.returncode, out, said) for p, (out, said) in zip(running, told, strict=True)]


def topics(dsn: str, start: str) -> list[str]:
    return [event.topic for event in events_of(dsn) if event.topic.startswith(start)]


def test_R20_R21_R8_a_day_run_by_two_processes_is_done_once(database: str, tmp_path: Path) -> None:
    with a_month(database, tmp_path, AZYQ_MASTER_KEY=KEY) as month:
        month.list_of([Town(5).household(1)])
        households = Town().households(120, size=1)
        month.list_of(households, day=3)
    together = Together(database, tmp_path)
    for day in ("05", "10", "31"):
        run = ("month", "run", *AKKOL, "--on", f"2025-07-{day}")
        for code, _, said in together(run, run):
            assert code == 0, said
    done = [event.state["task"] for event in events_of(database) if event.topic == "cycle.task_done"]
    assert done == ["close_list", "first_sms", "reminder", "lapse", "expire", "close"]
    assert len(topics(database, "sms.sent")) == 240
    assert len(topics(database, "family.lapsed")) == 120


def test_R19_two_imports_at_once_are_one_after_the_other_or_said_to_be_busy(
    database: str, tmp_path: Path
) -> None:
    town = Town()
    with a_month(database, tmp_path, AZYQ_MASTER_KEY=KEY) as month:
        for name in ("one.csv", "other.csv"):
            month.write_list(as_csv(month.rows(town.households(300)))).rename(tmp_path / name)
    month_and_time = (*AKKOL, "--month", "2025-07", "--at", "2025-07-03T10:00")
    found = Together(database, tmp_path)(
        ("month", "import", "one.csv", *month_and_time), ("month", "import", "other.csv", *month_and_time)
    )
    taken = [code for code, _, _ in found].count(0)
    assert taken >= 1
    for code, _, said in found:
        assert code == 0 or (code == 1 and "list_busy: " in said), said
    assert len(topics(database, "cycle.opened")) == 1
    assert len(topics(database, "cycle.list_received")) == taken
    assert len(topics(database, "family.eligible")) == 300 * taken


# --- what is told when another is in the way ------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_R32_what_others_are_in_the_way_of_is_1_with_a_sentence(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, code in ((LogBusy(15.0), "log_busy"), (LogConflict(), "log_conflict")):
        with pytest.raises(typer.Exit) as caught, refusals(language):
            raise error
        assert caught.value.exit_code == 1
        said = capsys.readouterr().err
        assert said.startswith(f"{code}: ")
        assert len(said) > 40


@pytest.mark.parametrize(
    "error", [OperationalError("gone"), InterfaceError("closed"), psycopg2.InterfaceError("closed")]
)
def test_R32_a_database_that_went_away_is_2(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, refusals("en"):
        raise error
    assert caught.value.exit_code == 2
    assert "can't be reached" in capsys.readouterr().err


def test_R32_a_gateway_is_told_to_come_back_when_the_log_is_held(database: str, tmp_path: Path) -> None:
    household = Town().household()
    with a_month(database, tmp_path, AZYQ_SMS_SECRET=SECRET) as month:
        month.asked(household)
        month.at(6, 18)
        recorder: Any = month.azyq.log._application.recorder
        recorder.patience_seconds = 1.0
        client = TestClient(create_app(Replies(month.azyq, lambda: None)))
        body = reply_body(phone_of(household), "21*1", "m-1", at="2025-07-06T17:30:00+05:00")
        with closing(connect(database, role=APP_ROLE)) as holder:
            holder.cursor().execute("LOCK TABLE azyq_log.azyq_events IN EXCLUSIVE MODE")
            answer = client.post("/v1/sms/replies", content=body, headers=signed(body))
        assert (answer.status_code, answer.json()["code"]) == (503, "not_available")
        assert int(answer.headers["retry-after"]) > 0
        # when the lock is given back, the same reply is taken
        answer = client.post("/v1/sms/replies", content=body, headers=signed(body))
        assert answer.json() == {"outcome": "consented"}
        assert month.family(household).stage == "consented"


def test_R32_a_conflict_that_never_ends_is_given_up() -> None:
    tries = 0

    def decide() -> None:
        nonlocal tries
        tries += 1
        raise LogConflict

    with pytest.raises(LogConflict):
        until_saved(decide)
    assert tries > 100

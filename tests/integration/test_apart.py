"""Programs in processes of their own: what they are told and answer, and how they end."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

import infra.apart
from infra.apart import Apart, ApartFailed, ApartLate, heard
from tests.integration.processes_beside import has_ended, running
from tests.integration.served_site import eventually

PROGRAM = "tests.integration.programs.telling"
PARENT = f"""
import os, sys, time
from infra.apart import Apart
with Apart({PROGRAM!r}, "late"):
    print("started", flush=True)
    time.sleep(600)
"""


def test_it_answers_what_it_makes_of_what_it_is_told() -> None:
    large = list(range(300_000))  # more than a socket holds
    for told in (large, {"a": None}, "", 7):
        with Apart(PROGRAM, told) as apart:
            assert apart.answer(30) == told
    assert running(PROGRAM, os.getpid()) == []


def test_it_yields_the_cores() -> None:
    with Apart(PROGRAM, "nice") as apart:
        assert apart.answer(30) == max(3, os.nice(0))


def test_one_that_takes_long_is_asked_again_and_ends_with_the_context() -> None:
    with Apart(PROGRAM, "late") as apart:
        with pytest.raises(ApartLate, match=r"takes longer than 0\.1 s"):
            apart.answer(0.1)
        (process,) = running(PROGRAM, os.getpid())
    assert not process.is_running()


@pytest.mark.parametrize(("told", "code"), [("nothing", 3), ("wrong", 1)])
def test_one_that_ends_without_an_answer_is_told(told: str, code: int) -> None:
    with Apart(PROGRAM, told) as apart, pytest.raises(ApartFailed, match=f"ended with {code}"):
        apart.answer(30)


def test_half_an_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZYQ_TEST_HALF", "1")
    with Apart(PROGRAM, "") as apart, pytest.raises(ApartFailed, match="ended with 0"):
        apart.answer(30)


def test_it_is_heard_beside_any_number_of_open_files() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours, theirs = socket.socketpair()
    with ExitStack() as open_files, ours, theirs:
        open_files.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
        for _ in range(1100):
            open_files.callback(os.close, os.dup(theirs.fileno()))
        with Apart(PROGRAM, "late") as apart:
            assert apart._control.fileno() > 1024
            with pytest.raises(ApartLate):
                apart.answer(0.1)


def test_one_that_stands_still_half_way_is_late_all_the_same() -> None:
    large = list(range(300_000))
    with Apart(PROGRAM, large) as apart:
        (process,) = running(PROGRAM, os.getpid())
        eventually(lambda: heard(apart._control, 0.1))
        process.suspend()
        with pytest.raises(ApartLate):
            apart.answer(0.5)
        process.resume()
        assert apart.answer(30) == large


def test_one_that_stands_still_at_its_start_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infra.apart, "START_SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        Apart("tests.integration.programs.sleeping", list(range(300_000)))
    assert running("tests.integration.programs.sleeping", os.getpid()) == []


def test_what_a_program_raises_is_told_without_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    with Apart(PROGRAM, "wrong") as apart, pytest.raises(ApartFailed):
        apart.answer(30)
    said = capfd.readouterr().err
    assert "program_failed" in said
    assert "ValueError" in said
    assert "+7 701 123 45 67" not in said


def test_a_program_that_is_not_there_is_told() -> None:
    with (
        Apart("infra.nowhere", "") as apart,
        pytest.raises(ApartFailed, match=r"infra\.nowhere ended with 1"),
    ):
        apart.answer(30)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_whoever_started_it_does(number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        (process,) = eventually(lambda: running(PROGRAM, parent.pid))
        parent.send_signal(number)
    assert eventually(lambda: has_ended(process), 30)

"""Processes of ours beside another."""

from __future__ import annotations

import signal
import time

import psutil  # type: ignore[import-untyped]

from tests.integration.served_site import Process, eventually


def running(program: str, pid: int) -> list[psutil.Process]:
    """The processes of `pid` that run this module."""
    found = []
    for child in psutil.Process(pid).children():
        try:
            if program in child.cmdline():
                found.append(child)
        except psutil.Error:
            continue  # it ended just now
    return found


def has_ended(process: psutil.Process) -> bool:
    """Whether it is there no more, but for whoever is to hear of its end."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def killed_while_it_hangs(parent: Process) -> None:
    """Stop `parent`, so that it hears no more that those beside it are at work, and kill it."""
    parent.process.send_signal(signal.SIGSTOP)
    since = time.monotonic()
    eventually(lambda: time.monotonic() - since > 3)
    parent.end(signal.SIGKILL)

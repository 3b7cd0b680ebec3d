"""Programs of ours in processes of their own: `python -m MODULE`, told at its start what it needs, ended with its parent.

It has one end of a pair of sockets as its standard input; its parent's end closes when it is to end, be it that the
parent was killed. What goes over the pair is of this very program: nobody else's bytes are unpickled.
"""

from __future__ import annotations

import os
import pickle
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import structlog

from infra.logging import configure_logging
from streams.trouble import where

_LENGTH = 8
START_SECONDS = 60.0  # for a program to start and to take what it is told

log = structlog.get_logger("azyq")


class ApartFailed(OSError):
    """It ended without an answer."""

    def __init__(self, module: str, code: int) -> None:
        super().__init__(f"{module} ended with {code}")
        self.code = code


class ApartLate(TimeoutError):
    """It has not answered yet."""


class Apart:
    """A program that does one thing, by `work`, and answers once. A context: it is there until the end of it."""

    def __init__(self, module: str, told: object) -> None:
        """`told`: what the program is to do. Raises OSError when it can't be started."""
        self._module = module
        self._process, self._control = started(module, told)
        self._heard = bytearray()

    def answer(self, seconds: float | None = None) -> Any:
        """What it answers. Raises ApartLate when it takes longer, ApartFailed."""
        until = None if seconds is None else time.monotonic() + seconds
        while (length := self._length()) is None or len(self._heard) < _LENGTH + length:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not heard(self._control, left):
                raise ApartLate(f"{self._module} takes longer than {seconds} s")
            piece = b""
            with suppress(ConnectionError):
                piece = self._control.recv(1 << 20)
            if not piece:
                raise ApartFailed(self._module, self._process.wait())
            self._heard += piece
        return pickle.loads(self._heard[_LENGTH:])  # noqa: S301

    def _length(self) -> int | None:
        return int.from_bytes(self._heard[:_LENGTH], "big") if len(self._heard) >= _LENGTH else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._process.kill()  # it has answered, or nobody waits for it
        self._process.wait()
        self._control.close()


def started(module: str, told: object) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A process that runs `module`, and our end of the pair. Raises OSError when it can't be started."""
    pickled = pickle.dumps(told)  # before there is a process to leave behind
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(  # noqa: S603 – the program is ours
                [sys.executable, "-m", module],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C in a terminal is for its parent, which ends it
            )
        except OSError:
            ours.close()
            raise
    ours.settimeout(START_SECONDS)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # where it has ended already
            ours.sendall(len(pickled).to_bytes(_LENGTH, "big") + pickled)
        ours.settimeout(None)
    except BaseException:
        process.kill()
        process.wait()
        ours.close()
        raise
    return process, ours


def heard(control: socket.socket, seconds: float | None) -> bool:
    """Whether there is something to receive, or the other end is closed, within so many seconds."""
    poll = select.poll()  # unlike select, of any number of open files
    poll.register(control, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def begun(nice: int) -> tuple[socket.socket, Any] | None:
    """For the program: its end of the pair, and what it is told; it yields the cores by `nice` at least from now on. None
    where its parent has gone already."""
    os.nice(max(0, nice - os.nice(0)))
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    length = int.from_bytes(control.recv(_LENGTH, socket.MSG_WAITALL), "big")
    told = control.recv(length, socket.MSG_WAITALL)
    return (control, pickle.loads(told)) if told and len(told) == length else None  # noqa: S301


def when_let_go(control: socket.socket, end: Callable[[], object]) -> None:
    """For the program: call `end`, in a thread, once its parent lets go of it, or is gone."""

    def wait() -> None:
        with suppress(OSError):  # a parent that was killed before it heard everything resets the connection
            control.recv(1)
        end()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def work(do: Callable[[Any], object], nice: int = 0) -> None:
    """For a program that does one thing: answer what `do` makes of what it is told.

    What `do` raises is told in the log, without its text, which may hold anything; the exit code is 1 then.
    """
    told = begun(nice)
    if told is None:
        return
    control, what = told
    when_let_go(control, lambda: os._exit(1))
    configure_logging()
    try:
        pickled = pickle.dumps(do(what))
    except Exception as error:
        log.error("program_failed", program=sys.argv[0], error=type(error).__name__, at=where(error))
        raise SystemExit(1) from None
    control.sendall(len(pickled).to_bytes(_LENGTH, "big") + pickled)

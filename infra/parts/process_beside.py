"""A process of ours beside this one (`infra.apart`), kept: started again when it ends, and when it hangs.

It says to its parent that it is at work; one that falls silent hangs, and is killed.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from infra.apart import heard, started

GRACE_SECONDS = 3.0  # for what is at hand, once it is to end
END_SECONDS = 5.0  # then it is killed
AGAIN_SECONDS = (0.2, 1.0, 5.0, 15.0)  # before the next start, after so many short lives
SHORT_SECONDS = 30.0
BEAT_SECONDS = 1.0  # between two times that it says so
HUNG_SECONDS = 180  # longer than two statements of PostgreSQL may take: a view's part of a turn

log = structlog.get_logger("azyq")


class ProcessBeside:
    """Keeps such a process. For threads."""

    def __init__(self, module: str, beginning: Callable[[], object]) -> None:
        """`beginning`: what `begun` returns in the process, made anew for each start."""
        self._module = module
        self._beginning = beginning
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=module.rpartition(".")[2], daemon=True)

    def start(self) -> None:
        """Start it, and keep it."""
        self._keeper.start()

    def give(self, given: socket.socket) -> None:
        """Send it a socket. Raises OSError when it is not there."""
        with self._lock:
            if self._control is None:
                raise ConnectionRefusedError(f"there is no {self._module} at this moment")
            socket.send_fds(self._control, [b"."], [given.fileno()])

    def close(self) -> None:
        """End it; what it has at hand is finished within some seconds. Nothing is left behind."""
        self._closing.set()
        self._let_go()
        if self._keeper.ident is None:
            return  # it was never started
        self._signal(signal.SIGTERM)  # while it starts, it ends at once
        self._keeper.join(GRACE_SECONDS + END_SECONDS)
        if self._keeper.is_alive():
            log.warning("process_killed", program=self._module)
            self._signal(signal.SIGKILL)
            self._keeper.join()

    def _keep(self) -> None:
        short = 0
        while not self._closing.is_set():
            began = time.monotonic()
            try:
                code = self._live()
            except Exception as error:  # memory may be short, or files
                log.error("process_not_started", program=self._module, error=type(error).__name__)
            else:
                if not self._closing.is_set():
                    log.error("process_ended", program=self._module, code=code)
            short = short + 1 if time.monotonic() - began < SHORT_SECONDS else 0
            self._closing.wait(AGAIN_SECONDS[min(short, len(AGAIN_SECONDS) - 1)])

    def _live(self) -> int:
        """One life: its exit code. Raises OSError when it can't be started."""
        process, ours = started(self._module, self._beginning())
        with ours:
            ours.setblocking(False)
            with self._lock:
                self._process, self._control = process, ours
            if self._closing.is_set():
                self._let_go()
                self._signal(signal.SIGTERM)
            self._listen(ours)
            code = process.wait()
            self._let_go()
        return code

    def _listen(self, control: socket.socket) -> None:
        """Until the process ends, or is to end; kills one that hangs."""
        silent = 0  # in seconds of our own: time that this process was not at work either doesn't count
        while silent < HUNG_SECONDS:
            if not heard(control, 1.0):
                silent += 1
                continue
            try:
                said = control.recv(4096)
            except OSError:
                said = b""
            if not said:
                return
            silent = 0
        log.error("process_hung", program=self._module, seconds=silent)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """To it; a workbook's process of its own ends with it, as it hears that its parent has ended."""
        with self._lock:
            process = self._process
        if process is not None:
            process.send_signal(number)  # which asks first whether it has ended

    def _let_go(self) -> None:
        """Nothing is given to it any more, and the process, if it lives, sees that it is to end."""
        with self._lock:
            control, self._control = self._control, None
        if control is not None:
            with suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)


def beat(control: socket.socket) -> None:
    """For the process itself, each BEAT_SECONDS or so: it is at work."""
    with suppress(OSError):
        control.send(b".", socket.MSG_DONTWAIT)

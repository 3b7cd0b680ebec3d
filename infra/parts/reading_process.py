"""The process that answers analysts, beside the one that answers tills: it yields the cores to it, and neither waits
for the other's interpreter. `python -m infra.parts.reading_process` is its own program, which `ReadingProcess` starts."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from starlette.types import ASGIApp

from infra.api.app import create_reading_app
from infra.api.handed_on import answer
from infra.bootstrap import Azyq
from infra.chain import Ages
from infra.clock import Clock, real_clock, trial_clock
from infra.logging import configure_logging
from infra.parts.access import AnalystAccess
from infra.parts.analytics import Analytics
from infra.reporting.kept import KeptReports
from infra.settings import Settings

# A third of a till's share where the cores are short: at 10 a page waits for seconds beside whatever else is at work.
NICE = 5
GRACE_SECONDS = 3.0  # for requests at hand, once it is to end
END_SECONDS = 5.0  # then it is killed
AGAIN_SECONDS = (0.2, 1.0, 5.0, 15.0)  # before the next start, after so many short lives
SHORT_SECONDS = 30.0

log = structlog.get_logger("azyq")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the process is told at its start: the settings, the database, and a trial's clock at a monotonic time."""

    settings: Settings
    dsn: str
    trial_now: datetime | None
    at: float


class ReadingProcess:
    """Keeps such a process: one that ends is started again. For threads."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="reading", daemon=True)

    def start(self) -> None:
        """Start it, and keep it."""
        self._keeper.start()

    def reached(self) -> socket.socket:
        """A socket whose other end the process answers. Raises OSError when it is not there."""
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                if self._control is None:
                    raise ConnectionRefusedError("nobody answers analysts at this moment")
                socket.send_fds(self._control, [b"."], [theirs.fileno()])
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def close(self) -> None:
        """End it; what it has at hand is finished within some seconds. Nothing is left behind."""
        self._closing.set()
        self._let_go()
        if self._keeper.ident is None:
            return  # it was never started
        self._signal(signal.SIGTERM)  # while it starts, it ends at once
        self._keeper.join(GRACE_SECONDS + END_SECONDS)
        if self._keeper.is_alive():
            log.warning("reading_process_killed")
            self._signal(signal.SIGKILL)
            self._keeper.join()

    def _keep(self) -> None:
        short = 0
        while not self._closing.is_set():
            begun = time.monotonic()
            try:
                code = self._live()
            except OSError as error:
                log.error("reading_process_not_started", error=type(error).__name__)
            else:
                if not self._closing.is_set():
                    log.error("reading_process_ended", code=code)
            short = short + 1 if time.monotonic() - begun < SHORT_SECONDS else 0
            self._closing.wait(AGAIN_SECONDS[min(short, len(AGAIN_SECONDS) - 1)])

    def _live(self) -> int:
        """One life: its exit code. Raises OSError when it can't be started."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(
                    [sys.executable, "-m", "infra.parts.reading_process"],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C in a terminal is for its parent, which ends it
                )
            except OSError:
                ours.close()
                raise
        told = pickle.dumps(self._beginning())
        with suppress(BrokenPipeError):
            ours.sendall(len(told).to_bytes(4, "big") + told)
        ours.setblocking(False)
        with self._lock:
            self._process, self._control = process, ours
        if self._closing.is_set():
            self._let_go()
            self._signal(signal.SIGTERM)
        code = process.wait()
        self._let_go()
        return code

    def _beginning(self) -> Beginning:
        azyq = self._azyq
        trial_now = azyq.clock() if azyq.settings.env == "trial" else None
        return Beginning(azyq.settings, azyq.dsn, trial_now, time.monotonic())

    def _signal(self, number: int) -> None:
        """To it, and to a workbook's process, if it has one."""
        with self._lock:
            process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def _let_go(self) -> None:
        """Nobody is reached any more, and the process, if it lives, sees that it is to end."""
        with self._lock:
            control, self._control = self._control, None
        if control is not None:
            control.close()


def main() -> None:
    """Answer until whoever started it lets go, or SIGTERM."""
    os.nice(NICE)
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    # Of this very program, its parent: nobody else's bytes are unpickled.
    length = int.from_bytes(control.recv(4, socket.MSG_WAITALL), "big")
    if not length:
        return  # it has gone already
    beginning: Beginning = pickle.loads(control.recv(length, socket.MSG_WAITALL))  # noqa: S301
    configure_logging()
    with ExitStack() as stack:
        azyq = Azyq(beginning.settings, beginning.dsn, _clock(beginning), stack)
        reports = KeptReports(azyq.dsn, azyq.programmes, azyq.services)
        stack.callback(reports.close)
        access = stack.enter_context(closing(AnalystAccess(azyq, reports)))
        ages = Ages(azyq.chain.head, azyq.chain.recorded_at, azyq.clock)
        threading.Thread(target=ages.watch, args=(azyq.stopping,), name="watch", daemon=True).start()
        stack.callback(azyq.stopping.set)
        analytics = stack.enter_context(closing(Analytics(azyq, access, ages.age, reports)))
        app = create_reading_app(access, analytics)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        asyncio.run(_answer_all(control, app))


def _clock(beginning: Beginning) -> Clock:
    """The clock of whoever started it."""
    if beginning.trial_now is None:
        return real_clock
    return trial_clock(beginning.trial_now + timedelta(seconds=time.monotonic() - beginning.at))


async def _answer_all(control: socket.socket, app: ASGIApp) -> None:
    """Answer what comes over `control` until its other end is closed; then finish what is at hand."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    at_hand: set[asyncio.Task[None]] = set()

    def take() -> None:
        try:
            said, given, _, _ = socket.recv_fds(control, 1, 1)
        except BlockingIOError:
            return
        except OSError:
            said, given = b"", []
        if not said:
            loop.remove_reader(control)
            over.set()
        for one in given:
            task = loop.create_task(answer(app, socket.socket(fileno=one)))
            at_hand.add(task)
            task.add_done_callback(at_hand.discard)

    control.setblocking(False)
    loop.add_reader(control, take)
    loop.add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    loop.remove_reader(control)
    control.close()
    if at_hand:
        _, late = await asyncio.wait(at_hand, timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()


if __name__ == "__main__":
    main()

"""The process that answers analysts, beside the one that answers tills: it yields the cores to it, and neither waits
for the other's interpreter. `python -m infra.parts.reading_process` is its own program, which `ReadingProcess` starts."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.types import ASGIApp

from infra.apart import begun
from infra.api.handed_on import answer
from infra.bootstrap import Azyq
from infra.chain import Ages
from infra.clock import Clock, real_clock, trial_clock
from infra.logging import configure_logging
from infra.parts.access import AnalystAccess
from infra.parts.analytics import Analytics
from infra.parts.http_face import create_reading_app
from infra.parts.process_beside import BEAT_SECONDS, GRACE_SECONDS, ProcessBeside, beat
from infra.reporting.kept import KeptReports
from infra.settings import Settings

# A third of a till's share where the cores are short: at 10 a page waits for seconds beside whatever else is at work.
NICE = 5


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the process is told at its start: the settings, the database, and a trial's clock at a monotonic time."""

    settings: Settings
    dsn: str
    trial_now: datetime | None
    at: float


class ReadingProcess:
    """Keeps such a process. For threads."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._process = ProcessBeside("infra.parts.reading_process", self._beginning)
        self.start = self._process.start
        self.close = self._process.close

    def reached(self) -> socket.socket:
        """A socket whose other end the process answers. Raises OSError when it is not there."""
        ours, theirs = socket.socketpair()
        try:
            self._process.give(theirs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def _beginning(self) -> Beginning:
        azyq = self._azyq
        trial_now = azyq.clock() if azyq.settings.env == "trial" else None
        return Beginning(azyq.settings, azyq.dsn, trial_now, time.monotonic())


def main() -> None:
    """Answer until whoever started it lets go, or SIGTERM."""
    told = begun(NICE)
    if told is None:
        return
    control: socket.socket = told[0]
    beginning: Beginning = told[1]
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
    while not over.is_set():
        beat(control)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), BEAT_SECONDS)
    loop.remove_reader(control)
    control.close()
    if at_hand:
        _, late = await asyncio.wait(at_hand, timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()


if __name__ == "__main__":
    main()

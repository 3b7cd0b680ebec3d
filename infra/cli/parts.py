"""The long-running parts: the API, the views' feed, the scheduler; each a thread, stopped together by a signal."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from types import FrameType

import structlog

from domain.calendar import local_day
from domain.commands.run_day import ListMissing
from domain.errors import Refusal
from domain.ports import DeliveryReport, IncomingReply
from infra.api.services import ReplyOutcome
from infra.bootstrap import Azyq

SCHEDULER_SECONDS = 5.0
GRACE_SECONDS = 3
FUTURE_TOLERANCE = timedelta(minutes=5)

log = structlog.get_logger("azyq")


class Replies:
    """What the HTTP face asks for (`infra.api.services.ApiServices`)."""

    def __init__(self, azyq: Azyq, wake: Callable[[], None]) -> None:
        self._azyq = azyq
        self._wake = wake
        self.sms_secret = azyq.settings.sms_secret_text()
        self.kannel_token = azyq.settings.kannel_token()

    def record_replies(self, replies: Sequence[IncomingReply]) -> Sequence[ReplyOutcome]:
        """Decide and keep; a reply from the future is taken as one of now."""
        latest = self._azyq.clock() + FUTURE_TOLERANCE
        bounded = [
            reply
            if reply.received_at <= latest
            else IncomingReply(
                reply.message_id, reply.sender, reply.to, reply.text, self._azyq.clock(), reply.channel
            )
            for reply in replies
        ]
        outcomes = [ReplyOutcome(outcome) for outcome in self._azyq.record_reply.run(bounded)]
        self._wake()
        return outcomes

    def record_reports(self, reports: Sequence[DeliveryReport]) -> None:
        """Keep what became of our messages."""
        self._azyq.send_sms.record_reports(reports)

    def ready(self) -> dict[str, str | bool]:
        """What we stand on: the log can be read, the vault's key opens it."""
        return {
            "log": _works("log", lambda: self._azyq.log.head()),
            "vault": _works("vault", lambda: self._azyq.vault.try_key()),
            "env": self._azyq.settings.env,
        }

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()


def _works(part: str, attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Exception as error:
        log.warning("not_ready", part=part, error=type(error).__name__)
        return False
    return True


class _Stopped(Exception):
    """The process is to end."""


class Scheduler:
    """Does what is due: SMS, holds that timed out, and the calendar's days, each once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._complained: set[str] = set()

    def tick(self) -> None:
        """One round. What a rule refuses, or what the gateway leaves waiting, is tried again at the next.

        When the process is to end, it ends after the batch or the messages at hand: the next round goes on.
        """
        with suppress(_Stopped):
            self._round()

    def _round(self) -> None:
        azyq = self._azyq
        azyq.run_programme.release_holds(azyq.clock)
        day = local_day(azyq.clock())
        for programme in azyq.programmes.values():
            self._go_on()
            try:
                done = azyq.run_programme.run(
                    programme, day, azyq.clock, only_when_over=True, progress=self._go_on
                )
            except ListMissing as refusal:
                self._complain_once(f"{programme.id} {day:%Y-%m}", refusal)
            except Refusal as refusal:
                self._complain_once(f"{programme.id} {refusal.code}", refusal)
            else:
                for task in done:
                    log.info("calendar", programme=programme.id, month=task.month, **asdict(task.outcome))
        azyq.drain_sms()

    def _go_on(self, *progress: object) -> None:
        if self._azyq.stopping.is_set():
            raise _Stopped

    def _complain_once(self, about: str, refusal: Refusal) -> None:
        if about not in self._complained:
            self._complained.add(about)
            log.warning("calendar", about=about, code=refusal.code, reason=refusal.sentence("en"))


def run_parts(azyq: Azyq, *, api: bool, scheduler: bool, once: bool = False) -> None:
    """Run until SIGTERM or SIGINT, then let each part finish what it is at. Raises OSError: the address is taken."""
    if once:
        Scheduler(azyq).tick()
        azyq.catch_up_views()
        return
    listener = _listen(azyq.settings.listen) if api else None
    stop = azyq.stopping
    wake = threading.Event()
    parts: list[threading.Thread] = []
    failed: list[BaseException] = []

    def guarded(name: str, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                log.error("part failed", part=name, exc_info=error)
                failed.append(error)
                stop.set()

        parts.append(threading.Thread(target=run, name=name))

    if scheduler:
        guarded("scheduler", lambda: _schedule(azyq, stop, wake))
    guarded("feed", lambda: azyq.feed.follow(stop))
    if listener is not None:
        guarded("api", lambda: _serve(azyq, listener, stop, wake))
    _on_signal(stop)
    for part in parts:
        part.start()
    stop.wait()
    stop.set()
    wake.set()
    for part in parts:
        part.join()
    if failed:
        raise SystemExit(1)


def _schedule(azyq: Azyq, stop: threading.Event, wake: threading.Event) -> None:
    scheduler = Scheduler(azyq)
    while not stop.is_set():
        try:
            scheduler.tick()
        except Exception as error:
            log.error("scheduler round failed; trying again", exc_info=error)
        wake.wait(SCHEDULER_SECONDS)
        wake.clear()


def _listen(address: str) -> socket.socket:
    """A socket that listens on `address`. Raises OSError that says what is in the way."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        return socket.create_server(
            (host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        reason = "another process listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(f"can't listen on {address} (AZYQ_LISTEN): {reason}") from None


def _serve(azyq: Azyq, listener: socket.socket, stop: threading.Event, wake: threading.Event) -> None:
    import uvicorn

    from infra.api.app import create_app

    # No access log: Kannel's addresses carry phone, text and token.
    config = uvicorn.Config(
        create_app(Replies(azyq, wake.set)),
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)

    def end_with_the_others() -> None:
        stop.wait()
        server.should_exit = True

    threading.Thread(target=end_with_the_others, name="stop", daemon=True).start()
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    log.info("serving", address=f"http://{shown}:{port}", env=azyq.settings.env)
    server.run(sockets=[listener])  # in a thread of ours it leaves signals alone
    if not stop.is_set():
        raise RuntimeError("the API ended by itself")


def _on_signal(stop: threading.Event) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)

"""The analysts' pages as they ask for them (`infra.web.analytics_reading.AnalyticsServices`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from math import inf
from typing import Generic, TypeVar

from fastapi import Request as HttpRequest

from domain.access_refusals import SessionOver
from domain.errors import Refusal
from domain.programmes import Programme
from domain.seal import Sealed
from infra.api.access import AccessServices, Caller, Session
from infra.bootstrap import Azyq
from infra.chain import Chain
from infra.reporting.running import Answer, Reports, Request
from infra.sealing import seals_by
from infra.web.analytics_reading import Reader, Stand
from infra.web.analytics_sign_in import COOKIE
from infra.web.sign_in import token_in
from projections.reports.report import Names

AT_ONCE = (
    3  # reports that are read at the same time, whoever asks: the counter is to have the rest of the machine
)
FRESH_SECONDS = 2.0
SHARE = 20  # "now" is read anew after so many times what reading takes: a twentieth of one core at most
KEPT_ROWS = 300_000
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_HANDED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
LOCAL = Reader("local")

T = TypeVar("T")


def asks_from_here(request: HttpRequest) -> bool:
    """Whether a browser on this very machine asks, by a name of this machine, and nobody handed the request on."""
    host = request.client.host if request.client else ""
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        return False
    name = request.headers.get("host", "").rpartition(":")
    named = (name[0] if name[2].isdigit() else request.headers.get("host", "")) in _LOCAL_NAMES
    return here and named and not any(header in request.headers for header in _HANDED_ON)


class _Once(Generic[T]):
    """Values that are made once however many ask at the same time, kept while they are fresh and few."""

    def __init__(self, seconds: Callable[[], float], most: int, weigh: Callable[[T], int]) -> None:
        self._seconds, self._most, self._weigh = seconds, most, weigh
        self._lock = threading.Lock()
        self._kept: dict[object, tuple[float, Future[T]]] = {}

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of `key`. Raises what `make` raises."""
        now = time.monotonic()
        with self._lock:
            found = self._kept.get(key)
            mine = found is None or now - found[0] > self._seconds()
            future: Future[T] = Future() if mine or found is None else found[1]
            if mine:
                self._kept[key] = now, future
        if mine:
            try:
                value = make()
            except BaseException as error:
                with self._lock:
                    if self._kept.get(key, (0, None))[1] is future:
                        del self._kept[key]
                future.set_exception(error)
            else:
                future.set_result(value)
                self._let_go()
        return future.result()

    def _let_go(self) -> None:
        """Forget the oldest beyond what may be kept."""
        with self._lock:
            weights = [
                (key, self._weigh(future.result()) if future.done() and not future.exception() else 0)
                for key, (_, future) in self._kept.items()
            ]
            total = sum(weight for _, weight in weights)
            for key, weight in weights[:-1]:
                if total <= self._most:
                    break
                if weight:
                    del self._kept[key]
                    total -= weight


class Analytics:
    """Reads the reports' views; an answer as of a position is the same for ever, so the last ones are kept."""

    def __init__(
        self, azyq: Azyq, access: AccessServices, age: Callable[[int], float] = lambda _: 0.0
    ) -> None:
        """`age`: seconds since the log went beyond a position."""
        self._azyq = azyq
        self._access = access
        self.age = age
        self.trial = azyq.settings.env == "trial"
        self.programmes: Mapping[str, Programme] = azyq.programmes
        self._reports = Reports(azyq.dsn, azyq.programmes, azyq.services)
        self._took = 0.0
        self._pool = ThreadPoolExecutor(AT_ONCE, "analytics")
        self._answers: _Once[Answer] = _Once(
            lambda: inf, KEPT_ROWS, lambda one: 50 + sum(len(t.rows) for t in one.tables)
        )
        self._stands: _Once[Stand] = _Once(lambda: max(FRESH_SECONDS, SHARE * self._took), 1000, lambda _: 1)

    def close(self) -> None:
        """Read nothing more."""
        self._pool.shutdown(cancel_futures=True)

    def reader(self, request: HttpRequest) -> Reader | None:
        """Whose session the cookie is; in a trial, whoever sits at this machine reads everything."""
        if token := token_in(request, COOKIE):
            with suppress(SessionOver):
                return Reader(*self._access.caller(token))
        return LOCAL if self.trial and asks_from_here(request) else None

    def challenge(self) -> str:
        """A text to sign in by."""
        return self._access.challenge()

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge."""
        return self._access.sign_in(challenge, signature)

    def sign_out(self, request: HttpRequest) -> None:
        """End the session of the cookie."""
        self._access.sign_out(token_in(request, COOKIE))

    def stands(self, as_of: str) -> Stand:
        """Where the reports stand; "now" is some seconds old at most."""
        return self._stands.get(as_of, lambda: Stand(*self._reports.stands(as_of)))

    def check(self, request: Request) -> None:
        """Before anything is read."""
        self._reports.check(request, self.now())

    def answers(
        self, reader: Reader, asked: Sequence[tuple[Request, Collection[str]]], form: str
    ) -> list[Answer]:
        """Several at a time; through the access, which records them, where there is a grant."""
        futures = [
            self._pool.submit(self._read, reader, request, tuple(sections), form)
            for request, sections in asked
        ]
        return [future.result() for future in futures]

    def _read(self, reader: Reader, request: Request, sections: tuple[str, ...], form: str) -> Answer:
        if reader.grant is None:
            return self._kept(request, sections)
        answer = self._access.read(Caller(reader.user, reader.grant), request, form)
        return replace(answer, tables=[one for one in answer.tables if one.section.id in sections])

    def _kept(self, request: Request, sections: tuple[str, ...]) -> Answer:
        def read() -> Answer:
            begun = time.monotonic()
            answer = self._reports.answer(request, self.now(), sections)
            self._took = max(time.monotonic() - begun, 0.9 * self._took)
            return answer

        key = (request.report, tuple(sorted(request.parameters.items())), request.as_of, sections)
        return self._answers.get(key, read)

    def refused(self, reader: Reader, request: Request, refusal: Refusal) -> None:
        """Whoever reads at the machine of a trial has no access to record."""
        if reader.grant is not None:
            self._access.refuse(Caller(reader.user, reader.grant), request, refusal)

    def position_names(self, programme: str, month: str) -> Mapping[int, Names]:
        """By the list in force when the month's vouchers begin; empty where there is none."""
        chosen = [
            one
            for one in self.programmes.values()
            if one.id == programme or (not programme and month in one.months())
        ]
        names: dict[int, Names] = {}
        for one in chosen:
            try:
                first = one.month(month).valid_from
                found = one.catalogue(self._azyq.goods).on(first).positions
            except Refusal:
                continue
            names |= {number: position.names for number, position in found.items()}
        return names

    def chain(self) -> Chain:
        """Read at each call."""
        return self._azyq.chain.read()

    def seals(self) -> Sequence[Sealed]:
        """Read at each call."""
        return seals_by(self._azyq.log_reader)

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

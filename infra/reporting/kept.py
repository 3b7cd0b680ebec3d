"""Reports for many readers at once: an answer as of a position is the same for ever, so the last ones are kept.

However many ask for one answer at the same time, it is read once; what "now" means is the position of some moments ago
where reading takes long, so that readers take a share of the machine that is bounded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from math import exp, inf
from typing import Generic, NamedTuple, TypeVar

from domain.programmes import Programme
from infra.reporting.running import Answer, Reports, Request, ServicesOfReports, Table, find_report

SHARE = 0.05  # of the time of late may be spent on reading; beyond it "now" is as of some moments ago
OF_LATE_SECONDS = 30.0
OLDEST_SECONDS = 60.0  # that "now" may be
KEPT_ROWS = 300_000  # some 100 MB
KEPT_STANDS = 1000

T = TypeVar("T")


class Once(Generic[T]):
    """Values that are made once however many ask at the same time, kept while they are fresh and few."""

    def __init__(self, seconds: Callable[[], float], most: int, weigh: Callable[[T], int]) -> None:
        """`seconds`: how long a value is fresh; the oldest go while all together weigh more than `most`."""
        self._seconds, self._most, self._weigh = seconds, most, weigh
        self._lock = threading.Lock()
        self._kept: dict[object, tuple[float, Future[T]]] = {}

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of `key`. Raises what `make` raises."""
        now = time.monotonic()
        with self._lock:
            found = self._kept.get(key)
            mine = found is None or (now - found[0] > self._seconds() and found[1].done())
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

    def has(self, key: object) -> bool:
        """Whether there is a value of `key`."""
        with self._lock:
            found = self._kept.get(key)
        return found is not None and found[1].done() and not found[1].exception()

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


class Key(NamedTuple):
    """What an answer is of: with all sections, or those named."""

    report: str
    parameters: tuple[tuple[str, str], ...]
    position: int
    sections: tuple[str, ...]


Stand = tuple[int, datetime | None]


class KeptReports(Reports):
    """The reports of one process that serves."""

    def __init__(
        self, dsn: str, programmes: Mapping[str, Programme], services: ServicesOfReports | None = None
    ) -> None:
        super().__init__(dsn, programmes, services, serving=True)
        self._spent, self._spent_at = 0.0, time.monotonic()
        self._spending = threading.Lock()
        self._answers: Once[Answer] = Once(
            lambda: inf, KEPT_ROWS, lambda one: 50 + sum(len(table.rows) for table in one.tables)
        )
        self._stands: Once[Stand] = Once(self.fresh_seconds, KEPT_STANDS, lambda _: 1)

    def share(self, seconds: float = 0.0) -> float:
        """Which share of the time of late was spent on reading; `seconds` more are."""
        with self._spending:
            now = time.monotonic()
            self._spent = self._spent * exp((self._spent_at - now) / OF_LATE_SECONDS) + seconds
            self._spent_at = now
            return self._spent / OF_LATE_SECONDS

    def fresh_seconds(self) -> float:
        """How old "now" may be at this moment."""
        return OLDEST_SECONDS if self.share() > SHARE else 0.0

    def stands(self, as_of: str = "") -> Stand:
        """The log position that every report can be asked for at `as_of`; "now" is of some moments ago."""
        return self._stands.get(("", as_of), lambda: super(KeptReports, self).stands(as_of))

    def answer(self, request: Request, now: datetime, sections: Collection[str] = ()) -> Answer:
        """The report, read at the position that `request.as_of` means, unless that was read before."""
        report = find_report(request.report)
        parameters = self._parameters(report, request, now)
        self._scope(report, parameters, 0)  # what can't be asked for is refused before anything is read
        position, _ = self._stands.get((report.id, request.as_of), lambda: self.stand(report, request.as_of))
        exactly = replace(request, parameters=parameters, as_of=str(position))
        named = tuple(one.id for one in report.sections if one.id in sections)
        whole = Key(report.id, tuple(parameters.items()), position, ())
        key = (
            whole
            if self._answers.has(whole) or len(named) in (0, len(report.sections))
            else whole._replace(sections=named)
        )

        def read() -> Answer:
            begun = time.monotonic()
            answer = super(KeptReports, self).answer(exactly, now, key.sections)
            self.share(time.monotonic() - begun)
            return answer

        answer = self._answers.get(key, read)
        if not sections:
            return answer
        tables: list[Table] = [one for one in answer.tables if one.section.id in sections]
        return replace(answer, tables=tables)

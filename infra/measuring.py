"""Counting what a process of the API does, in memory, and telling the log every five minutes and at the end (R29, R32).

On a request's way nothing happens but a number that grows; a crash loses at most five minutes (docs/adr/0017).
"""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

import structlog

from domain.ports import LogConflict
from domain.serving import LATENCY_STEPS, Counted, Measurement

SPAN_SECONDS = 300
_BOUNDS = tuple(step / 1000 for step in LATENCY_STEPS)
_LAST = len(_BOUNDS)  # the place of what took longer than any step
# What a route's path begins with, and whose requests it is for; the first that fits.
_KINDS = (
    ("/v1/vouchers", "counter"),
    ("/v1/redemptions", "counter"),
    *(
        (path, "terminals")
        for path in ("/v1/terminals", "/v1/goods", "/v1/prices", "/v1/sales", "/v1/qr-keys", "/till")
    ),
    ("/w/", "wallet"),
    ("/v1/sms", "sms"),
    *((path, "office") for path in ("/office", "/v1/staff")),
    *(
        (path, "requests")
        for path in ("/v1/cases", "/v1/services", "/v1/sittings", "/v1/papers", "/v1/discussions")
    ),
    *((path, "requests") for path in ("/apply", "/c/", "/v/", "/V/", "/discussions")),
    *((path, "analysts") for path in ("/analytics", "/v1/access", "/v1/reports", "/v1/seals")),
    *((path, "operators") for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/schemas")),
)
COUNTER = "counter"

log = structlog.get_logger("azyq")


def kind_of(route: str) -> str:
    """Whose requests a route is for: counter, terminals, wallet, sms, office, requests, analysts, operators, other."""
    return next((kind for path, kind in _KINDS if route.startswith(path)), "other")


class Series(NamedTuple):
    """The requests of one method, route and status: how many took up to each step, and their seconds in all."""

    steps: list[int]
    seconds: list[float]  # one number


class Counts:
    """What a process counted since it began. `observe` is for the thread of the event loop alone, the others for any."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, int], Series] = {}
        self._refusals: Counter[str] = Counter()
        self._by_shop: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `route` is the pattern of its path."""
        series = self._series.get((method, route, status))
        if series is None:  # methods, routes and statuses are few
            series = self._series[method, route, status] = Series([0] * (_LAST + 1), [0.0])
        series.steps[bisect_left(_BOUNDS, seconds)] += 1
        series.seconds[0] += seconds

    def refused(self, route: str, code: str) -> None:
        """A request was refused; those at the counter are counted by code."""
        if kind_of(route) == COUNTER:
            with self._lock:
                self._refusals[code] += 1

    def refused_at(self, shop: str, code: str) -> None:
        """What a terminal of the shop asked for was refused."""
        with self._lock:
            self._by_shop[shop, code] += 1

    def series(self) -> Iterator[tuple[tuple[str, str, int], Series]]:
        """Every series as it stands, by method, route and status."""
        for key, series in list(self._series.items()):
            yield key, Series(series.steps.copy(), series.seconds.copy())

    def total(self) -> Total:
        """All of it, as it stands."""
        total = Total(Counter(), Counter(), Counter(), Counter())
        for (_, route, status), series in self.series():
            kind = kind_of(route)
            for step, count in enumerate(series.steps):
                if count:
                    total.latency[kind, min(step, _LAST - 1)] += count
            if status >= 400:
                total.errors[kind, status >= 500] += sum(series.steps)
        with self._lock:
            total.refusals.update(self._refusals)
            total.by_shop.update(self._by_shop)
        return total


class Total(NamedTuple):
    """Counts that only grow: by kind and step, by kind and whether it failed, by code, by shop and code."""

    latency: Counter[tuple[str, int]]
    errors: Counter[tuple[str, bool]]
    refusals: Counter[str]
    by_shop: Counter[tuple[str, str]]

    def since(self, before: Total) -> Counted:
        """What was added since."""
        added = Total(*(now - then for now, then in zip(self, before, strict=True)))  # type: ignore[operator]
        latency: dict[str, list[int]] = {}
        errors: dict[str, tuple[int, int]] = {}
        by_shop: dict[str, dict[str, int]] = {}
        for (kind, step), count in added.latency.items():
            latency.setdefault(kind, [0] * _LAST)[step] = count
        for kind in {kind for kind, _ in added.errors}:
            errors[kind] = added.errors[kind, False], added.errors[kind, True]
        for (shop, code), count in added.by_shop.items():
            by_shop.setdefault(shop, {})[code] = count
        return Counted(latency, errors, added.refusals, by_shop)


NOTHING = Total(Counter(), Counter(), Counter(), Counter())


class Saves(Protocol):
    """The log, as far as it is needed here."""

    def save(self, measurement: Measurement, /) -> None: ...


class Measuring:
    """Tells the log what was counted: every five minutes of the clock, and once more at the end.

    What can't be told is kept and told later, once: its stream is named after the process and the span's number.
    """

    def __init__(
        self, counts: Counts, log: Saves, clock: Callable[[], datetime], parked: Callable[[], int]
    ) -> None:
        """`parked`: how much is parked now; it may raise where the database is away."""
        self._counts, self._log, self._clock, self._parked = counts, log, clock, parked
        self._process = secrets.token_hex(8)
        self._number = 0
        self._since = clock()
        self._told = NOTHING
        self._known_parked = 0
        self._untold: list[Mapping[str, object]] = []
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Measure at each fifth minute until `stop`; the last span is left to `measure`."""
        while not stop.wait(SPAN_SECONDS - self._clock().timestamp() % SPAN_SECONDS):
            self.measure()

    def measure(self) -> bool:
        """End the span, and tell the log; whether everything is told."""
        with self._lock:
            self._end_span()
            while self._untold:
                try:
                    self._log.save(Measurement.of(**self._untold[0]))  # type: ignore[arg-type]
                except LogConflict:
                    pass  # it was told, and the answer was lost
                except Exception as error:
                    log.warning("measurement_untold", error=type(error).__name__, spans=len(self._untold))
                    return False
                del self._untold[0]
            return True

    def _end_span(self) -> None:
        try:
            self._known_parked = self._parked()
        except Exception as error:
            log.warning("parked_unknown", error=type(error).__name__)
        now, total = self._clock(), self._counts.total()
        self._number += 1
        self._untold.append(
            {
                "process": self._process,
                "number": self._number,
                "from_at": self._since,
                "upto_at": now,
                "counted": total.since(self._told),
                "parked": self._known_parked,
            }
        )
        self._since, self._told = now, total

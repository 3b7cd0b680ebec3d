"""`/metrics`: the chain log → Kafka → views and the HTTP face itself, in Prometheus' text format."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple, Protocol

import structlog
from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.serving import LATENCY_STEPS
from infra.api.counter.often import Observer
from infra.chain import Chain
from infra.measuring import Counts

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

log = structlog.get_logger(__name__)


class Watched(Protocol):
    """What is measured; called from worker threads. `kafka`: whether the views are fed through it."""

    kafka: bool

    def chain(self) -> Chain:
        """Where each link stands now. May raise when the database is away."""
        ...

    def age(self, position: int) -> float:
        """Seconds since the log went beyond `position`."""
        ...

    def audited(self) -> Audited | None:
        """The last audit; None before the first one."""
        ...


class Audited(NamedTuple):
    """The last audit: seconds since it ended, and how much it found."""

    seconds: float
    findings: int


class ChainCollector(Collector):
    """The chain as gauges, read at each scrape; without a database only `azyq_up 0`."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched

    def collect(self) -> Iterator[Metric]:
        """One family of gauges after another."""
        try:
            chain, audited = self._watched.chain(), self._watched.audited()
        except Exception as error:
            log.warning("chain_unreadable", error=type(error).__name__)
            yield GaugeMetricFamily("azyq_up", "Whether the database answers", 0)
            return
        yield GaugeMetricFamily("azyq_up", "Whether the database answers", 1)
        yield GaugeMetricFamily("azyq_log_position", "Position of the log's last event", chain.head)
        yield from self._publisher(chain)
        yield from self._views(chain)
        sms = GaugeMetricFamily("azyq_sms_due", "SMS in the queue, by state", labels=["state"])
        for state in ("waiting", "sending"):
            sms.add_metric([state], chain.sms_due.get(state, 0))
        yield sms
        if audited is not None:
            yield GaugeMetricFamily(
                "azyq_audit_findings", "What the last audit found; 0: all holds", audited.findings
            )
            yield GaugeMetricFamily(
                "azyq_audit_age_seconds", "Seconds since the last audit ended", audited.seconds
            )

    def _publisher(self, chain: Chain) -> Iterator[Metric]:
        if chain.published is None and not self._watched.kafka:
            return
        # A publisher that never started is as far behind as can be.
        position = chain.published.position if chain.published else 0
        active = chain.published is not None and chain.published.active
        yield GaugeMetricFamily(
            "azyq_publisher_position", "Log position up to which Kafka acknowledged", position
        )
        yield GaugeMetricFamily(
            "azyq_publisher_lag_events", "Log positions not yet published", max(0, chain.head - position)
        )
        yield GaugeMetricFamily(
            "azyq_publisher_lag_seconds",
            "Age of the first event not yet published",
            self._watched.age(position),
        )
        yield GaugeMetricFamily("azyq_publisher_active", "Whether a publisher is at work", int(active))

    def _views(self, chain: Chain) -> Iterator[Metric]:
        families = {
            "azyq_view_position": "Log position up to which a view holds everything",
            "azyq_view_lag_events": "Log positions that a view does not hold yet",
            "azyq_view_lag_seconds": "Age of the first event that a view does not hold yet, from the log to the view",
            "azyq_view_outdated": "Whether a view waits for its rebuild",
            "azyq_parked_events": "Events a view could not take in, open",
        }
        gauges = {name: GaugeMetricFamily(name, text, labels=["view"]) for name, text in families.items()}
        for place in chain.views:
            values = (
                place.position,
                place.behind,
                self._watched.age(place.position) if place.behind else 0.0,
                int(place.outdated),
                place.parked,
            )
            for gauge, value in zip(gauges.values(), values, strict=True):
                gauge.add_metric([place.view], value)
        yield from gauges.values()
        yield GaugeMetricFamily(
            "azyq_parked_messages", "Kafka messages that could not be read, open", chain.parked_messages
        )


class Requests:
    """Times every request by method, route and status; the route's pattern, never the address, which may hold a token."""

    def __init__(self, app: ASGIApp, observe: Observer) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._observe(method, route, status, time.perf_counter() - started)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestsCollector(Collector):
    """The requests by method, route and status, as a histogram of what the process counted."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """One histogram."""
        found = HistogramMetricFamily(
            "azyq_http_request_seconds",
            "Time to answer, by method, route and status",
            labels=["method", "route", "status"],
        )
        for (method, route, status), series in self._counts.series():
            reached = list(accumulate(series.steps))
            buckets = [(str(step / 1000), count) for step, count in zip(LATENCY_STEPS, reached, strict=False)]
            found.add_metric(
                [method, route, str(status)], [*buckets, ("+Inf", reached[-1])], sum_value=series.seconds[0]
            )
        yield found


def new_registry(watched: Watched, counts: Counts) -> CollectorRegistry:
    """A registry over the process, the chain and the requests."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(ChainCollector(watched))
    registry.register(RequestsCollector(counts))
    return registry


def metrics_router(registry: CollectorRegistry) -> APIRouter:
    """GET /metrics."""
    router = APIRouter(tags=["operators"])

    @router.get("/metrics", response_class=Response, summary="Measures, in Prometheus' text format")
    async def metrics() -> Response:
        return Response(await run_in_threadpool(generate_latest, registry), media_type=MEDIA_TYPE)

    return router

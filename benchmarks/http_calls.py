"""Calls over HTTP from threads of this process, each on a connection of its own: what they took. Only 127.0.0.1."""

from __future__ import annotations

import http.client
import statistics
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is to be answered by a status below 300."""

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def measure(port: int, calls: Sequence[Call], clients: int = 1) -> dict[str, Any]:
    """Median and 99th percentile in milliseconds, calls a second, and what was answered otherwise, by its beginning."""
    took: list[float] = []
    wrong: Counter[str] = Counter()
    waiting = list(reversed(calls))

    def client() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        while True:
            try:
                call = waiting.pop()
            except IndexError:
                break
            begun = time.perf_counter()
            connection.request(call.method, call.path, call.body or None, dict(call.headers))
            answer = connection.getresponse()
            content = answer.read()
            took.append(time.perf_counter() - begun)
            if answer.status >= 300:
                wrong[f"{answer.status} {content[:80]!r}"] += 1
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    return {**spread(took), "per_second": len(took) / seconds, "clients": clients, "errors": dict(wrong)}


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return {
        "median_ms": statistics.median(ordered) * 1000,
        "p99_ms": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000,
        "calls": len(ordered),
    }

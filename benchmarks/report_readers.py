"""Analysts reading at once: `python -m benchmarks.report_readers PORT READERS THINK`, until its standard input ends.

Each opens a page, takes THINK seconds on average to look at it, opens the next: the dashboard, of several regions and
days, and the tables and files behind its figures. Prints `reading` once everybody reads, and figures at the end.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter
from random import Random
from typing import Any

MONTH = "2025-07"
PAGES = (
    *(f"/analytics?month={MONTH}&lang={language}" for language in ("kk", "ru", "en", "ru")),
    f"/analytics?month={MONTH}&region=11&lang=ru",
    f"/analytics?month={MONTH}&on=2025-07-06&lang=ru",
    f"/analytics/rows/month/regions?month={MONTH}&lang=ru",
    f"/analytics/rows/goods/articles?month={MONTH}&lang=kk",
    f"/analytics/rows/reconciliation/days?month={MONTH}&lang=ru",
    f"/analytics/rows/pilot/vouchers?month={MONTH}&lang=ru",
    f"/analytics/rows/month/sizes/file?month={MONTH}&form=xlsx&lang=ru",
    f"/analytics/rows/goods/articles/file?month={MONTH}&form=csv&lang=ru",
)
WARM_UP_SECONDS = 4.0


class Readers:
    """So many, each with a connection of its own."""

    def __init__(self, port: int, readers: int, think: float) -> None:
        self._port, self._readers, self._think = port, readers, think
        self._begun = time.monotonic()
        self._warm = self._begun + WARM_UP_SECONDS
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._took: list[float] = []
        self._statuses: Counter[str] = Counter()

    def go(self) -> dict[str, Any]:
        """Read until standard input ends."""
        threads = [threading.Thread(target=self._read, args=(number,)) for number in range(self._readers)]
        for thread in threads:
            thread.start()
        time.sleep(WARM_UP_SECONDS)
        print("reading", flush=True)
        sys.stdin.read()
        self._over.set()
        for thread in threads:
            thread.join()
        took = sorted(self._took)
        return {
            "readers": self._readers,
            "think_seconds": self._think,
            "pages": len(took),
            "p50_ms": round(took[len(took) // 2] * 1000) if took else 0,
            "p95_ms": round(took[int(len(took) * 0.95)] * 1000) if took else 0,
            "statuses": dict(self._statuses),
        }

    def _read(self, number: int) -> None:
        rng = Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        time.sleep(rng.uniform(0, WARM_UP_SECONDS / 2))
        while not self._over.is_set():
            begun = time.monotonic()
            page = rng.choice(PAGES)
            try:
                status = _asked(connection, page)
            except (OSError, http.client.HTTPException):
                # As a browser does where the server has let go of an idle connection.
                connection.close()
                try:
                    status = _asked(connection, page)
                except (OSError, http.client.HTTPException) as error:
                    status = type(error).__name__
                    connection.close()
            now = time.monotonic()
            if begun >= self._warm:
                with self._lock:
                    self._took.append(now - begun)
                    self._statuses[status] += 1
            self._over.wait(rng.expovariate(1 / self._think))
        connection.close()


def _asked(connection: http.client.HTTPConnection, page: str) -> str:
    connection.request("GET", page)
    answer = connection.getresponse()
    answer.read()
    return str(answer.status)


def main() -> None:
    port, readers, think = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    json.dump(Readers(port, readers, think).go(), sys.stdout)


if __name__ == "__main__":
    main()

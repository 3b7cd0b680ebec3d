"""Many callers at once: an API's connections to PostgreSQL stay fewer than it has, and nobody is told to come again."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.integration.month_in_process import query
from tests.integration.served_site import Site, eventually

CALLERS = 60
PATHS = (
    *("/office/sign-in", "/office", "/analytics", "/apply", "/c/abc", "/w/abc", "/till"),
    *("/v1/reports/month", "/metrics", "/readyz", "/v1/services"),
)


def connections(dsn: str) -> int:
    return int(query(dsn, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")[0][0])


def test_sixty_callers_at_once_leave_connections_for_others(site: Site) -> None:
    serve = site.start("serve")
    address = serve.address
    # given that whoever answers analysts is there, too
    eventually(lambda: httpx.get(f"{address}/analytics", timeout=60, trust_env=False).status_code == 200)

    def call(caller: int) -> Counter[tuple[str, int]]:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
            paths = [PATHS[(caller + number) % len(PATHS)] for number in range(len(PATHS))]
            return Counter((path, http.get(path).status_code) for path in paths)

    with ThreadPoolExecutor(CALLERS) as pool:
        heard: Counter[tuple[str, int]] = sum(pool.map(call, range(CALLERS)), Counter())
    assert sum(count for (_, status), count in heard.items() if status == 200) > 100
    # a guesser is slowed down (429); nobody hears that there is no database (503)
    unavailable = {path: count for (path, status), count in heard.items() if status >= 500}
    assert unavailable == {}, [line for line in serve.raw if "not_" in line]
    # and those that ended are told to the server when it comes to them
    eventually(lambda: connections(site.dsn) <= 80)

"""The CRUD application as a side of the comparison."""

from __future__ import annotations

import os
import sys
from random import Random
from typing import Any

from benchmarks.counter.plan import MEMBERS, NOW, SPAN, TERMINALS_A_SHOP, Plan, some_families
from benchmarks.counter.processes import Servers, free_port
from benchmarks.crud.tables import fill, terminal_key
from domain.calendar import local_day
from domain.goods import load_goods
from infra.settings import ROOT

AMOUNT_TIYN = 393_200
THREADS = 8


class CrudSide:
    """`benchmarks.crud.app`, by uvicorn, a process a port."""

    name = "CRUD"

    def __init__(self, dsn: str, plan: Plan, threads: int = THREADS) -> None:
        self._dsn = dsn
        self._plan = plan
        self._threads = threads
        self._servers = Servers(plan.folder / "crud.log")
        self._rng = Random(2)
        self._terminals = [(shop, f"{shop}-{n}") for n in range(TERMINALS_A_SHOP) for shop in plan.shops]
        self._codes: list[str] = []

    def fill(self) -> None:
        """Make the tables and fill them."""
        goods = load_goods((ROOT / "goods" / "goods-list.csv").read_text(encoding="utf-8")).on(local_day(NOW))
        self._codes = fill(
            self._dsn,
            self._plan.folder,
            families=self._plan.families,
            members=MEMBERS,
            amount_tiyn=AMOUNT_TIYN,
            goods=(goods.version, goods.positions),
            span=SPAN,
            terminals=self._terminals,
        )

    def start(self, workers: int) -> list[int]:
        ports = []
        for _ in range(workers):
            port = free_port()
            environment = {
                **os.environ,
                "CRUD_DSN": self._dsn,
                "CRUD_THREADS": str(self._threads),
                "CRUD_DAY": local_day(NOW).isoformat(),
            }
            arguments = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
            command = [sys.executable, "-m", "uvicorn", "benchmarks.crud.app:app", *arguments]
            self._servers.start(command, environment, port)
            ports.append(port)
        return ports

    def stop(self) -> None:
        self._servers.stop()

    def pids(self) -> list[int]:
        return self._servers.pids()

    def tills(self) -> list[dict[str, Any]]:
        return [
            {"key": terminal_key(name), "baskets": self._plan.baskets[shop]} for shop, name in self._terminals
        ]

    def codes(self, call: str, wanted: int) -> tuple[list[str], bool]:
        del call
        return [self._codes[n] for n in some_families(len(self._codes), wanted, self._rng)], True

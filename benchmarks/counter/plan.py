"""What both sides are given: shops, terminals, baskets of five lines, families, and the month they live in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Protocol

from benchmarks.price_book import PriceBook
from domain.calendar import ALMATY
from infra.sample import write_sample

PROGRAMME, MONTH, KATO = "akkol-2025", "2025-07", "113220100"
NOW = datetime(2025, 7, 10, 12, tzinfo=ALMATY)
SPAN = ("2025-07-05", "2025-07-31")
MEMBERS = 4
LINES = 5
TERMINALS_A_SHOP = 50
BASKETS = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """A run's data: `folder` has the sample's files; `shops` are those that can sell five articles."""

    folder: Path
    families: int
    shops: list[str]
    baskets: dict[str, list[str]]  # by shop: the lines as JSON


class Side(Protocol):
    """One of the two, ready to be driven."""

    name: str

    def start(self, workers: int) -> list[int]:
        """Start so many processes; their ports, each answering."""
        ...

    def stop(self) -> None:
        """End the processes."""
        ...

    def pids(self) -> list[int]:
        """The processes that answer."""
        ...

    def tills(self) -> list[dict[str, Any]]:
        """Keys and baskets for the clients."""
        ...

    def codes(self, call: str, wanted: int) -> tuple[list[str], bool]:
        """Codes of families drawn at random, and whether they can be used again from the beginning."""
        ...


def make_plan(folder: Path, families: int) -> Plan:
    """Write the sample's shops, articles and prices into `folder`, and make baskets from them."""
    write_sample(folder, families=1, seed=1, month=MONTH, kato=[KATO])
    book = PriceBook.from_files(folder)
    shops = book.shops()
    rng = Random(1)
    return Plan(
        folder, families, shops, {shop: [_basket(book, shop, rng) for _ in range(BASKETS)] for shop in shops}
    )


def _basket(book: PriceBook, shop: str, rng: Random) -> str:
    """Five articles of the shop a little below the cap, so that a month's voucher lasts for many of them."""
    prices = book.of(shop, book.assortment(shop), NOW)
    lines = []
    for gtin in rng.sample(sorted(prices), LINES):
        price = prices[gtin]
        cap = price.base_price_tiyn * 9 // 10 if price.source == "farm" else price.base_price_tiyn
        asked = cap - rng.randrange(10)
        lines.append(
            {
                "gtin": gtin,
                "quantity": rng.choice(("1", "2", "3", "0.5", "1.25")),
                "shelf_price_tiyn": asked + rng.randrange(10, 60),
                "price_tiyn": asked,
            }
        )
    return json.dumps(lines, separators=(",", ":"))


def some_families(count: int, wanted: int, rng: Random) -> list[int]:
    """`wanted` numbers below `count` in random order, none twice before all were there."""
    numbers: list[int] = []
    while len(numbers) < wanted:
        numbers += rng.sample(range(count), min(count, wanted - len(numbers)))
    return numbers

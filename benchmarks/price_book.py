"""Prices from the files of contract.md: articles, the shops' purchase prices, the official market prices (R13)."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from domain.basket import ArticlePrice
from domain.calendar import local_day
from domain.money import tiyn_from_kzt


class PriceBook:
    """The price in force on a day, by shop and article; history kept."""

    def __init__(
        self,
        positions: Mapping[str, int],
        purchase: Mapping[tuple[str, str], list[tuple[date, int, str]]],
        market: Mapping[tuple[int, str], list[tuple[date, int]]],
        kato: Mapping[str, str],
    ) -> None:
        """`positions` by GTIN; `purchase` by shop and GTIN; `market` by position and KATO; `kato` by shop."""
        self.positions = dict(positions)
        self._purchase = {key: sorted(history) for key, history in purchase.items()}
        self._market = {key: sorted(history) for key, history in market.items()}
        self._kato = dict(kato)

    @classmethod
    def from_files(cls, folder: Path) -> PriceBook:
        """Read shops.csv, articles.csv, prices.csv and market.csv of `folder`. Raises ValueError, KeyError."""
        purchase: dict[tuple[str, str], list[tuple[date, int, str]]] = defaultdict(list)
        for row in _rows(folder / "prices.csv"):
            entry = (
                date.fromisoformat(row["valid_from"]),
                tiyn_from_kzt(row["purchase_price"]),
                row["source"],
            )
            purchase[row["shop_id"], row["gtin"]].append(entry)
        market: dict[tuple[int, str], list[tuple[date, int]]] = defaultdict(list)
        for row in _rows(folder / "market.csv"):
            price = (date.fromisoformat(row["valid_from"]), tiyn_from_kzt(row["market_price"]))
            market[int(row["position"]), row["kato"]].append(price)
        return cls(
            {row["gtin"]: int(row["position"]) for row in _rows(folder / "articles.csv")},
            purchase,
            market,
            {row["shop_id"]: row["kato"] for row in _rows(folder / "shops.csv")},
        )

    def shops(self) -> list[str]:
        """The shops that have prices."""
        return sorted({shop for shop, _ in self._purchase})

    def assortment(self, shop: str) -> list[str]:
        """The articles a shop has prices for."""
        return sorted(gtin for s, gtin in self._purchase if s == shop)

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> dict[str, ArticlePrice]:
        """The price in force at `at` of each article the shop has one for."""
        day = local_day(at)
        found = {}
        for gtin in gtins:
            history = self._purchase.get((shop, gtin), [])
            index = bisect_right(history, day, key=lambda entry: entry[0]) - 1
            if index < 0 or gtin not in self.positions:
                continue
            _, price, source = history[index]
            position = self.positions[gtin]
            if source == "farm":
                official = self._market.get((position, self._kato[shop]), [])
                index = bisect_right(official, day, key=lambda entry: entry[0]) - 1
                if index < 0:
                    continue
                price = official[index][1]
            found[gtin] = ArticlePrice(position, source, price)
        return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)

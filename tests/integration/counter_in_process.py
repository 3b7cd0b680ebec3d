"""A counter behind real HTTP calls: families with open vouchers, shops with prices, terminals that were enrolled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from domain.trade.catalogue import Article, Catalogue
from domain.trade.shop import Shop, ShopFacts
from infra.parts.api import Replies
from infra.parts.counter.tills import Tills, terminals
from infra.parts.http_face import create_app
from tests.integration.month_in_process import AKKOL, Household, Month, Town, a_month

RICE, MILK, SUGAR = "4870000000017", "4870000000024", "4870000000031"
VODKA, LAMP = "4870000000048", "4870000000055"  # not on the list; of no catalogue
POSITIONS = {RICE: 5, MILK: 15, SUGAR: 11}
COST = {RICE: 45_000, MILK: 40_000, SUGAR: 48_000, VODKA: 90_000}
SHELF = {RICE: 52_000, MILK: 45_500, SUGAR: 55_300, VODKA: 120_000, LAMP: 10_000}
AKKOL_KATO, ELSEWHERE = "113220100", "751110000"


def line(article: str = RICE, quantity: Any = "1", /, **changed: Any) -> dict[str, Any]:
    """A line as a till sends it, at the shop's cost."""
    price = {"shelf_price_tiyn": SHELF[article], "price_tiyn": COST.get(article, SHELF[article])}
    return {"gtin": article, "quantity": quantity, **price, **changed}


@dataclass
class Till:
    """A terminal of one shop, speaking HTTP."""

    client: TestClient
    shop: str
    terminal: str
    key: str
    code: str = ""
    _asked: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Response:
        if key is not None:
            headers["Idempotency-Key"] = key
        answer: Response = self.client.post(path, json=body, headers=self.headers | headers)
        return answer

    def get(self, path: str, **params: str) -> Response:
        answer: Response = self.client.get(path, params=params, headers=self.headers)
        return answer

    def check(self, code: str) -> Response:
        return self.post("/v1/vouchers/check", {"code": code})

    def basket(self, code: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A body with a receipt of its own."""
        self._asked += 1
        asked = {"code": code, "receipt": f"{self.terminal}-{self._asked}", "cashier": "7"}
        return {**asked, "lines": list(lines) or [line()], **more}

    def buy(self, code: str, *lines: dict[str, Any], key: str | None = None, **more: Any) -> Response:
        body = self.basket(code, *lines, **more)
        return self.post("/v1/redemptions", body, key or f"k-{body['receipt']}")

    def settle(self, redemption: str, how: str, key: str) -> Response:
        return self.post(f"/v1/redemptions/{redemption}/{how}", {}, key)

    def bring_back(self, redemption: str, *lines: tuple[int, str], key: str) -> Response:
        asked = [{"line": number, "quantity": quantity} for number, quantity in lines]
        body = {"reason": "returned", **({"lines": asked} if lines else {})}
        return self.post(f"/v1/redemptions/{redemption}/reversals", body, key)


@dataclass
class Counter:
    """The month, the application and what it takes to call it."""

    month: Month
    tills: Tills
    app: FastAPI
    client: TestClient
    streams: list[UUID] = field(default_factory=list)

    def code(self, stream: UUID | None = None, at: datetime | None = None) -> str:
        """The QR's code of a family, by default the first one's of this moment."""
        return self.tills.qr_keys.sign(stream or self.streams[0], at or self.month.clock()).text

    def later(self, **passed: float) -> datetime:
        """So much time goes by."""
        self.month.clock.now = self.month.clock.now + timedelta(**passed)
        return self.month.clock.now

    def till(self, shop: str = "S001") -> Till:
        """A terminal that is enrolled now."""
        invited = terminals(self.month.azyq).invite(shop, self.month.clock())
        answer = self.client.post("/v1/terminals/enrol", json={"code": invited.code})
        assert answer.status_code == 201, answer.text
        return Till(self.client, shop, answer.json()["terminal_id"], answer.json()["key"])

    def topics(self) -> dict[str, int]:
        return dict(self.month.counted())

    def available(self, stream: UUID | None = None) -> int:
        asked = stream or self.streams[0]
        return int(self.month.azyq.log.load([asked])[asked].available_tiyn)


def stock(month: Month, shops: dict[str, str]) -> None:
    """Shops by KATO, with the articles and what they cost."""
    at = month.at(1, 8)
    catalogue = Catalogue.begin(at)
    listed = [Article(gtin, gtin, position, "kg") for gtin, position in POSITIONS.items()]
    catalogue.list_articles(month.azyq.goods.on(at.date()).version, listed, at)
    found = []
    for shop, kato in shops.items():
        one = Shop.join(shop, ShopFacts(shop, "", "", kato, "", "2025-01-01"), at)
        one.set_prices("2025-01-01", [(gtin, "trade", cost) for gtin, cost in COST.items()], at)
        found.append(one)
    month.azyq.log.save(catalogue, *found)


def open_vouchers(month: Month, homes: Sequence[Household]) -> list[UUID]:
    """The households said yes and opened their vouchers, on the 6th."""
    month.asked(*homes)
    month.at(6)
    for number, home in enumerate(homes):
        assert month.reply(home.phone, "21*1", f"yes-{number}") == "consented"
        month.azyq.use_wallet.activate(month.stream(home), month.clock())
    return [month.stream(home) for home in homes]


@contextmanager
def a_counter(
    database: str, folder: Path, families: int = 1, size: int = 1, programme: str = AKKOL, **settings: Any
) -> Iterator[Counter]:
    """A counter at noon of the 6th."""
    settings = {"AZYQ_TERMINAL_PER_SECOND": 1e6, **settings}
    with a_month(database, folder, programme, **settings) as month:
        stock(month, {"S001": AKKOL_KATO, "S002": AKKOL_KATO, "FAR": ELSEWHERE})
        streams = open_vouchers(month, Town().households(families, size))
        month.at(6, 12)
        tills = Tills(month.azyq)
        app = create_app(Replies(month.azyq, lambda: None), counter=tills)
        try:
            yield Counter(month, tills, app, TestClient(app), streams)
        finally:
            assert tills.lanes.close()

"""A wallet behind real pages: one family of a real month, served in the test's own process, its clock ticking."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from domain.basket import ArticlePrice, BasketLine, price_basket
from domain.purchase import Redemption
from domain.trade.catalogue import Article, Catalogue
from domain.trade.shop import Shop, ShopFacts
from infra.clock import SetClock
from infra.parts.api import Replies, listen
from infra.parts.cases.pages import CasePages
from infra.parts.counter.wallet import Wallet
from infra.parts.http_face import create_app
from tests.integration.month_in_process import AKKOL, Household, Month, Town, a_month

RICE, MILK, SUGAR = "4870000000017", "4870000000024", "4870000000031"
PRICES = {
    RICE: ArticlePrice(5, "trade", 45_000),
    MILK: ArticlePrice(15, "trade", 40_000),
    SUGAR: ArticlePrice(11, "trade", 48_000),
}
SHELF = {RICE: 52_000, MILK: 45_500, SUGAR: 55_300}


class TickingClock(SetClock):
    """Shows what it was set to, and ticks on."""

    def __init__(self, now: datetime) -> None:
        self._set_to, self._set_at = now, time.monotonic()

    @property
    def now(self) -> datetime:
        return self._set_to + timedelta(seconds=time.monotonic() - self._set_at)

    @now.setter
    def now(self, now: datetime) -> None:
        self._set_to, self._set_at = now, time.monotonic()

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Site:
    """A month with one family that said yes, one that has said nothing yet, and the pages over it."""

    month: Month
    household: Household
    silent: Household
    token: str
    app: FastAPI
    address: str = ""
    _bought: int = 0

    @property
    def path(self) -> str:
        return f"/w/{self.token}"

    @property
    def url(self) -> str:
        return self.address + self.path

    def topics(self) -> list[str]:
        return self.month.topics(self.household)

    def family(self) -> Any:
        return self.month.family(self.household)

    def activate(self) -> None:
        self.month.azyq.use_wallet.activate(self.month.stream(self.household), self.month.clock())

    def buy(self, *articles: tuple[str, str], capture: bool = True, shop: str = "S001") -> Redemption:
        """A purchase at the till, now."""
        self._bought += 1
        family, name = self.family(), f"{self._bought:032x}"
        lines = [
            BasketLine(gtin, Decimal(q), SHELF[gtin], PRICES[gtin].base_price_tiyn) for gtin, q in articles
        ]
        now = self.month.clock()
        goods = self.month.azyq.goods.on(now.date())
        basket = price_basket(lines, PRICES, goods, self.month.month.terms)
        bought = family.redeem(
            self.month.month,
            redemption=name,
            shop=shop,
            terminal="t1",
            cashier="c1",
            receipt=name,
            key=name,
            body=name,
            basket=basket,
            draw_tiyn=None,
            capture=capture,
            at=now,
        )
        self.month.azyq.log.save(family)
        assert isinstance(bought, Redemption)
        return bought

    def bring_back(self, redemption: Redemption, *lines: tuple[int, str]) -> None:
        """Goods come back, all or some."""
        family = self.family()
        family.reverse(
            self.month.month,
            redemption=redemption.id,
            reversal="f" * 32,
            key="back",
            body="back",
            lines=lines or None,
            reason="returned",
            at=self.month.clock(),
        )
        self.month.azyq.log.save(family)


def stock(month: Month) -> None:
    """Three shops: two in the town, one elsewhere; the second buys cheaper."""
    at = month.clock()
    catalogue = Catalogue.begin(at)
    goods = month.azyq.goods.on(month.month.valid_from).version
    names = {RICE: "Күріш «Ақмаржан»", MILK: "Айран 2,5 %", SUGAR: "Қант, қапта"}
    articles = [
        Article(RICE, names[RICE], 5, "kg"),
        Article(MILK, names[MILK], 15, "l"),
        Article(SUGAR, names[SUGAR], 10, "piece"),
    ]
    catalogue.list_articles(goods, articles, at)
    shops = []
    for shop, name, kato, address, percent in (
        ("S001", "«Береке» дүкені", "113220100", "Ақкөл қ., Нұрмағамбетов к., 12", 100),
        ("S002", "Магазин «Достык»", "113220100", "г. Акколь, ул. Бегельдинова, 5", 90),
        ("FAR", "Алыстағы", "751110000", "Алматы", 10),
    ):
        one = Shop.join(shop, ShopFacts(name, "", "", kato, address, "2025-01-01"), at)
        prices = [(gtin, "trade", price.base_price_tiyn * percent // 100) for gtin, price in PRICES.items()]
        one.set_prices("2025-07-01", prices, at)
        shops.append(one)
    month.azyq.log.save(catalogue, *shops)
    month.azyq.catch_up_views()


@contextmanager
def a_site(
    database: str, folder: Path, size: int = 3, ticking: bool = False, programme: str = AKKOL, first: int = 5
) -> Iterator[Site]:
    """A site on the second day after the first SMS; served at `address` when `ticking`."""
    with a_month(database, folder, programme, "2025-07" if programme == AKKOL else "2025-10") as month:
        if ticking:
            clock = TickingClock(month.clock.now)
            month.clock = month.azyq.clock = clock
        stock(month)
        town = Town(7)
        household, silent = town.household(size), town.household(2)
        month.list_of([household, silent])
        month.day(first)
        month.at(first + 1, 12)
        month.reply(household.phone, "ИӘ")
        stream = month.stream(household).hex
        token = month.azyq.vault.wallet_tokens([stream])[stream]
        app = create_app(
            Replies(month.azyq, lambda: None), wallet=Wallet(month.azyq), case_pages=CasePages(month.azyq)
        )
        site = Site(month, household, silent, token, app)
        if not ticking:
            yield site
            return
        with served(app) as address:
            site.address = address
            yield site


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a port of its own; its address."""
    import uvicorn

    listener = listen("127.0.0.1:0")
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)

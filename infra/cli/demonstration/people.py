"""What people do in the demonstration: how they answer, when they buy, and what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from domain.basket import BasketLine, cap_tiyn
from domain.commands.counter_calls import Purchase
from domain.goods import GoodsVersion
from domain.programmes import Terms
from infra.postgres.desk import Look

YES = ("21*1", "ИӘ", "иә", "да", "Да!", "yes", " 21 * 1 ", "ия", "келісемін")
NO = ("21*2", "жоқ", "нет", "no")
UNCLEAR = ("да нет", "бұл не?", "кто это", "👍", "спасибо")

# Shares out of a hundred, by nothing but plausibility: the pilot's own figures are not public.
ANSWER_FIRST, ANSWER_REMINDER, SAY_YES, SAY_NO = 62, 60, 88, 7
ACTIVATE, BUY_A_DAY, WITHDRAW = 90, 8, 2


@dataclass(frozen=True, slots=True)
class Said:
    """An answer somebody sends."""

    phone: str
    text: str
    at: datetime


def answers(rng: Random, phones: Sequence[str], share: int, start: datetime, days: int) -> list[Said]:
    """Who of `phones` answers within `days` of `start`, and how; an unclear answer is mended the day after."""
    said: list[Said] = []
    for phone in phones:
        if rng.randrange(100) >= share:
            continue
        at = start + timedelta(minutes=rng.randrange(5, days * 24 * 60 - 24 * 60))
        draw = rng.randrange(100)
        if draw < SAY_YES:
            said.append(Said(phone, rng.choice(YES), at))
        elif draw < SAY_YES + SAY_NO:
            said.append(Said(phone, rng.choice(NO), at))
        else:
            said.append(Said(phone, rng.choice(UNCLEAR), at))
            said.append(Said(phone, rng.choice(YES), at + timedelta(hours=rng.randrange(1, 20))))
    return sorted(said, key=lambda s: (s.at, s.phone))


class Shopping:
    """Baskets at the shops' prices, with a shelf price a mark-up above them; `go_to` the shops of a day first."""

    def __init__(self, rng: Random, shops: Sequence[str], goods: GoodsVersion, terms: Terms) -> None:
        self._rng = rng
        self._shops = sorted(shops)
        self._terms = terms
        self._measure = {number: position.unit for number, position in goods.positions.items()}
        self._shelves: dict[str, list[str]] = {}
        self._receipts = 0

    def go_to(self, look: Look, day: date) -> None:
        """The shops as they are on `day`."""
        self._look = look
        found = {name: look.shop(name) for name in self._shops}
        self._shelves = {name: shop.assortment(day) for name, shop in found.items() if shop is not None}

    def basket(self, stream: UUID, at: datetime) -> Purchase:
        """A purchase of a few articles; the till asks the discounted price the rules allow."""
        rng = self._rng
        shop = rng.choice(sorted(self._shelves))
        gtins = rng.sample(self._shelves[shop], min(len(self._shelves[shop]), rng.randrange(3, 12)))
        self._receipts += 1
        return Purchase(
            stream=stream,
            shop=shop,
            terminal=f"{shop}-till-{rng.randrange(1, 3)}",
            cashier=f"cashier-{rng.randrange(1, 5)}",
            receipt=f"R{at:%Y%m%d}-{self._receipts}",
            key=f"demo-{self._receipts}",
            lines=tuple(self._lines(shop, gtins, at)),
            at=at,
            capture=rng.randrange(20) > 0,
        )

    def _lines(self, shop: str, gtins: Sequence[str], at: datetime) -> Iterator[BasketLine]:
        for gtin, price in self._look.of(shop, gtins, at).items():
            cap = cap_tiyn(price, self._terms)
            shelf = cap * self._rng.randrange(112, 131) // 100
            if self._measure[price.position] == "piece":
                quantity = Decimal(self._rng.randrange(1, 11))
            else:
                quantity = Decimal(self._rng.randrange(500, 8000)) / 1000
            yield BasketLine(gtin, quantity, shelf, cap)

"""Purchases decided and saved together, on real PostgreSQL: receipts, keys, races for what is left (R25–R27)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from domain.basket import ArticlePrice, BasketLine
from domain.commands.redeem import Purchase
from domain.errors import Refusal
from domain.purchase import Redemption
from tests.integration.month_in_process import Month, Town, a_month
from tests.simulation.whole_month import FLOUR

LINE = BasketLine(FLOUR, Decimal(1), 30_000, 21_500)


class Shelf:
    """One article, whose purchase price may change."""

    def __init__(self, price_tiyn: int = 21_500) -> None:
        self.price_tiyn = price_tiyn

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        return {FLOUR: ArticlePrice(1, "trade", self.price_tiyn)}


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


def with_vouchers(month: Month, count: int, size: int = 1) -> list[UUID]:
    """Streams of families whose vouchers are open."""
    homes = Town().households(count, size)
    month.asked(*homes)
    month.at(6)
    for number, home in enumerate(homes):
        assert month.reply(home.phone, "21*1", f"yes-{number}") == "consented"
        family = month.family(home)
        family.activate(month.month, via="link", at=month.clock())
        month.azyq.log.save(family)
    return [month.stream(home) for home in homes]


def purchase(month: Month, stream: UUID, number: int = 1, shop: str = "S001") -> Purchase:
    return Purchase(stream, shop, "T1", "C1", f"receipt-{number}", f"key-{number}", (LINE,), month.clock())


def codes(results: Sequence[Redemption | Refusal]) -> list[str]:
    return [r.code if isinstance(r, Refusal) else r.status for r in results]


def test_R27_a_receipt_of_a_shop_stands_for_one_purchase_whichever_family_it_is_of(july: Month) -> None:
    first, second = with_vouchers(july, 2)
    redeem = july.azyq.redeem(Shelf())
    assert codes(redeem.run([purchase(july, first)])) == ["captured"]
    assert codes(redeem.run([purchase(july, second)])) == ["idempotency_key_reused"]
    assert codes(redeem.run([purchase(july, second, shop="S002")])) == ["captured"]
    assert codes(redeem.run([purchase(july, first, 2), purchase(july, second, 2)])) == [
        "captured",
        "idempotency_key_reused",
    ]
    assert july.counted()["voucher.redeemed"] == 3


def test_R27_a_repeated_purchase_has_its_first_answer_though_the_price_changed(july: Month) -> None:
    (stream,) = with_vouchers(july, 1)
    shelf = Shelf()
    redeem = july.azyq.redeem(shelf)
    (first,) = redeem.run([purchase(july, stream)])
    shelf.price_tiyn = 100
    (again,) = redeem.run([purchase(july, stream)])
    assert isinstance(first, Redemption)
    assert isinstance(again, Redemption)
    assert (again.id, again.drawn_tiyn) == (first.id, first.drawn_tiyn)
    changed = replace(purchase(july, stream), lines=(LINE, LINE))
    assert codes(redeem.run([changed])) == ["idempotency_key_reused"]
    assert july.counted()["voucher.redeemed"] == 1


def test_two_families_at_once_with_one_receipt_exactly_one_buys(july: Month) -> None:
    streams = with_vouchers(july, 8)
    redeem = july.azyq.redeem(Shelf())
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda stream: codes(redeem.run([purchase(july, stream)]))[0], streams))
    assert Counter(results) == {"captured": 1, "idempotency_key_reused": 7}
    assert july.counted()["voucher.redeemed"] == 1


def test_R26_parallel_purchases_never_spend_more_than_there_is(july: Month) -> None:
    (stream,) = with_vouchers(july, 1)
    big = BasketLine(FLOUR, Decimal(40), 30_000, 21_500)  # the voucher pays 3 400.00 of its 3 932.00 KZT
    redeem = july.azyq.redeem(Shelf())

    def buy(number: int) -> str:
        return codes(redeem.run([replace(purchase(july, stream, number), lines=(big,))]))[0]

    with ThreadPoolExecutor(10) as threads:
        results = list(threads.map(buy, range(20)))
    assert Counter(results) == {"captured": 1, "voucher_not_enough": 19}

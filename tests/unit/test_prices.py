"""The prices of a shop on a day (R13), from the files of the contract."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from domain.basket import ArticlePrice
from domain.calendar import ALMATY
from infra.prices import PriceBook

BREAD, MILK, GONE = "4870000000016", "4870000000023", "4870000000030"


@pytest.fixture
def book(tmp_path: Path) -> PriceBook:
    files = {
        "shops.csv": "shop_id,bin,name,kato,address,opened_on,loan,loan_contract,loan_until\n"
        "S1,1,Дүкен,113220100,,2020-01-01,no,,\nS2,2,Shop,113220200,,2020-01-01,no,,\n",
        "articles.csv": f"gtin,name,position,measure\n{BREAD},Нан,1,piece\n{MILK},Сүт,2,l\n",
        "prices.csv": "shop_id,gtin,purchase_price,source,valid_from\n"
        f"S1,{BREAD},120.00,trade,2025-07-10\nS1,{BREAD},100.50,trade,2025-07-01\n"
        f"S1,{MILK},1.00,farm,2025-07-01\nS2,{MILK},1.00,farm,2025-07-01\nS1,{GONE},5.00,trade,2025-07-01\n",
        "market.csv": "position,kato,market_price,valid_from\n2,113220100,400.00,2025-07-05\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8-sig")
    return PriceBook.from_files(tmp_path)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 7, day, hour, tzinfo=ALMATY)


def test_R13_the_price_in_force_is_the_latest_begun(book: PriceBook) -> None:
    assert book.of("S1", [BREAD], at(1)) == {BREAD: ArticlePrice(1, "trade", 10050)}
    assert book.of("S1", [BREAD], at(9, 23)) == {BREAD: ArticlePrice(1, "trade", 10050)}
    assert book.of("S1", [BREAD], at(10, 0)) == {BREAD: ArticlePrice(1, "trade", 12000)}


def test_R13_a_farms_article_has_the_market_price_of_the_shops_place(book: PriceBook) -> None:
    assert book.of("S1", [MILK], at(5)) == {MILK: ArticlePrice(2, "farm", 40000)}
    # before the first official price, and where there is none, there is nothing to go by
    assert book.of("S1", [MILK], at(4)) == {}
    assert book.of("S2", [MILK], at(5)) == {}


def test_what_has_no_price_is_absent(book: PriceBook) -> None:
    before = datetime(2025, 6, 30, 23, tzinfo=ALMATY)
    assert book.of("S1", [BREAD], before) == {}
    assert book.of("S1", [GONE, "1"], at(5)) == {}  # it is no article
    assert book.of("S9", [BREAD], at(5)) == {}


def test_R13_the_day_is_the_local_one(book: PriceBook) -> None:
    from datetime import UTC

    evening = datetime(2025, 7, 9, 19, 0, tzinfo=UTC)  # midnight in Almaty
    assert book.of("S1", [BREAD], evening) == {BREAD: ArticlePrice(1, "trade", 12000)}


def test_shops_and_what_they_sell(book: PriceBook) -> None:
    assert book.shops() == ["S1", "S2"]
    assert book.assortment("S2") == [MILK]


@pytest.mark.parametrize("price", ["1,50", "1.505", "1e3", "١", "NaN", ""])
def test_a_price_that_is_none_is_refused(tmp_path: Path, price: str) -> None:
    for name in ("shops.csv", "articles.csv", "market.csv"):
        (tmp_path / name).write_text("shop_id,gtin,position,kato\n")
    row = f'S1,{BREAD},"{price}",trade,2025-07-01\n'
    (tmp_path / "prices.csv").write_text(f"shop_id,gtin,purchase_price,source,valid_from\n{row}")
    with pytest.raises(ValueError, match="amount"):
        PriceBook.from_files(tmp_path)

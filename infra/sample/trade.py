"""The trade side of a sample: shops, articles of the goods list, what shops pay, what the market asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import NamedTuple

from domain.goods import GoodsVersion
from infra.sample.numbers import bin_number, gtin13

SHOPS = 6
MEASURES = {"kg": "kg", "litre": "l", "piece": "piece"}


class Stock(NamedTuple):
    """Articles of a position, found by how its English name begins; `price` in KZT, `farm`: farms sell it."""

    begins: str
    price: int
    farm: bool
    names: tuple[str, ...]


_STOCK = (
    Stock("Wheat flour", 215, False, ("Мука «Ақ дән»", "Мука «Дала»", "Ұн «Береке»")),
    Stock("Wheat bread", 125, False, ("Хлеб формовой «Таң»", "Нан «Дастархан»")),
    Stock("Macaroni horns", 260, False, ("Рожки «Дала»", "Рожки «Султан дән»", "Рожки «Ақ дән»")),
    Stock("Buckwheat", 330, False, ("Крупа гречневая «Алтай»", "Қарақұмық «Береке»")),
    Stock("Polished rice", 345, False, ("Рис «Сыр»", "Күріш «Арал»", "Рис «Маржан»")),
    Stock("Potatoes", 165, True, ("Картофель мытый", "Картофель", "Картоп жаңа")),
    Stock("Table carrots", 180, True, ("Морковь", "Сәбіз жуылған")),
    Stock("Onions", 130, True, ("Лук репчатый", "Пияз")),
    Stock("White cabbage", 150, True, ("Капуста белокочанная", "Қырыққабат")),
    Stock("White sugar", 455, False, ("Сахар-песок «Ақ қант»", "Құмшекер «Тәтті»")),
    Stock(
        "Sunflower oil", 640, False, ("Масло «Күнбағыс»", "Масло «Шай»", "Май «Алтын дән»", "Масло «Дала»")
    ),
    Stock("Beef, shoulder", 2350, True, ("Говядина, лопатка", "Сиыр еті, төс")),
    Stock("Beef, bone in", 2350, True, ("Говядина, лопатка", "Сиыр еті, төс")),
    Stock("Beef, boneless", 3100, True, ("Говядина, мякоть", "Сиыр еті, сүйексіз")),
    Stock("Minced meat", 2500, False, ("Фарш говяжий", "Тартылған ет")),
    Stock("Mutton", 2900, True, ("Баранина", "Қой еті")),
    Stock("Horse meat", 3200, True, ("Конина", "Жылқы еті")),
    Stock("Fish", 1500, False, ("Сазан охлаждённый", "Көксерке мұздатылған")),
    Stock("Chicken thigh", 1250, False, ("Бедро куриное «Құс»", "Голень куриная «Құс»", "Сирақ «Дала»")),
    Stock("Chicken, whole", 1350, False, ("Тушка куриная «Құс»", "Тауық «Дала»")),
    Stock("Pasteurised milk", 395, True, ("Молоко 2,5 % «Айналайын»", "Сүт 2,5 % «Ауыл»")),
    Stock("Milk", 430, True, ("Молоко 3,2 % «Айналайын»", "Сүт 2,5 % «Ауыл»")),
    Stock("Kefir", 420, True, ("Кефир 2,5 % «Айналайын»", "Айран 2,5 % «Ауыл»")),
    Stock("Butter", 3900, False, ("Масло 72,5 % «Айналайын»", "Сары май «Ауыл»")),
    Stock("Hen eggs", 38, True, ("Яйцо С1 «Құс»", "Жұмыртқа С1 «Ауыл»")),
    Stock("Table salt", 75, False, ("Соль «Арал»", "Тұз «Арал», йодталған")),
    Stock("Curd", 1650, True, ("Творог 9 % «Айналайын»", "Сүзбе 5 % «Ауыл»")),
    Stock("Tomatoes", 620, True, ("Помидоры", "Қызанақ")),
    Stock("Cucumbers", 560, True, ("Огурцы", "Қияр")),
    Stock("Apples", 480, True, ("Яблоки «Апорт»", "Алма")),
    Stock("Sour cream", 1450, True, ("Сметана 20 % «Айналайын»", "Қаймақ «Ауыл»")),
)
_SHOP_NAMES = ("Береке", "Дастархан", "Ақ ниет", "Жұлдыз", "Достық", "Шаңырақ")
_STREETS = ("Абая", "Достық", "Степная", "Тәуелсіздік", "Школьная", "Бейбітшілік")


class Article(NamedTuple):
    """An article with what a shop pays for one `measure` of it, in KZT."""

    gtin: str
    name: str
    position: int
    measure: str
    price: int
    farm: bool


def articles_of(goods: GoodsVersion) -> list[Article]:
    """Two to four articles of each position of `goods`; the same at every call."""
    articles = []
    for number, position in sorted(goods.positions.items()):
        for place, stock in enumerate(_STOCK):
            if not position.names["en"].startswith(stock.begins):
                continue
            for variant, name in enumerate(stock.names):
                gtin = gtin13(f"487{2_500_00 + place * 100 + variant:09}")
                price = stock.price + stock.price * variant // 25
                articles.append(Article(gtin, name, number, MEASURES[position.unit], price, stock.farm))
            break
    return articles


def shop_rows(rng: Random, kato: Sequence[str], month: date) -> list[tuple[str, ...]]:
    """Six shops: two in three with a loan that runs a year beyond the month."""
    rows: list[tuple[str, ...]] = []
    for index in range(SHOPS):
        registered = date(2012 + rng.randrange(10), 1 + rng.randrange(12), 1)
        opened = registered.replace(day=1 + rng.randrange(28))
        loan = index % 3 != 2
        rows.append(
            (
                f"S{index + 1:03}",
                bin_number(registered, rng.randrange(100_000)),
                f"Магазин «{_SHOP_NAMES[index]}»",
                kato[index % len(kato)],
                f"ул. {_STREETS[index]}, {rng.randrange(1, 90)}",
                opened.isoformat(),
                "yes" if loan else "no",
                f"ОК-{month.year}-{index + 1:03}" if loan else "",
                month.replace(year=month.year + 1).isoformat() if loan else "",
            )
        )
    return rows


def price_rows(rng: Random, articles: Sequence[Article], month: date) -> list[tuple[str, ...]]:
    """What each shop pays for each article from the month's first day; one in ten changes on the 16th."""
    rows: list[tuple[str, ...]] = []
    for index in range(SHOPS):
        for article in articles:
            price = article.price * rng.uniform(0.96, 1.04)
            source = "farm" if article.farm and rng.random() < 0.3 else "trade"
            shop = f"S{index + 1:03}"
            rows.append((shop, article.gtin, f"{price:.2f}", source, month.isoformat()))
            if rng.random() < 0.1:
                changed = price * rng.uniform(0.97, 1.06)
                rows.append((shop, article.gtin, f"{changed:.2f}", source, month.replace(day=16).isoformat()))
    return rows


def market_rows(
    rng: Random, articles: Sequence[Article], kato: Sequence[str], month: date
) -> list[tuple[str, ...]]:
    """The market's retail price of each position in each place, above all that shops pay (R13)."""
    dearest: dict[int, int] = {}
    for article in articles:
        dearest[article.position] = max(dearest.get(article.position, 0), article.price)
    return [
        (str(position), place, f"{price * rng.uniform(1.18, 1.28):.2f}", month.isoformat())
        for place in kato
        for position, price in dearest.items()
    ]

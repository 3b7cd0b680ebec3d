"""The report `goods`: what was sold for vouchers, by position of the goods list and by article (O3.2, R2.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from projections.reports.entries import Line, Purchase
from projections.reports.facts import (
    IN_THE_REGION,
    LINES,
    OF_THE_MONTHS,
    OF_WHICH_CAME_BACK,
    RESIDENTS_OF_THE_MONTHS,
    line_total,
)
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Cut, Report, Scope, Section, named

POSITION = Column("position", named("тізімдегі орны", "позиция перечня", "position"), "count")
# Each programme has its own goods list: the same number is another food there, or gas.
PROGRAMME = Column("programme", named("бағдарлама", "программа", "programme"), "text")
# So has each version of a list, which may change within a programme (R2.3).
LIST = Column("list", named("тізім", "перечень", "goods list"), "text")
GTIN = Column("gtin", named("тауар (GTIN)", "товар (GTIN)", "article (GTIN)"), "text")
SALES = (
    Column("purchases", named("сатып алу", "покупок", "purchases")),
    Column("quantity", named("мөлшері", "количество", "quantity"), "quantity"),
    Column("shelf_total_tiyn", named("сөре бағасымен", "по цене полки", "at shelf prices"), "tiyn"),
    Column("price_total_tiyn", named("жеңілдікпен", "со скидкой", "at discounted prices"), "tiyn"),
    Column("discount_tiyn", named("жеңілдік", "скидка", "discount"), "tiyn"),
)


_SUMS = f"""
    count(*) FILTER (WHERE {{of_position}}) AS of_position, count(*) FILTER (WHERE {{of_article}}) AS of_article,
    sum({{thousandths}}) AS thousandths, sum({line_total("shelf_price_tiyn", "{thousandths}")}) AS shelf_tiyn,
    sum({line_total("price_tiyn", "{thousandths}")}) AS price_tiyn"""
_BOUGHT = _SUMS.format(of_position="first_of = 2", of_article="first_of > 0", thousandths="thousandths")
_KEPT = _SUMS.format(
    of_position="number_of_position = 1", of_article="number_of_article = 1", thousandths="kept"
)
_FIGURES = ("of_position", "of_article", "thousandths", "shelf_tiyn", "price_tiyn")


def sales(which: str, residents: str) -> str:
    """SQL of the sales by programme, position, list and article, of the purchases for which `which` holds, by `residents`
    alone where a region is asked for. Purchases are counted for positions and for articles, as no sum of one tells
    the other.

    All lines are added up as they were bought. Those of purchases that something came back of are few: they are taken
    off again, and what was kept of them is added.
    """
    paid = f"(held = 0 OR position IN (SELECT position FROM late)) AND {IN_THE_REGION}"
    return f"""
    WITH {residents},
    late AS (
        SELECT position FROM azyq_views.purchases
        WHERE {which} AND captured_position <= %(upto)s AND captured_position > position
    ),
    {LINES.format(redemptions=OF_WHICH_CAME_BACK.format(which=which))},
    paid AS (SELECT * FROM line WHERE {paid}),
    kept AS (
        SELECT *, row_number() OVER (PARTITION BY redemption, goods_position ORDER BY line) AS number_of_position,
            row_number() OVER (PARTITION BY redemption, goods_position, gtin ORDER BY line) AS number_of_article
        FROM paid WHERE kept > 0
    ),
    part AS (
        SELECT programme, goods_position, goods_list, gtin, {_BOUGHT} FROM azyq_views.sold_lines
        WHERE returned = '' AND position <= %(upto)s AND {which} AND {paid} GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT programme, goods_position, goods_list, gtin, {", ".join(f"-{figure}" for figure in _FIGURES)}
        FROM (SELECT programme, goods_position, goods_list, gtin, {_BOUGHT} FROM paid GROUP BY 1, 2, 3, 4) bought
        UNION ALL
        SELECT programme, goods_position, goods_list, gtin, {_KEPT} FROM kept GROUP BY 1, 2, 3, 4
    )
    SELECT programme, goods_position, goods_list, gtin, sum(of_position), sum(of_article), sum(thousandths) / 1000,
        sum(shelf_tiyn), sum(price_tiyn), sum(shelf_tiyn) - sum(price_tiyn)
    FROM part GROUP BY 1, 2, 3, 4 HAVING sum(thousandths) > 0
    """


MONTH_SALES = sales(OF_THE_MONTHS, RESIDENTS_OF_THE_MONTHS)
BY_POSITION = Cut((0, 1, 2), (4, 6, 7, 8, 9))
BY_ARTICLE = Cut((0, 1, 2, 3), (5, 6, 7, 8, 9))


def position_of(purchase: Purchase, line: Line) -> tuple[str, int, str]:
    """The programme, the position of its goods list, and which version of it (R2.3)."""
    return purchase.family.programme, line.position, purchase.goods_list


def total(tiyn: int, quantity: Decimal) -> int:
    """A line's sum, rounded half up to a whole tiyn (R2.1)."""
    return int((tiyn * quantity).quantize(Decimal(1), ROUND_HALF_UP))


def sales_from_log(
    key: Callable[[Any, Line], tuple[Any, ...]], chosen: Callable[[Any, Scope], bool]
) -> Callable[[Ledger, Scope], Sequence[Cells]]:
    """Sales by `key` of (purchase, line), of the purchases that are `chosen`."""

    def rows(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
        groups: dict[tuple[Any, ...], list[tuple[Any, Line]]] = defaultdict(list)
        for purchase in ledger.purchases:
            if purchase.status != "captured" or not chosen(purchase, scope):
                continue
            for line in purchase.lines:
                if line.bought > line.returned:
                    groups[key(purchase, line)].append((purchase, line))
        return [(*found, *_figures(lines)) for found, lines in sorted(groups.items())]

    return rows


def _figures(lines: Sequence[tuple[Any, Line]]) -> tuple[Any, ...]:
    kept = [(line, line.bought - line.returned) for _, line in lines]
    shelf = sum(total(line.shelf_tiyn, quantity) for line, quantity in kept)
    price = sum(total(line.price_tiyn, quantity) for line, quantity in kept)
    bought = {purchase.redemption for purchase, _ in lines}
    return len(bought), sum((quantity for _, quantity in kept), Decimal(0)), shelf, price, shelf - price


def of_the_months(purchase: Any, scope: Scope) -> bool:
    """Whether the purchase is of the scope's months and region."""
    family = purchase.family
    return (family.programme, family.month) in scope.months and family.region.startswith(scope.region)


SALES_VIEWS = ("families", "purchases", "sold_lines")

GOODS = Report(
    id="goods",
    names=named("Тауарлар", "Товары", "Goods"),
    definition=named(
        "Ваучермен төленген (voucher.redeemed, voucher.captured) және қайтарылмаған тауарлар: мөлшері, сөредегі және "
        "жеңілдік бағасындағы сомасы, олардың айырмасы – жеңілдік. Тізім орны – бағдарламаның өз тізіміндегі орын; тізім "
        "ауысса, әр тізімнің орындары бөлек жолда.",
        "Товары, оплаченные ваучером (voucher.redeemed, voucher.captured) и не возвращённые: количество, сумма по цене "
        "полки и со скидкой; скидка – их разность. Позиция – перечня самой программы; если "
        "перечень сменился, позиции каждого – в отдельных строках.",
        "Goods paid for with vouchers (voucher.redeemed, voucher.captured) and not returned: quantity, sum at shelf and "
        "at discounted prices; the discount is the difference. A position is one of the programme's own list; "
        "where the list changed, the positions of each have rows of their own.",
    ),
    clauses=("O3.2", "R2.1", "R13"),
    parameters=frozenset({"programme", "month", "region"}),
    sections=(
        Section(
            "positions",
            named("Тізім орындары бойынша", "По позициям перечня", "By position of the list"),
            (PROGRAMME, POSITION, LIST, *SALES),
            3,
            SALES_VIEWS,
            MONTH_SALES,
            sales_from_log(position_of, of_the_months),
            BY_POSITION,
        ),
        Section(
            "articles",
            named("Тауарлар бойынша", "По товарам", "By article"),
            (PROGRAMME, POSITION, LIST, GTIN, *SALES),
            4,
            SALES_VIEWS,
            MONTH_SALES,
            sales_from_log(lambda bought, line: (*position_of(bought, line), line.gtin), of_the_months),
            BY_ARTICLE,
        ),
    ),
)

"""The report `goods`: what was sold for vouchers, by position of the goods list and by article (O3.2, R2.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from projections.reports.entries import Line, Purchase
from projections.reports.facts import (
    FAMILIES,
    PRICE_TOTAL,
    PURCHASES,
    SHELF_TOTAL,
    SOLD,
    SOLD_OF_THE_MONTHS,
)
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Cut, Report, Scope, Section, named

POSITION = Column("position", named("тізімдегі орны", "позиция перечня", "position"), "count")
# Each programme has its own goods list: the same number is another food there, or gas.
PROGRAMME = Column("programme", named("бағдарлама", "программа", "programme"), "text")
GTIN = Column("gtin", named("тауар (GTIN)", "товар (GTIN)", "article (GTIN)"), "text")
SALES = (
    Column("purchases", named("сатып алу", "покупок", "purchases")),
    Column("quantity", named("мөлшері", "количество", "quantity"), "quantity"),
    Column("shelf_total_tiyn", named("сөре бағасымен", "по цене полки", "at shelf prices"), "tiyn"),
    Column("price_total_tiyn", named("жеңілдікпен", "со скидкой", "at discounted prices"), "tiyn"),
    Column("discount_tiyn", named("жеңілдік", "скидка", "discount"), "tiyn"),
)


def sales_by_position(where: str) -> str:
    """Sales by programme and position of its goods list, of the purchases for which `where` holds."""
    return f"""
    WITH {FAMILIES}, {PURCHASES.format(where=where)}, {SOLD.format(which="")}
    SELECT programme, goods_position, count(*) FILTER (WHERE first_of = 2), sum(thousandths) / 1000,
        sum({SHELF_TOTAL}), sum({PRICE_TOTAL}), sum({SHELF_TOTAL}) - sum({PRICE_TOTAL})
    FROM sold WHERE thousandths > 0 AND (%(region)s = '' OR stream IN (SELECT stream FROM family))
    GROUP BY 1, 2 ORDER BY 1, 2
    """


# The sales of months by programme, position and article: purchases are counted for either, as no sum of one tells the other.
MONTH_SALES = f"""
    WITH {FAMILIES}, {SOLD_OF_THE_MONTHS}
    SELECT programme, goods_position, gtin, count(*) FILTER (WHERE first_of = 2), count(*) FILTER (WHERE first_of > 0),
        sum(thousandths) / 1000, sum({SHELF_TOTAL}), sum({PRICE_TOTAL}), sum({SHELF_TOTAL}) - sum({PRICE_TOTAL})
    FROM sold GROUP BY 1, 2, 3
    """
BY_POSITION = Cut((0, 1), (3, 5, 6, 7, 8))
BY_ARTICLE = Cut((0, 1, 2), (4, 5, 6, 7, 8))


def position_of(purchase: Purchase, line: Line) -> tuple[str, int]:
    """The programme, and the position of its goods list."""
    return purchase.family.programme, line.position


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
        "жеңілдік бағасындағы сомасы, олардың айырмасы – жеңілдік. Тізім орны – бағдарламаның өз тізіміндегі орын.",
        "Товары, оплаченные ваучером (voucher.redeemed, voucher.captured) и не возвращённые: количество, сумма по цене "
        "полки и со скидкой; скидка – их разность. Позиция – перечня самой программы.",
        "Goods paid for with vouchers (voucher.redeemed, voucher.captured) and not returned: quantity, sum at shelf and "
        "at discounted prices; the discount is the difference. A position is one of the programme's own list.",
    ),
    clauses=("O3.2", "R2.1", "R13"),
    parameters=frozenset({"programme", "month", "region"}),
    sections=(
        Section(
            "positions",
            named("Тізім орындары бойынша", "По позициям перечня", "By position of the list"),
            (PROGRAMME, POSITION, *SALES),
            2,
            SALES_VIEWS,
            MONTH_SALES,
            sales_from_log(position_of, of_the_months),
            BY_POSITION,
        ),
        Section(
            "articles",
            named("Тауарлар бойынша", "По товарам", "By article"),
            (PROGRAMME, POSITION, GTIN, *SALES),
            3,
            SALES_VIEWS,
            MONTH_SALES,
            sales_from_log(lambda bought, line: (*position_of(bought, line), line.gtin), of_the_months),
            BY_ARTICLE,
        ),
    ),
)

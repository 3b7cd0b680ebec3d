"""The report `reconciliation`: what each shop is to be settled for, day by day (R27, O3.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from domain.calendar import ALMATY
from projections.reports.entries import Purchase
from projections.reports.facts import (
    AT_THE_SHOP,
    IN_THE_REGION,
    OF_THE_MONTHS,
    PURCHASES,
    RESIDENTS_OF_THE_MONTHS,
)
from projections.reports.goods import of_the_months
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Report, Scope, Section, named
from projections.reports.serving import SHOP

_PURCHASES = PURCHASES.format(which=f"{OF_THE_MONTHS} AND {AT_THE_SHOP}")
# What the vouchers paid by each receipt, and was not brought back.
RECEIPTS = f"""
    WITH {_PURCHASES}
    SELECT receipt, sum(purchase_tiyn - coalesce(returned_tiyn, 0))::bigint
    FROM purchase WHERE captured GROUP BY 1 ORDER BY 1
    """
_SQL = f"""
    WITH {RESIDENTS_OF_THE_MONTHS}, {_PURCHASES}
    SELECT shop, to_char(day, 'YYYY-MM-DD'), purchases, captured_tiyn, returns, returned_tiyn,
        captured_tiyn - returned_tiyn
    FROM (
        SELECT shop, (bought_at AT TIME ZONE 'Asia/Almaty')::date AS day, count(*) AS purchases,
            sum(purchase_tiyn) AS captured_tiyn, coalesce(sum(returns_then), 0) AS returns,
            coalesce(sum(returned_tiyn), 0) AS returned_tiyn
        FROM purchase WHERE captured AND {IN_THE_REGION} GROUP BY 1, 2
    ) days ORDER BY 1, 2
    """


def _day(purchase: Purchase) -> str:
    return datetime.fromisoformat(purchase.at).astimezone(ALMATY).date().isoformat()


def _from_log(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    days: dict[tuple[str, str], list[Purchase]] = defaultdict(list)
    for purchase in ledger.purchases:
        inside = of_the_months(purchase, scope) and scope.shop in ("", purchase.shop)
        if purchase.status == "captured" and inside:
            days[purchase.shop, _day(purchase)].append(purchase)
    rows = []
    for key, purchases in sorted(days.items()):
        captured = sum(purchase.drawn_tiyn for purchase in purchases)
        returned = sum(purchase.returned_tiyn for purchase in purchases)
        returns = sum(purchase.returns for purchase in purchases)
        rows.append((*key, len(purchases), captured, returns, returned, captured - returned))
    return rows


RECONCILIATION = Report(
    id="reconciliation",
    names=named("Салыстыру", "Сверка", "Reconciliation"),
    definition=named(
        "Әр дүкен мен күн бойынша: ваучермен төленген (voucher.redeemed, voucher.captured) сома, одан қайтарылғаны "
        "(voucher.reversed) және есеп айырысуға жататын айырмасы. Қайтару сатып алу күніне жатқызылады; "
        "өңір – сатып алған отбасынікі.",
        "По магазинам и дням: оплачено ваучером (voucher.redeemed, voucher.captured), возвращено (voucher.reversed) и "
        "разность, подлежащая расчёту. Возврат относится ко дню покупки; "
        "регион – тот, где живёт семья.",
        "By shop and day: captured (voucher.redeemed, voucher.captured), reversed (voucher.reversed), and the difference, "
        "which is to be settled. A reversal belongs to the day of its purchase; "
        "the region is that of the family.",
    ),
    clauses=("R27", "O3.2"),
    parameters=frozenset({"programme", "month", "shop", "region"}),
    sections=(
        Section(
            "days",
            named("Күндер", "Дни", "Days"),
            (
                SHOP,
                Column("day", named("күн", "день", "day"), "day"),
                Column("purchases", named("сатып алу", "покупок", "purchases")),
                Column("captured_tiyn", named("төленгені", "оплачено", "captured"), "tiyn"),
                Column("reversals", named("қайтару", "возвратов", "reversals")),
                Column("reversed_tiyn", named("қайтарылғаны", "возвращено", "reversed"), "tiyn"),
                Column("to_settle_tiyn", named("төленуге тиісті", "к расчёту", "to be settled"), "tiyn"),
            ),
            2,
            ("families", "purchases"),
            _SQL,
            _from_log,
        ),
    ),
)

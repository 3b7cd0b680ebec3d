"""The report `pilot`: vouchers issued and used, and what was sold of the socially significant foods (O3.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from projections.reports.entries import Family
from projections.reports.facts import AS_ITS_ROW_SAYS, FAMILIES, PURCHASES_OF_CHANGED
from projections.reports.goods import (
    BY_POSITION,
    LIST,
    MONTH_SALES,
    POSITION,
    PROGRAMME,
    SALES,
    SALES_VIEWS,
    of_the_months,
    position_of,
    sales_from_log,
)
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Report, Scope, Section, named

_USE = f"""
    WITH {FAMILIES}, {PURCHASES_OF_CHANGED},
    draw AS (
        SELECT p.stream, draw ->> 0 AS voucher, (draw ->> 1)::bigint AS tiyn
        FROM purchase p, json_array_elements(p.draws::json) draw WHERE p.captured
        UNION ALL
        SELECT p.stream, credit ->> 0, -(credit ->> 1)::bigint
        FROM purchase p, jsonb_array_elements(p.returns::jsonb) one, jsonb_array_elements(one -> 4) credit
        WHERE p.captured AND (one ->> 0)::bigint <= %(upto)s
    ),
    used AS (
        SELECT stream, count(*) AS vouchers, sum(tiyn) AS tiyn FROM (
            SELECT stream, voucher, sum(tiyn) AS tiyn FROM draw GROUP BY stream, voucher HAVING sum(tiyn) > 0) one
        GROUP BY stream
    ),
    one AS (
        SELECT family.*,
            CASE WHEN {AS_ITS_ROW_SAYS} THEN vouchers_used ELSE coalesce(used.vouchers, 0) END AS used_then,
            CASE WHEN {AS_ITS_ROW_SAYS} THEN spent_tiyn ELSE coalesce(used.tiyn, 0)::bigint END AS used_tiyn
        FROM family LEFT JOIN used USING (stream)
    )
    SELECT programme, month,
        count(*) FILTER (WHERE issued_position <= %(upto)s),
        coalesce(sum(vouchers) FILTER (WHERE issued_position <= %(upto)s), 0),
        coalesce(sum(issued_tiyn) FILTER (WHERE issued_position <= %(upto)s), 0),
        count(*) FILTER (WHERE used_then > 0), sum(used_then), sum(used_tiyn)
    FROM one GROUP BY 1, 2 ORDER BY 1, 2
    """


def _use_from_log(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    months: dict[tuple[str, str], list[Family]] = defaultdict(list)
    for family in ledger.families.values():
        if (family.programme, family.month) in scope.months and family.region.startswith(scope.region):
            months[family.programme, family.month].append(family)
    rows = []
    for month, families in sorted(months.items()):
        used: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for family in families:
            for purchase in family.purchases.values():
                if purchase.status == "captured":
                    for voucher, tiyn in purchase.draws.items():
                        used[id(family)][voucher] += tiyn
        spent = [[tiyn for tiyn in vouchers.values() if tiyn > 0] for vouchers in used.values()]
        rows.append(
            (
                *month,
                sum("issued" in family.reached for family in families),
                sum(family.vouchers for family in families),
                sum(family.issued_tiyn for family in families),
                sum(bool(vouchers) for vouchers in spent),
                sum(map(len, spent)),
                sum(map(sum, spent)),
            )
        )
    return rows


PILOT = Report(
    id="pilot",
    names=named("Пилоттың есебі", "Отчёт о пилоте", "Pilot report"),
    definition=named(
        "Әкімдіктің есебі (O3.2): берілген (voucher.issued) және пайдаланылған ваучерлер – одан бір нәрсе төленіп, "
        "қайтарылмағандары; үш айдан кейін сатылған әлеуметтік маңызы бар азық-түлік көлемі әр тізімнің орындары бойынша.",
        "Отчёт акимата (O3.2): выданные ваучеры (voucher.issued) и использованные – из которых что-то оплачено и не "
        "возвращено; через три месяца – объём проданных социально значимых продуктов по позициям каждого перечня.",
        "The akimat's report (O3.2): vouchers issued (voucher.issued) and used, which is those that paid for something "
        "that was not returned; after three months the volume of socially significant foods sold, by position of each list.",
    ),
    clauses=("O3.2",),
    parameters=frozenset({"programme", "month", "region"}),
    whole=True,
    sections=(
        Section(
            "vouchers",
            named("Ваучерлер", "Ваучеры", "Vouchers"),
            (
                Column("programme", named("бағдарлама", "программа", "programme"), "text"),
                Column("month", named("ай", "месяц", "month"), "text"),
                Column("families", named("ваучер алған отбасылар", "семей с ваучерами", "families issued")),
                Column("issued", named("берілген ваучерлер", "выдано ваучеров", "vouchers issued")),
                Column("issued_tiyn", named("берілген сома", "выдано", "issued"), "tiyn"),
                Column(
                    "families_using", named("пайдаланған отбасылар", "использовали семей", "families using")
                ),
                Column("used", named("пайдаланылған ваучерлер", "использовано ваучеров", "vouchers used")),
                Column("used_tiyn", named("жұмсалған сома", "использовано", "used"), "tiyn"),
            ),
            2,
            ("families", "purchases"),
            _USE,
            _use_from_log,
        ),
        Section(
            "goods",
            named("Сатылған тауарлар", "Продано товаров", "Goods sold"),
            (PROGRAMME, POSITION, LIST, *SALES),
            3,
            SALES_VIEWS,
            MONTH_SALES,
            sales_from_log(position_of, of_the_months),
            BY_POSITION,
        ),
    ),
)

"""The report `month`: the way of the families through a programme's month, and where the sums went (R15–R21, O3.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from projections.reports.facts import FAMILIES, OF_THE_MONTHS, PURCHASES
from projections.reports.ledger import Family, Ledger
from projections.reports.report import Cells, Column, Report, Scope, Section, named, next_level

_COUNTS = (
    Column("families", named("отбасылар", "семьи", "families")),
    Column("members", named("мүшелер", "члены семей", "members")),
    Column("no_number", named("нөмірі жоқ", "без номера", "no number")),
    Column("asked", named("SMS жіберілді", "отправлено SMS", "asked by SMS")),
    Column("reminded", named("еске салынды", "напомнено", "reminded")),
    Column("consented", named("келісті", "согласились", "consented")),
    Column("refused", named("бас тартты", "отказались", "refused")),
    Column("withdrawn", named("келісімін қайтарды", "отозвали согласие", "withdrew")),
    Column("lapsed", named("жауап бермеді", "не ответили", "lapsed")),
    Column("issued", named("ваучер берілді", "выданы ваучеры", "issued")),
    Column("activated", named("белсендірді", "активировали", "activated")),
    Column("spent", named("пайдаланды", "использовали", "spent")),
    Column("expired", named("мерзімі өтті", "истекло", "expired")),
    Column("vouchers", named("ваучерлер", "ваучеры", "vouchers")),
)
_SUMS = (
    Column("issued_tiyn", named("берілгені", "выдано", "issued"), "tiyn"),
    Column("spent_tiyn", named("жұмсалғаны", "потрачено", "spent"), "tiyn"),
    Column("held_tiyn", named("ұсталғаны", "удержано", "held"), "tiyn"),
    Column("expired_tiyn", named("мерзімі өткені", "истекло", "expired"), "tiyn"),
    Column("cancelled_tiyn", named("күші жойылғаны", "аннулировано", "cancelled"), "tiyn"),
    Column("available_tiyn", named("қалғаны", "остаток", "available"), "tiyn"),
)
_REGION = Column("region", named("өңір", "регион", "region"), "text")
_SIZE = Column("size", named("отбасы мүшелері", "размер семьи", "family size"))
_PROGRAMME = Column("programme", named("бағдарлама", "программа", "programme"), "text")
_MONTH = Column("month", named("ай", "месяц", "month"), "text")

_STAGES = ("asked", "reminded", "consented", "refused", "withdrawn", "lapsed", "issued", "activated")


def _sql(keys: str) -> str:
    reached = ",".join(f"count(*) FILTER (WHERE {stage}_position <= %(upto)s)" for stage in _STAGES)
    return f"""
    WITH {FAMILIES}, {PURCHASES.format(where=OF_THE_MONTHS)},
    spending AS (
        SELECT stream,
            sum(purchase_tiyn - coalesce(returned_tiyn, 0)) FILTER (WHERE captured) AS spent_tiyn,
            sum(purchase_tiyn) FILTER (WHERE captured IS NOT true AND voided IS NOT true) AS held_tiyn,
            coalesce(sum(expired_tiyn), 0)
                + coalesce(sum(purchase_tiyn) FILTER (WHERE voided AND voided_to = 'expired'), 0) AS expired_tiyn,
            coalesce(sum(cancelled_tiyn), 0)
                + coalesce(sum(purchase_tiyn) FILTER (WHERE voided AND voided_to = 'cancelled'), 0)
                AS cancelled_tiyn
        FROM purchase GROUP BY stream
    ),
    one AS (
        SELECT {keys}, family.*,
            coalesce(s.spent_tiyn, 0) AS spent_then, coalesce(s.held_tiyn, 0) AS held_then,
            CASE WHEN issued_position <= %(upto)s THEN family.issued_tiyn ELSE 0 END AS issued_then,
            CASE WHEN expired_position <= %(upto)s THEN lapsed_tiyn ELSE 0 END
                + coalesce(s.expired_tiyn, 0) AS expired_then,
            CASE WHEN withdrawn_position <= %(upto)s THEN withdrawn_tiyn ELSE 0 END
                + coalesce(s.cancelled_tiyn, 0) AS cancelled_then
        FROM family LEFT JOIN spending s USING (stream)
    )
    SELECT {", ".join(f"key_{n}" for n in range(1, keys.count(" AS key_") + 1))},
        count(*) FILTER (WHERE size_then > 0), coalesce(sum(size_then), 0), coalesce(sum(no_number_then), 0),
        {reached},
        count(*) FILTER (WHERE spent_then > 0), count(*) FILTER (WHERE expired_position <= %(upto)s),
        coalesce(sum(vouchers) FILTER (WHERE issued_position <= %(upto)s), 0),
        sum(issued_then), sum(spent_then), sum(held_then), sum(expired_then), sum(cancelled_then),
        sum(issued_then - spent_then - held_then - expired_then - cancelled_then)
    FROM one GROUP BY {", ".join(f"key_{n}" for n in range(1, keys.count(" AS key_") + 1))} ORDER BY 1, 2
    """


def _figures(families: Sequence[Family]) -> tuple[int, ...]:
    def having(stage: str) -> int:
        return sum(stage in family.reached for family in families)

    bought = [purchase for family in families for purchase in family.purchases.values()]
    spent = {
        id(family): sum(
            p.drawn_tiyn - p.returned_tiyn for p in family.purchases.values() if p.status == "captured"
        )
        for family in families
    }
    issued = sum(family.issued_tiyn for family in families)
    held = sum(purchase.drawn_tiyn for purchase in bought if purchase.status == "held")
    expired = sum(family.expired_tiyn for family in families)
    cancelled = sum(family.cancelled_tiyn for family in families)
    paid = sum(spent.values())
    return (
        sum(family.size > 0 for family in families),
        sum(family.size for family in families),
        sum(family.no_number for family in families),
        *(having(stage) for stage in _STAGES),
        sum(tiyn > 0 for tiyn in spent.values()),
        having("expired"),
        sum(family.vouchers for family in families),
        issued,
        paid,
        held,
        expired,
        cancelled,
        issued - paid - held - expired - cancelled,
    )


def _from_log(key: Callable[[Family, Scope], tuple[Any, ...]]) -> Callable[[Ledger, Scope], Sequence[Cells]]:
    def rows(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
        groups: dict[tuple[Any, ...], list[Family]] = defaultdict(list)
        for family in ledger.families.values():
            if (family.programme, family.month) in scope.months and family.region.startswith(scope.region):
                groups[key(family, scope)].append(family)
        return [(*found, *_figures(families)) for found, families in sorted(groups.items())]

    return rows


def _section(
    id: str,
    kk: str,
    ru: str,
    en: str,
    column: Column | None,
    sql: str,
    key: Callable[[Family, Scope], tuple[Any, ...]],
) -> Section:
    columns = (_PROGRAMME, _MONTH, *((column,) if column else ()), *_COUNTS, *_SUMS)
    keys = "programme AS key_1, month AS key_2" + (f", {sql} AS key_3" if column else "")
    order = "ORDER BY 1, 2, 3" if column else "ORDER BY 1, 2"
    return Section(
        id,
        named(kk, ru, en),
        columns,
        3 if column else 2,
        ("families", "purchases"),
        _sql(keys).replace("ORDER BY 1, 2", order),
        _from_log(key),
    )


MONTH = Report(
    id="month",
    names=named("Айдың есебі", "Отчёт за месяц", "Month report"),
    definition=named(
        "Айдың тізіміндегі отбасылардың жолы: әр баған – сол кезеңге жеткен отбасылар саны (family.* және voucher.* "
        "оқиғалары бойынша); сомалар теңгемен: берілгені = жұмсалғаны + ұсталғаны + мерзімі өткені + күші жойылғаны + "
        "қалғаны. Қайтарылған тауардың сомасы жұмсалғанға кірмейді.",
        "Путь семей из списка месяца: в каждом столбце – сколько семей дошло до этапа (по событиям family.* и voucher.*);"
        " суммы: выдано = потрачено + удержано + истекло + аннулировано + остаток. Возвращённое в потраченное не "
        "входит.",
        "The way of the families on the month's list: each column counts the families that reached the stage (by the "
        "events family.* and voucher.*); of the sums, issued = spent + held + expired + cancelled + available. What was "
        "returned does not count as spent.",
    ),
    clauses=("R15", "R18", "R20", "R21", "O3.2"),
    parameters=frozenset({"programme", "month", "region"}),
    sections=(
        _section(
            "months",
            "Барлығы",
            "Всего",
            "In all",
            None,
            "",
            lambda family, _: (family.programme, family.month),
        ),
        _section(
            "regions",
            "Өңірлер бойынша",
            "По регионам",
            "By region",
            _REGION,
            "left(region_then, %(digits)s)",
            lambda f, scope: (f.programme, f.month, f.region[: next_level(scope.region)]),
        ),
        _section(
            "sizes",
            "Отбасы мөлшері бойынша",
            "По размеру семьи",
            "By family size",
            _SIZE,
            "size_then",
            lambda family, _: (family.programme, family.month, family.size),
        ),
    ),
)

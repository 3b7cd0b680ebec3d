"""The report `month`: the way of the families through a programme's month, and where the sums went (R15–R21, O3.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from projections.reports.entries import Family
from projections.reports.facts import AS_ITS_ROW_SAYS, FAMILIES, PURCHASES_OF_CHANGED
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Cut, Report, Scope, Section, named, next_level

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
    Column("issued_tiyn", named("берілгені, тг", "выдано, тг", "issued, KZT"), "tiyn"),
    Column("spent_tiyn", named("жұмсалғаны, тг", "потрачено, тг", "spent, KZT"), "tiyn"),
    Column("held_tiyn", named("ұсталғаны, тг", "удержано, тг", "held, KZT"), "tiyn"),
    Column("expired_tiyn", named("мерзімі өткені, тг", "истекло, тг", "expired, KZT"), "tiyn"),
    Column("cancelled_tiyn", named("күші жойылғаны, тг", "аннулировано, тг", "cancelled, KZT"), "tiyn"),
    Column("available_tiyn", named("қалғаны, тг", "остаток, тг", "available, KZT"), "tiyn"),
)
_REGION = Column("region", named("өңір", "регион", "region"), "text")
_SIZE = Column("size", named("отбасы мүшелері", "размер семьи", "family size"))
_PROGRAMME = Column("programme", named("бағдарлама", "программа", "programme"), "text")
_MONTH = Column("month", named("ай", "месяц", "month"), "text")

_STAGES = ("asked", "reminded", "consented", "refused", "withdrawn", "lapsed", "issued", "activated")


def _reached(stage: str) -> str:
    return f"count(*) FILTER (WHERE {stage}_position <= %(upto)s)"


def _sum_then(name: str, row: str, worked_out: str) -> str:
    return f"CASE WHEN {AS_ITS_ROW_SAYS} THEN {row} ELSE ({worked_out})::bigint END AS {name}"


# By name: where the family's row has it, and how it is worked out otherwise.
_SUMS_THEN = (
    (
        "issued_then",
        "family.issued_tiyn",
        "CASE WHEN issued_position <= %(upto)s THEN family.issued_tiyn ELSE 0 END",
    ),
    ("spent_then", "family.spent_tiyn", "coalesce(s.spent_tiyn, 0)"),
    ("held_then", "family.held_tiyn", "coalesce(s.held_tiyn, 0)"),
    (
        "expired_then",
        "family.expired_tiyn",
        "CASE WHEN expired_position <= %(upto)s THEN lapsed_tiyn ELSE 0 END + coalesce(s.expired_tiyn, 0)",
    ),
    (
        "cancelled_then",
        "family.cancelled_tiyn",
        "CASE WHEN withdrawn_position <= %(upto)s THEN withdrawn_tiyn ELSE 0 END + coalesce(s.cancelled_tiyn, 0)",
    ),
)
# By region and size at once: what the sections are cut from.
_SQL = f"""
    WITH {FAMILIES}, {PURCHASES_OF_CHANGED},
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
        SELECT family.*, {", ".join(_sum_then(*one) for one in _SUMS_THEN)}
        FROM family LEFT JOIN spending s USING (stream)
    )
    SELECT programme, month, left(region_then, %(digits)s), size_then,
        count(*) FILTER (WHERE size_then > 0), sum(size_then), sum(no_number_then),
        {", ".join(_reached(stage) for stage in _STAGES)},
        count(*) FILTER (WHERE spent_then > 0), {_reached("expired")},
        sum(CASE WHEN issued_position <= %(upto)s THEN vouchers ELSE 0 END),
        sum(issued_then), sum(spent_then), sum(held_then), sum(expired_then), sum(cancelled_then),
        sum(issued_then) - sum(spent_then) - sum(held_then) - sum(expired_then) - sum(cancelled_then)
    FROM one GROUP BY 1, 2, 3, 4
    HAVING size_then > 0 OR sum(no_number_then) > 0 OR {" OR ".join(f"{_reached(stage)} > 0" for stage in _STAGES)}
    """
_FINER = 4  # keys of its rows


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
            if (
                (family.programme, family.month) in scope.months
                and family.region.startswith(scope.region)
                and (family.size > 0 or family.no_number or family.reached)
            ):
                groups[key(family, scope)].append(family)
        return [(*found, *_figures(families)) for found, families in sorted(groups.items())]

    return rows


def _section(
    id: str,
    kk: str,
    ru: str,
    en: str,
    column: Column | None,
    place: int,
    key: Callable[[Family, Scope], tuple[Any, ...]],
) -> Section:
    columns = (_PROGRAMME, _MONTH, *((column,) if column else ()), *_COUNTS, *_SUMS)
    figures = tuple(range(_FINER, _FINER + len(_COUNTS) + len(_SUMS)))
    return Section(
        id,
        named(kk, ru, en),
        columns,
        3 if column else 2,
        ("families", "purchases"),
        _SQL,
        _from_log(key),
        Cut((0, 1, place) if column else (0, 1), figures),
    )


MONTH = Report(
    id="month",
    names=named("Айдың есебі", "Отчёт за месяц", "Month report"),
    definition=named(
        "Айдың тізіміндегі отбасылардың жолы: әр баған – сол кезеңге жеткен отбасылар саны (family.* және voucher.* "
        "оқиғалары бойынша); сомалар теңгемен: берілгені = жұмсалғаны + ұсталғаны + мерзімі өткені + күші жойылғаны + "
        "қалғаны. Қайтарылған тауардың сомасы жұмсалғанға кірмейді. Сұрау жіберілгенге дейін "
        "тізімнен шыққан отбасылар есептелмейді.",
        "Путь семей из списка месяца: в каждом столбце – сколько семей дошло до этапа (по событиям family.* и voucher.*);"
        " суммы: выдано = потрачено + удержано + истекло + аннулировано + остаток. Возвращённое в потраченное не "
        "входит. Семьи, которые выбыли из списка до запроса, не считаются.",
        "The way of the families on the month's list: each column counts the families that reached the stage (by the "
        "events family.* and voucher.*); of the sums, issued = spent + held + expired + cancelled + available. What was "
        "returned does not count as spent. Families that left the list before anything was asked of them are not counted.",
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
            0,
            lambda family, _: (family.programme, family.month),
        ),
        _section(
            "regions",
            "Өңірлер бойынша",
            "По регионам",
            "By region",
            _REGION,
            2,
            lambda f, scope: (f.programme, f.month, f.region[: next_level(scope.region)]),
        ),
        _section(
            "sizes",
            "Отбасы мөлшері бойынша",
            "По размеру семьи",
            "By family size",
            _SIZE,
            3,
            lambda family, _: (family.programme, family.month, family.size),
        ),
    ),
)

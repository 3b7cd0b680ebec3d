"""The report `shops`: turnover, loans and their conditions, what is missing from the shelves (R9–R12, O3.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from projections.reports.entries import Purchase
from projections.reports.facts import AT_THE_SHOP, LINES, OF_THE_MONTHS, PURCHASES, line_total
from projections.reports.goods import total
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Report, Scope, Section, named
from projections.reports.serving import SHOP

_NAME = Column("name", named("атауы", "название", "name"), "text")

# What each shop's own events say; its streams are found by the view, so that few events of a large log are read.
_EVENTS = """
    event AS (
        SELECT notification_id AS position, topic, convert_from(state, 'UTF8')::json AS data
        FROM azyq_log.azyq_events
        WHERE originator_id = ANY(ARRAY(SELECT stream FROM azyq_views.shops)) AND notification_id <= %(upto)s
            AND topic <> 'shop.prices_set'
    ),
    latest AS (
        SELECT DISTINCT ON (data ->> 'shop') data ->> 'shop' AS shop, data ->> 'name' AS name,
            data ->> 'kato' AS kato
        FROM event WHERE topic IN ('shop.joined', 'shop.changed') ORDER BY data ->> 'shop', position DESC
    )"""
_WHICH = f"{OF_THE_MONTHS} AND {AT_THE_SHOP}"
_TURNOVER = f"""
    WITH {_EVENTS}, {PURCHASES.format(which=_WHICH)},
    status AS (
        SELECT DISTINCT ON (data ->> 'shop') data ->> 'shop' AS shop, topic = 'shop.closed' AS closed
        FROM event WHERE topic IN ('shop.opened', 'shop.closed') ORDER BY data ->> 'shop', position DESC
    ),
    {LINES.format(redemptions="SELECT redemption FROM purchase WHERE captured AND returns IS NOT NULL")},
    back AS (
        SELECT shop, sum({line_total("price_tiyn", "kept")}) AS back_tiyn,
            count(DISTINCT redemption) FILTER (WHERE kept > 0) AS kept_of
        FROM line GROUP BY shop
    ),
    drawn AS (
        SELECT shop, count(*) FILTER (WHERE returns IS NULL) AS purchases,
            sum(purchase_tiyn - coalesce(returned_tiyn, 0)) AS drawn_tiyn,
            sum(price_total_tiyn) FILTER (WHERE returns IS NULL) AS whole_tiyn
        FROM purchase WHERE captured GROUP BY shop
    )
    SELECT shop, name, CASE WHEN closed THEN 'closed' ELSE 'open' END,
        coalesce(purchases, 0) + coalesce(kept_of, 0), coalesce(whole_tiyn, 0) + coalesce(back_tiyn, 0),
        coalesce(drawn_tiyn, 0)
    FROM latest LEFT JOIN status USING (shop) LEFT JOIN back USING (shop) LEFT JOIN drawn USING (shop)
    WHERE %(shop)s IN ('', shop) AND kato ^@ %(region)s ORDER BY 1
    """
_LOANS = f"""
    WITH {_EVENTS},
    loan AS (
        SELECT DISTINCT ON (data ->> 'shop') data ->> 'shop' AS shop, topic, data
        FROM event WHERE topic IN ('shop.loan_recorded', 'shop.loan_ended')
        ORDER BY data ->> 'shop', position DESC
    ),
    breach AS (
        SELECT DISTINCT ON (data ->> 'breach') topic, data ->> 'shop' AS shop, data
        FROM event WHERE topic IN ('shop.breach_recorded', 'shop.breach_mended')
        ORDER BY data ->> 'breach', position DESC
    ),
    counted AS (
        SELECT shop, count(*) FILTER (WHERE topic = 'shop.breach_recorded') AS open,
            count(*) FILTER (WHERE topic = 'shop.breach_mended') AS mended,
            coalesce(sum(json_array_length(data -> 'missing')) FILTER (
                WHERE topic = 'shop.breach_recorded'), 0) AS missing
        FROM breach GROUP BY shop
    )
    SELECT shop, name, coalesce(loan.data ->> 'contract', ''),
        coalesce(CASE WHEN loan.topic = 'shop.loan_recorded' THEN loan.data ->> 'until' END, ''),
        coalesce(open, 0), coalesce(mended, 0), coalesce(missing, 0)
    FROM latest LEFT JOIN loan USING (shop) LEFT JOIN counted USING (shop)
    WHERE (loan.shop IS NOT NULL OR counted.shop IS NOT NULL) AND %(shop)s IN ('', shop)
        AND kato ^@ %(region)s
    ORDER BY 1
    """


def _turnover_from_log(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    sold: dict[str, list[Purchase]] = defaultdict(list)
    for purchase in ledger.purchases:
        if (
            purchase.status == "captured"
            and (purchase.family.programme, purchase.family.month) in scope.months
        ):
            sold[purchase.shop].append(purchase)
    rows = []
    for name, shop in sorted(ledger.shops.items()):
        if scope.shop in ("", name) and shop.region.startswith(scope.region):
            turnover = sum(
                total(line.price_tiyn, line.bought - line.returned)
                for purchase in sold[name]
                for line in purchase.lines
            )
            drawn = sum(purchase.drawn_tiyn - purchase.returned_tiyn for purchase in sold[name])
            kept = sum(any(line.bought > line.returned for line in one.lines) for one in sold[name])
            status = "closed" if shop.closed else "open"
            rows.append((name, shop.name, status, kept, turnover, drawn))
    return rows


def _loans_from_log(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    rows = []
    for name, shop in sorted(ledger.shops.items()):
        inside = scope.shop in ("", name) and shop.region.startswith(scope.region)
        if inside and (shop.loan or shop.breaches):
            contract, until = shop.loan or ("", "")
            states = list(shop.breaches.values())
            missing = sum(lacking for lacking in states if lacking is not None)
            mended = states.count(None)
            rows.append((name, shop.name, contract, until, len(states) - mended, mended, missing))
    return rows


SHOPS = Report(
    id="shops",
    names=named("Дүкендер", "Магазины", "Shops"),
    definition=named(
        "Бағдарламаға қатысатын дүкендер (shop.joined): айдағы айналым – төленіп, қайтарылмаған тауарлардың жеңілдік "
        "бағасындағы сомасы; қарыз және оның сақталмаған шарттары (shop.breach_recorded), сөреде жоқ тізім орындары. "
        "Өңір – дүкен тұрған жер; айналым – сатып алушылар қайда тұрса да, толық.",
        "Магазины-участники (shop.joined): оборот за месяц – сумма оплаченных и не возвращённых товаров по ценам со "
        "скидкой; заём и его нарушенные условия (shop.breach_recorded), позиции перечня, которых нет на полках. "
        "Регион – тот, где стоит магазин; оборот – весь, где бы ни жили покупатели.",
        "Shops taking part (shop.joined): the month's turnover is the sum of goods paid for and not returned at "
        "discounted prices; the loan and its conditions that are not kept (shop.breach_recorded), and the positions of "
        "the list that are not on the shelves. The region is where the shop stands; the turnover is all of it, wherever "
        "the buyers live.",
    ),
    clauses=("R9", "R10", "R11", "R12", "O3.1"),
    parameters=frozenset({"programme", "month", "shop", "region"}),
    sections=(
        Section(
            "turnover",
            named("Айналым", "Оборот", "Turnover"),
            (
                SHOP,
                _NAME,
                Column("status", named("күйі", "состояние", "status"), "text"),
                Column("purchases", named("сатып алу", "покупок", "purchases")),
                Column("turnover_tiyn", named("айналым", "оборот", "turnover"), "tiyn"),
                Column(
                    "drawn_tiyn", named("ваучер төлегені", "оплачено ваучером", "paid by vouchers"), "tiyn"
                ),
            ),
            3,
            ("purchases", "shops", "sold_lines"),
            _TURNOVER,
            _turnover_from_log,
            definition=named(
                "сатып алу – айдың ваучерлерімен төленіп, бірдеңесі қайтарылмай қалғандары; бәрі қайтарылғаны саналмайды "
                "(тауарлар есебіндегідей). Атауы мен күйі – есеп жасалған сәттегісі.",
                "покупки – оплаченные ваучерами месяца, из которых хоть что-то не возвращено; возвращённые целиком не "
                "считаются (как в отчёте о товарах). Название и состояние – на момент отчёта.",
                "purchases are those paid for with the month's vouchers of which something was kept; one that wholly came "
                "back does not count (as in the report on goods). Name and status are as of the report.",
            ),
        ),
        Section(
            "loans",
            named("Қарыздар мен шарттар", "Займы и условия", "Loans and conditions"),
            (
                SHOP,
                _NAME,
                Column("contract", named("шарт", "договор", "contract"), "text"),
                Column("until", named("мерзімі", "срок", "until"), "day"),
                Column("open", named("бұзушылық", "нарушений", "breaches")),
                Column("mended", named("түзетілгені", "устранено", "mended")),
                Column("missing", named("сөреде жоқ", "нет на полках", "missing positions")),
            ),
            4,
            ("shops",),
            _LOANS,
            _loans_from_log,
            definition=named(
                "есеп жасалған сәттегі күйі, қай ай сұралса да: әр дүкеннің соңғы жазылған қарызы. Мерзімі – шарттың соңғы "
                "күні; ол өтсе де, аяқталғаны жазылғанша (shop.loan_ended) жол сақталады. Аяқталған қарыздың шарты қалады, "
                "мерзімі бос болады. Бұзушылық – түзетілгені жазылмағандары (shop.breach_mended), қарыз аяқталса да.",
                "состояние на момент отчёта, какой бы месяц ни был запрошен: последний записанный заём каждого магазина. "
                "Срок – последний день договора; пока не записано окончание (shop.loan_ended), строка остаётся и после "
                "него. У оконченного займа остаётся договор, а срок пуст. Нарушения – те, чьё устранение не записано "
                "(shop.breach_mended), и при оконченном займе.",
                "as it stands at the report's position, whichever month is asked for: the loan last recorded of each shop. "
                "Until is the contract's last day; until the end is recorded (shop.loan_ended) the row stays as it is, also "
                "past that day. Of a loan that has ended the contract stays and until is empty. Breaches are those not "
                "recorded as mended (shop.breach_mended), also of a loan that has ended.",
            ),
        ),
    ),
)

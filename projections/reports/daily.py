"""The report `daily`: how vouchers were used on one day, by shop, hour and position of the goods list (R29)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.calendar import ALMATY
from projections.reports.entries import Purchase
from projections.reports.facts import (
    AT_THE_SHOP,
    IN_THE_REGION,
    OF_THE_DAY,
    PURCHASES,
    RESIDENTS_OF_THE_DAY,
)
from projections.reports.goods import (
    BY_POSITION,
    LIST,
    POSITION,
    PROGRAMME,
    SALES,
    SALES_VIEWS,
    position_of,
    sales,
    sales_from_log,
)
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Cut, Report, Scope, Section, named
from projections.reports.sealed import SEAL
from projections.reports.serving import SERVING, SHOP

_USE = (
    Column("purchases", named("сатып алу", "покупок", "purchases")),
    Column("drawn_tiyn", named("ваучер төлегені", "оплачено ваучером", "paid by vouchers"), "tiyn"),
    Column("returned_tiyn", named("қайтарылғаны", "возвращено", "returned"), "tiyn"),
    Column("held", named("ұсталып тұр", "удержано", "held")),
    Column("voided", named("болмай қалғаны", "отменено", "voided")),
)


def of_the_day(purchase: Purchase, scope: Scope) -> bool:
    """Whether the purchase was made on the scope's day (at its shop, by a family of its region, when it names one)."""
    at = datetime.fromisoformat(purchase.at)
    inside = datetime.fromisoformat(scope.first) <= at < datetime.fromisoformat(scope.end)
    return inside and scope.shop in ("", purchase.shop) and purchase.family.region.startswith(scope.region)


_WHICH = f"{OF_THE_DAY} AND {AT_THE_SHOP}"
# By shop and hour at once: what both sections are cut from.
_USED = f"""
    WITH {RESIDENTS_OF_THE_DAY}, {PURCHASES.format(which=_WHICH)}
    SELECT shop, extract(hour FROM bought_at AT TIME ZONE 'Asia/Almaty')::integer,
        count(*) FILTER (WHERE captured), coalesce(sum(purchase_tiyn) FILTER (WHERE captured), 0),
        coalesce(sum(returned_tiyn), 0), count(*) FILTER (WHERE captured IS NOT true AND voided IS NOT true),
        count(*) FILTER (WHERE voided)
    FROM purchase WHERE {IN_THE_REGION} GROUP BY 1, 2
    """
_USE_FIGURES = tuple(range(2, 2 + len(_USE)))


def _by(key: Any) -> Any:
    def rows(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
        groups: dict[Any, list[Purchase]] = defaultdict(list)
        for purchase in ledger.purchases:
            if of_the_day(purchase, scope):
                groups[key(purchase)].append(purchase)
        return [(found, *_figures(purchases)) for found, purchases in sorted(groups.items())]

    return rows


def _figures(purchases: Sequence[Purchase]) -> tuple[int, ...]:
    paid = [purchase for purchase in purchases if purchase.status == "captured"]
    return (
        len(paid),
        sum(purchase.drawn_tiyn for purchase in paid),
        sum(purchase.returned_tiyn for purchase in purchases),
        sum(purchase.status == "held" for purchase in purchases),
        sum(purchase.status == "voided" for purchase in purchases),
    )


def _hour(purchase: Purchase) -> int:
    return datetime.fromisoformat(purchase.at).astimezone(ALMATY).hour


DAILY = Report(
    id="daily",
    names=named("Күндік есеп", "Ежедневный отчёт", "Daily report"),
    definition=named(
        "Күн ішіндегі сатып алулар (voucher.redeemed, voucher.held және олардың жалғасы) дүкендер, сағаттар (Алматы "
        "уақыты) және тізім орындары бойынша; қайтарылғаны – осы күнгі сатып алулардан кейін қайтарылған сома; өңір – "
        "отбасынікі. API процестері өз жұмысын бес минут сайын жазады (serving.measured), сондықтан құлаған процестің "
        "соңғы бес минуты ғана жоғалады. Кассадағы бас тартулар – код және, терминал анықталғанда, дүкен бойынша (өңір – "
        "дүкендікі). Сервис барлық өңірге ортақ: кідіріс – p50, p95, p99 сұраудың жауабы одан аспаған қадам (мс); жұмыс "
        "уақыты – күннің өткен бөлігінде кемінде бір процесс жұмыс істеген үлес; кейінге қалдырылғаны – соңғы өлшемде.",
        "Покупки за день (voucher.redeemed, voucher.held и что с ними стало) по магазинам, часам (время Алматы) и "
        "позициям перечня; возвращено – что вернули из покупок этого дня, когда бы то ни было; регион – семьи. Процессы "
        "API записывают сделанное каждые пять минут (serving.measured): при сбое процесса теряется не больше пяти минут. "
        "Отказы на кассе – по кодам и, где терминал известен, по магазинам (регион – магазина). Сервис общий для всех "
        "регионов: задержка – шаг (мс), в который уложились 50, 95, 99 % запросов; время работы – доля прошедшей части "
        "дня, когда работал хотя бы один процесс; отложено – при последнем измерении.",
        "Purchases of the day (voucher.redeemed, voucher.held and what became of them) by shop, hour (Almaty time) and "
        "position of the goods list; returned is what came back of that day's purchases, whenever it did; the region is "
        "the family's. Processes of the API record every five minutes what they did (serving.measured): a crash loses five "
        "minutes at most. Refusals at the counter are by code and, where the terminal was known, by shop (the region is "
        "the shop's). The service is one for all regions: latency is the step in ms within which 50, 95, 99 % of the "
        "requests were answered; uptime the share of the day so far in which at least one process was at work; parked is "
        "as of the last measurement.",
    ),
    clauses=("R29", "R32"),
    parameters=frozenset({"on", "shop", "region"}),
    sections=(
        Section(
            "shops",
            named("Дүкендер", "Магазины", "Shops"),
            (SHOP, *_USE),
            1,
            ("families", "purchases"),
            _USED,
            _by(lambda purchase: purchase.shop),
            Cut((0,), _USE_FIGURES),
            definition=named(
                "күн ішінде сатып алынған дүкен; сатып алу – төленгені, ұсталып тұрғаны мен болмай қалғаны бөлек.",
                "магазин, где купили в этот день; покупки – оплаченные, удержанные и отменённые отдельно.",
                "the shop where something was bought that day; purchases are those paid, held and voided ones apart.",
            ),
        ),
        Section(
            "hours",
            named("Сағаттар", "Часы", "Hours"),
            (Column("hour", named("сағат", "час", "hour"), "hour"), *_USE),
            1,
            ("families", "purchases"),
            _USED,
            _by(_hour),
            Cut((1,), _USE_FIGURES),
            definition=named(
                "сатып алынған сағат, Алматы уақыты.",
                "час покупки, время Алматы.",
                "the hour of the purchase, Almaty time.",
            ),
        ),
        Section(
            "positions",
            named("Тізім орындары", "Позиции перечня", "Positions of the list"),
            (PROGRAMME, POSITION, LIST, *SALES),
            3,
            SALES_VIEWS,
            sales(_WHICH, RESIDENTS_OF_THE_DAY),
            sales_from_log(position_of, of_the_day),
            BY_POSITION,
            definition=named(
                "сол күнгі төленген сатып алулардың тауарлары, қайтарылғаны шегерілген; тізім – сол күнгі қолданыстағысы.",
                "товары оплаченных покупок этого дня без возвращённых; перечень – действующий в этот день.",
                "goods of the purchases paid for that day, less what came back; the list is the one in force on it.",
            ),
        ),
        *SERVING,
        SEAL,
    ),
)

"""The report `appeals`: how recipients rate the service at the shops, and what became of their complaints (R30)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any, NamedTuple

from domain.calendar import local_day
from projections.reports.facts import FAMILIES
from projections.reports.heard import Asked, Rating
from projections.reports.ledger import Ledger
from projections.reports.report import AppealService, Cells, Column, Report, Scope, Section, named, next_level
from projections.reports.serving import SHOP

STARS = range(1, 6)
_MONTH = Column("month", named("ай", "месяц", "month"), "text")
_SERVICE = Column("service", named("қызмет", "услуга", "service"), "text")
_RATED = (
    Column("ratings", named("бағалар", "оценок", "ratings")),
    Column("average", named("орташа баға", "средняя оценка", "average"), "quantity", places=2),
    *(Column(f"stars_{n}", named(f"{n} жұлдыз", f"{n} зв.", f"{n} stars")) for n in STARS),
)
_DAYS = Column(
    "median_days",
    named("жауапқа дейінгі жұмыс күні (медиана)", "рабочих дней до ответа (медиана)", "median working days"),
    "quantity",
)
_COUNTS = (
    Column("received", named("түскені", "поступило", "received")),
    Column("open", named("қаралуда", "на рассмотрении", "open")),
    Column("overdue", named("мерзімі өткен", "просрочено", "overdue")),
    Column("closed", named("жауап берілді", "дан ответ", "closed")),
    Column("late", named("кеш жауап берілді", "ответ с опозданием", "closed late")),
    _DAYS,
)

# The last rating of each purchase.
_RATINGS = f"""
    WITH {FAMILIES},
    latest AS (
        SELECT DISTINCT ON (redemption) * FROM azyq_views.ratings
        WHERE position <= %(upto)s AND programme || '/' || month = ANY(%(months)s) AND %(shop)s IN ('', shop)
        ORDER BY redemption, position DESC
    )
    SELECT {{keys}}, count(*), round(avg(stars), 2), {", ".join(f"count(*) FILTER (WHERE stars = {n})" for n in STARS)}
    FROM latest WHERE %(region)s = '' OR EXISTS (SELECT FROM family WHERE family.stream = latest.stream)
    GROUP BY {{groups}} ORDER BY {{groups}}
    """
# The requests that are appeals. A shop is named by its id, alone or at the end in brackets, as the wallet offers it;
# what names none that takes part is no shop.
_ASKED = """
    WITH told AS (
        SELECT c.*, c.facts::jsonb AS said, kind ->> 2 AS topic_field, kind ->> 4 AS region_field,
            coalesce(substring(facts::jsonb ->> (kind ->> 3) FROM '\\(([^()]*)\\)$'), facts::jsonb ->> (kind ->> 3))
                AS shop_named
        FROM azyq_views.case_course c
        JOIN jsonb_array_elements(%(appeals)s::jsonb) kind ON kind ->> 0 = c.service AND kind ->> 1 = c.version
        WHERE c.position <= %(upto)s
            AND (%(first)s = '' OR received_at >= nullif(%(first)s, '')::timestamptz)
            AND (%(end)s = '' OR received_at < nullif(%(end)s, '')::timestamptz)
    ),
    taking_part AS (
        SELECT shop FROM azyq_views.shops s JOIN azyq_log.azyq_events ON originator_id = s.stream
        WHERE originator_version = 1 AND notification_id <= %(upto)s
    ),
    asked AS (
        SELECT service, received_at, coalesce(said ->> topic_field, '') AS topic,
            coalesce(said ->> region_field, '') AS region,
            CASE WHEN shop_named IN (SELECT shop FROM taking_part) THEN shop_named ELSE '' END AS shop,
            coalesce(ended_position <= %(upto)s, false) AS ended, ending, coalesce(late, 0) = 1 AS late,
            coalesce(due_at < nullif(%(at)s, '')::timestamptz, false) AS due,
            width_bucket((ended_at AT TIME ZONE 'Asia/Almaty')::date, %(working_days)s::date[])
                - width_bucket((received_at AT TIME ZONE 'Asia/Almaty')::date, %(working_days)s::date[]) AS days
        FROM told
    ),
    appeal AS (
        SELECT * FROM asked WHERE %(shop)s IN ('', shop) AND region ^@ %(region)s
    )"""
_MEDIAN = "(percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE ended))::numeric"


def _complaints_sql(keys: str, count: int) -> str:
    groups = ", ".join(str(n) for n in range(1, count + 1))
    return f"""{_ASKED}
    SELECT {keys}, count(*), count(*) FILTER (WHERE NOT ended), count(*) FILTER (WHERE NOT ended AND due),
        count(*) FILTER (WHERE ended), count(*) FILTER (WHERE ended AND late), {_MEDIAN}
    FROM appeal GROUP BY {groups} ORDER BY {groups}
    """


_ENDINGS = f"""{_ASKED}
    SELECT service, ending, count(*), count(*) FILTER (WHERE late), {_MEDIAN}
    FROM appeal WHERE ended GROUP BY 1, 2 ORDER BY 1, 2
    """


class _Appeal(NamedTuple):
    asked: Asked
    topic: str
    shop: str
    region: str
    days: int | None  # working days to the answer


def _appeals(ledger: Ledger, scope: Scope) -> Iterator[_Appeal]:
    kinds = {(one.service, one.version): one for one in scope.appeals}
    for asked in ledger.heard.requests.values():
        kind = kinds.get((asked.service, asked.version))
        if kind is None or not _within(asked.received_at, scope):
            continue
        appeal = _Appeal(
            asked,
            asked.facts.get(kind.topic, ""),
            _shop(asked, kind, ledger),
            asked.facts.get(kind.region, ""),
            _days(asked, scope),
        )
        if scope.shop in ("", appeal.shop) and appeal.region.startswith(scope.region):
            yield appeal


def _within(at: datetime, scope: Scope) -> bool:
    if not scope.first:
        return True
    return datetime.fromisoformat(scope.first) <= at < datetime.fromisoformat(scope.end)


def _shop(asked: Asked, kind: AppealService, ledger: Ledger) -> str:
    text = asked.facts.get(kind.shop, "")
    bracketed = re.search(r"\(([^()]*)\)\Z", text)
    shop = bracketed[1] if bracketed else text
    return shop if shop in ledger.shops else ""


def _days(asked: Asked, scope: Scope) -> int | None:
    if asked.ended_at is None:
        return None
    received, ended = (
        bisect_right(scope.working_days, local_day(at).isoformat())
        for at in (asked.received_at, asked.ended_at)
    )
    return ended - received


def _median(appeals: Sequence[_Appeal]) -> Decimal | None:
    days = [Decimal(one.days) for one in appeals if one.days is not None]
    return median(days) if days else None


def _figures(appeals: Sequence[_Appeal], scope: Scope) -> tuple[Any, ...]:
    still = [one.asked for one in appeals if one.asked.ended_at is None]
    at = datetime.fromisoformat(scope.at) if scope.at else None
    return (
        len(appeals),
        len(still),
        sum(at is not None and one.due_at is not None and one.due_at < at for one in still),
        len(appeals) - len(still),
        sum(one.asked.late for one in appeals),
        _median(appeals),
    )


def _complaints_by(
    key: Callable[[_Appeal, Scope], tuple[str, ...]],
) -> Callable[[Ledger, Scope], Sequence[Cells]]:
    def rows(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
        groups: dict[tuple[str, ...], list[_Appeal]] = defaultdict(list)
        for one in _appeals(ledger, scope):
            groups[key(one, scope)].append(one)
        return [(*found, *_figures(appeals, scope)) for found, appeals in sorted(groups.items())]

    return rows


def _endings(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    groups: dict[tuple[str, str], list[_Appeal]] = defaultdict(list)
    for one in _appeals(ledger, scope):
        if one.asked.ended_at is not None:
            groups[one.asked.service, one.asked.ending].append(one)
    return [
        (*found, len(appeals), sum(one.asked.late for one in appeals), _median(appeals))
        for found, appeals in sorted(groups.items())
    ]


def _ratings_by(key: Callable[[Rating], Hashable]) -> Callable[[Ledger, Scope], Sequence[Cells]]:
    def rows(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
        groups: dict[Any, list[int]] = defaultdict(list)
        for one in ledger.heard.ratings.values():
            family = one.family
            chosen = (family.programme, family.month) in scope.months and scope.shop in ("", one.shop)
            if chosen and family.region.startswith(scope.region):
                groups[key(one)].append(one.stars)
        return [(*found, *_distribution(stars)) for found, stars in sorted(groups.items())]

    return rows


def _distribution(stars: Sequence[int]) -> tuple[Any, ...]:
    average = (Decimal(sum(stars)) / len(stars)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return len(stars), average, *(stars.count(n) for n in STARS)


_RATED_WORDS = named(
    "әр сатып алудың соңғы бағасы (family.rated) бойынша саны, орташасы, 1–5 жұлдыздың әрқайсысы.",
    "число, средняя и сколько каждой из 1–5 звёзд – по последней оценке каждой покупки (family.rated).",
    "count, average and how many of 1 to 5 stars each, by the last rating of each purchase (family.rated).",
)
_COMPLAINT_WORDS = named(
    "түскені = қаралуда + жауап берілді; мерзімі өткені – қаралудағылардан, кеші – жауап берілгендерден; медиана – түскен "
    "күннен кейінгі жұмыс күндері.",
    "поступило = на рассмотрении + дан ответ; просрочено – из рассматриваемых, с опозданием – из тех, на которые дан "
    "ответ; медиана – рабочих дней после дня поступления.",
    "received = open + closed; overdue are of those open, late of those closed; the median is of working days after the "
    "day of receipt.",
)
_ENDING_WORDS = named(
    "аяқталған істер (case.closed, case.acceptance_refused) қызмет файлындағы нәтижесі бойынша.",
    "оконченные дела (case.closed, case.acceptance_refused) по итогу, как он назван в файле услуги.",
    "cases that are over (case.closed, case.acceptance_refused) by their ending, as the service's file names it.",
)


def _complaints(
    id: str,
    kk: str,
    ru: str,
    en: str,
    columns: tuple[Column, ...],
    keys: str,
    key: Callable[[_Appeal, Scope], tuple[str, ...]],
) -> Section:
    sql = _complaints_sql(keys, len(columns))
    views = ("case_course", "shops")
    rows = _complaints_by(key)
    return Section(
        id,
        named(kk, ru, en),
        (*columns, *_COUNTS),
        len(columns),
        views,
        sql,
        rows,
        definition=_COMPLAINT_WORDS,
    )


APPEALS = Report(
    id="appeals",
    names=named("Бағалар мен шағымдар", "Оценки и жалобы", "Ratings and complaints"),
    definition=named(
        "Бағалар (family.rated): әр сатып алудың соңғы бағасы, айы – ваучердікі, өңірі – отбасынікі; орташасы екі таңбаға "
        "дейін. Шағымдар: файлында [appeals] бар қызметтердің істері (case.opened), айы – түскен айы, өңірі мен дүкені – "
        "өтініште аталғаны. Қаралуда: әлі аяқталмаған; мерзімі өткен: олардың уәде етілген уақыты өткені; жауап берілді: "
        "case.closed не case.acceptance_refused; кеш: уәде етілген уақыттан кейін. Жұмыс күндері – дүйсенбі мен жұма "
        "аралығы, мерекелер мен ауыстырылған күндер ескеріледі; түскен күн саналмайды.",
        "Оценки (family.rated): последняя оценка каждой покупки, месяц – ваучера, регион – семьи; средняя до двух знаков. "
        "Жалобы: дела услуг, в файле которых есть [appeals] (case.opened), месяц – поступления, регион и магазин – "
        "названные в заявлении. На рассмотрении – ещё не оконченные; просрочено – те из них, чей обещанный срок прошёл; "
        "дан ответ – case.closed или case.acceptance_refused; с опозданием – после обещанного срока. Рабочие дни – с "
        "понедельника по пятницу с учётом праздников и переносов; день поступления не считается.",
        "Ratings (family.rated): the last one of each purchase, the month is the voucher's, the region the family's; the "
        "average has two places. Complaints: cases of the services whose file has [appeals] (case.opened); the month is "
        "that of receipt, region and shop are those named in the application. Open: not over yet; overdue: those of them "
        "whose promised time is over; closed: case.closed or case.acceptance_refused; late: after the promised time. "
        "Working days are Monday to Friday but for holidays and moved days; the day of receipt does not count.",
    ),
    clauses=("R30",),
    parameters=frozenset({"month", "shop", "region"}),
    whole=True,
    calendar=True,
    sections=(
        Section(
            "ratings",
            named("Бағалар", "Оценки", "Ratings"),
            (Column("programme", named("бағдарлама", "программа", "programme"), "text"), _MONTH, *_RATED),
            2,
            ("families", "ratings"),
            _RATINGS.format(keys="programme, month", groups="1, 2"),
            _ratings_by(lambda one: (one.family.programme, one.family.month)),
            definition=_RATED_WORDS,
        ),
        Section(
            "rated_shops",
            named("Дүкендердің бағалары", "Оценки магазинов", "Ratings of shops"),
            (SHOP, *_RATED),
            1,
            ("families", "ratings"),
            _RATINGS.format(keys="shop", groups="1"),
            _ratings_by(lambda one: (one.shop,)),
            definition=_RATED_WORDS,
        ),
        _complaints(
            "complaints",
            "Шағымдар",
            "Жалобы",
            "Complaints",
            (_SERVICE, _MONTH),
            "service, to_char(received_at AT TIME ZONE 'Asia/Almaty', 'YYYY-MM')",
            lambda one, _: (one.asked.service, f"{local_day(one.asked.received_at):%Y-%m}"),
        ),
        Section(
            "endings",
            named("Немен аяқталды", "Чем окончились", "How they ended"),
            (
                _SERVICE,
                Column("ending", named("нәтижесі", "итог", "ending"), "text"),
                Column("closed", named("жауап берілді", "дан ответ", "closed")),
                Column("late", named("кеш жауап берілді", "ответ с опозданием", "closed late")),
                _DAYS,
            ),
            2,
            ("case_course", "shops"),
            _ENDINGS,
            _endings,
            definition=_ENDING_WORDS,
        ),
        _complaints(
            "regions",
            "Өңірлер бойынша шағымдар",
            "Жалобы по регионам",
            "Complaints by region",
            (Column("region", named("өңір", "регион", "region"), "text"),),
            "left(region, %(digits)s)",
            lambda one, scope: (one.region[: next_level(scope.region)],),
        ),
        _complaints(
            "shops",
            "Дүкендер бойынша шағымдар",
            "Жалобы по магазинам",
            "Complaints by shop",
            (SHOP,),
            "shop",
            lambda one, _: (one.shop,),
        ),
        _complaints(
            "topics",
            "Тақырыптар бойынша шағымдар",
            "Жалобы по темам",
            "Complaints by topic",
            (_SERVICE, Column("topic", named("тақырыбы", "тема", "topic"), "text")),
            "service, topic",
            lambda one, _: (one.asked.service, one.topic),
        ),
    ),
)

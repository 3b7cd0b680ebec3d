"""How the service served on a day: refusals at the counter, requests, latency, errors, uptime, what is parked (R29)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from domain.serving import LATENCY_STEPS
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Scope, Section, named

SHOP = Column("shop", named("дүкен", "магазин", "shop"), "text")
CODE = Column("code", named("код", "код", "code"), "text")
_TIMES = Column("refusals", named("бас тарту", "отказов", "refusals"))
_REQUESTS = (
    Column("requests", named("сұраулар", "запросов", "requests")),
    Column("refused", named("қабылданбағаны (4xx)", "отклонено (4xx)", "refused (4xx)")),
    Column("failed", named("қате (5xx)", "ошибок (5xx)", "failed (5xx)")),
)
PERCENTILES = (50, 95, 99)
VIEWS = ("measurements",)
# A process tells of itself every five minutes; what none has told of for twice as long it was not at work in.
UNTOLD = timedelta(minutes=10)

_MEASURED = """
    measured AS (SELECT * FROM azyq_views.measurements WHERE day = %(on)s AND position <= %(upto)s)"""
# Refusals where the terminal, and so the shop, was known; the others only where no shop and no region is asked for.
_REFUSED = f"""
    WITH {_MEASURED},
    known AS (
        SELECT shop, code, sum(times::bigint) AS times
        FROM measured, jsonb_each(refusals_by_shop::jsonb) AS s (shop, codes), jsonb_each_text(codes) AS c (code, times)
        WHERE %(shop)s IN ('', shop)
        GROUP BY 1, 2
    ),
    place AS (
        SELECT DISTINCT ON (originator_id) data ->> 'shop' AS shop, data ->> 'kato' AS kato
        FROM (
            SELECT originator_id, notification_id, convert_from(state, 'UTF8')::json AS data FROM azyq_log.azyq_events
            WHERE originator_id = ANY(ARRAY(
                SELECT stream FROM azyq_views.shops WHERE %(region)s <> '' AND shop IN (SELECT shop FROM known)))
                AND topic IN ('shop.joined', 'shop.changed') AND notification_id <= %(upto)s
        ) told
        ORDER BY originator_id, notification_id DESC
    ),
    refused AS (
        SELECT * FROM known
        WHERE %(region)s = '' OR shop IN (SELECT shop FROM place WHERE kato ^@ %(region)s)
        UNION ALL
        SELECT '', code, sum(times::bigint) - coalesce((SELECT sum(times) FROM known WHERE known.code = c.code), 0)
        FROM measured, jsonb_each_text(refusals::jsonb) AS c (code, times)
        WHERE %(shop)s = '' AND %(region)s = ''
        GROUP BY code
    )"""
_LEVELS = f"""
    WITH {_MEASURED},
    step AS (
        SELECT kind, number, sum(count::bigint) AS count
        FROM measured, jsonb_each(latency::jsonb) AS l (kind, steps),
            jsonb_array_elements_text(steps) WITH ORDINALITY AS s (count, number)
        GROUP BY 1, 2
    ),
    reached AS (
        SELECT *, sum(count) OVER (PARTITION BY kind ORDER BY number) AS upto, sum(count) OVER (PARTITION BY kind) AS whole
        FROM step
    ),
    wrong AS (
        SELECT kind, sum((pair ->> 0)::bigint) AS refused, sum((pair ->> 1)::bigint) AS failed
        FROM measured, jsonb_each(errors::jsonb) AS e (kind, pair) GROUP BY 1
    )
    SELECT kind, max(whole), coalesce(max(refused), 0), coalesce(max(failed), 0), {
    ", ".join(
        f"('{{{','.join(map(str, LATENCY_STEPS))}}}'::integer[])[min(number) FILTER (WHERE upto * 100 >= whole * {percent})]"
        for percent in PERCENTILES
    )
}
    FROM reached LEFT JOIN wrong USING (kind) WHERE whole > 0 GROUP BY 1 ORDER BY 1
    """
_DAY = f"""
    WITH {_MEASURED},
    touching AS (
        SELECT * FROM azyq_views.measurements
        WHERE position <= %(upto)s AND (day = %(on)s
            OR day = (%(on)s::date - 1)::text AND upto_at > %(first)s::timestamptz)
    ),
    known AS (
        SELECT CASE WHEN at - last <= interval '{UNTOLD.total_seconds():.0f} seconds' THEN last ELSE at END AS upto
        FROM (SELECT nullif(%(at)s, '')::timestamptz AS at, max(upto_at) AS last FROM touching) AS told
    ),
    whole AS (
        SELECT tstzrange(began, greatest(began, least(ended, upto))) AS span
        FROM known, (VALUES (%(first)s::timestamptz, %(end)s::timestamptz)) AS d (began, ended)
    ),
    covered AS (
        SELECT range_agg(tstzrange(from_at, upto_at)) * tstzmultirange((SELECT span FROM whole)) AS spans FROM touching
    ),
    seconds AS (
        SELECT (SELECT floor(extract(epoch FROM sum(upper(one) - lower(one)))) FROM covered, unnest(spans) one) AS up,
            floor(extract(epoch FROM upper(span) - lower(span))) AS whole
        FROM whole
    ),
    answered AS (
        SELECT sum(count::bigint) AS requests
        FROM measured, jsonb_each(latency::jsonb) AS l (kind, steps), jsonb_array_elements_text(steps) AS s (count)
    ),
    wrong AS (
        SELECT sum((pair ->> 0)::bigint) AS refused, sum((pair ->> 1)::bigint) AS failed
        FROM measured, jsonb_each(errors::jsonb) AS e (kind, pair)
    )
    SELECT %(on)s, (SELECT coalesce(requests, 0) FROM answered), (SELECT coalesce(refused, 0) FROM wrong),
        (SELECT coalesce(failed, 0) FROM wrong), (SELECT coalesce(up, 0) FROM seconds),
        (SELECT round(100 * coalesce(up, 0) / nullif(whole, 0), 2) FROM seconds),
        count(DISTINCT process), (SELECT parked FROM touching ORDER BY position DESC LIMIT 1)
    FROM touching HAVING count(*) > 0
    """


def _measured(ledger: Ledger, scope: Scope) -> list[dict[str, Any]]:
    return [one for one in ledger.measured if one["day"] == scope.on]


def _refused(ledger: Ledger, scope: Scope) -> Counter[tuple[str, str]]:
    """Refusals by shop and code; of no shop where the terminal was not known."""
    known: Counter[tuple[str, str]] = Counter()
    every: Counter[str] = Counter()
    for one in _measured(ledger, scope):
        every.update(one["refusals"])
        for shop, codes in one["refusals_by_shop"].items():
            known.update({(shop, code): times for code, times in codes.items()})
    rest = every.copy()
    for (_, code), times in known.items():
        rest[code] -= times
    chosen = Counter(
        {
            (shop, code): times
            for (shop, code), times in known.items()
            if scope.shop in ("", shop)
            and (
                not scope.region
                or (shop in ledger.shops and ledger.shops[shop].region.startswith(scope.region))
            )
        }
    )
    if not (scope.shop or scope.region):
        chosen.update({("", code): times for code, times in rest.items()})
    return chosen


def _by_code(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    codes: Counter[str] = Counter()
    for (_, code), times in _refused(ledger, scope).items():
        codes[code] += times
    return [(code, times) for code, times in sorted(codes.items()) if times]


def _by_shop(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    return [(*key, times) for key, times in sorted(_refused(ledger, scope).items()) if times]


def _levels(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    steps: dict[str, Counter[int]] = defaultdict(Counter)
    wrong: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in _measured(ledger, scope):
        for kind, counts in one["latency"].items():
            steps[kind].update(dict(enumerate(counts)))
        for kind, pair in one["errors"].items():
            wrong[kind] = [a + b for a, b in zip(wrong[kind], pair, strict=True)]
    return [
        (kind, counts.total(), *wrong[kind], *(_percentile(counts, percent) for percent in PERCENTILES))
        for kind, counts in sorted(steps.items())
        if counts.total()
    ]


def _percentile(counts: Counter[int], percent: int) -> int:
    """The upper bound (ms) of the first step by which so many percent of the requests were answered."""
    reached = 0
    for step in range(len(LATENCY_STEPS)):
        reached += counts[step]
        if reached * 100 >= counts.total() * percent:
            return LATENCY_STEPS[step]
    raise AssertionError(counts)


def _day(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    first, end = datetime.fromisoformat(scope.first), datetime.fromisoformat(scope.end)
    touching = _touching(ledger, scope, first)
    if not touching:
        return []
    measured = _measured(ledger, scope)
    at = datetime.fromisoformat(scope.at)
    last = max(datetime.fromisoformat(one["upto_at"]) for one in touching)
    end = max(first, min(end, last if at - last <= UNTOLD else at))
    spans = _covered(touching, first, end)
    up = sum((until - since for since, until in spans), timedelta()) // timedelta(seconds=1)
    whole = (end - first) // timedelta(seconds=1)
    share = (Decimal(100 * up) / whole).quantize(Decimal("0.01"), ROUND_HALF_UP) if whole else None
    wrong = [pair for one in measured for pair in one["errors"].values()]
    return [
        (
            scope.on,
            sum(sum(counts) for one in measured for counts in one["latency"].values()),
            sum(refused for refused, _ in wrong),
            sum(failed for _, failed in wrong),
            up,
            share,
            len({one["process"] for one in touching}),
            touching[-1]["parked"],
        )
    ]


def _touching(ledger: Ledger, scope: Scope, first: datetime) -> list[dict[str, Any]]:
    """What was measured on the day, and what began the day before and went on into it."""
    before = (date.fromisoformat(scope.on) - timedelta(days=1)).isoformat()
    return [
        one
        for one in ledger.measured
        if one["day"] == scope.on or (one["day"] == before and datetime.fromisoformat(one["upto_at"]) > first)
    ]


def _covered(
    measured: Sequence[dict[str, Any]], first: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The times in which at least one process was at work, apart from one another."""
    since = until = first
    for began, ended in sorted(
        (datetime.fromisoformat(one["from_at"]), datetime.fromisoformat(one["upto_at"])) for one in measured
    ):
        if began > until:
            yield since, until
            since = until = min(began, end)
        until = max(until, min(ended, end))
    yield since, until


_DEFINED = {
    "refusals": named(
        "касса сұраулары қабылданбаған рет (код пен сөйлемі); кілті танылмағандары да кіреді. Өңір не дүкен аталса – тек "
        "сол дүкендердегісі.",
        "сколько раз касса получила отказ (код и его смысл), в том числе без известного ключа; если назван регион или "
        "магазин – только у этих магазинов.",
        "how often the counter said no (code and sentence), also to unknown keys; where a region or a shop is named, at "
        "those shops only.",
    ),
    "refusals_by_shop": named(
        "терминалы анықталған бас тартулар дүкені бойынша; дүкенсіз жол – терминал анықталмай тұрып бас тартылғандар.",
        "отказы известным терминалам по их магазинам; строка без магазина – отказано прежде, чем терминал стал известен.",
        "refusals to known terminals by their shop; the row without a shop is what was refused before the terminal was "
        "known.",
    ),
    "service": named(
        "serving.measured оқиғаларының күндік қосындысы; жұмыс уақыты – процестер аралықтарының бірігуі, пайызы – күннің "
        "өткен бөлігінен: соңғы өлшемнен бері өткен он минутқа дейінгі уақыт әлі есепке кірмейді. Түн ортасынан асқан "
        "аралықтың уақыты екі күнге бөлінеді, ал сұраулары мен бас тартулары басталған күніне жазылады. Кейінге "
        "қалдырылғаны – соңғы өлшемде. Өлшем болмаса, жол жоқ.",
        "сумма событий serving.measured за день; время работы – объединение промежутков процессов, доля – от прошедшей "
        "части дня: до десяти минут после последнего измерения ещё не в счёт. Время промежутка через полночь делится между "
        "двумя днями, а его запросы и отказы отнесены ко дню, когда он начался. Отложено – при последнем измерении. Без "
        "измерений строки нет.",
        "the day's events serving.measured added up; seconds up is the union of the processes' spans, the share is of the "
        "day so far, up to ten minutes since the last measurement not counted yet. The time of a span across midnight "
        "counts to each day its part, its requests and refusals to the day it began on. Parked is as last measured. Where "
        "nothing was measured there is no row.",
    ),
    "requests": named(
        "сұраулар түрі бойынша; p50, p95, p99 – сұраулардың осынша пайызына жауап берілген қадамның жоғарғы шегі (мс), ең "
        "көбі 60 000.",
        "запросы по видам; p50, p95, p99 – верхняя граница шага (мс), в который уложилась такая доля запросов, не больше "
        "60 000.",
        "requests by kind; p50, p95, p99 are the upper bound of the step (ms) within which so many percent were answered, "
        "60,000 at most.",
    ),
}
SERVING = (
    Section(
        "refusals",
        named("Кассадағы бас тартулар", "Отказы на кассе", "Refusals at the counter"),
        (CODE, _TIMES),
        1,
        ("measurements", "shops"),
        f"{_REFUSED} SELECT code, sum(times) FROM refused GROUP BY 1 HAVING sum(times) > 0 ORDER BY 1",
        _by_code,
        definition=_DEFINED["refusals"],
    ),
    Section(
        "refusals_by_shop",
        named("Дүкендердегі бас тартулар", "Отказы по магазинам", "Refusals by shop"),
        (SHOP, CODE, _TIMES),
        2,
        ("measurements", "shops"),
        f"{_REFUSED} SELECT shop, code, sum(times) FROM refused GROUP BY 1, 2 HAVING sum(times) > 0 ORDER BY 1, 2",
        _by_shop,
        definition=_DEFINED["refusals_by_shop"],
    ),
    Section(
        "service",
        named("Сервис", "Сервис", "Service"),
        (
            Column("day", named("күн", "день", "day"), "day"),
            *_REQUESTS,
            Column("up_seconds", named("жұмыс уақыты, с", "время работы, с", "seconds up")),
            Column("up_percent", named("жұмыс уақыты, %", "время работы, %", "uptime, %"), "quantity"),
            Column("processes", named("процестер", "процессов", "processes")),
            Column("parked", named("кейінге қалдырылғаны", "отложено", "parked")),
        ),
        1,
        VIEWS,
        _DAY,
        _day,
        definition=_DEFINED["service"],
    ),
    Section(
        "requests",
        named("Сұраулар", "Запросы", "Requests"),
        (
            Column("kind", named("сұрау түрі", "вид запросов", "kind of requests"), "text"),
            *_REQUESTS,
            *(Column(f"p{p}_ms", named(f"p{p}, мс", f"p{p}, мс", f"p{p}, ms")) for p in PERCENTILES),
        ),
        1,
        VIEWS,
        _LEVELS,
        _levels,
        definition=_DEFINED["requests"],
    ),
)

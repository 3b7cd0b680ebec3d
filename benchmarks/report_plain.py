"""What one would write instead of the month report: one SQL query over a plain normalised schema.

Filled from our views, so that both have the same month; with the keys and indexes that the query can use, and analysed.
What it leaves out is said with its figures.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from infra.postgres.connect import connect

LACKS = "as it is now only: what was known at an earlier position, or before a correction, can't be asked"
TABLES = """
DROP SCHEMA IF EXISTS plain_report CASCADE;
CREATE SCHEMA plain_report;
CREATE TABLE plain_report.family (
    id uuid PRIMARY KEY, programme text NOT NULL, month text NOT NULL, region text NOT NULL, size integer NOT NULL,
    no_number boolean NOT NULL
);
CREATE TABLE plain_report.message (family uuid NOT NULL, purpose text NOT NULL, PRIMARY KEY (family, purpose));
CREATE TABLE plain_report.answer (family uuid NOT NULL, said text NOT NULL, PRIMARY KEY (family, said));
CREATE TABLE plain_report.voucher (
    id text PRIMARY KEY, family uuid NOT NULL, tiyn bigint NOT NULL, activated boolean NOT NULL,
    expired boolean NOT NULL, expired_tiyn bigint NOT NULL, cancelled_tiyn bigint NOT NULL
);
CREATE TABLE plain_report.purchase (id text PRIMARY KEY, family uuid NOT NULL, shop text NOT NULL, status text NOT NULL);
CREATE TABLE plain_report.draw (
    purchase text NOT NULL, voucher text NOT NULL, tiyn bigint NOT NULL, PRIMARY KEY (purchase, voucher)
);
CREATE INDEX ON plain_report.family (programme, month);
CREATE INDEX ON plain_report.voucher (family);
CREATE INDEX ON plain_report.purchase (family);
"""
FILL = """
INSERT INTO plain_report.family
    SELECT stream, programme, month, region, size, no_number = 1 FROM azyq_views.families WHERE month = %(month)s;
INSERT INTO plain_report.message
    SELECT stream, purpose FROM azyq_views.families,
        LATERAL (VALUES ('consent_request', asked_position), ('reminder', reminded_position)) one (purpose, position)
    WHERE month = %(month)s AND one.position IS NOT NULL;
INSERT INTO plain_report.answer
    SELECT stream, said FROM azyq_views.families,
        LATERAL (VALUES ('yes', consented_position), ('no', refused_position), ('withdrawn', withdrawn_position),
            ('none', lapsed_position)) one (said, position)
    WHERE month = %(month)s AND one.position IS NOT NULL;
INSERT INTO plain_report.voucher
    SELECT v.voucher, v.stream, v.amount_tiyn, f.activated_position IS NOT NULL, f.expired_position IS NOT NULL,
        v.expired_tiyn, v.cancelled_tiyn
    FROM azyq_views.voucher_balances v JOIN azyq_views.families f USING (stream) WHERE f.month = %(month)s;
INSERT INTO plain_report.purchase
    SELECT redemption, stream, shop, status FROM azyq_views.purchases WHERE month = %(month)s;
INSERT INTO plain_report.draw
    SELECT redemption, draw ->> 0, (draw ->> 1)::bigint
    FROM azyq_views.purchases, json_array_elements(draws::json) draw WHERE month = %(month)s;
ANALYZE plain_report.family, plain_report.message, plain_report.answer, plain_report.voucher, plain_report.purchase,
    plain_report.draw
"""
# In all, by region and by size at once.
MONTH = """
WITH asked AS (
    SELECT family, bool_or(purpose = 'consent_request') AS asked, bool_or(purpose = 'reminder') AS reminded
    FROM plain_report.message GROUP BY family
),
answered AS (
    SELECT family, bool_or(said = 'yes') AS consented, bool_or(said = 'no') AS refused,
        bool_or(said = 'withdrawn') AS withdrawn, bool_or(said = 'none') AS lapsed
    FROM plain_report.answer GROUP BY family
),
issued AS (
    SELECT family, count(*) AS vouchers, sum(tiyn) AS tiyn, bool_or(activated) AS activated,
        bool_or(expired) AS expired, sum(expired_tiyn) AS expired_tiyn, sum(cancelled_tiyn) AS cancelled_tiyn
    FROM plain_report.voucher GROUP BY family
),
spent AS (
    SELECT p.family, sum(d.tiyn) FILTER (WHERE status = 'captured') AS tiyn,
        sum(d.tiyn) FILTER (WHERE status = 'held') AS held_tiyn
    FROM plain_report.purchase p JOIN plain_report.draw d ON d.purchase = p.id GROUP BY p.family
)
SELECT left(region, 2), size, count(*) FILTER (WHERE size > 0), sum(size), count(*) FILTER (WHERE no_number),
    count(*) FILTER (WHERE asked), count(*) FILTER (WHERE reminded), count(*) FILTER (WHERE consented),
    count(*) FILTER (WHERE refused), count(*) FILTER (WHERE withdrawn), count(*) FILTER (WHERE lapsed),
    count(*) FILTER (WHERE vouchers > 0), count(*) FILTER (WHERE activated), count(*) FILTER (WHERE spent.tiyn > 0),
    count(*) FILTER (WHERE expired), sum(vouchers), sum(issued.tiyn), coalesce(sum(spent.tiyn), 0),
    coalesce(sum(held_tiyn), 0), coalesce(sum(expired_tiyn), 0), coalesce(sum(cancelled_tiyn), 0)
FROM plain_report.family f
LEFT JOIN asked ON asked.family = f.id
LEFT JOIN answered ON answered.family = f.id
LEFT JOIN issued ON issued.family = f.id
LEFT JOIN spent ON spent.family = f.id
WHERE programme = %(programme)s AND month = %(month)s
GROUP BY GROUPING SETS ((), (left(region, 2)), (size)) ORDER BY 1 NULLS FIRST, 2 NULLS FIRST
"""
_SETTINGS = "SET jit = off; SET work_mem = '32MB'"  # as our reports have them


def measure_plain_month(dsn: str, programme: str, month: str, ours: list[int], times: int) -> dict[str, Any]:
    """Milliseconds, the median; whether its totals are `ours` (figures of the month report without the last)."""
    values = {"programme": programme, "month": month}
    connection = connect(dsn, autocommit=True, application_name="azyq-bench-plain")
    try:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            cursor.execute(FILL, values)
            cursor.execute(_SETTINGS)
            taken = []
            for _ in range(times):
                begun = time.perf_counter()
                cursor.execute(MONTH, values)
                whole = cursor.fetchone()
                cursor.fetchall()
                taken.append((time.perf_counter() - begun) * 1000)
            cursor.execute("DROP SCHEMA plain_report CASCADE")
    finally:
        connection.close()
    assert whole is not None
    return {"ms": round(median(taken), 1), "agrees": [int(one) for one in whole[2:]] == ours, "lacks": LACKS}

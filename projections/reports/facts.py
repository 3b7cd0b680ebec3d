"""The SQL that reports read the views by, as of a log position: what was known then is in the same rows as what is now."""

from __future__ import annotations

# Families in a scope's months as the list had them at the position; the second half only finds what changed since.
FAMILIES = """
    listed AS (
        SELECT stream, region AS region_then, size AS size_then, no_number AS no_number_then
        FROM azyq_views.families
        WHERE programme || '/' || month = ANY(%(months)s) AND listed_position <= %(upto)s
        UNION ALL
        SELECT stream, said ->> 1, (said ->> 2)::integer, (said ->> 3)::integer
        FROM azyq_views.families, LATERAL (
            SELECT said FROM jsonb_array_elements(listed_before::jsonb) WITH ORDINALITY AS before (said, number)
            WHERE (said ->> 0)::bigint <= %(upto)s ORDER BY number DESC LIMIT 1) latest
        WHERE programme || '/' || month = ANY(%(months)s) AND listed_position > %(upto)s
            AND listed_before IS NOT NULL
    ),
    family AS (
        SELECT * FROM listed JOIN azyq_views.families USING (stream)
        WHERE region_then ^@ %(region)s
    )"""

# Purchases that were recorded up to the position, with what they had come to by then.
PURCHASES = """
    purchase AS (
        SELECT p.*,
            captured_position <= %(upto)s AS captured,
            voided_position <= %(upto)s AS voided,
            back.tiyn AS returned_tiyn, back.expired_tiyn, back.cancelled_tiyn, back.times AS returns_then
        FROM azyq_views.purchases p
        LEFT JOIN LATERAL (
            SELECT sum((one ->> 2)::bigint) AS tiyn, count(*) AS times,
                sum((one ->> 2)::bigint) FILTER (WHERE one ->> 1 = 'expired') AS expired_tiyn,
                sum((one ->> 2)::bigint) FILTER (WHERE one ->> 1 = 'cancelled') AS cancelled_tiyn
            FROM jsonb_array_elements(returns::jsonb) one WHERE (one ->> 0)::bigint <= %(upto)s
        ) back ON returns IS NOT NULL
        WHERE position <= %(upto)s {where}
    )"""
OF_THE_MONTHS = "AND programme || '/' || month = ANY(%(months)s)"
OF_THE_DAY = "AND bought_at >= %(first)s::timestamptz AND bought_at < %(end)s::timestamptz"

# The lines of the purchases that were paid for: what stayed sold of each by the position, in thousandths of a unit.
SOLD = """
    returned AS (
        SELECT redemption, line, max(thousandths) AS thousandths
        FROM azyq_views.sold_lines WHERE returned <> '' AND position <= %(upto)s {where}
        GROUP BY redemption, line
    ),
    sold AS (
        SELECT l.position, p.shop, p.stream, gtin, goods_position, shelf_price_tiyn AS shelf_tiyn,
            price_tiyn, l.thousandths - coalesce(back.thousandths, 0) AS thousandths
        FROM purchase p
        JOIN azyq_views.sold_lines l ON l.position = p.position AND l.returned = ''
        LEFT JOIN returned back ON back.redemption = l.redemption AND back.line = l.line
        WHERE p.captured
    )"""
SHELF_TOTAL = "(shelf_tiyn * thousandths + 500) / 1000"
PRICE_TOTAL = "(price_tiyn * thousandths + 500) / 1000"

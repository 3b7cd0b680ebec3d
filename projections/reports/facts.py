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

# The lines of the purchases that were paid for: what stayed sold of each by the position.
SOLD = """
    sold AS (
        SELECT p.redemption, p.shop, p.stream, line ->> 0 AS gtin, (line ->> 1)::integer AS goods_position,
            (line ->> 2)::bigint AS shelf_tiyn, (line ->> 3)::bigint AS price_tiyn,
            (line ->> 4)::numeric - coalesce(CASE WHEN p.returns IS NOT NULL THEN (
                SELECT max((back ->> 1)::numeric)
                FROM jsonb_array_elements(p.returns::jsonb) one, jsonb_array_elements(one -> 3) back
                WHERE (one ->> 0)::bigint <= %(upto)s AND (back ->> 0)::integer = number - 1
            ) END, 0) AS quantity
        FROM purchase p, json_array_elements(p.lines::json) WITH ORDINALITY AS each (line, number)
        WHERE p.captured
    )"""
SHELF_TOTAL = "round(shelf_tiyn * quantity)::bigint"
PRICE_TOTAL = "round(price_tiyn * quantity)::bigint"

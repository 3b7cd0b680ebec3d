"""The SQL that reports read the views by, as of a log position: what was known then is in the same rows as what is now."""

from __future__ import annotations

# Programmes and months apart find an index; the pairs are asked for only where they are not all of both.
_IN_MONTHS = (
    "programme = ANY(%(programmes)s) AND month = ANY(%(of_months)s)"
    " AND (%(all_pairs)s OR programme || '/' || month = ANY(%(months)s))"
)
OF_THE_MONTHS = f"AND {_IN_MONTHS}"
OF_THE_DAY = "AND bought_at >= %(first)s::timestamptz AND bought_at < %(end)s::timestamptz"

# Families in a scope's months as the list had them at the position; what it said before is looked up where it says
# something else since.
FAMILIES = f"""
    family AS (
        SELECT *, coalesce(said ->> 1, region) AS region_then, coalesce((said ->> 2)::integer, size) AS size_then,
            coalesce((said ->> 3)::integer, no_number) AS no_number_then
        FROM (
            SELECT *, CASE WHEN listed_position > %(upto)s THEN (
                SELECT said FROM jsonb_array_elements(listed_before::jsonb) WITH ORDINALITY AS before (said, number)
                WHERE (said ->> 0)::bigint <= %(upto)s ORDER BY number DESC LIMIT 1) END AS said
            FROM azyq_views.families
            WHERE {_IN_MONTHS} AND (listed_position <= %(upto)s OR listed_before IS NOT NULL) OFFSET 0
        ) listed
        WHERE (listed_position <= %(upto)s OR said IS NOT NULL)
            AND (%(region)s = '' OR coalesce(said ->> 1, region) ^@ %(region)s)
    )"""
LAST_CHANGE = f"SELECT coalesce(max(position), 0) FROM azyq_views.families WHERE {_IN_MONTHS}"
# Where nothing has happened since the position a family's sums are as its row says; the others' are worked out.
AS_ITS_ROW_SAYS = "(%(settled)s OR position <= %(upto)s)"

# Purchases that were recorded up to the position, with what they had come to by then.
PURCHASES = """
    purchase AS (
        SELECT p.*,
            captured_position <= %(upto)s AS captured,
            voided_position <= %(upto)s AS voided,
            back[1] AS returned_tiyn, back[2] AS expired_tiyn, back[3] AS cancelled_tiyn, back[4] AS returns_then
        FROM (
            SELECT *, CASE WHEN returns IS NOT NULL THEN (
                SELECT ARRAY[sum((one ->> 2)::bigint),
                    sum((one ->> 2)::bigint) FILTER (WHERE one ->> 1 = 'expired'),
                    sum((one ->> 2)::bigint) FILTER (WHERE one ->> 1 = 'cancelled'), count(*)]
                FROM jsonb_array_elements(returns::jsonb) one WHERE (one ->> 0)::bigint <= %(upto)s
            ) END AS back
            FROM azyq_views.purchases WHERE position <= %(upto)s {where} OFFSET 0
        ) p
    )"""
PURCHASES_OF_CHANGED = PURCHASES.format(
    where=f"""AND NOT %(settled)s AND {_IN_MONTHS} AND stream IN (
                SELECT stream FROM azyq_views.families f WHERE {_IN_MONTHS} AND f.position > %(upto)s)"""
)

SHELF_TOTAL = "(shelf_tiyn * thousandths + 500) / 1000"
PRICE_TOTAL = "(price_tiyn * thousandths + 500) / 1000"
# What of the lines has come back in all by the position, in thousandths of a unit.
RETURNED = f"""
    returned AS (
        SELECT redemption, line, max(thousandths) AS thousandths
        FROM azyq_views.sold_lines WHERE {_IN_MONTHS} AND returned > '' AND position <= %(upto)s
        GROUP BY redemption, line
    )"""
# The lines of the purchases above that were paid for, or of `which`: what stayed sold of each by the position.
SOLD = f"""
    {RETURNED},
    sold AS (
        SELECT l.position, p.programme, p.shop, p.stream, gtin, goods_position, shelf_price_tiyn AS shelf_tiyn,
            price_tiyn, l.thousandths - coalesce(back.thousandths, 0) AS thousandths,
            CASE WHEN p.returns IS NULL THEN first_of ELSE (
                SELECT (count(*) FILTER (WHERE before.gtin = l.gtin) = 0)::integer + (count(*) = 0)::integer
                FROM azyq_views.sold_lines before LEFT JOIN returned gone USING (redemption, line)
                WHERE before.redemption = l.redemption AND before.returned = '' AND before.line < l.line
                    AND before.goods_position = l.goods_position
                    AND before.thousandths > coalesce(gone.thousandths, 0)) END AS first_of
        FROM purchase p
        JOIN azyq_views.sold_lines l ON l.position = p.position AND l.returned = ''
        LEFT JOIN returned back ON back.redemption = l.redemption AND back.line = l.line
        WHERE p.captured {{which}}
    )"""

# The same of months, for many lines: those that nothing came back of are counted as they stand.
_BOUGHT = f"""
        SELECT {{columns}}, programme, gtin, goods_position, shelf_price_tiyn AS shelf_tiyn, price_tiyn
        FROM azyq_views.sold_lines l {{back}}
        WHERE {_IN_MONTHS} AND returned = '' AND position <= %(upto)s
            AND (held = 0 OR l.redemption IN (
                SELECT redemption FROM azyq_views.purchases
                WHERE {_IN_MONTHS} AND captured_position <= %(upto)s AND captured_position > position))
            AND (%(region)s = '' OR stream IN (SELECT stream FROM family))
            AND l.redemption {{which}} (SELECT redemption FROM returned)"""
SOLD_OF_THE_MONTHS = f"""
    {RETURNED},
    kept AS ({
    _BOUGHT.format(
        columns="redemption, line, l.thousandths - coalesce(back.thousandths, 0) AS thousandths",
        back="LEFT JOIN returned back USING (redemption, line)",
        which="IN",
    )
}),
    sold AS ({_BOUGHT.format(columns="l.thousandths, first_of", back="", which="NOT IN")}
        UNION ALL
        SELECT thousandths,
            (row_number() OVER (PARTITION BY redemption, goods_position, gtin ORDER BY line) = 1)::integer
                + (row_number() OVER (PARTITION BY redemption, goods_position ORDER BY line) = 1)::integer,
            programme, gtin, goods_position, shelf_tiyn, price_tiyn
        FROM kept WHERE thousandths > 0
    )"""

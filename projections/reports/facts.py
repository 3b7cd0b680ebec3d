"""The SQL that reports read the views by, as of a log position: what was known then is in the same rows as what is now."""

from __future__ import annotations

# Programmes and months apart find an index; the pairs are asked for only where they are not all of both.
OF_THE_MONTHS = (
    "programme = ANY(%(programmes)s) AND month = ANY(%(of_months)s)"
    " AND (%(all_pairs)s OR programme || '/' || month = ANY(%(months)s))"
)
OF_THE_DAY = "bought_at >= %(first)s::timestamptz AND bought_at < %(end)s::timestamptz"
AT_THE_SHOP = "%(shop)s IN ('', shop)"

# What the list said of a family at the position, where it says something else since.
_SAID = """
    CROSS JOIN LATERAL (
        SELECT said FROM jsonb_array_elements(listed_before::jsonb) WITH ORDINALITY AS before (said, number)
        WHERE (said ->> 0)::bigint <= %(upto)s ORDER BY number DESC LIMIT 1) at_position"""
_SAYS_STILL = "(%(settled)s OR listed_position <= %(upto)s)"
_SAID_OTHERWISE = "NOT %(settled)s AND listed_position > %(upto)s AND listed_before IS NOT NULL"

# Families in a scope's months as the list had them at the position.
FAMILIES = f"""
    family AS (
        SELECT *, region AS region_then, size AS size_then, no_number AS no_number_then FROM azyq_views.families
        WHERE {OF_THE_MONTHS} AND {_SAYS_STILL} AND (%(region)s = '' OR region ^@ %(region)s)
        UNION ALL
        SELECT f.*, said ->> 1, (said ->> 2)::integer, (said ->> 3)::integer FROM azyq_views.families f {_SAID}
        WHERE {OF_THE_MONTHS} AND {_SAID_OTHERWISE} AND (%(region)s = '' OR (said ->> 1) ^@ %(region)s)
    )"""
LAST_CHANGE = f"SELECT coalesce(max(position), 0) FROM azyq_views.families WHERE {OF_THE_MONTHS}"
# Where nothing has happened since the position a family's sums are as its row says; the others' are worked out.
AS_ITS_ROW_SAYS = "(%(settled)s OR position <= %(upto)s)"

# Who lives in the scope's region, for purchases and their lines, whose rows don't say. The families' index has all of it;
# where they all live there (a programme of one oblast), nobody is looked up. A KATO code has 9 digits.
_RESIDENTS = f"""
    everybody AS (
        SELECT NOT EXISTS (SELECT FROM azyq_views.families WHERE {{within}} AND region < %(region)s)
            AND NOT EXISTS (
                SELECT FROM azyq_views.families WHERE {{within}} AND region > %(region)s || '999999999')
            AND (%(settled)s OR NOT EXISTS (
                SELECT FROM azyq_views.families WHERE {{within}} AND {_SAID_OTHERWISE})) AS lives_there
    ),
    resident AS (
        SELECT stream FROM azyq_views.families WHERE {{within}} AND {_SAYS_STILL} AND region ^@ %(region)s
        UNION ALL
        SELECT stream FROM azyq_views.families {_SAID}
        WHERE {{within}} AND {_SAID_OTHERWISE} AND (said ->> 1) ^@ %(region)s
    )"""
RESIDENTS_OF_THE_MONTHS = _RESIDENTS.format(within=OF_THE_MONTHS)
# A day's purchases are of few months, and the families of the others are many.
RESIDENTS_OF_THE_DAY = f"""
    bought_for AS (
        SELECT DISTINCT programme, month FROM azyq_views.purchases WHERE {OF_THE_DAY}
    ),""" + _RESIDENTS.format(
    within="programme = ANY(ARRAY(SELECT programme FROM bought_for))"
    " AND month = ANY(ARRAY(SELECT month FROM bought_for))"
)
IN_THE_REGION = (
    "(%(region)s = '' OR (SELECT lives_there FROM everybody) OR stream IN (SELECT stream FROM resident))"
)

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
            FROM azyq_views.purchases WHERE position <= %(upto)s AND {which} OFFSET 0
        ) p
    )"""
PURCHASES_OF_CHANGED = PURCHASES.format(
    which=f"""NOT %(settled)s AND {OF_THE_MONTHS} AND stream IN (
                SELECT stream FROM azyq_views.families f WHERE {OF_THE_MONTHS} AND f.position > %(upto)s)"""
)

OF_WHICH_CAME_BACK = "SELECT redemption FROM azyq_views.purchases WHERE returns IS NOT NULL AND {which}"
# The lines of these purchases, with what was kept of each by the position, in thousandths of a unit. Few are looked up
# one by one, whatever the planner thinks: joined, they would be sought among all lines there are.
LINES = """
    line AS (
        SELECT bought.*, thousandths - coalesce(back, 0) AS kept
        FROM ({redemptions}) came_back
        CROSS JOIN LATERAL (
            SELECT *, max(thousandths) FILTER (WHERE returned > '') OVER (PARTITION BY line) AS back
            FROM azyq_views.sold_lines l WHERE l.redemption = came_back.redemption AND position <= %(upto)s OFFSET 0
        ) bought
        WHERE returned = ''
    )"""


def line_total(price: str, thousandths: str) -> str:
    """SQL for what so much at a price a unit comes to, rounded half up to a whole tiyn (R2.1)."""
    return f"({price} * {thousandths} + 500) / 1000"

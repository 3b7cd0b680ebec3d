"""The queries that every batch of a counter's calls asks, prepared: to parse and plan them would cost more than they do.

The plans are made once, maybe while the tables are small, and must be good when they have grown: OFFSET 0 keeps each
probe of an index what it is.
"""

from __future__ import annotations

# azyq_standing: receipts and keys, codes seen, and events of families after a version of each, as rows of (place in the
# array from 1, version, topic, state or stream, newest).
# azyq_news: the log's head and how many events there are after a position, up to one more than were asked for; then of
# each stream of the desk that they tell of the last position.
PREPARE = """
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE azyq_standing (uuid[], uuid[], bigint[]) AS
SELECT k.place, NULL::bigint, NULL::text, r.stream::text, NULL::timestamptz
FROM unnest($1) WITH ORDINALITY AS k(key, place),
LATERAL (SELECT stream FROM azyq_log.receipt WHERE key = k.key OFFSET 0) AS r
UNION ALL
SELECT k.place, NULL, NULL, NULL, c.newest
FROM unnest($2) WITH ORDINALITY AS k(stream, place),
LATERAL (SELECT newest FROM azyq_log.code_seen WHERE stream = k.stream OFFSET 0) AS c
UNION ALL
SELECT k.place, e.originator_version, e.topic, convert_from(e.state, 'UTF8'), NULL
FROM ROWS FROM (unnest($2), unnest($3)) WITH ORDINALITY AS k(stream, version, place),
LATERAL (
    SELECT originator_version, topic, state FROM azyq_log.azyq_events
    WHERE originator_id = k.stream AND originator_version > k.version
    ORDER BY originator_version OFFSET 0
) AS e;
PREPARE azyq_news (bigint, bigint) AS
WITH news AS MATERIALIZED (
    SELECT notification_id, originator_id, topic FROM azyq_log.azyq_events
    WHERE notification_id > $1 ORDER BY notification_id LIMIT $2 + 1
)
SELECT (SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events), (SELECT count(*) FROM news), NULL::text
UNION ALL
SELECT max(notification_id), NULL, originator_id::text FROM news
WHERE split_part(topic, '.', 1) IN ('terminal', 'shop', 'catalogue', 'market') GROUP BY originator_id
"""
EXECUTE_STANDING = "EXECUTE azyq_standing (%s, %s, %s)"
EXECUTE_NEWS = "EXECUTE azyq_news (%s, %s)"

"""The one query that a batch of a counter's calls is decided on: receipts and keys, codes seen, events of families."""

from __future__ import annotations

# Prepared once a connection: parsing and planning would cost more than its answer. OFFSET 0 keeps each probe of an index
# what it is; the plan is made once, maybe while the tables are small, and must be good when they have grown.
# Rows: (place in the array from 1, version, topic, state or stream, newest).
PREPARE_STANDING = """
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
) AS e
"""
EXECUTE_STANDING = "EXECUTE azyq_standing (%s, %s, %s)"

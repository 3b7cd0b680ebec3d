"""The table of what the publisher has brought to Kafka."""

from __future__ import annotations

PUBLISHED_MIGRATIONS: list[tuple[str, str]] = [
    (
        "published-1-position",
        """
        -- Everything up to `position` was acknowledged by Kafka; last[p + 1] is the last position sent to partition p.
        CREATE TABLE azyq_log.published (
            topic text PRIMARY KEY,
            partitions integer NOT NULL CHECK (partitions > 0),
            position bigint NOT NULL CHECK (position >= 0),
            last bigint[] NOT NULL CHECK (cardinality(last) = partitions),
            moved_at timestamptz NOT NULL DEFAULT now()
        ) WITH (fillfactor = 50);
        GRANT SELECT, INSERT, UPDATE ON azyq_log.published TO azyq_app;
        """,
    ),
    (
        "published-2-renumbered",
        """
        -- Up to this position messages went by another number of partitions, and told another one before them.
        ALTER TABLE azyq_log.published ADD COLUMN renumbered bigint NOT NULL DEFAULT 0;
        """,
    ),
]

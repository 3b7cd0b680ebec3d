"""What views fed through Kafka are kept by: positions by partition, and messages that are none of ours."""

from __future__ import annotations

PARTITION_MIGRATIONS: list[tuple[str, str]] = [
    (
        "partitions-1-views",
        """
        SET LOCAL ROLE azyq_app;
        ALTER TABLE azyq_views.view_state ADD COLUMN partitions integer NOT NULL DEFAULT 0;
        CREATE TABLE azyq_views.view_partition (
            view text NOT NULL,
            generation integer NOT NULL,
            partition integer NOT NULL,
            position bigint NOT NULL,
            PRIMARY KEY (view, generation, partition)
        ) WITH (fillfactor = 50);
        ALTER TABLE azyq_views.parked ADD COLUMN announced_at timestamptz;
        CREATE INDEX parked_unannounced ON azyq_views.parked (position) WHERE announced_at IS NULL;
        CREATE TABLE azyq_views.parked_message (
            topic text NOT NULL,
            partition integer NOT NULL,
            message_offset bigint NOT NULL,
            reason text NOT NULL,
            parked_at timestamptz NOT NULL DEFAULT now(),
            state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'discarded')),
            note text,
            announced_at timestamptz,
            PRIMARY KEY (topic, partition, message_offset)
        );
        CREATE INDEX parked_message_unannounced ON azyq_views.parked_message (parked_at)
            WHERE announced_at IS NULL;
        """,
    ),
    (
        "partitions-2-message-times",
        """
        SET LOCAL ROLE azyq_app;
        -- When the message was written, in ms since 1970 as Kafka has it: another time at the same place is another message.
        ALTER TABLE azyq_views.parked_message ADD COLUMN written_at bigint;
        """,
    ),
]

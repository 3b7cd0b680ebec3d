"""Tables of the event log: the eventsourcing library's own, and small ones that are written in the same transaction."""

from __future__ import annotations

# As eventsourcing 9.5 creates them (a test compares), so that the tables exist, and are granted, before it starts.
LOG_MIGRATIONS: list[tuple[str, str]] = [
    (
        "log-1-events",
        """
        CREATE TYPE azyq_log.stored_event_uuid AS
            (originator_id uuid, originator_version bigint, topic text, state bytea);
        CREATE TABLE azyq_log.azyq_events (
            originator_id uuid NOT NULL,
            originator_version bigint NOT NULL,
            topic text,
            state bytea,
            notification_id bigserial,
            PRIMARY KEY (originator_id, originator_version)
        ) WITH (
            autovacuum_enabled = true,
            autovacuum_vacuum_threshold = 100000000,
            autovacuum_vacuum_scale_factor = 0.5,
            autovacuum_analyze_threshold = 1000,
            autovacuum_analyze_scale_factor = 0.01
        );
        CREATE UNIQUE INDEX azyq_events_notification_id_idx ON azyq_log.azyq_events (notification_id ASC);
        -- LOCK … IN EXCLUSIVE MODE wants the right to UPDATE; the trigger below keeps the log append-only all the same.
        GRANT SELECT, INSERT, UPDATE ON azyq_log.azyq_events TO azyq_app;
        GRANT USAGE ON SEQUENCE azyq_log.azyq_events_notification_id_seq TO azyq_app;
        CREATE FUNCTION azyq_log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION ''the log is append-only''; END';
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON azyq_log.azyq_events
            FOR EACH STATEMENT EXECUTE FUNCTION azyq_log.refuse_change();
        """,
    ),
    (
        "log-2-claims",
        """
        -- What only one stream may have: a person within a programme's month (R5).
        CREATE TABLE azyq_log.claim (key uuid PRIMARY KEY, stream uuid NOT NULL);
        -- The stage of each family, so that the calendar finds who is due without replaying everyone.
        CREATE TABLE azyq_log.family_stage (
            cycle uuid NOT NULL, stream uuid NOT NULL, stage text NOT NULL, held_until timestamptz,
            PRIMARY KEY (cycle, stream)
        ) WITH (fillfactor = 70);
        CREATE INDEX family_stage_held ON azyq_log.family_stage (held_until) WHERE held_until IS NOT NULL;
        GRANT SELECT, INSERT, UPDATE, DELETE ON azyq_log.claim, azyq_log.family_stage TO azyq_app;
        """,
    ),
    (
        "log-3-sms-due",
        """
        -- SMS that wait for the gateway, written with the events that want them; no phone number, no text.
        CREATE TABLE azyq_log.sms_due (
            message uuid PRIMARY KEY,
            stream uuid NOT NULL,
            purpose text NOT NULL,
            cycle uuid NOT NULL,
            state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent')),
            attempts integer NOT NULL DEFAULT 0,
            not_before timestamptz,
            touched_at timestamptz,
            queued bigint GENERATED ALWAYS AS IDENTITY
        );
        CREATE INDEX sms_due_order ON azyq_log.sms_due (queued) WHERE state <> 'sent';
        GRANT SELECT, INSERT, UPDATE, DELETE ON azyq_log.sms_due TO azyq_app;
        """,
    ),
    (
        "log-4-receipts",
        """
        -- A shop's receipt, and its idempotency key, stand for one purchase, whichever family it is of (R27).
        CREATE TABLE azyq_log.receipt (key uuid PRIMARY KEY, stream uuid NOT NULL);
        GRANT SELECT, INSERT ON azyq_log.receipt TO azyq_app;
        """,
    ),
    (
        "log-5-code-seen",
        """
        -- When the newest code was made that a till has seen of each family: an older one is a picture of it (R25).
        CREATE TABLE azyq_log.code_seen (stream uuid PRIMARY KEY, newest timestamptz NOT NULL) WITH (fillfactor = 70);
        GRANT SELECT, INSERT, UPDATE, DELETE ON azyq_log.code_seen TO azyq_app;
        """,
    ),
]

"""What readers of the reports are kept by: challenges, sessions, the scope of their roles in the database (A1, A2, A8)."""

from __future__ import annotations

from infra.postgres.connect import READER_ROLE

ACCESS_MIGRATIONS: list[tuple[str, str]] = [
    (
        "access-1-readers",
        f"""
        CREATE SCHEMA azyq_access AUTHORIZATION azyq_app;
        CREATE SCHEMA azyq_reports AUTHORIZATION azyq_app;
        REVOKE ALL ON SCHEMA azyq_access, azyq_reports FROM PUBLIC;
        SET LOCAL ROLE azyq_app;
        CREATE TABLE azyq_access.challenge (
            challenge_hash text PRIMARY KEY,
            expires_at timestamptz NOT NULL
        );
        CREATE TABLE azyq_access.session (
            token_hash text PRIMARY KEY,
            user_id text NOT NULL,
            expires_at timestamptz NOT NULL
        );
        -- One row a role and region; the role is dropped with its last row.
        CREATE TABLE azyq_access.scope (
            role text NOT NULL,
            region text NOT NULL,
            until timestamptz NOT NULL,
            PRIMARY KEY (role, region)
        );
        ALTER TABLE azyq_access.scope ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY ours ON azyq_access.scope TO azyq_app USING (true) WITH CHECK (true);
        CREATE POLICY own ON azyq_access.scope FOR SELECT TO {READER_ROLE}
            USING (role = current_user AND now() < until);
        GRANT SELECT ON azyq_access.scope TO {READER_ROLE};
        GRANT USAGE ON SCHEMA azyq_reports TO {READER_ROLE};
        """,
    ),
    (
        "access-2-turns",
        """
        -- Locked by whoever makes and ends roles. The views are made anew at the next round, by functions.
        SET LOCAL ROLE azyq_app;
        CREATE TABLE azyq_access.turn ();
        DROP VIEW IF EXISTS azyq_reports.families, azyq_reports.purchases, azyq_reports.months;
        """,
    ),
    (
        "access-3-released-months",
        f"""
        -- What bodies of the republic see by SQL: the figures that the report shows them, and no others.
        SET LOCAL ROLE azyq_app;
        CREATE TABLE azyq_access.released (
            programme text,
            month text,
            families bigint,
            members bigint,
            vouchers bigint,
            issued_tiyn numeric,
            spent_tiyn numeric,
            released_at timestamptz NOT NULL,
            PRIMARY KEY (programme, month)
        );
        DROP VIEW IF EXISTS azyq_reports.months;
        DROP FUNCTION IF EXISTS azyq_access.months();
        CREATE FUNCTION azyq_access.months() RETURNS SETOF azyq_access.released
        LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
        BEGIN ATOMIC
            -- Of the function's owner: it asks for the one who logged in.
            SELECT r.* FROM azyq_access.released r WHERE EXISTS (
                SELECT FROM azyq_access.scope s WHERE s.role = session_user AND s.region = '' AND now() < s.until);
        END;
        REVOKE ALL ON FUNCTION azyq_access.months() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION azyq_access.months() TO {READER_ROLE};
        CREATE VIEW azyq_reports.months WITH (security_invoker = true, security_barrier = true)
            AS SELECT * FROM azyq_access.months();
        GRANT SELECT ON azyq_reports.months TO {READER_ROLE};
        """,
    ),
]

"""Tables that views are kept by: where each stands, and the events it could not fold."""

from __future__ import annotations

VIEW_MIGRATIONS: list[tuple[str, str]] = [
    (
        "views-1-state",
        """
        SET LOCAL ROLE azyq_app;
        CREATE TABLE azyq_views.view_state (
            view text NOT NULL,
            generation integer NOT NULL,
            version integer NOT NULL,
            table_name text NOT NULL,
            position bigint NOT NULL,
            status text NOT NULL CHECK (status IN ('current', 'building')),
            PRIMARY KEY (view, generation)
        ) WITH (fillfactor = 50);
        CREATE UNIQUE INDEX view_state_one_of_each ON azyq_views.view_state (view, status);
        CREATE TABLE azyq_views.parked (
            view text NOT NULL,
            position bigint NOT NULL,
            stream uuid NOT NULL,
            topic text NOT NULL,
            reason text NOT NULL,
            parked_at timestamptz NOT NULL DEFAULT now(),
            state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'discarded')),
            note text,
            PRIMARY KEY (view, position)
        );
        CREATE INDEX parked_open ON azyq_views.parked (view, stream) WHERE state = 'open';
        """,
    ),
]

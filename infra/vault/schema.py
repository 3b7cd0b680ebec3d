"""The vault's tables. They belong to the role azyq_vault; no other role has a right in the schema.

Lookups are keyed digests of 128 bits, kept as uuid: 16 bytes, and quick to compare.
"""

from __future__ import annotations

VAULT_MIGRATIONS: list[tuple[str, str]] = [
    (
        "vault_1_tables",
        """
        SET LOCAL ROLE azyq_vault;
        CREATE TABLE vault.master_key (
            id integer PRIMARY KEY,
            wrapped_root bytea NOT NULL,
            other_id integer,
            wrapped_other bytea
        );
        CREATE TABLE vault.person (
            subject uuid PRIMARY KEY,
            lookup uuid NOT NULL UNIQUE,
            master_id integer NOT NULL,
            wrapped_key bytea NOT NULL,
            data bytea NOT NULL
        );
        CREATE TABLE vault.phone (
            subject uuid PRIMARY KEY,
            phone bytea NOT NULL
        );
        CREATE TABLE vault.family (
            lookup uuid PRIMARY KEY,
            subject uuid NOT NULL UNIQUE,
            reference bytea NOT NULL
        );
        CREATE TABLE vault.asked (
            phone uuid NOT NULL,
            stream text NOT NULL,
            number bigint GENERATED ALWAYS AS IDENTITY,
            PRIMARY KEY (phone, stream)
        );
        CREATE TABLE vault.wallet_token (
            stream text PRIMARY KEY,
            lookup uuid NOT NULL UNIQUE,
            token bytea NOT NULL
        );
        """,
    ),
    (
        "vault_2_asked_subject",
        """
        SET LOCAL ROLE azyq_vault;
        -- Whose number it was, so that it can be forgotten with the person; unknown for what was noted before.
        ALTER TABLE vault.asked ADD COLUMN subject uuid;
        """,
    ),
    (
        "vault_3_papers",
        """
        SET LOCAL ROLE azyq_vault;
        -- Documents and personal values of cases; a holder without a subject is nobody's in particular.
        CREATE TABLE vault.paper_holder (
            holder uuid PRIMARY KEY,
            subject uuid,
            wrapped_key bytea NOT NULL,
            staged boolean NOT NULL,
            kept_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX paper_holder_subject ON vault.paper_holder (subject) WHERE subject IS NOT NULL;
        CREATE TABLE vault.paper (
            holder uuid NOT NULL REFERENCES vault.paper_holder ON DELETE CASCADE,
            sha256 bytea NOT NULL,
            sealed bytea NOT NULL,
            PRIMARY KEY (holder, sha256)
        );
        """,
    ),
    (
        "vault_4_staged_papers",
        """
        SET LOCAL ROLE azyq_vault;
        CREATE INDEX paper_holder_staged ON vault.paper_holder (kept_at) WHERE staged;
        """,
    ),
    (
        "vault_5_brought_lists",
        """
        SET LOCAL ROLE azyq_vault;
        -- Lists that wait at the office, and the rows of theirs that go back to the sender; `told` is sealed too.
        CREATE TABLE vault.brought (
            upload uuid PRIMARY KEY,
            number bigint GENERATED ALWAYS AS IDENTITY,
            wrapped_key bytea NOT NULL,
            state text NOT NULL,
            programme text NOT NULL DEFAULT '',
            month text NOT NULL DEFAULT '',
            staff text NOT NULL,
            subject text NOT NULL,
            brought text NOT NULL DEFAULT '',
            told bytea,
            began_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            touched_at timestamptz NOT NULL DEFAULT now(),
            stage text NOT NULL DEFAULT '',
            done bigint NOT NULL DEFAULT 0,
            total bigint NOT NULL DEFAULT 0,
            rows integer NOT NULL DEFAULT 0
        );
        CREATE TABLE vault.brought_part (
            upload uuid NOT NULL REFERENCES vault.brought ON DELETE CASCADE,
            part text NOT NULL,
            number integer NOT NULL,
            size integer NOT NULL,
            sealed bytea NOT NULL,
            PRIMARY KEY (upload, part, number)
        );
        -- What is sealed can't be packed.
        ALTER TABLE vault.brought_part ALTER COLUMN sealed SET STORAGE EXTERNAL;
        """,
    ),
]

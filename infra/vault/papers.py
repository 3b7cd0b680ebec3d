"""What the vault keeps of cases: documents and personal values, each holder's under a key of its own.

A holder's key is wrapped by its person's key, so that it ends with the person (O5.2), or by the vault's own where a case
is nobody's, such as an organisation's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from psycopg2 import Binary
from psycopg2.extensions import cursor as Cursor

from domain.ports import KeptPaper
from infra.vault.copying import copy_rows
from infra.vault.keyring import Keyring
from infra.vault.pool import VaultConnections
from infra.vault.sealing import Seal, new_key


class PostgresPapers:
    """Implements domain.ports.Papers; several threads may use it at once. Holders are 32 hex digits."""

    def __init__(self, connections: VaultConnections, keys: Keyring) -> None:
        self._connections = connections
        self._keys = keys

    def keep(self, holder: str, subject: str, papers: Sequence[KeptPaper]) -> None:
        """Keep `papers` of a holder, a person's where `subject` is given; idempotent, nothing of someone erased."""
        if papers:
            self._connections.run(lambda cursor: self._keep(cursor, holder, subject, papers, False))

    def read(self, holder: str, sha256: str) -> bytes | None:
        """The content; None for what that holder never had, or what was erased."""

        def find(cursor: Cursor) -> bytes | None:
            key = self._key_of(cursor, holder)
            if key is None:
                return None
            cursor.execute(
                "SELECT sealed FROM vault.paper WHERE holder = %s AND sha256 = %s",
                (holder, Binary(_bytes(sha256))),
            )
            row = cursor.fetchone()
            return None if row is None else key.open(bytes(row[0]), _about(holder, sha256))

        return self._connections.run(find)

    def stage(self, holder: str, content: bytes) -> str:
        """Keep an upload until a case takes it over; its SHA-256 in hex."""
        paper = KeptPaper(sha256(content).hexdigest(), content)

        def keep(cursor: Cursor) -> None:
            # Uploaded again, it waits as long as the first time.
            cursor.execute(
                "UPDATE vault.paper_holder SET kept_at = now() WHERE holder = %s AND staged", (holder,)
            )
            self._keep(cursor, holder, "", [paper], True)

        self._connections.run(keep)
        return paper.sha256

    def forget(self, holder: str) -> None:
        """Erase what a holder has, for good."""
        self._run("DELETE FROM vault.paper_holder WHERE holder = %s", holder)

    def purge_staged(self, before: datetime) -> int:
        """Erase uploads that no case took over since `before`; how many holders had some."""

        def purge(cursor: Cursor) -> int:
            cursor.execute("DELETE FROM vault.paper_holder WHERE staged AND kept_at < %s", (before,))
            return cursor.rowcount

        return self._connections.run(purge)

    def _keep(
        self, cursor: Cursor, holder: str, subject: str, papers: Sequence[KeptPaper], staged: bool
    ) -> None:
        key = self._key_of(cursor, holder) or self._new_key(cursor, holder, subject, staged)
        if key is None:
            return
        # Another who keeps the same for the same holder waits, and finds it kept.
        cursor.execute("SELECT FROM vault.paper_holder WHERE holder = %s FOR NO KEY UPDATE", (holder,))
        if not cursor.rowcount:
            return
        wanted = {_bytes(paper.sha256): paper for paper in papers}
        cursor.execute("SELECT sha256 FROM vault.paper WHERE holder = %s", (holder,))
        for (kept,) in cursor:
            wanted.pop(bytes(kept), None)
        # By COPY, for a statement has its values in hex, and some times over.
        rows = (
            (UUID(holder).bytes, digest, key.close(paper.content, _about(holder, paper.sha256)))
            for digest, paper in wanted.items()
        )
        copy_rows(cursor, "vault.paper (holder, sha256, sealed)", rows)

    def _new_key(self, cursor: Cursor, holder: str, subject: str, staged: bool) -> Seal | None:
        seal: Seal | None = self._keys.papers
        if subject:
            # An erasure waits for this, or this finds the person gone.
            cursor.execute(
                "SELECT master_id, wrapped_key FROM vault.person WHERE subject = %s FOR SHARE", (subject,)
            )
            row = cursor.fetchone()
            seal = None if row is None else self._person_key(subject, row[0], bytes(row[1]))
        if seal is None:
            return None
        wrapped = seal.close(new_key(), _about(holder, "key"))
        cursor.execute(
            "INSERT INTO vault.paper_holder (holder, subject, wrapped_key, staged) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (holder) DO NOTHING",
            (holder, subject or None, Binary(wrapped), staged),
        )
        return self._key_of(cursor, holder)

    def _key_of(self, cursor: Cursor, holder: str) -> Seal | None:
        cursor.execute(
            "SELECT h.subject, h.wrapped_key, p.master_id, p.wrapped_key FROM vault.paper_holder h"
            " LEFT JOIN vault.person p USING (subject) WHERE h.holder = %s",
            (holder,),
        )
        row = cursor.fetchone()
        if row is None or (row[0] is not None and row[2] is None):
            return None
        subject = None if row[0] is None else str(row[0]).replace("-", "")
        seal = self._keys.papers if subject is None else self._person_key(subject, row[2], bytes(row[3]))
        return Seal(seal.open(bytes(row[1]), _about(holder, "key")))

    def _person_key(self, subject: str, master_id: int, wrapped: bytes) -> Seal:
        return Seal(self._keys.master(master_id).open(wrapped, f"key {subject}".encode()))

    def _run(self, statement: str, *values: object) -> None:
        self._connections.run(lambda cursor: cursor.execute(statement, values))


def _about(holder: str, which: str) -> bytes:
    return f"paper {holder} {which}".encode()


def _bytes(digest: str) -> bytes:
    """A digest as bytes; of a text that is none, what no paper has."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return b""

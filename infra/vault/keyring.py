"""The vault's keys: a master key wraps each person's key and one root key, from which lookups are derived.

The root key stays when the master key changes, so that lookups stay as well. While the master key is being
changed there are two rows, and each key wraps the other: whoever holds either can read everything.
"""

from __future__ import annotations

from psycopg2.extensions import cursor as Cursor

from infra.vault.pool import VaultConnections
from infra.vault.sealing import KEY_BYTES, Seal, VaultKeyWrong, derive, keyed_digest, new_key

# Held while people are written, and while keys change (transaction-level advisory lock)
PEOPLE_LOCK = 0x7661_0001


class Keyring:
    """The keys of one vault, opened with `master_key` (32 bytes); makes them in an empty vault.

    Raises VaultKeyWrong when the master key isn't this vault's, ValueError when it isn't 32 bytes.
    """

    def __init__(self, connections: VaultConnections, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"The vault's master key must be {KEY_BYTES} bytes, not {len(master_key)}.")
        self._connections = connections
        self._master_key = master_key
        self._seals: dict[int, Seal] = {}
        root = connections.run(self._open)
        self._lookup_key = derive(root, "lookup")
        self.families = Seal(derive(root, "family references"))
        self.tokens = Seal(derive(root, "wallet tokens"))
        self.papers = Seal(derive(root, "papers of nobody in particular"))
        self.brought = Seal(derive(root, "lists that were brought in"))

    def lookup(self, kind: str, text: str) -> bytes:
        return keyed_digest(self._lookup_key, kind, text)

    def master(self, key_id: int) -> Seal:
        """The master key `key_id`. Raises VaultKeyWrong when the key at hand no longer leads to it."""
        if key_id not in self._seals:
            self._connections.run(self._open)
        try:
            return self._seals[key_id]
        except KeyError:
            raise VaultKeyWrong("The vault's master key was changed: start again with the new one.") from None

    def try_key(self) -> None:
        """Unwrap the vault's root key as it stands now (O6). Raises VaultKeyWrong, psycopg2's errors."""

        def unwrap(cursor: Cursor) -> None:
            cursor.execute("SELECT id, wrapped_root FROM vault.master_key ORDER BY id DESC LIMIT 1")
            row = cursor.fetchone()
            if row is None:
                raise VaultKeyWrong("The vault was emptied since it was opened.")
            if row[0] not in self._seals:
                self._open(cursor)
            root = self.master(row[0]).open(bytes(row[1]), _about("root", row[0]))
            if derive(root, "lookup") != self._lookup_key:
                raise VaultKeyWrong("The vault isn't the one that was opened.")

        self._connections.run(unwrap)

    def newest(self, cursor: Cursor) -> int:
        """Id of the master key that new people's keys are wrapped with; ask under PEOPLE_LOCK."""
        cursor.execute("SELECT max(id) FROM vault.master_key")
        row = cursor.fetchone()
        assert row is not None
        newest = int(row[0])
        if newest not in self._seals:
            self._open(cursor)
        self.master(newest)
        return newest

    def begin_change(self, cursor: Cursor, new_master_key: bytes) -> int:
        """Bring in `new_master_key`, or go on with a change to it that was cut short; its id."""
        if len(new_master_key) != KEY_BYTES:
            raise ValueError(f"The vault's master key must be {KEY_BYTES} bytes, not {len(new_master_key)}.")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PEOPLE_LOCK,))
        cursor.execute("SELECT id, wrapped_root FROM vault.master_key ORDER BY id")
        rows = cursor.fetchall()
        new_seal = Seal(new_master_key)
        newest = int(rows[-1][0])
        try:
            new_seal.open(bytes(rows[-1][1]), _about("root", newest))
        except VaultKeyWrong:
            if len(rows) > 1:
                raise VaultKeyWrong(
                    "A change to another master key isn't finished: finish that first."
                ) from None
        else:
            self._seals[newest] = new_seal
            self._master_key = new_master_key
            return newest
        root = self._open(cursor)
        added = newest + 1
        cursor.execute(
            "INSERT INTO vault.master_key VALUES (%s, %s, %s, %s)",
            (
                added,
                new_seal.close(root, _about("root", added)),
                newest,
                new_seal.close(self._master_key, _about("other", newest)),
            ),
        )
        cursor.execute(
            "UPDATE vault.master_key SET other_id = %s, wrapped_other = %s WHERE id = %s",
            (added, self._seals[newest].close(new_master_key, _about("other", added)), newest),
        )
        self._seals[added] = new_seal
        return added

    def end_change(self, cursor: Cursor, new_master_key: bytes, key_id: int) -> None:
        """Forget every master key but `key_id`, once nothing is wrapped by another; under PEOPLE_LOCK."""
        cursor.execute("DELETE FROM vault.master_key WHERE id <> %s", (key_id,))
        cursor.execute("UPDATE vault.master_key SET other_id = NULL, wrapped_other = NULL")
        self._master_key = new_master_key

    def _open(self, cursor: Cursor) -> bytes:
        cursor.execute("SELECT id, wrapped_root, other_id, wrapped_other FROM vault.master_key ORDER BY id")
        rows = cursor.fetchall()
        if not rows:
            rows = self._make(cursor)
        mine = Seal(self._master_key)
        for key_id, wrapped_root, other_id, wrapped_other in rows:
            try:
                root = mine.open(bytes(wrapped_root), _about("root", key_id))
            except VaultKeyWrong:
                continue
            self._seals[key_id] = mine
            if other_id is not None:
                self._seals[other_id] = Seal(mine.open(bytes(wrapped_other), _about("other", other_id)))
            return root
        raise VaultKeyWrong("The master key (AZYQ_MASTER_KEY) isn't the one this vault was made with.")

    def _make(self, cursor: Cursor) -> list[tuple[int, bytes, None, None]]:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PEOPLE_LOCK,))
        cursor.execute("SELECT id, wrapped_root, other_id, wrapped_other FROM vault.master_key")
        if rows := cursor.fetchall():
            return rows
        wrapped = Seal(self._master_key).close(new_key(), _about("root", 1))
        cursor.execute("INSERT INTO vault.master_key VALUES (1, %s)", (wrapped,))
        return [(1, wrapped, None, None)]


def _about(what: str, key_id: int) -> bytes:
    return f"{what} {key_id}".encode()

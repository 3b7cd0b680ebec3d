"""The citizens' mobile-number database (MCDB, R2.13) from a file that came with the list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.vault.copying import copy_rows
from infra.vault.sealing import keyed_digest, new_key
from infra.vault.store import PostgresVault

_BATCH = 5000


class FileNumbers:
    """Implements domain.ports.NumberDatabase on (iin, phone) pairs; of two pairs for one IIN the later wins.

    The pairs are drawn once, into a temporary table of a session of the vault: IINs as keyed digests, phones
    encrypted, both under keys that are only in this process's memory. Close it when done.
    """

    def __init__(self, vault: PostgresVault, pairs: Iterable[tuple[str, str]]) -> None:
        self._lookup_key = new_key()
        self._cipher = AESGCM(new_key())
        self._connection = vault.connections.new()
        try:
            with self._connection, self._connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TEMP TABLE mcdb (iin uuid NOT NULL, place integer NOT NULL, phone bytea NOT NULL)"
                )
                copy_rows(cursor, "pg_temp.mcdb", self._hidden(pairs))
                cursor.execute("CREATE INDEX ON pg_temp.mcdb (iin)")
                cursor.execute("ANALYZE pg_temp.mcdb")
        except BaseException:
            self.close()
            raise

    def numbers_of(self, iins: Sequence[str]) -> Mapping[str, str]:
        """Phone, as the file had it, by IIN; whoever has no number is absent (R16)."""
        found: dict[str, str] = {}
        for start in range(0, len(iins), _BATCH):
            wanted = {self._digest(iin).hex(): iin for iin in iins[start : start + _BATCH]}
            with self._connection, self._connection.cursor() as cursor:
                cursor.execute(
                    "SELECT DISTINCT ON (iin) replace(iin::text, '-', ''), place, phone FROM pg_temp.mcdb"
                    " WHERE iin = ANY(%s::uuid[]) ORDER BY iin, place DESC",
                    ("{" + ",".join(wanted) + "}",),
                )
                for lookup, place, phone in cursor.fetchall():
                    text = self._cipher.decrypt(_nonce(place), bytes(phone), bytes.fromhex(lookup))
                    found[wanted[lookup]] = text.decode()
        return found

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> FileNumbers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hidden(self, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[bytes, bytes, bytes]]:
        for place, (iin, phone) in enumerate(pairs):
            lookup = self._digest(iin)
            yield (
                lookup,
                place.to_bytes(4, "big"),
                self._cipher.encrypt(_nonce(place), phone.encode(), lookup),
            )

    def _digest(self, iin: str) -> bytes:
        return keyed_digest(self._lookup_key, "mcdb", iin)


def _nonce(place: int) -> bytes:
    # The key is this object's alone and no place comes twice, so the place will do.
    return place.to_bytes(12, "big")

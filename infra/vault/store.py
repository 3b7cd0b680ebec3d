"""The vault in PostgreSQL: personal data under one key a person, in a schema that only its role may enter."""

from __future__ import annotations

import re
import secrets
import string
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import orjson
from psycopg2.extensions import cursor as Cursor

from domain.ports import PersonalData
from infra.vault.brought import PostgresBroughtFiles
from infra.vault.copying import copy_rows
from infra.vault.keyring import PEOPLE_LOCK, Keyring
from infra.vault.papers import PostgresPapers
from infra.vault.pool import VaultConnections
from infra.vault.sealing import Seal, VaultKeyWrong, new_key

__all__ = ["PostgresVault", "VaultKeyWrong"]

Item = TypeVar("Item")

BATCH = 5000
TOKEN_LETTERS = string.digits + string.ascii_letters
TOKEN_LENGTH = 16

# Shared by those who keep phones; an erasure waits for them, so that none is kept of someone just erased
_PHONES_LOCK = 0x7661_0002
_SUBJECT = re.compile(r"[0-9a-f]{32}\Z")


class _Person(NamedTuple):
    subject: str
    master_id: int
    wrapped_key: bytes
    data: bytes


class PostgresVault:
    """Implements domain.ports.Vault on the migrated database `dsn`; several threads may use it at once.

    Raises VaultKeyWrong when `master_key` (32 bytes) isn't the one the vault was made with.
    """

    def __init__(self, dsn: str, master_key: bytes) -> None:
        self.connections = VaultConnections(dsn)
        self._keys = Keyring(self.connections, master_key)
        self.papers = PostgresPapers(self.connections, self._keys)
        self.brought = PostgresBroughtFiles(self.connections, self._keys)

    def close(self) -> None:
        self.connections.close()

    def try_key(self) -> None:
        """Whether the master key at hand still opens the vault (O6). Raises VaultKeyWrong when it doesn't."""
        self._keys.try_key()

    def enrol(self, people: Sequence[PersonalData]) -> list[str]:
        """Subject id of each person, in order, made at first sight of the IIN; new data replace the old."""
        subjects: list[str] = []
        for some in _batches(people):
            lookups = [self._keys.lookup("person", person.iin).hex() for person in some]
            latest = dict(zip(lookups, some, strict=True))
            known = self.connections.run(partial(self._enrol, latest=latest))
            subjects += [known[lookup] for lookup in lookups]
        return subjects

    def find_person(self, iin: str) -> str | None:
        """Subject id of the person with this IIN, if the vault has one."""
        return self._find(
            "SELECT subject FROM vault.person WHERE lookup = %s", self._keys.lookup("person", iin)
        )

    def people(self, subjects: Sequence[str]) -> dict[str, PersonalData]:
        """Data by subject; whoever was erased, or never was, is absent."""
        found: dict[str, PersonalData] = {}
        for some in _batches(_well_formed(subjects)):
            rows = self._rows(
                "SELECT subject, master_id, wrapped_key, data FROM vault.person"
                " WHERE subject = ANY(%s::uuid[])",
                _array(some),
            )
            for row in rows:
                person = _Person(_hex(row[0]), row[1], bytes(row[2]), bytes(row[3]))
                found[person.subject] = self._data_of(person)
        return found

    def set_phones(self, phones: Mapping[str, str]) -> None:
        """Keep the phone (E.164) of each subject; a subject that the vault doesn't know is passed over."""
        for some in _batches(_well_formed(phones)):
            self.connections.run(partial(self._set_phones, subjects=some, phones=phones))

    def phones(self, subjects: Sequence[str]) -> dict[str, str]:
        """Phone (E.164) by subject; whoever has none, or was erased, is absent."""
        found: dict[str, str] = {}
        for some in _batches(_well_formed(subjects)):
            found |= self.connections.run(partial(self._phones, subjects=some))
        return found

    def erase(self, subject: str) -> None:
        """Forget a person: key, data, papers, phone, lookup and what was asked on the phone go, for good (O5.2).

        Safe to repeat. A reply from the number is a stranger's from then on (docs/adr/0006), unless another's
        family was asked on it too.

        What a backup still holds of the person needs the master key of its time: change that key, and destroy
        the old one, when the backups can't be destroyed.
        """
        if not _SUBJECT.match(subject):
            return

        def drop(cursor: Cursor) -> None:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s), pg_advisory_xact_lock(%s)", (PEOPLE_LOCK, _PHONES_LOCK)
            )
            cursor.execute("DELETE FROM vault.asked WHERE subject = %s", (subject,))
            if phone := self._phones(cursor, [subject]).get(subject):
                cursor.execute(
                    "DELETE FROM vault.asked WHERE subject IS NULL AND phone = %s",
                    (self._keys.lookup("phone", phone).hex(),),
                )
            cursor.execute("DELETE FROM vault.person WHERE subject = %s", (subject,))
            cursor.execute("DELETE FROM vault.paper_holder WHERE subject = %s", (subject,))
            cursor.execute("DELETE FROM vault.phone WHERE subject = %s", (subject,))

        self.connections.run(drop)

    def families(self, references: Sequence[str]) -> list[str]:
        """Subject id of each family reference, in order; made at first sight."""
        subjects: list[str] = []
        for some in _batches(references):
            lookups = [self._keys.lookup("family", reference).hex() for reference in some]
            by_lookup = dict(zip(lookups, some, strict=True))
            known = self.connections.run(partial(self._families, wanted=by_lookup))
            subjects += [known[lookup] for lookup in lookups]
        return subjects

    def find_family(self, reference: str) -> str | None:
        """Subject id of the family with this reference, if the vault has one."""
        return self._find(
            "SELECT subject FROM vault.family WHERE lookup = %s", self._keys.lookup("family", reference)
        )

    def family_references(self, subjects: Sequence[str]) -> dict[str, str]:
        """Reference, as the list gave it, by family subject; unknown ones are absent."""
        found: dict[str, str] = {}
        for some in _batches(_well_formed(subjects)):
            rows = self._rows(
                "SELECT subject, reference FROM vault.family WHERE subject = ANY(%s::uuid[])", _array(some)
            )
            for subject, sealed in rows:
                text = self._keys.families.open(bytes(sealed), _about("family", _hex(subject)))
                found[_hex(subject)] = text.decode("utf-8", "surrogatepass")
        return found

    def digest(self, kind: str, text: str) -> str:
        """Keyed digest (32 hex digits) of something that may name a person: to be compared, not read."""
        return self._keys.lookup(f"digest {kind}", text).hex()

    def note_asked(self, asked: Iterable[tuple[str, str, str]]) -> None:
        """Remember (phone, stream id, subject): an SMS about this stream went to this person's number. Idempotent.

        Of someone erased meanwhile nothing is kept.
        """
        for some in _batches(list(dict.fromkeys(asked))):
            rows = [
                (
                    self._keys.lookup("phone", phone),
                    stream.encode(),
                    bytes.fromhex(subject),
                    number.to_bytes(4, "big"),
                )
                for number, (phone, stream, subject) in enumerate(some)
            ]

            def keep(cursor: Cursor, rows: list[tuple[bytes, bytes, bytes, bytes]] = rows) -> None:
                cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_PHONES_LOCK,))
                _stage(cursor, "asked", "phone uuid, stream text, subject uuid, place integer", rows)
                # Numbers follow the order given, so it is a lock, not sorted rows, that keeps deadlocks out.
                cursor.execute("LOCK TABLE vault.asked IN SHARE ROW EXCLUSIVE MODE")
                cursor.execute(
                    "INSERT INTO vault.asked (phone, stream, subject)"
                    " SELECT phone, stream, subject FROM pg_temp.vault_asked"
                    " JOIN vault.person USING (subject) ORDER BY place ON CONFLICT DO NOTHING"
                )

            self.connections.run(keep)

    def asked_on(self, phones: Sequence[str]) -> dict[str, list[str]]:
        """Stream ids asked on each phone, in the order they were asked; a phone never asked is absent."""
        found: dict[str, list[str]] = {}
        for some in _batches(list(dict.fromkeys(phones))):
            by_lookup = {self._keys.lookup("phone", phone).hex(): phone for phone in some}
            rows = self._rows(
                "SELECT phone, stream FROM vault.asked WHERE phone = ANY(%s::uuid[]) ORDER BY number",
                _array(by_lookup),
            )
            for lookup, stream in rows:
                found.setdefault(by_lookup[_hex(lookup)], []).append(stream)
        return found

    def wallet_tokens(self, streams: Sequence[str]) -> dict[str, str]:
        """The unguessable token (16 letters and digits, 95 bits) of each stream's wallet link (R23).

        It is made at the first call and the same at every later one; when the link ends, its page says (ADR 9).
        """
        found: dict[str, str] = {}
        for some in _batches(sorted(set(streams))):
            found |= self.connections.run(partial(self._wallet_tokens, streams=some))
        return found

    def stream_of_token(self, token: str) -> str | None:
        """The stream a wallet link is about; None for a token that was never given."""
        rows = self._rows(
            "SELECT stream FROM vault.wallet_token WHERE lookup = %s", self._keys.lookup("token", token).hex()
        )
        return str(rows[0][0]) if rows else None

    def rotate_master_key(self, new: bytes) -> None:
        """Wrap each person's key by the master key `new` (32 bytes) in batches; then forget the old one.

        Readable all the while, by processes with either key. Cut short, it goes on when called again with the
        same key, from a vault opened with either. Raises VaultKeyWrong when a change to another key isn't
        finished.
        """
        newest = self.connections.run(lambda cursor: self._keys.begin_change(cursor, new))
        after: str | None = "0" * 32
        while after is not None:
            after = self.connections.run(partial(self._rewrap, after=after, newest=newest))

        def finish(cursor: Cursor) -> None:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PEOPLE_LOCK,))
            cursor.execute("SELECT count(*) FROM vault.person WHERE master_id <> %s", (newest,))
            assert cursor.fetchone() == (0,), "a key was left under the old master key"
            self._keys.end_change(cursor, new, newest)

        self.connections.run(finish)

    def _rewrap(self, cursor: Cursor, after: str, newest: int) -> str | None:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PEOPLE_LOCK,))
        cursor.execute(
            "SELECT subject, master_id, wrapped_key FROM vault.person"
            " WHERE subject > %s ORDER BY subject LIMIT 2000",
            (after,),
        )
        rows = cursor.fetchall()
        new_seal = self._keys.master(newest)
        staged = []
        for row in rows:
            if row[1] != newest:
                about = _about("key", _hex(row[0]))
                key = self._keys.master(row[1]).open(bytes(row[2]), about)
                staged.append((bytes.fromhex(_hex(row[0])), new_seal.close(key, about)))
        if staged:
            _stage(cursor, "rewrap", "subject uuid, wrapped_key bytea", staged)
            cursor.execute(
                "UPDATE vault.person p SET master_id = %s, wrapped_key = s.wrapped_key"
                " FROM pg_temp.vault_rewrap s WHERE p.subject = s.subject",
                (newest,),
            )
        return str(rows[-1][0]) if rows else None

    def _enrol(self, cursor: Cursor, latest: Mapping[str, PersonalData]) -> dict[str, str]:
        # One writer of people at a time: two lists that name the same new person agree on one subject.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (PEOPLE_LOCK,))
        cursor.execute(
            "SELECT lookup, subject, master_id, wrapped_key, data FROM vault.person"
            " WHERE lookup = ANY(%s::uuid[])",
            (_array(latest),),
        )
        known: dict[str, str] = {}
        changed: list[tuple[bytes, bytes]] = []
        for row in cursor.fetchall():
            person = _Person(_hex(row[1]), row[2], bytes(row[3]), bytes(row[4]))
            lookup = _hex(row[0])
            known[lookup] = person.subject
            if self._data_of(person) != latest[lookup]:
                key = self._key_of(person.subject, person.master_id, person.wrapped_key)
                sealed = key.close(_written(latest[lookup]), _about("data", person.subject))
                changed.append((bytes.fromhex(person.subject), sealed))
        if changed:
            _stage(cursor, "changed", "subject uuid, data bytea", changed)
            cursor.execute(
                "UPDATE vault.person p SET data = s.data FROM pg_temp.vault_changed s"
                " WHERE p.subject = s.subject"
            )
        if len(known) < len(latest):
            newest = self._keys.newest(cursor)
            fresh = {lookup: uuid.uuid4().hex for lookup in latest if lookup not in known}
            copy_rows(
                cursor,
                "vault.person (subject, lookup, master_id, wrapped_key, data)",
                self._new_people(fresh, latest, newest),
            )
            known |= fresh
        return known

    def _new_people(
        self, fresh: Mapping[str, str], latest: Mapping[str, PersonalData], newest: int
    ) -> Iterator[tuple[bytes, ...]]:
        master, master_id = self._keys.master(newest), newest.to_bytes(4, "big")
        for lookup, subject in fresh.items():
            key = new_key()
            wrapped = master.close(key, _about("key", subject))
            data = Seal(key).close(_written(latest[lookup]), _about("data", subject))
            yield bytes.fromhex(subject), bytes.fromhex(lookup), master_id, wrapped, data

    def _set_phones(self, cursor: Cursor, subjects: Sequence[str], phones: Mapping[str, str]) -> None:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_PHONES_LOCK,))
        cursor.execute(
            "SELECT subject, master_id, wrapped_key FROM vault.person WHERE subject = ANY(%s::uuid[])",
            (_array(subjects),),
        )
        staged = []
        for row in cursor.fetchall():
            subject = _hex(row[0])
            key = self._key_of(subject, row[1], bytes(row[2]))
            sealed = key.close(phones[subject].encode(), _about("phone", subject))
            staged.append((bytes.fromhex(subject), sealed))
        _stage(cursor, "phone", "subject uuid, phone bytea", staged)
        # Sorted, so that two who keep the same people's phones don't wait for each other in a circle
        cursor.execute(
            "INSERT INTO vault.phone SELECT subject, phone FROM pg_temp.vault_phone ORDER BY subject"
            " ON CONFLICT (subject) DO UPDATE SET phone = EXCLUDED.phone"
        )

    def _phones(self, cursor: Cursor, subjects: Sequence[str]) -> dict[str, str]:
        cursor.execute(
            "SELECT p.subject, p.master_id, p.wrapped_key, t.phone FROM vault.person p"
            " JOIN vault.phone t USING (subject) WHERE p.subject = ANY(%s::uuid[])",
            (_array(subjects),),
        )
        found = {}
        for row in cursor.fetchall():
            subject = _hex(row[0])
            key = self._key_of(subject, row[1], bytes(row[2]))
            found[subject] = key.open(bytes(row[3]), _about("phone", subject)).decode()
        return found

    def _families(self, cursor: Cursor, wanted: Mapping[str, str]) -> dict[str, str]:
        look = "SELECT lookup, subject FROM vault.family WHERE lookup = ANY(%s::uuid[])"
        cursor.execute(look, (_array(wanted),))
        known = {_hex(lookup): _hex(subject) for lookup, subject in cursor.fetchall()}
        missing = [lookup for lookup in wanted if lookup not in known]
        if not missing:
            return known
        staged = []
        for lookup in missing:
            subject = uuid.uuid4().hex
            text = wanted[lookup].encode("utf-8", "surrogatepass")
            sealed = self._keys.families.close(text, _about("family", subject))
            staged.append((bytes.fromhex(lookup), bytes.fromhex(subject), sealed))
        _stage(cursor, "family", "lookup uuid, subject uuid, reference bytea", staged)
        cursor.execute(
            "INSERT INTO vault.family (lookup, subject, reference)"
            " SELECT lookup, subject, reference FROM pg_temp.vault_family ORDER BY lookup"
            " ON CONFLICT (lookup) DO NOTHING"
        )
        cursor.execute(look, (_array(missing),))
        return known | {_hex(lookup): _hex(subject) for lookup, subject in cursor.fetchall()}

    def _wallet_tokens(self, cursor: Cursor, streams: Sequence[str]) -> dict[str, str]:
        look = "SELECT stream, token FROM vault.wallet_token WHERE stream = ANY(%s)"
        cursor.execute(look, (list(streams),))
        rows = cursor.fetchall()
        missing = set(streams) - {row[0] for row in rows}
        if missing:
            staged = []
            for stream in missing:
                token = _new_token()
                sealed = self._keys.tokens.close(token.encode(), _about("token", stream))
                staged.append((stream.encode(), self._keys.lookup("token", token), sealed))
            _stage(cursor, "wallet_token", "stream text, lookup uuid, token bytea", staged)
            cursor.execute(
                "INSERT INTO vault.wallet_token (stream, lookup, token)"
                " SELECT stream, lookup, token FROM pg_temp.vault_wallet_token ORDER BY stream"
                " ON CONFLICT (stream) DO NOTHING"
            )
            cursor.execute(look, (list(streams),))
            rows = cursor.fetchall()
        return {
            stream: self._keys.tokens.open(bytes(token), _about("token", stream)).decode()
            for stream, token in rows
        }

    def _key_of(self, subject: str, master_id: int, wrapped: bytes) -> Seal:
        return Seal(self._keys.master(master_id).open(wrapped, _about("key", subject)))

    def _data_of(self, person: _Person) -> PersonalData:
        key = self._key_of(person.subject, person.master_id, person.wrapped_key)
        return PersonalData(*orjson.loads(key.open(person.data, _about("data", person.subject))))

    def _find(self, query: str, lookup: bytes) -> str | None:
        rows = self._rows(query, lookup.hex())
        return _hex(rows[0][0]) if rows else None

    def _rows(self, query: str, parameter: str) -> list[tuple[Any, ...]]:
        def fetch(cursor: Cursor) -> list[tuple[Any, ...]]:
            cursor.execute(query, (parameter,))
            return cursor.fetchall()

        return self.connections.run(fetch)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _well_formed(subjects: Iterable[str]) -> list[str]:
    """Those that can be subject ids at all: what a person typed may be anything."""
    return [subject for subject in dict.fromkeys(subjects) if _SUBJECT.match(subject)]


def _array(items: Iterable[str]) -> str:
    return "{" + ",".join(items) + "}"


def _hex(text: str) -> str:
    """A uuid as PostgreSQL writes it, without its hyphens."""
    return text.replace("-", "")


def _about(what: str, which: str) -> bytes:
    return f"{what} {which}".encode()


def _written(person: PersonalData) -> bytes:
    return orjson.dumps(tuple(person))


def _new_token() -> str:
    # 256 random bits: the remainder of a division by 62 to the 16th, a number of 96 bits, is as good as even
    number, letters = secrets.randbits(256), []
    for _ in range(TOKEN_LENGTH):
        number, place = divmod(number, len(TOKEN_LETTERS))
        letters.append(TOKEN_LETTERS[place])
    return "".join(letters)


def _stage(cursor: Cursor, name: str, columns: str, rows: Iterable[Sequence[bytes]]) -> None:
    """Put `rows` in the session's temporary table `vault_<name>`, empty again after the transaction."""
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS vault_{name} ({columns}) ON COMMIT DELETE ROWS")
    copy_rows(cursor, f"pg_temp.vault_{name}", rows)

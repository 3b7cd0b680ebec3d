"""Sealing the log day by day, checking the seals, and proving that an event is in the sealed log (R29, O6)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, cast
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from psycopg2.extensions import connection as Connection

from domain.audit.facts import Finding
from domain.calendar import local_day
from domain.commands.conflicts import until_saved
from domain.identity import seals_id
from domain.merkle import path_of, root_by_path, root_of
from domain.ports import Log
from domain.seal import (
    FIRST,
    Sealed,
    Seals,
    event_leaf,
    hash_of,
    part_leaves,
    sealed_of,
    split_leaves,
)
from infra.postgres.connect import APP_ROLE, connect
from infra.postgres.log_reader import LogReader

FORMAT = "azyq-proof-1"
# domain.seal.event_leaf, where the events are: a log of a day's size is hashed without leaving the database.
_LEAF = (
    "sha256('\\x00'::bytea || int8send(notification_id) || uuid_send(originator_id) || int8send(originator_version)"
    " || int4send(octet_length(convert_to(topic, 'UTF8'))) || convert_to(topic, 'UTF8') || state)"
)
_PARTS = (
    f"SELECT string_agg(leaf, ''::bytea ORDER BY position), min(position), max(position) FROM"
    f" (SELECT notification_id AS position, {_LEAF} AS leaf,"
    " (row_number() OVER (ORDER BY notification_id) - 1) / %s AS part FROM azyq_log.azyq_events"
    " WHERE notification_id > %s AND notification_id <= %s) leaves GROUP BY part ORDER BY part"
)


class SealKeys:
    """The keys of the seals: the first signs, all are trusted."""

    def __init__(self, seeds: Sequence[bytes]) -> None:
        """`seeds`: 32 secret bytes each."""
        private = [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]
        self._signs = private[0]
        self.trusted = [_public(key) for key in private]

    @property
    def public(self) -> str:
        """The public half of the key that signs, 64 hex digits."""
        return self.trusted[0]

    def sign(self, text: str) -> str:
        """The signature of `text` in hex."""
        return self._signs.sign(text.encode()).hex()


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def is_signed(seal: Sealed) -> bool:
    """Whether the seal's signature is by the key that it names."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(seal.key))
        key.verify(bytes.fromhex(seal.signature), seal.hash.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Part:
    leaves: list[bytes]
    first: int
    last: int


def _parts(connection: Connection, after: int, upto: int, each: int) -> Iterator[_Part]:
    """The leaves of the events after a position up to another, so many a part, in order of the log."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, (each, after, upto))
        for hashes, first, last in cursor:
            yield _Part(split_leaves(bytes(hashes)), first, last)


def _count(connection: Connection, after: int, upto: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM azyq_log.azyq_events WHERE notification_id > %s AND notification_id <= %s",
            (after, upto),
        )
        return int(cast(tuple[int], cursor.fetchone())[0])


def _head(connection: Connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events")
        return int(cast(tuple[int], cursor.fetchone())[0])


def seal_day(dsn: str, log: Log, keys: SealKeys, day: date, at: datetime) -> Sealed:
    """Seal what the log holds, for `day`; a day that is sealed already keeps its seal.

    The seal covers every event that is not sealed yet, those of days that nobody sealed among them. Raises DayNotOver,
    DaySealed.
    """

    def decide() -> Sealed:
        found = log.load([seals_id()]).get(seals_id())
        seals = cast(Seals, found) if found is not None else Seals.begin(at)
        seals.check_day(day, at)
        if seals.last is not None and seals.last.on == day.isoformat():
            return seals.last
        seal = _draft(dsn, keys, seals.last, day)
        seals.seal(seal, at)
        log.save(seals)
        return seal

    return until_saved(decide)


def seal_what_is_over(dsn: str, log: Log, keys: SealKeys, at: datetime) -> Sealed | None:
    """Seal yesterday unless it is sealed, or nothing was ever recorded; the new seal, or None."""
    day = local_day(at) - timedelta(days=1)
    found = log.load([seals_id()]).get(seals_id())
    last = cast(Seals, found).last if found is not None else None
    if last.on >= day.isoformat() if last is not None else not _anything(dsn):
        return None
    return seal_day(dsn, log, keys, day, at)


def _anything(dsn: str) -> bool:
    connection = connect(dsn, role=APP_ROLE, autocommit=True, application_name="azyq-seal")
    try:
        return _head(connection) > 0
    finally:
        connection.close()


def _draft(dsn: str, keys: SealKeys, last: Sealed | None, day: date) -> Sealed:
    connection = connect(dsn, role=APP_ROLE, autocommit=True, application_name="azyq-seal")
    try:
        after, upto = (last.upto if last else 0), _head(connection)
        events = _count(connection, after, upto)
        each = part_leaves(events)
        parts = [root_of(part.leaves) for part in _parts(connection, after, upto, each)]
    finally:
        connection.close()
    draft = Sealed(
        number=(last.number if last else 0) + 1,
        on=day.isoformat(),
        after=after,
        upto=upto,
        events=events,
        root=root_of(parts).hex(),
        part_leaves=each,
        parts=tuple(part.hex() for part in parts),
        previous=last.hash if last else FIRST,
        hash="",
        key=keys.public,
        signature="",
    )
    digest = hash_of(draft)
    return draft._replace(hash=digest, signature=keys.sign(digest))


def read_seals(connection: Connection) -> list[tuple[int, Sealed]]:
    """Every seal with its own position in the log, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT notification_id, convert_from(state, 'UTF8')::json FROM azyq_log.azyq_events"
            " WHERE originator_id = %s AND topic = %s ORDER BY originator_version",
            (str(seals_id()), Seals.DaySealed.TOPIC),
        )
        return [(position, sealed_of(data)) for position, data in cursor]


def seals_by(reader: LogReader) -> list[Sealed]:
    """Every seal, in order, as `reader` finds them."""
    events = reader.of_stream(str(seals_id()), 2**62)
    return [
        sealed_of(json.loads(bytes(event.state or b"")))
        for event in events
        if event.topic == Seals.DaySealed.TOPIC
    ]


# --- checking -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class SealCheck:
    """What a check of the seals saw: how many there are, up to which position the log is sealed, what is wrong."""

    seals: int = 0
    upto: int = 0
    findings: list[Finding] = field(default_factory=list)


def check_seals(dsn: str, trusted: Sequence[str]) -> SealCheck:
    """Compute every seal anew from the log and compare (design.md, "What can be proved", 4).

    `trusted` are the public keys that seals may be signed by; empty trusts whatever a seal names.
    """
    connection = connect(dsn, role=APP_ROLE, autocommit=True, application_name="azyq-seals")
    try:
        found = SealCheck()
        previous: Sealed | None = None
        for position, seal in read_seals(connection):
            found.seals += 1
            found.upto = seal.upto
            for what in _wrong(connection, seal, previous, trusted):
                topic = Seals.DaySealed.TOPIC
                found.findings.append(
                    Finding("seal", "R29", position, seals_id().hex, seal.number + 1, topic, what)
                )
            previous = seal
        return found
    finally:
        connection.close()


def _wrong(
    connection: Connection, seal: Sealed, previous: Sealed | None, trusted: Sequence[str]
) -> Iterator[str]:
    follows = (previous.number + 1, previous.upto, previous.hash) if previous else (1, 0, FIRST)
    if (seal.number, seal.after, seal.previous) != follows:
        yield f"seal {seal.number} of {seal.on} is not chained to the seal before it"
    if hash_of(seal) != seal.hash:
        yield f"seal {seal.number} of {seal.on} was changed: its hash is not that of its fields"
    if not is_signed(seal):
        yield f"seal {seal.number} of {seal.on}: its signature is not by the key that it names"
    elif trusted and seal.key not in trusted:
        yield f"seal {seal.number} of {seal.on} is signed by a key that is not ours"
    yield from _changed(connection, seal)


def _changed(connection: Connection, seal: Sealed) -> Iterator[str]:
    """What differs between the log and the seal, and where the log was changed first."""
    roots = []
    for number, part in enumerate(_parts(connection, seal.after, seal.upto, max(seal.part_leaves, 1))):
        roots.append(root_of(part.leaves))
        if number >= len(seal.parts) or roots[-1].hex() != seal.parts[number]:
            events = _count(connection, seal.after, seal.upto)
            counted = "" if events == seal.events else f"; {events} events where {seal.events} were sealed"
            yield (
                f"the log was changed after seal {seal.number} of {seal.on}:"
                f" first between positions {part.first} and {part.last}{counted}"
            )
            return
    if len(roots) != len(seal.parts):
        yield f"the log was changed after seal {seal.number} of {seal.on}: its last events are missing"
    elif root_of(roots).hex() != seal.root:
        yield f"seal {seal.number} of {seal.on}: its root is not that of its parts"


# --- proofs -------------------------------------------------------------------------------------------


def prove(dsn: str, streams: Sequence[UUID], subject: str) -> dict[str, Any]:
    """A proof of every sealed event of `streams`, for a file; `subject` is what it was asked about.

    It holds the events as they are stored, the path of each to the root of its seal, and those seals. Events after the
    last seal are counted in `unsealed`.
    """
    connection = connect(dsn, role=APP_ROLE, autocommit=True, application_name="azyq-prove")
    try:
        seals = [seal for _, seal in read_seals(connection)]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT notification_id, originator_id::text, originator_version, topic, state"
                " FROM azyq_log.azyq_events WHERE originator_id = ANY(%s::uuid[]) ORDER BY notification_id",
                ([str(stream) for stream in streams],),
            )
            rows = cursor.fetchall()
        proofs, used, unsealed = [], {}, 0
        for position, stream, version, topic, state in rows:
            seal = next((one for one in seals if one.after < position <= one.upto), None)
            if seal is None:
                unsealed += 1
                continue
            used[seal.number] = seal
            index, path = _path(connection, seal, position)
            proofs.append(
                {
                    "position": position,
                    "stream": stream,
                    "version": version,
                    "topic": topic,
                    "state": base64.b64encode(bytes(state)).decode(),
                    "seal": seal.number,
                    "index": index,
                    "path": [step.hex() for step in path],
                }
            )
    finally:
        connection.close()
    return {
        "format": FORMAT,
        "subject": subject,
        "seals": [
            {name: value for name, value in seal._asdict().items() if name != "parts"}
            for seal in used.values()
        ],
        "events": proofs,
        "unsealed": unsealed,
    }


def _path(connection: Connection, seal: Sealed, position: int) -> tuple[int, list[bytes]]:
    """The index of the event at `position` among those of its seal, and its path to the seal's root."""
    before = _count(connection, seal.after, position - 1)
    part = before // seal.part_leaves
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_LEAF} FROM azyq_log.azyq_events WHERE notification_id > %s AND notification_id <= %s"
            " ORDER BY notification_id OFFSET %s LIMIT %s",
            (seal.after, seal.upto, part * seal.part_leaves, seal.part_leaves),
        )
        leaves = [bytes(leaf) for (leaf,) in cursor]
    above = path_of([bytes.fromhex(root) for root in seal.parts], part)
    return before, path_of(leaves, before % seal.part_leaves) + above


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    """What a proof shows: how many events are proved, by which seals and keys, and what is wrong."""

    subject: str
    named: bool  # by an event; of a name that no event can have it is the file that says so, and nobody proves it
    events: list[Mapping[str, Any]]
    seals: list[Sealed]
    unsealed: int
    wrong: list[str]

    @property
    def holds(self) -> bool:
        return not self.wrong and bool(self.events)


def check_proof(text: str | bytes, key: str | None = None) -> ProofVerdict:
    """Check a proof without the database; `key` is the public key that every seal must be signed by (64 hex digits).

    Raises ValueError when `text` is not a proof.
    """
    try:
        proof = json.loads(text)
        if not isinstance(proof, dict) or proof.get("format") != FORMAT:
            raise ValueError(FORMAT)
        seals = {seal["number"]: Sealed(**seal, parts=()) for seal in proof["seals"]}
        wrong = [what for seal in seals.values() for what in _forged(seal, key)]
        events = [_proved(event, seals, wrong) for event in proof["events"]]
        wrong += _left_out(proof["events"])
        if any(later["position"] <= one["position"] for one, later in pairwise(events)):
            wrong.append("the events are not each there once, in the log's order")
        subject = str(proof["subject"])
        named = _names(proof["events"], subject)
        if events and named is False:
            wrong.append(f"none of the events names {subject}")
        return ProofVerdict(subject, bool(named), events, list(seals.values()), int(proof["unsealed"]), wrong)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise ValueError(f"not a proof of the form {FORMAT}") from None


def _forged(seal: Sealed, key: str | None) -> Iterator[str]:
    if hash_of(seal) != seal.hash:
        yield f"seal {seal.number}: its hash is not that of its fields"
    if not is_signed(seal):
        yield f"seal {seal.number}: its signature is not by the key that it names"
    if key is not None and seal.key != key.lower():
        yield f"seal {seal.number}: signed by another key than the one given"


def _left_out(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Gaps in what happened to one thing: its events are numbered from 1."""
    versions: dict[str, set[int]] = {}
    for event in events:
        versions.setdefault(event["stream"], set()).add(int(event["version"]))
    for stream, found in versions.items():
        if len(found) != max(found):
            yield f"events of {stream} are left out: {max(found)} happened, {len(found)} are here"


def _names(events: Sequence[Mapping[str, Any]], subject: str) -> bool | None:
    """Whether one of the events is about `subject`; None for what the log does not know by name (a family's number), so
    that there is nothing to compare."""
    plain = subject.replace("-", "").lower()
    if not re.fullmatch("[0-9a-f]{32}", plain):
        return None
    return any(
        plain == UUID(event["stream"]).hex or plain.encode() in base64.b64decode(event["state"])
        for event in events
    )


def _proved(event: Mapping[str, Any], seals: Mapping[int, Sealed], wrong: list[str]) -> Mapping[str, Any]:
    seal, position, state = seals[event["seal"]], event["position"], base64.b64decode(event["state"])
    leaf = event_leaf(position, UUID(event["stream"]), event["version"], event["topic"], state)
    path = [bytes.fromhex(step) for step in event["path"]]
    root = root_by_path(leaf, event["index"], seal.events, path)
    if root is None or root.hex() != seal.root:
        wrong.append(f"the event at position {position} is not in seal {seal.number}")
    elif not seal.after < position <= seal.upto:
        wrong.append(f"the event at position {position} lies outside seal {seal.number}")
    return {"position": position, "topic": event["topic"], "seal": seal.number, "data": json.loads(state)}

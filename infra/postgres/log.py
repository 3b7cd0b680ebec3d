"""The event log: the eventsourcing library's store, with batches in one transaction and flat JSON states."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, ClassVar, cast
from uuid import UUID
from weakref import WeakSet

import orjson
import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    Mapper,
    OperationalError,
    ProgrammingError,
    StoredEvent,
    Transcoder,
)
from eventsourcing.postgres import PostgresApplicationRecorder
from eventsourcing.utils import Environment, get_topic, resolve_topic
from psycopg2.extensions import connection as Connection

from domain.access import Access, Reading
from domain.audit_events import Audits
from domain.brought_lists import BroughtLists
from domain.commands.counter import Standing
from domain.cycle import Cycle, StrayReply
from domain.family import FamilyVouchers
from domain.identity import cycle_id
from domain.office_acts import OfficeAct
from domain.ports import LogConflict
from domain.procedures.case import Case
from domain.procedures.published_service import PublishedService
from domain.procedures.sitting import Sitting
from domain.seal import Seals
from domain.serving import Measurement
from domain.sign_ins import SignIn
from domain.signatory import Signatory
from domain.staff import Staff
from domain.terminal import Terminal
from domain.trade.catalogue import Catalogue
from domain.trade.market import Market
from domain.trade.shop import Shop
from infra.postgres.arrays import array
from infra.postgres.connect import ThreadConnections, eventsourcing_env
from infra.postgres.later import without_lines
from infra.postgres.one_message import insert_in_one_message, raising_as_eventsourcing
from infra.postgres.persistence import Factory
from infra.postgres.prepared import EXECUTE_STANDING, PREPARE

AGGREGATES = (
    *(FamilyVouchers, Cycle, StrayReply, Terminal, Shop, Catalogue, Market, Seals, Audits, Measurement),
    *(Case, Sitting, PublishedService, Staff, Signatory, Access, Reading, SignIn, BroughtLists, OfficeAct),
)
# A batch of an import holds the log's lock for less than a second; gateways and terminals wait half a minute for an
# answer. Who still waits after this long is told so while somebody listens.
SAVE_SECONDS = 15.0
RETRIES, RETRY_SECONDS = 10, 0.2
NOTHING: Mapping[UUID, Any] = {}


class LogBusy(OperationalError):
    """Events could not be saved in time: others hold the log, or the database doesn't answer. Try again."""

    code = "log_busy"
    texts: ClassVar[dict[str, str]] = {
        "en": "The log could not be written within {seconds:g} seconds: others are writing to it. Try again.",
        "ru": "Журнал не удалось записать за {seconds:g} с: в него пишут другие. Повторите.",
        "kk": "Журналға {seconds:g} секунд ішінде жазу мүмкін болмады: оған басқалар жазып жатыр. Қайталаңыз.",
    }

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{self.code}: {self.sentence('en')}")

    def sentence(self, language: str) -> str:
        """The reason in `language` (kk, ru or en)."""
        return self.texts[language].format(seconds=self.seconds)


class FlatMapper(Mapper[UUID]):
    """Events as one flat JSON object each: readable by SQL and every language, and quick to fold.

    Event fields are JSON values, but for the timestamp (RFC 3339 with offset).
    """

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The event as one flat JSON object."""
        state = dict(vars(domain_event))
        originator_id = state.pop("originator_id")
        originator_version = state.pop("originator_version")
        version = getattr(type(domain_event), "class_version", 1)
        if version > 1:
            state["class_version"] = version
        return StoredEvent(
            originator_id, originator_version, get_topic(type(domain_event)), orjson.dumps(state)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event of a stored one, lifted to today's version of its class."""
        return event_of(
            cast(UUID, stored_event.originator_id),
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )


def event_of(stream: UUID, version: int, topic: str, state: bytes | str) -> Any:
    """The event at `version` of `stream`, lifted to today's version of its class."""
    cls = resolve_topic(topic)
    fields = orjson.loads(state)
    from_version, to_version = fields.pop("class_version", 1), getattr(cls, "class_version", 1)
    while from_version < to_version:
        getattr(cls, f"upcast_v{from_version}_v{from_version + 1}")(fields)
        from_version += 1
    fields["timestamp"] = datetime.fromisoformat(fields["timestamp"])
    fields["originator_id"] = stream
    fields["originator_version"] = version
    event = object.__new__(cls)
    object.__setattr__(event, "__dict__", fields)  # it is frozen
    return event


class AzyqRecorder(PostgresApplicationRecorder):
    """Writes claims and stages in the transaction of the events they belong to."""

    patience_seconds = SAVE_SECONDS
    connection: Callable[[], Connection]  # the thread's own

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Insert in one transaction; a broken connection is tried again, until `patience_seconds` have passed.

        Raises IntegrityError when another was first, LogBusy when the time is over and the database is there, and
        OperationalError when it is gone. A repeat after a commit whose answer was lost is an
        IntegrityError too: whoever loads again finds the own events.
        """
        deadline = time.monotonic() + self.patience_seconds
        for attempt in count(1):
            try:
                return self._insert_once(stored_events, deadline, **kwargs)
            except (InterfaceError, OperationalError) as error:
                if time.monotonic() + RETRY_SECONDS >= deadline:
                    self._must_be_there(error)
                    raise LogBusy(self.patience_seconds) from error
                if attempt == RETRIES:
                    raise OperationalError(str(error)) from error
                time.sleep(RETRY_SECONDS)
        raise AssertionError

    def _must_be_there(self, error: Exception) -> None:
        """Raise OperationalError unless the database takes connections: who waits for the pool isn't told why."""
        arguments = self.datastore.pool.kwargs
        assert isinstance(arguments, dict)
        try:
            psycopg.connect(**{**arguments, "connect_timeout": 2}).close()
        except psycopg.Error as reason:
            raise OperationalError(str(reason)) from error

    def _insert_once(
        self, stored_events: Sequence[StoredEvent], deadline: float, **kwargs: Any
    ) -> Sequence[int]:
        """The library's order (our own writes, lock, notify, insert) in one transaction and one message.

        Plain arrays by psycopg2 in place of the library's composite type by psycopg: a third of an insert's work here.
        """
        with raising_as_eventsourcing():
            connection = self.connection()
        beside = [(statement, rows) for statement, name in _OURS if (rows := kwargs.get(name))]
        return insert_in_one_message(connection, stored_events, beside, deadline - time.monotonic())


CODES_SEEN = (
    "INSERT INTO azyq_log.code_seen (stream, newest) SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])"
    " ON CONFLICT (stream) DO UPDATE SET newest = greatest(code_seen.newest, EXCLUDED.newest)"
)
# What else the transaction writes: each statement, and the name of its rows.
_OURS = (
    (
        "DELETE FROM azyq_log.claim c USING unnest(%s::uuid[], %s::uuid[]) AS r(key, stream)"
        " WHERE c.key = r.key AND c.stream = r.stream",
        "releases",
    ),
    ("INSERT INTO azyq_log.claim (key, stream) SELECT * FROM unnest(%s::uuid[], %s::uuid[])", "claims"),
    ("INSERT INTO azyq_log.receipt (key, stream) SELECT * FROM unnest(%s::uuid[], %s::uuid[])", "receipts"),
    (CODES_SEEN, "codes"),
    (
        "INSERT INTO azyq_log.sms_due (message, stream, purpose, cycle)"
        " SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[])"
        " ON CONFLICT (message) DO NOTHING",
        "due",
    ),
    (
        "INSERT INTO azyq_log.family_stage (cycle, stream, stage, held_until)"
        " SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[])"
        " ON CONFLICT (cycle, stream) DO UPDATE SET stage = EXCLUDED.stage, held_until = EXCLUDED.held_until",
        "stages",
    ),
)


class AzyqFactory(Factory):
    application_recorder_class = AzyqRecorder


class Azyq(Application[UUID]):
    """The eventsourcing application over all aggregates; its table is `azyq_log.azyq_events`."""

    name = "azyq"

    def construct_factory(self, env: Environment) -> Any:
        return AzyqFactory(env)

    def construct_transcoder(self) -> Transcoder:
        return self.factory.transcoder()

    def construct_mapper(self) -> Mapper[UUID]:
        return FlatMapper(self.construct_transcoder())


class PostgresLog:
    """The log that commands load from and save to (`domain.ports.Log`), safe to share among threads."""

    def __init__(self, dsn: str, patience_seconds: float = SAVE_SECONDS) -> None:
        """`patience_seconds`: how long a save waits for others, in all."""
        self._application = Azyq(
            env={**eventsourcing_env(dsn), "POSTGRES_POOL_SIZE": "2", "CREATE_TABLE": "n"}
        )
        recorder = cast(AzyqRecorder, self._application.recorder)
        recorder.patience_seconds = patience_seconds
        recorder.connection = self.connection
        self._mapper = self._application.mapper
        # What is read here goes by key, in order, to a limit. For a table not analysed yet PostgreSQL takes a bitmap
        # for that, which reads all that follows at each page.
        self._connections = ThreadConnections(
            dsn, "azyq-log", autocommit=True, setup="SET enable_bitmapscan = off"
        )

        self._prepared: WeakSet[Connection] = WeakSet()  # what reads for counters

    def close(self) -> None:
        """Close every connection."""
        self._application.close()
        self._connections.close()

    def connection(self) -> Connection:
        """This thread's connection, in autocommit, as azyq_app."""
        return self._connections.mine()

    def prepared(self) -> Connection:
        """The same, with the statements of `infra.postgres.prepared`."""
        connection = self.connection()
        if connection not in self._prepared:
            with connection.cursor() as cursor:
                cursor.execute(PREPARE)
            self._prepared.add(connection)
        return connection

    def load(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        """Aggregates by stream, replayed from one query; a stream without events is absent."""
        if not streams:
            return {}
        with self.connection().cursor() as cursor:
            cursor.execute(
                "SELECT originator_id, originator_version, topic, convert_from(state, 'UTF8')"
                " FROM azyq_log.azyq_events WHERE originator_id = ANY(%s::uuid[])"
                " ORDER BY originator_id, originator_version",
                ([str(stream) for stream in streams],),
            )
            rows = cursor.fetchall()
        names = {str(stream): stream for stream in streams}
        return self._replay(((names[name], *row) for name, *row in rows), {})

    def standing(
        self, streams: Sequence[UUID], keys: Sequence[UUID], known: Mapping[UUID, Any] = NOTHING
    ) -> Standing:
        """What calls at a counter are decided on, in one query (`domain.commands.counter.ReceiptLog`).

        `known` are families as they were read before: they are brought up to date themselves.
        """
        versions = [known[stream].version if stream in known else 0 for stream in streams]
        with self.prepared().cursor() as cursor:
            cursor.execute(EXECUTE_STANDING, (array(keys), array(streams), array(versions)))
            rows = cursor.fetchall()
        owners: dict[UUID, UUID] = {}
        seen: dict[UUID, datetime] = {}
        events = []
        for place, version, topic, state, newest in rows:
            if topic is not None:
                events.append((streams[place - 1], version, topic, state))
            elif newest is not None:
                seen[streams[place - 1]] = newest
            else:
                owners[keys[place - 1]] = UUID(state)
        return Standing(self._replay(events, dict(known)), owners, seen)

    def _replay(self, rows: Iterable[tuple[UUID, int, str, str]], found: dict[UUID, Any]) -> dict[UUID, Any]:
        """`found` after the events in `rows`, which are in order within each stream.

        What the library's own `mutate` does for each event, without asking each whose it is.
        """
        stream: UUID | None = None
        aggregate: Any = None
        for originator, version, topic, state in rows:
            if originator is not stream:
                stream, aggregate = originator, found.get(originator)
            rest, lines = without_lines(topic, state)
            event = event_of(originator, version, topic, rest)
            if lines is not None:
                event.__dict__["lines"] = lines
            if aggregate is None or version != aggregate.version + 1:
                found[originator] = aggregate = event.mutate(aggregate)
                continue
            event.apply(aggregate)
            aggregate.version = version
            aggregate.modified_on = event.timestamp
        return found

    def save(
        self,
        *aggregates: Any,
        claims: Sequence[tuple[UUID, UUID]] = (),
        releases: Sequence[tuple[UUID, UUID]] = (),
        due: Sequence[tuple[str, UUID, str]] = (),
        receipts: Sequence[tuple[UUID, UUID]] = (),
        codes: Sequence[tuple[UUID, datetime]] = (),
    ) -> None:
        """Append all pending events in one transaction, with claims, stages and SMS that are due.

        `codes` are (stream, when the code was made) of those that were seen at a till. Raises LogConflict, and
        LogBusy when others hold the log for longer than a caller should wait.
        """
        changed = [aggregate for aggregate in aggregates if aggregate.pending_events]
        if not changed and not due and not claims:
            return
        families = {a.id: a for a in aggregates if isinstance(a, FamilyVouchers)}
        stages = [_stage_row(a) for a in changed if isinstance(a, FamilyVouchers) and _stage_moves(a)]
        events = [event for aggregate in changed for event in aggregate.collect_events()]
        queued = [
            (message, stream, purpose, _queue_of(families.get(stream), stream))
            for message, stream, purpose in due
        ]
        try:
            self._application.events.put(
                events,
                claims=claims,
                releases=releases,
                stages=stages,
                due=queued,
                # In one order everywhere, so that two writers never wait for one another.
                receipts=sorted(receipts, key=_by_stream),
                codes=sorted(codes, key=_by_stream),
            )
        except IntegrityError as error:
            raise LogConflict from error
        except ProgrammingError as error:
            raise RuntimeError("the log's tables are missing: run `azyq db migrate`") from error

    def families(self, cycle: UUID, stages: Sequence[str], after: UUID | None, limit: int) -> list[UUID]:
        """Streams of the cycle's families in one of `stages`, in order of id after `after`."""
        with self.connection().cursor() as cursor:
            cursor.execute(
                "SELECT stream FROM azyq_log.family_stage"
                " WHERE cycle = %s AND stream > %s AND stage = ANY(%s) ORDER BY stream LIMIT %s",
                (str(cycle), str(after or UUID(int=0)), list(stages), limit),
            )
            return [UUID(row[0]) for row in cursor]

    def held_until(self, now: datetime, limit: int) -> list[UUID]:
        """Streams with a hold that ended by `now` (R27)."""
        with self.connection().cursor() as cursor:
            cursor.execute(
                "SELECT stream FROM azyq_log.family_stage WHERE held_until <= %s ORDER BY held_until LIMIT %s",
                (now, limit),
            )
            return [UUID(row[0]) for row in cursor]

    def note_codes(self, codes: Sequence[tuple[UUID, datetime]]) -> None:
        """These codes were seen at a till without paying. What a crash takes of it was seen within its second."""
        columns = tuple(list(column) for column in zip(*sorted(codes), strict=True))
        with self.connection().cursor() as cursor:
            cursor.execute(  # one transaction, as it is one message
                f"SELECT set_config('synchronous_commit', 'off', true); {CODES_SEEN}",
                ([str(stream) for stream in columns[0]], columns[1]),
            )

    def head(self) -> int:
        """The position of the last event; 0 when there is none."""
        with self.connection().cursor() as cursor:
            cursor.execute("SELECT coalesce(max(notification_id), 0) FROM azyq_log.azyq_events")
            row = cursor.fetchone()
            assert row is not None
            return int(row[0])


def _by_stream(row: tuple[UUID, Any]) -> int:
    return row[0].int


def _queue_of(family: FamilyVouchers | None, stream: UUID) -> UUID:
    """What the wait for an SMS is counted by: the family's month; a case is by itself."""
    return stream if family is None else cycle_id(family.programme, family.month)


def _stage_moves(family: FamilyVouchers) -> bool:
    """Whether what is to be saved may change the family's stage or its holds: most of what tills do does not."""
    return not all(isinstance(event, _STAGE_STAYS) for event in family.pending_events)


_STAGE_STAYS = (FamilyVouchers.Redeemed, FamilyVouchers.Reversed, FamilyVouchers.Rated)


def _stage_row(family: FamilyVouchers) -> tuple[UUID, UUID, str, datetime | None]:
    holds = [
        datetime.fromisoformat(r.hold_until)
        for r in family.redemptions.values()
        if r.status == "held" and r.hold_until
    ]
    return cycle_id(family.programme, family.month), family.id, family.stage, min(holds, default=None)

"""A month driven in the test's own process: families made up by seed, real files, real PostgreSQL, a clock that is set."""

from __future__ import annotations

import csv
import io
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import orjson
import psycopg2

from domain.calendar import ALMATY
from domain.commands.receive_list import ListOutcome
from domain.commands.run_day import TaskOutcome
from domain.family import FamilyVouchers
from domain.identity import cycle_id, family_stream_id
from domain.ports import IncomingReply, PersonalData
from domain.programmes import ProgrammeMonth
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.lists.numbers import read_numbers
from infra.lists.reading import open_list
from infra.postgres.connect import connect
from infra.sample.numbers import Iins, Phones
from infra.settings import Settings
from infra.vault.mcdb import FileNumbers
from tests.conftest import new_database

AKKOL = "akkol-2025"
HEADER = "family_id,iin,surname,given_name,patronymic,birth_date,role,kato,assistance_on"
SURNAMES = ("Сейітқали", "Нұрғалиева", "Жақсыбек", "Оспанова")
GIVEN = ("Айгүл", "Ерлан", "Динара", "Бекзат")


class Citizen(NamedTuple):
    iin: str
    surname: str
    given_name: str
    birth_date: str


@dataclass(frozen=True)
class Household:
    """A family as a list names it: the first of `people` applies; `phone` None: not in the number database."""

    reference: str
    people: tuple[Citizen, ...]
    phone: str | None
    kato: str = "113220100"

    def rows(self, assistance_on: date) -> list[list[str]]:
        return [
            [
                self.reference,
                person.iin,
                person.surname,
                person.given_name,
                "",
                person.birth_date,
                "member" if place else "applicant",
                self.kato,
                assistance_on.isoformat(),
            ]
            for place, person in enumerate(self.people)
        ]

    def joined_by(self, *people: Citizen) -> Household:
        return replace(self, people=self.people + people)

    def without(self, *people: Citizen) -> Household:
        return replace(self, people=tuple(p for p in self.people if p not in people))


class Town:
    """Makes citizens and households up, always others."""

    def __init__(self, seed: int = 1) -> None:
        rng = Random(seed)
        self._iins, self._phones, self._count, self._families = Iins(rng), Phones(rng), 0, 0

    def citizen(self) -> Citizen:
        self._count += 1
        born = date(1980, 1, 1) + timedelta(days=self._count % 9000)
        place = self._count % len(SURNAMES)
        return Citizen(self._iins.next(born, True), SURNAMES[place], GIVEN[place], born.isoformat())

    def phone(self) -> str:
        self._count += 1
        return self._phones.of(self._count)

    def household(self, size: int = 2, phone: bool = True) -> Household:
        self._families += 1
        people = tuple(self.citizen() for _ in range(size))
        return Household(f"КО-{self._families:05}", people, self.phone() if phone else None)

    def households(self, count: int, size: int = 2) -> list[Household]:
        return [self.household(size) for _ in range(count)]


class Event(NamedTuple):
    stream: UUID
    topic: str
    state: dict[str, Any]


def as_csv(rows: Sequence[Sequence[str]], header: str = HEADER) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header.split(","), *rows])
    return out.getvalue()


def settings_for(dsn: str, folder: Path, **more: Any) -> Settings:
    values = {"DATABASE_URL": dsn, "AZYQ_DATA": folder / "data", "AZYQ_SMS_PER_SECOND": 1e9, **more}
    return Settings(_env_file=None, **values)


@dataclass
class Month:
    """A programme's month on an open azyq."""

    azyq: Azyq
    clock: SetClock
    folder: Path
    month: ProgrammeMonth

    # --- when ---

    def at(self, day: int, hour: int = 9) -> datetime:
        """The month's day (the local one), which the clock then shows."""
        year, month = map(int, self.month.month.split("-"))
        self.clock.now = datetime(year, month, day, hour, tzinfo=ALMATY)
        return self.clock.now

    def rows(self, households: Sequence[Household]) -> list[list[str]]:
        return [row for household in households for row in household.rows(self.month.assistance_on)]

    def write_list(self, content: str | bytes, suffix: str = "csv") -> Path:
        path = self.folder / f"list-{uuid4().hex}.{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def write_numbers(self, households: Sequence[Household]) -> Path:
        path = self.folder / f"numbers-{uuid4().hex}.csv"
        path.write_text(as_csv([[h.people[0].iin, h.phone] for h in households if h.phone], "iin,phone"))
        return path

    def receive(self, path: Path, numbers: Path | None = None) -> ListOutcome:
        source = open_list(path)
        if numbers is None:
            return self.azyq.receive_list.run(
                self.month, source.rows(), source.detected.sha256, None, self.clock()
            )
        with FileNumbers(self.azyq.vault, read_numbers(numbers)) as database:
            return self.azyq.receive_list.run(
                self.month, source.rows(), source.detected.sha256, database, self.clock()
            )

    def list_of(self, households: Sequence[Household], day: int = 2) -> ListOutcome:
        """Take in a list of these households, with the numbers they have, on this day."""
        self.at(day)
        path = self.write_list(as_csv(self.rows(households)))
        return self.receive(path, self.write_numbers(households))

    def day(self, day: int, hour: int = 9, **how: Any) -> list[TaskOutcome]:
        self.at(day, hour)
        return self.azyq.run_day.run(self.month, self.clock().date(), self.clock, **how)

    def asked(self, *households: Household) -> None:
        """List and first SMS."""
        self.list_of(households)
        self.day(5)

    def reply(self, phone: str | None, text: str, message: str = "m-1", at: datetime | None = None) -> str:
        assert phone is not None
        return self.azyq.record_reply.run([an_answer(phone, text, message, at or self.clock())])[0]

    # --- then ---

    def stream(self, household: Household) -> UUID:
        subject = self.azyq.vault.find_family(household.reference)
        assert subject is not None
        return family_stream_id(self.month.programme.id, self.month.month, subject)

    def family(self, household: Household) -> FamilyVouchers:
        stream = self.stream(household)
        family = self.azyq.log.load([stream])[stream]
        assert isinstance(family, FamilyVouchers)
        return family

    def subject(self, person: Citizen) -> str:
        found = self.azyq.vault.find_person(person.iin)
        assert found is not None
        return found

    def lists_in(self) -> int:
        """How many deliveries are in, whole."""
        cycle = self.azyq.log.load([self.cycle()]).get(self.cycle())
        return cycle.deliveries - (cycle.started is not None) if cycle else 0

    def cycle(self) -> UUID:
        return cycle_id(self.month.programme.id, self.month.month)

    def topics(self, household: Household) -> list[str]:
        stream = self.stream(household)
        return [event.topic for event in events_of(self.azyq.dsn) if event.stream == stream]

    def counted(self) -> Counter[str]:
        return Counter(event.topic for event in events_of(self.azyq.dsn))

    def claims(self) -> dict[UUID, UUID]:
        rows = query(self.azyq.dsn, "SELECT key, stream FROM azyq_log.claim")
        return {UUID(key): UUID(stream) for key, stream in rows}

    def outbox(self) -> list[dict[str, str]]:
        path = self.folder / "data" / "outbox.jsonl"
        return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def an_answer(phone: str, text: str, message: str, at: datetime) -> IncomingReply:
    return IncomingReply(message, phone, "1414", text, at, "http")


@contextmanager
def a_month(
    dsn: str, folder: Path, programme: str = AKKOL, month: str = "2025-07", **settings: Any
) -> Iterator[Month]:
    """An azyq of its own on `dsn`, on the second day of the month."""
    clock = SetClock(datetime.fromisoformat(f"{month}-02T09:00:00+05:00"))
    with open_azyq(settings_for(dsn, folder, **settings), clock) as azyq:
        yield Month(azyq, clock, folder, azyq.programme(programme).month(month))


class Twins:
    """Databases that begin alike: the same subjects, keys and wallet links, so that their events can be compared."""

    def __init__(self, dsn: str, folder: Path, households: Sequence[Household]) -> None:
        """Fill `dsn`, which nobody else may use, as the template of the twins."""
        self._dsn, self._folder = dsn, folder
        folder.mkdir(parents=True)
        with a_month(dsn, folder) as month:
            vault = month.azyq.vault
            vault.enrol(
                [
                    PersonalData(p.iin, p.surname, p.given_name, "", p.birth_date)
                    for h in households
                    for p in h.people
                ]
            )
            vault.families([h.reference for h in households])
            vault.wallet_tokens([month.stream(h).hex for h in households])

    @contextmanager
    def twin(self, name: str) -> Iterator[tuple[str, Path]]:
        """(dsn, folder) of one more."""
        folder = self._folder.with_name(name)
        shutil.copytree(self._folder / "data", folder / "data")
        template = str(psycopg2.extensions.parse_dsn(self._dsn)["dbname"])
        with new_database(self._dsn, template) as dsn:
            yield dsn, folder


def query(dsn: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = connect(dsn, autocommit=True, application_name="azyq-test")
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def events_of(dsn: str) -> list[Event]:
    """The log, in order."""
    rows = query(
        dsn,
        "SELECT originator_id, topic, convert_from(state, 'UTF8') FROM azyq_log.azyq_events"
        " ORDER BY notification_id",
    )
    return [Event(UUID(stream), topic, orjson.loads(state)) for stream, topic, state in rows]


def by_stream(dsn: str) -> dict[UUID, list[tuple[str, dict[str, Any]]]]:
    """Each stream's events without their positions and times."""
    found: dict[UUID, list[tuple[str, dict[str, Any]]]] = {}
    for stream, topic, state in events_of(dsn):
        state.pop("timestamp")
        found.setdefault(stream, []).append((topic, state))
    return found


OURS = ("infra.", "domain.commands", "eventsourcing.")
WRITING = frozenset(
    {"save", "insert_events", "_insert_events", "put", "begin", "finish", "postpone"}
    | {"send", "_append", "_write", "_record", "note_asked"}
)


def in_a_child(
    act: Callable[[], Any],
    kill_at: int | None = None,
    counted: Path | None = None,
    functions: frozenset[str] | None = None,
) -> int:
    """Run `act` in a forked process and give its exit code; -9 when it was killed.

    It kills itself, by SIGKILL, at its `kill_at`th point: a function of ours or of the library's log is called,
    returns, or calls into C (the database, a file). Only points in `functions`, when given, count. Left alive, it
    writes how many there were to `counted`.
    """

    def run() -> None:
        points = 0

        def point(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal points
            if not frame.f_globals.get("__name__", "").startswith(OURS):
                return
            if functions is not None and frame.f_code.co_name not in functions:
                return
            points += 1
            if points == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        threading.setprofile(point)
        sys.setprofile(point)
        try:
            act()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        if counted is not None:
            counted.write_text(str(points))

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the child hangs"
    return process.exitcode

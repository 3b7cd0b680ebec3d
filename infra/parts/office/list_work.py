"""What is done with the office's lists in the background: checked when they came, taken in once approved, deleted in time.

Whatever is cut off is begun again by whoever looks next; one process at a time works at a list. What is recorded twice is
recorded once, for each step asks the log first.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from domain.brought_list_refusals import (
    ListCheckFailed,
    ListDiffers,
    ListInAlready,
    ListTakingInFailed,
)
from domain.brought_lists import OPEN, BroughtList, CheckedList
from domain.calendar import local_day
from domain.commands.bring_list import BringList
from domain.commands.receive_list import ListBusy, ListOutcome, NobodyAccepted, ReceiveList
from domain.cycle import delivery_digest
from domain.errors import LANGUAGES, Refusal
from domain.identity import cycle_id
from domain.office import OfficeMember
from domain.ports import NumberDatabase
from domain.programmes import ProgrammeMonth
from infra.api.services import UNAVAILABLE
from infra.bootstrap import Azyq
from infra.lists.columns import heading_languages
from infra.lists.numbers import Numbers, read_numbers
from infra.lists.reading import ListSource, open_list
from infra.lists.rejects import JoinedRow, NoNumberFile, joined_rows
from infra.postgres.staging import PostgresStaging
from infra.vault.brought import BroughtFile
from infra.vault.mcdb import FileNumbers
from infra.web.office.lists_reading import LIST, NUMBERS
from infra.web.refusal_words import refusal_words
from streams.trouble import where

REJECTS, NO_NUMBER = "rejects", "no_number"
RETURNS = (REJECTS, NO_NUMBER)
KEPT = timedelta(days=30)  # what nobody decided on, and the rows that go back after a decision
REFUSED_SHOWN = timedelta(days=1)
BROKEN_OFF = timedelta(hours=1)
LOOK_SECONDS = 5.0
_TELL_SECONDS = 0.4

log = structlog.get_logger("azyq")


class _Stopped(Exception):
    """The process is to end."""


class ListWork:
    """Does what is to be done with lists that were brought to the office; used by one thread."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._files = azyq.vault.brought
        self._bring = BringList(azyq.log)
        self._staging = PostgresStaging(azyq.dsn)
        self._receive = ReceiveList(azyq.log, azyq.vault, self._staging)
        self._complained: set[str] = set()

    def close(self) -> None:
        """Close the connection."""
        self._staging.close()

    def round(self) -> None:
        """One look at all of them, the oldest first; cut short when the process is to end."""
        try:
            self._files.purge_unfinished(BROKEN_OFF)
            self._let_go_of_lost()
            for file in reversed(self._files.all()):
                self._go_on()
                try:
                    self._look_at(file)
                except (_Stopped, *UNAVAILABLE):
                    raise
                except Exception as error:  # such as a programme that is no longer there; the others go on
                    if file.upload not in self._complained:
                        self._complained.add(file.upload)
                        self._lament("list_failed", file, error)
        except _Stopped:
            return

    def _let_go_of_lost(self) -> None:
        """A list whose file is gone, as after a backup of another day, keeps no other list of its month waiting."""
        now = self._azyq.clock()
        for programme in self._azyq.programmes.values():
            for name in programme.months():
                month = programme.month(name)
                if not month.assistance_on <= local_day(now) <= month.list_cutoff:
                    continue
                for one in self._bring.lists(month).values():
                    if one.stage in OPEN and self._files.find(one.upload) is None:
                        self._bring.failed(month, one.id, ListDiffers.code, now)
                        self._bring.lapse(month, one.id, now)

    def _look_at(self, file: BroughtFile) -> None:
        # Most of them wait for somebody, or for their time: nobody has to take turns for these.
        if self._what_to_do(file) is None:
            return
        with self._staging.exclusive(UUID(file.upload)) as mine:
            now = self._files.find(file.upload) if mine else None
            work = self._what_to_do(now) if now is not None else None
            if now is not None and work is not None:
                work(now)

    def _what_to_do(self, file: BroughtFile) -> Callable[[BroughtFile], None] | None:
        age = self._azyq.clock() - file.changed_at
        if file.state == "came":
            return self._check
        if file.state == "refused":
            return self._forget if age > REFUSED_SHOWN else None
        if file.state == "over":
            return self._delete_returns if age > KEPT else None
        found = self._bring.lists(self._month(file))[file.brought]
        if found.stage == "approved":
            return self._take_in
        if found.stage in ("taken_in", "declined"):
            return self._end
        if found.stage == "lapsed":
            return self._forget
        return self._lapse if age > KEPT else None

    # --- checking -------------------------------------------------------------------------------------

    def _check(self, file: BroughtFile) -> None:
        """The dry run of a file that came: it waits for a decision, or is refused."""
        try:
            told, checked = self._checked(file)
            by = OfficeMember(file.staff, frozenset(), file.subject)
            brought = self._bring.bring_in(self._month(file), file.upload, checked, by, self._azyq.clock())
            self._files.settle(file.upload, "waiting", told, brought, self._azyq.clock())
            log.info("list_brought_in", cycle=f"{file.programme}/{file.month}", list=brought)
        except ListBusy:
            log.info("list_busy", cycle=f"{file.programme}/{file.month}")
        except Refusal as refusal:
            self._refuse(file, refusal)
        except (_Stopped, *UNAVAILABLE):
            raise
        except Exception as error:
            self._lament("list_check_failed", file, error)
            self._refuse(file, ListCheckFailed("file"))

    def _refuse(self, file: BroughtFile, refusal: Refusal) -> None:
        """Nothing of the file is kept; what is said of it, for a day."""
        sha256, size = file.told.get("sha256", ""), file.told.get("bytes", 0)
        now = self._azyq.clock()
        self._bring.refuse(self._month(file), refusal.code, sha256, size, file.staff, now)
        told: dict[str, Any] = {
            "code": refusal.code,
            "why": {language: refusal_words(refusal, language) for language in LANGUAGES},
            "rejected": dict(refusal.rejected) if isinstance(refusal, NobodyAccepted) else {},
        }
        self._files.settle(file.upload, "refused", told, "", now)

    def _checked(self, file: BroughtFile) -> tuple[dict[str, Any], CheckedList]:
        month, now = self._month(file), self._azyq.clock()
        telling = _Telling(self, file.upload, "look")
        source, numbers = self._opened(file, telling)
        digest = _digest(source, numbers)
        # Not again where it was recorded already by whoever was cut off before it could say so.
        if all(one.upload != file.upload for one in self._bring.lists(month).values()):
            if self._receive.is_in(month, digest, numbers is None, now):
                raise ListInAlready("file", month=month.month)
            self._bring.check_room(month, digest, now)
        telling.begin("check")
        cycle = cycle_id(month.programme.id, f"{month.month}/dry-run")
        kept: dict[str, int] = {}

        def back(outcome: ListOutcome) -> None:
            if not outcome.accepted:
                return  # the wrong file: nothing of it is kept
            telling.begin("back")
            kept[REJECTS] = self._keep_rows(file, REJECTS, source, self._staging.rejections(cycle))
            if numbers is not None:
                without = self._staging.without_number(cycle)
                kept[NO_NUMBER] = self._keep_rows(
                    file, NO_NUMBER, source, ((row, NoNumberFile.CODE, {}) for row in without)
                )

        with self._database(numbers) as database:
            outcome = self._receive.check(month, source.rows(), telling.rows, back, database)
        detected, rejected = source.detected, dict(numbers.rejected) if numbers else {}
        checked = CheckedList(
            digest=digest,
            sha256=detected.sha256,
            numbers_sha256=numbers.detected.sha256 if numbers else "",
            bytes=self._files.size(file.upload, LIST) or 0,
            numbers_bytes=self._files.size(file.upload, NUMBERS) or 0,
            format=detected.format,
            compression=detected.compression or "",
            encoding=detected.encoding or "",
            delimiter=detected.delimiter or "",
            headings=heading_languages([*detected.columns]),
            rows=outcome.rows,
            accepted=outcome.accepted,
            rejected=outcome.rejected,
            families=outcome.families["named"],
            no_number=outcome.no_number,
            numbers_rejected=rejected,
        )
        told = asdict(checked) | {
            "detected": {language: detected.sentence(language) for language in LANGUAGES},
            "columns": detected.columns,
            "kept": kept,
        }
        return told, checked

    def _keep_rows(
        self,
        file: BroughtFile,
        part: str,
        source: ListSource,
        rows: Iterable[tuple[int, str, dict[str, object]]],
    ) -> int:
        """Keep rows that go back to the sender, a line of JSON each; how many."""
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for row in joined_rows(source, rows):
                self._go_on()
                if not count:
                    yield json.dumps(source.headings).encode() + b"\n"
                count += 1
                # Not orjson: a cell may hold what no UTF-8 can.
                yield json.dumps(row).encode() + b"\n"

        self._files.write(file.upload, part, lines())
        return count

    # --- taking in ------------------------------------------------------------------------------------

    def _take_in(self, file: BroughtFile) -> None:
        """The approved list becomes the month's; its arrival is the time of the approval (docs/adr/0015)."""
        month = self._month(file)
        found = self._bring.lists(month)[file.brought]
        try:
            outcome = self._received(file, month, found)
            self._bring.taken_in(month, file.brought, outcome.delivery, self._azyq.clock())
            self._end(file)
            log.info("list_taken_in", cycle=f"{file.programme}/{file.month}", delivery=outcome.delivery)
        except ListBusy:
            log.info("list_busy", cycle=f"{file.programme}/{file.month}")
        except Refusal as refusal:
            self._fail(file, month, refusal)
        except (_Stopped, *UNAVAILABLE):
            raise
        except Exception as error:
            self._lament("list_taking_in_failed", file, error)
            self._fail(file, month, ListTakingInFailed("file"))

    def _received(self, file: BroughtFile, month: ProgrammeMonth, found: BroughtList) -> ListOutcome:
        telling = _Telling(self, file.upload, "look")
        source, numbers = self._opened(file, telling)
        if _digest(source, numbers) != found.digest:
            raise ListDiffers("file")
        assert found.decided_at is not None
        telling.begin("rows")
        with self._database(numbers) as database:
            return self._receive.run(
                month, source.rows(), found.digest, database, found.decided_at, telling.rows
            )

    def _fail(self, file: BroughtFile, month: ProgrammeMonth, refusal: Refusal) -> None:
        self._bring.failed(month, file.brought, refusal.code, self._azyq.clock())
        why = {language: refusal_words(refusal, language) for language in LANGUAGES}
        self._files.settle(file.upload, "waiting", file.told | {"why": why}, file.brought, self._azyq.clock())

    # --- deleting -------------------------------------------------------------------------------------

    def _end(self, file: BroughtFile) -> None:
        self._files.close(file.upload, RETURNS, self._azyq.clock())

    def _lapse(self, file: BroughtFile) -> None:
        """Nobody decided in time; who decides at this moment is first."""
        if self._bring.lapse(self._month(file), file.brought, self._azyq.clock()):
            self._forget(file)

    def _delete_returns(self, file: BroughtFile) -> None:
        self._bring.delete_returns(self._month(file), file.brought, self._azyq.clock())
        self._forget(file)

    def _forget(self, file: BroughtFile) -> None:
        self._files.forget(file.upload)

    # --- what all of it needs -------------------------------------------------------------------------

    def _opened(self, file: BroughtFile, telling: _Telling) -> tuple[ListSource, Numbers | None]:
        kept = self._files.file(file.upload, LIST, telling.read)
        if kept is None:
            raise ListDiffers("file")
        telling.total = kept.stamp()[0]
        source = open_list(kept)
        numbers = self._files.file(file.upload, NUMBERS)
        return source, None if numbers is None else read_numbers(numbers)

    def _database(self, numbers: Numbers | None) -> AbstractContextManager[NumberDatabase | None]:
        return FileNumbers(self._azyq.vault, numbers) if numbers is not None else nullcontext(None)

    def _month(self, file: BroughtFile) -> ProgrammeMonth:
        return self._azyq.programme(file.programme).month(file.month)

    def tell(self, upload: str, stage: str, done: int, total: int, rows: int) -> None:
        """Keep how far it is. Raises when the process is to end."""
        self._go_on()
        self._files.progress(upload, stage, done, total, rows)

    def _go_on(self) -> None:
        if self._azyq.stopping.is_set():
            raise _Stopped

    def _lament(self, what: str, file: BroughtFile, error: Exception) -> None:
        """Tell what no rule foresaw, without its text, which may hold values."""
        log.error(what, cycle=f"{file.programme}/{file.month}", error=type(error).__name__, at=where(error))


class _Telling:
    """How far a reading is, told a few times a second: bytes of the file, rows, families."""

    def __init__(self, work: ListWork, upload: str, stage: str) -> None:
        self._work = work
        self._upload = upload
        self._stage = stage
        self._done = self._rows = 0
        self._told_at = 0.0
        self.total = 0

    def begin(self, stage: str) -> None:
        """From now on it is about this."""
        self._stage, self._done, self._told_at = stage, 0, 0.0
        self._tell()

    def read(self, done: int) -> None:
        """So many bytes were read since the file was opened."""
        if self._stage != "families":
            self._done = min(done, self.total)
            self._tell()

    def rows(self, stage: str, done: int, total: int | None) -> None:
        """So many rows, or of `total` families."""
        if stage == "rows":
            self._rows = done
        else:
            self._stage = "families"
            self._done, self.total = done, total or 0
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            self._work.tell(self._upload, self._stage, self._done, self.total, self._rows)


def _digest(source: ListSource, numbers: Numbers | None) -> str:
    return delivery_digest(source.detected.sha256, numbers.detected.sha256 if numbers else None)


def kept_rows(pieces: Iterable[bytes]) -> tuple[list[str], Iterator[JoinedRow]]:
    """The headings and rows that `ListWork` kept of a list, out of their pieces."""
    lines = _lines(pieces)
    headings: list[str] = json.loads(next(lines))
    return headings, (JoinedRow(*json.loads(line)) for line in lines)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    begun = b""
    for piece in pieces:
        *whole, begun = (begun + piece).split(b"\n")
        yield from whole


def approved_months(azyq: Azyq) -> set[tuple[str, str]]:
    """(programme, month) of which an approved list is still to be taken in: its calendar waits for it."""
    bring, found = BringList(azyq.log), set()
    for programme, month in azyq.vault.brought.months_waiting():
        if programme not in azyq.programmes:
            continue
        lists = bring.lists(azyq.programme(programme).month(month))
        if any(one.stage == "approved" for one in lists.values()):
            found.add((programme, month))
    return found


def work_at_lists(azyq: Azyq, stop: threading.Event) -> None:
    """A look every few seconds, and when `azyq.lists_wait` is set, until `stop`."""
    work = ListWork(azyq)
    try:
        while not stop.is_set():
            azyq.lists_wait.clear()
            try:
                work.round()
            except UNAVAILABLE as error:
                log.warning("not_available", error=type(error).__name__)
            except Exception as error:
                log.error("lists_failed", error=type(error).__name__, at=where(error))
            azyq.lists_wait.wait(LOOK_SECONDS)
    finally:
        work.close()

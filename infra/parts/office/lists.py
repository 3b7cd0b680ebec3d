"""Lists that are brought in, as the office's pages ask for them (`infra.web.office.lists_reading.ListServices`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from domain.brought_list_refusals import ApprovalTooLate, BroughtListUnknown
from domain.brought_lists import BroughtList
from domain.calendar import local_day
from domain.commands.bring_list import BRINGS_IN, READS_ROWS, SEES_LISTS, BringList, check_role
from domain.errors import Refusal
from domain.office import OfficeMember
from domain.programmes import ProgrammeMonth
from domain.voucher_refusals import ListClosed, ListClosedAlready
from infra.bootstrap import Azyq
from infra.lists.rejects import table
from infra.parts.office.list_work import RETURNS, kept_rows
from infra.vault.brought import PIECE, BroughtFile
from infra.web.office.lists_reading import LIST, ListCounts, OpenMonth, ShownList

_ROWS_AT_ONCE = 500


class Upload:
    """A list and perhaps its numbers on their way in; one request writes it, piece by piece."""

    def __init__(self, azyq: Azyq, by: OfficeMember) -> None:
        self._files = azyq.vault.brought
        self._azyq = azyq
        self._by = by
        self.id = self._files.begin(by.staff, by.subject, azyq.clock())
        self._waiting: dict[str, bytearray] = {}
        self._numbers: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._digest = sha256()

    @property
    def has_list(self) -> bool:
        """Whether a list came at all."""
        return LIST in self._waiting

    def write(self, part: str, data: bytes) -> None:
        """More bytes of a part, the first of which may be none. Raises BroughtListUnknown: it was given up meanwhile."""
        waiting = self._waiting.setdefault(part, bytearray())
        waiting += data
        self._sizes[part] = self._sizes.get(part, 0) + len(data)
        if part == LIST:
            self._digest.update(data)
        while len(waiting) >= PIECE:
            self._append(part, bytes(waiting[:PIECE]))
            del waiting[:PIECE]

    def finish(self, month: ProgrammeMonth) -> str:
        """All of it is here; the upload's id."""
        for part, waiting in self._waiting.items():
            if waiting or part not in self._numbers:  # an empty file is kept, and refused as one
                self._append(part, bytes(waiting))
        told = {"sha256": self._digest.hexdigest(), "bytes": self._sizes.get(LIST, 0)}
        self._files.arrived(self.id, month.programme.id, month.month, told, self._azyq.clock())
        self._azyq.lists_wait.set()
        return self.id

    def give_up(self) -> None:
        """Nothing of it is kept."""
        self._files.forget(self.id)

    def _append(self, part: str, piece: bytes) -> None:
        number = self._numbers.get(part, 0)
        try:
            self._files.append(self.id, part, number, piece)
        except KeyError:
            raise BroughtListUnknown("file") from None
        self._numbers[part] = number + 1


class OfficeLists:
    """Lists at the office, for pages and tests; several threads may use it at once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._files = azyq.vault.brought
        self._bring = BringList(azyq.log)
        self.trial = azyq.settings.env == "trial"

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

    # --- bringing in ----------------------------------------------------------------------------------

    def months(self) -> list[OpenMonth]:
        """The months that lists are taken for now, then the next one of each programme."""
        today = local_day(self._azyq.clock())
        found = []
        for programme in self._azyq.programmes.values():
            months = [programme.month(name) for name in programme.months()]
            coming = [month for month in months if today <= month.list_cutoff]
            for month in coming[:2]:
                is_open = month.assistance_on <= today
                if is_open or month is coming[0]:
                    found.append(
                        OpenMonth(
                            programme.id,
                            programme.names,
                            month.month,
                            month.assistance_on,
                            month.list_cutoff,
                            is_open,
                            self._in_the_way(month) if is_open else None,
                        )
                    )
        return sorted(found, key=lambda one: (not one.open_now, one.cutoff, one.programme, one.month))

    def check_bringing(self, by: OfficeMember, programme: str, month: str) -> ProgrammeMonth:
        """The month, if this member may bring a list in for it now.

        Raises ProgrammeUnknown, MonthMalformed, MonthOutsideProgramme, OfficeRoleMissing, ListTooEarly, ListClosed,
        ListWaitsAlready.
        """
        found = self._azyq.programme(programme).month(month)
        now = self._azyq.clock()
        try:
            check_role(by, BRINGS_IN)
        except Refusal as refusal:
            self._bring.note_refused_bringing(found, refusal, by, now)
            raise
        if (refusal_ := self._in_the_way(found)) is not None:
            raise refusal_
        return found

    def upload(self, by: OfficeMember) -> Upload:
        """Room for a list of theirs. Raises OfficeRoleMissing."""
        check_role(by, BRINGS_IN)
        return Upload(self._azyq, by)

    def _in_the_way(self, month: ProgrammeMonth) -> Refusal | None:
        try:
            self._check_time(month)
            self._bring.check_room(month, "", self._azyq.clock())
        except Refusal as refusal:
            return refusal
        return None

    def _check_time(self, month: ProgrammeMonth) -> None:
        """Whether any list is taken now. Raises ListTooEarly, ListClosed."""
        self._azyq.receive_list.is_in(month, "", False, self._azyq.clock())

    # --- where they stand -----------------------------------------------------------------------------

    def all(self, by: OfficeMember) -> list[ShownList]:
        """All lists that anything is kept of, the latest first. Raises OfficeRoleMissing."""
        check_role(by, SEES_LISTS)
        lists: dict[tuple[str, str], Mapping[str, BroughtList]] = {}
        found = []
        for file in self._files.all():
            month = self._month(file)
            if month is None:
                continue
            key = (file.programme, file.month)
            if key not in lists:
                lists[key] = self._bring.lists(month)
            found.append(self._shown(file, month, lists[key]))
        return found

    def waiting(self) -> ListCounts:
        """How many lists want somebody."""
        shown = [self._shown(file, month, self._bring.lists(month)) for file, month in self._open()]
        late = sum(one.late for one in shown)
        stages = [one.stage for one in shown]
        return ListCounts(stages.count("waiting") - late, stages.count("failed"), late)

    def _open(self) -> list[tuple[BroughtFile, ProgrammeMonth]]:
        files = [file for file in self._files.all() if file.state == "waiting"]
        return [(file, month) for file in files if (month := self._month(file)) is not None]

    def find(self, by: OfficeMember, upload: str) -> ShownList:
        """One of them. Raises OfficeRoleMissing, BroughtListUnknown."""
        check_role(by, SEES_LISTS)
        return self._found(upload)

    def _found(self, upload: str) -> ShownList:
        file = self._files.find(upload)
        month = None if file is None or file.state == "coming" else self._month(file)
        if file is None or month is None:
            raise BroughtListUnknown("list")
        return self._shown(file, month, self._bring.lists(month))

    def _month(self, file: BroughtFile) -> ProgrammeMonth | None:
        programme = self._azyq.programmes.get(file.programme)
        return programme.month(file.month) if programme and file.month in programme.months() else None

    def _shown(self, file: BroughtFile, month: ProgrammeMonth, lists: Mapping[str, BroughtList]) -> ShownList:
        found = lists.get(file.brought)
        kept: Mapping[str, Any] = file.told.get("kept", {})
        returns = tuple(which for which in RETURNS if kept.get(which))
        stage = found.stage if found else file.state
        late = stage == "waiting" and self._is_closed(month)
        return ShownList(file, found, stage, month, returns, late)

    def _is_closed(self, month: ProgrammeMonth) -> bool:
        try:
            self._check_time(month)
        except ListClosed:
            return True
        except Refusal:
            return False
        return False

    # --- decisions ------------------------------------------------------------------------------------

    def approve(self, by: OfficeMember, upload: str) -> None:
        """Let it be taken in.

        Raises OfficeRoleMissing, ApproverBroughtIt, ListDecided, BroughtListUnknown, ListClosed (R19).
        """
        shown = self._decidable(upload)

        def in_time() -> None:
            try:
                self._check_time(shown.month)
            except ListClosedAlready:
                raise
            except ListClosed as refusal:
                raise ApprovalTooLate("list", **refusal.details) from None

        self._bring.approve(
            shown.month,
            shown.file.brought,
            by,
            self._azyq.clock(),
            in_time=in_time,
        )
        self._azyq.lists_wait.set()

    def decline(self, by: OfficeMember, upload: str, reason: str) -> None:
        """Send it back. Raises OfficeRoleMissing, ListDecided, BroughtListUnknown, DeclineReasonUnknown."""
        shown = self._decidable(upload)
        self._bring.decline(shown.month, shown.file.brought, by, reason, self._azyq.clock())
        self._azyq.lists_wait.set()

    def retry(self, by: OfficeMember, upload: str) -> None:
        """Try again what failed. Raises OfficeRoleMissing, ListNotFailed, BroughtListUnknown."""
        shown = self._decidable(upload)
        self._bring.retry(shown.month, shown.file.brought, by, self._azyq.clock())
        self._azyq.lists_wait.set()

    def _decidable(self, upload: str) -> ShownList:
        """What the commands decide on: they look at the roles, and record who hasn't got them."""
        shown = self._found(upload)
        if shown.list is None:
            raise BroughtListUnknown("list")
        return shown

    # --- what goes back -------------------------------------------------------------------------------

    def rows(self, by: OfficeMember, upload: str, which: str, language: str) -> Iterator[bytes]:
        """Rows that go back as CSV in UTF-8 with a BOM; the reading is recorded before the first byte.

        Raises OfficeRoleMissing, BroughtListUnknown.
        """
        shown = self._decidable(upload)
        if which not in shown.returns:
            check_role(by, READS_ROWS)
            raise BroughtListUnknown("list")
        count = int(shown.file.told["kept"][which])
        now = self._azyq.clock()
        self._bring.read_rows(shown.month, shown.file.brought, by, which, count, language, now)
        headings, rows = kept_rows(self._files.pieces(upload, which))
        return _as_csv(table(headings, rows, language))


def _as_csv(rows: Iterator[list[str]]) -> Iterator[bytes]:
    text = io.StringIO("\ufeff", newline="")
    text.seek(0, io.SEEK_END)
    out = csv.writer(text)
    for number, row in enumerate(rows, 1):
        out.writerow(row)
        if number % _ROWS_AT_ONCE == 0:
            yield text.getvalue().encode(errors="replace")
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode(errors="replace")

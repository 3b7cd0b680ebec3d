"""Lists at the office: a clerk brings one in, an approver decides, and what is approved is taken in (R14, R19).

Each act names the member of staff. Whoever asks for what is another's to do is refused, and that is recorded too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from domain.brought_list_refusals import ApproverBroughtIt, BroughtListUnknown
from domain.brought_lists import BroughtList, BroughtLists, CheckedList
from domain.commands.conflicts import until_saved
from domain.errors import Refusal
from domain.office import APPROVER, CLERK, OPERATOR, OfficeMember
from domain.office_acts import OfficeRoleMissing
from domain.ports import Log
from domain.programmes import ProgrammeMonth

# Who may do what.
BRINGS_IN = (CLERK,)
APPROVES = (APPROVER,)
DECLINES = (CLERK, APPROVER)
RETRIES = (APPROVER, OPERATOR)
READS_ROWS = (CLERK, APPROVER)
SEES_LISTS = (CLERK, APPROVER, OPERATOR)

T = TypeVar("T")


def check_role(by: OfficeMember, roles: tuple[str, ...]) -> None:
    """Whether the member holds one of `roles` now. Raises OfficeRoleMissing."""
    if not by.has(*roles):
        raise OfficeRoleMissing("role", roles=", ".join(roles))


class BringList:
    """The commands; of two that decide at once, the first one's decision stands."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def lists(self, month: ProgrammeMonth) -> Mapping[str, BroughtList]:
        """The month's lists by id, in the order they came."""
        found = self._load(month)
        return found.lists if found else {}

    def check_room(self, month: ProgrammeMonth, digest: str, at: datetime) -> None:
        """Whether a list can be brought in now. Raises ListWaitsAlready."""
        self._lists(month, at).check_room(digest)

    def bring_in(
        self, month: ProgrammeMonth, upload: str, checked: CheckedList, by: OfficeMember, at: datetime
    ) -> str:
        """Keep a checked list waiting; its id. The same upload twice is one. Raises ListWaitsAlready."""

        def decide(lists: BroughtLists) -> str:
            known = next((one.id for one in lists.lists.values() if one.upload == upload), None)
            return known or lists.bring_in(upload, checked, by, at)

        return self._change(month, at, decide)

    def refuse(self, month: ProgrammeMonth, code: str, sha256: str, size: int, by: str, at: datetime) -> None:
        """Note that a file was brought and not kept."""
        self._change(month, at, lambda lists: lists.refuse(code=code, sha256=sha256, size=size, by=by, at=at))

    def approve(
        self,
        month: ProgrammeMonth,
        brought: str,
        by: OfficeMember,
        at: datetime,
        in_time: Callable[[], object] = lambda: None,
    ) -> None:
        """Let a list be taken in. `in_time` raises when none is taken any more.

        Raises OfficeRoleMissing, ApproverBroughtIt, ListDecided, BroughtListUnknown and what `in_time` raises.
        """

        def decide(lists: BroughtLists) -> None:
            check_role(by, APPROVES)
            lists.approve(brought, by, at)
            in_time()

        self._act(month, brought, "approve", by, at, decide)

    def decline(
        self, month: ProgrammeMonth, brought: str, by: OfficeMember, reason: str, at: datetime
    ) -> None:
        """Send a list back: an approver any, a clerk one of theirs.

        Raises OfficeRoleMissing, ListDecided, BroughtListUnknown, DeclineReasonUnknown.
        """

        def decide(lists: BroughtLists) -> None:
            check_role(by, DECLINES)
            found = lists.find(brought)
            if not by.is_the_same_as(found.by, found.subject):
                check_role(by, APPROVES)
            lists.decline(brought, by, reason, at)

        self._act(month, brought, "decline", by, at, decide)

    def retry(self, month: ProgrammeMonth, brought: str, by: OfficeMember, at: datetime) -> None:
        """Try again what failed. Raises OfficeRoleMissing, ListNotFailed, BroughtListUnknown."""

        def decide(lists: BroughtLists) -> None:
            check_role(by, RETRIES)
            lists.retry(brought, by, at)

        self._act(month, brought, "retry", by, at, decide)

    def read_rows(
        self,
        month: ProgrammeMonth,
        brought: str,
        by: OfficeMember,
        which: str,
        rows: int,
        language: str,
        at: datetime,
    ) -> None:
        """Note that rows that go back are read. Raises OfficeRoleMissing, BroughtListUnknown."""

        def decide(lists: BroughtLists) -> None:
            check_role(by, READS_ROWS)
            lists.note_reading(brought, which, rows, language, by, at)

        self._act(month, brought, f"read {which}", by, at, decide)

    def taken_in(self, month: ProgrammeMonth, brought: str, delivery: str, at: datetime) -> bool:
        """The list is in; False when that was recorded before."""
        return self._change(month, at, lambda lists: lists.take_in(brought, delivery, at))

    def failed(self, month: ProgrammeMonth, brought: str, code: str, at: datetime) -> bool:
        """The list could not be taken in; False when it no longer waits for that."""
        return self._change(month, at, lambda lists: lists.fail(brought, code, at))

    def lapse(self, month: ProgrammeMonth, brought: str, at: datetime) -> bool:
        """Nobody decided in time; False when somebody did."""
        return self._change(month, at, lambda lists: lists.lapse(brought, at))

    def delete_returns(self, month: ProgrammeMonth, brought: str, at: datetime) -> None:
        """Note that the rows that go back are no longer kept."""
        self._change(month, at, lambda lists: lists.delete_returns(brought, at))

    def _act(
        self,
        month: ProgrammeMonth,
        brought: str,
        act: str,
        by: OfficeMember,
        at: datetime,
        decide: Callable[[BroughtLists], T],
    ) -> T:
        try:
            if self._load(month) is None:
                raise BroughtListUnknown("list")
            return self._change(month, at, decide)
        except (OfficeRoleMissing, ApproverBroughtIt) as refusal:
            self._note_refusal(month, brought, act, refusal, by, at)
            raise

    def note_refused_bringing(
        self, month: ProgrammeMonth, refusal: Refusal, by: OfficeMember, at: datetime
    ) -> None:
        """Note that somebody without the role brought a list."""
        self._note_refusal(month, "", "bring_in", refusal, by, at)

    def _note_refusal(
        self, month: ProgrammeMonth, brought: str, act: str, refusal: Refusal, by: OfficeMember, at: datetime
    ) -> None:
        self._change(
            month, at, lambda lists: lists.note_refused_act(brought, act, refusal.code, by.staff, at)
        )

    def _change(self, month: ProgrammeMonth, at: datetime, decide: Callable[[BroughtLists], T]) -> T:
        def change() -> T:
            lists = self._lists(month, at)
            result = decide(lists)
            self._log.save(lists)
            return result

        return until_saved(change)

    def _lists(self, month: ProgrammeMonth, at: datetime) -> BroughtLists:
        return self._load(month) or BroughtLists.begin(month, at)

    def _load(self, month: ProgrammeMonth) -> BroughtLists | None:
        stream = BroughtLists.create_id(month.programme.id, month.month)
        found: BroughtLists | None = self._log.load([stream]).get(stream)
        return found

"""The lists that were brought to the office for a month: checked, waiting, decided on by a second person, taken in (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.brought_list_refusals import (
    ApproverBroughtIt,
    BroughtListUnknown,
    DeclineReasonUnknown,
    ListDecided,
    ListNotFailed,
    ListWaitsAlready,
    ListWaitsItself,
)
from domain.identity import brought_lists_id
from domain.office import OfficeMember
from domain.programmes import ProgrammeMonth

# Chosen, not typed: a typed reason may name a person, and an event is for ever.
DECLINE_REASONS = (
    "wrong_file",
    "wrong_month",
    "too_many_rejected",
    "numbers_missing",
    "newer_list",
    "mistake",
)
OPEN = ("waiting", "approved", "failed")  # a month has one list of these at most


@dataclass(frozen=True, slots=True)
class CheckedList:
    """What a dry run found of a file: digests in hex, counts, and what it was read as. No personal data.

    `digest` is the delivery's, of list and numbers together; `numbers_sha256` is "" without numbers. The languages of
    the headings are kk, ru, en, as many as were found.
    """

    digest: str
    sha256: str
    numbers_sha256: str
    bytes: int
    numbers_bytes: int
    format: str
    compression: str
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    rows: int
    accepted: int
    rejected: Mapping[str, int]
    families: int
    no_number: int
    numbers_rejected: Mapping[str, int]


@dataclass(slots=True)
class BroughtList:
    """One list of the month: where it stands, who brought it (as which upload) and who decided.

    `stage` is waiting, approved, failed, taken_in, declined or lapsed.
    """

    id: str
    upload: str
    digest: str
    stage: str
    by: str
    subject: str
    brought_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    failure: str = ""
    delivery: str = ""


class BroughtLists(Aggregate):
    """A programme's month at the office: lists in the order they came, one open at a time."""

    TOPIC = "lists"

    class Event(Aggregate.Event):
        cycle: str  # programme/month, so that each event can be read by itself

    class Created(Aggregate.Created, Event):
        TOPIC = "list.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """The first file of the month was brought to the office (R14)."""

        TOPIC = "list.begun"
        programme: str
        month: str

    class BroughtIn(Event):
        """A file was brought in and checked; it waits for a second person (R14, R15)."""

        TOPIC = "list.brought_in"
        brought: str
        upload: str
        digest: str
        sha256: str
        numbers_sha256: str
        bytes: int
        numbers_bytes: int
        format: str
        compression: str
        encoding: str
        delimiter: str
        headings: list[str]
        rows: int
        accepted: int
        rejected: dict[str, int]
        families: int
        no_number: int
        numbers_rejected: dict[str, int]
        by: str
        subject: str

        def apply(self, lists: Any) -> None:
            lists.lists[self.brought] = BroughtList(
                self.brought, self.upload, self.digest, "waiting", self.by, self.subject, self.timestamp
            )

    class Refused(Event):
        """A file was brought that is no list, or not one that can be taken; nothing of it is kept."""

        TOPIC = "list.refused"
        code: str
        sha256: str
        bytes: int
        by: str

    class Approved(Event):
        """A second person said that the list is to be taken in; its time is the list's arrival (R14, R19)."""

        TOPIC = "list.approved"
        brought: str
        by: str
        subject: str

        def apply(self, lists: Any) -> None:
            found = lists.lists[self.brought]
            found.stage, found.decided_by, found.decided_at = "approved", self.by, self.timestamp

    class Declined(Event):
        """The list is not taken in, or given up after it failed; the reason is one of those to choose."""

        TOPIC = "list.declined"
        brought: str
        by: str
        reason: str

        def apply(self, lists: Any) -> None:
            found = lists.lists[self.brought]
            found.stage, found.decided_by, found.decided_at = "declined", self.by, self.timestamp
            found.reason = self.reason

    class ActRefused(Event):
        """Somebody asked for what is another's to do: which act, and the refusal's code."""

        TOPIC = "list.act_refused"
        brought: str
        act: str
        code: str
        by: str

    class TakenIn(Event):
        """The list is the month's delivery now (R14, R19); the file is no longer kept."""

        TOPIC = "list.taken_in"
        brought: str
        delivery: str

        def apply(self, lists: Any) -> None:
            found = lists.lists[self.brought]
            found.stage, found.delivery = "taken_in", self.delivery

    class Failed(Event):
        """The approved list could not be taken in: the code says why. It waits to be tried again, or given up."""

        TOPIC = "list.failed"
        brought: str
        code: str

        def apply(self, lists: Any) -> None:
            found = lists.lists[self.brought]
            found.stage, found.failure = "failed", self.code

    class Retried(Event):
        """What failed is to be tried again."""

        TOPIC = "list.retried"
        brought: str
        by: str

        def apply(self, lists: Any) -> None:
            lists.lists[self.brought].stage = "approved"

    class RejectsRead(Event):
        """Rows that go back to the sender were read: the rejected ones, or those without a number (R18)."""

        TOPIC = "list.rejects_read"
        brought: str
        which: str
        rows: int
        language: str
        by: str

    class Lapsed(Event):
        """Nobody decided for a month, or what failed was left lying: the file is no longer kept."""

        TOPIC = "list.lapsed"
        brought: str

        def apply(self, lists: Any) -> None:
            lists.lists[self.brought].stage = "lapsed"

    class ReturnsDeleted(Event):
        """The rows that go back to the sender are no longer kept."""

        TOPIC = "list.returns_deleted"
        brought: str

    def __init__(self, cycle: str, programme: str, month: str) -> None:
        self.cycle = cycle
        self.programme = programme
        self.month = month
        self.lists: dict[str, BroughtList] = {}

    @staticmethod
    def create_id(programme: str, month: str) -> UUID:
        return brought_lists_id(programme, month)

    @classmethod
    def begin(cls, month: ProgrammeMonth, at: datetime) -> BroughtLists:
        """A month that nothing was brought in for yet."""
        return cls._create(
            cls.Begun,
            cycle=f"{month.programme.id}/{month.month}",
            programme=month.programme.id,
            month=month.month,
            timestamp=at,
        )

    @property
    def open(self) -> BroughtList | None:
        """The list that waits, or is being taken in."""
        return next((one for one in self.lists.values() if one.stage in OPEN), None)

    def check_room(self, digest: str = "") -> None:
        """Whether another list can wait. Raises ListWaitsAlready, ListWaitsItself for the same one again."""
        if (waiting := self.open) is not None:
            kind = ListWaitsItself if waiting.digest == digest else ListWaitsAlready
            raise kind("file", month=self.month)

    def bring_in(self, upload: str, checked: CheckedList, by: OfficeMember, at: datetime) -> str:
        """Keep a checked list waiting; its id within the month. Raises what `check_room` raises."""
        self.check_room(checked.digest)
        brought = f"{len(self.lists) + 1}-{checked.digest[:16]}"
        self._record(
            self.BroughtIn,
            at,
            brought=brought,
            upload=upload,
            digest=checked.digest,
            sha256=checked.sha256,
            numbers_sha256=checked.numbers_sha256,
            bytes=checked.bytes,
            numbers_bytes=checked.numbers_bytes,
            format=checked.format,
            compression=checked.compression,
            encoding=checked.encoding,
            delimiter=checked.delimiter,
            headings=[*checked.headings],
            rows=checked.rows,
            accepted=checked.accepted,
            rejected=dict(checked.rejected),
            families=checked.families,
            no_number=checked.no_number,
            numbers_rejected=dict(checked.numbers_rejected),
            by=by.staff,
            subject=by.subject,
        )
        return brought

    def refuse(self, *, code: str, sha256: str, size: int, by: str, at: datetime) -> None:
        """Note that a file was brought and not kept."""
        self._record(self.Refused, at, code=code, sha256=sha256, bytes=size, by=by)

    def approve(self, brought: str, by: OfficeMember, at: datetime) -> None:
        """Let it be taken in. Raises BroughtListUnknown, ListDecided, ApproverBroughtIt."""
        found = self._waiting(brought)
        if by.is_the_same_as(found.by, found.subject):
            raise ApproverBroughtIt("list")
        self._record(self.Approved, at, brought=brought, by=by.staff, subject=by.subject)

    def decline(self, brought: str, by: OfficeMember, reason: str, at: datetime) -> None:
        """Send it back, or give up what failed. Raises BroughtListUnknown, ListDecided, DeclineReasonUnknown."""
        if self.find(brought).stage != "failed":
            self._waiting(brought)
        if reason not in DECLINE_REASONS:
            raise DeclineReasonUnknown("reason")
        self._record(self.Declined, at, brought=brought, by=by.staff, reason=reason)

    def note_refused_act(self, brought: str, act: str, code: str, by: str, at: datetime) -> None:
        """Note that somebody asked for what is another's to do."""
        self._record(self.ActRefused, at, brought=brought, act=act, code=code, by=by)

    def take_in(self, brought: str, delivery: str, at: datetime) -> bool:
        """It is in; False when that was recorded before. Raises BroughtListUnknown."""
        if self.find(brought).stage != "approved":
            return False
        self._record(self.TakenIn, at, brought=brought, delivery=delivery)
        return True

    def fail(self, brought: str, code: str, at: datetime) -> bool:
        """It could not be taken in; False when it no longer waits for that. Raises BroughtListUnknown."""
        if self.find(brought).stage != "approved":
            return False
        self._record(self.Failed, at, brought=brought, code=code)
        return True

    def retry(self, brought: str, by: OfficeMember, at: datetime) -> None:
        """Try what failed again. Raises BroughtListUnknown, ListNotFailed."""
        if self.find(brought).stage != "failed":
            raise ListNotFailed("list")
        self._record(self.Retried, at, brought=brought, by=by.staff)

    def note_reading(
        self, brought: str, which: str, rows: int, language: str, by: OfficeMember, at: datetime
    ) -> None:
        """Note who read rows that go back. Raises BroughtListUnknown."""
        self.find(brought)
        self._record(
            self.RejectsRead, at, brought=brought, which=which, rows=rows, language=language, by=by.staff
        )

    def lapse(self, brought: str, at: datetime) -> bool:
        """Nobody decided in time; False when it waits for nobody. Raises BroughtListUnknown."""
        if self.find(brought).stage not in ("waiting", "failed"):
            return False
        self._record(self.Lapsed, at, brought=brought)
        return True

    def delete_returns(self, brought: str, at: datetime) -> None:
        """Note that the rows that go back are no longer kept. Raises BroughtListUnknown."""
        self.find(brought)
        self._record(self.ReturnsDeleted, at, brought=brought)

    def find(self, brought: str) -> BroughtList:
        """The list of this id. Raises BroughtListUnknown."""
        try:
            return self.lists[brought]
        except KeyError:
            raise BroughtListUnknown("list") from None

    def _waiting(self, brought: str) -> BroughtList:
        found = self.find(brought)
        if found.stage != "waiting":
            raise ListDecided("list", by=found.decided_by or "–")
        return found

    def _record(self, event_class: type[Any], at: datetime, **fields: Any) -> None:
        self.trigger_event(event_class, cycle=self.cycle, timestamp=at, **fields)

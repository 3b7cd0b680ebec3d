"""What the office's pages ask of lists that are brought in: uploads, where each stands, decisions, rows that go back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from domain.brought_lists import BroughtList
from domain.errors import Refusal
from domain.office import OfficeMember
from domain.programmes import ProgrammeMonth
from infra.vault.brought import BroughtFile

LIST, NUMBERS = PARTS = ("list", "numbers")


@dataclass(frozen=True, slots=True)
class OpenMonth:
    """A month that lists are taken for now, or are next: the last day, and what stands in the way of another."""

    programme: str
    names: Mapping[str, str]
    month: str
    opens_on: date
    cutoff: date
    open_now: bool
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list as the pages show it: its file, and what the log says of it once it was checked.

    `stage` is came, refused, waiting, approved, failed, taken_in, declined or lapsed; `returns` are the kinds of rows
    that go back and are kept still. `late`: it waits, and the month takes no list any more.
    """

    file: BroughtFile
    list: BroughtList | None
    stage: str
    month: ProgrammeMonth
    returns: tuple[str, ...]
    late: bool = False

    @property
    def under_way(self) -> bool:
        """Whether something is done with it now, or is about to be."""
        return self.stage in ("came", "approved")

    @property
    def percent(self) -> int | None:
        """How much of what is done now is done; None where nothing tells."""
        return min(100, 100 * self.file.done // self.file.total) if self.file.total else None


class ListCounts(NamedTuple):
    """Lists that want somebody: that wait for a decision, that could not be taken in, that nobody approved in time."""

    waiting: int
    failed: int
    late: int


class ListUpload(Protocol):
    """A list and perhaps its numbers on their way in."""

    @property
    def has_list(self) -> bool:
        """Whether a list came at all."""
        ...

    def write(self, part: str, data: bytes) -> None:
        """More bytes of one of PARTS, the first perhaps none. Raises BroughtListUnknown: it was given up meanwhile."""
        ...

    def finish(self, month: ProgrammeMonth) -> str:
        """All of it is here; the upload's id."""
        ...

    def give_up(self) -> None:
        """Nothing of it is kept."""
        ...


class ListServices(Protocol):
    """What the system does with lists at the office; every call says who asks."""

    trial: bool

    def now(self) -> datetime:
        """The time of the system."""
        ...

    def months(self) -> list[OpenMonth]:
        """The months that lists are taken for now, then the next one of each programme."""
        ...

    def check_bringing(self, by: OfficeMember, programme: str, month: str) -> ProgrammeMonth:
        """The month, if this member may bring a list in for it now. Raises what is in the way, a `Refusal`."""
        ...

    def upload(self, by: OfficeMember) -> ListUpload:
        """Room for a list of theirs. Raises OfficeRoleMissing."""
        ...

    def all(self, by: OfficeMember) -> list[ShownList]:
        """All lists that anything is kept of, the latest first. Raises OfficeRoleMissing."""
        ...

    def find(self, by: OfficeMember, upload: str) -> ShownList:
        """One of them. Raises OfficeRoleMissing, BroughtListUnknown."""
        ...

    def approve(self, by: OfficeMember, upload: str) -> None:
        """Let it be taken in. Raises OfficeRoleMissing, ApproverBroughtIt, ListDecided, BroughtListUnknown, ListClosed."""
        ...

    def decline(self, by: OfficeMember, upload: str, reason: str) -> None:
        """Send it back. Raises OfficeRoleMissing, ListDecided, BroughtListUnknown, DeclineReasonUnknown."""
        ...

    def retry(self, by: OfficeMember, upload: str) -> None:
        """Try again what failed. Raises OfficeRoleMissing, ListNotFailed, BroughtListUnknown."""
        ...

    def rows(self, by: OfficeMember, upload: str, which: str, language: str) -> Iterator[bytes]:
        """Rows that go back as CSV in UTF-8 with a BOM. Raises OfficeRoleMissing, BroughtListUnknown."""
        ...

"""Where the rows of a delivery wait until they are decided family by family: without personal data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.beneficiary import Rejection


class ListRow(Protocol):
    """A row as the reader gives it: its values in the list's columns, or why it can't be read."""

    @property
    def values(self) -> tuple[str, ...]: ...
    @property
    def rejection(self) -> Rejection | None: ...
    @property
    def details(self) -> dict[str, object] | None: ...


class StagedRow(NamedTuple):
    """An accepted row without personal data: subjects of family and member."""

    row: int
    family: str
    member: str
    applicant: bool
    region: str
    has_number: bool | None


class StagedFamily(NamedTuple):
    """A family as the delivery names it."""

    family: str
    applicant: str
    region: str
    members: list[str]
    has_number: bool | None


class Staging(Protocol):
    """Where the rows of a delivery wait to be decided; nothing of it is needed once the list is in."""

    def exclusive(self, cycle: UUID) -> AbstractContextManager[bool]:
        """Hold the right to take in lists of this cycle; False when another process has it."""
        ...

    def begin(self, cycle: UUID) -> None: ...

    def add(self, cycle: UUID, rows: Sequence[StagedRow]) -> None: ...

    def reject(self, cycle: UUID, rejections: Iterable[tuple[int, str, Mapping[str, object]]]) -> None: ...

    def forget_accepted(self, cycle: UUID) -> None: ...

    def settle(self, cycle: UUID, family_limit: int) -> None:
        """Reject what only the whole file tells: a person twice, a family with none or two applicants, or too large."""
        ...

    def families(self, cycle: UUID, at_once: int) -> Iterator[list[StagedFamily]]: ...

    def count_families(self, cycle: UUID) -> int: ...

    def names(self, cycle: UUID, families: Sequence[str]) -> set[str]:
        """Which of these families the delivery names."""
        ...

    def rejections(self, cycle: UUID) -> Iterator[tuple[int, str, dict[str, object]]]:
        """(row, code, details) in row order."""
        ...

    def rejected(self, cycle: UUID) -> dict[str, int]: ...

    def accepted(self, cycle: UUID) -> tuple[int, int]:
        """(rows, families) accepted."""
        ...

    def without_number(self, cycle: UUID) -> list[int]:
        """Accepted rows of applicants without a number (R18), in row order."""
        ...

    def owners(self, keys: Sequence[UUID]) -> dict[UUID, UUID]:
        """Which stream holds each claim."""
        ...

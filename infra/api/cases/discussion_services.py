"""What the entrances to public discussions ask of the system behind them (S002-03 to S002-06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from domain.procedures.case import Case
from domain.procedures.definition import Field, Names, Outcome, Service, Step


class PublicPaper(NamedTuple):
    """A document that anybody may read: its name, SHA-256, media type, bytes."""

    names: Names
    sha256: str
    type: str
    size: int


class DiscussionRow(NamedTuple):
    """A discussion in a list: the case's number, the service's name, the draft's, or "", from when until when, whether it
    goes on."""

    case: str
    service: Names
    draft: str
    opened_at: datetime
    until: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class Discussion:
    """A draft under public discussion, or after it; all of it may be shown to anybody.

    `draft` is its name: the first text that was said when it was placed, or "". `step` and `outcome` are what a comment
    is, `asks` its fields as plain values. `about`: what was said when the draft was placed, `documents` what was handed
    in with it; `answer` and `reworked`: the same of the report, once it is posted. `comments` were made in time.
    """

    case: Case
    service: Service
    step: Step
    outcome: Outcome
    asks: Sequence[Mapping[str, object]]
    opened_at: datetime
    until: datetime | None
    open: bool
    comments: int
    draft: str
    about: Sequence[tuple[Field, str]]
    documents: Sequence[PublicPaper]
    posted: bool
    answer: Sequence[tuple[Field, str]]
    reworked: Sequence[PublicPaper]


class DiscussionServices(Protocol):
    """Called from worker threads, by several at once."""

    largest_document: int

    def listed(self) -> Sequence[DiscussionRow]:
        """Discussions that go on, the one that ends first in front, then those that are over, the newest first."""
        ...

    def found(self, number: str) -> Discussion:
        """The discussion of a case. Raises DiscussionUnknown where there is none, or none yet."""
        ...

    def comment(
        self,
        number: str,
        fields: Mapping[str, object],
        documents: Mapping[str, bytes],
        key: str,
        whose: str,
        limited: bool = True,
    ) -> int:
        """A comment; its number. The same `key` of the same caller is one comment: `whose` is an address, or the id
        of a portal, which is not `limited`.

        Raises DiscussionUnknown, DiscussionOver, CommentsTooMany, and what fields and documents are refused for.
        """
        ...

    def document(self, number: str, sha256: str) -> tuple[str, bytes] | None:
        """(media type, content) of one of the discussion's documents; None for any other. Raises DiscussionUnknown."""
        ...

    def report(self, number: str, language: str, suffix: str) -> bytes | None:
        """The report (S002-F2) as html or docx; None until it is posted. Raises DiscussionUnknown."""
        ...

    def new_key(self) -> str:
        """A key that nobody can guess, for one form."""
        ...

"""Lists at the office, made up: two members of staff, and what a dry run found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain.brought_lists import CheckedList
from domain.office import APPROVER as APPROVER_ROLE
from domain.office import CLERK as CLERK_ROLE
from domain.office import OfficeMember

CLERK = OfficeMember("a.clerk", frozenset({CLERK_ROLE}), "1" * 32)
APPROVER = OfficeMember("b.head", frozenset({APPROVER_ROLE}), "2" * 32)


def checked_list(digit: str = "a", **other: Any) -> CheckedList:
    """A list of five rows, one rejected, whose digests are of that digit."""
    return replace(
        CheckedList(
            digest=digit * 64,
            sha256=digit * 64,
            numbers_sha256="e" * 64,
            bytes=1200,
            numbers_bytes=80,
            format="csv",
            compression="",
            encoding="utf-8",
            delimiter=",",
            headings=("kk", "ru"),
            rows=5,
            accepted=4,
            rejected={"iin_invalid": 1},
            families=2,
            no_number=1,
            numbers_rejected={"phone_invalid": 1},
        ),
        **other,
    )

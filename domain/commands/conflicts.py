"""What a command does when another writer was there first: load and decide again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from domain.ports import LogConflict

ATTEMPTS = 200  # a conflict is another's progress, so many at once need as many tries

T = TypeVar("T")


def until_saved(decide: Callable[[], T]) -> T:
    """The result of `decide`, which loads, decides and saves, called anew after each LogConflict.

    Raises LogConflict after ATTEMPTS of them.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return decide()
        except LogConflict:
            continue
    return decide()

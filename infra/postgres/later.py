"""The lines of a purchase as they stand in the log, read when somebody asks for them.

Of a family's earlier purchases a new one needs the sums and the keys, hardly ever the lines: they are most of the text,
and as text they take a third of the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import orjson

_BEGIN, _END = '"lines":[', '],"draws":'
OF_PURCHASES = frozenset({"voucher.redeemed", "voucher.held"})


class Later(Sequence[Any]):
    """A JSON array that is parsed at its first use."""

    __slots__ = ("_list", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._list: list[Any] | None = None

    def _read(self) -> list[Any]:
        if self._list is None:
            self._list = orjson.loads(self._text)
            self._text = ""
        return self._list

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        """As of a list."""
        return self._read()[place]

    def __len__(self) -> int:
        """As of a list."""
        return len(self._read())

    def __eq__(self, other: object) -> bool:
        """Whether it holds the same as another sequence."""
        return isinstance(other, Sequence) and self._read() == list(other)

    __hash__ = None  # type: ignore[assignment]


def without_lines(topic: str, state: str) -> tuple[str, Later | None]:
    """A purchase's event with its lines taken out, and those; another, or one of another form, as it is."""
    if topic not in OF_PURCHASES:
        return state, None
    # No text in the event can hold these: within one a quotation mark is escaped.
    begin = state.find(_BEGIN)
    end = state.find(_END, begin)
    if begin < 0 or end < 0:
        return state, None
    begin += len(_BEGIN)
    return state[:begin] + state[end:], Later(state[begin - 1 : end + 1])

"""The audit of terminals: their codes and keys in order, and no purchase at one that wasn't let in (R2.7, R27).

Written anew over the events' plain data, as the rest of the audit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from domain.audit.facts import azyq_name, instant

Data = dict[str, Any]
Bad = Callable[[str, str, str], None]

# A purchase is let in a moment before it is recorded: an end recorded in between may not have been seen.
SLACK = timedelta(seconds=60)

TERMINAL_CHECKS: dict[str, tuple[str, ...]] = {
    "terminal.code_issued": ("stream_identity", "terminal_order"),
    "terminal.enrolled": ("stream_identity", "terminal_order"),
    "terminal.key_rotated": ("stream_identity", "terminal_order"),
    "terminal.revoked": ("stream_identity", "terminal_order"),
}


class _End(NamedTuple):
    position: int
    at: str


class TerminalBook:
    """Of which shop each terminal is, and when it was let in and turned out, as the log has it."""

    def __init__(self) -> None:
        self._shops: dict[str, str] = {}
        self._enrolled: dict[str, int] = {}
        self._revoked: dict[str, _End] = {}

    def feed(self, position: int, topic: str, data: Data) -> None:
        """One event of a terminal. Raises what a malformed event raises."""
        terminal = data["terminal"]
        self._shops[terminal] = data["shop"]
        if topic == "terminal.enrolled":
            self._enrolled.setdefault(terminal, position)
        elif topic == "terminal.revoked":
            self._revoked.setdefault(terminal, _End(position, data["timestamp"]))

    def check(self, position: int, data: Data, bad: Bad) -> None:
        """A purchase at `position`. A terminal that has no events is not ours to judge: purchases are imported too."""
        terminal = data["terminal"]
        shop = self._shops.get(terminal)
        if shop is None:
            return
        if shop != data["shop"]:
            bad("terminal_in", "R2.7", f"the terminal {terminal} is of the shop {shop}")
        if self._enrolled.get(terminal, position) >= position:
            bad("terminal_in", "R2.7", f"the terminal {terminal} had no key")
        revoked = self._revoked.get(terminal)
        if revoked is None or revoked.position >= position:
            return
        if instant(data["timestamp"]) >= instant(revoked.at) + SLACK:
            bad("terminal_in", "R2.7", f"the terminal {terminal} was revoked")


class TerminalFold:
    """One terminal's stream."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._stage = ""
        self._shop = ""

    def apply(self, topic: str, data: Data, bad: Bad) -> None:
        """One event of the stream. Raises what a malformed event raises."""
        if azyq_name(f"terminal/{data['terminal']}") != self._stream:
            bad("stream_identity", "R2.7", "the stream isn't that of what it names")
        if (self._shop or data["shop"]) != data["shop"]:
            bad("terminal_order", "R2.7", "the terminal is of another shop")
        self._shop = data["shop"]
        before = {
            "terminal.code_issued": ("",),
            "terminal.enrolled": ("invited",),
            "terminal.key_rotated": ("enrolled",),
            "terminal.revoked": ("invited", "enrolled"),
        }[topic]
        if self._stage not in before:
            bad("terminal_order", "R2.7", f"the terminal was {self._stage or 'nowhere yet'}")
        if topic != "terminal.key_rotated":
            stages = {"code_issued": "invited", "enrolled": "enrolled", "revoked": "revoked"}
            self._stage = stages[topic.removeprefix("terminal.")]

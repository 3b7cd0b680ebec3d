"""Who may speak at the counter: terminals by their keys, as the log has them at the moment, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.commands.terminals import Credentials
from domain.errors import Refusal
from domain.terminal import Terminal
from domain.terminal_refusals import KeyUnknown, OtherEnvironment
from infra.postgres.desk import Desk, Look


class Caller(NamedTuple):
    """A terminal that was let in, and the shop it speaks for."""

    terminal: str
    shop: str


class Admission:
    """`admit` looks all callers of a batch up in one query; for one thread."""

    def __init__(self, desk: Desk, env: str) -> None:
        """`env` is the installation's: trial or production."""
        self._desk = desk
        self._env = env
        self._shops: dict[str, str] = {}  # by terminal: it never changes

    def admit(self, shown: Sequence[tuple[Credentials, datetime]]) -> tuple[list[Caller | Refusal], Look]:
        """Each caller, or why he isn't let in, and the look that their shops are in."""
        names = {credentials.terminal for credentials, _ in shown}
        streams = {name: Terminal.create_id(name) for name in names}
        known = {self._shops[name] for name in names if name in self._shops}
        look = self._desk.look(known, streams.values())
        terminals: dict[str, Terminal | None] = {name: look.stream(streams[name]) for name in names}
        found = {name: terminal.shop for name, terminal in terminals.items() if terminal is not None}
        if not set(found.values()) <= known:
            if len(self._shops) > 100_000:
                self._shops.clear()
            self._shops |= found
            look = self._desk.look(set(found.values()), streams.values())
        return [self._admit(one, at, terminals[one.terminal]) for one, at in shown], look

    def _admit(self, shown: Credentials, at: datetime, terminal: Terminal | None) -> Caller | Refusal:
        try:
            if shown.env != self._env:
                raise OtherEnvironment
            if terminal is None:
                raise KeyUnknown
            terminal.authenticate(shown.key_hash, self._env, at)
        except Refusal as refusal:
            return refusal
        return Caller(terminal.terminal, terminal.shop)

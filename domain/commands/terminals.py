"""Terminals: a code for a shop, a key for the code, another key, an end (R2.7). Secrets are made here and not kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from domain.access_keys import env_and_owner, hashed, key_of, letters, new_key
from domain.commands.conflicts import until_saved
from domain.ports import Log
from domain.terminal import CODE_LIFE, Terminal
from domain.terminal_refusals import CodeUnknown, KeyUnknown, OtherEnvironment, TerminalUnknown

# Crockford's letters, those of the digits 0 and 1 left out as well: a code is read aloud and typed.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_ID, _SECRET = 8, 16  # of some 4.9 bits each
_CODE = re.compile(f"[{_LETTERS}]{{{_ID + _SECRET}}}")
_KEY = key_of(f"[{_LETTERS}]{{{_ID}}}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a shop is told: the terminal's id and its code, which is not kept."""

    terminal: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """What a terminal is told once: its key, which is not kept."""

    terminal: str
    key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key as a caller shows it: whose it says to be, in which environment, and its hash."""

    terminal: str
    env: str
    key_hash: str


def credentials_of(key: str) -> Credentials:
    """`key` taken apart. Raises KeyUnknown for what can be no key."""
    found = env_and_owner(key, _KEY)
    if found is None:
        raise KeyUnknown
    env, terminal = found
    return Credentials(terminal, env, hashed(key))


class Terminals:
    """The commands; `env` is the installation's, trial or production, and its keys carry it in their prefix."""

    def __init__(self, log: Log, env: str, choose: Callable[[str], str]) -> None:
        """`choose` takes one letter of a text, so that nobody can guess which (`secrets.choice`)."""
        self._log = log
        self._env = env
        self._choose = choose

    def invite(self, shop: str, at: datetime) -> Invitation:
        """A code for one new terminal of `shop`, which must be known to be one; good for 24 hours."""

        def decide() -> Invitation:
            code = letters(_LETTERS, _ID + _SECRET, self._choose)
            terminal = code[:_ID]
            invited = Terminal.invite(terminal=terminal, shop=shop, code_hash=hashed(code), at=at)
            self._log.save(invited)  # a terminal that has this id already is a LogConflict
            shown = "-".join(code[start : start + 4] for start in range(0, len(code), 4))
            return Invitation(terminal, shown.upper(), at + CODE_LIFE)

        return until_saved(decide)

    def enrol(self, code: str, at: datetime) -> IssuedKey:
        """The key of the terminal that comes with `code`, as typed. Raises CodeUnknown, CodeUsed, CodeOver,
        TerminalRevoked."""
        plain = re.sub(r"[\s\-–—]", "", code[:100]).lower()
        if not _CODE.fullmatch(plain):
            raise CodeUnknown("code")

        def decide(terminal: Terminal) -> IssuedKey:
            key = new_key(self._env, terminal.terminal, self._choose)
            until = terminal.enrol(code_hash=hashed(plain), key_hash=hashed(key), env=self._env, at=at)
            return IssuedKey(terminal.terminal, key, until)

        try:
            return self._change(plain[:_ID], decide)
        except TerminalUnknown:
            raise CodeUnknown("code") from None

    def rotate(self, caller: Credentials, at: datetime) -> IssuedKey:
        """Another key; the caller's works 24 hours more. Raises what `Terminal.authenticate` raises."""
        if caller.env != self._env:
            raise OtherEnvironment

        def decide(terminal: Terminal) -> IssuedKey:
            key = new_key(self._env, terminal.terminal, self._choose)
            until = terminal.rotate(key_hash=hashed(key), old_hash=caller.key_hash, env=self._env, at=at)
            return IssuedKey(terminal.terminal, key, until)

        try:
            return self._change(caller.terminal, decide)
        except TerminalUnknown:
            raise KeyUnknown from None

    def revoke(self, terminal: str, reason: str, at: datetime) -> bool:
        """End a terminal at once; False when it was. Raises TerminalUnknown."""
        return self._change(terminal, lambda found: found.revoke(reason=reason, at=at))

    def _change(self, terminal: str, decide: Callable[[Terminal], T]) -> T:
        stream = Terminal.create_id(terminal)

        def change() -> T:
            found: Any = self._log.load([stream]).get(stream)
            if found is None:
                raise TerminalUnknown("terminal", terminal=terminal)
            result = decide(found)
            self._log.save(found)
            return result

        return until_saved(change)

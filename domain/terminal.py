"""A terminal: a till that speaks for one shop (R2.7, R25–R27): a one-time code, keys by their hashes, an end."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.access_keys import KEY_LIFE, HeldKey, HoldsKeys
from domain.identity import terminal_stream_id
from domain.terminal_refusals import (
    CodeOver,
    CodeUnknown,
    CodeUsed,
    KeyOver,
    KeyUnknown,
    OtherEnvironment,
    TerminalRevoked,
)

CODE_LIFE = timedelta(hours=24)


class Terminal(HoldsKeys, Aggregate):
    """One till. Codes and keys are SHA-256 hashes in hex, times ISO 8601 with an offset."""

    TOPIC = "terminal"
    UNKNOWN, OVER, ELSEWHERE, REVOKED = KeyUnknown, KeyOver, OtherEnvironment, TerminalRevoked

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        terminal: str
        shop: str

    class Created(Aggregate.Created, Event):
        """The first event of a terminal."""

        TOPIC = "terminal.created"  # the library wants one; CodeIssued is what happens

    class CodeIssued(Created):
        """A shop was given a one-time code for a terminal (R2.7); the hash only is kept."""

        TOPIC = "terminal.code_issued"
        code_hash: str
        expires_at: str

    class Enrolled(Event):
        """A terminal came with the code and got its key (R2.7); `env` is where the key is good."""

        TOPIC = "terminal.enrolled"
        key_hash: str
        expires_at: str
        env: str

        def apply(self, terminal: Any) -> None:
            """The code is used up."""
            terminal.env = self.env
            terminal.hold((self.key_hash, self.expires_at))

    class KeyRotated(Event):
        """A new key (R2.7); the one it was asked for with, `old_hash`, works until `old_until`, no other one does."""

        TOPIC = "terminal.key_rotated"
        key_hash: str
        expires_at: str
        old_hash: str
        old_until: str

        def apply(self, terminal: Any) -> None:
            """Two keys at most."""
            terminal.hold((self.old_hash, self.old_until), (self.key_hash, self.expires_at))

    class Revoked(Event):
        """The terminal's code and keys are good for nothing from now on (R2.7)."""

        TOPIC = "terminal.revoked"
        reason: str

        def apply(self, terminal: Any) -> None:
            """For good."""
            terminal.revoked = True
            terminal.keys = []

    def __init__(self, terminal: str, shop: str, code_hash: str, expires_at: str) -> None:
        self.terminal = terminal
        self.shop = shop
        self.code_hash = code_hash
        self.code_until = datetime.fromisoformat(expires_at)
        self.env = ""
        self.keys: list[HeldKey] = []
        self.revoked = False

    @staticmethod
    def create_id(terminal: str) -> UUID:
        return terminal_stream_id(terminal)

    @property
    def stage(self) -> str:
        """invited, enrolled or revoked."""
        if self.revoked:
            return "revoked"
        return "enrolled" if self.keys else "invited"

    @classmethod
    def invite(cls, *, terminal: str, shop: str, code_hash: str, at: datetime) -> Terminal:
        """A code for a new terminal of `shop`, good for 24 hours."""
        return cls._create(
            cls.CodeIssued,
            terminal=terminal,
            shop=shop,
            code_hash=code_hash,
            expires_at=(at + CODE_LIFE).isoformat(),
            timestamp=at,
        )

    def enrol(self, *, code_hash: str, key_hash: str, env: str, at: datetime) -> datetime:
        """The code is exchanged for a key; the end of the key's life, a year on.

        Raises CodeUnknown, TerminalRevoked, CodeUsed, CodeOver.
        """
        if not hmac.compare_digest(code_hash, self.code_hash):
            raise CodeUnknown("code")
        if self.revoked:
            raise TerminalRevoked("code")
        if self.keys:
            raise CodeUsed("code")
        if at >= self.code_until:
            raise CodeOver("code")
        until = at + KEY_LIFE
        self._record(self.Enrolled, key_hash=key_hash, expires_at=until.isoformat(), env=env, timestamp=at)
        return until

    def _record(self, event_class: type[Any], **fields: Any) -> None:
        self.trigger_event(event_class, terminal=self.terminal, shop=self.shop, **fields)

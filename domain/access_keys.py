"""Keys that let somebody in from outside: how they look, how long they live, how they are kept and compared (R2.7).

A key is told once; what is kept is its hash. It says in which environment it is good, and whose it is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from domain.errors import Refusal

KEY_LIFE = timedelta(days=365)
OVERLAP = timedelta(hours=24)  # so long an old key works beside the one that was asked for with it
PREFIXES = {"trial": "trial", "production": "live"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LENGTH = 43  # 256 bits


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that opens until a time."""

    hash: str
    until: datetime


class HoldsKeys:
    """The part of an aggregate whose owner comes with a key: one, or for a day two. `env` is where they are good."""

    UNKNOWN: ClassVar[type[Refusal]]
    OVER: ClassVar[type[Refusal]]
    ELSEWHERE: ClassVar[type[Refusal]]
    REVOKED: ClassVar[type[Refusal]]
    KeyRotated: ClassVar[type[Any]]
    Revoked: ClassVar[type[Any]]

    keys: list[HeldKey]
    env: str
    revoked: bool

    def authenticate(self, key_hash: str, env: str, at: datetime) -> None:
        """Whether a caller with this key is let in at `at`.

        Raises REVOKED, UNKNOWN, ELSEWHERE or OVER. Every key is compared, in constant time.
        """
        if self.revoked:
            raise self.REVOKED
        found = found_among(self.keys, key_hash)
        if found is None:
            raise self.UNKNOWN
        if self.env != env:
            raise self.ELSEWHERE
        if at >= found.until:
            raise self.OVER

    def rotate(self, *, key_hash: str, old_hash: str, env: str, at: datetime) -> datetime:
        """A new key for the caller who came with `old_hash`, which works 24 hours more at most; the new one's end.

        Whoever lost the answer asks again with the key he has. Raises what `authenticate` raises.
        """
        self.authenticate(old_hash, env, at)
        old_until = next(key.until for key in self.keys if key.hash == old_hash)
        until = at + KEY_LIFE
        self._record(
            self.KeyRotated,
            key_hash=key_hash,
            expires_at=until.isoformat(),
            old_hash=old_hash,
            old_until=min(old_until, at + OVERLAP).isoformat(),
            timestamp=at,
        )
        return until

    def revoke(self, *, reason: str, at: datetime) -> bool:
        """End it at once and for good; False when it was revoked before."""
        if self.revoked:
            return False
        self._record(self.Revoked, reason=reason, timestamp=at)
        return True

    def _record(self, event_class: type[Any], **fields: Any) -> None:
        """Trigger an event with what all of the aggregate's have in common."""
        raise NotImplementedError

    def hold(self, *keys: tuple[str, str]) -> None:
        """From now on these, as events tell them: (hash, until)."""
        self.keys = [HeldKey(hash, datetime.fromisoformat(until)) for hash, until in keys]


def found_among(keys: Iterable[HeldKey], key_hash: str) -> HeldKey | None:
    """The key of this hash. Every one is compared, in constant time."""
    found = None
    for key in keys:
        if hmac.compare_digest(key.hash, key_hash):
            found = key
    return found


def hashed(secret: str) -> str:
    """SHA-256 in hex: no slower hash is needed for what has 78 random bits or more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def letters(alphabet: str, count: int, choose: Callable[[str], str]) -> str:
    """So many letters of the alphabet; `choose` takes one, so that nobody can guess which (`secrets.choice`)."""
    return "".join(choose(alphabet) for _ in range(count))


def new_key(env: str, whose: str, choose: Callable[[str], str]) -> str:
    """A key for `whose` in an environment: azyq_trial_WHOSE_… or azyq_live_WHOSE_…."""
    return f"azyq_{PREFIXES[env]}_{whose}_{letters(_LETTERS, _LENGTH, choose)}"


def key_of(whose: str) -> re.Pattern[str]:
    """What keys look like whose owner matches the expression `whose`."""
    return re.compile(rf"azyq_(trial|live)_({whose})_([{_LETTERS}]{{{_LENGTH}}})")


def env_and_owner(key: str, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """In which environment `key` is good and whose it says to be; None for what can be no such key."""
    match = pattern.fullmatch(key)
    if match is None:
        return None
    return next(env for env, prefix in PREFIXES.items() if prefix == match[1]), match[2]

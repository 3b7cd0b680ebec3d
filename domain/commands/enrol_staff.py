"""Staff: a key for somebody who acts on cases, another key, other roles, an end. Keys are made here and not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.access_keys import KEY_LIFE, env_and_owner, hashed, key_of, new_key
from domain.commands.conflicts import until_saved
from domain.ports import Log
from domain.procedures.acts import Actor
from domain.staff import ID, Staff
from domain.staff_refusals import StaffKeyUnknown, StaffKnown, StaffOfOtherEnvironment, StaffUnknown

MARK = "staff_"  # what tells these keys from those of terminals
_KEY = key_of(f"{MARK}{ID}")
_LONGEST_REASON = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IssuedStaffKey:
    """What somebody is told once: the key, which is not kept."""

    staff: str
    key: str
    expires_at: datetime


class EnrolStaff:
    """The commands; `env` is the installation's, trial or production, and its keys carry it in their prefix."""

    def __init__(self, log: Log, env: str, choose: Callable[[str], str]) -> None:
        """`choose` takes one letter of a text, so that nobody can guess which (`secrets.choice`)."""
        self._log = log
        self._env = env
        self._choose = choose

    def enrol(self, staff: str, unit: str, roles: Sequence[str], at: datetime) -> IssuedStaffKey:
        """Somebody new. Raises StaffIdMalformed, StaffKnown."""
        key = self._new_key(staff)
        new = Staff.enrol(
            staff=staff,
            unit=unit,
            roles=list(dict.fromkeys(roles)),
            key_hash=hashed(key),
            env=self._env,
            at=at,
        )

        def decide() -> IssuedStaffKey:
            if self._log.load([new.id]):
                raise StaffKnown("staff", staff=staff)
            self._log.save(new)
            return IssuedStaffKey(staff, key, at + KEY_LIFE)

        return until_saved(decide)

    def change(self, staff: str, unit: str, roles: Sequence[str], at: datetime) -> bool:
        """Another unit or other roles; False when it is so already. Raises StaffUnknown, StaffRevoked."""
        wanted = list(dict.fromkeys(roles))
        return self._change(staff, lambda found: found.change(unit=unit, roles=wanted, at=at))

    def issue_key(self, staff: str, at: datetime) -> IssuedStaffKey:
        """Another key; the old ones end at once. Raises StaffUnknown, StaffRevoked."""
        key = self._new_key(staff)
        until = self._change(staff, lambda found: found.issue_key(key_hash=hashed(key), at=at))
        return IssuedStaffKey(staff, key, until)

    def rotate(self, key: str, at: datetime) -> IssuedStaffKey:
        """Another key for the one it is asked for with, which works 24 hours more. Raises what `authenticate` raises."""
        staff = self._owner(key)
        fresh = self._new_key(staff)

        def decide(found: Staff) -> datetime:
            return found.rotate(key_hash=hashed(fresh), old_hash=hashed(key), env=self._env, at=at)

        try:
            return IssuedStaffKey(staff, fresh, self._change(staff, decide))
        except StaffUnknown:
            raise StaffKeyUnknown from None

    def revoke(self, staff: str, reason: str, at: datetime) -> bool:
        """End somebody's access at once; False when it was. Raises StaffUnknown."""
        return self._change(staff, lambda found: found.revoke(reason=reason[:_LONGEST_REASON], at=at))

    def authenticate(self, key: str, at: datetime) -> Actor:
        """Who comes with `key`, as the log has it now.

        Raises StaffKeyUnknown, StaffKeyOver, StaffRevoked, StaffOfOtherEnvironment.
        """
        staff = self._owner(key)
        found = self._log.load([Staff.create_id(staff)]).get(Staff.create_id(staff))
        if not isinstance(found, Staff):
            raise StaffKeyUnknown
        found.authenticate(hashed(key), self._env, at)
        return Actor(found.staff, found.roles, found.unit)

    def _owner(self, key: str) -> str:
        found = env_and_owner(key, _KEY)
        if found is None:
            raise StaffKeyUnknown
        env, owner = found
        if env != self._env:
            raise StaffOfOtherEnvironment
        return owner.removeprefix(MARK)

    def _change(self, staff: str, decide: Callable[[Staff], T]) -> T:
        stream = Staff.create_id(staff)

        def change() -> T:
            found = self._log.load([stream]).get(stream)
            if not isinstance(found, Staff):
                raise StaffUnknown("staff", staff=staff[:40])
            result = decide(found)
            self._log.save(found)
            return result

        return until_saved(change)

    def _new_key(self, staff: str) -> str:
        return new_key(self._env, f"{MARK}{staff}", self._choose)

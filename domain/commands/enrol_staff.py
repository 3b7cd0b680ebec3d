"""Staff: a key for somebody who acts on cases, another key, other roles, an end. Keys are made here and not kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.access_keys import KEY_LIFE, env_and_owner, hashed, key_of, new_key
from domain.commands.conflicts import until_saved
from domain.identity import signatory_id, staff_stream_id
from domain.ports import Log
from domain.procedures.acts import Actor
from domain.signatory import Signatory
from domain.staff import ID, Staff
from domain.staff_refusals import (
    StaffKeyUnknown,
    StaffKnown,
    StaffOfOtherEnvironment,
    StaffRevoked,
    StaffUnknown,
    SubjectTaken,
)

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

    def enrol(
        self, staff: str, unit: str, roles: Sequence[str], at: datetime, subject: str = ""
    ) -> IssuedStaffKey:
        """Somebody new, the person of `subject` if it is told. Raises StaffIdMalformed, StaffKnown, SubjectTaken."""
        key = self._new_key(staff)

        def decide() -> IssuedStaffKey:
            new = Staff.enrol(
                staff=staff,
                unit=unit,
                roles=list(dict.fromkeys(roles)),
                key_hash=hashed(key),
                env=self._env,
                at=at,
            )
            if self._log.load([new.id]):
                raise StaffKnown("staff", staff=staff)
            self._log.save(new, *self._identified(new, subject, at))
            return IssuedStaffKey(staff, key, at + KEY_LIFE)

        return until_saved(decide)

    def identify(self, staff: str, subject: str, at: datetime) -> bool:
        """The person behind the id, by the vault's subject; False when that is known already.

        Raises StaffUnknown, StaffRevoked, StaffIdentified, SubjectTaken.
        """

        def decide() -> bool:
            found = staff_of(self._log, staff)
            if found is None:
                raise StaffUnknown("staff", staff=staff[:40])
            changed = self._identified(found, subject, at)
            self._log.save(found, *changed)
            return bool(changed)

        return until_saved(decide)

    def _identified(self, staff: Staff, subject: str, at: datetime) -> list[Signatory]:
        if not subject or not staff.identify(subject=subject, at=at):
            return []
        stream = signatory_id(subject)
        person: Signatory = self._log.load([stream]).get(stream) or Signatory.begin(subject, at)
        other = self._standing(person)
        if other is not None and other.staff != staff.staff:
            raise SubjectTaken("iin", staff=other.staff)
        person.name(staff.staff, at)
        return [person]

    def _standing(self, person: Signatory) -> Staff | None:
        """The member of staff that the person is now; an id that was revoked is nobody's."""
        found = staff_of(self._log, person.staff)
        return None if found is None or found.revoked else found

    def of_subject(self, subject: str) -> Actor | None:
        """The member of staff that a person, by the vault's subject, is now; None for nobody, or nobody any more."""
        stream = signatory_id(subject)
        person: Signatory | None = self._log.load([stream]).get(stream)
        found = None if person is None else self._standing(person)
        return None if found is None else _actor(found)

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
        found = staff_of(self._log, staff)
        if found is None:
            raise StaffKeyUnknown
        found.authenticate(hashed(key), self._env, at)
        return _actor(found)

    def _owner(self, key: str) -> str:
        found = env_and_owner(key, _KEY)
        if found is None:
            raise StaffKeyUnknown
        env, owner = found
        if env != self._env:
            raise StaffOfOtherEnvironment
        return owner.removeprefix(MARK)

    def _change(self, staff: str, decide: Callable[[Staff], T]) -> T:
        def change() -> T:
            found = staff_of(self._log, staff)
            if found is None:
                raise StaffUnknown("staff", staff=staff[:40])
            result = decide(found)
            self._log.save(found)
            return result

        return until_saved(change)

    def _new_key(self, staff: str) -> str:
        return new_key(self._env, f"{MARK}{staff}", self._choose)


def staff_of(log: Log, staff: str) -> Staff | None:
    """The member of staff with this id, as the log has it now."""
    stream = staff_stream_id(staff)
    found = log.load([stream]).get(stream)
    return found if isinstance(found, Staff) else None


def person_of(log: Log, actor: str) -> str:
    """The vault's subject of whoever acted under this id, where it is known; else the id."""
    found = staff_of(log, actor)
    return (found.subject if found else "") or actor


def named_actor(log: Log, staff: str, roles: Sequence[str], unit: str) -> Actor:
    """Somebody who is named, not enrolled perhaps, in these roles; with the person behind the id where it is known.

    Raises StaffRevoked.
    """
    found = staff_of(log, staff)
    if found is not None and found.revoked:
        raise StaffRevoked("actor")
    return Actor(staff, tuple(roles), unit, found.subject if found else "")


def _actor(staff: Staff) -> Actor:
    return Actor(staff.staff, staff.roles, staff.unit, staff.subject)

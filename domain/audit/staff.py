"""The audit of staff: who may act on cases, each in order, one person one member (S002-36, S000-L6).

Written anew over the events' plain data.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import azyq_name

Data = dict[str, Any]

STAFF_TOPICS = ("staff.", "signatory.")
_CHECKS = ("stream_identity", "staff_order")
STAFF_CHECKS: dict[str, tuple[str, ...]] = {
    "staff.enrolled": _CHECKS,
    "staff.changed": _CHECKS,
    "staff.identified": (*_CHECKS, "staff_person"),
    "staff.key_issued": _CHECKS,
    "staff.key_rotated": _CHECKS,
    "staff.revoked": _CHECKS,
    "signatory.begun": ("stream_identity",),
    "signatory.named": ("stream_identity", "staff_person"),
}


@dataclass(slots=True)
class _Identified:
    """A member whose person is known: from which position of the log, and to which."""

    staff: str
    stream: str
    version: int
    since: int
    until: int = 2**62


class StaffBook:
    """Persons by the vault's subject, over all streams."""

    def __init__(self) -> None:
        self.members: dict[str, list[_Identified]] = defaultdict(list)
        self.named: list[tuple[int, str, int, str, str]] = []

    def finish(self, audit: AuditedLog) -> None:
        """After the last stream: whoever was two members at a time, or is named as one that is another's."""
        for members in self.members.values():
            until = 0
            for one in sorted(members, key=lambda member: member.since):
                if one.since < until:
                    what = f"the person was another member than {one.staff} at the time"
                    topic = "staff.identified"
                    audit.bad("staff_person", "S000-L6", one.since, one.stream, one.version, topic, what)
                until = max(until, one.until)
        for position, stream, version, subject, staff in self.named:
            if staff not in {one.staff for one in self.members[subject]}:
                what = f"{staff} is not this person by its own stream"
                audit.bad("staff_person", "S000-L6", position, stream, version, "signatory.named", what)


class StaffFold:
    """The stream of a member, enrolled once, nothing after the end, no key turned but one that was given; or of a person."""

    def __init__(self, audit: AuditedLog, stream: str, book: StaffBook) -> None:
        self._audit = audit
        self._stream = stream
        self._book = book
        self._stage = ""
        self._known: _Identified | None = None
        self._keys: set[str] = set()

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the stream. Raises what a malformed event raises."""

        def bad(check: str, clause: str, what: str) -> None:
            self._audit.bad(check, clause, position, self._stream, version, topic, what)

        if topic not in STAFF_CHECKS:
            bad("topic_unknown", "", "the audit knows no such event")
            return
        kind, key = ("staff", "staff") if topic.startswith("staff.") else ("signatory", "subject")
        if azyq_name(f"{kind}/{data[key]}") != self._stream:
            bad("stream_identity", "", "the stream isn't that of what it names")
        if kind == "signatory":
            if topic == "signatory.named":
                self._book.named.append((position, self._stream, version, data["subject"], data["staff"]))
            return
        if self._stage != ("" if topic == "staff.enrolled" else "enrolled"):
            bad("staff_order", "", f"the member was {self._stage or 'nowhere yet'}")
        if topic == "staff.key_rotated" and data["old_hash"] not in self._keys:
            bad("staff_order", "", "a key was rotated that was none")
        if topic in ("staff.enrolled", "staff.key_issued"):
            self._keys = {data["key_hash"]}
        elif topic == "staff.key_rotated":
            self._keys = {data["old_hash"], data["key_hash"]}
        elif topic == "staff.identified":
            if self._known is not None:
                bad("staff_order", "S000-L6", "the member became another person")
            self._known = _Identified(data["staff"], self._stream, version, position)
            self._book.members[data["subject"]].append(self._known)
        elif topic == "staff.revoked" and self._known is not None:
            self._known.until = position
        self._stage = "revoked" if topic == "staff.revoked" else "enrolled"

"""The audit of staff: who may act on cases, each in order (S002-36). Written anew over the events' plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.audit_facts import azyq_name

if TYPE_CHECKING:
    from domain.audit import LogFold

Data = dict[str, Any]

_CHECKS = ("stream_identity", "staff_order")
STAFF_CHECKS: dict[str, tuple[str, ...]] = {
    "staff.enrolled": _CHECKS,
    "staff.changed": _CHECKS,
    "staff.key_issued": _CHECKS,
    "staff.key_rotated": _CHECKS,
    "staff.revoked": _CHECKS,
}


class StaffFold:
    """One member's stream: enrolled once, nothing after the end, no key turned but one that was given."""

    def __init__(self, audit: LogFold, stream: str) -> None:
        self._audit = audit
        self._stream = stream
        self._stage = ""
        self._keys: set[str] = set()

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the stream. Raises what a malformed event raises."""

        def bad(check: str, clause: str, what: str) -> None:
            self._audit.bad(check, clause, position, self._stream, version, topic, what)

        if topic not in STAFF_CHECKS:
            bad("topic_unknown", "", "the audit knows no such event")
            return
        if azyq_name(f"staff/{data['staff']}") != self._stream:
            bad("stream_identity", "", "the stream isn't that of what it names")
        if self._stage != ("" if topic == "staff.enrolled" else "enrolled"):
            bad("staff_order", "", f"the member was {self._stage or 'nowhere yet'}")
        if topic == "staff.key_rotated" and data["old_hash"] not in self._keys:
            bad("staff_order", "", "a key was rotated that was none")
        if topic in ("staff.enrolled", "staff.key_issued"):
            self._keys = {data["key_hash"]}
        elif topic == "staff.key_rotated":
            self._keys = {data["old_hash"], data["key_hash"]}
        self._stage = "revoked" if topic == "staff.revoked" else "enrolled"

"""The audit of access: grants by their cases, each over once, and nothing read but under one in force (A2–A6).

Written anew over the events' plain data, as the rest of the audit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.audit_facts import azyq_name, instant
from domain.audited_log import AuditedLog

Data = dict[str, Any]
ACCESS_TOPICS = ("access.", "reading.")
_ORDER = ("stream_identity", "access_order")
ACCESS_CHECKS: dict[str, tuple[str, ...]] = {
    "access.begun": _ORDER,
    "access.granted": (*_ORDER, "access_by_case"),
    "access.blocked": _ORDER,
    "access.ended": _ORDER,
    "access.report_read": ("stream_identity", "access_read"),
    "access.reading_refused": ("stream_identity",),
}
_READINGS = ("access.report_read", "access.reading_refused")


class _Grant(NamedTuple):
    position: int
    until: str
    regions: tuple[str, ...]


class _Place(NamedTuple):
    position: int
    stream: str
    version: int
    topic: str


class AccessBook:
    """What grants and readings are judged by when the whole log was seen."""

    def __init__(self) -> None:
        self.grants: dict[tuple[str, str], _Grant] = {}
        self._granted: list[tuple[_Place, str]] = []
        self._read: list[tuple[_Place, Data]] = []
        self._results: dict[str, int] = {}

    def note_result(self, position: int, data: Data) -> None:
        """A case issued a result. Raises what a malformed event raises."""
        if data["result"] == "access":
            self._results.setdefault(data["case"], position)

    def note_grant(self, place: _Place, data: Data) -> None:
        """A grant of a user, by a case."""
        grant = _Grant(place.position, data["until"], tuple(data["regions"]))
        self.grants.setdefault((data["user"], data["case"]), grant)
        self._granted.append((place, data["case"]))

    def note_reading(self, place: _Place, data: Data) -> None:
        """A report that was read."""
        kept = {name: data[name] for name in ("user", "case", "timestamp", "regions")}
        self._read.append((place, kept))

    def finish(self, audit: AuditedLog) -> None:
        """Each grant is by its case's result, each reading under a grant in force, and of its scope."""
        for place, case in self._granted:
            if self._results.get(case, place.position) >= place.position:
                audit.bad("access_by_case", "A4", *place, "no result of the case gave this access")
        for place, data in self._read:
            key = data["user"], data["case"]
            grant = self.grants.get(key)
            if grant is None or grant.position > place.position:
                audit.bad("access_read", "A1", *place, "read without a grant")
                continue
            if tuple(data["regions"]) != grant.regions:
                audit.bad("access_read", "A2", *place, "read under another scope than was granted")
            # Whoever was let in a moment before the end may be recorded a moment after it.
            if instant(data["timestamp"]) >= instant(grant.until):
                audit.bad("access_read", "A5", *place, "read after the year of the grant")


class AccessFold:
    """One user's stream, or that of one reading."""

    def __init__(self, audit: AuditedLog, stream: str, book: AccessBook) -> None:
        self._audit = audit
        self._stream = stream
        self._book = book
        self._user = ""
        self._states: dict[str, str] = {}

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the stream. Raises what a malformed event raises."""
        place = _Place(position, self._stream, version, topic)
        if topic not in ACCESS_CHECKS:
            self._audit.bad("topic_unknown", "", *place, "the audit knows no such event")
            return
        if topic in _READINGS:
            if version != 1:
                self._audit.bad("stream_identity", "A1", *place, "a reading is a stream of its own")
            if topic == "access.report_read":
                self._book.note_reading(place, data)
            return
        if azyq_name(f"access/{data['user']}") != self._stream:
            self._audit.bad("stream_identity", "A1", *place, "the stream isn't that of the user it names")
        if (version == 1) != (topic == "access.begun"):
            self._audit.bad("stream_identity", "A1", *place, "the stream doesn't begin with its first event")
        if topic == "access.begun":
            return
        case = data["case"]
        state = self._states.get(case, "")
        if topic == "access.granted":
            if state:
                self._audit.bad("access_order", "A4", *place, "the case granted it before")
            self._states[case] = "granted"
            self._book.note_grant(place, data)
        else:
            if state != "granted":
                self._audit.bad("access_order", "A6", *place, f"the grant was {state or 'nowhere yet'}")
            self._states[case] = "over"

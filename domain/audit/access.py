"""The audit of access: grants by their cases, each over once, and nothing read but under one in force (A2–A6).

Written anew over the events' plain data, as the rest of the audit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import azyq_name, instant

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
    "access.signed_in": ("stream_identity", "access_sign_in"),
    "access.sign_in_refused": ("stream_identity",),
    "access.signed_out": ("stream_identity",),
    "access.disconnected": ("stream_identity",),
}
_OF_ITS_OWN = frozenset(
    (
        *("access.report_read", "access.reading_refused", "access.signed_in", "access.sign_in_refused"),
        *("access.signed_out", "access.disconnected"),
    )
)
# Whoever was let in a moment before a block may be recorded a moment after it.
_MOMENT = timedelta(minutes=1)


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
        self._signed_in: list[tuple[_Place, Data]] = []
        self._blocked: dict[tuple[str, str], str] = {}
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

    def note_sign_in(self, place: _Place, data: Data) -> None:
        """A session that began."""
        self._signed_in.append((place, {name: data[name] for name in ("user", "case", "timestamp")}))

    def note_block(self, data: Data) -> None:
        """A grant that was blocked."""
        self._blocked[data["user"], data["case"]] = data["timestamp"]

    def finish(self, audit: AuditedLog) -> None:
        """Each grant is by its case's result, each reading and session under a grant in force, and of its scope."""
        for place, case in self._granted:
            if self._results.get(case, place.position) >= place.position:
                audit.bad("access_by_case", "A4", *place, "no result of the case gave this access")
        for place, data in self._read:
            grant = self._in_force(audit, "access_read", place, data)
            if grant is not None and tuple(data["regions"]) != grant.regions:
                audit.bad("access_read", "A2", *place, "read under another scope than was granted")
        for place, data in self._signed_in:
            self._in_force(audit, "access_sign_in", place, data)

    def _in_force(self, audit: AuditedLog, check: str, place: _Place, data: Data) -> _Grant | None:
        """The grant that somebody was let in by; a finding where it was not in force."""
        key = data["user"], data["case"]
        grant, at = self.grants.get(key), instant(data["timestamp"])
        if grant is None or grant.position > place.position:
            audit.bad(check, "A1", *place, "let in without a grant")
            return None
        if at >= instant(grant.until):
            audit.bad(check, "A5", *place, "let in after the year of the grant")
        if key in self._blocked and at >= instant(self._blocked[key]) + _MOMENT:
            audit.bad(check, "A6", *place, "let in after the block")
        return grant


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
        if topic in _OF_ITS_OWN:
            if version != 1:
                self._audit.bad(
                    "stream_identity", "A1", *place, "a reading or a sign-in is a stream of its own"
                )
            if topic == "access.report_read":
                self._book.note_reading(place, data)
            elif topic == "access.signed_in":
                self._book.note_sign_in(place, data)
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
            if topic == "access.blocked":
                self._book.note_block(data)

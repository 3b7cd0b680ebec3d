"""The audit of lists at the office: two persons, one decision each, in order, and in by the month's own stream (R14, R19).

Written anew over the events' plain data, as the rest of the audit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import azyq_name

Data = dict[str, Any]
_ORDER = ("stream_identity", "list_order")
LIST_CHECKS: dict[str, tuple[str, ...]] = {
    "list.begun": _ORDER,
    "list.brought_in": (*_ORDER, "list_rows"),
    "list.refused": _ORDER,
    "list.approved": (*_ORDER, "two_persons"),
    "list.declined": _ORDER,
    "list.act_refused": ("stream_identity",),
    "list.taken_in": (*_ORDER, "list_delivered"),
    "list.failed": _ORDER,
    "list.retried": _ORDER,
    "list.rejects_read": _ORDER,
    "list.lapsed": _ORDER,
    "list.returns_deleted": _ORDER,
}
# What a list must have come to before each event, and comes to by it.
_STEPS = {
    "list.approved": (("waiting",), "approved"),
    "list.declined": (("waiting", "failed"), "declined"),
    "list.taken_in": (("approved",), "taken_in"),
    "list.failed": (("approved",), "failed"),
    "list.retried": (("failed",), "approved"),
    "list.lapsed": (("waiting", "failed"), "lapsed"),
}
_OPEN = ("waiting", "approved", "failed")


class TakenIn(NamedTuple):
    """A list that was taken in, as the delivery of a month."""

    position: int
    stream: str
    version: int
    cycle: str
    delivery: str


class ListFold:
    """The lists of one programme's month; `taken_in` is told of those that the month is to have received."""

    def __init__(self, audit: AuditedLog, stream: str, taken_in: list[TakenIn]) -> None:
        self._audit = audit
        self._stream = stream
        self._taken_in = taken_in
        self._cycle = ""
        self._lists: dict[str, Data] = {}
        self._stages: dict[str, str] = {}

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the month's lists. Raises what a malformed event raises."""

        def bad(check: str, clause: str, what: str) -> None:
            self._audit.bad(check, clause, position, self._stream, version, topic, what)

        if topic not in LIST_CHECKS:
            bad("topic_unknown", "", "the audit knows no such event")
            return
        self._cycle = self._cycle or data["cycle"]
        if azyq_name(f"lists/{data['cycle']}") != self._stream:
            bad("stream_identity", "R14", "the stream isn't that of the month it names")
        if (version == 1) != (topic == "list.begun"):
            bad("stream_identity", "R14", "the stream doesn't begin with its first event")
        if topic == "list.brought_in":
            if any(stage in _OPEN for stage in self._stages.values()):
                bad("list_order", "R19", "another list of the month waited still")
            if data["rows"] != data["accepted"] + sum(data["rejected"].values()):
                bad("list_rows", "R14", "not every row is accepted or rejected")
            self._lists[data["brought"]] = data
            self._stages[data["brought"]] = "waiting"
        elif topic not in ("list.begun", "list.refused", "list.act_refused"):
            brought = data["brought"]
            stage = self._stages.get(brought, "nowhere yet")
            before, after = _STEPS.get(topic, ((*_OPEN, "taken_in", "declined", "lapsed"), stage))
            if stage not in before:
                bad("list_order", "R14", f"the list was {stage}")
            if topic == "list.approved" and _same_person(data, self._lists[brought]):
                bad("two_persons", "R14", "whoever brought the list in approved it")
            if topic == "list.taken_in":
                if data["delivery"].partition("-")[2] != self._lists[brought]["digest"][:16]:
                    bad("list_delivered", "R14", "the delivery is not of the file that was approved")
                self._taken_in.append(
                    TakenIn(position, self._stream, version, data["cycle"], data["delivery"])
                )
            self._stages[brought] = after


def _same_person(one: Data, other: Data) -> bool:
    return one["by"] == other["by"] or (bool(one["subject"]) and one["subject"] == other["subject"])


def finish_lists(audit: AuditedLog, taken_in: list[TakenIn]) -> None:
    """Each list that was taken in is a delivery that the month received."""
    received = {(cycle, delivery) for _, _, _, cycle, delivery, _ in audit.received}
    for one in taken_in:
        if (one.cycle, one.delivery) not in received:
            what = "the month has no such delivery"
            audit.bad("list_delivered", "R14", one.position, one.stream, one.version, "list.taken_in", what)

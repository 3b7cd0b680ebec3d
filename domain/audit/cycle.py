"""The audit of a programme's month as a whole, and of replies that no family stands behind."""

from __future__ import annotations

from typing import Any

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import MonthFacts, azyq_name, local_day_text

TASKS = frozenset({"close_list", "first_sms", "reminder", "lapse", "expire", "close"})
CYCLE_CHECKS: dict[str, tuple[str, ...]] = {
    "cycle.opened": ("stream_identity", "rules_version"),
    "cycle.list_started": ("list_day",),
    "cycle.list_received": ("cycle_order", "list_rows", "rules_version"),
    "cycle.task_done": ("cycle_order", "task_once", "task_day", "rules_version"),
    "reply.unknown_sender": ("stream_identity", "reply_once"),
}


class CycleFold:
    """One programme's month: lists that came in time, tasks done once and when due (R14, R19–R21)."""

    def __init__(self, audit: AuditedLog, stream: str) -> None:
        self._audit = audit
        self._stream = stream
        self._facts: MonthFacts | None = None
        self._cycle = ""
        self._started: dict[str, str] | None = None
        self._done: set[tuple[str, str]] = set()

    def apply(self, position: int, version: int, topic: str, data: dict[str, Any]) -> None:
        """One event of the month. Raises what a malformed event raises."""

        def bad(check: str, clause: str, what: str) -> None:
            self._audit.bad(check, clause, position, self._stream, version, topic, what)

        if topic not in CYCLE_CHECKS:
            bad("topic_unknown", "", "the audit knows no such event")
            return
        cycle = data["cycle"]
        if version == 1:
            self._cycle = cycle
            self._facts = self._audit.month(cycle)
            if self._facts is None:
                bad("programme_known", "R31", "no programme has this month")
            if topic != "cycle.opened" or f"{data['programme']}/{data['month']}" != cycle:
                bad("stream_identity", "R14", "the month isn't opened by its first event")
            if azyq_name(f"cycle/{cycle}") != self._stream:
                bad("stream_identity", "R14", "the stream isn't that of the month it names")
        elif cycle != self._cycle or topic == "cycle.opened":
            bad("stream_identity", "R14", "the event isn't of the month that its stream opened")
        facts = self._facts
        if facts is None:
            return
        if "rules" in data and data["rules"] != facts.version:
            known = self._audit.knows_rules(data["rules"])
            what = "aren't those of this month" if known else "aren't known"
            bad("rules_version", "R31", f"the rules {data['rules']} {what}")
        day = local_day_text(data["timestamp"])
        match topic:
            case "cycle.list_started":
                if not facts.list_from <= day <= facts.list_cutoff:
                    bad(
                        "list_day",
                        "R19",
                        f"a list begun on {day}: taken from {facts.list_from} to {facts.list_cutoff}",
                    )
                # One that was cut off and then replaced is never in.
                self._started = {"delivery": data["delivery"], "digest": data["digest"]}
            case "cycle.list_received":
                started, self._started = self._started, None
                if started != {"delivery": data["delivery"], "digest": data["digest"]}:
                    bad("cycle_order", "R19", "a list is in that wasn't begun")
                if data["rows"] != data["accepted"] + sum(data["rejected"].values()):
                    bad("list_rows", "R14", "not every row is accepted or rejected")
                self._audit.received.append(
                    (position, self._stream, version, self._cycle, data["delivery"], data["families"])
                )
            case "cycle.task_done":
                task = data["task"], data["due_on"]
                if task in self._done:
                    bad("task_once", "R20", f"{task[0]} of {task[1]} was done before")
                if task[0] not in TASKS:
                    bad("topic_unknown", "", "the audit knows no such task")
                elif day < data["due_on"] or data["due_on"] != _due_on(task[0], facts):
                    bad("task_day", "R20", f"{task[0]}, due on {_due_on(task[0], facts)}, was done on {day}")
                self._done.add(task)
                self._audit.tasks_done.add((self._cycle, task[0]))


def _due_on(task: str, facts: MonthFacts) -> str:
    if task == "close_list":
        cutoff = facts.day(facts.list_cutoff)
        return cutoff.fromordinal(cutoff.toordinal() + 1).isoformat()
    return {"first_sms": facts.first_sms_on, "reminder": facts.reminder_on}.get(task, facts.deadline)


def stray_reply(stream: str, version: int, topic: str, data: dict[str, Any]) -> tuple[str, str, str] | None:
    """What is wrong with a reply from an unknown sender, as (check, clause, what); None when nothing is."""
    if topic != "reply.unknown_sender":
        return "topic_unknown", "", "the audit knows no such event"
    local_day_text(data["timestamp"])
    if version != 1:
        return "reply_once", "R22", "the reply was recorded before"
    if azyq_name(f"reply/{data['reply']}") != stream:
        return "stream_identity", "R22", "the stream isn't that of the reply it names"
    return None

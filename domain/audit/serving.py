"""The audit of what processes of the API measured: a stream a span, of the process that it names, that adds up (R29)."""

from __future__ import annotations

from typing import Any

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import azyq_name, instant

SERVING_CHECKS = {"serving.measured": ("stream_identity", "serving_adds_up")}


class ServingFold:
    """One span of one process."""

    def __init__(self, log: AuditedLog, stream: str) -> None:
        self._log = log
        self._stream = stream

    def apply(self, position: int, version: int, topic: str, data: dict[str, Any]) -> None:
        """One event. Raises what a malformed event raises."""

        def bad(check: str, what: str) -> None:
            self._log.bad(check, "R29", position, self._stream, version, topic, what)

        if topic not in SERVING_CHECKS:
            bad("topic_unknown", "the audit knows no such event")
            return
        if version != 1 or azyq_name(f"serving/{data['process']}/{data['number']}") != self._stream:
            bad("stream_identity", "the stream isn't that of the process and span it names")
        if instant(data["from_at"]) > instant(data["upto_at"]):
            bad("serving_adds_up", "the span ends before it begins")
        for kind, (refused, failed) in data["errors"].items():
            if refused + failed > sum(data["latency"].get(kind, ())):
                bad("serving_adds_up", "more requests were refused or failed than there were")
        counts = [
            *data["refusals"].values(),
            *(n for codes in data["refusals_by_shop"].values() for n in codes.values()),
            *(n for steps in data["latency"].values() for n in steps),
            data["parked"],
        ]
        if any(type(count) is not int or count < 0 for count in counts):
            bad("serving_adds_up", "a count is below nothing")

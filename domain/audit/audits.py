"""The audit of what earlier audits left in the log: each of a part of the log that was there."""

from __future__ import annotations

from typing import Any

from domain.audit.audited_log import AuditedLog

AUDIT_CHECKS = {"audit.begun": ("audit_verdict",), "audit.ended": ("audit_verdict",)}


class AuditFold:
    """One stream of verdicts."""

    def __init__(self, log: AuditedLog, stream: str) -> None:
        self._log = log
        self._stream = stream

    def apply(self, position: int, version: int, topic: str, data: dict[str, Any]) -> None:
        """One event. Raises KeyError, TypeError when it is malformed."""
        if topic == "audit.begun" and version == 1:
            return
        if topic != "audit.ended":
            self._bad(position, version, topic, "not an event of the stream of audits")
        elif not 0 <= data["upto"] < position or data["events"] > data["upto"]:
            self._bad(position, version, topic, "an audit of more than the log held")
        elif (data["findings"] > 0) != bool(data["first"]):
            self._bad(position, version, topic, "findings without a first one, or the other way round")

    def _bad(self, position: int, version: int, topic: str, what: str) -> None:
        self._log.bad("audit_verdict", "R29", position, self._stream, version, topic, what)

"""The audit of what staff do at the office: each act a stream of its own. Written anew over the events' plain data."""

from __future__ import annotations

from typing import Any

from domain.audit.audited_log import AuditedLog

_CHECKS = ("stream_identity", "office_act")
OFFICE_CHECKS: dict[str, tuple[str, ...]] = {
    "office.signed_in": _CHECKS,
    "office.signed_out": _CHECKS,
    "office.refused": _CHECKS,
    "office.missing_numbers_read": _CHECKS,
    "office.parked_retried": _CHECKS,
    "office.parked_discarded": _CHECKS,
}


class OfficeFold:
    """One act: it has one event, somebody who did it, and a reason where something was left out."""

    def __init__(self, audit: AuditedLog, stream: str) -> None:
        self._audit = audit
        self._stream = stream

    def apply(self, position: int, version: int, topic: str, data: dict[str, Any]) -> None:
        """One event of the stream. Raises what a malformed event raises."""

        def bad(check: str, what: str) -> None:
            self._audit.bad(check, "", position, self._stream, version, topic, what)

        if topic not in OFFICE_CHECKS:
            bad("topic_unknown", "the audit knows no such event")
            return
        if version != 1:
            bad("stream_identity", "an act is a stream of its own")
        if not data["staff"] and topic != "office.refused":
            bad("office_act", "nobody did it")
        if topic == "office.parked_discarded" and not data["reason"]:
            bad("office_act", "left out without a reason")

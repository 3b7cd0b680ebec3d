"""What became of the SMS by which an applicant is told of a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.procedures import case_events as events


class TellsApplicant:
    """The part of a case that knows its notices: `told` is the last word on each that was handed over."""

    notices: dict[str, str]
    told: dict[str, str]
    note: Callable[..., Any]

    def wants_sms(self, message: str) -> bool:
        """Whether the SMS of a notice is still to be handed over."""
        return message in self.notices and message not in self.told

    def record_notice(
        self, message: str, purpose: str, language: str, encoding: str, parts: int, gateway: str, at: datetime
    ) -> None:
        """The gateway has it."""
        if self.wants_sms(message):
            self.note(
                events.NoticeSent,
                at,
                message=message,
                purpose=purpose,
                language=language,
                encoding=encoding,
                parts=parts,
                gateway=gateway,
            )

    def record_notice_failed(self, message: str, purpose: str, reason: str, at: datetime) -> None:
        """No gateway will take it."""
        if self.wants_sms(message):
            self.note(events.NoticeFailed, at, message=message, purpose=purpose, reason=reason)

    def record_report(self, message: str, status: str, at: datetime) -> None:
        """What the network says of it, when that is news."""
        if message in self.notices and self.told.get(message) != status:
            self.note(events.NoticeReported, at, message=message, status=status)

"""What became of the SMS by which an applicant is told of a case."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.procedures import case_events as events


class TellsApplicant:
    """The part of a case that knows its notices: `told` is the last word on each that was handed over."""

    id: UUID
    applicant: str
    sealed: dict[str, str]
    notices: dict[str, str]
    told: dict[str, str]
    note: Callable[..., Any]

    def notices_beyond(self, told: Collection[str]) -> list[tuple[str, UUID, str]]:
        """SMS that are due beside those `told` of before: (message, stream, purpose); none where no number can be known."""
        if not (self.applicant or self.sealed):
            return []
        return [(m, self.id, f"case:{notice}") for m, notice in self.notices.items() if m not in told]

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

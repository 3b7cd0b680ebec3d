"""Replies and delivery reports as they come by HTTP or by Kafka."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from domain.ports import DeliveryReport, IncomingReply
from infra.api.services import ReplyOutcome
from infra.bootstrap import Azyq

FUTURE_TOLERANCE = timedelta(minutes=5)

_Incoming = TypeVar("_Incoming", IncomingReply, DeliveryReport)

log = structlog.get_logger("azyq")


class Replies:
    """What the HTTP face asks for (`infra.api.services.ApiServices`)."""

    def __init__(self, azyq: Azyq, wake: Callable[[], None]) -> None:
        self._azyq = azyq
        self._wake = wake
        self.sms_secret = azyq.settings.sms_secret_text()
        self.kannel_token = azyq.settings.kannel_token()

    def record_replies(self, replies: Sequence[IncomingReply]) -> Sequence[ReplyOutcome]:
        """Decide and keep; a reply from the future is taken as one of now."""
        outcomes = [
            ReplyOutcome(outcome) for outcome in self._azyq.record_reply.run(self._not_ahead(replies))
        ]
        self._wake()
        return outcomes

    def record_reports(self, reports: Sequence[DeliveryReport]) -> None:
        """Keep what became of our messages; a report from the future is taken as one of now."""
        self._azyq.send_sms.record_reports(self._not_ahead(reports))

    def _not_ahead(self, incoming: Sequence[_Incoming]) -> list[_Incoming]:
        now = self._azyq.clock()
        return [
            one if one.received_at <= now + FUTURE_TOLERANCE else replace(one, received_at=now)
            for one in incoming
        ]

    def ready(self) -> dict[str, str | bool]:
        """What we stand on: the log can be read, the vault's key opens it."""
        return {
            "log": _works("log", lambda: self._azyq.log.head()),
            "vault": _works("vault", lambda: self._azyq.vault.try_key()),
            "env": self._azyq.settings.env,
        }

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()


def _works(part: str, attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Exception as error:
        log.warning("not_ready", part=part, error=type(error).__name__)
        return False
    return True

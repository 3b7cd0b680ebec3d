"""A reply as a gateway writes it to Kafka: the same JSON as the HTTP call's, read by the same rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.ports import IncomingReply
from infra.api.problems import Problem
from infra.api.sms_models import ReplyCall, checked, storable, time_from
from infra.api.strict_json import MAX_BODY_BYTES, parse_object
from streams.messages import NotOurs


def reply_parser(now: Callable[[], datetime]) -> Callable[[bytes], IncomingReply]:
    """Reads a message's value. It raises NotOurs, whose reason is the code that the HTTP call would answer with."""

    def parse(value: bytes) -> IncomingReply:
        try:
            if len(value) > MAX_BODY_BYTES:
                raise Problem(413, "body_too_large")
            call = checked(ReplyCall, parse_object(value))
        except Problem as problem:
            raise NotOurs(problem.code) from None
        return IncomingReply(
            message_id=call.message_id,
            sender=call.sender,
            to=call.to,
            text=storable(call.text),
            received_at=time_from(call.received_at) if call.received_at else now(),
            channel="kafka",
        )

    return parse

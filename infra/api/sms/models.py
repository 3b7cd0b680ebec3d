"""The bodies of calls about SMS, and how their fields are checked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.ports import IncomingReply
from infra.api.problems import Problem, pointer_to

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


def time_from(text: str) -> datetime:
    """An RFC 3339 time with offset, in UTC. Raises ValueError for another form or outside 2000–2099."""
    upper = text.upper()
    if not _RFC_3339.fullmatch(upper):
        raise ValueError("time_wrong")
    try:
        at = datetime.fromisoformat(upper).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("time_wrong") from None
    if not 2000 <= at.year < 2100:
        raise ValueError("time_wrong")
    return at


def storable(text: str) -> str:
    """`text` without NUL and lone surrogates, which no database keeps."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()


def _no_control(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("text_broken")
    return text


def _time(text: str) -> str:
    time_from(text)
    return text


_Id = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_no_control)]
_Phone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_no_control)]
_Time = Annotated[str, AfterValidator(_time), Field(json_schema_extra={"format": "date-time"})]
Status = Literal["delivered", "failed", "buffered", "accepted", "rejected"]


class _Call(BaseModel):
    # Gateways send more than we ask for, so further fields are left alone.
    model_config = ConfigDict(strict=True, extra="ignore", populate_by_name=True)


class ReplyCall(_Call):
    """A reply of a recipient. A gateway joins the parts of a long SMS before it calls."""

    message_id: _Id = Field(description="the gateway's id; the same at every attempt")
    sender: _Phone = Field(alias="from", description="phone in any usual spelling")
    to: Annotated[str, StringConstraints(max_length=64), AfterValidator(_no_control)] = ""
    text: str
    received_at: _Time | None = Field(None, description="RFC 3339; now when absent")


class ReceiptCall(_Call):
    """What became of a message of ours; `message_id` is the one we sent it with."""

    message_id: _Id
    status: Status
    received_at: _Time | None = Field(None, description="RFC 3339; now when absent")


class ReplyAnswer(BaseModel):
    """What a reply came to."""

    outcome: Literal[
        "consented", "refused", "not_understood", "too_late", "unknown_sender", "already_answered"
    ]


class ReceiptAnswer(BaseModel):
    """A report was taken."""

    outcome: Literal["recorded"]


class ProblemBody(BaseModel):
    """An error, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    rule: str | None = None
    pointer: str | None = None
    limit_bytes: int | None = None


_Model = TypeVar("_Model", bound=_Call)


def checked(model: type[_Model], value: dict[str, Any]) -> _Model:
    """`value` as `model`. Raises Problem 422 with a pointer to the first field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = pointer_to(*first["loc"])
        if first["type"] == "missing":
            raise Problem(422, "field_missing", pointer) from None
        if first["type"] == "literal_error":
            raise Problem(422, "status_unknown", pointer) from None
        reason = str(first.get("ctx", {}).get("error", ""))
        raise Problem(
            422, reason if reason in ("time_wrong", "text_broken") else "field_wrong", pointer
        ) from None


def incoming(call: ReplyCall, now: datetime, channel: str) -> IncomingReply:
    """The reply that `call` tells of; without a time of its own it came `now`."""
    return IncomingReply(
        message_id=call.message_id,
        sender=call.sender,
        to=call.to,
        text=storable(call.text),
        received_at=time_from(call.received_at) if call.received_at else now,
        channel=channel,
    )

"""An event of the log as a Kafka message and back: CloudEvents 1.0, structured JSON.

The log is the truth and a message carries it: decoded, a message gives exactly what `read_event` gives for the same
event of the log. What a message can't carry faithfully, because it is too large for Kafka or its topic is no plain
word, goes without data and with `dataref`; the reader then takes that event from the log.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from projections.events import Raw, read_data, read_event
from projections.view import Recorded, Unreadable

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
SOURCE = "/azyq/log"
PARKED_SOURCE = "/azyq/parked"
TYPE_PREFIX = "kz.azyq."
PARKED_EVENT = "parked.event"
PARKED_MESSAGE = "parked.message"
LARGEST_CARRIED = 900_000  # bytes of a message; Kafka's own default limit is 1,048,588
LARGEST_READ = 1_048_588
BY_REFERENCE = "carried by reference"

HEADERS: tuple[tuple[str, bytes], ...] = (("content-type", CONTENT_TYPE.encode()),)

_NAMELESS = "unknown"  # the type of an event without a topic
# Which field names the stream: the month, the shop, the terminal, the place of the market prices.
_NAME_IN = {"cycle": "cycle", "shop": "shop", "terminal": "terminal", "market": "kato"}
_NAMED = (*(f"{kind}." for kind in _NAME_IN), "catalogue.")
_DEEPEST_SURELY = 900  # orjson reads 1,024 levels, and the message adds one
_BIGINT = 2**63
_INT = 2**31
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class Message(NamedTuple):
    """What is sent to Kafka; the topic and the partition are the sender's."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = HEADERS


class Carried(NamedTuple):
    """A message of ours: its event, and `previous`, the log position of the event before it in its partition (0: none).

    With `dataref` the message has no content: the event, Unreadable, tells only which one is to be read from the log.
    """

    event: Recorded | Unreadable
    previous: int
    dataref: bool


class NotOurs(ValueError):
    """A message that isn't an event of our log; the reason holds nothing of the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def encode(raw: Raw, previous: int, schemas: str) -> Message:
    """The message of a log event; the same for the same arguments, whenever it is sent.

    `previous`: log position of the event before it in the same partition, 0 for none; `schemas`: address of the
    folder of schemas, without a slash at its end.
    """
    position, stream, version, topic, state = raw
    plain = topic is None or (topic != _NAMELESS and _PLAIN.fullmatch(topic) is not None)
    name = topic if plain and topic is not None else _NAMELESS
    text: bytes | None = None
    data: Any = None
    is_json = False
    if state is not None and len(state) <= LARGEST_CARRIED:
        text = state if type(state) is bytes else bytes(state)
        try:
            data = orjson.loads(text)
            is_json = True
        except orjson.JSONDecodeError:
            pass
    subject, time, class_version = stream, b"", 0
    if type(data) is dict:
        time = _time(data.get("timestamp"))
        stored = data.get("class_version", 1)
        class_version = stored if type(stored) is int and 1 <= stored < 1_000 else 0
        subject = _named(name, data) or stream
    front = (
        b'{"specversion":"1.0","id":"%d",%b"subject":%b,%b"stream":"%b","streamversion":%d,"previous":"%d"'
        % (
            position,
            _of_type(name, class_version, schemas),
            b'"%b"' % stream.encode() if subject is stream else orjson.dumps(subject),
            time,
            stream.encode(),
            version,
            previous,
        )
    )
    key = subject.encode()
    if plain and (state is None or text is not None):
        if text is None:
            return Message(key, front + b"}")
        value = b'%b,"data":%b}' % (front, text) if is_json else _binary(front, text)
        if is_json and text.count(b"[") + text.count(b"{") > _DEEPEST_SURELY and not _is_json(value):
            value = _binary(front, text)
        if len(value) <= LARGEST_CARRIED:
            return Message(key, value)
    return Message(key, b'%b,"dataref":"%b/%d"}' % (front, SOURCE.encode(), position))


def decode(key: bytes | None, value: bytes | None) -> Carried:
    """The event that a message carries. Raises NotOurs for anything that `encode` doesn't make."""
    if value is None:
        raise NotOurs("a message without a value")
    if len(value) > LARGEST_READ:
        raise NotOurs(f"the message has more than {LARGEST_READ:,} bytes")
    try:
        envelope = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise NotOurs("the message is not JSON") from None
    if type(envelope) is not dict or envelope.get("specversion") != "1.0":
        raise NotOurs("the message is not a CloudEvent 1.0")
    get = envelope.get
    if get("source") != SOURCE:
        raise NotOurs("the event has another source than the log")
    kind = get("type")
    if type(kind) is not str or not kind.startswith(TYPE_PREFIX) or _PLAIN.fullmatch(kind[8:]) is None:
        raise NotOurs("the type of the event is none of ours")
    topic = kind[8:]
    position = _position(get("id"), "id")
    previous = _position(get("previous"), "previous")
    if not previous < position:
        raise NotOurs("previous is not before id")
    stream, version, subject = get("stream"), get("streamversion"), get("subject")
    if type(stream) is not str or _UUID.fullmatch(stream) is None:
        raise NotOurs("stream is not a UUID")
    if type(version) is not int or not 0 < version < _INT:
        raise NotOurs("streamversion is not a version")
    if subject != stream and (not topic.startswith(_NAMED) or type(subject) is not str or not subject):
        raise NotOurs("the subject is not the stream's")
    if key is None or key != subject.encode():
        raise NotOurs("the key is not the subject")
    if "dataref" in envelope:
        if envelope["dataref"] != f"{SOURCE}/{position}" or "data" in envelope or "data_base64" in envelope:
            raise NotOurs("dataref is not the event's place in the log")
        unread = "" if topic == _NAMELESS else topic
        return Carried(Unreadable(position, stream, version, unread, BY_REFERENCE), previous, True)
    if "data" in envelope and topic != _NAMELESS:
        if "data_base64" in envelope:
            raise NotOurs("data in two ways")
        data = envelope["data"]
        if subject != stream and (type(data) is not dict or _named(topic, data) != subject):
            raise NotOurs("the subject is not the stream's")
        return Carried(read_data(position, stream, version, topic, data, value), previous, False)
    state = _from_base64(envelope["data_base64"]) if "data_base64" in envelope else None
    raw = Raw(position, stream, version, None if topic == _NAMELESS else topic, state)
    return Carried(read_event(raw), previous, False)


def encode_parked_event(
    view: str,
    position: int,
    stream: str,
    topic: str,
    reason: str,
    parked_at: datetime,
    *,
    schemas: str | None = None,
) -> Message:
    """The announcement that `view` parked the event at a log position, at `parked_at` (with an offset).

    Nothing of the event's content is in it, for `reason` holds no values. Announced again, it has the same id.
    """
    data = {"view": view, "position": str(position), "stream": stream, "topic": topic, "reason": reason}
    return _parked(PARKED_EVENT, f"{view}/{position}", stream, data, parked_at, schemas)


def encode_parked_message(
    topic: str,
    partition: int,
    offset: int,
    reason: str,
    parked_at: datetime,
    *,
    schemas: str | None = None,
) -> Message:
    """The announcement that a message of Kafka was parked, at `parked_at` (with an offset); it has no content of it."""
    place = f"{topic}/{partition}/{offset}"
    data = {"topic": topic, "partition": partition, "offset": str(offset), "reason": reason}
    return _parked(PARKED_MESSAGE, place, f"{topic}/{partition}", data, parked_at, schemas)


def _parked(
    kind: str, place: str, subject: str, data: dict[str, Any], parked_at: datetime, schemas: str | None
) -> Message:
    assert parked_at.tzinfo is not None
    at = parked_at.astimezone(UTC).isoformat()
    event = {
        "specversion": "1.0",
        "id": f"{place}/{at}",
        "source": PARKED_SOURCE,
        "type": TYPE_PREFIX + kind,
        "subject": subject,
        "time": at,
        "datacontenttype": "application/json",
        **({"dataschema": f"{schemas}/{kind}.v1.json"} if schemas else {}),
        "data": {**data, "parked_at": at},
    }
    return Message(subject.encode(), orjson.dumps(event))


@lru_cache(maxsize=1_024)
def _of_type(name: str, class_version: int, schemas: str) -> bytes:
    """The attributes that all events of a type and version share."""
    shared = {"source": SOURCE, "type": TYPE_PREFIX + name, "datacontenttype": "application/json"}
    if class_version and name != _NAMELESS:
        shared["dataschema"] = f"{schemas}/{name}.v{class_version}.json"
    return orjson.dumps(shared)[1:-1] + b","


def _time(value: Any) -> bytes:
    """The attribute `time` of an event's timestamp; nothing for one that is not RFC 3339."""
    if type(value) is not str or _TIME.fullmatch(value) is None:
        return b""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return b""
    return b'"time":"%b",' % value.encode()


def _named(topic: str, data: dict[str, Any]) -> str | None:
    """The name that stands for the stream in a message's key, where it has one."""
    kind = topic.partition(".")[0]
    if kind == "catalogue":
        return kind
    name = data.get(_NAME_IN.get(kind, ""))
    return name if type(name) is str and _PLAIN.fullmatch(name) is not None else None


def _binary(front: bytes, text: bytes) -> bytes:
    return b'%b,"data_base64":"%b"}' % (front, b64encode(text))


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _from_base64(value: Any) -> bytes:
    try:
        if type(value) is str:
            return b64decode(value, validate=True)
    except ValueError:
        pass
    raise NotOurs("data_base64 is not base64")


def _position(value: Any, name: str) -> int:
    """A log position in plain decimal. Raises NotOurs."""
    if (
        type(value) is str
        and len(value) <= 19
        and _DECIMAL.fullmatch(value)
        and (found := int(value)) < _BIGINT
    ):
        return found
    raise NotOurs(f"{name} is not a position")

"""Messages of Kafka: what the log holds comes back as it would be read there, and nothing foreign gets in."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event
from cloudevents.core.exceptions import CloudEventValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from projections.events import KNOWN_TOPICS, Known, Raw, read_event
from projections.view import Recorded, Unreadable
from streams.messages import (
    LARGEST_CARRIED,
    Message,
    NotOurs,
    decode,
    encode,
    encode_parked_event,
    encode_parked_message,
)

SCHEMAS = "https://azyq.example/schemas"
GOLDEN = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[1] / "data" / "events").glob("*.json"))
]
STREAM = "2d6b8a4a-f55b-5a65-ad89-7ed4b41e1791"

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_timestamps = st.one_of(
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.datetimes().map(datetime.isoformat),
    st.sampled_from(
        ["2025-07-02 07:00:00+05:00", "20250702T07+05", "2025-13-02T07:00:00Z", "2025-W01-1", ""]
    ),
    _json,
)


@st.composite
def changed_states(draw: st.DrawFn) -> tuple[str, bytes]:
    """A golden event with some of its fields changed, gone or added: (topic, state)."""
    golden = draw(st.sampled_from(GOLDEN))
    state: dict[str, Any] = dict(golden["state"])
    for name in draw(st.lists(st.sampled_from([*state, "class_version", "cycle"]), max_size=3)):
        how = draw(st.sampled_from(["gone", "other", "text"]))
        if how == "gone":
            state.pop(name, None)
        else:
            state[name] = draw(_json if how == "other" else st.text(max_size=300))
    if draw(st.booleans()):
        state["timestamp"] = draw(_timestamps)
    if draw(st.booleans()):
        state["class_version"] = draw(st.integers(-1, 3) | _json)
    ascii_only = draw(st.booleans())
    text = json.dumps(state, ensure_ascii=ascii_only, indent=draw(st.sampled_from([None, 1])))
    return golden["topic"], text.encode("utf-8", "surrogatepass")


_topics = st.none() | st.sampled_from([*sorted(KNOWN_TOPICS), "unknown", "", "parked.event"]) | st.text()
_any_states = st.one_of(
    st.none(),
    st.binary(),
    _json.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [
            b"null",
            b" {} ",
            b'{"timestamp":"2025-07-02T07:00:00Z"}}{',
            b'{"a":1e999}',
            b'"\\ud800"',
            b"\xef\xbb\xbf{}",
            b"[" * 1024 + b"]" * 1024,
            b"[" * 1023 + b"]" * 1023,
            b'{"a":' * 1024 + b"1" + b"}" * 1024,
            b'1,"data_base64":"AA=="',
            b'{"cycle":1,"cycle":"p/m"}',
        ]
    ),
)
_events = changed_states() | st.tuples(_topics, _any_states)


@given(event=_events, position=st.integers(1, 2**63 - 1), version=st.integers(1, 2**31 - 1), data=st.data())
@example(event=("unknown", b"{}"), position=1, version=1, data=None)
@example(event=("cycle.opened", b"[" * 1024 + b"]" * 1024), position=1, version=1, data=None)
def test_a_message_carries_what_the_log_would_give(
    event: tuple[str | None, bytes | None], position: int, version: int, data: st.DataObject | None
) -> None:
    raw = Raw(position, STREAM, version, *event)
    previous = data.draw(st.integers(0, position - 1)) if data else 0
    message = encode(raw, previous, SCHEMAS)
    carried = decode(message.key, message.value)
    assert carried.previous == previous
    if carried.dataref:
        # Only a topic that no event of ours could have goes by reference when it is small.
        assert raw.topic not in KNOWN_TOPICS
        assert carried.event[:3] == raw[:3]
    else:
        assert carried.event == read_event(raw)
    assert encode(raw, previous, SCHEMAS) == message


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["topic"])
def test_an_event_is_a_cloud_event_of_its_stream(golden: dict[str, Any]) -> None:
    state = orjson.dumps(golden["state"])
    message = encode(Raw(7, golden["stream"], 3, golden["topic"], state), 5, SCHEMAS)
    kind = golden["topic"].partition(".")[0]
    named = {"cycle": "cycle", "shop": "shop", "terminal": "terminal", "market": "kato"}
    subject = golden["state"][named[kind]] if kind in named else golden["stream"]
    if kind == "catalogue":
        subject = kind
    assert orjson.loads(message.value) == {
        "specversion": "1.0",
        "id": "7",
        "source": "/azyq/log",
        "type": f"kz.azyq.{golden['topic']}",
        "subject": subject,
        "time": golden["state"]["timestamp"],
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMAS}/{golden['topic']}.v{golden['state'].get('class_version', 1)}.json",
        "stream": golden["stream"],
        "streamversion": 3,
        "previous": "5",
        "data": golden["state"],
    }
    assert state in message.value
    assert message.key == subject.encode()
    assert message.headers == (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    assert isinstance(decode(message.key, message.value).event, Recorded)


def as_others_read(message: Message) -> Any:
    """The CloudEvent that the SDK of the CloudEvents project makes of a message."""
    return from_structured_event(KafkaMessage(dict(message.headers), message.key, message.value))


@given(event=_events)
def test_the_cloud_events_sdk_reads_what_we_write(event: tuple[str | None, bytes | None]) -> None:
    message = encode(Raw(7, STREAM, 3, *event), 5, SCHEMAS)
    try:
        json.loads(message.value)
    except RecursionError:
        return
    read = as_others_read(message)
    written = json.loads(message.value)
    assert (read.get_id(), read.get_type(), read.get_source()) == ("7", written["type"], "/azyq/log")
    assert (read.get_subject(), read.get_dataschema()) == (written["subject"], written.get("dataschema"))
    assert {name: read.get_extension(name) for name in ("stream", "streamversion", "previous")} == {
        "stream": STREAM,
        "streamversion": 3,
        "previous": "5",
    }
    if "time" in written:
        assert read.get_time() == datetime.fromisoformat(written["time"])
    if "data_base64" in written:
        assert read.get_data() == event[1]
    else:
        assert read.get_data() == written.get("data")


def test_the_sdk_would_have_seen_a_wrong_event() -> None:
    message = encode(Raw(7, STREAM, 3, "voucher.voided", b"{}"), 5, SCHEMAS)
    with pytest.raises(CloudEventValidationError):
        as_others_read(message._replace(value=message.value.replace(b"previous", b"not-a-name")))


@pytest.mark.parametrize("length", [LARGEST_CARRIED - 1_000, LARGEST_CARRIED, 1_000_001, 5_000_000])
@pytest.mark.parametrize("topic", ["voucher.redeemed", "cycle.opened", None])
def test_what_is_too_large_goes_by_reference(topic: str | None, length: int) -> None:
    state = b'{"timestamp":"2025-07-02T07:00:00Z","cycle":"p/m","text":"%b"}' % (b"x" * length)
    raw = Raw(9, STREAM, 2, topic, state)
    message = encode(raw, 8, SCHEMAS)
    assert len(message.value) <= LARGEST_CARRIED
    carried = decode(message.key, message.value)
    if length < LARGEST_CARRIED - 500:
        assert carried == (read_event(raw), 8, False)
    else:
        assert carried == (Unreadable(9, STREAM, 2, topic or "", "carried by reference"), 8, True)
        assert orjson.loads(message.value)["dataref"] == "/azyq/log/9"


def test_bytes_that_are_not_json_go_as_base64_and_null_goes_without_data() -> None:
    torn = encode(Raw(9, STREAM, 2, "voucher.redeemed", memoryview(b'{"torn')), 0, SCHEMAS)
    assert orjson.loads(torn.value)["data_base64"] == base64.b64encode(b'{"torn').decode()
    assert decode(torn.key, torn.value).event[4] == "the state is not JSON"
    empty = encode(Raw(9, STREAM, 2, "voucher.redeemed", None), 0, SCHEMAS)
    assert not {"data", "data_base64", "dataref"} & set(orjson.loads(empty.value))
    assert decode(empty.key, empty.value).event[4] == "no state"


def test_an_event_of_a_newer_version_names_its_own_schema() -> None:
    state = orjson.dumps({**GOLDEN[0]["state"], "class_version": 2})
    message = encode(Raw(9, STREAM, 2, GOLDEN[0]["topic"], state), 0, SCHEMAS)
    assert orjson.loads(message.value)["dataschema"].endswith(f"/{GOLDEN[0]['topic']}.v2.json")
    assert decode(message.key, message.value).event[4] == "recorded by a newer version of azyq"


def ours() -> dict[str, Any]:
    state = orjson.dumps(GOLDEN[-1]["state"])
    found: dict[str, Any] = orjson.loads(
        encode(Raw(9, STREAM, 2, GOLDEN[-1]["topic"], state), 8, SCHEMAS).value
    )
    return found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"specversion": "0.3"}, "the message is not a CloudEvent 1.0"),
        ({"source": "/elsewhere"}, "the event has another source than the log"),
        ({"type": "com.example.made"}, "the type of the event is none of ours"),
        ({"type": "kz.azyq."}, "the type of the event is none of ours"),
        ({"type": "kz.azyq.a\x00b"}, "the type of the event is none of ours"),
        ({"type": "kz.azyq." + "a" * 201}, "the type of the event is none of ours"),
        ({"type": ["kz.azyq.voucher.voided"]}, "the type of the event is none of ours"),
        ({"id": 9}, "id is not a position"),
        ({"id": "-9"}, "id is not a position"),
        ({"id": "09"}, "id is not a position"),
        ({"id": "９"}, "id is not a position"),
        ({"id": "9\n"}, "id is not a position"),
        ({"id": "9223372036854775808"}, "id is not a position"),
        ({"id": "1" * 5_000}, "id is not a position"),
        ({"previous": "9"}, "previous is not before id"),
        ({"previous": None}, "previous is not a position"),
        ({"stream": STREAM.upper()}, "stream is not a UUID"),
        ({"stream": None}, "stream is not a UUID"),
        ({"streamversion": "2"}, "streamversion is not a version"),
        ({"streamversion": True}, "streamversion is not a version"),
        ({"streamversion": 0}, "streamversion is not a version"),
        ({"streamversion": 2**31}, "streamversion is not a version"),
        ({"subject": "akkol-2025/2025-07"}, "the subject is not the stream's"),
        ({"subject": None}, "the subject is not the stream's"),
        ({"type": "kz.azyq.cycle.opened", "subject": "gas/2025-07"}, "the subject is not the stream's"),
        ({"data_base64": "AA=="}, "data in two ways"),
        ({"dataref": "/azyq/log/9"}, "dataref is not the event's place in the log"),
    ],
)
def test_a_message_that_is_none_of_ours_is_refused(change: dict[str, Any], reason: str) -> None:
    event = {**ours(), **change}
    key = event["subject"].encode() if isinstance(event["subject"], str) else STREAM.encode()
    with pytest.raises(NotOurs) as refused:
        decode(key, orjson.dumps(event))
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (STREAM.encode(), None, "a message without a value"),
        (None, orjson.dumps(ours()), "the key is not the subject"),
        (b"\xff", orjson.dumps(ours()), "the key is not the subject"),
        (STREAM.encode(), b"", "the message is not JSON"),
        (STREAM.encode(), b"[" * 2_000, "the message is not JSON"),
        (STREAM.encode(), b"[]", "the message is not a CloudEvent 1.0"),
        (STREAM.encode(), b" " * 2_000_000, "the message has more than 1,048,588 bytes"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_broken_message_is_refused(key: bytes | None, value: bytes | None, reason: str) -> None:
    with pytest.raises(NotOurs) as refused:
        decode(key, value)
    assert refused.value.reason == reason


@given(
    key=st.none() | st.binary(), value=st.none() | st.binary() | _json.map(lambda v: json.dumps(v).encode())
)
def test_random_bytes_are_refused_and_nothing_breaks(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(NotOurs):
        decode(key, value)


@given(
    changes=st.dictionaries(st.sampled_from([*sorted(ours()), "data_base64", "dataref"]), _json),
    data=st.data(),
)
def test_a_message_that_was_tampered_with_is_read_or_refused(
    changes: dict[str, Any], data: st.DataObject
) -> None:
    event = {**ours(), **changes}
    subject = event["subject"]
    value = json.dumps(event).encode()
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        value = value[:at] + data.draw(st.binary(max_size=3)) + value[at + data.draw(st.integers(0, 3)) :]
    key = subject.encode("utf-8", "replace") if isinstance(subject, str) else b""
    try:
        carried = decode(key, value)
    except NotOurs:
        return
    assert isinstance(carried.event, Recorded | Unreadable)


def test_what_was_parked_is_announced_without_its_content() -> None:
    at = datetime(2025, 7, 10, 7, tzinfo=UTC)
    event = encode_parked_event("families", 9, STREAM, "voucher.voided", "no field key", at, schemas=SCHEMAS)
    message = encode_parked_message("azyq.sms.replies.v1", 3, 12, "field_missing", at)
    assert event.key == STREAM.encode()
    assert as_others_read(event).get_time() == as_others_read(message).get_time() == at
    assert orjson.loads(event.value) == {
        "specversion": "1.0",
        "id": "families/9/2025-07-10T07:00:00+00:00",
        "source": "/azyq/parked",
        "type": "kz.azyq.parked.event",
        "subject": STREAM,
        "time": "2025-07-10T07:00:00+00:00",
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMAS}/parked.event.v1.json",
        "data": {
            "view": "families",
            "position": "9",
            "stream": STREAM,
            "topic": "voucher.voided",
            "reason": "no field key",
            "parked_at": "2025-07-10T07:00:00+00:00",
        },
    }
    assert message == Message(b"azyq.sms.replies.v1/3", message.value)
    told = orjson.loads(message.value)
    assert (told["type"], told["id"]) == (
        "kz.azyq.parked.message",
        "azyq.sms.replies.v1/3/12/2025-07-10T07:00:00+00:00",
    )
    assert told["data"] == {
        "topic": "azyq.sms.replies.v1",
        "partition": 3,
        "offset": "12",
        "reason": "field_missing",
        "parked_at": "2025-07-10T07:00:00+00:00",
    }


class Second:
    """A type of event in its second version."""

    class_version = 2

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Its field `key` was renamed."""
        state["tender"] = state.pop("key")


@pytest.mark.parametrize("field", ["key", "other"])
def test_an_older_version_is_lifted_alike_on_either_way(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    lifted = Known(Second, 2, (("timestamp", str), ("tender", str)))
    monkeypatch.setattr("projections.events.KNOWN", {"voucher.voided": lifted})
    state = orjson.dumps({"timestamp": "2025-07-02T07:00:00Z", field: "k1"})
    raw = Raw(9, STREAM, 2, "voucher.voided", state)
    message = encode(raw, 8, SCHEMAS)
    assert orjson.loads(message.value)["dataschema"].endswith("/voucher.voided.v1.json")
    event = decode(message.key, message.value).event
    assert event == read_event(raw)
    if field == "key":
        assert event[4] == {"timestamp": "2025-07-02T07:00:00Z", "tender": "k1"}
    else:
        assert event[4] == "it can't be lifted to version 2: KeyError"

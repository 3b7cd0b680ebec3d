"""The audit of access: what a spoiled log shows of grants and readings (A2–A6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.access import Access, Grant, Reading
from domain.audit.log_fold import LogFold
from domain.calendar import ALMATY, day_end
from domain.goods import load_goods
from domain.sign_ins import BY_SIGNATURE, SignIn
from infra.settings import ROOT
from tests.unit.given_when_then import MAPPER

USER, CASE = "a" * 32, "AA-2026-4K7QXM2V"
AT = datetime(2026, 4, 9, 10, tzinfo=ALMATY)
GOODS = load_goods(Path(ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))
ACCESS_ONLY = {"access_order", "access_by_case", "access_read", "access_sign_in", "stream_identity"}
Event = dict[str, Any]


def log() -> list[Event]:
    """A case's result, a grant, a reading, a block, a sign-in before it: each with its stream, version, topic and fields."""
    access = Access.begin(USER, AT)
    facts = {"body_kind": "maslikhat", "region": "110000000", "body": "b"}
    access.grant(case=CASE, facts=facts, valid_until=date(2027, 4, 9), at=AT)
    access.block(case=CASE, reason="requested", at=AT)
    grant = Grant(CASE, "b", ("11",), day_end(date(2027, 4, 9)))
    reading = Reading.of(UUID(int=9), USER, grant, "month", {}, 1, "json", AT)
    sign_in = SignIn.signed_in(UUID(int=10), USER, CASE, BY_SIGNATURE, AT)
    stored = [
        MAPPER.to_stored_event(event) for one in (access, reading, sign_in) for event in one.collect_events()
    ]
    begun, granted, blocked, read, signed_in = (
        {
            "stream": UUID(str(one.originator_id)).hex,
            "version": one.originator_version,
            "topic": one.topic,
            "data": json.loads(one.state),
        }
        for one in stored
    )
    result = {
        "stream": "c" * 32,
        "version": 1,
        "topic": "case.result_issued",
        "data": {"case": CASE, "result": "access", "timestamp": AT.isoformat()},
    }
    return [result, begun, granted, read, blocked, signed_in]


def findings(events: list[Event]) -> set[str]:
    """The checks of access that find something, the events standing in this order in the log."""
    fold = LogFold({}, GOODS, lambda _: None, lambda *_: None)
    placed = [(position, event) for position, event in enumerate(events, start=1)]
    for position, event in sorted(placed, key=lambda one: (one[1]["stream"], one[1]["version"])):
        fold.feed(position, event["stream"], event["version"], event["topic"], dict(event["data"]))
    fold.finish()
    kept = {finding.check for finding in fold.findings.first() if finding.topic.startswith("access.")}
    return kept & ACCESS_ONLY


def test_a_sound_log_of_access_shows_nothing() -> None:
    assert findings(log()) == set()


def read_later(events: list[Event]) -> None:
    events[3]["data"]["timestamp"] = "2027-04-10T00:00:00+05:00"


def read_elsewhere(events: list[Event]) -> None:
    events[3]["data"]["regions"] = ["11", "55"]


def read_as_another(events: list[Event]) -> None:
    events[3]["data"]["user"] = "b" * 32


def read_before(events: list[Event]) -> None:
    events.insert(0, events.pop(3))


def read_after_the_block(events: list[Event]) -> None:
    events[3]["data"]["timestamp"] = "2026-04-09T10:01:00+05:00"


def signed_in_after_the_block(events: list[Event]) -> None:
    events[5]["data"]["timestamp"] = "2026-04-09T10:01:00+05:00"


def signed_in_later(events: list[Event]) -> None:
    events[5]["data"]["timestamp"] = "2027-04-10T00:00:00+05:00"


def signed_in_without_a_grant(events: list[Event]) -> None:
    events[5]["data"]["case"] = "AA-2026-5K7QXM2V"


def signed_in_within_another_stream(events: list[Event]) -> None:
    events[5].update(stream=events[1]["stream"], version=4)


def granted_by_nobody(events: list[Event]) -> None:
    events[0]["data"]["result"] = "refusal"


def granted_before_the_case(events: list[Event]) -> None:
    events.append(events.pop(0))


def granted_twice(events: list[Event]) -> None:
    events.append({**events[2], "version": 4})


def blocked_twice(events: list[Event]) -> None:
    events.append({**events[4], "version": 4})


def of_another_user(events: list[Event]) -> None:
    events[2]["data"]["user"] = "b" * 32


def without_a_beginning(events: list[Event]) -> None:
    events[1]["topic"] = "access.granted"
    events[1]["data"] = events[2]["data"]


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (read_later, "access_read"),
        (read_elsewhere, "access_read"),
        (read_as_another, "access_read"),
        (read_before, "access_read"),
        (read_after_the_block, "access_read"),
        (signed_in_after_the_block, "access_sign_in"),
        (signed_in_later, "access_sign_in"),
        (signed_in_without_a_grant, "access_sign_in"),
        (signed_in_within_another_stream, "stream_identity"),
        (granted_by_nobody, "access_by_case"),
        (granted_before_the_case, "access_by_case"),
        (granted_twice, "access_order"),
        (blocked_twice, "access_order"),
        (of_another_user, "stream_identity"),
        (without_a_beginning, "stream_identity"),
    ],
)
def test_A2_to_A6_what_was_not_by_the_book_is_found(spoil: Callable[[list[Event]], None], check: str) -> None:
    events = log()
    spoil(events)
    assert check in findings(events)

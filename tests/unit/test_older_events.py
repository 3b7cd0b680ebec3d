"""Events of older versions, as the log keeps them for ever: lifted wherever they are read, carried as they are."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest

from domain.audit.cases import CASE_CHECKS
from projections.all_views import VIEWS
from projections.events import KNOWN, Raw, read_event
from projections.folding import fold_stream
from projections.reports.heard import Heard
from projections.view import Recorded
from streams.messages import decode, encode
from tests.unit.given_when_then import MAPPER
from tests.unit.older import before
from tests.unit.test_audit_cases import found, story, told_by
from tests.unit.test_services_construction import ISSUED

SCHEMAS = "https://azyq.example/schemas"
OLD = [before(event) for event in told_by(ISSUED)]
OPENED = next(event for event in OLD if event.topic == "case.opened")


def raws(events: list[Any]) -> list[Raw]:
    return [
        Raw(number, str(event.originator_id), event.originator_version, event.topic, event.state)
        for number, event in enumerate(events, start=1)
    ]


def test_an_older_event_is_one() -> None:
    assert {"class_version", "through"} & orjson.loads(OPENED.state).keys() == set()
    assert KNOWN["case.opened"].version == 2


def test_an_aggregate_is_made_of_older_events() -> None:
    case = None
    for event in OLD:
        if event.originator_id == OPENED.originator_id:
            case = MAPPER.to_domain_event(event).mutate(case)
    assert case is not None
    assert (case.through, case.opener_role, case.end) == ("", "applicant", "granted")


def test_an_older_event_is_carried_as_it_is_and_read_as_todays() -> None:
    raw = raws([OPENED])[0]
    message = encode(raw, 0, SCHEMAS)
    told = orjson.loads(message.value)
    assert told["dataschema"] == f"{SCHEMAS}/case.opened.v1.json"
    assert "through" not in told["data"]
    carried = decode(message.key, message.value)
    assert carried.event == read_event(raw)
    assert isinstance(carried.event, Recorded)
    assert carried.event.data["through"] == ""
    assert "class_version" not in carried.event.data


def test_views_and_reports_make_of_older_events_what_they_make_of_todays() -> None:
    streams: dict[str, list[tuple[Any, Any]]] = {}
    for now, then in zip(raws(told_by(ISSUED)), raws(OLD), strict=True):
        streams.setdefault(now.stream, []).append((read_event(now), read_event(then)))
    for events in streams.values():
        assert [now for now, _ in events] == [then for _, then in events]
        for view in VIEWS:
            rows, parked = fold_stream(view, [then for _, then in events])
            assert (rows, parked) == fold_stream(view, [now for now, _ in events])
            assert parked == []
    heard = Heard()
    heard.feed(read_event(raws([OPENED])[0]), None)  # type: ignore[arg-type]
    assert len(heard.requests) == 1


@pytest.mark.parametrize("older", [True, False])
def test_the_audit_takes_both(older: bool) -> None:
    events = copy.deepcopy(story(ISSUED))
    opened = next(event[3] for event in events if event[2] == "case.opened")
    if older:
        del opened["class_version"], opened["through"]
    assert found(events) == set()


def test_S000_L1_a_case_through_a_portal_that_no_applicant_opened_is_found() -> None:
    events = copy.deepcopy(story(ISSUED))
    opened = next(event[3] for event in events if event[2] == "case.opened")
    opened["through"] = "portal.one"
    assert found(events) == set()
    opened["opener_role"] = "clerk"
    assert found(events) == {"case_identity"}
    assert "case_identity" in CASE_CHECKS["case.opened"]

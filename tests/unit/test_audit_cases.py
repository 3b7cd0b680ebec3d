"""The audit of cases: silent on what shipped services' ways tell, and loud on each thing done to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.audit.cases import CaseBook
from domain.audit.log_fold import LogFold
from domain.goods import GoodsCatalogue
from domain.identity import staff_stream_id
from tests.unit.test_services_construction import ATTESTED, ISSUED, WAYS
from tests.unit.test_services_drafting import REGULATION_WAYS as REGULATIONS
from tests.unit.test_services_drafting import STANDARD
from tests.unit.test_services_drafting import WAYS as STANDARDS
from tests.unit.test_services_medical import WAYS as MEDICAL
from tests.unit.test_services_of_the_programme import ACCESS_WAYS, COMPLAINT_WAYS, SHOP_WAYS
from tests.unit.ways_through import Way, play

Event = list[Any]  # stream (32 hex digits), version, topic, data


def told_by(way: Way) -> list[Any]:
    """The stored events of a way, stream by stream."""
    return [event for events in play(way).desk.log.streams.values() for event in events]


def story(way: Way) -> list[Event]:
    return [
        [
            str(event.originator_id).replace("-", ""),
            event.originator_version,
            event.topic,
            json.loads(event.state),
        ]
        for event in told_by(way)
    ]


def found(events: list[Event]) -> set[str]:
    """The checks that find something."""
    book = CaseBook()
    numbered = [(position, *event) for position, event in enumerate(events, start=1)]
    for position, stream, _, topic, data in numbered:
        if topic.startswith(("service.", "sitting.")) or topic == "staff.identified":
            book.feed(position, stream, topic, data)
    fold = LogFold({}, GoodsCatalogue(()), lambda _: None, lambda *_: None, cases=book)
    for position, stream, version, topic, data in numbered:
        fold.feed(position, stream, version, topic, data)
    fold.finish()
    return {finding.check for finding in fold.findings.first()}


EVERY_WAY = {
    f"{way.service}, {name}": way
    for ways in (WAYS, MEDICAL, STANDARDS, REGULATIONS, ACCESS_WAYS, COMPLAINT_WAYS, SHOP_WAYS)
    for name, way in ways.items()
}


@pytest.mark.parametrize("name", sorted(EVERY_WAY))
def test_every_way_through_a_service_holds(name: str) -> None:
    assert found(story(EVERY_WAY[name])) == set()


def test_S002_04_a_discussion_closed_by_somebody_is_found() -> None:
    events = story(STANDARD)
    first(events, "case.acted", outcome="closed").update(actor="drafter.one", role="public")
    assert "case_role" in found(events)


def first(events: list[Event], topic: str, **having: Any) -> dict[str, Any]:
    """The data of the first event of a topic."""
    return next(
        event[3]
        for event in events
        if event[2] == topic and all(event[3][name] == value for name, value in having.items())
    )


def _set(topic: str, **fields: Any) -> Callable[[list[Event]], None]:
    return lambda events: first(events, topic).update(fields)


def _two_persons(events: list[Event]) -> None:
    acts = [event[3] for event in events if event[2] == "case.acted"]
    acts[-1]["actor"] = acts[-2]["actor"]


def _twice(events: list[Event]) -> None:
    at, event = next((n, one) for n, one in enumerate(events) if one[2] == "case.acted")
    events.insert(at + 1, copy.deepcopy(event))
    _renumber(events)


def _after_the_end(events: list[Event]) -> None:
    act = next(event for event in events if event[2] == "case.acted")
    at = next(n for n, one in enumerate(events) if one[2] == "case.closed")
    events.insert(at + 1, copy.deepcopy(act))
    _renumber(events)


def _renumber(events: list[Event]) -> None:
    versions: dict[str, int] = {}
    for event in events:
        versions[event[0]] = event[1] = versions.get(event[0], 0) + 1


def _late(events: list[Event]) -> None:
    acted = first(events, "case.acted")
    acted["late"] = not acted["late"]


def _unsigned(events: list[Event]) -> None:
    next(event[3] for event in events if event[2] == "case.acted" and event[3]["signature"])["signature"] = []


def _signed_by_another(events: list[Event]) -> None:
    acted = next(event[3] for event in events if event[2] == "case.acted" and event[3]["signature"])
    acted["signature"][0] = "0" * 32


def identified(staff: str, subject: str) -> list[Event]:
    """The stream of a member whose person is known."""
    stream = staff_stream_id(staff).hex
    return [
        [stream, 1, "staff.enrolled", {"staff": staff, "key_hash": "a"}],
        [stream, 2, "staff.identified", {"staff": staff, "subject": subject}],
    ]


def _one_person_two_members(events: list[Event]) -> None:
    acts = [event[3] for event in events if event[2] == "case.acted"]
    for act in acts[-2:]:
        events += identified(act["actor"], "p1")


def _text(events: list[Event]) -> None:
    first(events, "service.version_published")["text"] += "\n# changed\n"


FAULTS: dict[str, tuple[Callable[[list[Event]], None], str]] = {
    "the wrong role": (_set("case.acted", role="janitor"), "case_role"),
    "a step of another role": (_set("case.step_opened", role="janitor"), "case_role"),
    "an outcome that is none": (_set("case.acted", outcome="waved through"), "case_outcome"),
    "the same person twice": (_two_persons, "case_two_persons"),
    "done twice": (_twice, "case_order"),
    "done after the end": (_after_the_end, "case_order"),
    "late told as in time": (_late, "case_late"),
    "a closing told as late": (_set("case.closed", late=True), "case_late"),
    "an end that is another": (_set("case.closed", end="vanished"), "case_path"),
    "a step that nothing opened": (_set("case.step_opened", step="nowhere"), "case_path"),
    "a turn that is another": (_set("case.step_opened", turn=2), "case_order"),
    "no signature": (_unsigned, "case_signed"),
    "somebody else's signature": (_signed_by_another, "case_signed"),
    "one person as two members": (_one_person_two_members, "case_two_persons"),
    "another result": (_set("case.result_issued", result="medal"), "case_outcome"),
    "another text of the service": (_text, "case_version"),
    "a version that was never published": (_set("case.opened", version="99"), "case_version"),
    "a number that is another's": (_set("case.opened", case="XX-2026-22222222"), "case_identity"),
    "a ground out of the list": (_set("case.acted", ground="mood"), "case_ground"),
}


@pytest.mark.parametrize("change", [{"number": "XX-2026-22222222-1"}, {"how": "withdrawn"}])
def test_S002_15_a_result_that_is_told_to_have_ended_as_it_did_not_is_found(change: dict[str, str]) -> None:
    way = next(way for way in STANDARDS.values() if way.turns[-1].outcome == "repealed")
    events = story(way)
    withdrawn = first(events, "case.result_withdrawn")
    assert (withdrawn["how"], found(events)) == ("annulled", set())
    withdrawn.update(change)
    assert found(events) == {"case_outcome"}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_S000_L6_what_is_done_to_a_case_in_the_log_is_found(fault: str) -> None:
    do, check = FAULTS[fault]
    events = story(ISSUED)
    do(events)
    assert check in found(events)


def test_S000_L6_a_signature_by_the_members_person_is_the_members() -> None:
    events = story(ISSUED)
    acted = next(event[3] for event in events if event[2] == "case.acted" and event[3]["signature"])
    acted["signature"][0] = "p1"
    assert found(events) == {"case_signed"}
    assert found([*events, *identified(acted["actor"], "p1")]) == set()


@pytest.mark.parametrize("what", ["outcome", "left out", "nobody", "outside"])
def test_S000_T16_what_a_sitting_decided_is_what_its_cases_say(what: str) -> None:
    events = story(ATTESTED)
    held = first(events, "sitting.held")
    acted = next(event[3] for event in events if event[2] == "case.acted" and event[3]["sitting"])
    if what == "outcome":
        held["decisions"][0][1] = "another"
    elif what == "left out":
        held["decisions"].append(["XX-2026-22222222", "listed"])
    elif what == "nobody":
        acted["sitting"] = "0" * 32
    else:
        acted["sitting"] = ""
    assert "case_sitting" in found(events)

"""Lists at the office: one open at a time, one decision by a second person, and what the audit sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from domain.audit.log_fold import LogFold
from domain.brought_list_refusals import (
    ApproverBroughtIt,
    BroughtListUnknown,
    DeclineReasonUnknown,
    ListDecided,
    ListNotFailed,
    ListWaitsAlready,
    ListWaitsItself,
)
from domain.brought_lists import DECLINE_REASONS, BroughtLists
from domain.errors import LANGUAGES, Refusal
from tests.unit.brought import APPROVER, CLERK, checked_list
from tests.unit.given_when_then import MAPPER, on, programme, replayed
from tests.unit.test_audit_access import GOODS

MONTH = programme().month("2025-07")


class Office:
    """The story of a month's lists: what happened since the last look."""

    def __init__(self) -> None:
        self.lists = BroughtLists.begin(MONTH, on(1))
        self.log: list[Any] = []
        self.then_in_order("list.begun")

    def given_waiting(self, digit: str = "a") -> str:
        brought = self.lists.bring_in("d" * 32, checked_list(digit), CLERK, on(2))
        self.then_in_order("list.brought_in")
        return brought

    def given_approved(self) -> str:
        brought = self.given_waiting()
        self.lists.approve(brought, APPROVER, on(2))
        self.then_in_order("list.approved")
        return brought

    def then_in_order(self, *topics: str) -> list[Any]:
        """Exactly these happened, and their stored form makes the same lists."""
        events: list[Any] = list(self.lists.collect_events())
        assert [event.TOPIC for event in events] == list(topics)
        self.log += [MAPPER.to_stored_event(event) for event in events]
        assert vars(replayed(self.log)) == vars(self.lists)
        return events

    def then_refused(self, refusal: type[Refusal], act: Callable[[], object]) -> None:
        """It is refused, in three languages, and nothing happened."""
        with pytest.raises(refusal) as refused:
            act()
        assert len({refused.value.sentence(language) for language in LANGUAGES}) == 3
        self.then_in_order()


def test_R14_a_list_is_brought_in_and_approved_by_a_second_person() -> None:
    office = Office()
    brought = office.given_waiting()
    assert brought == "1-" + "a" * 16
    office.lists.approve(brought, APPROVER, on(3))
    (approved,) = office.then_in_order("list.approved")
    assert (approved.by, approved.subject, approved.timestamp) == ("b.head", "2" * 32, on(3))
    assert office.lists.take_in(brought, "1-" + "a" * 16, on(3))
    office.then_in_order("list.taken_in")
    assert not office.lists.take_in(brought, "1-" + "a" * 16, on(3))
    assert office.lists.open is None


@pytest.mark.parametrize(
    "who", [CLERK, replace(APPROVER, staff=CLERK.staff), replace(APPROVER, subject=CLERK.subject)]
)
def test_R14_whoever_brought_a_list_in_does_not_approve_it_under_any_id(who: Any) -> None:
    office = Office()
    brought = office.given_waiting()
    office.then_refused(ApproverBroughtIt, lambda: office.lists.approve(brought, who, on(2)))


def test_R14_nobody_known_to_the_vault_is_the_same_as_nobody_else() -> None:
    office = Office()
    brought = office.lists.bring_in("a" * 32, checked_list(), replace(CLERK, subject=""), on(2))
    office.lists.approve(brought, replace(APPROVER, subject=""), on(2))
    office.then_in_order("list.brought_in", "list.approved")


def test_R19_one_list_of_a_month_waits_at_a_time() -> None:
    office = Office()
    brought = office.given_waiting()
    office.then_refused(
        ListWaitsAlready, lambda: office.lists.bring_in("b" * 32, checked_list("b"), CLERK, on(2))
    )
    office.then_refused(
        ListWaitsItself, lambda: office.lists.bring_in("a" * 32, checked_list("a"), CLERK, on(2))
    )
    office.lists.decline(brought, CLERK, "newer_list", on(2))
    assert office.lists.bring_in("b" * 32, checked_list("b"), CLERK, on(2)) == "2-" + "b" * 16
    office.then_in_order("list.declined", "list.brought_in")


def test_R14_there_is_one_decision_and_no_other() -> None:
    office = Office()
    brought = office.given_approved()
    other = replace(APPROVER, staff="c.head", subject="3" * 32)
    office.then_refused(ListDecided, lambda: office.lists.approve(brought, other, on(2)))
    office.then_refused(ListDecided, lambda: office.lists.decline(brought, other, "mistake", on(2)))
    office.lists.take_in(brought, "1-" + "a" * 16, on(2))
    office.then_in_order("list.taken_in")
    office.then_refused(ListDecided, lambda: office.lists.decline(brought, other, "mistake", on(2)))

    declined = office.given_waiting("b")
    office.lists.decline(declined, APPROVER, "wrong_month", on(2))
    office.then_in_order("list.declined")
    office.then_refused(ListDecided, lambda: office.lists.approve(declined, other, on(2)))


def test_R14_a_reason_is_chosen_and_a_list_is_one_there_is() -> None:
    office = Office()
    brought = office.given_waiting()
    for reason in ("", "Иванов И. И.", "wrong_file "):
        decline = partial(office.lists.decline, brought, APPROVER, reason, on(2))
        office.then_refused(DeclineReasonUnknown, decline)
    office.then_refused(BroughtListUnknown, lambda: office.lists.approve("9-" + "a" * 16, APPROVER, on(2)))
    assert "wrong_file" in DECLINE_REASONS


def test_R14_what_failed_is_tried_again_or_given_up() -> None:
    office = Office()
    brought = office.given_approved()
    office.then_refused(ListNotFailed, lambda: office.lists.retry(brought, APPROVER, on(2)))
    assert office.lists.fail(brought, "list_closed", on(5))
    assert not office.lists.fail(brought, "list_closed", on(5))
    office.then_in_order("list.failed")
    office.then_refused(
        ListWaitsAlready, lambda: office.lists.bring_in("b" * 32, checked_list("b"), CLERK, on(5))
    )
    office.lists.retry(brought, APPROVER, on(5))
    assert office.lists.fail(brought, "list_closed", on(5))
    office.lists.decline(brought, APPROVER, "mistake", on(5))
    office.then_in_order("list.retried", "list.failed", "list.declined")
    assert not office.lists.take_in(brought, "1-" + "a" * 16, on(5))


def test_R14_a_list_that_nobody_decided_on_lapses_and_one_that_was_approved_does_not() -> None:
    office = Office()
    brought = office.given_waiting()
    assert office.lists.lapse(brought, on(30))
    office.then_in_order("list.lapsed")
    assert not office.lists.lapse(brought, on(30))
    office.then_refused(ListDecided, lambda: office.lists.approve(brought, APPROVER, on(30)))
    assert not office.lists.lapse(office.given_approved(), on(30))
    office.then_in_order()


# --- the audit ------------------------------------------------------------------------------------


Event = dict[str, Any]


def a_sound_log() -> list[Event]:
    """A list declined, one taken in, and its delivery in the month's own stream."""
    office = Office()
    lists = office.lists
    lists.decline(lists.bring_in("a" * 32, checked_list("a"), CLERK, on(2)), CLERK, "mistake", on(2))
    brought = lists.bring_in("b" * 32, checked_list("b"), CLERK, on(2))
    lists.approve(brought, APPROVER, on(3))
    lists.take_in(brought, "1-" + "b" * 16, on(3))
    stored = [*office.log, *(MAPPER.to_stored_event(event) for event in lists.collect_events())]
    return [
        {
            "stream": lists.id.hex,
            "version": one.originator_version,
            "topic": one.topic,
            "data": json.loads(one.state),
        }
        for one in stored
    ]


def findings(events: list[Event], delivery: str = "1-" + "b" * 16) -> set[str]:
    """What the audit says of lists, when the month received this delivery."""
    fold = LogFold({}, GOODS, lambda _: None, lambda *_: None)
    for position, event in enumerate(events, start=1):
        fold.feed(position, event["stream"], event["version"], event["topic"], dict(event["data"]))
    fold.received.append((9, "c" * 32, 3, "akkol-2025/2025-07", delivery, {}))
    fold.finish()
    return {finding.check for finding in fold.findings.first()}


def test_a_sound_log_of_lists_shows_nothing() -> None:
    assert findings(a_sound_log()) == set()


def approved_by_the_clerk(events: list[Event]) -> None:
    events[4]["data"]["by"] = CLERK.staff


def approved_by_the_same_person(events: list[Event]) -> None:
    events[4]["data"]["subject"] = CLERK.subject


def taken_in_unapproved(events: list[Event]) -> None:
    events[4]["topic"] = "list.failed"


def another_file(events: list[Event]) -> None:
    events[5]["data"]["delivery"] = "1-" + "c" * 16


def two_at_once(events: list[Event]) -> None:
    events[2]["topic"] = "list.rejects_read"


def rows_lost(events: list[Event]) -> None:
    events[1]["data"]["rows"] = 6


def another_month(events: list[Event]) -> None:
    events[3]["data"]["cycle"] = "akkol-2025/2025-08"


def unknown(events: list[Event]) -> None:
    events[3]["topic"] = "list.forgotten"


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (approved_by_the_clerk, "two_persons"),
        (approved_by_the_same_person, "two_persons"),
        (taken_in_unapproved, "list_order"),
        (another_file, "list_delivered"),
        (two_at_once, "list_order"),
        (rows_lost, "list_rows"),
        (another_month, "stream_identity"),
        (unknown, "topic_unknown"),
    ],
)
def test_R14_the_audit_sees_what_was_spoiled(spoil: Callable[[list[Event]], None], check: str) -> None:
    events = a_sound_log()
    spoil(events)
    assert check in findings(events)


def test_R19_the_audit_sees_a_list_that_the_month_never_received() -> None:
    assert findings(a_sound_log(), "2-" + "b" * 16) == {"list_delivered"}

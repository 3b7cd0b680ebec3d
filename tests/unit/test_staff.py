"""Staff: a key, another key, other roles, an end (S002-36); given events, when asked, then events or a refusal."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest

from domain.access_keys import hashed
from domain.audit.log_fold import LogFold
from domain.audit.staff import STAFF_CHECKS, StaffBook, StaffFold
from domain.commands.enrol_staff import EnrolStaff
from domain.commands.terminals import credentials_of
from domain.goods import GoodsCatalogue
from domain.identity import signatory_id, staff_stream_id
from domain.procedures.acts import Actor
from domain.terminal_refusals import KeyUnknown
from tests.unit.case_desk import MemoryLog
from tests.unit.given_when_then import on
from tests.unit.test_event_golden import staff
from tests.unit.test_terminal import refused, replay

HOUR = timedelta(hours=1)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def desk(log: MemoryLog, env: str = "trial") -> EnrolStaff:
    return EnrolStaff(log, env, secrets.choice)


def enrolled(log: MemoryLog) -> str:
    return desk(log).enrol("k.clerk", "clerk", ["clerk", "clerk"], on(1)).key


def test_S002_36_a_member_of_staff_comes_with_the_key_and_acts_in_the_roles(log: MemoryLog) -> None:
    issued = desk(log).enrol("k.clerk", "clerk", ["clerk"], on(1))
    assert issued.expires_at == on(1) + timedelta(days=365)
    assert desk(log).authenticate(issued.key, on(2)) == Actor("k.clerk", ("clerk",), "clerk")
    assert desk(log).change("k.clerk", "head", ["clerk", "head"], on(2)) is True
    assert desk(log).change("k.clerk", "head", ["clerk", "head"], on(2)) is False
    assert desk(log).authenticate(issued.key, on(2)) == Actor("k.clerk", ("clerk", "head"), "head")


def test_the_key_itself_is_kept_nowhere(log: MemoryLog) -> None:
    key = enrolled(log)
    kept = str(log.streams)
    assert key not in kept
    assert key.rpartition("_")[2] not in kept
    assert hashed(key) in kept


def test_a_key_ends_with_its_year(log: MemoryLog) -> None:
    key = enrolled(log)
    year = on(1) + timedelta(days=365)
    assert desk(log).authenticate(key, year - timedelta(microseconds=1)).id == "k.clerk"
    assert refused(lambda: desk(log).authenticate(key, year)) == "staff_key_expired"


def test_a_rotated_key_works_a_day_more_and_a_lost_one_not_at_all(log: MemoryLog) -> None:
    first = enrolled(log)
    second = desk(log).rotate(first, on(2)).key
    for key in (first, second):
        assert desk(log).authenticate(key, on(2) + 23 * HOUR).id == "k.clerk"
    assert refused(lambda: desk(log).authenticate(first, on(2) + 24 * HOUR)) == "staff_key_expired"
    # who lost the answer asks again, and what nobody has seen ends
    third = desk(log).rotate(first, on(2) + HOUR).key
    assert refused(lambda: desk(log).authenticate(second, on(2) + HOUR)) == "staff_key_unknown"
    fourth = desk(log).issue_key("k.clerk", on(2) + HOUR).key
    for key in (first, second, third):
        assert refused(lambda key=key: desk(log).authenticate(key, on(2) + HOUR)) == "staff_key_unknown"
    assert desk(log).authenticate(fourth, on(2) + HOUR).id == "k.clerk"


def test_a_revocation_holds_at_once_and_for_good(log: MemoryLog) -> None:
    key = enrolled(log)
    assert desk(log).revoke("k.clerk", "left", on(2)) is True
    assert desk(log).revoke("k.clerk", "left", on(2)) is False
    for act in (
        lambda: desk(log).authenticate(key, on(2)),
        lambda: desk(log).rotate(key, on(2)),
        lambda: desk(log).issue_key("k.clerk", on(2)),
        lambda: desk(log).change("k.clerk", "", ["head"], on(2)),
    ):
        assert refused(act) == "staff_revoked"
    assert refused(lambda: desk(log).enrol("k.clerk", "", ["clerk"], on(3))) == "staff_known"


def test_trial_keys_do_not_touch_production(log: MemoryLog) -> None:
    trial = enrolled(log)
    live = desk(log, "production").enrol("h.head", "", ["head"], on(1)).key
    assert live.startswith("azyq_live_staff_h.head_")
    assert refused(lambda: desk(log, "production").authenticate(trial, on(1))) == (
        "staff_key_of_other_environment"
    )
    assert refused(lambda: desk(log).rotate(live, on(1))) == "staff_key_of_other_environment"
    # the prefix is no more than a hint: where the key is good stands in the log
    forged = live.replace("azyq_live", "azyq_trial")
    assert refused(lambda: desk(log).authenticate(forged, on(1))) == "staff_key_unknown"


@pytest.mark.parametrize(
    "key",
    [
        *("", "x", "azyq_trial_staff_", "azyq_trial_staff_k.clerk_", "ключ", "\ud800" * 60),
        *(f"azyq_trial_{whose}_{'a' * 43}" for whose in ("staff_nobody", "staff_K.CLERK", "k7qm2xva")),
    ],
)
def test_what_is_no_key_is_none(log: MemoryLog, key: str) -> None:
    assert refused(lambda: desk(log).authenticate(key, on(1))) == "staff_key_unknown"


def test_a_key_of_staff_is_no_terminals(log: MemoryLog) -> None:
    with pytest.raises(KeyUnknown):
        credentials_of(enrolled(log))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "K.clerk",
        "k clerk",
        "k_clerk",
        "1clerk",
        "880504300123",
        "k" * 41,
        "кл",
        "k.clerk\n",
        "a" * 32,
    ],
)
def test_an_id_is_no_name_and_no_number(log: MemoryLog, name: str) -> None:
    assert refused(lambda: desk(log).enrol(name, "", ["clerk"], on(1))) == "staff_id_malformed"
    assert refused(lambda: desk(log).revoke("k.other", "", on(1))) == "staff_unknown"


def test_a_life_is_replayed_as_it_was() -> None:
    told = replay(staff())  # type: ignore[arg-type]
    assert (told.revoked, told.keys) == (True, [])


def audited(*events: tuple[str, dict[str, Any]], stream: str = "") -> list[str]:
    """The checks that an audit of one member's stream finds broken."""
    fold = LogFold({}, GoodsCatalogue(()), lambda end: None, lambda *names: None)
    one = StaffFold(fold, stream or staff_stream_id("k.clerk").hex, StaffBook())
    for number, (topic, data) in enumerate(events, start=1):
        one.apply(number, number, f"staff.{topic}", {"staff": "k.clerk", **data})
    return [finding.check for finding in fold.findings.first()]


ENROLLED = ("enrolled", {"key_hash": "a"})


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([ENROLLED, ("key_rotated", {"old_hash": "a", "key_hash": "b"}), ("changed", {})], []),
        ([("changed", {})], ["staff_order"]),
        ([ENROLLED, ENROLLED], ["staff_order"]),
        ([ENROLLED, ("revoked", {}), ("key_issued", {"key_hash": "b"})], ["staff_order"]),
        ([ENROLLED, ("key_rotated", {"old_hash": "x", "key_hash": "b"})], ["staff_order"]),
        ([ENROLLED, ("made_up", {})], ["topic_unknown"]),
        ([ENROLLED, ("identified", {"subject": "a"}), ("revoked", {})], []),
        ([ENROLLED, ("identified", {"subject": "a"}), ("identified", {"subject": "b"})], ["staff_order"]),
    ],
)
def test_the_audit_finds_what_could_not_have_been(
    events: list[tuple[str, dict[str, Any]]], found: list[str]
) -> None:
    assert audited(*events) == found
    assert "stream_identity" in audited(*events[:1], stream="0" * 32)
    assert len(STAFF_CHECKS) == 8


IDENTIFIED = ("staff.identified", {"subject": "p"})
NAMED = ("signatory.named", {"subject": "p", "staff": "k.clerk"})


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([("k.clerk", *IDENTIFIED), ("k.clerk", *NAMED)], []),
        ([("k.clerk", *IDENTIFIED), ("k.clerk", "staff.revoked", {}), ("h.head", *IDENTIFIED)], []),
        ([("k.clerk", *IDENTIFIED), ("h.head", *IDENTIFIED)], ["staff_person"]),
        ([("h.head", *IDENTIFIED), ("k.clerk", *NAMED)], ["staff_person"]),
    ],
)
def test_S000_L6_the_audit_finds_one_person_as_two_members(
    events: list[tuple[str, str, dict[str, Any]]], found: list[str]
) -> None:
    fold, book = LogFold({}, GoodsCatalogue(()), lambda end: None, lambda *names: None), StaffBook()
    folds: dict[str, StaffFold] = {}
    for position, (member, topic, data) in enumerate(events, start=1):
        stream = (signatory_id("p") if topic.startswith("signatory.") else staff_stream_id(member)).hex
        one = folds.get(stream)
        if one is None:
            one = folds[stream] = StaffFold(fold, stream, book)
            if topic.startswith("staff."):
                one.apply(0, 1, "staff.enrolled", {"staff": member, "key_hash": "a"})
        one.apply(position, 2, topic, {"staff": member, **data})
    book.finish(fold)
    assert [finding.check for finding in fold.findings.first()] == found


def test_S000_L6_a_person_is_one_member_of_staff(log: MemoryLog) -> None:
    # given a clerk whose person is known, and a head who is enrolled with the person
    key = enrolled(log)
    assert desk(log).of_subject("p1") is None
    assert desk(log).authenticate(key, on(2)).subject == ""
    assert desk(log).identify("k.clerk", "p1", on(2)) is True
    assert desk(log).identify("k.clerk", "p1", on(2)) is False
    desk(log).enrol("h.head", "", ["head"], on(2), subject="p2")
    # then who comes with the key is the person, and the person leads to the member
    assert desk(log).authenticate(key, on(2)) == Actor("k.clerk", ("clerk",), "clerk", "p1")
    assert desk(log).of_subject("p1") == Actor("k.clerk", ("clerk",), "clerk", "p1")
    assert desk(log).of_subject("p2") == Actor("h.head", ("head",), "", "p2")
    # and neither is anybody else
    assert refused(lambda: desk(log).identify("k.clerk", "p3", on(3))) == "staff_identified"
    assert refused(lambda: desk(log).identify("nobody", "p3", on(3))) == "staff_unknown"
    other = desk(log).enrol("o.other", "", ["clerk"], on(3)).key
    assert refused(lambda: desk(log).identify("o.other", "p1", on(3))) == "subject_taken"
    assert refused(lambda: desk(log).enrol("x.next", "", ["clerk"], on(3), subject="p2")) == "subject_taken"
    assert (
        refused(lambda: desk(log).identify("x.next", "p9", on(3))) == "staff_unknown"
    )  # nothing was recorded
    assert desk(log).authenticate(other, on(3)).subject == ""


def test_S000_L6_whose_id_was_revoked_may_be_another_member(log: MemoryLog) -> None:
    enrolled(log)
    desk(log).identify("k.clerk", "p1", on(2))
    desk(log).revoke("k.clerk", "left", on(3))
    assert desk(log).of_subject("p1") is None
    assert refused(lambda: desk(log).identify("k.clerk", "p1", on(3))) == "staff_revoked"
    desk(log).enrol("c.clerk", "", ["clerk"], on(4), subject="p1")
    assert desk(log).of_subject("p1") == Actor("c.clerk", ("clerk",), "", "p1")


def test_S000_L6_two_that_are_identified_at_once_are_not_one_person(log: MemoryLog) -> None:
    enrolled(log)
    desk(log).enrol("h.head", "", ["head"], on(1))
    commands, saved = desk(log), log.save

    def first_another(*aggregates: Any, **more: Any) -> None:
        log.save = saved  # type: ignore[method-assign]
        desk(log).identify("h.head", "p1", on(2))
        saved(*aggregates, **more)

    log.save = first_another  # type: ignore[method-assign]
    assert refused(lambda: commands.identify("k.clerk", "p1", on(2))) == "subject_taken"

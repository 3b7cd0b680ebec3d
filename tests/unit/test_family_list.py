"""A family on the deliveries of a month's list: named, changed, gone, back; with and without a number."""

from __future__ import annotations

from datetime import date

import pytest

from domain.family import FamilyVouchers
from domain.programmes import ProgrammeNotInForce
from tests.unit.given_when_then import on, programme, sms, story


def test_R2_2_the_list_is_about_the_last_day_of_the_month_before() -> None:
    months = {m: programme().month(m).assistance_on for m in ("2025-07", "2025-08", "2025-09")}
    assert months == {
        "2025-07": date(2025, 6, 30),
        "2025-08": date(2025, 7, 31),
        "2025-09": date(2025, 8, 31),
    }


def test_R2_2_a_family_is_eligible_because_the_list_names_it() -> None:
    told = story(members=("a", "b"))
    told.when(lambda f, m: None)
    told.then_event(
        "family.eligible",
        programme="akkol-2025",
        month="2025-07",
        region="113220100",
        applicant="a",
        members=["a", "b"],
        delivery="1-d",
    )


def test_R2_16_nobody_applies_the_list_alone_begins_the_story() -> None:
    told = story().when(lambda f, m: sms(f, m, "consent_request", on(5)))
    told.then_in_order("family.eligible", "sms.sent")


def test_R14_R15_each_event_names_the_month_it_belongs_to() -> None:
    told = story()
    told.when(lambda f, m: f.record_number(m, False, on(2)))
    assert {event.cycle for event in told.new} == {"akkol-2025/2025-07"}
    told.then_in_order("family.eligible", "family.number_missing")


def test_R15_the_same_family_and_month_give_the_same_stream() -> None:
    months = (programme().month("2025-07"), programme().month("2025-08"))
    first, again, later = (
        FamilyVouchers.list_family(m, "fam", "113220100", "a", ["a"], "1-d", on(2))
        for m in (months[0], months[0], months[1])
    )
    assert first.id == again.id
    assert first.id != later.id


def test_R18_no_number_ends_the_process() -> None:
    told = story().given().when(lambda f, m: f.record_number(m, False, on(2)))
    told.then_event("family.number_missing")
    told.when(lambda f, m: sms(f, m, "consent_request", on(5))).then_nothing(False)
    told.when(lambda f, m: f.lapse(m, on(1, month=8))).then_nothing(False)


def test_R18_an_absence_is_written_once() -> None:
    told = story().given(lambda f, m: f.record_number(m, False, on(2)))
    told.when(lambda f, m: f.record_number(m, False, on(3))).then_nothing()


def test_R16_a_number_found_before_the_cut_off_opens_the_process_again() -> None:
    told = story().given(lambda f, m: f.record_number(m, False, on(2)))
    told.when(lambda f, m: f.record_number(m, True, on(3))).then_event("family.number_found")
    told.when(lambda f, m: sms(f, m, "consent_request", on(5))).then_event("sms.sent")


def test_R16_a_number_that_is_there_is_no_news() -> None:
    told = story().given()
    told.when(lambda f, m: f.record_number(m, True, on(2))).then_nothing()


def test_R19_a_later_delivery_with_other_members_is_a_change() -> None:
    told = story().given()
    told.when(lambda f, m: f.list_again(m, "113220100", "b", ["b", "c", "d"], "2-d", on(3)))
    assert told.answer == "changed"
    told.then_event("family.changed", added=["d"], removed=["a"], applicant="b", delivery="2-d")
    assert told.family.members == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("region", "applicant"), [("113220200", "a"), ("113220100", "b")], ids=["moved", "applicant"]
)
def test_R19_another_region_or_applicant_is_a_change(region: str, applicant: str) -> None:
    told = story().given()
    told.when(lambda f, m: f.list_again(m, region, applicant, ["a", "b", "c"], "2-d", on(3)))
    told.then_event("family.changed", added=[], removed=[], region=region, applicant=applicant)


def test_R16_R18_another_applicants_number_is_looked_up_though_the_old_ones_was_missing() -> None:
    told = story().given(lambda f, m: f.record_number(m, False, on(2)))
    told.when(lambda f, m: f.list_again(m, "113220100", "b", ["a", "b", "c"], "2-d", on(3)))
    told.then_in_order("family.changed", "family.number_unsettled")
    told.when(lambda f, m: sms(f, m, "consent_request", on(5))).then_event("sms.sent")


def test_R18_another_applicant_may_have_no_number_either() -> None:
    told = story().given(lambda f, m: f.record_number(m, False, on(2)))
    told.given(lambda f, m: f.list_again(m, "113220100", "b", ["a", "b", "c"], "2-d", on(3)))
    told.when(lambda f, m: f.record_number(m, False, on(3))).then_event("family.number_missing")


def test_R18_the_same_applicants_missing_number_stays_missing_when_the_family_changes() -> None:
    told = story().given(lambda f, m: f.record_number(m, False, on(2)))
    told.when(lambda f, m: f.list_again(m, "113220100", "a", ["a", "b"], "2-d", on(3)))
    told.then_event("family.changed")
    told.when(lambda f, m: sms(f, m, "consent_request", on(5))).then_nothing(False)


def test_R19_the_same_family_in_another_order_is_no_change() -> None:
    told = story().given()
    told.when(lambda f, m: f.list_again(m, "113220100", "a", ["c", "b", "a"], "2-d", on(3)))
    told.then_nothing("unchanged")


def test_R19_a_delivery_taken_in_twice_gives_its_first_answer() -> None:
    told = story().given()
    told.when(lambda f, m: f.list_again(m, "113220100", "a", ["a", "b", "c"], "1-d", on(2))).then_nothing(
        "added"
    )
    told.when(lambda f, m: f.list_again(m, "113220100", "a", ["a"], "2-d", on(3))).then_event(
        "family.changed"
    )
    told.when(lambda f, m: f.list_again(m, "113220100", "a", ["a"], "2-d", on(3))).then_nothing("changed")


def test_R19_a_family_that_the_next_delivery_does_not_name_has_left() -> None:
    told = story().given()
    told.when(lambda f, m: f.leave_list(m, "2-d", on(3))).then_event("family.left", members=3, delivery="2-d")
    told.when(lambda f, m: f.leave_list(m, "2-d", on(3))).then_nothing("left")
    told.when(lambda f, m: f.leave_list(m, "3-d", on(3))).then_nothing("absent")
    told.when(lambda f, m: sms(f, m, "consent_request", on(5))).then_nothing(False)


def test_R19_a_family_that_left_and_is_named_again_is_back() -> None:
    told = story().given(lambda f, m: f.leave_list(m, "2-d", on(3)))
    told.when(lambda f, m: f.list_again(m, "113220100", "a", ["a", "b"], "3-d", on(4)))
    told.then_event("family.changed", added=["a", "b"], removed=[], delivery="3-d")
    told.when(lambda f, m: sms(f, m, "consent_request", on(5))).then_event("sms.sent")


def test_R19_who_left_without_a_number_comes_back_without_one() -> None:
    told = story().given(lambda f, m: f.record_number(m, False, on(2)))
    told.when(lambda f, m: f.leave_list(m, "2-d", on(3))).then_event("family.left", number_missing=True)
    told.given(lambda f, m: f.list_again(m, "113220100", "a", ["a"], "3-d", on(4)))
    told.when(lambda f, m: f.record_number(m, False, on(4))).then_event("family.number_missing")


def test_R19_the_list_never_touches_a_family_that_has_vouchers() -> None:
    told = story().given_consented()
    with pytest.raises(AssertionError):
        told.family.list_again(told.month, "113220100", "a", ["a"], "2-d", on(3))
    with pytest.raises(AssertionError):
        told.family.leave_list(told.month, "2-d", on(3))


def test_O9_R4_the_programme_has_three_months_and_ends_on_its_last_day() -> None:
    pilot = programme()
    assert pilot.months() == ["2025-07", "2025-08", "2025-09"]
    assert pilot.month("2025-09").valid_to == date(2025, 9, 26)
    with pytest.raises(ProgrammeNotInForce):
        pilot.terms_on(date(2025, 9, 27))


def test_R4_R31_a_decision_names_the_rules_it_was_made_under() -> None:
    told = story(version="akkol-2025/2025-08-01")
    told.when(lambda f, m: f.record_number(m, False, on(2)))
    assert {event.rules for event in told.new} == {"akkol-2025/2025-08-01"}

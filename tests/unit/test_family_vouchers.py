"""Vouchers: issued for each member, activated by the recipient, expired with the month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.calendar import day_end, day_start
from domain.replies import Answer
from tests.unit.given_when_then import AMOUNT, on, programme, reply, sms, story, terms


def test_R5_R24_a_voucher_for_each_member() -> None:
    told = story().given_asked().when(lambda f, m: reply(f, m, Answer.YES, on(6)))
    _, issued = told.new
    told.then_in_order("family.consented", "voucher.issued")
    assert [[member, tiyn] for _, member, tiyn in issued.vouchers] == [[m, AMOUNT] for m in "abc"]
    assert issued.issued_tiyn == 3 * AMOUNT
    assert len({voucher for voucher, _, _ in issued.vouchers}) == 3
    assert (issued.valid_from, issued.valid_to) == ("2025-07-05", "2025-07-31")


def test_R5_the_members_are_those_of_the_last_delivery() -> None:
    told = story().given(lambda f, m: f.list_again(m, "113220100", "a", ["a", "d"], "2-d", on(3)))
    told.given_asked().when(lambda f, m: reply(f, m, Answer.YES, on(6)))
    assert [member for _, member, _ in told.new[1].vouchers] == ["a", "d"]


def test_R24_the_same_member_has_the_same_voucher_whoever_asks() -> None:
    assert list(story().given_consented().family.vouchers) == list(story().given_consented().family.vouchers)


def test_R2_6_the_amount_is_that_of_the_terms_in_force() -> None:
    pilot = programme(terms(), terms(version="v2", effective_from=date(2025, 8, 1), amount_tiyn=432_500))
    amounts = {m: pilot.month(m).terms.amount_tiyn for m in ("2025-07", "2025-08", "2025-09")}
    assert amounts == {"2025-07": AMOUNT, "2025-08": 432_500, "2025-09": 432_500}
    told = story(amount_tiyn=432_500).given_consented()
    assert [v.amount_tiyn for v in told.family.vouchers.values()] == [432_500] * 3


def test_R31_R2_6_an_amount_adjusted_later_leaves_issued_vouchers_alone() -> None:
    told = story().given_activated()
    told.month = replace(told.month, terms=terms(version="v2", amount_tiyn=1))
    told.when_bought(("rice", "1")).then_event("voucher.redeemed", rules="v2", drawn_tiyn=10_000)
    told.then_sums(available=3 * AMOUNT - 10_000, spent=10_000)


def test_R7_the_recipient_activates_by_himself() -> None:
    told = story().given_consented()
    told.when(lambda f, m: f.activate(m, via="link", at=on(6)))
    assert told.answer is True
    told.then_event("voucher.activated", via="link", vouchers=list(told.family.vouchers))
    told.when(lambda f, m: f.activate(m, via="app", at=on(7))).then_nothing(False)


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        (day_start(date(2025, 7, 5)) - timedelta(microseconds=1), False),
        (day_start(date(2025, 7, 5)), True),
        (day_end(date(2025, 7, 31)), True),
        (day_start(date(2025, 8, 1)), False),
    ],
)
def test_R7_activation_is_from_the_5th_to_the_last_day(at: datetime, open_: bool) -> None:
    told = story().given_consented().when(lambda f, m: f.activate(m, via="link", at=at))
    if open_:
        told.then_event("voucher.activated")
    else:
        told.then_refused("voucher_outside_window", "code")


@pytest.mark.parametrize(
    ("at", "open_"),
    [(on(6), False), (on(7), True), (on(29, 23, 59), True), (on(30, 0, 0), False)],
)
def test_R7_R31_another_programme_has_other_days(at: datetime, open_: bool) -> None:
    told = story(activate_from_day=7, activate_to_day=29).given_consented()
    told.when(lambda f, m: f.activate(m, via="link", at=at))
    if open_:
        told.then_event("voucher.activated")
    else:
        told.then_refused("voucher_outside_window")


def test_O9_in_the_last_month_the_voucher_ends_with_the_programme() -> None:
    told = story("2025-09").given_consented()
    told.when(lambda f, m: f.activate(m, via="link", at=on(27, month=9))).then_refused(
        "voucher_outside_window"
    )
    told.when(lambda f, m: f.expire(m, on(26, 23, 59, month=9))).then_nothing(False)
    told.when(lambda f, m: f.expire(m, day_end(date(2025, 9, 26)))).then_event("voucher.expired")


def test_R8_a_voucher_that_was_not_activated_is_valid_to_the_months_end() -> None:
    told = story().given_consented()
    told.when(lambda f, m: f.expire(m, on(31))).then_nothing(False)
    told.when(lambda f, m: f.activate(m, via="link", at=on(31, 23, 59))).then_event("voucher.activated")


def test_R8_R7_what_is_not_spent_ends_with_the_month() -> None:
    told = story().given_activated().given_bought(("rice", "3"))
    told.when(lambda f, m: f.expire(m, day_end(m.valid_to)))
    told.then_event("voucher.expired", expired_tiyn=3 * AMOUNT - 30_000, activated=True)
    told.then_sums(spent=30_000, expired=3 * AMOUNT - 30_000)
    told.when(lambda f, m: f.expire(m, on(1, month=8))).then_nothing(False)


def test_R8_an_unopened_voucher_expires_whole() -> None:
    told = story().given_consented().when(lambda f, m: f.expire(m, day_end(m.valid_to)))
    told.then_event("voucher.expired", expired_tiyn=3 * AMOUNT, activated=False)
    told.when(lambda f, m: f.activate(m, via="link", at=on(31))).then_refused("voucher_ended", "code")


def test_R8_a_family_without_vouchers_has_none_to_end() -> None:
    told = story().given_asked().when(lambda f, m: f.expire(m, on(1, month=8)))
    told.then_nothing(False)


def test_R23_a_voucher_opens_after_consent_only() -> None:
    told = story().given_asked()
    told.when(lambda f, m: f.activate(m, via="link", at=on(6))).then_refused("voucher_not_issued")


def test_O3_2_vouchers_issued_and_used_are_counted_from_events() -> None:
    told = story().given()
    for step in (
        lambda f, m: sms(f, m, "consent_request", on(5)),
        lambda f, m: reply(f, m, Answer.YES, on(6)),
        lambda f, m: f.activate(m, via="link", at=on(7)),
    ):
        told.when(step)
    told.when_bought(("rice", "40"))
    issued = sum(len(e.vouchers) for e in told.new if e.TOPIC == "voucher.issued")
    used = {voucher for e in told.new if e.TOPIC == "voucher.redeemed" for voucher, _ in e.draws}
    assert (issued, len(used)) == (3, 2)

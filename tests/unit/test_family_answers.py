"""SMS and answers: asked, reminded, consented, refused, withdrawn, lapsed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from domain.calendar import day_end
from domain.family import HAS_VOUCHERS, OPEN_FOR_ANSWER
from domain.replies import Answer
from tests.unit.given_when_then import AMOUNT, Step, Story, on, reply, sms, story


def reported(status: str) -> Step:
    return lambda f, m: f.record_report("m-consent_request", status, on(5))


def failed(told: Story) -> Story:
    return told.when(
        lambda f, m: f.record_sms_failed(
            m, message="m-consent_request", purpose="consent_request", reason="no route", at=on(5)
        )
    )


def test_R20_the_first_sms_asks_for_consent() -> None:
    told = story().given().when(lambda f, m: sms(f, m, "consent_request", on(5)))
    told.then_event("sms.sent", purpose="consent_request", language="kk", parts=5, gateway="outbox")
    assert told.family.stage in OPEN_FOR_ANSWER


def test_R20_nobody_is_asked_twice() -> None:
    told = story().given_asked()
    assert not told.family.wants_sms("consent_request", "another")
    told.when(
        lambda f, m: f.record_sms(
            m,
            message="m-consent_request",
            purpose="consent_request",
            language="kk",
            encoding="ucs2",
            parts=5,
            gateway="kannel",
            at=on(5),
        )
    ).then_nothing(False)


def test_R20_a_message_no_gateway_takes_is_not_tried_again() -> None:
    told = failed(story().given()).then_event("sms.failed", reason="no route")
    failed(told).then_nothing(False)
    told.when(lambda f, m: sms(f, m, "consent_request", on(6))).then_nothing(False)


def test_R20_the_networks_word_is_kept_once_and_the_last_one_stays() -> None:
    told = story().given_asked()
    for status in ("buffered", "delivered"):
        told.when(reported(status)).then_event("sms.reported", status=status)
    for late in ("delivered", "buffered", "failed"):
        told.when(reported(late)).then_nothing(False)
    told.when(lambda f, m: f.record_report("unknown", "delivered", on(5))).then_nothing(False)


def test_R21_who_does_not_answer_is_asked_once_more() -> None:
    told = story().given_asked()
    told.when(lambda f, m: sms(f, m, "reminder", on(10))).then_event("sms.sent", purpose="reminder")
    assert not told.family.wants_sms("reminder", "another")


def test_R21_who_answered_is_not_reminded() -> None:
    told = story().given_consented()
    told.when(lambda f, m: sms(f, m, "reminder", on(10))).then_nothing(False)


def test_R21_no_answer_by_month_end_cancels_activation() -> None:
    told = story().given_asked()
    told.when(lambda f, m: f.lapse(m, day_end(m.deadline))).then_event("family.lapsed")
    told.when(lambda f, m: f.lapse(m, on(1, month=8))).then_nothing(False)
    told.when(lambda f, m: f.activate(m, via="link", at=on(31))).then_refused("voucher_not_issued")


def test_R21_nothing_lapses_before_the_month_is_over() -> None:
    told = story().given_asked()
    told.when(lambda f, m: f.lapse(m, day_end(m.deadline) - timedelta(microseconds=1))).then_nothing(False)


def test_R21_a_refusal_cancels_activation() -> None:
    told = story().given_asked()
    told.when(lambda f, m: reply(f, m, Answer.NO, on(6))).then_event(
        "family.refused", reply="reply", channel="http"
    )
    told.when(lambda f, m: f.activate(m, via="link", at=on(7))).then_refused("voucher_not_issued")
    told.when(lambda f, m: reply(f, m, Answer.YES, on(8), "second")).then_event(
        "family.answer_ignored", reason="already_answered"
    )


def test_R21_consent_after_the_months_end_is_too_late() -> None:
    told = story().given_asked()
    told.when(lambda f, m: reply(f, m, Answer.YES, on(1, 0, 0, month=8))).then_event(
        "family.answer_ignored", reason="too_late"
    )
    assert told.family.vouchers == {}


def test_R21_consent_in_the_last_minute_of_the_month_counts() -> None:
    told = story().given_asked()
    told.when(lambda f, m: reply(f, m, Answer.YES, on(31, 23, 59)))
    told.then_in_order("family.consented", "voucher.issued")


def test_R21_who_lapsed_is_too_late_even_by_a_clock_that_is_behind() -> None:
    told = story().given_asked().given(lambda f, m: f.lapse(m, day_end(m.deadline)))
    told.when(lambda f, m: reply(f, m, Answer.YES, on(31))).then_event(
        "family.answer_ignored", reason="too_late"
    )


def test_R22_R2_10_who_confirms_by_sms_is_a_recipient() -> None:
    told = story().given_asked().when(lambda f, m: reply(f, m, Answer.YES, on(6)))
    assert told.answer == "consented"
    told.then_in_order("family.consented", "voucher.issued")
    assert told.family.stage in HAS_VOUCHERS


def test_R2_10_a_family_without_a_reply_is_no_recipient() -> None:
    told = story().given_asked()
    told.when(lambda f, m: f.activate(m, via="link", at=on(6))).then_refused("voucher_not_issued")


def test_O5_2_no_voucher_without_a_recorded_consent() -> None:
    told = story().given_asked().when(lambda f, m: reply(f, m, Answer.YES, on(6), "digest"))
    consented, issued = told.new
    assert (consented.TOPIC, consented.reply) == ("family.consented", "digest")
    assert issued.originator_version == consented.originator_version + 1
    told.then_in_order("family.consented", "voucher.issued")


def test_O5_2_who_was_never_asked_can_not_consent() -> None:
    told = story().given().when(lambda f, m: reply(f, m, Answer.YES, on(3)))
    told.then_event("family.answer_ignored", reason="already_answered")
    assert told.family.vouchers == {}


@pytest.mark.parametrize("answer", list(Answer))
def test_R22_the_same_reply_again_changes_nothing(answer: Answer) -> None:
    told = story().given_asked().given(lambda f, m: reply(f, m, answer, on(6)))
    outcome = told.family.replies["reply"]
    for again in Answer:
        told.when(partial(reply, answer=again, at=on(7))).then_nothing(outcome)


def test_R22_yes_twice_is_one_consent() -> None:
    told = story().given_consented()
    told.when(lambda f, m: reply(f, m, Answer.YES, on(7), "second")).then_event(
        "family.answer_ignored", reason="already_answered"
    )


def test_R21_an_answer_not_understood_is_asked_again_once() -> None:
    told = story().given_asked()
    told.when(lambda f, m: reply(f, m, Answer.UNCLEAR, on(6))).then_event("family.answer_not_understood")
    told.when(lambda f, m: sms(f, m, "not_understood", on(6))).then_event(
        "sms.sent", purpose="not_understood"
    )
    told.when(lambda f, m: reply(f, m, Answer.UNCLEAR, on(7), "2nd")).then_event(
        "family.answer_not_understood"
    )
    told.when(lambda f, m: sms(f, m, "not_understood", on(7))).then_nothing(False)
    told.when(lambda f, m: reply(f, m, Answer.YES, on(8), "3rd"))
    told.then_in_order("family.consented", "voucher.issued")


def test_R23_after_consent_the_recipient_gets_the_link() -> None:
    told = story().given_asked()
    told.when(lambda f, m: sms(f, m, "consent_confirmed", on(6))).then_nothing(False)
    told.given(lambda f, m: reply(f, m, Answer.YES, on(6)))
    told.when(lambda f, m: sms(f, m, "consent_confirmed", on(6))).then_event(
        "sms.sent", purpose="consent_confirmed"
    )
    told.when(lambda f, m: sms(f, m, "consent_confirmed", on(6))).then_nothing(False)


def test_a_purpose_that_is_none_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no such purpose"):
        story().family.wants_sms("greeting", "m")


def test_O5_2_a_consent_withdrawn_cancels_what_is_not_spent() -> None:
    told = story().given_activated().given_bought(("rice", "40"))
    told.when(lambda f, m: reply(f, m, Answer.NO, on(11), "no")).then_event(
        "family.consent_withdrawn", cancelled_tiyn=3 * AMOUNT - 400_000
    )
    told.then_sums(spent=400_000, cancelled=3 * AMOUNT - 400_000)
    told.when_bought(("rice", "1"), receipt="r2", key="k2").then_refused("voucher_ended")
    told.when(lambda f, m: f.activate(m, via="link", at=on(12))).then_refused("voucher_ended")
    told.when(lambda f, m: f.expire(m, on(1, month=8))).then_nothing(False)


def test_O5_2_a_consent_withdrawn_before_activation_cancels_all() -> None:
    told = story().given_consented().given_withdrawn().then_sums(cancelled=3 * AMOUNT)
    told.when(lambda f, m: reply(f, m, Answer.YES, on(21), "again")).then_event(
        "family.answer_ignored", reason="already_answered"
    )


def test_O5_2_a_withdrawal_with_nothing_left_cancels_nothing() -> None:
    told = story(members=("a",), draw="price").given_activated()
    told.given_bought(("rice", "9"), ("rice", "0.83"))
    told.when(lambda f, m: reply(f, m, Answer.NO, on(11), "no")).then_event(
        "family.consent_withdrawn", cancelled=[], cancelled_tiyn=0
    )
    told.then_sums(spent=AMOUNT)

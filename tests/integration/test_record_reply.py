"""Replies by SMS, end to end on real PostgreSQL (R21, R22, O5.2); whose number a reply is from decides whom it is for."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.ports import DeliveryReport, OutgoingSms, SendResult
from infra.parts.api import Replies
from tests.integration.month_in_process import (
    Household,
    Month,
    Town,
    a_month,
    an_answer,
    events_of,
    in_a_child,
)
from tests.integration.test_send_sms import Scripted, Sending

YES = ("21*1", " 21 * 1 ", "ИӘ", "иә", "Иә!", "да", "ДА", "yes", "келісемін")
NO = ("21*2", "жоқ", "ЖОҚ", "нет", "no", "отказываюсь")
UNCLEAR = ("", " ", "👍", "да нет", "?", "ok", "x" * 10_240, "\udcff", "21*3", "２１＊９")


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


@pytest.fixture
def home(july: Month, town: Town) -> Household:
    """A family that was asked on the 5th."""
    home = town.household(3)
    july.asked(home)
    july.at(6)
    return home


def another_month(month: Month, programme: str, when: str) -> Month:
    return Month(month.azyq, month.clock, month.folder, month.azyq.programme(programme).month(when))


class TestWhatItSays:
    def test_R22_a_yes_in_any_spelling_is_a_consent(self, july: Month, town: Town) -> None:
        homes = town.households(len(YES))
        july.asked(*homes)
        for number, (home, text) in enumerate(zip(homes, YES, strict=True)):
            assert july.reply(home.phone, text, f"m-{number}") == "consented", text
            assert july.topics(home)[-2:] == ["family.consented", "voucher.issued"]

    def test_R21_a_no_in_any_spelling_is_a_refusal(self, july: Month, town: Town) -> None:
        homes = town.households(len(NO))
        july.asked(*homes)
        for number, (home, text) in enumerate(zip(homes, NO, strict=True)):
            assert july.reply(home.phone, text, f"m-{number}") == "refused", text
            assert july.family(home).stage == "refused"

    def test_what_is_neither_is_asked_again_once(self, july: Month, home: Household) -> None:
        for number, text in enumerate(UNCLEAR):
            assert july.reply(home.phone, text, f"m-{number}") == "not_understood", repr(text)[:40]
        july.azyq.drain_sms()
        assert july.reply(home.phone, "not that", "m-last") == "not_understood"
        july.azyq.drain_sms()
        purposes = Counter(message["purpose"] for message in july.outbox())
        assert purposes == {"consent_request": 1, "not_understood": 1}
        assert july.family(home).stage == "asked"

    def test_a_quoted_request_with_a_yes_below_is_a_yes(self, july: Month, home: Household) -> None:
        request = july.outbox()[0]["text"]
        assert july.reply(home.phone, f"> {request}\n21*1") == "consented"

    def test_R5_R24_a_consent_issues_a_voucher_for_each_member(self, july: Month, home: Household) -> None:
        july.reply(home.phone, "21*1")
        vouchers = july.family(home).vouchers.values()
        assert {voucher.member for voucher in vouchers} == {july.subject(person) for person in home.people}
        assert {voucher.amount_tiyn for voucher in vouchers} == {393_200}

    def test_R23_the_consent_is_answered_with_the_wallet_link(self, july: Month, home: Household) -> None:
        july.reply(home.phone, "21*1")
        july.azyq.drain_sms()
        last = july.outbox()[-1]
        assert (last["purpose"], last["to"]) == ("consent_confirmed", home.phone)
        token = last["text"].split("/w/")[1].split()[0]
        assert july.azyq.vault.stream_of_token(token) == july.stream(home).hex


class TestTwice:
    def test_the_same_message_id_twice_is_one_reply(self, july: Month, home: Household) -> None:
        assert july.reply(home.phone, "21*1", "m-1") == "consented"
        before = events_of(july.azyq.dsn)
        assert july.reply(home.phone, "21*1", "m-1") == "consented"
        # However late, and whatever it says by then: gateways retry for days (pitfall 22).
        july.at(29)
        assert july.reply(home.phone, "21*2", "m-1") == "consented"
        assert events_of(july.azyq.dsn) == before

    def test_an_id_first_from_a_stranger_stays_a_stranger_s(self, july: Month, town: Town) -> None:
        home = town.household()
        july.list_of([home])
        assert july.reply(home.phone, "21*1", "m-1") == "unknown_sender"
        assert july.counted()["reply.unknown_sender"] == 1
        july.day(5)
        assert july.reply(home.phone, "21*1", "m-1") == "unknown_sender"
        assert july.counted()["reply.unknown_sender"] == 1
        assert july.family(home).stage == "asked"
        assert july.reply(home.phone, "21*1", "m-2") == "consented"

    def test_one_batch_with_the_same_id_twice(self, july: Month, home: Household) -> None:
        assert home.phone is not None
        answer = an_answer(home.phone, "21*1", "m-1", july.clock())
        stranger = an_answer("+77010000000", "21*1", "m-2", july.clock())
        outcomes = july.azyq.record_reply.run([answer, stranger, answer, stranger])
        assert outcomes == ["consented", "unknown_sender", "consented", "unknown_sender"]
        assert july.counted()["family.consented"] == 1
        assert july.counted()["reply.unknown_sender"] == 1

    def test_two_replies_of_one_phone_in_one_batch_hold_in_order(self, july: Month, home: Household) -> None:
        assert home.phone is not None
        first = an_answer(home.phone, "21*1", "m-1", july.clock())
        second = an_answer(home.phone, "21*2", "m-2", july.clock())
        assert july.azyq.record_reply.run([first, second]) == ["consented", "refused"]
        assert july.topics(home)[-3:] == ["family.consented", "voucher.issued", "family.consent_withdrawn"]


class TestChangedMinds:
    def test_O5_2_yes_then_no_withdraws_and_cancels_what_is_left(self, july: Month, home: Household) -> None:
        july.reply(home.phone, "21*1", "m-1")
        assert july.reply(home.phone, "21*2", "m-2") == "refused"
        family = july.family(home)
        assert family.stage == "withdrawn"
        assert family.available_tiyn == 0
        assert sum(voucher.cancelled_tiyn for voucher in family.vouchers.values()) == 3 * 393_200
        july.azyq.drain_sms()
        assert "consent_confirmed" not in {message["purpose"] for message in july.outbox()}

    def test_R21_no_then_yes_stays_a_refusal(self, july: Month, home: Household) -> None:
        july.reply(home.phone, "21*2", "m-1")
        assert july.reply(home.phone, "21*1", "m-2") == "already_answered"
        assert july.family(home).stage == "refused"
        assert july.counted()["voucher.issued"] == 0

    def test_yes_and_yes_again_issues_once(self, july: Month, home: Household) -> None:
        july.reply(home.phone, "21*1", "m-1")
        assert july.reply(home.phone, "иә", "m-2") == "already_answered"
        assert july.counted()["voucher.issued"] == 1


class TestWhenAndWho:
    def test_R21_after_the_deadline_is_too_late(self, july: Month, home: Household) -> None:
        july.at(31, 23)
        july.clock.now = july.clock.now.replace(month=8, day=1, hour=0)
        assert july.reply(home.phone, "21*1") == "too_late"
        assert july.family(home).stage == "asked"
        assert july.counted()["family.answer_ignored"] == 1

    def test_R21_the_last_hour_of_the_last_day_is_in_time(self, july: Month, home: Household) -> None:
        july.at(31, 23)
        assert july.reply(home.phone, "21*1") == "consented"

    def test_R21_after_the_lapse_is_too_late(self, july: Month, home: Household) -> None:
        july.day(31, 23)
        assert july.family(home).stage == "lapsed"
        assert july.reply(home.phone, "21*1") == "too_late"

    @pytest.mark.parametrize("sender", ["+77019999999", "1414", "", "eGov", "8701", "+44 20 7946 0958"])
    def test_an_unknown_sender_is_kept_and_nothing_else(
        self, july: Month, home: Household, sender: str
    ) -> None:
        assert july.reply(sender, "21*1") == "unknown_sender"
        (kept,) = [event for event in events_of(july.azyq.dsn) if event.topic == "reply.unknown_sender"]
        assert (kept.state["answer"], kept.state["channel"]) == ("yes", "http")
        assert july.family(home).stage == "asked"

    @pytest.mark.parametrize("spelling", ["8{a}{b}{c}", "+7 {a} {b} {c}", "7{a}{b}{c}", "8 ({a}) {b}-{c}"])
    def test_a_phone_in_any_usual_spelling_is_the_same(
        self, july: Month, home: Household, spelling: str
    ) -> None:
        assert home.phone is not None
        national = home.phone[2:]
        text = spelling.format(a=national[:3], b=national[3:6], c=national[6:])
        assert july.reply(text, "21*1") == "consented"

    def test_O5_2_a_reply_from_the_number_of_someone_erased_is_a_stranger_s(
        self, july: Month, home: Household
    ) -> None:
        assert july.reply(home.phone, "21*1", "m-1") == "consented"
        july.azyq.vault.erase(july.subject(home.people[0]))
        for message in ("m-1", "m-2"):
            assert july.reply(home.phone, "21*2", message) == "unknown_sender"
        assert july.family(home).stage == "consented"

    def test_one_phone_for_two_families_holds_for_each_that_waits(self, july: Month, town: Town) -> None:
        one, other = town.household(2), town.household(3)
        other = Household(other.reference, other.people, one.phone)
        july.asked(one, other)
        assert july.reply(one.phone, "21*1", "m-1") == "consented"
        assert (july.family(one).stage, july.family(other).stage) == ("consented", "consented")
        assert july.counted()["voucher.issued"] == 2
        assert july.reply(one.phone, "21*1", "m-1") == "consented"
        assert july.counted()["family.consented"] == 2
        july.azyq.drain_sms()
        links = [m["text"] for m in july.outbox() if m["purpose"] == "consent_confirmed"]
        assert len(set(links)) == 2

    def test_a_late_answer_for_july_is_one_for_august_once_that_is_asked(
        self, july: Month, town: Town
    ) -> None:
        home = town.household()
        july.asked(home)
        august = another_month(july, "akkol-2025", "2025-08")
        august.list_of([home])
        august.at(3)
        assert july.reply(home.phone, "21*1", "m-1") == "too_late"
        august.day(5)
        august.at(6)
        assert july.reply(home.phone, "21*1", "m-2") == "consented"
        assert (july.family(home).stage, august.family(home).stage) == ("asked", "consented")

    def test_O1_two_programmes_at_once_on_one_phone_are_both_answered(self, july: Month, town: Town) -> None:
        home = town.household()
        food = another_month(july, "akkol-2025", "2025-09")
        gas = another_month(july, "gas-2025", "2025-09")
        food.list_of([home])
        gas.list_of([home])
        food.day(5)
        # Gas asks on the 7th only: the first answer is for food alone.
        assert food.reply(home.phone, "21*2", "m-1") == "refused"
        gas.day(7)
        assert food.reply(home.phone, "21*1", "m-2") == "consented"
        assert (food.family(home).stage, gas.family(home).stage) == ("refused", "consented")


class TestAtOnce:
    def test_R22_twenty_answers_at_once_are_one_consent(self, july: Month, home: Household) -> None:
        assert home.phone is not None
        phone, at = home.phone, july.clock()

        def answer(number: int) -> str:
            return july.azyq.record_reply.run([an_answer(phone, "21*1", f"m-{number}", at)])[0]

        with ThreadPoolExecutor(20) as threads:
            outcomes = Counter(threads.map(answer, range(20)))
        assert outcomes == {"consented": 1, "already_answered": 19}
        assert july.counted()["family.consented"] == 1
        assert july.counted()["voucher.issued"] == 1

    def test_twenty_times_the_same_message_at_once_is_one_answer(self, july: Month, home: Household) -> None:
        assert home.phone is not None
        phone, at = home.phone, july.clock()
        with ThreadPoolExecutor(20) as threads:
            outcomes = list(
                threads.map(
                    lambda _: july.azyq.record_reply.run([an_answer(phone, "21*1", "m-1", at)])[0], range(20)
                )
            )
        assert outcomes == ["consented"] * 20
        assert july.counted()["family.answer_ignored"] == 0

    def test_batches_that_cross_are_all_decided(self, july: Month, town: Town) -> None:
        homes = town.households(12)
        july.asked(*homes)
        answers = [an_answer(h.phone or "", "21*1", f"m-{n}", july.clock()) for n, h in enumerate(homes)]
        orders = [answers, answers[::-1], answers[6:] + answers[:6], answers[::2]]
        with ThreadPoolExecutor(4) as threads:
            outcomes = list(threads.map(july.azyq.record_reply.run, orders))
        assert {outcome for batch in outcomes for outcome in batch} == {"consented"}
        assert july.counted()["family.consented"] == 12


class TestBeforeTheRequestLeft:
    """A reply counts for a family only when its request left, or is being handed over (docs/adr/0004)."""

    @pytest.fixture
    def pair(self, july: Month, town: Town) -> tuple[Household, Household]:
        """Two families on one phone."""
        one, other = town.household(2), town.household(3)
        other = Household(other.reference, other.people, one.phone)
        july.list_of([one, other])
        return one, other

    def test_O5_2_a_yes_is_not_counted_for_a_family_whose_request_the_gateway_was_too_busy_for(
        self, july: Month, pair: tuple[Household, Household]
    ) -> None:
        gateway = Scripted("accepted", *["busy"] * 100)
        Sending(july, gateway)
        assert july.day(5)[-1].waiting == 1
        july.at(6)
        assert july.reply(pair[0].phone, "21*1", "m-1") == "consented"
        assert sorted(july.family(home).stage for home in pair) == ["consented", "eligible"]
        gateway._script.clear()
        july.azyq.drain_sms()
        assert sorted(july.family(home).stage for home in pair) == ["asked", "consented"]
        assert july.reply(pair[0].phone, "21*1", "m-2") == "consented"
        assert [july.family(home).stage for home in pair] == ["consented", "consented"]

    def test_O5_2_nobody_was_asked_on_a_number_whose_only_request_never_left(
        self, july: Month, town: Town
    ) -> None:
        home = town.household()
        july.list_of([home])
        Sending(july, Scripted(*["busy"] * 100))
        july.day(5)
        assert july.reply(home.phone, "21*1") == "unknown_sender"
        assert july.family(home).stage == "eligible"

    def test_O5_2_a_request_that_was_given_up_asked_nobody(self, july: Month, town: Town) -> None:
        home = town.household()
        july.list_of([home])
        Sending(july, Scripted("gateway_rejected"))
        july.day(5)
        assert july.reply(home.phone, "21*1") == "unknown_sender"
        assert july.topics(home)[-1] == "sms.failed"

    def test_R22_one_whose_hand_over_had_no_answer_may_have_been_asked(self, july: Month, town: Town) -> None:
        home = town.household()
        july.list_of([home])
        Sending(july, Scripted(*["unknown"] * 100))
        july.day(5)
        july.at(6)
        assert july.reply(home.phone, "21*1") == "consented"
        assert july.topics(home)[-3:] == ["sms.sent", "family.consented", "voucher.issued"]

    def test_R22_an_answer_may_overtake_the_record_of_its_request(
        self, july: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The outbox has it, the answer came, and only then is the hand-over recorded."""
        home = town.household(2)
        july.list_of([home])
        hand_over = july.azyq.gateway.send

        def answered_meanwhile(messages: Sequence[OutgoingSms]) -> list[SendResult]:
            results = hand_over(messages)
            if messages[0].purpose == "consent_request":
                assert july.reply(home.phone, "21*1") == "consented"
            return results

        monkeypatch.setattr(july.azyq.gateway, "send", answered_meanwhile)
        july.day(5)
        july.azyq.drain_sms()
        assert july.topics(home)[-4:] == ["sms.sent", "family.consented", "voucher.issued", "sms.sent"]
        assert [m["purpose"] for m in july.outbox()] == ["consent_request", "consent_confirmed"]

    def test_O5_2_an_outbox_that_failed_asked_nobody(
        self, july: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home = town.household()
        july.list_of([home])
        monkeypatch.setattr(
            july.azyq.gateway,
            "send",
            lambda messages: [SendResult(m.message_id, False, True, "outbox_unavailable") for m in messages],
        )
        monkeypatch.setattr(july.azyq.send_sms, "_pause", lambda seconds: None)
        assert july.day(5)[-1].waiting == 1
        assert july.reply(home.phone, "21*1") == "unknown_sender"
        assert july.family(home).stage == "eligible"

    def test_R22_what_left_just_before_a_crash_was_asked(
        self, july: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The line stands in the file; neither the outbox's table nor the log knows of it yet."""
        home = town.household()
        july.list_of([home])
        gateway = july.azyq.gateway
        monkeypatch.setattr(gateway, "_record", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        assert in_a_child(lambda: july.day(5)) == -9
        monkeypatch.undo()
        july.at(6)
        assert len(july.outbox()) == 1
        assert july.reply(home.phone, "21*1") == "consented"


class TestClocksThatAreWrong:
    """An answer's time never lies before the request it answers (R20, R22)."""

    @pytest.mark.parametrize(
        "says", ["2025-07-05T03:59:59+00:00", "2025-07-01T00:00:00+05:00", "2000-01-01T00:00:00+00:00"]
    )
    def test_R22_an_answer_from_before_its_request_counts_from_the_request_on(
        self, july: Month, town: Town, says: str
    ) -> None:
        home = town.household()
        july.asked(home)
        july.at(6)
        assert july.reply(home.phone, "21*1", at=datetime.fromisoformat(says)) == "consented"
        times = {event.topic: event.state["timestamp"] for event in events_of(july.azyq.dsn)}
        assert datetime.fromisoformat(times["sms.sent"]) == july.at(5)
        assert times["family.consented"] == times["voucher.issued"] == times["sms.sent"]

    def test_R22_also_when_the_hand_over_is_not_recorded_yet(self, july: Month, town: Town) -> None:
        home = town.household()
        july.list_of([home])
        Sending(july, Scripted(*["unknown"] * 100))
        july.day(5)
        july.at(6)
        assert july.reply(home.phone, "21*1", at=datetime(2000, 1, 1, tzinfo=UTC)) == "consented"
        times = {event.topic: event.state["timestamp"] for event in events_of(july.azyq.dsn)}
        assert datetime.fromisoformat(times["sms.sent"]) == july.at(5)
        assert times["family.consented"] == times["sms.sent"]

    def test_R21_an_answer_that_was_on_its_way_for_days_is_not_one_to_the_next_month_s_request(
        self, july: Month, home: Household
    ) -> None:
        august = another_month(july, "akkol-2025", "2025-08")
        august.list_of([home])
        late = august.at(3)
        august.day(5)
        august.at(6)
        assert july.reply(home.phone, "21*1", "m-1", at=late) == "too_late"
        assert (july.family(home).stage, august.family(home).stage) == ("asked", "asked")

    def test_R22_a_clock_some_minutes_slow_still_answers_the_latest_request(
        self, july: Month, home: Household
    ) -> None:
        august = another_month(july, "akkol-2025", "2025-08")
        august.list_of([home])
        august.day(5)
        slow = august.at(5) - timedelta(minutes=4)
        assert july.reply(home.phone, "21*1", "m-1", at=slow) == "consented"
        assert august.family(home).stage == "consented"

    @pytest.mark.parametrize("outcome", ["accepted", "unknown"])
    @pytest.mark.parametrize("says", ["2000-01-01T00:00:00+00:00", "2099-12-31T00:00:00+00:00"])
    def test_a_report_is_of_no_time_before_its_sms_and_of_none_to_come(
        self, july: Month, town: Town, outcome: str, says: str
    ) -> None:
        gateway = Scripted(*[outcome] * 100)
        Sending(july, gateway)
        july.list_of([town.household()])
        july.day(5)
        now = july.at(6)
        report = DeliveryReport(gateway.handed[0].message_id, "delivered", datetime.fromisoformat(says))
        Replies(july.azyq, lambda: None).record_reports([report])
        times = {
            event.topic: datetime.fromisoformat(event.state["timestamp"])
            for event in events_of(july.azyq.dsn)
            if event.topic.startswith("sms.")
        }
        assert july.at(5) <= times["sms.sent"] <= times["sms.reported"] <= now

"""Sending what is due: real queue and log; the outbox, a real Kannel, and gateways that fail (R20, R21, R23)."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.commands.send_sms import SendSms
from domain.ports import DeliveryReport, OutgoingSms, SendResult
from infra.sms.kannel import KannelGateway
from tests.integration.month_in_process import Household, Month, Town, a_month, events_of, in_a_child
from tests.integration.test_kannel import until

ACCEPTED = ("accepted",)


class Scripted:
    """A gateway that answers each hand-over with the next of its script; then it accepts."""

    name = "scripted"

    def __init__(self, *script: str, idempotent: bool = False) -> None:
        self.idempotent = idempotent
        self.handed: list[OutgoingSms] = []
        self._script = list(script)
        self.meanwhile: Callable[[Sequence[OutgoingSms]], object] = lambda messages: None

    def send(self, messages: Sequence[OutgoingSms]) -> list[SendResult]:
        self.handed += messages
        self.meanwhile(messages)
        return [self._result(message.message_id) for message in messages]

    def _result(self, message: str) -> SendResult:
        match self._script.pop(0) if self._script else "accepted":
            case "accepted":
                return SendResult(message, True)
            case "busy":
                return SendResult(message, False, True, "gateway_busy")
            case "unknown":
                return SendResult(message, False, True, "unknown_outcome")
            case reason:
                return SendResult(message, False, False, reason)


class Sending:
    """A month whose SMS go to `gateway`, at the month's clock; pauses pass at once and are noted."""

    def __init__(self, month: Month, gateway: Scripted | KannelGateway, at_once: int = 8) -> None:
        self.month, self.pauses = month, list[float]()
        azyq = month.azyq
        self.sms = SendSms(
            azyq.log,
            azyq.vault,
            azyq.sms_queue,
            gateway,
            azyq.month_of,
            lambda token: f"https://w/{token}",
            at_once=at_once,
            pace=lambda count: None,
            pause=self._pause,
            unknown_after=timedelta(seconds=600),
        )
        azyq.send_sms = self.sms

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.later(seconds)

    def later(self, seconds: float) -> None:
        self.month.clock.now += timedelta(seconds=seconds)

    def report(self, message: OutgoingSms, status: str) -> None:
        self.sms.record_reports([DeliveryReport(message.message_id, status, self.month.clock())])


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


def of(month: Month, topic: str) -> list[dict[str, object]]:
    return [event.state for event in events_of(month.azyq.dsn) if event.topic == topic]


class TestFailures:
    @pytest.mark.parametrize("idempotent", [True, False])
    def test_a_busy_gateway_is_tried_again_with_growing_pauses(
        self, july: Month, town: Town, idempotent: bool
    ) -> None:
        gateway = Scripted("busy", "busy", "busy", idempotent=idempotent)
        sending = Sending(july, gateway)
        home = town.household()
        july.asked(home)
        assert sending.pauses == [1, 2, 4]
        assert len(gateway.handed) == 4
        assert len({message.message_id for message in gateway.handed}) == 1
        assert len(of(july, "sms.sent")) == 1
        assert july.azyq.sms_queue.waiting() == 0

    def test_a_gateway_that_stays_busy_is_left_for_the_next_run(self, july: Month, town: Town) -> None:
        gateway = Scripted(*["busy"] * 100, idempotent=True)
        sending = Sending(july, gateway)
        july.list_of([town.household()])
        assert july.day(5)[-1].waiting == 1
        assert sum(sending.pauses) <= 30
        gateway._script.clear()
        assert july.day(5, 10)[-1].waiting == 0
        assert len(of(july, "sms.sent")) == 1

    def test_a_number_that_is_refused_for_good_is_recorded_and_left(self, july: Month, town: Town) -> None:
        gateway = Scripted("gateway_rejected")
        Sending(july, gateway)
        bad, good = town.households(2)
        july.list_of([bad, good])
        assert july.day(5)[-1].waiting == 0
        (failed,) = of(july, "sms.failed")
        assert (failed["reason"], failed["purpose"]) == ("gateway_rejected", "consent_request")
        assert len(of(july, "sms.sent")) == 1
        assert july.day(6) == []
        july.azyq.drain_sms()
        assert len(gateway.handed) == 2

    def test_someone_erased_in_between_is_a_failure_not_a_crash(self, july: Month, town: Town) -> None:
        gateway = Scripted("busy", idempotent=True)
        sending = Sending(july, gateway)
        home = town.household()
        july.list_of([home])
        sending.sms._pause = lambda seconds: july.azyq.vault.erase(july.subject(home.people[0]))
        july.day(5)
        sending.later(5)
        july.azyq.drain_sms()
        assert [failed["reason"] for failed in of(july, "sms.failed")] == ["no_number"]
        assert july.azyq.sms_queue.waiting() == 0


class TestUnknownOutcome:
    @pytest.fixture
    def gateway(self) -> Scripted:
        return Scripted("unknown")

    @pytest.fixture
    def sending(self, july: Month, town: Town, gateway: Scripted) -> Sending:
        """A message whose hand-over had no answer."""
        sending = Sending(july, gateway)
        july.list_of([town.household()])
        assert july.day(5)[-1].waiting == 1
        july.azyq.drain_sms()
        sending.later(599)
        july.azyq.drain_sms()
        assert len(gateway.handed) == 1
        assert of(july, "sms.sent") == []
        return sending

    @pytest.mark.parametrize("status", ["accepted", "buffered", "delivered"])
    def test_a_report_settles_it(self, july: Month, sending: Sending, gateway: Scripted, status: str) -> None:
        (message,) = gateway.handed
        sending.report(message, status)
        (sent,) = of(july, "sms.sent")
        assert (sent["message"], sent["gateway"]) == (message.message_id, "scripted")
        assert [report["status"] for report in of(july, "sms.reported")] == [status]
        sending.later(3600)
        july.azyq.drain_sms()
        assert len(gateway.handed) == 1
        assert [o.waiting for o in july.day(6)] == [0]

    def test_it_is_repeated_after_a_while_without_any_word(
        self, july: Month, sending: Sending, gateway: Scripted
    ) -> None:
        sending.later(10)
        july.azyq.drain_sms()
        first, second = gateway.handed
        assert first == second
        assert len(of(july, "sms.sent")) == 1

    @pytest.mark.parametrize("word", ["an answer", "a report"])
    def test_R22_word_of_it_counts_though_the_gateway_was_busy_at_the_repeat(
        self, july: Month, sending: Sending, gateway: Scripted, word: str
    ) -> None:
        # given a repeat of it that the gateway surely did not take
        gateway._script += ["busy"] * 100
        sending.later(10)
        july.azyq.drain_sms()
        assert len(gateway.handed) == 2
        # when the first one turns out to have arrived
        if word == "an answer":
            assert july.reply(gateway.handed[0].to, "21*1") == "consented"
        else:
            sending.report(gateway.handed[0], "delivered")
        # then it is not sent again
        gateway._script.clear()
        sending.later(3600)
        july.azyq.drain_sms()
        assert [m.purpose for m in gateway.handed].count("consent_request") == 2
        assert len([s for s in of(july, "sms.sent") if s["purpose"] == "consent_request"]) == 1

    def test_a_rejection_by_the_network_does_not_settle_it(
        self, july: Month, sending: Sending, gateway: Scripted
    ) -> None:
        sending.report(gateway.handed[0], "rejected")
        assert of(july, "sms.sent") == []
        sending.later(10)
        july.azyq.drain_sms()
        assert len(gateway.handed) == 2

    def test_the_same_length_is_recorded_as_when_it_is_answered(
        self, july: Month, town: Town, sending: Sending, gateway: Scripted
    ) -> None:
        # What a report settles must say the same of the message as an answer would have: parts, encoding.
        sending.report(gateway.handed[0], "delivered")
        settled = of(july, "sms.sent")[0]
        august = Month(july.azyq, july.clock, july.folder, july.azyq.programme("akkol-2025").month("2025-08"))
        august.asked(town.household())
        answered = of(july, "sms.sent")[1]
        assert {k: settled[k] for k in ("parts", "encoding", "language")} == {
            k: answered[k] for k in ("parts", "encoding", "language")
        }


class TestTwoAtOnce:
    """Two processes hand over from one queue, as `azyq serve` and `azyq sms reply` may."""

    @pytest.mark.parametrize("outcome", ["accepted", "unknown"])
    def test_R20_a_message_that_another_takes_in_between_is_handed_over_once(
        self, july: Month, town: Town, outcome: str
    ) -> None:
        gateway = Scripted(outcome, outcome)
        july.list_of(town.households(2))
        one, other = Sending(july, gateway), Sending(july, gateway)
        # The one has read what is due when the other takes it.
        one.sms._pace = lambda count: _drained(other, july)
        july.azyq.send_sms = one.sms
        july.day(5)
        assert Counter(message.message_id for message in gateway.handed).most_common(1)[0][1] == 1
        assert len(gateway.handed) == 2
        assert len(of(july, "sms.sent")) == (2 if outcome == "accepted" else 0)

    def test_one_whose_fate_stays_unknown_is_repeated_by_one_of_them(self, july: Month, town: Town) -> None:
        gateway = Scripted("unknown")
        july.list_of([town.household()])
        one, other = Sending(july, gateway), Sending(july, gateway)
        july.azyq.send_sms = one.sms
        july.day(5)
        one.later(3600)
        one.sms._pace = lambda count: _drained(other, july)
        july.azyq.drain_sms()
        assert len(gateway.handed) == 2
        assert len(of(july, "sms.sent")) == 1
        assert july.azyq.sms_queue.waiting() == 0


class TestReports:
    def test_each_word_of_the_network_is_recorded_once(self, july: Month, town: Town) -> None:
        gateway = Scripted()
        sending = Sending(july, gateway)
        july.asked(town.household())
        (message,) = gateway.handed
        for status in ("accepted", "accepted", "delivered", "accepted", "delivered", "failed"):
            sending.report(message, status)
        assert [report["status"] for report in of(july, "sms.reported")] == ["accepted", "delivered"]

    @pytest.mark.parametrize("stranger", ["", "x", "0" * 32, "' OR 1=1--", "\0", "٣" * 32])
    def test_a_report_on_no_message_of_ours_changes_nothing(
        self, july: Month, town: Town, stranger: str
    ) -> None:
        sending = Sending(july, Scripted())
        july.asked(town.household())
        before = events_of(july.azyq.dsn)
        sending.sms.record_reports([DeliveryReport(stranger, "delivered", july.clock())])
        assert events_of(july.azyq.dsn) == before

    def test_a_report_that_overtakes_the_answer_makes_no_second_sms(self, july: Month, town: Town) -> None:
        gateway = Scripted()
        sending = Sending(july, gateway)
        gateway.meanwhile = lambda messages: [sending.report(m, "delivered") for m in messages]  # type: ignore[func-returns-value]
        july.asked(*town.households(3))
        assert len(of(july, "sms.sent")) == 3
        assert len(of(july, "sms.reported")) == 3

    def test_R22_an_answer_that_overtakes_the_record_of_its_request_counts(
        self, july: Month, town: Town
    ) -> None:
        gateway = Scripted()
        Sending(july, gateway)
        home = town.household()
        gateway.meanwhile = lambda messages: july.reply(home.phone, "21*1")
        july.asked(home)
        assert july.family(home).stage == "consented"

    def test_an_answer_that_comes_while_the_reminder_goes_out_is_kept(self, july: Month, town: Town) -> None:
        gateway = Scripted()
        Sending(july, gateway)
        home = town.household()
        july.asked(home)
        gateway.meanwhile = lambda messages: (
            [july.reply(home.phone, "21*1") for m in messages if m.purpose == "reminder"] and None
        )
        july.day(10)
        assert july.family(home).stage == "consented"
        assert len(of(july, "sms.sent")) == 3, "request, reminder, confirmation"

    def test_R21_nobody_is_asked_again_after_the_deadline(self, july: Month, town: Town) -> None:
        gateway = Scripted()
        Sending(july, gateway)
        home = town.household()
        july.asked(home)
        # given an answer of the last hour that is not understood
        july.at(31, 23)
        assert july.reply(home.phone, "🙂") == "not_understood"
        # when the month is over before the question leaves, and its end is not recorded yet
        july.clock.now += timedelta(hours=2)
        july.azyq.drain_sms()
        # then it does not leave
        assert [message.purpose for message in gateway.handed] == ["consent_request"]
        assert july.azyq.sms_queue.waiting() == 0

    def test_what_nobody_wants_any_more_is_not_sent(self, july: Month, town: Town) -> None:
        gateway = Scripted()
        Sending(july, gateway)
        home = town.household()
        july.asked(home)
        july.at(6)
        july.reply(home.phone, "21*1", "m-1")
        july.reply(home.phone, "21*2", "m-2")
        july.azyq.drain_sms()
        assert [message.purpose for message in gateway.handed] == ["consent_request"]
        assert july.azyq.sms_queue.waiting() == 0


def _drained(sending: Sending, month: Month) -> None:
    sending.sms.drain(month.clock, 0)


class PhoneNetwork:
    """A server that answers as Kannel does and counts what each message id made it send."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self.kill: dict[int, Path] = {}  # at so many messages, whose process id is in this file
        self._busy = 0
        self._lock = threading.Lock()
        network = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                with network._lock:
                    network._busy += 1
                super().setup()

            def finish(self) -> None:
                super().finish()
                with network._lock:
                    network._busy -= 1

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                if "dlr-url" in query:
                    message = parse_qs(urlsplit(query["dlr-url"][0]).query)["id"][0]
                    with network._lock:
                        network.sent[message] += 1
                        victim = network.kill.pop(network.sent.total(), None)
                    if victim:
                        os.kill(int(victim.read_text()), signal.SIGKILL)
                body = b"0: Accepted for delivery"
                self.send_response(202)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *values: object) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # the sender was killed
                    super().handle()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def settle(self) -> None:
        """Wait until everything that was on its way is counted: connections are taken in order."""
        probe = http.client.HTTPConnection("127.0.0.1", self.port)
        probe.request("GET", "/")
        probe.getresponse().read()
        probe.close()
        until(lambda: self._busy == 0, "the network")

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class TestKilled:
    """SIGKILL in the middle of sending, at points drawn by seed."""

    @pytest.fixture
    def homes(self) -> list[Household]:
        return Town(seed=5).households(30, 1)

    def test_the_outbox_has_each_message_once(
        self, database: str, tmp_path: Path, homes: list[Household], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("infra.bootstrap.SMS_AT_ONCE_IDEMPOTENT", 7)

        def send() -> None:
            with a_month(database, tmp_path) as july:
                july.day(5)

        with a_month(database, tmp_path) as july:
            july.list_of(homes)
        rng = Random(21)
        killed = [in_a_child(send, rng.randrange(300, 2500)) for _ in range(6)]
        assert -9 in killed
        send()
        with a_month(database, tmp_path) as july:
            messages = [message["message_id"] for message in july.outbox()]
            assert len(messages) == len(set(messages)) == 30
            assert Counter(str(s["message"]) for s in of(july, "sms.sent")) == Counter(messages)

    def test_a_network_that_cannot_tell_sends_each_message_once(
        self, database: str, tmp_path: Path, homes: list[Household]
    ) -> None:
        network = PhoneNetwork()
        address = f"kannel:http://azyq:pass@127.0.0.1:{network.port}/cgi-bin/sendsms"

        sender = tmp_path / "pid"
        network.kill = {6: sender, 20: sender}

        def send() -> None:
            sender.write_text(str(os.getpid()))
            with a_month(database, tmp_path, AZYQ_SMS_GATEWAY=address) as july:
                july.day(5)

        try:
            with a_month(database, tmp_path, AZYQ_SMS_GATEWAY=address) as july:
                july.list_of(homes)
                rng = Random(22)
                killed, in_doubt = [], 0
                for _ in range(5):
                    killed.append(in_a_child(send, rng.choice([None, rng.randrange(300, 2500)])))
                    network.settle()
                    july.at(5)
                    streams = july.azyq.sms_queue.streams(list(network.sent))
                    in_doubt += sum(state == "sending" for _, _, state in streams.values())
                    july.azyq.send_sms.record_reports(
                        [DeliveryReport(message, "delivered", july.clock()) for message in network.sent]
                    )
                assert killed.count(-9) >= 2
                # What was cut off before it left has no report, and is repeated after a while.
                july.day(5, 12)
                assert network.sent == Counter({str(s["message"]): 1 for s in of(july, "sms.sent")})
                assert len(network.sent) == 30
                assert in_doubt > 0
        finally:
            network.close()

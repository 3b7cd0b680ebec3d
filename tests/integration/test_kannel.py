"""A real Kannel: bearerbox, smsbox and its simulated operator, between our gateway and our API."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
import uvicorn

from domain.ports import DeliveryReport, OutgoingSms
from domain.replies import Answer, parse_reply
from domain.sms_text import parts
from infra.parts.http_face import create_app
from infra.sms.gateways import gateway_from
from infra.sms.kannel import KannelGateway
from tests.integration.test_sms_http import KNOWN, TOKEN, FakeServices

BEARERBOX, SMSBOX, OPERATOR = "/usr/sbin/bearerbox", "/usr/sbin/smsbox", "/usr/lib/kannel/test/fakesmsc"
INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "kannel", "kannel-extras"]
PASSWORD = "p@ss word"


def until(condition: Callable[[], Any], what: str, seconds: float = 90) -> Any:
    """What `condition` gives as soon as it is true; fails naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"waited {seconds:.0f} s for {what}")


@pytest.fixture(scope="session")
def kannel_programs() -> None:
    """Kannel's programs, installed from Debian when they are missing and we may."""
    if all(os.path.exists(program) for program in (BEARERBOX, SMSBOX, OPERATOR)):
        return
    command = " ".join(INSTALL)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.fail(f"Kannel is not installed, and these tests need it: as root, run `{command}`")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "update", "-qq"], env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        done = subprocess.run(INSTALL, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"Kannel could not be installed by `{command}`:\n{done.stderr[-2000:]}")


class Operator:
    """Kannel's simulated operator: phones that send and receive."""

    def __init__(self, port: int, folder: Path) -> None:
        self._log = folder / "operator.log"
        self._sent = 0
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [OPERATOR, "-H", "127.0.0.1", "-r", str(port), "-v", "0"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
            )

    def received(self) -> list[str]:
        """The messages that reached phones: `from to kind content`."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line.partition("<")[2].rstrip(">") for line in lines if "Got message" in line]

    def send(self, line: str) -> None:
        """A phone sends: `from to text words` or `from to data %04%18…`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        # It reads one line at a time, and forgets what came together with it.
        self._sent += 1
        until(lambda: f"sent message {self._sent}\n" in self._log.read_text(errors="replace"), "the phone")


class Kannel:
    def __init__(self, folder: Path, api_port: int) -> None:
        bearer, boxes, operator, self.port = free_ports(4)
        self._processes: list[subprocess.Popen[bytes]] = []
        config = folder / "kannel.conf"
        config.write_text(
            f"""
group = core
admin-port = {bearer}
admin-password = unused
admin-deny-ip = "*.*.*.*"
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = operator
port = {operator}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {self.port}
sendsms-interface = 127.0.0.1
global-sender = 1414

group = sendsms-user
username = azyq
password = "{PASSWORD}"
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "http://127.0.0.1:{api_port}/v1/sms/kannel/{TOKEN}?from=%p&to=%P&text=%b&id=%I&charset=%C"
"""
        )
        try:
            self._start(BEARERBOX, config, folder / "bearerbox.log", "Start-up done")
            self._start(SMSBOX, config, folder / "smsbox.log", "Connected to bearerbox")
            self.operator = Operator(operator, folder)
            self._processes.append(self.operator.process)
            log = folder / "bearerbox.log"
            until(lambda: "Fakesmsc client connected" in log.read_text(errors="replace"), "the operator")
        except BaseException:
            self.stop()
            raise

    def _start(self, program: str, config: Path, log: Path, ready: str) -> None:
        with log.open("wb") as out:
            process = subprocess.Popen(
                [program, "-v", "0", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=config.parent,
            )
        self._processes.append(process)

        def is_ready() -> bool:
            text = log.read_text(errors="replace")
            if process.poll() is not None:
                pytest.fail(f"{program} ended with {process.returncode}:\n{text[-2000:]}")
            return ready in text

        until(is_ready, program)

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def api_port(services: FakeServices) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(services), access_log=False, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    until(lambda: server.started, "the API")
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def kannel(kannel_programs: None, api_port: int, tmp_path: Path) -> Iterator[Kannel]:
    kannel = Kannel(tmp_path, api_port)
    yield kannel
    kannel.stop()


@pytest.fixture
def gateway(kannel: Kannel, api_port: int) -> Iterator[KannelGateway]:
    gateway = gateway_from(
        f"kannel:http://azyq:p%40ss%20word@127.0.0.1:{kannel.port}/cgi-bin/sendsms",
        dsn="",
        data=Path(),
        dlr_url=f"http://127.0.0.1:{api_port}/v1/sms/kannel/{TOKEN}/receipt",
    )
    assert isinstance(gateway, KannelGateway)
    yield gateway
    gateway.close()


def an_sms(text: str, message_id: str = "id/1 %d") -> OutgoingSms:
    return OutgoingSms(message_id, KNOWN, text, "consent", "kk")


def content(line: str) -> bytes:
    return unquote_to_bytes(line.split(" ", 3)[3].replace("+", " "))


class TestSending:
    def test_R20_a_kazakh_text_arrives_whole_and_is_reported(
        self, kannel: Kannel, gateway: KannelGateway, services: FakeServices
    ) -> None:
        text = "Құрметті Ғалия, ИӘ – 21*1 + 100%"
        (result,) = gateway.send([an_sms(text)])
        assert (result.accepted, result.reason) == (True, "")
        (line,) = until(kannel.operator.received, "the message")
        assert line.startswith(f"1414 {KNOWN} ucs-2 ")
        assert content(line).decode("utf-16-be") == text

        until(lambda: len(services.reports) >= 2, "the delivery reports")
        now = services.now()
        assert set(services.reports) == {
            DeliveryReport("id/1 %d", "accepted", now),
            DeliveryReport("id/1 %d", "delivered", now),
        }

    def test_a_latin_text_goes_as_gsm(self, kannel: Kannel, gateway: KannelGateway) -> None:
        gateway.send([an_sms("Reply 21*1 = yes [€] @")])
        (line,) = until(kannel.operator.received, "the message")
        assert line.split(" ", 3)[2] == "text"
        assert content(line).decode() == "Reply 21*1 = yes [€] @"

    def test_a_long_text_comes_in_as_many_parts_as_we_count(
        self, kannel: Kannel, gateway: KannelGateway
    ) -> None:
        text = "Құрметті пайдаланушы! " * 16
        count = parts(text).parts
        assert count == 6
        assert all(result.accepted for result in gateway.send([an_sms(text)]))
        until(lambda: len(kannel.operator.received()) >= count, "the parts")
        assert len(kannel.operator.received()) == count

    def test_many_messages_each_arrive_once(self, kannel: Kannel, gateway: KannelGateway) -> None:
        sent = [an_sms(f"Құрметті {number}", f"id-{number}") for number in range(30)]
        assert all(result.accepted for result in gateway.send(sent))
        until(lambda: len(kannel.operator.received()) >= 30, "the messages")
        arrived = [content(line).decode("utf-16-be") for line in kannel.operator.received()]
        assert sorted(arrived) == sorted(message.text for message in sent)

    def test_a_wrong_password_is_to_be_tried_again_and_alarms(self, kannel: Kannel, tmp_path: Path) -> None:
        url = f"http://127.0.0.1:{kannel.port}/cgi-bin/sendsms"
        gateway = KannelGateway(url, username="azyq", password="wrong")
        (result,) = gateway.send([an_sms("x")])
        gateway.close()
        assert (result.accepted, result.retry, result.reason) == (False, True, "gateway_refused_login")

    def test_a_number_that_is_none_is_rejected(self, gateway: KannelGateway) -> None:
        (result,) = gateway.send([OutgoingSms("x", "", "text", "consent", "kk")])
        assert (result.accepted, result.retry, result.reason) == (False, False, "gateway_rejected")

    def test_a_kannel_that_is_gone_is_unreachable(self, kannel: Kannel, gateway: KannelGateway) -> None:
        assert gateway.send([an_sms("x")])[0].accepted
        kannel.stop()
        (result,) = gateway.send([an_sms("x")])
        assert (result.accepted, result.retry) == (False, True)


def in_ucs_2(text: str) -> str:
    """`text` as the simulated operator takes it: it knows words, and raw data."""
    return "data " + "".join(f"%{byte:02X}" for byte in text.encode("utf-16-be"))


class TestReplies:
    @pytest.mark.parametrize(
        ("sent", "text", "answer"),
        [
            ("text 21*1", "21*1", Answer.YES),
            ("text Da", "Da", Answer.YES),
            (in_ucs_2("ИӘ"), "ИӘ", Answer.YES),
            (in_ucs_2("жоқ 👎"), "жоқ 👎", Answer.NO),
            (in_ucs_2("не согласна"), "не согласна", Answer.NO),
        ],
    )
    def test_R22_a_reply_reaches_us_as_it_was_typed(
        self, kannel: Kannel, services: FakeServices, sent: str, text: str, answer: Answer
    ) -> None:
        kannel.operator.send(f"{KNOWN} 1414 {sent}")
        until(lambda: services.replies, "the reply")
        (reply,) = services.replies
        assert (reply.sender, reply.to, reply.text, reply.channel) == (KNOWN, "1414", text, "kannel")
        assert parse_reply(reply.text) is answer
        assert len(reply.message_id) == 36

    def test_parts_out_of_order_reach_us_as_one_reply(self, kannel: Kannel, services: FakeServices) -> None:
        for number, text in ((2, "+soglasna"), (1, "da,")):
            kannel.operator.send(f"{KNOWN} 1414 udh %05%00%03%2A%02%0{number} {text}")
        until(lambda: services.replies, "the reply")
        assert [reply.text for reply in services.replies] == ["da, soglasna"]

    def test_R21_what_is_not_understood_is_answered_by_us_alone(
        self, kannel: Kannel, gateway: KannelGateway, services: FakeServices
    ) -> None:
        kannel.operator.send(f"{KNOWN} 1414 text maybe")
        until(lambda: services.replies, "the reply")
        # A message of ours sent afterwards is the only one that arrives: Kannel adds nothing of its own.
        gateway.send([an_sms("21*1 / 21*2")])
        until(kannel.operator.received, "our message")
        assert [content(line) for line in kannel.operator.received()] == [b"21*1 / 21*2"]

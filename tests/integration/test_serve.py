"""`azyq serve` and its parts as processes: the round goes out by itself, replies are kept, signals end it well."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import psycopg2
import pytest
from standardwebhooks import Webhook

from infra.settings import ROOT
from tests.integration.month_in_process import Household, Town, a_month, events_of, query

KEY = base64.b64encode(bytes(range(32))).decode()
SECRET = "whsec_" + KEY
ROUND = "2025-07-05T09:00:00+05:00"
AZYQ = [sys.executable, "-c", "from infra.cli import main; main()"]


def eventually(what: Callable[[], Any], seconds: float = 90) -> Any:
    """The first true answer of `what`."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)
    return found


@dataclass
class Process:
    """A running part of azyq; its log is read as it comes."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.raw.append(line)
            if line.startswith("{"):
                self.lines.append(json.loads(line))

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.lines) if line.get("event") == event]

    @property
    def address(self) -> str:
        found = eventually(lambda: self.logged("serving") or self.process.poll() is not None)
        assert found is not True, "".join(self.raw)
        return str(found[0]["address"])

    def end(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)


@dataclass
class Site:
    """An installation: a database, a folder, and processes on them."""

    dsn: str
    folder: Path
    stack: ExitStack

    def environment(self, clock: str = ROUND, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.dsn,
            "AZYQ_DATA": str(self.folder / "data"),
            "AZYQ_MASTER_KEY": KEY,
            "AZYQ_SMS_SECRET": SECRET,
            "AZYQ_SMS_PER_SECOND": "100000",
            "AZYQ_LISTEN": "127.0.0.1:0",
            "AZYQ_CLOCK": clock,
            **more,
        }

    def start(self, *command: str, **environment: str) -> Process:
        process = subprocess.Popen(
            [*AZYQ, *command],
            cwd=self.folder,
            env=self.environment(**environment),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        running = Process(process)
        reader = threading.Thread(target=running.read, daemon=True)
        reader.start()
        self.stack.callback(reader.join, 10)
        self.stack.callback(process.wait, 10)
        self.stack.callback(process.kill)
        return running

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*AZYQ, *command],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def busy(self) -> float:
        """Seconds that a process takes from its start to its end, here and now: one is no quicker to end than that."""
        begun = time.monotonic()
        assert self.run("programme", "list").returncode == 0
        return time.monotonic() - begun

    def listed(self, households: list[Household]) -> None:
        with a_month(self.dsn, self.folder, AZYQ_MASTER_KEY=KEY) as month:
            month.list_of(households)

    def sms(self, purpose: str) -> list[dict[str, str]]:
        path = self.folder / "data" / "outbox.jsonl"
        if not path.exists():
            return []
        lines = path.read_bytes().splitlines(keepends=True)
        found = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return [sms for sms in found if sms["purpose"] == purpose]

    def topics(self) -> list[str]:
        return [event.topic for event in events_of(self.dsn)]

    def tasks(self) -> list[dict[str, Any]]:
        return [event.state for event in events_of(self.dsn) if event.topic == "cycle.task_done"]


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(database, tmp_path, stack)


def signed(body: bytes, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg-1", at, body.decode()),
        "content-type": "application/json",
    }


def reply_body(phone: str, text: str, message: str, at: str = "2025-07-06T18:30:00+05:00") -> bytes:
    reply = {"message_id": message, "from": phone, "to": "1414", "text": text, "received_at": at}
    return json.dumps(reply, ensure_ascii=False).encode()


def post(address: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(
        f"{address}/v1/sms/replies",
        content=body,
        headers=headers or signed(body),
        timeout=30,
        trust_env=False,
    )


def phone_of(household: Household) -> str:
    assert household.phone is not None
    return household.phone


# --- the round and the replies ------------------------------------------------------------------------


def test_R20_R21_the_round_goes_out_and_replies_are_answered(site: Site) -> None:
    # given a list, and a clock that stands at the morning of the 5th
    town = Town()
    households = town.households(6)
    site.listed(households)
    first, second, third, fourth, fifth, _ = (phone_of(h) for h in households)
    # when everything is served
    serve = site.start("serve")
    address = serve.address
    # then the SMS go out by themselves
    eventually(lambda: len(site.sms("consent_request")) == 6)
    # and each reply gets its outcome, the same at every attempt
    for phone, text, message, outcome in (
        (first, "ИӘ", "m-1", "consented"),
        (first, "ИӘ", "m-1", "consented"),
        (first, "иә", "m-2", "already_answered"),
        (second, "21*2", "m-3", "refused"),
        (third, "да нет", "m-4", "not_understood"),
        (third, " 21 * 1 ", "m-5", "consented"),
        ("+77770000000", "yes", "m-6", "unknown_sender"),
        ("8" + fourth[2:], "yes", "m-7", "consented"),
    ):
        answer = post(address, reply_body(phone, text, message))
        assert (answer.status_code, answer.json()) == (202, {"outcome": outcome}), (text, message)
    # and the confirmations follow, and the views within seconds
    eventually(lambda: len(site.sms("consent_confirmed")) == 3)
    assert {sms["to"] for sms in site.sms("consent_confirmed")} == {first, third, fourth}

    def consented() -> bool:
        found = query(site.dsn, "SELECT consented, refused FROM azyq_views.month_status")
        return found == [(3, 1)]

    eventually(consented)
    # and a reply through Kannel's address, in the encodings that gateways use
    told = json.loads(site.run("sms", "addresses", "--json").stdout)
    token = told["kannel_get_url"].split("/kannel/")[1].split("?")[0]
    for charset, sent in (("windows-1251", "да".encode("cp1251")), ("UTF-16BE", "ИӘ".encode("utf-16-be"))):
        rest = urlencode({"from": fifth, "to": "1414", "id": f"k-{charset}", "charset": charset})
        found = httpx.get(f"{address}/v1/sms/kannel/{token}?{rest}&text={quote(sent)}", trust_env=False)
        assert found.status_code == 200, found.text
    assert site.topics().count("family.consented") == 4
    # and SIGTERM ends it as done, at once
    most = 5 + site.busy()
    begun = time.monotonic()
    assert serve.end() == 0, "".join(serve.raw)
    assert time.monotonic() - begun < most
    log = "".join(serve.raw)
    assert not [phone for phone in (first, second, third, fourth, fifth) if phone in log], log
    assert token not in log


def test_a_reply_that_is_not_the_gateways_is_refused_and_leaves_no_event(site: Site) -> None:
    household = Town().household()
    site.listed([household])
    address = site.start("serve").address
    # the scheduler's first round is over: it seals last
    eventually(lambda: "seal.day_sealed" in site.topics())
    before = len(site.topics())
    body = reply_body(phone_of(household), "ИӘ", "m-1")
    off = timedelta(minutes=6)
    for headers, sent in (
        (signed(body, secret="whsec_" + base64.b64encode(b"x" * 32).decode()), body),
        (signed(body), reply_body(phone_of(household), "21*2", "m-1")),
        (signed(body, datetime.now(UTC) - off), body),
        (signed(body, datetime.now(UTC) + off), body),
        ({"content-type": "application/json"}, body),
    ):
        answer = post(address, sent, headers)
        assert answer.status_code == 401, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
    for broken in (b"", b"{", b"[]", b'{"text": NaN}', b"\xff\xfe", b'{"message_id": 1}'):
        headers = signed(broken) if broken.isascii() else signed(b"x")
        answer = post(address, broken, headers)
        assert 400 <= answer.status_code < 500, (broken, answer.text)
        assert answer.json()["code"]
    assert len(site.topics()) == before


# --- signals ------------------------------------------------------------------------------------------


def test_what_was_acknowledged_before_SIGKILL_is_kept(site: Site) -> None:
    # given 200 families that were asked
    households = Town().households(200, size=1)
    site.listed(households)
    serve = site.start("serve")
    address = serve.address
    eventually(lambda: len(site.sms("consent_request")) == 200)
    acknowledged: dict[str, str] = {}
    enough = threading.Event()

    def answer(number: int) -> None:
        body = reply_body(phone_of(households[number]), ("ИӘ", "21*2", "да нет")[number % 3], f"m-{number}")
        try:
            found = post(address, body)
        except httpx.HTTPError:
            return
        if found.status_code == 202:
            acknowledged[f"m-{number}"] = found.json()["outcome"]
        if len(acknowledged) >= 60:
            enough.set()

    # when they answer four at a time, and the process is killed in between
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(answer, number) for number in range(200)]
        assert enough.wait(60)
        assert serve.end(signal.SIGKILL) == -signal.SIGKILL
        for each in work:
            each.result()
    assert 60 <= len(acknowledged) < 200
    # then every reply that was acknowledged has its outcome again, from the log
    before = site.topics()
    address = site.start("serve").address
    for number in range(200):
        if f"m-{number}" in acknowledged:
            body = reply_body(
                phone_of(households[number]), ("ИӘ", "21*2", "да нет")[number % 3], f"m-{number}"
            )
            assert post(address, body).json() == {"outcome": acknowledged[f"m-{number}"]}
    answers = ("family.consented", "family.refused", "family.answer_not_understood")
    assert [t for t in site.topics() if t in answers] == [t for t in before if t in answers]
    assert sum(topic in answers for topic in before) >= len(acknowledged)
    # and nobody was asked twice
    asked = [sms["to"] for sms in site.sms("consent_request")]
    assert len(asked) == len(set(asked)) == 200


def test_R20_SIGTERM_ends_a_long_round_of_SMS_and_the_next_start_goes_on(site: Site) -> None:
    # given a round that takes most of a minute at its pace
    households = Town().households(400, size=1)
    site.listed(households)
    most = 2.5 + site.busy()
    scheduler = site.start("scheduler", AZYQ_SMS_PER_SECOND="10")
    eventually(lambda: len(site.sms("consent_request")) >= 10)
    # when it is told to end
    begun = time.monotonic()
    assert scheduler.end(seconds=60) == 0, "".join(scheduler.raw)
    # then it does, after the messages at hand, and the round isn't done
    assert time.monotonic() - begun < most
    sent = site.sms("consent_request")
    assert 10 <= len(sent) < 200
    assert site.topics().count("sms.sent") == len(sent)
    assert "first_sms" not in [task["task"] for task in site.tasks()]
    # and the rest goes out at the next start, to each family once
    again = site.start("scheduler")
    eventually(lambda: "first_sms" in [task["task"] for task in site.tasks()])
    assert again.end() == 0
    asked = [sms["to"] for sms in site.sms("consent_request")]
    assert len(asked) == len(set(asked)) == 400


def test_SIGTERM_ends_the_wait_for_a_gateway_that_is_away(site: Site) -> None:
    site.listed(Town().households(3, size=1))
    scheduler = site.start("scheduler", AZYQ_SMS_GATEWAY="kannel:http://u:p@127.0.0.1:1/cgi-bin/sendsms")
    # when it has tried, and waits to try again
    eventually(lambda: query(site.dsn, "SELECT 1 FROM azyq_log.sms_due WHERE not_before IS NOT NULL"))
    most = 2.5 + site.busy()
    begun = time.monotonic()
    assert scheduler.end(seconds=60) == 0, "".join(scheduler.raw)
    assert time.monotonic() - begun < most


def test_a_second_process_on_the_same_port_says_so(site: Site) -> None:
    port = site.start("api").address.rpartition(":")[2]
    second = site.run("serve", AZYQ_LISTEN=f"127.0.0.1:{port}")
    assert second.returncode == 2
    assert f"can't listen on 127.0.0.1:{port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_SIGINT_ends_it_too(site: Site) -> None:
    serve = site.start("serve")
    assert serve.address
    assert serve.end(signal.SIGINT) == 0, "".join(serve.raw)


# --- the parts ----------------------------------------------------------------------------------------


def test_api_and_scheduler_work_together_as_two_processes(site: Site) -> None:
    household = Town().household()
    site.listed([household])
    api = site.start("api")
    address = api.address
    scheduler = site.start("scheduler")
    eventually(lambda: site.sms("consent_request"))
    assert post(address, reply_body(phone_of(household), "yes", "m-1")).json() == {"outcome": "consented"}
    eventually(lambda: site.sms("consent_confirmed"))
    assert scheduler.end() == 0
    assert api.end() == 0


def test_O6_a_process_whose_vault_key_was_changed_says_that_it_is_not_ready(site: Site) -> None:
    household = Town().household()
    site.listed([household])
    api = site.start("api")
    ready = f"{api.address}/readyz"
    assert httpx.get(ready, trust_env=False).json() == {
        "status": "ready",
        "log": True,
        "vault": True,
        "env": "trial",
    }
    new = base64.b64encode(bytes(range(1, 33))).decode()
    assert site.run("vault", "rotate-key", new).returncode == 0
    answer = httpx.get(ready, trust_env=False)
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "not ready", "log": True, "vault": False, "env": "trial"},
    )
    assert httpx.get(f"{api.address}/healthz", trust_env=False).status_code == 200
    assert [line["part"] for line in api.logged("not_ready")] == ["vault"]
    told = answer.text + "".join(api.raw)
    assert KEY not in told
    assert new not in told
    assert api.end() == 0
    again = site.start("api", AZYQ_MASTER_KEY=new)
    assert httpx.get(f"{again.address}/readyz", trust_env=False).status_code == 200
    assert again.end() == 0


def test_it_works_on_while_the_database_is_away(site: Site) -> None:
    # given a process that serves
    household = Town().household()
    site.listed([household])
    serve = site.start("serve")
    address = serve.address
    eventually(lambda: site.sms("consent_request"))
    body = reply_body(phone_of(household), "yes", "m-1")
    # when every connection is cut, and none is let in for a while
    with shut(site.dsn):
        answer = post(address, body)
        assert (answer.status_code, answer.json()["code"]) == (503, "not_available")
        assert httpx.get(f"{address}/readyz", trust_env=False).status_code == 503
        assert httpx.get(f"{address}/healthz", trust_env=False).status_code == 200

    # then the same reply is taken later, and what follows from it goes out
    def taken() -> bool:
        again = post(address, body)
        return again.status_code == 202 and again.json() == {"outcome": "consented"}

    eventually(taken)
    eventually(lambda: site.sms("consent_confirmed"))
    assert serve.end() == 0


@contextmanager
def shut(dsn: str) -> Iterator[None]:
    name = psycopg2.extensions.parse_dsn(dsn)["dbname"]
    server = psycopg2.extensions.make_dsn(dsn, dbname="postgres")
    query(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    try:
        query(server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
        yield
    finally:
        query(server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


SWALLOWING = """
import os, signal, time
from contextlib import contextmanager
import infra.cli.serving as serving
real = serving.opened
@contextmanager
def opened(lang):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    except SystemExit:
        pass  # as an import that is under way may do
    with real(lang) as azyq:
        yield azyq
serving.opened = opened
from infra.cli import main
main()
"""


def test_a_signal_that_an_import_swallows_ends_it_all_the_same(site: Site) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SWALLOWING, "serve"],
        cwd=site.folder,
        env=site.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr

"""`azyq serve` and its parts as processes: the round goes out by itself, replies are kept, signals end it well."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import httpx
import psycopg2

from tests.integration.month_in_process import Town, query
from tests.integration.served_site import KEY, Site, eventually, phone_of, post, reply_body, signed

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

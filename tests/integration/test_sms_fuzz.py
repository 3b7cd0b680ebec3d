"""Where gateways call, with whatever may come: never a 5xx, always an outcome or a problem with a code (R21, R22)."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.errors import LANGUAGES
from infra.api.services import OUTCOMES
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.sms.webhooks import secret_bytes, signature
from tests.integration.month_in_process import Month, Town, a_month, events_of

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
KEY = secret_bytes(SECRET)
PATHS = ("/v1/sms/replies", "/v1/sms/receipts")
CODES = frozenset(
    (
        "signature_missing",
        "signature_wrong",
        "timestamp_off",
        "body_too_large",
        "media_type_unsupported",
        "json_malformed",
        "encoding_wrong",
        "key_twice",
        "number_not_finite",
        "text_broken",
        "nested_too_deep",
        "field_missing",
        "field_wrong",
        "time_wrong",
        "status_unknown",
        "not_found",
        "method_not_allowed",
    )
)
bounded = settings(
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
Header = tuple[bytes, bytes]
HOME = Town().household()


class Site:
    """An azyq on a database of its own, a family that was asked, and its HTTP face."""

    def __init__(self, month: Month) -> None:
        self.month = month
        replies = Replies(month.azyq, lambda: None)
        self.token = replies.kannel_token
        self.client = TestClient(create_app(replies, month.clock))

    def signed(self, body: bytes, webhook_id: bytes = b"msg_1") -> list[Header]:
        at = str(int(self.month.clock().timestamp()))
        made = base64.b64encode(signature(KEY, webhook_id.decode("latin-1"), at, body))
        return [
            (b"content-type", b"application/json"),
            (b"webhook-id", webhook_id),
            (b"webhook-timestamp", at.encode()),
            (b"webhook-signature", b"v1," + made),
        ]

    def post(self, path: str, body: Any, headers: list[Header]) -> tuple[int, str]:
        return told(self.client.post(path, content=body, headers=headers))

    def get(self, address: str, headers: list[Header] | None = None) -> tuple[int, str]:
        return told(self.client.get(address, headers=headers or []))


def told(response: Any) -> tuple[int, str]:
    """Status and outcome, or code; fails for what is neither."""
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["code"] in CODES
        assert problem["status"] == response.status_code
        assert problem["detail"]
        assert response.headers["content-language"] in LANGUAGES
        return response.status_code, str(problem["code"])
    if response.headers["content-type"].startswith("text/plain"):
        return response.status_code, ""
    outcome = response.json()["outcome"]
    assert outcome in (*OUTCOMES, "recorded")
    return response.status_code, str(outcome)


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_month(database, tmp_path, AZYQ_SMS_SECRET=SECRET) as july:
        july.asked(HOME)
        july.at(6)
        yield Site(july)


anything = st.text(st.characters(), max_size=40) | st.text(st.characters(categories=["Cs", "Cc"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
    max_leaves=12,
)
times = st.sampled_from(
    ["2025-07-06T09:00:00+05:00", "2000-01-01T00:00:00Z", "2099-12-31T23:59:60Z", "2025-07-06T24:00:00Z"]
)
fields = {
    "message_id": st.sampled_from(["m-1", "", "0" * 32, "x" * 200]) | values,
    "from": st.sampled_from([HOME.phone, HOME.phone, "+77011234567", "8701"]) | values,
    "to": st.just("1414") | values,
    "text": st.sampled_from(["21*1", "21*2", "иә", "\0", "\ud800"]) | values,
    "received_at": times | values,
    "status": st.sampled_from(["delivered", "rejected", "sent"]) | values,
}
near_calls = st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(fields)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """JSON near a call, JSON of any kind, such JSON torn or doubled, or any bytes."""
    text = json.dumps(draw(near_calls | values), ensure_ascii=draw(st.booleans()))
    whole = text.encode("utf-8", draw(st.sampled_from(["surrogatepass", "replace"])))
    at = draw(st.integers(0, len(whole)))
    return draw(
        st.sampled_from(
            [
                whole,
                whole,
                whole,
                whole[:at],
                whole[:at] + whole,
                whole[:at] + draw(st.binary(max_size=4)) + whole[at:],
                whole[:-1] + b"," + whole[1:],  # every key twice
                text.encode("utf-16", "surrogatepass"),
            ]
        )
        | st.binary(max_size=60)
    )


header_values = st.binary(max_size=60).map(lambda raw: raw.translate(None, b"\r\n\0").strip())
odd_headers = st.lists(
    st.tuples(
        st.sampled_from(
            b"webhook-id webhook-timestamp webhook-signature content-type accept-language"
            b" content-encoding x-forwarded-for expect range cookie".split()
        ),
        header_values,
    ),
    max_size=3,
)


def test_R21_R22_any_signed_body_has_an_outcome_or_a_code(site: Site) -> None:
    seen: set[tuple[int, str]] = set()

    @bounded
    @given(st.sampled_from(PATHS), bodies())
    def holds(path: str, body: bytes) -> None:
        seen.add(site.post(path, body, site.signed(body)))

    holds()
    assert {code for status, code in seen if status == 202}, "some are taken"
    assert len(seen) > 6, seen


def test_O6_any_headers_are_an_outcome_or_a_code(site: Site) -> None:
    body = json.dumps({"message_id": "m-1", "from": "1414", "text": "21*1"}).encode()

    seen: set[int] = set()

    @bounded
    @given(odd_headers, st.booleans(), st.randoms(use_true_random=False))
    def holds(more: list[Header], beside: bool, order: Any) -> None:
        replaced = {name for name, _ in more}
        headers = [one for one in site.signed(body) if beside or one[0] not in replaced] + more
        order.shuffle(headers)
        seen.add(site.post(PATHS[0], body, headers)[0])

    holds()
    assert seen == {202, 401, 415}


def test_R22_any_query_of_kannel_has_an_answer_or_a_code(site: Site) -> None:
    names = st.sampled_from(["from", "to", "text", "id", "charset", "status"]) | st.text(max_size=5)
    raw = st.binary(max_size=40)
    known = st.sampled_from(
        [b"+77011234567", b"21*1", b"1", b"8", b"utf-16", b"UTF-8", b"cp1251", b"\0", b""]
    )

    seen: set[int] = set()

    @bounded
    @given(
        st.sampled_from(["", "/receipt", "/", "//"]),
        st.lists(st.tuples(names, known | raw), max_size=6),
        st.booleans(),
        raw,
    )
    def holds(place: str, given_: list[tuple[str, bytes]], whole: bool, tail: bytes) -> None:
        pairs = (
            [("from", b"+77011234567"), ("text", b"21*1"), ("id", b"m"), ("status", b"1")] * whole
        ) + given_
        if whole:
            pairs = list(dict(pairs).items())
        query = "&".join(f"{quote_from_bytes(n.encode())}={quote_from_bytes(v)}" for n, v in pairs)
        address = f"/v1/sms/kannel/{site.token}{place}?{query}{quote_from_bytes(tail, safe='&=%+;')}"
        seen.add(site.get(address)[0])

    holds()
    assert seen == {200, 400, 404, 422}


def test_O6_any_token_is_no_address(site: Site) -> None:
    @bounded
    @given(st.binary(max_size=40), st.sampled_from(["", "/receipt"]))
    def holds(token: bytes, place: str) -> None:
        status, code = site.get(f"/v1/sms/kannel/{quote_from_bytes(token, safe='')}{place}?from=1&text=2")
        assert (status, code) == (404, "not_found")

    holds()


DEEP = 10_000
HOSTILE: list[tuple[bytes, tuple[int, str]]] = [
    (b'{"text":' + b"[" * DEEP + b"]" * DEEP + b"}", (400, "nested_too_deep")),
    (b'{"text":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}", (400, "nested_too_deep")),
    (b"[" * DEEP, (400, "nested_too_deep")),
    (b" " * 10_000_000, (413, "body_too_large")),
    (b'{"message_id":"m","from":"1","text":"\\ud800"}', (400, "text_broken")),
    (b'{"message_id":"m","from":"1","text":"\\u0000"}', (202, "unknown_sender")),
    (b'{"message_id":"m\\u0000","from":"1","text":"1"}', (422, "text_broken")),
    (b'{"message_id":"m","message_id":"n","from":"1","text":"1"}', (400, "key_twice")),
]


@pytest.mark.parametrize(("body", "expected"), HOSTILE)
def test_hostile_bodies(site: Site, body: bytes, expected: tuple[int, str]) -> None:
    assert site.post(PATHS[0], body, site.signed(body)) == expected


def test_a_chunked_body_is_a_body(site: Site) -> None:
    body = json.dumps({"message_id": "m-1", "from": HOME.phone, "text": "21*1"}).encode()
    assert site.post(PATHS[0], (bytes([byte]) for byte in body), site.signed(body)) == (202, "consented")
    assert site.month.topics(HOME)[-1] == "voucher.issued"


def test_huge_headers_change_nothing(site: Site) -> None:
    body = json.dumps({"message_id": "m-1", "from": HOME.phone, "text": "21*1"}).encode()
    before = events_of(site.month.azyq.dsn)
    headers = site.signed(body)
    for name in (b"webhook-id", b"webhook-timestamp", b"webhook-signature"):
        huge = [(n, b"1" * 1_000_000 if n == name else value) for n, value in headers]
        assert site.post(PATHS[0], body, huge) == (401, "signature_wrong")
    many = [
        (n, b"v1,AAAA " * 100_000 + value if n == b"webhook-signature" else value) for n, value in headers
    ]
    assert site.post(PATHS[0], body, many) == (401, "signature_wrong")
    assert events_of(site.month.azyq.dsn) == before
    huge_id = b"m" * 1_000_000
    assert site.post(PATHS[0], body, site.signed(body, huge_id)) == (202, "consented")


class TestOnTheWire:
    """What the server itself has a hand in."""

    @pytest.fixture
    def address(self, site: Site) -> Iterator[tuple[str, int]]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = uvicorn.Server(uvicorn.Config(site.client.app, access_log=False, log_config=None))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            yield listener.getsockname()
            server.should_exit = True
            thread.join()

    def test_O6_a_caller_who_hangs_up_is_no_error_of_ours(
        self, site: Site, address: tuple[str, int], caplog: pytest.LogCaptureFixture, capsys: Any
    ) -> None:
        with socket.create_connection(address) as caller:
            caller.sendall(b"POST /v1/sms/replies HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        # The server takes calls in order, so by the second answer the first call is over.
        for _ in range(3):
            assert httpx.get(f"http://127.0.0.1:{address[1]}/healthz").status_code == 200
        assert "internal_error" not in caplog.text + "".join(capsys.readouterr())

"""SMS over HTTP: signed calls, Kannel's query strings, the gateways; what comes of bad input."""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_from_bytes, urlsplit

import psycopg2
import pytest
from fastapi.testclient import TestClient
from standardwebhooks import Webhook

from domain.errors import Refusal
from domain.ports import DeliveryReport, IncomingReply, OutgoingSms
from domain.replies import Answer, parse_reply
from infra.api.problems import language_of
from infra.api.services import ReplyOutcome, Unavailable
from infra.parts.http_face import create_app
from infra.postgres import schema
from infra.sms.gateways import gateway_from
from infra.sms.kannel import KannelGateway
from infra.sms.outbox import OUTBOX_MIGRATIONS, OutboxGateway
from infra.sms.phones import normalise_phone
from infra.sms.webhooks import secret_bytes

REAL_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TRIAL_NOW = datetime(2025, 7, 6, 4, 0, tzinfo=UTC)
DEADLINE = datetime(2025, 7, 31, 19, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
TOKEN = "t0ken-" + "x" * 26
KNOWN = "+77011234567"
UNKNOWN = "+77019999999"


class TooOld(Refusal):
    code = "too_old"
    texts = {"kk": "Ескі.", "ru": "Старое.", "en": "Old."}


class FakeServices:
    """Decides as the system would, in memory: one recipient, one consent."""

    sms_secret = SECRET
    kannel_token = TOKEN

    def __init__(self) -> None:
        self.replies: list[IncomingReply] = []
        self.reports: list[DeliveryReport] = []
        self.by_id: dict[str, ReplyOutcome] = {}
        self.answered = False
        self.failure: Exception | None = None
        self.standing: dict[str, str | bool] = {"database": True, "version": "18"}
        self.threads: set[int] = set()

    def record_replies(self, replies: Sequence[IncomingReply]) -> list[ReplyOutcome]:
        self.threads.add(threading.get_ident())
        if self.failure is not None:
            raise self.failure
        return [self._one(reply) for reply in replies]

    def _one(self, reply: IncomingReply) -> ReplyOutcome:
        self.replies.append(reply)
        if reply.message_id not in self.by_id:
            self.by_id[reply.message_id] = self._decide(reply)
        return self.by_id[reply.message_id]

    def _decide(self, reply: IncomingReply) -> ReplyOutcome:
        if normalise_phone(reply.sender) != KNOWN:
            return ReplyOutcome("unknown_sender")
        if reply.received_at >= DEADLINE:
            return ReplyOutcome("too_late")
        answer = parse_reply(reply.text)
        if answer is Answer.UNCLEAR:
            return ReplyOutcome("not_understood", "21*1 – «ИӘ», 21*2 – «ЖОҚ»")
        if answer is Answer.YES and self.answered:
            return ReplyOutcome("already_answered")
        self.answered = True
        return ReplyOutcome("consented" if answer is Answer.YES else "refused")

    def record_reports(self, reports: Sequence[DeliveryReport]) -> None:
        if self.failure is not None:
            raise self.failure
        self.reports.extend(reports)

    def ready(self) -> dict[str, str | bool]:
        if self.failure is not None:
            raise self.failure
        return self.standing

    def now(self) -> datetime:
        return TRIAL_NOW


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def client(services: FakeServices) -> Iterator[TestClient]:
    with TestClient(create_app(services, lambda: REAL_NOW)) as client:
        yield client


def sign(body: bytes, at: datetime = REAL_NOW, secret: str = SECRET) -> dict[str, str]:
    signature = (
        Webhook(secret).sign("msg_1", at, body.decode("utf-8", "surrogateescape")) if _text(body) else ""
    )
    return {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature or _raw_signature(body, at),
    }


def _text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _raw_signature(body: bytes, at: datetime) -> str:
    from infra.sms.webhooks import signature

    raw = signature(secret_bytes(SECRET), "msg_1", str(int(at.timestamp())), body)
    return "v1," + base64.b64encode(raw).decode()


def a_reply(text: str, **others: Any) -> dict[str, Any]:
    return {"message_id": "m1", "from": KNOWN, "to": "1414", "text": text, **others}


def post(client: TestClient, value: Any, path: str = "/v1/sms/replies", **headers: str) -> Any:
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return client.post(path, content=body, headers={**sign(body), **headers})


def problem(response: Any) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == response.status_code
    assert body["detail"]
    return response.status_code, body["code"]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        *[
            (text, "consented")
            for text in ("ИӘ", "иә", "да", "yes", "21*1", " 21 * 1 ", "ДА", "YES", "«ИӘ» 👍")
        ],
        *[(text, "refused") for text in ("21*2", "жоқ", "нет", "no", "ЖОҚ", "не согласен")],
        *[
            (text, "not_understood")
            for text in ("", "   ", "👍😀", "да нет", "а" * 10_000, "\x00", "21*1 21*2")
        ],
    ],
)
def test_R21_R22_a_signed_reply_has_an_outcome(client: TestClient, text: str, outcome: str) -> None:
    response = post(client, a_reply(text))
    assert (response.status_code, response.json()) == (202, {"outcome": outcome})


def test_a_reply_comes_with_what_the_gateway_said(client: TestClient, services: FakeServices) -> None:
    post(client, a_reply("да", received_at="2025-07-05T09:00:00.123456789+05:00", network="x"))
    (reply,) = services.replies
    assert reply.received_at == datetime(2025, 7, 5, 4, 0, 0, 123456, tzinfo=UTC)
    assert (reply.message_id, reply.sender, reply.to, reply.text) == ("m1", KNOWN, "1414", "да")
    assert reply.channel == "http"


def test_a_reply_without_a_time_came_now_by_our_clock(client: TestClient, services: FakeServices) -> None:
    post(client, a_reply("да", received_at=None))
    assert services.replies[0].received_at == TRIAL_NOW


@pytest.mark.parametrize("sender", ["87011234567", "+7 701 123 45 67", "8 (701) 123-45-67", "77011234567"])
def test_any_spelling_of_a_phone_is_passed_on(client: TestClient, sender: str) -> None:
    assert post(client, a_reply("да") | {"from": sender}).json() == {"outcome": "consented"}


def test_unknown_sender_late_and_repeated_replies(client: TestClient, services: FakeServices) -> None:
    assert post(client, a_reply("да") | {"from": UNKNOWN}).json()["outcome"] == "unknown_sender"
    late = a_reply("да", message_id="m2", received_at="2025-08-01T00:00:00+05:00")
    assert post(client, late).json()["outcome"] == "too_late"
    assert post(client, a_reply("да", message_id="m3")).json()["outcome"] == "consented"
    assert post(client, a_reply("да", message_id="m3")).json()["outcome"] == "consented"
    assert post(client, a_reply("да", message_id="m4")).json()["outcome"] == "already_answered"
    assert post(client, a_reply("нет", message_id="m5")).json()["outcome"] == "refused"


def test_the_handlers_never_block_the_loop(client: TestClient, services: FakeServices) -> None:
    post(client, a_reply("да"))
    assert services.threads
    assert threading.get_ident() not in services.threads


class TestSignature:
    def test_several_signatures_one_fits(self, client: TestClient) -> None:
        body = json.dumps(a_reply("да")).encode()
        headers = sign(body)
        headers["webhook-signature"] = f"v1,AAAA v1a,x garbage {headers['webhook-signature']} v1,!!"
        assert client.post("/v1/sms/replies", content=body, headers=headers).status_code == 202

    @pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_a_missing_header(self, client: TestClient, services: FakeServices, name: str) -> None:
        body = json.dumps(a_reply("да")).encode()
        headers = {key: value for key, value in sign(body).items() if key != name}
        response = client.post("/v1/sms/replies", content=body, headers=headers)
        assert problem(response) == (401, "signature_missing")
        assert not services.replies

    @pytest.mark.parametrize(
        "change",
        [
            {"webhook-id": "msg_2"},
            {"webhook-timestamp": str(int(REAL_NOW.timestamp()) + 1)},
            {"webhook-signature": "v1,AAAA"},
            {"webhook-signature": "nonsense"},
            {"webhook-signature": "v1," + "é" * 40},
            {"webhook-signature": "v2,AAAA"},
        ],
    )
    def test_a_bad_signature(
        self, client: TestClient, services: FakeServices, change: dict[str, str]
    ) -> None:
        body = json.dumps(a_reply("да")).encode()
        headers = {key: value.encode("latin-1") for key, value in (sign(body) | change).items()}
        response = client.post("/v1/sms/replies", content=body, headers=headers)
        assert problem(response) == (401, "signature_wrong")
        assert not services.replies

    def test_altered_after_signing(self, client: TestClient, services: FakeServices) -> None:
        body = json.dumps(a_reply("нет"), ensure_ascii=False).encode()
        altered = body.replace("нет".encode(), "да".encode())
        response = client.post("/v1/sms/replies", content=altered, headers=sign(body))
        assert problem(response) == (401, "signature_wrong")
        assert not services.replies

    def test_another_secret(self, client: TestClient) -> None:
        body = b"{}"
        headers = sign(body, secret="whsec_" + base64.b64encode(b"z" * 32).decode())
        assert problem(client.post("/v1/sms/replies", content=body, headers=headers)) == (
            401,
            "signature_wrong",
        )

    @pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365])
    def test_the_timestamp_is_off(self, client: TestClient, services: FakeServices, minutes: int) -> None:
        body = json.dumps(a_reply("да")).encode()
        headers = sign(body, REAL_NOW + timedelta(minutes=minutes))
        assert problem(client.post("/v1/sms/replies", content=body, headers=headers)) == (
            401,
            "timestamp_off",
        )
        assert not services.replies

    @pytest.mark.parametrize("minutes", [-4.9, 4.9])
    def test_a_clock_a_little_off_is_fine(self, client: TestClient, minutes: float) -> None:
        body = json.dumps(a_reply("да")).encode()
        headers = sign(body, REAL_NOW + timedelta(minutes=minutes))
        assert client.post("/v1/sms/replies", content=body, headers=headers).status_code == 202

    @pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "я"])
    def test_a_secret_that_is_none_is_told_at_start(self, services: FakeServices, secret: str) -> None:
        services.sms_secret = secret
        with pytest.raises(ValueError, match="AZYQ_SMS_SECRET"):
            create_app(services)


DEEP = b'{"text":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
BAD_BODIES: list[tuple[bytes, int, str]] = [
    (b"", 400, "json_malformed"),
    (b"{", 400, "json_malformed"),
    (b"\xff\xfe{\x00}\x00", 400, "encoding_wrong"),
    ('{"text":"да"}'.encode("cp1251"), 400, "encoding_wrong"),
    (b'{"text":"\xed\xa0\x80"}', 400, "encoding_wrong"),
    (b'{"text":"\\ud800"}', 400, "text_broken"),
    (b'{"text":"1","text":"2"}', 400, "key_twice"),
    (b'{"a":{"\\ud800":1,"\\ud800":2}}', 400, "key_twice"),
    (b'{"text":NaN}', 400, "number_not_finite"),
    (b'{"text":-Infinity}', 400, "number_not_finite"),
    (b'{"text":1e999}', 400, "number_not_finite"),
    (b'{"text":' + b"9" * 5_000 + b"}", 400, "number_not_finite"),
    (DEEP, 400, "nested_too_deep"),
    (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", 400, "nested_too_deep"),
    (b"[]", 422, "field_wrong"),
    (b"null", 422, "field_wrong"),
    (b"{}", 422, "field_missing"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
@pytest.mark.parametrize("path", ["/v1/sms/replies", "/v1/sms/receipts"])
def test_a_bad_body_is_a_problem(
    client: TestClient, services: FakeServices, path: str, body: bytes, status: int, code: str
) -> None:
    assert problem(post(client, body, path)) == (status, code)
    assert not services.replies
    assert not services.reports


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"message_id": 1}, "field_wrong", "/message_id"),
        ({"message_id": True}, "field_wrong", "/message_id"),
        ({"message_id": ""}, "field_wrong", "/message_id"),
        ({"message_id": "x" * 201}, "field_wrong", "/message_id"),
        ({"message_id": "a\x00b"}, "text_broken", "/message_id"),
        ({"from": None}, "field_wrong", "/from"),
        ({"from": "7" * 65}, "field_wrong", "/from"),
        ({"text": ["да"]}, "field_wrong", "/text"),
        ({"text": None}, "field_wrong", "/text"),
        ({"received_at": "2025-07-05T09:00:00"}, "time_wrong", "/received_at"),
        ({"received_at": "1751688000"}, "time_wrong", "/received_at"),
        ({"received_at": 1751688000}, "field_wrong", "/received_at"),
        ({"received_at": "2025-02-30T09:00:00Z"}, "time_wrong", "/received_at"),
        ({"received_at": "0001-01-01T00:00:00+14:00"}, "time_wrong", "/received_at"),
        ({"received_at": "２０２５-07-05T09:00:00Z"}, "time_wrong", "/received_at"),
    ],
)
def test_a_wrong_field_is_pointed_to(
    client: TestClient, services: FakeServices, change: dict[str, Any], code: str, pointer: str
) -> None:
    response = post(client, a_reply("да") | change)
    assert problem(response) == (422, code)
    assert response.json()["pointer"] == pointer
    assert not services.replies


def test_a_missing_field_is_pointed_to(client: TestClient) -> None:
    value = a_reply("да")
    del value["from"]
    response = post(client, value)
    assert problem(response) == (422, "field_missing")
    assert response.json()["pointer"] == "/from"


def test_a_byte_order_mark_is_taken(client: TestClient) -> None:
    assert post(client, b"\xef\xbb\xbf" + json.dumps(a_reply("да")).encode()).status_code == 202


def test_64_kB_are_taken_and_no_more(client: TestClient, services: FakeServices) -> None:
    empty = len(json.dumps(a_reply("")).encode())
    assert post(client, a_reply("a" * (65_536 - empty))).json() == {"outcome": "not_understood"}
    assert problem(post(client, a_reply("a" * (65_537 - empty)))) == (413, "body_too_large")

    def chunks() -> Iterator[bytes]:
        for _ in range(70):
            yield b"x" * 1024

    assert problem(client.post("/v1/sms/replies", content=chunks())) == (413, "body_too_large")
    assert len(services.replies) == 1


@pytest.mark.parametrize(
    "media", ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=cp1251"]
)
def test_another_media_type(client: TestClient, media: str) -> None:
    assert problem(post(client, a_reply("да"), **{"content-type": media})) == (415, "media_type_unsupported")


def test_a_charset_of_utf_8_is_taken(client: TestClient) -> None:
    assert (
        post(client, a_reply("да"), **{"content-type": 'application/json; charset="UTF-8"'}).status_code
        == 202
    )


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nothing", (404, "not_found")),
        ("POST", "/v1/sms/replies/", (404, "not_found")),
        ("GET", "/v1/sms/replies", (405, "method_not_allowed")),
        ("DELETE", "/v1/sms/receipts", (405, "method_not_allowed")),
        ("GET", "/docs", (404, "not_found")),
        ("GET", "/%ff%fe", (404, "not_found")),
    ],
)
def test_other_addresses_are_problems_too(
    client: TestClient, method: str, path: str, expected: tuple[int, str]
) -> None:
    response = client.request(method, path)
    assert problem(response) == expected
    if expected[0] == 405:
        assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("kk", "kk"),
        ("kk-KZ,ru;q=0.9", "kk"),
        ("de, ru;q=0.5, en;q=0.4", "ru"),
        ("ru;q=0, en;q=0.1", "en"),
        ("", "en"),
        ("de", "en"),
        ("RU", "ru"),
        (";;;,q=,kk;q=x", "en"),
    ],
)
def test_the_callers_language(client: TestClient, accepted: str, language: str) -> None:
    assert language_of(accepted) == language
    response = client.get("/nothing", headers={"accept-language": accepted})
    assert response.headers["content-language"] == language
    words = {"kk": "Мұндай мекенжай жоқ.", "ru": "Такого адреса нет.", "en": "There is no such address."}
    assert response.json()["detail"] == words[language]


class TestFailures:
    def test_what_is_unavailable_is_to_be_asked_again(
        self, client: TestClient, services: FakeServices
    ) -> None:
        for error in (Unavailable(), psycopg2.OperationalError("+77011234567")):
            services.failure = error
            response = post(client, a_reply("да"))
            assert problem(response) == (503, "not_available")
            assert response.headers["retry-after"] == "5"

    def test_a_refusal_is_told_with_its_code(self, client: TestClient, services: FakeServices) -> None:
        services.failure = TooOld("text")
        response = post(client, a_reply("да"), **{"accept-language": "ru"})
        assert problem(response) == (422, "too_old")
        assert (response.json()["detail"], response.json()["pointer"]) == ("Старое.", "/text")

    def test_O6_an_unexpected_error_tells_nobody_whom_it_was_about(
        self, client: TestClient, services: FakeServices, capsys: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        services.failure = RuntimeError(f"cannot handle {KNOWN} Ахметова")
        with caplog.at_level(logging.DEBUG):
            response = post(client, a_reply("да"))
        assert problem(response) == (500, "internal_error")
        told = response.text + caplog.text + "".join(capsys.readouterr())
        assert "RuntimeError" in told
        assert KNOWN not in told
        assert "Ахметова" not in told


class TestOperators:
    def test_healthz(self, client: TestClient) -> None:
        assert client.get("/healthz").json() == {"status": "ok"}

    def test_readyz(self, client: TestClient, services: FakeServices) -> None:
        assert client.get("/readyz").json() == {"status": "ready", "database": True, "version": "18"}
        services.standing["database"] = False
        assert client.get("/readyz").status_code == 503
        services.failure = RuntimeError()
        assert client.get("/readyz").status_code == 503

    def test_openapi_tells_each_address_and_what_it_takes(self, client: TestClient) -> None:
        paths = client.get("/openapi.json").json()["paths"]
        assert {
            "/v1/sms/replies",
            "/v1/sms/receipts",
            "/v1/sms/kannel/{token}",
            "/v1/sms/kannel/{token}/receipt",
            "/healthz",
            "/readyz",
        } <= paths.keys()
        body = paths["/v1/sms/replies"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert set(body["required"]) == {"message_id", "from", "text"}
        assert "202" in paths["/v1/sms/replies"]["post"]["responses"]


def kannel(client: TestClient, query: str, token: str = TOKEN, tail: str = "") -> Any:
    return client.get(f"/v1/sms/kannel/{token}{tail}?{query}")


def kannel_text(text: bytes, charset: str | None = None, more: str = "&id=k1") -> str:
    end = "" if charset is None else f"&charset={charset}"
    return f"from=%2B77011234567&to=1414&text={quote_from_bytes(text)}{more}{end}"


class TestKannel:
    @pytest.mark.parametrize("word", ["ИӘ", "иә", "жоқ", "да", "нет", "21*1"])
    @pytest.mark.parametrize("charset", ["UTF-16BE", "UCS-2", "UTF-8", "utf8", None, "GSM", "нечто", "rot13"])
    def test_text_in_the_charset_kannel_names(
        self, client: TestClient, services: FakeServices, word: str, charset: str | None
    ) -> None:
        codec = "utf-16-be" if charset in ("UTF-16BE", "UCS-2") else "utf-8"
        response = kannel(client, kannel_text(word.encode(codec), charset and quote(charset)))
        assert (response.status_code, response.text) == (200, "")
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert (services.replies[0].text, services.replies[0].channel) == (word, "kannel")

    @pytest.mark.parametrize("charset", ["windows-1251", "CP1251", None])
    def test_text_in_cp1251(self, client: TestClient, services: FakeServices, charset: str | None) -> None:
        kannel(client, kannel_text("да, согласна".encode("cp1251"), charset))
        assert services.replies[0].text == "да, согласна"

    def test_ucs_2_without_a_charset(self, client: TestClient, services: FakeServices) -> None:
        kannel(client, kannel_text("Да!".encode("utf-16-be")))
        assert services.replies[0].text == "Да!"

    @pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b"\x00", b"\xd8\x00", bytes(range(256)), b"%zz"])
    @pytest.mark.parametrize("charset", ["UTF-16BE", "UTF-8", "windows-1251", "ascii", None])
    def test_any_bytes_are_taken(
        self, client: TestClient, services: FakeServices, raw: bytes, charset: str
    ) -> None:
        response = kannel(client, kannel_text(raw, charset))
        assert response.status_code == 200
        services.replies[0].text.encode()
        assert "\x00" not in services.replies[0].text

    def test_what_is_to_be_said_is_the_body(self, client: TestClient) -> None:
        assert kannel(client, kannel_text("да нет".encode())).text == "21*1 – «ИӘ», 21*2 – «ЖОҚ»"

    def test_a_plus_that_was_not_escaped(self, client: TestClient, services: FakeServices) -> None:
        kannel(client, "from=+77011234567&text=yes+or+so&id=k1")
        assert (services.replies[0].sender, services.replies[0].text) == ("77011234567", "yes or so")

    def test_10_kB(self, client: TestClient) -> None:
        assert kannel(client, kannel_text("я".encode() * 5_000)).status_code == 200

    def test_a_reply_without_an_id_gets_one_of_its_content(
        self, client: TestClient, services: FakeServices
    ) -> None:
        for text in (b"yes", b"yes", b"no"):
            kannel(client, kannel_text(text, more=""))
        first, second, third = (reply.message_id for reply in services.replies)
        assert first == second != third
        assert "7701" not in first

    def test_a_wrong_token_is_no_address(self, client: TestClient, services: FakeServices) -> None:
        for token in ("x", TOKEN[:-1], TOKEN + "x", "%D1%8F", "%ff"):
            assert problem(kannel(client, kannel_text(b"yes"), token)) == (404, "not_found")
            assert problem(kannel(client, "id=m&status=1", token, "/receipt")) == (404, "not_found")
        assert not services.replies
        assert not services.reports

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", (422, "field_missing")),
            ("from=1", (422, "field_missing")),
            ("text=1", (422, "field_missing")),
            ("from=&text=1", (422, "field_wrong")),
            ("from=%00&text=1", (422, "field_wrong")),
            (f"from={'1' * 201}&text=1", (422, "field_wrong")),
            ("from=1&from=2&text=1", (400, "key_twice")),
        ],
    )
    def test_a_bad_query(
        self, client: TestClient, services: FakeServices, query: str, expected: tuple[int, str]
    ) -> None:
        assert problem(kannel(client, query)) == expected
        assert not services.replies

    @pytest.mark.parametrize(
        ("code", "status"),
        [("1", "delivered"), ("2", "failed"), ("4", "buffered"), ("8", "accepted"), ("16", "rejected")],
    )
    def test_a_delivery_report(
        self, client: TestClient, services: FakeServices, code: str, status: str
    ) -> None:
        assert kannel(client, f"id=ab%2F1&status={code}", tail="/receipt").status_code == 200
        assert services.reports == [DeliveryReport("ab/1", status, TRIAL_NOW)]

    @pytest.mark.parametrize("code", ["0", "3", "", "x", "01", "%D9%A1", "1e1", "9" * 100])
    def test_an_unknown_status(self, client: TestClient, services: FakeServices, code: str) -> None:
        assert kannel(client, f"id=m&status={code}", tail="/receipt").status_code == 422
        assert not services.reports


class TestReceipts:
    def test_a_signed_report(self, client: TestClient, services: FakeServices) -> None:
        value = {"message_id": "m1", "status": "delivered", "received_at": "2025-07-05T09:00:00Z"}
        response = post(client, value, "/v1/sms/receipts")
        assert (response.status_code, response.json()) == (202, {"outcome": "recorded"})
        assert services.reports == [DeliveryReport("m1", "delivered", datetime(2025, 7, 5, 9, tzinfo=UTC))]

    def test_an_unknown_status(self, client: TestClient, services: FakeServices) -> None:
        response = post(client, {"message_id": "m1", "status": "lost"}, "/v1/sms/receipts")
        assert problem(response) == (422, "status_unknown")
        assert response.json()["pointer"] == "/status"

    def test_an_unsigned_report(self, client: TestClient) -> None:
        assert problem(client.post("/v1/sms/receipts", json={})) == (401, "signature_missing")


def messages(count: int, start: int = 0) -> list[OutgoingSms]:
    return [
        OutgoingSms(f"id-{number}", f"+7701{number:07d}", f"Құрметті «{number}»\n", "consent", "kk")
        for number in range(start, start + count)
    ]


@pytest.fixture
def outbox_database(database: str) -> str:
    schema.migrate(database, OUTBOX_MIGRATIONS)
    return database


def sent_ids(file: Path) -> list[str]:
    return [json.loads(line)["message_id"] for line in file.read_bytes().splitlines()]


def recorded_ids(dsn: str) -> list[str]:
    connection = psycopg2.connect(dsn)
    with connection.cursor() as cursor:
        cursor.execute("SELECT message_id FROM vault.outbox ORDER BY position")
        ids = [row[0] for row in cursor.fetchall()]
    connection.close()
    return ids


class TestOutbox:
    def test_R20_a_message_is_a_line_and_goes_once(self, outbox_database: str, tmp_path: Path) -> None:
        file = tmp_path / "a folder" / "outbox.jsonl"
        gateway = OutboxGateway(outbox_database, file, lambda: TRIAL_NOW)
        results = gateway.send([*messages(3), *messages(1)])
        assert [(r.message_id, r.accepted) for r in results] == [(f"id-{n}", True) for n in (0, 1, 2, 0)]
        assert all(r.accepted for r in gateway.send(messages(5)))
        gateway.close()
        assert sent_ids(file) == recorded_ids(outbox_database) == [f"id-{n}" for n in range(5)]
        first = json.loads(file.read_bytes().splitlines()[0])
        assert first == {
            "message_id": "id-0",
            "to": "+77010000000",
            "text": "Құрметті «0»\n",
            "purpose": "consent",
            "language": "kk",
            "sent_at": "2025-07-06T04:00:00+00:00",
        }
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_what_left_before_a_crash_is_recorded_and_half_a_line_removed(
        self, outbox_database: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "outbox.jsonl"
        gateway = OutboxGateway(outbox_database, file)
        gateway.send(messages(2))
        line = file.read_bytes().splitlines(keepends=True)[0]
        with file.open("ab") as out:
            out.write(line.replace(b"id-0", b"id-2") + b"not ours\n" + line.replace(b"id-0", b"id-3")[:40])
        assert all(r.accepted for r in gateway.send(messages(5)))
        gateway.close()
        ids = [
            json.loads(line)["message_id"] for line in file.read_bytes().splitlines() if line != b"not ours"
        ]
        assert ids == recorded_ids(outbox_database) == ["id-0", "id-1", "id-2", "id-3", "id-4"]

    def test_an_emptied_file_sends_nothing_again(self, outbox_database: str, tmp_path: Path) -> None:
        file = tmp_path / "outbox.jsonl"
        gateway = OutboxGateway(outbox_database, file)
        gateway.send(messages(2))
        file.write_bytes(b"")
        gateway.send(messages(3))
        gateway.send(messages(4))
        gateway.close()
        assert sent_ids(file) == ["id-2", "id-3"]

    def test_a_text_that_cannot_be_written_stops_nobody_else(
        self, outbox_database: str, tmp_path: Path
    ) -> None:
        gateway = OutboxGateway(outbox_database, tmp_path / "outbox.jsonl")
        broken = OutgoingSms("broken", "+77010000000", "\ud800", "consent", "kk")
        results = gateway.send([broken, *messages(1)])
        gateway.close()
        assert [(r.accepted, r.retry) for r in results] == [(False, False), (True, False)]

    def test_no_database_is_to_be_tried_again(self, outbox_database: str, tmp_path: Path) -> None:
        gateway = OutboxGateway("host=127.0.0.1 port=1 user=x dbname=x", tmp_path / "outbox.jsonl")
        assert [(r.accepted, r.retry) for r in gateway.send(messages(2))] == [(False, True)] * 2
        assert gateway.send([]) == []

    def test_several_gateways_at_once_send_each_message_once(
        self, outbox_database: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "outbox.jsonl"
        gateways = [OutboxGateway(outbox_database, file) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(g.send, messages(50, start)) for start in (0, 25, 50) for g in gateways]
            assert all(r.accepted for job in jobs for r in job.result())
        for gateway in gateways:
            gateway.close()
        assert (
            sorted(sent_ids(file))
            == sorted(recorded_ids(outbox_database))
            == sorted(f"id-{n}" for n in range(100))
        )

    def test_killed_at_any_moment_nothing_is_lost_or_sent_twice(
        self, outbox_database: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "outbox.jsonl"
        program = textwrap.dedent(
            """
            import sys
            from pathlib import Path
            import structlog
            from tests.integration.test_sms_http import messages
            from infra.sms.outbox import OutboxGateway
            structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
            gateway = OutboxGateway(sys.argv[1], Path(sys.argv[2]))
            for start in range(int(sys.argv[3]), 100000, 20):
                assert all(r.accepted for r in gateway.send(messages(20, start)))
                print(start + 20, flush=True)
            """
        )
        done = 0
        for round_number in range(4):
            worker = subprocess.Popen(
                [sys.executable, "-c", program, outbox_database, str(file), str(done)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            assert worker.stdout is not None
            for _ in range(3 + round_number):
                done = int(worker.stdout.readline())
            os.kill(worker.pid, signal.SIGKILL)
            rest = worker.stdout.read().split("\n")
            done = max([done, *(int(line) for line in rest[:-1] if line)])
            worker.wait()
            worker.stdout.close()
        gateway = OutboxGateway(outbox_database, file)
        gateway.send(messages(done + 40))
        gateway.close()
        counts = Counter(sent_ids(file))
        assert set(counts.values()) == {1}
        assert {f"id-{n}" for n in range(done + 40)} <= counts.keys()
        assert set(recorded_ids(outbox_database)) == counts.keys()


class StubKannel:
    """Answers like smsbox, with what a test wants; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.answer: tuple[int, str] | None = (202, "0: Accepted for delivery")
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.asked.append(parse_qs(urlsplit(self.path).query, keep_blank_values=True))
                if stub.answer is None:
                    self.close_connection = True
                    return
                status, text = stub.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def stub() -> Iterator[StubKannel]:
    stub = StubKannel()
    yield stub
    stub.close()


@pytest.fixture
def kannel_gateway(stub: StubKannel) -> Iterator[KannelGateway]:
    gateway = gateway_from(
        f"kannel:http://azyq:p%40ss@127.0.0.1:{stub.port}/cgi-bin/sendsms?from=1414",
        dsn="",
        data=Path("."),
        dlr_url="http://127.0.0.1:8080/v1/sms/kannel/token/receipt",
    )
    assert isinstance(gateway, KannelGateway)
    yield gateway
    gateway.close()


class TestKannelGateway:
    def test_what_is_asked(self, stub: StubKannel, kannel_gateway: KannelGateway) -> None:
        kannel_gateway.send([OutgoingSms("a/1", KNOWN, "ИӘ + 100% €", "consent", "kk")])
        kannel_gateway.send([OutgoingSms("b", KNOWN, "Yes [€]", "consent", "en")])
        unicode, gsm = stub.asked
        assert unicode == {
            "username": ["azyq"],
            "password": ["p@ss"],
            "charset": ["UTF-8"],
            "from": ["1414"],
            "to": [KNOWN],
            "text": ["ИӘ + 100% €"],
            "coding": ["2"],
            "dlr-mask": ["31"],
            "dlr-url": ["http://127.0.0.1:8080/v1/sms/kannel/token/receipt?id=a%%2F1&status=%d"],
        }
        assert (gsm["coding"], gsm["text"]) == (["0"], ["Yes [€]"])

    @pytest.mark.parametrize(
        ("status", "text", "accepted", "retry", "reason"),
        [
            (202, "0: Accepted for delivery", True, False, ""),
            (202, "3: Queued for later delivery", True, False, ""),
            (200, "<html>login</html>", False, True, "unknown_outcome"),
            (403, "Authorization failed for sendsms", False, True, "gateway_refused_login"),
            (404, "Unknown request.", False, True, "gateway_misconfigured"),
            (302, "", False, True, "gateway_misconfigured"),
            (400, "Missing receiver number", False, False, "gateway_rejected"),
            (503, "Temporal failure, try again later.", False, True, "gateway_busy"),
            (500, "", False, True, "unknown_outcome"),
        ],
    )
    def test_what_an_answer_means(
        self,
        stub: StubKannel,
        kannel_gateway: KannelGateway,
        status: int,
        text: str,
        accepted: bool,
        retry: bool,
        reason: str,
    ) -> None:
        stub.answer = (status, text)
        (result,) = kannel_gateway.send(messages(1))
        assert (result.accepted, result.retry, result.reason) == (accepted, retry, reason)

    def test_no_answer_leaves_the_outcome_unknown(
        self, stub: StubKannel, kannel_gateway: KannelGateway
    ) -> None:
        stub.answer = None
        (result,) = kannel_gateway.send(messages(1))
        assert (result.accepted, result.retry, result.reason) == (False, True, "unknown_outcome")
        assert len(stub.asked) == 1  # and it is not asked again behind our back

    def test_nobody_there_is_known_not_to_have_it(self) -> None:
        gateway = KannelGateway("http://127.0.0.1:1/cgi-bin/sendsms", username="u", password="p")
        (result,) = gateway.send(messages(1))
        gateway.close()
        assert (result.accepted, result.retry, result.reason) == (False, True, "gateway_unreachable")

    def test_many_keep_their_order(self, stub: StubKannel, kannel_gateway: KannelGateway) -> None:
        results = kannel_gateway.send(messages(40))
        assert [r.message_id for r in results] == [f"id-{n}" for n in range(40)]
        assert all(r.accepted for r in results)
        assert len(stub.asked) == 40

    def test_a_broken_text_is_rejected(self, kannel_gateway: KannelGateway) -> None:
        (result,) = kannel_gateway.send([OutgoingSms("x", KNOWN, "\ud800", "consent", "kk")])
        assert (result.accepted, result.retry) == (False, False)

    def test_O6_neither_password_nor_phone_is_logged(
        self, stub: StubKannel, kannel_gateway: KannelGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            kannel_gateway.send(messages(1))
        for secret in ("p%40ss", "p@ss", "7010000000"):
            assert secret not in caplog.text + repr(kannel_gateway)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "outbox",
            "outbox:x",
            "kannel:",
            "kannel:ftp://u:p@h/",
            "smtp:x",
            "kannel:http://h/x",
            "kannel://u:p@h",
        ),
        *("kannel:http://u@h/x", "kannel:http://u:secret@h:99999/x", "kannel:http://u:secret@[h/x"),
        *(
            "kannel:http://u:secret@h /x",
            "kannel:http://u:secret@xn--\u0430-.kz/x",
            "kannel:http://u:secret@h/\x7f",
        ),
        "kannel:http://u:secret@1.2.3.999/x",
        *("kannel:http://u:secret@h/x?smsc=1", "kannel:http://u:secret@h/x?from=1&from=2"),
    ],
)
def test_a_wrong_gateway_setting_is_named_and_its_password_is_not(value: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="AZYQ_SMS_GATEWAY") as error:
        gateway_from(value, dsn="", data=tmp_path)
    assert "secret" not in str(error.value)


def test_the_outbox_is_a_gateway(outbox_database: str, tmp_path: Path) -> None:
    gateway = gateway_from("outbox:", dsn=outbox_database, data=tmp_path)
    assert (gateway.name, gateway.idempotent) == ("outbox", True)
    assert all(r.accepted for r in gateway.send(messages(1)))
    assert (tmp_path / "outbox.jsonl").exists()

"""Kannel, the open SMS gateway: sending by its HTTP `sendsms`.

Replies and delivery reports come back to our own addresses (infra/api). Its `sms-service` wants
`get-url = <our address>/v1/sms/kannel/<token>?from=%p&to=%P&text=%b&id=%I&charset=%C` and
`max-messages = 0` (what is to be said goes out by `sendsms`). Kannel joins the parts of a long reply, in
whatever order they come (`sms-combine-concatenated-mo`). Its `sendsms-user` wants `concatenation = true` and
a `max-messages` over the parts of our longest text, or it cuts the text.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import httpx

from domain.ports import OutgoingSms, SendResult
from domain.sms_text import GSM_7, parts

DELIVERY_STATUS = {1: "delivered", 2: "failed", 4: "buffered", 8: "accepted", 16: "rejected"}
_ALL_REPORTS = sum(DELIVERY_STATUS)
_AT_ONCE = 8

# Reasons of a SendResult.
UNKNOWN_OUTCOME = "unknown_outcome"
UNREACHABLE = "gateway_unreachable"
BUSY = "gateway_busy"
NO_ENTRY = "gateway_refused_login"
MISCONFIGURED = "gateway_misconfigured"
REJECTED = "gateway_rejected"
# What Kannel refuses of every message alike: no sending number anywhere, or our address for reports
_OUR_SETTINGS = ("Sender missing", "Garbage 'from'", "DLR-")


class _NoSecrets(logging.Filter):
    """httpx logs each address it asks, and ours carry a password, a phone and a text."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "password=" not in record.getMessage()


logging.getLogger("httpx").addFilter(_NoSecrets())


class KannelGateway:
    """A gateway (R20, R23) over Kannel's `sendsms` at `url` (no credentials in it).

    `dlr_url`: our address for delivery reports; `sender`: the short number; `timeout`: seconds a message.
    Kannel does not know a message it has seen: after `unknown_outcome` the person may or may not get it.
    """

    name = "kannel"
    idempotent = False

    def __init__(
        self,
        url: str,
        *,
        username: str,
        password: str,
        dlr_url: str | None = None,
        sender: str | None = None,
        charset: str = "UTF-8",
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._common = {"username": username, "password": password, "charset": charset}
        if sender is not None:
            self._common["from"] = sender
        self._dlr_url = dlr_url
        self._charset = charset
        limits = httpx.Limits(
            max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE, keepalive_expiry=20
        )
        self._client = httpx.Client(timeout=timeout, limits=limits, transport=transport, trust_env=False)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="kannel")

    def __repr__(self) -> str:
        return f"KannelGateway({self._url!r})"

    def send(self, messages: Sequence[OutgoingSms]) -> list[SendResult]:
        """Hand over `messages`, up to eight at once.

        `retry` with `unknown_outcome`: the question was put, no answer came. Any other `retry`: Kannel does
        not have the message. No `retry` (`gateway_rejected`): it never will, a number or text it can't take.
        """
        if len(messages) < 2:
            return [self._send(message) for message in messages]
        return list(self._pool.map(self._send, messages))

    def close(self) -> None:
        """End the connections; the gateway can't be used afterwards."""
        self._pool.shutdown()
        self._client.close()

    def _send(self, message: OutgoingSms) -> SendResult:
        try:
            answer = self._client.get(f"{self._url}?{urlencode(self._question(message))}")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return SendResult(message.message_id, False, True, UNREACHABLE)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            return SendResult(message.message_id, False, True, MISCONFIGURED)
        except httpx.HTTPError:
            return SendResult(message.message_id, False, True, UNKNOWN_OUTCOME)
        except UnicodeError:
            return SendResult(message.message_id, False, False, REJECTED)
        return _understood(message.message_id, answer)

    def _question(self, message: OutgoingSms) -> dict[str, str | bytes]:
        question: dict[str, str | bytes] = {
            **self._common,
            "to": message.to,
            "text": message.text.encode(self._charset),
            "coding": "0" if parts(message.text).encoding == GSM_7 else "2",
        }
        if self._dlr_url is not None:
            # %d is Kannel's to fill in; any other percent sign must reach us as it is.
            ours = quote(message.message_id, safe="").replace("%", "%%")
            mark = "&" if "?" in self._dlr_url else "?"
            question["dlr-mask"] = str(_ALL_REPORTS)
            question["dlr-url"] = f"{self._dlr_url}{mark}id={ours}&status=%d"
        return question


def _understood(message_id: str, answer: httpx.Response) -> SendResult:
    status = answer.status_code
    if 200 <= status < 300:
        # "0: Accepted for delivery", "3: Queued for later delivery"
        if answer.text[:2] in ("0:", "3:"):
            return SendResult(message_id, True)
        return SendResult(message_id, False, True, UNKNOWN_OUTCOME)
    if status in (401, 403):
        return SendResult(message_id, False, True, NO_ENTRY)
    if status in (429, 503):
        return SendResult(message_id, False, True, BUSY)
    if status == 400 and answer.text.startswith(_OUR_SETTINGS):
        return SendResult(message_id, False, True, MISCONFIGURED)
    if status in (400, 413, 414, 422):
        return SendResult(message_id, False, False, REJECTED)
    if status >= 500:
        return SendResult(message_id, False, True, UNKNOWN_OUTCOME)
    return SendResult(message_id, False, True, MISCONFIGURED)

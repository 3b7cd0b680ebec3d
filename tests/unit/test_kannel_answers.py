"""What an answer of Kannel's `sendsms` means for a message (R20)."""

from __future__ import annotations

import httpx
import pytest

from domain.ports import OutgoingSms, SendResult
from infra.sms.kannel import KannelGateway


def answer_to(status: int, body: str) -> SendResult:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, text=body))
    gateway = KannelGateway("http://kannel/cgi-bin/sendsms", username="u", password="p", transport=transport)
    try:
        (result,) = gateway.send([OutgoingSms("m", "+77011234567", "text", "consent_request", "kk")])
    finally:
        gateway.close()
    return result


@pytest.mark.parametrize(
    "body",
    [
        "Sender missing and no global set, rejected",
        "Garbage 'from' field, rejected.",
        "DLR-URL field misformed, rejected",
        "DLR-Mask field misformed, rejected",
    ],
)
def test_R20_what_the_settings_are_to_blame_for_costs_no_message(body: str) -> None:
    assert answer_to(400, body) == SendResult("m", False, True, "gateway_misconfigured")


@pytest.mark.parametrize(
    "body",
    [
        "Number(s) has/have been denied by white- and/or black-lists.",
        "Missing receiver number, rejected",
        "Charset or body misformed, rejected",
    ],
)
def test_R20_a_number_or_text_that_kannel_cannot_take_is_refused_for_good(body: str) -> None:
    assert answer_to(400, body) == SendResult("m", False, False, "gateway_rejected")


def test_R20_an_address_that_cannot_be_asked_costs_no_message() -> None:
    gateway = KannelGateway("http://1.2.3.999/cgi-bin/sendsms", username="u", password="p")
    try:
        (result,) = gateway.send([OutgoingSms("m", "+77011234567", "text", "consent_request", "kk")])
    finally:
        gateway.close()
    assert result == SendResult("m", False, True, "gateway_misconfigured")

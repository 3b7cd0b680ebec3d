"""Incoming calls of SMS gateways, signed by Standard Webhooks: HMAC-SHA256 over id, timestamp and body.

The `standardwebhooks` library reads the system's clock and wants the body to be text; here both are given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from domain.errors import Refusal

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_SECONDS = re.compile("[0-9]{1,12}")


class SignatureMissing(Refusal):
    """A header of the signature is absent."""

    code: ClassVar[str] = "signature_missing"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Қолтаңба жоқ: webhook-id, webhook-timestamp және webhook-signature тақырыптары қажет.",
        "ru": "Нет подписи: нужны заголовки webhook-id, webhook-timestamp и webhook-signature.",
        "en": "The signature is missing: webhook-id, webhook-timestamp and webhook-signature are needed.",
    }


class SignatureWrong(Refusal):
    """No signature fits: another secret, or the call was altered after signing."""

    code: ClassVar[str] = "signature_wrong"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Қолтаңба сәйкес келмейді: құпия кілт басқа немесе хабар қол қойылғаннан кейін өзгертілген.",
        "ru": "Подпись не подходит: другой секрет, или сообщение изменено после подписания.",
        "en": "The signature does not fit: another secret, or the message was altered after signing.",
    }


class TimestampOff(Refusal):
    """Signed more than five minutes ago, or in the future."""

    code: ClassVar[str] = "timestamp_off"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Қол қойылған уақыт біздің сағаттан 5 минуттан артық алшақ: жіберушінің сағатын тексеріңіз.",
        "ru": "Время подписи отличается от наших часов больше чем на 5 минут: проверьте часы отправителя.",
        "en": "The time of signing is more than 5 minutes off our clock: check the sender's clock.",
    }


def secret_bytes(secret: str) -> bytes:
    """The key in `secret` (`whsec_` + base64, padded or not). Raises ValueError when it is none."""
    text = secret.strip().removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("AZYQ_SMS_SECRET is not a webhook secret: `whsec_` and base64")
    return key


def signature(key: bytes, webhook_id: str, timestamp: str, body: bytes) -> bytes:
    """The raw signature of `body` under `key`."""
    return hmac.digest(key, f"{webhook_id}.{timestamp}.".encode("utf-8", "replace") + body, hashlib.sha256)


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The `webhook-id` of a call that is truly the gateway's; `headers` in lower case, `now` the real time.

    Any one of several signatures (separated by spaces, while a secret is being changed) suffices. Raises
    SignatureMissing, SignatureWrong or TimestampOff; a stranger learns nothing of the clock.
    """
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (webhook_id and timestamp and given.strip()):
        raise SignatureMissing()
    expected = signature(key, webhook_id, timestamp, body)
    fits = False
    for one in given.split(" ")[:20]:
        version, _, text = one.partition(",")
        if version == "v1":
            try:
                fits |= hmac.compare_digest(expected, base64.b64decode(text, validate=True))
            except (binascii.Error, ValueError):
                continue
    if not fits:
        raise SignatureWrong()
    if not _SECONDS.fullmatch(timestamp) or abs(int(timestamp) - now.timestamp()) > TOLERANCE_SECONDS:
        raise TimestampOff()
    return webhook_id

"""The seal of a paper given out: what its QR says, signed, so that anybody can tell a genuine paper (S000-07, S003-A03).

A seal is `AZYQD1-` and base32 of CBOR `[1, key id, case, result number, SHA-256 of the facts, issued, until]` and its
Ed25519 signature, by the keys of the wallet's codes. The QR holds a link that ends in it, in capitals that any phone's
camera reads and opens; nothing personal is in it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import cbor2

from domain.code_refusals import CodeForeign, CodeForged
from infra.qr.codec import KEY_ID_BYTES, SIGNATURE_BYTES
from infra.qr.keys import QrKeys

PREFIX = "AZYQD1-"
VERSION = 1
LONGEST_NUMBER = 40  # letters of a case's or a result's number
LONGEST = 500  # of a seal's text; ours have some 300
_EPOCH = date(2000, 1, 1)
_LETTERS = re.compile(r"[A-Z2-7]+", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-zА-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі/. №-]*")


class Verdict(StrEnum):
    """What a look at a seal tells: `unknown` was signed by none of our keys, or is no seal at all."""

    GENUINE = "genuine"
    EXPIRED = "expired"
    FORGED = "forged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seal:
    """What a paper's QR says: numbers of case and result, digest of its facts, days of issue and end (None: no end)."""

    case: str
    result: str
    facts: bytes
    issued_on: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict, and what the seal says where it is of our signing."""

    verdict: Verdict
    seal: Seal | None


def facts_digest(facts: Mapping[str, Any]) -> bytes:
    """SHA-256 of facts, whatever their order; values as texts."""
    spelt = json.dumps({key: str(value) for key, value in facts.items()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(spelt.encode("utf-8", "surrogatepass")).digest()


def sealed(seal: Seal, keys: QrKeys) -> str:
    """The text of a seal. Raises ValueError when a number is too long, or the days are before 2000."""
    content = _content(seal, keys.key_id)
    spelt = base64.b32encode(content + keys.sign_content(content)).decode("ascii").rstrip("=")
    return PREFIX + spelt


def link(public_url: str, text: str) -> str:
    """Where a paper is verified: scheme and host in capitals, which mean the same and make a smaller QR."""
    parts = urlsplit(public_url)
    path = f"{parts.path.rstrip('/')}/v/{text}"
    if not parts.path.strip("/"):
        path = f"/V/{text}"
    return urlunsplit((parts.scheme.upper(), parts.netloc.upper(), path, "", ""))


def verify(text: str, keys: QrKeys, on: date) -> Verified:
    """What a seal, or a link that ends in one, is worth on the day `on`."""
    spelt = text.strip().rpartition("/")[2]
    if len(spelt) > LONGEST or not spelt.upper().startswith(PREFIX):
        return Verified(Verdict.UNKNOWN, None)
    found = _read(spelt.upper().removeprefix(PREFIX))
    if found is None:
        return Verified(Verdict.FORGED, None)
    seal, key_id, content, signature = found
    try:
        keys.verify_content(key_id, content, signature)
    except CodeForeign:
        return Verified(Verdict.UNKNOWN, None)
    except CodeForged:
        return Verified(Verdict.FORGED, None)
    if seal.valid_until is not None and seal.valid_until < on:
        return Verified(Verdict.EXPIRED, seal)
    return Verified(Verdict.GENUINE, seal)


def _content(seal: Seal, key_id: bytes) -> bytes:
    for number in (seal.case, seal.result):
        if len(number) > LONGEST_NUMBER or not _NUMBER.fullmatch(number):
            raise ValueError(f"a number on a paper has at most {LONGEST_NUMBER} letters, digits and hyphens")
    until = -1 if seal.valid_until is None else _day(seal.valid_until)
    return cbor2.dumps(
        [VERSION, key_id, seal.case, seal.result, seal.facts, _day(seal.issued_on), until], canonical=True
    )


def _day(day: date) -> int:
    number = (day - _EPOCH).days
    if number < 0:
        raise ValueError("a paper is of 2000 or later")
    return number


def _read(spelt: str) -> tuple[Seal, bytes, bytes, bytes] | None:
    """The parts of a seal; None for anything but the one spelling of one."""
    if not _LETTERS.fullmatch(spelt):
        return None
    try:
        raw = base64.b32decode(spelt + "=" * (-len(spelt) % 8))
        content, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
        parts = cbor2.load(io.BytesIO(content))
    except (binascii.Error, cbor2.CBORDecodeError, ValueError, RecursionError, OverflowError):
        return None
    match parts:
        case [
            1,
            bytes() as key_id,
            str() as case,
            str() as result,
            bytes() as facts,
            int() as issued,
            int() as until,
        ]:
            pass
        case _:
            return None
    try:
        issued_on = _EPOCH + timedelta(days=issued)
        valid_until = None if until == -1 else _EPOCH + timedelta(days=until)
        seal = Seal(case, result, facts, issued_on, valid_until)
        same = len(key_id) == KEY_ID_BYTES and len(facts) == 32 and _content(seal, key_id) == content
    except (ValueError, OverflowError):
        return None
    # Base32 leaves bits over: there is one spelling, and no other is read.
    if not same or base64.b32encode(raw).decode("ascii").rstrip("=") != spelt:
        return None
    return seal, key_id, content, signature

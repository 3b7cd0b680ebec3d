"""The QR code: one spelling, one signature, ninety seconds; and a picture that independent readers can read."""

from __future__ import annotations

import base64
import io
import json
import math
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID

import base45
import cbor2
import pytest
import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from domain import code_refusals
from domain.code_refusals import (
    CodeExpired,
    CodeForeign,
    CodeForged,
    CodeMalformed,
    CodeNotYetValid,
)
from domain.errors import LANGUAGES, Refusal
from infra.qr.codec import LONGEST, PREFIX, parse
from infra.qr.image import svg
from infra.qr.keys import QrKeys

NOW = datetime(2025, 7, 10, 12, 0, 0, tzinfo=UTC)
STREAM = UUID("11111111-2222-5333-8444-555555555555")
OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEYS = QrKeys([OLD])
CODE = KEYS.sign(STREAM, NOW)
RAW = CODE.content + CODE.signature


def spelt(raw: bytes) -> str:
    return PREFIX + base45.b45encode(raw).decode()


def refused(text: str, at: datetime = NOW, keys: QrKeys = KEYS) -> type[Refusal]:
    with pytest.raises(Refusal) as caught:
        keys.read(text, at)
    assert caught.value.field == "code"
    return type(caught.value)


def signed_by(seed: bytes, content: bytes) -> str:
    """A code of any content, signed with a key of ours: what only we could have made."""
    return spelt(content + QrKeys([seed])._signs.sign(content))


def test_R2_23_a_code_says_which_family_and_when_in_146_characters() -> None:
    read = KEYS.read(CODE.text, NOW)
    assert (read.code.stream, read.code.issued_at) == (STREAM, NOW)
    assert len(CODE.text) == 146 <= LONGEST
    assert cbor2.loads(read.content) == [1, KEYS.key_id, STREAM.bytes, int(NOW.timestamp())]
    assert len(read.digest) == 32
    assert read.digest == CODE.digest != KEYS.sign(STREAM, NOW + timedelta(seconds=1)).digest


def test_a_code_lives_ninety_seconds_and_clocks_may_differ_by_five() -> None:
    for seconds in (-5, 0, 30, 90):
        assert KEYS.read(CODE.text, NOW + timedelta(seconds=seconds)).code.stream == STREAM
    assert refused(CODE.text, NOW + timedelta(seconds=90, milliseconds=1)) is CodeExpired
    assert refused(CODE.text, NOW + timedelta(seconds=91)) is CodeExpired
    assert refused(CODE.text, NOW - timedelta(seconds=6)) is CodeNotYetValid
    assert refused(CODE.text, NOW + timedelta(days=1)) is CodeExpired
    assert refused(CODE.text, NOW - timedelta(days=1)) is CodeNotYetValid


def test_a_forged_code_and_one_of_another_installation_are_told_apart() -> None:
    stranger = QrKeys([os.urandom(32)]).sign(STREAM, NOW)
    assert refused(stranger.text) is CodeForeign
    assert refused(spelt(CODE.content + stranger.signature)) is CodeForged
    # Time is looked at last: a forged code that is old too is forged.
    assert refused(spelt(CODE.content + stranger.signature), NOW + timedelta(hours=1)) is CodeForged


@given(st.integers(0, len(RAW) * 8 - 1))
def test_a_code_with_one_bit_changed_is_refused(bit: int) -> None:
    changed = bytearray(RAW)
    changed[bit // 8] ^= 1 << bit % 8
    assert refused(spelt(bytes(changed))) in (CodeMalformed, CodeForeign, CodeForged)


def test_every_single_changed_bit_is_refused() -> None:
    kinds = set()
    for bit in range(len(RAW) * 8):
        changed = bytearray(RAW)
        changed[bit // 8] ^= 1 << bit % 8
        kinds.add(refused(spelt(bytes(changed))))
    assert kinds == {CodeMalformed, CodeForeign, CodeForged}


@given(st.integers(0, 145), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:abczé\n\0"))
def test_a_code_with_one_letter_changed_is_refused(place: int, letter: str) -> None:
    text = CODE.text[:place] + letter + CODE.text[place + 1 :]
    if text != CODE.text:
        assert refused(text) in (CodeMalformed, CodeForeign, CodeForged)


@given(st.one_of(st.text(), st.binary(max_size=120).map(spelt), st.text().map(lambda t: PREFIX + t)))
def test_anything_else_is_refused_and_never_an_exception(text: str) -> None:
    assert refused(text) in (CodeMalformed, CodeForeign, CodeForged)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        CODE.text.lower(),
        CODE.text + "\n",
        CODE.text + "\r\n",
        " " + CODE.text,
        CODE.text + " ",
        CODE.text.replace("AZYQ1", "AZYQ2"),
        CODE.text.replace("AZYQ1:", "azyq1:"),
        CODE.text.removeprefix(PREFIX),
        CODE.text[:-1],
        CODE.text[:-2],
        CODE.text[:-3],
        CODE.text[:70],
        CODE.text + "00",
        CODE.text + "000",
        CODE.text * 2,
        PREFIX + "A" * 10_000,
        PREFIX + ":" * 140,  # three letters above 65535
        "AZYQ1:" + "А" * 140,  # Cyrillic
        "AZYQ1:" + "１" * 140,
        CODE.text[:-1] + "\ud800",
        "https://example.org/w/0123456789abcdef",
        "4870001234567",
    ],
)
def test_what_is_not_the_one_spelling_of_a_code_is_malformed(text: str) -> None:
    assert refused(text) is CodeMalformed


@pytest.mark.parametrize(
    "content",
    [
        cbor2.dumps([1, KEYS.key_id, STREAM.bytes]),
        cbor2.dumps([1, KEYS.key_id, STREAM.bytes, 5]),
        cbor2.dumps([1, KEYS.key_id, STREAM.bytes, int(NOW.timestamp()), 0]),
        cbor2.dumps([2, KEYS.key_id, STREAM.bytes, int(NOW.timestamp())]),
        cbor2.dumps([1, KEYS.key_id, STREAM.bytes, float(NOW.timestamp())]),
        cbor2.dumps([1, KEYS.key_id.hex()[:4], STREAM.bytes, int(NOW.timestamp())]),
        # the same number in five bytes where three are enough
        cbor2.dumps([1, KEYS.key_id, STREAM.bytes, 2**31])[:-5] + b"\x1a\x00\x00\x00\x05",
        CODE.content + b"\x00",
    ],
)
def test_other_cbor_is_malformed_even_when_we_signed_it(content: bytes) -> None:
    assert refused(signed_by(OLD, content)) is CodeMalformed


def test_keys_rotate_the_first_signs_and_all_verify() -> None:
    both = QrKeys([NEW, OLD])
    assert both.read(CODE.text, NOW).code.stream == STREAM
    fresh = both.sign(STREAM, NOW)
    assert fresh.code.key_id == QrKeys([NEW]).key_id != KEYS.key_id
    assert both.read(fresh.text, NOW).code == fresh.code
    assert refused(CODE.text, keys=QrKeys([NEW])) is CodeForeign


@pytest.mark.parametrize("seeds", [[], [OLD, OLD], [b"short"], [OLD, b""]])
def test_keys_that_can_not_be_used_are_an_error(seeds: list[bytes]) -> None:
    with pytest.raises(ValueError, match="key"):
        QrKeys(seeds)


def test_a_terminal_can_verify_with_the_published_keys_alone() -> None:
    jwks = json.loads(json.dumps(QrKeys([NEW, OLD]).jwks()))
    (jwk,) = [key for key in jwks["keys"] if key["kid"] == CODE.code.key_id.hex()]
    assert (jwk["kty"], jwk["crv"], jwk["alg"], jwk["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "d" not in jwk
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    raw = base45.b45decode(CODE.text.removeprefix(PREFIX))
    public.verify(raw[-64:], raw[:-64])


def test_the_documented_way_to_verify_works() -> None:
    text = (Path(__file__).parents[2] / "docs" / "qr.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], names)
    at = NOW.timestamp()
    assert names["verify"](CODE.text, KEYS.jwks(), lambda: at + 90) == STREAM.hex
    with pytest.raises(ValueError, match="force"):
        names["verify"](CODE.text, KEYS.jwks(), lambda: at + 91)
    with pytest.raises(InvalidSignature):
        names["verify"](spelt(RAW[:-1] + bytes([RAW[-1] ^ 1])), KEYS.jwks(), lambda: at)
    for name in ("malformed", "foreign", "forged", "expired", "not_yet_valid", "replayed", "spent"):
        assert f"`code_{name}`" in text


def test_no_code_is_made_at_a_time_that_four_bytes_do_not_hold() -> None:
    for year in (1970, 2107):
        with pytest.raises(ValueError, match="time"):
            KEYS.sign(STREAM, datetime(year, 1, 1, tzinfo=UTC))


def test_R25_each_refusal_tells_the_cashier_in_three_languages_what_to_do() -> None:
    found = {cls.code: cls for cls in vars(code_refusals).values() if isinstance(cls, type)}
    expected = ("malformed", "foreign", "forged", "expired", "not_yet_valid", "replayed", "spent")
    for name in expected:
        sentences = {found[f"code_{name}"]("code").sentence(language) for language in LANGUAGES}
        assert len(sentences) == 3


def test_parsing_says_nothing_of_the_signature() -> None:
    assert parse(CODE.text) == CODE


class Picture:
    """Grey pixels, row by row."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pixels = bytearray(b"\xff" * size * size)

    def blacken(self, left: int, top: int, width: int, height: int) -> None:
        for y in range(top, top + height):
            start = y * self.size + left
            self.pixels[start : start + width] = bytes(width)

    def turned(self, degrees: float) -> Picture:
        """Turned about its middle, on white."""
        size, found = int(self.size * 1.3), Picture(int(self.size * 1.3))
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        for y in range(size):
            for x in range(size):
                dx, dy = x - size / 2, y - size / 2
                column = round(dx * cos + dy * sin + self.size / 2)
                row = round(dy * cos - dx * sin + self.size / 2)
                if 0 <= column < self.size and 0 <= row < self.size:
                    found.pixels[y * size + x] = self.pixels[row * self.size + column]
        return found

    def read(self) -> str:
        """What an independent reader finds in it."""
        shown: Any = memoryview(bytes(self.pixels)).cast("B", (self.size, self.size))
        return "".join(found.text for found in zxingcpp.read_barcodes(shown))


def picture(text: str, module: int) -> Picture:
    """The SVG's path as pixels, `module` wide each: the drawing is read back, not made anew."""
    drawing = svg(text).decode()
    found = Picture(int(re.findall(r'viewBox="0 0 (\d+) ', drawing)[0]) * module)
    path = re.findall(r'stroke="#000" d="([^"]+)"', drawing)[0]
    x = y = 0.0
    for command, a, b in re.findall(r"([Mmh])\s*(-?[\d.]+)(?:\s*(-?[\d.]+))?", path):
        if command == "M":
            x, y = float(a), float(b)
        elif command == "m":
            x, y = x + float(a), y + float(b)
        else:
            found.blacken(int(x) * module, int(y - 0.5) * module, int(a) * module, module)
            x += float(a)
    return found


@pytest.mark.parametrize("module", [1, 2, 3, 5, 8])
def test_R25_an_independent_reader_reads_the_picture_at_small_sizes(module: int) -> None:
    shown = picture(CODE.text, module)
    assert shown.size == 49 * module
    assert shown.read() == CODE.text
    assert KEYS.read(shown.read(), NOW).code.stream == STREAM


def test_R25_it_is_read_turned_and_with_a_crack() -> None:
    shown = picture(CODE.text, 6)
    shown.blacken(60, 150, 200, 5)
    assert shown.turned(8).read() == CODE.text


@pytest.mark.skipif(which("zbarimg") is None, reason="no zbarimg here (Debian: zbar-tools)")
def test_R25_zbar_reads_it_too(tmp_path: Path) -> None:
    shown = picture(CODE.text, 4)
    file = tmp_path / "code.pgm"
    file.write_bytes(f"P5 {shown.size} {shown.size} 255\n".encode() + shown.pixels)
    done = subprocess.run(["zbarimg", "--raw", "-q", str(file)], capture_output=True, text=True, timeout=30)
    assert done.stdout.rstrip("\n") == CODE.text


def test_what_does_not_fit_a_version_6_is_no_picture() -> None:
    with pytest.raises(ValueError, match=r"fit|Data"):
        svg("A" * 155)
    with pytest.raises(ValueError, match=r"."):
        svg("azyq")
    assert io.BytesIO(svg("A" * 154)).read(4) == b"<svg"

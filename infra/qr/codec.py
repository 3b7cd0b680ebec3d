"""What a QR code says: `AZYQ1:` + base45 of CBOR `[1, key id, stream, issued at]` and its Ed25519 signature.

146 characters, so it fits a QR of version 6 at level M (154). There is one spelling of each code and no other is
read: whatever differs by a bit, a space or a letter's case is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

import base45
import cbor2

from domain.code_refusals import CodeExpired, CodeMalformed, CodeNotYetValid

PREFIX = "AZYQ1:"
VERSION = 1
LONGEST = 154  # alphanumeric characters of a QR of version 6 at level M
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
LIFE = timedelta(seconds=90)
AHEAD = timedelta(seconds=5)  # by how much the clocks of two machines may differ

_LETTERS = re.compile(r"[0-9A-Z $%*+\-./:]+", re.ASCII)
_FIRST, _LAST = 2**16, 2**32  # the seconds that CBOR writes in four bytes, as all of ours are until 2106
_CONTENT_BYTES = len(cbor2.dumps([VERSION, bytes(KEY_ID_BYTES), bytes(16), _FIRST]))
# After CBOR's heads: of the array and the version, then one more before each of the three.
_KEY_ID = slice(3, 3 + KEY_ID_BYTES)
_STREAM = slice(_KEY_ID.stop + 1, _KEY_ID.stop + 17)
_ISSUED = slice(_STREAM.stop + 1, _STREAM.stop + 5)


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says: the family's stream (`domain.identity`), when it was made (UTC, whole seconds), by which key."""

    stream: UUID
    issued_at: datetime
    key_id: bytes

    @property
    def valid_until(self) -> datetime:
        """The last moment it is taken at a till."""
        return self.issued_at + LIFE

    def check_time(self, at: datetime) -> None:
        """Raises CodeNotYetValid, CodeExpired when it does not hold at `at`."""
        if at < self.issued_at - AHEAD:
            raise CodeNotYetValid("code")
        if at > self.valid_until:
            raise CodeExpired("code")

    def content(self) -> bytes:
        """What is signed. Raises ValueError outside the times of a code, 1970-01-01T18:12:16Z to 2106."""
        seconds = int(self.issued_at.timestamp())
        if not _FIRST <= seconds < _LAST:
            raise ValueError("no code can be made at this time")
        return cbor2.dumps([VERSION, self.key_id, self.stream.bytes, seconds])


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A code as it was read: its signature is still to be verified."""

    code: Code
    content: bytes
    signature: bytes

    @property
    def digest(self) -> str:
        """What stands for this very code, 32 hex digits: blake2b of its bytes."""
        return blake2b(self.content + self.signature, digest_size=16).hexdigest()

    @property
    def text(self) -> str:
        """What the QR holds."""
        spelt: bytes = base45.b45encode(self.content + self.signature)
        return PREFIX + spelt.decode("ascii")


def parse(text: str) -> SignedCode:
    """The code that `text` spells. Raises CodeMalformed for anything but the one spelling of a code."""
    if not text.startswith(PREFIX) or len(text) > LONGEST or not _LETTERS.fullmatch(text):
        raise CodeMalformed("code")
    raw = _decode(text.removeprefix(PREFIX))
    content, signature = raw[:_CONTENT_BYTES], raw[_CONTENT_BYTES:]
    if len(content) < _CONTENT_BYTES or len(signature) != SIGNATURE_BYTES:
        raise CodeMalformed("code")
    seconds = int.from_bytes(content[_ISSUED], "big")
    if seconds < _FIRST:
        raise CodeMalformed("code")
    issued_at = datetime.fromtimestamp(seconds, UTC)
    found = SignedCode(Code(UUID(bytes=content[_STREAM]), issued_at, content[_KEY_ID]), content, signature)
    # Written again it must be the same: that leaves nothing for a CBOR reader to trip over. Base45 has one spelling.
    if found.code.content() != content:
        raise CodeMalformed("code")
    return found


def _decode(text: str) -> bytes:
    """What base45 (RFC 9285) in `text` spells. Raises CodeMalformed."""
    try:
        decoded: bytes = base45.b45decode(text)
    except ValueError:
        raise CodeMalformed("code") from None
    return decoded

"""The keys of the QR codes: the first signs, all verify; their public halves are published (RFC 8037)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.code_refusals import CodeForeign, CodeForged
from infra.qr.codec import KEY_ID_BYTES, Code, SignedCode, parse

VERIFIED_KEPT = 4_096  # some 1 kB each


class QrKeys:
    """Signs and verifies codes; safe to share among threads.

    To change keys: add the new one behind the old, wait until terminals have fetched the published keys, put it
    first, and drop the old one when its last code has ended.
    """

    def __init__(self, seeds: Sequence[bytes]) -> None:
        """`seeds`: 32 secret bytes each. Raises ValueError when there are none, one is of another length or there twice."""
        if not seeds:
            raise ValueError("a QR needs at least one key")
        private = [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]
        public = [key.public_key() for key in private]
        self._signs = private[0]
        self._verify: dict[bytes, Ed25519PublicKey] = {_key_id(key): key for key in public}
        if len(self._verify) < len(seeds):
            raise ValueError("a key of the QR is there twice")
        self.key_id = _key_id(public[0])
        # A till shows a code at least twice, to check and to pay. What is refused is not kept.
        self.verify = lru_cache(maxsize=VERIFIED_KEPT)(self._verified)

    def sign(self, stream: UUID, at: datetime) -> SignedCode:
        """A code of `stream`, made at `at` (its whole second)."""
        code = Code(stream, datetime.fromtimestamp(int(at.timestamp()), UTC), self.key_id)
        content = code.content()
        return SignedCode(code, content, self._signs.sign(content))

    def _verified(self, text: str) -> SignedCode:
        """The code that `text` spells, its signature verified and its time not looked at.

        Raises CodeMalformed, CodeForeign, CodeForged.
        """
        signed = parse(text)
        self.verify_content(signed.code.key_id, signed.content, signed.signature)
        return signed

    def read(self, text: str, at: datetime) -> SignedCode:
        """The code that `text` spells, genuine and in force at `at` (R25).

        Raises CodeMalformed, CodeForeign, CodeForged, CodeNotYetValid, CodeExpired, in this order.
        """
        signed = self.verify(text)
        signed.code.check_time(at)
        return signed

    def sign_content(self, content: bytes) -> bytes:
        """The first key's signature of any other content; that names the key by `key_id` itself."""
        return self._signs.sign(content)

    def verify_content(self, key_id: bytes, content: bytes, signature: bytes) -> None:
        """That the key `key_id` signed `content`. Raises CodeForeign when it is none of ours, CodeForged."""
        key = self._verify.get(key_id)
        if key is None:
            raise CodeForeign("code")
        try:
            key.verify(signature, content)
        except InvalidSignature:
            raise CodeForged("code") from None

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set (RFC 7517, RFC 8037); `kid` is the key id of the codes in hex."""
        return {
            "keys": [
                {**_jwk(key), "kid": key_id.hex(), "use": "sig", "alg": "EdDSA"}
                for key_id, key in self._verify.items()
            ]
        }


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": base64.urlsafe_b64encode(raw).decode().rstrip("=")}


def _key_id(key: Ed25519PublicKey) -> bytes:
    """The first bytes of the key's thumbprint (RFC 7638)."""
    return hashlib.sha256(json.dumps(_jwk(key), separators=(",", ":")).encode()).digest()[:KEY_ID_BYTES]

"""The vault's cryptography: AES-256-GCM for what is read again, HMAC-SHA256 for what is only compared."""

from __future__ import annotations

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12


class VaultKeyWrong(Exception):
    """The master key at hand doesn't open this vault, or what it opened was tampered with."""


class Seal:
    """One AES-256-GCM key. What is sealed is bound to `about`: it doesn't open as something else's."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, text: bytes, about: bytes) -> bytes:
        """`text` sealed under a fresh random nonce, which goes in front."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """The text again. Raises VaultKeyWrong when key or `about` differ from those it was sealed with."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise VaultKeyWrong("The vault's key doesn't open what is kept there.") from None


def new_key() -> bytes:
    """A random key of 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def derive(root: bytes, purpose: str) -> bytes:
    """A key of its own for `purpose`, out of the vault's root key."""
    return HKDF(SHA256(), KEY_BYTES, None, b"azyq vault " + purpose.encode()).derive(root)


def keyed_digest(key: bytes, kind: str, text: str) -> bytes:
    """16 bytes: enough that no two texts of a vault share them, and they fit PostgreSQL's uuid."""
    # Text from outside may hold lone surrogates, which plain UTF-8 refuses.
    return hmac.digest(key, kind.encode() + b"\0" + text.encode("utf-8", "surrogatepass"), "sha256")[:16]

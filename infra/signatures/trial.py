"""Electronic signatures. In a trial they are made and verified by a key of the installation's own."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256

from domain.ports import Signer

_FORMAT = "azyq-trial-signature"


class TrialSignatures:
    """Signatures that prove nothing to anybody else: `sign` makes them for whoever the caller says it is."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, actor: str, content: bytes) -> bytes:
        """A signature of `content` in the actor's name."""
        name = base64.urlsafe_b64encode(actor.encode()).decode()
        return f"{_FORMAT}.{name}.{self._mac(actor, content)}".encode()

    def verify(self, content: bytes, signature: bytes, at: datetime) -> Signer | None:
        """Who signed `content`; None when the signature doesn't hold."""
        try:
            form, name, mac = signature.decode("ascii").split(".")
            actor = base64.urlsafe_b64decode(name).decode()
        except (ValueError, binascii.Error):
            return None
        if form != _FORMAT or not hmac.compare_digest(mac, self._mac(actor, content)):
            return None
        return Signer(actor, sha256(signature).hexdigest())

    def _mac(self, actor: str, content: bytes) -> str:
        return hmac.digest(self._key, actor.encode() + b"\0" + content, "sha256").hex()


class NoSignatures:
    """Where no trust store is set up, no signature holds."""

    def verify(self, content: bytes, signature: bytes, at: datetime) -> Signer | None:
        """None: nobody's certificate is known."""
        return None

"""Signing in by an electronic signature over a challenge: whose it is, and sessions (A8). For analysts and for staff."""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import structlog

from domain.access_refusals import ChallengeOver
from domain.signature_refusals import SignatureNotCms, SignatureUnsound
from infra.api.services import Unavailable
from infra.bootstrap import Azyq
from infra.postgres.sign_in import PostgresSignIn

_LONGEST_SIGNATURE = 140_000  # characters of base64

log = structlog.get_logger("azyq")


class Session(NamedTuple):
    """What a user is told once: the token, and when it is over at the latest."""

    token: str
    expires_at: datetime


class SigningIn:
    """Challenges and sessions of one face; several threads may use it at once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq

    @cached_property
    def _kept(self) -> PostgresSignIn:
        return PostgresSignIn(self._azyq.dsn)

    def close(self) -> None:
        """Close the connections."""
        if "_kept" in self.__dict__:
            self._kept.close()

    def challenge(self) -> str:
        """A text to sign, for one sign-in within five minutes."""
        challenge = f"azyq sign-in {secrets.token_urlsafe(32)}"
        self._kept.note_challenge(challenge, self._azyq.clock())
        return challenge

    def signer(self, challenge: str, signature: str, now: datetime) -> str:
        """Who signed the challenge (detached CMS in base64), which is used up by it.

        Raises ChallengeOver, SignatureUnsound; Unavailable where the folder of authorities can't be read.
        """
        if not self._kept.use_challenge(challenge, now):
            raise ChallengeOver("challenge")
        try:
            content = base64.b64decode(signature[:_LONGEST_SIGNATURE], validate=True)
        except (ValueError, binascii.Error):
            raise SignatureNotCms("signature") from None
        try:
            signatures = self._azyq.signatures
        except (OSError, ValueError) as error:
            log.error("authorities_unreadable", reason=str(error))
            raise Unavailable("the folder of authorities can't be read") from None
        signer = signatures.verify(challenge.encode(), content, now)
        if signer is None:
            raise SignatureUnsound("signature")
        return signer.actor

    def session(self, user: str, until: datetime, now: datetime) -> Session:
        """A session of `user`, for as long as `until`."""
        token = secrets.token_urlsafe(32)
        self._kept.note_session(token, user, until, now)
        return Session(token, until)

    def user_of(self, token: str, now: datetime) -> str | None:
        """Whose session `token` opens."""
        return self._kept.user_of(token, now)

    def sign_out(self, token: str) -> None:
        """End the session."""
        self._kept.sign_out(token)

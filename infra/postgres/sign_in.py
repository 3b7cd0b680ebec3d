"""Challenges to sign and sessions (A8): of both the hash only is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from infra.postgres.connect import APP_ROLE, ThreadConnections

CHALLENGE_LIFE = timedelta(minutes=5)
SESSION_LIFE = timedelta(hours=8)
_CHALLENGES_AT_ONCE = 10_000  # more than ever wait at once: the oldest go first


class PostgresSignIn:
    """Tables azyq_access.challenge and azyq_access.session; safe to share among threads."""

    def __init__(self, dsn: str) -> None:
        self._connections = ThreadConnections(dsn, "azyq-sign-in", role=APP_ROLE, autocommit=True)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def note_challenge(self, challenge: str, at: datetime) -> None:
        """Keep `challenge` for one sign-in within CHALLENGE_LIFE; those that are over go."""
        self._run("DELETE FROM azyq_access.challenge WHERE expires_at <= %s", (at,))
        self._run(
            "DELETE FROM azyq_access.challenge WHERE challenge_hash IN (SELECT challenge_hash"
            " FROM azyq_access.challenge ORDER BY expires_at DESC OFFSET %s)",
            (_CHALLENGES_AT_ONCE,),
        )
        self._run(
            "INSERT INTO azyq_access.challenge (challenge_hash, expires_at) VALUES (%s, %s)",
            (hashed(challenge), at + CHALLENGE_LIFE),
        )

    def use_challenge(self, challenge: str, at: datetime) -> bool:
        """Whether `challenge` was ours, in time and not used before; it is used from now on."""
        rows = self._run(
            "DELETE FROM azyq_access.challenge WHERE challenge_hash = %s RETURNING expires_at > %s",
            (hashed(challenge), at),
        )
        return rows == [(True,)]

    def note_session(self, token: str, user: str, until: datetime, at: datetime) -> None:
        """Keep a session of `user`; those that are over go."""
        self._run("DELETE FROM azyq_access.session WHERE expires_at <= %s", (at,))
        self._run(
            "INSERT INTO azyq_access.session (token_hash, user_id, expires_at) VALUES (%s, %s, %s)",
            (hashed(token), user, until),
        )

    def user_of(self, token: str, at: datetime) -> str | None:
        """Whose session `token` opens at `at`."""
        rows = self._run(
            "SELECT user_id FROM azyq_access.session WHERE token_hash = %s AND expires_at > %s",
            (hashed(token), at),
        )
        return str(rows[0][0]) if rows else None

    def sign_out(self, token: str) -> None:
        """End the session."""
        self._run("DELETE FROM azyq_access.session WHERE token_hash = %s", (hashed(token),))

    def _run(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._connections.mine().cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def hashed(secret: str) -> str:
    """SHA-256 in hex: no slower hash is needed for what has 256 random bits."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

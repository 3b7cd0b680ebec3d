"""Staff and portals sign in with their key as a Bearer token."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from domain.procedures.acts import Actor
from infra.api.problems import Problem
from infra.api.rates import Rate

SCHEME = "staffKey"
_KEY_MOST = 200


class StaffAuth(SecurityBase):
    """A FastAPI dependency: who asks, by the key, as the log has it now, so that a revocation holds at once.

    Rates: `per_second` for a member whose key was good, and a tenth of that many wrong keys for an address.
    """

    def __init__(self, authenticate: Callable[[str], Actor], per_second: float) -> None:
        self.model = HTTPBearerModel(description="the key of `azyq staff enrol`")
        self.scheme_name = SCHEME
        self._authenticate = authenticate
        self._members = Rate(per_second, 2 * per_second)
        self._strangers = Rate(max(1.0, per_second / 10), 10 * per_second)

    async def __call__(self, request: Request) -> Actor:
        """Raises Problem 401 without a key and 429, StaffKeyUnknown, StaffKeyOver, StaffRevoked and
        StaffOfOtherEnvironment."""
        address = request.client.host if request.client else ""
        self._strangers.take(address)
        actor = await run_in_threadpool(self._authenticate, key_in(request))
        self._strangers.give_back(address)
        self._members.take(actor.id)
        return actor


def key_in(request: Request) -> str:
    """The Bearer token. Raises Problem 401 without one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Problem(401, "staff_key_missing", headers={"WWW-Authenticate": "Bearer"})
    return key.strip()[:_KEY_MOST]

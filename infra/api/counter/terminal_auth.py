"""Terminals sign in with their key as a Bearer token."""

from __future__ import annotations

from collections import OrderedDict

from fastapi import Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from domain.commands.terminals import Credentials, credentials_of
from domain.terminal_refusals import OtherEnvironment
from infra.api.counter.often import Asked
from infra.api.problems import Problem
from infra.api.rates import Rate
from infra.api.services import CounterServices
from infra.counter.lanes import LaneFull
from infra.counter.reader import Question, Said, WhoAmI

SCHEME = "terminalKey"
_KEYS_KNOWN = 50_000
_KEY_MOST = 200


def full() -> Problem:
    """What a caller hears when too many wait."""
    return Problem(503, "queue_full", headers={"Retry-After": "1"})


class TerminalAuth(SecurityBase):
    """A FastAPI dependency: who asks, by the key. A key that this process has not met is looked up first; all are
    compared again with the log by the lane that does what was asked, so that a revocation holds at once.

    Rates: `per_second` for a terminal whose key was good, and a tenth of that many wrong keys for an address.
    """

    def __init__(self, services: CounterServices) -> None:
        self.model = HTTPBearerModel(description="the key of POST /v1/terminals/enrol")
        self.scheme_name = SCHEME
        self._services = services
        per_second = services.terminal_per_second
        self._terminals = Rate(per_second, 2 * per_second)
        self._strangers = Rate(max(1.0, per_second / 10), 10 * per_second)
        self._known: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, request: Request) -> Credentials:
        """Raises what `let_in` does."""
        return await self.let_in(request)

    async def let_in(self, request: Asked) -> Credentials:
        """Raises Problem 401 without a key and 429, KeyUnknown, KeyOver, TerminalRevoked, OtherEnvironment."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Problem(401, "key_missing", headers={"WWW-Authenticate": "Bearer"})
        shown = credentials_of(key.strip()[:_KEY_MOST])
        if shown.env != self._services.env:
            raise OtherEnvironment
        if shown.key_hash not in self._known:
            address = request.client.host if request.client else ""
            self._strangers.take(address)
            await self.ask(Question(shown, self._services.now(), WhoAmI()))
            self._strangers.give_back(address)
            self._known[shown.key_hash] = None
            if len(self._known) > _KEYS_KNOWN:
                self._known.popitem(last=False)
        self._terminals.take(shown.terminal)
        return shown

    async def ask(self, question: Question) -> Said:
        """The reading lane's answer. Raises Problem 503 when too many wait, and the refusal."""
        try:
            return await self._services.lanes.reading.ask(question)
        except LaneFull:
            raise full() from None

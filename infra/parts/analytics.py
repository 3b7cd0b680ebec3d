"""The analysts' pages as they ask for them (`infra.web.analytics.reading.AnalyticsServices`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address

from fastapi import Request as HttpRequest

from domain.access_refusals import SessionOver
from domain.errors import Refusal
from domain.programmes import Programme
from domain.seal import Sealed
from infra.api.access import AccessServices, Caller, Session
from infra.bootstrap import Azyq
from infra.chain import Chain
from infra.reporting.kept import KEPT_STANDS, KeptReports, Once
from infra.reporting.naming import Labels, Naming, PositionNames
from infra.reporting.running import Answer, Request
from infra.reporting.snapshots import AT_ONCE
from infra.sealing import seals_by
from infra.web.analytics.reading import Reader, Stand
from infra.web.analytics.sign_in import COOKIE
from infra.web.sign_in import token_in

FRESH_SECONDS = 2.0
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_HANDED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
LOCAL = Reader("local")


def asks_from_here(request: HttpRequest) -> bool:
    """Whether a browser on this very machine asks, by a name of this machine, and nobody handed the request on."""
    host = request.client.host if request.client else ""
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        return False
    name = request.headers.get("host", "").rpartition(":")
    named = (name[0] if name[2].isdigit() else request.headers.get("host", "")) in _LOCAL_NAMES
    return here and named and not any(header in request.headers for header in _HANDED_ON)


class Analytics:
    """Reads the reports' views; an answer as of a position is the same for ever, so the last ones are kept."""

    def __init__(
        self,
        azyq: Azyq,
        access: AccessServices,
        age: Callable[[int], float] = lambda _: 0.0,
        reports: KeptReports | None = None,
    ) -> None:
        """`age`: seconds since the log went beyond a position; `reports` are closed by whoever gives them."""
        self._azyq = azyq
        self._access = access
        self.age = age
        self.trial = azyq.settings.env == "trial"
        self.programmes: Mapping[str, Programme] = azyq.programmes
        self._reports = reports or KeptReports(azyq.dsn, azyq.programmes, azyq.services)
        self._naming = Naming(azyq.dsn, azyq.programmes, azyq.goods, azyq.services)
        self._pool = ThreadPoolExecutor(AT_ONCE + 1, "analytics")
        self._stands: Once[Stand] = Once(
            lambda: max(FRESH_SECONDS, self._reports.fresh_seconds()), KEPT_STANDS, lambda _: 1
        )
        # Some thirty statements, the same for every reader.
        self._chain: Once[Chain] = Once(lambda: FRESH_SECONDS, 1, lambda _: 1)
        self._seals: Once[Sequence[Sealed]] = Once(lambda: FRESH_SECONDS, 1, lambda _: 1)

    def close(self) -> None:
        """Read nothing more."""
        self._pool.shutdown(cancel_futures=True)
        self._naming.close()

    def reader(self, request: HttpRequest) -> Reader | None:
        """Whose session the cookie is; in a trial, whoever sits at this machine reads everything."""
        if token := token_in(request, COOKIE):
            with suppress(SessionOver):
                return Reader(*self._access.caller(token))
        return LOCAL if self.trial and asks_from_here(request) else None

    def challenge(self) -> str:
        """A text to sign in by."""
        return self._access.challenge()

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge."""
        return self._access.sign_in(challenge, signature)

    def sign_out(self, request: HttpRequest) -> None:
        """End the session of the cookie."""
        self._access.sign_out(token_in(request, COOKIE))

    def stands(self, as_of: str) -> Stand:
        """Where the reports stand; "now" is some seconds old at most."""
        return self._stands.get(as_of, lambda: Stand(*self._reports.stands(as_of)))

    def check(self, request: Request) -> None:
        """Before anything is read."""
        self._reports.check(request, self.now())

    def answers(
        self, reader: Reader, asked: Sequence[tuple[Request, Collection[str]]], form: str
    ) -> list[Answer]:
        """Several at a time; through the access, which records them, where there is a grant."""
        if reader.grant is None:
            reports, now = self._reports, self.now()
            return list(self._pool.map(lambda one: reports.answer(one[0], now, tuple(one[1])), asked))
        caller = Caller(reader.user, reader.grant)
        answers = self._access.read_all(caller, [request for request, _ in asked], form, self._pool.map)
        return [
            replace(answer, tables=[table for table in answer.tables if table.section.id in sections])
            for answer, (_, sections) in zip(answers, asked, strict=True)
        ]

    def refused(self, reader: Reader, request: Request, refusal: Refusal) -> None:
        """Whoever reads at the machine of a trial has no access to record."""
        if reader.grant is not None:
            self._access.refuse(Caller(reader.user, reader.grant), request, refusal)

    def position_names(self, programme: str, month: str, on: str = "") -> PositionNames:
        """By the list in force on the day, else when the month's vouchers begin; empty where there is none."""
        return self._naming.positions({"programme": programme, **({"on": on} if on else {"month": month})})

    def labels(self, answer: Answer) -> Labels:
        """What the codes in a report are called."""
        return self._naming.labels(answer)

    def named(self, answer: Answer, language: str) -> Answer:
        """A report with a column of names after each of codes."""
        return self._naming.named(answer, language)

    def chain(self) -> Chain:
        """Of some moments ago."""
        return self._chain.get("", self._azyq.chain.read)

    def seals(self) -> Sequence[Sealed]:
        """Of some moments ago."""
        return self._seals.get("", lambda: seals_by(self._azyq.log_reader))

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

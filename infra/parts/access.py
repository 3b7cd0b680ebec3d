"""Analysts and auditors: cases become grants, signatures become sessions, each reading is recorded (A1–A9)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from domain.access import Access, Grant, Reading
from domain.access_refusals import (
    AccessBlocked,
    AccessOver,
    AccessUnknown,
    RegionForeign,
    ReportNotByRegion,
    ScopeEmpty,
    SessionOver,
    SignInFailed,
)
from domain.calendar import local_day
from domain.commands.grant_access import RESULT, GrantAccess
from domain.errors import Refusal
from domain.identity import access_id
from domain.sign_ins import BY_SIGNATURE, SignIn
from infra.api.access import Caller, Each
from infra.api.problems import Problem
from infra.api.rates import Rate
from infra.bootstrap import Azyq
from infra.clock import real_clock
from infra.parts.signing_in import Session, SigningIn
from infra.postgres.reader_roles import Reader, role_of, settle
from infra.postgres.released_months import release, released_at
from infra.postgres.sign_in import SESSION_LIFE
from infra.reporting.naming import Naming
from infra.reporting.outside import OutsideReports, releases, week_before
from infra.reporting.running import Answer, Reports, Request, find_report

_REGION = re.compile(r"[0-9]{1,9}", re.ASCII)
_STRANGERS_A_MINUTE = 60  # refusals of whom nobody knows: more are not for the log, which is kept for good

log = structlog.get_logger("azyq")


class AnalystAccess:
    """What the scheduler, the HTTP face and the command line ask for; several threads may use it at once."""

    def __init__(self, azyq: Azyq, reports: Reports | None = None) -> None:
        """`reports` are closed by whoever gives them."""
        self._azyq = azyq
        self._grants = GrantAccess(azyq.log)
        self._reports = reports or Reports(azyq.dsn, azyq.programmes, azyq.services)
        self._outside = OutsideReports(self._reports)
        self._naming = Naming(azyq.dsn, azyq.programmes, azyq.goods, azyq.services)
        self._signing_in = SigningIn(azyq)
        self._strangers = Rate(_STRANGERS_A_MINUTE / 60, _STRANGERS_A_MINUTE)
        self._strangers_lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._signing_in.close()
        self._naming.close()

    # --- cases become grants --------------------------------------------------------------------------

    def follow_cases(self, go_on: Callable[[], object] = lambda: None) -> dict[str, str]:
        """What cases have come to, as grants and as roles of the database; refusals by what they are about. Repeatable."""
        now = self._azyq.clock()
        refused = self._grants.follow_all(self._unfollowed(), now, go_on)
        for user, case in self._years_over(now):
            self._end(user, case, now)
        try:
            self.settle_roles(now)
        except Refusal as refusal:
            refused["roles"] = refusal.code
        return refused

    def follow(self, case: UUID) -> str:
        """What one case has come to: granted, blocked, ended, or "". Raises ApplicantNotNamed, RolesNotAllowed."""
        done = self._grants.follow(case, self._azyq.clock())
        self._azyq.catch_up_views()
        self.settle_roles(self._azyq.clock())
        return done

    def _unfollowed(self) -> list[UUID]:
        """Cases whose access isn't granted yet, or is granted still though they are over, as the views have them."""
        return [
            UUID(stream)
            for (stream,) in self._rows(
                "SELECT c.stream FROM azyq_views.cases c"
                " LEFT JOIN azyq_views.accesses a ON a.number = c.number"
                " WHERE c.result = %s"
                " AND ((a.number IS NULL AND c.state = 'open') OR (a.state = 'granted' AND c.state <> 'open'))"
                " ORDER BY c.received_at",
                (RESULT,),
            )
        ]

    def _years_over(self, now: datetime) -> list[tuple[str, str]]:
        return [
            (user, case)
            for user, case in self._rows(
                "SELECT user_id, number FROM azyq_views.accesses WHERE state = 'granted' AND until <= %s",
                (now,),
            )
        ]

    def _end(self, user: str, case: str, now: datetime) -> None:
        from domain.commands.conflicts import until_saved

        def decide() -> None:
            access = self._grants.access(user)
            if access is not None and access.end(case=case, at=now):
                self._azyq.log.save(access)

        until_saved(decide)

    def settle_roles(self, now: datetime) -> tuple[list[str], list[str]]:
        """Make the roles of the grants in force, end the others; names of both. Raises RolesNotAllowed."""
        made, ended = settle(self._azyq.dsn, lambda: self._wanted(now))
        if made or ended:
            log.info("readers", made=len(made), ended=len(ended))
        return made, ended

    def release_months(self, go_on: Callable[[], object] = lambda: None) -> list[str]:
        """Show bodies of the republic by SQL what reports show them of the months that are over: the months told anew.

        It takes its time after a large month, and is done once a week (`infra.reporting.outside`).
        """
        now = self._azyq.clock()
        if not any(grant.outside for _, grant in self._standing(now)):
            return []
        last, before, told = week_before(now), released_at(self._azyq.dsn), []
        over = "SELECT DISTINCT month FROM azyq_views.month_status WHERE month < %s ORDER BY 1"
        for (month,) in self._rows(over, (f"{local_day(now):%Y-%m}",)):
            *_, due = releases(month, last)
            if month in before and before[month] >= due:
                continue
            go_on()
            answer = self._outside.answer(Request("month", {"month": month}, last.isoformat()), now)
            (table,) = (one for one in answer.tables if one.section.id == "months")
            names = [column.id for column in table.section.columns]
            rows = [dict(zip(names, row, strict=True)) for row in table.rows]
            release(self._azyq.dsn, month, rows, due)
            told.append(month)
        return told

    def roles(self) -> dict[str, tuple[str, str]]:
        """Whose each role of the database is, and by which case."""
        now = self._azyq.clock()
        return {
            role_of(access.id, grant.case): (access.user, grant.case) for access, grant in self._standing(now)
        }

    def _wanted(self, now: datetime) -> dict[str, Reader]:
        """The roles of the grants in force, as the log has them at this moment."""
        server = real_clock()
        # The server's clock is the real one, also where a trial's is not.
        return {
            role_of(access.id, grant.case): Reader(grant.regions, server + (grant.until - now))
            for access, grant in self._standing(now)
        }

    def _standing(self, now: datetime) -> list[tuple[Access, Grant]]:
        users = {user for (user,) in self._rows("SELECT DISTINCT user_id FROM azyq_views.accesses", ())}
        found = self._azyq.log.load([access_id(user) for user in users]).values()
        return [(access, grant) for access in found for grant in access.standing(now)]

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[tuple[str, ...]]:
        with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('azyq_views.accesses'), to_regclass('azyq_views.cases')")
            if None in (cursor.fetchone() or (None,)):
                return []
            cursor.execute(statement, values)
            return cursor.fetchall()

    # --- signatures become sessions -------------------------------------------------------------------

    def challenge(self) -> str:
        """A text to sign, for one sign-in within five minutes."""
        return self._signing_in.challenge()

    def sign_in(self, challenge: str, signature: str) -> Session:
        """A session for whoever signed the challenge (detached CMS in base64), at most as long as the grant.

        It is recorded, and so is a refusal. Raises ChallengeOver, SignatureUnsound, SignInFailed, AccessBlocked, AccessOver.
        """
        now, user = self._azyq.clock(), ""
        try:
            user = self._signing_in.signer(challenge, signature, now)
            try:
                grant = self._grant(user, now)
            except AccessUnknown:
                raise SignInFailed("signature") from None
        except Refusal as refusal:
            self._note_refused(user, refusal.code, now)
            raise
        self._azyq.log.save(SignIn.signed_in(uuid4(), user, grant.case, BY_SIGNATURE, now))
        return self._signing_in.session(user, min(now + SESSION_LIFE, grant.until), now)

    def _note_refused(self, user: str, code: str, now: datetime) -> None:
        if not user:
            try:
                with self._strangers_lock:
                    self._strangers.take("")
            except Problem:
                log.warning("sign_in_refused", code=code)
                return
        self._azyq.log.save(SignIn.refused(uuid4(), user, code, now))

    def sign_out(self, token: str) -> None:
        """End the session, if there is one; it is recorded."""
        now = self._azyq.clock()
        user = self._signing_in.user_of(token, now)
        self._signing_in.sign_out(token)
        if user is not None:
            self._azyq.log.save(SignIn.signed_out(uuid4(), user, now))

    def caller(self, token: str) -> Caller:
        """Whose session it is, by the log as it is now. Raises SessionOver, AccessBlocked, AccessOver.

        Whoever comes with a session after the block or the year is told why and recorded, and the session is over.
        """
        now = self._azyq.clock()
        user = self._signing_in.user_of(token, now)
        if user is None:
            raise SessionOver
        try:
            return Caller(user, self._grant(user, now))
        except (AccessBlocked, AccessOver) as refusal:
            self._signing_in.sign_out(token)
            self._azyq.log.save(Reading.refused(uuid4(), user, "", "", refusal.code, "", now))
            raise

    def _grant(self, user: str, now: datetime) -> Grant:
        access: Access | None = self._grants.access(user)
        if access is None:
            raise AccessUnknown
        return access.in_force(now)

    # --- readings -------------------------------------------------------------------------------------

    def read(self, caller: Caller, request: Request, form: str) -> Answer:
        """The report within the caller's scope, once the reading is recorded. Raises what reports are refused for, and
        ScopeEmpty, RegionForeign, ReportNotByRegion: recorded as well."""
        (answer,) = self.read_all(caller, [request], form)
        return answer

    def read_all(
        self, caller: Caller, requests: Sequence[Request], form: str, each: Each = map
    ) -> list[Answer]:
        """Several reports, once all readings are recorded: at once, for tills write to the log as well. Raises what
        `read` does, for the first that is refused; none is shown then. `each`: as `map`, or several at a time."""
        now = self._azyq.clock()
        answers = list(each(lambda request: self._answer(caller, request, now), requests))
        self._azyq.log.save(
            *(
                Reading.of(
                    uuid4(),
                    caller.user,
                    caller.grant,
                    answer.report.id,
                    {**answer.parameters, **({"as_of": request.as_of} if request.as_of else {})},
                    answer.log_position,
                    form,
                    now,
                )
                for request, answer in zip(requests, answers, strict=True)
            )
        )
        return answers

    def _answer(self, caller: Caller, request: Request, now: datetime) -> Answer:
        try:
            reports = self._outside if caller.grant.outside else self._reports
            return reports.answer(self._within(caller.grant, request), now)
        except Refusal as refusal:
            self._refused(caller, request, refusal, now)
            raise

    def named(self, answer: Answer, language: str) -> Answer:
        """The report with a column of names after each of codes."""
        return self._naming.named(answer, language)

    def refuse(self, caller: Caller, request: Request, refusal: Refusal) -> None:
        """Record that the request was refused before it came to reports."""
        self._refused(caller, request, refusal, self._azyq.clock())

    def _refused(self, caller: Caller, request: Request, refusal: Refusal, now: datetime) -> None:
        # What somebody typed may hold anything: of it the log has what can be no person's.
        try:
            report = find_report(request.report).id
        except Refusal:
            report = ""
        region = request.parameters.get("region", "")
        self._azyq.log.save(
            Reading.refused(
                uuid4(),
                caller.user,
                caller.grant.case,
                report,
                refusal.code,
                region if _REGION.fullmatch(region) else "",
                now,
            )
        )

    def _within(self, grant: Grant, request: Request) -> Request:
        """The request within the grant's regions."""
        if not grant.regions:
            raise ScopeEmpty
        if grant.outside:
            return request
        report = find_report(request.report)
        shown = ", ".join(grant.regions)
        asked = request.parameters.get("region", "")
        if "region" not in report.parameters:
            if asked:
                return request  # foreign to the report, which says so
            raise ReportNotByRegion("name", report=report.id, regions=shown)
        if not asked:
            parameters: Mapping[str, str] = {**request.parameters, "region": grant.regions[0]}
            return Request(request.report, parameters, request.as_of)
        if not any(asked.startswith(region) for region in grant.regions):
            raise RegionForeign("region", regions=shown)
        return request

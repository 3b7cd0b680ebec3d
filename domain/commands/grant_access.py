"""What the cases of analysts and auditors come to: a grant once it is decided, its end when the case ends (A4–A6, A9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from domain.access import Access
from domain.access_refusals import ApplicantNotNamed
from domain.commands.conflicts import until_saved
from domain.identity import access_id
from domain.ports import Log
from domain.procedures.case import Case

RESULT = "access"  # a service whose result this is decides on access


class GrantAccess:
    """Follows cases: whatever is told twice, or by two at once, is done once."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def access(self, user: str) -> Access | None:
        """A user's access as the log has it now; None for somebody who never had any."""
        found: Access | None = self._log.load([access_id(user)]).get(access_id(user))
        return found

    def follow(self, case_stream: UUID, at: datetime) -> str:
        """What the case asks for now: "granted", "blocked", "ended", or "" when it is done or asks for nothing.

        Raises ApplicantNotNamed.
        """

        def decide() -> str:
            case: Case | None = self._log.load([case_stream]).get(case_stream)
            result = next((one for one in case.results if one[0] == RESULT), None) if case else None
            if case is None or result is None:
                return ""
            if not case.applicant:
                raise ApplicantNotNamed("case", case=case.case)
            access = self.access(case.applicant) or Access.begin(case.applicant, at)
            done = ""
            if case.closed_at is None:
                valid_until = date.fromisoformat(result[3])
                if access.grant(case=case.case, facts=case.facts, valid_until=valid_until, at=at):
                    done = "granted"
            elif case.end == "blocked":
                done = "blocked" if access.block(case=case.case, reason="requested", at=at) else ""
            else:
                done = "ended" if access.end(case=case.case, at=at) else ""
            if done:
                self._log.save(access)
            return done

        return until_saved(decide)

    def follow_all(self, streams: list[UUID], at: datetime, go_on: Callable[[], object]) -> dict[str, str]:
        """`follow` for each; the refusals by case's stream."""
        refused: dict[str, str] = {}
        for stream in streams:
            go_on()
            try:
                self.follow(stream, at)
            except ApplicantNotNamed as refusal:
                refused[str(refusal.details["case"])] = refusal.code
        return refused

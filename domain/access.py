"""Access of an analyst or auditor to the reports: grants, each by a case, and their end (A1, A2, A5, A6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.access_refusals import AccessBlocked, AccessOver, AccessUnknown
from domain.calendar import day_end
from domain.identity import access_id

REPUBLIC = ""  # the prefix of every KATO code
# A2: who sees the republic with every region, and who a region of its own. Whoever else sees a body's or a budget programme
# administrator's own data; vouchers are in the budget of neither (docs/adr/0014).
_OF_THE_REPUBLIC = ("parliament", "supreme_audit", "state_audit")
_OF_A_REGION = ("maslikhat", "revision_commission", "local_audit")
_LEVELS = (2, 4, 6)  # digits of a KATO code that name an oblast, a district, a rural district
_DIGITS = 9


def regions_of(facts: Mapping[str, str]) -> list[str]:
    """The prefixes of KATO codes that the body of a request sees (A2); none where nothing of ours is its own."""
    kind = facts.get("body_kind", "")
    if kind in _OF_THE_REPUBLIC:
        return [REPUBLIC]
    if kind in _OF_A_REGION:
        return [region] if (region := region_prefix(facts.get("region", ""))) else []
    return []


def region_prefix(kato: str) -> str:
    """The prefix that all codes within the place `kato` have: its own digits without the levels that are zero."""
    for digits in _LEVELS:
        if set(kato[digits:]) == {"0"}:
            return kato[:digits]
    return kato if len(kato) == _DIGITS else ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a case gave: `regions` are prefixes of KATO codes, `until` is when it ends by itself (A5)."""

    case: str
    body: str
    regions: tuple[str, ...]
    until: datetime

    @property
    def outside(self) -> bool:
        """Whether it is of no region's own body: small counts of people are not for it."""
        return REPUBLIC in self.regions


class Access(Aggregate):
    """One user's grants; `user` is the vault's subject, a random id. Times are ISO 8601 with an offset."""

    TOPIC = "access"

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        user: str

    class Created(Aggregate.Created, Event):
        """The first event of a user's access."""

        TOPIC = "access.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """Somebody is about to have access for the first time (A3)."""

        TOPIC = "access.begun"

    class Granted(Event):
        """A case gave read-only access (A1, A4) to the regions (A2) until a time, a calendar year on (A5).

        `regions` are prefixes of KATO codes; an empty one is the republic, an empty list nothing.
        """

        TOPIC = "access.granted"
        case: str
        body: str
        body_kind: str
        administrator: str
        regions: list[str]
        until: str

        def apply(self, access: Any) -> None:
            """One more grant."""
            access.grants[self.case] = Grant(
                self.case, self.body, tuple(self.regions), datetime.fromisoformat(self.until)
            )

    class Blocked(Event):
        """The account was blocked at a request (A6, A9): the grant is good for nothing from now on."""

        TOPIC = "access.blocked"
        case: str
        reason: str

        def apply(self, access: Any) -> None:
            """For good."""
            access.over[self.case] = "blocked"

    class Ended(Event):
        """The year of the grant is over (A5)."""

        TOPIC = "access.ended"
        case: str

        def apply(self, access: Any) -> None:
            """For good."""
            access.over[self.case] = "ended"

    def __init__(self, user: str) -> None:
        self.user = user
        self.grants: dict[str, Grant] = {}
        self.over: dict[str, str] = {}

    @staticmethod
    def create_id(user: str) -> UUID:
        return access_id(user)

    @classmethod
    def begin(cls, user: str, at: datetime) -> Access:
        """A user without a grant yet."""
        return cls._create(cls.Begun, user=user, timestamp=at)

    def grant(self, *, case: str, facts: Mapping[str, str], valid_until: date, at: datetime) -> bool:
        """What the case decided, to the end of its last day; False when it was granted before."""
        if case in self.grants:
            return False
        self.trigger_event(
            self.Granted,
            user=self.user,
            case=case,
            body=facts.get("body", ""),
            body_kind=facts.get("body_kind", ""),
            administrator=facts.get("administrator", ""),
            regions=regions_of(facts),
            until=day_end(valid_until).isoformat(),
            timestamp=at,
        )
        return True

    def block(self, *, case: str, reason: str, at: datetime) -> bool:
        """End a grant at once; False when it is over already, or there is none."""
        if case not in self.grants or case in self.over:
            return False
        self.trigger_event(self.Blocked, user=self.user, case=case, reason=reason, timestamp=at)
        return True

    def end(self, *, case: str, at: datetime) -> bool:
        """Note that a grant's year is over; False when it is over already, or there is none."""
        if case not in self.grants or case in self.over:
            return False
        self.trigger_event(self.Ended, user=self.user, case=case, timestamp=at)
        return True

    def standing(self, at: datetime) -> Sequence[Grant]:
        """The grants in force at `at`, the newest last."""
        return [grant for case, grant in self.grants.items() if case not in self.over and at < grant.until]

    def in_force(self, at: datetime) -> Grant:
        """The newest grant in force. Raises AccessUnknown, AccessBlocked, AccessOver."""
        if standing := self.standing(at):
            return standing[-1]
        if not self.grants:
            raise AccessUnknown
        if self.over.get([*self.grants][-1]) == "blocked":
            raise AccessBlocked
        raise AccessOver


class Reading(Aggregate):
    """A report that was read, or asked for in vain: a stream of its own each, so that readers never wait for one another."""

    TOPIC = "reading"

    class Event(Aggregate.Event):
        """Who, by which grant; `report` is empty where there is none of that name."""

        user: str
        case: str
        report: str

    class Created(Aggregate.Created, Event):
        """The first event of a reading."""

        TOPIC = "reading.created"  # the library wants one; the two below are what happens

    class ReportRead(Created):
        """A report was read: which, about what, under which scope, as of which log position, in which form."""

        TOPIC = "access.report_read"
        parameters: dict[str, str]
        regions: list[str]
        log_position: int
        form: str

    class ReadingRefused(Created):
        """A report was asked for and not given: the refusal's code, and the region's code where one was named."""

        TOPIC = "access.reading_refused"
        code: str
        region: str

    def __init__(self, user: str, case: str, report: str, **_: Any) -> None:
        self.user = user

    @classmethod
    def of(
        cls,
        stream: UUID,
        user: str,
        grant: Grant,
        report: str,
        parameters: Mapping[str, str],
        log_position: int,
        form: str,
        at: datetime,
    ) -> Reading:
        """A report that was read, in the stream of this random id."""
        return cls._create(
            cls.ReportRead,
            id=stream,
            user=user,
            case=grant.case,
            report=report,
            parameters=dict(parameters),
            regions=list(grant.regions),
            log_position=log_position,
            form=form,
            timestamp=at,
        )

    @classmethod
    def refused(
        cls, stream: UUID, user: str, case: str, report: str, code: str, region: str, at: datetime
    ) -> Reading:
        """A report that was asked for in vain."""
        return cls._create(
            cls.ReadingRefused,
            id=stream,
            user=user,
            case=case,
            report=report,
            code=code,
            region=region,
            timestamp=at,
        )

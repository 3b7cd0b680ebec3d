"""The story of a family in one month of a programme: one aggregate, one stream, one voucher a member (R5).

Eligible -> (NumberMissing) | SmsSent -> (Refused) | (Lapsed) | Consented -> Issued -> Activated
         -> Redeemed* / Held* / Captured* / Voided* / Reversed* -> Expired

Guards stand in the public methods; the events (`domain.family_events`) only apply, for they also run at replay. What
is done at a till is in `domain.family_purchases`, ratings in `domain.family_rating`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain import family_events as events
from domain.calendar import day_end, local_day
from domain.family_rating import Rated, Ratings
from domain.identity import family_stream_id, voucher_id
from domain.programmes import ProgrammeMonth
from domain.purchase import Redemption, Voucher
from domain.replies import Answer

OPEN_FOR_ANSWER = frozenset({"asked"})
HAS_VOUCHERS = frozenset({"consented", "activated"})


class FamilyVouchers(Ratings, Aggregate):
    """A family's month: eligibility, consent, vouchers, purchases, end. Sums are tiyn, ids 32 hex digits."""

    TOPIC = "family"

    Event = events.Event
    Created = events.Created
    Eligible = events.Eligible
    Changed = events.Changed
    Left = events.Left
    NumberMissing = events.NumberMissing
    NumberUnsettled = events.NumberUnsettled
    NumberFound = events.NumberFound
    SmsSent = events.SmsSent
    SmsFailed = events.SmsFailed
    SmsReported = events.SmsReported
    Answered = events.Answered
    Consented = events.Consented
    Refused = events.Refused
    NotUnderstood = events.NotUnderstood
    AnswerIgnored = events.AnswerIgnored
    ConsentWithdrawn = events.ConsentWithdrawn
    Issued = events.Issued
    Activated = events.Activated
    Drawn = events.Drawn
    Redeemed = events.Redeemed
    Held = events.Held
    Captured = events.Captured
    Voided = events.Voided
    Reversed = events.Reversed
    Rated = Rated
    Lapsed = events.Lapsed
    Expired = events.Expired

    def __init__(
        self,
        cycle: str,
        programme: str,
        month: str,
        family: str,
        region: str,
        applicant: str,
        members: list[str],
        delivery: str,
        rules: str,
    ) -> None:
        self.cycle = cycle
        self.programme = programme
        self.month = month
        self.family = family
        self.region = region
        self.applicant = applicant
        self.members = list(members)
        self.deliveries: dict[str, str] = {delivery: "added"}
        self.stage = "eligible"
        self.asked_at: datetime | None = None
        self.reminded = False
        self.consent_reply: str | None = None
        self.messages: dict[str, str] = {}
        self.replies: dict[str, str] = {}
        self.vouchers: dict[str, Voucher] = {}
        self.redemptions: dict[str, Redemption] = {}
        self.ratings: dict[str, int] = {}

    @staticmethod
    def create_id(programme: str, month: str, family: str) -> UUID:
        return family_stream_id(programme, month, family)

    # --- the list -------------------------------------------------------------------------------------

    @classmethod
    def list_family(
        cls,
        month: ProgrammeMonth,
        family: str,
        region: str,
        applicant: str,
        members: Sequence[str],
        delivery: str,
        at: datetime,
    ) -> FamilyVouchers:
        """A family that no delivery named before (R2.2, R14, R15): an `Eligible`."""
        return cls._create(
            cls.Eligible,
            cycle=f"{month.programme.id}/{month.month}",
            programme=month.programme.id,
            month=month.month,
            family=family,
            region=region,
            applicant=applicant,
            members=list(members),
            delivery=delivery,
            rules=month.terms.version,
            timestamp=at,
        )

    def list_again(
        self,
        month: ProgrammeMonth,
        region: str,
        applicant: str,
        members: Sequence[str],
        delivery: str,
        at: datetime,
    ) -> str:
        """The family as a later delivery names it (R19); what it was to it: added, changed or unchanged."""
        if delivery in self.deliveries:
            return self.deliveries[delivery]
        assert not self.vouchers  # the list is closed before anybody is asked (R19, R20)
        now, before = set(members), set(self.members)
        if now == before and region == self.region and applicant == self.applicant and self.stage != "left":
            return "unchanged"
        unsettled = self.stage == "no_number" and applicant != self.applicant
        self._record(
            self.Changed,
            added=[m for m in members if m not in before],
            removed=[m for m in self.members if m not in now],
            applicant=applicant,
            region=region,
            delivery=delivery,
            rules=month.terms.version,
            timestamp=at,
        )
        if unsettled:
            self._record(self.NumberUnsettled, rules=month.terms.version, timestamp=at)
        return "changed"

    def leave_list(self, month: ProgrammeMonth, delivery: str, at: datetime) -> str:
        """The family is not on a later delivery (R19): `left`, or `absent` when it had left before."""
        if self.stage == "left":
            return "left" if self.deliveries.get(delivery) == "left" else "absent"
        assert not self.vouchers  # the list is closed before anybody is asked (R19, R20)
        self._record(
            self.Left,
            members=len(self.members),
            number_missing=self.stage == "no_number",
            delivery=delivery,
            rules=month.terms.version,
            timestamp=at,
        )
        return "left"

    def record_number(self, month: ProgrammeMonth, has_number: bool, at: datetime) -> None:
        """What MCDB says of the applicant's number (R16, R18); again only when it changed."""
        if has_number and self.stage == "no_number":
            self._record(self.NumberFound, rules=month.terms.version, timestamp=at)
        elif not has_number and self.stage == "eligible":
            self._record(self.NumberMissing, rules=month.terms.version, timestamp=at)

    # --- messages and answers -------------------------------------------------------------------------

    def wants_sms(self, purpose: str, message: str) -> bool:
        """Whether a message of `purpose` is still to be sent: each at most once (R20, R21)."""
        if message in self.messages:
            return False
        match purpose:
            case "consent_request":
                return self.stage == "eligible"
            case "reminder":
                return self.stage == "asked" and not self.reminded
            case "not_understood":
                return self.stage == "asked"
            case "consent_confirmed":
                return self.stage in HAS_VOUCHERS
        raise ValueError(f"no such purpose: {purpose}")

    def record_sms(
        self,
        month: ProgrammeMonth,
        *,
        message: str,
        purpose: str,
        language: str,
        encoding: str,
        parts: int,
        gateway: str,
        at: datetime,
    ) -> bool:
        """A gateway took the message; False when that is recorded already."""
        if message in self.messages:
            return False
        self._record(
            self.SmsSent,
            message=message,
            purpose=purpose,
            language=language,
            encoding=encoding,
            parts=parts,
            gateway=gateway,
            rules=month.terms.version,
            timestamp=at,
        )
        return True

    def record_sms_failed(
        self, month: ProgrammeMonth, *, message: str, purpose: str, reason: str, at: datetime
    ) -> bool:
        """No gateway would take the message; False when its fate is recorded already."""
        if message in self.messages:
            return False
        self._record(
            self.SmsFailed,
            message=message,
            purpose=purpose,
            reason=reason,
            rules=month.terms.version,
            timestamp=at,
        )
        return True

    def record_report(self, message: str, status: str, at: datetime) -> bool:
        """The network's word on a message of ours; False when nothing is new."""
        known = self.messages.get(message)
        if known is None or known == status or known in ("delivered", "failed"):
            return False
        self._record(self.SmsReported, message=message, status=status, timestamp=at)
        return True

    def record_reply(
        self, month: ProgrammeMonth, *, reply: str, answer: Answer, channel: str, at: datetime
    ) -> str:
        """An answer by SMS (R21, R22) and its outcome, which the same `reply` meets again however often it comes."""
        if reply in self.replies:
            return self.replies[reply]
        base = {"reply": reply, "channel": channel, "rules": month.terms.version, "timestamp": at}
        if local_day(at) > month.deadline or self.stage in ("lapsed", "expired"):
            self._record(self.AnswerIgnored, reason="too_late", **base)
        elif self.stage in HAS_VOUCHERS and answer is Answer.NO:
            cancelled = [[v.id, v.available_tiyn] for v in self.vouchers.values() if v.available_tiyn]
            self._record(
                self.ConsentWithdrawn,
                cancelled=cancelled,
                cancelled_tiyn=sum(amount for _, amount in cancelled),
                **base,
            )
        elif self.stage not in OPEN_FOR_ANSWER:
            self._record(self.AnswerIgnored, reason="already_answered", **base)
        elif answer is Answer.YES:
            self._record(self.Consented, **base)
            self._issue(month, at)
        elif answer is Answer.NO:
            self._record(self.Refused, **base)
        else:
            self._record(self.NotUnderstood, **base)
        return self.replies[reply]

    def _issue(self, month: ProgrammeMonth, at: datetime) -> None:
        assert self.consent_reply is not None  # O5.2
        assert not self.vouchers
        amount = month.terms.amount_tiyn
        vouchers = [[voucher_id(self.id, member), member, amount] for member in self.members]
        self._record(
            self.Issued,
            vouchers=vouchers,
            issued_tiyn=amount * len(vouchers),
            valid_from=month.valid_from.isoformat(),
            valid_to=month.valid_to.isoformat(),
            rules=month.terms.version,
            timestamp=at,
        )

    # --- vouchers -------------------------------------------------------------------------------------

    def activate(self, month: ProgrammeMonth, *, via: str, at: datetime) -> bool:
        """The recipient opens the month's vouchers (R7); False when they were open. Raises when they can't be."""
        self._must_be_open(month, at)
        if self.stage == "activated":
            return False
        self._record(
            self.Activated, via=via, vouchers=list(self.vouchers), rules=month.terms.version, timestamp=at
        )
        return True

    # --- the end --------------------------------------------------------------------------------------

    def lapse(self, month: ProgrammeMonth, at: datetime) -> bool:
        """No answer by the month's end (R21); False when there is nothing to lapse."""
        if self.stage not in ("eligible", "asked") or at < day_end(month.deadline):
            return False
        self._record(self.Lapsed, rules=month.terms.version, timestamp=at)
        return True

    def expire(self, month: ProgrammeMonth, at: datetime) -> bool:
        """The voucher's last day is over (R7, R8): what is left expires; False when there is nothing to end."""
        if self.stage not in HAS_VOUCHERS or at < day_end(month.valid_to):
            return False
        rest = [[v.id, v.available_tiyn] for v in self.vouchers.values() if v.available_tiyn]
        self._record(
            self.Expired,
            vouchers=rest,
            expired_tiyn=sum(amount for _, amount in rest),
            activated=self.stage == "activated",
            rules=month.terms.version,
            timestamp=at,
        )
        return True

    def _record(self, event_class: type[Any], **fields: Any) -> None:
        self.trigger_event(event_class, cycle=self.cycle, **fields)

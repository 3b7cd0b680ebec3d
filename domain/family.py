"""The story of a family in one month of a programme: one aggregate, one stream, one voucher a member (R5).

Eligible -> (NumberMissing) | SmsSent -> (Refused) | (Lapsed) | Consented -> Issued -> Activated
         -> Redeemed* / Held* / Captured* / Voided* / Reversed* -> Expired

Guards stand in the public methods; `apply` of an event only applies, for it also runs at replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.basket import PricedBasket
from domain.calendar import day_end, local_day
from domain.identity import family_stream_id, voucher_id
from domain.money import kzt
from domain.programmes import ProgrammeMonth
from domain.purchase import Redemption, Voucher, reversal_of, spread
from domain.replies import Answer
from domain.voucher_refusals import (
    BadBasket,
    KeyReused,
    NotActivated,
    NotEnough,
    NotHeld,
    NotIssued,
    OutsideWindow,
    ReversalTooLarge,
    UnknownRedemption,
    VoucherEnded,
)

OPEN_FOR_ANSWER = frozenset({"asked"})
HAS_VOUCHERS = frozenset({"consented", "activated"})
ENDED = frozenset({"refused", "withdrawn", "lapsed", "expired", "left"})


class FamilyVouchers(Aggregate):
    """A family's month: eligibility, consent, vouchers, purchases, end. Sums are tiyn, ids 32 hex digits."""

    TOPIC = "family"

    class Event(Aggregate.Event):
        cycle: str  # programme/month, so that each event can be read by itself

    class Created(Aggregate.Created, Event):
        TOPIC = "family.created"  # the library wants one; Eligible is what happens

    class Eligible(Created):
        """The list names the family (R2.2, R14–R16); it did not apply for anything (R2.16)."""

        TOPIC = "family.eligible"
        programme: str
        month: str
        family: str
        region: str
        applicant: str
        members: list[str]
        delivery: str
        rules: str

    class Changed(Event):
        """A later delivery names other members, another applicant or another region (R19)."""

        TOPIC = "family.changed"
        added: list[str]
        removed: list[str]
        applicant: str
        region: str
        delivery: str
        rules: str

        def apply(self, family: Any) -> None:
            gone = set(self.removed)
            family.members = [m for m in family.members if m not in gone] + list(self.added)
            family.applicant = self.applicant
            family.region = self.region
            family.deliveries[self.delivery] = "changed"
            if family.stage == "left":
                family.stage = "eligible"

    class Left(Event):
        """A later delivery does not name the family any more (R19)."""

        TOPIC = "family.left"
        members: int
        number_missing: bool
        delivery: str
        rules: str

        def apply(self, family: Any) -> None:
            family.deliveries[self.delivery] = "left"
            family.members = []
            family.stage = "left"

    class NumberMissing(Event):
        """The applicant has no phone number: the process ends here (R18)."""

        TOPIC = "family.number_missing"
        rules: str

        def apply(self, family: Any) -> None:
            family.stage = "no_number"

    class NumberFound(Event):
        """A delivery before the cut-off brought the number after all (R16, R19)."""

        TOPIC = "family.number_found"
        rules: str

        def apply(self, family: Any) -> None:
            family.stage = "eligible"

    class SmsSent(Event):
        """A gateway took a message of ours (R20, R21, R23)."""

        TOPIC = "sms.sent"
        message: str
        purpose: str
        language: str
        encoding: str
        parts: int
        gateway: str
        rules: str

        def apply(self, family: Any) -> None:
            family.messages[self.message] = "sent"
            if self.purpose in ("consent_request", "reminder") and family.stage == "eligible":
                family.stage = "asked"
            if self.purpose == "reminder":
                family.reminded = True

    class SmsFailed(Event):
        """No gateway would take the message; it is not tried again."""

        TOPIC = "sms.failed"
        message: str
        purpose: str
        reason: str
        rules: str

        def apply(self, family: Any) -> None:
            family.messages[self.message] = "failed"

    class SmsReported(Event):
        """The network's word on a message of ours."""

        TOPIC = "sms.reported"
        message: str
        status: str

        def apply(self, family: Any) -> None:
            family.messages[self.message] = self.status

    class Answered(Event):
        TOPIC = "family.answered"  # never by itself
        reply: str
        channel: str
        rules: str

    class Consented(Answered):
        """Consent to the processing of personal data, by the reply SMS (O5.2, R2.10, R22)."""

        TOPIC = "family.consented"

        def apply(self, family: Any) -> None:
            family.replies[self.reply] = "consented"
            family.consent_reply = self.reply
            family.stage = "consented"

    class Refused(Answered):
        """A refusal by the reply SMS: no activation this month (R21)."""

        TOPIC = "family.refused"

        def apply(self, family: Any) -> None:
            family.replies[self.reply] = "refused"
            family.stage = "refused"

    class NotUnderstood(Answered):
        """An answer that is neither yes nor no."""

        TOPIC = "family.answer_not_understood"

        def apply(self, family: Any) -> None:
            family.replies[self.reply] = "not_understood"

    class AnswerIgnored(Answered):
        """An answer that changes nothing: too late, or answered already."""

        TOPIC = "family.answer_ignored"
        reason: str

        def apply(self, family: Any) -> None:
            family.replies[self.reply] = self.reason

    class ConsentWithdrawn(Answered):
        """A refusal after a consent: what is not spent is cancelled."""

        TOPIC = "family.consent_withdrawn"
        cancelled: list[list[Any]]
        cancelled_tiyn: int

        def apply(self, family: Any) -> None:
            family.replies[self.reply] = "refused"
            for voucher, amount in self.cancelled:
                family.vouchers[voucher].cancelled_tiyn += amount
            family.stage = "withdrawn"

    class Issued(Event):
        """A voucher for each member, formed from the gateway's data (R5, R23, R24)."""

        TOPIC = "voucher.issued"
        vouchers: list[list[Any]]  # [voucher, member, tiyn]
        issued_tiyn: int
        valid_from: str
        valid_to: str
        rules: str

        def apply(self, family: Any) -> None:
            for voucher, member, amount in self.vouchers:
                family.vouchers[voucher] = Voucher(voucher, member, amount)

    class Activated(Event):
        """The recipient opened the month's vouchers (R7)."""

        TOPIC = "voucher.activated"
        via: str
        vouchers: list[str]
        rules: str

        def apply(self, family: Any) -> None:
            family.stage = "activated"

    class Drawn(Event):
        TOPIC = "voucher.drawn"  # never by itself
        redemption: str
        shop: str
        terminal: str
        cashier: str
        receipt: str
        key: str
        body: str
        lines: list[dict[str, Any]]
        draws: list[list[Any]]  # [voucher, tiyn]
        drawn_tiyn: int
        goods_version: str
        rules: str

    class Redeemed(Drawn):
        """Bought and paid in one step (R25, R27)."""

        TOPIC = "voucher.redeemed"

        def apply(self, family: Any) -> None:
            family.keep_redemption(self, "captured", None)
            for voucher, amount in self.draws:
                family.vouchers[voucher].spent_tiyn += amount

    class Held(Drawn):
        """The sum is kept until the payment's status is known (R27)."""

        TOPIC = "voucher.held"
        hold_until: str

        def apply(self, family: Any) -> None:
            family.keep_redemption(self, "held", self.hold_until)
            for voucher, amount in self.draws:
                family.vouchers[voucher].held_tiyn += amount

    class Captured(Event):
        """The payment of a held redemption succeeded (R27)."""

        TOPIC = "voucher.captured"
        redemption: str
        key: str
        draws: list[list[Any]]
        drawn_tiyn: int
        rules: str

        def apply(self, family: Any) -> None:
            family.redemptions[self.redemption].status = "captured"
            for voucher, amount in self.draws:
                family.vouchers[voucher].held_tiyn -= amount
                family.vouchers[voucher].spent_tiyn += amount

    class Voided(Event):
        """A held redemption came to nothing; after the voucher's end the sum expires or is cancelled at once."""

        TOPIC = "voucher.voided"
        redemption: str
        key: str
        reason: str
        draws: list[list[Any]]
        drawn_tiyn: int
        to: str  # available, expired, cancelled
        rules: str

        def apply(self, family: Any) -> None:
            family.redemptions[self.redemption].status = "voided"
            for voucher, amount in self.draws:
                family.vouchers[voucher].held_tiyn -= amount
                family.credit(voucher, amount, self.to)

    class Reversed(Event):
        """Goods came back, whole or by line; after the voucher's end the sum expires or is cancelled at once."""

        TOPIC = "voucher.reversed"
        reversal: str
        redemption: str
        key: str
        body: str
        reason: str
        lines: list[list[Any]]  # [line, quantity returned in all]
        credits: list[list[Any]]  # [voucher, tiyn]
        reversed_tiyn: int
        to: str
        rules: str

        def apply(self, family: Any) -> None:
            redemption = family.redemptions[self.redemption]
            redemption.reversals[self.key] = (self.body, self.reversed_tiyn)
            redemption.returned.update((line, quantity) for line, quantity in self.lines)
            for voucher, amount in self.credits:
                redemption.credited[voucher] = redemption.credited.get(voucher, 0) + amount
                family.vouchers[voucher].spent_tiyn -= amount
                family.credit(voucher, amount, self.to)

    class Lapsed(Event):
        """No answer by the month's end: the possibility of activation is cancelled (R21)."""

        TOPIC = "family.lapsed"
        rules: str

        def apply(self, family: Any) -> None:
            family.stage = "lapsed"

    class Expired(Event):
        """The month is over: what is not spent ends with it (R7, R8)."""

        TOPIC = "voucher.expired"
        vouchers: list[list[Any]]  # [voucher, tiyn]
        expired_tiyn: int
        activated: bool
        rules: str

        def apply(self, family: Any) -> None:
            for voucher, amount in self.vouchers:
                family.vouchers[voucher].expired_tiyn += amount
            family.stage = "expired"

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
        self.reminded = False
        self.consent_reply: str | None = None
        self.messages: dict[str, str] = {}
        self.replies: dict[str, str] = {}
        self.vouchers: dict[str, Voucher] = {}
        self.redemptions: dict[str, Redemption] = {}

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
        now, before = set(members), set(self.members)
        if now == before and region == self.region and applicant == self.applicant and self.stage != "left":
            return "unchanged"
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
        return "changed"

    def leave_list(self, month: ProgrammeMonth, delivery: str, at: datetime) -> str:
        """The family is not on a later delivery (R19): `left`, or `absent` when it had left before."""
        if self.stage == "left":
            return "left" if self.deliveries.get(delivery) == "left" else "absent"
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

    @property
    def available_tiyn(self) -> int:
        """What the family's vouchers have left together (R26)."""
        return sum(v.available_tiyn for v in self.vouchers.values())

    def _must_be_open(self, month: ProgrammeMonth, at: datetime) -> None:
        if not self.vouchers:
            raise NotIssued("code")
        if self.stage in ENDED:
            raise VoucherEnded("code", stage=self.stage)
        if not month.valid_from <= local_day(at) <= month.valid_to:
            raise OutsideWindow(
                "code", valid_from=month.valid_from.isoformat(), valid_to=month.valid_to.isoformat()
            )

    def activate(self, month: ProgrammeMonth, *, via: str, at: datetime) -> bool:
        """The recipient opens the month's vouchers (R7); False when they were open. Raises when they can't be."""
        self._must_be_open(month, at)
        if self.stage == "activated":
            return False
        self._record(
            self.Activated, via=via, vouchers=list(self.vouchers), rules=month.terms.version, timestamp=at
        )
        return True

    def redeem(
        self,
        month: ProgrammeMonth,
        *,
        redemption: str,
        shop: str,
        terminal: str,
        cashier: str,
        receipt: str,
        key: str,
        body: str,
        basket: PricedBasket,
        draw_tiyn: int | None,
        capture: bool,
        at: datetime,
    ) -> Redemption:
        """Buy `basket` (R25–R27): draws `draw_tiyn`, by default all that the voucher may pay, on the vouchers in order.

        The same `key` with the same `body` (a hash) is the same purchase. Raises KeyReused, NotIssued, NotActivated,
        VoucherEnded, OutsideWindow, BadBasket, NotEnough; holds expire `terms.hold_minutes` after `at`.
        """
        for earlier in self.redemptions.values():
            if earlier.key == key or (earlier.shop, earlier.receipt) == (shop, receipt):
                if earlier.body != body:
                    raise KeyReused("receipt" if earlier.key != key else "Idempotency-Key")
                return earlier
        self._must_be_open(month, at)
        if self.stage != "activated":
            raise NotActivated("code")
        drawn = basket.pays_tiyn if draw_tiyn is None else draw_tiyn
        if not 0 < drawn <= basket.pays_tiyn:
            raise BadBasket(
                "draw_tiyn", reason=f"the voucher pays more than 0 and up to {kzt(basket.pays_tiyn)} KZT"
            )
        if drawn > self.available_tiyn:
            raise NotEnough("lines", available=kzt(self.available_tiyn), needed=kzt(drawn))
        fields: dict[str, Any] = {
            "redemption": redemption,
            "shop": shop,
            "terminal": terminal,
            "cashier": cashier,
            "receipt": receipt,
            "key": key,
            "body": body,
            "lines": basket.lines,
            "draws": spread(drawn, self.vouchers.values()),
            "drawn_tiyn": drawn,
            "goods_version": basket.goods_version,
            "rules": month.terms.version,
            "timestamp": at,
        }
        if capture:
            self._record(self.Redeemed, **fields)
        else:
            until = at + timedelta(minutes=month.terms.hold_minutes)
            self._record(self.Held, hold_until=until.isoformat(), **fields)
        return self.redemptions[redemption]

    def capture(self, month: ProgrammeMonth, *, redemption: str, key: str, at: datetime) -> Redemption:
        """The payment of a held redemption succeeded (R27). Raises UnknownRedemption, NotHeld; twice is once."""
        found = self._redemption(redemption)
        if found.status == "captured":
            return found
        if found.status != "held":
            raise NotHeld("id", status=found.status)
        self._record(
            self.Captured,
            redemption=redemption,
            key=key,
            draws=found.draws,
            drawn_tiyn=found.drawn_tiyn,
            rules=month.terms.version,
            timestamp=at,
        )
        return found

    def void(
        self, month: ProgrammeMonth, *, redemption: str, key: str, reason: str, at: datetime
    ) -> Redemption:
        """A held redemption came to nothing (R27). Raises UnknownRedemption, NotHeld; twice is once."""
        found = self._redemption(redemption)
        if found.status == "voided":
            return found
        if found.status != "held":
            raise NotHeld("id", status=found.status)
        self._record(
            self.Voided,
            redemption=redemption,
            key=key,
            reason=reason,
            draws=found.draws,
            drawn_tiyn=found.drawn_tiyn,
            to=self._credits_go_to(),
            rules=month.terms.version,
            timestamp=at,
        )
        return found

    def release_holds(self, month: ProgrammeMonth, at: datetime) -> int:
        """Void what was held past its time (R27); how many."""
        late = [
            r.id
            for r in self.redemptions.values()
            if r.status == "held" and r.hold_until and datetime.fromisoformat(r.hold_until) <= at
        ]
        for redemption in late:
            self.void(month, redemption=redemption, key=f"timeout/{redemption}", reason="timed_out", at=at)
        return len(late)

    def reverse(
        self,
        month: ProgrammeMonth,
        *,
        redemption: str,
        reversal: str,
        key: str,
        body: str,
        lines: Sequence[tuple[int, str]] | None,
        reason: str,
        at: datetime,
    ) -> int:
        """Goods came back: `lines` are (line, quantity), None the whole rest; tiyn returned to the vouchers.

        Raises UnknownRedemption, NotHeld (not captured yet), ReversalTooLarge, KeyReused, BadBasket.
        """
        found = self._redemption(redemption)
        if key in found.reversals:
            earlier_body, amount = found.reversals[key]
            if earlier_body != body:
                raise KeyReused("Idempotency-Key")
            return amount
        if found.status != "captured":
            raise NotHeld("id", status=found.status)
        reversed_lines, credits, amount = reversal_of(found, lines)
        if amount == 0:
            raise ReversalTooLarge("lines", line=1)
        self._record(
            self.Reversed,
            reversal=reversal,
            redemption=redemption,
            key=key,
            body=body,
            reason=reason,
            lines=reversed_lines,
            credits=credits,
            reversed_tiyn=amount,
            to=self._credits_go_to(),
            rules=month.terms.version,
            timestamp=at,
        )
        return amount

    def _redemption(self, redemption: str) -> Redemption:
        try:
            return self.redemptions[redemption]
        except KeyError:
            raise UnknownRedemption("id") from None

    def _credits_go_to(self) -> str:
        return {"expired": "expired", "withdrawn": "cancelled"}.get(self.stage, "available")

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

    # --- what events do -------------------------------------------------------------------------------

    def keep_redemption(self, event: Any, status: str, hold_until: str | None) -> None:
        """Applied by Redeemed and Held."""
        self.redemptions[event.redemption] = Redemption(
            event.redemption,
            event.shop,
            event.receipt,
            event.key,
            event.body,
            status,
            event.lines,
            event.draws,
            hold_until,
        )

    def credit(self, voucher: str, amount: int, to: str) -> None:
        """Applied by Voided and Reversed: where a returned sum goes."""
        if to == "expired":
            self.vouchers[voucher].expired_tiyn += amount
        elif to == "cancelled":
            self.vouchers[voucher].cancelled_tiyn += amount

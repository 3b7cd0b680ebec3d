"""What happens to a family in one month of a programme: the events of `domain.family.FamilyVouchers`.

Stored for ever by TOPIC and fields: a field that changes needs a new `class_version` with an upcast. `apply` only
applies, for it also runs at replay. Sums are tiyn, ids 32 hex digits, days and times ISO 8601.
"""

from __future__ import annotations

from typing import Any

from eventsourcing.domain import Aggregate

from domain.purchase import Reversal, Voucher


class Event(Aggregate.Event):
    """What all have in common: the programme's month, so that each can be read by itself."""

    cycle: str  # programme/month


class Created(Aggregate.Created, Event):
    """The first event of a family's month."""

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
        """The family as this delivery names it; one that had left is back."""
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
        """Nobody of the family is in the programme's month any more."""
        family.deliveries[self.delivery] = "left"
        family.members = []
        family.stage = "left"


class NumberMissing(Event):
    """The applicant has no phone number: the process ends here (R18)."""

    TOPIC = "family.number_missing"
    rules: str

    def apply(self, family: Any) -> None:
        family.stage = "no_number"


class NumberUnsettled(Event):
    """The number that was missing was another applicant's: this one's is still to be looked up (R16, R18)."""

    TOPIC = "family.number_unsettled"
    rules: str

    def apply(self, family: Any) -> None:
        """As a family of which nothing is known yet: the next delivery's numbers tell, else the round."""
        family.stage = "eligible"


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
        """A request or a repeat opens the family for an answer."""
        family.messages[self.message] = "sent"
        if self.purpose in ("consent_request", "reminder") and family.stage == "eligible":
            family.stage = "asked"
            family.asked_at = self.timestamp
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
    """An answer by SMS: `reply` is a keyed digest of the gateway's message id."""

    TOPIC = "family.answered"  # never by itself
    reply: str
    channel: str
    rules: str


class Consented(Answered):
    """Consent to the processing of personal data, by the reply SMS (O5.2, R2.10, R22)."""

    TOPIC = "family.consented"

    def apply(self, family: Any) -> None:
        """The reply that stands behind the vouchers is remembered (O5.2)."""
        family.replies[self.reply] = "consented"
        family.consent_reply = self.reply
        family.stage = "consented"


class Refused(Answered):
    """A refusal by the reply SMS: no activation this month (R21)."""

    TOPIC = "family.refused"

    def apply(self, family: Any) -> None:
        """No later reply opens it again."""
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
        """What is held stays held until the payment's status is known."""
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
    """A basket at a till and what each voucher pays of it."""

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
    code: str | None  # digest of the QR's code, 32 hex digits
    code_at: str | None  # when the code was made
    left_out: (
        list[list[Any]] | None
    )  # [line of the basket from 1, gtin, why] of what the voucher was not asked for

    def after(self, family: Any) -> None:
        """What the vouchers have left once the sums are moved: part of the answer, however often it is asked for."""
        family.redemptions[self.redemption].remaining_tiyn = family.available_tiyn


class Redeemed(Drawn):
    """Bought and paid in one step (R25, R27)."""

    TOPIC = "voucher.redeemed"

    def apply(self, family: Any) -> None:
        """Spent at once."""
        family.keep_redemption(self, "captured", None)
        for voucher, amount in self.draws:
            family.vouchers[voucher].spent_tiyn += amount
        self.after(family)


class Held(Drawn):
    """The sum is kept until the payment's status is known (R27)."""

    TOPIC = "voucher.held"
    hold_until: str

    def apply(self, family: Any) -> None:
        """Neither available nor spent."""
        family.keep_redemption(self, "held", self.hold_until)
        for voucher, amount in self.draws:
            family.vouchers[voucher].held_tiyn += amount
        self.after(family)


class Captured(Event):
    """The payment of a held redemption succeeded (R27)."""

    TOPIC = "voucher.captured"
    redemption: str
    key: str
    draws: list[list[Any]]
    drawn_tiyn: int
    rules: str

    def apply(self, family: Any) -> None:
        """What was held is spent, also after the voucher's end."""
        for voucher, amount in self.draws:
            family.vouchers[voucher].held_tiyn -= amount
            family.vouchers[voucher].spent_tiyn += amount
        family.keep_settled(self.redemption, "captured", self.key)


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
        """What was held goes to `to`."""
        for voucher, amount in self.draws:
            family.vouchers[voucher].held_tiyn -= amount
            family.credit(voucher, amount, self.to)
        family.keep_settled(self.redemption, "voided", self.key, self.reason)


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
        """What was spent goes to `to`."""
        redemption = family.redemptions[self.redemption]
        redemption.returned.update((line, quantity) for line, quantity in self.lines)
        for voucher, amount in self.credits:
            redemption.credited[voucher] = redemption.credited.get(voucher, 0) + amount
            family.vouchers[voucher].spent_tiyn -= amount
            family.credit(voucher, amount, self.to)
        redemption.reversals[self.key] = Reversal(
            self.reversal, self.body, self.reversed_tiyn, family.available_tiyn, self.lines, self.credits
        )


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
        """What is held stays held until the payment's status is known."""
        for voucher, amount in self.vouchers:
            family.vouchers[voucher].expired_tiyn += amount
        family.stage = "expired"

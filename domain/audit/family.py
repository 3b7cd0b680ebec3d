"""The audit of one family's month: its events one by one, against the rules they name (R5–R8, R18–R27)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import azyq_name, instant, local_day_text, name_in
from domain.audit.purchases import CANCELLED, EXPIRED, HANDLERS, Data, PurchasesFold, available, on_topic
from domain.audit.trade import TradeBook

ENDS = frozenset({"refused", "withdrawn", "lapsed", "expired"})
OPEN = frozenset({"consented", "activated"})
AFTER_THE_END = frozenset(
    {"sms.reported", "family.answer_ignored", "voucher.captured", "voucher.voided", "voucher.reversed"}
)
# A message handed over just before an answer came is recorded after it: what is sent is sent.
SMS_RECORDED_WITHIN = timedelta(days=1)
STATUSES = frozenset({"delivered", "failed", "buffered", "accepted", "rejected"})


class FamilyFold(PurchasesFold):
    """A family's stream, folded from plain event data."""

    __slots__ = (
        "consent",
        "cycle",
        "deliveries",
        "ended_at",
        "issued",
        "listed",
        "members",
        "messages",
        "purposes",
        "replies",
        "sent",
        "unclear",
    )

    def __init__(self, audit: AuditedLog, stream: str, trade: TradeBook) -> None:
        super().__init__(audit, stream, trade)
        self.cycle = ""
        self.members: list[str] = []
        self.deliveries: set[str] = set()
        self.messages: dict[str, str] = {}
        self.purposes: set[str] = set()
        self.sent: set[str] = set()
        self.replies: set[str] = set()
        self.unclear = False
        self.consent = False
        self.issued = False
        self.ended_at: datetime | None = None
        self.listed = (0, 0, "")

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the family. Raises what a malformed event raises."""
        self.position = position
        self.version = version
        self.topic = topic
        handler = HANDLERS.get(topic)
        if handler is None:
            self.bad("topic_unknown", "", "the audit knows no such event")
            return
        if not self.stage:
            if topic != "family.eligible":
                self.bad("listed_first", "R14", "the first event isn't that a list names the family")
                self.stage = "eligible"
            self.cycle = data["cycle"]
            self.facts = self._audit.month(self.cycle)
            if self.facts is None:
                self.bad("programme_known", "R31", "no programme has this month")
        elif data["cycle"] != self.cycle:
            self.bad("stream_identity", "R14", "the event is of another month than its stream")
        facts = self.facts
        if facts is None:
            return
        rules = data.get("rules")
        if rules != facts.version and topic != "sms.reported":
            known = self._audit.knows_rules(rules) if rules is not None else False
            what = "aren't those of this month" if known else "aren't known"
            self.bad("rules_version", "R31", f"the rules {rules} {what}")
        if self.stage in ENDS and topic not in AFTER_THE_END:
            self._after_the_end(topic, data)
        handler(self, data)

    def _after_the_end(self, topic: str, data: Data) -> None:
        if topic in ("sms.sent", "sms.failed") and self.ended_at is not None:
            late = instant(data["timestamp"]) - self.ended_at
            if late <= SMS_RECORDED_WITHIN:
                return
        self.bad("after_end", "R21" if self.stage != "expired" else "R8", f"the month is over: {self.stage}")

    def _end(self, stage: str, data: Data) -> None:
        self.stage = stage
        self.ended_at = instant(data["timestamp"])

    # --- the list -------------------------------------------------------------------------------------

    @on_topic("family.eligible", "listed_first", "member_once", "list_day")
    def _eligible(self, data: Data) -> None:
        if self.stage:
            self.bad("listed_first", "R14", "the list named the family before")
        self.stage = "eligible"
        if f"{data['programme']}/{data['month']}" != self.cycle:
            self.bad("stream_identity", "R14", "the event is of another month than it names")
        if azyq_name(f"family/{self.cycle}/{data['family']}") != self.stream:
            self.bad("stream_identity", "R14", "the stream isn't that of the family it names")
        self.members = list(data["members"])
        self._listed(data, "added")

    def _listed(self, data: Data, kind: str) -> None:
        facts = self.facts
        assert facts is not None
        self.listed = (self.position, self.version, self.topic)
        if len(set(self.members)) != len(self.members) or (kind != "left" and not self.members):
            self.bad("member_once", "R5", "a family without members, or with one twice")
        if kind != "left" and data["applicant"] not in self.members:
            self.bad("member_once", "R5", "the applicant isn't a member")
        if data["delivery"] in self.deliveries:
            self.bad("list_change", "R19", "this delivery was recorded before")
        self.deliveries.add(data["delivery"])
        if local_day_text(data["timestamp"]) < facts.list_from:
            self.bad("list_day", "R2.2", f"listed before {facts.list_from} was there")
        self._audit.delivered[self.cycle, data["delivery"]][kind] += 1

    @on_topic("family.changed", "list_change", "member_once", "list_day")
    def _changed(self, data: Data) -> None:
        if self.stage not in ("eligible", "no_number", "left"):
            self.bad("list_change", "R19", f"the list changes a family that is {self.stage}")
        removed, added = data["removed"], data["added"]
        if not set(removed) <= set(self.members) or set(added) & set(self.members):
            self.bad("list_change", "R19", "removes who isn't a member, or adds who is")
        gone = set(removed)
        self.members = [member for member in self.members if member not in gone] + list(added)
        if self.stage == "left":
            self.stage = "eligible"
        self._listed(data, "changed")

    @on_topic("family.left", "list_change")
    def _left(self, data: Data) -> None:
        if self.stage not in ("eligible", "no_number"):
            self.bad("list_change", "R19", f"the list drops a family that is {self.stage}")
        if data["members"] != len(self.members):
            self.bad("list_change", "R19", f"{data['members']} members leave, there are {len(self.members)}")
        if data["number_missing"] != (self.stage == "no_number"):
            self.bad("number", "R18", "whether the number was missing isn't what was recorded")
        self.members = []
        self.stage = "left"
        self._listed(data, "left")

    @on_topic("family.number_missing", "number")
    def _number_missing(self, data: Data) -> None:
        if self.stage != "eligible":
            self.bad("number", "R18", f"no number for a family that is {self.stage}")
        self.stage = "no_number"

    @on_topic("family.number_unsettled", "number")
    def _number_unsettled(self, data: Data) -> None:
        if self.stage != "no_number":
            self.bad("number", "R18", f"a number is looked up again for a family that is {self.stage}")
        elif self.listed[1:] != (self.version - 1, "family.changed"):
            self.bad("number", "R18", "a number is looked up again without another applicant")
        self.stage = "eligible"

    @on_topic("family.number_found", "number")
    def _number_found(self, data: Data) -> None:
        if self.stage != "no_number":
            self.bad("number", "R16", f"a number found for a family that is {self.stage}")
        self.stage = "eligible"

    # --- messages and answers -------------------------------------------------------------------------

    @on_topic("sms.sent", "sms_listed", "sms_number", "sms_once", "sms_day", "sms_reason")
    def _sms_sent(self, data: Data) -> None:
        facts = self.facts
        assert facts is not None
        purpose, stage = data["purpose"], self.stage
        self._message(data, purpose)
        self.messages[data["message"]] = "sent"
        if stage == "no_number":
            self.bad("sms_number", "R18", "an SMS to a family without a number")
        elif stage == "left" or self.version == 1:
            self.bad("sms_listed", "R18", "an SMS to a family that the list doesn't name")
        day = local_day_text(data["timestamp"])
        if day < facts.first_sms_on:
            self.bad("sms_day", "R20", f"an SMS on {day}: the first day is {facts.first_sms_on}")
        if purpose == "consent_request":
            if stage not in ("eligible", "no_number", "left"):
                self.bad("sms_reason", "R20", f"a request for consent to a family that is {stage}")
        elif purpose == "reminder":
            if day < facts.reminder_on:
                self.bad("sms_day", "R21", f"a reminder on {day}: the first day is {facts.reminder_on}")
            if "consent_request" not in self.sent:
                self.bad("sms_reason", "R21", "a reminder of an SMS that wasn't sent")
        elif purpose == "consent_confirmed":
            if not self.consent:
                self.bad("sms_reason", "R23", "a consent is confirmed that wasn't given")
        elif purpose == "not_understood":
            if not self.unclear:
                self.bad("sms_reason", "R21", "no answer was hard to understand")
        else:
            self.bad("sms_reason", "R20", "an SMS of an unknown purpose")
        self.sent.add(purpose)
        if purpose in ("consent_request", "reminder") and stage == "eligible":
            self.stage = "asked"

    def _message(self, data: Data, purpose: str) -> None:
        if purpose in self.purposes or data["message"] in self.messages:
            self.bad(
                "sms_once", "R21" if purpose == "reminder" else "R20", f"a second SMS of purpose {purpose}"
            )
        self.purposes.add(purpose)

    @on_topic("sms.failed", "sms_once")
    def _sms_failed(self, data: Data) -> None:
        self._message(data, data["purpose"])
        self.messages[data["message"]] = "failed"

    @on_topic("sms.reported", "sms_report")
    def _sms_reported(self, data: Data) -> None:
        known = self.messages.get(data["message"])
        if known is None:
            self.bad("sms_report", "R20", "a report on a message that wasn't sent")
        elif known in ("delivered", "failed") or known == data["status"] or data["status"] not in STATUSES:
            self.bad("sms_report", "R20", f"a report {data['status']} after {known}")
        self.messages[data["message"]] = data["status"]

    def _answer(self, data: Data, when: bool) -> None:
        facts = self.facts
        assert facts is not None
        if data["reply"] in self.replies:
            self.bad("reply_once", "R22", "the reply was recorded before")
        self.replies.add(data["reply"])
        if not when:
            self.bad("answer_asked", "R22", f"an answer taken from a family that is {self.stage}")
        day = local_day_text(data["timestamp"])
        if day > facts.deadline:
            self.bad("answer_day", "R21", f"an answer taken on {day}: the last day is {facts.deadline}")

    @on_topic("family.consented", "reply_once", "answer_asked", "answer_day")
    def _consented(self, data: Data) -> None:
        self._answer(data, self.stage == "asked")
        self.consent = True
        self.stage = "consented"

    @on_topic("family.refused", "reply_once", "answer_asked", "answer_day")
    def _refused(self, data: Data) -> None:
        self._answer(data, self.stage == "asked")
        self._end("refused", data)

    @on_topic("family.answer_not_understood", "reply_once", "answer_asked", "answer_day")
    def _not_understood(self, data: Data) -> None:
        self._answer(data, self.stage == "asked")
        self.unclear = True

    @on_topic("family.answer_ignored", "reply_once", "answer_ignored")
    def _answer_ignored(self, data: Data) -> None:
        facts = self.facts
        assert facts is not None
        if data["reply"] in self.replies:
            self.bad("reply_once", "R22", "the reply was recorded before")
        self.replies.add(data["reply"])
        late = local_day_text(data["timestamp"]) > facts.deadline or self.stage in ("lapsed", "expired")
        if data["reason"] != ("too_late" if late else "already_answered") or (
            not late and self.stage == "asked"
        ):
            self.bad(
                "answer_ignored", "R22", f"an answer ignored ({data['reason']}): the family is {self.stage}"
            )

    @on_topic(
        "family.consent_withdrawn", "reply_once", "answer_asked", "answer_day", "withdrawn_sum", "balance"
    )
    def _withdrawn(self, data: Data) -> None:
        self._answer(data, self.stage in OPEN)
        self._close(data["cancelled"], data["cancelled_tiyn"], CANCELLED, "withdrawn_sum", "R21")
        self._end("withdrawn", data)

    def _close(self, sums: list[list[Any]], total: int, to: int, check: str, clause: str) -> None:
        """What is left of each voucher ends: not more and not less."""
        left = {voucher: available(kept) for voucher, kept in self.vouchers.items() if available(kept)}
        if len(sums) != len(left) or any(left.get(voucher) != amount for voucher, amount in sums):
            self.bad(check, clause, "what ends isn't what was left of each voucher")
        if total != sum(amount for _, amount in sums):
            self.bad(check, clause, "the sums don't add up")
        for voucher, amount in sums:
            self._move(voucher, amount, None, to)

    # --- vouchers -------------------------------------------------------------------------------------

    @on_topic(
        "voucher.issued",
        *("voucher_consent", "voucher_once", "voucher_member", "voucher_amount", "issued_sum", "issued_days"),
    )
    def _issued(self, data: Data) -> None:
        facts = self.facts
        assert facts is not None
        if not self.consent:
            self.bad("voucher_consent", "O5.2", "vouchers without a consent before them")
        elif self.stage != "consented":
            self.bad("voucher_consent", "R22", f"vouchers to a family that is {self.stage}")
        if self.issued:
            self.bad("voucher_once", "R5", "vouchers were issued before")
        self.issued = True
        rows = data["vouchers"]
        members = [member for _, member, _ in rows]
        if len(members) != len(set(members)) or set(members) != set(self.members):
            self.bad("voucher_member", "R5", "not a voucher for each member and only members, once")
        namespace = bytes.fromhex(self.stream)
        for voucher, member, amount in rows:
            if voucher != name_in(namespace, member):
                self.bad("voucher_member", "R5", "a voucher's id isn't that of its member")
            if type(amount) is not int or amount != facts.amount_tiyn:
                self.bad(
                    "voucher_amount", "R2.6", f"a voucher of {amount} tiyn, by the rules {facts.amount_tiyn}"
                )
            self.vouchers[voucher] = [amount, 0, 0, 0, 0]
        if data["issued_tiyn"] != sum(amount for _, _, amount in rows):
            self.bad("issued_sum", "R24", "the vouchers don't add up to what was issued")
        if data["valid_from"] != facts.valid_from or data["valid_to"] != facts.valid_to:
            self.bad("issued_days", "R7", "the vouchers' days aren't those of the month")

    @on_topic("voucher.activated", "activation_once", "activation_day")
    def _activated(self, data: Data) -> None:
        if self.stage != "consented" or not self.issued:
            self.bad("activation_once", "R7", f"an activation by a family that is {self.stage}")
        if sorted(data["vouchers"]) != sorted(self.vouchers):
            self.bad("activation_once", "R7", "not the vouchers that were issued")
        self._in_window("activation_day", "R7", data)
        self.stage = "activated"

    @on_topic("family.rated", "rating")
    def _rated(self, data: Data) -> None:
        purchase = self.purchases.get(data["redemption"])
        if purchase is None or purchase.status != "captured" or purchase.shop != data["shop"]:
            self.bad("rating", "R30", "a rating of what was not bought and paid there")
        if data["stars"] not in range(1, 6):
            self.bad("rating", "R30", f"{data['stars']!r} stars")
        self._in_window("rating", "R30", data)

    # --- the end --------------------------------------------------------------------------------------

    @on_topic("family.lapsed", "lapse")
    def _lapsed(self, data: Data) -> None:
        assert self.facts is not None
        if self.stage not in ("eligible", "asked"):
            self.bad("lapse", "R21", f"no answer, yet the family is {self.stage}")
        if instant(data["timestamp"]) < self.facts.deadline_end:
            self.bad("lapse", "R21", f"no answer, before {self.facts.deadline} is over")
        self._end("lapsed", data)

    @on_topic("voucher.expired", "expiry", "expiry_sum", "balance")
    def _expired(self, data: Data) -> None:
        assert self.facts is not None
        if self.stage not in OPEN or data["activated"] != (self.stage == "activated"):
            self.bad("expiry", "R8", f"vouchers of a family that is {self.stage} expire")
        if instant(data["timestamp"]) < self.facts.valid_to_end:
            self.bad("expiry", "R8", f"the vouchers expire before {self.facts.valid_to} is over")
        self._close(data["vouchers"], data["expired_tiyn"], EXPIRED, "expiry_sum", "R8")
        self._end("expired", data)

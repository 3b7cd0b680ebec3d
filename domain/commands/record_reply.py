"""Record replies by SMS: whose they are, what they say, what follows (R21, R22)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from domain.calendar import local_day
from domain.commands.conflicts import until_saved
from domain.commands.send_sms import compose
from domain.cycle import StrayReply
from domain.family import HAS_VOUCHERS, OPEN_FOR_ANSWER, FamilyVouchers
from domain.identity import message_id, reply_stream_id
from domain.ports import IncomingReply, Log, LogConflict, Vault
from domain.programmes import ProgrammeMonth
from domain.replies import Answer, parse_reply
from domain.sms_text import parts

UNKNOWN_SENDER = "unknown_sender"
BEING_ASKED = "eligible"  # and its number noted as asked: the request is on its way
SHORT_TEXT = 24  # what most people write is one of few, so its meaning is remembered


@dataclass(slots=True)
class _Batch:
    families: dict[UUID, FamilyVouchers]
    strays: dict[UUID, StrayReply]
    due: list[tuple[str, UUID, str]]


class RecordReply:
    """`run` decides replies in order, in one transaction; the same gateway message id has the same outcome for good."""

    def __init__(
        self,
        log: Log,
        vault: Vault,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        normalise_phone: Callable[[str], str | None],
        asked_texts: Callable[[], Sequence[str]] = tuple,
        gateway_name: Callable[[], str] = lambda: "unknown",
    ) -> None:
        self._log = log
        self._vault = vault
        self._month_of = month_of
        self._normalise = normalise_phone
        self._asked_texts = asked_texts
        self._gateway_name = gateway_name
        self._meaning_of_short = lru_cache(maxsize=4096)(self._parse)

    def run(self, replies: Sequence[IncomingReply]) -> list[str]:
        """One outcome each: consented, refused, not_understood, too_late, unknown_sender, already_answered."""
        if len(replies) > 1:
            try:
                return self._decide_all(replies)
            except LogConflict:
                return [outcome for reply in replies for outcome in self.run([reply])]
        return until_saved(lambda: self._decide_all(replies))

    def _decide_all(self, replies: Sequence[IncomingReply]) -> list[str]:
        phones = [self._normalise(reply.sender) for reply in replies]
        digests = [self._vault.digest("reply", reply.message_id) for reply in replies]
        asked = self._vault.asked_on([phone for phone in phones if phone])
        strays = [reply_stream_id(digest) for digest in digests]
        streams = {UUID(stream) for found in asked.values() for stream in found}
        loaded = self._log.load([*streams, *strays])
        batch = _Batch(
            {s: a for s, a in loaded.items() if isinstance(a, FamilyVouchers)},
            {s: a for s, a in loaded.items() if isinstance(a, StrayReply)},
            [],
        )
        outcomes = []
        for reply, phone, digest, stray in zip(replies, phones, digests, strays, strict=True):
            families = [
                batch.families[UUID(stream)]
                for stream in asked.get(phone or "", [])
                if UUID(stream) in batch.families
            ]
            if stray in batch.strays:
                outcomes.append(UNKNOWN_SENDER)
            elif not families:
                answer = self._meaning(reply.text)
                batch.strays[stray] = StrayReply.receive(
                    reply=digest, channel=reply.channel, answer=answer, at=reply.received_at
                )
                outcomes.append(UNKNOWN_SENDER)
            else:
                outcomes.append(self._decide(reply, digest, families, batch))
        self._log.save(*batch.families.values(), *batch.strays.values(), due=batch.due)
        return outcomes

    def _parse(self, text: str) -> Answer:
        return parse_reply(text, self._asked_texts())

    def _meaning(self, text: str) -> Answer:
        return self._meaning_of_short(text) if len(text) <= SHORT_TEXT else self._parse(text)

    def _decide(
        self, reply: IncomingReply, digest: str, families: list[FamilyVouchers], batch: _Batch
    ) -> str:
        for family in families:
            if digest in family.replies:
                return family.replies[digest]
        answer = self._meaning(reply.text)
        outcomes = []
        for family in self._addressed(families, answer, reply.received_at):
            if family.stage == BEING_ASKED:
                self._record_request(family, reply.received_at)
            before = family.stage
            outcome = family.record_reply(
                self._month_of(family),
                reply=digest,
                answer=answer,
                channel=reply.channel,
                at=reply.received_at,
            )
            outcomes.append(outcome)
            if outcome == "consented" and before != family.stage:
                purpose = "consent_confirmed"
            elif outcome == "not_understood":
                purpose = "not_understood"
            else:
                continue
            message = message_id(family.id, purpose)
            if message not in family.messages:
                batch.due.append((message, family.id, purpose))
        return outcomes[0]

    def _record_request(self, family: FamilyVouchers, at: datetime) -> None:
        """An answer to a request that is handed over just now, and not recorded yet: the answer proves it arrived."""
        month = self._month_of(family)
        language, text = compose(month, "consent_request", "")
        count = parts(text)
        family.record_sms(
            month,
            message=message_id(family.id, "consent_request"),
            purpose="consent_request",
            language=language,
            encoding=count.encoding,
            parts=count.parts,
            gateway=self._gateway_name(),
            at=at,
        )

    def _addressed(
        self, families: list[FamilyVouchers], answer: Answer, at: datetime
    ) -> list[FamilyVouchers]:
        """Whom an answer from one number is for: all that wait for one; else, for a no, all that have vouchers.

        The text doesn't say which family or programme it is about, so one answer holds for each that asked on the
        number (docs/adr/0004). What is too late, or answered already, is kept with the latest.
        """
        day = local_day(at)
        opened = [f for f in families if self._month_of(f).first_sms_on <= day <= self._month_of(f).deadline]
        waiting = [f for f in opened if f.stage in OPEN_FOR_ANSWER or f.stage == BEING_ASKED]
        if waiting:
            return waiting
        if answer is Answer.NO and (holding := [f for f in opened if f.stage in HAS_VOUCHERS]):
            return holding
        return (opened or families)[-1:]

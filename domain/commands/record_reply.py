"""Record replies by SMS: whose they are, what they say, what follows (R21, R22)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from domain.calendar import day_start, local_day
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
BEING_ASKED = "eligible"  # and its request in hand-over: it may be there before we record that it left
CLOCK_TOLERANCE = timedelta(minutes=5)  # what a gateway's clock may be off
SHORT_TEXT = 24  # what most people write is one of few, so its meaning is remembered


@dataclass(slots=True)
class _Batch:
    families: dict[UUID, FamilyVouchers]
    strays: dict[UUID, StrayReply]
    begun: Mapping[str, datetime | None]
    due: list[tuple[str, UUID, str]]


class _Asked(NamedTuple):
    """A family whose request left, and the time a reply counts from."""

    family: FamilyVouchers
    at: datetime


class RecordReply:
    """`run` decides replies in order, in one transaction; the same gateway message id has the same outcome for good.

    A reply is for the families whose request left, or is being handed over: that a number was noted for a family
    is not enough. It counts from the request on: a `received_at` before it, by a clock that is wrong, is lifted to
    the request's time, so that no answer lies before its question. A number that was asked several times is
    answered for what had been asked by then, five minutes' error of the clock allowed for.
    """

    def __init__(
        self,
        log: Log,
        vault: Vault,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        normalise_phone: Callable[[str], str | None],
        asked_texts: Callable[[], Sequence[str]],
        gateway_name: Callable[[], str],
        handed_over: Callable[[Sequence[str]], Mapping[str, datetime | None]],
    ) -> None:
        """`handed_over(messages)` gives those whose hand-over has begun, with its time where one is noted."""
        self._log = log
        self._vault = vault
        self._month_of = month_of
        self._normalise = normalise_phone
        self._asked_texts = asked_texts
        self._gateway_name = gateway_name
        self._handed_over = handed_over
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
        found_families = {s: a for s, a in loaded.items() if isinstance(a, FamilyVouchers)}
        batch = _Batch(
            found_families,
            {s: a for s, a in loaded.items() if isinstance(a, StrayReply)},
            self._begun(found_families.values()),
            [],
        )
        outcomes = []
        for reply, phone, digest, stray in zip(replies, phones, digests, strays, strict=True):
            families = [
                asked_family
                for stream in asked.get(phone or "", [])
                if UUID(stream) in batch.families
                and (asked_family := self._asked(batch.families[UUID(stream)], batch))
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

    def _begun(self, families: Collection[FamilyVouchers]) -> Mapping[str, datetime | None]:
        """Requests that are in hand-over, or were when the families were loaded."""
        requests = [_request(family) for family in families if family.asked_at is None]
        # One whose failure is recorded is done with, whatever the queue still says.
        known = {message for family in families for message in family.messages}
        wanted = [request for request in requests if request not in known]
        return self._handed_over(wanted) if wanted else {}

    def _asked(self, family: FamilyVouchers, batch: _Batch) -> _Asked | None:
        if family.asked_at is not None:
            return _Asked(family, family.asked_at)
        request = _request(family)
        if request not in batch.begun:
            return None
        return _Asked(family, batch.begun[request] or day_start(self._month_of(family).first_sms_on))

    def _parse(self, text: str) -> Answer:
        return parse_reply(text, self._asked_texts())

    def _meaning(self, text: str) -> Answer:
        return self._meaning_of_short(text) if len(text) <= SHORT_TEXT else self._parse(text)

    def _decide(self, reply: IncomingReply, digest: str, asked: list[_Asked], batch: _Batch) -> str:
        for family, _ in asked:
            if digest in family.replies:
                return family.replies[digest]
        answer = self._meaning(reply.text)
        by_then = [one for one in asked if one.at <= reply.received_at + CLOCK_TOLERANCE] or asked
        answered = [_Asked(family, max(at, reply.received_at)) for family, at in by_then]
        outcomes = []
        for family, at in self._addressed(answered, answer):
            if family.stage == BEING_ASKED:
                self._record_request(family, batch.begun[_request(family)] or at)
            before = family.stage
            outcome = family.record_reply(
                self._month_of(family),
                reply=digest,
                answer=answer,
                channel=reply.channel,
                at=at,
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
            message=_request(family),
            purpose="consent_request",
            language=language,
            encoding=count.encoding,
            parts=count.parts,
            gateway=self._gateway_name(),
            at=at,
        )

    def _addressed(self, asked: list[_Asked], answer: Answer) -> list[_Asked]:
        """Whom an answer from one number is for: all that wait for one; else, for a no, all that have vouchers.

        The text doesn't say which family or programme it is about, so one answer holds for each that asked on the
        number (docs/adr/0004). What is too late, or answered already, is kept with the latest.
        """
        opened = [one for one in asked if self._is_open(one)]
        waiting = [one for one in opened if one.family.stage in OPEN_FOR_ANSWER | {BEING_ASKED}]
        if waiting:
            return waiting
        if answer is Answer.NO and (holding := [one for one in opened if one.family.stage in HAS_VOUCHERS]):
            return holding
        return (opened or asked)[-1:]

    def _is_open(self, asked: _Asked) -> bool:
        month = self._month_of(asked.family)
        return month.first_sms_on <= local_day(asked.at) <= month.deadline


def _request(family: FamilyVouchers) -> str:
    return message_id(family.id, "consent_request")

"""Send what is due: at least once, with a message id of our own, and never twice because of a restart.

A message waits in a queue that is written in the transaction of the events that want it. Where the gateway tells a
second hand-over apart (`idempotent`), handing over again is harmless. Where it does not, the hand-over is noted
before it begins: one that a crash cut off is left alone until a delivery report tells, and is repeated only after
`unknown_after` without any word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.calendar import local_day
from domain.commands.case_texts import CaseTexts
from domain.commands.conflicts import until_saved
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.ports import DeliveryReport, Log, OutgoingSms, SendResult, SmsGateway, Vault
from domain.procedures.case import Case
from domain.programmes import ProgrammeMonth
from domain.sms_text import parts, render

UNKNOWN_OUTCOME = "unknown_outcome"
QUESTIONS = ("consent_request", "reminder", "not_understood")
NO_TEXT = "no_text"
BACKOFF_SECONDS = (1, 2, 4, 8, 16, 60, 300)


Told = FamilyVouchers | Case  # whom SMS are about


class DueSms(NamedTuple):
    """A message in the queue: `state` is waiting, or sending where its fate is unknown."""

    message: str
    stream: UUID
    purpose: str
    state: str
    attempts: int


class SmsQueue(Protocol):
    """The messages that are due, and those on their way."""

    def due(self, now: datetime, unknown_before: datetime, limit: int) -> list[DueSms]:
        """Waiting ones whose time has come, and sending ones untouched since `unknown_before`; oldest first."""
        ...

    def begin(self, messages: Sequence[DueSms], at: datetime) -> set[str]:
        """Note, before the hand-over, that it begins; those that nobody else took since they were read."""
        ...

    def postpone(self, messages: Mapping[str, datetime]) -> None:
        """Try these again at their time."""
        ...

    def finish(self, messages: Sequence[str], keep: bool) -> None:
        """Done with these; `keep` those whose delivery reports are to be matched."""
        ...

    def streams(self, messages: Sequence[str]) -> dict[str, tuple[UUID, str, str]]:
        """(stream, purpose, state) of messages that are kept."""
        ...

    def handed_over(self, messages: Sequence[str]) -> Mapping[str, datetime | None]:
        """When the hand-over of each began; those that wait for theirs, or aren't kept, are absent."""
        ...

    def waiting(self, cycle: UUID | None = None) -> int:
        """How many are not handed over yet."""
        ...


@dataclass(slots=True)
class SendOutcome:
    """What became of the queue: `waiting` are left for the next run."""

    sent: int = 0
    parts: int = 0
    failed: int = 0
    waiting: int = 0


class SendSms:
    """`drain` hands over what is due (R20, R21, R23); `record_reports` takes the network's word on it."""

    def __init__(
        self,
        log: Log,
        vault: Vault,
        queue: SmsQueue,
        gateway: SmsGateway,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        link: Callable[[str], str],
        *,
        at_once: int,
        pace: Callable[[int], None],
        pause: Callable[[float], object],
        unknown_after: timedelta,
        case_texts: CaseTexts | None = None,
    ) -> None:
        """`link` turns a wallet token into the address in the SMS; `pace(n)` waits until n more may go; `case_texts`
        writes notices of cases.

        `pace` and `pause` (seconds) come back early when the process is to end.
        """
        self._log = log
        self._vault = vault
        self._queue = queue
        self._gateway = gateway
        self._month_of = month_of
        self._link = link
        self._at_once = at_once
        self._pace = pace
        self._pause = pause
        self._unknown_after = unknown_after
        self._case_texts = case_texts

    def drain(
        self,
        now: Callable[[], datetime],
        patience_seconds: float = 30.0,
        stop: Callable[[], bool] = lambda: False,
    ) -> SendOutcome:
        """Hand over until nothing is due, or `stop` says so: then what is at hand is recorded, the rest waits.

        When the gateway falters, back off, for `patience_seconds` in all.
        """
        outcome = SendOutcome()
        waited, tries = 0.0, 0
        while not stop():
            due = self._queue.due(now(), now() - self._unknown_after, self._at_once)
            if not due:
                break
            faltered = self._hand_over(due, now(), outcome, stop)
            if not faltered:
                tries = 0
                continue
            delay = BACKOFF_SECONDS[min(tries, len(BACKOFF_SECONDS) - 1)]
            tries += 1
            if waited + delay > patience_seconds:
                break
            self._pause(delay)
            waited += delay
        outcome.waiting = self._queue.waiting()
        return outcome

    def _hand_over(
        self, due: Sequence[DueSms], at: datetime, outcome: SendOutcome, stop: Callable[[], bool]
    ) -> bool:
        families: dict[UUID, Told] = self._log.load(list({d.stream for d in due}))
        wanted = [
            d for d in due if d.stream in families and self._is_wanted(families[d.stream], d, local_day(at))
        ]
        unwanted = {d.message for d in due} - {d.message for d in wanted}
        if unwanted:
            self._queue.finish(sorted(unwanted), keep=not self._gateway.idempotent)
        phones = self._vault.phones([families[d.stream].applicant for d in wanted])
        confirmed = [d.stream.hex for d in wanted if d.purpose == "consent_confirmed"]
        tokens = self._vault.wallet_tokens(confirmed) if confirmed else {}
        messages: list[OutgoingSms] = []
        sending: dict[str, DueSms] = {}
        asked: list[tuple[str, str, str]] = []
        failed: list[tuple[DueSms, str]] = []
        for item in wanted:
            family = families[item.stream]
            phone = phones.get(family.applicant) or self._told_phone(family)
            if phone is None:
                failed.append((item, "no_number"))
                continue
            try:
                language, text = self._text(family, item.purpose, tokens.get(item.stream.hex, ""))
            except (Refusal, KeyError):
                failed.append((item, NO_TEXT))
                continue
            messages.append(OutgoingSms(item.message, phone, text, item.purpose, language))
            sending[item.message] = item
            # Nobody answers a notice: a reply from the number is about the family's month.
            if isinstance(family, FamilyVouchers):
                asked.append((phone, item.stream.hex, family.applicant))
        self._vault.note_asked(asked)
        self._pace(len(messages))
        if stop():
            return False
        if not self._gateway.idempotent:
            # Another process may have read the same queue: who notes it first hands it over.
            ours = self._queue.begin(list(sending.values()), at)
            messages = [message for message in messages if message.message_id in ours]
        results = self._gateway.send(messages) if messages else []
        return self._record(results, messages, sending, families, failed, at, outcome)

    def _told_phone(self, told: Told) -> str | None:
        if self._case_texts is None or not isinstance(told, Case):
            return None
        try:
            return self._case_texts.phone(told)
        except Refusal:
            return None

    def _text(self, told: Told, purpose: str, token: str) -> tuple[str, str]:
        """(language, text). Raises Refusal, KeyError for a case whose service has no such text any more."""
        if isinstance(told, FamilyVouchers):
            return compose(self._month_of(told), purpose, link=self._link(token))
        if self._case_texts is None:
            raise KeyError(purpose)
        return self._case_texts.text(told, purpose)

    def _is_wanted(self, family: Told, item: DueSms, today: date) -> bool:
        """Whether it is still to be sent; a question only while it can be answered (R21)."""
        if isinstance(family, Case):
            return family.wants_sms(item.message)
        if item.purpose in QUESTIONS and today > self._month_of(family).deadline:
            return False
        return family.wants_sms(item.purpose, item.message)

    def _record(
        self,
        results: Sequence[SendResult],
        messages: Sequence[OutgoingSms],
        sending: Mapping[str, DueSms],
        families: Mapping[UUID, Told],
        failed: list[tuple[DueSms, str]],
        at: datetime,
        outcome: SendOutcome,
    ) -> bool:
        accepted: list[OutgoingSms] = []
        again: dict[str, datetime] = {}
        faltered = False
        for message, result in zip(messages, results, strict=True):
            item = sending[message.message_id]
            if result.accepted:
                accepted.append(message)
            elif result.reason == UNKNOWN_OUTCOME or (result.retry and item.state == "sending"):
                faltered = (
                    True  # stays `sending`: a report, or time, will tell, also of a hand-over before this one
                )
            elif result.retry:
                delay = BACKOFF_SECONDS[min(item.attempts, len(BACKOFF_SECONDS) - 1)]
                again[item.message] = at + timedelta(seconds=delay)
                faltered = True
            else:
                failed.append((item, result.reason))

        def record(families: Mapping[UUID, Told]) -> None:
            for message in accepted:
                self._sent(families[sending[message.message_id].stream], message, at)
            for item, reason in failed:
                self._failed(families[item.stream], item, reason, at)

        self._save(families, record)
        outcome.sent += len(accepted)
        outcome.parts += sum(parts(message.text).parts for message in accepted)
        outcome.failed += len(failed)
        done = [message.message_id for message in accepted] + [item.message for item, _ in failed]
        self._queue.finish(done, keep=not self._gateway.idempotent)
        self._queue.postpone(again)
        return faltered

    def _save(
        self,
        families: Mapping[UUID, Told],
        record: Callable[[Mapping[UUID, Told]], None],
    ) -> None:
        """Record and save; when a reply came between, on the families as they are now: what is sent is sent."""
        known: Mapping[UUID, Told] | None = families

        def decide() -> None:
            nonlocal known
            current = known if known is not None else self._log.load(list(families))
            known = None
            record(current)
            self._log.save(*current.values())

        until_saved(decide)

    def _failed(self, told: Told, item: DueSms, reason: str, at: datetime) -> None:
        if isinstance(told, Case):
            told.record_notice_failed(item.message, item.purpose, reason, at)
            return
        month = self._month_of(told)
        told.record_sms_failed(month, message=item.message, purpose=item.purpose, reason=reason, at=at)

    def _sent(self, family: Told, message: OutgoingSms, at: datetime) -> None:
        count = parts(message.text)
        if isinstance(family, Case):
            family.record_notice(
                message.message_id,
                message.purpose,
                message.language,
                count.encoding,
                count.parts,
                self._gateway.name,
                at,
            )
            return
        family.record_sms(
            self._month_of(family),
            message=message.message_id,
            purpose=message.purpose,
            language=message.language,
            encoding=count.encoding,
            parts=count.parts,
            gateway=self._gateway.name,
            at=at,
        )

    def record_reports(self, reports: Sequence[DeliveryReport]) -> None:
        """What became of our messages; a report also settles a hand-over whose fate was unknown.

        A `received_at` before the hand-over, by a clock that is wrong, is lifted to its time.
        """
        known = self._queue.streams([report.message_id for report in reports])
        begun = self._queue.handed_over(list(known))
        wanted = [
            replace(
                report,
                received_at=max(report.received_at, begun.get(report.message_id) or report.received_at),
            )
            for report in reports
            if report.message_id in known
        ]
        families: dict[UUID, Told] = self._log.load(list({known[r.message_id][0] for r in wanted}))

        def record(families: Mapping[UUID, Told]) -> None:
            for report in wanted:
                stream, purpose, state = known[report.message_id]
                family = families[stream]
                if state == "sending" and report.status != "rejected":
                    language, text = self._text(family, purpose, "x" * 16)
                    message = OutgoingSms(report.message_id, "", text, purpose, language)
                    self._sent(family, message, report.received_at)
                family.record_report(report.message_id, report.status, report.received_at)

        self._save(families, record)
        settled = [
            r.message_id for r in wanted if known[r.message_id][2] == "sending" and r.status != "rejected"
        ]
        self._queue.finish(settled, keep=True)


def compose(month: ProgrammeMonth, purpose: str, link: str) -> tuple[str, str]:
    """(languages, text) of a message: the programme's text of this month with its own deadline (R20)."""
    texts = month.terms.texts[purpose]
    languages = month.terms.sms_languages
    text = "\n\n".join(
        render(texts[language].strip(), language, deadline=month.deadline, link=link)
        for language in languages
    )
    return "+".join(languages), text

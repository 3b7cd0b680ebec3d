"""What the status page shows of a case: where it stands step by step, what is missing, what was given out, what was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from domain.calendar import local_day
from domain.commands.case_texts import due_words
from domain.procedures.case import Case
from domain.procedures.case_guards import who_takes
from domain.procedures.definition import APPLICANT, Document, Field, Names, Service
from domain.procedures.running import RunningService
from domain.sms_text import render
from infra.cases.history import CaseEvent
from infra.web.forms import Offered, field_words
from infra.web.words import Words

LABEL_WORDS = 3  # at most in front of a notice's link, where it is a sentence of its own

State = Literal["open", "closed", "not_accepted"]


@dataclass(slots=True)
class StepShown:
    """A step that was opened: by whom until when, or how it ended, and what was said with it.

    `mine`: it waits for the applicant. `told`: the applicant was told something since; before that, how a step ended may be
    a draft that nobody has signed.
    """

    name: str
    who: str
    opened_at: datetime
    due_at: datetime | None
    mine: bool
    overdue: bool = False
    outcome: str = ""
    said: list[tuple[str, str]] = field(default_factory=list)
    told: bool = False
    done_at: datetime | None = None
    late: bool = False
    dropped: bool = False


@dataclass(slots=True)
class NoticeShown:
    """What the applicant was told, when, and what became of its SMS; here: there is no number."""

    text: str
    at: datetime
    state: Literal["here", "waiting", "sent", "delivered", "failed"]


class ResultShown(NamedTuple):
    """What was given out; `ended` is how it ended and on what day, None while it stands."""

    name: str
    number: str
    valid_from: date
    valid_until: date | None
    refusal: bool
    ended: tuple[str, date] | None


@dataclass(slots=True)
class StatusPage:
    """All that the page shows; nothing personal but what the applicant's papers hold."""

    case: Case
    service: str
    provider: str
    state: State
    end: str
    overdue: bool
    kind: str
    asked: Sequence[tuple[str, str]]
    sealed: Sequence[str]
    documents: Sequence[tuple[str, str, int]]
    missing: Sequence[str]
    steps: Sequence[StepShown]
    results: Sequence[ResultShown]
    ground: str
    reasons: str
    appeals: str
    notices: Sequence[NoticeShown]
    acts: Sequence[Offered] = field(default=())


def status_page(
    case: Case,
    running: RunningService,
    events: Sequence[CaseEvent],
    reasons: str,
    words: Words,
    now: datetime,
) -> StatusPage:
    """The page of a case at `now`, in the language of `words`."""
    service = running.service
    fields, documents = _asked(service)
    name = _Names(words.language)
    end = service.ends.get(case.end)
    ground = service.grounds.get(case.ground)
    return StatusPage(
        case=case,
        service=name(service.names),
        provider=name(service.provider),
        state=_state(case),
        end=name(end) if end else "",
        overdue=case.closed_at is None and case.due_at is not None and now > case.due_at,
        kind=name(service.kinds[case.kind].names) if len(service.kinds) > 1 and case.kind else "",
        asked=[
            (name(one.names), field_words(one, case.facts[id_], words, words.iso_day))
            for id_, one in fields.items()
            if id_ in case.facts and one in service.fields
        ],
        sealed=[name(one.names) for one in service.fields if one.id in case.sealed],
        documents=[
            (name(documents[id_].names) if id_ in documents else id_, kind, size)
            for id_, _, kind, size in case.documents
        ],
        missing=[name(documents[id_].names) for id_ in case.missing if id_ in documents],
        steps=_steps(events, running, words, name),
        results=[
            ResultShown(
                name(service.results[result].names),
                number,
                date.fromisoformat(valid_from),
                date.fromisoformat(until) if until else None,
                service.results[result].refusal,
                (case.withdrawn[number].how, local_day(case.withdrawn[number].at))
                if number in case.withdrawn
                else None,
            )
            for result, number, valid_from, until in case.results
        ],
        ground=name(ground.names) if ground and _is_refused(case, service) else "",
        reasons=reasons if _is_refused(case, service) else "",
        appeals=service.texts.get("appeals", {}).get(words.language, "").strip(),
        notices=_notices(case, service, events, words),
    )


class _Names:
    """Names in one language, as a line of a page begins: with a capital."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, names: Names) -> str:
        text = names[self._language].strip()
        return text[:1].upper() + text[1:]


def _state(case: Case) -> State:
    if case.closed_at is None:
        return "open"
    return "not_accepted" if case.end == "acceptance_refused" else "closed"


def _is_refused(case: Case, service: Service) -> bool:
    """Whether a refusal was given out: before that, a ground is a draft that nobody has signed."""
    return any(service.results[result].refusal for result, *_ in case.results)


def _asked(service: Service) -> tuple[dict[str, Field], dict[str, Document]]:
    outcomes = [outcome for step in service.steps.values() for outcome in step.outcomes]
    fields = [one for outcome in outcomes for one in outcome.fields]
    documents = [one for outcome in outcomes for one in outcome.documents]
    return (
        {one.id: one for one in (*service.fields, *fields)},
        {one.id: one for one in (*documents, *service.documents)},
    )


def _steps(
    events: Sequence[CaseEvent], running: RunningService, words: Words, name: _Names
) -> list[StepShown]:
    found: dict[tuple[str, int], StepShown] = {}
    steps = running.service.steps
    for event in events:
        data = event.data
        here = data.get("step", ""), data.get("turn", 0)
        match event.topic:
            case "case.step_opened":
                step = steps[data["step"]]
                found[here] = StepShown(
                    name(step.names),
                    name(running.role(step.role).names),
                    event.at,
                    _instant(data["due_at"]),
                    any(who_takes(step, outcome) == APPLICANT for outcome in step.outcomes),
                )
            case "case.acted":
                shown = found[here]
                outcomes = {one.id: one for one in steps[data["step"]].outcomes}
                shown.outcome = name(outcomes[data["outcome"]].names)
                shown.done_at, shown.late = event.at, data["late"]
                shown.told = data["role"] == APPLICANT
                shown.said = [
                    (name(one.names), field_words(one, data["facts"][one.id], words, words.iso_day))
                    for one in outcomes[data["outcome"]].fields
                    if one.id in data["facts"]
                ]
            case "case.became_overdue":
                found[here].overdue = True
            case "case.notice_due" | "case.result_issued":
                _tell(found.values())
            case "case.closed":
                _tell(found.values())
                for step_id, turn in data["dropped"]:
                    found[step_id, turn].dropped = True
    return list(found.values())


def _tell(steps: Iterable[StepShown]) -> None:
    for step in steps:
        step.told = True


def _notices(case: Case, service: Service, events: Sequence[CaseEvent], words: Words) -> list[NoticeShown]:
    found: dict[str, NoticeShown] = {}
    for event in events:
        data = event.data
        match event.topic:
            case "case.notice_due":
                text = service.notices.get(data["notice"], {}).get(words.language)
                if text:
                    said = _notice(text, case, service, words)
                    reachable = bool(case.applicant or case.sealed)
                    found[data["message"]] = NoticeShown(said, event.at, "waiting" if reachable else "here")
            case "case.notice_sent":
                _say(found, data, "sent")
            case "case.notice_failed":
                _say(found, data, "failed")
            case "case.notice_reported":
                _say(found, data, _REPORTED.get(data["status"], "sent"))
    return list(found.values())


_REPORTED: Mapping[str, Literal["sent", "delivered", "failed"]] = {
    "delivered": "delivered",
    "failed": "failed",
    "rejected": "failed",
}


def _say(
    found: Mapping[str, NoticeShown], data: Mapping[str, Any], state: Literal["sent", "delivered", "failed"]
) -> None:
    if data["message"] in found:
        found[data["message"]].state = state


def _notice(text: str, case: Case, service: Service, words: Words) -> str:
    """A notice as the page says it: its link leads here, so it is left out where it ends the text."""
    return render(
        _without_link(text.strip()),
        words.language,
        number=case.case,
        service=service.names[words.language],
        due=due_words(case),
        link=words("this_page"),
    )


def _without_link(text: str) -> str:
    """`Accepted. Status: {link}` as `Accepted.`; `Ready: {link}` as `Ready.`"""
    said = text.removesuffix(".").removesuffix(": {link}")
    if said == text.removesuffix("."):
        return text
    before, dot, last = said.rpartition(". ")
    return f"{before}." if dot and len(last.split()) <= LABEL_WORDS else f"{said}."


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

"""Why: what happened to a case, event by event, in words of its service; without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from domain.calendar import ALMATY
from domain.procedures.definition import Names, Service
from domain.sms_text import render
from infra.cases.history import CaseEvent
from infra.papers.conditions_in_words import channel_word
from infra.papers.words import WORDS as PAPER_WORDS
from infra.stories.texts import WORDS as SMS_WORDS


class CaseLine(NamedTuple):
    """One event: where in the log and when (local time), what happened in words, by which clause."""

    position: int
    at: datetime
    topic: str
    sentence: str
    clause: str


TEXTS: dict[str, dict[str, str]] = {
    "case.opened": {
        "en": "Received, “{kind}”; by: {channel}; counted from {counted_from}, the result due {due_at}",
        "ru": "Поступило, «{kind}»; способ: {channel}; отсчёт с {counted_from}, срок результата {due_at}",
        "kk": "Түсті, «{kind}»; тәсілі: {channel}; {counted_from} бастап есептеледі, нәтиже мерзімі {due_at}",
    },
    "case.acceptance_refused": {
        "en": "Acceptance refused, for lack of: {missing}",
        "ru": "В приёме отказано, не хватает: {missing}",
        "kk": "Қабылдаудан бас тартылды, жетіспейді: {missing}",
    },
    "case.step_opened": {
        "en": "{step}: {step_name} – the turn of {role}, due {due_at}",
        "ru": "{step}: {step_name} – исполняет {role}, срок {due_at}",
        "kk": "{step}: {step_name} – орындайтын {role}, мерзімі {due_at}",
    },
    "case.step_passed_over": {
        "en": "{step}: {step_name} – passed over",
        "ru": "{step}: {step_name} – не требуется",
        "kk": "{step}: {step_name} – қажет емес",
    },
    "case.acted": {
        "en": "{step}: {outcome_name} – {role} {actor}{late}{ground}{documents}{signature}{sitting}",
        "ru": "{step}: {outcome_name} – {role} {actor}{late}{ground}{documents}{signature}{sitting}",
        "kk": "{step}: {outcome_name} – {role} {actor}{late}{ground}{documents}{signature}{sitting}",
    },
    "case.remark_recorded": {
        "en": "{step}: {outcome_name} – {role} {actor}{late}",
        "ru": "{step}: {outcome_name} – {role} {actor}{late}",
        "kk": "{step}: {outcome_name} – {role} {actor}{late}",
    },
    "case.reassigned": {
        "en": "{step}: from now on {assignee} does it – {role} {actor}",
        "ru": "{step}: теперь исполняет {assignee} – {role} {actor}",
        "kk": "{step}: енді {assignee} орындайды – {role} {actor}",
    },
    "case.became_overdue": {
        "en": "{step}: {step_name} – overdue, it was due {due_at}",
        "ru": "{step}: {step_name} – просрочено, срок был {due_at}",
        "kk": "{step}: {step_name} – мерзімі өтті, мерзімі {due_at} болатын",
    },
    "case.escalated": {
        "en": "{step}: brought before {to_role}",
        "ru": "{step}: доведено до роли «{to_role}»",
        "kk": "{step}: «{to_role}» рөліне жеткізілді",
    },
    "case.result_issued": {
        "en": "Issued: {result}, No. {number}, valid from {valid_from}{valid_until}",
        "ru": "Выдано: {result}, № {number}, действует с {valid_from}{valid_until}",
        "kk": "Берілді: {result}, № {number}, {valid_from} бастап жарамды{valid_until}",
    },
    "case.result_withdrawn": {
        "en": "No. {number} stands no longer: {how}, by the case {decided_in}{replaced_by}",
        "ru": "№ {number} больше не действует: {how}, по делу {decided_in}{replaced_by}",
        "kk": "№ {number} енді қолданылмайды: {how}, {decided_in} ісі бойынша{replaced_by}",
    },
    "case.notice_due": {
        "en": "The applicant is told: “{notice}”",
        "ru": "Заявителю сообщается: «{notice}»",
        "kk": "Өтініш берушіге хабарланады: «{notice}»",
    },
    "case.notice_sent": {
        "en": "SMS handed to the gateway",
        "ru": "СМС передано шлюзу",
        "kk": "СМС шлюзге берілді",
    },
    "case.notice_failed": {
        "en": "SMS not sent: {reason}",
        "ru": "СМС не отправлено: {reason}",
        "kk": "СМС жіберілмеді: {reason}",
    },
    "case.notice_reported": {
        "en": "SMS: {status}",
        "ru": "СМС: {status}",
        "kk": "СМС: {status}",
    },
    "case.closed": {
        "en": "Closed: {end}{late}",
        "ru": "Закрыто: {end}{late}",
        "kk": "Жабылды: {end}{late}",
    },
}
_PARTS: dict[str, dict[str, str]] = {
    "late": {"en": ", late", "ru": ", с опозданием", "kk": ", кешігіп"},
    "ground": {"en": "; ground: {value}", "ru": "; основание: {value}", "kk": "; негізі: {value}"},
    "documents": {"en": "; documents: {value}", "ru": "; документы: {value}", "kk": "; құжаттар: {value}"},
    "signature": {"en": "; signed", "ru": "; подписано", "kk": "; қол қойылды"},
    "sitting": {"en": "; sitting {value}", "ru": "; заседание {value}", "kk": "; отырыс {value}"},
    "replaced_by": {"en": "; instead: {value}", "ru": "; взамен: {value}", "kk": "; орнына: {value}"},
    "valid_until": {"en": " until {value}", "ru": " по {value}", "kk": ", {value} дейін"},
}

_HOW: dict[str, dict[str, str]] = {
    "withdrawn": {"en": "withdrawn", "ru": "отозван", "kk": "қайтарып алынды"},
    "annulled": {"en": "annulled", "ru": "отменён", "kk": "күші жойылды"},
    "replaced": {"en": "replaced", "ru": "заменён", "kk": "ауыстырылды"},
}

# Why an SMS was not sent, and what its gateway reported.
_SMS: dict[str, dict[str, str]] = {
    "no_number": {"en": "no number is known", "ru": "номер не известен", "kk": "нөмірі белгісіз"},
    "no_text": {"en": "it has no text", "ru": "нет текста", "kk": "мәтіні жоқ"},
}


def case_story(events: Sequence[CaseEvent], service: Service, language: str) -> list[CaseLine]:
    """The story of a case in `language`: events in order of the log."""
    opened = next((one.data for one in events if one.topic == "case.opened"), {})
    due = _time(opened.get("due_at") or "")
    return [
        CaseLine(
            one.position,
            one.at.astimezone(ALMATY),
            one.topic,
            _sentence(one, service, language, due),
            _clause(one, service),
        )
        for one in events
    ]


def _sentence(event: CaseEvent, service: Service, language: str, due: str) -> str:
    text = TEXTS.get(event.topic)
    if text is None:
        return event.topic
    return text[language].format(**_words(event.data, service, language, due))


def _words(data: dict[str, Any], service: Service, language: str, due: str) -> dict[str, str]:
    """What an event says, in words: ids by their names, times as Kazakhstan's clocks show them.

    `due` is when the case's result was promised, as notices say it.
    """
    words = {name: str(value) for name, value in data.items() if isinstance(value, str | int)}

    def named(names: Names | None, otherwise: str) -> str:
        return otherwise if names is None else names[language]

    step = service.steps.get(data.get("step", ""))
    words["step_name"] = named(step.names if step else None, words.get("step", ""))
    taken = {one.id: one.names for one in step.outcomes} if step else {}
    words["outcome_name"] = named(taken.get(data.get("outcome", "")), words.get("outcome", ""))
    for name in ("role", "to_role"):
        role = service.roles.get(words.get(name, ""))
        words[name] = named(role.names if role else None, words.get(name, ""))
    kind, result = service.kinds.get(words.get("kind", "")), service.results.get(words.get("result", ""))
    words["kind"] = named(kind.names if kind else None, words.get("kind", ""))
    words["result"] = named(result.names if result else None, words.get("result", ""))
    words["end"] = named(service.ends.get(words.get("end", "")), words.get("end", ""))
    words["how"] = _HOW.get(words.get("how", ""), {}).get(language, "")
    papers = {one.id: one.names[language] for one in service.documents}
    words["missing"] = ", ".join(papers.get(one, one) for one in data.get("missing", ()))
    words["channel"] = PAPER_WORDS[language].get(
        channel_word(words.get("channel", "")), words.get("channel", "")
    )
    words["notice"] = _notice(words, service, language, due)
    words["reason"] = _sms(words.get("reason", ""), language)
    words["status"] = _sms(words.get("status", ""), language)
    words["valid_from"] = _day(words.get("valid_from", ""))
    for name in ("due_at", "counted_from"):
        words[name] = _time(words.get(name, ""))
    words |= _parts(data, service, language)
    return words


def _parts(data: dict[str, Any], service: Service, language: str) -> dict[str, str]:
    """What a sentence ends with, where there is something to tell."""
    ground = service.grounds.get(data.get("ground", ""))
    values: dict[str, str] = {
        "late": "1" if data.get("late") else "",
        "ground": ground.names[language] if ground else str(data.get("ground", "")),
        "documents": ", ".join(_paper(row[0], data, service, language) for row in data.get("documents", ())),
        "signature": "1" if data.get("signature") else "",
        "sitting": str(data.get("sitting", ""))[:8],
        "replaced_by": str(data.get("replaced_by", "")),
        "valid_until": _day(str(data.get("valid_until", ""))),
    }
    return {
        name: _PARTS[name][language].format(value=value) if value else "" for name, value in values.items()
    }


def _paper(document: str, data: dict[str, Any], service: Service, language: str) -> str:
    """What a document is called, by whichever asks for it: the outcome or the service."""
    step = service.steps.get(data.get("step", ""))
    asked = [paper for one in step.outcomes for paper in one.documents] if step else []
    names = {one.id: one.names[language] for one in (*service.documents, *asked)}
    return names.get(document, document)


def _notice(words: dict[str, str], service: Service, language: str, due: str) -> str:
    """A notice as the applicant reads it, but for the link, which is the applicant's alone."""
    name = words.get("notice", "")
    text = service.notices.get(name, {}).get(language)
    if not text:
        return name
    said = render(
        text.strip(),
        language,
        number=words.get("case", ""),
        service=service.names[language],
        due=due,
        link="…",
    )
    return " ".join(said.split())


def _sms(code: str, language: str) -> str:
    said = _SMS.get(code) or SMS_WORDS.get(code)
    return said[language] if said else code


def _clause(event: CaseEvent, service: Service) -> str:
    step = service.steps.get(event.data.get("step", ""))
    if step is None:
        return ""
    clauses = {one.id: one.clause for one in step.outcomes}
    return clauses.get(event.data.get("outcome", ""), "") or step.clause


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d.%m.%Y}" if text else ""


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ALMATY):%d.%m.%Y %H:%M}" if text else "–"

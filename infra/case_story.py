"""Why: what happened to a case, event by event, in words of its service; without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.calendar import ALMATY
from domain.procedures.definition import Names, Service
from infra.case_history import CaseEvent


class CaseLine(NamedTuple):
    """One event: where in the log and when (local time), what happened in words, by which clause."""

    position: int
    at: datetime
    topic: str
    sentence: str
    clause: str


TEXTS: dict[str, dict[str, str]] = {
    "case.opened": {
        "en": "Received through {channel}, “{kind}”; counted from {counted_from}, the result due {due_at}",
        "ru": "Поступило через {channel}, «{kind}»; отсчёт с {counted_from}, срок результата {due_at}",
        "kk": "{channel} арқылы түсті, «{kind}»; {counted_from} бастап есептеледі, нәтиже мерзімі {due_at}",
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
        "en": "The applicant is told: {notice}",
        "ru": "Заявителю сообщается: {notice}",
        "kk": "Өтініш берушіге хабарланады: {notice}",
    },
    "case.notice_sent": {
        "en": "SMS handed to the gateway ({purpose})",
        "ru": "СМС передано шлюзу ({purpose})",
        "kk": "СМС шлюзге берілді ({purpose})",
    },
    "case.notice_failed": {
        "en": "SMS not sent ({purpose}): {reason}",
        "ru": "СМС не отправлено ({purpose}): {reason}",
        "kk": "СМС жіберілмеді ({purpose}): {reason}",
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


def case_story(events: Sequence[CaseEvent], service: Service, language: str) -> list[CaseLine]:
    """The story of a case in `language`: events in order of the log."""
    return [
        CaseLine(
            one.position,
            one.at.astimezone(ALMATY),
            one.topic,
            _sentence(one, service, language),
            _clause(one, service),
        )
        for one in events
    ]


def _sentence(event: CaseEvent, service: Service, language: str) -> str:
    text = TEXTS.get(event.topic)
    return event.topic if text is None else text[language].format(**_words(event.data, service, language))


def _words(data: dict[str, Any], service: Service, language: str) -> dict[str, str]:
    """What an event says, in words: ids by their names, times as Kazakhstan's clocks show them."""
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
    words["missing"] = ", ".join(data.get("missing", ()))
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
        "documents": ", ".join(row[0] for row in data.get("documents", ())),
        "signature": "1" if data.get("signature") else "",
        "sitting": str(data.get("sitting", ""))[:8],
        "replaced_by": str(data.get("replaced_by", "")),
        "valid_until": str(data.get("valid_until", "")),
    }
    return {
        name: _PARTS[name][language].format(value=value) if value else "" for name, value in values.items()
    }


def _clause(event: CaseEvent, service: Service) -> str:
    step = service.steps.get(event.data.get("step", ""))
    if step is None:
        return ""
    clauses = {one.id: one.clause for one in step.outcomes}
    return clauses.get(event.data.get("outcome", ""), "") or step.clause


def _time(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ALMATY):%d.%m.%Y %H:%M}" if text else "–"

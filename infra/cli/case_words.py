"""What `azyq case` and `azyq staff` say, in three languages."""

from __future__ import annotations

from datetime import datetime

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "opened": "{case}: {service}. The result is due {due}.",
        "not_accepted": "{case}: {service}. Acceptance is refused, for this is missing:",
        "page": "The applicant's page: {page}",
        "no_term": "at no set time",
        "late": "late",
        "result": "{result}, No. {number}",
        "ended": "The case is closed: {end}",
        "reassigned": "{case} {step}: {assignee} does it from now on.",
        "sat": "The sitting {sitting} is recorded, cases: {cases}.",
        "nothing": "Nothing to do.",
        "overdue": "overdue",
        "state_open": "open",
        "state_closed": "closed",
        "state_refused": "refused at acceptance",
        "received": "received {at}",
        "due": "due {at}",
        "through": "through the portal {portal}",
        "missing": "missing: {documents}",
        "known": "register {register}: knows the applicant",
        "by_hand": "register {register}: confirm by hand",
        "open_steps": "To do:",
        "not_now": "only when {when}",
        "asks": "asks for {what}",
        "a_ground": "a ground",
        "a_signature": "a signature",
        "a_person": "a person ({role})",
        "done": "Done:",
        "fields": "Fields:",
        "documents": "Documents:",
        "results": "Results:",
        "by_sitting": "in a sitting",
        "levels": "{service}: opened {opened}, open {open}, done {done}, not accepted {refused_acceptance}; terms kept"
        " {terms_kept}, missed {terms_missed}; overdue now {overdue}; median {median}",
        "refused_by": "  refused, {ground}: {count}",
        "ended_by": "  {end}: {count}",
        "waiting": "  {role} ({unit}): to do {open}, overdue {overdue}",
        "period": "Cases received from {start} to {end}",
    },
    "ru": {
        "opened": "{case}: {service}. Срок результата: {due}.",
        "not_accepted": "{case}: {service}. В приёме отказано, не хватает:",
        "page": "Страница заявителя: {page}",
        "no_term": "не установлен",
        "late": "с опозданием",
        "result": "{result}, № {number}",
        "ended": "Дело закрыто: {end}",
        "reassigned": "{case} {step}: теперь исполняет {assignee}.",
        "sat": "Заседание {sitting} записано, дел: {cases}.",
        "nothing": "Дел нет.",
        "overdue": "просрочено",
        "state_open": "в работе",
        "state_closed": "закрыто",
        "state_refused": "в приёме отказано",
        "received": "поступило {at}",
        "due": "срок {at}",
        "through": "через портал {portal}",
        "missing": "не хватает: {documents}",
        "known": "реестр {register}: сведения есть",
        "by_hand": "реестр {register}: подтвердить вручную",
        "open_steps": "К исполнению:",
        "not_now": "только если {when}",
        "asks": "нужно: {what}",
        "a_ground": "основание",
        "a_signature": "подпись",
        "a_person": "исполнитель ({role})",
        "done": "Исполнено:",
        "fields": "Поля:",
        "documents": "Документы:",
        "results": "Результаты:",
        "by_sitting": "на заседании",
        "levels": "{service}: поступило {opened}, в работе {open}, исполнено {done}, не принято {refused_acceptance};"
        " в срок {terms_kept}, с нарушением {terms_missed}; просрочено сейчас {overdue}; медиана {median}",
        "refused_by": "  отказ, {ground}: {count}",
        "ended_by": "  {end}: {count}",
        "waiting": "  {role} ({unit}): к исполнению {open}, просрочено {overdue}",
        "period": "Дела, поступившие с {start} по {end}",
    },
    "kk": {
        "opened": "{case}: {service}. Нәтиже мерзімі: {due}.",
        "not_accepted": "{case}: {service}. Қабылдаудан бас тартылды, мыналар жетіспейді:",
        "page": "Өтініш берушінің беті: {page}",
        "no_term": "белгіленбеген",
        "late": "кешігіп",
        "result": "{result}, № {number}",
        "ended": "Іс жабылды: {end}",
        "reassigned": "{case} {step}: енді {assignee} орындайды.",
        "sat": "{sitting} отырысы жазылды, іс саны: {cases}.",
        "nothing": "Орындайтын іс жоқ.",
        "overdue": "мерзімі өтті",
        "state_open": "орындалуда",
        "state_closed": "жабылды",
        "state_refused": "қабылдаудан бас тартылды",
        "received": "{at} түсті",
        "due": "мерзімі {at}",
        "through": "{portal} порталы арқылы",
        "missing": "жетіспейді: {documents}",
        "known": "{register} тізілімі: мәлімет бар",
        "by_hand": "{register} тізілімі: қолмен растау",
        "open_steps": "Орындау керек:",
        "not_now": "тек мына шартпен: {when}",
        "asks": "керек: {what}",
        "a_ground": "негіз",
        "a_signature": "қолтаңба",
        "a_person": "орындаушы ({role})",
        "done": "Орындалды:",
        "fields": "Өрістер:",
        "documents": "Құжаттар:",
        "results": "Нәтижелер:",
        "by_sitting": "отырыста",
        "levels": "{service}: түскені {opened}, орындалуда {open}, орындалды {done}, қабылданбады {refused_acceptance};"
        " мерзімінде {terms_kept}, бұзылды {terms_missed}; қазір мерзімі өткені {overdue}; медианасы {median}",
        "refused_by": "  бас тарту, {ground}: {count}",
        "ended_by": "  {end}: {count}",
        "waiting": "  {role} ({unit}): орындау керек {open}, мерзімі өткені {overdue}",
        "period": "{start} мен {end} аралығында түскен істер",
    },
}


def when(text: str | None, language: str) -> str:
    """A time of JSON for people, as Kazakhstan's clocks show it; "at no set time" for none."""
    if text is None:
        return WORDS[language]["no_term"]
    return f"{datetime.fromisoformat(text):%d.%m.%Y %H:%M}"


def span(seconds: int | None) -> str:
    """So much time in days, hours and minutes: 2 d 03:15; a dash for none."""
    if seconds is None:
        return "–"
    days, rest = divmod(seconds, 86_400)
    return (f"{days} d " if days else "") + f"{rest // 3600:02}:{rest // 60 % 60:02}"

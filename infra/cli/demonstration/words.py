"""What the demonstration says, in kk, ru and en."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "set_aside": "the data that were here are kept as database {name}",
        "first_list": "the data platform delivers the list: {members} people in {families} families (R14)",
        "second_list": "a second list before the cut-off: it replaces the first by differences (R19)",
        "task_close_list": "the list is closed (R19)",
        "task_first_sms": "SMS asking for consent to {families} families (R20)",
        "task_reminder": "the SMS again to {families} families that did not answer (R21)",
        "task_lapse": "{families} families did not answer: their vouchers lapse (R21)",
        "task_expire": "{families} families had vouchers: what is not spent expires (R8)",
        "task_close": "the month is closed",
        "bar_replies": "replies",
        "bar_buying": "days",
        "replies": "{count} replies: {consented} consents, {refused} refusals, {not_understood} not understood, "
        "{already_answered} answered already, {too_late} too late",
        "opened": "{first}–{last} July: {families} families open their vouchers (R7)",
        "bought": "{count} purchases (R25); refused: {refused}",
        "look": "look around: azyq month status --programme akkol-2025 --month 2025-07; azyq events; azyq why ID"
        " (data: {data})",
    },
    "ru": {
        "set_aside": "прежние данные сохранены в базе {name}",
        "first_list": "платформа данных передаёт список: {members} человек, {families} семей (R14)",
        "second_list": "второй список до срока: заменяет первый разницей (R19)",
        "task_close_list": "приём списков закрыт (R19)",
        "task_first_sms": "SMS с запросом согласия {families} семьям (R20)",
        "task_reminder": "повторная SMS {families} семьям без ответа (R21)",
        "task_lapse": "{families} семей не ответили: возможность активации аннулирована (R21)",
        "task_expire": "у {families} семей были ваучеры: неиспользованное истекает (R8)",
        "task_close": "месяц закрыт",
        "bar_replies": "ответы",
        "bar_buying": "дни",
        "replies": "{count} ответов: согласий {consented}, отказов {refused}, не понято {not_understood}, "
        "уже отвечено {already_answered}, поздно {too_late}",
        "opened": "{first}–{last} июля: {families} семей открыли ваучеры (R7)",
        "bought": "покупок: {count} (R25); отклонено: {refused}",
        "look": "посмотрите: azyq month status --programme akkol-2025 --month 2025-07; azyq events; azyq why ID"
        " (данные: {data})",
    },
    "kk": {
        "set_aside": "бұрынғы деректер {name} базасында сақталды",
        "first_list": "деректер платформасы тізімді береді: {families} отбасы, {members} адам (R14)",
        "second_list": "мерзімге дейінгі екінші тізім: біріншісін айырмасымен ауыстырады (R19)",
        "task_close_list": "тізім қабылдау жабылды (R19)",
        "task_first_sms": "{families} отбасына келісім сұрайтын SMS (R20)",
        "task_reminder": "жауап бермеген {families} отбасына қайталама SMS (R21)",
        "task_lapse": "{families} отбасы жауап бермеді: белсендіру мүмкіндігі жойылды (R21)",
        "task_expire": "{families} отбасында ваучер болды: жұмсалмағанының мерзімі бітті (R8)",
        "task_close": "ай жабылды",
        "bar_replies": "жауаптар",
        "bar_buying": "күндер",
        "replies": "{count} жауап: келісім {consented}, бас тарту {refused}, түсініксіз {not_understood}, "
        "бұрын жауап берген {already_answered}, кеш {too_late}",
        "opened": "{first}–{last} шілде: {families} отбасы ваучерін ашты (R7)",
        "bought": "{count} сатып алу (R25); қабылданбады: {refused}",
        "look": "қараңыз: azyq month status --programme akkol-2025 --month 2025-07; azyq events; azyq why ID"
        " (деректер: {data})",
    },
}

"""Why a terminal isn't let in: its code or its key. Codes are stable; sentences are for cashiers."""

from __future__ import annotations

from domain.errors import Refusal


class CodeUnknown(Refusal):
    """No terminal waits with this code."""

    code = "enrolment_code_unknown"
    texts = {
        "en": "This enrolment code is not known. Check it letter by letter.",
        "ru": "Такого кода подключения нет. Проверьте его по буквам.",
        "kk": "Мұндай қосылу коды жоқ. Оны әріптеп тексеріңіз.",
    }


class CodeUsed(Refusal):
    """A code is good for one terminal."""

    code = "enrolment_code_used"
    texts = {
        "en": "This enrolment code has been used. Ask for a new one.",
        "ru": "Этот код подключения уже использован. Попросите новый.",
        "kk": "Бұл қосылу коды пайдаланылған. Жаңасын сұраңыз.",
    }


class CodeOver(Refusal):
    """A code is good for 24 hours."""

    code = "enrolment_code_expired"
    texts = {
        "en": "This enrolment code was good for 24 hours and is over. Ask for a new one.",
        "ru": "Этот код подключения действовал 24 часа и истёк. Попросите новый.",
        "kk": "Бұл қосылу коды 24 сағат жарамды болды, мерзімі өтті. Жаңасын сұраңыз.",
    }


class KeyUnknown(Refusal):
    """The key is of no terminal."""

    code = "terminal_key_unknown"
    texts = {
        "en": "The terminal's key is not known. Enrol the terminal with a code.",
        "ru": "Ключ терминала неизвестен. Подключите терминал по коду.",
        "kk": "Терминалдың кілті белгісіз. Терминалды код арқылы қосыңыз.",
    }


class KeyOver(Refusal):
    """A key is good for a year, an old one for 24 hours after the rotation."""

    code = "terminal_key_expired"
    texts = {
        "en": "The terminal's key has expired. Enrol the terminal again.",
        "ru": "Срок ключа терминала истёк. Подключите терминал заново.",
        "kk": "Терминал кілтінің мерзімі өтті. Терминалды қайта қосыңыз.",
    }


class TerminalRevoked(Refusal):
    """The terminal was revoked: at once and for good."""

    code = "terminal_revoked"
    texts = {
        "en": "This terminal has been revoked. It can't be used any more.",
        "ru": "Этот терминал отозван. Работать с ним больше нельзя.",
        "kk": "Бұл терминал қайтарып алынған. Оны енді пайдалануға болмайды.",
    }


class OtherEnvironment(Refusal):
    """A trial key doesn't touch production, nor the other way round."""

    code = "terminal_key_of_other_environment"
    texts = {
        "en": "This key is for another installation: trial keys do not work in production, nor the other way round.",
        "ru": "Этот ключ от другой установки: пробные ключи не работают в рабочей системе, и наоборот.",
        "kk": "Бұл кілт басқа орнатуға арналған: сынақ кілттері жұмыс жүйесінде істемейді, керісінше де солай.",
    }


class TerminalUnknown(Refusal):
    """There is no terminal with this id."""

    code = "terminal_unknown"
    texts = {
        "en": "There is no terminal “{terminal}”.",
        "ru": "Терминала «{terminal}» нет.",
        "kk": "«{terminal}» терминалы жоқ.",
    }

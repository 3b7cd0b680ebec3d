"""Why an analyst or auditor isn't let in, or isn't given a report. Codes are stable; sentences are for them."""

from __future__ import annotations

from domain.errors import Refusal


class ChallengeOver(Refusal):
    """A challenge is good for some minutes and one sign-in."""

    code = "challenge_over"
    clause = "A8"
    texts = {
        "en": "This challenge was used or is over. Ask for another one and sign it.",
        "ru": "Это задание использовано или истекло. Запросите новое и подпишите его.",
        "kk": "Бұл тапсырма пайдаланылған немесе мерзімі өткен. Жаңасын сұрап, қол қойыңыз.",
    }


class SignInFailed(Refusal):
    """The signature holds, and is of somebody who has no access."""

    code = "sign_in_failed"
    clause = "A8"
    texts = {
        "en": "You have no access here by this certificate. Analysts apply for it; staff are enrolled by the operator.",
        "ru": "По этому сертификату доступа сюда нет. Аналитики его запрашивают; сотрудников вносит оператор.",
        "kk": "Бұл сертификатпен мұнда қолжетімділік жоқ. Талдаушылар оны сұратады; қызметкерді оператор енгізеді.",
    }


class SessionOver(Refusal):
    """There is no such session, or it is over."""

    code = "session_over"
    clause = "A8"
    texts = {
        "en": "You are not signed in, or the session is over. Sign in again.",
        "ru": "Вы не вошли, или сеанс закончился. Войдите снова.",
        "kk": "Сіз кірмегенсіз немесе сеанс аяқталды. Қайта кіріңіз.",
    }


class AccessUnknown(Refusal):
    """Nobody granted this user anything."""

    code = "access_unknown"
    clause = "A4"
    texts = {
        "en": "You have no access. Your body applies for it with the form.",
        "ru": "У вас нет доступа. Ваш орган подаёт заявку по форме.",
        "kk": "Сізде қолжетімділік жоқ. Органыңыз нысан бойынша өтінім береді.",
    }


class AccessBlocked(Refusal):
    """The account was blocked at a request."""

    code = "access_blocked"
    clause = "A6"
    texts = {
        "en": "Your access has been blocked. Your body may apply anew.",
        "ru": "Ваш доступ заблокирован. Ваш орган может подать новую заявку.",
        "kk": "Қолжетімділігіңіз бұғатталған. Органыңыз жаңа өтінім бере алады.",
    }


class AccessOver(Refusal):
    """The calendar year is over."""

    code = "access_over"
    clause = "A5"
    texts = {
        "en": "Your access was for one calendar year, which is over. Your body may apply anew.",
        "ru": "Ваш доступ был на один календарный год и закончился. Ваш орган может подать новую заявку.",
        "kk": "Қолжетімділігіңіз бір күнтізбелік жылға берілген, мерзімі өтті. Органыңыз жаңа өтінім бере алады.",
    }


class ScopeEmpty(Refusal):
    """What the body may see is not kept here."""

    code = "scope_empty"
    clause = "A2"
    texts = {
        "en": "Your access is in force. Your body sees the data of its own budget, and none are kept here: "
        "vouchers are paid from the budgets of other bodies.",
        "ru": "Ваш доступ действует. Ваш орган видит данные своего бюджета, а таких здесь нет: ваучеры оплачиваются "
        "из бюджетов других органов.",
        "kk": "Қолжетімділігіңіз күшінде. Органыңыз өз бюджетінің деректерін көреді, ал мұнда ондай деректер жоқ: "
        "ваучерлер басқа органдардың бюджетінен төленеді.",
    }


class RegionForeign(Refusal):
    """Another region's data."""

    code = "region_foreign"
    clause = "A2"
    texts = {
        "en": "Your access is to the region {regions} only.",
        "ru": "Ваш доступ – только к региону {regions}.",
        "kk": "Қолжетімділігіңіз тек {regions} өңіріне берілген.",
    }


class ReportNotByRegion(Refusal):
    """The report can't be told apart by region."""

    code = "report_not_by_region"
    clause = "A2"
    texts = {
        "en": "The report “{report}” is of all regions, and your access is to {regions} only.",
        "ru": "Отчёт «{report}» – по всем регионам, а ваш доступ – только к {regions}.",
        "kk": "«{report}» есебі барлық өңір бойынша, ал қолжетімділігіңіз тек {regions} өңіріне берілген.",
    }


class FormatUnknown(Refusal):
    """A report is written out in some formats."""

    code = "format_unknown"
    texts = {
        "en": "A report is had as {formats}.",
        "ru": "Отчёт выдаётся в форматах {formats}.",
        "kk": "Есеп {formats} пішімінде беріледі.",
    }


class SectionUnknown(Refusal):
    """A report has certain tables."""

    code = "section_unknown"
    texts = {
        "en": "The report has the tables {sections}.",
        "ru": "В отчёте есть таблицы {sections}.",
        "kk": "Есепте мына кестелер бар: {sections}.",
    }


class ParameterTwice(Refusal):
    """Each parameter is named once."""

    code = "parameter_twice"
    texts = {
        "en": "A parameter is named twice.",
        "ru": "Параметр указан дважды.",
        "kk": "Параметр екі рет көрсетілген.",
    }


class ApplicantNotNamed(Refusal):
    """Nobody can be given access where the case names no person."""

    code = "access_of_nobody"
    clause = "A3"
    texts = {
        "en": "The case {case} names no person of the vault whose signature could sign in.",
        "ru": "В деле {case} не указано лицо, чья подпись могла бы войти.",
        "kk": "{case} ісінде қолтаңбасымен кіре алатын тұлға көрсетілмеген.",
    }


class RolesNotAllowed(Refusal):
    """The database's login may not make roles for readers."""

    code = "roles_not_allowed"
    clause = "A1"
    texts = {
        "en": "The database user {user} may not make roles for readers. Let an administrator run: {sql}",
        "ru": "Пользователь базы {user} не может создавать роли читателей. Администратору выполнить: {sql}",
        "kk": "Дерекқордың {user} пайдаланушысы оқырман рөлдерін жасай алмайды. Әкімші орындасын: {sql}",
    }


class RegionOfItsOwnBodies(Refusal):
    """Whoever sees the republic sees each oblast beside the others."""

    code = "region_of_its_own_bodies"
    clause = "A2"
    texts = {
        "en": "One region alone is for its own bodies; the republic's tables show each oblast.",
        "ru": "Отдельный регион – для его собственных органов; таблицы по республике показывают каждую область.",
        "kk": "Жеке өңір өз органдарына арналған; республика кестелерінде әр облыс көрсетілген.",
    }

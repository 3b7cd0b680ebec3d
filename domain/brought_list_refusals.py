"""Why a list that was brought in isn't kept, approved or taken in. Codes are stable; sentences are for clerks."""

from __future__ import annotations

from domain.errors import Refusal
from domain.voucher_refusals import ListClosed


class ListWaitsAlready(Refusal):
    """One list of a month waits at a time: which of two is to be approved would be a guess."""

    code = "list_waits_already"
    texts = {
        "en": "Another list of {month} waits for a decision, or is being taken in. Decline it first, or wait.",
        "ru": "Другой список за {month} ждёт решения или принимается. Сначала отклоните его или дождитесь приёма.",
        "kk": "{month} айының басқа тізімі шешімді күтуде немесе қабылдануда. Алдымен оны қайтарыңыз не күтіңіз.",
    }


class ListWaitsItself(ListWaitsAlready):
    """The same file with the same numbers waits already."""

    code = "list_waits_itself"
    texts = {
        "en": "This very file was brought in for {month} already and waits for a decision.",
        "ru": "Этот же файл за {month} уже загружен и ждёт решения.",
        "kk": "Дәл осы файл {month} айына бұрын жүктелген, шешімді күтуде.",
    }


class ListInAlready(Refusal):
    """The same file with the same numbers is the month's list already (R19)."""

    code = "list_in_already"
    texts = {
        "en": "This very file is the list of {month} already; nothing would change.",
        "ru": "Этот же файл уже принят как список за {month}; ничего не изменится.",
        "kk": "Дәл осы файл {month} айының тізімі ретінде бұрын қабылданған; ештеңе өзгермейді.",
    }


class BroughtListUnknown(Refusal):
    """There is no such list, or its files were deleted."""

    code = "brought_list_unknown"
    texts = {
        "en": "There is no such list here, or it is no longer kept.",
        "ru": "Такого списка здесь нет, или он больше не хранится.",
        "kk": "Мұнда мұндай тізім жоқ немесе ол енді сақталмайды.",
    }


class ListDecided(Refusal):
    """One decision is all there is."""

    code = "list_decided"
    texts = {
        "en": "The list was decided on already, by “{by}”; nothing was changed.",
        "ru": "По списку уже принято решение ({by}); ничего не изменено.",
        "kk": "Тізім бойынша шешім бұрын қабылданған ({by}); ештеңе өзгерген жоқ.",
    }


class ListNotFailed(Refusal):
    """Only what failed is tried again."""

    code = "list_not_failed"
    texts = {
        "en": "The list did not fail: there is nothing to try again.",
        "ru": "Приём списка не прерывался: повторять нечего.",
        "kk": "Тізімді қабылдау үзілген жоқ: қайталайтын ештеңе жоқ.",
    }


class ApproverBroughtIt(Refusal):
    """The two-person rule: whoever brings a list in doesn't approve it."""

    code = "same_person"
    texts = {
        "en": "You brought this list in, so somebody else has to approve it.",
        "ru": "Этот список загрузили вы, поэтому утвердить его должен другой сотрудник.",
        "kk": "Бұл тізімді өзіңіз жүктедіңіз, сондықтан оны басқа қызметкер бекітуі керек.",
    }


class ApprovalTooLate(ListClosed):
    """What nobody approved by the month's cut-off is not taken in, however early it came (R19)."""

    code = "approval_after_cutoff"
    texts = {
        "en": "Lists for {month} were taken in up to {cutoff}, and today is {day}: it can't be approved any more.",
        "ru": "Списки за {month} принимались по {cutoff} включительно, а сегодня {day}: утвердить этот список уже нельзя.",
        "kk": "{month} айының тізімдері {cutoff} күнін қоса алғанда қабылданды, бүгін {day}: оны енді бекітуге болмайды.",
    }


class DeclineReasonUnknown(Refusal):
    """A reason is one of those that can be chosen: what is typed may name a person."""

    code = "decline_reason_unknown"
    texts = {
        "en": "Choose why the list is declined.",
        "ru": "Выберите, почему список отклоняется.",
        "kk": "Тізімнің неге қайтарылатынын таңдаңыз.",
    }


class ListDiffers(Refusal):
    """What is kept is not what was brought in and approved."""

    code = "list_differs"
    texts = {
        "en": "The kept file is not the one that was approved. Bring the list in again.",
        "ru": "Сохранённый файл не совпадает с утверждённым. Загрузите список заново.",
        "kk": "Сақталған файл бекітілген файлға сәйкес емес. Тізімді қайта жүктеңіз.",
    }


class ListCheckFailed(Refusal):
    """What went wrong is ours: no rule of lists foresaw it."""

    code = "list_check_failed"
    texts = {
        "en": "The file could not be checked, for a reason of ours. The operator finds it in the log.",
        "ru": "Файл не удалось проверить по нашей вине. Причина – в журнале у оператора.",
        "kk": "Файлды тексеру біздің кінәмізден мүмкін болмады. Себебі оператордың журналында.",
    }


class ListTakingInFailed(Refusal):
    """What went wrong is ours: no rule of lists foresaw it."""

    code = "list_taking_in_failed"
    texts = {
        "en": "The list could not be taken in, for a reason of ours. The operator finds it in the log.",
        "ru": "Список не удалось принять по нашей вине. Причина – в журнале у оператора.",
        "kk": "Тізімді қабылдау біздің кінәмізден мүмкін болмады. Себебі оператордың журналында.",
    }

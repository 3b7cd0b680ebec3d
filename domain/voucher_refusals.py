"""What the voucher rules say no to. Codes are stable; sentences are for clerks and cashiers."""

from __future__ import annotations

from domain.errors import Refusal


class NotIssued(Refusal):
    """No voucher without a recorded consent (O5.2, R22)."""

    code = "voucher_not_issued"
    texts = {
        "en": "No voucher has been issued to this family for this month.",
        "ru": "Этой семье ваучер на этот месяц не выдан.",
        "kk": "Бұл отбасына осы айға ваучер берілмеген.",
    }


class NotActivated(Refusal):
    """The recipient has not activated the voucher this month (R7)."""

    code = "voucher_not_activated"
    texts = {
        "en": "The voucher has not been activated by the recipient yet.",
        "ru": "Получатель ещё не активировал ваучер.",
        "kk": "Алушы ваучерді әлі белсендірмеген.",
    }


class OutsideWindow(Refusal):
    """Before the first or after the last day of the voucher (R7, R8, O9)."""

    code = "voucher_outside_window"
    texts = {
        "en": "The voucher is valid from {valid_from} to {valid_to}.",
        "ru": "Ваучер действует с {valid_from} по {valid_to}.",
        "kk": "Ваучер {valid_from} бастап {valid_to} дейін жарамды.",
    }


class VoucherEnded(Refusal):
    """Expired, withdrawn or lapsed: nothing can be bought with it any more (R8, R21)."""

    code = "voucher_ended"
    texts = {
        "en": "The voucher has ended ({stage}).",
        "ru": "Действие ваучера прекращено ({stage}).",
        "kk": "Ваучердің қолданысы тоқтатылған ({stage}).",
    }


class NotEnough(Refusal):
    """The remaining sum does not cover the basket (R26)."""

    code = "voucher_not_enough"
    texts = {
        "en": "The voucher has {available} KZT left, the basket needs {needed} KZT.",
        "ru": "На ваучере осталось {available} тг, для корзины нужно {needed} тг.",
        "kk": "Ваучерде {available} тг қалды, себетке {needed} тг керек.",
    }


class NotListed(Refusal):
    """The article is not on the goods list in force (R2.3, R6)."""

    code = "article_not_listed"
    texts = {
        "en": "Line {line}: the article is not on the list of {goods_version}.",
        "ru": "Строка {line}: товара нет в перечне {goods_version}.",
        "kk": "{line}-жол: тауар {goods_version} тізбесінде жоқ.",
    }


class OverCap(Refusal):
    """The price or the discount is above what the programme allows (R13, R2.1)."""

    code = "price_over_cap"
    texts = {
        "en": "Line {line}: {price} KZT is above the cap of {cap} KZT.",
        "ru": "Строка {line}: {price} тг выше предельной цены {cap} тг.",
        "kk": "{line}-жол: {price} тг шекті {cap} тг бағадан жоғары.",
    }


class NoPrice(Refusal):
    """The shop has no price in force for the article at the moment of sale (R13)."""

    code = "price_missing"
    texts = {
        "en": "Line {line}: the shop has no purchase price in force for this article.",
        "ru": "Строка {line}: у магазина нет действующей закупочной цены на этот товар.",
        "kk": "{line}-жол: дүкенде бұл тауарға қолданыстағы сатып алу бағасы жоқ.",
    }


class BadBasket(Refusal):
    """A basket that can't be: no lines, too many, a quantity or a price out of bounds."""

    code = "basket_invalid"
    texts = {
        "en": "The basket can't be accepted: {reason}.",
        "ru": "Корзина не принята: {reason}.",
        "kk": "Себет қабылданбады: {reason}.",
    }


class KeyReused(Refusal):
    """The same idempotency key or receipt came with another body."""

    code = "idempotency_key_reused"
    texts = {
        "en": "This key or receipt was used before for another purchase.",
        "ru": "Этот ключ или чек уже использован для другой покупки.",
        "kk": "Бұл кілт немесе чек басқа сатып алуға қолданылған.",
    }


class UnknownRedemption(Refusal):
    """No such redemption in this family's month."""

    code = "redemption_unknown"
    texts = {
        "en": "There is no such redemption.",
        "ru": "Такой покупки нет.",
        "kk": "Мұндай сатып алу жоқ.",
    }


class NotHeld(Refusal):
    """Captured or voided already; only a held redemption can be (R27)."""

    code = "redemption_not_held"
    texts = {
        "en": "The redemption is {status}, not held.",
        "ru": "Покупка в состоянии «{status}», удержания нет.",
        "kk": "Сатып алу «{status}» күйінде, ұстап қалу жоқ.",
    }


class ReversalTooLarge(Refusal):
    """More would be reversed than was bought."""

    code = "reversal_above_original"
    texts = {
        "en": "Line {line}: more would be returned than was bought.",
        "ru": "Строка {line}: возвращается больше, чем куплено.",
        "kk": "{line}-жол: сатып алынғаннан көп қайтарылады.",
    }


class ListClosed(Refusal):
    """The list came after the month's cut-off (R19)."""

    code = "list_after_cutoff"
    texts = {
        "en": "Lists for {month} were taken up to {cutoff}; this one came on {day}.",
        "ru": "Списки за {month} принимались до {cutoff}; этот поступил {day}.",
        "kk": "{month} айының тізімдері {cutoff} дейін қабылданды; бұл тізім {day} келді.",
    }


class ListTooEarly(Refusal):
    """The list came before the day it is about was over (R2.2)."""

    code = "list_too_early"
    texts = {
        "en": "The list for {month} is taken from {start}, when {assistance_on} is over; this one came on {day}.",
        "ru": "Список за {month} принимается с {start}, после {assistance_on}; этот поступил {day}.",
        "kk": "{month} айының тізімі {assistance_on} өткен соң, {start} бастап қабылданады; бұл тізім {day} келді.",
    }

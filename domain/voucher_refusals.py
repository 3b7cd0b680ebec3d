"""What the voucher rules say no to. Codes are stable; sentences are for clerks and cashiers."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import Refusal

STATES = {
    "held": {"en": "held", "ru": "удержана", "kk": "ұстап қалынған"},
    "captured": {"en": "paid", "ru": "оплачена", "kk": "төленген"},
    "voided": {"en": "called off", "ru": "отменена", "kk": "күші жойылған"},
}
ENDINGS = {
    "withdrawn": {
        "en": "the consent was withdrawn",
        "ru": "согласие отозвано",
        "kk": "келісім қайтарып алынды",
    },
    "expired": {"en": "its last day is over", "ru": "срок истёк", "kk": "мерзімі өтті"},
}
REASONS = {
    "no_lines": {"en": "it has no lines", "ru": "в ней нет строк", "kk": "онда жол жоқ"},
    "too_many_lines": {
        "en": "it has more than {limit} lines",
        "ru": "в ней больше {limit} строк",
        "kk": "онда {limit} жолдан көп",
    },
    "no_such_line": {
        "en": "there is no line {line}",
        "ru": "строки {line} нет",
        "kk": "{line}-жол жоқ",
    },
    "quantity_out_of_bounds": {
        "en": "line {line}: the quantity must be above 0 and at most 10 000",
        "ru": "строка {line}: количество должно быть больше 0 и не больше 10 000",
        "kk": "{line}-жол: мөлшері 0-ден көп және 10 000-нан аспауы керек",
    },
    "quantity_too_fine": {
        "en": "line {line}: the quantity has more than 3 decimal places",
        "ru": "строка {line}: в количестве больше 3 знаков после запятой",
        "kk": "{line}-жол: мөлшерде үтірден кейін 3 таңбадан көп",
    },
    "price_out_of_bounds": {
        "en": "line {line}: a price must be above 0 and at most 10 000 000 KZT",
        "ru": "строка {line}: цена должна быть больше 0 и не больше 10 000 000 тг",
        "kk": "{line}-жол: бағасы 0-ден көп және 10 000 000 тг-ден аспауы керек",
    },
    "price_above_shelf": {
        "en": "line {line}: the price asked is above the shelf price",
        "ru": "строка {line}: цена для получателя выше цены на полке",
        "kk": "{line}-жол: алушыға қойылған баға сөредегі бағадан жоғары",
    },
    "nothing_to_pay": {
        "en": "there is nothing for the voucher to pay: no price asked is below the shelf price",
        "ru": "ваучеру нечего оплачивать: ни одна цена для получателя не ниже цены на полке",
        "kk": "ваучер төлейтін сома жоқ: алушыға қойылған бірде-бір баға сөредегі бағадан төмен емес",
    },
    "no_such_voucher": {
        "en": "a voucher is named that is not this family's, or one is named twice",
        "ru": "указан ваучер другой семьи или один ваучер указан дважды",
        "kk": "басқа отбасының ваучері көрсетілген немесе бір ваучер екі рет көрсетілген",
    },
    "draw_out_of_bounds": {
        "en": "the voucher pays more than 0 and at most {limit} KZT",
        "ru": "ваучер оплачивает больше 0 и не больше {limit} тг",
        "kk": "ваучер 0-ден көп және {limit} тг-ден аспайтын соманы төлейді",
    },
}


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in `language`, English where it has none."""
    return texts.get(language, texts["en"])


class NotIssued(Refusal):
    """No voucher without a recorded consent (O5.2, R22)."""

    code = "voucher_not_issued"
    clause = "R22"
    texts = {
        "en": "No voucher has been issued to this family for this month.",
        "ru": "Этой семье ваучер на этот месяц не выдан.",
        "kk": "Бұл отбасына осы айға ваучер берілмеген.",
    }


class NotActivated(Refusal):
    """The recipient has not activated the voucher this month (R7)."""

    code = "voucher_not_activated"
    clause = "R7"
    texts = {
        "en": "The voucher has not been activated by the recipient yet.",
        "ru": "Получатель ещё не активировал ваучер.",
        "kk": "Алушы ваучерді әлі белсендірмеген.",
    }


class OutsideWindow(Refusal):
    """Before the first or after the last day of the voucher (R7, R8, O9)."""

    code = "voucher_outside_window"
    clause = "R8"
    texts = {
        "en": "The voucher is valid from {valid_from} to {valid_to}.",
        "ru": "Ваучер действует с {valid_from} по {valid_to}.",
        "kk": "Ваучер {valid_from} бастап {valid_to} дейін жарамды.",
    }


class VoucherEnded(Refusal):
    """Expired or withdrawn: nothing can be bought with it any more (R8, R21)."""

    code = "voucher_ended"
    clause = "R8"
    texts = {
        "en": "The voucher has ended: {why}.",
        "ru": "Действие ваучера прекращено: {why}.",
        "kk": "Ваучердің қолданысы тоқтатылған: {why}.",
    }
    in_general = {
        "en": "The voucher has ended: its last day is over, or the consent was withdrawn.",
        "ru": "Действие ваучера прекращено: срок истёк или согласие отозвано.",
        "kk": "Ваучердің қолданысы тоқтатылған: мерзімі өткен не келісім қайтарып алынған.",
    }

    def sentence(self, language: str) -> str:
        """The reason in `language`, with what ended the voucher."""
        why = in_language(ENDINGS[self.details["stage"]], language)
        return in_language(self.texts, language).format(why=why)


class NotEnough(Refusal):
    """The remaining sum does not cover the basket (R26)."""

    code = "voucher_not_enough"
    clause = "R26"
    texts = {
        "en": "The voucher has {available} KZT left, the basket needs {needed} KZT.",
        "ru": "На ваучере осталось {available} тг, для корзины нужно {needed} тг.",
        "kk": "Ваучерде {available} тг қалды, себетке {needed} тг керек.",
    }


class NotListed(Refusal):
    """The article is not on the goods list in force (R2.3, R6)."""

    code = "article_not_listed"
    clause = "R6"
    texts = {
        "en": "Line {line}: the article is not on the list of {goods_version}.",
        "ru": "Строка {line}: товара нет в перечне {goods_version}.",
        "kk": "{line}-жол: тауар {goods_version} тізбесінде жоқ.",
    }


class OverCap(Refusal):
    """The price or the discount is above what the programme allows (R13, R2.1)."""

    code = "price_over_cap"
    clause = "R13"
    texts = {
        "en": "Line {line}: {price} KZT is above the cap of {cap} KZT.",
        "ru": "Строка {line}: {price} тг выше предельной цены {cap} тг.",
        "kk": "{line}-жол: {price} тг шекті {cap} тг бағадан жоғары.",
    }


class NoPrice(Refusal):
    """The shop has no price in force for the article at the moment of sale (R13)."""

    code = "price_missing"
    clause = "R13"
    texts = {
        "en": "Line {line}: the shop has no purchase price in force for this article.",
        "ru": "Строка {line}: у магазина нет действующей закупочной цены на этот товар.",
        "kk": "{line}-жол: дүкенде бұл тауарға қолданыстағы сатып алу бағасы жоқ.",
    }


class BadBasket(Refusal):
    """A basket that can't be: no lines, too many, a quantity or a price out of bounds. `reason` is a key of REASONS."""

    code = "basket_invalid"
    texts = {
        "en": "The basket can't be accepted: {why}.",
        "ru": "Корзина не принята: {why}.",
        "kk": "Себет қабылданбады: {why}.",
    }
    in_general = {
        "en": "The basket can't be accepted as it was sent.",
        "ru": "Корзина в том виде, в каком отправлена, не принята.",
        "kk": "Себет жіберілген түрінде қабылданбады.",
    }

    def sentence(self, language: str) -> str:
        """The reason in `language`, with what is wrong in the same language."""
        why = in_language(REASONS[self.details["reason"]], language).format(**self.details)
        return in_language(self.texts, language).format(why=why)


class KeyReused(Refusal):
    """The same idempotency key or receipt came with another body."""

    code = "idempotency_key_reused"
    clause = "R27"
    texts = {
        "en": "This key or receipt was used before for another purchase.",
        "ru": "Этот ключ или чек уже использован для другой покупки.",
        "kk": "Бұл кілт немесе чек басқа сатып алуға қолданылған.",
    }


class UnknownRedemption(Refusal):
    """No such redemption in this family's month."""

    code = "redemption_unknown"
    clause = "R27"
    texts = {
        "en": "There is no such redemption.",
        "ru": "Такой покупки нет.",
        "kk": "Мұндай сатып алу жоқ.",
    }


class NotHeld(Refusal):
    """Only a held redemption can be captured or voided, only a captured one reversed (R27)."""

    code = "redemption_not_held"
    clause = "R27"
    texts = {
        "en": "This can't be done: the purchase is {state}.",
        "ru": "Это невозможно: покупка {state}.",
        "kk": "Бұл мүмкін емес: сатып алу {state}.",
    }
    in_general = {
        "en": "This can't be done with the purchase as it stands: held, paid or called off.",
        "ru": "С покупкой это невозможно: она удержана, оплачена или отменена.",
        "kk": "Бұл сатып алумен мүмкін емес: ол ұсталған, төленген не күші жойылған.",
    }

    def sentence(self, language: str) -> str:
        """The reason in `language`, with the state the purchase is in."""
        state = in_language(STATES[self.details["status"]], language)
        return in_language(self.texts, language).format(state=state)


class ReversalTooLarge(Refusal):
    """More would be reversed than was bought."""

    code = "reversal_above_original"
    clause = "R27"
    texts = {
        "en": "Line {line}: more would be returned than was bought.",
        "ru": "Строка {line}: возвращается больше, чем куплено.",
        "kk": "{line}-жол: сатып алынғаннан көп қайтарылады.",
    }


class NothingToReverse(ReversalTooLarge):
    """The whole rest is to be reversed, and there is none."""

    code = "reversal_nothing_left"
    texts = {
        "en": "Everything that was bought has come back already.",
        "ru": "Всё, что куплено, уже возвращено.",
        "kk": "Сатып алынғанның бәрі қайтарылып қойған.",
    }


class ListClosed(Refusal):
    """The list came after the month's cut-off (R19)."""

    code = "list_after_cutoff"
    texts = {
        "en": "Lists for {month} were taken up to {cutoff}; this one came on {day}.",
        "ru": "Списки за {month} принимались до {cutoff}; этот поступил {day}.",
        "kk": "{month} айының тізімдері {cutoff} дейін қабылданды; бұл тізім {day} келді.",
    }


class ListClosedAlready(ListClosed):
    """By its date the list came in time, but the month's list is closed (R19): families may have been asked."""

    code = "list_closed"
    texts = {
        "en": "The list for {month} was closed by the calendar on {closed_on}: nothing more is taken, whenever it came.",
        "ru": "Список за {month} закрыт по календарю {closed_on}: больше ничего не принимается, когда бы ни поступило.",
        "kk": "{month} айының тізімі күнтізбе бойынша {closed_on} жабылды: қашан келсе де, енді ештеңе қабылданбайды.",
    }


class ListTooEarly(Refusal):
    """The list came before the day it is about (R2.2)."""

    code = "list_too_early"
    texts = {
        "en": "The list for {month} is about {assistance_on} and is taken from that day on; this one came on {day}.",
        "ru": "Список за {month} составляется на {assistance_on} и принимается с этого дня; этот поступил {day}.",
        "kk": "{month} айының тізімі {assistance_on} күніне жасалып, сол күннен бастап қабылданады; бұл тізім {day} келді.",
    }

"""What the rules of shops, their loans and their prices say no to. Codes are stable; sentences are for clerks."""

from __future__ import annotations

from domain.errors import Refusal


class ShopUnknown(Refusal):
    """No shop of this id takes part (R2.7)."""

    code = "shop_unknown"
    clause = "R2.7"
    texts = {
        "en": "There is no shop “{shop}”.",
        "ru": "Магазина «{shop}» нет.",
        "kk": "«{shop}» дүкені жоқ.",
    }


class ShopClosed(Refusal):
    """The shop does not take part at the moment (R2.7)."""

    code = "shop_closed"
    clause = "R2.7"
    texts = {
        "en": "The shop “{shop}” is closed: vouchers can't be spent there.",
        "ru": "Магазин «{shop}» закрыт: ваучеры в нём не принимаются.",
        "kk": "«{shop}» дүкені жабық: онда ваучер қабылданбайды.",
    }


class ShopNotOpenYet(Refusal):
    """The shop takes part from a later day on (R2.7)."""

    code = "shop_not_open_yet"
    clause = "R2.7"
    texts = {
        "en": "The shop “{shop}” takes part from {opened_on} on.",
        "ru": "Магазин «{shop}» участвует с {opened_on}.",
        "kk": "«{shop}» дүкені {opened_on} бастап қатысады.",
    }


class ShopOutsideRegion(Refusal):
    """The shop is not where the programme runs (R4)."""

    code = "shop_outside_region"
    clause = "R2.7"
    texts = {
        "en": "The shop “{shop}” is outside the region of the programme “{programme}”.",
        "ru": "Магазин «{shop}» находится вне региона программы «{programme}».",
        "kk": "«{shop}» дүкені «{programme}» бағдарламасының аумағынан тыс.",
    }


class LoanMissing(Refusal):
    """The conditions of R12 hold for shops with a loan."""

    code = "loan_missing"
    texts = {
        "en": "The shop “{shop}” has no loan on {day}: there are no conditions it could breach.",
        "ru": "У магазина «{shop}» на {day} нет займа: условий, которые он мог бы нарушить, нет.",
        "kk": "«{shop}» дүкенінің {day} күні қарызы жоқ: ол бұза алатын шарт жоқ.",
    }


class ConditionUnknown(Refusal):
    """R12 has three conditions."""

    code = "condition_unknown"
    texts = {
        "en": "A loan has no condition “{condition}”; it has: {conditions}.",
        "ru": "Условия «{condition}» у займа нет; есть: {conditions}.",
        "kk": "Қарызда «{condition}» шарты жоқ; бары: {conditions}.",
    }


class BreachUnknown(Refusal):
    """No such breach stands."""

    code = "breach_unknown"
    texts = {
        "en": "The shop “{shop}” has no open breach “{breach}”.",
        "ru": "У магазина «{shop}» нет неустранённого нарушения «{breach}».",
        "kk": "«{shop}» дүкенінде жойылмаған «{breach}» бұзушылығы жоқ.",
    }


class GoodsVersionUnknown(Refusal):
    """No goods list of this version."""

    code = "goods_version_unknown"
    texts = {
        "en": "There is no goods list “{version}”; there are: {versions}.",
        "ru": "Перечня товаров «{version}» нет; есть: {versions}.",
        "kk": "«{version}» тауарлар тізбесі жоқ; бары: {versions}.",
    }


class ShopForeign(Refusal):
    """A terminal asks for its own shop only (R2.7)."""

    code = "shop_foreign"
    clause = "R2.7"
    texts = {
        "en": "This terminal belongs to another shop.",
        "ru": "Эта касса принадлежит другому магазину.",
        "kk": "Бұл касса басқа дүкендікі.",
    }


class PriceUnknown(Refusal):
    """The shop has no such article (O3.1)."""

    code = "price_unknown"
    texts = {
        "en": "The shop “{shop}” has no price for {gtin} on {day}.",
        "ru": "У магазина «{shop}» нет цены на {gtin} на {day}.",
        "kk": "«{shop}» дүкенінде {day} күні {gtin} бағасы жоқ.",
    }


class PriceBackdated(Refusal):
    """A day that is over keeps the price it had (R13)."""

    code = "price_backdated"
    texts = {
        "en": "A price can't be changed for days that are over: it can be set from {day} on.",
        "ru": "Цену нельзя изменить задним числом: её можно установить с {day}.",
        "kk": "Баға өткен күннен бастап өзгертілмейді: {day} бастап қоюға болады.",
    }

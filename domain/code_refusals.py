"""What is wrong with a QR code shown at a till: stable codes, and what the cashier is to do (R25, R26)."""

from __future__ import annotations

from domain.errors import Refusal


class CodeMalformed(Refusal):
    """Not a code of ours, or not whole: another QR, letters lost or changed, anything before or after it."""

    code = "code_malformed"
    clause = "R25"
    texts = {
        "en": "This is not a voucher code, or it was not read whole. Scan it again.",
        "ru": "Это не код ваучера, или он считан не полностью. Отсканируйте ещё раз.",
        "kk": "Бұл ваучердің коды емес немесе толық оқылмаған. Қайта сканерлеңіз.",
    }


class CodeForeign(Refusal):
    """Signed by a key that is none of ours: another installation's, or one that was retired."""

    code = "code_foreign"
    clause = "R25"
    texts = {
        "en": "This code comes from another system and can't be paid with here.",
        "ru": "Этот код выдан другой системой, здесь им платить нельзя.",
        "kk": "Бұл код басқа жүйеден берілген, мұнда онымен төлеуге болмайды.",
    }


class CodeForged(Refusal):
    """It names a key of ours, and that key did not sign it."""

    code = "code_forged"
    clause = "R25"
    texts = {
        "en": "This code is not genuine. Ask the buyer to open the wallet by the link in the SMS.",
        "ru": "Код не подлинный. Попросите покупателя открыть кошелёк по ссылке из SMS.",
        "kk": "Код түпнұсқа емес. Сатып алушыдан әмиянды SMS-тегі сілтемемен ашуын сұраңыз.",
    }


class CodeExpired(Refusal):
    """Older than a code lives: a screenshot, or a page that was not renewed."""

    code = "code_expired"
    clause = "R25"
    texts = {
        "en": "The code's time is over. Ask the buyer to renew the page and scan the new code.",
        "ru": "Время кода истекло. Попросите покупателя обновить страницу и отсканируйте новый код.",
        "kk": "Кодтың уақыты өтті. Сатып алушыдан бетті жаңартуын сұрап, жаңа кодты сканерлеңіз.",
    }


class CodeNotYetValid(Refusal):
    """Made later than now: the clock of whoever checks it is behind."""

    code = "code_not_yet_valid"
    clause = "R25"
    texts = {
        "en": "The code is not valid yet. Check the clock of the till and scan again in a minute.",
        "ru": "Код ещё не действует. Проверьте часы кассы и отсканируйте снова через минуту.",
        "kk": "Код әлі күшіне енген жоқ. Кассаның сағатын тексеріп, бір минуттан кейін қайта сканерлеңіз.",
    }


class CodeReplayed(Refusal):
    """A newer code of the same family was seen at a till: this one is a picture of an earlier one."""

    code = "code_replayed"
    clause = "R25"
    texts = {
        "en": "A newer code of this buyer has been shown since. Scan the one that is on the page now.",
        "ru": "После этого покупатель уже показывал более новый код. Отсканируйте тот, что на странице сейчас.",
        "kk": "Сатып алушы бұдан кейін жаңарақ код көрсеткен. Қазір бетте тұрған кодты сканерлеңіз.",
    }


class CodeSpent(Refusal):
    """This very code has paid at a till already."""

    code = "code_spent"
    clause = "R25"
    texts = {
        "en": "This code has paid for a purchase already. Ask the buyer to show the next one.",
        "ru": "Этим кодом уже оплачена покупка. Попросите покупателя показать следующий.",
        "kk": "Бұл кодпен сатып алу төленіп қойған. Сатып алушыдан келесі кодты көрсетуін сұраңыз.",
    }

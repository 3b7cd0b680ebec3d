"""What the pages say, in kk, ru and en, and how they write sums and times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from domain.calendar import ALMATY
from domain.errors import LANGUAGES
from domain.sms_text import deadline_in_words
from infra.web.cases.discussion_words import DISCUSSION_WORDS
from infra.web.cases.words import CASE_WORDS

NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
_NBSP = "\N{NO-BREAK SPACE}"

_MONTHS = {
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "ru": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "en": "January February March April May June July August September October November December",
}
_MONTH = {"kk": "{year} жылғы {month}", "ru": "{month} {year} года", "en": "{month} {year}"}
_CURRENCY = {"kk": "тг", "ru": "тг", "en": "KZT"}
_UNITS = {
    "kg": ("кг", "кг", "kg"),
    "litre": ("л", "л", "l"),
    "l": ("л", "л", "l"),
    "piece": ("дана", "шт.", "pc"),
}

# By key: kk, ru, en.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "voucher": ("Ваучер", "Ваучер", "Voucher"),
    "language": ("Тіл", "Язык", "Language"),
    "skip": ("Негізгі бөлікке өту", "Перейти к содержанию", "Skip to the content"),
    "left": ("Қалған сома", "Осталось", "Left to spend"),
    "left_of": ("барлығы {total}", "из {total}", "of {total}"),
    "valid": ("Ваучер {until} жарамды.", "Ваучер действует {until}.", "The voucher is valid {until}."),
    "show": ("Кассада осы кодты көрсетіңіз", "Покажите этот код на кассе", "Show this code at the till"),
    "code_image": ("Кассирге арналған QR-код", "QR-код для кассира", "QR code for the cashier"),
    "code_until": ("Код {time} дейін жарамды", "Код действует до {time}", "The code is valid until {time}"),
    "code_renews": (
        "Код 30 секунд сайын өзі жаңарады.",
        "Код сам обновляется каждые 30 секунд.",
        "The code renews itself every 30 seconds.",
    ),
    "code_ended": (
        "Код ескірді. Бетті жаңартыңыз.",
        "Код устарел. Обновите страницу.",
        "The code has ended. Reload the page.",
    ),
    "code_new": ("Жаңа код алу", "Получить новый код", "Get a new code"),
    "code_no_script": (
        "Код 90 секунд жарамды. Одан кейін жаңасын алыңыз.",
        "Код действует 90 секунд. После этого получите новый.",
        "The code is valid for 90 seconds. Then get a new one.",
    ),
    "code_text": ("Код мәтінмен", "Код текстом", "The code as text"),
    "full_screen": ("Толық экранға", "На весь экран", "Full screen"),
    "back": ("Әмиянға оралу", "Вернуться в кошелёк", "Back to the wallet"),
    "family": ("Отбасы мүшелері", "Члены семьи", "Family members"),
    "member": ("{number}-мүше", "Член семьи {number}", "Member {number}"),
    "spent_all": (
        "Осы айдың ваучері толық жұмсалды.",
        "Ваучер этого месяца израсходован полностью.",
        "This month's voucher has been spent in full.",
    ),
    "spent_why": (
        "Тауар қайтарылса, сома осында қайта пайда болады.",
        "Если товар вернут, сумма снова появится здесь.",
        "If goods are returned, the sum appears here again.",
    ),
    "held_all": (
        "Қалған сома аяқталмаған сатып алуға ұсталып тұр.",
        "Остаток удержан для незавершённой покупки.",
        "What is left is held for a purchase that is not finished.",
    ),
    "ready": ("Ваучеріңіз дайын", "Ваш ваучер готов", "Your voucher is ready"),
    "ready_sum": (
        "Отбасыңызға осы айға {total} берілді.",
        "Вашей семье на этот месяц выдано {total}.",
        "Your family has been given {total} for this month.",
    ),
    "opening": ("Ваучер ашылып жатыр…", "Ваучер открывается…", "Opening the voucher…"),
    "open": ("Ваучерді ашу", "Открыть ваучер", "Open my voucher"),
    "open_by": (
        "Ваучер {until} ашылып, жұмсалуы керек.",
        "Открыть и потратить ваучер можно {until}.",
        "The voucher can be opened and spent {until}.",
    ),
    "early": ("Ваучер әлі ашылған жоқ", "Ваучер ещё не открыт", "The voucher is not open yet"),
    "early_why": (
        "Ваучер {day} күнінен бастап жұмыс істейді. Сол күні осы сілтемені қайта ашыңыз.",
        "Ваучер начнёт действовать {day}. Откройте эту ссылку снова в этот день.",
        "The voucher can be used from {day}. Open this link again on that day.",
    ),
    "ended": ("Ваучердің мерзімі бітті", "Срок ваучера закончился", "The voucher has ended"),
    "ended_why": (
        "{month} айының ваучері {day} күні аяқталды, жұмсалмаған сома онымен бірге күшін жойды.",
        "Ваучер за {month} действовал по {day}. Что не потрачено, сгорело вместе с ним.",
        "The voucher for {month} was valid up to {day}. What was not spent ended with it.",
    ),
    "ended_next": (
        "Отбасыңыз келесі айдың тізімінде болса, SMS арқылы жаңа сілтеме келеді.",
        "Если ваша семья есть в списке на следующий месяц, придёт SMS с новой ссылкой.",
        "If your family is on the next month's list, an SMS with a new link will come.",
    ),
    "withdrawn": ("Ваучер тоқтатылды", "Ваучер прекращён", "The voucher was stopped"),
    "withdrawn_why": (
        "Сіз SMS арқылы келісімді қайтарып алдыңыз, сондықтан {month} айының ваучері жойылды.",
        "Вы отозвали согласие по SMS, поэтому ваучер за {month} аннулирован.",
        "You withdrew your consent by SMS, so the voucher for {month} was cancelled.",
    ),
    "home": ("Азық-түлік ваучерлері", "Продовольственные ваучеры", "Food vouchers"),
    "home_why": (
        "Ваучеріңізді SMS-тегі сілтеме ашады: ол тек сіздікі.",
        "Ваш ваучер открывает ссылка из SMS: она только ваша.",
        "Your voucher opens by the link in the SMS, which is yours alone.",
    ),
    "home_till": ("Дүкендерге: касса", "Магазинам: касса", "For shops: the till"),
    "unknown": ("Мұндай сілтеме жоқ", "Такой ссылки нет", "There is no such link"),
    "unknown_why": (
        "Сілтемені SMS-тен толық көшіріп ашыңыз. Ай аяқталса, сілтеме де жұмысын тоқтатады.",
        "Откройте ссылку из SMS целиком. Когда месяц заканчивается, ссылка перестаёт работать.",
        "Open the whole link from the SMS. When the month is over, the link ends too.",
    ),
    "too_many": ("Тым көп әрекет", "Слишком много попыток", "Too many attempts"),
    "too_many_why": (
        "Бір минуттан кейін қайталап көріңіз.",
        "Повторите через минуту.",
        "Try again in a minute.",
    ),
    "unavailable": (
        "Қызмет уақытша қолжетімсіз",
        "Служба временно недоступна",
        "The service is not available at the moment",
    ),
    "unavailable_voucher": (
        "Бірнеше секундтан кейін бетті жаңартыңыз. Ваучеріңізге ештеңе болған жоқ.",
        "Обновите страницу через несколько секунд. С вашим ваучером ничего не случилось.",
        "Reload the page in a few seconds. Nothing has happened to your voucher.",
    ),
    "unavailable_why": (
        "Бірнеше секундтан кейін бетті жаңартыңыз. Жазылғанның бәрі сақталған.",
        "Обновите страницу через несколько секунд. Всё, что было записано, сохранено.",
        "Reload the page in a few seconds. What was recorded is kept.",
    ),
    "history": ("Тарих", "История", "History"),
    "history_none": ("Әзірге сатып алу жоқ.", "Покупок пока нет.", "No purchases yet."),
    "history_earlier": (
        "Бұрынғы сатып алулар ({count})",
        "Прежние покупки ({count})",
        "Earlier purchases ({count})",
    ),
    "shop_number": ("Дүкен {id}", "Магазин {id}", "Shop {id}"),
    "paid_by": ("Ваучер төледі", "Оплачено ваучером", "Paid by the voucher"),
    "held": (
        "Төлем күтілуде, {sum} {time} дейін ұсталды",
        "Ожидается оплата, {sum} удержано до {time}",
        "Waiting for the payment, {sum} held until {time}",
    ),
    "voided": (
        "Сатып алу болмады, сома қайтарылды",
        "Покупка не состоялась, сумма возвращена",
        "The purchase came to nothing, the sum was returned",
    ),
    "reversal": ("Тауар қайтарылды, {time}", "Возврат товара, {time}", "Goods returned, {time}"),
    "returned": ("қайтарылды: {quantity}", "возвращено: {quantity}", "returned: {quantity}"),
    "position": ("Тізімнің {number}-тауары", "Товар {number} перечня", "Item {number} of the list"),
    "rate": (
        "Дүкендегі қызметті бағалаңыз",
        "Оцените обслуживание в магазине",
        "Rate the service in the shop",
    ),
    "rate_star": ("5-тен {stars}", "{stars} из 5", "{stars} of 5"),
    "rate_bad": ("1 – нашар", "1 – плохо", "1 – bad"),
    "rate_good": ("5 – өте жақсы", "5 – отлично", "5 – excellent"),
    "rate_send": ("Бағалау", "Оценить", "Rate"),
    "rate_change": ("Бағаны өзгерту", "Изменить оценку", "Change the rating"),
    "rated": ("Сіздің бағаңыз: 5-тен {stars}", "Ваша оценка: {stars} из 5", "Your rating: {stars} of 5"),
    "shops": ("Қайдан сатып алуға болады", "Где купить", "Where to buy"),
    "goods": ("Не сатып алуға болады", "Что можно купить", "What you can buy"),
    "goods_list": ("Тауарлар тізбесі ({count})", "Перечень товаров ({count})", "The list of goods ({count})"),
    "goods_discount": (
        "Осы тауарларды дүкен үстемесіз бағамен сатады: үстемені ваучер төлейді.",
        "Эти товары магазин продаёт без торговой надбавки: надбавку оплачивает ваучер.",
        "The shop sells these goods without its mark-up: the voucher pays the mark-up.",
    ),
    "goods_price": (
        "Осы тауарлардың құнын ваучер төлейді.",
        "Стоимость этих товаров оплачивает ваучер.",
        "The voucher pays the price of these goods.",
    ),
    "offers": ("Ваучермен бағалар", "Цены по ваучеру", "Prices with the voucher"),
    "offers_none": (
        "Дүкен бүгінгі бағаларын әлі бермеген.",
        "Магазин ещё не сообщил сегодняшних цен.",
        "The shop has not told today's prices yet.",
    ),
    "price_from": ("{price} бастап", "от {price}", "from {price}"),
    "complaint": ("Шағымдану", "Пожаловаться", "Complain"),
    "complaint_why": (
        "Дүкен тауарды ваучермен сатпаса немесе бағасы дұрыс болмаса, e-Өтініш арқылы шағымданыңыз. "
        "Шағымды қарайтын: {akimat}.",
        "Если магазин не продаёт по ваучеру или цена неверна, подайте жалобу через e-Otinish. "
        "Жалобу рассмотрит: {akimat}.",
        "If a shop does not sell by the voucher, or the price is wrong, complain through e-Otinish. "
        "It is dealt with by: {akimat}.",
    ),
    "complaint_link": ("e-Өтініш ашу", "Открыть e-Otinish", "Open e-Otinish"),
    "refused": ("Орындалмады: {why}", "Не выполнено: {why}", "Not done: {why}"),
    **CASE_WORDS,
    **DISCUSSION_WORDS,
}


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        """Raises ValueError for a language other than kk, ru, en."""
        self.language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key`, its placeholders filled."""
        return _WORDS[key][self._index].format(**values)

    def money(self, tiyn: int) -> str:
        """393250 tiyn as `3 932,50 тг`, whole tenge without the rest."""
        whole, rest = divmod(abs(tiyn), 100)
        text = f"{whole:,}".replace(",", _NBSP)
        if rest:
            text += ("." if self.language == "en" else ",") + f"{rest:02d}"
        return f"{'−' if tiyn < 0 else ''}{text}{_NBSP}{_CURRENCY[self.language]}"

    def quantity(self, text: str, unit: str | None) -> str:
        """`0.5` and `kg` as `0,5 кг`."""
        number = format(Decimal(text).normalize(), "f")
        if self.language != "en":
            number = number.replace(".", ",")
        return f"{number}{_NBSP}{self.unit(unit)}" if unit else number

    def unit(self, unit: str) -> str:
        """A unit of the goods list (kg, litre, piece) or a measure of an article (kg, l, piece) in short."""
        return _UNITS[unit][self._index]

    def day(self, day: date) -> str:
        """`05.07.2025`."""
        return f"{day:%d.%m.%Y}"

    def iso_day(self, text: str) -> str:
        """`2025-07-05` as `05.07.2025`."""
        return self.day(date.fromisoformat(text))

    def size(self, size: int) -> str:
        """Bytes as kB or MB, rounded up."""
        kilo = -(-size // 1000)
        number, unit = (kilo, 0) if kilo < 1000 else (-(-kilo // 1000), 1)
        return f"{number}{_NBSP}{(('кБ', 'кБ', 'kB'), ('МБ', 'МБ', 'MB'))[unit][self._index]}"

    def until(self, day: date) -> str:
        """`day` as the last day of something, in words."""
        return deadline_in_words(day, self.language)

    def time(self, at: datetime) -> str:
        """Local hours, minutes and seconds."""
        return f"{at.astimezone(ALMATY):%H:%M:%S}"

    def minute(self, at: datetime) -> str:
        """Local day, hours and minutes."""
        return f"{at.astimezone(ALMATY):%d.%m.%Y, %H:%M}"

    def month(self, month: str) -> str:
        """`2025-07` in words."""
        year, _, number = month.partition("-")
        name = _MONTHS[self.language].split()[int(number) - 1]
        return _MONTH[self.language].format(year=year, month=name)


WORDS = {language: Words(language) for language in LANGUAGES}

"""What each event says to a clerk, and the clauses behind it: kk, ru, en."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Topic:
    """Clauses and sentences of a kind of event; where its field `by` decides, `clauses_by` its value."""

    clauses: tuple[str, ...]
    kk: str
    ru: str
    en: str
    by: str | None = None
    clauses_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def texts(self) -> dict[str, str]:
        return {"kk": self.kk, "ru": self.ru, "en": self.en}


TOPICS: dict[str, Topic] = {
    "family.eligible": Topic(
        ("R2.2", "R14", "R15", "R2.16"),
        "{month} айының тізімінде отбасы бар; мүшелері: {members}.",
        "Семья есть в списке за {month}; членов семьи: {members}.",
        "The list of {month} names the family; members: {members}.",
    ),
    "family.changed": Topic(
        ("R19",),
        "Кейінгі тізімде отбасы өзгерді: қосылғаны {added}, шыққаны {removed}.",
        "В более позднем списке семья изменилась: добавлено {added}, убрано {removed}.",
        "A later list changes the family: {added} added, {removed} removed.",
    ),
    "family.left": Topic(
        ("R19",),
        "Кейінгі тізімде отбасы жоқ.",
        "В более позднем списке семьи нет.",
        "A later list does not name the family.",
    ),
    "family.number_missing": Topic(
        ("R16", "R18"),
        "Өтініш берушінің телефон нөмірі табылмады: процесс аяқталды.",
        "Номер телефона заявителя не найден: процесс завершён.",
        "The applicant has no phone number: the process ends here.",
    ),
    "family.number_unsettled": Topic(
        ("R16", "R18"),
        "Өтініш беруші ауысты: жаңа өтініш берушінің нөмірі ізделеді.",
        "Заявитель сменился: номер нового заявителя будет найден заново.",
        "The applicant is another one: the number is to be looked up again.",
    ),
    "family.number_found": Topic(
        ("R16", "R19"),
        "Телефон нөмірі табылды: процесс жалғасады.",
        "Номер телефона найден: процесс продолжается.",
        "A phone number was found: the process goes on.",
    ),
    "sms.sent": Topic(
        ("R20",),
        "SMS жіберілді: {purpose}; бөліктері: {parts}.",
        "Отправлено SMS: {purpose}; частей: {parts}.",
        "An SMS was sent: {purpose}; parts: {parts}.",
        by="purpose",
        clauses_by={
            "consent_request": ("R20",),
            "reminder": ("R21",),
            "consent_confirmed": ("R23",),
            "not_understood": ("R22",),
        },
    ),
    "sms.failed": Topic(
        ("R20",),
        "SMS жіберілмеді: {purpose}; себебі: {reason}.",
        "SMS не отправлено: {purpose}; причина: {reason}.",
        "An SMS could not be sent: {purpose}; reason: {reason}.",
        by="purpose",
        clauses_by={"reminder": ("R21",), "consent_confirmed": ("R23",), "not_understood": ("R22",)},
    ),
    "sms.reported": Topic(
        ("R20",),
        "Байланыс желісінің хабары: SMS {status}.",
        "Сообщение сети: SMS {status}.",
        "The network reports: the SMS is {status}.",
    ),
    "family.consented": Topic(
        ("O5.2", "R2.10", "R22"),
        "Дербес деректерді өңдеуге SMS арқылы келісім берілді.",
        "Получено согласие на обработку персональных данных ответным SMS.",
        "Consent to the processing of personal data was given by SMS.",
    ),
    "family.refused": Topic(
        ("R21",),
        "SMS арқылы бас тартылды: осы айда ваучер белсендірілмейді.",
        "Получен отказ ответным SMS: в этом месяце ваучер не активируется.",
        "Refused by SMS: no voucher can be activated this month.",
    ),
    "family.answer_not_understood": Topic(
        ("R22",),
        "Жауап түсініксіз болды.",
        "Ответ не понят.",
        "An answer was not understood.",
    ),
    "family.answer_ignored": Topic(
        ("R21", "R22"),
        "Жауап ештеңені өзгертпеді: {reason}.",
        "Ответ ничего не изменил: {reason}.",
        "An answer changed nothing: {reason}.",
    ),
    "family.consent_withdrawn": Topic(
        ("R21", "O5.2"),
        "Келісім қайтарып алынды: {cancelled} тг жойылды.",
        "Согласие отозвано: аннулировано {cancelled} тг.",
        "The consent was withdrawn: {cancelled} KZT cancelled.",
    ),
    "voucher.issued": Topic(
        ("R5", "R24", "R2.6"),
        "Ваучерлер берілді: {vouchers}, барлығы {issued} тг; {valid_from} бастап {valid_to} дейін.",
        "Выданы ваучеры: {vouchers}, всего {issued} тг; действуют с {valid_from} по {valid_to}.",
        "Vouchers issued: {vouchers}, {issued} KZT in all; valid from {valid_from} to {valid_to}.",
    ),
    "voucher.activated": Topic(
        ("R7", "R23"),
        "Алушы ваучерлерді белсендірді: {vouchers}.",
        "Получатель активировал ваучеры: {vouchers}.",
        "The recipient activated the vouchers: {vouchers}.",
    ),
    "voucher.redeemed": Topic(
        ("R25", "R6", "R13", "R2.1", "R27"),
        "Сатып алынды: ваучер {drawn} тг төледі; жолдар: {lines}.",
        "Покупка: ваучер оплатил {drawn} тг; строк: {lines}.",
        "A purchase: the voucher paid {drawn} KZT; lines: {lines}.",
    ),
    "voucher.held": Topic(
        ("R25", "R6", "R13", "R2.1", "R27"),
        "Сатып алу: төлем белгілі болғанша {drawn} тг ұсталды; жолдар: {lines}.",
        "Покупка: {drawn} тг удержано до исхода платежа; строк: {lines}.",
        "A purchase: {drawn} KZT held until the payment is known; lines: {lines}.",
    ),
    "voucher.captured": Topic(
        ("R27",),
        "Төлем өтті: ұсталған {drawn} тг жұмсалды.",
        "Платёж прошёл: удержанные {drawn} тг израсходованы.",
        "The payment succeeded: the {drawn} KZT held are spent.",
    ),
    "voucher.voided": Topic(
        ("R27",),
        "Сатып алу болмады ({reason}): {drawn} тг — {to}.",
        "Покупка не состоялась ({reason}): {drawn} тг — {to}.",
        "The purchase came to nothing ({reason}): {drawn} KZT are {to}.",
    ),
    "voucher.reversed": Topic(
        ("R27",),
        "Тауар қайтарылды ({reason}): {reversed} тг — {to}.",
        "Товар возвращён ({reason}): {reversed} тг — {to}.",
        "Goods came back ({reason}): {reversed} KZT are {to}.",
    ),
    "family.rated": Topic(
        ("R30",),
        "Алушы дүкендегі қызметті бағалады: 5-тен {stars}.",
        "Получатель оценил обслуживание в магазине: {stars} из 5.",
        "The recipient rated the service in the shop: {stars} of 5.",
    ),
    "family.lapsed": Topic(
        ("R21",),
        "Айдың соңына дейін жауап болмады: белсендіру мүмкіндігі жойылды.",
        "Ответа до конца месяца не было: возможность активации аннулирована.",
        "No answer by the month's end: the possibility of activation is cancelled.",
    ),
    "voucher.expired": Topic(
        ("R7", "R8"),
        "Ай аяқталды: қалған {expired} тг күшін жойды.",
        "Месяц закончился: остаток {expired} тг сгорел.",
        "The month is over: the {expired} KZT left have expired.",
    ),
    "cycle.opened": Topic(
        ("R14",),
        "{month} айы ашылды.",
        "Открыт месяц {month}.",
        "The month {month} is open.",
    ),
    "cycle.list_started": Topic(
        ("R14", "R15"),
        "{delivery} тізімін қабылдау басталды.",
        "Начат приём списка {delivery}.",
        "The list {delivery} is being taken in.",
    ),
    "cycle.list_received": Topic(
        ("R14", "R15", "R18", "R19"),
        "{delivery} тізімі қабылданды: {rows} жолдың {accepted} алынды; нөмірі жоқ отбасылар: {no_number}.",
        "Список {delivery} принят: из {rows} строк принято {accepted}; семей без номера: {no_number}.",
        "The list {delivery} is in: {accepted} of {rows} rows accepted; families without a number: {no_number}.",
    ),
    "cycle.task_done": Topic(
        ("R19",),
        "Күнтізбе бойынша {due_on} күнгі іс орындалды: {task}; отбасылар: {families}; кешігуі: {days_late} күн.",
        "Выполнено по календарю за {due_on}: {task}; семей: {families}; опоздание, дней: {days_late}.",
        "Done by the calendar of {due_on}: {task}; families: {families}; days late: {days_late}.",
        by="task",
        clauses_by={
            "first_sms": ("R20",),
            "reminder": ("R21",),
            "lapse": ("R21",),
            "expire": ("R7", "R8"),
            "close": ("R7", "R8"),
        },
    ),
    "shop.joined": Topic(
        ("R2.7",),
        "{shop} дүкені қатысады; ӘАОЖ коды {kato}, {opened_on} бастап.",
        "Магазин {shop} участвует; код КАТО {kato}, с {opened_on}.",
        "The shop {shop} takes part; KATO code {kato}, from {opened_on} on.",
    ),
    "shop.changed": Topic(
        ("R2.7",),
        "{shop} дүкенінің деректері өзгерді.",
        "Данные магазина {shop} изменились.",
        "What is known of the shop {shop} changed.",
    ),
    "shop.closed": Topic(
        ("R2.7",),
        "{shop} дүкені жабылды.",
        "Магазин {shop} закрыт.",
        "The shop {shop} is closed.",
    ),
    "shop.opened": Topic(
        ("R2.7",),
        "{shop} дүкені қайта ашылды.",
        "Магазин {shop} снова открыт.",
        "The shop {shop} is open again.",
    ),
    "shop.loan_recorded": Topic(
        ("R9", "R10", "R11"),
        "{shop} дүкеніне {until} дейін айналым қаражатына қарыз берілді.",
        "Магазину {shop} выдан заём на оборотные средства до {until}.",
        "The shop {shop} has a loan of working capital up to {until}.",
    ),
    "shop.loan_ended": Topic(
        ("R11",),
        "{shop} дүкенінің қарызы мерзімінен бұрын аяқталды.",
        "Заём магазина {shop} завершён досрочно.",
        "The loan of the shop {shop} ended before its day.",
    ),
    "shop.breach_recorded": Topic(
        ("R12",),
        "{shop} дүкені қарыз шартын бұзды ({found_on}): {condition}; жоқ тауарлар: {missing}.",
        "Магазин {shop} нарушил условие займа ({found_on}): {condition}; отсутствует товаров: {missing}.",
        "The shop {shop} breached a condition of its loan ({found_on}): {condition}; foods missing: {missing}.",
        by="condition",
        clauses_by={"assortment": ("O3.1", "R12")},
    ),
    "shop.breach_mended": Topic(
        ("R12",),
        "{shop} дүкені бұзушылықты {mended_on} жойды.",
        "Магазин {shop} устранил нарушение {mended_on}.",
        "The shop {shop} mended the breach on {mended_on}.",
    ),
    "shop.prices_set": Topic(
        ("R2.1", "R13"),
        "{shop} дүкенінің бағалары {valid_from} бастап; тауарлар: {prices}.",
        "Цены магазина {shop} с {valid_from}; товаров: {prices}.",
        "Prices of the shop {shop} from {valid_from} on; articles: {prices}.",
    ),
    "terminal.code_issued": Topic(
        ("R2.7",),
        "{shop} дүкенінің {terminal} терминалына қосылу коды берілді.",
        "Выдан код подключения для терминала {terminal} магазина {shop}.",
        "A code was given out for the terminal {terminal} of the shop {shop}.",
    ),
    "terminal.enrolled": Topic(
        ("R2.7",),
        "{terminal} терминалы қосылды.",
        "Терминал {terminal} подключён.",
        "The terminal {terminal} is enrolled.",
    ),
    "terminal.key_rotated": Topic(
        ("R2.7",),
        "{terminal} терминалы жаңа кілт алды.",
        "Терминал {terminal} получил новый ключ.",
        "The terminal {terminal} got a new key.",
    ),
    "terminal.revoked": Topic(
        ("R2.7",),
        "{terminal} терминалы қайтарып алынды.",
        "Терминал {terminal} отозван.",
        "The terminal {terminal} is revoked.",
    ),
    "seal.begun": Topic(
        ("R29",),
        "Журналды мөрлеу басталды.",
        "Начато опечатывание журнала.",
        "The sealing of the log began.",
    ),
    "seal.day_sealed": Topic(
        ("R29",),
        "{on} күнінің журналы мөрленді: {upto} орнына дейін, {events} оқиға; мөр {hash}.",
        "Журнал за {on} опечатан: до позиции {upto}, событий {events}; печать {hash}.",
        "The log of {on} is sealed up to position {upto}, {events} events; seal {hash}.",
    ),
    "catalogue.begun": Topic(
        ("R2.17",),
        "Тауарлар анықтамалығы ашылды.",
        "Каталог товаров открыт.",
        "The catalogue of articles is open.",
    ),
    "catalogue.articles_listed": Topic(
        ("R2.3", "R2.17"),
        "{goods_version} тізбесі бойынша тауарлар енгізілді: {articles}.",
        "Внесены товары по перечню {goods_version}: {articles}.",
        "Articles listed by {goods_version}: {articles}.",
    ),
    "market.begun": Topic(
        ("R13",),
        "{kato} ӘАОЖ коды бойынша ресми нарық бағалары басталды.",
        "Начаты официальные рыночные цены по КАТО {kato}.",
        "Official market prices of KATO {kato} begin.",
    ),
    "market.prices_set": Topic(
        ("R13",),
        "{kato} ӘАОЖ коды бойынша {valid_from} бастап ресми нарық бағалары: {prices}.",
        "Официальные рыночные цены по КАТО {kato} с {valid_from}: {prices}.",
        "Official market prices of KATO {kato} from {valid_from} on: {prices}.",
    ),
    "reply.unknown_sender": Topic(
        ("R22",),
        "Сұрау жіберілмеген нөмірден жауап келді.",
        "Пришёл ответ с номера, на который запрос не отправлялся.",
        "A reply came from a number that nobody was asked on.",
    ),
}

WORDS: dict[str, dict[str, str]] = {
    "consent_request": {"kk": "келісім сұрау", "ru": "запрос согласия", "en": "request for consent"},
    "consent_confirmed": {
        "kk": "келісімді растау",
        "ru": "подтверждение согласия",
        "en": "confirmation of the consent",
    },
    "not_understood": {"kk": "жауап түсініксіз", "ru": "ответ не понят", "en": "answer not understood"},
    "reminder": {"kk": "еске салу", "ru": "напоминание", "en": "reminder"},
    "no_number": {"kk": "нөмір жоқ", "ru": "нет номера", "en": "no number"},
    "delivered": {"kk": "жеткізілді", "ru": "доставлено", "en": "delivered"},
    "failed": {"kk": "жеткізілмеді", "ru": "не доставлено", "en": "not delivered"},
    "buffered": {"kk": "кезекте", "ru": "в очереди", "en": "queued"},
    "accepted": {"kk": "қабылданды", "ru": "принято", "en": "accepted"},
    "rejected": {"kk": "қабылданбады", "ru": "отклонено", "en": "rejected"},
    "too_late": {"kk": "кеш келді", "ru": "слишком поздно", "en": "too late"},
    "already_answered": {"kk": "жауап берілген", "ru": "уже отвечено", "en": "answered already"},
    "timed_out": {"kk": "уақыты өтті", "ru": "истёк срок", "en": "timed out"},
    "cancelled": {"kk": "жойылды", "ru": "аннулировано", "en": "cancelled"},
    "returned": {"kk": "қайтарылды", "ru": "возврат", "en": "returned"},
    "available": {"kk": "ваучерге қайтты", "ru": "возвращено на ваучер", "en": "back on the voucher"},
    "expired": {"kk": "күшін жойды", "ru": "сгорело", "en": "expired"},
    "close_list": {"kk": "тізім жабылды", "ru": "список закрыт", "en": "the list closed"},
    "first_sms": {"kk": "алғашқы SMS", "ru": "первое SMS", "en": "the first SMS"},
    "lapse": {"kk": "жауап бермегендер", "ru": "не ответившие", "en": "those without an answer"},
    "expire": {"kk": "ваучерлердің аяқталуы", "ru": "окончание ваучеров", "en": "the end of the vouchers"},
    "catalogue": {"kk": "ұлттық каталог", "ru": "национальный каталог", "en": "the national catalogue"},
    "assortment": {"kk": "ассортимент", "ru": "ассортимент", "en": "the assortment"},
    "label": {"kk": "арнайы белгі", "ru": "специальный ценник", "en": "the special label"},
    "close": {"kk": "ай жабылды", "ru": "месяц закрыт", "en": "the month closed"},
}

DETAILS = {
    "kk": {"change": "өзгеріс, тг", "remaining": "қалдық, тг"},
    "ru": {"change": "изменение, тг", "remaining": "остаток, тг"},
    "en": {"change": "change, KZT", "remaining": "remaining, KZT"},
}

BASKET_LINE = {
    "kk": (
        "{number}-жол: {gtin} (тізімде {position}-тармақ): {quantity} × {price} тг,"
        " сөредегі баға {shelf_price}, шекті баға {cap}, ваучер төлейді {pays}"
    ),
    "ru": (
        "строка {number}: {gtin} (пункт {position} перечня): {quantity} × {price} тг,"
        " цена на полке {shelf_price}, предельная {cap}, ваучером оплачено {pays}"
    ),
    "en": (
        "line {number}: {gtin} (position {position}): {quantity} × {price} KZT,"
        " shelf {shelf_price}, cap {cap}, the voucher pays {pays}"
    ),
}

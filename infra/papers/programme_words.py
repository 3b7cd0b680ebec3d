"""The words of a programme's standard, in kk, ru and en."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import LANGUAGES

# By key: kk, ru, en.
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "proactive": (
        "өтініш берілмейді: қызмет проактивті көрсетіледі",
        "заявление не подаётся: услуга оказывается проактивно",
        "no application is made: the service is proactive",
    ),
    "by_sms": (
        "келісім немесе бас тарту SMS-ке жауаппен беріледі",
        "согласие или отказ даётся ответом на SMS",
        "consent or refusal is given by answering an SMS",
    ),
    "by_wallet": (
        "ваучер жеке сілтемемен ашылатын «Әлеуметтік әмиянда» пайда болады",
        "ваучер появляется в «Социальном кошельке», который открывается по личной ссылке",
        "the voucher appears in the Social wallet, opened by a personal link",
    ),
    "regions": (
        "Өңірлер (ӘАОЖ кодтарының басы): {codes}",
        "Регионы (начала кодов КАТО): {codes}",
        "Regions (beginnings of KATO codes): {codes}",
    ),
    "month": ("Ай", "Месяц", "Month"),
    "list_until": ("Тізім дейін", "Список до", "List until"),
    "sms_on": ("SMS, қайталау", "SMS, повтор", "SMS, repeat"),
    "consent_until": ("Келісім дейін", "Согласие до", "Consent until"),
    "voucher_days": ("Ваучер күндері", "Дни ваучера", "Days of the voucher"),
    "rules": ("Ережелер", "Правила", "Rules"),
    "form": (
        "электрондық (толық автоматтандырылған), проактивті",
        "электронная (полностью автоматизированная), проактивная",
        "electronic (fully automated), proactive",
    ),
    "result": (
        "отбасының әрбір мүшесіне цифрлық ваучер, айына {amount} теңге ({version}, {day} бастап)",
        "цифровой ваучер на каждого члена семьи, {amount} тенге в месяц ({version}, с {day})",
        "a digital voucher for each member of the family, {amount} KZT a month ({version}, from {day})",
    ),
    "draw_discount": (
        "ваучер жеңілдікті төлейді: сөредегі баға мен жеңілдікті баға арасындағы айырма",
        "ваучер оплачивает скидку: разницу между ценой на полке и ценой со скидкой",
        "the voucher pays the discount: the shelf price less the discounted price",
    ),
    "draw_price": (
        "ваучер жеңілдікті бағаны толық төлейді",
        "ваучер оплачивает цену со скидкой целиком",
        "the voucher pays the whole discounted price",
    ),
    "cap": (
        "жеңілдік сатып алу бағасының {percent} %-ынан аспайды",
        "скидка не больше {percent} % закупочной цены",
        "the discount is at most {percent} % of the purchase price",
    ),
    "no_cap": (
        "жеңілдіктің шегі белгіленбеген",
        "предел скидки не установлен",
        "no limit of the discount is set",
    ),
    "farm": (
        "шаруашылықтан тікелей жеткізілген тауар ресми нарықтық бағадан кемінде {percent} % арзан",
        "товар прямо от хозяйства не менее чем на {percent} % ниже официальной рыночной цены",
        "goods straight from a farm at least {percent} % below the official market price",
    ),
    "over_refuse": (
        "бағасы шектен асатын тауар ваучерге берілмейді",
        "товар с ценой выше предела по ваучеру не отпускается",
        "goods priced above their limit are not sold for the voucher",
    ),
    "over_settle": (
        "бағасы шектен асатын тауар шекті бағамен есептеледі",
        "товар с ценой выше предела рассчитывается по предельной цене",
        "goods priced above their limit are settled at the limit",
    ),
    "hold": (
        "төлем аяқталмаса, сома {minutes} минутқа дейін ұсталады",
        "при незавершённой оплате сумма удерживается до {minutes} минут",
        "for a payment that is not finished the sum is held for up to {minutes} minutes",
    ),
    "whom": (
        "есепті айдың алдындағы айдың соңғы күнінде атаулы әлеуметтік көмек алған, осы өңірде тұратын отбасылар",
        "семьи – получатели адресной социальной помощи на последний день месяца, предшествующего отчётному, "
        "проживающие в регионе",
        "families on targeted assistance on the last day of the month before, living in the region",
    ),
    "no_papers": (
        "алушыдан құжат сұралмайды: тізімді деректер платформасы жібереді",
        "документы у получателя не запрашиваются: список передаёт платформа данных",
        "no papers are asked for: the data platform sends the list",
    ),
    "consent": (
        "дербес деректерді өңдеуге келісім SMS-ке жауаппен алынады",
        "согласие на обработку персональных данных берётся ответом на SMS",
        "consent to the processing of personal data is taken by the answer to the SMS",
    ),
    "ground_no_number": (
        "азаматтардың мобильді нөмірлер базасында телефон нөмірі жоқ",
        "номера телефона нет в базе мобильных граждан",
        "no phone number in the citizens' mobile-number database",
    ),
    "ground_refused": ("алушы бас тартты", "получатель отказался", "the recipient refused"),
    "ground_silent": (
        "белгіленген күнге дейін жауап болмады",
        "ответа до установленного дня не было",
        "no answer by the day set",
    ),
    "ground_region": (
        "өңірде тұрмайды немесе көрсетілген күні көмек алушы болмаған",
        "не проживает в регионе или не получал помощь на указанный день",
        "does not live in the region, or had no assistance on that day",
    ),
    "desk": ("{desk}: {url}", "{desk}: {url}", "{desk}: {url}"),
    "goods": (
        "Ваучерге сатып алынатын тауарлар ({version}, {day} бастап)",
        "Товары, приобретаемые по ваучеру ({version}, с {day})",
        "Goods that a voucher buys ({version}, from {day})",
    ),
    "goods_head": ("Тауар", "Товар", "Goods"),
    "goods_list": ("Тауарлар тізбесі", "Перечень товаров", "List of goods"),
    "unit": ("Өлшем бірлігі", "Единица", "Unit"),
    "kg": ("кг", "кг", "kg"),
    "litre": ("литр", "литр", "litre"),
    "piece": ("дана", "штука", "piece"),
    "sms": ("SMS мәтіндері", "Тексты SMS", "Texts of the SMS"),
    "consent_request": ("Келісім сұрау", "Запрос согласия", "Request for consent"),
    "reminder": ("Еске салу", "Напоминание", "Reminder"),
    "consent_confirmed": ("Келісім қабылданды", "Согласие принято", "Consent accepted"),
    "not_understood": ("Жауап түсініксіз", "Ответ не понят", "Answer not understood"),
    "your_link": ("[жеке сілтеме]", "[личная ссылка]", "[your link]"),
    "programme_from_to": ("{start} – {end}", "{start} – {end}", "{start} – {end}"),
    "rules_of": (
        "{version}: {start} бастап",
        "{version}: с {start}",
        "{version}: from {start}",
    ),
    "programme": ("Ваучерлер бағдарламасы", "Программа ваучеров", "Programme of vouchers"),
}

WORDS: Mapping[str, Mapping[str, str]] = {
    language: {key: texts[place] for key, texts in _WORDS.items()} for place, language in enumerate(LANGUAGES)
}

"""What is said of a request that is refused before a rule is asked: no key, no JSON, too many, not at hand."""

from __future__ import annotations

from collections.abc import Mapping

_KILOBYTE = 1024
_MEGABYTE = 1_000_000
_AT_MOST = {
    "kk": "Ең көбі {size} рұқсат етілген.",
    "ru": "Разрешено не больше {size}.",
    "en": "At most {size} are allowed.",
}


def at_most(limit: int, language: str) -> str:
    """How large something may be, `limit` in bytes, in words."""
    kilo, mega = ("kB", "MB") if language == "en" else ("кБ", "МБ")
    if limit % _MEGABYTE == 0:
        size = f"{limit // _MEGABYTE} {mega}"
    else:
        size = f"{limit // (_KILOBYTE if limit % _KILOBYTE == 0 else 1000)} {kilo}"
    return _AT_MOST[language].format(size=size)


# By code: kk, ru, en.
SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "not_found": (
        "Мұндай мекенжай жоқ.",
        "Такого адреса нет.",
        "There is no such address.",
    ),
    "method_not_allowed": (
        "Бұл мекенжай мұндай сұрауды қабылдамайды.",
        "Этот адрес не принимает такой запрос.",
        "This address does not take such a request.",
    ),
    "http_error": (
        "Сұрауды орындау мүмкін емес.",
        "Запрос нельзя выполнить.",
        "The request can't be carried out.",
    ),
    "body_too_large": (
        "Хабар тым үлкен.",
        "Сообщение слишком велико.",
        "The message is too large.",
    ),
    "body_above_256_kb": (
        "Хабар тым үлкен.",
        "Сообщение слишком велико.",
        "The message is too large.",
    ),
    "upload_too_large": (
        "Файл рұқсат етілгеннен үлкен.",
        "Файл больше, чем разрешено.",
        "The file is larger than is allowed.",
    ),
    "upload_in_parts": (
        "Файлдың өзін жіберіңіз, multipart емес.",
        "Отправьте сам файл, без multipart.",
        "Send the file itself, not in multipart.",
    ),
    "body_incomplete": (
        "Хабар соңына дейін келмеді.",
        "Сообщение пришло не полностью.",
        "The message did not come to its end.",
    ),
    "media_type_unsupported": (
        "Тек UTF-8 кодындағы application/json қабылданады.",
        "Принимается только application/json в UTF-8.",
        "Only application/json in UTF-8 is taken.",
    ),
    "json_malformed": (
        "Хабар дұрыс JSON емес.",
        "Сообщение не является правильным JSON.",
        "The message is not well-formed JSON.",
    ),
    "encoding_wrong": (
        "Хабар UTF-8 кодында емес.",
        "Сообщение не в кодировке UTF-8.",
        "The message is not in UTF-8.",
    ),
    "key_twice": (
        "Бір өріс екі рет берілген.",
        "Одно поле указано дважды.",
        "A field is given twice.",
    ),
    "number_not_finite": (
        "Сан шектеулі емес немесе тым ұзын.",
        "Число не является конечным или слишком длинное.",
        "A number is not finite, or too long.",
    ),
    "text_broken": (
        "Мәтінде жарамсыз таңба бар.",
        "В тексте недопустимый символ.",
        "The text holds a character that is not allowed.",
    ),
    "nested_too_deep": (
        "JSON тым терең қабаттасқан.",
        "JSON вложен слишком глубоко.",
        "The JSON is nested too deep.",
    ),
    "field_missing": (
        "Міндетті өріс жоқ.",
        "Нет обязательного поля.",
        "A required field is missing.",
    ),
    "field_wrong": (
        "Өрістің мәні жарамсыз.",
        "Недопустимое значение поля.",
        "The value of a field is not valid.",
    ),
    "time_wrong": (
        "Уақыт RFC 3339 түрінде, белдеуімен берілуі керек: 2025-07-05T09:00:00+05:00.",
        "Время должно быть в виде RFC 3339 со смещением: 2025-07-05T09:00:00+05:00.",
        "A time must be in RFC 3339 form with an offset: 2025-07-05T09:00:00+05:00.",
    ),
    "status_unknown": (
        "Жеткізу күйі белгісіз.",
        "Неизвестное состояние доставки.",
        "The delivery status is not one we know.",
    ),
    "quantity_wrong": (
        'Мөлшер — нөлден үлкен, үтірден кейін ең көбі 3 таңбалы ондық сан, мәтін түрінде: "1.5".',
        'Количество — десятичное число больше нуля, не больше 3 знаков после точки, текстом: "1.5".',
        'A quantity is a decimal number above zero with at most 3 places, as text: "1.5".',
    ),
    "amount_wrong": (
        "Сома — тиынмен берілген бүтін сан.",
        "Сумма — целое число тиынов.",
        "A sum is a whole number of tiyn.",
    ),
    "field_unknown": (
        "Мұндай өріс жоқ.",
        "Такого поля нет.",
        "There is no such field.",
    ),
    "draw_twice": (
        "draw_tiyn немесе draws беріледі, екеуі бірге емес.",
        "Указывается draw_tiyn или draws, но не оба.",
        "Either draw_tiyn or draws is given, not both.",
    ),
    "idempotency_key_missing": (
        "Idempotency-Key тақырыбы керек: ең көбі 200 көрінетін ASCII таңбасы.",
        "Нужен заголовок Idempotency-Key: до 200 видимых символов ASCII.",
        "The header Idempotency-Key is required: up to 200 visible ASCII characters.",
    ),
    "key_missing": (
        "Терминал кілті керек: Authorization: Bearer azyq_…",
        "Нужен ключ терминала: Authorization: Bearer azyq_…",
        "The terminal's key is required: Authorization: Bearer azyq_…",
    ),
    "staff_key_missing": (
        "Қызметкер кілті керек: Authorization: Bearer azyq_…_staff_…",
        "Нужен ключ сотрудника: Authorization: Bearer azyq_…_staff_…",
        "The key of a member of staff is required: Authorization: Bearer azyq_…_staff_…",
    ),
    "too_many_requests": (
        "Сұраулар тым жиі. Сәл күтіп, қайталаңыз.",
        "Слишком много запросов. Подождите немного и повторите.",
        "Too many requests. Wait a moment and try again.",
    ),
    "queue_full": (
        "Қазір тым көп сұрау кезекте тұр. Бір секундтан кейін дәл осы кілтпен қайталаңыз.",
        "Сейчас слишком много запросов в очереди. Повторите через секунду с тем же ключом.",
        "Too many requests are waiting. Try again in a second, with the same key.",
    ),
    "not_available": (
        "Қызмет уақытша қолжетімсіз, кейінірек қайталаңыз.",
        "Служба временно недоступна, повторите позже.",
        "The service is not available at the moment; try again later.",
    ),
    "internal_error": (
        "Ішкі қате. Сұрау орындалмаған болуы мүмкін, қайталаңыз.",
        "Внутренняя ошибка. Запрос мог не выполниться, повторите его.",
        "An internal error. The request may not have been carried out; try again.",
    ),
}

"""Errors as RFC 9457 problem documents, with a stable code and a sentence in the caller's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse

from domain.errors import LANGUAGES, Refusal

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
# The status of a refusal, 422 but for these.
_STATUS = {
    "redemption_unknown": 404,
    "terminal_key_unknown": 401,
    "terminal_key_expired": 401,
    "terminal_revoked": 403,
    "terminal_key_of_other_environment": 403,
    "shop_foreign": 403,
    "goods_list_missing": 404,
    "challenge_over": 401,
    "sign_in_failed": 401,
    "session_over": 401,
    "access_unknown": 403,
    "access_blocked": 403,
    "access_over": 403,
    "scope_empty": 403,
    "region_foreign": 403,
    "report_not_by_region": 403,
    "region_of_its_own_bodies": 403,
    "report_unknown": 404,
    "staff_key_unknown": 401,
    "staff_key_expired": 401,
    "staff_revoked": 403,
    "staff_key_of_other_environment": 403,
    "case_unknown": 404,
    "discussion_unknown": 404,
    "too_many_requests": 429,
    "not_your_step": 403,
    "not_assigned_to_you": 403,
    "same_person": 403,
    "office_role_missing": 403,
    "brought_list_unknown": 404,
    "may_not_reassign": 403,
    "service_not_yours": 403,
    "role_not_yours": 403,
    "document_too_large": 413,
}
# What a refusal may be about besides the body: no place in it to point to.
_NOT_IN_BODY = {"id", "Idempotency-Key", "actor", "case"}
# Sentences (kk, ru, en) by code, for what is refused before a rule is asked.
_SENTENCES = {
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
        "Хабар тым үлкен: ең көбі 64 кБ.",
        "Сообщение слишком велико: не больше 64 кБ.",
        "The message is too large: at most 64 kB.",
    ),
    "body_above_256_kb": (
        "Хабар тым үлкен: ең көбі 256 кБ.",
        "Сообщение слишком велико: не больше 256 кБ.",
        "The message is too large: at most 256 kB.",
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
_PARTS = re.compile(r"^(fields|documents)\.")
_QUALITY = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9-]*)?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?")


def problem_sentences() -> Mapping[str, tuple[str, str, str]]:
    """By code, in kk, ru and en: what is said of what is refused before a rule is asked."""
    return _SENTENCES


class Problem(Exception):
    """A request that is refused: the HTTP `status`, a `code` of ours, and where in the body (`pointer`)."""

    def __init__(
        self, status: int, code: str, pointer: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.pointer = pointer
        self.headers = dict(headers or {})
        super().__init__(code)


def language_of(accept_language: str, otherwise: str = "en") -> str:
    """kk, ru or en as `Accept-Language` prefers; `otherwise` when it names none of them."""
    best, language = 0.0, otherwise
    for item in accept_language.split(",")[:30]:
        match = _QUALITY.fullmatch(item)
        if match and match[1].lower() in LANGUAGES and float(match[2] or 1) > best:
            best, language = float(match[2] or 1), match[1].lower()
    return language


def pointer_to(*path: str | int) -> str:
    """The JSON pointer (RFC 6901) to a place in the body."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _pointer_of(refusal: Refusal) -> str | None:
    if not refusal.field or refusal.field in _NOT_IN_BODY:
        return None
    # Of what a case asks for, fields and documents are told as `fields.name`.
    return pointer_to(*_PARTS.sub(r"\1/", refusal.field).split("/"))


def _error(refusal: Refusal, language: str) -> dict[str, str]:
    return {
        "code": refusal.code,
        "detail": refusal.sentence(language),
        "pointer": _pointer_of(refusal) or "",
        **({"rule": refusal.clause} if refusal.clause else {}),
    }


def problem_response(request: Request, problem: Problem | Refusal, status: int | None = None) -> JSONResponse:
    """`problem` as the caller sees it; `status` is that of a Refusal if not its usual one, a Problem has its own."""
    errors: list[dict[str, str]] = []
    language = language_of(request.headers.get("accept-language", ""))
    if isinstance(problem, Refusal):
        every = (problem, *problem.also)
        detail = " ".join(one.sentence(language) for one in every)
        pointer = _pointer_of(problem)
        status = _STATUS.get(problem.code, 422) if status is None else status
        headers = {"WWW-Authenticate": "Bearer"} if problem.code in _STATUS and status == 401 else {}
        if problem.also:
            errors = [_error(one, language) for one in every]
    else:
        sentences = dict(zip(LANGUAGES, _SENTENCES[problem.code], strict=True))
        detail, headers, pointer, status = (
            sentences[language],
            problem.headers,
            problem.pointer,
            problem.status,
        )
    body: dict[str, str | int] = {
        "type": f"urn:azyq:problem:{problem.code}",
        "title": _TITLES.get(status, "Request failed"),
        "status": status,
        "detail": detail,
        "code": problem.code,
    }
    if isinstance(problem, Refusal) and problem.clause:
        body["rule"] = problem.clause
    if pointer is not None:
        body["pointer"] = pointer
    return JSONResponse(
        {**body, "errors": errors} if errors else body,
        status,
        headers={**headers, "Content-Language": language},
        media_type=MEDIA_TYPE,
    )

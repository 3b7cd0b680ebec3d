"""The month report in the terminal: tables, and a small chart of where the families and the money went."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from domain.calendar import Task
from domain.money import kzt

if TYPE_CHECKING:
    from rich.console import Console

GAP = 4

TITLES = {
    "en": {
        "nothing_due": "the calendar asks for nothing", "days_late": "days late",
        "waiting": "still to be sent",
        "lists_until": "lists are taken up to", "done_on": "done on {day}",
        "calendar": "Calendar", "task_close_list": "the list closes", "task_first_sms": "SMS",
        "task_reminder": "SMS again", "task_lapse": "last day to answer", "task_expire": "vouchers expire",
        "task_close": "the month closes", "where_families": "Where the families are",
        "where_money": "Where the money is, KZT",
        "list": "The list", "sms": "SMS", "answers": "Answers", "vouchers": "Vouchers", "sums": "Sums, KZT",
        "lists": "lists received", "rows_accepted": "rows accepted", "rows_rejected": "rows rejected",
        "families": "families", "members": "members", "no_number": "families without a number",
        "sms_sent": "SMS sent", "consent_request": "consent requests", "reminder": "repeats",
        "consent_confirmed": "confirmations", "not_understood": "asked again", "parts": "parts (they cost money)",
        "failed": "not sent", "consented": "consents", "refused": "refusals", "withdrawn": "withdrawn later",
        "lapsed": "no answer by the deadline", "issued": "issued", "activated": "activated",
        "spent": "spent, wholly or in part", "expired": "expired with a rest", "redemptions": "purchases",
        "issued_tiyn": "issued", "spent_tiyn": "spent", "expired_tiyn": "expired",
        "cancelled_tiyn": "cancelled", "held_tiyn": "held", "available_tiyn": "available",
        "shelf_total_tiyn": "goods sold, shelf price", "price_total_tiyn": "goods sold, discounted price",
        "position": "log position {position}; rules {rules}; valid {valid_from} – {valid_to}",
    },
    "ru": {
        "nothing_due": "календарь ничего не требует", "days_late": "опоздание, дней",
        "waiting": "ещё будет отправлено SMS",
        "lists_until": "списки принимаются по", "done_on": "сделано {day}",
        "calendar": "Календарь", "task_close_list": "приём списков закрыт", "task_first_sms": "SMS",
        "task_reminder": "повторная SMS", "task_lapse": "последний день ответа",
        "task_expire": "ваучеры истекают", "task_close": "месяц закрывается",
        "where_families": "Где семьи", "where_money": "Где деньги, тг",
        "list": "Список", "sms": "SMS", "answers": "Ответы", "vouchers": "Ваучеры", "sums": "Суммы, тг",
        "lists": "получено списков", "rows_accepted": "строк принято", "rows_rejected": "строк отклонено",
        "families": "семей", "members": "человек", "no_number": "семей без номера",
        "sms_sent": "отправлено SMS", "consent_request": "запросов согласия", "reminder": "повторных",
        "consent_confirmed": "подтверждений", "not_understood": "переспрошено", "parts": "частей (за них платят)",
        "failed": "не отправлено", "consented": "согласий", "refused": "отказов", "withdrawn": "отозвано позже",
        "lapsed": "нет ответа к сроку", "issued": "выдано", "activated": "активировано",
        "spent": "использовано полностью или частично", "expired": "истекло с остатком", "redemptions": "покупок",
        "issued_tiyn": "выдано", "spent_tiyn": "использовано", "expired_tiyn": "истекло",
        "cancelled_tiyn": "аннулировано", "held_tiyn": "удержано", "available_tiyn": "доступно",
        "shelf_total_tiyn": "продано по цене полки", "price_total_tiyn": "продано по цене со скидкой",
        "position": "позиция журнала {position}; правила {rules}; действует {valid_from} – {valid_to}",
    },
    "kk": {
        "nothing_due": "күнтізбе ештеңе талап етпейді", "days_late": "кешігу, күн",
        "waiting": "әлі жіберілетін SMS",
        "lists_until": "тізім қабылдаудың соңғы күні", "done_on": "{day} орындалды",
        "calendar": "Күнтізбе", "task_close_list": "тізім қабылдау жабылады", "task_first_sms": "SMS",
        "task_reminder": "қайталама SMS", "task_lapse": "жауап берудің соңғы күні",
        "task_expire": "ваучер мерзімі бітеді", "task_close": "ай жабылады",
        "where_families": "Отбасылар қайда", "where_money": "Қаражат қайда, тг",
        "list": "Тізім", "sms": "SMS", "answers": "Жауаптар", "vouchers": "Ваучерлер", "sums": "Сомалар, тг",
        "lists": "алынған тізім", "rows_accepted": "қабылданған жол", "rows_rejected": "қабылданбаған жол",
        "families": "отбасы", "members": "адам", "no_number": "нөмірі жоқ отбасы",
        "sms_sent": "жіберілген SMS", "consent_request": "келісім сұрауы", "reminder": "қайталау",
        "consent_confirmed": "растау", "not_understood": "қайта сұралды", "parts": "бөлік (ақысы төленеді)",
        "failed": "жіберілмеді", "consented": "келісім", "refused": "бас тарту", "withdrawn": "кейін қайтарылды",
        "lapsed": "мерзімге дейін жауап жоқ", "issued": "берілді", "activated": "белсендірілді",
        "spent": "толық немесе ішінара жұмсалды", "expired": "қалдықпен мерзімі бітті", "redemptions": "сатып алу",
        "issued_tiyn": "берілді", "spent_tiyn": "жұмсалды", "expired_tiyn": "мерзімі бітті",
        "cancelled_tiyn": "жойылды", "held_tiyn": "ұсталды", "available_tiyn": "қолжетімді",
        "shelf_total_tiyn": "сатылды, сөре бағасымен", "price_total_tiyn": "сатылды, жеңілдік бағасымен",
        "position": "журнал позициясы {position}; ережелер {rules}; {valid_from} – {valid_to} жарамды",
    },
}  # fmt: skip


def grouped(count: int) -> str:
    """A count for people: `12 345`."""
    return f"{count:,}".replace(",", " ")


def month_tables(report: dict[str, Any], language: str) -> None:
    """Print the month report, with a small chart of where the families and the money went."""
    from rich.console import Console

    words = TITLES[language]
    console = Console(highlight=False)
    console.print(f"\n[bold]{report['names'][language]}, {report['month']}[/bold]\n")
    blocks = [
        _block(words, section, report[section]) for section in ("list", "answers", "sms", "vouchers", "sums")
    ]
    blocks.append(_calendar(words, report["calendar"]))
    width = max(len(line) for block in blocks for line in block)
    columns = 2 if console.width >= 2 * width + GAP + 2 else 1
    for start in range(0, len(blocks), columns):
        for number, cells in enumerate(zip_longest(*blocks[start : start + columns], fillvalue="")):
            line = "  " + (" " * GAP).join(f"{cell:<{width}}" for cell in cells)
            console.print(line.rstrip(), style="bold" if number == 0 else None, markup=False, soft_wrap=True)
        console.print()
    for title, bars in (("where_families", _families(report)), ("where_money", _money(report))):
        console.print(f"  [bold]{words[title]}[/bold]")
        _chart(console, [(words[key], value, key) for key, value in bars])
        console.print()
    console.print(
        "  "
        + words["position"].format(
            position=grouped(report["log_position"]),
            rules=report["rules"],
            valid_from=report["valid_from"],
            valid_to=report["valid_to"],
        ),
        style="dim",
        soft_wrap=True,
    )


def _block(words: dict[str, str], section: str, figures: dict[str, int]) -> list[str]:
    shown = [(words[key], _figure(key, value)) for key, value in figures.items()]
    labels = max(len(label) for label, _ in shown)
    numbers = max(len(number) for _, number in shown)
    return [words[section], *(f"{label:<{labels}}  {number:>{numbers}}" for label, number in shown)]


def _calendar(words: dict[str, str], calendar: list[dict[str, str | None]]) -> list[str]:
    shown = [_day(words, entry) for entry in calendar]
    labels = max(len(label) for label, _ in shown)
    return [words["calendar"], *(f"{label:<{labels}}  {day}" for label, day in shown)]


def _day(words: dict[str, str], entry: dict[str, str | None]) -> tuple[str, str]:
    """What is due and when, and when it was done if that was another day."""
    on = date.fromisoformat(str(entry["on"]))
    if entry["task"] == Task.CLOSE_LIST:
        return words["lists_until"], f"{on - timedelta(days=1):%d.%m.%Y}"
    late = ""
    if entry["done_on"] not in (None, entry["on"]):
        late = words["done_on"].format(day=f"{date.fromisoformat(str(entry['done_on'])):%d.%m.%Y}")
    return words[f"task_{entry['task']}"], f"{on:%d.%m.%Y}{late and f' ({late})'}"


def _figure(key: str, value: int) -> str:
    return kzt(value) if key.endswith("_tiyn") else grouped(value)


def _families(report: dict[str, Any]) -> list[tuple[str, int]]:
    answers = report["answers"]
    return [
        ("families", report["list"]["families"]),
        ("consented", answers["consented"]),
        ("refused", answers["refused"]),
        ("lapsed", answers["lapsed"]),
        ("no_number", report["list"]["no_number"]),
    ]


def _money(report: dict[str, Any]) -> list[tuple[str, int]]:
    shares = ("issued_tiyn", "spent_tiyn", "held_tiyn", "available_tiyn", "expired_tiyn", "cancelled_tiyn")
    return [(key, report["sums"][key]) for key in shares]


def _chart(console: Console, bars: list[tuple[str, int, str]]) -> None:
    largest = max((value for _, value, _ in bars), default=0) or 1
    labels = max(len(label) for label, _, _ in bars)
    numbers = max(len(_figure(key, value)) for _, value, key in bars)
    width = max(10, min(40, console.width - labels - numbers - 8))
    for label, value, key in bars:
        bar = "█" * round(width * value / largest)
        console.print(
            f"    {label:<{labels}}  {_figure(key, value):>{numbers}}  [green]{bar}[/green]", soft_wrap=True
        )

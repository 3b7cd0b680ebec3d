"""The month report in the terminal: tables, and a small chart of where the families and the money went."""

from __future__ import annotations

from typing import Any

from domain.money import kzt

TITLES = {
    "en": {
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
        "shelf_total_tiyn": "goods at shelf price", "price_total_tiyn": "goods at discounted price",
        "position": "log position {position}; rules {rules}; valid {valid_from} – {valid_to}",
    },
    "ru": {
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
        "shelf_total_tiyn": "товары по цене полки", "price_total_tiyn": "товары со скидкой",
        "position": "позиция журнала {position}; правила {rules}; действует {valid_from} – {valid_to}",
    },
    "kk": {
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
        "shelf_total_tiyn": "тауарлар сөре бағасымен", "price_total_tiyn": "тауарлар жеңілдікпен",
        "position": "журнал позициясы {position}; ережелер {rules}; {valid_from} – {valid_to} жарамды",
    },
}  # fmt: skip


def month_tables(report: dict[str, Any], language: str) -> None:
    """Print the month report, with a small chart of where the families and the money went."""
    from rich.console import Console
    from rich.table import Table

    words = TITLES[language]
    console = Console()
    console.print(f"\n[bold]{report['names'][language]}, {report['month']}[/bold]")
    grid = Table.grid(padding=(0, 4))
    tables = []
    for section in ("list", "sms", "answers", "vouchers", "sums"):
        table = Table(title=words[section], show_header=False, title_justify="left", min_width=30)
        table.add_column()
        table.add_column(justify="right")
        for key, value in report[section].items():
            table.add_row(words[key], kzt(value) if key.endswith("_tiyn") else f"{value:,}".replace(",", " "))
        tables.append(table)
    grid.add_row(*tables[:2])
    grid.add_row(*tables[2:4])
    grid.add_row(tables[4])
    console.print(grid)
    for title, bars in (("families", _funnel(report)), ("sums", _money(report))):
        console.print(f"[bold]{words[title]}[/bold]")
        _chart(console, [(words[key], value, key) for key, value in bars])
    console.print(
        words["position"].format(
            position=report["log_position"],
            rules=report["rules"],
            valid_from=report["valid_from"],
            valid_to=report["valid_to"],
        ),
        style="dim",
    )


def _funnel(report: dict[str, Any]) -> list[tuple[str, int]]:
    answers = report["answers"]
    return [
        ("families", report["list"]["families"]),
        ("consent_request", report["sms"]["consent_request"]),
        ("consented", answers["consented"]),
        ("refused", answers["refused"] + answers["withdrawn"]),
        ("lapsed", answers["lapsed"]),
    ]


def _money(report: dict[str, Any]) -> list[tuple[str, int]]:
    return [
        (key, report["sums"][key]) for key in ("issued_tiyn", "spent_tiyn", "expired_tiyn", "cancelled_tiyn")
    ]


def _chart(console: Any, bars: list[tuple[str, int, str]], width: int = 40) -> None:
    largest = max((value for _, value, _ in bars), default=0) or 1
    label_width = max(len(label) for label, _, _ in bars)
    for label, value, key in bars:
        number = kzt(value) if key.endswith("_tiyn") else f"{value:,}".replace(",", " ")
        bar = "█" * round(width * value / largest)
        console.print(f"  {label:<{label_width}} [green]{bar:<{width}}[/green] {number}", highlight=False)

"""What the office's pages about lists show: the months that take one, each list, how far it is, who may do what."""

from __future__ import annotations

from typing import Any

from domain.commands.bring_list import APPROVES, BRINGS_IN, READS_ROWS, RETRIES
from domain.office import OfficeMember
from infra.lists.rejects import rejection_of_many
from infra.web.analytics.cells import Writing
from infra.web.office.lists_reading import ListServices, OpenMonth, ShownList
from infra.web.office.lists_words import list_words
from infra.web.refusal_words import refusal_words
from infra.web.words import WORDS


def progress_of(shown: ShownList, language: str) -> dict[str, Any]:
    """How far a list is, in words and percent; `over` when the page is to be read anew."""
    say, writing = list_words(language), Writing(language)
    text = say(f"work_{shown.file.stage}")
    if shown.file.rows:
        text += " · " + say("rows_so_far", rows=writing.count(shown.file.rows))
    return {"over": not shown.under_way, "percent": shown.percent, "text": text, "stage": shown.stage}


def lists_values(lists: ListServices, member: OfficeMember, language: str) -> dict[str, Any]:
    """The page of all lists."""
    return {
        "months": [_month(one, language) for one in lists.months()] if member.has(*BRINGS_IN) else [],
        "brings_in": member.has(*BRINGS_IN),
        "rows": [_row(one, language) for one in lists.all(member)],
    }


def _month(one: OpenMonth, language: str) -> dict[str, Any]:
    say, t = list_words(language), WORDS[language]
    when = say("until", day=t.day(one.cutoff)) if one.open_now else say("opens_on", day=t.day(one.opens_on))
    return {
        "value": f"{one.programme}/{one.month}",
        "name": f"{t.month(one.month)} ({when}): {one.names[language]}",
        "open": one.open_now and one.refusal is None,
        "refusal": refusal_words(one.refusal, language) if one.refusal else "",
    }


def _row(shown: ShownList, language: str) -> dict[str, Any]:
    told, t = shown.file.told, WORDS[language]
    counted = "rows" in told
    return {
        "upload": shown.file.upload,
        "programme": shown.month.programme.names[language],
        "month": t.month(shown.file.month),
        "at": t.minute(shown.file.began_at),
        "stage": "late" if shown.late else shown.stage,
        "rows": told["rows"] if counted else None,
        "rejected": sum(told["rejected"].values()) if counted else None,
        "by": shown.file.staff,
        "decided_by": shown.list.decided_by if shown.list else "",
    }


def list_values(lists: ListServices, shown: ShownList, member: OfficeMember, language: str) -> dict[str, Any]:
    """The page of one list, with what this member may do about it."""
    told, file = shown.file.told, shown.file
    waiting, failed = shown.stage == "waiting", shown.stage == "failed"
    own = member.is_the_same_as(file.staff, file.subject)
    declines = member.has(*APPROVES) or (member.has(*BRINGS_IN) and own)
    return {
        "shown": shown,
        "row": _row(shown, language),
        "told": told,
        "checked": "rows" in told,
        "why": told.get("why", {}).get(language, "") if shown.stage in ("refused", "failed") else "",
        "rejected": _reasons(told.get("rejected", {}), language),
        "numbers_rejected": _reasons(told.get("numbers_rejected", {}), language),
        "progress": progress_of(shown, language),
        "may": {
            "approve": waiting and not shown.late and member.has(*APPROVES) and not own,
            "decline": (waiting or failed) and declines,
            "retry": failed and member.has(*RETRIES),
            "rows": member.has(*READS_ROWS),
        },
        "own": own,
        "cutoff": shown.month.list_cutoff,
    }


def _reasons(rejected: dict[str, int], language: str) -> list[tuple[str, str, int]]:
    """(code, sentence, count), the most frequent first."""
    ordered = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    return [(code, rejection_of_many(code, language), count) for code, count in ordered]

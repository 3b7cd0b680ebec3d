"""What the office's pages show: the morning's needs, the calendar, the round, and how much time is left, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from domain.calendar import local_day
from domain.errors import LANGUAGES
from domain.procedures.acts import Actor
from domain.procedures.definition import APPLICANT
from infra.web.analytics.cells import Writing
from infra.web.office.lists_reading import ListCounts
from infra.web.office.member import OFFICE_ROLES, OPERATOR, OfficeMember
from infra.web.office.parked_words import parked_reason
from infra.web.office.plain import PATH
from infra.web.office.reading import Health, MonthShown, OfficeServices, TaskShown
from infra.web.office.words import office_words
from infra.web.words import WORDS

_DAY_LONG = timedelta(days=2)

Grade = Literal["alarm", "warn", "plain"]


class Span(NamedTuple):
    """How long until something is due, in words; `at` for a script that counts on."""

    text: str
    over: bool
    at: str
    told: str


@dataclass(frozen=True, slots=True)
class Need:
    """Something that wants somebody: how badly, in words, and where it is dealt with."""

    grade: Grade
    text: str
    href: str
    about: str = ""


def member_of(actor: Actor) -> OfficeMember:
    """The actor as the pages about lists know members."""
    return OfficeMember(actor.id, frozenset(actor.roles), actor.subject)


def works_cases(actor: Actor) -> bool:
    """Whether a role of the actor's is one of services."""
    return any(role not in (*OFFICE_ROLES, APPLICANT) for role in actor.roles)


class Speaker:
    """Says numbers, days and spans in one language."""

    def __init__(self, language: str, now: datetime) -> None:
        self.language, self.now = language, now
        self.w = office_words(language)
        self.t = WORDS[language]
        self.count = Writing(language).count
        self.percent = Writing(language).percent

    def span(self, due: datetime | None) -> Span | None:
        """The time to `due`, or since."""
        if due is None:
            return None
        left = abs(due - self.now)
        minutes = int(left.total_seconds()) // 60
        if left >= _DAY_LONG:
            text = self.w("span_days", days=minutes // 1440, hours=minutes % 1440 // 60)
        else:
            text = self.w("span_hours", hours=minutes // 60, minutes=minutes % 60)
        over = due < self.now
        return Span(
            self.w("span_over" if over else "span_left", span=text), over, due.isoformat(), self.t.minute(due)
        )

    def rate(self, per_second: float) -> str:
        """SMS a second."""
        found = f"{per_second:.1f}"
        return self.w("rate_value", rate=found if self.language == "en" else found.replace(".", ","))

    def days(self, task: TaskShown) -> str:
        """How a task of the calendar stands."""
        match task.state:
            case "done":
                on = self.t.day(task.done_on or task.on)
                return self.w("done_late" if task.days_late else "done_on", day=on, days=task.days_late)
            case "late":
                return self.w("late_days", days=task.days_late)
            case "today":
                return self.w("is_today" if task.on >= local_day(self.now) else "is_ending")
        days = (task.on - local_day(self.now)).days
        return self.w("tomorrow") if days == 1 else self.w("in_days", days=self.count(days))

    def percent_of_families(self, month: MonthShown) -> str:
        """How many of the families on the list have answered."""
        figures = month.figures
        answered = figures["consented"] + figures["refused"]
        return self.w(
            "answers_of",
            percent=self.percent(answered, figures["families"]),
            families=self.count(figures["families"]),
        )


def role_words(services: OfficeServices, role: str, language: str) -> str:
    """A role of the office, or of a service, as a reader knows it."""
    if role in OFFICE_ROLES:
        return office_words(language)(f"role_{role}")
    return services.role_names(role)[language]


def frame(
    services: OfficeServices, language: str, actor: Actor, here: str, query: Mapping[str, str]
) -> dict[str, Any]:
    """What every page has: words, tabs by role, languages under which the same is shown."""
    w = office_words(language)
    member = member_of(actor)
    tabs = [("morning", PATH)]
    if member.has(*OFFICE_ROLES):
        tabs.append(("lists", f"{PATH}/lists"))
    tabs.append(("cases", f"{PATH}/cases"))
    if works_cases(actor) and services.has_sittings(actor):
        tabs.append(("sittings", f"{PATH}/sittings"))
    if member.has(*OFFICE_ROLES):
        tabs.append(("parked", f"{PATH}/parked"))
    return {
        "w": w,
        "actor": actor,
        "roles": ", ".join(role_words(services, role, language) for role in actor.roles if role != APPLICANT),
        "trial": services.trial,
        "home": f"{PATH}?lang={language}",
        "tabs": [(w(f"tab_{name}"), f"{href}?lang={language}", name == here) for name, href in tabs],
        "languages": {code: "?" + urlencode({**query, "lang": code}) for code in LANGUAGES},
        "now": services.now(),
        "speaker": Speaker(language, services.now()),
        "parked_reason": parked_reason,
    }


def needs(
    speaker: Speaker,
    actor: Actor,
    months: Sequence[MonthShown],
    parked: int,
    overdue: bool,
    lists: ListCounts,
    health: Health | None,
    elsewhere: bool,
) -> list[Need]:
    """What is late, then what is wrong, then what is due in the next days; `elsewhere`: the page shows another month."""
    w, t, lang, member = speaker.w, speaker.t, speaker.language, member_of(actor)
    today = local_day(speaker.now)
    found: list[Need] = []
    for month in months:
        about = f"{month.names[lang]}: {t.month(month.month)}"
        anchor = f"{f'{PATH}?lang={lang}' if elsewhere else ''}#{month.programme}-{month.month}"
        found += [Need(grade, text, anchor, about) for grade, text in _of_month(speaker, month, today)]
    if overdue:
        found.append(Need("alarm", w("need_overdue"), f"{PATH}/cases?lang={lang}&due=overdue"))
    for key, count in lists._asdict().items():
        if count:
            grade: Grade = "alarm" if key == "late" else "warn"
            said = w(f"need_lists_{key}", count=speaker.count(count))
            found.append(Need(grade, said, f"{PATH}/lists?lang={lang}"))
    if parked:
        found.append(
            Need("warn", w("need_parked", count=speaker.count(parked)), f"{PATH}/parked?lang={lang}")
        )
    if health and health.audited and health.audited.findings:
        found.append(Need("alarm", w("need_audit", count=speaker.count(health.audited.findings)), "#health"))
    if health and member.has(OPERATOR) and health.seconds > 60:
        found.append(Need("warn", w("need_behind", count=speaker.count(health.behind)), "#health"))
    return sorted(found, key=lambda one: ("alarm", "warn", "plain").index(one.grade))


def _of_month(speaker: Speaker, month: MonthShown, today: date) -> list[tuple[Grade, str]]:
    w, t = speaker.w, speaker.t
    found: list[tuple[Grade, str]] = []
    taking = next((one for one in month.tasks if one.task == "close_list"), None)
    if taking is not None and not month.figures["lists_received"]:
        left = (month.cutoff - today).days
        if left < 0:
            found.append(("alarm", w("need_list_over", day=t.day(month.cutoff))))
        elif left == 0:
            found.append(("alarm", w("need_list_today")))
        else:
            said = w("need_list_missing", days=left, day=t.day(month.cutoff))
            found.append(("warn" if taking.state == "soon" else "plain", said))
        if left < 0:
            return found  # without a list nothing else of the month can be done
    for one in month.tasks:
        name = w(f"task_{one.task}")
        if one.state == "late":
            found.append(("alarm", w("need_task_late", task=name, days=one.days_late)))
        elif one.state == "today" and one.task != "close_list":
            found.append(("plain", w("need_task_today", task=name)))
        elif one.state == "soon" and one.task != "close_list":
            found.append(("plain", w("need_task_soon", task=name, day=t.day(one.on))))
    over = all(one.state == "done" for one in month.tasks)
    for key, count in (
        ("need_no_number", 0 if over else month.no_number),
        ("need_unknown", month.unknown),
        ("need_failed", 0 if over else month.figures["sms_failed"]),
    ):
        if count:
            found.append(("warn", w(key, count=speaker.count(count))))
    return found


def next_month(month: str, by: int) -> str:
    """The month before or after."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year:04d}-{number + 1:02d}"

"""Open cases, as many as wanted, saved many at once: most of one licence, a few of another, a few named to one person."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.calendar import ALMATY
from domain.procedures.acts import Act, Actor, Request
from domain.procedures.case import Case
from domain.procedures.case_number import number_of
from domain.procedures.published_service import PublishedService
from domain.procedures.running import RunningService
from infra.bootstrap import Azyq

SERVICE = "licence-design"
RARE_SERVICE = "licence-survey"  # the same steps and roles
EXECUTOR, RARE_EXECUTOR = "executor.one", "executor.two"
RARE = 20  # cases of the rare service, and as many of the rare executor
STAFF = {role: Actor(f"{role}.one", (role,)) for role in ("responsible", "clerk", "head", "executor")}
WAY = (("L2", "accepted", "responsible"), ("L3", "registered", "clerk"), ("L4", "assigned", "head"))
FIRST = datetime(2026, 4, 6, 9, 5, tzinfo=ALMATY)  # a Monday
AT_ONCE = 250


def fill(azyq: Azyq, cases: int) -> None:
    """Cases received over fifteen working days, each named to an executor; the rare ones are due among the last."""
    common, rare = (azyq.services.on(service, FIRST.date()) for service in (SERVICE, RARE_SERVICE))
    for running in (common, rare):
        published = PublishedService.begin(running.service.id, FIRST)
        published.publish(running, FIRST)
        azyq.log.save(published)
    made: list[Case] = []
    for number in range(cases):
        made.append(_case(common, number, number % 15, EXECUTOR))
        if len(made) == AT_ONCE:
            azyq.log.save(*made)
            made.clear()
    made += [_case(rare, cases + number, 14, EXECUTOR) for number in range(RARE)]
    made += [_case(common, cases + RARE + number, 14, RARE_EXECUTOR) for number in range(RARE)]
    azyq.log.save(*made)


def _case(running: RunningService, number: int, day: int, executor: str) -> Case:
    at = FIRST + timedelta(days=day + day // 5 * 2, seconds=number % 7200)
    request = Request("issue", "portal", "", "ru", True, {}, {}, [], [], [], key=str(number), body="b")
    opener = Actor(f"{number:032x}", ("applicant",))
    name = number_of(running.service.prefix, FIRST.year, f"bench/{number}")
    case = Case.open(running, name, opener, request, at)
    case.begin(running, at)
    for step, outcome, role in WAY:
        assignee = executor if step == "L4" else ""
        case.act(running, STAFF[role], Act(step, outcome, assignee=assignee), at + timedelta(minutes=5))
    return case


def common_number(number: int) -> str:
    """The number of a case of the common service, of those filled."""
    return number_of("LD", FIRST.year, f"bench/{number}")

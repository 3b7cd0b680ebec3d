"""A made-up service for the tests of cases: two roles, two signatures, a group step, a discussion, an automatic end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.calendar import ALMATY
from domain.procedures.definition import (
    APPLICANT,
    PUBLIC,
    SYSTEM,
    Channel,
    Document,
    Field,
    Ground,
    Hours,
    Kind,
    Outcome,
    Result,
    Role,
    Schedule,
    Service,
    Step,
    Term,
    Unit,
)
from domain.procedures.definition_file import digest_of
from domain.procedures.running import RunningService
from domain.procedures.working_time import WorkingTime

OFFICE = Hours((1, 2, 3, 4, 5), time(9), time(18, 30), time(13), time(14, 30))
WORDS: dict[str, str] = {"kk": "…", "ru": "…", "en": "…"}
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=ALMATY)


def wd(number: int) -> Term:
    return Term(number, Unit.WORKING_DAYS)


def minutes(number: int) -> Term:
    return Term(number, Unit.MINUTES)


def named(id_: str) -> dict[str, str]:
    return dict.fromkeys(("kk", "ru", "en"), id_)


def outcome(id_: str, **parts: Any) -> Outcome:
    return Outcome(id_, named(id_), **parts)


def step(id_: str, role: str, *outcomes: Outcome, **parts: Any) -> Step:
    return Step(id_, named(id_), role, outcomes, **parts)


def service(steps: tuple[Step, ...], first: tuple[str, ...], **parts: Any) -> Service:
    """A service of these steps; `parts` replace what it has else."""
    roles = ("clerk", "executor", "head", "commission", APPLICANT, PUBLIC)
    values: dict[str, Any] = {
        "id": "made-up",
        "version": "1",
        "effective_from": date(2026, 1, 1),
        "effective_to": None,
        "names": named("made-up"),
        "basis": (),
        "provider": WORDS,
        "drafter": WORDS,
        "prefix": "MU",
        "automation": "partial",
        "form": "electronic",
        "schedule": Schedule(OFFICE, OFFICE, rolls_over=True),
        "channels": (
            Channel("portal", "accept"),
            Channel("state_corporation", "refuse"),
            Channel("internal", "accept"),
        ),
        "term": wd(15),
        "units": {"control": named("control")},
        "roles": {
            **{id_: Role(id_, named(id_), unit="control" if id_ == "executor" else "") for id_ in roles},
            SYSTEM: Role(SYSTEM, named(SYSTEM), automatic=True),
        },
        "kinds": {
            "first": Kind("first", named("first")),
            "reissue": Kind("reissue", named("reissue"), wd(3)),
        },
        "fields": (),
        "documents": (),
        "grounds": {"untrue": Ground("untrue", named("untrue")), "unfit": Ground("unfit", named("unfit"))},
        "results": {
            "licence": Result("licence", named("licence"), "licence", Term(5, Unit.YEARS)),
            "refusal": Result("refusal", named("refusal"), "refusal", refusal=True),
        },
        "first": first,
        "steps": {one.id: one for one in steps},
        "ends": {"granted": named("granted"), "refused": named("refused")},
        "consent": False,
        "notices": {"accepted": WORDS, "done": WORDS},
    }
    return Service(**{**values, **parts})


def licence(**parts: Any) -> Service:
    """Like S000's licences: accepted, named to an executor, prepared, signed by the head."""
    steps = (
        step(
            "accept",
            "clerk",
            outcome("accepted", opens=("name",), notifies="accepted"),
            term=minutes(20),
            escalates_to="head",
        ),
        step("name", "head", outcome("named", opens=("prepare",), assigns="executor"), term=minutes(60)),
        step(
            "prepare",
            "executor",
            outcome(
                "incomplete", ends="refused", grounds=True, when="not complete", term=wd(2), result="refusal"
            ),
            outcome("licence", opens=("sign",), fields=(Field("category", named("category"), "number"),)),
            outcome("refusal", opens=("sign",), grounds=True),
            terms={"reissue": wd(3)},
            escalates_to="head",
        ),
        step(
            "sign",
            "head",
            outcome(
                "granted",
                ends="granted",
                signs=True,
                other_than=("prepare",),
                result="licence",
                when="done('prepare', 'licence')",
                notifies="done",
            ),
            outcome(
                "refused",
                ends="refused",
                signs=True,
                other_than=("prepare",),
                result="refusal",
                when="done('prepare', 'refusal')",
                notifies="done",
            ),
            outcome("back", opens=("prepare",)),
            term=minutes(60),
        ),
    )
    values: dict[str, Any] = {
        "fields": (
            Field("activity", named("activity")),
            Field("phone", named("phone"), "phone", personal=True, required="false"),
            Field("graduated_on", named("graduated_on"), "date", required="false", known_from="education"),
        ),
        "documents": (
            Document("plan", named("plan")),
            Document("diploma", named("diploma"), known_from="education", required="kind == 'first'"),
        ),
    }
    return service(steps, ("accept",), **{**values, **parts})


def running(made: Service, days_off: Mapping[date, bool] | None = None, text: str = "") -> RunningService:
    """The service, ready to run, on a calendar without holidays but `days_off`."""
    off = days_off or {}
    text = text or f"{made.id}@{made.version}"
    hours = WorkingTime(made.schedule.office, off.get, made.schedule.reception)
    return RunningService(made, text, digest_of(text), hours)


def later(at: datetime, **span: float) -> datetime:
    return at + timedelta(**span)

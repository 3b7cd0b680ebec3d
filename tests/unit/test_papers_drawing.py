"""Swim lanes: what stands where, and that lines run through no box, whatever the process (S002-39, S000-08)."""

from __future__ import annotations

from datetime import date, time
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.procedures.definition import (
    Channel,
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
from infra.cases.services import load_services
from infra.papers.drawing import drawn, drawn_whole
from infra.papers.lanes import process_of
from infra.papers.routes import Plan, plan_of
from infra.papers.service_words import ServiceWords
from infra.papers.wrapping import width_of, wrapped
from infra.settings import ROOT

LANGUAGES = ("kk", "ru", "en")
SERVICES = [one.service for one in load_services(ROOT / "services")]
IDS = [f"{service.id}@{service.version}" for service in SERVICES]
LONG = "Біліктілік талаптарына сәйкестігін тексеру, нәтижені дайындау және басшылыққа қол қоюға беру"


def named(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text)


def outcome(id_: str, *opens: str, ends: str = "", result: str = "") -> Outcome:
    return Outcome(id_, named(f"outcome {id_}"), opens=opens, ends=ends, result=result)


def step(id_: str, role: str, *outcomes: Outcome, after: tuple[str, ...] = ()) -> Step:
    return Step(id_, named(f"does {id_}"), role, outcomes, term=Term(2, Unit.WORKING_DAYS), after=after)


def service_of(*steps: Step, name: str = "A service", roles: tuple[str, ...] = ("a", "b", "c")) -> Service:
    hours = Hours((1, 2, 3, 4, 5), time(9), time(18, 30), time(13), time(14, 30))
    return Service(
        id="made-up",
        version="1",
        effective_from=date(2026, 1, 1),
        effective_to=None,
        names=named(name),
        basis=(),
        provider=named("Provider"),
        drafter=named("Drafter"),
        prefix="MU",
        automation="partial",
        form="electronic",
        schedule=Schedule(hours, hours, True),
        channels=(Channel("portal", "accept"),),
        term=Term(15, Unit.WORKING_DAYS),
        units={},
        roles={role: Role(role, named(f"Role {role}")) for role in roles},
        kinds={"only": Kind("only", named("Only"))},
        fields=(),
        documents=(),
        grounds={},
        results={"given": Result("given", named("Given"))},
        first=(steps[0].id,),
        steps={one.id: one for one in steps},
        ends={"done": named("Done"), "refused": named("Refused")},
        consent=False,
    )


def planned(service: Service, language: str = "en") -> Plan:
    return plan_of(process_of(ServiceWords(service, language)))


def check_plan(plan: Plan) -> None:
    """No two boxes overlap, nothing stands outside, and no line runs through a box."""
    edges = {
        placed.box.id: (placed.x - placed.width / 2, placed.y, placed.x + placed.width / 2, placed.bottom)
        for placed in plan.boxes
    }
    for (left, top, right, bottom), (left2, top2, right2, bottom2) in combinations(edges.values(), 2):
        assert right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
    for left, top, right, bottom in edges.values():
        assert 0 <= left < right <= plan.width
        assert plan.head <= top < bottom <= plan.height
    for route in plan.routes:
        assert all(0 <= x <= plan.width and plan.head <= y <= plan.height for x, y in route.points)
        for (x1, y1), (x2, y2) in zip(route.points, route.points[1:], strict=False):
            assert x1 == x2 or y1 == y2, "a line runs across, or down"
            for box, (left, top, right, bottom) in edges.items():
                through = min(x1, x2) < right and max(x1, x2) > left
                through = through and min(y1, y2) < bottom and max(y1, y2) > top
                assert not through, f"{route} runs through {box}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_S002_39_every_shipped_process_can_be_drawn(service: Service, language: str) -> None:
    told = ServiceWords(service, language)
    process = process_of(told)
    check_plan(plan_of(process))
    steps = {box.removeprefix("step:") for box in process.boxes if box.startswith("step:")}
    assert steps == set(service.steps)
    ended = {f"end:{one.id}:{way.ends}" for one in service.steps.values() for way in one.outcomes if way.ends}
    assert ended <= set(process.boxes)
    for page in (drawn_whole(told), *drawn(told)):
        ElementTree.fromstring(page)
        assert "{" not in page


def test_S002_39_one_lane_for_each_unit_and_the_applicant_first() -> None:
    service = service_of(step("one", "a", outcome("x", "two")), step("two", "b", outcome("y", ends="done")))
    process = process_of(ServiceWords(service, "en"))
    assert [lane.name for lane in process.lanes] == ["Applicant", "Role a", "Role b"]


def test_S000_08_a_step_with_two_ways_on_has_a_choice_and_one_with_one_has_none() -> None:
    service = service_of(
        step("one", "a", outcome("x", "two"), outcome("z", ends="refused", result="given")),
        step("two", "b", outcome("y", ends="done")),
    )
    process = process_of(ServiceWords(service, "en"))
    assert "choice:one" in process.boxes
    assert "choice:two" not in process.boxes
    labels = {way.label for way in process.ways if way.source == "choice:one"}
    assert labels == {"outcome x", "outcome z"}


def test_S002_07_branches_side_by_side_and_the_step_that_joins_them() -> None:
    service = service_of(
        step("start", "a", outcome("sent", "left", "right")),
        step("left", "b", outcome("agreed")),
        step("right", "c", outcome("agreed")),
        step("join", "a", outcome("signed", ends="done", result="given"), after=("left", "right")),
    )
    process = process_of(ServiceWords(service, "en"))
    assert process.rows["step:left"] == process.rows["step:right"]
    assert process.rows["step:join"] > process.rows["step:left"]
    assert {way.source for way in process.ways if way.targets == ("step:join",)} == {
        "step:left",
        "step:right",
    }
    check_plan(plan_of(process))


def test_long_texts_are_wrapped_inside_their_boxes() -> None:
    one = Step("one", named(LONG), "a", (Outcome("x", named(LONG), ends="done", result="given"),))
    plan = planned(service_of(one, name=LONG))
    placed = next(placed for placed in plan.boxes if placed.box.id == "step:one")
    assert len(placed.title) > 2
    assert " ".join(placed.title) == LONG
    assert all(width_of(line, 13) <= placed.width for line in placed.title)


def test_texts_of_files_can_not_become_markup() -> None:
    bad = "<script>alert(1)</script>&\"'\x00\ud800"
    service = service_of(Step("one", named(bad), "a", (outcome("x", ends="done"),)), name=bad)
    for language in LANGUAGES:
        page = drawn_whole(ServiceWords(service, language))
        tree = ElementTree.fromstring(page)
        assert not [node for node in tree.iter() if node.tag.endswith("script")]


@given(st.text(max_size=120), st.floats(20, 300))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    text = " ".join(text.split())
    lines = wrapped(text, 11, width)
    kept = "".join(lines).replace("-", "").replace(" ", "")
    assert kept == text.replace("-", "").replace(" ", "")
    assert all(width_of(line, 11) <= width or len(line) <= 7 for line in lines)


@st.composite
def processes(draw: st.DrawFn) -> Service:
    """Any process without circles: branches, joins, early ends."""
    count = draw(st.integers(2, 14))
    roles = tuple(f"r{number}" for number in range(draw(st.integers(1, 6))))
    steps = []
    for number in range(count):
        later = [f"s{other}" for other in range(number + 1, count)]
        outcomes = []
        for way in range(draw(st.integers(1, 4))):
            opens = draw(st.lists(st.sampled_from(later), unique=True, max_size=3)) if later else []
            ends = "" if opens else draw(st.sampled_from(["done", "refused"]))
            outcomes.append(
                outcome(f"o{way}", *opens, ends=ends, result=draw(st.sampled_from(["", "given"])))
            )
        earlier = [f"s{other}" for other in range(number)]
        after = tuple(draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2))) if earlier else ()
        steps.append(step(f"s{number}", draw(st.sampled_from(roles)), *outcomes, after=after))
    return service_of(*steps, roles=roles)


@settings(max_examples=150, deadline=None)
@given(processes())
def test_no_line_runs_through_a_box_whatever_the_process(service: Service) -> None:
    check_plan(planned(service))


@settings(max_examples=30, deadline=None)
@given(processes())
def test_pages_hold_every_step_once(service: Service) -> None:
    told = ServiceWords(service, "en")
    pages = "".join(drawn(told))
    for one in service.steps:
        words = wrapped(f"does {one}", 13, 500)
        assert all(pages.count(f">{word}<") == 1 for word in words)


def test_the_drawing_is_made_of_the_file_alone(tmp_path: Path) -> None:
    told = ServiceWords(SERVICES[0], "ru")
    assert drawn_whole(told) == drawn_whole(ServiceWords(SERVICES[0], "ru"))

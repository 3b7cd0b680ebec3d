"""Results that stand no longer: withdrawn, annulled, or replaced by another, in their own case or by another case."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Refusal
from domain.procedures.case import Case
from domain.procedures.definition import Field
from tests.unit.case_desk import CLERK, HEAD, Desk
from tests.unit.service_to_run import MONDAY, later, named, outcome, running, service, step

HOW = ("withdrawn", "annulled", "replaced")


def licences() -> Any:
    """A licence, given out and then in force until somebody ends it."""
    return service(
        (
            step(
                "give",
                "head",
                outcome("given", opens=("life",), result="licence"),
                outcome("given_and_closed", ends="ended", result="licence"),
            ),
            step(
                "life",
                "clerk",
                *(outcome(how, ends="ended", withdraws=how) for how in HOW),
                outcome("again", opens=("life",), result="licence", withdraws="replaced"),
                within=False,
            ),
        ),
        ("give",),
        ends={"ended": named("ended")},
    )


def by_number(how: str, prefix: str = "WD", id_: str = "made-up-too") -> Any:
    """A service that ends what another case gave out, by its number."""
    asked = Field("paper", named("paper"))
    return service(
        (step("decide", "head", outcome("decided", ends="ended", withdraws=how, withdraws_by="paper")),),
        ("decide",),
        id=id_,
        prefix=prefix,
        fields=(asked,),
        documents=(),
        ends={"ended": named("ended")},
    )


def given_out(desk: Desk, how: str = "given") -> Case:
    case = desk.open(service="made-up", fields={}, documents={})
    desk.act(case, "give", how, HEAD)
    return desk.cases.case(case.case)


def withdrawn(desk: Desk, case: Case) -> list[dict[str, Any]]:
    return [data for topic, data in desk.log.events(case.id) if topic == "case.result_withdrawn"]


@pytest.mark.parametrize("how", HOW)
def test_S002_15_a_result_ends_with_the_outcome_that_withdraws_it(how: str) -> None:
    desk = Desk(running(licences()), at=MONDAY)
    case = given_out(desk)
    assert case.withdrawn == {}
    desk.now = later(MONDAY, hours=2)
    case = desk.act(case, "life", how, CLERK)
    (event,) = withdrawn(desk, case)
    assert (event["number"], event["how"], event["decided_in"], event["replaced_by"]) == (
        f"{case.case}-1",
        how,
        case.case,
        "",
    )
    assert case.withdrawn[f"{case.case}-1"].how == how
    assert case.withdrawn[f"{case.case}-1"].at == desk.now


def test_S002_15_what_is_given_instead_stands_and_is_named() -> None:
    desk = Desk(running(licences()), at=MONDAY)
    case = given_out(desk)
    case = desk.act(case, "life", "again", CLERK)
    assert [event["number"] for event in withdrawn(desk, case)] == [f"{case.case}-1"]
    assert case.withdrawn[f"{case.case}-1"].replaced_by == f"{case.case}-2"
    # what was withdrawn once is not withdrawn again
    case = desk.act(case, "life", "annulled", CLERK)
    assert [event["number"] for event in withdrawn(desk, case)] == [f"{case.case}-1", f"{case.case}-2"]


@pytest.mark.parametrize("how", HOW)
def test_S002_15_another_case_withdraws_by_the_number_also_when_the_first_is_closed(how: str) -> None:
    desk = Desk(running(licences()), running(by_number(how)), at=MONDAY)
    case = given_out(desk, "given_and_closed")
    number = f"{case.case}-1"
    deciding = desk.open(
        service="made-up-too", kind="first", fields={"paper": f" {number.lower()} "}, documents={}
    )
    desk.act(deciding, "decide", "decided", HEAD)
    (event,) = withdrawn(desk, case)
    assert (event["number"], event["how"], event["decided_in"]) == (number, how, deciding.case)
    assert withdrawn(desk, deciding) == []
    # a second decision finds nothing left to end
    second = desk.open(service="made-up-too", kind="first", fields={"paper": number}, documents={})
    if how == "replaced":
        desk.act(second, "decide", "decided", HEAD)
    else:
        with pytest.raises(Refusal) as caught:
            desk.act(second, "decide", "decided", HEAD)
        assert (caught.value.code, caught.value.field) == ("result_unknown", "fields.paper")
    assert len(withdrawn(desk, case)) == 1


@pytest.mark.parametrize("number", ["LD-2026-ZZZZZZZZ-1", "12345", "№ 77 of 2011", "{case}-2", "{case}"])
def test_S002_15_a_number_that_is_none_of_ours_ends_nothing(number: str) -> None:
    desk = Desk(running(licences()), running(by_number("annulled")), at=MONDAY)
    case = given_out(desk)
    asked = {"paper": number.format(case=case.case)}
    deciding = desk.open(service="made-up-too", kind="first", fields=asked, documents={})
    with pytest.raises(Refusal) as caught:
        desk.act(deciding, "decide", "decided", HEAD)
    assert caught.value.code == "result_unknown"
    assert withdrawn(desk, case) == []
    assert "decide" in desk.cases.case(deciding.case).steps


def test_S002_15_a_licence_of_an_earlier_register_may_be_replaced_all_the_same() -> None:
    desk = Desk(running(licences()), running(by_number("replaced")), at=MONDAY)
    deciding = desk.open(service="made-up-too", kind="first", fields={"paper": "№ 77 of 2011"}, documents={})
    assert desk.act(deciding, "decide", "decided", HEAD).end == "ended"

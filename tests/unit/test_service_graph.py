"""The order of a service's steps: circles, dead ends, what is never reached, and terms that add up to too much."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from domain.procedures.definition import Hours
from domain.procedures.longest_path import longest_path, working_minutes
from domain.procedures.terms import hours, term
from infra.cases.services import load_service
from infra.settings import ROOT
from tests.service_example import EXAMPLE, example_with, parsed, problems, problems_of

NAMES = 'names = { kk = "а", ru = "б", en = "c" }'
OFFICE: Hours = hours("1-5 09:00-18:30 break 13:00-14:30")


class Way(NamedTuple):
    """An outcome: what it opens, or how it ends, and more lines."""

    opens: str = ""
    ends: str = ""
    more: str = ""


def step(id_: str, *ways: Way, more: str = "", role: str = "clerk") -> str:
    """A step with these outcomes, `o1`, `o2`, ..."""
    text = f'\n[[steps]]\nid = "{id_}"\n{NAMES}\nrole = "{role}"\n{more}\n'
    for number, way in enumerate(ways, start=1):
        opens = ", ".join(f'"{one}"' for one in way.opens.split())
        text += f'[[steps.outcomes]]\nid = "o{number}"\n{NAMES}\nopens = [{opens}]\nends = "{way.ends}"\n{way.more}\n'
    return text


def service(*steps: str, first: str = "a", results: bool = False, term: str = "") -> str:
    """A service of these steps, ending as `done`; with the example's results where asked."""
    head, _, rest = EXAMPLE.partition("\n[[steps]]")
    if not results:
        head = head.partition("\n[[results]]")[0] + "\n"
    tail = "\n[notices.ready]" + rest.partition("\n[notices.ready]")[2]
    ids = ", ".join(f'"{one}"' for one in first.split())
    head = head.replace('first = ["take"]', f"first = [{ids}]").replace(
        'term = "5 wd"\n', term and f'term = "{term}"\n'
    )
    return head + "".join(steps) + '\n[ends.done]\nkk = "а"\nru = "б"\nen = "c"\n' + tail


def test_a_straight_way_to_an_end_is_sound() -> None:
    assert problems_of(service(step("a", Way("b")), step("b", Way(ends="done")))) == []


def test_a_circle_is_told_with_its_steps() -> None:
    text = service(step("a", Way("b")), step("b", Way("c"), Way(ends="done")), step("c", Way("b")))
    assert problems_of(text) == ["steps[2]: leads back to itself: b -> c -> b"]


def test_a_step_that_opens_itself_is_a_circle() -> None:
    assert problems_of(service(step("a", Way("a"), Way(ends="done")))) == [
        "steps[1]: leads back to itself: a -> a"
    ]


def test_two_hundred_steps_with_two_ways_between_each_are_checked_at_once() -> None:
    steps = [step(f"s{n}", Way(f"s{n + 1}"), Way(f"s{min(n + 2, 199)}")) for n in range(199)]
    text = service(*steps, step("s199", Way(ends="done")), first="s0")
    assert problems_of(text) == []


def test_a_step_that_no_case_comes_to_is_told() -> None:
    text = service(step("a", Way(ends="done")), step("b", Way(ends="done")))
    assert problems_of(text) == ["steps[2]: no case comes to step b"]


def test_a_dead_end_is_told_by_its_outcome() -> None:
    text = service(step("a", Way("b"), Way()), step("b", Way(ends="done")))
    assert problems_of(text) == [
        "steps[1].outcomes[2]: opens nothing and ends nothing: a case would stay open for ever"
    ]


def test_no_way_to_an_end_is_told() -> None:
    found = problems_of(service(step("a", Way("b")), step("b", Way())))
    assert "ends.done: no case ends so" in found
    assert "steps[2].outcomes[1]: opens nothing and ends nothing: a case would stay open for ever" in found


def test_a_service_without_a_first_step_is_told() -> None:
    found = problems_of(service(step("a", Way(ends="done")), first=""))
    assert found == ["first: names no step: a case would have nothing to begin with"]


def test_a_step_whose_outcomes_all_stay_is_told() -> None:
    text = service(step("a", Way(more="stays = true")))
    assert problems_of(text) == ["steps[1].outcomes: none ends the step: every one stays"]


def test_S002_04_a_remark_that_stays_beside_what_ends_the_step_is_sound() -> None:
    assert problems_of(service(step("a", Way(more="stays = true"), Way(ends="done")))) == []


def test_S002_07_side_by_side_and_joined() -> None:
    text = service(
        step("a", Way("b c")),
        step("b", Way()),
        step("c", Way()),
        step("d", Way(ends="done"), more='after = ["b", "c"]'),
    )
    assert problems_of(text) == []


def test_S002_07_a_step_passed_over_counts_for_the_join() -> None:
    text = service(
        step("a", Way("b c")),
        step("b", Way()),
        step("c", Way(), more="when = \"kind == 'again'\""),
        step("d", Way(ends="done"), more='after = ["b", "c"]'),
    )
    assert problems_of(text) == []


def test_a_join_that_can_never_happen_is_told() -> None:
    text = service(
        step("a", Way("b"), Way("c"), Way("e")),
        step("b", Way()),
        step("c", Way()),
        step("d", Way(ends="done"), more='after = ["b", "c"]'),
        step("e", Way(ends="done")),
    )
    assert "steps[4].after: b, c are never all done in one case" in problems_of(text)


def test_a_join_that_some_way_never_comes_to_is_told() -> None:
    text = service(
        step("a", Way("b c")),
        step("b", Way(), Way("e")),
        step("c", Way()),
        step("d", Way(ends="done"), more='after = ["c", "e"]'),
        step("e", Way()),
    )
    assert problems_of(text) == [
        "steps[2].outcomes[1]: opens nothing and ends nothing: a case would stay open for ever",
        "steps[3].outcomes[1]: opens nothing and ends nothing: a case would stay open for ever",
    ]


def test_one_step_waited_for_by_two_joins_opens_both_once() -> None:
    text = service(
        step("a", Way("b c")),
        step("b", Way()),
        step("c", Way()),
        step("d", Way(), more='after = ["b"]'),
        step("e", Way(ends="done"), more='after = ["b", "c", "d"]'),
    )
    assert problems_of(text) == []


def test_a_step_that_waits_for_others_is_opened_by_nothing_else() -> None:
    text = service(step("a", Way("b")), step("b", Way(ends="done"), more='after = ["a"]'), first="a b")
    assert problems_of(text) == [
        "first[2]: b opens once the steps that it comes after are done",
        "steps[1].outcomes[1].opens[1]: b opens by itself, once the steps that it comes after are done",
    ]


def test_a_step_that_waits_for_itself_is_told() -> None:
    found = problems_of(service(step("a", Way(ends="done")), step("b", Way(), more='after = ["b"]')))
    assert "steps[2].after: b waits for itself" in found


def test_a_step_that_opens_twice_in_one_case_is_told() -> None:
    text = service(
        step("a", Way("b c")), step("b", Way("d")), step("c", Way("d")), step("d", Way(ends="done"))
    )
    assert "steps[3].outcomes[1]: opens d while it is open already: join the ways by after" in problems_of(
        text
    )


def test_a_step_alone_that_is_passed_over_leads_nowhere() -> None:
    text = service(step("a", Way("b")), step("b", Way(ends="done"), more='when = "complete"'))
    assert problems_of(text) == ["steps[1].outcomes[1]: goes nowhere when b is passed over"]


def test_a_step_whose_condition_may_not_hold_leads_nowhere_either() -> None:
    text = service(step("a", Way("b")), step("b", Way(ends="done"), more='when = "not complete"'))
    assert problems_of(text) == ["steps[1].outcomes[1]: goes nowhere when b is passed over"]


def test_one_of_two_steps_is_passed_over() -> None:
    text = service(
        step("a", Way("b c")),
        step("b", Way(ends="done"), more='when = "complete"'),
        step("c", Way(ends="done"), more='when = "not complete"'),
    )
    assert problems_of(text) == []


def test_an_outcome_whose_condition_no_ending_meets_is_told() -> None:
    text = service(
        step("a", Way("b"), Way("b")),
        step(
            "b",
            Way(ends="done", more="when = \"done('a', 'o1')\""),
            Way(ends="done", more="when = \"done('a', 'o1') and done('a', 'o2')\""),
        ),
    )
    assert problems_of(text) == [
        "steps[2].outcomes: none can be taken when a ended as o2",
        "steps[2].outcomes[2].when: never holds",
    ]


def test_more_ways_side_by_side_than_can_be_walked_are_told() -> None:
    many = " ".join(f"s{n}" for n in range(16))
    steps = [step(f"s{n}", Way()) for n in range(16)]
    after = ", ".join(f'"s{n}"' for n in range(16))
    text = service(step("a", Way(many)), *steps, step("z", Way(ends="done"), more=f"after = [{after}]"))
    assert problems_of(text) == ["steps: run side by side in too many ways for all of them to be checked"]


# Refusals and two persons


def test_S002_22_a_refusal_needs_a_ground() -> None:
    assert problems(("grounds = true\n", "")) == [
        "steps[4].outcomes[1].result: refusal is a refusal without a ground (S002-22)"
    ]


def test_S002_22_a_ground_needs_a_closed_list() -> None:
    list_ = EXAMPLE[EXAMPLE.index("[[grounds]]") : EXAMPLE.index("[[results]]")]
    assert problems((list_, "")) == [
        "steps[2].outcomes[2].grounds: asks for a ground, and the service has no [[grounds]] (S002-22)"
    ]


def test_S003_07_one_signature_for_both_results_knows_by_the_preparation_which() -> None:
    """The head signs what was prepared: the conditions tell which, and so whether there was a ground."""
    sign = [
        Way(ends="done", more="when = \"done('a', 'o1')\"\nresult = \"permit\""),
        Way(ends="done", more="when = \"done('a', 'o2')\"\nresult = \"refusal\""),
    ]
    prepared = step("a", Way("b"), Way("b", more="grounds = true"))
    assert problems_of(service(prepared, step("b", *sign), results=True)) == []
    blind = [way._replace(more=way.more.replace("done('a', 'o2')", "complete")) for way in sign]
    assert problems_of(service(prepared, step("b", *blind), results=True)) == [
        "steps[2].outcomes[2].result: refusal is a refusal without a ground (S002-22)"
    ]


def test_a_result_that_no_case_gives_is_told() -> None:
    found = problems_of(service(step("a", Way(ends="done")), results=True))
    assert found == ["results[1]: no case gives permit", "results[2]: no case gives refusal"]


def test_S000_L6_who_must_be_another_person_came_before() -> None:
    text = service(step("a", Way("b", more='other_than = ["b"]')), step("b", Way(ends="done")))
    assert problems_of(text) == ["steps[1].outcomes[1].other_than[1]: b never comes before a"]


# Terms


def timed(*terms: str, promised: str = "") -> str:
    """Steps one after another with these terms, in a service of the term `promised`."""
    steps = [
        step(
            f"s{n}", Way(f"s{n + 1}") if n < len(terms) else Way(ends="done"), more=one and f'term = "{one}"'
        )
        for n, one in enumerate(terms, start=1)
    ]
    return service(*steps, first="s1", term=promised)


def test_S002_33_a_step_longer_than_the_standard_is_told() -> None:
    assert problems_of(timed("20 min", "6 wd", promised="5 wd")) == [
        "steps[2].term: 6 wd is more than the service's term, 5 wd (S002-33)"
    ]


def test_S002_33_steps_that_take_too_long_together_are_told() -> None:
    assert problems_of(timed("20 min", "1 h", "5 wd", promised="5 wd")) == [
        "term: 5 wd is less than 5 wd 80 min, which the steps s1, s2, s3 take together (S002-33)"
    ]


@pytest.mark.parametrize(
    ("terms", "promised"),
    [
        (["3 h", "5 h", "4 wd"], "5 wd"),  # a working day has eight hours
        (["30 cd"], "1 mo"),
        (["20 wd"], "1 mo"),
        (["5 wd"], "7 cd"),
        (["11 mo", "30 cd"], "1 y"),
        (["", "5 wd"], "5 wd"),
    ],
)
def test_S002_33_terms_within_the_standard_are_sound(terms: list[str], promised: str) -> None:
    assert problems_of(timed(*terms, promised=promised)) == []


@pytest.mark.parametrize(
    ("terms", "promised"),
    [(["6 wd"], "7 cd"), (["31 cd"], "1 mo"), (["1 min", "5 wd"], "5 wd"), (["1 h"], "59 min")],
)
def test_S002_33_terms_beyond_the_standard_are_told(terms: list[str], promised: str) -> None:
    assert "S002-33" in "\n".join(problems_of(timed(*terms, promised=promised)))


def test_S002_33_the_longest_of_ways_side_by_side_counts() -> None:
    text = service(
        step("a", Way("b c"), more='term = "1 wd"'),
        step("b", Way(), more='term = "2 wd"'),
        step("c", Way(), more='term = "3 wd"'),
        step("d", Way(ends="done"), more='after = ["b", "c"]\nterm = "1 wd"'),
        term="4 wd",
    )
    assert problems_of(text) == [
        "term: 4 wd is less than 5 wd, which the steps a, c, d take together (S002-33)"
    ]


def test_S002_33_a_step_outside_the_service_takes_nothing_of_its_term() -> None:
    text = service(
        step("a", Way("b"), more='term = "30 cd"\nwithin = false'),
        step("b", Way(ends="done"), more='term = "5 wd"'),
        term="5 wd",
    )
    assert problems_of(text) == []


def test_S000_L5b_a_kind_has_a_term_of_its_own() -> None:
    kinds = 'en = "First" }'
    assert problems((kinds, f'{kinds}\nterm = "3 wd"')) == [
        "kinds[1].term: 3 wd is less than 3 wd 80 min, which the steps take, check, sign take together (S002-33)"
    ]
    own = ('escalates_to = "head"', 'escalates_to = "head"\nterms = { first = "1 wd" }')
    assert problems((kinds, f'{kinds}\nterm = "3 wd"'), own) == []


def test_S000_L5a_an_outcome_has_a_term_of_its_own() -> None:
    refused = ("grounds = true", 'grounds = true\nterm = "2 wd"')
    path = longest_path(parsed(refused), "first")
    assert path.steps == ("take", "check", "sign")
    shorter = [refused, ('id = "good"', 'id = "good"\nterm = "1 wd"')]
    assert str(longest_path(parsed(*shorter), "first")) == "2 wd 80 min"


def test_S000_L5a_what_ends_the_case_opens_nothing_that_waited() -> None:
    text = service(
        step("a", Way(ends="done", more='term = "4 wd"'), Way(), more='term = "1 wd"'),
        step("b", Way(ends="done"), more='after = ["a"]\nterm = "3 wd"'),
        term="4 wd",
    )
    assert problems_of(text) == []


def test_S000_T15_the_longest_path_of_attestation() -> None:
    attestation = load_service(ROOT / "services" / "attestation.toml").service
    assert {str(longest_path(attestation, kind)) for kind in attestation.kinds} == {"26 wd 100 min"}


def test_working_minutes_of_each_unit() -> None:
    minutes = {
        text: working_minutes(term(text), OFFICE) for text in ("20 min", "1 h", "2 wd", "7 cd", "1 mo", "1 y")
    }
    assert minutes == {
        "20 min": 20,
        "1 h": 60,
        "2 wd": 960,
        "7 cd": 2400,
        "1 mo": 30 * 480 * 5 // 7,
        "1 y": 365 * 480 * 5 // 7,
    }


def test_the_example_is_sound() -> None:
    assert problems_of(example_with()) == []

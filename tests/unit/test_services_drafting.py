"""How standards and regulations are drafted (S002), run from the register's entry to the end in every outcome.

6 April 2026 is a Monday; 11 May and 6 July are days off.
"""

from __future__ import annotations

import pytest

from domain.procedures.longest_path import longest_path
from tests.unit.ways_through import Story, Turn, Way, play, service, told, untaken

NAME = "Жобалау қызметіне лицензия беру"
ENTRY = {
    "register_name": NAME,
    "registered_on": "2026-04-06",
    "electronic": "yes",
    "via_corporation": "no",
    "answers_to_president": "yes",
}
DUE = "07.07 18:30"  # three months: 6 July is Capital day

PLACED = Turn(
    "10.04 15:00",
    "drafter",
    "place",
    "placed",
    due="13.04 18:30",
    fields={"draft_name": NAME, "places": "egov.kz", "told_otherwise": "Радио"},
    documents=("draft",),
)
COMMENT = Turn(
    "20.04 21:00",
    "public",
    "discussion",
    "comment",
    fields={"comment_kind": "proposal", "content": "Мерзімді қысқарту", "author": "Б. Асанов"},
)
CLOSED = Turn("13.05 00:05", "system", "discussion", "closed", due="12.05 18:30")
TAKEN = Turn("14.05 10:00", "drafter", "report", "taken", fields={"remark": 1, "decision_grounds": "Орынды"})
NOT_TAKEN = Turn(
    "14.05 10:05", "drafter", "report", "not_taken", fields={"remark": 2, "decision_grounds": "Заңға қайшы"}
)
POSTED = Turn(
    "15.05 10:00",
    "drafter",
    "report",
    "posted",
    due=DUE,
    fields={"read_at": "egov.kz"},
    documents=("reworked_draft",),
)
SENT = Turn(
    "18.05 10:00",
    "drafter",
    "send",
    "sent",
    due=DUE,
    fields={"sent_to": "Қаржы министрлігі, әкімдіктер"},
)
AGREED = {
    step: Turn(at, role, step, "agreed", due=DUE)
    for at, role, step in (
        ("25.05 10:00", "interested", "agree_interested"),
        ("26.05 10:00", "services_body", "agree_services"),
        ("27.05 10:00", "informatisation_body", "agree_informatisation"),
        ("28.05 10:00", "administration", "agree_administration"),
    )
}
REMARKS = {
    step: Turn("22.05 10:00", turn.role, step, "remarks", fields={"objection": "2.1 тармақ"})
    for step, turn in AGREED.items()
}
APPROVED = Turn("29.05 10:00", "drafter_head", "approve", "approved", due=DUE, fields={"act_number": "126"})
INTO_FORCE = (
    Turn("01.06 10:00", "drafter", "publish", "published", fields={"published_on": "2026-06-01"}),
    Turn("12.06 10:00", "drafter", "enter", "in_force", fields={"in_force_on": "2026-06-12"}),
)
REPEALED = Turn("19.02.2027 10:00", "drafter", "life", "repealed", fields={"ended_on": "2027-02-19"})
AMENDED = Turn("19.02.2027 10:00", "drafter", "life", "amended", fields={"ended_on": "2027-02-19"})
BEFORE_AGREEMENT = (PLACED, COMMENT, COMMENT, CLOSED, TAKEN, NOT_TAKEN, POSTED, SENT)

STANDARD = Way(
    "drafting-standard",
    "06.04 10:00",
    (*BEFORE_AGREEMENT, *REMARKS.values(), *AGREED.values(), APPROVED, *INTO_FORCE, REPEALED),
    end="repealed",
    promised=DUE,
    kind="new",
    channel="internal",
    fields=ENTRY,
    opener="drafter",
    results=("standard",),
)


def withdrawn(*turns: Turn, at: str, role: str, step: str, due: str = DUE) -> Way:
    """The draft is taken back at `step`."""
    return STANDARD.but(
        turns=(*turns, Turn(at, role, step, "withdrawn", due=due)), end="withdrawn", results=()
    )


WAYS = {
    "repealed": STANDARD,
    "amended": STANDARD.but(
        turns=(*BEFORE_AGREEMENT, *AGREED.values(), APPROVED, *INTO_FORCE, AMENDED), end="amended"
    ),
    "withdrawn at once": withdrawn(at="07.04 10:00", role="drafter", step="place", due="13.04 18:30"),
    "withdrawn after the discussion": withdrawn(
        PLACED, CLOSED, at="14.05 10:00", role="drafter", step="report"
    ),
    "withdrawn during the agreement": withdrawn(
        *BEFORE_AGREEMENT, at="20.05 10:00", role="drafter", step="agree_services"
    ),
    "not approved": withdrawn(
        *BEFORE_AGREEMENT, *AGREED.values(), at="29.05 10:00", role="drafter_head", step="approve"
    ),
}
DRAFTED = Turn(
    "20.04 10:00",
    "drafter",
    "draft",
    "drafted",
    due="06.05 18:30",
    fields={"draft_name": NAME, "within_standard": "yes"},
    documents=("draft", "model"),
)
PUBLISHED = Turn(
    "28.04 10:00",
    "drafter",
    "publish",
    "published",
    fields={"published_on": "2026-04-28", "in_force_on": "2026-05-09"},
)
REGULATION = Way(
    "drafting-regulation",
    "06.04 10:00",
    (
        DRAFTED,
        Turn(
            "24.04 10:00",
            "head",
            "approve",
            "approved_by_resolution",
            due="06.05 18:30",
            fields={"act_number": "98"},
        ),
        PUBLISHED,
        REPEALED,
    ),
    end="repealed",
    promised="06.05 18:30",
    kind="oblast",
    channel="internal",
    fields={"register_name": NAME, "standard_in_force_on": "2026-04-06"},
    opener="drafter",
    results=("regulation",),
)
REGULATION_WAYS = {
    "by resolution": REGULATION,
    "by act": REGULATION.but(
        kind="central",
        turns=(
            DRAFTED,
            Turn(
                "24.04 10:00",
                "head",
                "approve",
                "approved_by_act",
                due="06.05 18:30",
                fields={"act_number": "98"},
            ),
            PUBLISHED,
            AMENDED,
        ),
        end="amended",
    ),
    "not approved": REGULATION.but(
        turns=(
            DRAFTED,
            Turn(
                "24.04 10:00",
                "head",
                "approve",
                "not_approved",
                due="06.05 18:30",
                fields={"reasons": "Мерзім"},
            ),
        ),
        end="withdrawn",
        results=(),
    ),
    "withdrawn": REGULATION.but(
        turns=(Turn("07.04 10:00", "drafter", "draft", "withdrawn", due="06.05 18:30"),),
        end="withdrawn",
        results=(),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_S002_01_a_standard_goes_every_way(way: str) -> None:
    play(WAYS[way]).then_ends_as_told()


@pytest.mark.parametrize("way", REGULATION_WAYS)
def test_S002_30_a_regulation_goes_every_way(way: str) -> None:
    play(REGULATION_WAYS[way]).then_ends_as_told()


def test_S002_01_no_outcome_of_drafting_a_standard_is_left_out() -> None:
    assert untaken("drafting-standard", WAYS) == set()


def test_S002_30_no_outcome_of_drafting_a_regulation_is_left_out() -> None:
    assert untaken("drafting-regulation", REGULATION_WAYS) == set()


def test_S002_02_three_months_from_the_registers_entry_and_none_for_an_amendment() -> None:
    assert told(Story(STANDARD).case.due_at) == DUE
    # told late, it counts from the entry all the same
    assert told(Story(STANDARD.but(at="20.04 10:00")).case.due_at) == DUE
    assert Story(STANDARD.but(kind="amendment")).case.due_at is None


def test_S002_03_the_draft_is_placed_within_five_days_of_the_entry() -> None:
    Story(STANDARD).take(PLACED, at="13.04 18:30")
    Story(STANDARD).take(PLACED, at="14.04 09:00", late=True)
    story = Story(STANDARD.but(at="20.04 10:00"))
    story.take(PLACED, at="20.04 10:05", late=True)
    story = Story(STANDARD)
    story.then_refused("field_missing", PLACED, fields={"draft_name": NAME, "places": "egov.kz"})
    story.then_refused("document_missing", PLACED, documents=())


def test_S002_04_the_discussion_is_closed_by_itself_after_thirty_days_and_shuts_out_later_comments() -> None:
    story = Story(STANDARD).go((PLACED, COMMENT))
    # the thirtieth day is a Sunday and Monday is off: until Tuesday evening comments are in time
    story.take(COMMENT, at="12.05 18:30")
    story.take(CLOSED)
    story.take(COMMENT, at="13.05 09:00", late=True)
    remarks = story.events("remark_recorded")
    assert [(one["number"], one["late"]) for one in remarks] == [(1, False), (2, False), (3, True)]
    assert all("author" in one["sealed"] and "author" not in one["facts"] for one in remarks)


@pytest.mark.parametrize("role", ["public", "drafter"])
def test_S002_04_nobody_else_closes_the_discussion(role: str) -> None:
    story = Story(STANDARD).go((PLACED,))
    story.then_refused("not_your_step", CLOSED, role=role, at="20.04 10:00")


def test_S002_05_each_comment_is_answered_by_its_number_with_grounds() -> None:
    story = Story(STANDARD).go(BEFORE_AGREEMENT[:4])
    story.then_refused("field_missing", TAKEN, fields={"remark": 1})
    story.then_refused("field_malformed", TAKEN, fields={"remark": 3, "decision_grounds": "Орынды"})
    story.go((TAKEN, NOT_TAKEN, POSTED))
    answers = [one for one in story.events("remark_recorded") if one["step"] == "report"]
    assert [(one["outcome"], one["facts"]["remark"]) for one in answers] == [
        ("taken", "1"),
        ("not_taken", "2"),
    ]


def test_S002_06_the_reworked_draft_goes_to_the_interested_bodies() -> None:
    story = Story(STANDARD).go(BEFORE_AGREEMENT)
    assert "agree_interested" in story.case.steps
    assert story.events("acted")[-1]["facts"]["sent_to"] == "Қаржы министрлігі, әкімдіктер"


@pytest.mark.parametrize(
    ("electronic", "via_corporation", "answers_to_president", "asked"),
    [
        ("no", "no", "no", {"agree_interested", "agree_services"}),
        ("yes", "no", "no", {"agree_interested", "agree_services", "agree_informatisation"}),
        ("no", "yes", "no", {"agree_interested", "agree_services", "agree_informatisation"}),
        ("no", "no", "yes", {"agree_interested", "agree_services", "agree_administration"}),
        ("yes", "yes", "yes", set(AGREED)),
    ],
)
def test_S002_07_who_agrees_side_by_side_follows_from_the_service(
    electronic: str, via_corporation: str, answers_to_president: str, asked: set[str]
) -> None:
    fields = {
        "electronic": electronic,
        "via_corporation": via_corporation,
        "answers_to_president": answers_to_president,
    }
    story = Story(STANDARD.but(fields=fields)).go(BEFORE_AGREEMENT)
    assert set(story.case.steps) == asked
    # approval opens when the last of them has agreed, in whatever order
    for step in sorted(asked, reverse=True):
        assert "approve" not in story.case.steps
        story.take(AGREED[step], at="28.05 11:00")
    assert set(story.case.steps) == {"approve"}


def test_S002_07_a_body_that_does_not_agree_says_why_and_the_draft_waits() -> None:
    story = Story(STANDARD).go((*BEFORE_AGREEMENT, REMARKS["agree_services"]))
    assert "agree_services" in story.case.steps
    story.then_refused("not_your_step", AGREED["agree_services"], role="interested")


def test_S002_08_an_amendment_goes_through_the_same_discussion() -> None:
    story = Story(STANDARD.but(kind="amendment"))
    story.take(PLACED).take(COMMENT)
    assert told(story.case.steps["discussion"].due_at) == "12.05 18:30"


def test_S002_10_the_name_is_the_registers() -> None:
    other = {**PLACED.fields, "draft_name": "Лицензия беру"}
    assert Story(STANDARD).then_refused("outcome_not_open", PLACED, fields=other).field == "outcome"


def test_S002_30_by_the_central_bodys_act_or_the_akims_resolution() -> None:
    story = Story(REGULATION).go((DRAFTED,))
    story.then_refused("outcome_not_open", REGULATION_WAYS["by act"].turns[1])
    central = Story(REGULATION_WAYS["by act"]).go((DRAFTED,))
    central.then_refused("outcome_not_open", REGULATION.turns[1])
    assert central.take(REGULATION_WAYS["by act"].turns[1]).events("acted")[-1]["signature"] != []


def test_S002_31_thirty_days_after_the_standard_takes_effect() -> None:
    assert told(Story(REGULATION).case.due_at) == "06.05 18:30"
    assert told(Story(REGULATION.but(at="20.04 10:00")).case.due_at) == "06.05 18:30"
    Story(REGULATION).take(DRAFTED, at="07.05 10:00", late=True)


@pytest.mark.parametrize("wrong", [{"draft_name": "Лицензия беру"}, {"within_standard": "no"}])
def test_S002_32_the_name_equals_the_standards_and_terms_stay_within_it(wrong: dict[str, str]) -> None:
    story = Story(REGULATION)
    assert (
        story.then_refused("outcome_not_open", DRAFTED, fields={**DRAFTED.fields, **wrong}).field == "outcome"
    )


def test_S002_33_terms_of_every_shipped_service_stay_within_its_own() -> None:
    for service_id in ("licence-design", "attestation", "accreditation", "analyst-access"):
        for kind in service(service_id).kinds:
            path = longest_path(service(service_id), kind)
            assert all(not service(service_id).steps[one].within or path.terms for one in path.steps)
    assert str(longest_path(service("licence-design"), "issue")) == "2 wd 100 min"


def test_S002_34_the_process_is_modelled_before_approval() -> None:
    assert (
        Story(REGULATION).then_refused("document_missing", DRAFTED, documents=("draft",)).field
        == "documents.model"
    )


def test_S002_39_the_reference_is_published_on_the_portal_and_the_providers_site() -> None:
    assert (
        service("drafting-regulation").texts["publication"]["en"]
        == "The e-government portal and the provider's site."
    )
    assert Story(REGULATION).go(REGULATION.turns[:2]).case.steps["publish"].due_at is None

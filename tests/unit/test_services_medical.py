"""The medical certificates of S003, each run from its first step to its last in every outcome; what each asks of whom.

6 April 2026 is a Monday; the 5 working days after it end on the 13th, the 10 on the 20th.
"""

from __future__ import annotations

from collections.abc import Collection

import pytest

from domain.errors import Refusal
from tests.unit.ways_through import Story, Turn, Way, moment, play, running, service, told, untaken

A, B, C, D = (
    "admission-clinical-practice",
    "circulation-of-medicines",
    "foreign-specialist",
    "sanitary-wellbeing",
)
ALL = (A, B, C, D)
PERSON = {
    "surname": "Сейткали",
    "given_name": "Айгүл",
    "iin": "880502400017",
    "phone": "+77011234567",
    "department": "431010000",
    "speciality": "Терапия",
}
SHAPE_A = {
    **PERSON,
    "new_speciality": "no",
    "claimed": "doctor",
    "clinical": "yes",
    "level": "higher",
    "diploma_in": "general_medicine",
    "graduated_on": "2018-06-30",
    "educated": "kazakhstan",
    "certificate": "none",
    "works": "never",
}
WORKING = {"works": "now", "works_since": "2019-08-01", "unbroken": "yes"}
CERTIFIED = {
    "certificate": "dated",
    "certificate_number": "KZ-1",
    "certificate_until": "2026-05-01",
    **WORKING,
    "training_on": "2025-10-01",
    "training_credits": "4",
}


def turns(prepared: str, due: str, ground: str = "") -> tuple[Turn, ...]:
    """Accepted, considered, signed; all due when the request is."""
    signed = "refusal_signed" if ground else "certificate_signed"
    return (
        Turn("06.04 10:30", "clerk", "accept", "accepted", due=due),
        Turn("08.04 10:00", "specialist", "consider", prepared, due=due, ground=ground),
        Turn("08.04 12:00", "head", "sign", signed, due=due),
    )


def granted(service_id: str, prepared: str = "certificate_prepared", **parts: object) -> Way:
    """A request that ends with a certificate."""
    due = "20.04 18:30" if service_id == D else "13.04 18:30"
    way = Way(
        service_id,
        "06.04 10:00",
        turns(prepared, due),
        end="granted",
        promised=due,
        results=("certificate",),
        notices=("accepted", "ready"),
    )
    return way.but(**parts)


def refused(way: Way, ground: str = "untrue") -> Way:
    """The same request, refused."""
    return way.but(
        turns=turns("refusal_prepared", way.promised, ground),
        end="refused",
        results=("refusal",),
        notices=("accepted", "refused"),
    )


A_FIRST = granted(A, kind="first", fields=SHAPE_A, documents=("internship", "residency", "assessment"))
A_CONFIRMATION = granted(
    A,
    "confirmation_prepared",
    kind="confirmation",
    fields={**SHAPE_A, **CERTIFIED},
    documents=("training_4",),
    known=("labour-contracts", "e-licensing"),
)
SHAPE_B = {
    **PERSON,
    "citizenship": "kazakhstan",
    "graduated_on": "2018-06-30",
    "educated": "kazakhstan",
    **{name: WORKING[name] for name in ("works", "unbroken")},
    "training_on": "2025-10-01",
    "training_credits": "4",
}
B_ISSUE = granted(B, fields=SHAPE_B, documents=("training_4",), known=("labour-contracts",))
SHAPE_C = {
    **{name: value for name, value in PERSON.items() if name != "iin"},
    "new_speciality": "no",
    "permanent_resident": "no",
    "eaeu_citizen": "no",
    "name_changed": "no",
    "graduated_on": "2012-06-30",
    "educated": "abroad",
    "certificate": "none",
    "works": "now",
}
C_FIRST = granted(
    C,
    kind="first",
    fields=SHAPE_C,
    documents=("recognition", "work_proof", "labour_permit", "assessment"),
    known=("identity",),
)
C_CONFIRMATION = granted(
    C,
    "confirmation_prepared",
    kind="confirmation",
    fields={
        **SHAPE_C,
        "certificate": "dated",
        "certificate_number": "KZ-1",
        "certificate_until": "2026-05-01",
    },
    documents=("certificate_copy",),
    known=("identity",),
)
SHAPE_D = {
    **PERSON,
    "level": "higher",
    "diploma_in": "biology",
    "graduated_on": "2018-06-30",
    "educated": "kazakhstan",
    "certificate": "none",
    "works_in_field": "no",
}
HELD = {
    **PERSON,
    "certificate": "dated",
    "certificate_number": "KZ-1",
    "certificate_until": "2026-05-01",
}
D_FIRST = granted(D, kind="first", fields=SHAPE_D, documents=("diploma", "course", "assessment"))
D_CONFIRMATION = granted(
    D,
    "confirmation_prepared",
    kind="confirmation",
    fields={**HELD, "training_on": "2025-10-01"},
    documents=("training",),
)
D_REISSUE = granted(
    D,
    "reissue_prepared",
    kind="reissue",
    fields={**HELD, "reissue_reason": "Тегі өзгерді"},
    documents=("change",),
)
WAYS = {
    "A first": A_FIRST,
    "A first refused": refused(A_FIRST),
    "A confirmation": A_CONFIRMATION,
    "A confirmation refused": refused(A_CONFIRMATION, "requirements_not_met"),
    "B": B_ISSUE,
    "B refused": refused(B_ISSUE, "court_prohibition"),
    "C first": C_FIRST,
    "C first refused": refused(C_FIRST, "negative_conclusion"),
    "C confirmation": C_CONFIRMATION,
    "D first": D_FIRST,
    "D first refused": refused(D_FIRST, "court_special_right"),
    "D confirmation": D_CONFIRMATION,
    "D re-issue": D_REISSUE,
    "D re-issue refused": refused(D_REISSUE, "no_consent"),
}


def missing(way: Way, **fields: str) -> set[str]:
    """The documents wanted of a request that brings none."""
    given = {**way.fields, **fields}
    story = Story(way.but(documents=(), known=(), fields={k: v for k, v in given.items() if v != ""}))
    return set(story.case.missing)


def open_kinds(way: Way, **fields: str) -> set[str]:
    """The kinds of request that are open to somebody."""
    found = set()
    for kind in service(way.service).kinds:
        try:
            Story(way.but(kind=kind, documents=(), known=(), fields=fields))
        except Refusal as refusal:
            if refusal.code != "field_missing":  # an open kind may ask for more than was said
                continue
        found.add(kind)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_S003_04_each_request_goes_every_way_to_a_certificate_or_a_reasoned_refusal(way: str) -> None:
    story = play(WAYS[way])
    assert story.events("acted")[-1]["signature"][0] == "head.one"


@pytest.mark.parametrize("service_id", ALL)
def test_S003_04_no_outcome_is_left_out(service_id: str) -> None:
    assert untaken(service_id, WAYS) == set()


def test_S003_01_the_provider_is_the_committees_territorial_department() -> None:
    assert ["Sanitary" in service(one).provider["en"] for one in ALL] == [False, False, False, True]
    assert all("Territorial departments" in service(one).provider["en"] for one in ALL)


@pytest.mark.parametrize("service_id", ALL)
def test_S003_02_portal_only_partially_automated_free(service_id: str) -> None:
    found = service(service_id)
    assert [one.id for one in found.channels] == ["portal"]
    assert (found.automation, found.form) == ("partial", "electronic")
    assert found.texts["fee"]["en"].startswith("Free of charge")
    assert ("S003-02", "conflict") in {(one.clause, one.state) for one in found.declared}


@pytest.mark.parametrize(("way", "due"), [(A_FIRST, 13), (B_ISSUE, 13), (C_FIRST, 13), (D_FIRST, 20)])
def test_S003_03_five_working_days_and_ten_for_D_the_day_of_acceptance_apart(way: Way, due: int) -> None:
    story = Story(way)
    assert story.case.due_at == moment(f"{due}.04 18:30")
    # signed on the last minute it is in time, a minute later it is late
    story.until("sign").take(way.turns[-1], at=f"{due}.04 18:30")
    Story(way).until("sign").take(way.turns[-1], at=f"{due}.04 18:31", late=True)


@pytest.mark.parametrize("way", [A_CONFIRMATION, D_CONFIRMATION, D_REISSUE])
def test_S003_03_one_term_for_every_kind_of_request(way: Way) -> None:
    assert told(Story(way).case.due_at) == way.promised


@pytest.mark.parametrize("service_id", ALL)
def test_S003_05_the_office_works_eight_hours_monday_to_friday(service_id: str) -> None:
    hours = service(service_id).schedule.office
    assert hours.weekdays == (1, 2, 3, 4, 5)
    assert [f"{one:%H:%M}" for one in hours[1:] if one] == ["09:00", "18:30", "13:00", "14:30"]


@pytest.mark.parametrize(
    ("at", "received"),
    [
        ("03.04 18:30", "03.04 18:30"),
        ("03.04 18:31", "06.04 09:00"),  # Friday after hours
        ("05.04 12:00", "06.04 09:00"),  # a Sunday
        ("06.04 07:00", "06.04 09:00"),  # before nine: silent
        ("20.03 18:40", "26.03 09:00"),  # the evening before Nauryz, whose weekend days move
        ("31.12 19:00", "05.01.2027 09:00"),  # New Year, 1 to 3 January and the Monday after
    ],
)
def test_S003_06_after_hours_on_days_off_and_holidays_it_counts_from_the_next_working_day(
    at: str, received: str
) -> None:
    assert told(Story(B_ISSUE.but(at=at)).case.counted_from) == received


@pytest.mark.parametrize("service_id", ALL)
def test_S003_07_the_six_grounds_are_a_closed_list(service_id: str) -> None:
    assert list(service(service_id).grounds) == [
        "untrue",
        "requirements_not_met",
        "negative_conclusion",
        "court_prohibition",
        "court_special_right",
        "no_consent",
    ]


def test_S003_07_nothing_is_refused_without_one_of_them() -> None:
    way = WAYS["B refused"]
    story = Story(way).until("consider")
    story.then_refused("ground_missing", way.turns[1], ground="")
    story.then_refused("ground_unknown", way.turns[1], ground="incomplete")
    assert story.take(way.turns[1]).case.ground == "court_prohibition"


def test_S003_07_an_incomplete_package_is_no_ground_but_gets_no_certificate() -> None:
    story = Story(A_FIRST.but(documents=("internship",))).until("consider")
    story.then_refused("outcome_not_open", A_FIRST.turns[1])
    story.take(refused(A_FIRST, "requirements_not_met").turns[1])
    assert list(story.case.steps) == ["sign"]


@pytest.mark.parametrize("service_id", ALL)
def test_S003_08_the_status_is_seen_remotely(service_id: str) -> None:
    texts = service(service_id).texts
    assert "1414, 8-800-080-7777" in texts["contacts"]["en"]
    assert "personal cabinet" in texts["remote_status"]["en"]


@pytest.mark.parametrize("service_id", ALL)
def test_S003_09_the_premises_are_accessible(service_id: str) -> None:
    assert (
        "ramp, a call button, a tactile path, a waiting room" in service(service_id).texts["premises"]["en"]
    )


@pytest.mark.parametrize("way", [A_FIRST, B_ISSUE, C_FIRST, D_FIRST])
def test_S003_10_once_accepted_the_cabinet_is_told(way: Way) -> None:
    story = Story(way).take(way.turns[0])
    assert [one["notice"] for one in story.events("notice_due")] == ["accepted"]


@pytest.mark.parametrize(
    ("way", "fields", "register", "document"),
    [
        (A_FIRST, {"graduated_on": "2010-06-30", "internship_matches": "yes"}, "education", "diploma"),
        (A_CONFIRMATION, {}, "labour-contracts", "work_proof"),
        (A_CONFIRMATION, {}, "e-licensing", "certificate_copy"),
        (B_ISSUE, {"graduated_on": "2010-06-30"}, "education", "diploma"),
        (B_ISSUE, {}, "labour-contracts", "work_proof"),
        (C_FIRST, {}, "identity", "identity"),
        (C_CONFIRMATION, {}, "e-licensing", "certificate_copy"),
        (D_FIRST, {}, "education", "diploma"),
        (D_FIRST, {"works_in_field": "yes"}, "labour-contracts", "work_proof"),
        (D_FIRST, {}, "assessments", "assessment"),
        (D_REISSUE, {}, "state-registers", "change"),
    ],
)
def test_S003_11_what_the_systems_know_is_not_asked_for(
    way: Way, fields: dict[str, str], register: str, document: str
) -> None:
    assert document in missing(way, **fields)
    known = Story(way.but(documents=(), known=(register,), fields=fields))
    assert document not in known.case.missing


def test_S003_12_translations_into_one_language_or_both() -> None:
    words = [service(one).texts["translation"]["en"] for one in ALL]
    assert ["Kazakh or Russian" in one for one in words] == [True, True, True, False]
    assert "Kazakh and Russian" in words[3]
    assert ("S003-12", "silent") in {(one.clause, one.state) for one in service(B).declared}


@pytest.mark.parametrize("way", [A_FIRST, A_CONFIRMATION, B_ISSUE, C_FIRST, D_FIRST])
def test_S003_13_foreign_education_counts_only_if_recognised(way: Way) -> None:
    assert "recognition" in missing(way, educated="abroad")
    assert "recognition" not in missing(way, educated="kazakhstan")


BROKE = {
    "works": "before",
    "worked_until": "2022-04-05",
    "works_since": "2015-01-01",
    "training_on": "2026-01-10",
}
EXPIRED = {"certificate": "dated", "certificate_number": "KZ-1", "certificate_until": "2023-04-05"}


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, {"internship", "residency", "assessment"}),
        ({"graduated_on": "2014-12-31"}, {"diploma", "internship", "residency", "assessment"}),
        ({"clinical": "no"}, {"internship", "assessment"}),
        ({"educated": "abroad"}, {"internship", "residency", "assessment", "recognition"}),
        ({**BROKE, "training_credits": "8"}, {"internship", "residency", "assessment", "training_8"}),
        # a new speciality asks for the assessment, and for no training
        ({**BROKE, "new_speciality": "yes"}, {"internship", "residency", "assessment"}),
        # graduates within 3 years are not asked for training
        (
            {
                **BROKE,
                "graduated_on": "2023-06-30",
                "works_since": "2023-07-01",
                "worked_until": "2023-04-05",
            },
            {"internship", "residency", "assessment"},
        ),
        (
            {**EXPIRED, **BROKE, "training_credits": "8"},
            {"internship", "residency", "assessment", "training_8"},
        ),
    ],
)
def test_S003_A01_what_a_first_request_is_asked_for(fields: dict[str, str], wanted: set[str]) -> None:
    assert missing(A_FIRST, **fields) == wanted


@pytest.mark.parametrize(("way", "document"), [(A_FIRST, "work_proof_first"), (C_FIRST, "internship")])
def test_S003_A01_what_is_asked_for_if_any_is_taken_and_never_missing(way: Way, document: str) -> None:
    (asked,) = [one for one in service(way.service).documents if one.id == document]
    assert asked.if_any
    assert document not in missing(way)
    assert document not in Story(way.but(documents=(*way.documents, document))).case.missing
    # a confirmation does not speak of it
    assert not running(way.service).holds(
        asked.required, Story(way).case.facts_with({})._replace(values={"kind": "confirmation"})
    )


def test_S003_A01_eight_credits_are_240_hours_and_fewer_give_no_certificate() -> None:
    way = A_FIRST.but(
        fields={**BROKE, "training_credits": "7"},
        documents=("internship", "residency", "assessment", "training_8"),
    )
    Story(way).until("consider").then_refused("outcome_not_open", way.turns[1])
    enough = Story(way.but(fields={"training_credits": "8"})).until("sign")
    assert list(enough.case.steps) == ["sign"]


def test_S003_A02_what_a_confirmation_is_asked_for() -> None:
    assert missing(A_CONFIRMATION) == {"training_4", "work_proof", "certificate_copy"}


@pytest.mark.parametrize(
    ("fields", "enough"),
    [
        ({"training_credits": "3"}, False),
        ({"training_on": "2021-04-05"}, False),
        ({"training_on": "2021-04-06"}, True),
    ],
)
def test_S003_A02_four_credits_in_the_last_five_years(fields: dict[str, str], enough: bool) -> None:
    way = A_CONFIRMATION.but(fields=fields)
    story = Story(way).until("consider")
    if enough:
        assert list(story.take(way.turns[1]).case.steps) == ["sign"]
    else:
        assert story.then_refused("outcome_not_open", way.turns[1]).field == "outcome"


@pytest.mark.parametrize("way", [A_FIRST, A_CONFIRMATION])
def test_S003_A03_a_certificate_is_for_five_years(way: Way) -> None:
    (issued,) = play(way).events("result_issued")
    assert (issued["valid_from"], issued["valid_until"]) == ("2026-04-08", "2031-04-08")
    assert ("S003-A03", "silent") in {(one.clause, one.state) for one in service(A).declared}


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"certificate": "none"}, {"first"}),
        ({"certificate_until": "2026-12-31"}, {"confirmation"}),
        ({"certificate_until": "2024-01-01"}, {"confirmation"}),
        ({"certificate_until": "2023-04-06"}, {"confirmation"}),  # exactly 3 years: a conflict
        ({"certificate_until": "2023-04-05"}, {"first"}),
        ({"works": "before", "worked_until": "2023-04-05"}, {"first"}),
        ({"works": "before", "worked_until": "2023-04-06"}, {"confirmation"}),
        ({"new_speciality": "yes"}, {"first"}),
    ],
)
def test_S003_A04_the_kind_follows_from_the_dates(fields: dict[str, str], kinds: Collection[str]) -> None:
    assert open_kinds(A_CONFIRMATION, **fields) == kinds


@pytest.mark.parametrize(("until", "asked"), [("2023-04-05", True), ("2026-12-31", False)])
def test_S003_A04_the_assessment_is_for_those_expired_more_than_three_years_ago(
    until: str, asked: bool
) -> None:
    kind = "first" if asked else "confirmation"
    wanted = missing(A_CONFIRMATION.but(kind=kind), certificate_until=until)
    assert ("assessment" in wanted) is asked


def test_S003_A04_the_kind_is_found_when_nobody_names_it() -> None:
    assert Story(A_CONFIRMATION.but(kind="")).case.kind == "confirmation"
    assert Story(A_FIRST.but(kind="")).case.kind == "first"


@pytest.mark.parametrize(("given_on", "kinds"), [("2015-10-08", {"confirmation"}), ("2015-10-09", {"first"})])
def test_S003_A05_certificates_without_a_term_given_before_9_10_2015_stay_valid_on_training(
    given_on: str, kinds: Collection[str]
) -> None:
    fields = {"certificate": "without_term", "certificate_given_on": given_on}
    assert open_kinds(A_CONFIRMATION, **fields) == kinds
    if kinds == {"confirmation"}:
        assert "training_4" in missing(A_CONFIRMATION, **fields)


OLD = {
    "graduated_on": "2010-06-30",
    "diploma_in": "treatment",
    "internship_matches": "no",
    **WORKING,
    "works_since": "2011-08-01",
}


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, True),
        ({"diploma_in": "oriental_medicine"}, True),
        ({"diploma_in": "stomatology"}, False),
        ({"graduated_on": "2014-01-01"}, False),
        ({"internship_matches": "yes"}, False),
    ],
)
def test_S003_A06_retraining_of_those_whose_internship_does_not_match(
    fields: dict[str, str], asked: bool
) -> None:
    assert ("retraining" in missing(A_FIRST, **{**OLD, **fields})) is asked


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"works_since": "2004-12-31"}, False),
        ({"works_since": "2005-01-01"}, True),
        ({"works_since": "2004-12-31", "unbroken": "no"}, True),
    ],
)
def test_S003_A07_no_retraining_of_unbroken_work_begun_before_2005(
    fields: dict[str, str], asked: bool
) -> None:
    assert ("retraining" in missing(A_FIRST, **{**OLD, "graduated_on": "2003-06-30", **fields})) is asked


@pytest.mark.parametrize(
    ("diploma_in", "graduated_on", "internship", "residency"),
    [
        ("treatment", "1998-12-31", False, False),
        ("paediatrics", "1999-01-01", True, False),
        ("stomatology", "2006-12-31", False, False),
        ("oriental_medicine", "2007-01-01", True, False),
        ("general_medicine", "2013-12-31", True, False),
        ("general_medicine", "2014-01-01", True, True),
    ],
)
def test_S003_A08_internship_and_residency_by_diploma_and_year(
    diploma_in: str, graduated_on: str, internship: bool, residency: bool
) -> None:
    wanted = missing(A_FIRST, diploma_in=diploma_in, graduated_on=graduated_on, internship_matches="yes")
    assert ("internship" in wanted, "residency" in wanted) == (internship, residency)


MIDDLE = {"level": "middle", "claimed": "nursing", "diploma_in": "obstetrics", "graduated_on": "2004-12-31"}


@pytest.mark.parametrize(
    ("fields", "fits", "training"),
    [
        ({"diploma_in": "nursing"}, True, False),
        ({"diploma_in": "treatment"}, True, True),
        ({"diploma_in": "obstetrics"}, True, True),
        ({"diploma_in": "laboratory"}, False, False),
        ({"graduated_on": "2005-01-01"}, False, False),
        ({"claimed": "treatment", "diploma_in": "nursing"}, False, False),
        ({"claimed": "treatment", "diploma_in": "obstetrics"}, True, True),
        ({"claimed": "obstetrics", "diploma_in": "nursing"}, True, True),
        ({"claimed": "laboratory", "diploma_in": "nursing", "graduated_on": "2011-12-31"}, True, True),
        ({"claimed": "laboratory", "diploma_in": "nursing", "graduated_on": "2012-01-01"}, False, False),
        ({"level": "higher", "diploma_in": "paediatrics", "internship_matches": "yes"}, True, True),
        ({"level": "bachelor", "diploma_in": "general_medicine"}, True, True),
        ({"level": "bachelor", "diploma_in": "stomatology"}, False, False),
    ],
)
def test_S003_A09_the_diploma_sets_of_mid_level_specialities(
    fields: dict[str, str], fits: bool, training: bool
) -> None:
    wanted = missing(A_FIRST, **{**MIDDLE, **fields})
    assert ("claimed_training" in wanted) is training
    way = A_FIRST.but(fields={**MIDDLE, **fields}, documents=tuple(wanted))
    story = Story(way).until("consider")
    if fits:
        assert list(story.take(way.turns[1]).case.steps) == ["sign"]
    else:
        assert story.then_refused("outcome_not_open", way.turns[1]).field == "outcome"


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, {"training_4", "work_proof"}),
        ({"graduated_on": "2014-12-31"}, {"diploma", "training_4", "work_proof"}),
        ({"educated": "abroad"}, {"recognition", "training_4", "work_proof"}),
        ({"graduated_on": "2021-04-06"}, {"work_proof"}),
        ({"works": "before", "worked_until": "2023-04-05"}, {"training_8", "assessment", "work_proof"}),
        ({"works": "never", "graduated_on": "2025-06-30"}, {"assessment"}),
        ({"citizenship": "foreign"}, {"training_4", "work_proof", "identity"}),
    ],
)
def test_S003_B01_what_is_asked_for(fields: dict[str, str], wanted: set[str]) -> None:
    assert missing(B_ISSUE, **fields) == wanted


def test_S003_B01_the_certificate_has_no_end() -> None:
    assert play(B_ISSUE).events("result_issued")[0]["valid_until"] == ""
    assert ("S003-B01", "silent") in {(one.clause, one.state) for one in service(B).declared}


def test_S003_B02_unbroken_work_with_training_needs_no_assessment() -> None:
    assert "assessment" not in missing(B_ISSUE)
    assert "assessment" in missing(B_ISSUE, works="never")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, {"identity", "recognition", "work_proof", "labour_permit", "assessment"}),
        ({"educated": "kazakhstan"}, {"identity", "diploma", "work_proof", "labour_permit", "assessment"}),
        ({"works": "never"}, {"identity", "recognition", "labour_permit", "assessment"}),
        ({"eaeu_citizen": "yes"}, {"identity", "recognition", "work_proof", "assessment"}),
        ({"permanent_resident": "yes"}, {"identity", "recognition", "work_proof", "assessment"}),
        (
            {"name_changed": "yes"},
            {"identity", "recognition", "work_proof", "labour_permit", "assessment", "name_change"},
        ),
        (
            {
                "works": "before",
                "worked_until": "2023-04-05",
                "training_on": "2026-01-10",
                "training_credits": "8",
            },
            {"identity", "recognition", "work_proof", "labour_permit", "assessment", "training_8"},
        ),
    ],
)
def test_S003_C01_what_a_first_request_is_asked_for(fields: dict[str, str], wanted: set[str]) -> None:
    assert missing(C_FIRST, **fields) == wanted


def test_S003_C02_a_confirmation_asks_for_eight_credits_after_a_break() -> None:
    assert missing(C_CONFIRMATION) == {"identity", "certificate_copy"}
    broke = {
        "works": "before",
        "worked_until": "2023-04-05",
        "training_on": "2026-01-10",
        "training_credits": "8",
    }
    assert missing(C_CONFIRMATION, **broke) == {"identity", "certificate_copy", "training_8"}
    assert ("S003-C02", "conflict") in {(one.clause, one.state) for one in service(C).declared}


def test_S003_C03_validity_and_kinds_are_as_in_A() -> None:
    (issued,) = play(C_CONFIRMATION).events("result_issued")
    assert issued["valid_until"] == "2031-04-08"
    assert open_kinds(C_CONFIRMATION, certificate_until="2023-04-06") == {"confirmation"}
    assert open_kinds(C_CONFIRMATION, certificate_until="2023-04-05") == {"first"}


def test_S003_D01_what_a_first_request_is_asked_for() -> None:
    assert missing(D_FIRST) == {"diploma", "course", "assessment"}
    assert play(D_FIRST).events("result_issued")[0]["valid_until"] == ""


def test_S003_D02_a_confirmation_asks_for_training_of_the_last_five_years() -> None:
    assert missing(D_CONFIRMATION) == {"training"}
    way = D_CONFIRMATION.but(fields={"training_on": "2021-04-05"})
    Story(way).until("consider").then_refused("outcome_not_open", way.turns[1])


def test_S003_D03_a_reissue_asks_for_the_document_with_the_change() -> None:
    assert missing(D_REISSUE) == {"change"}
    forms = [
        one
        for one in service(D).documents
        if one.filled and running(D).holds(one.required, Story(D_REISSUE).case.facts_with({}))
    ]
    assert ["annex 10" in one.names["en"] for one in forms] == [True]


@pytest.mark.parametrize(
    ("certificate", "kinds"), [("none", {"first"}), ("dated", {"confirmation", "reissue"})]
)
def test_S003_D03_confirmation_and_reissue_are_for_those_who_have_a_certificate(
    certificate: str, kinds: Collection[str]
) -> None:
    assert open_kinds(D_REISSUE, certificate=certificate) == kinds


@pytest.mark.parametrize(
    ("level", "diploma_in", "eligible"),
    [
        *(("higher", one, True) for one in ("biology", "chemistry", "biotechnology", "organic_technology")),
        *(("higher", one, True) for one in ("inorganic_technology", "veterinary_medicine")),
        ("higher", "veterinary_sanitation", True),
        *(
            ("middle", one, True)
            for one in ("laboratory", "veterinary", "nursing", "treatment", "obstetrics")
        ),
        ("higher", "nursing", False),
        ("middle", "biology", False),
        ("higher", "other", False),
    ],
)
def test_S003_D04_who_is_eligible(level: str, diploma_in: str, eligible: bool) -> None:
    way = D_FIRST.but(fields={"level": level, "diploma_in": diploma_in})
    story = Story(way).until("consider")
    if eligible:
        assert list(story.take(way.turns[1]).case.steps) == ["sign"]
    else:
        assert story.then_refused("outcome_not_open", way.turns[1]).field == "outcome"


def test_S003_D05_those_who_work_in_the_field_need_neither_course_nor_assessment() -> None:
    assert missing(D_FIRST, works_in_field="yes") == {"diploma", "work_proof"}


@pytest.mark.parametrize("service_id", ALL)
def test_S003_F1_the_forms_hold_the_derived_minimum(service_id: str) -> None:
    found = service(service_id)
    assert {"surname", "given_name", "department", "speciality"} <= {one.id for one in found.fields}
    assert found.holder == ("surname", "given_name", "patronymic")
    assert found.consent
    assert ("S003-F1", "missing") in {(one.clause, one.state) for one in found.declared}

"""The construction services of S000, each run from its first step to its last in every outcome, as the law's tables are.

6 April 2026 is a Monday; 1, 7 and 11 May are days off.
"""

from __future__ import annotations

import pytest

from domain.errors import Refusal
from domain.procedures.longest_path import longest_path
from tests.unit.case_desk import PDF
from tests.unit.ways_through import Story, Turn, Way, hold_sitting, moment, play, service, told, untaken

LICENCES = ("licence-survey", "licence-design", "licence-construction")
COMPANY = {
    "applicant_kind": "legal",
    "applicant_name": "ЖШС «Жоба»",
    "bin": "990140000384",
    "address": "Қызылорда",
    "phone": "+77011234567",
    "subtypes": "Сәулеттік жобалау",
}
PERSON = {
    "surname": "Сейткали",
    "given_name": "Айгүл",
    "iin": "880502400017",
    "phone": "+77011234567",
}

# --- L1, L2, L3 -------------------------------------------------------------------------------------------------------
TO_THE_EXECUTOR = (
    Turn("06.04 10:05", "responsible", "L2", "accepted", due="06.04 10:20"),
    Turn("06.04 10:10", "clerk", "L3", "registered", due="06.04 10:25"),
    Turn("06.04 11:00", "head", "L4", "assigned", due="06.04 11:10"),
)
ISSUED = Way(
    "licence-design",
    "06.04 10:00",
    kind="issue",
    fields=COMPANY,
    documents=("fee_paid", "qualification"),
    promised="27.04 18:30",
    turns=(
        *TO_THE_EXECUTOR,
        Turn("24.04 17:00", "executor", "L5", "licence_prepared", due="27.04 18:30"),
        Turn("24.04 17:30", "head", "L6", "licence_signed", due="24.04 18:00"),
    ),
    end="granted",
    results=("licence",),
    notices=("accepted", "ready"),
)
REISSUED = ISSUED.but(
    kind="reissue",
    fields={"licence_number": "KZ-77", "licence_issued_on": "2019-12-02", "reissue_reason": "Атауы өзгерді"},
    documents=("fee_paid", "changes"),
    promised="09.04 18:30",
    turns=(
        *TO_THE_EXECUTOR,
        Turn("09.04 16:00", "executor", "L5", "licence_prepared", due="09.04 18:30"),
        Turn("09.04 16:30", "head", "L6", "reissue_signed", due="09.04 17:00"),
    ),
    results=("reissued_licence",),
)
REFUSED = ISSUED.but(
    turns=(
        *TO_THE_EXECUTOR,
        Turn("24.04 17:00", "executor", "L5", "refusal_prepared", due="27.04 18:30", ground="untrue"),
        Turn("24.04 17:30", "head", "L6", "refusal_signed", due="24.04 18:00"),
    ),
    end="refused",
    results=("refusal",),
    notices=("accepted", "refused"),
)
NOT_CONSIDERED = ISSUED.but(
    documents=("fee_paid",),
    turns=(
        *TO_THE_EXECUTOR,
        Turn("08.04 18:00", "executor", "L5", "not_considered", due="27.04 18:30", ground="incomplete"),
    ),
    end="not_considered",
    results=("refusal_to_consider",),
    notices=("accepted", "refused"),
)

# --- T ----------------------------------------------------------------------------------------------------------------
TO_THE_COMMISSION = (
    Turn("06.04 10:05", "responsible", "T2", "accepted", due="06.04 10:20"),
    Turn("06.04 10:10", "clerk", "T3", "registered", due="06.04 10:25"),
    Turn("06.04 10:20", "head", "T4", "assigned", due="06.04 10:40"),
    Turn("16.04 17:00", "executor", "T5", "listed", due="16.04 18:30"),
)
TO_THE_TEST = (
    *TO_THE_COMMISSION,
    Turn("20.04 12:00", "commission", "T6", "admitted", due="20.04 18:30"),
    Turn(
        "23.04 15:00",
        "executor",
        "T7",
        "drafted",
        due="23.04 18:30",
        fields={"test_on": "2026-05-04", "test_place": "10:00, Қызылорда"},
    ),
    Turn("24.04 10:00", "head", "T8", "signed", due="24.04 18:30"),
    Turn("28.04 10:00", "executor", "T9", "place_told", due="28.04 18:30"),
)
ATTESTED = Way(
    "attestation",
    "06.04 10:00",
    fields={**PERSON, "activity": "expert_works", "specialisation": "Конструкциялар"},
    documents=("diploma", "work_proof"),
    promised="19.05 18:30",
    turns=(
        *TO_THE_TEST,
        Turn("06.05 16:00", "executor", "T10", "passed", due="06.05 18:30"),
        Turn("12.05 10:00", "commission", "T11", "attested", due="12.05 18:30"),
        Turn("13.05 10:00", "head", "T12", "approved", due="13.05 18:30"),
        Turn("15.05 10:00", "executor", "T13", "drawn_up", due="15.05 18:30", fields={"record_number": "7"}),
        Turn("15.05 10:20", "head", "T14", "signed", due="15.05 10:30"),
    ),
    end="attested",
    results=("certificate",),
    notices=("accepted", "admitted", "ready"),
)
FAILED = ATTESTED.but(
    turns=(
        *TO_THE_TEST,
        Turn("06.05 16:00", "executor", "T10", "failed", due="06.05 18:30"),
        Turn("12.05 10:00", "commission", "T11", "not_attested", due="12.05 18:30", ground="test_failed"),
        Turn("13.05 10:00", "head", "T12", "refused", due="13.05 18:30"),
        Turn("15.05 10:00", "executor", "T17", "prepared", due="15.05 18:30", ground="test_failed"),
        Turn("15.05 10:20", "head", "T17s", "signed", due="15.05 10:30"),
    ),
    end="refused",
    results=("refusal",),
    notices=("accepted", "admitted", "refused"),
)
ABSENT = FAILED.but(
    turns=(
        *TO_THE_TEST,
        Turn("06.05 16:00", "executor", "T10", "absent", due="06.05 18:30"),
        Turn("12.05 10:00", "commission", "T11", "not_attested", due="12.05 18:30", ground="not_appeared"),
        *FAILED.turns[-3:],
    ),
)
NOT_ADMITTED = FAILED.but(
    turns=(
        *TO_THE_COMMISSION,
        Turn(
            "20.04 12:00",
            "commission",
            "T6",
            "not_admitted",
            due="20.04 18:30",
            ground="requirements_not_met",
        ),
        Turn("23.04 15:00", "executor", "T7", "drafted", due="23.04 18:30"),
        Turn("24.04 10:00", "head", "T8", "signed", due="24.04 18:30"),
        Turn("28.04 10:00", "executor", "T9", "reasons_told", due="28.04 18:30"),
        Turn("30.04 10:00", "executor", "T17", "prepared", due="30.04 18:30", ground="requirements_not_met"),
        Turn("30.04 10:20", "head", "T17s", "signed", due="30.04 10:30"),
    ),
    notices=("accepted", "not_admitted", "refused"),
)
T_NOT_CONSIDERED = FAILED.but(
    documents=("diploma",),
    turns=(
        *TO_THE_COMMISSION[:3],
        Turn("08.04 12:00", "executor", "T5", "not_considered", due="16.04 18:30", ground="incomplete"),
    ),
    end="not_considered",
    results=("refusal_to_consider",),
    notices=("accepted", "refused"),
)

# --- C ----------------------------------------------------------------------------------------------------------------
ACCREDITED = Way(
    "accreditation",
    "04.04 23:50",
    fields={
        "organisation": "ЖШС «Басқару»",
        "bin": "990140000384",
        "address": "Қызылорда",
        "representative": "Сейткали А.",
        "phone": "+77011234567",
    },
    documents=("conformity",),
    promised="05.04 00:30",
    turns=(Turn("04.04 23:50", "system", "C2", "formed", due="05.04 00:30"),),
    end="accredited",
    results=("certificate",),
    notices=("ready",),
)

WAYS = {
    "issued": ISSUED,
    "re-issued": REISSUED,
    "refused": REFUSED,
    "not considered": NOT_CONSIDERED,
    "attested": ATTESTED,
    "failed": FAILED,
    "absent": ABSENT,
    "not admitted": NOT_ADMITTED,
    "not considered for the test": T_NOT_CONSIDERED,
    "accredited": ACCREDITED,
}


@pytest.mark.parametrize("licence", LICENCES)
@pytest.mark.parametrize("way", ["issued", "re-issued", "refused", "not considered"])
def test_S000_01_each_licence_goes_every_way(licence: str, way: str) -> None:
    play(WAYS[way].but(service=licence)).then_ends_as_told()


@pytest.mark.parametrize("way", [name for name, one in WAYS.items() if one.service == "attestation"])
def test_S000_01_attestation_goes_every_way(way: str) -> None:
    play(WAYS[way]).then_ends_as_told()


@pytest.mark.parametrize("service_id", [*LICENCES, "attestation", "accreditation"])
def test_S000_01_no_outcome_of_a_construction_service_is_left_out(service_id: str) -> None:
    ways = {
        name: way.but(service=service_id)
        if way.service == "licence-design" and service_id in LICENCES
        else way
        for name, way in WAYS.items()
    }
    assert untaken(service_id, ways) == set()


@pytest.mark.parametrize("service_id", [*LICENCES, "attestation", "accreditation"])
def test_S000_02_one_provider_gives_all_five(service_id: str) -> None:
    assert service(service_id).provider["en"] == (
        "Administration of state architectural and construction control of Kyzylorda oblast"
    )


@pytest.mark.parametrize("service_id", [*LICENCES, "attestation", "accreditation"])
def test_S000_03_the_portal_is_the_only_channel(service_id: str) -> None:
    assert [one.id for one in service(service_id).channels] == ["portal"]
    assert service(service_id).form == "electronic"


def test_S000_04_only_the_accreditation_is_automatic_and_does_not_roll_over() -> None:
    told_of = {
        one: (service(one).automation, service(one).schedule.rolls_over)
        for one in (*LICENCES, "attestation", "accreditation")
    }
    assert told_of == {
        **dict.fromkeys((*LICENCES, "attestation"), ("partial", True)),
        "accreditation": ("full", False),
    }


@pytest.mark.parametrize(
    ("service_id", "standard"),
    [
        *((one, "No. 276 of 27 March 2015") for one in (*LICENCES, "attestation")),
        ("accreditation", "No. 74 of 12"),
    ],
)
def test_S000_05_the_standard_is_cited_and_the_law_is_in_force_ten_days_after_publication(
    service_id: str, standard: str
) -> None:
    assert any(standard in one["en"] for one in service(service_id).basis)
    assert service(service_id).effective_from.isoformat() == "2019-11-26"


def test_S000_06_the_application_is_under_the_signature_and_what_the_text_lacks_is_declared() -> None:
    with pytest.raises(Refusal) as refusal:
        Story(ISSUED).desk.open(
            kind="issue", fields=COMPANY, documents={"fee_paid": PDF, "qualification": PDF}, consent=True
        )
    assert refusal.value.code == "signature_missing"
    for one in (*LICENCES, "attestation", "accreditation"):
        assert ("S000-06", "missing") in {(each.clause, each.state) for each in service(one).declared}


def test_S000_07_the_result_bears_the_heads_signature() -> None:
    story = Story(ISSUED).until("L6")
    story.take(ISSUED.turns[-1])
    assert story.events("acted")[-1]["signature"][0] == "head.one"


def test_S000_08_the_reference_bears_the_services_own_name() -> None:
    for one in LICENCES:
        assert ("S000-08", "conflict") in {(each.clause, each.state) for each in service(one).declared}
    assert len({service(one).names["en"] for one in LICENCES}) == 3


def test_S000_09_day_and_time_of_the_result_are_told_at_acceptance() -> None:
    assert told(Story(ISSUED).case.due_at) == "27.04 18:30"
    # handed in on Friday after reception (S002-18): received on Monday at nine, the first day is Tuesday
    assert told(Story(ISSUED.but(at="03.04 17:31")).case.due_at) == "27.04 18:30"
    assert told(Story(ISSUED.but(at="03.04 17:30")).case.due_at) == "24.04 18:30"


@pytest.mark.parametrize("licence", LICENCES)
def test_S000_01_a_re_issued_licence_replaces_the_one_whose_number_was_given(licence: str) -> None:
    ways = [
        (one.id, one.withdraws, one.withdraws_by)
        for step in service(licence).steps.values()
        for one in step.outcomes
        if one.withdraws
    ]
    assert ways == [("reissue_signed", "replaced", "licence_number")]
    story = play(REISSUED.but(service=licence))
    number = story.desk.cases.case(story.case.case).results[0][1]
    again = REISSUED.but(service=licence, fields={**REISSUED.fields, "licence_number": number})
    second = Story(again, story.desk).go()
    replaced = story.desk.cases.case(story.case.case).withdrawn[number]
    assert (replaced.how, replaced.decided_in) == ("replaced", second.case.case)
    assert replaced.replaced_by == f"{second.case.case}-1"


def test_S000_L1_the_application_is_received_and_waits_for_the_responsible_officer() -> None:
    story = Story(ISSUED)
    assert list(story.case.steps) == ["L2"]
    assert story.events("opened")[0]["missing"] == []


def test_S000_L2_the_responsible_officer_has_20_minutes_and_the_cabinet_is_told() -> None:
    story = Story(ISSUED).take(TO_THE_EXECUTOR[0])
    assert [one["notice"] for one in story.events("notice_due")] == ["accepted"]
    Story(ISSUED).take(TO_THE_EXECUTOR[0], at="06.04 10:21", late=True)


def test_S000_L3_the_clerk_has_20_minutes_of_working_time() -> None:
    # registered on Friday at 18:20: the 20 minutes end on Monday at 9:10
    story = Story(ISSUED.but(at="03.04 17:30"))
    story.take(Turn("03.04 18:20", "responsible", "L2", "accepted", due="03.04 17:50"), late=True)
    story.take(Turn("06.04 09:10", "clerk", "L3", "registered", due="06.04 09:10"))
    assert list(story.case.steps) == ["L4"]


def test_S000_L4_the_head_names_the_executor_within_an_hour_and_nobody_else_acts() -> None:
    # from 12:30 an hour ends at 15:00: the break is from 13:00 to 14:30
    story = Story(ISSUED.but(at="06.04 12:20"))
    story.take(Turn("06.04 12:25", "responsible", "L2", "accepted", due="06.04 12:40"))
    story.take(Turn("06.04 12:30", "clerk", "L3", "registered", due="06.04 12:45"))
    story.take(Turn("06.04 15:00", "head", "L4", "assigned", due="06.04 15:00"))
    executors = Turn("06.04 16:00", "executor", "L5", "licence_prepared", due="27.04 18:30")
    story.then_refused("not_assigned_to_you", executors, by="another")


def test_S000_L5a_an_incomplete_package_is_refused_within_two_days_by_the_executor_alone() -> None:
    story = play(NOT_CONSIDERED)
    (acted,) = [one for one in story.events("acted") if one["step"] == "L5"]
    assert (acted["ground"], acted["due_at"]) == ("incomplete", moment("08.04 18:30").isoformat())
    # later it is recorded as late, though the standard's term runs on
    story = Story(NOT_CONSIDERED).until("L5")
    story.take(NOT_CONSIDERED.turns[-1], at="09.04 09:00", late=True)
    assert story.case.end == "not_considered"


def test_S000_L5a_no_licence_is_prepared_on_an_incomplete_package() -> None:
    story = Story(NOT_CONSIDERED).until("L5")
    story.then_refused("outcome_not_open", ISSUED.turns[3])
    story.then_refused("ground_missing", NOT_CONSIDERED.turns[-1], ground="")
    story.then_refused("ground_unknown", NOT_CONSIDERED.turns[-1], ground="because")


def test_S000_L5b_the_executors_term_is_the_standards_by_kind() -> None:
    assert [told(Story(way).until("L5").case.steps["L5"].due_at) for way in (ISSUED, REISSUED)] == [
        "27.04 18:30",
        "09.04 18:30",
    ]
    Story(REISSUED).until("L5").take(REISSUED.turns[3], at="10.04 09:00", late=True)


def test_S000_L6_the_head_signs_what_was_prepared_and_nothing_else() -> None:
    story = Story(REFUSED).until("L6")
    story.then_refused("outcome_not_open", ISSUED.turns[-1])
    story.take(REFUSED.turns[-1])
    assert story.events("result_issued")[0]["refusal"] is True


def test_S000_L6_a_late_licence_is_told_late() -> None:
    story = Story(ISSUED).until("L6").take(ISSUED.turns[-1], at="28.04 09:00", late=True)
    assert story.events("closed")[0]["late"] is True


def test_S000_T1_the_application_waits_for_the_responsible_officer() -> None:
    assert list(Story(ATTESTED).case.steps) == ["T2"]


def test_S000_T2_the_responsible_officer_has_20_minutes_and_the_cabinet_is_told() -> None:
    story = Story(ATTESTED).take(ATTESTED.turns[0])
    assert [one["notice"] for one in story.events("notice_due")] == ["accepted"]
    Story(ATTESTED).take(ATTESTED.turns[0], at="06.04 10:21", late=True)


def test_S000_T3_the_clerk_has_20_minutes() -> None:
    story = Story(ATTESTED).take(ATTESTED.turns[0]).take(ATTESTED.turns[1], at="06.04 10:26", late=True)
    assert list(story.case.steps) == ["T4"]


def test_S000_T4_the_head_has_30_minutes() -> None:
    Story(ATTESTED).go(ATTESTED.turns[:2]).take(ATTESTED.turns[2], at="06.04 10:41", late=True)
    assert str(service("attestation").steps["T4"].term) == "30 min"


def test_S000_T5a_is_for_one_case_alone_and_within_two_days() -> None:
    story = play(T_NOT_CONSIDERED)
    assert story.events("acted")[-1]["sitting"] == ""
    late = Story(T_NOT_CONSIDERED).until("T5").take(T_NOT_CONSIDERED.turns[-1], at="09.04 09:00", late=True)
    assert late.case.end == "not_considered"


def test_S000_T5b_the_list_is_formed_within_eight_days_and_in_a_group() -> None:
    story = Story(ATTESTED).until("T6")
    assert story.events("acted")[-1]["sitting"] != ""
    assert told(story.case.steps["T6"].due_at) == "20.04 18:30"


@pytest.mark.parametrize(
    ("clause", "step", "term"),
    [
        ("T6", "T6", "2 wd"),
        ("T7", "T7", "3 wd"),
        ("T8", "T8", "1 wd"),
        ("T9", "T9", "2 wd"),
        ("T10", "T10", "5 wd"),
        ("T11", "T11", "2 wd"),
        ("T12", "T12", "1 wd"),
        ("T13", "T13", "2 wd"),
        ("T14", "T14", "30 min"),
    ],
)
def test_S000_T6_to_T14_have_the_tables_terms(clause: str, step: str, term: str) -> None:
    found = service("attestation").steps[step]
    assert (found.clause, str(found.term)) == (f"S000-{clause}", term)


def test_S000_T6_the_commission_admits_or_does_not_with_a_ground() -> None:
    story = Story(NOT_ADMITTED).until("T6")
    story.then_refused("ground_missing", NOT_ADMITTED.turns[4], ground="")
    story.take(NOT_ADMITTED.turns[4])
    assert story.case.ground == "requirements_not_met"


def test_S000_T7_the_time_and_place_of_the_test_are_asked_for_those_admitted() -> None:
    story = Story(ATTESTED).until("T7")
    story.then_refused("field_missing", ATTESTED.turns[5], fields={})
    assert Story(NOT_ADMITTED).until("T8").case.done["T7"] == "drafted"


def test_S000_T8_the_head_signs_the_orders() -> None:
    story = Story(ATTESTED).until("T9")
    assert story.events("acted")[-1]["signature"][0] == "head.one"


def test_S000_T9_the_admitted_are_told_the_place_and_the_others_the_reasons() -> None:
    story = Story(ATTESTED).until("T9")
    story.then_refused("outcome_not_open", NOT_ADMITTED.turns[7])
    story = Story(NOT_ADMITTED).until("T9")
    story.then_refused("outcome_not_open", ATTESTED.turns[7])
    assert story.take(NOT_ADMITTED.turns[7]).events("notice_due")[-1]["notice"] == "not_admitted"


@pytest.mark.parametrize("way", [FAILED, ABSENT])
def test_S000_T10_whoever_failed_or_did_not_come_goes_to_the_commission(way: Way) -> None:
    assert list(Story(way).until("T11").case.steps) == ["T11"]


def test_S000_T11_only_those_who_passed_are_attested() -> None:
    story = Story(FAILED).until("T11")
    story.then_refused("outcome_not_open", ATTESTED.turns[9])
    assert story.take(FAILED.turns[9]).case.done["T11"] == "not_attested"


def test_S000_T12_the_order_follows_the_commissions_decision() -> None:
    story = Story(FAILED).until("T12")
    story.then_refused("outcome_not_open", ATTESTED.turns[10])
    assert story.take(FAILED.turns[10]).case.done["T12"] == "refused"


def test_S000_T13_the_record_in_E_licensing_is_asked_for() -> None:
    story = Story(ATTESTED).until("T13")
    story.then_refused("field_missing", ATTESTED.turns[11], fields={})
    assert list(story.take(ATTESTED.turns[11]).case.steps) == ["T14"]


def test_S000_T14_the_certificate_goes_to_the_cabinet() -> None:
    story = play(ATTESTED)
    assert story.events("result_issued")[0]["form"] == "certificate"
    assert story.events("closed")[0]["late"] is False


def test_S000_T15_the_longest_path_is_26_days_and_100_minutes() -> None:
    path = longest_path(service("attestation"), "attestation")
    assert str(path) == "26 wd 100 min"
    assert path.steps == ("T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12", "T13", "T14")


def test_S000_T16_a_group_is_decided_in_one_sitting_each_with_its_own_outcome() -> None:
    # given two candidates at the commission, at one desk
    story = Story(ATTESTED)
    other = Story(ATTESTED)
    other.desk = story.desk
    other.case = other._open(ATTESTED)
    for one in (story, other):
        one.go(TO_THE_COMMISSION)
    # when the commission decides on both
    story.desk.now = moment("20.04 12:00")
    numbers = [story.case.case, other.case.case]
    hold_sitting(story.desk, "attestation", ATTESTED.turns[4], numbers, **{numbers[1]: NOT_ADMITTED.turns[4]})
    # then each has its own outcome, and both name one sitting
    cases = [story.desk.cases.case(number) for number in numbers]
    assert [case.done["T6"] for case in cases] == ["admitted", "not_admitted"]
    sittings = {one.events("acted")[-1]["sitting"] for one in (story, other)}
    assert len(sittings) == 1


def test_S000_T16_a_group_step_is_not_taken_alone() -> None:
    story = Story(ATTESTED).until("T6")
    with pytest.raises(Refusal) as refusal:
        story.act(ATTESTED.turns[4], story.outcome(ATTESTED.turns[4]))
    assert refusal.value.code == "in_sitting_only"


@pytest.mark.parametrize("way", [FAILED, ABSENT, NOT_ADMITTED])
def test_S000_T17_the_executor_prepares_the_refusal_and_the_head_signs(way: Way) -> None:
    story = play(way)
    assert [(one["step"], one["role"]) for one in story.events("acted")[-2:]] == [
        ("T17", "executor"),
        ("T17s", "head"),
    ]


def test_S000_C1_a_signed_application_is_taken_at_any_hour() -> None:
    # a Saturday, ten minutes to midnight
    story = play(ACCREDITED)
    assert told(story.case.counted_from) == "04.04 23:50"


def test_S000_C2_the_system_forms_the_certificate_at_once_within_40_minutes() -> None:
    story = play(ACCREDITED)
    assert [(one["actor"], one["late"]) for one in story.events("acted")] == [("system", False)]
    assert story.events("result_issued")[0]["form"] == "accreditation"


def test_S000_C3_no_unit_takes_part_and_nothing_is_refused_but_an_incomplete_package() -> None:
    found = service("accreditation")
    assert {step.role for step in found.steps.values()} == {"system"}
    assert [one.id for one in found.results.values() if one.refusal] == []
    story = Story(ACCREDITED.but(documents=()))
    assert story.case.end == "acceptance_refused"
    assert story.events("acceptance_refused")[0]["missing"] == ["conformity"]

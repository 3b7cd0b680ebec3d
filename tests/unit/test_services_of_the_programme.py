"""Access of oversight bodies (A1 to A9), complaints (R30), shops joining (R9 to R12): each run in every outcome.

6 April 2026 is a Monday; 1, 7 and 11 May are days off.
"""

from __future__ import annotations

import pytest

from domain.errors import Refusal
from tests.unit.ways_through import Story, Turn, Way, moment, play, service, told, untaken

# --- access -----------------------------------------------------------------------------------------------------------
FORM = {
    "surname": "Сейткали",
    "given_name": "Айгүл",
    "patronymic": "Бекқызы",
    "post": "Аудитор",
    "unit": "Аудит бөлімі",
    "contact": "a.seitkali@audit.gov.kz",
    "phone": "+77011234567",
    "purpose": "Ваучерлер бағдарламасының аудиті",
    "body": "Ақмола облысы бойынша тексеру комиссиясы",
    "body_kind": "revision_commission",
    "region": "110000000",
}
PASSED_ON = Turn("07.04 10:00", "authorised", "consider", "passed_on", due="08.04 18:30")
GRANTED = Turn(
    "09.04 10:00",
    "integrator",
    "grant",
    "granted",
    due="09.04 18:30",
    fields={"trained_on": "2026-04-08", "account_role": "auditor"},
)
REPORTED = Turn("15.04 10:00", "integrator", "training_report", "reported", due="15.04 18:30")
YEAR_ENDS = "09.04.2027 18:30"
EXPIRED = Turn("10.04.2027 00:01", "system", "access", "expired", due=YEAR_ENDS)
LEFT = Turn("06.10 12:00", "applicant", "access", "left", due=YEAR_ENDS, fields={"left_on": "2026-10-01"})
REQUESTED = Turn("07.10 10:00", "authorised", "request_block", "requested", due="07.10 18:30")
BLOCKED = Turn("08.10 10:00", "integrator", "block", "blocked", due="08.10 18:30")
ACCESS = Way(
    "analyst-access",
    "06.04 10:00",
    (PASSED_ON, GRANTED, REPORTED, EXPIRED),
    end="expired",
    promised="10.04 18:30",
    fields=FORM,
    documents=("qr",),
    results=("access",),
    notices=("accepted", "ready", "ended"),
)
ACCESS_WAYS = {
    "a year": ACCESS,
    "the user left": ACCESS.but(
        turns=(PASSED_ON, GRANTED, REPORTED, LEFT, REQUESTED, BLOCKED), end="blocked"
    ),
    "withdrawn": ACCESS.but(
        turns=(
            PASSED_ON,
            GRANTED,
            REPORTED,
            Turn("06.10 12:00", "authorised", "access", "withdrawn", due=YEAR_ENDS),
            Turn("07.10 10:00", "integrator", "block", "blocked", due="07.10 18:30"),
        ),
        end="blocked",
    ),
    "refused": ACCESS.but(
        turns=(
            Turn(
                "07.04 10:00",
                "authorised",
                "consider",
                "refused",
                due="08.04 18:30",
                ground="beyond_competence",
            ),
        ),
        end="refused",
        results=("refusal",),
        notices=("refused",),
    ),
}

# --- complaint --------------------------------------------------------------------------------------------------------
UPHELD = Way(
    "complaint",
    "06.04 10:00",
    (
        Turn("06.04 12:00", "registrar", "register", "registered", due="07.04 18:30"),
        Turn(
            "20.04 12:00",
            "executor",
            "consider",
            "upheld",
            due="22.04 18:30",
            fields={"measures": "Баға түзетілді"},
        ),
        Turn("21.04 12:00", "head", "sign", "answer_signed", due="21.04 18:30"),
    ),
    end="upheld",
    promised="27.04 18:30",
    channel="wallet",
    fields={"category": "price", "shop": "dukan-1", "region": "113220100", "text": "Нан қымбат сатылды"},
    results=("answer",),
    notices=("accepted", "answered"),
)
COMPLAINT_WAYS = {
    "upheld": UPHELD,
    "not upheld": UPHELD.but(
        turns=(
            UPHELD.turns[0],
            Turn(
                "20.04 12:00", "executor", "consider", "not_upheld", due="22.04 18:30", ground="not_confirmed"
            ),
            Turn("21.04 12:00", "head", "sign", "rejection_signed", due="21.04 18:30"),
        ),
        end="not_upheld",
        results=("rejection",),
    ),
}

# --- shops ------------------------------------------------------------------------------------------------------------
SHOP = {
    "shop_name": "«Береке» дүкені",
    "owner": "Асанов Б.",
    "phone": "+77011234567",
    "address": "Ақкөл, Бөгенбай 1",
    "region": "113220100",
    "stationary": "yes",
    "wants_loan": "no",
}
LOAN = {
    "wants_loan": "yes",
    "loan_wanted": "2000000",
    "national_catalogue": "yes",
    "keeps_assortment": "yes",
    "marks_goods": "yes",
}
CONTRACT = {
    "contract": "7-2026",
    "loan_sum": "1500000",
    "loan_rate": "5",
    "loan_security": "Кепіл",
    "loan_until": "2027-03-31",
}
WATCHED = "01.04.2027 18:30"
WITHOUT_LOAN = Way(
    "shop-joining",
    "06.04 10:00",
    (
        Turn("10.04 10:00", "akimat", "consider", "fits_without_loan", due="13.04 18:30"),
        Turn("14.04 10:00", "operator", "join", "joined", due="14.04 18:30", fields={"shop": "bereke-1"}),
    ),
    end="joined",
    promised="05.05 18:30",
    fields=SHOP,
    documents=("registration",),
    results=("notice",),
    notices=("accepted", "ready"),
)
FITS = Turn("10.04 10:00", "akimat", "consider", "fits_with_loan", due="13.04 18:30")
LENT = (
    FITS,
    Turn("20.04 10:00", "lender", "lend", "contracted", due="24.04 18:30", fields=CONTRACT),
    Turn(
        "22.04 10:00", "operator", "join", "joined_with_loan", due="22.04 18:30", fields={"shop": "bereke-1"}
    ),
)
BREACH = Turn(
    "01.09 10:00",
    "akimat",
    "watch",
    "breach",
    fields={"condition": "label", "found_on": "2026-08-31", "detail": "Белгі жоқ"},
)
WITH_LOAN = WITHOUT_LOAN.but(
    fields=LOAN,
    documents=("registration", "security"),
    turns=(*LENT, BREACH, Turn("31.03.2027 10:00", "akimat", "watch", "repaid", due=WATCHED)),
    end="repaid",
)
SHOP_WAYS = {
    "without a loan": WITHOUT_LOAN,
    "loan repaid": WITH_LOAN,
    "loan terminated": WITH_LOAN.but(
        turns=(
            *LENT,
            BREACH,
            Turn(
                "01.12 10:00",
                "akimat",
                "watch",
                "terminated",
                due=WATCHED,
                fields={"reasons": "Шарт бұзылды"},
            ),
        ),
        end="terminated",
    ),
    "no loan given": WITH_LOAN.but(
        turns=(
            FITS,
            Turn("20.04 10:00", "lender", "lend", "not_lent", due="24.04 18:30", ground="no_security"),
            Turn("22.04 10:00", "operator", "join", "joined", due="22.04 18:30", fields={"shop": "bereke-1"}),
        ),
        end="joined",
    ),
    "refused": WITHOUT_LOAN.but(
        fields={"stationary": "no"},
        turns=(
            Turn("10.04 10:00", "akimat", "consider", "refused", due="13.04 18:30", ground="not_stationary"),
        ),
        end="refused",
        results=("refusal",),
        notices=("refused",),
    ),
}


@pytest.mark.parametrize("way", ACCESS_WAYS)
def test_A4_a_request_for_access_goes_every_way(way: str) -> None:
    play(ACCESS_WAYS[way]).then_ends_as_told()


@pytest.mark.parametrize("way", COMPLAINT_WAYS)
def test_R30_a_complaint_goes_every_way(way: str) -> None:
    play(COMPLAINT_WAYS[way]).then_ends_as_told()


@pytest.mark.parametrize("way", SHOP_WAYS)
def test_R9_a_shop_goes_every_way(way: str) -> None:
    play(SHOP_WAYS[way]).then_ends_as_told()


@pytest.mark.parametrize("service_id", ["analyst-access", "complaint", "shop-joining"])
def test_no_outcome_is_left_out(service_id: str) -> None:
    ways = {
        name: way
        for table in (ACCESS_WAYS, COMPLAINT_WAYS, SHOP_WAYS)
        for name, way in table.items()
        if way.service == service_id
    }
    assert untaken(service_id, ways) == set()


def test_A1_access_is_read_only() -> None:
    found = service("analyst-access")
    assert found.results["access"].names["en"] == "Read-only access"
    assert "read-only" in found.texts["handover"]["en"]


@pytest.mark.parametrize(
    ("body_kind", "asked"),
    [
        ("parliament", set()),
        ("supreme_audit", set()),
        ("state_audit", set()),
        ("maslikhat", {"fields.region"}),
        ("revision_commission", {"fields.region"}),
        ("central_audit", {"fields.own_body"}),
        ("local_audit", {"fields.region"}),
        ("interior_department", {"fields.region", "fields.administrator"}),
    ],
)
def test_A2_what_each_body_must_name_as_its_scope(body_kind: str, asked: set[str]) -> None:
    way = ACCESS.but(fields={"body_kind": body_kind, "region": ""})
    if not asked:
        assert Story(way).case.facts["body_kind"] == body_kind
        return
    with pytest.raises(Refusal) as refusal:
        Story(way)
    assert {one.field for one in (refusal.value, *refusal.value.also)} == asked


def test_A2_a_territorial_interior_department_names_252_or_352() -> None:
    (field,) = [one for one in service("analyst-access").fields if one.id == "administrator"]
    assert list(field.choices) == ["252", "352"]
    way = ACCESS.but(fields={"body_kind": "interior_department", "administrator": "252"})
    assert Story(way).case.facts["administrator"] == "252"


def test_A3_the_forms_fields_and_who_signs_it() -> None:
    asked = [one.id for one in service("analyst-access").fields]
    assert asked[:8] == ["surname", "given_name", "patronymic", "post", "unit", "contact", "phone", "purpose"]
    story = Story(ACCESS)
    (opened,) = story.events("opened")
    assert set(opened["sealed"]) == set(asked[:7])
    assert opened["signature"] != []
    assert [one[0] for one in opened["documents"]] == ["qr"]
    assert Story(ACCESS.but(documents=())).case.end == "acceptance_refused"


def test_A4_two_days_to_consider_and_two_more_to_grant() -> None:
    Story(ACCESS).take(PASSED_ON, at="08.04 18:30")
    story = Story(ACCESS).take(PASSED_ON, at="09.04 09:00", late=True)
    assert told(story.case.steps["grant"].due_at) == "13.04 18:30"


def test_A5_access_lasts_one_calendar_year_and_ends_by_itself() -> None:
    story = Story(ACCESS).go((PASSED_ON, GRANTED, REPORTED))
    (issued,) = story.events("result_issued")
    assert (issued["valid_from"], issued["valid_until"]) == ("2026-04-09", "2027-04-09")
    # nobody but the clock ends it so
    story.then_refused("not_your_step", EXPIRED, role="applicant", at="01.12 10:00")
    story.then_refused("not_your_step", EXPIRED, role="authorised", at="01.12 10:00")
    story.take(EXPIRED)
    assert story.events("closed")[0]["end"] == "expired"


@pytest.mark.parametrize(("at", "late"), [("06.10 18:30", False), ("07.10 09:00", True)])
def test_A6_the_request_to_block_comes_within_three_days_of_leaving(at: str, late: bool) -> None:
    story = Story(ACCESS).go((PASSED_ON, GRANTED, REPORTED)).take(LEFT, at=at, late=late)
    assert list(story.case.steps) == ["request_block"]


@pytest.mark.parametrize(("at", "late"), [("15.04 18:30", False), ("16.04 09:00", True)])
def test_A7_trained_before_the_start_and_reported_within_five_days_of_it(at: str, late: bool) -> None:
    story = Story(ACCESS).go((PASSED_ON,))
    story.then_refused("field_missing", GRANTED, fields={"account_role": "auditor"})
    story.take(GRANTED).take(REPORTED, at=at, late=late)
    assert list(story.case.steps) == ["access"]


def test_A8_users_sign_in_with_the_bodys_signature_and_pass_nothing_on() -> None:
    text = service("analyst-access").texts["electronic_signature"]["en"]
    assert "never passed on" in text
    assert "third parties" in text


def test_A9_changes_are_made_on_the_authorised_bodys_request_only() -> None:
    story = Story(ACCESS).go((PASSED_ON, GRANTED, REPORTED, LEFT))
    # the integrator blocks nothing before the authorised body asks
    story.then_refused("not_your_step", REQUESTED, role="integrator")
    assert list(story.take(REQUESTED).case.steps) == ["block"]


def test_R30_the_complaints_text_and_who_complains_stay_in_the_vault() -> None:
    (opened,) = Story(UPHELD).events("opened")
    assert set(opened["sealed"]) == {"text"}
    assert set(opened["facts"]) == {"category", "shop", "region"}


def test_R30_from_e_Otinish_the_name_is_asked_for() -> None:
    with pytest.raises(Refusal) as refusal:
        Story(UPHELD.but(channel="portal"))
    assert refusal.value.field == "fields.applicant_name"


def test_R30_the_deputy_akim_signs_what_somebody_else_considered() -> None:
    story = play(UPHELD)
    assert [one["role"] for one in story.events("acted")] == ["registrar", "executor", "head"]
    assert "oblast akimat" in service("complaint").provider["en"].lower()


def test_R2_7_a_shop_that_is_not_stationary_does_not_join() -> None:
    story = Story(WITHOUT_LOAN.but(fields={"stationary": "no"}))
    assert story.then_refused("outcome_not_open", WITHOUT_LOAN.turns[0]).field == "outcome"


def test_R9_a_loan_comes_through_the_specialised_organisation() -> None:
    story = Story(WITH_LOAN).go((FITS,))
    assert story.case.steps["lend"].role == "lender"


@pytest.mark.parametrize("left_out", list(CONTRACT))
def test_R10_the_contract_says_number_sum_rate_security_and_day(left_out: str) -> None:
    story = Story(WITH_LOAN).go((FITS,))
    fields = {name: value for name, value in CONTRACT.items() if name != left_out}
    assert story.then_refused("field_missing", LENT[1], fields=fields).field == f"fields.{left_out}"


def test_R11_a_loan_is_secured_and_not_repaid_it_is_overdue() -> None:
    assert "security" in Story(WITH_LOAN.but(documents=())).case.missing
    assert "security" not in Story(WITHOUT_LOAN.but(documents=())).case.missing
    story = Story(WITH_LOAN).go(LENT)
    story.desk.settle.run_due(moment("02.04.2027 09:00"))
    assert [one["step"] for one in story.events("became_overdue")] == ["watch"]
    assert [one["to_role"] for one in story.events("escalated")] == ["akimat_head"]


@pytest.mark.parametrize("condition", ["national_catalogue", "keeps_assortment", "marks_goods"])
def test_R12_a_shop_that_keeps_not_all_three_conditions_gets_no_loan(condition: str) -> None:
    story = Story(WITH_LOAN.but(fields={condition: "no"}))
    assert story.then_refused("outcome_not_open", FITS).field == "outcome"


def test_R12_breaches_are_recorded_while_the_loan_runs() -> None:
    story = Story(WITH_LOAN).go((*LENT, BREACH, BREACH))
    assert [one["facts"]["condition"] for one in story.events("remark_recorded")] == ["label", "label"]
    assert list(story.case.steps) == ["watch"]

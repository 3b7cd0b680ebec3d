"""The service files that azyq ships: what the law asks of a standard and of a regulation stands in each (S002, P10, P14).

Each outcome of each is run in test_services_construction, _medical, _drafting and _of_the_programme.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from domain.procedures.definition import APPLICANT, PUBLIC, SYSTEM
from infra.settings import ROOT
from tests.architecture.source import modules
from tests.unit.test_services_construction import ISSUED
from tests.unit.ways_through import FOLDER, Story, service, shipped

LICENCES = ("licence-survey", "licence-design", "licence-construction")
CONSTRUCTION = (*LICENCES, "attestation", "accreditation")
MEDICAL = (
    "admission-clinical-practice",
    "circulation-of-medicines",
    "foreign-specialist",
    "sanitary-wellbeing",
)
PUBLIC_SERVICES = (*CONSTRUCTION, *MEDICAL)
OTHERS = ("drafting-standard", "drafting-regulation", "analyst-access", "complaint", "shop-joining")
EVERY = (*PUBLIC_SERVICES, *OTHERS)
LANGUAGES = {"kk", "ru", "en"}
# Words that are the same in Kazakh and in Russian.
SAME = {
    *("Лицензия", "Интегратор", "Ассортимент", "Бакалавр", "Педиатрия", "Стоматология"),
    *("Биология", "Химия", "Биотехнология", "Ветеринария"),
}
OF_A_LICENCE = {
    *("S000-04", "S000-05", "S000-06", "S000-08", "S000-L1", "S000-L5a", "S000-L5b"),
    *("S003-03", "S002-24"),
}
# Where services.md and rules.md say silent, conflict or missing of a service, its file says what it takes.
DECLARED = {
    **dict.fromkeys(LICENCES, OF_A_LICENCE),
    "attestation": {"S000-04", "S000-05", "S000-06", "S000-T5a", "S000-T17", "S003-03", "S002-24"},
    "accreditation": {"S000-04", "S000-05", "S000-06", "S000-07", "S000-C1", "S000-C3", "S002-24"},
    "admission-clinical-practice": {"S003-A01", "S003-A03", "S003-A04"},
    "circulation-of-medicines": {"S003-B01", "S003-12"},
    "foreign-specialist": {"S003-10", "S003-C01", "S003-C02", "S003-C03"},
    "sanitary-wellbeing": {"S003-10", "S003-D01", "S003-D02", "S003-12"},
    "drafting-standard": {"S002-02", "S002-05", "S002-06", "S002-07", "S002-08", "S002-F1"},
    "drafting-regulation": {"S002-F6", "S002-F7"},
    "analyst-access": {"A3", "A4", "A5", "A6", "A7"},
    "complaint": {"R30"},
    "shop-joining": {"R9", "R11", "R12"},
}
ALL_MEDICAL = {"S003-02", "S003-03", "S003-06", "S003-07", "S003-F1", "S002-24"}
CLAUSE = re.compile(
    r"S00[023]-([0-9]{2}|[LTC][0-9]{1,2}[ab]?|[A-D][0-9]{2}|F[1-8])|[AR][0-9]{1,2}(\.[0-9]{1,2})?"
)


def every_name(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every text by language in a file, with where it stands; choices may be languages too."""
    if isinstance(value, dict) and set(value) == LANGUAGES and not path.endswith(".choices"):
        yield path, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from every_name(one, f"{path}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value, start=1):
            yield from every_name(one, f"{path}[{number}]")


def text_of(service_id: str) -> str:
    """A service's file as it stands."""
    return (FOLDER / f"{service_id}.toml").read_text(encoding="utf-8")


def test_these_services_are_shipped_and_in_order() -> None:
    assert set(shipped().ids()) == set(EVERY)


@pytest.mark.parametrize("service_id", EVERY)
def test_every_text_is_in_three_languages_that_differ(service_id: str) -> None:
    found = list(every_name(tomllib.loads(text_of(service_id))))
    assert len(found) > 30
    wrong = [
        (path, names)
        for path, names in found
        if (names["kk"] == names["ru"] and names["kk"] not in SAME)
        or re.search("[ӘҒҚҢӨҰҮҺІәғқңөұүһі]", names["ru"].replace("ҚР ДСМ", ""))
        or re.search("[А-Яа-я]", names["en"].replace("ҚР ДСМ", ""))
    ]
    assert wrong == []


@pytest.mark.parametrize("service_id", EVERY)
def test_every_clause_that_a_file_names_is_one_of_the_laws(service_id: str) -> None:
    named = re.findall(r'clause = "([^"]*)"', text_of(service_id))
    assert [one for one in named if not CLAUSE.fullmatch(one)] == []


@pytest.mark.parametrize("service_id", EVERY)
def test_where_the_law_is_silent_or_contradicts_itself_the_file_says_what_it_takes(service_id: str) -> None:
    told = {one.clause for one in service(service_id).declared}
    assert DECLARED[service_id] | (ALL_MEDICAL if service_id in MEDICAL else set()) <= told


def test_S000_01_the_three_licences_differ_in_name_and_standard_only() -> None:
    plain = []
    for one in LICENCES:
        text, names = text_of(one), service(one).names
        for language in LANGUAGES:
            text = text.replace(names[language], f"NAME {language}")
        plain.append(text.replace(f'"{one}"', "ID").replace(f'"{service(one).prefix}"', "PREFIX"))
    assert plain[0] == plain[1] == plain[2]


def test_no_module_knows_a_service_by_its_name() -> None:
    # two of the names are words of other things: of a rating, of a form of paper
    wrong = [
        f"{module.shown}:{node.lineno} {node.value!r}"
        for module in modules("domain", "projections", "streams", "infra")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and node.value in set(EVERY) - {"complaint", "accreditation"}
    ]
    assert wrong == []


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_11_who_drafted_the_standard_is_told(service_id: str) -> None:
    assert set(service(service_id).drafter) == LANGUAGES


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_12_provider_and_where_requests_come_in_are_told(service_id: str) -> None:
    found = service(service_id)
    assert set(found.provider) == LANGUAGES
    assert found.channels != ()
    assert "form_of_application" in found.texts


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_13_every_kind_of_request_has_a_term_and_nobody_waits_at_the_portal(service_id: str) -> None:
    found = service(service_id)
    assert all(kind.term or found.term for kind in found.kinds.values())
    assert [(one.wait_minutes, one.serving_minutes) for one in found.channels] == [(0, 0)]


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_14_form_and_automation_are_told(service_id: str) -> None:
    found = service(service_id)
    by_system = {step.id for step in found.steps.values() if found.roles[step.role].automatic}
    assert (found.automation == "full") is (by_system == set(found.steps))
    assert found.form in ("electronic", "both")


@pytest.mark.parametrize("service_id", [one for one in EVERY if not one.startswith("drafting")])
def test_S002_15_the_result_is_a_document_or_a_reasoned_refusal(service_id: str) -> None:
    results = service(service_id).results.values()
    assert any(not one.refusal for one in results)
    assert all(one.form == "refusal" for one in results if one.refusal)
    assert any(one.refusal for one in results) is (service_id != "accreditation")


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_16_whether_it_is_paid_is_told(service_id: str) -> None:
    assert set(service(service_id).texts["fee"]) == LANGUAGES


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_17_hours_break_booking_and_accelerated_service_are_told(service_id: str) -> None:
    found = service(service_id)
    assert found.schedule.office.break_from is not None
    assert {"booking", "accelerated"} <= set(found.texts)


@pytest.mark.parametrize("service_id", CONSTRUCTION)
def test_S002_18_reception_is_from_9_to_17_30_with_the_break(service_id: str) -> None:
    hours = service(service_id).schedule.reception
    assert [f"{one:%H:%M}" for one in hours[1:] if one] == ["09:00", "17:30", "13:00", "14:30"]


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_19_what_comes_after_hours_rolls_over_but_in_a_fully_automated_service(service_id: str) -> None:
    found = service(service_id)
    assert found.schedule.rolls_over is (found.automation != "full")


def test_S002_20_the_request_is_confirmed_with_its_number_day_and_time() -> None:
    (opened,) = Story(ISSUED).events("opened")
    assert re.fullmatch(r"LD-2026-[2-9B-Z]{8}", opened["case"])
    assert opened["received_at"] == "2026-04-06T10:00:00+05:00"


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_20_the_application_itself_is_the_first_document(service_id: str) -> None:
    first = service(service_id).documents[0]
    assert (first.id, first.filled) == ("application", True)
    assert all(one.clause for one in service(service_id).documents)


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_21_consent_is_asked_for_wherever_somebody_applies(service_id: str) -> None:
    assert service(service_id).consent is not service_id.startswith("drafting")


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_22_every_refusal_names_one_of_a_closed_list_of_grounds(service_id: str) -> None:
    found = service(service_id)
    refusals = {one.id for one in found.results.values() if one.refusal}
    given = {o.result for step in found.steps.values() for o in step.outcomes} & refusals
    named = any(o.grounds for step in found.steps.values() for o in step.outcomes)
    assert given == refusals
    assert bool(found.grounds) is named is bool(refusals)


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_24_how_to_appeal_is_told(service_id: str) -> None:
    appeals = service(service_id).texts["appeals"]["en"]
    assert "appeal" in appeals
    assert "court" in appeals


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_25_vulnerable_groups_signature_status_and_contacts_are_told(service_id: str) -> None:
    asked = {"vulnerable", "electronic_signature", "remote_status", "contacts", "publication"}
    assert asked <= set(service(service_id).texts)


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_35_provider_form_and_result_stand_in_one_file_with_the_procedures(service_id: str) -> None:
    found = service(service_id)
    assert found.results
    assert all(set(one.names) == LANGUAGES for one in found.results.values())


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_36_each_procedure_says_who_by_what_clause_and_what_it_leads_to(service_id: str) -> None:
    found = service(service_id)
    assert "start" in found.texts
    for step in found.steps.values():
        assert step.clause, step.id
        assert step.outcomes, step.id


@pytest.mark.parametrize("service_id", EVERY)
def test_S002_37_each_official_belongs_to_a_unit_that_takes_part(service_id: str) -> None:
    found = service(service_id)
    acting = {step.role for step in found.steps.values()}
    acting -= {APPLICANT, PUBLIC, SYSTEM}
    assert all(found.roles[one].unit in found.units for one in acting)
    # none stands in the list that does nothing
    idle = set(found.units) - {found.roles[step.role].unit for step in found.steps.values()}
    assert idle == set()


@pytest.mark.parametrize("service_id", PUBLIC_SERVICES)
def test_S002_38_the_information_systems_and_how_the_result_is_got_are_told(service_id: str) -> None:
    assert {"systems", "handover"} <= set(service(service_id).texts)


def test_S000_08_the_places_of_publication_are_told() -> None:
    for one in CONSTRUCTION:
        assert (
            "the provider and of the oblast, city and district akimats"
            in service(one).texts["publication"]["en"]
        )
    assert (ROOT / "services").is_dir()

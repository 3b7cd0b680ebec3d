"""The forms of order No. 126 (S002-F1 to S002-F8), each made of a shipped service's file: what each must hold.

That every paper of every service is whole, in every language, in HTML and DOCX, is told in test_papers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from infra.papers.case_papers import Discussion, Remark, discussion_report, receipt
from infra.papers.html import html
from infra.papers.kinds import process_drawing, service_paper
from infra.papers.paper import Drawing, Paper, Signatures
from tests.unit.test_papers import MADE_AT, Texts
from tests.unit.test_papers_cases import case_of
from tests.unit.ways_through import service

DESIGN, STANDARD, REGULATION = "licence-design", "drafting-standard", "drafting-regulation"


def said(paper: Paper) -> str:
    """All that a paper says."""
    return " ".join(Texts(html(paper)).texts)


def named_in(words: str, names: list[str]) -> list[str]:
    """The `names` in the order in which they first stand in `words`; those that are missing are left out."""
    return sorted((name for name in names if name in words), key=words.index)


@pytest.mark.parametrize(("clause", "service_id"), [("S002-F1", STANDARD)])
def test_S002_F1_the_mechanism_of_drafting_a_standard_is_made_of_its_steps(
    clause: str, service_id: str
) -> None:
    paper = service_paper(service(service_id), "mechanism", "en", MADE_AT)
    stages = [step.names["en"] for step in service(service_id).steps.values()]
    assert named_in(said(paper), stages) == stages
    assert isinstance(paper.sections[-1].points[0].blocks[0], Drawing)
    assert clause in {point.clause for point in paper.points()}


def test_S002_F2_the_report_tells_draft_period_remarks_decisions_and_counts() -> None:
    held = Discussion(
        "Стандарт жобасы",
        "egov.kz",
        date(2026, 4, 10),
        date(2026, 5, 12),
        "Радиода айтылды",
        (
            Remark(1, "Б. Асанов", "Мерзімді қысқарту", "taken", "Орынды"),
            Remark(2, "А. Сейткали", "Ақысын алып тастау", "not_taken", "Заңға қайшы"),
        ),
    )
    words = said(discussion_report(replace(case_of(service(STANDARD)), discussion=held), "kk", MADE_AT))
    told = [
        *("Стандарт жобасы", "egov.kz", "10.04.2026 – 12.05.2026", "Радиода айтылды"),
        *("Мерзімді қысқарту", "Орынды", "Ақысын алып тастау", "Заңға қайшы"),
    ]
    assert named_in(words, told) == told


def test_S002_F3_the_receipt_tells_who_whereby_what_is_missing_and_who_signs() -> None:
    case = replace(case_of(service(DESIGN)), missing=("fee_paid", "qualification"))
    paper = receipt(case, "en", MADE_AT)
    words = said(paper)
    assert paper.copies == 2
    assert all(line in words for line in case.applicant)
    assert "20" in words  # article 20(2) of the law on state services
    assert case.office["en"].address in words
    assert service(DESIGN).names["en"] in words
    documents = {one.id: one.names["en"] for one in service(DESIGN).documents}
    assert named_in(words, [*documents.values()]) == [documents["fee_paid"], documents["qualification"]]
    (signatures,) = [
        block for point in paper.points() for block in point.blocks if isinstance(block, Signatures)
    ]
    assert len(signatures.rows) == 3
    # neither day nor number is a field of the form: they stand below it
    assert [case.number in line for line in paper.foot][:1] == [True]


def test_S002_F4_the_model_standard_has_four_sections_in_order() -> None:
    paper = service_paper(service(DESIGN), "standard", "en", MADE_AT)
    clauses = [point.clause for section in paper.sections[:4] for point in section.points]
    assert clauses == sorted(clauses)
    assert [section.number for section in paper.sections[:4]] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("service_id", [DESIGN, "sanitary-wellbeing"])
def test_S002_F5_the_memo_tells_provider_hours_portal_term_documents_result_and_phones(
    service_id: str,
) -> None:
    found = service(service_id)
    words = said(service_paper(found, "memo", "en", MADE_AT))
    for told in (
        found.provider["en"],
        "9:00–18:30",
        "1414",
        *(one.names["en"] for one in found.results.values()),
    ):
        assert told in words
    assert all(one.names["en"] in words for one in found.documents if not one.filled)
    terms = {kind.term or found.term for kind in found.kinds.values()}
    assert all(term is not None and f"{term.number} working days" in words for term in terms)


def test_S002_F6_the_mechanism_of_drafting_a_regulation_is_made_of_its_steps() -> None:
    paper = service_paper(service(REGULATION), "mechanism", "ru", MADE_AT)
    stages = [step.names["ru"] for step in service(REGULATION).steps.values()]
    assert named_in(said(paper), stages) == stages


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_S002_F7_the_reference_has_the_name_and_a_lane_for_each_unit(language: str) -> None:
    found = service("attestation")
    paper = service_paper(found, "process", language, MADE_AT)
    assert found.names[language] in said(paper)
    drawn = Texts(process_drawing(found, language).decode()).texts
    words = " ".join(drawn)
    for unit in found.units.values():
        assert unit[language].split()[0] in words


def test_S002_F8_the_model_regulation_has_its_sections_in_order() -> None:
    paper = service_paper(service(DESIGN), "regulation", "en", MADE_AT)
    clauses = [point.clause for point in paper.points()]
    assert clauses == sorted(clauses)
    assert {"S002-35", "S002-36", "S002-37", "S002-38"} <= set(clauses)

"""Papers of cases that went their way through a shipped service: gathered from their events and the vault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from domain.commands.known_cases import SALT_BYTES
from domain.procedures.definition import Channel, Document
from infra.papers.case_papers import CasePaper, discussion_report, receipt, result_paper
from infra.papers.from_case import paper_of_case
from infra.papers.html import html
from infra.papers.seal import Verdict, verify
from infra.qr.keys import QrKeys
from tests.unit import test_services_construction, test_services_drafting, test_services_medical
from tests.unit.case_desk import APPLICANT_ID, CITIZEN, CLERK, Desk
from tests.unit.service_to_run import MONDAY, named, outcome, running, step
from tests.unit.service_to_run import service as made_up
from tests.unit.test_papers import LANGUAGES, Texts, check_paper
from tests.unit.ways_through import Story, Way, play, service

MADE_AT = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)
KEYS = QrKeys([b"a" * 32])
WAYS: dict[str, Way] = {
    f"{module.__name__.rpartition('_')[2]}-{name}": way
    for module in (test_services_construction, test_services_drafting, test_services_medical)
    for name, way in vars(module).items()
    if isinstance(way, Way)
}


def paper_of(story: Story, name_of: Callable[[str], str] = lambda staff: "") -> CasePaper:
    case, desk = story.case, story.desk
    case = desk.cases.case(case.case)

    def unseal(digest: str) -> str | None:
        content = desk.papers.read(case.id.hex, digest)
        return None if content is None else content[SALT_BYTES:].decode()

    return paper_of_case(case, service(case.service), desk.log.events(case.id), unseal, name_of)


@pytest.mark.parametrize("name", WAYS)
def test_S002_15_whatever_a_case_gave_out_can_be_printed(name: str) -> None:
    told = paper_of(play(WAYS[name]))
    if not told.result:
        with pytest.raises(ValueError, match="given out nothing"):
            result_paper(told, "ru", MADE_AT, KEYS, "https://azyq.example")
        return
    for language in LANGUAGES:
        paper = result_paper(told, language, MADE_AT, KEYS, "https://azyq.example")
        check_paper(paper)
        said = " ".join(Texts(html(paper)).texts)
        assert told.result_number in said
        for line in told.applicant:
            assert line in said
        if told.service.results[told.result].refusal:
            assert told.service.grounds[told.ground].names[language] in said
    link = next(
        block.link  # type: ignore[union-attr]
        for point in paper.points()
        for block in point.blocks
        if block.block == "code"
    )
    assert told.issued_on is not None
    found = verify(link, KEYS, told.issued_on)
    assert found.verdict is Verdict.GENUINE
    assert found.seal is not None
    assert (found.seal.case, found.seal.result) == (told.number, told.result_number)


def test_S000_07_a_licence_names_its_holder_and_who_signed() -> None:
    told = paper_of(play(test_services_construction.ISSUED))
    assert told.applicant
    assert told.signer_role == "head"
    assert told.signed_at is not None
    assert told.issued_on is not None
    assert told.issued_on.year == 2026
    personal = {field.id for field in told.service.fields if field.personal}
    assert not personal & set(told.facts)


def test_S002_F2_the_report_is_folded_from_the_remarks() -> None:
    told = paper_of(play(test_services_drafting.STANDARD))
    assert told.discussion is not None
    held = told.discussion
    # The last of the 30 days moves on when nobody works on it.
    assert 30 <= (held.ends_on - held.starts_on).days < 40
    assert held.remarks
    assert all(remark.text for remark in held.remarks)
    decided = [remark for remark in held.remarks if remark.decision]
    assert decided
    assert all(remark.grounds for remark in decided)
    assert not any(remark.decision for remark in held.remarks if remark.late)
    for language in LANGUAGES:
        paper = discussion_report(told, language, MADE_AT)
        check_paper(paper)
        said = " ".join(Texts(html(paper)).texts)
        assert all(remark.text in said and remark.grounds in said for remark in held.remarks)
        assert held.reworked in said


def test_S002_23_a_receipt_of_a_case_whose_package_is_incomplete() -> None:
    way = test_services_construction.NOT_CONSIDERED
    told = paper_of(play(way))
    assert told.missing
    said = " ".join(Texts(html(receipt(told, "kk", MADE_AT))).texts)
    names = {document.id: document.names["kk"] for document in told.service.documents}
    assert all(said.count(names[missing]) == 2 for missing in told.missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_S002_F3_the_receipt_says_where_and_by_whom_and_leaves_lines_for_the_rest(language: str) -> None:
    plan = Document("plan", named("plan"))
    address = {"kk": "Абай к., 1", "ru": "ул. Абая, 1", "en": "1 Abai street"}
    channel = Channel("state_corporation", "refuse", department="12", address=address, phone="1414")
    first = step("take", "clerk", outcome("done", ends="granted"))
    made = made_up((first,), ("take",), channels=(channel,), documents=(plan,), consent=True)
    for known, opener in (("Серікова Айгүл", CLERK), ("", CLERK), ("Серікова Айгүл", CITIZEN)):
        desk = Desk(running(made), at=MONDAY)
        case = desk.open(
            channel="state_corporation",
            actor=opener,
            fields={},
            documents={},
            consent=True,
            applicant=APPLICANT_ID,
        )
        assert case.end == "acceptance_refused"
        told = paper_of_case(case, made, desk.log.events(case.id), lambda _: None, {CLERK.id: known}.get)
        said = " ".join(Texts(html(receipt(told, language, MADE_AT))).texts)
        assert said.count("12") >= 2
        assert said.count(address[language]) == 2
        assert said.count("1414") == 2
        assert said.count("____") >= 2  # the executor's name
        assert (known in said) == (opener is CLERK)
        log = str([event.state for events in desk.log.streams.values() for event in events])
        assert not known or known not in log


def test_O5_2_of_someone_erased_a_paper_names_nobody() -> None:
    story = play(test_services_construction.ISSUED)
    story.desk.papers.kept.clear()
    told = paper_of(story)
    assert told.applicant == ()
    check_paper(result_paper(told, "ru", MADE_AT, KEYS, "https://azyq.example"))
    assert told.issued_on is not None
    assert told.issued_on >= date(2026, 1, 1)

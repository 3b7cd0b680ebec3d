"""Papers of every shipped service: all elements in order, no empty section, no gaps, the same in HTML and DOCX."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from docx import Document
from typer.testing import CliRunner

from domain.goods import load_goods
from domain.procedures.definition import Hours, Service, Term, Unit
from infra.cases.services import load_services
from infra.cli.app import app
from infra.papers.docx import docx
from infra.papers.html import html
from infra.papers.kinds import SERVICE_PAPERS, PaperKindUnknown, service_paper
from infra.papers.paper import Block, Drawing, Grid, Items, Paper, Paragraph, Rows
from infra.papers.programme_standard import programme_standard
from infra.papers.service_words import ServiceWords
from infra.papers.spelling import hours_in_words, term_in_words
from infra.programmes import load_programmes
from infra.settings import ROOT

LANGUAGES = ("kk", "ru", "en")
SERVICES = [one.service for one in load_services(ROOT / "services")]
IDS = [f"{service.id}@{service.version}" for service in SERVICES]
PROGRAMMES = load_programmes(ROOT / "programmes")
GOODS = load_goods((ROOT / "goods" / "goods-list.csv").read_text(encoding="utf-8"))
# The model standard (annex 4 of S002): its points in order, and the clause of each.
MODEL_STANDARD = [
    ("1.1", "S002-10"),
    ("1.2", "S002-11"),
    ("1.3", "S002-12"),
    ("2.1", "S002-13"),
    ("2.2", "S002-14"),
    ("2.3", "S002-15"),
    ("2.4", "S002-16"),
    ("2.5", "S002-17"),
    ("2.6", "S002-20"),
    ("2.7", "S002-22"),
    ("3.1", "S002-24"),
    *((f"4.{number}", "S002-25") for number in range(1, 6)),
]
MADE_AT = datetime(2026, 11, 21, 13, 30, tzinfo=UTC)


class Texts(HTMLParser):
    """The texts of a page, its style aside, and what it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag in ("style", "title"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside and data.strip():
            self.texts.append(" ".join(data.split()))


def docx_texts(content: bytes) -> list[str]:
    """Every paragraph of a DOCX, those in tables too, in order."""
    document = Document(io.BytesIO(content))
    tag = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    return [
        "".join(text.text or "" for text in line.iter(f"{tag}t"))
        for line in document.element.body.iter(f"{tag}p")
    ]


def is_empty(block: Block) -> bool:
    match block:
        case Paragraph():
            return not block.text.strip()
        case Items():
            return not block.items
        case Rows():
            return not block.rows
        case Grid():
            return not block.rows
        case Drawing():
            return not block.pages
    return False


def check_paper(paper: Paper) -> None:
    """No empty section, no gaps of a template, and the same headings in HTML and DOCX."""
    assert paper.sections
    for point in paper.points():
        assert point.blocks, point.title
        assert not any(is_empty(block) for block in point.blocks), point.title
    page = html(paper)
    read = Texts(page)
    said = " ".join(read.texts)
    words = docx_texts(docx(paper))
    # "None" is English too: a choice of a service is called so.
    gaps = r"[{}]|Undefined|&[a-z]+;" + (r"|\bNone\b" if paper.language != "en" else "")
    for text in (said, " ".join(words)):
        assert not re.search(gaps, text), paper.kind
    titles = [f"{point.number}. {point.title}" for point in paper.points() if point.title and point.number]
    places = [page.index(point.title) for point in paper.points() if point.title]
    assert len(places) >= len(titles)
    if paper.kind not in ("requirements", "memo"):
        assert [word for word in words if word in titles] == titles
    assert paper.title in said
    assert all(line in said and line in words for line in paper.foot)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", SERVICE_PAPERS)
@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_S002_39_every_paper_of_every_service_in_every_language(
    service: Service, kind: str, language: str
) -> None:
    paper = service_paper(service, kind, language, MADE_AT)
    check_paper(paper)
    said = " ".join(Texts(html(paper)).texts)
    assert service.names[language] in said
    assert service.id in said
    assert f"{service.version}" in said
    assert "21.11.2026 18:30 (UTC+5)" in said


@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_S002_10_a_standard_has_every_element_in_order(service: Service) -> None:
    """S002-10 to S002-25."""
    paper = service_paper(service, "standard", "ru", MADE_AT)
    numbers = [(point.number, point.clause) for section in paper.sections[:4] for point in section.points]
    assert numbers[: len(MODEL_STANDARD)] == MODEL_STANDARD
    assert [section.number for section in paper.sections[:4]] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_S002_35_a_regulation_has_four_sections_and_the_drawing(service: Service) -> None:
    """S002-35 to S002-38."""
    paper = service_paper(service, "regulation", "kk", MADE_AT)
    clauses = [point.clause for point in paper.points()]
    assert clauses == [*["S002-35"] * 3, *["S002-36"] * 3, *["S002-37"] * 2, *["S002-38"] * 3, "S002-39"]
    assert isinstance(paper.sections[-1].points[0].blocks[0], Drawing)
    said = " ".join(Texts(html(paper)).texts)
    for step in service.steps.values():
        assert step.names["kk"] in said
        assert all(outcome.names["kk"] in said for outcome in step.outcomes)


def test_S002_13_the_term_the_wait_and_the_time_of_serving_are_told_by_channel() -> None:
    from dataclasses import replace

    from domain.procedures.definition import Channel

    service = replace(
        next(one for one in SERVICES if one.term),
        channels=(Channel("portal", "accept"), Channel("state_corporation", "refuse", 20, 15)),
    )
    said = " ".join(Texts(html(service_paper(service, "standard", "en", MADE_AT))).texts)
    said = said.replace("\N{NO-BREAK SPACE}", " ")
    assert service.term is not None
    assert f"at most: {term_in_words(service.term, 'en')}".replace("\N{NO-BREAK SPACE}", " ") in said
    assert "the State Corporation “Government for Citizens” – 20 minutes" in said
    assert "the State Corporation “Government for Citizens” – 15 minutes" in said
    assert "incomplete package: acceptance is refused with a receipt" in said


def test_S002_19_what_arrives_after_hours_is_told_as_the_service_takes_it() -> None:
    for service in SERVICES:
        said = " ".join(Texts(html(service_paper(service, "standard", "en", MADE_AT))).texts)
        assert ("on the next working day" in said) == service.schedule.rolls_over


def test_S002_20_the_forms_are_annexed_and_ask_what_the_application_asks() -> None:
    for service in SERVICES:
        applied = any(channel.id != "internal" for channel in service.channels)
        paper = service_paper(service, "standard", "kk", MADE_AT)
        annexes = [section for section in paper.sections if section.apart]
        assert len(annexes) == (max(1, len(service.kinds)) if applied else 0)
        said = " ".join(Texts(html(service_paper(service, "forms", "kk", MADE_AT))).texts)
        assert all(field.names["kk"] in said for field in service.fields if field.required == "true")


def test_S002_22_the_grounds_are_a_closed_list_in_order() -> None:
    for service in SERVICES:
        said = " ".join(Texts(html(service_paper(service, "standard", "ru", MADE_AT))).texts)
        places = [said.index(ground.names["ru"]) for ground in service.grounds.values()]
        assert places == sorted(places)


def test_S002_17_the_office_and_reception_have_hours_of_their_own() -> None:
    hours = Hours((1, 2, 3, 4, 5), time(9), time(18, 30), time(13), time(14, 30))
    assert hours_in_words(hours, "ru") == (
        "понедельник – пятница, 9:00–18:30, перерыв 13:00–14:30; выходные: суббота, воскресенье и праздничные дни"
    )
    assert "демалыс: сенбі, жексенбі және мереке күндері" in hours_in_words(hours, "kk")
    every_day = hours_in_words(Hours((1, 2, 3, 4, 5, 6, 7), time(8), time(20)), "en")
    assert every_day == "Monday – Sunday, 8:00–20:00; closed: public holidays"


@pytest.mark.parametrize(
    ("number", "unit", "said"),
    [
        (1, Unit.WORKING_DAYS, "1 рабочий день"),
        (2, Unit.WORKING_DAYS, "2 рабочих дня"),
        (5, Unit.WORKING_DAYS, "5 рабочих дней"),
        (11, Unit.CALENDAR_DAYS, "11 календарных дней"),
        (21, Unit.MINUTES, "21 минута"),
        (112, Unit.YEARS, "112 лет"),
        (22, Unit.HOURS, "22 часа"),
        (3, Unit.MONTHS, "3 месяца"),
    ],
)
def test_terms_are_spelt_as_russian_does(number: int, unit: Unit, said: str) -> None:
    assert term_in_words(Term(number, unit), "ru").replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES, ids=IDS)
def test_every_condition_is_told_in_words(service: Service, language: str) -> None:
    told = ServiceWords(service, language)
    conditions = [field.required for field in service.fields]
    conditions += [document.required for document in service.documents]
    conditions += [kind.when for kind in service.kinds.values()]
    conditions += [outcome.when for step in service.steps.values() for outcome in step.outcomes]
    conditions += list(service.conditions.values())
    for condition in conditions:
        said = told.conditions.told(condition)
        assert said is None or not re.search(r"[=<>{}]|\b(given|known|has|done|years|plus_years)\(", said), (
            said
        )


def test_S003_A01_documents_of_a_kind_leave_out_those_of_the_others() -> None:
    services = [one for one in SERVICES if any(d.required == "kind == 'confirmation'" for d in one.documents)]
    assert services
    for service in services:
        first = [document for document in service.documents if document.required == "kind == 'confirmation'"]
        packages = ServiceWords(service, "en").documents_by_kind()
        others = [items for title, items in packages if title == service.kinds["first"].names["en"]]
        for items in others:
            assert not {document.names["en"] for document in first} & {item.text for item in items}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("programme", PROGRAMMES)
def test_O1_a_programmes_standard_says_what_runs(programme: str, language: str) -> None:
    found = PROGRAMMES[programme]
    paper = programme_standard(found, GOODS, language, MADE_AT)
    check_paper(paper)
    numbers = [point.number for section in paper.sections[:4] for point in section.points]
    assert numbers == [number for number, _ in MODEL_STANDARD]
    said = " ".join(Texts(html(paper)).texts)
    for month in found.months():
        assert f"{found.month(month).list_cutoff:%d.%m.%Y}" in said
    for terms in found.terms:
        amount = f"{terms.amount_tiyn // 100 % 1000:03d}"
        assert amount in said
        assert terms.version in said
    for position in found.catalogue(GOODS).on(found.starts_on).positions.values():
        assert position.names[language] in said


def test_nothing_in_a_file_becomes_markup() -> None:
    from dataclasses import replace

    bad = '<script>alert("1")</script></style>\x00\ud800{{ 7*7 }}'
    names = dict.fromkeys(LANGUAGES, bad)
    service = replace(SERVICES[0], names=names, provider=names, version='"}</style><b>')
    for kind in SERVICE_PAPERS:
        paper = service_paper(service, kind, "en", MADE_AT)
        read = Texts(html(paper))
        assert "script" not in read.tags
        assert "b" not in read.tags
        assert read.tags.count("style") == 1
        assert any("{{ 7*7 }}" in text for text in read.texts)
        assert any("<script>" in text for text in docx_texts(docx(paper)))


def test_pages_fetch_nothing_and_run_nothing() -> None:
    page = html(service_paper(SERVICES[0], "regulation", "ru", MADE_AT))
    read = Texts(page)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert "url(" not in page.replace("url(#arrow)", "")
    assert not [name for name, _ in read.attributes if name.startswith("on")]


def test_a_kind_of_paper_that_there_is_not() -> None:
    with pytest.raises(PaperKindUnknown):
        service_paper(SERVICES[0], "poster", "en", MADE_AT)


def test_azyq_service_document_writes_each_format(tmp_path: Path) -> None:
    service = SERVICES[0].id
    for kind, name in (("standard", "s.html"), ("regulation", "r.docx"), ("process", "p.svg")):
        out = tmp_path / name
        arguments = ["service", "document", service, "--kind", kind, "--out", str(out), "--language", "kk"]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        assert out.stat().st_size > 1000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.svg", "r.docx", "s.html"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--kind", "poster", "--out", "x.html"], 1),
        (["--kind", "standard", "--out", "x.pdf"], 1),
        (["--kind", "standard", "--out", "x.svg"], 1),
        (["--kind", "standard", "--out", "nowhere/x.html"], 2),
        (["--kind", "standard", "--out", "x.html", "--language", "de"], 2),
        (["--kind", "standard", "--out", "x.html", "--version", "no-such"], 1),
        (["--kind", "standard", "--out", "x.html", "--on", "1999-01-01"], 1),
    ],
)
def test_what_can_not_be_made_is_told_and_leaves_nothing(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["service", "document", SERVICES[0].id, *arguments])
    assert done.exit_code == code, done.output
    assert list(tmp_path.iterdir()) == []


def test_azyq_programme_document(tmp_path: Path) -> None:
    out = tmp_path / "standard.docx"
    programme = next(iter(PROGRAMMES))
    done = CliRunner().invoke(app, ["programme", "document", programme, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert any(PROGRAMMES[programme].names["en"] in text for text in docx_texts(out.read_bytes()))


def test_S002_36_a_procedure_without_a_term_of_its_own_is_due_with_the_service() -> None:
    drafting = next(one for one in SERVICES if one.id == "drafting-standard")
    said = " ".join(Texts(html(service_paper(drafting, "process", "en", MADE_AT))).texts)
    # five agreements and approvals lie within the service's term, what follows it has none
    assert "within the service's term" in said
    assert "not set" in said
    licence = next(one for one in SERVICES if one.id == "licence-design")
    assert "not set" not in " ".join(Texts(html(service_paper(licence, "process", "en", MADE_AT))).texts)

"""The standard F4, the list of basic requirements and the memo F5, each generated from a service (S002-10 to S002-25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.procedures.definition import Service
from infra.papers.application_form import annexed_forms
from infra.papers.paper import Block, Cell, Grid, Item, Items, Paper, Paragraph, Point, Rows, Section, cell
from infra.papers.service_words import ServiceWords
from infra.papers.spelling import hours_in_words, minutes_in_words, sentence, term_in_words
from infra.papers.words import WORDS

# The model standard's points: number, clause, title; sections 1 to 4 by the number's first digit.
POINTS: tuple[tuple[str, str, str], ...] = (
    ("1.1", "S002-10", "name"),
    ("1.2", "S002-11", "drafter"),
    ("1.3", "S002-12", "provider_and_intake"),
    ("2.1", "S002-13", "term"),
    ("2.2", "S002-14", "form"),
    ("2.3", "S002-15", "result"),
    ("2.4", "S002-16", "fee"),
    ("2.5", "S002-17", "schedule"),
    ("2.6", "S002-20", "documents"),
    ("2.7", "S002-22", "grounds"),
    ("3.1", "S002-24", "appeals"),
    ("4.1", "S002-25", "vulnerable"),
    ("4.2", "S002-25", "publication"),
    ("4.3", "S002-25", "electronic_signature"),
    ("4.4", "S002-25", "remote_status"),
    ("4.5", "S002-25", "contacts"),
)
# Free texts that stand at points of their own; whatever else a file has is told under "other information".
PLACED = (
    "fee",
    "booking",
    "accelerated",
    "appeals",
    "vulnerable",
    "premises",
    "publication",
    "electronic_signature",
    "remote_status",
    "contacts",
    "form_of_application",
    "systems",
    "ask",  # what the wallet's button says
)


def standard_sections(elements: Mapping[str, Sequence[Block]], language: str) -> list[Section]:
    """The four sections of the model standard, filled with the elements by the keys of `POINTS`, in their order.

    Elements of other keys follow at the end of section 4. An element that is missing or empty is told to be not set.
    """
    words = WORDS[language]
    known = {key for _, _, key in POINTS}
    sections: list[list[Point]] = [[], [], [], []]
    for number, clause, key in POINTS:
        blocks = tuple(elements.get(key, ())) or (Paragraph(words["not_set"]),)
        sections[int(number[0]) - 1].append(Point(number, words[key], blocks, clause))
    last = len(sections[3])
    for key in elements:
        if key not in known and elements[key]:
            last += 1
            sections[3].append(Point(f"4.{last}", words[key], tuple(elements[key]), "S002-25"))
    return [Section(str(n), words[f"s{n}"], tuple(points)) for n, points in enumerate(sections, start=1)]


def standard(service: Service, language: str, made_at: datetime) -> Paper:
    """The standard of a service (S002-F4)."""
    told = ServiceWords(service, language)
    elements: dict[str, Sequence[Block]] = {
        "name": (Paragraph(told.title),),
        "drafter": (Paragraph(told.name(service.drafter)),),
        "provider_and_intake": (Paragraph(told.name(service.provider)), intake(told)),
        "term": terms(told),
        "form": (Paragraph(sentence(told.form())),),
        "result": results(told),
        "fee": told.text("fee"),
        "schedule": schedule(told),
        "documents": documents(told),
        "grounds": told.grounds(),
        "appeals": told.text("appeals"),
        "vulnerable": told.text("vulnerable"),
        "publication": told.text("publication"),
        "electronic_signature": told.text("electronic_signature"),
        "remote_status": told.text("remote_status"),
        "contacts": told.text("contacts"),
    }
    for key in ("premises", "systems"):
        if key in service.texts:
            elements[key] = told.text(key)
    elements["other_information"] = _others(told)
    sections = standard_sections(elements, language)
    return told.paper("standard", [*sections, *declared(told), *annexed_forms(told)], made_at)


def requirements(service: Service, language: str, made_at: datetime) -> Paper:
    """The list of basic requirements: numbered rows, as the orders approve them (S003)."""
    told = ServiceWords(service, language)
    words = told.words
    other: list[Block] = []
    for key in ("premises", "electronic_signature", "remote_status", "contacts", "vulnerable", "publication"):
        if key in service.texts:
            other.extend(told.text(key))
    other.extend(_others(told))
    rows: list[tuple[str, Sequence[Block]]] = [
        (words["provider"], (Paragraph(told.name(service.provider)),)),
        (words["intake"], (intake(told),)),
        (words["term"], terms(told)),
        (words["form"], (Paragraph(sentence(told.form())),)),
        (words["result"], results(told)),
        (words["fee"], told.text("fee")),
        (words["schedule"], schedule(told)),
        (words["documents_and_data"], (*documents(told), *_data(told))),
        (words["grounds"], told.grounds()),
        (words["s4"], other or (Paragraph(words["not_set"]),)),
    ]
    points = tuple(
        Point(str(number), title, tuple(blocks)) for number, (title, blocks) in enumerate(rows, start=1)
    )
    return told.paper("requirements", [Section("", "", points), *declared(told)], made_at)


def memo(service: Service, language: str, made_at: datetime) -> Paper:
    """The memo for applicants (S002-F5, by P11)."""
    told = ServiceWords(service, language)
    words = told.words
    portal = _through(told, "portal")
    rows: list[tuple[str, Sequence[Block]]] = [
        (
            words["provider"],
            (
                Paragraph(told.name(service.provider)),
                *schedule(told),
                *(told.text("publication") if "publication" in service.texts else ()),
            ),
        ),
        (words["intake"], (intake(told),)),
        (words["portal_sequence"], portal),
        (words["term"], terms(told)),
        (words["documents"], documents(told, brief=True)),
        (words["result"], results(told)),
        (words["contacts"], told.text("contacts")),
    ]
    points = tuple(
        Point(str(number), title, tuple(blocks)) for number, (title, blocks) in enumerate(rows, start=1)
    )
    return told.paper("memo", [Section("", "", points)], made_at)


def intake(told: ServiceWords) -> Block:
    """The channels, and what an incomplete package meets there (S002-12, S002-23)."""
    words = told.words
    items = []
    for channel in told.service.channels:
        note = ""
        if channel.id != "internal":
            does = words[f"incomplete_{channel.incomplete}"]
            note = f"{words['channel_incomplete'].lower()}: {does}"
            if channel.signs:
                note = f"{words['under_eds']}; {note}"
        items.append(Item(told.channel(channel.id), note))
    return Items(tuple(items))


def terms(told: ServiceWords) -> tuple[Block, ...]:
    """The term by kind of request, the longest wait and serving by channel (S002-13)."""
    service, words, language = told.service, told.words, told.language
    kinds = [
        Item(f"{told.name(kind.names)} – {told.term(kind.term or service.term)}")
        for kind in service.kinds.values()
        if kind.term is not None
    ]
    lines: list[Item] = []
    if service.term is not None or not kinds:
        lines.append(Item(f"{words['term_from_package']}: {told.term(service.term)}"))
    if kinds:
        lines.append(Item(f"{words['term_from_package']}:", parts=tuple(item.text for item in kinds)))
    waits = [channel for channel in service.channels if channel.wait_minutes]
    serves = [channel for channel in service.channels if channel.serving_minutes]
    if waits:
        parts = tuple(
            f"{told.channel(one.id)} – {minutes_in_words(one.wait_minutes, language)}" for one in waits
        )
        lines.append(Item(f"{words['term_wait']}:", parts=parts))
    if serves:
        parts = tuple(
            f"{told.channel(one.id)} – {minutes_in_words(one.serving_minutes, language)}" for one in serves
        )
        lines.append(Item(f"{words['term_serving']}:", parts=parts))
    blocks: list[Block] = [Items(tuple(lines))]
    if service.starts:
        counted = words["counted_from"].format(field=told.quoted(told.field_name(service.starts)))
        blocks.append(Paragraph(sentence(counted) + ".", "fine"))
    return tuple(blocks)


def results(told: ServiceWords) -> tuple[Block, ...]:
    """The results with how long they are valid, and how they are given (S002-15)."""
    given = f"{told.words['result_form']}: {told.result_form()}."
    items = tuple(told.result(result) for result in told.service.results.values())
    if not items:
        items = tuple(Item(told.name(names)) for names in told.service.ends.values())
    return (Items(items), Paragraph(given))


def schedule(told: ServiceWords) -> tuple[Block, ...]:
    """Hours of the office and of reception, what arrives after them, booking and acceleration (S002-17 to S002-19)."""
    words, hours = told.words, told.service.schedule
    rows: list[tuple[str, tuple[str, ...]]] = [
        (words["office"], (sentence(hours_in_words(hours.office, told.language)),))
    ]
    rolls = words["rolls_over" if hours.rolls_over else "at_once"]
    if hours.reception != hours.office:
        rows.append((words["reception"], (sentence(hours_in_words(hours.reception, told.language)),)))
        rolls = words["rolls_over_reception"] if hours.rolls_over else rolls
    rows.append((words["after_hours"], (sentence(rolls),)))
    for key in ("booking", "accelerated"):
        if key in told.service.texts:
            text = told.name(told.service.texts[key])
            rows.append((words[key], tuple(line.strip() for line in text.strip().splitlines())))
    return (Rows(tuple(rows)),)


def documents(told: ServiceWords, brief: bool = False) -> tuple[Block, ...]:
    """The package by kind of request (S002-20), and the consent to use protected data (S002-21).

    `brief`: without the exact conditions.
    """
    words = told.words
    blocks: list[Block] = []
    for kind in told.service.kinds.values():
        condition = told.conditions.told(kind.when)
        if condition and not brief:
            said = words["kind_if"].format(condition=condition)
            blocks.append(Paragraph(f"{told.name(kind.names)}: {said}.", "fine"))
    for title, items in told.documents_by_kind():
        if items:
            shown = tuple(Item(item.text) for item in items) if brief else items
            blocks.append(Items(shown, title=title))
        else:
            said = sentence(words["no_documents"]) + "."
            blocks.append(Paragraph(f"{title}: {said}" if title else said))
    if "form_of_application" in told.service.texts:
        blocks.extend(told.text("form_of_application"))
    if told.service.consent:
        blocks.append(Paragraph(words["consent"]))
    return tuple(blocks)


def declared(told: ServiceWords) -> list[Section]:
    """Its named conditions, and what the file takes where the law is silent, contradicts itself or lacks an annex."""
    words, found = told.words, told.service.declared
    sections = _conditions(told)
    if not found:
        return sections
    rows = tuple(
        (cell(one.clause), cell(words[one.state]), Cell((told.name(one.takes),), ())) for one in found
    )
    grid = Grid(
        (words["declared_clause"], words["declared_state"], words["declared_takes"]), rows, (14, 16, 70)
    )
    return [*sections, Section("", words["declared"], (Point("", "", (grid,)),))]


def _conditions(told: ServiceWords) -> list[Section]:
    words = told.words
    rows = tuple((cell(str(number)), cell(sentence(said))) for number, said in told.conditions.named())
    if not rows:
        return []
    grid = Grid((words["condition_number"], words["condition_says"]), rows, (14, 86))
    return [Section("", words["conditions"], (Point("", "", (grid,)),))]


def _data(told: ServiceWords) -> tuple[Block, ...]:
    items = []
    for field in told.service.fields:
        note = told.asked_when(field, None)
        items.append(Item(told.name(field.names), note or ""))
    return (Items(tuple(items), title=told.words["data"]),) if items else ()


def _others(told: ServiceWords) -> tuple[Block, ...]:
    return tuple(block for key in told.service.texts if key not in PLACED for block in told.text(key))


def _through(told: ServiceWords, channel: str) -> tuple[Block, ...]:
    words = told.words
    if channel not in {one.id for one in told.service.channels}:
        return (Paragraph(sentence(words[f"{channel}_none"]) + "."),)
    items = [Item(words["portal_fills"])]
    if told.service.term is not None:
        within = f"{words['term']}: {term_in_words(told.service.term, told.language)}"
        items.append(Item(within[:1].lower() + within[1:]))
    items.append(Item(words["portal_gets"]))
    return (Items(tuple(items)),)

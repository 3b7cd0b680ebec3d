"""The application as a form to be filled in, of each kind of request, from the service's fields and documents (S002-20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.procedures.definition import Field, Kind, Service
from infra.papers.paper import Block, Item, Items, Paper, Paragraph, Point, Rows, Section, Signatures
from infra.papers.service_words import ServiceWords
from infra.papers.spelling import sentence


def forms(service: Service, language: str, made_at: datetime) -> Paper:
    """The form of application, a page for each kind of request (S002-20, S003-F1)."""
    told = ServiceWords(service, language)
    sections = [
        _section(told, kind, place > 0) for place, kind in enumerate(list(service.kinds.values()) or [None])
    ]
    return told.paper("forms", sections, made_at, basis=False)


def annexed_forms(told: ServiceWords) -> list[Section]:
    """The same forms as annexes of the standard (S002-20); none where nobody applies."""
    if all(channel.id == "internal" for channel in told.service.channels):
        return []
    annex = told.words["annex_forms"]
    found = []
    kinds: list[Kind | None] = [*told.service.kinds.values()] or [None]
    for kind in kinds:
        section = _section(told, kind, True)
        found.append(replace(section, title=f"{annex}. {section.title}" if section.title else annex))
    return found


def _section(told: ServiceWords, kind: Kind | None, apart: bool) -> Section:
    words = told.words
    id_ = None if kind is None else kind.id
    rows = [(words["to_whom"], (told.name(told.service.provider),))]
    if kind is not None:
        rows.append((words["request_kind"], (told.name(kind.names),)))
    asked = [field for field in told.service.fields if told.asked_when(field, id_) is not None]
    data: Block = (
        Rows(tuple((_label(told, field), (_hint(told, field),)) for field in asked), ruled=True)
        if asked
        else Paragraph(sentence(words["no_data"]) + ".")
    )
    attached = tuple(
        Item(told.name(document.names))
        for document in told.service.documents
        if not document.filled and told.asked_when(document, id_) is not None
    )
    points = [
        Point("", "", (Rows(tuple(rows)),)),
        Point("1", words["fill_data"], (data,), "S003-F1"),
        Point(
            "2",
            words["attached"],
            (Items(attached, numbered=False, boxes=True),)
            if attached
            else (Paragraph(sentence(words["no_documents"]) + "."),),
            "S002-20",
        ),
    ]
    consent: tuple[Block, ...] = ()
    if told.service.consent:
        consent = (Items((Item(words["consents"]),), numbered=False, boxes=True),)
    signed = Signatures(((words["signature_eds"], ""),), "")
    points.append(Point("", "", (*consent, signed), "S002-21"))
    return Section("", "" if kind is None else told.name(kind.names), tuple(points), apart)


def _label(told: ServiceWords, field: Field) -> str:
    note = told.conditions.told(field.required)
    if note and field.required.count("'") <= 4:
        return f"{told.name(field.names)} ({told.words['asked_if'].format(condition=note)})"
    return told.name(field.names)


def _hint(told: ServiceWords, field: Field) -> str:
    words = told.words
    if field.choices:
        return "   ".join(f"☐\N{NO-BREAK SPACE}{told.name(names)}" for names in field.choices.values())
    return {"date": words["fill_date"], "yes_no": words["fill_yes_no"]}.get(field.type, "")

"""Papers of one case: the receipt F3, the report on a discussion F2, and what a service gives out, with its QR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from domain.calendar import local_day
from domain.procedures.definition import Result, Service
from infra.papers.case_words import WORDS as CASE_WORDS
from infra.papers.paper import (
    Block,
    Code,
    Grid,
    Item,
    Items,
    Paper,
    Paragraph,
    Point,
    Rows,
    Section,
    Signatures,
    cell,
)
from infra.papers.seal import PREFIX, Seal, facts_digest, link, sealed
from infra.papers.service_words import ServiceWords, all_fields, paragraphs
from infra.papers.spelling import day_in_words, instant, short_day, value_in_words
from infra.qr.image import on_paper
from infra.qr.keys import QrKeys

_BY_HAND = "____________________"
FORMS = ("licence", "certificate", "accreditation", "refusal", "notice", "minutes", "access")


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark of a public discussion: by whom, what, and how it was decided on what grounds (S002-F2).

    `decision` "" is still to come; `late` ones came after the discussion and are not considered (S002-04).
    """

    number: int
    author: str
    text: str
    decision: Literal["", "taken", "not_taken"] = ""
    grounds: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Office:
    """Where a package was refused (S002-F3): the department's number and address, its worker, the executor's phone.

    What is empty is a line to be written by hand. `corporation`: a department of the State Corporation.
    """

    number: str = ""
    address: str = ""
    worker: str = ""
    executor: str = ""
    phone: str = ""
    corporation: bool = False


@dataclass(frozen=True, slots=True)
class Discussion:
    """A public discussion (S002-F2): the draft's name, where to read it reworked, from when to when, what else."""

    draft: str
    reworked: str
    starts_on: date
    ends_on: date
    other: str = ""
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePaper:
    """What a case says on its papers, personal values among it; filled from its events and the vault.

    `kind`, `result`, `ground`: their ids in the service. `applicant`: lines of name, then address. `facts`: by field,
    as they are to be printed. `missing`: ids of documents. `issued_on`: local day; `valid_until` is the last one.
    """

    number: str
    service: Service
    kind: str = ""
    applicant: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    result: str = ""
    result_number: str = ""
    issued_on: date | None = None
    valid_until: date | None = None
    ground: str = ""
    note: str = ""
    signer: str = ""
    signer_role: str = ""
    signed_at: datetime | None = None
    office: Mapping[str, Office] = field(default_factory=dict)  # by language
    discussion: Discussion | None = None

    def seal(self) -> Seal:
        """What its QR says. Raises ValueError before the result is issued."""
        if self.issued_on is None or not self.result_number:
            raise ValueError(f"case {self.number} has given out nothing yet")
        said = {**self.facts, "": "\n".join(self.applicant), " ground": self.ground, " note": self.note}
        return Seal(self.number, self.result_number, facts_digest(said), self.issued_on, self.valid_until)


def receipt(case: CasePaper, language: str, made_at: datetime) -> Paper:
    """The receipt of refusal to accept documents, in two copies (S002-23, S002-F3). Its day is `made_at`'s."""
    told, words = ServiceWords(case.service, language), CASE_WORDS[language]
    place = case.office.get(language, Office())
    if place.corporation:
        office = words["receipt_office"].format(
            number=place.number or "____", address=place.address or _BY_HAND
        )
    else:
        office = told.name(case.service.provider)
        office += f" ({place.address})" if place.address else ""
    law = words["receipt_law"].format(office=office, service=told.quoted(told.title))
    known = {document.id: told.name(document.names) for document in case.service.documents}
    missing = Items(tuple(Item(known.get(id_, id_)) for id_ in case.missing))
    executor = ", ".join(part for part in (place.executor, place.phone) if part)
    if place.phone and not place.executor:
        executor = f"{_BY_HAND}, {place.phone}"
    signatures = Signatures(
        (
            (words["worker"], place.worker),
            (words["executor"], executor),
            (words["received_by"], case.applicant[0] if case.applicant else ""),
        ),
        words["sign_hint"],
    )
    blocks: tuple[Block, ...] = (
        Rows(((words["to_applicant"], case.applicant or ("–",)),)),
        Paragraph(law),
        missing if case.missing else Paragraph(words["none_given"]),
        Paragraph(words["receipt_copies"]),
        signatures,
    )
    meta = words["case_meta"].format(number=case.number, day=short_day(local_day(made_at)))
    return _paper(
        told,
        "receipt",
        words["receipt"],
        (Section("", "", (Point("", "", blocks, "S002-F3"),)),),
        made_at,
        foot=(meta,),
        copies=2,
        about=tuple(_basis(told)),
        copy_words=(words["copy_applicant"], words["copy_office"]),
    )


def discussion_report(case: CasePaper, language: str, made_at: datetime) -> Paper:
    """The report on a public discussion (S002-05, S002-F2). Raises ValueError when the case had none."""
    told, words = ServiceWords(case.service, language), CASE_WORDS[language]
    held = case.discussion
    if held is None:
        raise ValueError(f"case {case.number} had no public discussion")
    rows = []
    for remark in held.remarks:
        decided = words["late"] if remark.late else words[remark.decision or "undecided"]
        rows.append(
            (
                cell(str(remark.number)),
                cell(remark.author or "–"),
                cell(remark.text),
                cell(decided, fine=(remark.grounds,)),
            )
        )
    heads = (told.words["no"], words["remark"], words["content"], words["decision"])
    table: Block = Grid(heads, tuple(rows), (7, 24, 36, 33)) if rows else Paragraph(words["no_remarks"])
    taken = sum(1 for one in held.remarks if one.decision == "taken" and not one.late)
    counts = Rows(
        (
            (words["taken_count"], (str(taken),)),
            (words["not_taken_count"], (str(len(held.remarks) - taken),)),
        )
    )
    period = f"{short_day(held.starts_on)} – {short_day(held.ends_on)}"
    points = (
        Point("1", words["draft"], (Paragraph(held.draft),), "S002-F2"),
        Point("2", words["reworked"], (Paragraph(held.reworked or words["none_given"]),), "S002-F2"),
        Point("3", words["period"], (Paragraph(period),), "S002-F2"),
        Point("4", words["other"], paragraphs(held.other) or (Paragraph(words["none_given"]),), "S002-F2"),
        Point("5", words["remarks"], (table,), "S002-F2"),
        Point("6", words["counts"], (counts,), "S002-F2"),
    )
    meta = words["case_meta"].format(number=case.number, day=short_day(local_day(made_at)))
    return _paper(
        told,
        "report",
        words["report"],
        (Section("", "", points),),
        made_at,
        (meta,),
        about=tuple(_basis(told)),
    )


def result_paper(case: CasePaper, language: str, made_at: datetime, keys: QrKeys, public_url: str) -> Paper:
    """What the service gives out, by the form of its result, with a QR that verifies (S000-07, S003-A03).

    Raises ValueError when nothing was given out.
    """
    told, words = ServiceWords(case.service, language), CASE_WORDS[language]
    result = case.service.results.get(case.result)
    if result is None:
        raise ValueError(f"case {case.number} has given out nothing yet")
    seal = case.seal()
    form = result.form if result.form in FORMS else "notice"
    blocks = _refusal(told, case, result) if result.refusal else _given(told, case, result)
    code = _code(seal, keys, public_url, words["scan"])
    role = told.role(case.signer_role) if case.signer_role else ""
    signer = [", ".join(part for part in (role, case.signer) if part)] if case.signer or role else []
    if case.signed_at is not None:
        signer.append(f"{words['signed_eds']}, {instant(case.signed_at)}")
    rows: tuple[Block, ...] = (Rows(((words["signer"], tuple(signer)),)),) if signer else ()
    section = Section("", "", (Point("", "", (*blocks, *rows, code), "S002-15"),))
    title = told.name(result.names) if form in ("notice", "minutes", "access") else words[form]
    return _paper(
        told,
        form,
        title,
        (section,),
        made_at,
        certificate=not result.refusal and form in ("licence", "certificate", "accreditation"),
    )


def _given(told: ServiceWords, case: CasePaper, result: Result) -> tuple[Block, ...]:
    words = CASE_WORDS[told.language]
    assert case.issued_on is not None
    until = (
        words["no_end"]
        if case.valid_until is None
        else words["until"].format(day=day_in_words(case.valid_until, told.language))
    )
    rows = [
        (words["result_number"], (case.result_number,)),
        *_kind(told, case),
        *_facts(told, case),
        (words["issued_on"], (day_in_words(case.issued_on, told.language),)),
        *([(words["valid_until"], (until,))] if result.validity is not None or case.valid_until else []),
        *_case(told, case),
        *_basis(told),
    ]
    holder = Paragraph(case.applicant[0], "lead") if case.applicant else Paragraph("–", "lead")
    named = told.name(result.names)
    return (
        *(() if named == words.get(result.form) else (Paragraph(named, "centre"),)),
        Paragraph(words["given_to"], "centre"),
        holder,
        *(Paragraph(line, "centre") for line in case.applicant[1:]),
        Rows(tuple(rows)),
    )


def _refusal(told: ServiceWords, case: CasePaper, result: Result) -> tuple[Block, ...]:
    words = CASE_WORDS[told.language]
    assert case.issued_on is not None
    ground = case.service.grounds.get(case.ground)
    said = told.name(ground.names) if ground else words["none_given"]
    rows = [
        (words["refused_to"], case.applicant or ("–",)),
        (words["result_number"], (case.result_number,)),
        (words["issued_on"], (day_in_words(case.issued_on, told.language),)),
        *_kind(told, case),
        *_case(told, case),
        *_basis(told),
        (words["ground"], (said,)),
    ]
    if case.note:
        rows.append((words["why"], tuple(case.note.splitlines())))
    if "appeals" in case.service.texts:
        rows.append((words["appeal"], tuple(told.name(case.service.texts["appeals"]).strip().splitlines())))
    return (Paragraph(told.name(result.names), "centre"), Rows(tuple(rows)))


def _kind(told: ServiceWords, case: CasePaper) -> list[tuple[str, tuple[str, ...]]]:
    kind = case.service.kinds.get(case.kind)
    return [(CASE_WORDS[told.language]["kind"], (told.name(kind.names),))] if kind else []


def _case(told: ServiceWords, case: CasePaper) -> list[tuple[str, tuple[str, ...]]]:
    return [(CASE_WORDS[told.language]["case_number"], (case.number,))]


def _basis(told: ServiceWords) -> list[tuple[str, tuple[str, ...]]]:
    found = tuple(told.name(names) for names in told.service.basis)
    return [(told.words["basis"], found)] if found else []


def _facts(told: ServiceWords, case: CasePaper) -> list[tuple[str, tuple[str, ...]]]:
    """The facts in the order of the service's fields; a choice by its name."""
    rows: list[tuple[str, tuple[str, ...]]] = []
    for known in all_fields(case.service):
        value = case.facts.get(known.id)
        if value is None or value == "":
            continue
        if str(value) in known.choices:
            said = told.name(known.choices[str(value)])
        elif known.type == "yes_no":
            said = told.words["yes" if str(value).lower() in ("true", "yes", "1") else "no"]
        elif known.type == "date" and isinstance(value, str):
            said = short_day(date.fromisoformat(value))
        else:
            said = value_in_words(value, told.language)
        rows.append((told.name(known.names), (said,)))
    return rows


def _code(seal: Seal, keys: QrKeys, public_url: str, said: str) -> Code:
    address = link(public_url, sealed(seal, keys))
    svg, png = on_paper(address)
    return Code(svg, png, address, f"{address[: address.index(PREFIX) + len(PREFIX) + 8]}…", said)


def _paper(
    told: ServiceWords,
    kind: str,
    title: str,
    sections: tuple[Section, ...],
    made_at: datetime,
    foot: tuple[str, ...] = (),
    certificate: bool = False,
    copies: int = 1,
    copy_words: tuple[str, ...] = (),
    about: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> Paper:
    service = told.service
    return Paper(
        kind=kind,
        language=told.language,
        title=title,
        subtitle=told.quoted(told.title),
        head=told.name(service.provider),
        about=about,
        sections=sections,
        foot=(*foot, *told.foot(made_at)),
        running=f"{service.id} · {told.words['version']} {service.version}",
        made_at=made_at,
        certificate=certificate,
        copies=copies,
        copy_words=copy_words,
    )

"""Which papers can be made of a service, by name; each from nothing but the service's file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from domain.errors import Refusal
from domain.procedures.definition import Service
from infra.papers.application_form import forms
from infra.papers.docx import docx
from infra.papers.drawing import drawn_whole
from infra.papers.html import html
from infra.papers.paper import Paper
from infra.papers.regulation import mechanism, process, regulation
from infra.papers.service_words import ServiceWords
from infra.papers.standard import memo, requirements, standard

Make = Callable[[Service, str, datetime], Paper]

SERVICE_PAPERS: Mapping[str, Make] = {
    "standard": standard,
    "regulation": regulation,
    "requirements": requirements,
    "memo": memo,
    "process": process,
    "mechanism": mechanism,
    "forms": forms,
}
CASE_PAPERS = ("receipt", "report", "result")


class PaperKindUnknown(Refusal):
    code = "paper_kind_unknown"
    texts = {
        "kk": "«{kind}» деген құжат түрі жоқ; барлары: {kinds}.",
        "ru": "Вида документа «{kind}» нет; есть {kinds}.",
        "en": "There is no kind of paper “{kind}”; there are {kinds}.",
    }


class PaperFormatUnknown(Refusal):
    code = "paper_format_unknown"
    texts = {
        "kk": "{name}: құжаттың пішімі – .html немесе .docx; бизнес-процестің сызбасы .svg те бола алады.",
        "ru": "{name}: формат документа – .html или .docx; схема бизнес-процесса бывает и .svg.",
        "en": "{name}: a paper is .html or .docx; the drawing of a process may be .svg too.",
    }


class PaperNotGiven(Refusal):
    """The case has no such paper: it was accepted, nothing was given out yet, nothing was discussed."""

    code = "paper_not_given"
    texts = {
        "kk": "{case} ісі бойынша мұндай құжат жоқ: {kind}.",
        "ru": "По делу {case} такого документа нет: {kind}.",
        "en": "The case {case} has no such paper: {kind}.",
    }


def service_paper(service: Service, kind: str, language: str, made_at: datetime) -> Paper:
    """A paper of the service, in kk, ru or en. Raises PaperKindUnknown."""
    make = SERVICE_PAPERS.get(kind)
    if make is None:
        raise PaperKindUnknown("kind", kind=kind, kinds=", ".join((*SERVICE_PAPERS, *CASE_PAPERS)))
    return make(service, language, made_at)


def process_drawing(service: Service, language: str) -> bytes:
    """The business process as one SVG file (S002-39)."""
    return drawn_whole(ServiceWords(service, language)).encode("utf-8")


def written(paper: Paper, out: Path) -> bytes:
    """The paper in the format that the file's name asks for. Raises PaperFormatUnknown."""
    suffix = out.suffix.lower()
    if suffix in (".html", ".htm"):
        return html(paper).encode("utf-8")
    if suffix == ".docx":
        return docx(paper)
    raise PaperFormatUnknown("out", name=out.name)

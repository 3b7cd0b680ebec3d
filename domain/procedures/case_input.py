"""What is brought to a case: values of fields, and documents, checked before anything is recorded."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from domain.beneficiary import iin_is_valid
from domain.errors import Refusal
from domain.procedures.case_refusals import (
    DocumentEmpty,
    DocumentMissing,
    DocumentTooLarge,
    DocumentUnknown,
    DocumentWrongType,
    FieldMalformed,
    FieldMissing,
    FieldUnknown,
)
from domain.procedures.definition import Document, Field

LONGEST_TEXT = 10_000
LONGEST_IN_ALL = 200_000  # bytes of one request or act: an event of more than a megabyte is read by nobody
LARGEST_DOCUMENT = 10_000_000  # bytes
# Of these a value names or reaches a person, whatever the service's file says.
ALWAYS_PERSONAL = frozenset({"iin", "phone", "email"})

_EXPECTED: dict[str, dict[str, str]] = {
    "text": {
        "en": "text of at most 10,000 characters",
        "ru": "текст не длиннее 10 000 знаков",
        "kk": "10 000 таңбадан аспайтын мәтін",
    },
    "date": {"en": "a day as 2026-01-31", "ru": "день вида 2026-01-31", "kk": "2026-01-31 түріндегі күн"},
    "number": {
        "en": "a number as 3 or 2.5",
        "ru": "число вида 3 или 2.5",
        "kk": "3 немесе 2.5 түріндегі сан",
    },
    "yes_no": {"en": "yes or no", "ru": "да или нет (yes, no)", "kk": "иә немесе жоқ (yes, no)"},
    "choice": {"en": "one of: {choices}", "ru": "одно из: {choices}", "kk": "мыналардың бірі: {choices}"},
    "email": {
        "en": "an e-mail address",
        "ru": "адрес электронной почты",
        "kk": "электрондық пошта мекенжайы",
    },
    "phone": {
        "en": "a phone number as +77011234567",
        "ru": "телефон вида +77011234567",
        "kk": "+77011234567 түріндегі телефон",
    },
    "iin": {
        "en": "an IIN of 12 digits with the right check digit",
        "ru": "ИИН из 12 цифр с верным контрольным разрядом",
        "kk": "бақылау цифры дұрыс 12 цифрлы ЖСН",
    },
    "bin": {
        "en": "a BIN of 12 digits with the right check digit",
        "ru": "БИН из 12 цифр с верным контрольным разрядом",
        "kk": "бақылау цифры дұрыс 12 цифрлы БСН",
    },
    "kato": {"en": "a KATO code of 9 digits", "ru": "код КАТО из 9 цифр", "kk": "9 цифрлы ӘАОЖ коды"},
    "file": {
        "en": "a digest of 64 hex digits",
        "ru": "хеш из 64 шестнадцатеричных цифр",
        "kk": "64 он алтылық цифрлы хеш",
    },
}
_SHORTER = {
    "en": "shorter, all texts together",
    "ru": "короче, все тексты вместе",
    "kk": "қысқарақ, барлық мәтін бірге",
}
_NAME_OF_A_PERSON = {
    "en": "a name of at most 100 printable characters",
    "ru": "имя не длиннее 100 печатных знаков",
    "kk": "100 таңбадан аспайтын атау",
}
_PATTERNS = {
    "number": re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?"),
    "email": re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}"),
    "phone": re.compile(r"\+[1-9][0-9]{9,14}"),
    "kato": re.compile(r"[0-9]{9}"),
    "file": re.compile(r"[0-9a-f]{64}"),
}
_DAY = re.compile(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_TRUTH = {"yes": "true", "true": "true", "no": "false", "false": "false"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as it came: what it is by its content, and the content itself."""

    sha256: str
    type: str
    content: bytes = field(repr=False)

    def row(self, document: str) -> list[Any]:
        """How an event tells it: [id of the document, SHA-256, type, bytes]."""
        return [document, self.sha256, self.type, len(self.content)]


class Brought(NamedTuple):
    """What was given and can be kept: `facts` for conditions, `personal` for the vault, papers by document."""

    facts: Mapping[str, str]
    personal: Mapping[str, str]
    papers: Mapping[str, Paper]


def is_personal(asked: Field) -> bool:
    """Whether the field's value goes to the vault and into no event."""
    return asked.personal or asked.type in ALWAYS_PERSONAL


def read_brought(
    fields: Sequence[Field],
    documents: Sequence[Document],
    values: Mapping[str, Any],
    papers: Mapping[str, bytes],
    digest: Callable[[bytes], str],
    largest: int = LARGEST_DOCUMENT,
) -> Brought:
    """`values` by field and `papers` by document, read; `digest` is the SHA-256 of a content, in hex.

    An empty text is nothing given. Raises the first of what is wrong, with the rest in `also`: FieldUnknown,
    FieldMalformed, DocumentUnknown, DocumentEmpty, DocumentTooLarge, DocumentWrongType.
    """
    problems: list[Refusal] = []
    asked = {one.id: one for one in fields}
    wanted = {one.id: one for one in documents if not one.filled}
    facts: dict[str, str] = {}
    personal: dict[str, str] = {}
    kept: dict[str, Paper] = {}
    for name, value in values.items():
        found = asked.get(name)
        if found is None:
            problems.append(FieldUnknown(f"fields.{shown(name)}", name=shown(name)))
        elif value is not None and value != "":
            read = _read(found, value)
            if read is None:
                expected = {
                    k: t.format(choices=", ".join(found.choices)) for k, t in _EXPECTED[found.type].items()
                }
                problems.append(FieldMalformed(f"fields.{name}", name=found.names, expected=expected))
            else:
                (personal if is_personal(found) else facts)[name] = read
    for name, content in papers.items():
        document = wanted.get(name)
        if document is None:
            problems.append(DocumentUnknown(f"documents.{shown(name)}", name=shown(name)))
            continue
        problem, kind = paper_problem(content, f"documents.{name}", document.names, largest)
        if problem is None:
            kept[name] = Paper(digest(content), kind, content)
        else:
            problems.append(problem)
    if not problems and sum(len(text.encode()) for text in facts.values()) > LONGEST_IN_ALL:
        longest = max(facts, key=lambda name: len(facts[name]))
        problems.append(FieldMalformed(f"fields.{longest}", name=asked[longest].names, expected=_SHORTER))
    raise_all(problems)
    return Brought(facts, personal, kept)


def paper_problem(
    content: bytes, where: str, names: Mapping[str, str], largest: int
) -> tuple[Refusal | None, str]:
    """(what is wrong with a document's content, its type): by the content alone, whatever the file was called."""
    if not content:
        return DocumentEmpty(where, name=names), ""
    if len(content) > largest:
        return DocumentTooLarge(where, name=names, megabytes=largest // 1_000_000), ""
    kind = type_of(content)
    return (None, kind) if kind else (DocumentWrongType(where, name=names), "")


def missing_fields(
    fields: Iterable[Field], holds: Callable[[str], bool], there: Collection[str]
) -> list[Refusal]:
    """A refusal for each field that is required and not `there`."""
    return [
        FieldMissing(f"fields.{one.id}", name=one.names)
        for one in fields
        if one.id not in there and holds(one.required)
    ]


def missing_documents(
    documents: Iterable[Document],
    holds: Callable[[str], bool],
    there: Collection[str],
    known: Collection[str],
) -> list[Document]:
    """The documents that are required, not `there`, and not known to their register (S003-11)."""
    return [
        one
        for one in documents
        if not (one.filled or one.if_any)
        and one.id not in there
        and not (one.known_from and one.known_from in known)
        and holds(one.required)
    ]


def refused_documents(documents: Iterable[Document]) -> list[Refusal]:
    """A refusal for each."""
    return [DocumentMissing(f"documents.{one.id}", name=one.names) for one in documents]


def raise_all(problems: Sequence[Refusal]) -> None:
    """Raise the first of `problems`, the others in its `also`; nothing when there are none."""
    if problems:
        first, *others = problems
        first.also = tuple(others)
        raise first


def shown(text: object) -> str:
    """What a caller wrote, short enough to be said back and without what breaks a line."""
    return "".join(c if c.isprintable() else "?" for c in str(text)[:60])


def person_problem(person: str, where: str) -> list[Refusal]:
    """What is wrong with the id of a person as it came; nothing when it can be kept."""
    if len(person) <= 100 and person.isprintable() and person == person.strip():
        return []
    return [FieldMalformed(where, name=where, expected=_NAME_OF_A_PERSON)]


def type_of(content: bytes) -> str:
    """The media type of a document by its content: PDF, PNG, JPEG or DOCX; "" for anything else."""
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = set(archive.namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
            return ""
        if {"[Content_Types].xml", "word/document.xml"} <= names:
            return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return ""


def _read(asked: Field, value: object) -> str | None:
    """The value as text, the way events keep it; None when it is not what the field holds."""
    if asked.type == "yes_no":
        return str(value).lower() if isinstance(value, bool) else _TRUTH.get(str(value))
    if isinstance(value, bool):
        return None
    if asked.type == "number" and isinstance(value, int):
        value = str(value)
    if asked.type == "date" and type(value) is date:
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    text = value.strip()
    match asked.type:
        case "text":
            sound = 0 < len(text) <= LONGEST_TEXT and _is_plain(text)
            return text if sound else None
        case "choice":
            return text if text in asked.choices else None
        case "date":
            return text if _is_day(text) else None
        case "iin" | "bin":
            return text if iin_is_valid(text) else None
    if _PATTERNS[asked.type].fullmatch(text) is None:
        return None
    return str(Decimal(text)) if asked.type == "number" else text


def _is_plain(text: str) -> bool:
    """Whether a text can be kept and shown: no control characters but line ends and tabs, no half characters."""
    return all(
        c in "\n\r\t" or (ord(c) >= 32 and ord(c) != 127 and not "\ud800" <= c <= "\udfff") for c in text
    )


def _is_day(text: str) -> bool:
    if _DAY.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

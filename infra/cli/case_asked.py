"""What the options and files of `azyq case` say: requests, sittings, values, documents. Wrong usage is told here."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.cli.running import usage

_LONGEST = 1_000_000  # bytes of a request or a signature


@dataclass(frozen=True, slots=True)
class Brought:
    """Values and documents by id, as options tell them; paths are as the shell sees them."""

    fields: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Path] = field(default_factory=dict)


@dataclass
class Request:
    """What a request's file, or the options, say; paths of documents are as the shell sees them."""

    service: str = ""
    kind: str = ""
    channel: str = ""
    language: str = ""
    consent: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, Path] = field(default_factory=dict)
    applicant: dict[str, str] = field(default_factory=dict)


def brought_by(fields: list[str], documents: list[str]) -> Brought:
    """What `--field` and `--document` bring."""
    paths = _pairs(documents, "--document").items()
    return Brought(_pairs(fields, "--field"), {name: Path(path) for name, path in paths})


def _pairs(given: list[str], option: str) -> dict[str, str]:
    """`ID=VALUE` of an option, each once."""
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name.strip():
            usage(f"{option} is ID=VALUE")  # without what was typed, which may be personal
        if name.strip() in found:
            usage(f"{option} {name.strip()} is given twice")
        found[name.strip()] = value
    return found


def decision_in(text: str) -> dict[str, Any]:
    """A decision of a sitting, as `--decide` has it."""
    case, sign, rest = text.partition("=")
    if not sign:
        usage("--decide is NUMBER=OUTCOME or NUMBER=OUTCOME:GROUND")
    outcome, _, ground = rest.partition(":")
    return {"case": case.strip().upper(), "outcome": outcome.strip(), "ground": ground.strip()}


def decisions_in(rows: Any, file: str) -> list[dict[str, Any]]:
    """The decisions of a sitting, as its file has them."""
    known = {"case", "outcome", "ground", "assignee", "fields"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) <= known for row in rows):
        usage(f"{file}: each of decisions has {', '.join(sorted(known))}")
    if not all({"case", "outcome"} <= set(row) for row in rows):
        usage(f"{file}: each of decisions has a case and an outcome")
    return [dict(row) for row in rows]


def papers_at(paths: Mapping[str, Path], most: int) -> dict[str, bytes]:
    """The contents of documents, as `content_of` reads them."""
    return {name: content_of(path, most) for name, path in paths.items()}


def signature_at(path: Path | None) -> bytes:
    """The signature in a file; empty without one."""
    return b"" if path is None else content_of(path, _LONGEST)


def write_to_sign(path: Path, content: bytes) -> None:
    """The bytes that a signature is to be over, into a file; `-` is stdout."""
    if str(path) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        path.write_bytes(content)


def content_of(path: Path, most: int) -> bytes:
    """A file's content, of one that is too large a byte more than may be: what it is refused for is said elsewhere."""
    with path.open("rb") as file:
        return file.read(most + 1)


def file_of(name: str) -> dict[str, Any] | None:
    """The table in a TOML or JSON file; None when the name is none of a file."""
    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
    reader = readers.get(Path(name).suffix.lower())
    if reader is None:
        return None
    try:
        found = reader(content_of(Path(name), _LONGEST).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        usage(f"{name}: not {Path(name).suffix[1:].upper()} in UTF-8")
    except OSError as error:
        usage(f"{name}: {error.strerror}")
    if not isinstance(found, dict):
        usage(f"{name}: not a table")
    return found


def request_in(name: str) -> Request:
    """The request in a file, else one for the service of this id."""
    found = file_of(name)
    if found is None:
        return Request(service=name)
    known = Request.__dataclass_fields__
    if unknown := set(found) - set(known):
        usage(f"{name}: no such key: {', '.join(sorted(unknown))}")
    asked = Request()
    for key, value in found.items():
        if not isinstance(value, type(getattr(asked, key))):
            usage(f"{name}: {key} is of another kind")
        setattr(asked, key, value)
    texts = {"iin", "phone", "surname", "given_name", "patronymic"}
    if not all(one in texts and isinstance(value, str) for one, value in asked.applicant.items()):
        usage(f"{name}: applicant has texts: {', '.join(sorted(texts))}")
    if not all(isinstance(path, str) for path in asked.documents.values()):
        usage(f"{name}: documents are paths of files")
    asked.documents = {one: Path(name).parent / path for one, path in asked.documents.items()}
    return asked

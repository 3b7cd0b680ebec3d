"""What is asked of `domain.commands.run_case`: a case opened, an act, a sitting, another person for a step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from domain.procedures.acts import Actor


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A request for a service (S000-L1). `fields` by id as typed, `documents` by id: their content.

    `applicant` is the vault's subject, "" for nobody in particular; the kind may be left out where only one is open. The
    same `key` of the same actor with the same content opens one case; without a key each call opens another. `through`
    is the portal's id, "" where none speaks for the applicant: what one portal opened is no answer to another.
    """

    service: str
    actor: Actor
    channel: str
    kind: str = ""
    applicant: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    consent: bool = False
    language: str = "kk"
    signature: bytes = b""
    key: str = ""
    through: str = ""

    def content(self) -> bytes:
        """What an electronic signature is over (S000-06); an applicant who signs is named by the signature itself."""
        return _canonical(
            service=self.service,
            channel=self.channel,
            kind=self.kind,
            applicant="" if self.applicant == self.actor.id else self.applicant,
            fields=_texts(self.fields),
            documents=_digests(self.documents),
            consent=self.consent,
        )


@dataclass(frozen=True, slots=True)
class ActOnCase:
    """An outcome of a step that is open (S002-36). `case` is its number or the id of its stream."""

    case: str
    step: str
    outcome: str
    actor: Actor
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    ground: str = ""
    assignee: str = ""
    signature: bytes = b""
    key: str = ""

    def content(self) -> bytes:
        """What an electronic signature is over (S000-L6)."""
        return _canonical(
            case=self.case,
            step=self.step,
            outcome=self.outcome,
            fields=_texts(self.fields),
            documents=_digests(self.documents),
            ground=self.ground,
            assignee=self.assignee,
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What a sitting decides on one case."""

    case: str
    outcome: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    ground: str = ""
    assignee: str = ""


@dataclass(frozen=True, slots=True)
class HoldSitting:
    """One step of many cases of a service, decided together (S000-T6). `minutes` is the signed document, None without.

    `actor` is who records it, `members` who sat. The same `key` with the same content is one sitting.
    """

    service: str
    step: str
    actor: Actor
    members: Sequence[str]
    decisions: Sequence[Decision]
    minutes: bytes | None = None
    signature: bytes = b""
    key: str = ""

    @property
    def documents(self) -> dict[str, bytes]:
        """All that comes with it: the minutes, and by `NUMBER.document` what is decided with."""
        found = {f"{one.case}.{id_}": paper for one in self.decisions for id_, paper in one.documents.items()}
        return found if self.minutes is None else {"minutes": self.minutes, **found}

    def content(self) -> bytes:
        """What an electronic signature is over."""
        return _canonical(
            service=self.service,
            step=self.step,
            members=list(self.members),
            minutes=sha256(self.minutes or b"").hexdigest(),
            decisions=[
                [one.case, one.outcome, _texts(one.fields), _digests(one.documents), one.ground, one.assignee]
                for one in self.decisions
            ],
        )


@dataclass(frozen=True, slots=True)
class ReassignStep:
    """A step is given to another person: by who assigns it, or by whom it escalates to."""

    case: str
    step: str
    actor: Actor
    assignee: str
    key: str = ""

    def content(self) -> bytes:
        """What tells it from another."""
        return _canonical(case=self.case, step=self.step, assignee=self.assignee)


def kept_key(key: str) -> str:
    """An idempotency key as events keep it: one that is long, or can't be shown, by its digest."""
    if len(key) <= 100 and key.isprintable():
        return key
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(**parts: Any) -> bytes:
    # Half characters, which UTF-8 has no place for, are told by the check of the fields: here they only must not break.
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return text.encode("utf-8", "surrogatepass")


def _texts(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in fields.items() if value is not None and value != ""}


def _digests(documents: Mapping[str, bytes]) -> dict[str, str]:
    return {str(name): sha256(content).hexdigest() for name, content in documents.items()}

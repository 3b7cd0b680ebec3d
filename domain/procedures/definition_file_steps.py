"""Steps, outcomes, fields and documents of a service's file: what each key alone must be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar, get_args

from domain.checked_file import Table, one_of, plain_text, truth
from domain.procedures.conditions import LONGEST, NEVER_NAMES
from domain.procedures.definition import Document, Field, FieldType, Outcome, Step, Term
from domain.procedures.terms import term

MOST_STEPS, MOST_OUTCOMES, MOST_FIELDS = 200, 50, 500
# What tells who somebody is: kept in the vault, never in an event.
ALWAYS_PERSONAL = ("iin", "phone", "email")


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


One = TypeVar("One", bound=_WithId)


def unique(top: Table, key: str, found: Iterable[tuple[Table, One]]) -> dict[str, One]:
    """What was read, by id; an id that is there twice is a problem."""
    result: dict[str, One] = {}
    for table, one in found:
        if one.id in result:
            table.problem("id", f"{one.id} is there twice")
        result[one.id] = one
    if len(result) > MOST_FIELDS:
        top.problem(key, f"are more than {MOST_FIELDS}")
    return result


def steps_of(top: Table) -> dict[str, Step]:
    """The steps, by id, in the order of the file (S002-36)."""
    tables = top.tables("steps")
    if len(tables) > MOST_STEPS:
        top.problem("steps", f"are more than {MOST_STEPS}")
        return {}
    return unique(top, "steps", [_step(table) for table in tables])


def fields_of(table: Table) -> dict[str, Field]:
    """The fields that a service or an outcome asks for, by id."""
    return unique(table, "fields", [_field(one) for one in table.tables("fields", needed=False)])


def documents_of(table: Table) -> dict[str, Document]:
    """The documents that a service or an outcome asks for, by id (S002-20)."""
    return unique(table, "documents", [_document(one) for one in table.tables("documents", needed=False)])


def _step(table: Table) -> tuple[Table, Step]:
    outcomes = table.tables("outcomes")
    if len(outcomes) > MOST_OUTCOMES:
        table.problem("outcomes", f"are more than {MOST_OUTCOMES}")
        outcomes = []
    step = Step(
        id=table.required("id", an_id) or "",
        names=table.names(),
        role=table.required("role", an_id) or "",
        outcomes=tuple(unique(table, "outcomes", [_outcome(one) for one in outcomes]).values()),
        clause=table.optional("clause", plain_text) or "",
        term=optional_term(table),
        terms=_terms(table),
        after=table.optional("after", ids) or (),
        at_due=table.optional("at_due", maybe_id) or "",
        escalates_to=table.optional("escalates_to", maybe_id) or "",
        group=table.optional("group", truth) or False,
        within=table.optional("within", truth) is not False,
        clocked=table.optional("clocked", truth) or False,
        starts=table.optional("starts", maybe_id) or "",
        when=table.optional("when", a_condition) or "true",
    )
    table.finish()
    return table, step


def _outcome(table: Table) -> tuple[Table, Outcome]:
    remark: Any = table.optional("remark", one_of("", "made", "taken", "not_taken")) or ""
    withdraws: Any = table.optional("withdraws", one_of("", "withdrawn", "annulled", "replaced")) or ""
    outcome = Outcome(
        id=table.required("id", an_id) or "",
        names=table.names(),
        opens=table.optional("opens", ids) or (),
        ends=table.optional("ends", maybe_id) or "",
        when=table.optional("when", a_condition) or "true",
        fields=tuple(fields_of(table).values()),
        documents=tuple(documents_of(table).values()),
        grounds=table.optional("grounds", truth) or False,
        signs=table.optional("signs", truth) or False,
        assigns=table.optional("assigns", maybe_id) or "",
        other_than=table.optional("other_than", ids) or (),
        stays=table.optional("stays", truth) or False,
        result=table.optional("result", maybe_id) or "",
        notifies=table.optional("notifies", maybe_id) or "",
        clause=table.optional("clause", plain_text) or "",
        term=optional_term(table),
        starts=table.optional("starts", maybe_id) or "",
        role=table.optional("role", maybe_id) or "",
        alone=table.optional("alone", truth) or False,
        remark=remark,
        withdraws=withdraws,
        withdraws_by=table.optional("withdraws_by", maybe_id) or "",
    )
    table.finish()
    return table, outcome


_TYPE = one_of(*get_args(FieldType))


def _field(table: Table) -> tuple[Table, Field]:
    field_type: Any = table.optional("type", _TYPE) if "type" in table.raw else "text"
    table.taken.add("type")
    personal = table.optional("personal", truth) or False
    choices = table.by_id("choices", needed=field_type == "choice")
    field = Field(
        id=table.required("id", fact_id) or "",
        names=table.names(),
        type=field_type or "text",
        required=table.optional("required", a_condition) or "true",
        personal=personal,
        choices={one: names.by_language() for one, names in choices.items()},
        known_from=table.optional("known_from", maybe_id) or "",
        long=table.optional("long", truth) or False,
    )
    table.finish()
    if choices and field_type != "choice":
        table.problem("choices", 'are for type = "choice" only')
    if field.long and field_type != "text":
        table.problem("long", 'is for type = "text" only')
    if field_type in ALWAYS_PERSONAL and not personal:
        table.problem("personal", f"must be true for type {field_type}: it tells who somebody is")
    return table, field


def _document(table: Table) -> tuple[Table, Document]:
    document = Document(
        id=table.required("id", an_id) or "",
        names=table.names(),
        required=table.optional("required", a_condition) or "true",
        known_from=table.optional("known_from", maybe_id) or "",
        clause=table.optional("clause", plain_text) or "",
        filled=table.optional("filled", truth) or False,
        if_any=table.optional("if_any", truth) or False,
    )
    table.finish()
    return table, document


def _terms(table: Table) -> dict[str, Term]:
    table.taken.add("terms")
    by_kind = table.table("terms") if "terms" in table.raw else None
    found = {kind: by_kind.required(kind, term) for kind in by_kind.raw} if by_kind is not None else {}
    return {kind: one for kind, one in found.items() if one is not None}


def optional_term(table: Table, key: str = "term") -> Term | None:
    """The term of `key`, if there is one; "" says that there is none."""
    if table.raw.get(key) == "":
        table.taken.add(key)
        return None
    return table.optional(key, term)


# Single values: each raises ValueError with the reason


def an_id(value: Any) -> str:
    """An id within a file: Latin letters, digits, hyphens and underscores, at most 60."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", plain_text(value)):
        raise ValueError(f"{value!r} must be Latin letters, digits, - and _, at most 60")
    return plain_text(value)


def maybe_id(value: Any) -> str:
    """An id, or "" for none."""
    return "" if value == "" else an_id(value)


def fact_id(value: Any) -> str:
    """The id of a field or a condition: one that other conditions can name."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", plain_text(value)):
        raise ValueError(f"{value!r} must be small Latin letters, digits and _, at most 60, first a letter")
    if value in NEVER_NAMES:
        raise ValueError(f"{value} is a word of conditions already")
    return plain_text(value)


def ids(value: Any) -> tuple[str, ...]:
    """An array of ids, each once; it may be empty."""
    if type(value) is not list:
        raise ValueError('must be an array of ids, as ["L5"]')
    found = tuple(an_id(one) for one in value)
    if len(set(found)) < len(found):
        raise ValueError("names one twice")
    return found


def a_condition(value: Any) -> str:
    """The text of a condition; what it says is checked when all facts are known."""
    if len(plain_text(value)) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    return plain_text(value)

"""Conditions of a service's file: short expressions over a case's facts, checked and compiled once, at load.

`kind == 'confirmation' and years(expired_on, received_on) < 3 and not given('diploma')`. The words are Python's,
the meaning is this module's own: nothing of a text is ever evaluated by Python. A comparison with a fact that is
missing is false; `has('field')` asks whether it is there.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from domain.procedures.definition import FieldType

ValueType = Literal["text", "date", "number", "yes_no"]
Value = Callable[["Facts"], Any]
Condition = Callable[["Facts"], bool]

LONGEST, DEEPEST = 500, 20
CALLS = ("date", "years", "plus_years", "given", "known", "has", "done")
ALWAYS: dict[str, FieldType] = {
    "kind": "choice",
    "channel": "choice",
    "received_on": "date",
    "complete": "yes_no",
}
NEVER_NAMES = frozenset({"true", "false", "and", "or", "not", "in", "is", "if", "else", *CALLS, *ALWAYS})
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Facts(NamedTuple):
    """What a condition is asked of.

    `values` by the name of the field, and `kind`, `channel`, `received_on`, `complete`; a date as a date or its
    ISO text, a number as whole, Decimal or their text. `given`: ids of the documents that came; `known`: the
    registers that answered; `done`: how each step that is over ended, outcome by step.
    """

    values: Mapping[str, Any]
    given: Collection[str] = ()
    known: Collection[str] = ()
    done: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the conditions of a service may speak of: fields with their types and choices, documents, registers.

    `fields` has the facts of every case too (`ALWAYS`). `personal` are the fields whose values are in the vault
    only: no condition may ask for them. `outcomes` by step. `named`: conditions by name, compiled.
    """

    fields: Mapping[str, FieldType]
    choices: Mapping[str, Collection[str]] = field(default_factory=dict)
    documents: Collection[str] = ()
    registers: Collection[str] = ()
    personal: Collection[str] = ()
    outcomes: Mapping[str, Collection[str]] = field(default_factory=dict)
    named: Mapping[str, Condition] = field(default_factory=dict)


def compiled(text: str, vocabulary: Vocabulary) -> Condition:
    """The condition that `text` says, to be asked of facts. Raises ValueError with the reason."""
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    if "\\" in text or "#" in text:
        raise ValueError("can't have a backslash or #")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        told = error.msg if isinstance(error, SyntaxError) else "it can't be read"
        raise ValueError(f"{text!r} is not a condition: {told}") from None
    reader = _Reader(text.strip(), vocabulary)
    return reader.truth(tree.body, 1)


def years_after(day: date, years: int) -> date:
    """The same day `years` later; of 29 February in a plain year, the 28th. Raises OverflowError beyond 9999."""
    if not 1 <= day.year + years <= 9999:
        raise OverflowError(f"{years} years from {day}")
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def years_between(start: date, end: date) -> int:
    """Full years from `start` to `end`; below zero when `end` comes first."""
    if end < start:
        return -years_between(end, start)
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    vocabulary: Vocabulary

    def truth(self, node: ast.expr, depth: int) -> Condition:
        """A part that is true or false by itself."""
        self._deep(depth)
        match node:
            case ast.BoolOp(op=op, values=parts):
                conditions = [self.truth(part, depth + 1) for part in parts]
                if isinstance(op, ast.And):
                    return lambda facts: all(one(facts) for one in conditions)
                return lambda facts: any(one(facts) for one in conditions)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.truth(operand, depth + 1)
                return lambda facts: not inner(facts)
            case ast.Compare():
                return self._comparison(node, depth)
        value, kind, _ = self.value(node, depth)
        if kind != "yes_no":
            raise ValueError(f"{self._source(node)} is a {kind}, and neither true nor false by itself")
        return lambda facts: value(facts) is True

    def value(self, node: ast.expr, depth: int) -> tuple[Value, ValueType, str]:
        """A part's value, its type, and the name of the field with choices that it is, if it is one."""
        self._deep(depth)
        match node:
            case ast.Constant(value=str() as text) if self._source(node)[0] in "'\"":
                return (lambda facts: text), "text", ""
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                number = self._number(node)
                return (lambda facts: number), "number", ""
            case ast.Name(id=name) if name == self._source(node):
                return self._named(name)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments, depth)
        raise ValueError(f"can't have {self._source(node)}")

    def _named(self, name: str) -> tuple[Value, ValueType, str]:
        if name in ("true", "false"):
            truth = name == "true"
            return (lambda facts: truth), "yes_no", ""
        if name in self.vocabulary.named:
            return self.vocabulary.named[name], "yes_no", ""
        field_type = self._field_type(name)
        read = _READ.get(field_type)
        kind = _KIND.get(field_type, "text")
        if read is None:
            return (lambda facts: facts.values.get(name)), kind, name

        def value(facts: Facts) -> Any:
            found = facts.values.get(name)
            return read(found) if type(found) is str else found

        return value, kind, ""

    def _field_type(self, name: str) -> FieldType:
        if name in self.vocabulary.personal:
            raise ValueError(f"{name} is personal: no condition may ask for it")
        if name not in self.vocabulary.fields:
            _known(name, [*self.vocabulary.fields, *self.vocabulary.named], "fact")
            raise ValueError(f"{name} is a condition, not a field")
        return self.vocabulary.fields[name]

    def _call(self, name: str, arguments: list[ast.expr], depth: int) -> tuple[Value, ValueType, str]:
        if name == "years":
            (start, first, _), (end, second, _) = self._two("years(a, b)", arguments, depth)
            if (first, second) != ("date", "date"):
                raise ValueError("years(a, b) takes two dates")

            def years(facts: Facts) -> Decimal | None:
                a, b = start(facts), end(facts)
                return None if a is None or b is None else Decimal(years_between(a, b))

            return years, "number", ""
        if name == "plus_years":
            (start, first, _), (_, second, _) = self._two("plus_years(a, 3)", arguments, depth)
            count = self._number(arguments[1]) if second == "number" and first == "date" else None
            if count is None or count % 1 or abs(count) > 100:
                raise ValueError("plus_years(a, 3) takes a date and a whole number, at most 100")
            added = int(count)

            def later(facts: Facts) -> date | None:
                a = start(facts)
                return None if a is None else years_after(a, added)

            return later, "date", ""
        match arguments:
            case [ast.Constant(value=str() as text)] if name in ("date", "given", "known", "has"):
                return self._told(name, text)
            case [ast.Constant(value=str() as step), ast.Constant(value=str() as outcome)] if name == "done":
                _known(step, self.vocabulary.outcomes, "step")
                _known(outcome, self.vocabulary.outcomes[step], f"outcome of step {step}")
                return (lambda facts: facts.done.get(step) == outcome), "yes_no", ""
        _known(name, CALLS, "call")
        raise ValueError(
            "done('step', 'outcome') takes two" if name == "done" else f"{name}('…') takes one text"
        )

    def _two(self, form: str, arguments: list[ast.expr], depth: int) -> list[tuple[Value, ValueType, str]]:
        if len(arguments) != 2:
            raise ValueError(f"{form} takes two")
        return [self.value(one, depth + 1) for one in arguments]

    def _told(self, name: str, text: str) -> tuple[Value, ValueType, str]:
        words = self.vocabulary
        if name == "date":
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError(f"{text!r} is not a date as '2015-01-01'")
            try:
                day = date.fromisoformat(text)
            except ValueError:
                raise ValueError(f"{text} is not a day of the calendar") from None
            return (lambda facts: day), "date", ""
        if name == "given":
            _known(text, words.documents, "document")
            return (lambda facts: text in facts.given), "yes_no", ""
        if name == "known":
            _known(text, words.registers, "register")
            return (lambda facts: text in facts.known), "yes_no", ""
        self._field_type(text)
        return (lambda facts: facts.values.get(text) is not None), "yes_no", ""

    def _comparison(self, node: ast.Compare, depth: int) -> Condition:
        parts = [node.left, *node.comparators]
        links = [
            self._link(left, op, right, depth + 1)
            for left, op, right in zip(parts, node.ops, parts[1:], strict=False)
        ]
        return links[0] if len(links) == 1 else lambda facts: all(link(facts) for link in links)

    def _link(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> Condition:
        if isinstance(op, (ast.In, ast.NotIn)):
            return self._among(left, right, isinstance(op, ast.In), depth)
        compare = _ORDER.get(type(op))
        if compare is None:
            raise ValueError("compares by ==, !=, <, <=, >, >=, in and not in")
        (a, first, choice_a), (b, second, choice_b) = self.value(left, depth), self.value(right, depth)
        if first != second:
            raise ValueError(
                f"compares {self._source(left)}, a {first}, with {self._source(right)}, a {second}"
            )
        if first in ("text", "yes_no") and not isinstance(op, (ast.Eq, ast.NotEq)):
            raise ValueError(f"{self._source(left)}, a {first}, is compared by == and != only")
        for choice, other in ((choice_a, right), (choice_b, left)):
            if choice and isinstance(other, ast.Constant):
                self._chosen(choice, other.value)

        def holds(facts: Facts) -> bool:
            x, y = a(facts), b(facts)
            return x is not None and y is not None and compare(x, y)

        return holds

    def _among(self, left: ast.expr, right: ast.expr, within: bool, depth: int) -> Condition:
        if not isinstance(right, (ast.Tuple, ast.List)) or not right.elts:
            raise ValueError("after in comes a list in brackets, as ['a', 'b']")
        a, kind, choice = self.value(left, depth)
        members = []
        for one in right.elts:
            value, other, _ = self.value(one, depth + 1)
            if isinstance(one, (ast.Name)) or other != kind:
                raise ValueError(f"looks for {self._source(left)}, a {kind}, among what is not")
            if choice and isinstance(one, ast.Constant):
                self._chosen(choice, one.value)
            members.append(value(Facts({})))

        def holds(facts: Facts) -> bool:
            x = a(facts)
            return x is not None and (x in members) is within

        return holds

    def _chosen(self, name: str, value: Any) -> None:
        if name in self.vocabulary.choices:
            _known(value, self.vocabulary.choices[name], f"choice of {name}")

    def _number(self, node: ast.expr) -> Decimal:
        source = self._source(node)
        if not re.fullmatch(r"- ?[0-9]{1,15}(\.[0-9]{1,6})?|[0-9]{1,15}(\.[0-9]{1,6})?", source):
            raise ValueError(f"can't have {source}; texts stand in quotes, numbers are as 3 or 2.5")
        return Decimal(source.replace(" ", ""))

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    @staticmethod
    def _deep(depth: int) -> None:
        if depth > DEEPEST:
            raise ValueError(f"is more than {DEEPEST} deep")


def _known(name: str, among: Collection[str], what: str) -> str:
    if name not in among:
        near = get_close_matches(name, list(among), n=1)
        raise ValueError(f"unknown {what} {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return name


def _yes(text: str) -> bool:
    return text == "true"


_READ: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "number": Decimal, "yes_no": _yes}
_KIND: dict[str, ValueType] = {"date": "date", "number": "number", "yes_no": "yes_no"}

"""A condition of a service's file as a reader is told it, and what is left of it once the kind of request is known."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from domain.procedures.definition import Field, Names, Service, Term, Unit
from infra.papers.spelling import listed, short_day, term_in_words, value_in_words
from infra.papers.words import WORDS

_SIGNS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TRUE, _FALSE = ast.Name("true", ast.Load()), ast.Name("false", ast.Load())


class ConditionWords:
    """Tells the conditions of one service in one language; its named ones by their number in the annex.

    `numbers`: the procedures' numbers by step. `annexed`: the reader has the annex, so its numbers are told.
    """

    def __init__(
        self, service: Service, language: str, numbers: Mapping[str, int], annexed: bool = True
    ) -> None:
        self._annexed = annexed
        self._service = service
        self._numbers = numbers
        self._named = {name: place for place, name in enumerate(service.conditions, start=1)}
        self._language = language
        self._words = WORDS[language]
        self._fields: dict[str, Field] = {field.id: field for field in service.fields}
        self._documents: dict[str, Names] = {one.id: one.names for one in service.documents}
        for step in service.steps.values():
            for outcome in step.outcomes:
                self._fields |= {field.id: field for field in outcome.fields}
                self._documents |= {one.id: one.names for one in outcome.documents}

    def told(self, condition: str, kind: str | None = None) -> str | None:
        """The condition in words: "" when it always holds, None when it never does (for `kind`, when it is given)."""
        tree = self._known(_parsed(condition), kind)
        if _is(tree, True):
            return ""
        if _is(tree, False):
            return None
        return self._truth(tree)

    def named(self) -> list[tuple[int, str]]:
        """The service's own conditions, numbered and told."""
        return [
            (self._named[name], self._truth(_parsed(text))) for name, text in self._service.conditions.items()
        ]

    def _known(self, node: ast.expr, kind: str | None) -> ast.expr:
        """What is left when the kind of request is known: true, false or the rest."""
        match node:
            case ast.BoolOp(op=op, values=values):
                ends, other = (False, True) if isinstance(op, ast.And) else (True, False)
                parts = [self._known(value, kind) for value in values]
                if any(_is(part, ends) for part in parts):
                    return _FALSE if not ends else _TRUE
                rest = [part for part in parts if not _is(part, other)]
                if not rest:
                    return _TRUE if other else _FALSE
                return rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._known(operand, kind)
                if _is(inner, True) or _is(inner, False):
                    return _FALSE if _is(inner, True) else _TRUE
                return ast.UnaryOp(ast.Not(), inner)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if kind is not None:
                for one, other_side in ((left, right), (right, left)):
                    if (
                        isinstance(one, ast.Name)
                        and one.id == "kind"
                        and isinstance(other_side, ast.Constant)
                    ):
                        same = other_side.value == kind
                        if isinstance(op, ast.Eq):
                            return _TRUE if same else _FALSE
                        if isinstance(op, ast.NotEq):
                            return _FALSE if same else _TRUE
            case ast.Name(id=name) if name in self._named:
                # By its name still, unless it is settled.
                inner = self._known(_parsed(self._service.conditions[name]), kind)
                return inner if _is(inner, True) or _is(inner, False) else node
        return node

    def _truth(self, node: ast.expr) -> str:
        words = self._words
        match node:
            case ast.BoolOp(op=op, values=values):
                key = "cond_and" if isinstance(op, ast.And) else "cond_or"
                parts = [self._part(value, isinstance(op, ast.And)) for value in values]
                said = parts[0]
                for part in parts[1:]:
                    said = words[key].format(a=said, b=part)
                return said
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._not(operand)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [left, *comparators]
                told = [self._compared(sides[i], op, sides[i + 1]) for i, op in enumerate(ops)]
                return " ".join(listed(told, self._language).split())
            case ast.Call(
                func=ast.Name(id="given" | "known" | "has" as name), args=[ast.Constant(value=about)]
            ):
                return words[f"cond_{name}"].format(a=self._about(str(about)))
            case ast.Call(func=ast.Name(id="done"), args=[ast.Constant(value=step), *rest]):
                return self._done(str(step), rest)
            case ast.Name(id="complete"):
                return words["cond_complete"]
            case ast.Name(id=name) if name in self._named:
                return self._by_name("cond_named", name)
            case ast.Name():
                return words["cond_yes"].format(a=self._value(node))
        return ast.unparse(node)

    def _part(self, node: ast.expr, inside_and: bool) -> str:
        said = self._truth(node)
        return f"({said})" if inside_and and isinstance(node, ast.BoolOp) else said

    def _not(self, operand: ast.expr) -> str:
        words = self._words
        match operand:
            case ast.Call(
                func=ast.Name(id="given" | "known" | "has" as name), args=[ast.Constant(value=about)]
            ):
                return words[f"cond_not_{name}"].format(a=self._about(str(about)))
            case ast.Name(id="complete"):
                return words["cond_incomplete"]
            case ast.Name(id=name) if name in self._named:
                return self._by_name("cond_not_named", name)
            case ast.Name():
                return words["cond_no"].format(a=self._value(operand))
        return words["cond_not"].format(a=f"({self._truth(operand)})")

    def _by_name(self, key: str, name: str) -> str:
        said = self._service.condition_names.get(name)
        if said is None:
            return self._words[key].format(number=self._named[name])
        text = self._words[f"{key}_told"]
        if not self._annexed:
            text = text.partition(" (")[0]
        return text.format(number=self._named[name], a=said[self._language])

    def _done(self, step: str, rest: list[ast.expr]) -> str:
        number = self._numbers.get(step, step)
        if not (rest and isinstance(rest[0], ast.Constant)):
            return self._words["cond_done"].format(number=number)
        found = self._service.steps[step].outcomes if step in self._service.steps else ()
        names = [one.names[self._language] for one in found if one.id == rest[0].value]
        return self._words["cond_done_so"].format(number=number, outcome="".join(names) or rest[0].value)

    def _about(self, id_: str) -> str:
        if id_ in self._documents:
            return self._quoted(self._documents[id_][self._language])
        if id_ in self._fields:
            return self._quoted(self._fields[id_].names[self._language])
        return self._quoted(id_)

    def _quoted(self, text: str) -> str:
        return self._words["quoted"].format(text=text)

    def _compared(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        if _is_plain(left) and not _is_plain(right):
            sign = _SIGNS.get(type(op))
            mirrored = next(
                (kind for kind, text in _SIGNS.items() if text == _MIRRORED.get(sign or "")), type(op)
            )
            return self._compared(right, mirrored(), left)
        a, b = self._value(left), self._value(right, among=left)
        if isinstance(op, ast.Eq | ast.NotEq):
            return self._words["cond_is" if isinstance(op, ast.Eq) else "cond_is_not"].format(a=a, b=b)
        if isinstance(op, ast.In | ast.NotIn):
            return self._words["cond_among" if isinstance(op, ast.In) else "cond_not_among"].format(a=a, b=b)
        kind = "date" if self._is_date(left) or self._is_date(right) else "number"
        sign = _SIGNS.get(type(op))
        if sign is None:
            return f"{a} {b}"
        return self._words[f"{kind}_{sign}"].format(a=a, b=b)

    def _is_date(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="date" | "plus_years")):
                return True
            case ast.Name(id=name):
                return name == "received_on" or (name in self._fields and self._fields[name].type == "date")
        return False

    def _value(self, node: ast.expr, among: ast.expr | None = None) -> str:
        words, language = self._words, self._language
        match node:
            case ast.Constant(value=str() as text):
                return self._choice(text, among)
            case ast.Constant(value=value):
                return _number(value, language)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return ", ".join(self._value(part, among) for part in parts)
            case ast.Name(id="true" | "false" as truth):
                return words["yes" if truth == "true" else "no"]
            case ast.Name(id="kind" | "channel" | "received_on" as name):
                return words[f"cond_{name}"]
            case ast.Name(id="complete"):
                return words["cond_complete"]
            case ast.Name(id=name):
                return self._about(name)
            case ast.Call(func=ast.Name(id="date"), args=[ast.Constant(value=str() as day)]):
                return short_day(date.fromisoformat(day))
            case ast.Call(func=ast.Name(id="plus_years"), args=[start, ast.Constant(value=int() as years)]):
                told = term_in_words(Term(years, Unit.YEARS), language)
                return words["cond_plus_years"].format(a=self._value(start), years=told)
            case ast.Call(func=ast.Name(id="years"), args=[start, end]):
                return words["cond_years"].format(a=self._value(start), b=self._value(end))
        return ast.unparse(node)

    def _choice(self, text: str, among: ast.expr | None) -> str:
        if isinstance(among, ast.Name):
            if among.id == "kind" and text in self._service.kinds:
                return self._quoted(self._service.kinds[text].names[self._language])
            if among.id == "channel":
                return self._words[channel_word(text)]
            choices: Mapping[str, Names] = self._fields[among.id].choices if among.id in self._fields else {}
            if text in choices:
                return self._quoted(choices[text][self._language])
        return self._quoted(text)


def channel_word(channel: str) -> str:
    """The key of a channel's name among the words."""
    return "office_channel" if channel == "office" else channel


def _parsed(condition: str) -> ast.expr:
    return ast.parse(condition.strip(), mode="eval").body


def _is(node: ast.expr, truth: bool) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is truth
    return isinstance(node, ast.Name) and node.id == ("true" if truth else "false")


def _is_plain(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.UnaryOp(op=ast.USub()) | ast.Name(id="true" | "false"):
            return True
        case ast.Call(func=ast.Name(id="date")):
            return True
    return False


def _number(value: object, language: str) -> str:
    try:
        return value_in_words(Decimal(str(value)), language)
    except InvalidOperation:
        return str(value)

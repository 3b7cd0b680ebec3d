"""What a service's conditions say of how steps ended, read before any case is: `done('check', 'bad')`.

All else that a condition asks for is not known then, so it may hold, may not, or nobody can tell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from domain.procedures.definition import Service


class Endings:
    """The conditions of steps and outcomes of a service whose conditions are sound, one by one."""

    def __init__(self, service: Service) -> None:
        self._named = {name: _parsed(text) for name, text in service.conditions.items()}
        texts = {step.when for step in service.steps.values()}
        texts |= {outcome.when for step in service.steps.values() for outcome in step.outcomes}
        self._parsed = {text: _parsed(text) for text in texts}

    def steps_asked(self) -> frozenset[str]:
        """The steps whose ending some condition asks for."""
        trees = (*self._parsed.values(), *self._named.values())
        return frozenset(step for tree in trees for step, _ in _endings(tree))

    def holds(self, condition: str, done: Mapping[str, str]) -> bool | None:
        """Whether the condition holds when the steps ended as `done` says; None when that alone can't tell."""
        return self._holds(self._parsed[condition], done)

    def _holds(self, node: ast.expr, done: Mapping[str, str]) -> bool | None:
        match node:
            case ast.BoolOp(op=op, values=parts):
                # Of "and" one False decides, of "or" one True; else what can't be told of one, can't of all.
                decides = isinstance(op, ast.Or)
                held = [self._holds(part, done) for part in parts]
                return decides if decides in held else None if None in held else not decides
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._holds(operand, done)
                return None if inner is None else not inner
            case ast.Name(id="true" | "false" as word):
                return word == "true"
            case ast.Name(id=name) if name in self._named:
                return self._holds(self._named[name], done)
            case ast.Call():
                for step, outcome in _endings(node):
                    return done.get(step) == outcome
        return None


def _parsed(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def _endings(tree: ast.expr) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="done"),
                args=[ast.Constant(value=str(step)), ast.Constant(value=str(outcome))],
            ):
                yield step, outcome

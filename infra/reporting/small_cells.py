"""Counts of fewer than 5 people, hidden, and with them what would tell them by adding and subtracting (A2, A8).

A table is cells and equations between them: a total is the sum of its parts, a sum in tiyn follows from a count. What is
hidden must not follow from what is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

LEAST = 5  # people
Cell = TypeVar("Cell", bound=Hashable)
Equation = Mapping[Cell, Fraction]  # the values times these add up to nothing


def hidden_cells(
    values: Mapping[Cell, int],
    small: Iterable[Cell],
    equations: Sequence[Equation[Cell]],
    known: Collection[Cell] = (),
) -> set[Cell]:
    """The cells to hide: the `small` ones, and as few and small others as keep each of them from being worked out.

    Each equation must hold for the values. What is `known` from elsewhere hides nothing.
    """
    hidden = {cell for cell in small if cell in values and cell not in known}
    while True:
        told = _told(values, hidden, equations)
        more = _more(values, hidden, equations, told, known)
        if more is None:
            return hidden
        hidden.add(more)


def _told(
    values: Mapping[Cell, int], hidden: Collection[Cell], equations: Sequence[Equation[Cell]]
) -> list[Equation[Cell]]:
    """The equations that give away a hidden cell: by themselves, or taken together."""
    concerned = [one for one in equations if any(cell in hidden for cell in one)]
    alone = [one for one in concerned if _gives_away(values, hidden, one)]
    if alone:
        return alone
    given = solved([{cell: k for cell, k in one.items() if cell in hidden} for one in concerned])
    return [one for one in concerned if any(cell in given for cell in one)]


def _gives_away(values: Mapping[Cell, int], hidden: Collection[Cell], equation: Equation[Cell]) -> bool:
    unknown = [cell for cell in equation if cell in hidden]
    if len(unknown) == 1:
        return True
    # Parts of a total that is shown: a few people in so many cells can be one in each only.
    weights = {equation[cell] for cell in unknown}
    return weights == {Fraction(-1)} and sum(values[cell] for cell in unknown) <= max(len(unknown), LEAST - 1)


def _more(
    values: Mapping[Cell, int],
    hidden: Collection[Cell],
    equations: Sequence[Equation[Cell]],
    told: Sequence[Equation[Cell]],
    known: Collection[Cell],
) -> Cell | None:
    """One more cell to hide: the smallest that is not nothing, of an equation that gives something away.

    Where nothing is left to hide in those, it is equations further off that tell: of any that has something hidden.
    """
    if not told:
        return None
    further = [one for one in equations if any(cell in hidden for cell in one)]
    shown = [cell for one in told for cell in one if cell not in hidden and cell not in known]
    shown = shown or [cell for one in further for cell in one if cell not in hidden and cell not in known]
    if not shown:
        return None
    return min(shown, key=lambda cell: (values[cell] == 0, abs(values[cell]), repr(cell)))


def solved(equations: Iterable[Mapping[Cell, Fraction]]) -> set[Cell]:
    """The unknowns that have one value only in these linear equations (whatever stands on their other side)."""
    pivots: dict[Cell, dict[Cell, Fraction]] = {}
    for equation in equations:
        row = {cell: Fraction(k) for cell, k in equation.items() if k}
        for cell in [one for one in row if one in pivots]:
            _subtract(row, pivots[cell], row.get(cell, Fraction(0)))
        if not row:
            continue
        pivot = next(iter(row))
        factor = row[pivot]
        row = {cell: k / factor for cell, k in row.items()}
        for other in pivots.values():
            _subtract(other, row, other.get(pivot, Fraction(0)))
        pivots[pivot] = row
    return {pivot for pivot, row in pivots.items() if len(row) == 1}


def _subtract(row: dict[Cell, Fraction], other: Mapping[Cell, Fraction], times: Fraction) -> None:
    if not times:
        return
    for cell, k in other.items():
        left = row.get(cell, Fraction(0)) - times * k
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)

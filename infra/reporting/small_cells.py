"""Counts of fewer than 5 people, hidden, and with them what would tell them by adding and subtracting (A2, A8).

A table is cells and equations between them: a total is the sum of its parts, a sum in tiyn follows from a count. What is
hidden must not follow from what is shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, floor, inf, lcm
from types import MappingProxyType
from typing import TypeVar

LEAST = 5  # people
_MOST_TURNS = 50  # of an equation, on the average, for bounds that come closer for ever
_A_LITTLE = 1e-6
Cell = TypeVar("Cell", bound=Hashable)
Equation = Mapping[Cell, Fraction]  # the values times these add up to nothing


def hidden_cells(
    values: Mapping[Cell, int],
    small: Iterable[Cell],
    equations: Sequence[Equation[Cell]],
    known: Collection[Cell] = (),
    moves: Mapping[Cell, int] = MappingProxyType({}),
    bounds: Sequence[Equation[Cell]] = (),
) -> set[Cell]:
    """The cells to hide: the `small` ones, and as few and small others as keep each of them from being worked out.

    Each equation must hold for the values. What is `known` from elsewhere hides nothing. `moves`: by how much a value
    differs from what was shown before. `bounds`: equations with further cells that no table has, which are 0 or more.
    """
    hidden = {cell for cell in small if cell in values and cell not in known}
    small = frozenset(hidden)
    while True:
        told = _told(values, hidden, equations, moves)
        if not told and hidden:
            fixed = narrowed(values, hidden, [*equations, *bounds]) & small
            told = [one for one in (*equations, *bounds) if any(cell in fixed for cell in one)]
        more = _more(values, hidden, equations, told, known)
        if more is None:
            return hidden
        hidden.add(more)


def _told(
    values: Mapping[Cell, int],
    hidden: Collection[Cell],
    equations: Sequence[Equation[Cell]],
    moves: Mapping[Cell, int],
) -> list[Equation[Cell]]:
    """The equations that give away a hidden cell: by themselves, or taken together."""
    concerned = [one for one in equations if any(cell in hidden for cell in one)]
    alone = [one for one in concerned if _gives_away(values, hidden, one, moves)]
    if alone:
        return alone
    given = solved([{cell: k for cell, k in one.items() if cell in hidden} for one in concerned])
    return [one for one in concerned if any(cell in given for cell in one)]


def _gives_away(
    values: Mapping[Cell, int],
    hidden: Collection[Cell],
    equation: Equation[Cell],
    moves: Mapping[Cell, int],
) -> bool:
    unknown = [cell for cell in equation if cell in hidden]
    if len(unknown) == 1:
        return True
    # Parts of a total that is shown: a few people in so many cells can be one in each only.
    if {equation[cell] for cell in unknown} != {Fraction(-1)}:
        return False
    few = max(len(unknown), LEAST - 1)
    if sum(values[cell] for cell in unknown) <= few:
        return True
    # And so can a few that came since.
    return all(cell in moves for cell in unknown) and 0 < abs(sum(moves[cell] for cell in unknown)) <= few


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
    shown = [
        cell for one in told for cell in one if cell in values and cell not in hidden and cell not in known
    ]
    shown = shown or [cell for one in further for cell in one if cell not in hidden and cell not in known]
    if not shown:
        return None
    return min(shown, key=lambda cell: (values[cell] == 0, abs(values[cell]), repr(cell)))


def narrowed(
    values: Mapping[Cell, int], hidden: Collection[Cell], equations: Sequence[Equation[Cell]]
) -> set[Cell]:
    """The hidden cells that have one value only where all are whole numbers of 0 or more, as far as one equation after
    another narrows what each may be. Cells that have no value are unknown, too."""
    low: dict[Cell, float] = {}
    high: dict[Cell, float] = {}
    of: dict[Cell, list[int]] = {}
    whole = [
        {cell: int(k * lcm(*(one.denominator for one in equation.values()))) for cell, k in equation.items()}
        for equation in equations
    ]
    for number, equation in enumerate(whole):
        for cell in equation:
            if cell in values and cell not in hidden:
                low[cell] = high[cell] = values[cell]
            else:
                low[cell], high[cell] = 0, inf
                of.setdefault(cell, []).append(number)
    waiting = deque(number for number, equation in enumerate(whole) if any(cell in of for cell in equation))
    queued = set(waiting)
    turns = _MOST_TURNS * len(waiting)
    while waiting and turns:
        turns -= 1
        number = waiting.popleft()
        queued.discard(number)
        for cell in _narrow(whole[number], low, high, of):
            again = [one for one in of[cell] if one not in queued]
            waiting.extend(again)
            queued.update(again)
    return {cell for cell in of if cell in hidden and low[cell] == high[cell]}


def _narrow(
    equation: Mapping[Cell, int], low: dict[Cell, float], high: dict[Cell, float], of: Mapping[Cell, object]
) -> list[Cell]:
    """Bring the bounds of the equation's unknowns closer; those for which that did."""
    closer = []
    for cell, k in equation.items():
        if cell not in of or low[cell] == high[cell]:
            continue
        others = [(other, -times) for other, times in equation.items() if other != cell]
        least = sum(times * (low[other] if times > 0 else high[other]) for other, times in others)
        most = sum(times * (high[other] if times > 0 else low[other]) for other, times in others)
        if k < 0:
            least, most = -most, -least
        below, above = least / abs(k), most / abs(k)
        below = low[cell] if below == -inf else max(low[cell], ceil(below - _A_LITTLE))
        above = high[cell] if above == inf else min(high[cell], floor(above + _A_LITTLE))
        if (below, above) != (low[cell], high[cell]) and below <= above:
            low[cell], high[cell] = below, above
            closer.append(cell)
    return closer


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

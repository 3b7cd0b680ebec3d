"""Two answers to the same question, and the signed difference between them: nothing changes silently."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infra.reporting.running import Answer
from projections.reports.report import Cells, Section


@dataclass(frozen=True, slots=True)
class Difference:
    """The rows that differ, by section: the key columns, then for each figure what was added (+) or taken away (-)."""

    earlier: Answer
    later: Answer
    tables: list[tuple[Section, list[Cells]]]


def difference(earlier: Answer, later: Answer) -> Difference:
    """What changed from `earlier` to `later`, two answers of the same report. A row that is missing counts as zeros; of
    what is withheld (None) in either, no difference is told."""
    tables = []
    for before, after in zip(earlier.tables, later.tables, strict=True):
        section = before.section
        old, new = _by_key(section, before.rows), _by_key(section, after.rows)
        rows = []
        for key in sorted(old.keys() | new.keys(), key=_order):
            change = _change(old.get(key), new.get(key))
            if any(change):
                rows.append((*key, *change))
        tables.append((section, rows))
    return Difference(earlier, later, tables)


def _by_key(section: Section, rows: list[Cells]) -> dict[Cells, Cells]:
    return {row[: section.keys]: row[section.keys :] for row in rows}


def _change(old: Cells | None, new: Cells | None) -> Cells:
    present = new or old or ()
    before, after = old or (0,) * len(present), new or (0,) * len(present)
    return tuple(
        None if a is None or b is None else _number(b) - _number(a)
        for a, b in zip(before, after, strict=True)
    )


def _number(value: Any) -> int | Decimal:
    return value if isinstance(value, Decimal) else int(value)


def _order(key: Cells) -> tuple[Any, ...]:
    return tuple((str(type(part)), part) for part in key)

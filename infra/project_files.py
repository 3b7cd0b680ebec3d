"""Files that an installation keeps: their text, and small tables, CSV with a heading, `#` before what is for people."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from domain.checked_file import Problem

Row = TypeVar("Row")


def text_of(path: Path, problems: list[Problem]) -> str | None:
    """The text of the file, as it stands; None, with the problem added to `problems`, when it can't be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        problems.append(Problem(path.name, "", f"can't be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        problems.append(Problem(path.name, "", f"not in UTF-8 from byte {error.start + 1} on"))
    return None


def read_table(
    table: Path, columns: Sequence[str], read: Callable[[list[str]], Row], problems: list[Problem]
) -> list[Row]:
    """The rows of `table`, by `read`, which gets the cells of `columns` and raises ValueError with the reason.

    What is wrong with the file or a row is added to `problems`, by line.
    """
    text = text_of(table, problems)
    if text is None:
        return []
    result: list[Row] = []
    lines = [
        (n, line)
        for n, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
        if line and line[0] != "#"
    ]
    if not lines or lines[0][1] != ",".join(columns):
        problems.append(
            Problem(table.name, f"line {lines[0][0] if lines else 1}", f"must be {','.join(columns)}")
        )
    for number, line in lines[1:]:
        try:
            result.append(read(_cells(line, columns)))
        except ValueError as error:
            problems.append(Problem(table.name, f"line {number}", str(error)))
    return result


def _cells(line: str, columns: Sequence[str]) -> list[str]:
    try:
        # Each line alone: a quote that never closes must not swallow the rows after it.
        cells = next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise ValueError(f"can't be read: {error}") from None
    if len(cells) != len(columns):
        raise ValueError(f"must have {', '.join(columns)}")
    return [cell.strip() for cell in cells]

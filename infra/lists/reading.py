"""A list as rows, whatever it came as: CSV, XLSX or JSON lines (R14, R15). It says what it detected.

The file is looked at whole before the first row is given out, so that a file that cannot be read as a list is
refused before anything came of it. Memory does not grow with the file (an XLSX's table of shared texts does).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, Protocol

from domain.beneficiary import Rejection
from infra.lists.columns import LIST_COLUMNS, NUMBERS_COLUMNS, ColumnSet
from infra.lists.container import CHUNK, Container, recognise

__all__ = ["LIST_COLUMNS", "NUMBERS_COLUMNS", "Detected", "ListSource", "RawRow", "open_list"]

CELL_LIMIT = 10_000  # characters


@dataclass(frozen=True, slots=True)
class Detected:
    """What a file turned out to be; `columns` maps its headings to ours, `extra` are the ignored ones.

    In JSON lines a key may turn up late: `extra` is complete once the rows were read.
    """

    format: str  # csv, xlsx, jsonl
    compression: str | None  # gzip, bz2, xz, zip
    encoding: str | None  # utf-8, utf-16-le, utf-16-be, cp1251, kz1048; None for xlsx
    bom: bool
    delimiter: str | None
    columns: dict[str, str]
    extra: tuple[str, ...]
    sha256: str  # of the file's bytes, in hex
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    rows: int | None = None  # about how many, for a progress bar; None where only reading tells

    def sentence(self, language: str) -> str:
        """What was detected, for a clerk, in kk, ru or en."""
        words = _WORDS.get(language, _WORDS["en"])
        delimiter = {",": ",", ";": ";", "\t": "TAB"}.get(self.delimiter or "")
        parts = [
            {"csv": "CSV", "xlsx": "XLSX", "jsonl": "JSON lines"}[self.format],
            self.compression,
            self.encoding and self.encoding.upper() + (" BOM" if self.bom else ""),
            delimiter and f"{words['delimiter']} {delimiter}",
            self.sheet and f"{words['sheet']} «{self.sheet}»",
            self.other_sheets and f"{words['other_sheets']}: {', '.join(self.other_sheets)}",
            self.extra and f"{words['extra']}: {', '.join(self.extra)}",
        ]
        return "; ".join(str(part) for part in parts if part)


_WORDS = {
    "kk": {
        "delimiter": "бөлгіш",
        "sheet": "парақ",
        "other_sheets": "оқылмаған парақтар",
        "extra": "ескерілмеген бағандар",
    },
    "ru": {
        "delimiter": "разделитель",
        "sheet": "лист",
        "other_sheets": "непрочитанные листы",
        "extra": "столбцы, которые не учтены",
    },
    "en": {
        "delimiter": "delimiter",
        "sheet": "sheet",
        "other_sheets": "sheets not read",
        "extra": "columns ignored",
    },
}


class RawRow(NamedTuple):
    """A row: `values` in the order of the columns (empty when `rejection` is set), `cells` as they came.

    `details` fill the sentence of the rejection, together with its field.
    """

    values: tuple[str, ...]
    cells: Sequence[str]
    rejection: Rejection | None = None
    details: dict[str, object] | None = None


class RowReader(Protocol):
    """Reads one format."""

    detected: Detected
    headings: list[str]

    def rows(self) -> Iterator[tuple[int, RawRow]]: ...


def pick(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """The cells at `places` of a row, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda cells: (cells[places[0]],)


def fault_of(cells: Sequence[str]) -> str | None:
    """The code of what makes a row unfit whatever it says: a cell too long, a NUL, text not decoded."""
    if any(len(cell) > CELL_LIMIT for cell in cells):
        return "cell_too_long"
    whole = "".join(cells)
    if "\0" in whole:
        return "text_has_nul"
    try:
        whole.encode("utf-8")
    except UnicodeEncodeError:
        return "text_broken"
    return None


class ListSource:
    """An opened list. `headings` are the file's own; `rows()` may be asked for any number of times."""

    def __init__(self, reader: RowReader, columns: ColumnSet) -> None:
        self._reader = reader
        self.columns = columns

    @property
    def detected(self) -> Detected:
        return self._reader.detected

    @property
    def headings(self) -> list[str]:
        return self._reader.headings

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        """Each row with its number: 1 is the one after the heading, and empty rows count but are not given.

        Raises a ListRefusal where the file turns out unreadable later than `open_list` could see (an XLSX of
        more than MAX_ROWS rows, a file changed meanwhile).
        """
        return self._reader.rows()


def open_list(path: Path, columns: ColumnSet = LIST_COLUMNS) -> ListSource:
    """Open `path` as a list with `columns`.

    Raises a ListRefusal (its code says which) for a file that cannot be read as one as a whole. What is wrong
    with single rows comes with the rows.
    """
    container = recognise(Path(path))
    reader: RowReader
    if container.workbook:
        from infra.lists.xlsx import XlsxReader

        reader = XlsxReader(container, columns)
    else:
        from infra.lists.text import open_text

        reader = open_text(container, columns)
    reader.detected = replace(reader.detected, sha256=_sha256(container))
    return ListSource(reader, columns)


def _sha256(container: Container) -> str:
    digest = hashlib.sha256()
    with open(container.path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

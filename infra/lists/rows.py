"""What a file turned out to be, and one of its rows as it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, Protocol

from domain.beneficiary import Rejection

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
        delimiter = {",": "«,»", ";": "«;»", "\t": "TAB"}.get(self.delimiter or "")
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

"""Lists as XLSX workbooks: read as a stream, formulas never worked out."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import IO, Any

import openpyxl

from domain.beneficiary import Rejection
from infra.lists import container as limits
from infra.lists.columns import ColumnSet
from infra.lists.container import Container
from infra.lists.refusals import ListColumnMissing, ListEmpty, ListEncrypted, ListRefusal, ListXlsxBroken
from infra.lists.rows import Detected, RawRow, fault_of, pick

HEADING_ROWS = 10  # rows of a sheet among which the heading is looked for


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except ListRefusal:
        raise
    except Exception:
        # A damaged workbook makes openpyxl raise whatever its parts do.
        raise ListXlsxBroken from None


class XlsxReader:
    """Rows of the first sheet with our headings."""

    def __init__(self, container: Container, columns: ColumnSet) -> None:
        self._container = container
        self._fields = columns.fields
        with container.seekable() as file:
            _look_through(file)
            sheet, others, self._above, headings = self._find_heading(file, columns)
        self._sheet = sheet
        self.headings = headings
        places = columns.places(headings)
        self._pick = pick([places[field] for field in self._fields])
        used = set(places.values())
        self.detected = Detected(
            format="xlsx",
            compression=container.compression,
            encoding=None,
            bom=False,
            delimiter=None,
            columns={headings[place]: field for field, place in places.items()},
            extra=tuple(
                heading or f"({place + 1})" for place, heading in enumerate(headings) if place not in used
            ),
            sha256="",
            sheet=sheet,
            other_sheets=others,
        )
        if not columns.may_be_empty and next(self.rows(), None) is None:
            raise ListEmpty

    @staticmethod
    def _find_heading(file: IO[bytes], columns: ColumnSet) -> tuple[str, tuple[str, ...], int, list[str]]:
        best: tuple[int, str, int, list[str]] | None = None
        with _workbook(file) as book, _guarded():
            titles = [sheet.title for sheet in book.worksheets]
            for sheet in book.worksheets:
                for above, cells in enumerate(_sheet_rows(sheet)):
                    if above >= HEADING_ROWS:
                        break
                    headings = [" ".join(cell.split()) for cell in cells]
                    while headings and not headings[-1]:
                        headings.pop()
                    known = columns.known_in(headings)
                    if known and (best is None or known > best[0]):
                        best = (known, sheet.title, above, headings)
                if best is not None and best[0] >= len(columns.fields):
                    break
        if best is None:
            raise ListColumnMissing(columns.fields[0], columns=", ".join(columns.fields))
        return best[1], tuple(title for title in titles if title != best[1]), best[2], best[3]

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        with self._container.seekable() as file, _workbook(file) as book:
            with _guarded():
                rows = _sheet_rows(book[self._sheet])
                for _ in range(self._above + 1):
                    next(rows)
            number = 0
            while True:
                with _guarded():
                    cells = next(rows, None)
                if cells is None:
                    return
                number += 1
                row = self._row(cells)
                if row is not None:
                    if number > limits.MAX_ROWS:
                        raise limits.too_large()
                    yield number, row

    def _row(self, cells: list[str]) -> RawRow | None:
        width = len(self.headings)
        if not any(map(str.strip, cells)):
            return None
        if len(cells) < width:
            cells = cells + [""] * (width - len(cells))
        elif len(cells) > width:
            if any(map(str.strip, cells[width:])):
                details: dict[str, object] = {"found": len(cells), "expected": width}
                return RawRow((), cells, Rejection("cells_too_many", None), details)
            cells = cells[:width]
        fault = fault_of(cells)
        if fault:
            return RawRow((), cells, Rejection(fault, None))
        return RawRow(self._pick(cells), cells)


def _look_through(file: IO[bytes]) -> None:
    """Check every part of the workbook: its size in all, its sums, that no part brings entities to expand."""
    total = 0
    with _guarded(), zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > limits.MAX_BYTES:
            raise limits.too_large()
        for info in infos:
            if info.flag_bits & 1:
                raise ListEncrypted
            with archive.open(info) as part:
                end = b""
                while chunk := part.read(limits.CHUNK):
                    total += len(chunk)
                    if total > limits.MAX_BYTES:
                        raise limits.too_large()
                    if info.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in end + chunk:
                        raise ListXlsxBroken
                    end = chunk[-16:]
    file.seek(0)


@contextmanager
def _workbook(file: IO[bytes]) -> Iterator[openpyxl.Workbook]:
    with _guarded(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
    try:
        yield book
    finally:
        book.close()


def _sheet_rows(sheet: Any) -> Iterator[list[str]]:
    # The size a sheet claims to have may be wrong, and rows would be lost.
    sheet.reset_dimensions()
    for values in sheet.iter_rows(values_only=True):
        yield _texts(values)


def _texts(values: Sequence[Any]) -> list[str]:
    return [value if type(value) is str else _text(value) for value in values]


def _text(value: Any) -> str:
    """A cell as text: whole numbers without a fraction, days as YYYY-MM-DD."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)

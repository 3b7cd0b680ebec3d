"""Lists as text: CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TextIO

from domain.beneficiary import Rejection
from infra.lists import container as limits
from infra.lists.columns import ColumnSet
from infra.lists.container import Container, chunks
from infra.lists.encoding import Text, recognise_text
from infra.lists.refusals import ListColumnMissing, ListEmpty, ListNotAList, ListQuoteUnclosed
from infra.lists.rows import CELL_LIMIT, Detected, RawRow, RowReader, fault_of, pick

DELIMITERS = (",", ";", "\t")
LINE_LIMIT = 100_000  # characters; what is longer is cut, and its row rejected
LINES_IN_A_ROW = 50  # a quoted cell over more lines is a quote that nobody closed
SAMPLE = 1000  # lines of JSON whose keys make the heading
KEYS_REMEMBERED = 1000
_SEP = re.compile(r'"?sep=([,;\t])"?', re.IGNORECASE)


def open_text(container: Container, columns: ColumnSet) -> RowReader:
    """A reader of CSV or JSON lines, by the first line. Raises a ListRefusal."""
    with container.opened() as file:
        text = recognise_text(chunks(file), lambda start: _known(start, columns))
    with _opened(container, text) as lines:
        first = _first_line(lines)
    if not first:
        raise ListEmpty
    if first.startswith("["):
        raise ListNotAList(None, kind="JSON […]")
    if first.startswith("{"):
        return JsonLinesReader(container, text, columns)
    if first.startswith("<"):
        raise ListNotAList(None, kind="HTML / XML")
    return CsvReader(container, text, columns)


def _first_line(lines: TextIO) -> str:
    for _ in range(1000):
        line = lines.readline(LINE_LIMIT)
        if not line:
            break
        if line.strip():
            return line.strip()
    return ""


def _known(start: str, columns: ColumnSet) -> int:
    lines = [line for line in start.lstrip("\ufeff").splitlines()[:20] if line.strip()]
    if not lines:
        return 0
    first = lines[1] if len(lines) > 1 and _SEP.fullmatch(lines[0].strip()) else lines[0]
    if first.lstrip().startswith("{"):
        return int('"' in first and ":" in first)
    return max(
        columns.known_in([cell.strip(' "') for cell in first.split(delimiter)]) for delimiter in DELIMITERS
    )


@contextmanager
def _opened(container: Container, text: Text) -> Iterator[TextIO]:
    with container.opened() as file:
        file.read(len(text.bom))
        yield io.TextIOWrapper(file, text.encoding, text.errors, newline="")


class _Lines:
    """Lines of text, none longer than LINE_LIMIT; remembers the record being read, and if all is read."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.record: list[str] = []
        self.ended = False
        self.cut = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LINE_LIMIT)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) == LINE_LIMIT and not line.endswith(("\n", "\r")):
            while (rest := self._text.readline(LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
                pass
            self.cut = True
            line = line[:CELL_LIMIT].replace('"', "") + "\n"
        if len(self.record) <= LINES_IN_A_ROW:
            self.record.append(line)
        return line

    def next_record(self) -> None:
        self.record.clear()
        self.cut = False


class CsvReader:
    """Rows of a CSV file."""

    def __init__(self, container: Container, text: Text, columns: ColumnSet) -> None:
        self._container = container
        self._text = text
        self._fields = columns.fields
        self._skipped, delimiter, self.headings = self._read_heading(columns)
        places = columns.places(self.headings)
        self._pick = pick([places[field] for field in self._fields])
        self._delimiter = delimiter
        used = set(places.values())
        self.detected = Detected(
            format="csv",
            compression=container.compression,
            encoding=text.encoding,
            bom=bool(text.bom),
            delimiter=delimiter,
            columns={self.headings[place]: field for field, place in places.items()},
            extra=tuple(
                heading or f"({place + 1})"
                for place, heading in enumerate(self.headings)
                if place not in used
            ),
            sha256="",
            rows=max(text.lines - 1, 0),
        )
        self._look_ahead(columns)

    def _read_heading(self, columns: ColumnSet) -> tuple[int, str, list[str]]:
        """Lines before the heading, the delimiter, the headings."""
        skipped = 0
        given: str | None = None
        with _opened(self._container, self._text) as text:
            lines = _Lines(text)
            line = ""
            for line in lines:
                sep = _SEP.fullmatch(line.strip(" \r\n"))
                if sep:
                    given = sep[1]
                elif line.strip():
                    break
                skipped += 1
            best: tuple[int, int, str, list[str]] | None = None
            rest = [line, *(more for more, _ in zip(lines, range(LINES_IN_A_ROW), strict=False))]
            for delimiter in (given,) if given else DELIMITERS:
                try:
                    headings = next(csv.reader(rest, delimiter=delimiter, strict=True))
                except (csv.Error, StopIteration):
                    continue
                known = columns.known_in(headings)
                if best is None or (known, len(headings)) > best[:2]:
                    best = (known, len(headings), delimiter, headings)
        if best is None:
            raise ListQuoteUnclosed(None, row=0)
        if best[0] == 0 and not "".join(best[3]).isprintable():
            raise ListNotAList(None, kind="binary")
        return skipped, best[2], [" ".join(heading.split()) for heading in best[3]]

    def _look_ahead(self, columns: ColumnSet) -> None:
        """Refuse now what would only be found on the way: an unclosed quote, too many rows, none at all."""
        if self._text.quoted or self._text.lines > limits.MAX_ROWS:
            for _ in self.rows():
                pass
        if not columns.may_be_empty and next(self.rows(), None) is None:
            raise ListEmpty

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        with _opened(self._container, self._text) as text:
            for _ in range(self._skipped):
                text.readline()
            yield from self._careful(text) if self._text.careful or self._text.quoted else self._plain(text)

    def _plain(self, text: TextIO) -> Iterator[tuple[int, RawRow]]:
        """Rows of a file without a quote, a long line or a broken letter: a line is a row."""
        reader = csv.reader(text, delimiter=self._delimiter, quoting=csv.QUOTE_NONE)
        next(reader)
        width, values_of, limit = len(self.headings), self._pick, limits.MAX_ROWS
        for number, cells in enumerate(reader, 1):
            if len(cells) == width and cells[0]:
                row: RawRow | None = RawRow(values_of(cells), cells)
            else:
                row = self._uneven(cells)
            if row is not None:
                if number > limit:
                    raise limits.too_large()
                yield number, row

    def _careful(self, text: TextIO) -> Iterator[tuple[int, RawRow]]:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        next(reader)
        width, values_of, careful = len(self.headings), self._pick, self._text.careful
        limit = limits.MAX_ROWS
        number = 0
        while True:
            lines.next_record()
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                if lines.ended or len(lines.record) > 1:
                    raise ListQuoteUnclosed(None, row=number) from None
                yield number, RawRow((), [lines.record[0].rstrip("\r\n")], Rejection("quote_misplaced", None))
                continue
            several = len(lines.record) > 1
            if several:
                self._doubt_quotes(cells, number, len(lines.record))
            fault = "cell_too_long" if lines.cut else fault_of(cells) if careful or several else None
            if fault:
                row: RawRow | None = RawRow((), cells, Rejection(fault, None))
            elif len(cells) == width and cells[0]:
                row = RawRow(values_of(cells), cells)
            else:
                row = self._uneven(cells)
            if row is not None:
                if number > limit:
                    raise limits.too_large()
                yield number, row

    def _doubt_quotes(self, cells: list[str], number: int, lines: int) -> None:
        # A cell that holds whole rows is a quote nobody closed, even if a later one closed it by chance.
        delimiters = len(self.headings) - 1
        swallowed = any("\n" in cell and cell.count(self._delimiter) >= max(delimiters, 1) for cell in cells)
        if lines > LINES_IN_A_ROW or swallowed or len(cells) != len(self.headings):
            raise ListQuoteUnclosed(None, row=number)

    def _uneven(self, cells: list[str]) -> RawRow | None:
        """A row that starts with an empty cell or has more or fewer cells than the heading; None if empty."""
        width = len(self.headings)
        if not any(map(str.strip, cells)):
            return None
        if len(cells) >= width and not any(map(str.strip, cells[width:])):
            return RawRow(self._pick(cells), cells)
        code = "cells_too_few" if len(cells) < width else "cells_too_many"
        return RawRow((), cells, Rejection(code, None), {"found": len(cells), "expected": width})


class _JsonFaultError(ValueError):
    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.rejection = Rejection(code, field)


def _no_doubled_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise _JsonFaultError("json_key_doubled")
    return whole


def _no_nan(_: str) -> Any:
    raise _JsonFaultError("json_nan")


class JsonLinesReader:
    """Rows of JSON lines: an object a line. Numbers are taken as they are written."""

    # Numbers stay text: 5,000 digits are no int, and 8.9E+11 shows what Excel did to an IIN.
    _decode = json.JSONDecoder(
        object_pairs_hook=_no_doubled_key, parse_int=str, parse_float=str, parse_constant=_no_nan
    ).decode

    def __init__(self, container: Container, text: Text, columns: ColumnSet) -> None:
        self._container = container
        self._text = text
        self._columns = columns
        self._fields = columns.fields
        self._known: dict[str, str | None] = {}
        self.headings: list[str] = []
        self.detected = Detected(
            "jsonl", container.compression, text.encoding, bool(text.bom), None, {}, (), "", rows=text.lines
        )
        found: dict[str, str] = {}
        keys: dict[str, None] = {}
        for number, line, _ in self._lines():
            if number > SAMPLE:
                break
            try:
                whole = self._decode(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(whole, dict):
                keys.update(dict.fromkeys(whole))
        self.headings = list(keys)
        for key in keys:
            field = self._field_of(key)
            if field is not None:
                found[key] = field
        missing = [
            field for field in self._fields if field not in found.values() and field not in columns.optional
        ]
        if missing:
            raise ListColumnMissing(missing[0], columns=", ".join(missing))
        self.detected = replace(self.detected, columns=found)
        if text.lines > limits.MAX_ROWS:
            for _ in self._lines():
                pass

    def _field_of(self, key: str) -> str | None:
        try:
            return self._known[key]
        except KeyError:
            field = self._columns.field_of(key)
            if len(self._known) < KEYS_REMEMBERED:
                self._known[key] = field
                if field is None and key not in self.detected.extra:
                    self.detected = replace(self.detected, extra=(*self.detected.extra, key))
            return field

    def _lines(self) -> Iterator[tuple[int, str, bool]]:
        with _opened(self._container, self._text) as text:
            lines = _Lines(text)
            for number, line in enumerate(lines, 1):
                stripped = line.strip()
                if stripped:
                    if number > limits.MAX_ROWS:
                        raise limits.too_large()
                    yield number, stripped, lines.cut
                lines.next_record()

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        for number, line, cut in self._lines():
            yield number, self._row(line, cut)

    def _row(self, line: str, cut: bool) -> RawRow:
        fault = "cell_too_long" if cut else fault_of((line,)) if self._text.careful else None
        if fault == "cell_too_long" and not cut:
            fault = None  # a long line may be of short cells
        if fault:
            return RawRow((), [line], Rejection(fault, None))
        try:
            whole = self._decode(line)
        except _JsonFaultError as error:
            return RawRow((), [line], error.rejection)
        except (ValueError, RecursionError):
            return RawRow((), [line], Rejection("json_invalid", None))
        if not isinstance(whole, dict):
            return RawRow((), [line], Rejection("json_not_an_object", None))
        try:
            values = self._values(whole)
        except _JsonFaultError as error:
            field = error.rejection.field
            details: dict[str, object] | None = {"field": field} if field else None
            return RawRow((), self._cells(whole), error.rejection, details)
        fault = fault_of(values)
        if fault:
            return RawRow((), [line], Rejection(fault, None))
        return RawRow(values, self._cells(whole))

    def _values(self, whole: dict[str, Any]) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for key, value in whole.items():
            field = self._field_of(key)
            if field is None:
                continue
            if field in found:
                raise _JsonFaultError("json_key_doubled", field)
            if type(value) is str:
                found[field] = value
            elif value is None:
                found[field] = ""
            else:
                raise _JsonFaultError("json_value_not_text", field)
        try:
            return tuple([found[field] for field in self._fields])
        except KeyError:
            pass
        for field in self._fields:
            if field not in found and field not in self._columns.optional:
                raise _JsonFaultError("json_key_missing", field)
        return tuple([found.get(field, "") for field in self._fields])

    def _cells(self, whole: dict[str, Any]) -> list[str]:
        return [_cell(whole[heading]) if heading in whole else "" for heading in self.headings]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)

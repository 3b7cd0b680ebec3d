"""Files that go back to whoever sent a list: its rows as they came, plus row, code and reason (R18)."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from domain.beneficiary import FORMULA_STARTS, LANGUAGE_ORDER, SENTENCES, rejection_sentence
from infra.lists.reading import ListSource, RawRow

ADDED = ("row", "code", "reason")
Sentence = Callable[..., str]
_ESCAPED = (*FORMULA_STARTS, "\t", "\r")


def escaped(cell: str) -> str:
    """A cell that a spreadsheet will show and not work out."""
    return "'" + cell if cell.startswith(_ESCAPED) else cell


def check_place(path: Path, taken: Iterable[Path]) -> None:
    """Make sure, before a list is taken in, that a file can be written at `path`, over an older one.

    `taken` are the files that came and the others to be written. Raises OSError when it is one of them, when what
    stands there is no file (a folder, a device), or when nothing can be written beside it.
    """
    place = os.path.realpath(path)
    try:
        if any(place == os.path.realpath(other) for other in taken):
            raise OSError(f"{path} can't be written: it is one of the other files")
        if path.exists() and not path.is_file():
            raise OSError(f"{path} can't be written: it is not a file")
        draft = _draft(path)
        draft.touch(0o600)
        draft.unlink()
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(f"{path} can't be written: {error.strerror}") from None


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


class JoinedRow(NamedTuple):
    """A row that goes back: its number, its cells as they came, and why (code and details of the sentence)."""

    number: int
    cells: Sequence[str]
    code: str
    details: Mapping[str, object]


def joined_rows(
    source: ListSource, rejections: Iterable[tuple[int, str, Mapping[str, object]]]
) -> Iterator[JoinedRow]:
    """The rows of `rejections` (row number, code, details) as the list has them; it is streamed once beside them.

    Raises ValueError when they are not in row order or name a row the list has not got.
    """
    rows = source.rows()
    number, row = 0, RawRow((), ())
    for wanted, code, details in rejections:
        if wanted < number:
            raise ValueError("rejections are not in row order")
        while number < wanted:
            number, row = next(rows, (0, row))
            if not number:
                raise ValueError(f"the list has no row {wanted}")
        if number != wanted:
            raise ValueError(f"the list has no row {wanted}")
        yield JoinedRow(number, row.cells, code, details)


def table(
    headings: Sequence[str],
    rows: Iterable[JoinedRow],
    language: str,
    sentence: Sentence = rejection_sentence,
) -> Iterator[list[str]]:
    """The heading and the rows that go back, as cells that a spreadsheet shows and does not work out."""
    yield [*map(escaped, headings), *ADDED]
    for row in rows:
        reason = sentence(row.code, language, **row.details)
        yield _beside(row.cells, len(headings), (str(row.number), row.code, reason))


class RejectsFile:
    """`--rejects`: the rows not taken, as CSV in UTF-8 with a BOM, mode 0600; whole or not at all."""

    def __init__(
        self, path: Path, source: ListSource, language: str, sentence: Sentence = rejection_sentence
    ) -> None:
        """`sentence` says a rejection in a language: (code, language, details)."""
        self._path = Path(path)
        self._source = source
        self._language = language
        self._sentence = sentence

    def write(self, rejections: Iterable[tuple[int, str, Mapping[str, object]]]) -> int:
        """Write the rows of `rejections` (row number, code, sentence details); returns how many.

        They come in row order, and the list is streamed once more beside them. Raises ValueError when they
        are not in order or name a row the list has not got.
        """
        return self._write(joined_rows(self._source, rejections))

    def _write(self, joined: Iterable[JoinedRow]) -> int:
        draft = _draft(self._path)
        count = -1  # the heading is no row
        try:
            handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with open(handle, "w", encoding="utf-8-sig", errors="replace", newline="") as file:
                os.fchmod(handle, 0o600)
                out = csv.writer(file)
                for row in table(self._source.headings, joined, self._language, self._sentence):
                    out.writerow(row)
                    count += 1
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self._path)
        finally:
            draft.unlink(missing_ok=True)
        return count


class NoNumberFile(RejectsFile):
    """`--no-number`: the rows whose applicant has no phone number, reported back to the sender (R18)."""

    CODE = "no_number"

    def write_rows(self, numbers: Iterable[int]) -> int:
        """Write the rows with these numbers, in row order; returns how many. Raises ValueError as `write`."""
        return self.write((number, self.CODE, {}) for number in numbers)

    def write_families(self, references: Container[str]) -> int:
        """Write every readable row of the families with these references (the list's family_id)."""
        place = self._source.columns.fields.index("family_id")
        return self._write(
            JoinedRow(number, row.cells, self.CODE, {})
            for number, row in self._source.rows()
            if row.values and row.values[place].strip() in references
        )


def _beside(cells: Sequence[str], width: int, added: Sequence[str]) -> list[str]:
    """The cells under their headings, what was added under its own, surplus cells after that."""
    kept = [escaped(cell) for cell in cells]
    return [*kept[:width], *[""] * (width - len(kept)), *added, *kept[width:]]


def rejection_of_many(code: str, language: str) -> str:
    """Why rows with this code were not taken, in `language`: the sentence without what differs from row to row."""
    texts = SENTENCES.get(code)
    if texts is None:
        return code
    return re.sub(r": [^.{]*\{\w+\}[^.]*", "", texts[LANGUAGE_ORDER.get(language, 2)]).format()

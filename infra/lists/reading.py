"""A list as rows, whatever it came as: CSV, XLSX or JSON lines (R14, R15). It says what it detected.

The file is looked at whole before the first row is given out, so that a file that cannot be read as a list is
refused before anything came of it. Memory does not grow with the file (an XLSX's table of shared texts does).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from infra.lists.columns import LIST_COLUMNS, NUMBERS_COLUMNS, ColumnSet
from infra.lists.container import CHUNK, Container, recognise
from infra.lists.files import ListFile
from infra.lists.rows import Detected, RawRow, RowReader

__all__ = ["LIST_COLUMNS", "NUMBERS_COLUMNS", "Detected", "ListSource", "RawRow", "open_list"]


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


def open_list(path: Path | ListFile, columns: ColumnSet = LIST_COLUMNS) -> ListSource:
    """Open the file as a list with `columns`.

    Raises a ListRefusal (its code says which) for a file that cannot be read as one as a whole. What is wrong
    with single rows comes with the rows.
    """
    container = recognise(path)
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
    with container.file.open() as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

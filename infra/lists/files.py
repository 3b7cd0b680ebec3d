"""Where the bytes of a list come from: a file of the disk, or whatever else can be opened again and again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


class ListFile(Protocol):
    """Bytes that are looked through more than once."""

    def open(self) -> BinaryIO:
        """From the beginning, to be read and sought in. Raises OSError."""
        ...

    def stamp(self) -> tuple[int, int]:
        """Size in bytes, and something that is another when the content is. Raises OSError."""
        ...


@dataclass(frozen=True, slots=True)
class FileOfDisk:
    """A file at a path."""

    path: Path

    def open(self) -> BinaryIO:
        """The file. Raises OSError, also for what is no file."""
        if not self.path.is_file():
            raise FileNotFoundError
        return open(self.path, "rb")

    def stamp(self) -> tuple[int, int]:
        """Size and time of the last change. Raises OSError."""
        status = os.stat(self.path)
        return status.st_size, status.st_mtime_ns


def as_list_file(file: str | Path | ListFile) -> ListFile:
    """A path as the file that stands there."""
    return FileOfDisk(Path(file)) if isinstance(file, str | Path) else file

"""The bytes of a list, whatever it was packed in: gzip, bz2, xz, or a zip with one file; never too many."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from infra.lists.files import ListFile, as_list_file
from infra.lists.refusals import (
    ListArchiveAmbiguous,
    ListChanged,
    ListCompressionBroken,
    ListEmpty,
    ListEncrypted,
    ListNotAList,
    ListNotFound,
    ListRefusal,
    ListTooLarge,
)

MAX_BYTES = 512 * 1024 * 1024  # uncompressed
MAX_ROWS = 1_000_000
XZ_MEMORY = 160 * 1024 * 1024  # bytes of dictionary a file may ask for
CHUNK = 1 << 20

_BROKEN = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    OSError,
    NotImplementedError,
    RuntimeError,
)
_KINDS = {
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"{\\rtf": "RTF",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7-Zip",
    b"\xd0\xcf\x11\xe0": "XLS / DOC",
    b"\x7fELF": "program",
    b"SQLi": "SQLite",
    b"PAR1": "Parquet",
}


def too_large() -> ListTooLarge:
    """The refusal of a file over the bounds."""
    return ListTooLarge(None, megabytes=MAX_BYTES >> 20, rows=f"{MAX_ROWS:,}".replace(",", " "))


class _Xz(io.RawIOBase):
    """An xz stream that may not ask for more memory than XZ_MEMORY; `lzma.open` has no such limit."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpack = self._fresh()
        self._began = False

    @staticmethod
    def _fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while True:
            data = b""
            if self._unpack.eof:
                data = self._unpack.unused_data.lstrip(b"\0") or self._file.read(1 << 16).lstrip(b"\0")
                if not data:
                    return 0
                self._unpack = self._fresh()
            elif self._unpack.needs_input:
                data = self._file.read(1 << 16)
                if not data:
                    raise EOFError
            out = self._unpack.decompress(data, len(view))
            if out:
                view[: len(out)] = out
                return len(out)


@dataclass(frozen=True, slots=True)
class Container:
    """A file and how it is packed; `workbook`: what is inside is an XLSX."""

    file: ListFile
    compression: str | None
    member: str | None
    workbook: bool
    stamp: tuple[int, int]

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The unpacked bytes from their beginning. Raises ListChanged if the file is no longer the same."""
        if _stamp(self.file) != self.stamp:
            raise ListChanged
        with (
            self.file.open() as file,
            guarded(),
            _unpacked(file, self.compression, self.member) as inner,
        ):
            yield inner

    @contextmanager
    def seekable(self) -> Iterator[IO[bytes]]:
        """The same for a reader that jumps about, as an XLSX's does: through an unnamed file if packed."""
        with self.opened() as inner:
            if self.compression is None:
                yield inner
                return
            with tempfile.TemporaryFile() as whole:
                for chunk in chunks(inner):
                    whole.write(chunk)
                whole.seek(0)
                yield whole


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of `file` by the megabyte. Raises ListTooLarge beyond MAX_BYTES."""
    total = 0
    while chunk := file.read(CHUNK):
        total += len(chunk)
        if total > MAX_BYTES:
            raise too_large()
        yield chunk


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what the unpackers raise into ListCompressionBroken."""
    try:
        yield
    except ListRefusal:
        raise
    except _BROKEN:
        raise ListCompressionBroken from None


def recognise(path: Path | ListFile) -> Container:
    """How the file is packed, from its bytes and not its name.

    Raises ListNotFound, ListEmpty, ListTooLarge, ListNotAList, ListEncrypted, ListArchiveAmbiguous,
    ListCompressionBroken.
    """
    source = as_list_file(path)
    try:
        with source.open() as file:
            head = file.read(8)
    except OSError:
        raise ListNotFound from None
    stamp = _stamp(source)
    if stamp[0] == 0:
        raise ListEmpty
    if stamp[0] > MAX_BYTES:
        raise too_large()
    refuse_other_kinds(head)
    compression, member = _compression(source, head)
    bare = Container(source, compression, member, False, stamp)
    if compression is None and not head.startswith(b"PK\x03\x04"):
        return bare
    with guarded(), bare.opened() as inner:
        start = inner.read(8)
    if not start:
        raise ListEmpty
    refuse_other_kinds(start)
    if not start.startswith(b"PK\x03\x04"):
        return bare
    with guarded(), bare.seekable() as whole:
        if not _is_workbook(whole):
            raise ListNotAList(None, kind="ZIP / ZIP")
    return Container(source, compression, member, True, stamp)


def refuse_other_kinds(head: bytes) -> None:
    """Raises ListNotAList when `head` is that of a PDF, a picture, a database or the like."""
    for magic, kind in _KINDS.items():
        if head.startswith(magic):
            raise ListNotAList(None, kind=kind)


def _stamp(file: ListFile) -> tuple[int, int]:
    try:
        return file.stamp()
    except OSError:
        raise ListNotFound from None


def _compression(source: ListFile, head: bytes) -> tuple[str | None, str | None]:
    if head.startswith(b"\x1f\x8b"):
        return "gzip", None
    if head.startswith(b"BZh"):
        return "bz2", None
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz", None
    if head.startswith(b"PK\x05\x06"):
        raise ListEmpty
    if not head.startswith(b"PK\x03\x04"):
        return None, None
    with guarded(), source.open() as file:
        if _is_workbook(file):
            return None, None
        with zipfile.ZipFile(file) as archive:
            return "zip", _only_member(archive)


def _only_member(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "mimetype" in names and "content.xml" in names:
        raise ListNotAList(None, kind="ODS / ODT")
    if "word/document.xml" in names:
        raise ListNotAList(None, kind="DOCX")
    files = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not info.filename.startswith("__MACOSX/")
        and ".DS_Store" not in info.filename
    ]
    if not files:
        raise ListEmpty
    if len(files) > 1:
        raise ListArchiveAmbiguous(None, files=len(files))
    if files[0].flag_bits & 1:
        raise ListEncrypted
    if files[0].file_size > MAX_BYTES:
        raise too_large()
    return files[0].filename


def _is_workbook(file: IO[bytes]) -> bool:
    with zipfile.ZipFile(file) as archive:
        return "xl/workbook.xml" in archive.namelist()


@contextmanager
def _unpacked(file: BinaryIO, compression: str | None, member: str | None) -> Iterator[BinaryIO]:
    if compression is None:
        yield file
    elif compression == "gzip":
        with gzip.open(file) as inner:
            yield cast(BinaryIO, inner)
    elif compression == "bz2":
        with bz2.open(file) as inner:
            yield cast(BinaryIO, inner)
    elif compression == "xz":
        with io.BufferedReader(_Xz(file), CHUNK) as inner:
            yield cast(BinaryIO, inner)
    else:
        assert member is not None
        with zipfile.ZipFile(file) as archive, archive.open(member) as inner:
            yield cast(BinaryIO, inner)

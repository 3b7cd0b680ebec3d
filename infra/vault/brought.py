"""Lists that were brought to the office, as they came: in pieces of a megabyte, each list under a key of its own.

They are never on a disk in clear: whoever reads one opens piece after piece.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import orjson
from psycopg2 import Binary
from psycopg2.extensions import cursor as Cursor

from infra.vault.keyring import Keyring
from infra.vault.pool import VaultConnections
from infra.vault.sealing import Seal, new_key

PIECE = 1 << 20  # bytes
_COLUMNS = (
    "upload, state, programme, month, staff, subject, brought, told, wrapped_key, began_at, changed_at,"
    " stage, done, total, rows"
)


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """A file that was brought: where it stands, and how far whatever reads it is.

    `state` is coming, came, refused, waiting (for a decision, and until it is carried out) or over (only what goes back
    is kept). `done` of `total` bytes or families, as the `stage` says; `told` is what was found.
    """

    upload: str
    state: str
    programme: str
    month: str
    staff: str
    subject: str
    brought: str
    told: dict[str, Any]
    began_at: datetime
    changed_at: datetime
    stage: str
    done: int
    total: int
    rows: int


class PostgresBroughtFiles:
    """The files of all lists; several threads may use it at once. An upload's id is 32 hex digits."""

    def __init__(self, connections: VaultConnections, keys: Keyring) -> None:
        self._connections = connections
        self._keys = keys

    # --- while it comes -------------------------------------------------------------------------------

    def begin(self, staff: str, subject: str, at: datetime) -> str:
        """Room for a new upload; its id."""
        upload = uuid4().hex
        wrapped = self._keys.brought.close(new_key(), _about(upload, "key"))
        self._run(
            "INSERT INTO vault.brought (upload, wrapped_key, state, staff, subject, began_at, changed_at)"
            " VALUES (%s, %s, 'coming', %s, %s, %s, %s)",
            (upload, Binary(wrapped), staff, subject, at, at),
        )
        return upload

    def append(self, upload: str, part: str, number: int, piece: bytes) -> None:
        """Keep the next piece of a part: PIECE bytes, the last one perhaps fewer. Raises KeyError: it was forgotten."""

        def keep(cursor: Cursor) -> None:
            cursor.execute(
                "UPDATE vault.brought SET touched_at = now() WHERE upload = %s RETURNING wrapped_key",
                (upload,),
            )
            row = cursor.fetchone()
            if row is None:
                raise KeyError(upload)
            sealed = self._key(upload, row[0]).close(piece, _about(upload, f"{part} {number}"))
            cursor.execute(
                "INSERT INTO vault.brought_part (upload, part, number, size, sealed) VALUES (%s, %s, %s, %s, %s)",
                (upload, part, number, len(piece), Binary(sealed)),
            )

        self._connections.run(keep)

    def write(self, upload: str, part: str, pieces: Iterable[bytes]) -> int:
        """Keep a part anew, of pieces of any size; how many bytes. Raises KeyError: it was forgotten."""
        self._run("DELETE FROM vault.brought_part WHERE upload = %s AND part = %s", (upload, part))
        waiting, number, size = bytearray(), 0, 0
        for piece in pieces:
            waiting += piece
            size += len(piece)
            while len(waiting) >= PIECE:
                self.append(upload, part, number, bytes(waiting[:PIECE]))
                del waiting[:PIECE]
                number += 1
        if waiting:
            self.append(upload, part, number, bytes(waiting))
        return size

    def arrived(self, upload: str, programme: str, month: str, told: dict[str, Any], at: datetime) -> None:
        """The whole upload is here, for this month."""
        self._run(
            "UPDATE vault.brought SET programme = %s, month = %s WHERE upload = %s",
            (programme, month, upload),
        )
        self.settle(upload, "came", told, "", at)

    # --- what becomes of it ---------------------------------------------------------------------------

    def settle(self, upload: str, state: str, told: dict[str, Any], brought: str, at: datetime) -> None:
        """What was found, and where it stands from now on."""

        def change(cursor: Cursor) -> None:
            cursor.execute("SELECT wrapped_key FROM vault.brought WHERE upload = %s FOR UPDATE", (upload,))
            row = cursor.fetchone()
            if row is None:
                return
            sealed = self._key(upload, row[0]).close(orjson.dumps(told), _about(upload, "told"))
            cursor.execute(
                "UPDATE vault.brought SET state = %s, told = %s, brought = %s, changed_at = %s,"
                " stage = '', done = 0, total = 0, rows = 0 WHERE upload = %s",
                (state, Binary(sealed), brought, at, upload),
            )
            if state == "refused":
                cursor.execute("DELETE FROM vault.brought_part WHERE upload = %s", (upload,))

        self._connections.run(change)

    def progress(self, upload: str, stage: str, done: int, total: int, rows: int) -> None:
        """How far whatever reads the file is."""
        self._run(
            "UPDATE vault.brought SET stage = %s, done = %s, total = %s, rows = %s, touched_at = now()"
            " WHERE upload = %s",
            (stage, done, total, rows, upload),
        )

    def close(self, upload: str, kept: tuple[str, ...], at: datetime) -> None:
        """Delete the file; of it only the parts `kept`, which go back to the sender, stay."""

        def change(cursor: Cursor) -> None:
            cursor.execute(
                "UPDATE vault.brought SET state = 'over', changed_at = %s, stage = ''"
                " WHERE upload = %s AND state <> 'over'",
                (at, upload),
            )
            cursor.execute(
                "DELETE FROM vault.brought_part WHERE upload = %s AND part <> ALL(%s)", (upload, list(kept))
            )

        self._connections.run(change)

    def forget(self, upload: str) -> None:
        """Delete all there is of it, for good."""
        self._run("DELETE FROM vault.brought WHERE upload = %s", (upload,))

    def purge_unfinished(self, older_than: timedelta) -> int:
        """Delete uploads that broke off: nothing came for so long, by the server's clock. How many."""

        def purge(cursor: Cursor) -> int:
            cursor.execute(
                "DELETE FROM vault.brought WHERE state = 'coming' AND touched_at < now() - %s", (older_than,)
            )
            return cursor.rowcount

        return self._connections.run(purge)

    # --- reading --------------------------------------------------------------------------------------

    def all(self) -> list[BroughtFile]:
        """All that is kept but what is on its way, the latest first."""
        return self._files("state <> 'coming' ORDER BY number DESC", ())

    def months_waiting(self) -> list[tuple[str, str]]:
        """(programme, month) of what waits for a decision, or to be taken in."""

        def find(cursor: Cursor) -> list[tuple[str, str]]:
            cursor.execute("SELECT DISTINCT programme, month FROM vault.brought WHERE state = 'waiting'")
            return cursor.fetchall()

        return self._connections.run(find)

    def find(self, upload: str) -> BroughtFile | None:
        """The file of this id."""
        found = self._files("upload = %s", (upload,)) if _is_id(upload) else []
        return found[0] if found else None

    def size(self, upload: str, part: str) -> int | None:
        """Bytes of a part; None where there is none."""

        def sum_up(cursor: Cursor) -> int | None:
            cursor.execute(
                "SELECT sum(size) FROM vault.brought_part WHERE upload = %s AND part = %s", (upload, part)
            )
            row = cursor.fetchone()
            return None if row is None or row[0] is None else int(row[0])

        return self._connections.run(sum_up)

    def pieces(self, upload: str, part: str) -> Iterator[bytes]:
        """A part, piece by piece."""
        number = 0
        while (piece := self.piece(upload, part, number)) is not None:
            yield piece
            number += 1

    def piece(self, upload: str, part: str, number: int) -> bytes | None:
        """A piece of a part. Raises VaultKeyWrong where it isn't what was kept."""

        def find(cursor: Cursor) -> bytes | None:
            cursor.execute(
                "SELECT b.wrapped_key, p.sealed FROM vault.brought b JOIN vault.brought_part p USING (upload)"
                " WHERE b.upload = %s AND p.part = %s AND p.number = %s",
                (upload, part, number),
            )
            row = cursor.fetchone()
            if row is None:
                return None
            return self._key(upload, row[0]).open(bytes(row[1]), _about(upload, f"{part} {number}"))

        return self._connections.run(find)

    def file(
        self, upload: str, part: str, told: Callable[[int], None] = lambda read: None
    ) -> SealedFile | None:
        """A part as a file; None where there is none. `told` hears how many bytes were read since it was opened."""
        size = self.size(upload, part)
        return None if size is None else SealedFile(self, upload, part, size, told)

    def _files(self, where: str, values: tuple[Any, ...]) -> list[BroughtFile]:
        def find(cursor: Cursor) -> list[BroughtFile]:
            cursor.execute(f"SELECT {_COLUMNS} FROM vault.brought WHERE {where}", values)
            return [self._file_of(row) for row in cursor.fetchall()]

        return self._connections.run(find)

    def _file_of(self, row: tuple[Any, ...]) -> BroughtFile:
        name, state, programme, month, staff, subject, brought, sealed, wrapped, *rest = row
        began_at, changed_at, stage, done, total, rows = rest
        upload, told = UUID(name).hex, {}
        if sealed is not None:
            told = orjson.loads(self._key(upload, wrapped).open(bytes(sealed), _about(upload, "told")))
        return BroughtFile(
            upload,
            state,
            programme,
            month,
            staff,
            subject,
            brought,
            told,
            began_at,
            changed_at,
            stage,
            done,
            total,
            rows,
        )

    def _key(self, upload: str, wrapped: Any) -> Seal:
        return Seal(self._keys.brought.open(bytes(wrapped), _about(upload, "key")))

    def _run(self, statement: str, values: tuple[Any, ...]) -> None:
        self._connections.run(lambda cursor: cursor.execute(statement, values))


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A kept part that can be opened as a file again and again (`infra.lists.files.ListFile`)."""

    _files: PostgresBroughtFiles
    _upload: str
    _part: str
    _size: int
    _told: Callable[[int], None]

    def open(self) -> BinaryIO:
        """From the beginning. What was deleted meanwhile raises OSError when it is read."""
        return io.BufferedReader(_Pieces(self._load, self._size, self._told), 1 << 16)

    def stamp(self) -> tuple[int, int]:
        """The size; what is kept does not change."""
        return self._size, 0

    def _load(self, number: int) -> bytes:
        piece = self._files.piece(self._upload, self._part, number)
        if piece is None:
            raise OSError("the file is no longer kept")
        return piece


class _Pieces(io.RawIOBase):
    """Pieces as one file; the last one that was read is at hand."""

    def __init__(self, load: Callable[[int], bytes], size: int, told: Callable[[int], None]) -> None:
        self._load = load
        self._size = size
        self._told = told
        self._place = 0
        self._read_all = 0
        self._number, self._piece = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As files do."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        """As files do. Raises OSError when the file is no longer kept."""
        number, within = divmod(self._place, PIECE)
        if self._place >= self._size:
            return 0
        if number != self._number:
            self._piece, self._number = self._load(number), number
        view = memoryview(buffer).cast("B")
        some = self._piece[within : within + len(view)]
        view[: len(some)] = some
        self._place += len(some)
        self._read_all += len(some)
        self._told(self._read_all)
        return len(some)


def _about(upload: str, which: str) -> bytes:
    return f"brought {upload} {which}".encode()


def _is_id(upload: str) -> bool:
    return len(upload) == 32 and upload.isascii() and not set(upload) - set("0123456789abcdef")

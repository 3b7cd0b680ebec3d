"""Sixty uploads at once, some of them slow, some cut off: what memory the server takes, and what becomes of each."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
SIZE = 9_900_000
UPLOADS, SLOW, CUT_OFF = 60, 10, 10
TRICKLE = 5_000  # bytes a second of a slow one
PATIENCE = 60.0
_ZEROS = memoryview(bytes(SIZE))


def measure_uploads(port: int, pid: int, keys: Sequence[str]) -> dict[str, Any]:
    """To `/v1/papers` by the members of `keys`, then to a page's form; memory of the process in MB (10^6 bytes)."""
    figures: dict[str, Any] = {"idle_mb": _status(pid, "VmRSS")}
    figures["papers"] = _run(pid, [_paper(port, keys[n % len(keys)], n) for n in range(UPLOADS)])
    figures["forms"] = _run(pid, [_form(port, n) for n in range(UPLOADS)])
    figures["too_large"] = _too_large(port, keys[0])
    return figures


def _paper(port: int, key: str, number: int) -> _Upload:
    head = f"POST /v1/papers HTTP/1.1\r\nAuthorization: Bearer {key}\r\n"
    return _Upload(port, head, b"%PDF-" + number.to_bytes(8, "big"), b"", number)


def _form(port: int, number: int) -> _Upload:
    """It lacks all else: what is measured is that it is read."""
    part = b'--x\r\nContent-Disposition: form-data; name="fee_paid"; filename="a.pdf"\r\n\r\n%PDF-'
    head = "POST /apply/licence-design HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    return _Upload(port, head, part, b"\r\n--x--\r\n", number)


class _Upload(threading.Thread):
    """One of them; `end` says what became of it."""

    def __init__(self, port: int, head: str, begins: bytes, ends: bytes, number: int) -> None:
        """What lies between is SIZE zeros, which all share."""
        super().__init__()
        self._port = port
        length = len(begins) + SIZE + len(ends)
        self._begins = f"{head}Host: {HOST}\r\nContent-Length: {length}\r\n\r\n".encode() + begins
        self._ends = ends
        kinds = ["slow"] * SLOW + ["cut off"] * CUT_OFF + ["whole"] * (UPLOADS - SLOW - CUT_OFF)
        # Spread evenly, so that each member has some of each.
        self.kind = kinds[number * 7 % UPLOADS]
        self.end = ""
        self.seconds = 0.0

    def run(self) -> None:
        begun = time.perf_counter()
        try:
            self.end = self._sent()
        except OSError as error:
            self.end = type(error).__name__
        self.seconds = time.perf_counter() - begun

    def _sent(self) -> str:
        with socket.create_connection((HOST, self._port), timeout=PATIENCE) as connection:
            connection.sendall(self._begins)
            if self.kind == "whole":
                connection.sendall(_ZEROS)
                connection.sendall(self._ends)
                return _answer(connection)
            connection.sendall(_ZEROS[: SIZE // 2])
            if self.kind == "cut off":
                return "cut off"
            connection.settimeout(1.0)
            for _ in range(int(PATIENCE)):
                connection.send(_ZEROS[:TRICKLE])
                try:
                    return _answer(connection)
                except TimeoutError:
                    continue
            return "given up"


def _answer(connection: socket.socket) -> str:
    got = connection.recv(4096)
    return got[9:12].decode() if got else "closed"


def _run(pid: int, uploads: Sequence[_Upload]) -> dict[str, Any]:
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the highest mark begins anew
    for one in uploads:
        one.start()
    for one in uploads:
        one.join()
    whole = [one.seconds for one in uploads if one.kind == "whole"]
    return {
        "peak_mb": _status(pid, "VmHWM"),
        "after_mb": _status(pid, "VmRSS"),
        "ends": dict(Counter(f"{one.kind}: {one.end}" for one in uploads)),
        "slowest_whole_seconds": max(whole),
    }


def _too_large(port: int, key: str) -> dict[str, Any]:
    """A document of 100 MB that doesn't say how long it is: what was sent of it before it was refused."""
    head = f"POST /v1/papers HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent, piece = 0, b"%x\r\n" % 100_000 + bytes(100_000) + b"\r\n"
    with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        try:
            while sent < 100_000_000:
                connection.sendall(piece)
                sent += 100_000
        except OSError:
            pass
        try:
            answer = _answer(connection)
        except OSError as error:
            answer = type(error).__name__
    return {"sent_mb": sent / 1e6, "answer": answer}


def _status(pid: int, name: str) -> float:
    """In MB (10^6 bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / 1e6

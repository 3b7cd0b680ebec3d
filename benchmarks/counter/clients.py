"""Clients in a process of their own: `python -m benchmarks.counter.clients CORPUS`, closed loop, bounded in time.

Each client is a keep-alive connection that asks, waits for the answer, and asks again. One thread over epoll and
plain bytes: what the generator takes of the cores is small and is said with the figures. Only 127.0.0.1.

It prints a line when it is warm and a line of figures when the time is over.

CORPUS is JSON: {"call": "check" | "redeem", "run": text, "ports": [..], "clients": n, "seconds": s, "warm_up": s,
"tills": [{"key": Bearer key, "baskets": [JSON text of the lines]}], "codes": [..], "reuse": codes begin anew}.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PATIENCE_SECONDS = 20.0  # for answers that are still out when the time is over
PATHS = {"check": "/v1/vouchers/check", "redeem": "/v1/redemptions"}


class _Connection:
    """One client: its socket, when it asked, and what has come of the answer."""

    __slots__ = ("asked", "got", "port", "socket")

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self.open()
        self.asked = 0.0
        self.got = b""

    def open(self) -> socket.socket:
        self.socket = socket.create_connection((HOST, self.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        return self.socket

    def answer(self, piece: bytes) -> tuple[int, bytes] | None:
        """Status and body, when `piece` makes the answer whole."""
        self.got += piece
        head = self.got.find(b"\r\n\r\n")
        if head < 0:
            return None
        lower = self.got[:head].lower()
        at = lower.find(b"content-length:")
        if at < 0:
            raise ValueError("an answer without content-length")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.got) < head + 4 + length:
            return None
        body, self.got = self.got[head + 4 : head + 4 + length], b""
        return int(lower[9:12]), body


class Load:
    """A run of `corpus`; `go` returns its figures."""

    def __init__(self, corpus: dict[str, Any]) -> None:
        self._corpus = corpus
        self._tills = [(till["key"], till["baskets"]) for till in corpus["tills"]]
        self._codes: list[str] = corpus["codes"]
        self._next = 0
        self._latencies = array("d")
        self._done: Counter[str] = Counter()
        self._warm_until = self._until = 0.0

    def go(self) -> dict[str, Any]:
        """Ask until the time is over or the codes have run out."""
        corpus = self._corpus
        ports = corpus["ports"]
        connections = [_Connection(ports[n % len(ports)]) for n in range(corpus["clients"])]
        selector = selectors.DefaultSelector()
        begun = time.perf_counter()
        cpu = time.process_time()
        self._warm_until = begun + corpus["warm_up"]
        self._until = self._warm_until + corpus["seconds"]
        out = 0
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            out += self._ask(connection)
        clock = time.perf_counter
        warm = False
        while out and clock() < self._until + PATIENCE_SECONDS:
            if not warm and clock() >= self._warm_until:
                warm = True
                print("warm", flush=True)
            for key, _ in selector.select(1.0):
                connection = key.data
                try:
                    piece = connection.socket.recv(262_144)
                    if not piece:
                        raise ConnectionResetError
                    answer = connection.answer(piece)
                except OSError:
                    self._done["connection_closed"] += self._counts(connection.asked)
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    out -= 1
                    if clock() < self._until:
                        selector.register(connection.open(), selectors.EVENT_READ, connection)
                        out += self._ask(connection)
                    continue
                if answer is None:
                    continue
                self._take(connection.asked, clock(), *answer)
                out -= 1
                out += self._ask(connection)
        ended = clock()
        for connection in connections:
            connection.socket.close()
        return self._figures(
            out, min(ended, self._until) - self._warm_until, time.process_time() - cpu, ended - begun
        )

    def _counts(self, asked: float) -> bool:
        return self._warm_until <= asked

    def _take(self, asked: float, now: float, status: int, body: bytes) -> None:
        if now < self._warm_until or now > self._until:
            return
        if status < 300:
            self._latencies.append(now - asked)
            return
        try:
            code = json.loads(body).get("code")
        except (ValueError, AttributeError):
            code = None
        self._done[f"{status} {code}"] += 1

    def _ask(self, connection: _Connection) -> int:
        """Send the next request; 0 when there is none to send."""
        number = self._next
        if number >= len(self._codes) and not self._corpus["reuse"]:
            self._until = min(self._until, time.perf_counter())
            return 0
        if time.perf_counter() >= self._until:
            return 0
        self._next += 1
        key, baskets = self._tills[number % len(self._tills)]
        code = self._codes[number % len(self._codes)]
        name = f"{self._corpus['run']}-{number}"
        if self._corpus["call"] == "check":
            body = f'{{"code":"{code}"}}'
            extra = ""
        else:
            lines = baskets[number % len(baskets)]
            body = f'{{"code":"{code}","receipt":"r-{name}","cashier":"7","lines":{lines}}}'
            extra = f"Idempotency-Key: {name}\r\n"
        request = (
            f"POST {PATHS[self._corpus['call']]} HTTP/1.1\r\nHost: {HOST}:{connection.port}\r\n"
            f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        connection.asked = time.perf_counter()
        connection.socket.sendall(request)
        return 1

    def _figures(self, unanswered: int, seconds: float, cpu: float, wall: float) -> dict[str, Any]:
        took = sorted(self._latencies)
        milliseconds = {
            name: took[min(len(took) - 1, int(len(took) * share))] * 1000 if took else 0.0
            for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
        }
        errors = dict(self._done)
        if unanswered:
            errors["unanswered"] = unanswered
        return {
            "per_second": len(took) / seconds if seconds > 0 else 0.0,
            "seconds": seconds,
            "done": len(took),
            "sent": self._next,
            "ms": milliseconds,
            "errors": errors,
            "generator_cores": cpu / wall,
        }


def main() -> None:
    corpus = json.loads(Path(sys.argv[1]).read_text())
    json.dump(Load(corpus).go(), sys.stdout)


if __name__ == "__main__":
    main()

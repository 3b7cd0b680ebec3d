"""Sixty documents at once, some of them slow, some cut off: the server's memory is bounded, and the others get in."""

from __future__ import annotations

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from infra.bootstrap import open_azyq
from infra.clock import SetClock
from infra.parts.staff import enrol_staff
from tests.integration.month_in_process import settings_for
from tests.integration.served_site import KEY, Site
from tests.unit.service_to_run import MONDAY

SIZE = 2_000_000
UPLOADS, MEMBERS = 60, 20
MOST_MB = 80  # there is room for eight documents, each in memory some times over
PATIENCE = 90.0


def kind_of(number: int) -> str:
    return "slow" if number % 6 == 0 else "cut off" if number % 6 == 3 else "whole"


def upload(port: int, key: str, number: int) -> str:
    """What became of one of them; a slow one sends half of it and then nothing."""
    body = b"%PDF-" + number.to_bytes(4, "big") + bytes(SIZE - 9)
    head = f"POST /v1/papers HTTP/1.1\r\nHost: azyq\r\nAuthorization: Bearer {key}\r\nContent-Length: {SIZE}\r\n\r\n"
    kind = kind_of(number)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        connection.sendall(body if kind == "whole" else body[: SIZE // 2])
        if kind == "cut off":
            return kind
        return f"{kind}: {connection.recv(4096)[9:12].decode()}"


def form_of_100_mb(port: int) -> str:
    """The status that is answered to a form of that size, which is sent to its end before anything is heard."""
    head = (
        "POST /apply/licence-design HTTP/1.1\r\nHost: azyq\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 100000000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(head.encode())
        for _ in range(100):
            connection.sendall(bytes(1_000_000))
        return connection.recv(4096)[9:12].decode()


def memory_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024 / 1e6


def test_S002_20_of_sixty_uploads_at_once_the_memory_is_bounded(database: str, tmp_path: Path) -> None:
    with open_azyq(settings_for(database, tmp_path, AZYQ_MASTER_KEY=KEY), SetClock(MONDAY)) as azyq:
        staff = enrol_staff(azyq)
        keys = [staff.enrol(f"p.{n}", "", ("applicant",), MONDAY).key for n in range(MEMBERS)]
    with ExitStack() as stack:
        site = Site(database, tmp_path, stack)
        serving = site.start("api", clock=MONDAY.isoformat(), AZYQ_DOCUMENT_MEGABYTES="2")
        port, pid = int(serving.address.rpartition(":")[2]), serving.process.pid
        assert upload(port, keys[0], 1) == "whole: 201"
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the highest mark begins anew
        before = memory_mb(pid, "VmRSS")
        with ThreadPoolExecutor(UPLOADS) as pool:
            ends = list(pool.map(lambda n: upload(port, keys[n % MEMBERS], n), range(UPLOADS)))
        assert Counter(ends) == {"whole: 201": 40, "cut off": 10, "slow: 400": 10}
        assert memory_mb(pid, "VmHWM") - before < MOST_MB
        # A browser that sends 100 MB hears why it is refused, and the server keeps none of it.
        assert form_of_100_mb(port) == "413"
        assert memory_mb(pid, "VmHWM") - before < MOST_MB
        assert serving.end() == 0

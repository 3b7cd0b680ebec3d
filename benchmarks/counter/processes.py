"""Server processes on ports of their own, and what of the cores they take."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

START_SECONDS = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Servers:
    """Processes that each answer /healthz at a port."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, command: Sequence[str], environment: Mapping[str, str], port: int) -> None:
        """Start one; its output goes to the log file."""
        with self._log.open("ab") as log:
            self._running.append(subprocess.Popen(command, env=dict(environment), stdout=log, stderr=log))
        url, until = f"http://127.0.0.1:{port}/healthz", time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except (urllib.error.URLError, OSError) as error:
                if self._running[-1].poll() is not None or time.monotonic() > until:
                    self.stop()
                    raise SystemExit(f"a server did not start:\n{self._log.read_text()[-2000:]}") from error
            time.sleep(0.05)

    def stop(self) -> None:
        """End them all and wait."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def pids(self) -> list[int]:
        return [process.pid for process in self._running]


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU seconds that these processes and their children have had."""
    total = 0.0
    for pid in pids:
        root = psutil.Process(pid)
        own = root.cpu_times()
        total += own.user + own.system + own.children_user + own.children_system
        for child in root.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.Error:
                continue  # it ended just now, and counts with its parent's next time
            total += times.user + times.system
    return total

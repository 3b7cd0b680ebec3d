"""Phases of a run, each with its wall time, the CPU time of this process and that of the PostgreSQL under it."""

from __future__ import annotations

import cProfile
import os
import pstats
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]


@dataclass(slots=True)
class Phase:
    """What one phase took: seconds, and how many of `unit` it did."""

    name: str
    unit: str = ""
    count: int = 0
    seconds: float = 0.0
    python_seconds: float = 0.0
    postgres_seconds: float = 0.0


class Phases:
    """Times phases; with `profiles` (a folder) each leaves the functions it spent its time in there."""

    def __init__(self, cluster: Path | None = None, profiles: Path | None = None) -> None:
        self.done: list[Phase] = []
        self._postmaster = _postmaster(cluster) if cluster else None
        self._profiles = profiles

    @contextmanager
    def phase(self, name: str, unit: str = "") -> Iterator[Phase]:
        """Time the block; it sets `count`."""
        phase = Phase(name, unit)
        profile = cProfile.Profile() if self._profiles else None
        server, own, begun = self._server_seconds(), time.process_time(), time.perf_counter()
        if profile:
            profile.enable()
        yield phase
        if profile:
            profile.disable()
        phase.seconds = time.perf_counter() - begun
        phase.python_seconds = time.process_time() - own
        phase.postgres_seconds = self._server_seconds() - server
        self.done.append(phase)
        print(
            f"  {name:<28}{phase.seconds:8.2f} s   python {phase.python_seconds:7.2f}"
            f"   postgres {phase.postgres_seconds:7.2f}   {phase.count:,} {unit}   {peak_mb():.0f} MB",
            file=sys.stderr,
            flush=True,
        )
        if profile and self._profiles:
            self._profiles.mkdir(parents=True, exist_ok=True)
            with (self._profiles / f"{name.replace(' ', '-')}.txt").open("w") as out:
                pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(40)
                pstats.Stats(profile, stream=out).sort_stats("cumtime").print_stats(60)

    def _server_seconds(self) -> float:
        """CPU seconds of the postmaster, its children at work, and those that ended."""
        if self._postmaster is None:
            return 0.0
        times = self._postmaster.cpu_times()
        total: float = times.user + times.system + times.children_user + times.children_system
        for child in self._postmaster.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.Error:
                continue  # it ended just now, and counts with the postmaster's next time
            total += times.user + times.system
        return total


def _postmaster(cluster: Path) -> psutil.Process:
    return psutil.Process(int((cluster / "postmaster.pid").read_text().split()[0]))


def peak_mb() -> float:
    """The most this process ever had resident, in MB (10^6 bytes)."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024) / 1e6
    # Where there is /proc: ru_maxrss begins with the peak of whoever started this process
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def load() -> list[float]:
    """The machine's load averages: above the number of its cores, figures are pessimistic."""
    return [round(value, 2) for value in os.getloadavg()]

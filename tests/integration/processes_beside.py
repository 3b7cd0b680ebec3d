"""Processes of ours beside another."""

from __future__ import annotations

import psutil  # type: ignore[import-untyped]


def running(program: str, pid: int) -> list[psutil.Process]:
    """The processes of `pid` that run this module."""
    found = []
    for child in psutil.Process(pid).children():
        try:
            if program in child.cmdline():
                found.append(child)
        except psutil.Error:
            continue  # it ended just now
    return found

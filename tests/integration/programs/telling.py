"""Answers in several ways: with what it is told, not at all, half; and never."""

from __future__ import annotations

import os
import time
from typing import Any

from infra.apart import begun, work


def answered(told: Any) -> Any:
    """As told."""
    if told == "nothing":
        os._exit(3)
    if told == "wrong":
        raise ValueError("of +7 701 123 45 67")
    if told == "late":
        time.sleep(600)
    if told == "nice":
        return os.nice(0)
    return told


def half() -> None:
    """The beginning of an answer."""
    told = begun(0)
    assert told
    told[0].sendall((100).to_bytes(8, "big") + b"half")


if __name__ == "__main__":
    if os.environ.get("AZYQ_TEST_HALF"):
        half()
    else:
        work(answered, nice=3)

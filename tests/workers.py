"""What the processes of one run share when pytest-xdist spreads the tests: one folder, and what pytest's summary tells."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

_LEFT_OUT = pytest.StashKey[int]()


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that is the same for every process of the run, and no other run's."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Whoever else holds the file `lock` is waited for; it is free again when its holder is gone."""
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Counted, for whoever collects in the name of another process."""
    if items:
        stash = items[0].config.stash
        stash[_LEFT_OUT] = stash.get(_LEFT_OUT, 0) + len(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells how many tests `-k` and the like left out: pytest-xdist itself does not."""
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["left_out"] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each worker collects everything, so that any of them knows what was left out."""
    left_out = getattr(node, "workeroutput", {}).get("left_out", 0)
    reporter = node.config.pluginmanager.get_plugin("terminalreporter")
    if left_out and reporter is not None:
        reporter.stats["deselected"] = [SimpleNamespace() for _ in range(left_out)]

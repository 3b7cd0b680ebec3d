"""SIGTERM in a process's first second, while it still imports: it ends as done, as at any later time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.settings import ROOT

# Python names each module on stderr once it is imported; of these one early, one amid the commands, one amid the database's.
EARLY, AMID, LATE = "typer", "infra.cli.running", "psycopg2"


def ended_once_imported(imported: str, folder: Path, *command: str) -> tuple[int, list[str]]:
    """Exit code and words of `azyq` and `command`, sent SIGTERM when Python says that `imported` is."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AZYQ_DATA": str(folder / "data")}
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-c", "from infra.cli import main; main()", *command],
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.rpartition("|")[2].strip() == imported:
                break
        process.send_signal(signal.SIGTERM)
        said = [line for line in process.stderr if not line.startswith("import time:")]
        return process.wait(30), said


@pytest.mark.parametrize(
    ("command", "imported"),
    [
        ("serve", EARLY),
        ("api", AMID),
        ("scheduler", LATE),
        ("publisher", EARLY),
        ("worker", AMID),
    ],
)
def test_SIGTERM_while_it_imports_ends_it_as_done(command: str, imported: str, tmp_path: Path) -> None:
    assert ended_once_imported(imported, tmp_path, command) == (0, [])
    assert not (tmp_path / "data").exists()


def test_what_ends_by_itself_was_not_done(tmp_path: Path) -> None:
    assert ended_once_imported(EARLY, tmp_path, "scheduler", "--once") == (-signal.SIGTERM, [])

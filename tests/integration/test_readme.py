"""The README does what it says: its commands run, its settings are there, its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.cli.app import app
from infra.settings import ROOT, Settings
from tests import warm
from tests.broker.server import Access

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def commands(of: Any, path: str = "azyq") -> set[str]:
    found = {path}
    for name, command in getattr(of, "commands", {}).items():
        found |= commands(command, f"{path} {name}")
    return found


def test_the_month_by_hand_runs_as_it_stands(tmp_path: Path) -> None:
    # given a folder of one's own, whose name has a space and a letter beyond Latin
    folder = tmp_path / "қолмен a month"
    folder.mkdir()
    script = blocks("sh")[0]
    # and the demo's month, which is closed
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }
    told = ["azyq", "demo", "--families", "3", "--json"]
    subprocess.run(told, cwd=folder, env=environment, capture_output=True, check=True, timeout=200)
    environment["PATH"] = f"{warm.folder_for_path()}{os.pathsep}{environment['PATH']}"
    # when the commands are typed one after the other
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    # then each of them is done, and says what it did
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr
    for said in (
        "akkol-2025",
        "40 families",
        "rows: 165, accepted 160, rejected 5",
        "iin_check_digit",
        "The consent is recorded",
        "audit: holds",
        "month_status",
        "Where the families are",
    ):
        assert said in found.stdout, said
    # and all that came of it is in folders that git leaves alone
    assert (folder / "trial" / "rejects.csv").exists()
    assert (folder / "trial" / "no-number.csv").exists()
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for made in folder.iterdir():
        assert {f"{made.name}/", f"/{made.name}/"} & set(ignored), made.name


PLAYED = """
azyq sample --programme akkol-2025 --month 2025-07 --families 20 --seed 3 --out sample > /dev/null
azyq month import sample/list.csv --programme akkol-2025 --month 2025-07 --numbers sample/numbers.csv --at 2025-07-03T10:00
azyq month run --programme akkol-2025 --on 2025-07-05
azyq month status --programme akkol-2025 --month 2025-07 --json > month.json
azyq status --json > status.json
for part in $(jobs -p); do kill -TERM "$part"; done
for part in $(jobs -p); do wait "$part"; done
"""


def test_running_it_for_real_runs_as_it_stands(tmp_path: Path, database: str, empty_kafka: Access) -> None:
    # given a PostgreSQL and a Kafka in place of the example's
    script = blocks("sh")[1]
    for example, real in (
        ("postgresql://azyq:secret@db.example/azyq", f"'{database}'"),
        ("kafka.example:9092", empty_kafka.bootstrap),
    ):
        assert example in script
        script = script.replace(example, real)
    # when the commands are typed one after the other, a list comes in, SMS go out, and each part is told to end
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script + PLAYED],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "AZYQ_LISTEN": listen,
        },
        capture_output=True,
        text=True,
        timeout=200,
    )
    # then each ends with 0, and the views have what the log has, by way of Kafka
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr
    status = json.loads((tmp_path / "status.json").read_text())
    assert status["publisher"]["position"] == status["log_position"] > 20
    assert {view["position"] for view in status["views"]} == {status["log_position"]}
    assert json.loads((tmp_path / "month.json").read_text())["list"]["families"] == 20


def test_each_command_it_names_exists() -> None:
    tree = commands(typer.main.get_command(app))
    named = re.findall(r"(?:^|`)azyq((?: [a-z][a-z-]*)+)", README, re.M)
    assert len(named) > 10
    for words in named:
        first, *rest = words.split()
        command = f"azyq {first}"
        assert command in tree, command
        if rest and any(known.startswith(f"{command} ") for known in tree):
            assert f"{command} {rest[0]}" in tree, words


def test_each_option_it_names_exists() -> None:
    texts = subprocess.run(
        ["bash", "-c", "cat infra/cli/*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(blocks("sh")))):
        assert f'"{option}"' in texts, option


def test_its_table_has_each_setting_and_no_other() -> None:
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`((?:AZYQ_|DATABASE_|KAFKA_)\w+)`", row)}
    known = {str(field.alias) for field in Settings.model_fields.values()}
    elsewhere = {"AZYQ_LANG", "AZYQ_LOG_LEVEL"}
    assert told == known | elsewhere
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "infra").rglob("*.py"))
    for name in set(re.findall(r"(?:AZYQ_|DATABASE_|KAFKA_)[A-Z_]*[A-Z]\b", README)):
        assert f'"{name}"' in source, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" not in link and not link.startswith("#"):
            assert (document.parent / link.partition("#")[0]).exists(), link


def test_the_files_it_names_exist() -> None:
    for name in set(
        re.findall(r"`((?:domain|infra|projections|streams|programmes|docs|tests)/[\w./*-]+)`", README)
    ):
        assert list(ROOT.glob(name.rstrip("/"))), name

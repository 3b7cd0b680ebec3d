"""docs/terminals.md does what it says: its commands run one after the other, and are answered as it shows."""

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

from domain import code_refusals, terminal_refusals, voucher_refusals
from domain.errors import Refusal
from domain.trade import shop_refusals
from infra.api import problems
from infra.problem_sentences import SENTENCES
from infra.settings import ROOT
from tests import warm

TEXT = (ROOT / "docs" / "terminals.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```", TEXT, re.S | re.M)
MARK = "--- answer"
AT_THE_END = "trap 'kill $(jobs -p); wait' EXIT\n"

_NOT_AT_A_TILL = {
    *("enrolment_code_unknown", "enrolment_code_used", "enrolment_code_expired", "terminal_unknown"),
    *("shop_unknown", "loan_missing", "condition_unknown", "breach_unknown", "goods_version_unknown"),
    *("price_unknown", "price_backdated", "list_after_cutoff", "list_closed", "list_too_early"),
}


def run_page(script: list[str], folder: Path, **settings: str) -> list[str]:
    """What each block of a page's commands prints, run one after the other in `folder`; azyq listens elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    assert any("127.0.0.1:8080" in text for text in script)
    marked = AT_THE_END + f"echo '{MARK}'\n".join(script).replace("127.0.0.1:8080", listen)
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", marked],
        cwd=folder,
        env={
            "PATH": os.pathsep.join(
                [str(warm.folder_for_path()), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "HOME": str(folder),
            "AZYQ_LISTEN": listen,
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr
    return found.stdout.split(MARK)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of commands printed, in order."""
    folder = tmp_path_factory.mktemp("a shop's бағдарлама")
    return run_page([text for language, text in BLOCKS if language == "sh"], folder)


def shape(value: Any) -> Any:
    """What an answer is made of; of a list its first item, of a text nothing."""
    match value:
        case dict():
            return {name: shape(one) for name, one in value.items()}
        case list():
            return [shape(one) for one in value[:1]]
        case _:
            return type(value).__name__


def then_as_shown(given: dict[str, Any], said: dict[str, Any], names: str) -> None:
    """The answer is made of what the page shows, and has the same under these names."""
    assert shape(given) == shape(said), said
    for name in names.split():
        assert given.get(name) == said.get(name), (name, given)


def test_R25_R26_R27_the_commands_are_answered_as_the_page_shows(answers: list[str]) -> None:
    shown = 0
    printed = iter(answers)
    answer = ""
    for language, text in BLOCKS:
        if language == "sh":
            answer = next(printed)
            last = text.strip().splitlines()[-1]
            continue
        if not answer.strip():  # it went into a file that is shown here
            assert last.endswith("trial.json")
            continue
        given, said = json.loads(answer.strip().splitlines()[-1]), json.loads(text)
        then_as_shown(given, said, "code status drawn_tiyn reversed_tiyn pays_tiyn draw left_out detail")
        shown += 1
    assert shown > 9


def test_each_code_of_the_table_is_one_of_ours_and_none_of_a_tills_is_missing() -> None:
    rows = [line.split("|")[1] for line in TEXT.splitlines() if re.match(r"\| [345]", line)]
    told = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}
    rules = {
        kind.code
        for module in (code_refusals, shop_refusals, terminal_refusals, voucher_refusals)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind.__module__ == module.__name__
    }
    assert told - rules <= set(SENTENCES)
    assert rules - told <= _NOT_AT_A_TILL
    for code in told & rules:
        status = problems._STATUS.get(code, 422)
        (row,) = [row for row in rows if f"`{code}`" in row]
        assert row.strip().startswith(str(status)), code

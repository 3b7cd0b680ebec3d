"""docs/services.md does what it says: its commands run one after the other, and are answered as it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.settings import ROOT
from tests.integration.test_terminals_doc import run_page, then_as_shown

TEXT = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```", TEXT, re.S | re.M)
(EXAMPLE,) = re.findall(r"^```toml\n(.*?)^```", TEXT, re.S | re.M)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("services")
    (found / "tea-permit.toml").write_text(EXAMPLE, encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def answers(folder: Path) -> list[str]:
    """What each block of commands printed, in order."""
    return run_page([text for language, text in BLOCKS if language == "sh"], folder)


def test_S003_11_S002_04_the_commands_are_answered_as_the_page_shows(answers: list[str]) -> None:
    shown = [json.loads(text) for language, text in BLOCKS if language == "json"]
    assert len(shown) == len(answers) == 2
    for answer, said in zip(answers, shown, strict=True):
        given, _ = json.JSONDecoder().raw_decode(answer[answer.index("{") :])
        then_as_shown(given, said, "service state due_at missing opened number")
    assert "tea-permit 1 is in order" in answers[0]


def test_S003_11_whom_no_register_knows_lacks_the_document(answers: list[str], folder: Path) -> None:
    assert answers
    assert json.loads((folder / "other.json").read_text(encoding="utf-8"))["missing"] == ["fee_paid"]


def test_S002_03_the_discussion_of_the_page_is_there_to_read(answers: list[str], folder: Path) -> None:
    assert answers
    told = json.loads((folder / "discussion.json").read_text(encoding="utf-8"))
    assert (told["open"], told["comments"], len(told["documents"])) == (True, 0, 1)
    assert told["documents"][0]["sha256"] in (folder / "discussion.html").read_text(encoding="utf-8")

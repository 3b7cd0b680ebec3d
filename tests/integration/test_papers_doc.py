"""docs/papers.md does what it says: its commands run one after the other, and make the papers that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.papers.kinds import CASE_PAPERS, SERVICE_PAPERS
from infra.settings import ROOT
from tests.integration.test_terminals_doc import run_page

TEXT = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|text)\n(.*?)^```", TEXT, re.S | re.M)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("papers")


@pytest.fixture(scope="module")
def answers(folder: Path) -> list[str]:
    """What each block of commands printed, in order."""
    return run_page([text for language, text in BLOCKS if language == "sh"], folder)


def test_S000_07_the_commands_make_papers_and_a_scan_is_answered_as_shown(
    answers: list[str], folder: Path
) -> None:
    (shown,) = (text for language, text in BLOCKS if language == "text")
    assert answers[-1].strip() == shown.strip()
    assert (folder / "standard.docx").read_bytes().startswith(b"PK")
    assert (folder / "process.svg").read_text(encoding="utf-8").lstrip().startswith("<svg")
    assert 'lang="en"' in (folder / "programme.html").read_text(encoding="utf-8")
    assert "ЖШС «Басқару»" in (folder / "certificate.html").read_text(encoding="utf-8")


def test_the_table_names_every_kind_of_paper_and_no_other() -> None:
    told = re.findall(r"^\| `([a-z]+)`", TEXT, re.M)
    assert told == [*SERVICE_PAPERS, *CASE_PAPERS]

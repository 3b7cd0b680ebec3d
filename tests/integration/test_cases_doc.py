"""docs/cases.md does what it says: its commands run one after the other, and are answered as it shows."""

from __future__ import annotations

import json
import re

import pytest

from domain import signature_refusals, staff_refusals
from domain.errors import Refusal
from domain.procedures import case_refusals
from infra.api import problems
from infra.parts.cases import refusals as entrance_refusals
from infra.problem_sentences import SENTENCES
from infra.settings import ROOT
from tests.certificates import certified
from tests.integration.test_terminals_doc import run_page, then_as_shown

TEXT = (ROOT / "docs" / "cases.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```", TEXT, re.S | re.M)
# Of the command line only, or of an installation whose files were changed.
_NOT_BY_HTTP = {
    *(
        "staff_unknown",
        "staff_known",
        "staff_identified",
        "subject_taken",
        "staff_id_malformed",
        "role_unknown",
        "unit_unknown",
    ),
    *("service_version_changed", "applicant_missing"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of commands printed, in order."""
    folder = tmp_path_factory.mktemp("clerk")
    office = certified("Office", authority=True)
    (folder / "trust").mkdir()
    office.save(folder / "trust", "office")
    (folder / "trust" / "office.key").unlink()
    for name, iin in (("applicant", "880504300001"), ("head", "850612412102")):
        certified(name, office, serial=f"IIN{iin}").save(folder, name)
    return run_page([text for language, text in BLOCKS if language == "sh"], folder)


def test_S000_L1_S002_36_the_commands_are_answered_as_the_page_shows(answers: list[str]) -> None:
    shown = 0
    printed = iter(answers)
    answer = ""
    for language, text in BLOCKS:
        if language == "sh":
            answer = next(printed)
            continue
        start = answer.index("{")
        given, _ = json.JSONDecoder().raw_decode(answer[start:])
        said = json.loads(text)
        then_as_shown(given, said, "service state due_at opened missing step outcome code detail type")
        shown += 1
    assert shown == 6


def test_each_code_of_the_table_is_one_of_ours_and_none_is_missing() -> None:
    rows = [line.split("|")[1] for line in TEXT.splitlines() if re.match(r"\| [45]", line)]
    told = {code for row in rows for code in re.findall(r"`([a-z0-9_]+)`", row)}
    rules = {
        kind.code
        for module in (case_refusals, signature_refusals, staff_refusals, entrance_refusals)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind.code != "refused"
    }
    assert told - rules <= set(SENTENCES)
    assert rules - told <= _NOT_BY_HTTP
    for code in told & rules:
        (row,) = [row for row in rows if f"`{code}`" in row]
        assert str(problems._STATUS.get(code, 422)) in row, code

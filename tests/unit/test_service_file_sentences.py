"""What is wrong with a service's file is said in three languages, with a code that stays (S002-33)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.checked_file import Problem
from domain.errors import LANGUAGES
from domain.procedures.definition_file import ServiceInvalid
from domain.procedures.definition_file_sentences import _SENTENCES, OTHER, line, reason_told
from infra.settings import ROOT

CHECKS = (
    "domain/checked_file.py",
    "domain/procedures/definition_file.py",
    "domain/procedures/definition_file_references.py",
    "domain/procedures/definition_file_sense.py",
    "domain/procedures/definition_file_steps.py",
    "domain/procedures/graph.py",
    "domain/procedures/terms.py",
    "domain/procedures/conditions.py",
    "domain/procedures/services.py",
    "infra/cases/services.py",
    "infra/cases/working_calendar.py",
    "infra/project_files.py",
)


def reasons(path: Path) -> Iterator[str]:
    """The reasons that a module gives, `7` in place of what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        given: ast.expr | None = None
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            place = {"ValueError": 0, "problem": 1, "_fault": 1, "Problem": 2}.get(name)
            given = node.args[place] if place is not None and place < len(node.args) else None
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            given = node.value.elts[1]
        yield from texts(given)


def texts(given: ast.expr | None) -> Iterator[str]:
    match given:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)
        case ast.BinOp(left=left, right=right):
            yield from (one + ('"7"' if one.endswith(" be ") else "") for one in texts(left))
            yield from (one for one in texts(right) if not one.startswith("; did you mean"))
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)


ALL = sorted({(path, reason) for path in CHECKS for reason in reasons(ROOT / path) if reason})


def test_the_reasons_are_found() -> None:
    assert len(ALL) > 90


@pytest.mark.parametrize(("path", "reason"), ALL)
def test_S002_33_each_reason_has_a_code_and_is_said_in_three_languages(path: str, reason: str) -> None:
    reason = reason.replace("unknown 7 7", "unknown step 7")
    said = {reason_told(reason, language) for language in LANGUAGES}
    codes = {one.code for one in said}
    assert OTHER not in codes
    assert len(codes) == 1
    assert len(said) == 3
    assert reason_told(reason, "en").reason == reason
    for one in said - {reason_told(reason, "en")}:
        assert re.search("[А-Яа-яӘәІіҢңҒғҮүҰұҚқӨөҺһ]", one.reason), one


def test_sentences_have_the_same_placeholders_in_each_language() -> None:
    for code, sentences in _SENTENCES.items():
        places = [sorted(re.findall(r"\{(\w+)\}", one)) for one in sentences]
        assert places[0] == places[1] == places[2], code


def test_S002_33_words_within_a_reason_are_translated_too() -> None:
    ru = reason_told("must be a text, not a whole number", "ru")
    assert ru == ("not_a_text", "нужен текст, а здесь целое число")
    near = reason_told("unknown role exeutor; did you mean executor?", "ru")
    assert near == ("unknown_name", "роль exeutor: такого нет; может быть, executor?")
    assert reason_told('must be "full" or "none"', "kk").reason == '"full" немесе "none" болуы керек'
    assert reason_told("is longer than 300 kB", "kk").code == "too_long"
    assert reason_told("something else", "kk") == (OTHER, "something else")


def test_S002_33_a_files_problems_are_told_by_file_key_and_reason() -> None:
    refusal = ServiceInvalid(
        [Problem("a.toml", "steps[2].role", "unknown role x"), Problem("a.toml", "", "is empty")]
    )
    assert line(refusal.problems[0], "en") == "a.toml: steps[2].role: unknown role x"
    assert refusal.sentence("en").endswith("a.toml: steps[2].role: unknown role x\na.toml: is empty")
    assert refusal.sentence("ru").endswith("a.toml: steps[2].role: роль x: такого нет\na.toml: пусто")
    assert refusal.sentence("kk").endswith("a.toml: steps[2].role: рөл x: мұндай жоқ\na.toml: бос")

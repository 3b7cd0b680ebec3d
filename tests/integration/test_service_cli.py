"""`azyq service list | show | check`: what a clerk reads in three languages, and what a machine does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.cli.app import app
from tests.service_example import EXAMPLE, example_with


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of services with the example in it."""
    (tmp_path / "tea-permit.toml").write_text(EXAMPLE, encoding="utf-8")
    monkeypatch.setenv("AZYQ_SERVICES", str(tmp_path))
    return tmp_path


def azyq(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["service", *arguments])


@pytest.mark.parametrize(
    ("language", "name", "end"),
    [
        ("kk", "Шай рұқсаты", "аяқталады: Берілді"),
        ("ru", "Разрешение на чай", "конец: Выдано"),
        ("en", "Tea permit", "the end: Granted"),
    ],
)
def test_a_service_is_told_in_each_language(folder: Path, language: str, name: str, end: str) -> None:
    assert name in azyq("list", "--lang", language).stdout
    told = azyq("show", "tea-permit", "--lang", language).stdout
    assert name in told.splitlines()[0]
    assert end in told


def test_S002_37_the_sequence_is_told_with_its_units_and_terms(folder: Path) -> None:
    told = azyq("show", "tea-permit").stdout.replace("\N{NO-BREAK SPACE}", " ")
    assert "first: First (5 working days; at most 3 working days, 80 minutes)" in told
    assert "check: Check (Clerk; 3 working days)" in told
    assert "bad: Does not fit – then sign_refusal" in told
    assert "permit: Permit (valid for 5 years)" in told
    assert "S003-03: The day of acceptance does not count" in told


def test_json_has_all_that_the_file_says(folder: Path) -> None:
    (listed,) = json.loads(azyq("list", "--json").stdout)
    assert (listed["id"], listed["term"], listed["kinds"]) == ("tea-permit", "5 wd", ["first", "again"])
    shown = json.loads(azyq("show", "tea-permit", "--json").stdout)
    assert shown["schedule"]["office"] == "1-5 09:00-18:30 break 13:00-14:30"
    assert shown["steps"]["check"]["outcomes"][1]["grounds"] is True
    assert shown["longest_paths"]["first"] == {"steps": ["take", "check", "sign"], "takes": "3 wd 80 min"}


def test_a_version_is_shown_by_its_number(folder: Path) -> None:
    until = ("effective_from = 2025-01-01", "effective_from = 2025-01-01\neffective_to = 2025-12-31")
    later = [
        ('version = "1"', 'version = "2"'),
        ("effective_from = 2025-01-01", "effective_from = 2026-01-01"),
    ]
    (folder / "tea-permit.toml").write_text(example_with(until), encoding="utf-8")
    (folder / "tea-permit@2.toml").write_text(example_with(*later), encoding="utf-8")
    assert azyq("show", "tea-permit").stdout.startswith("tea-permit 2, ")
    assert azyq("show", "tea-permit", "--version", "1").stdout.startswith("tea-permit 1, ")
    assert azyq("show", "tea-permit", "--version", "3").exit_code == 1


def test_a_sound_file_is_in_order(folder: Path) -> None:
    found = azyq("check", str(folder / "tea-permit.toml"))
    assert (found.exit_code, found.stdout.strip().rpartition("/")[2]) == (
        0,
        "tea-permit.toml: tea-permit 1 is in order, procedures: 4",
    )
    assert json.loads(azyq("check", str(folder / "tea-permit.toml"), "--json").stdout)["id"] == "tea-permit"


def test_each_problem_is_told_with_file_key_and_reason_and_the_code_is_1(folder: Path) -> None:
    wrong = example_with(
        ('opens = ["check"]', 'opens = ["chekc"]'), ('role = "clerk"\nterm = "20 min"', 'role = "clrk"')
    )
    (folder / "tea-permit.toml").write_text(wrong, encoding="utf-8")
    for found in (azyq("check", str(folder / "tea-permit.toml")), azyq("list"), azyq("show", "tea-permit")):
        assert found.exit_code == 1
        assert "service_invalid: The service file has errors:" in found.stderr
        assert "tea-permit.toml: steps[1].role: unknown role clrk; did you mean clerk?" in found.stderr
        assert "tea-permit.toml: steps[1].outcomes[1].opens[1]: unknown step chekc" in found.stderr


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("kk", "мәтін керек, мұнда бүтін сан"),
        ("ru", "нужен текст, а здесь целое число"),
        ("en", "must be a text"),
    ],
)
def test_S002_33_problems_are_told_in_each_language_and_as_json_with_codes(
    folder: Path, language: str, reason: str
) -> None:
    path = folder / "tea-permit.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('version = "1"', "version = 1"), encoding="utf-8"
    )
    found = azyq("check", str(path), "--lang", language)
    assert (found.exit_code, f"version: {reason}" in found.stderr) == (1, True)
    found = azyq("check", str(path), "--lang", language, "--json")
    (problem,) = json.loads(found.stdout)["problems"]
    assert (problem["file"], problem["key"], problem["code"]) == ("tea-permit.toml", "version", "not_a_text")
    assert problem["reason"].startswith(reason)
    assert found.exit_code == 1


def test_a_service_that_is_not_there_is_told(folder: Path) -> None:
    found = azyq("show", "coffee", "--lang", "ru")
    assert (found.exit_code, found.stderr.strip()) == (1, "service_unknown: Услуги «coffee» нет.")


def test_a_file_that_is_not_there_is_told(folder: Path) -> None:
    found = azyq("check", str(folder / "none.toml"))
    assert found.exit_code == 1
    assert "none.toml: can't be read" in found.stderr

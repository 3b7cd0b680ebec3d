"""The programmes of an installation: a folder of TOML files, one a programme, named after it."""

from __future__ import annotations

from pathlib import Path

from domain.checked_file import Problem
from domain.programme_file import ProgrammeInvalid, parse_programme
from domain.programmes import Programme
from infra.project_files import text_of


def load_programme(path: Path) -> Programme:
    """The programme in the file at `path`, whose name must be its id. Raises ProgrammeInvalid."""
    problems: list[Problem] = []
    text = text_of(path, problems)
    if text is None:
        raise ProgrammeInvalid(problems)
    programme = parse_programme(text, path.name)
    if path.name != f"{programme.id}.toml":
        reason = f"the file of programme {programme.id} must be named {programme.id}.toml"
        raise ProgrammeInvalid([Problem(path.name, "id", reason)])
    return programme


def load_programmes(folder: Path) -> dict[str, Programme]:
    """All programmes of `folder`, by id. Raises ProgrammeInvalid with the problems of all files."""
    programmes: dict[str, Programme] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            programme = load_programme(path)
        except ProgrammeInvalid as error:
            problems += error.problems
        else:
            programmes[programme.id] = programme
    if not programmes and not problems:
        problems.append(Problem(str(folder), "", "no programme files (*.toml) in this folder"))
    if problems:
        raise ProgrammeInvalid(problems)
    return programmes

"""The services of an installation: a folder of TOML files, one a version of a service, named after it."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from pathlib import Path

from domain.checked_file import Problem, plain_text, slug
from domain.errors import LANGUAGES
from domain.procedures.definition_file import ServiceInvalid, parse_service
from domain.procedures.services import ServiceFile, Services, contradictions
from infra.project_files import read_table, text_of

REGISTER = "register.csv"

# To read and check all shipped files takes half a second; who opens azyq again in one process finds them as they were.
_parsed = lru_cache(maxsize=256)(parse_service)


def load_service(path: Path) -> ServiceFile:
    """The service in the file at `path`, named ID.toml or ID@VERSION.toml. Raises ServiceInvalid."""
    problems: list[Problem] = []
    text = text_of(path, problems)
    if text is None:
        raise ServiceInvalid(problems)
    service = _parsed(text, path.name)
    names = (f"{service.id}.toml", f"{service.id}@{service.version}.toml")
    if path.name not in names:
        raise ServiceInvalid([Problem(path.name, "id", f"the file must be named {names[0]} or {names[1]}")])
    return ServiceFile(service, text)


def load_services(folder: Path) -> Services:
    """All services of `folder`. Raises ServiceInvalid with the problems of all files.

    Those that are in its `register.csv` must be named as there (S002-10, S002-32).
    """
    files: list[tuple[str, ServiceFile]] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            files.append((path.name, load_service(path)))
        except ServiceInvalid as error:
            problems += error.problems
    if not files and not problems:
        problems.append(Problem(str(folder), "", "no service files (*.toml) in this folder"))
    registered = read_register(folder / REGISTER, problems) if (folder / REGISTER).exists() else {}
    for name, one in files:
        names = registered.get(one.service.id, one.service.names)
        for language in LANGUAGES:
            if names[language] != one.service.names[language]:
                reason = f"is not the name in {REGISTER}, {names[language]!r} (S002-10, S002-32)"
                problems.append(Problem(name, f"names.{language}", reason))
    for (first, one), (second, other) in combinations(files, 2):
        problems += [Problem(second, *fault) for fault in contradictions(one.service, other.service, first)]
    if problems:
        raise ServiceInvalid(problems)
    return Services([one for _, one in files])


def read_register(table: Path, problems: list[Problem]) -> dict[str, dict[str, str]]:
    """The names of state services in their register, by id and language; faults are added to `problems`."""
    seen: set[str] = set()

    def row(cells: list[str]) -> tuple[str, dict[str, str]]:
        service = slug(cells[0])
        if service in seen:
            raise ValueError(f"{service} is there twice")
        seen.add(service)
        return service, dict(zip(LANGUAGES, map(plain_text, cells[1:]), strict=True))

    return dict(read_table(table, ("id", *LANGUAGES), row, problems))

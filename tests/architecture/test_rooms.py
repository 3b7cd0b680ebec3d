"""Who may import whom: the rooms of the house, the entrances, and no circles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOMS, ROOT, Module, imports, modules

# What each room may import beyond the standard library.
MAY_IMPORT = {
    "domain": {"domain", "eventsourcing"},
    "projections": {"projections", "domain", "eventsourcing", "orjson"},
    "streams": {"streams", "projections", "domain", "eventsourcing", "faust", "kafka", "orjson", "structlog"},
}
# Only these know everything.
ENTRANCES = ("infra.api", "infra.cli", "infra.parts", "infra.web", "infra.bootstrap")
# From what is asked over HTTP to what runs: each may import those before it.
OUTWARDS = ("infra.api", "infra.web", "infra.parts", "infra.cli")
# Adapters: of our own code, these and no more.
ADAPTERS = ("infra.postgres", "infra.vault", "infra.sms", "infra.lists")
SHARED_BY_ADAPTERS = ("domain", "projections", "infra.settings", "infra.logging", *ADAPTERS)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def trespasses(module: Module) -> list[str]:
    """What a file imports and may not, with the line."""
    found = []
    room = module.name.partition(".")[0]
    for line, name in imports(module):
        top = name.partition(".")[0]
        if top == "__future__" or (room != "infra" and top in sys.stdlib_module_names):
            continue
        if room in MAY_IMPORT:
            allowed = top in MAY_IMPORT[room]
        elif within(module.name, *OUTWARDS):
            place = next(number for number, one in enumerate(OUTWARDS) if within(module.name, one))
            allowed = not within(name, *OUTWARDS[place + 1 :])
        elif within(module.name, *ENTRANCES):
            allowed = True
        elif within(name, *ENTRANCES):
            allowed = False
        elif within(module.name, *ADAPTERS):
            allowed = top not in ROOMS or within(name, *SHARED_BY_ADAPTERS)
        else:
            allowed = True
        if not allowed:
            found.append(f"{module.shown}:{line} imports {name}")
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach one another: Tarjan's strongly connected components."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1 or node in graph[node]:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def import_graph(found: tuple[Module, ...]) -> dict[str, set[str]]:
    """Which module imports which, what is only for type checking aside."""
    names = {module.name for module in found}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for module in found:
        for _, name in imports(module, typing_too=False):
            target = name
            while target and target not in names:
                target = target.rpartition(".")[0]
            # A package whose __init__ takes in its own parts is no circle with itself.
            if target and target != module.name:
                graph[module.name].add(target)
    return graph


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_reaches_where_it_may_not(room: str) -> None:
    wrong = [line for module in modules(room) for line in trespasses(module)]
    assert wrong == [], "\n".join(wrong)


def test_no_circles_between_modules() -> None:
    wrong = cycles(import_graph(modules(*ROOMS)))
    assert wrong == [], "\n".join(" <-> ".join(group) for group in wrong)


def test_benchmarks_and_tests_are_imported_by_nobody() -> None:
    wrong = [
        f"{module.shown}:{line} imports {name}"
        for module in modules(*ROOMS)
        for line, name in imports(module)
        if within(name, "tests", "benchmarks")
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("domain.family", "import infra.settings", True),
        ("domain.family", "from projections import month", True),
        ("domain.family", "import psycopg2", True),
        ("domain.family", "def late():\n    from infra.vault import store", True),
        ("domain.family", "from .. import infra", True),
        (
            "domain.family",
            "from eventsourcing.domain import Aggregate\nfrom . import money\nimport decimal",
            False,
        ),
        ("projections.month", "import psycopg2", True),
        ("projections.month", "from domain.family import FamilyVouchers", False),
        ("streams.publisher", "from infra.postgres.connect import connect", True),
        ("streams.publisher", "import kafka, structlog\nfrom projections import month", False),
        ("infra.vault.store", "from infra.cli import main", True),
        ("infra.vault.store", "from infra import bootstrap", True),
        ("infra.lists.reading", "from infra.sample import write_sample", True),
        ("infra.vault.store", "from infra.postgres.connect import connect\nimport psycopg2", False),
        ("infra.demo", "from infra.api import problems", True),
        ("infra.api.sms.routes", "from infra.web import pages", True),
        ("infra.web.pages", "from infra.api import problems", False),
        ("infra.web.pages", "from infra.parts import http_face", True),
        ("infra.parts.http_face", "from infra.web import pages", False),
        ("infra.parts.http_face", "from infra.cli import app", True),
        ("infra.cli.main", "from infra import bootstrap\nfrom projections import month", False),
    ],
)
def test_the_rule_itself_sees_a_trespass(module: str, line: str, wrong: bool) -> None:
    path = ROOT / Path(*module.split(".")).with_suffix(".py")
    assert bool(trespasses(Module(module, path, line))) is wrong


def test_the_rule_itself_sees_a_circle() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == []

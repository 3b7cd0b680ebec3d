"""What a file may look like: its name, its size, its docstrings, and no clock in the domain."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOMS, Function, Module, dotted, imports, modules

LONGEST = 500
LONGEST_TEST = 1000
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"}
CLOCKS = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
    "time.localtime",
    "time.gmtime",
)
RANDOM = ("random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom")


def without_docstring(module: Module) -> Iterator[str]:
    """Public functions and classes that a reader would have to guess at."""
    for node in module.tree.body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            if not ast.get_docstring(node) and not _is_overload(node):
                yield f"{module.shown}:{node.lineno} {node.name}"
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node) and not _speaks_for_itself(node):
                yield f"{module.shown}:{node.lineno} {node.name}"
            for member in node.body:
                if isinstance(member, Function) and not _is_documented(node, member):
                    yield f"{module.shown}:{member.lineno} {node.name}.{member.name}"


def _is_documented(owner: ast.ClassDef, member: Function) -> bool:
    return member.name.startswith("_") or bool(ast.get_docstring(member)) or _is_trivial(owner, member)


def _bases(node: ast.ClassDef) -> list[str]:
    return [dotted(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases]


def _speaks_for_itself(node: ast.ClassDef) -> bool:
    # A refusal's code and three sentences say what it is; so do an event's or an error's name and fields.
    assigned = {
        target.id
        for statement in node.body
        for target in (
            statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        )
        if isinstance(target, ast.Name)
    }
    return "texts" in assigned or not any(isinstance(statement, Function) for statement in node.body)


def _is_overload(node: Function) -> bool:
    return any(dotted(decorator).rpartition(".")[2] == "overload" for decorator in node.decorator_list)


def _is_trivial(owner: ast.ClassDef, node: Function) -> bool:
    """A member whose name and types say all: of a protocol, an override, or of one statement."""
    marks = {dotted(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    if "Protocol" in _bases(owner) or marks & {"override", "overload", "setter", "event"}:
        return True
    return len(node.body) == 1


def clock_reads(module: Module) -> list[str]:
    """Where a file reads the clock or draws lots, by call or by import."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and dotted(node).endswith(CLOCKS):
            found.append(f"{module.shown}:{node.lineno} {dotted(node)}")
    for line, name in imports(module):
        if name in CLOCKS or any(name == source or name.startswith(source + ".") for source in RANDOM):
            found.append(f"{module.shown}:{line} {name}")
    return found


def test_no_file_is_named_after_nothing() -> None:
    wrong = [
        module.shown
        for module in modules(*ROOMS, "tests", "benchmarks", "bin")
        if NAMES_THAT_SAY_NOTHING & set(module.path.stem.split("_"))
        or NAMES_THAT_SAY_NOTHING & set(module.path.parent.name.split("_"))
    ]
    assert wrong == [], "\n".join(wrong)


def test_no_module_is_longer_than_can_be_read() -> None:
    limits = dict.fromkeys(modules(*ROOMS, "benchmarks", "bin"), LONGEST)
    limits |= dict.fromkeys(modules("tests"), LONGEST_TEST)
    wrong = [
        f"{module.shown}: {module.text.count(chr(10))} lines, at most {limit}"
        for module, limit in limits.items()
        if module.text.count("\n") > limit
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_public_says_what_it_does(room: str) -> None:
    wrong = [line for module in modules(room) for line in without_docstring(module)]
    assert wrong == [], "\n".join(wrong)


def test_the_domain_never_reads_the_clock() -> None:
    wrong = [line for module in modules("domain", "projections") for line in clock_reads(module)]
    assert wrong == [], "\n".join(wrong)


def module_of(text: str) -> Module:
    return Module("domain.made_up", modules("domain")[0].path, text)


@pytest.mark.parametrize(
    "text",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "from datetime import date\nx = date.today",
        "from time import time",
        "import time\ntime.time()",
        "from uuid import uuid4",
        "import random",
    ],
)
def test_the_rule_itself_sees_a_clock(text: str) -> None:
    assert clock_reads(module_of(text)) != []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("def find(x):\n    return x", True),
        ("def _find(x):\n    return x", False),
        ("class Log:\n    def read(self):\n        x = 1\n        return x", True),
        ("class Gone(Refusal):\n    code = 'gone'\n    texts = {}", False),
        ("class Log(Protocol):\n    'The log.'\n    def read(self): ...", False),
        ("class Log:\n    'The log.'\n    def read(self):\n        x = 1\n        return x", True),
        ("class Log:\n    'The log.'\n    def read(self):\n        'Reads.'\n        x = 1", False),
    ],
)
def test_the_rule_itself_sees_what_is_not_documented(text: str, wrong: bool) -> None:
    assert bool(list(without_docstring(module_of(text)))) is wrong

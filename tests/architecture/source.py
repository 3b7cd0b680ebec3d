"""The project's source as the rules of the house see it: modules, what they import, what they define."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "projections", "streams", "infra")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Module:
    """One file: `name` as Python imports it (`infra.sms.phones`), a package's __init__ as the package."""

    name: str
    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Parsed when somebody asks: of most files the text is all that is wanted, by most tests."""
        return ast.parse(self.text, str(self.path))

    @property
    def shown(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


def modules(*folders: str) -> tuple[Module, ...]:
    """The Python files of the folders, in order."""
    return tuple(module for folder in folders for module in _modules(folder))


@cache
def _modules(folder: str) -> tuple[Module, ...]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path, path.read_text(encoding="utf-8")))
    return tuple(found)


def imports(module: Module, *, typing_too: bool = True) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of all that a file imports, late imports included; `from a import b` gives `a.b`.

    Without `typing_too`, what stands under `if TYPE_CHECKING` is left out.
    """
    for node in _nodes(module.tree, typing_too):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}" if base else alias.name


def _nodes(node: ast.AST, typing_too: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not typing_too and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _nodes(other, typing_too)
            continue
        yield child
        yield from _nodes(child, typing_too)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = module.name.split(".")
    if module.path.name != "__init__.py":
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def dotted(node: ast.AST) -> str:
    """`datetime.now` of an attribute or a name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


@cache
def every_test() -> tuple[tuple[Module, Function], ...]:
    """Every test function of the project, methods of test classes included."""
    return tuple(_every_test())


def _every_test() -> Iterator[tuple[Module, Function]]:
    for module in modules("tests"):
        if not module.path.name.startswith("test_"):
            continue
        for node in module.tree.body:
            members = node.body if isinstance(node, ast.ClassDef) else [node]
            for member in members:
                if isinstance(member, Function) and member.name.startswith("test_"):
                    yield module, member

"""The service file that docs/services.md shows whole, to be changed by tests."""

from __future__ import annotations

import re

from domain.procedures.definition import Service
from domain.procedures.definition_file import ServiceInvalid, parse_service
from infra.settings import ROOT

DOC = (ROOT / "docs" / "services.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"^```toml\n(.*?)^```", DOC, re.S | re.M)


def example_with(*changes: tuple[str, str]) -> str:
    """The example's text after each (old, new) was put in at its one place."""
    text: str = EXAMPLE
    for old, new in changes:
        assert text.count(old) == 1, (text.count(old), old)
        text = text.replace(old, new)
    return text


def parsed(*changes: tuple[str, str]) -> Service:
    """The example, changed, as a service."""
    return parse_service(example_with(*changes), "tea-permit.toml")


def problems(*changes: tuple[str, str]) -> list[str]:
    """What is wrong with the example after `changes`: "key: reason" each."""
    return problems_of(example_with(*changes))


def problems_of(text: str) -> list[str]:
    """What is wrong with the file's `text`: "key: reason" each; nothing when it is sound."""
    try:
        parse_service(text, "tea-permit.toml")
    except ServiceInvalid as refused:
        return [f"{one.key}: {one.reason}" if one.key else one.reason for one in refused.problems]
    return []

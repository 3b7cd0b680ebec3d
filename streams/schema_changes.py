"""What may change in a schema that was published: a further optional field, and words. Anything else is a new version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

WORDS = frozenset({"title", "description", "examples", "$comment", "x-clauses"})


def breaches(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Each change from `old` to `new` that who relies on `old` would trip over; none when it is compatible."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _keywords(old, new, place)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from breaches(before, after, f"{place}[{number}]")
    elif old != new or type(old) is not type(new):
        yield f"{place} was {old!r} and is {new!r}"


def _keywords(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[str]:
    yield from _fields(old.get("properties", {}), new.get("properties", {}), place)
    yield from _required(old, new, place)
    for word in sorted((set(old) | set(new)) - WORDS - {"properties", "required"}):
        where = f"{place} {word}".lstrip()
        if word not in new:
            yield f"{where} is gone"
        elif word not in old:
            yield f"{where} is new"
        else:
            yield from breaches(old[word], new[word], where)


def _fields(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, schema in old.items():
        where = f"{place}/{name}"
        if name not in new:
            yield f"the field {where} is gone"
        else:
            yield from breaches(schema, new[name], where)


def _required(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(after - before):
        yield f"the field {place}/{name} is required now"
    for name in sorted(before - after):
        yield f"the field {place}/{name} is not required any more"

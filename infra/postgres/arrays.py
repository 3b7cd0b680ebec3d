"""Arrays as PostgreSQL spells them: one value to parse, where psycopg2 would send one an element."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


def array(values: Iterable[UUID | int | str | datetime | None]) -> str:
    """A parameter for an array of uuid, bigint, text or timestamptz."""
    given = list(values)
    if given and all(type(value) is UUID for value in given):  # most are
        return "{" + ",".join([f"{value.int:032x}" for value in given]) + "}"  # type: ignore[union-attr]
    return "{" + ",".join([_element(value) for value in given]) + "}"


def _element(value: UUID | int | str | datetime | None) -> str:
    match value:
        case UUID():
            return value.hex
        case int():
            return str(value)
        case None:
            return "NULL"
        case datetime():
            return f'"{value.isoformat()}"'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

"""Reading events of the log: the topics we know, the fields each must have, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from domain.access import Access, Reading
from domain.audit_events import Audits
from domain.brought_lists import BroughtLists
from domain.cycle import Cycle, StrayReply
from domain.family import FamilyVouchers
from domain.office_acts import OfficeAct
from domain.procedures.case import Case
from domain.procedures.published_service import PublishedService
from domain.procedures.sitting import Sitting
from domain.seal import Seals
from domain.serving import Measurement
from domain.sign_ins import SignIn
from domain.signatory import Signatory
from domain.staff import Staff
from domain.terminal import Terminal
from domain.trade.catalogue import Catalogue
from domain.trade.market import Market
from domain.trade.shop import Shop
from projections.view import Recorded, Unreadable

_TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}
_BIGINT = 2**63
LARGEST = 1_000_000  # bytes; the largest of ours, a basket of 200 lines, has some 60,000


class Raw(NamedTuple):
    """An event as the log has it; `state` is flat JSON in UTF-8."""

    position: int
    stream: str
    version: int
    topic: str | None
    state: bytes | memoryview | None


class Known(NamedTuple):
    """A type of event: its class, the version it is written in today, and the fields that are checked."""

    event_class: type[Any]
    version: int
    fields: tuple[tuple[str, type], ...]


def _concrete(aggregate: type[Any]) -> Iterator[type[Any]]:
    """Event classes of `aggregate` that are recorded: those that no other one refines."""
    nested = [c for c in vars(aggregate).values() if isinstance(c, type) and "TOPIC" in vars(c)]
    return (c for c in nested if not any(other is not c and issubclass(other, c) for other in nested))


def _fields(event_class: type[Any]) -> tuple[tuple[str, type], ...]:
    """Name and JSON type of each field that our own classes declare."""
    found = {"timestamp": "str"}
    for cls in reversed(event_class.__mro__):
        if cls.__module__.startswith("domain."):
            found.update(vars(cls).get("__annotations__", {}))
    return tuple((name, _TYPES[kind.partition("[")[0]]) for name, kind in found.items() if _is_plain(kind))


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, str) and kind.partition("[")[0] in _TYPES and "|" not in kind


_AGGREGATES = (
    *(FamilyVouchers, Cycle, StrayReply, Terminal, Shop, Catalogue, Market, Seals, Audits, Measurement),
    *(Case, Sitting, PublishedService, Staff, Signatory, Access, Reading, SignIn, BroughtLists, OfficeAct),
)
KNOWN: Mapping[str, Known] = {
    cls.TOPIC: Known(cls, getattr(cls, "class_version", 1), _fields(cls))
    for aggregate in _AGGREGATES
    for cls in _concrete(aggregate)
}
KNOWN_TOPICS = frozenset(KNOWN)
UNKNOWN = "unknown topic"


def read_event(raw: Raw) -> Recorded | Unreadable:
    """`raw` with its JSON decoded, lifted to today's version of its class, and its fields checked."""
    position, stream, version, topic, state = raw
    known = KNOWN.get(topic) if topic is not None else None
    if known is None or topic is None:
        return Unreadable(position, stream, version, topic or "", UNKNOWN)
    reason = "no state"
    if state is not None and len(state) > LARGEST:
        reason = f"the state has more than {LARGEST:,} bytes"
    elif state is not None:
        try:
            data = orjson.loads(state)
        except orjson.JSONDecodeError:
            reason = "the state is not JSON"
        else:
            reason = _wrong(known, data, state)
            if not reason:
                return Recorded(position, stream, version, topic, data)
    return Unreadable(position, stream, version, topic, reason)


def read_data(
    position: int, stream: str, version: int, topic: str, data: Any, text: bytes
) -> Recorded | Unreadable:
    """What `read_event` makes of an event whose state is decoded already, as `data`; it may be changed.

    `text` is the JSON that `data` was decoded from, or longer JSON that holds it.
    """
    known = KNOWN.get(topic)
    reason = UNKNOWN if known is None else _wrong(known, data, text)
    if reason:
        return Unreadable(position, stream, version, topic, reason)
    return Recorded(position, stream, version, topic, data)


def _wrong(known: Known, data: Any, text: bytes | memoryview) -> str:
    if type(data) is not dict:
        return "the state is not an object"
    if "class_version" in data or known.version > 1:
        reason = _lift(known, data)
        if reason:
            return reason
    for name, kind in known.fields:
        value = data.get(name)
        if type(value) is not kind:
            return f"no field {name}" if name not in data else f"the field {name} is not {kind.__name__}"
        if type(value) is int and not -_BIGINT <= value < _BIGINT:
            return f"the field {name} is out of bounds"
    if b"\\u0000" in bytes(text):
        return "a text holds NUL, which PostgreSQL can't keep"
    try:
        if datetime.fromisoformat(data["timestamp"]).tzinfo is not None:
            return ""
    except ValueError:
        pass
    return "the timestamp is not a time with an offset"


def _lift(known: Known, data: dict[str, Any]) -> str:
    stored = data.pop("class_version", 1)
    if type(stored) is not int or not 1 <= stored <= known.version:
        return "recorded by a newer version of azyq"
    while stored < known.version:
        try:
            getattr(known.event_class, f"upcast_v{stored}_v{stored + 1}")(data)
        except Exception as error:
            return f"it can't be lifted to version {stored + 1}: {type(error).__name__}"
        stored += 1
    return ""

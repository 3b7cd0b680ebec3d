"""Renewing what is published: `python -m infra.api.published.renewal` (`make schemas`).

What stands in docs/schemas is a promise to whoever reads our messages: a schema may gain an optional field; anything
else asks for a new `class_version` with an upcast, and the file of the old version stays.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.api.published.asyncapi import document
from infra.api.published.files import FOLDER, rendered, stored, todays
from infra.settings import ROOT
from projections.events import KNOWN, Known
from streams.schema_changes import breaches
from streams.schemas import Schema

ASYNCAPI = ROOT / "docs" / "asyncapi.json"
_NAME = re.compile(r"(?P<topic>[a-z_.]+)\.v(?P<version>[1-9][0-9]*)")


class BrokenPromise(Exception):
    """Schemas would change so that readers of our messages trip; the text says which and what to do, a line each."""


def renew(
    folder: Path = FOLDER,
    schemas: Mapping[str, Schema] | None = None,
    known: Mapping[str, Known] = KNOWN,
) -> list[str]:
    """Write what is new or changed compatibly; the names. Raises BrokenPromise, and then writes nothing."""
    today = todays() if schemas is None else schemas
    before = stored(folder)
    broken = [*_changed(before, today), *_gone(before, today, known)]
    if broken:
        raise BrokenPromise("\n".join(broken))
    written = [name for name, schema in today.items() if before.get(name) != schema]
    for name in written:
        (folder / f"{name}.json").write_text(rendered(today[name]), "utf-8")
    return written


def _changed(before: Mapping[str, Schema], today: Mapping[str, Schema]) -> Iterator[str]:
    for name in sorted(before.keys() & today.keys()):
        for breach in breaches(before[name], today[name]):
            version = int(name.rpartition(".v")[2])
            yield (
                f"{name}: {breach}. It needs class_version = {version + 1} with"
                f" upcast_v{version}_v{version + 1}; the file of version {version} stays."
            )


def _gone(
    before: Mapping[str, Schema], today: Mapping[str, Schema], known: Mapping[str, Known]
) -> Iterator[str]:
    """Kept schemas that the code does not have: right for an older version of an event that can still be lifted."""
    for name in sorted(before.keys() - today.keys()):
        parts = _NAME.fullmatch(name)
        topic, version = (parts["topic"], int(parts["version"])) if parts else (name, 0)
        event = known.get(topic)
        if event is None:
            yield f"{name}: nothing of this name any more; what was published stays readable for ever."
        elif version > event.version:
            yield f"{name}: the code writes version {event.version} only."
        else:
            for step in range(version, event.version):
                upcast = f"upcast_v{step}_v{step + 1}"
                if not callable(getattr(event.event_class, upcast, None)):
                    yield f"{name}: {event.event_class.__name__} has no {upcast}, so it can't be read any more."


def main() -> int:
    """Renew the schemas and the AsyncAPI document; exit code 0, or 1 when a promise would be broken."""
    try:
        written = renew()
    except BrokenPromise as broken:
        print(f"Nothing was written, for readers of our messages would trip:\n{broken}", file=sys.stderr)
        return 1
    text = rendered(document(stored()))
    if not ASYNCAPI.exists() or ASYNCAPI.read_text("utf-8") != text:
        ASYNCAPI.write_text(text, "utf-8")
        written.append(str(ASYNCAPI.relative_to(ROOT)))
    print("\n".join(written) or "All as it was.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

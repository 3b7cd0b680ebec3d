"""The log as it is and as it grows, for `azyq events`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from infra.postgres.log_reader import LogReader

AT_ONCE = 1000
POLL_SECONDS = 1.0


def follow_log(reader: LogReader, after: int, follow: bool) -> Iterator[dict[str, Any]]:
    """Events after position `after`, in order; with `follow` it goes on with what comes, until it is closed."""
    while True:
        raws = reader.after(after, AT_ONCE)
        for raw in raws:
            yield {
                "position": raw.position,
                "type": raw.topic,
                "stream": raw.stream,
                "version": raw.version,
                "data": _decoded(raw.state),
            }
            after = raw.position
        if not raws:
            if not follow:
                return
            reader.wait(POLL_SECONDS)


def _decoded(state: bytes | memoryview | None) -> Any:
    """The event's content; what is not JSON is shown as text, for this is where one looks when something is wrong."""
    if state is None:
        return {}
    try:
        found = orjson.loads(state)
    except orjson.JSONDecodeError:
        found = {"unreadable": bytes(state).decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {"unreadable": found}

"""Events as older versions of azyq wrote them."""

from __future__ import annotations

import orjson
from eventsourcing.persistence import StoredEvent

# What later versions of an event have besides.
_LATER = {"case.opened": ("class_version", "through")}


def before(event: StoredEvent) -> StoredEvent:
    """The same event as it was written in its first version."""
    data = orjson.loads(event.state)
    for field in _LATER.get(event.topic, ()):
        del data[field]
    return StoredEvent(event.originator_id, event.originator_version, event.topic, orjson.dumps(data))

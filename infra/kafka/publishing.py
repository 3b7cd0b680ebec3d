"""The publisher put together: the log in PostgreSQL, Kafka as the sink, and what was parked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.kafka.cluster import Cluster
from infra.kafka.sink import KafkaSink
from infra.postgres.log_reader import LogReader
from infra.postgres.parked_announced import ParkedEvent, ParkedMessage, UnannouncedParked
from infra.postgres.published import PublishedState
from streams.messages import Message, encode_parked_event, encode_parked_message
from streams.publisher import FLIGHT, Publisher
from streams.topics import EVENTS


class ParkedAnnouncements:
    """Parked rows as messages, oldest first; those handed out last are marked by `done`."""

    def __init__(self, parked: UnannouncedParked, schemas_url: str) -> None:
        self._parked = parked
        self._schemas = schemas_url
        self._handed: tuple[list[ParkedEvent], list[ParkedMessage]] = ([], [])

    def waiting(self, limit: int) -> list[Message]:
        """At most `limit` announcements that have not been made."""
        events = self._parked.events(limit)
        messages = self._parked.messages(limit - len(events)) if len(events) < limit else []
        self._handed = (events, messages)
        return [encode_parked_event(*event, schemas=self._schemas) for event in events] + [
            encode_parked_message(*message, schemas=self._schemas) for message in messages
        ]

    def done(self) -> None:
        """Those handed out last were announced."""
        if any(self._handed):
            self._parked.announced(*self._handed)
        self._handed = ([], [])


@contextmanager
def publisher(dsn: str, cluster: Cluster, public_url: str, *, flight: int = FLIGHT) -> Iterator[Publisher]:
    """A publisher of the log at `dsn`; everything of it is closed afterwards.

    `public_url`: that of the API, which serves the schemas; `flight`: messages sent at once, at most.
    """
    schemas = f"{public_url}/schemas"
    reader, parked = LogReader(dsn), UnannouncedParked(dsn)
    announcements = ParkedAnnouncements(parked, schemas)
    made = Publisher(
        reader,
        PublishedState(dsn, EVENTS),
        KafkaSink(cluster),
        schemas,
        announcements=announcements,
        flight=flight,
    )
    try:
        yield made
    finally:
        made.close()
        parked.close()
        reader.close()

"""The versions of a service as the log has them: a case is replayed and ends under the text that it began with."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.identity import service_id
from domain.procedures.case_refusals import ServiceVersionChanged
from domain.procedures.running import RunningService


class PublishedService(Aggregate):
    """One service: text and digest (SHA-256, hex) of each version that a case was opened under (S002-08, S000-05)."""

    TOPIC = "service"

    class Event(Aggregate.Event):
        """What all have in common, so that each can be read by itself."""

        service: str

    class Created(Aggregate.Created, Event):
        """The first event of a service."""

        TOPIC = "service.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """The service has its first version in the log."""

        TOPIC = "service.begun"

    class VersionPublished(Event):
        """A version of the service's file, in full; days, `effective_to` included and "" for none (S000-05)."""

        TOPIC = "service.version_published"
        version: str
        effective_from: str
        effective_to: str
        digest: str
        text: str

        def apply(self, service: Any) -> None:
            """The version is known."""
            service.versions[self.version] = (self.digest, self.text)

    def __init__(self, service: str) -> None:
        self.service = service
        self.versions: dict[str, tuple[str, str]] = {}

    @staticmethod
    def create_id(service: str) -> UUID:
        return service_id(service)

    @classmethod
    def begin(cls, service: str, at: datetime) -> PublishedService:
        """A service without a version yet."""
        return cls._create(cls.Begun, service=service, timestamp=at)

    def publish(self, running: RunningService, at: datetime) -> bool:
        """Keep this version; False when it is there. Raises ServiceVersionChanged when its text was another."""
        service = running.service
        there = self.versions.get(service.version)
        if there is not None:
            if there[0] != running.digest:
                raise ServiceVersionChanged("service", service=service.id, version=service.version)
            return False
        self.trigger_event(
            self.VersionPublished,
            service=service.id,
            version=service.version,
            effective_from=service.effective_from.isoformat(),
            effective_to="" if service.effective_to is None else service.effective_to.isoformat(),
            digest=running.digest,
            text=running.text,
            timestamp=at,
        )
        return True

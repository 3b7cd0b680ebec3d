"""Cases as the log has them, each with the version of its service that it began with (S002-08)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Protocol
from uuid import UUID

from domain.identity import service_id
from domain.ports import Log, Papers
from domain.procedures.case import Case
from domain.procedures.case_input import shown
from domain.procedures.case_number import stream_of_number
from domain.procedures.case_refusals import CaseUnknown, ServiceUnknown
from domain.procedures.published_service import PublishedService
from domain.procedures.running import RunningService

SALT_BYTES = 16


class RunningServices(Protocol):
    """The installation's services, ready to run."""

    def on(self, service: str, day: date) -> RunningService:
        """The version in force on the local `day`. Raises ServiceUnknown, ServiceNotInForce."""
        ...

    def version(self, service: str, version: str) -> RunningService | None:
        """That version, if the installation has its file."""
        ...

    def of_text(self, text: str) -> RunningService:
        """A version by the text that the log has."""
        ...

    def prefixes(self) -> Collection[str]:
        """How numbers of cases begin."""
        ...


class KnownCases:
    """Reads cases; writes nothing."""

    def __init__(self, log: Log, papers: Papers, services: RunningServices) -> None:
        self._log = log
        self._papers = papers
        self._services = services
        self._old: dict[tuple[str, str, str], RunningService] = {}

    def case(self, number: str) -> Case:
        """The case of a number as it was typed, or of a stream's id, as the log has it now. Raises CaseUnknown."""
        stream = self.stream(number)
        found: Case | None = self._log.load([stream]).get(stream)
        if not isinstance(found, Case):
            raise CaseUnknown("case", case=shown(number))
        return found

    def stream(self, number: str) -> UUID:
        """The stream of a number as it was typed, or of a stream's id. Raises CaseUnknown."""
        return stream_of_number(number, self._services.prefixes())

    def running(self, case: Case) -> RunningService:
        """The version that the case began with, whatever the files say now (S002-08)."""
        name = case.service, case.service_version
        here = self._services.version(*name)
        if here is not None and here.digest == case.digest:
            return here
        old = self._old.get((*name, case.digest))
        if old is None:
            published = self.published(case.service)
            digest, text = published.versions.get(case.service_version, ("", "")) if published else ("", "")
            if digest != case.digest:
                raise ServiceUnknown("service", service=f"{name[0]}@{name[1]}")
            old = self._old[*name, case.digest] = self._services.of_text(text)
        return old

    def sealed_values(self, case: Case) -> dict[str, str]:
        """The personal values of a case by field; those of someone erased are absent (O5.2)."""
        found = {}
        for name, digest in case.sealed.items():
            content = self._papers.read(case.id.hex, digest)
            if content is not None:
                found[name] = content[SALT_BYTES:].decode()
        return found

    def published(self, service: str) -> PublishedService | None:
        """The versions of a service that the log knows; None before its first case."""
        stream = service_id(service)
        found: PublishedService | None = self._log.load([stream]).get(stream)
        return found

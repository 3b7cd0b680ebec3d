"""The services that an installation runs: every version of each, found by the day or by its number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.errors import LANGUAGES
from domain.procedures.case_number import folded
from domain.procedures.case_refusals import ServiceNotInForce, ServiceUnknown
from domain.procedures.definition import Service
from domain.procedures.definition_file import digest_of


class ServiceFile:
    """A version of a service with the very text of its file, and what tells it from another text."""

    def __init__(self, service: Service, text: str) -> None:
        self.service = service
        self.text = text
        self.digest = digest_of(text)


class Services:
    """All versions of all services that an installation has files of, in the order of id and date."""

    def __init__(self, files: list[ServiceFile]) -> None:
        self._files = sorted(files, key=lambda one: (one.service.id, one.service.effective_from))
        self._by_version = {(one.service.id, one.service.version): one for one in self._files}
        self._by_id: dict[str, list[Service]] = {}
        for one in self._files:
            self._by_id.setdefault(one.service.id, []).append(one.service)

    def __iter__(self) -> Iterator[ServiceFile]:
        return iter(self._files)

    def ids(self) -> tuple[str, ...]:
        """The ids of the services, in order."""
        return tuple(self._by_id)

    def on(self, service: str, day: date) -> Service:
        """The version in force on `day`. Raises ServiceUnknown, ServiceNotInForce."""
        for one in self._versions(service):
            if one.effective_from <= day and (one.effective_to is None or day <= one.effective_to):
                return one
        raise ServiceNotInForce("service", service=service, day=day)

    def version(self, service: str, version: str) -> Service:
        """That version, whether in force or not. Raises ServiceUnknown."""
        return self.file(service, version).service

    def file(self, service: str, version: str) -> ServiceFile:
        """That version with the text of its file. Raises ServiceUnknown."""
        found = self._by_version.get((service, version))
        if found is None:
            raise ServiceUnknown("service", service=f"{service}@{version}")
        return found

    def latest(self, service: str) -> Service:
        """The version that came, or comes, into force last. Raises ServiceUnknown."""
        return self._versions(service)[-1]

    def _versions(self, service: str) -> list[Service]:
        try:
            return self._by_id[service]
        except KeyError:
            raise ServiceUnknown("service", service=service) from None


def contradictions(one: Service, other: Service, file: str) -> Iterator[tuple[str, str]]:
    """What `other` can't say beside `one`, which stands in `file`, as (key, reason) (S002-08, S002-32)."""
    if one.id != other.id:
        if one.prefix == other.prefix:
            yield "prefix", f"{other.prefix} is that of {one.id} too: case numbers would begin alike"
        elif folded(one.prefix) == folded(other.prefix):
            yield (
                "prefix",
                f"{other.prefix} looks like {one.prefix} of {one.id}: case numbers would begin alike",
            )
        for language in LANGUAGES:
            if one.names[language] == other.names[language]:
                yield f"names.{language}", f"is the name of {one.id} too (S002-32)"
        return
    if one.version == other.version:
        yield "version", f"{other.version} is the version of {file} too"
    if one.effective_from <= (other.effective_to or date.max) and other.effective_from <= (
        one.effective_to or date.max
    ):
        yield "effective_from", f"is in force on days on which version {one.version} of {file} is too"

"""The services of an installation, ready to run: their files, on Kazakhstan's calendar."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path

from domain.procedures.definition import Service
from domain.procedures.definition_file import digest_of, parse_service
from domain.procedures.running import RunningService
from domain.procedures.services import Services
from domain.procedures.working_time import DaysOff, WorkingTime
from infra.cases.services import load_services
from infra.cases.working_calendar import days_off

MOVED_DAYS = "moved-days.csv"


class InstalledServices:
    """Implements `domain.commands.run_case.RunningServices` on the folder of service files, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready: dict[tuple[str, str], RunningService] = {}

    @cached_property
    def files(self) -> Services:
        """All files of the folder. Raises ServiceInvalid with the problems of all of them."""
        return load_services(self._folder)

    @cached_property
    def days_off(self) -> DaysOff:
        """Which days are off. Raises ServiceInvalid with the problems of the table of moved days."""
        return days_off(self._folder / MOVED_DAYS)

    def on(self, service: str, day: date) -> RunningService:
        """The version in force on the local `day`. Raises ServiceUnknown, ServiceNotInForce, ServiceInvalid."""
        found = self.files.on(service, day)
        return self._made_ready(found, self.files.file(found.id, found.version).text)

    def version(self, service: str, version: str) -> RunningService | None:
        """That version, if there is a file of it."""
        for file in self.files:
            if (file.service.id, file.service.version) == (service, version):
                return self._made_ready(file.service, file.text)
        return None

    def of_text(self, text: str) -> RunningService:
        """A version by the text that the log has. Raises ServiceInvalid."""
        return self._run(parse_service(text, "the log"), text)

    def prefixes(self) -> frozenset[str]:
        """How numbers of cases begin. Raises ServiceInvalid."""
        return self._prefixes

    @cached_property
    def _prefixes(self) -> frozenset[str]:
        return frozenset(file.service.prefix for file in self.files)

    def _made_ready(self, service: Service, text: str) -> RunningService:
        name = service.id, service.version
        found = self._ready.get(name)
        if found is None:
            found = self._ready[name] = self._run(service, text)
        return found

    def _run(self, service: Service, text: str) -> RunningService:
        return RunningService(
            service,
            text,
            digest_of(text),
            WorkingTime(service.schedule.office, self.days_off, service.schedule.reception),
        )

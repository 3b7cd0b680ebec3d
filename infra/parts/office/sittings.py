"""Sittings as the office's pages ask for them: which steps wait for one, and which cases (S000-T6, S000-T16)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_input import shown
from domain.procedures.case_refusals import NotInSitting, NotYourStep, StepUnknown
from domain.procedures.definition import Service, Step
from infra.parts.cases.entrance import CaseEntrance
from infra.parts.cases.refusals import ServiceNotYours
from infra.web.office.reading import SittingCase, SittingWaiting


class OfficeSittings(CaseEntrance):
    """What a commission's secretary sees; several threads may use it at once."""

    def any_of(self, actor: Actor) -> bool:
        """Whether a role of the member's decides in sittings."""
        return any(True for _ in self._steps(actor))

    def _steps(self, actor: Actor) -> Iterator[tuple[Service, Step]]:
        files = self._azyq.services.files
        for service in map(files.latest, files.ids()):
            roles = self._roles(actor, service)
            yield from (
                (service, step) for step in service.steps.values() if step.group and step.role in roles
            )

    def sittings(self, actor: Actor) -> list[SittingWaiting]:
        """The steps of the member's roles, with the cases that wait as the view has them."""
        steps = list(self._steps(actor))
        if not steps:
            return []
        ids = [(service.id, step.id) for service, step in steps]
        counts = self._azyq.case_lists.waiting(ids, actor.id, self.now())
        return [
            SittingWaiting(service, step, *counts.get((service.id, step.id), (0, 0)))
            for service, step in steps
        ]

    def sitting_step(self, actor: Actor, service: str, step: str) -> tuple[Service, Step]:
        """One of them. Raises ServiceUnknown, ServiceNotYours, StepUnknown, NotInSitting, NotYourStep."""
        found = self._azyq.services.files.latest(service)
        roles = self._roles(actor, found)
        if not roles:
            raise ServiceNotYours("service", service=found.names)
        here = found.steps.get(step)
        if here is None:
            raise StepUnknown("step", step=shown(step))
        if not here.group:
            raise NotInSitting("step", step=here.names)
        if here.role not in roles:
            raise NotYourStep("actor", step=here.names, role=found.roles[here.role].names)
        return found, here

    def sitting_cases(self, actor: Actor, service: str, step: str, limit: int) -> list[SittingCase]:
        """Cases whose step is open, for the member or for nobody in particular, those due first in front."""
        streams = self._azyq.case_lists.at_step(service, step, actor.id, limit)
        found = self._azyq.log.load(streams)
        cases = [found[stream] for stream in streams if isinstance(found.get(stream), Case)]
        # The view may be behind: the log says whose turn it is.
        return [SittingCase(one, self._desk.running(one)) for one in cases if step in one.steps]

    def sitting_case(self, actor: Actor, number: str) -> SittingCase:
        """A case that the member may see. Raises CaseUnknown."""
        case = self._case(actor, number)
        return SittingCase(case, self._desk.running(case))

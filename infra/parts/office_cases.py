"""Cases as staff work on them at the office: lists, a case's page, acts by forms made of the service's file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from psycopg2.errors import UndefinedTable

from domain.commands.case_calls import ActOnCase
from domain.errors import LANGUAGES, Refusal
from domain.procedures.acts import Actor
from domain.procedures.definition import Names
from infra.bootstrap import Azyq
from infra.parts.case_entrance import CaseEntrance
from infra.parts.case_pages import CasePages
from infra.signatures import TrialSignatures
from infra.web.forms import papers_of, values_of
from infra.web.office_reading import ServiceLoad, StaffCase
from infra.web.uploads import Form

_SOON = timedelta(days=3)


class OfficeCases(CaseEntrance):
    """What staff see and do by pages; several threads may use it at once."""

    def __init__(self, azyq: Azyq, wake: Callable[[], None]) -> None:
        """`wake` tells whoever sends SMS that there may be one."""
        super().__init__(azyq)
        self._pages = CasePages(azyq, wake)
        self._wake = wake

    @property
    def signs(self) -> bool:
        """Whether acts are signed by a trial's own signature."""
        return isinstance(self._azyq.signatures, TrialSignatures)

    def loads(self) -> list[ServiceLoad]:
        """Open cases of all services, those with the most overdue in front."""
        now = self.now()
        try:
            with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT service, count(*), count(*) FILTER (WHERE due_at < %s),"
                    " count(*) FILTER (WHERE due_at >= %s AND due_at < %s)"
                    " FROM azyq_views.cases WHERE state = 'open' GROUP BY service",
                    (now, now, now + _SOON),
                )
                rows = cursor.fetchall()
        except UndefinedTable:
            return []
        found = [ServiceLoad(service, self.names(service, "")[0], *counts) for service, *counts in rows]
        return sorted(found, key=lambda one: (-one.overdue, -one.soon, -one.open, one.service))

    def names(self, service: str, step: str) -> tuple[Names, Names]:
        """The service and its step in words; ids where the files have them no more."""
        try:
            found = self._azyq.services.files.latest(service)
        except Refusal:
            return dict.fromkeys(LANGUAGES, service), dict.fromkeys(LANGUAGES, step)
        here = found.steps.get(step)
        return found.names, here.names if here else dict.fromkeys(LANGUAGES, step)

    def staff_case(self, actor: Actor, number: str) -> StaffCase:
        """A case that the member may see. Raises CaseUnknown."""
        case = self._case(actor, number)
        return StaffCase(
            case,
            self._desk.running(case),
            self._desk.events(case),
            self._desk.shown(case),
            self._pages.reasons(case),
        )

    def colleagues(self, role: str, unit: str) -> Sequence[str]:
        """Who may be given a step of the role: members who hold it, of the unit or of none."""
        try:
            with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT staff FROM azyq_views.staff WHERE stage = 'enrolled'"
                    " AND %s = ANY (string_to_array(roles, ',')) AND (unit = '' OR %s = '' OR unit = %s)"
                    " ORDER BY staff LIMIT 200",
                    (role, unit, unit),
                )
                return [staff for (staff,) in cursor]
        except UndefinedTable:
            return []

    def act_by_form(self, actor: Actor, number: str, form: Form) -> None:
        """What a form of the case's page asks for. Raises what `RunCase.act` raises, and CaseUnknown."""
        case = self._case(actor, number)
        step, outcome = form.texts.get("step", ""), form.texts.get("outcome", "")
        found = self._desk.running(case).service.steps.get(step)
        asked = next((one for one in found.outcomes if one.id == outcome), None) if found else None
        call = ActOnCase(
            case.case,
            step,
            outcome,
            self._actor(actor, case, step, outcome),
            fields=values_of(asked.fields, form) if asked else {},
            documents=papers_of(asked.documents, form) if asked else {},
            ground=form.texts.get("ground", ""),
            assignee=form.texts.get("assignee", "")[:64],
            key=form.texts.get("key", "")[:64],
        )
        self._desk.act(self._desk.signed(call) if asked and asked.signs and self.signs else call)
        self._wake()

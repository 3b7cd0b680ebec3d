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
from infra.parts.cases.entrance import CaseEntrance
from infra.parts.cases.pages import CasePages
from infra.web.forms import values_of
from infra.web.office.reading import Papers, ServiceLoad, StaffCase
from infra.web.uploads import Form

_SOON = timedelta(days=3)


class OfficeCases(CaseEntrance):
    """What staff see and do by pages; several threads may use it at once."""

    def __init__(self, azyq: Azyq, wake: Callable[[], None]) -> None:
        """`wake` tells whoever sends SMS that there may be one."""
        super().__init__(azyq)
        self.pages = CasePages(azyq, wake)

    def loads(self) -> list[ServiceLoad]:
        """Open cases of all services, those with the most overdue in front."""
        now = self.now()
        try:
            with self._azyq.view_store.connection() as connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT c.service, c.open, coalesce(s.overdue, 0), coalesce(s.soon, 0) FROM"
                    " (SELECT service, count(*) AS open FROM azyq_views.cases WHERE state = 'open'"
                    " GROUP BY service) c LEFT JOIN (SELECT service,"
                    " count(*) FILTER (WHERE due_at < %s) AS overdue,"
                    " count(*) FILTER (WHERE due_at >= %s AND due_at < %s) AS soon"
                    " FROM azyq_views.case_steps WHERE state = 'open' GROUP BY service) s USING (service)",
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

    def services_of(self, actor: Actor) -> list[tuple[str, Names]]:
        """The services that the member works for."""
        files = self._azyq.services.files
        return [
            (name, found.names) for name in files.ids() if self._roles(actor, found := files.latest(name))
        ]

    def role_names(self, role: str) -> Names:
        """A role in words, by the first service that has it; the id where none has."""
        for name in self._azyq.services.files.ids():
            if found := self._azyq.services.files.latest(name).roles.get(role):
                return found.names
        return dict.fromkeys(LANGUAGES, role)

    def staff_case(self, actor: Actor, number: str) -> StaffCase:
        """A case that the member may see. Raises CaseUnknown."""
        case = self._case(actor, number)
        return StaffCase(
            case,
            self._desk.running(case),
            self._desk.events(case),
            self._desk.shown(case),
            self.pages.reasons(case),
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

    def call(self, actor: Actor, found: StaffCase, form: Form, papers: Papers) -> ActOnCase:
        """The act that a form of the case's page asks for; `papers` finds the documents it brings."""
        step, outcome = form.texts.get("step", ""), form.texts.get("outcome", "")
        here = found.running.service.steps.get(step)
        asked = next((one for one in here.outcomes if one.id == outcome), None) if here else None
        return ActOnCase(
            found.case.case,
            step,
            outcome,
            self._actor(actor, found.case, step, outcome),
            fields=values_of(asked.fields, form) if asked else {},
            documents=papers(asked.documents) if asked else {},
            ground=form.texts.get("ground", ""),
            assignee=form.texts.get("assignee", "")[:64],
            key=form.texts.get("key", "")[:64],
        )

"""An office on the eighth of a month: families asked and answering, complaints on their way, something parked, staff."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from domain.commands.case_calls import ActOnCase, OpenCase
from domain.office import APPROVER, CLERK, OPERATOR
from domain.procedures.acts import Actor
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.parts.office.reading import Office
from infra.parts.staff import enrol_staff
from infra.web.office.plain import SIGN_IN
from tests.integration.month_in_process import Month, Town, a_month, events_of, query
from tests.unit.case_desk import PDF

HERE = "http://127.0.0.1:8080"
STAFF = {
    "k.clerk": (CLERK,),
    "k.approver": (APPROVER,),
    "k.operator": (OPERATOR,),
    "r.registrar": ("registrar",),
    "e.executor": ("executor",),
    "h.head": ("head",),
}
REASON = "events of this version are not known: family.asked"


@dataclass
class OfficeSite:
    """The application, and what it is about."""

    month: Month
    office: Office
    app: FastAPI
    cases: list[str] = field(default_factory=list)

    def browser(self, **how: Any) -> TestClient:
        """Somebody at this machine."""
        return TestClient(
            self.app,
            **{"base_url": HERE, "client": ("127.0.0.1", 5000), "follow_redirects": False, **how},
            headers={"Accept-Language": "en"},
        )

    def signed_in(self, staff: str, **how: Any) -> TestClient:
        """A browser in which a member was chosen, as a trial allows."""
        client = self.browser(**how)
        answer = post(client, f"{SIGN_IN}/chosen", staff=staff)
        assert answer.status_code == 303, answer.text
        return client

    def acts(self, topic: str) -> list[dict[str, Any]]:
        """What the log says of the office's acts of this type, without their times."""
        found = [event.state for event in events_of(self.month.azyq.dsn) if event.topic == topic]
        return [
            {name: value for name, value in one.items() if name not in ("timestamp", "originator_topic")}
            for one in found
        ]

    def park(self, count: int = 1, first: int = 1) -> None:
        """So many events that a view could not take in."""
        query(
            self.month.azyq.dsn,
            "INSERT INTO azyq_views.parked (view, position, stream, topic, reason)"
            " SELECT 'families', n, gen_random_uuid(), 'family.asked', %s"
            " FROM generate_series(%s, %s) n",
            REASON,
            first,
            first + count - 1,
        )

    def complain(self, day: int, hour: int = 10) -> str:
        """A complaint that came by the portal; its number."""
        azyq = self.month.azyq
        at = self.month.at(day, hour)
        key = f"portal-{len(self.cases)}"
        call = OpenCase(
            service="complaint",
            actor=Actor(key, ("applicant",)),
            channel="portal",
            kind="complaint",
            fields={
                "category": "voucher_refused",
                "shop": "Береке (S001)",
                "region": "113220100",
                "text": "Сатушы ваучерді қабылдамады. <script>alert(1)</script>",
                "applicant_name": "Оспанова Динара",
            },
            documents={"evidence": PDF},
            consent=True,
            key=key,
        )
        case = azyq.run_case.open(call, at)
        self.cases.append(case.case)
        return str(case.case)

    def act(self, case: str, step: str, outcome: str, actor: Actor, **fields: str) -> None:
        """An act of staff, not by the page."""
        call = ActOnCase(case, step, outcome, actor, fields=fields)
        self.month.azyq.run_case.act(call, self.month.clock())
        self.month.azyq.catch_up_views()


def post(client: TestClient, path: str, headers: Any = None, **fields: str) -> Any:
    """A form as a browser sends it."""
    return client.post(path, files={name: (None, value) for name, value in fields.items()}, headers=headers)


@contextmanager
def an_office(database: str, folder: Path, **settings: Any) -> Iterator[OfficeSite]:
    """On the morning of the eighth: eleven families asked, five answered, two cases overdue, three items parked."""
    with a_month(database, folder, **settings) as month:
        azyq = month.azyq
        azyq.view_store.prepare(azyq.views)
        town = Town(11)
        households = [*town.households(11), *(town.household(phone=False) for _ in range(3))]
        month.list_of(households)
        month.day(5)
        for number, household in enumerate(households[:5]):
            month.at(6, 10 + number)
            month.reply(household.phone, ("ИӘ", "ДА", "ИӘ", "ЖОҚ", "кім бұл?")[number], f"m-{number}")
        azyq.drain_sms()
        office = Office(azyq)
        app = create_app(Replies(azyq, lambda: None), office=office)
        site = OfficeSite(month, office, app)
        for day in (1, 2, 7):
            site.complain(day)
        month.at(8, 9)
        for staff, roles in STAFF.items():
            enrol_staff(azyq).enrol(staff, "", roles, month.clock())
        azyq.catch_up_views()
        site.park(3)
        try:
            yield site
        finally:
            office.close()

"""A draft of a standard up for public discussion, on real PostgreSQL in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from domain.commands.case_calls import ActOnCase, OpenCase
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.parts.api import Replies
from infra.parts.cases.discussions import Discussions
from infra.parts.cases.entrance import CaseEntrance
from infra.parts.http_face import create_app
from tests.integration.month_in_process import settings_for
from tests.unit.case_desk import PDF
from tests.unit.test_services_drafting import ENTRY, NAME
from tests.unit.ways_through import moment

DRAFTER = Actor("d.drafter", ("drafter",))
DRAFT = PDF + b" draft"
REWORKED = PDF + b" reworked"


@dataclass
class DraftingHouse:
    """An open azyq with a draft that was placed on 10 April 2026; its discussion ends on 12 May at 18:30."""

    azyq: Azyq
    clock: SetClock
    app: FastAPI
    case: Case
    discussions: Discussions
    client: TestClient = field(repr=False)

    @property
    def path(self) -> str:
        return f"/discussions/{self.case.case}"

    def at(self, when: str) -> None:
        self.clock.now = moment(when)

    def act(self, step: str, outcome: str, **parts: Any) -> Case:
        call = ActOnCase(self.case.case, step, outcome, DRAFTER, **parts)
        return self.azyq.run_case.act(call, self.clock())

    def events(self, topic: str) -> list[dict[str, Any]]:
        return [one.data for one in _events(self) if one.topic == topic]

    def close_and_answer(self) -> None:
        """The discussion is over; the first two remarks are answered, the report is posted."""
        self.at("13.05 00:05")
        self.azyq.settle_cases.run_due(self.clock())
        self.at("14.05 10:00")
        for outcome, number in (("taken", 1), ("not_taken", 2)):
            self.act("report", outcome, fields={"remark": number, "decision_grounds": f"grounds of {number}"})

    def post(self) -> None:
        self.at("15.05 10:00")
        self.act("report", "posted", fields={"read_at": "egov.kz"}, documents={"reworked_draft": REWORKED})


def _events(house: DraftingHouse) -> list[Any]:
    from infra.cases.history import case_events

    return case_events(house.azyq.log, house.case.id)


def opened(azyq: Azyq, at: datetime, key: str = "") -> Case:
    """A case of drafting whose draft is not placed yet."""
    return azyq.run_case.open(
        OpenCase("drafting-standard", DRAFTER, "internal", "new", fields=ENTRY, key=key), at
    )


def placed(azyq: Azyq, case: Case, at: datetime) -> Case:
    """The case, its draft up for discussion."""
    fields = {"draft_name": NAME, "places": "egov.kz", "told_otherwise": "Радио"}
    call = ActOnCase(case.case, "place", "placed", DRAFTER, fields=fields, documents={"draft": DRAFT})
    return azyq.run_case.act(call, at)


@contextmanager
def a_drafting_house(database: str, folder: Path) -> Iterator[DraftingHouse]:
    clock = SetClock(moment("06.04 10:00"))
    with open_azyq(settings_for(database, folder), clock) as azyq:
        azyq.view_store.prepare(azyq.views)
        case = opened(azyq, clock())
        clock.now = moment("10.04 15:00")
        case = placed(azyq, case, clock())
        azyq.catch_up_views()
        discussions = Discussions(azyq)
        app = create_app(Replies(azyq, lambda: None), discussions=discussions, cases=CaseEntrance(azyq))
        client = TestClient(app, follow_redirects=False, headers={"Accept-Language": "en"})
        yield DraftingHouse(azyq, clock, app, case, discussions, client)

"""Cases on real PostgreSQL in the test's own process: a made-up service, a clock that is set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg2 import Binary

from domain.commands.case_calls import ActOnCase, OpenCase
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.running import RunningService
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.postgres.connect import APP_ROLE, connect
from tests.integration.month_in_process import settings_for
from tests.unit.case_desk import PDF, OneService
from tests.unit.service_to_run import MONDAY, licence, running

PERSON = PersonalData("880504300123", "Оспанова", "Динара", "", "1988-05-04")
PHONE = "+77011234567"


@dataclass
class Office:
    """An open azyq that runs one made-up service; `applicant` is known to the vault with a phone."""

    azyq: Azyq
    clock: SetClock
    applicant: str

    def open(self, **parts: Any) -> Case:
        call = {
            "service": "made-up",
            "actor": Actor(self.applicant, ("applicant",)),
            "channel": "portal",
            "kind": "first",
            "applicant": self.applicant,
            "fields": {"activity": "design"},
            "documents": {"plan": PDF, "diploma": PDF},
        }
        return self.azyq.run_case.open(OpenCase(**{**call, **parts}), self.clock())

    def act(self, case: Case, step: str, outcome: str, actor: Actor, **parts: Any) -> Case:
        sign = parts.pop("sign", False)
        call = ActOnCase(case.case, step, outcome, actor, **parts)
        if sign:
            signatures: Any = self.azyq.signatures
            signature = signatures.sign(actor.id, call.content())
            call = ActOnCase(case.case, step, outcome, actor, **parts, signature=signature)
        return self.azyq.run_case.act(call, self.clock())

    def rows(self, view: str) -> list[dict[str, Any]]:
        """The view's rows, brought up to date."""
        self.azyq.catch_up_views()
        with self.azyq.view_store.connection() as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT row_to_json(t) FROM azyq_views.{view} t")
            return [row for (row,) in cursor]


def save_told(dsn: str, events: Iterable[Any]) -> None:
    """Write stored events into the log as they are."""
    connection = connect(dsn, role=APP_ROLE, autocommit=True)
    with connection.cursor() as cursor:
        for event in events:
            cursor.execute(
                "INSERT INTO azyq_log.azyq_events (originator_id, originator_version, topic, state)"
                " VALUES (%s, %s, %s, %s)",
                (str(event.originator_id), event.originator_version, event.topic, Binary(event.state)),
            )
    connection.close()


@contextmanager
def an_office(
    database: str, folder: Path, *versions: RunningService, at: datetime = MONDAY, **settings: Any
) -> Iterator[Office]:
    """An office that runs `versions` of the made-up service, by default one like S000's licences."""
    clock = SetClock(at)
    with open_azyq(settings_for(database, folder, **settings), clock) as azyq:
        azyq.view_store.prepare(azyq.views)
        azyq.__dict__["services"] = OneService(*(versions or (running(licence()),)))
        (applicant,) = azyq.vault.enrol([PERSON])
        azyq.vault.set_phones({applicant: PHONE})
        yield Office(azyq, clock, applicant)

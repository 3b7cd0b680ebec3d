"""Clerks and a portal behind real HTTP calls: the shipped services, staff with keys, a clock that is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.parts.api import Replies
from infra.parts.cases.entrance import CaseEntrance
from infra.parts.http_face import create_app
from infra.parts.staff import enrol_staff
from tests.integration.month_in_process import settings_for
from tests.unit.service_to_run import MONDAY

PDF = b"%PDF-1.7 a paper"
IIN, PHONE = "880504300001", "+77011234567"
LICENCE = "licence-design"


@dataclass
class Member:
    """Somebody with a key, speaking HTTP."""

    client: TestClient
    staff: str
    key: str
    _asked: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Response:
        self._asked += 1
        name = f"{self.staff}-{self._asked}" if key is None else key
        answer: Response = self.client.post(
            path, json=body, headers={**self.headers, "Idempotency-Key": name, **headers}
        )
        return answer

    def get(self, path: str, **params: str) -> Response:
        answer: Response = self.client.get(path, params=params, headers=self.headers)
        return answer

    def upload(self, content: bytes, **headers: str) -> Response:
        answer: Response = self.client.post("/v1/papers", content=content, headers=self.headers | headers)
        return answer

    def uploaded(self, content: bytes = PDF) -> str:
        """The digest of an upload that is taken."""
        answer = self.upload(content)
        assert (answer.status_code, answer.json()["sha256"]) == (201, sha256(content).hexdigest())
        return str(answer.json()["sha256"])

    def act(self, case: str, step: str, outcome: str, key: str | None = None, **more: Any) -> Response:
        return self.post(f"/v1/cases/{case}/acts", {"step": step, "outcome": outcome, **more}, key)

    def to_do(self, **params: str) -> list[tuple[str, str]]:
        """(case, step) of what there is to do."""
        answer = self.get("/v1/cases", **params)
        assert answer.status_code == 200, answer.text
        return [(one["case"], one["step"]) for one in answer.json()["cases"]]


@dataclass
class Bureau:
    """The application, and who works there."""

    azyq: Azyq
    clock: SetClock
    app: FastAPI
    client: TestClient
    members: dict[str, Member] = field(default_factory=dict)

    def member(self, staff: str, *roles: str, unit: str = "") -> Member:
        """A member who is enrolled now."""
        issued = enrol_staff(self.azyq).enrol(staff, unit, roles, self.clock())
        return Member(self.client, staff, issued.key)

    def later(self, **passed: float) -> datetime:
        """So much time goes by."""
        self.clock.now = self.clock.now + timedelta(**passed)
        return self.clock.now

    def licence(self, portal: Member, **changed: Any) -> dict[str, Any]:
        """A licence's application as a portal sends it."""
        papers = {one: portal.uploaded() for one in ("fee_paid", "qualification")}
        body: dict[str, Any] = {
            "service": LICENCE,
            "kind": "issue",
            "applicant": {"iin": IIN, "phone": PHONE, "surname": "Оспанова", "given_name": "Динара"},
            "fields": {
                "applicant_kind": "natural",
                "applicant_name": "Оспанова Динара",
                "iin": IIN,
                "address": "Акколь",
                "phone": PHONE,
                "subtypes": "II",
            },
            "documents": papers,
            "consent": True,
            "language": "ru",
            "sign": True,
        }
        return {**body, **changed}

    def topics(self) -> dict[str, int]:
        """How many events of each type the log has."""
        with self.azyq.log.connection().cursor() as cursor:
            cursor.execute("SELECT topic, count(*) FROM azyq_log.azyq_events GROUP BY topic")
            return dict(cursor.fetchall())


@contextmanager
def a_bureau(database: str, folder: Path, at: datetime = MONDAY, **settings: Any) -> Iterator[Bureau]:
    """A bureau that runs the shipped services, at nine on a Monday."""
    clock = SetClock(at)
    settings = {"AZYQ_STAFF_PER_SECOND": 1e6, **settings}
    with open_azyq(settings_for(database, folder, **settings), clock) as azyq:
        azyq.view_store.prepare(azyq.views)
        app = create_app(Replies(azyq, lambda: None), cases=CaseEntrance(azyq))
        yield Bureau(azyq, clock, app, TestClient(app))

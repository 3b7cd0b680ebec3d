"""Analysts on real PostgreSQL in the test's own process: a random month, cases of access, an authority of the tests."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import psycopg2
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi.testclient import TestClient

from domain.calendar import ALMATY
from domain.commands.case_calls import ActOnCase, OpenCase
from domain.family import FamilyVouchers
from domain.identity import access_id
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.parts.access import AnalystAccess
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.postgres.reader_roles import role_of, settle
from infra.sample.numbers import Iins
from tests.certificates import Certified, certified
from tests.integration.month_in_process import settings_for
from tests.months import random_month, save_month
from tests.unit.case_desk import PDF

APRIL = datetime(2026, 4, 6, 10, tzinfo=ALMATY)
MONTH = "2026-03"
FAMILIES = 120
AUTHORISED = Actor("authorised.officer", ("authorised",), "authorised")
INTEGRATOR = Actor("integrator.officer", ("integrator",), "integrator")
FORM = {
    "surname": "Сейткали",
    "given_name": "Айгүл",
    "patronymic": "Бекқызы",
    "post": "Аудитор",
    "unit": "Аудит бөлімі",
    "contact": "a.seitkali@audit.gov.kz",
    "phone": "+77011234567",
    "purpose": "Ваучерлер бағдарламасының аудиті",
    "body": "Тексеру комиссиясы",
    "body_kind": "revision_commission",
    "region": "110000000",
}


@dataclass
class User:
    """Somebody with a certificate; `subject` is the vault's."""

    subject: str
    certificate: Certified


@dataclass
class Bureau:
    """An open azyq with a month in its log, and the API over it."""

    azyq: Azyq
    clock: SetClock
    access: AnalystAccess
    http: TestClient
    authority: Certified
    people: list[User] = field(default_factory=list)

    def user(self) -> User:
        """Somebody new, known to the vault by the IIN that the certificate has."""
        iin = IINS[len(self.people)]
        (subject,) = self.azyq.vault.enrol([PersonalData(iin, "Сейткали", "Айгүл", "", "1988-05-04")])
        user = User(subject, certified("A. Seitkali", self.authority, serial=f"IIN{iin}", days=1500))
        self.people.append(user)
        return user

    def apply(self, user: User, **fields: str) -> Case:
        """A case of access for `user`, signed by the body's head, who is the applicant here."""
        call = OpenCase(
            service="analyst-access",
            actor=Actor(user.subject, ("applicant",)),
            channel="portal",
            kind="access",
            applicant=user.subject,
            fields={name: value for name, value in {**FORM, **fields}.items() if value},
            documents={"qr": PDF},
            consent=True,
        )
        signature = user.certificate.sign(call.content())
        return self.azyq.run_case.open(replace(call, signature=signature), self.clock())

    def act(self, case: Case, step: str, outcome: str, actor: Actor, **fields: str) -> Case:
        return self.azyq.run_case.act(ActOnCase(case.case, step, outcome, actor, fields=fields), self.clock())

    def granted(self, **fields: str) -> tuple[User, Case]:
        """Somebody whose access was granted, and followed."""
        user = self.user()
        case = self.apply(user, **fields)
        self.act(case, "consider", "passed_on", AUTHORISED)
        self.act(case, "grant", "granted", INTEGRATOR, trained_on="2026-04-03", account_role="auditor")
        self.follow()
        return user, case

    def block(self, case: Case) -> None:
        """The user left; the account is blocked (A6)."""
        self.act(case, "access", "withdrawn", AUTHORISED)
        self.act(case, "block", "blocked", INTEGRATOR)

    def follow(self) -> dict[str, str]:
        self.azyq.catch_up_views()
        refused = self.access.follow_cases()
        self.azyq.catch_up_views()
        refused |= self.access.follow_cases()
        return refused

    def sign_in(self, user: User) -> dict[str, str]:
        """The headers of a session."""
        told = self.try_sign_in(user)
        assert told.status_code == 201, told.text
        return {"Authorization": f"Bearer {told.json()['token']}"}

    def try_sign_in(self, user: User) -> Any:
        challenge = self.http.post("/v1/access/challenge").json()["challenge"]
        signature = base64.b64encode(user.certificate.sign(challenge.encode())).decode()
        return self.http.post("/v1/access/sessions", json={"challenge": challenge, "signature": signature})

    def events(self, topic: str) -> list[dict[str, Any]]:
        with psycopg2.connect(self.azyq.dsn) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT convert_from(state, 'UTF8')::json FROM azyq_log.azyq_events WHERE topic = %s"
                " ORDER BY notification_id",
                (topic,),
            )
            return [state for (state,) in cursor]

    def role(self, user: User, case: Case) -> str:
        return role_of(access_id(user.subject), case.case)


_MADE_UP = Iins(Random(7))
IINS = [_MADE_UP.next(date(1988, 5, 4), woman=True) for _ in range(40)]


def tell_month(azyq: Azyq, families: int) -> None:
    """A random month, whose families live in two oblasts: so many in each."""
    azyq.view_store.prepare(azyq.views)
    programme = azyq.programme("tsa-2026")
    for seed, region in enumerate(("113220", "551010")):
        here = replace(programme, regions=(region,))
        month = replace(programme.month(MONTH), programme=here)
        told = random_month(seed, families, month, azyq.goods.on(month.valid_from))
        save_month(azyq.log, [one for one in told if isinstance(one, FamilyVouchers)])
    azyq.catch_up_views()


@contextmanager
def a_bureau(database: str, folder: Path, at: datetime = APRIL, families: int = FAMILIES) -> Iterator[Bureau]:
    """A bureau over a month of so many `families`; without, over what `database` has, as that of `month_database`."""
    authority = certified("Tests' authority", authority=True, days=3000)
    trust = folder / "trust"
    trust.mkdir()
    (trust / "authority.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    clock = SetClock(at)
    with open_azyq(settings_for(database, folder, AZYQ_TRUST=trust), clock) as azyq:
        if families:
            tell_month(azyq, families)
        access = AnalystAccess(azyq)
        app = create_app(Replies(azyq, lambda: None), access=access)
        try:
            with TestClient(app, raise_server_exceptions=False) as http:
                yield Bureau(azyq, clock, access, http, authority)
        finally:
            settle(azyq.dsn, dict)
            access.close()

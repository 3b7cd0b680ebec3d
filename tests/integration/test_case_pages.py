"""Requests from the applicant's side: asked for by a form, followed on their page (R30, S000-07, S000-09, S002-23)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.commands.case_calls import ActOnCase
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from tests.integration.wallet_in_process import RICE, Site, a_site
from tests.unit.case_desk import PDF

REGISTRAR = Actor("r1", ("registrar",))
EXECUTOR = Actor("e1", ("executor",))
HEAD = Actor("h1", ("head",))
TEXT = "Продавец отказался принять ваучер. <script>alert(1)</script>"


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(database, tmp_path) as site:
        site.activate()
        site.buy((RICE, "1"))
        yield site


@pytest.fixture
def client(site: Site) -> TestClient:
    return TestClient(site.app, follow_redirects=False, headers={"Accept-Language": "ru"})


def key_in(page: str) -> str:
    (key,) = set(re.findall(r'name="key" value="([0-9a-f]{32})"', page))
    return key


def complaint(site: Site, client: TestClient, **typed: str) -> dict[str, str]:
    """The form as a family fills it in, with the key that its page had."""
    page = client.get(f"{site.path}/apply/complaint").text
    fields = {
        "f.category": "voucher_refused",
        "f.shop": "",
        "f.shop.other": "«Береке» (S001)",
        "f.text": TEXT,
    }
    return {"key": key_in(page), "consent": "yes", **fields, **typed}


def send(client: TestClient, path: str, data: dict[str, str], **files: tuple[str, bytes]) -> Any:
    parts = {name: (None, value) for name, value in data.items()}
    parts |= {name.replace("d_", "d."): (*file, "application/x") for name, file in files.items()}  # type: ignore[dict-item]
    return client.post(path, files=parts)


def the_case(site: Site, path: str) -> Case:
    azyq = site.month.azyq
    stream = azyq.vault.stream_of_token(path.rpartition("/")[2])
    assert stream is not None
    return azyq.run_case.case(str(azyq.log.load([_uuid(stream)]).popitem()[1].case))


def _uuid(name: str) -> Any:
    from uuid import UUID

    return UUID(name.removeprefix("case/"))


def act(site: Site, case: Case, step: str, outcome: str, actor: Actor, **parts: Any) -> Case:
    azyq = site.month.azyq
    call = ActOnCase(case.case, step, outcome, actor, **parts)
    signature = azyq.signatures.sign(actor.id, call.content())  # type: ignore[union-attr]
    call = ActOnCase(case.case, step, outcome, actor, **parts, signature=signature)
    return azyq.run_case.act(call, site.month.clock())


def test_R30_a_complaint_from_the_wallet_is_a_case_with_a_page(site: Site, client: TestClient) -> None:
    data = complaint(site, client)
    answer = send(client, f"{site.path}/apply/complaint", data, d_evidence=("чек.pdf", PDF))
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    assert re.fullmatch(r"/c/[0-9A-Za-z]{16}", path)
    case = the_case(site, path)
    assert (case.service, case.channel, case.applicant) == ("complaint", "wallet", site.family().applicant)
    assert case.facts == {
        "category": "voucher_refused",
        "shop": "«Береке» (S001)",
        "region": site.family().region,
    }
    assert {*case.sealed} == {"text", "applicant_name", "phone"}
    page = client.get(path)
    assert page.status_code == 200
    assert case.case in page.text
    assert "<script>" not in page.text

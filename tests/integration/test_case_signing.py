"""Signing by certificate on the applicant's pages, outside a trial: the bytes out, the signature in (S000-06, S000-L6)."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.commands.case_calls import ActOnCase
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from infra.cases.running_services import InstalledServices
from infra.settings import ROOT
from infra.signatures.cms import CmsSignatures, person_of
from infra.web.cases.signing import KEPT
from tests.certificates import certified
from tests.integration.month_in_process import events_of
from tests.integration.test_case_pages import access, all_cases, complaint, send, shown, the_case
from tests.integration.wallet_in_process import Site, a_site
from tests.unit.case_desk import PDF

pytestmark = pytest.mark.views_ready

IIN = "850612412102"
OFFICE = certified("Office", authority=True)
AIGUL = certified("СЕРІК АЙГҮЛ", OFFICE, serial=f"IIN{IIN}")
STRANGER = certified("БӨТЕН АДАМ", OFFICE, serial="IIN880504300001")
APPLY = "/apply/analyst-access"


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    """A site whose certificates are OFFICE's; where complaints, and the end of an access, are signed too."""
    with a_site(database, tmp_path) as site:
        site.activate()
        azyq: Any = site.month.azyq
        signing_services(azyq, tmp_path / "services")
        azyq.__dict__["signatures"] = CmsSignatures([OFFICE.certificate], person_of(azyq.vault.find_person))
        yield site


def signing_services(azyq: Any, folder: Path) -> None:
    """The services as they are shipped, but that complaints, and what the applicant does of an access, are signed."""
    shutil.copytree(ROOT / "services", folder)
    for name, place in (("complaint", '[[channels]]\nid = "wallet"\n'), ("analyst-access", 'id = "left"\n')):
        path = folder / f"{name}.toml"
        text = path.read_text(encoding="utf-8")
        assert text.count(place) == 1
        path.write_text(text.replace(place, place + "signs = true\n"), encoding="utf-8")
    azyq.__dict__["services"] = InstalledServices(folder)


@pytest.fixture
def client(site: Site) -> TestClient:
    return TestClient(site.app, follow_redirects=False, headers={"Accept-Language": "ru"})


def hidden(page: Any) -> dict[str, str]:
    """What travels in the form of the page that asks for a signature."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


def download(client: TestClient, path: str, page: Any) -> bytes:
    """The bytes that the page offers."""
    answer = send(client, path, {**hidden(page), "do": "content"})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    return bytes(answer.content)


def hand_in(client: TestClient, path: str, page: Any, signature: bytes) -> Any:
    parts: dict[str, Any] = {name: (None, value) for name, value in {**hidden(page), "do": "sign"}.items()}
    return client.post(path, files={**parts, "signature": ("подпись.p7s", signature, "x/y")})


def pem(der: bytes) -> bytes:
    return b"-----BEGIN CMS-----\n" + base64.encodebytes(der) + b"-----END CMS-----\n"


def signature_of(site: Site, topic: str) -> list[Any]:
    return [event.state["signature"] for event in events_of(site.month.azyq.dsn) if event.topic == topic]


@pytest.mark.parametrize("form", [bytes, pem, base64.b64encode, base64.encodebytes])
def test_S000_06_a_request_is_signed_by_a_certificate(
    site: Site, client: TestClient, form: Callable[[bytes], bytes]
) -> None:
    vault: Any = site.month.azyq.vault
    # given a form that is filled in
    data = access(client)
    assert "Перейти к подписи" in client.get(APPLY).text
    page = send(client, APPLY, data, qr=PDF)
    # when it is sent, what is to be signed is shown, and nothing is recorded
    said = shown(page)
    assert all(text in said for text in ("Что Вы подписываете", "Маслихат", "QR-код", "Скачать файл"))
    assert all_cases(site) == []
    assert vault.find_person(IIN) is None
    content = download(client, APPLY, page)
    assert json.loads(content)["fields"]["body"] == "Маслихат"
    answer = hand_in(client, APPLY, page, form(AIGUL.sign(content)))
    # then the case is the signer's, whom nobody knew before
    assert answer.status_code == 303, shown(answer, 422)
    case = the_case(site, answer.headers["location"])
    subject = vault.find_person(IIN)
    assert (case.applicant, case.opener, case.opener_role) == (subject, subject, "applicant")
    assert vault.people([subject])[subject][1:3] == ("СЕРІК", "АЙГҮЛ")
    assert vault.phones([subject]) == {subject: "+77011234567"}
    assert [signer for ((signer, _),) in [signature_of(site, "case.opened")]] == [subject]
    assert case.documents[0][0] == "qr"
    # and a second press is the same case
    again = hand_in(client, APPLY, page, AIGUL.sign(content))
    assert again.headers["location"] == answer.headers["location"]
    assert IIN not in str([event.state for event in events_of(site.month.azyq.dsn)])


def test_S000_06_what_does_not_hold_is_told_and_nothing_is_recorded(site: Site, client: TestClient) -> None:
    page = send(client, APPLY, access(client), qr=PDF)
    content = download(client, APPLY, page)
    other = certified("Чужой", certified("Other", authority=True), serial=f"IIN{IIN}")
    over = certified("Aigul", OFFICE, serial=f"IIN{IIN}", days=1)
    nobody = certified("Организация", OFFICE, serial="BIN120240000013")
    for signature, why in (
        (b"", "Нужна электронная"),
        (b"no signature", "не электронная подпись"),
        (AIGUL.sign(content + b" "), "под другим текстом"),
        (other.sign(content), "не тем удостоверяющим центром"),
        (over.sign(content), "Срок сертификата истёк 02.01.2025"),
        (nobody.sign(content), "никто не известен"),
        (bytes(200_000), "не электронная подпись"),
    ):
        answer = hand_in(client, APPLY, page, signature)
        assert why in shown(answer, 422)
        assert hidden(answer) == hidden(page)
        assert 'aria-invalid="true"' in answer.text
    # the form itself changed after it was signed
    changed = {**hidden(page), "f.body": "Маслихат 2", "do": "sign"}
    parts: dict[str, Any] = {name: (None, value) for name, value in changed.items()}
    answer = client.post(APPLY, files={**parts, "signature": ("a", AIGUL.sign(content), "x/y")})
    assert "под другим текстом" in shown(answer, 422)
    assert all_cases(site) == []
    assert site.month.azyq.vault.find_person(IIN) is None
    # and it can be changed
    edit = send(client, APPLY, {**hidden(page), "do": "edit"})
    assert "Маслихат" in edit.text
    assert "Выберите документы снова" in shown(edit)


def test_S000_06_a_document_waits_for_its_uploader_alone(site: Site, client: TestClient) -> None:
    page = send(client, APPLY, access(client), qr=PDF)
    digest = hidden(page)[KEPT + "qr"]
    for sent in ({KEPT + "qr": digest}, {KEPT + "qr": "0" * 64}, {KEPT + "qr": "../../x"}):
        answer = send(client, APPLY, {**access(client), **sent, "do": "content"})
        assert answer.status_code == 422
    # what waited too long is asked for again
    azyq: Any = site.month.azyq
    azyq.vault.papers.purge_staged(site.month.clock() + timedelta(days=10_000))
    answer = hand_in(client, APPLY, page, b"x")
    assert "QR-код" in shown(answer, 422)
    assert 'type="file"' in answer.text


def test_S000_06_the_wallets_requests_are_the_familys_own(site: Site, client: TestClient) -> None:
    path = f"{site.path}/apply/complaint"
    page = send(client, path, complaint(site, client))
    content = download(client, path, page)
    # somebody else's certificate, whom the vault knows or not: whose it is is told
    azyq: Any = site.month.azyq
    assert "никто не известен" in shown(hand_in(client, path, page, STRANGER.sign(content)), 422)
    azyq.vault.enrol([PersonalData("880504300001", "Бөтен", "Адам", "", "")])
    told = shown(hand_in(client, path, page, STRANGER.sign(content)), 422)
    assert "поставлена не тем" in told
    assert "Сертификат выдан на имя: БӨТЕН АДАМ." in told
    own = certified("Отбасы", OFFICE, serial=f"IIN{site.household.people[0].iin}")
    answer = hand_in(client, path, page, own.sign(content))
    assert answer.status_code == 303, shown(answer, 422)
    assert the_case(site, answer.headers["location"]).applicant == site.family().applicant


def acted(site: Site, case: Case, step: str, outcome: str, actor: Actor, **parts: Any) -> None:
    site.month.azyq.run_case.act(ActOnCase(case.case, step, outcome, actor, **parts), site.month.clock())


def test_S000_L6_an_act_of_the_applicant_is_signed_by_the_certificate(site: Site, client: TestClient) -> None:
    page = send(client, APPLY, access(client), qr=PDF)
    path = hand_in(client, APPLY, page, AIGUL.sign(download(client, APPLY, page))).headers["location"]
    case = the_case(site, path)
    acted(site, case, "consider", "passed_on", Actor("o1", ("authorised",)))
    fields = {"trained_on": "2025-07-06", "account_role": "reader"}
    acted(site, case, "grant", "granted", Actor("i1", ("integrator",)), fields=fields)
    status = client.get(path)
    assert "Перейти к подписи" in status.text
    key = re.findall(r'name="key" value="([0-9a-f]{32})"', status.text)[0]
    acts, form = path + "/acts", {"step": "access", "outcome": "left", "key": key}
    # what is wrong is told before anything is signed
    refused = send(client, acts, form)
    assert "Нужна электронная" not in shown(refused, 422)
    page = send(client, acts, {**form, "f.left_on": "2025-08-01"})
    assert "Что Вы подписываете" in shown(page)
    for link in re.findall(r'href="(/c/[^"]*)"', page.text):
        assert client.get(link).status_code == 200, link
    content = download(client, acts, page)
    assert case.case.encode() in content
    # a request is no act, another's certificate is not the applicant's
    assert "под другим текстом" in shown(hand_in(client, acts, page, AIGUL.sign(b"{}")), 422)
    site.month.azyq.vault.enrol([PersonalData("880504300001", "Бөтен", "Адам", "", "")])
    assert "БӨТЕН АДАМ" in shown(hand_in(client, acts, page, STRANGER.sign(content)), 422)
    assert hand_in(client, acts, page, AIGUL.sign(content)).headers["location"] == path
    assert the_case(site, path).done["access"] == "left"
    # by hand: a step that is none, the bytes of what isn't theirs
    for wrong in ({"step": "x"}, {"outcome": "x"}, {"step": "consider", "outcome": "passed_on"}):
        assert send(client, acts, {**form, **wrong, "do": "sign"}).status_code == 422
        assert send(client, acts, {**form, **wrong, "do": "content"}).status_code == 200
    assert send(client, acts, {"do": "content"}).status_code == 200

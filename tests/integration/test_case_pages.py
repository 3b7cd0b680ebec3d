"""Requests from the applicant's side: asked for by a form, followed on their page (R30, S000-07, S000-09, S002-23)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.commands.case_calls import ActOnCase
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from infra.parts.cases.pages import CasePages
from infra.signatures.trial import NoSignatures
from infra.web.pages import HEADERS
from tests.integration.month_in_process import events_of
from tests.integration.wallet_in_process import RICE, Site, a_site
from tests.unit.case_desk import PDF

pytestmark = pytest.mark.views_ready

REGISTRAR = Actor("r1", ("registrar",))
EXECUTOR = Actor("e1", ("executor",))
HEAD = Actor("h1", ("head",))
TEXT = "Продавец отказался принять ваучер. <script>alert(1)</script>"


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_site(database, tmp_path) as site:
        site.activate()
        site.buy((RICE, "1"))
        site.month.azyq.drain_sms()
        yield site


@pytest.fixture
def client(site: Site) -> TestClient:
    return TestClient(site.app, follow_redirects=False, headers={"Accept-Language": "ru"})


def key_in(page: str) -> str:
    """The key of the page's form; of the first one where there are several."""
    return str(re.findall(r'name="key" value="([0-9a-f]{32})"', page)[0])


def send(client: TestClient, path: str, data: dict[str, str], **documents: bytes | tuple[str, bytes]) -> Any:
    """A form as a browser sends it; a document may come with the name that its file had."""
    parts: dict[str, Any] = {name: (None, value) for name, value in data.items()}
    for name, content in documents.items():
        named = content if isinstance(content, tuple) else ("a.pdf", content)
        parts["d." + name] = (*named, "application/x-whatever")
    return client.post(path, files=parts)


def complaint(site: Site, client: TestClient, **typed: str) -> dict[str, str]:
    """The complaint form as a family fills it in, with the key that its page had."""
    page = client.get(f"{site.path}/apply/complaint").text
    fields = {"f.category": "voucher_refused", "f.shop": "", "f.shop.other": "Береке (S001)", "f.text": TEXT}
    typed = {name.replace("_", ".", 1): value for name, value in typed.items()}
    return {"key": key_in(page), "consent": "yes", **fields, **typed}


def complain(site: Site, client: TestClient) -> str:
    """A complaint that was sent; the path of its page."""
    answer = send(client, f"{site.path}/apply/complaint", complaint(site, client))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def access(client: TestClient, **typed: str) -> dict[str, str]:
    """The form of a body that asks for access (A3)."""
    fields = {
        "surname": "Серік", "given_name": "Айгүл", "post": "аудитор", "unit": "отдел", "contact": "a@b.kz",
        "phone": "8 701 123 45 67", "purpose": "аудит", "body": "Маслихат", "body_kind": "maslikhat",
        "region": "113220100", **typed,
    }  # fmt: skip
    key = key_in(client.get("/apply/analyst-access").text)
    return {"key": key, "consent": "yes", **{f"f.{name}": value for name, value in fields.items()}}


def the_case(site: Site, path: str) -> Case:
    found = CasePages(site.month.azyq).case_of(path.rpartition("/")[2])
    assert found is not None
    return found


def all_cases(site: Site) -> list[str]:
    return [event.topic for event in events_of(site.month.azyq.dsn) if event.topic == "case.opened"]


def act(site: Site, case: Case, step: str, outcome: str, actor: Actor, **parts: Any) -> Case:
    azyq: Any = site.month.azyq
    call = ActOnCase(case.case, step, outcome, actor, **parts)
    call = replace(call, signature=azyq.signatures.sign(actor.id, call.content()))
    done: Case = azyq.run_case.act(call, site.month.clock())
    return done


def shown(answer: Any, status: int = 200) -> str:
    """The page's text as a reader sees it."""
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", answer.text)))


# --- a complaint from the wallet ----------------------------------------------------------------------------


def test_R30_a_complaint_from_the_wallet_is_a_case_with_a_page(site: Site, client: TestClient) -> None:
    form = shown(client.get(f"{site.path}/apply/complaint"))
    assert "«Береке» дүкені" in form
    assert "Магазин «Достык»" in form
    assert "Алыстағы" not in form
    answer = send(client, f"{site.path}/apply/complaint", complaint(site, client), evidence=PDF)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    assert re.fullmatch(r"/c/[0-9A-Za-z]{16}", path)
    case = the_case(site, path)
    assert (case.service, case.channel, case.applicant) == ("complaint", "wallet", site.family().applicant)
    region = site.family().region
    assert case.facts == {"category": "voucher_refused", "shop": "Береке (S001)", "region": region}
    assert {*case.sealed} == {"text", "applicant_name", "phone"}
    page = client.get(path)
    said = shown(page)
    assert case.case in said
    # Sunday 6 July at noon: received on Monday at 9:00, 15 working days; Monday the 7th is a day off in its stead
    assert "Срок ответа: 29.07.2025, 18:30" in said
    assert "Регистрация жалобы и передача исполнителю Сейчас до 09.07.2025, 18:30" in said
    assert "Ваучер не приняли" in said
    # and nothing personal
    person = site.month.azyq.vault.people([case.applicant])[case.applicant]
    for secret in (
        "отказался",
        "alert",
        person.surname,
        person.surname.title(),
        person.iin,
        site.household.phone,
    ):
        assert secret not in page.text
    # and the wallet leads to it
    site.month.azyq.catch_up_views()
    assert f'href="{path}"' in client.get(site.path).text


def test_R30_a_second_press_of_the_button_is_the_same_complaint(site: Site, client: TestClient) -> None:
    data, address = complaint(site, client), f"{site.path}/apply/complaint"
    first, second = send(client, address, data), send(client, address, data)
    assert first.headers["location"] == second.headers["location"]
    assert len(all_cases(site)) == 1
    # another text under the same key is no second press: it is told, and can be sent as a request of its own
    other = send(client, address, {**data, "f.text": "Другое"})
    assert "уже отправлялась" in shown(other, 422)
    again = send(client, address, {**data, "f.text": "Другое", "key": key_in(other.text)})
    assert again.status_code == 303
    assert len(all_cases(site)) == 2


def test_R30_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    site: Site, client: TestClient
) -> None:
    data = complaint(site, client, f_category="", **{"f_shop.other": ""})
    answer = send(client, f"{site.path}/apply/complaint", {**data, "f.happened_on": "2025-13-01"})
    said = shown(answer, 422)
    assert "«Дата события»: ожидается день вида" in said
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>" not in answer.text
    answer = send(client, f"{site.path}/apply/complaint", {**data, "f.happened_on": ""})
    assert answer.text.count('class="error"') == 1, answer.text  # the shop is asked for by a category only
    del data["consent"]
    shown(send(client, f"{site.path}/apply/complaint", {**data, "f.category": "other"}), 422)
    assert all_cases(site) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "пуст"),
        (b"MZ\x90 a program", "не является PDF"),
        (b"%PDF-" + bytes(10_000_001), "10 МБ"),
    ],
    ids=["empty", "another type", "too large"],
)
def test_R30_a_document_that_can_not_be_kept_is_refused_beside_it(
    site: Site, client: TestClient, content: bytes, said: str
) -> None:
    named = ("../../etc/passwd\x00.pdf", content)
    answer = send(client, f"{site.path}/apply/complaint", complaint(site, client), evidence=named)
    page = shown(answer, 422)
    assert said in page
    assert "passwd" not in answer.text
    assert all_cases(site) == []


def test_R30_a_hundred_megabytes_are_refused_in_words(site: Site, client: TestClient) -> None:
    def body() -> Iterator[bytes]:
        for number in range(6):
            yield f'--x\r\nContent-Disposition: form-data; name="d.{number}"; filename="a.pdf"\r\n\r\n'.encode()
            yield from (b"%PDF-" + bytes(1_000_000) for _ in range(17))
            yield b"\r\n"
        yield b"--x--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post(f"{site.path}/apply/complaint", content=body(), headers=kind)
    assert "слишком велики" in shown(answer, 413)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"key=1", "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"\xff" * 100, "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 300 + b"--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"{}", "application/json"),
    ],
)
def test_R30_what_is_no_form_is_told_so(site: Site, client: TestClient, content: bytes, kind: str) -> None:
    answer = client.post(f"{site.path}/apply/complaint", content=content, headers={"Content-Type": kind})
    assert "не полностью" in shown(answer, 422)


def test_R30_whoever_writes_too_often_has_to_wait(site: Site, client: TestClient) -> None:
    for _ in range(10):
        complain(site, client)
    answer = send(client, f"{site.path}/apply/complaint", complaint(site, client))
    assert answer.status_code == 429


def test_R30_which_services_the_wallet_takes_is_said_by_their_files(site: Site, client: TestClient) -> None:
    assert shown(client.get(f"{site.path}/apply/analyst-access"), 404)
    assert "Подать жалобу" in shown(client.get(site.path))
    assert shown(client.get(f"/w/{'x' * 16}/apply/complaint"), 404)


# --- the page of a request ----------------------------------------------------------------------------------


def test_R30_the_page_tells_each_step_the_refusal_and_its_paper(site: Site, client: TestClient) -> None:
    path = complain(site, client)
    case = act(site, the_case(site, path), "register", "registered", REGISTRAR)
    case = act(site, case, "consider", "not_upheld", EXECUTOR, ground="not_confirmed")
    # a ground that nobody has signed is nobody's business yet
    early = shown(client.get(path))
    assert "не подтвердились" not in early
    assert "Жалоба необоснованна" not in early
    assert "подготовка ответа Выполнено" in early
    assert client.get(path + "/result.html").status_code == 404
    act(site, case, "sign", "rejection_signed", HEAD)
    said = shown(client.get(path))
    assert "Жалоба не удовлетворена" in said
    assert "подготовка ответа Жалоба необоснованна" in said
    assert "Основание отказа: Факты, изложенные в жалобе, не подтвердились" in said
    assert "Как обжаловать" in said
    assert "e1" not in said.split()
    paper = client.get(path + "/result.html")
    assert case.case + "-1" in paper.text
    assert paper.headers["cache-control"] == "no-store"
    assert "script-src 'none'" in paper.headers["content-security-policy"]
    (address,) = set(re.findall(r'href="[^"]*(/V/[^"]+)"', paper.text))
    assert "подлинный" in shown(client.get(address))
    docx = client.get(path + "/result.docx")
    assert docx.content.startswith(b"PK")
    assert docx.headers["content-disposition"] == f'attachment; filename="{case.case}.docx"'
    for none in ("receipt.html", "result.pdf", "report.html", "..%2f.html"):
        assert client.get(f"{path}/{none}").status_code == 404


def test_S000_L2_a_notice_goes_out_once_by_sms_and_stands_on_the_page(site: Site, client: TestClient) -> None:
    azyq, path = site.month.azyq, complain(site, client)
    case = act(site, the_case(site, path), "register", "registered", REGISTRAR)
    text = (
        f"Ваша жалоба зарегистрирована под № {case.case}. Ответ будет до 29.07.2025 18:30. 06.07.2025, 12:00"
    )
    assert f"{text} · SMS будет отправлено" in shown(client.get(path))
    before = len(site.month.outbox())
    assert azyq.drain_sms().sent == 1
    assert azyq.drain_sms().sent == 0
    (sms,) = site.month.outbox()[before:]
    assert sms["to"] == site.household.phone
    assert sms["text"].endswith(path)
    assert f"{text} · SMS отправлено" in shown(client.get(path))


def test_S000_L2_a_process_that_dies_after_the_hand_over_hands_over_once(
    site: Site, client: TestClient
) -> None:
    azyq, path = site.month.azyq, complain(site, client)
    act(site, the_case(site, path), "register", "registered", REGISTRAR)
    before = len(site.month.outbox())

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(azyq.log, "save", dies)
        with pytest.raises(KeyboardInterrupt):
            azyq.drain_sms()
    azyq.drain_sms()
    assert len(site.month.outbox()[before:]) == 1
    assert [*the_case(site, path).told.values()] == ["sent"]


def test_O5_2_of_somebody_erased_the_page_stays_and_the_sms_does_not_go(
    site: Site, client: TestClient
) -> None:
    azyq, path = site.month.azyq, complain(site, client)
    case = act(site, the_case(site, path), "register", "registered", REGISTRAR)
    azyq.vault.erase(case.applicant)
    before = len(site.month.outbox())
    azyq.drain_sms()
    assert site.month.outbox()[before:] == []
    assert "SMS не доставлено" in shown(client.get(path))


def test_the_page_is_kept_by_nobody_and_found_by_nobody(site: Site, client: TestClient) -> None:
    path = complain(site, client)
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    wallet, case = site.path.rpartition("/")[2], path.rpartition("/")[2]
    for token in (
        wallet,
        case[:-1],
        case + "x",
        case.swapcase(),
        "x" * 16,
        "%00",
        "' OR 1=1",
        case[:8] + "%2e" * 8,
    ):
        assert client.get(f"/c/{token}").status_code == 404, token
        assert send(client, f"/c/{token}/acts", {"step": "x"}).status_code == 404, token
    assert client.get(f"/w/{case}").status_code == 404
    assert client.get(f"/w/{case}/apply/complaint").status_code == 404
    for _ in range(30):
        client.get("/c/" + "y" * 16)
    assert client.get("/c/" + "y" * 16).status_code == 429
    assert client.get(path).status_code == 200  # whoever has the link does not wait for those who guess


def test_S000_06_where_signatures_are_real_the_page_makes_none(site: Site, client: TestClient) -> None:
    form = access(client)
    site.month.azyq.__dict__["signatures"] = NoSignatures()
    page = client.get("/apply/analyst-access")
    assert "воспользуйтесь порталом" in shown(page)
    assert "<button" not in page.text
    assert "подпис" in shown(send(client, "/apply/analyst-access", form, qr=PDF), 422).lower()
    assert all_cases(site) == []


# --- the portal ---------------------------------------------------------------------------------------------


def test_A3_a_body_asks_for_access_by_the_form_and_hears_by_the_phone_it_told(
    site: Site, client: TestClient
) -> None:
    listed = shown(client.get("/apply"))
    assert "Предоставление доступа" in listed
    # by kind of request, where the term goes by it (S000-L5b)
    assert "15 рабочих дней (Выдача лицензии); 3 рабочих дня (Переоформление лицензии)" in listed
    answer = send(client, "/apply/analyst-access", access(client), qr=PDF)
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    case = the_case(site, path)
    assert (case.channel, case.applicant, case.opener_role) == ("portal", "", "applicant")
    assert case.facts == {
        "purpose": "аудит",
        "body": "Маслихат",
        "body_kind": "maslikhat",
        "region": "113220100",
    }
    act(site, case, "consider", "passed_on", Actor("o1", ("authorised",)))
    before = len(site.month.outbox())
    site.month.azyq.drain_sms()
    (sms,) = site.month.outbox()[before:]
    assert (sms["to"], sms["text"].endswith(path)) == ("+77011234567", True)


def test_A3_conditions_are_judged_by_the_server(site: Site, client: TestClient) -> None:
    answer = send(client, "/apply/analyst-access", access(client, region=""), qr=PDF)
    assert "Регион (код КАТО)" in shown(answer, 422)
    assert answer.text.count('class="error"') == 1
    assert all_cases(site) == []


def test_S002_23_an_incomplete_package_ends_with_a_receipt(site: Site, client: TestClient) -> None:
    # it is told first, and nothing is recorded
    data = access(client)
    told = send(client, "/apply/analyst-access", data)
    assert "Отправить как есть: без документов в приёме будет отказано" in shown(told, 422)
    assert told.text.count('class="error"') == 1
    assert all_cases(site) == []
    answer = send(client, "/apply/analyst-access", {**data, "key": key_in(told.text), "lacking": "yes"})
    path = answer.headers["location"]
    assert "Не принято" in shown(client.get(path))
    assert "QR-код" in shown(client.get(path + "/receipt.html"))
    assert client.get(path + "/receipt.docx").content.startswith(b"PK")
    assert client.get(path + "/result.html").status_code == 404


def test_A6_what_is_the_applicants_is_done_on_the_page_and_nothing_else(
    site: Site, client: TestClient
) -> None:
    path = send(client, "/apply/analyst-access", access(client), qr=PDF).headers["location"]
    case = the_case(site, path)
    # an official's step is not theirs
    answer = send(client, path + "/acts", {"step": "consider", "outcome": "passed_on", "key": "k"})
    assert "«Рассмотрение заявки" in shown(answer, 422)
    case = act(site, case, "consider", "passed_on", Actor("o1", ("authorised",)))
    fields = {"trained_on": "2025-07-06", "account_role": "reader"}
    act(site, case, "grant", "granted", Actor("i1", ("integrator",)), fields=fields)
    page = client.get(path)
    assert "Пользователь уволился" in shown(page)
    assert "Срок доступа истёк" not in shown(page)  # the clock's
    form = {"step": "access", "outcome": "left", "key": key_in(page.text), "f.left_on": "01.08.2025"}
    refused = send(client, path + "/acts", form)
    assert "день вида" in shown(refused, 422)
    assert 'value="01.08.2025"' in refused.text
    # another request's page is no way to it
    other = send(client, "/apply/analyst-access", access(client), qr=PDF).headers["location"]
    shown(send(client, other + "/acts", {**form, "f.left_on": "2025-08-01"}), 422)
    done = {**form, "f.left_on": "2025-08-01"}
    assert send(client, path + "/acts", done).headers["location"] == path
    assert send(client, path + "/acts", done).headers["location"] == path  # pressed twice
    case = the_case(site, path)
    assert case.done["access"] == "left"
    assert case.actors["access"] == case.opener


def test_S002_13_services_take_requests_where_their_files_say(site: Site, client: TestClient) -> None:
    for service in ("drafting-standard", "no-such", "%2e%2e", "COMPLAINT", "complaint%00"):
        assert client.get(f"/apply/{service}").status_code == 404
        assert send(client, f"/apply/{service}", {"key": "k"}).status_code == 404
    for service in ("licence-design", "attestation", "foreign-specialist", "shop-joining", "accreditation"):
        for language in ("kk", "ru", "en"):
            assert client.get(f"/apply/{service}?lang={language}").status_code == 200

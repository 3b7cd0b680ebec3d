"""A commission's sitting by the office's page: many cases, each with its own outcome, in one act (S000-T6, S000-T16)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.commands.case_calls import ActOnCase, OpenCase
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from infra.cases.running_services import InstalledServices
from infra.parts.staff import enrol_staff
from infra.signatures.cms import CmsSignatures, person_of
from infra.signatures.trial import NoSignatures, TrialSignatures
from tests.certificates import certified
from tests.integration.month_in_process import events_of
from tests.integration.office_in_process import OfficeSite, an_office
from tests.integration.test_office import shown
from tests.unit.case_desk import PDF

pytestmark = pytest.mark.views_ready

T5, T6 = "/office/sittings/attestation/T5", "/office/sittings/attestation/T6"
IIN = "850612412102"
AUTHORITY = certified("Authority", authority=True)
SECRETARY = certified("СЕРІК АЙГҮЛ", AUTHORITY, serial=f"IIN{IIN}")


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[OfficeSite]:
    with an_office(database, tmp_path) as site:
        commission(site)
        attestations(site)
        yield site


def commission(site: OfficeSite) -> None:
    """A commission's secretary and a member, and an executor."""
    for staff, role in (("s.secretary", "commission"), ("a.member", "commission"), ("t.exec", "executor")):
        enrol_staff(site.month.azyq).enrol(staff, "", (role,), site.month.clock())


def attestations(site: OfficeSite, first: int = 0, count: int = 3) -> list[str]:
    """So many candidates whose papers the executor has: `site.cases` are theirs from now on."""
    azyq = site.month.azyq
    signatures = azyq.signatures
    assert isinstance(signatures, TrialSignatures)
    site.cases = []
    for number in range(first, first + count):
        subject = azyq.vault.enrol([PersonalData(f"{number:012}", "С", "А", "", "")])[0]
        fields = {"surname": "Сейткали", "given_name": "Айгүл", "iin": IIN, "phone": "+77011234567"}
        fields |= {"activity": "expert_works", "specialisation": "I"}
        call = OpenCase(
            "attestation",
            Actor(subject, ("applicant",)),
            "portal",
            applicant=subject,
            fields=fields,
            documents={"diploma": PDF, "work_proof": PDF},
            consent=True,
            key=f"a-{number}",
        )
        signed = OpenCase(
            **{name: getattr(call, name) for name in call.__slots__ if name != "signature"},
            signature=signatures.sign(subject, call.content()),
        )
        case = str(azyq.run_case.open(signed, site.month.clock()).case)
        site.cases.append(case)
        for step, outcome, who, assignee in (
            ("T2", "accepted", Actor("r", ("responsible",)), ""),
            ("T3", "registered", Actor("k", ("clerk",)), ""),
            ("T4", "assigned", Actor("h", ("head",)), "t.exec"),
        ):
            act = ActOnCase(case, step, outcome, who, assignee=assignee)
            azyq.run_case.act(act, site.month.clock())
    azyq.catch_up_views()
    return site.cases


def signatures_are(azyq: Any, signatures: Any) -> None:
    azyq.__dict__["signatures"] = signatures
    azyq.__dict__.pop("run_case", None)


def send(client: TestClient, path: str, fields: dict[str, str], **documents: bytes) -> Any:
    files: dict[str, Any] = {name: (None, value) for name, value in fields.items()}
    files |= {name.replace("__", "."): ("n.pdf", content, "x/y") for name, content in documents.items()}
    return client.post(f"{path}?lang=en", files=files)


def key_of(page: Any) -> str:
    return str(re.findall(r'name="key" value="([0-9a-f]+)"', page.text)[0])


def held(site: OfficeSite) -> list[dict[str, Any]]:
    return [event.state for event in events_of(site.month.azyq.dsn) if event.topic == "sitting.held"]


def list_all(site: OfficeSite) -> None:
    client = site.signed_in("t.exec")
    answer = send(
        client, T5, {"key": key_of(client.get(T5)), "m.t.exec": "yes", "rest": "listed", **all_cases(site)}
    )
    assert answer.status_code == 303, shown(answer, 422)
    site.month.azyq.catch_up_views()


def all_cases(site: OfficeSite, **outcomes: str) -> dict[str, str]:
    return {f"{case}.outcome": outcomes.get(f"n{n}", "") for n, case in enumerate(site.cases)}


def test_S000_T6_T16_cases_that_wait_are_decided_in_one_act_each_with_its_own_outcome(
    site: OfficeSite,
) -> None:
    # given an executor who puts all on the list
    list_all(site)
    client = site.signed_in("s.secretary")
    listed = shown(client.get("/office/sittings?lang=en"))
    assert "Checks against order No. 114, signs the minutes" in listed
    assert "3" in listed
    page = client.get(f"{T6}?lang=en")
    text = shown(page)
    assert all(case in text for case in site.cases)
    assert all(word in text for word in ("Admitted", "Not admitted", "a.member", "Minutes"))
    # when two are decided on, one with a ground, and one is left for another time
    sent = {
        "key": key_of(page),
        "m.a.member": "yes",
        "members": "А. Бекова, Б. Оспанов",
        **all_cases(site, n0="admitted", n1="not_admitted"),
        f"{site.cases[1]}.ground": "requirements_not_met",
    }
    answer = send(client, T6, sent, d__minutes=PDF)
    # then it is one sitting, and the page says so
    assert answer.status_code == 303, shown(answer, 422)
    assert "Sitting recorded, cases: 2" in shown(client.get(answer.headers["location"]))
    told = held(site)[-1]
    assert told["decisions"] == [[site.cases[0], "admitted"], [site.cases[1], "not_admitted"]]
    assert told["members"] == ["a.member", "А. Бекова", "Б. Оспанов"]
    assert (told["actor"], told["minutes"][1:]) == ("s.secretary", ["application/pdf", len(PDF)])
    # and a second press is the same one
    assert send(client, T6, sent, d__minutes=PDF).status_code == 303
    assert len(held(site)) == 2
    site.month.azyq.catch_up_views()
    left = shown(client.get(T6))
    assert site.cases[2] in left
    assert site.cases[0] not in left


def test_S000_T16_a_sitting_that_is_refused_keeps_what_was_filled_in_and_says_of_which_case(
    site: OfficeSite,
) -> None:
    list_all(site)
    client = site.signed_in("s.secretary")
    before = len(held(site))
    # no ground for a refusal
    sent = {"key": key_of(client.get(T6)), "members": "А. Бекова", "rest": "admitted"}
    answer = send(client, T6, {**sent, **all_cases(site, n0="not_admitted", n2="-")})
    text = shown(answer, 422)
    assert site.cases[0] in text
    place = answer.text.index(f'id="{site.cases[0]}"')
    assert "ground" in html.unescape(answer.text[place : answer.text.index("</fieldset>", place)])
    assert '<option value="not_admitted" selected>' in answer.text
    assert 'value="А. Бекова"' in answer.text or ">А. Бекова<" in answer.text
    # nobody sat, nothing is decided, a case of another service, one that is no case
    nobody = send(client, T6, {"key": "k1", **all_cases(site, n0="admitted")})
    assert "from 1 to 1000 cases" in shown(nobody, 422)
    nothing = send(client, T6, {"key": "k2", "members": "a", **all_cases(site)})
    assert "from 1 to 1000 cases" in shown(nothing, 422)
    for number in ("AT-2026-22222222", site.complain(8), "<script>"):
        strange = send(client, T6, {"key": "k3", "members": "a", f"{number}.outcome": "admitted"})
        assert strange.status_code in (404, 422)
        assert "<script>" not in strange.text.replace("<script src", "")
    unread = send(
        client, T6, {"key": "k4", "members": "a", **all_cases(site, n0="admitted")}, d__minutes=b"x"
    )
    assert shown(unread, 422)
    assert len(held(site)) == before


def test_S000_T6_sittings_are_for_the_roles_of_the_services_file(site: OfficeSite) -> None:
    list_all(site)
    for staff, path, status in (
        ("t.exec", T6, 403),
        ("k.clerk", T6, 403),
        ("s.secretary", T5, 403),
        ("s.secretary", "/office/sittings/attestation/T2", 422),
        ("s.secretary", "/office/sittings/attestation/none", 422),
        ("s.secretary", "/office/sittings/nothing/T6", 422),
    ):
        client = site.signed_in(staff)
        assert client.get(path).status_code == status, (staff, path)
        sent = {"key": "k", "members": "a", **all_cases(site, n0="admitted")}
        assert send(client, path, sent).status_code == status, (staff, path)
    assert len(held(site)) == 1
    assert "/office/sittings" in site.signed_in("s.secretary").get("/office").text
    assert "/office/sittings" not in site.signed_in("k.clerk").get("/office").text
    # the page of a case leads there
    assert f"{T6}?lang=en" in site.signed_in("s.secretary").get(f"/office/cases/{site.cases[0]}?lang=en").text
    for language in ("kk", "ru", "en"):
        for path in ("/office/sittings", T6):
            answer = site.signed_in("s.secretary").get(f"{path}?lang={language}")
            assert "{" not in shown(answer)


def test_S000_T6_outside_a_trial_a_sitting_is_signed_by_certificate(site: OfficeSite) -> None:
    list_all(site)
    azyq: Any = site.month.azyq
    client = site.signed_in("s.secretary")
    signatures_are(azyq, NoSignatures())
    fields = {"key": key_of(client.get(T6)), "members": "А. Бекова", "rest": "admitted", **all_cases(site)}
    assert "signature" in shown(send(client, T6, fields), 422)
    signatures_are(azyq, CmsSignatures([AUTHORITY.certificate], person_of(azyq.vault.find_person)))
    enrol_staff(azyq).identify(
        "s.secretary", azyq.vault.enrol([PersonalData(IIN, "С", "А", "", "")])[0], site.month.clock()
    )
    page = send(client, T6, fields, d__minutes=PDF)
    text = shown(page)
    assert all(one in text for one in (*site.cases, "Admitted", "А. Бекова"))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))
    content = send(client, T6, {**hidden, "do": "content"}).content
    assert site.cases[0].encode() in content
    parts: dict[str, Any] = {name: (None, value) for name, value in {**hidden, "do": "sign"}.items()}
    wrong = client.post(f"{T6}?lang=en", files={**parts, "signature": ("s", SECRETARY.sign(b"x"), "x/y")})
    assert wrong.status_code == 422
    answer = client.post(f"{T6}?lang=en", files={**parts, "signature": ("s", SECRETARY.sign(content), "x/y")})
    assert answer.status_code == 303, shown(answer, 422)
    told = held(site)[-1]
    assert (len(told["decisions"]), told["minutes"][1]) == (3, "application/pdf")
    assert told["signature"]


def test_a_service_file_that_is_broken_keeps_nobody_from_the_office(site: OfficeSite, tmp_path: Path) -> None:
    client = site.signed_in("k.clerk")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.toml").write_text("id = 3", encoding="utf-8")
    azyq: Any = site.month.azyq
    azyq.__dict__["services"] = InstalledServices(tmp_path / "broken")
    for path in ("/office", "/office/parked"):
        assert client.get(path).status_code == 200, path

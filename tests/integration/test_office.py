"""The office's pages: the morning by role, sign-in, acts that are recorded, and what is refused."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi.testclient import TestClient

from domain.audit_events import Verdict, record_verdict
from domain.errors import Refusal
from domain.ports import PersonalData
from domain.procedures.acts import Actor
from infra.parts.access import AnalystAccess
from infra.parts.signing_in import SigningIn
from infra.parts.staff import enrol_staff
from infra.sample.numbers import Iins
from infra.web.office.plain import SIGN_IN
from infra.web.office.sign_in import COOKIE
from infra.web.office.words import OFFICE_WORDS
from tests.certificates import Certified, certified
from tests.integration.month_in_process import query
from tests.integration.office_in_process import HERE, STAFF, OfficeSite, an_office, post

pytestmark = pytest.mark.views_ready


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[OfficeSite]:
    with an_office(database, tmp_path) as site:
        yield site


def shown(answer: Any, status: int = 200) -> str:
    """The page's text as a reader sees it."""
    assert answer.status_code == status, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", answer.text)))


# --- the morning --------------------------------------------------------------------------------------------


def test_R19_R20_the_clerks_morning(site: OfficeSite) -> None:
    text = shown(site.signed_in("k.clerk").get("/office?lang=en"))
    assert "Today, 08.07.2025" in text
    assert "done 05.07.2025" in text
    assert "SMS again in 2 days" in text
    assert "10.07.2025: SMS again." in text
    assert "Families without a phone number: 3." in text
    assert "Handed over 11" in text
    assert "Consented 3" in text
    assert "Download the list (CSV)" in text
    assert "Parked items: 3" in text
    assert "Complaint about the food vouchers" in text


def test_R19_another_months_page_keeps_what_is_pressing_today(site: OfficeSite) -> None:
    site.month.at(31, 23)
    client = site.signed_in("k.clerk")
    now, other = client.get("/office?lang=en"), client.get("/office?month=2025-09&lang=en")
    pressing = re.findall(r'<li class="(?:alarm|warn)"><a href="[^"]*">([^<]*)<', now.text)
    assert any("late" in one for one in pressing)
    assert re.findall(r'<li class="(?:alarm|warn)"><a href="[^"]*">([^<]*)<', other.text) == pressing
    assert 'href="/office?lang=en#akkol-2025-2025-07"' in other.text
    assert 'href="#akkol-2025-2025-07"' in now.text
    assert "Nothing is pressing" not in other.text
    assert "September 2025" in other.text


def test_R29_the_last_audit_is_told_and_one_that_found_something_is_in_front(site: OfficeSite) -> None:
    azyq, client = site.month.azyq, site.signed_in("k.clerk")
    assert "Audit none yet" in shown(client.get("/office?lang=en"))
    record_verdict(azyq.log, Verdict(40, 40, 900, 0, ""), azyq.clock())
    text = shown(client.get("/office?lang=en"))
    assert "Audit holds – 08.07.2025" in text
    assert "up to position 40" in text
    assert '<dd class="well">holds' in client.get("/office?lang=en").text
    site.month.at(10, 10)
    client = site.signed_in("k.clerk")
    assert '<dd class="warn">holds' in client.get("/office?lang=en").text
    record_verdict(azyq.log, Verdict(41, 41, 900, 2, "claim"), azyq.clock())
    text = shown(client.get("/office?lang=en"))
    assert "findings: 2" in text
    assert text.index("The audit found the log not in order: 2.") < text.index("The month's calendar")


def test_the_executors_morning_has_his_cases_and_nothing_else(site: OfficeSite) -> None:
    text = shown(site.signed_in("e.executor").get("/office?lang=en"))
    assert "There is nothing here." in text
    assert "month's calendar" not in text
    assert "Parked" not in text


def test_R30_the_registrars_morning_has_the_overdue_in_front(site: OfficeSite) -> None:
    text = shown(site.signed_in("r.registrar").get("/office?lang=en"))
    assert "You have overdue steps" in text
    places = [text.index(case) for case in site.cases]
    assert places == sorted(places)
    assert text.count("overdue by") == 2
    assert "left" in text


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_in_every_language(site: OfficeSite, language: str) -> None:
    for staff in STAFF:
        client = site.signed_in(staff)
        pages = ["/office", "/office/cases"]
        pages += ["/office/parked"] if staff.startswith("k.") else [f"/office/cases/{site.cases[0]}"]
        for page in pages:
            answer = client.get(f"{page}?lang={language}")
            text = shown(answer)
            assert f'<html lang="{language}">' in answer.text
            assert "{" not in text
            assert answer.headers["cache-control"] == "no-store"


def test_words_are_there_in_each_language() -> None:
    for key, texts in OFFICE_WORDS.items():
        assert all(texts), key
        places = [set(re.findall(r"{(\w+)}", text)) for text in texts]
        assert places[0] == places[1] == places[2], key


def test_a_month_is_chosen_and_months_that_are_none_are_refused(site: OfficeSite) -> None:
    client = site.signed_in("k.clerk")
    assert "No programme runs" in shown(client.get("/office?month=2031-01"))
    assert "list has come" in shown(client.get("/office?month=2025-09"))
    for month in ("2025-13", "2025", "２０２５-07", "' OR 1=1--", "0000-00"):
        assert client.get("/office", params={"month": month}).status_code == 422
    assert client.get("/office?nonsense=1").status_code == 422
    assert client.get("/office?month=2025-07&month=2025-08").status_code == 422


# --- who ----------------------------------------------------------------------------------------------------


def test_nobody_is_in_without_a_session(site: OfficeSite) -> None:
    client = site.browser()
    for path in ("/office", "/office/cases", "/office/parked", "/office/no-number"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(SIGN_IN)
    text = shown(post(client, "/office/parked/retry", place="families", number="1"), 401)
    assert "Nothing was done" in text


def test_signing_in_and_out_is_recorded(site: OfficeSite) -> None:
    client = site.signed_in("k.clerk")
    assert site.acts("office.signed_in") == [{"staff": "k.clerk", "way": "trial"}]
    cookie = client.cookies[COOKIE]
    assert client.post("/office/sign-out").status_code == 303
    assert site.acts("office.signed_out") == [{"staff": "k.clerk"}]
    client.cookies.set(COOKIE, cookie, path="/office")
    assert client.get("/office").status_code == 303


def test_only_at_the_machine_of_a_trial_somebody_is_chosen(site: OfficeSite) -> None:
    far = site.browser(client=("10.0.0.7", 5000))
    assert "Trial: as whom?" not in shown(far.get(SIGN_IN))
    assert "Trial: as whom?" in shown(site.browser().get(SIGN_IN))
    shown(post(far, f"{SIGN_IN}/chosen", staff="k.clerk"), 422)
    handed_on = {"X-Forwarded-For": "10.0.0.7"}
    shown(post(site.browser(), f"{SIGN_IN}/chosen", handed_on, staff="k.clerk"), 422)
    shown(post(site.browser(), f"{SIGN_IN}/chosen", staff="nobody"), 422)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    shown(post(site.browser(), f"{SIGN_IN}/chosen", elsewhere, staff="k.clerk"), 403)
    elsewhere = {"Origin": "https://evil.example"}
    shown(post(site.browser(), f"{SIGN_IN}/chosen", elsewhere, staff="k.clerk"), 403)
    assert site.acts("office.signed_in") == []


def test_a_member_who_is_revoked_or_changed_while_signed_in(site: OfficeSite) -> None:
    azyq = site.month.azyq
    client, other = site.signed_in("k.operator"), site.signed_in("k.clerk")
    enrol_staff(azyq).revoke("k.operator", "left", azyq.clock())
    assert client.get("/office").status_code == 303
    shown(post(client, "/office/parked/discard", place="families", number="1", reason="known"), 401)
    assert site.office.parked(0, 10)[1] == 3
    enrol_staff(azyq).change("k.clerk", "", ["office-approver"], azyq.clock())
    assert "approver" in shown(other.get("/office?lang=en"))


def test_a_session_ends_after_its_hours(site: OfficeSite) -> None:
    client = site.signed_in("k.clerk")
    site.month.at(8, 18)
    assert client.get("/office").status_code == 303


# --- parked -------------------------------------------------------------------------------------------------


def test_R32_the_operator_leaves_out_and_tries_again(site: OfficeSite) -> None:
    client = site.signed_in("k.operator")
    answer = post(
        client, "/office/parked/discard", place="families", number="2", reason="  written by\ta test "
    )
    assert answer.status_code == 303
    assert "Left out: families, 2." in shown(client.get(answer.headers["location"]))
    told = {"staff": "k.operator", "place": "families", "number": 2, "reason": "written by a test"}
    assert site.acts("office.parked_discarded") == [told]
    notes = query(site.month.azyq.dsn, "SELECT note FROM azyq_views.parked WHERE state = 'discarded'")
    assert notes == [("written by a test (k.operator)",)]
    assert [one.number for one in site.office.parked(0, 10)[0]] == [1, 3]
    answer = post(client, "/office/parked/retry", place="families", number="1")
    assert answer.status_code == 303
    assert [one.number for one in site.office.parked(0, 10)[0]] == [3]
    (tried,) = site.acts("office.parked_retried")
    assert (tried["staff"], tried["place"], tried["number"]) == ("k.operator", "families", 1)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "ИИН 880504300001", "8 (701) 123-45-67", "a\x00b"])
def test_nothing_is_left_out_without_a_reason_that_names_nobody(site: OfficeSite, reason: str) -> None:
    client = site.signed_in("k.operator")
    answer = post(client, "/office/parked/discard", place="families", number="2", reason=reason)
    assert answer.status_code == 422
    assert site.office.parked(0, 10)[1] == 3


@pytest.mark.parametrize(
    ("place", "number", "status"),
    [
        ("families", "99", 404),
        ("nonsense", "1", 404),
        ("families", "-1", 422),
        ("families", "１", 422),
        ("families", "9" * 19, 422),
        ("families'; DROP TABLE azyq_views.parked;--", "1", 422),
        ("azyq.events.v1/0", "1", 404),
        ("azyq.events.v1/x", "1", 422),
        ("", "", 422),
    ],
)
def test_R32_what_is_not_parked_is_not_there(site: OfficeSite, place: str, number: str, status: int) -> None:
    client = site.signed_in("k.operator")
    assert post(client, "/office/parked/retry", place=place, number=number).status_code == status
    answer = post(client, "/office/parked/discard", place=place, number=number, reason="known")
    assert answer.status_code == status
    assert site.office.parked(0, 10)[1] == 3


def test_R32_a_refused_reason_is_kept_where_it_was_typed(site: OfficeSite) -> None:
    client = site.signed_in("k.operator")
    typed = "seen by +7 701 123 45 67 <b>"
    answer = post(client, "/office/parked/discard", place="families", number="2", reason=typed)
    assert "Say why, in at most 200 characters" in shown(answer, 422)
    assert answer.text.count("<details open>") == 1
    assert f'value="{html.escape(typed)}"' in answer.text.replace("&#43;", "+")
    assert site.office.parked(0, 10)[1] == 3
    for act in ("retry", "discard"):
        assert client.get(f"/office/parked/{act}?lang=kk").headers["location"] == "/office/parked?lang=kk"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_an_address_that_is_no_page_is_answered_with_one(site: OfficeSite, language: str) -> None:
    for client in (site.browser(), site.signed_in("k.clerk")):
        for path in ("/office/nothing", "/office/%00", "/office//evil.example", "/office/parked/1/2"):
            answer = client.get(f"{path}?lang={language}")
            assert OFFICE_WORDS["no_page"][("kk", "ru", "en").index(language)] in shown(answer, 404)
            assert f'<html lang="{language}">' in answer.text
        assert client.get(f"/office/?lang={language}").headers["location"] == f"/office?lang={language}"
        for path in ("/office/parked", "/office/evil.example", "/office/sign-in"):
            answer = client.get(f"{path}/?lang={language}")
            assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?lang={language}")


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_R30_a_case_page_tells_no_ids(site: OfficeSite, language: str) -> None:
    client = site.signed_in("r.registrar")
    path = f"/office/cases/{site.cases[0]}"
    page = client.get(f"{path}?lang={language}")
    text = shown(page)
    channel = OFFICE_WORDS["channel"][("kk", "ru", "en").index(language)]
    said = OFFICE_WORDS["channel_portal"][("kk", "ru", "en").index(language)]
    assert f"{channel}: {said}" in text
    service = site.month.azyq.services.files.latest("complaint")
    wanted = [one.names[language].strip().casefold() for one in service.fields]
    labels = [html.unescape(one).casefold() for one in re.findall(r"<dt>([^<]*)</dt>", page.text)]
    of_form = [label for label in labels if label in wanted]
    assert "".join(of_form) == "".join(label for label in wanted if label in of_form)
    assert service.fields[0].names[language].strip().casefold() in of_form
    assert len(of_form) == 5
    key = key_in(client.get(path).text, "registered")
    assert post(client, f"{path}/acts", step="register", outcome="registered", key=key).status_code == 303
    late = shown(
        post(client, f"{path}/acts?lang={language}", step="register", outcome="registered", key="b" * 32), 422
    )
    assert f": {service.steps['consider'].names[language]})" in late
    assert "consider)" not in late


@pytest.mark.parametrize("staff", ["k.clerk", "k.approver", "e.executor"])
def test_another_roles_button_is_refused_and_recorded(site: OfficeSite, staff: str) -> None:
    client = site.signed_in(staff)
    text = shown(post(client, "/office/parked/discard", place="families", number="1", reason="known"), 403)
    assert "operator" in text
    told = {"staff": staff, "act": "parked_discard", "code": "office_role_missing"}
    assert site.acts("office.refused") == [told]
    assert site.office.parked(0, 10)[1] == 3


def test_a_form_of_another_site_is_refused(site: OfficeSite) -> None:
    client = site.signed_in("k.operator")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    fields = {"place": "families", "number": "1", "reason": "known"}
    shown(post(client, "/office/parked/discard", elsewhere, **fields), 403)
    broken = client.post("/office/parked/discard", content=b"place=families", headers={"Content-Type": "x"})
    assert broken.status_code == 422
    assert site.office.parked(0, 10)[1] == 3


def test_ten_thousand_parked_items_come_a_page_at_a_time(site: OfficeSite) -> None:
    site.park(10_000, 1_000)
    client = site.signed_in("k.operator")
    first, last = client.get("/office/parked"), client.get("/office/parked?page=201")
    assert "In all: 10\N{NO-BREAK SPACE}003" in first.text
    assert first.text.count("parked/retry") == 50
    assert last.text.count("parked/retry") == 3
    for page in ("0", "-1", "x", "１", "100001", "99999999999"):
        assert client.get(f"/office/parked?page={page}").status_code == 422
    assert client.get("/office/parked?page=100000").status_code == 200


# --- families without a number ------------------------------------------------------------------------------


def test_R18_families_without_a_number_are_downloaded_and_it_is_recorded(site: OfficeSite) -> None:
    answer = site.signed_in("k.clerk").get("/office/no-number?programme=akkol-2025&month=2025-07")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert rows[0] == "iin,surname,given_name,patronymic,region,missing_since"
    assert len(rows) == 4
    assert re.fullmatch(r"[0-9]{12},\w+,\w+,,113220100,2025-07-0[25]", rows[1])
    told = {"staff": "k.clerk", "programme": "akkol-2025", "month": "2025-07", "families": 3}
    assert site.acts("office.missing_numbers_read") == [told]


def test_R18_the_file_is_for_clerk_and_approver_only(site: OfficeSite) -> None:
    path = "/office/no-number?programme=akkol-2025&month=2025-07"
    for staff in ("k.operator", "r.registrar"):
        assert site.signed_in(staff).get(path).status_code == 403
    assert len(site.acts("office.refused")) == 2
    assert site.acts("office.missing_numbers_read") == []
    clerk = site.signed_in("k.clerk")
    for query_, status in (
        ("programme=nobody&month=2025-07", (404, 422)),
        ("programme=akkol-2025&month=2031-01", (404, 422)),
        ("programme=akkol-2025&month=x", (422,)),
        ("", (404, 422)),
    ):
        assert clerk.get(f"/office/no-number?{query_}").status_code in status


# --- cases --------------------------------------------------------------------------------------------------


def key_in(page: str, outcome: str) -> str:
    """The key of the form of an outcome."""
    found = re.search(rf'value="{outcome}">\s*<input type="hidden" name="key" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def test_R30_a_case_goes_its_way_by_forms(site: OfficeSite) -> None:
    case = site.cases[0]
    path = f"/office/cases/{case}"
    registrar = site.signed_in("r.registrar")
    page = registrar.get(f"{path}?lang=en")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "Registered" in shown(page)
    fields = {"step": "register", "outcome": "registered", "key": key_in(page.text, "registered")}
    answer = post(registrar, f"{path}/acts", **fields)
    assert answer.status_code == 303, answer.text
    assert "Done, and recorded" in shown(registrar.get(answer.headers["location"]))
    # a second press of the button is the same act
    assert post(registrar, f"{path}/acts", **fields).status_code == 303
    executor = site.signed_in("e.executor")
    page = executor.get(f"{path}?lang=en")
    fields = {"step": "consider", "outcome": "upheld", "key": key_in(page.text, "upheld")}
    text = shown(post(executor, f"{path}/acts?lang=en", **fields), 422)
    assert "Measures taken" in text
    measures = {"f.measures": "The shop takes vouchers again"}
    assert post(executor, f"{path}/acts", **fields, **measures).status_code == 303
    head = site.signed_in("h.head")
    page = head.get(f"{path}?lang=en")
    assert "In a trial the system signs" in page.text
    fields = {"step": "sign", "outcome": "answer_signed", "key": key_in(page.text, "answer_signed")}
    assert post(head, f"{path}/acts", **fields).status_code == 303
    text = shown(head.get(f"{path}?lang=en"))
    assert "Complaint upheld" in text
    assert "e.executor" in text


def test_R30_an_act_of_anothers_role_is_refused_and_recorded(site: OfficeSite) -> None:
    case = site.cases[0]
    executor = site.signed_in("e.executor")
    page = executor.get(f"/office/cases/{case}")
    assert "There is no step for your role now." in shown(page)
    fields = {"step": "register", "outcome": "registered", "key": "a" * 32}
    assert post(executor, f"/office/cases/{case}/acts", **fields).status_code == 403
    assert site.acts("office.refused") == [{"staff": "e.executor", "act": "act", "code": "not_your_step"}]


def test_a_case_of_others_and_a_case_that_is_none_look_alike(site: OfficeSite) -> None:
    clerk = site.signed_in("k.clerk")
    number = site.cases[0]
    foreign = shown(clerk.get(f"/office/cases/{number}"), 404)
    unknown = shown(clerk.get("/office/cases/CM-2025-00000000"), 404)
    assert foreign.replace(number, "") == unknown.replace("CM-2025-00000000", "")
    assert {one["code"] for one in site.acts("office.refused")} == {"case_unknown"}
    assert (
        post(clerk, f"/office/cases/{number}/acts", step="register", outcome="registered").status_code == 404
    )
    digest = "0" * 64
    assert clerk.get(f"/office/cases/{number}/documents/{digest}").status_code == 404


def test_a_document_of_a_case_is_downloaded_and_never_shown(site: OfficeSite) -> None:
    registrar = site.signed_in("r.registrar")
    page = registrar.get(f"/office/cases/{site.cases[0]}").text
    (path,) = re.findall(r'href="(/office/cases/[^"]*/documents/[0-9a-f]{64})', page)
    answer = registrar.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == "attachment"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert registrar.get(path[:-1] + "x").status_code == 404


@pytest.mark.parametrize(
    ("query_", "status"),
    [
        ("state=open", 200),
        ("state=closed", 200),
        ("state=closed&service=complaint", 200),
        ("state=refused&service=complaint", 200),
        ("state=escalated", 200),
        ("state=nonsense", 200),
        ("due=overdue", 200),
        ("due=today&mine=yes", 200),
        ("role=registrar", 200),
        ("role=head", 403),
        ("state=closed&service=nonsense", 422),
        ("after=nonsense", 422),
        ("after=%00", 422),
        ("limit=1000000", 422),
        ("state=open&state=closed", 422),
    ],
)
def test_R30_what_is_asked_of_the_list(site: OfficeSite, query_: str, status: int) -> None:
    answer = site.signed_in("r.registrar").get(f"/office/cases?lang=en&{query_}")
    assert answer.status_code == status, shown(answer, answer.status_code)


def test_R30_many_cases_come_a_page_at_a_time(site: OfficeSite) -> None:
    for _ in range(55):
        site.complain(8)
    site.month.azyq.catch_up_views()
    client = site.signed_in("r.registrar")
    first = client.get("/office/cases").text
    (more,) = re.findall(r'href="([^"]*after=[^"]*)"', first)
    second = client.get(html.unescape(more)).text
    found = [set(re.findall(r"/office/cases/(CM-[^?\"]+)", text)) for text in (first, second)]
    assert [len(one) for one in found] == [50, 8]
    assert not found[0] & found[1]


def test_pages_are_kept_by_nobody_and_run_no_script_of_others(site: OfficeSite) -> None:
    client: TestClient = site.signed_in("k.operator")
    for path in ("/office", "/office/parked", SIGN_IN):
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script(?![^>]* src=)|<style|\son[a-z]+=|\sstyle=", answer.text)
    cookie = post(site.browser(), f"{SIGN_IN}/chosen", staff="k.clerk").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/office" in cookie
    assert HERE.startswith("http:")


# --- by signature -------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Certified:
    """Whose certificates are trusted."""
    authority = certified("Tests' authority", authority=True, days=3000)
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "authority.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return authority


@pytest.fixture
def signed(database: str, tmp_path: Path, authority: Certified) -> Iterator[OfficeSite]:
    """The office where signatures are by certificate."""
    with an_office(database, tmp_path, AZYQ_TRUST=tmp_path / "trust") as site:
        yield site


def a_person(site: OfficeSite, authority: Certified, born: date) -> tuple[str, Certified]:
    """The vault's subject of somebody with a certificate."""
    iin = Iins(Random(born.toordinal())).next(born, woman=True)
    (subject,) = site.month.azyq.vault.enrol([PersonalData(iin, "Сейткали", "Айгүл", "", born.isoformat())])
    return subject, certified("A. Seitkali", authority, serial=f"IIN{iin}", days=1500)


def challenge_in(page: Any) -> str:
    (found,) = re.findall(r"readonly[^>]*>([^<]+)</textarea>", page.text)
    return html.unescape(found)


def signs_in(site: OfficeSite, certificate: Certified, client: TestClient) -> Any:
    challenge = challenge_in(client.get(SIGN_IN))
    signature = base64.b64encode(certificate.sign(challenge.encode())).decode()
    return post(client, SIGN_IN, challenge=challenge, signature=signature)


def test_whoever_is_enrolled_while_the_views_are_behind_is_told_to_wait(site: OfficeSite) -> None:
    azyq = site.month.azyq
    client = site.browser()
    assert "being brought up to date" not in shown(client.get(f"{SIGN_IN}?lang=en"))
    query(azyq.dsn, "DELETE FROM azyq_views.staff")
    assert "Nobody is enrolled yet" in shown(client.get(f"{SIGN_IN}?lang=en"))
    # whatever else happens, nobody of staff is missing
    site.complain(8)
    assert "being brought up to date" not in shown(client.get(f"{SIGN_IN}?lang=en"))
    # given a member whom no view has yet
    enrol_staff(azyq).enrol("z.new", "", ("office-clerk",), site.month.clock())
    text = shown(client.get(f"{SIGN_IN}?lang=en"))
    assert "being brought up to date" in text
    assert "Nobody is enrolled yet" not in text
    azyq.catch_up_views()
    text = shown(client.get(f"{SIGN_IN}?lang=en"))
    assert "z.new" in text
    assert "being brought up to date" not in text


def test_a_member_signs_in_by_certificate_from_anywhere(signed: OfficeSite, authority: Certified) -> None:
    azyq = signed.month.azyq
    subject, certificate = a_person(signed, authority, date(1988, 5, 4))
    enrol_staff(azyq).enrol("a.clerk", "", ["office-clerk"], azyq.clock(), subject)
    far = signed.browser(client=("10.0.0.7", 5000))
    assert signs_in(signed, certificate, far).status_code == 303
    assert "a.clerk" in shown(far.get("/office?lang=en"))
    assert signed.acts("office.signed_in") == [{"staff": "a.clerk", "way": "signature"}]
    # the same person without the role, or revoked, is not let in
    enrol_staff(azyq).revoke("a.clerk", "left", azyq.clock())
    assert far.get("/office").status_code == 303
    shown(signs_in(signed, certificate, far), 422)


def test_whoever_is_not_enrolled_is_not_let_in_and_it_is_recorded(
    signed: OfficeSite, authority: Certified
) -> None:
    _, certificate = a_person(signed, authority, date(1990, 2, 1))
    client = signed.browser()
    shown(signs_in(signed, certificate, client), 422)
    assert signed.acts("office.refused") == [{"staff": "", "act": "sign_in", "code": "sign_in_failed"}]
    # a challenge is good once, a wrong signature for nothing
    challenge = challenge_in(client.get(SIGN_IN))
    for signature in ("", "AAAA", "not base64", "A" * 200_000):
        shown(post(client, SIGN_IN, challenge=challenge, signature=signature), 422)
    assert COOKIE not in client.cookies


def test_R30_outside_a_trials_own_signatures_an_act_is_signed_by_file(
    signed: OfficeSite, authority: Certified
) -> None:
    azyq = signed.month.azyq
    subject, certificate = a_person(signed, authority, date(1979, 8, 30))
    enrol_staff(azyq).enrol("b.head", "", ["head"], azyq.clock(), subject)
    case = signed.cases[0]
    signed.act(case, "register", "registered", Actor("r.registrar", ("registrar",)))
    signed.act(case, "consider", "upheld", Actor("e.executor", ("executor",)), measures="done")
    head = signed.browser()
    assert signs_in(signed, certificate, head).status_code == 303
    page = head.get(f"/office/cases/{case}?lang=en")
    assert "On the next page you download" in shown(page)
    fields = {"step": "sign", "outcome": "answer_signed", "key": key_in(page.text, "answer_signed")}
    path = f"/office/cases/{case}/acts?lang=en"
    assert "Download" in shown(post(head, path, **fields))
    content = post(head, path, **fields, do="content").content
    file = {"signature": ("act.p7s", certificate.sign(content), "application/pkcs7-signature")}
    told = {name: (None, value) for name, value in {**fields, "do": "sign"}.items()}
    answer = head.post(path, files={**told, **file})
    assert answer.status_code == 303, answer.text
    assert "Complaint upheld" in shown(head.get(f"/office/cases/{case}?lang=en"))
    # the language of the page that asks for the signature leads back to the case
    assert head.get(path).status_code == 303


def test_sessions_of_analysts_and_of_staff_open_nothing_of_each_other(site: OfficeSite) -> None:
    token = site.signed_in("k.clerk").cookies[COOKIE]
    access = AnalystAccess(site.month.azyq)
    with pytest.raises(Refusal):
        access.caller(token)
    access.close()
    signing_in = SigningIn(site.month.azyq)
    now = site.month.clock()
    # not even where an analyst were called as a member is
    session = signing_in.session("k.clerk", now + timedelta(hours=1), now)
    signing_in.close()
    client = site.browser()
    client.cookies.set(COOKIE, session.token, path="/office")
    assert client.get("/office").status_code == 303

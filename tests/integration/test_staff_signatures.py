"""Staff sign with their certificates (S000-L6): at the command line and by HTTP, on a real PostgreSQL and vault."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.ports import PersonalData
from infra.parts.staff import enrol_staff, member_of
from infra.signatures.cms import CmsSignatures, person_of
from tests.certificates import certified
from tests.integration.clerks_in_process import IIN, LICENCE, Bureau, Member, a_bureau
from tests.integration.month_in_process import query
from tests.integration.test_case_cli import Within, application, as_, shell_of
from tests.integration.test_cli import refused

pytestmark = pytest.mark.views_ready

HEAD_IIN = "850612412102"
OFFICE = certified("Office", authority=True)
APPLICANT = certified("ОСПАНОВА ДИНАРА", OFFICE, serial=f"IIN{IIN}")
HEAD = certified("БАСШЫ БІР", OFFICE, serial=f"IIN{HEAD_IIN}")
LOG = "SELECT topic || convert_from(state, 'UTF8') FROM azyq_log.azyq_events"


@pytest.fixture
def azyq(database: str, tmp_path: Path) -> Within:
    shell = shell_of(Within, database, tmp_path)
    (tmp_path / "trust").mkdir()
    OFFICE.save(tmp_path / "trust", "office")
    (tmp_path / "trust" / "office.key").unlink()
    shell.environment["AZYQ_TRUST"] = str(tmp_path / "trust")
    assert isinstance(shell, Within)
    return shell


def signed(azyq: Within, by: Any, *command: str) -> Any:
    """The command under the signature by a certificate of what it says is to be signed."""
    before = query(azyq.environment["DATABASE_URL"], LOG)
    assert azyq(*command, "--content", "to-sign").stdout == ""
    assert query(azyq.environment["DATABASE_URL"], LOG) == before
    (azyq.folder / "signed.p7s").write_bytes(by.sign((azyq.folder / "to-sign").read_bytes()))
    return azyq(*command, "--signature", "signed.p7s")


def test_S000_L6_a_head_signs_with_the_certificate_at_the_command_line(azyq: Within) -> None:
    unsigned = [one for one in application() if one != "--sign"]
    refused(azyq("case", "open", LICENCE, *application()), "signature_trial_only")
    opened = signed(azyq, APPLICANT, "case", "open", LICENCE, *unsigned, "--json")
    assert opened.returncode == 0, opened.stderr
    case = azyq.json("case", "list", "--role", "responsible")[0]["case"]
    azyq.json("case", "act", case, "L2", "accepted", *as_("responsible"))
    azyq.json("case", "act", case, "L3", "registered", *as_("clerk"))
    azyq.json("case", "act", case, "L4", "assigned", *as_("head"), "--assign", "e.executor")
    azyq.json("case", "act", case, "L5", "licence_prepared", *as_("executor"))
    # nobody was told whose certificate signs for the head
    sign = ("case", "act", case.lower(), "L6", "licence_signed", *as_("head"))
    refused(signed(azyq, HEAD, *sign), "signer_unknown")
    azyq.json("staff", "enrol", "h.head", "--role", "head")
    refused(signed(azyq, APPLICANT, *sign), "signature_of_another")
    assert azyq.json("staff", "identify", "h.head", "--iin", HEAD_IIN)["now"] is True
    assert azyq.json("staff", "identify", "h.head", "--iin", HEAD_IIN)["now"] is False
    refused(signed(azyq, APPLICANT, *sign), "signature_of_another")
    done = signed(azyq, HEAD, *sign)
    assert done.returncode == 0, done.stderr
    # printed instead of written, the bytes are the same
    assert azyq(*sign, "--content", "-").stdout.encode() == (azyq.folder / "to-sign").read_bytes()
    # one person is one member, and one member one person
    refused(azyq("staff", "enrol", "h.two", "--role", "head", "--iin", HEAD_IIN), "subject_taken")
    refused(azyq("staff", "identify", "h.head", "--iin", IIN), "staff_identified")
    refused(azyq("staff", "identify", "h.head", "--iin", "123"), "field_malformed")
    refused(azyq("staff", "identify", "nobody", "--iin", IIN), "staff_unknown")
    listed = {one["staff"]: one["subject"] for one in azyq.json("staff", "list")}
    assert len(listed["h.head"]) == 32
    assert "сертификат известен" in azyq("staff", "list", "--lang", "ru").stdout
    azyq.json("staff", "revoke", "h.head")
    refused(azyq("case", "act", case, "L6", "licence_signed", *as_("head")), "staff_revoked")
    # the log names persons by the vault's ids alone, and the audit has nothing to say
    log = str(query(azyq.environment["DATABASE_URL"], LOG))
    assert not any(iin in log for iin in (IIN, HEAD_IIN))
    assert azyq("audit").returncode == 0


@pytest.fixture
def bureau(database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database, tmp_path) as bureau:
        azyq: Any = bureau.azyq
        azyq.__dict__["signatures"] = CmsSignatures([OFFICE.certificate], person_of(azyq.vault.find_person))
        yield bureau


def signed_by(member: Member, path: str, body: dict[str, Any], by: Any) -> Any:
    content = member.post(f"{path}/content", body)
    assert content.status_code == 200, content.text
    signature = base64.b64encode(by.sign(base64.b64decode(content.json()["content"]))).decode()
    return member.post(path, {**body, "signature": signature})


def test_S000_L6_by_http_the_person_of_the_key_signs(bureau: Bureau) -> None:
    portal = bureau.member("portal", "applicant")
    opened = signed_by(portal, "/v1/cases", {**bureau.licence(portal), "sign": False}, APPLICANT)
    assert opened.status_code == 201, opened.text
    case = opened.json()["case"]
    people = {role: bureau.member(f"{role[0]}.{role}", role) for role in ("responsible", "clerk", "executor")}
    both = bureau.member("h.head", "head", "executor")
    for role, step, outcome in (("responsible", "L2", "accepted"), ("clerk", "L3", "registered")):
        assert people[role].act(case, step, outcome).status_code == 201
    assert both.act(case, "L4", "assigned", assignee="e.executor").status_code == 201
    assert people["executor"].act(case, "L5", "licence_prepared").status_code == 201
    act = {"step": "L6", "outcome": "licence_signed"}
    path = f"/v1/cases/{case}/acts"
    # the executor's person comes back as a head: the same person doesn't sign what it prepared
    staff, subject = enrol_staff(bureau.azyq), bureau.azyq.vault.find_person(IIN) or ""
    staff.identify("e.executor", subject, bureau.clock())
    staff.revoke("e.executor", "promoted", bureau.clock())
    key = staff.enrol("n.head", "", ["head"], bureau.clock(), subject).key
    again = Member(bureau.client, "n.head", key)
    told = signed_by(again, path, act, APPLICANT)
    assert (told.status_code, told.json()["code"]) == (403, "same_person")
    # the head, whose person nobody knows, then the person's certificate
    told = signed_by(both, path, act, APPLICANT)
    assert (told.status_code, told.json()["code"], told.json()["pointer"]) == (
        *(422, "signature_of_another"),
        "/signature",
    )
    (head,) = bureau.azyq.vault.enrol([PersonalData(HEAD_IIN, "Басшы", "Бір", "", "")])
    staff.identify("h.head", head, bureau.clock())
    assert signed_by(both, path, act, HEAD).status_code == 201
    found = member_of(bureau.azyq, head)
    assert found is not None
    assert (found.id, found.roles) == ("h.head", ("head", "executor"))
    assert member_of(bureau.azyq, "0" * 32) is None

"""`azyq case` and `azyq staff` as a clerk types them: a licence from its application to its end, sittings, lists, keys."""

from __future__ import annotations

import json
import re
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from tests.integration.clerks_in_process import IIN, LICENCE, PDF, PHONE
from tests.integration.test_cli import Result, Shell, refused, wrong

MONDAY = {"AZYQ_CLOCK": "2026-03-02T09:00:00+05:00"}
FIELDS = {
    "applicant_kind": "natural",
    "applicant_name": "Оспанова Динара",
    "iin": IIN,
    "address": "Акколь",
    "phone": PHONE,
    "subtypes": "II",
}


class Within(Shell):
    """The same in the test's own process: for what needs many commands."""

    def __call__(self, *arguments: str, **environment: str) -> Result:
        with chdir(self.folder):
            found = CliRunner().invoke(app, arguments, env={**self.environment, **environment})
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return Result(arguments, found.exit_code, found.stdout, found.stderr)


def shell_of(kind: type[Shell], database: str, folder: Path) -> Shell:
    shell = kind(database, folder)
    shell.environment |= MONDAY
    for name in ("fee.pdf", "qualification.pdf"):
        (folder / name).write_bytes(PDF + name.encode())
    return shell


@pytest.fixture
def azyq(database: str, tmp_path: Path) -> Shell:
    return shell_of(Within, database, tmp_path)


@pytest.fixture
def outside(database: str, tmp_path: Path) -> Shell:
    return shell_of(Shell, database, tmp_path)


def application(**changed: Any) -> list[str]:
    """The options of a licence's application."""
    options = ["--kind", "issue", "--applicant-iin", IIN, "--applicant-phone", PHONE, "--consent", "--sign"]
    for name, value in {**FIELDS, **changed}.items():
        options += ["--field", f"{name}={value}"]
    return [
        *options,
        *("--document", "fee_paid=fee.pdf", "--document", "qualification=qualification.pdf"),
    ]


def as_(role: str) -> list[str]:
    return ["--as", f"{role[0]}.{role}", "--role", role]


def test_S000_L1_to_L6_a_clerks_whole_licence_case(outside: Shell) -> None:
    azyq = outside
    # L1: the applicant asks, and is told when the result comes
    said = azyq("case", "open", LICENCE, *application(), "--lang", "ru")
    assert said.returncode == 0, said.stderr
    case = said.stdout.split(":")[0]
    assert "Срок результата: 27.03.2026 18:30" in said.stdout
    assert "L2: Приём заявления" in said.stdout
    # L2 to L4: the lists of those whose turn it is
    (to_do,) = azyq.json("case", "list", "--role", "responsible")
    # A trial's clock ticks on while the command starts.
    assert (to_do["case"], to_do["step"], to_do["due_at"][:16]) == (case, "L2", "2026-03-02T09:20")
    azyq.json("case", "act", case, "L2", "accepted", *as_("responsible"))
    late = {"AZYQ_CLOCK": "2026-03-02T12:00:00+05:00"}
    said = azyq("case", "act", case, "L3", "registered", *as_("clerk"), "--lang", "kk", **late)
    assert "кешігіп" in said.stdout
    assert azyq.json("case", "act", case, "L4", "assigned", *as_("head"), "--assign", "e.executor", **late)[
        "opened"
    ] == ["L5"]
    shown = azyq("case", "list", "--role", "executor", "--as", "e.executor", "--lang", "en", **late).stdout
    assert shown.startswith(f"{case}  27.03.2026 18:30  L5: Checks that the documents are complete")
    assert azyq.json("case", "list", "--role", "executor", "--as", "o.other", **late) == []
    # L5, L6: prepared, and signed by another
    azyq.json("case", "act", case, "L5", "licence_prepared", *as_("executor"), **late)
    unsigned = azyq("case", "act", case, "L6", "licence_signed", *as_("head"), **late)
    refused(unsigned, "signature_missing")
    signed = azyq.json("case", "act", case, "L6", "licence_signed", *as_("head"), "--sign", **late)
    assert (signed["ending"], signed["results"][0]["number"]) == ("granted", f"{case}-1")
    # what is told of it
    shown = azyq("case", "show", case.lower(), "--lang", "ru", **late).stdout
    assert "закрыто: Лицензия выдана" in shown
    assert "Оспанова Динара" in shown
    told = azyq.json("case", "why", case, "--lang", "ru", **late)
    assert told[0]["topic"] == "case.opened"
    assert {"S000-L2", "S000-L3", "S000-L4", "S000-L5b", "S000-L6"} <= {one["clause"] for one in told}
    assert {one["rules"] for one in told} == {"licence-design@1"}
    assert not any(personal in str(told) for personal in (IIN, PHONE, "Оспанова"))
    why = azyq("case", "why", case, "--lang", "ru", **late).stdout
    assert "с опозданием" in why
    # in words of people: where it came in, what the applicant reads, days as everywhere
    assert "способ: веб-портал «электронного правительства»" in why
    assert f"Заявителю сообщается: «Заявление № {case} принято" in why
    assert re.search(r"действует с \d\d\.\d\d\.\d{4}", why)
    assert azyq.json("why", f"{case.lower()}-1", "--lang", "ru", **late) == told
    levels = azyq.json("case", "levels", "--service", LICENCE, **late)["services"][LICENCE]
    assert (levels["done"], levels["terms_kept"], levels["ends"]) == (1, 1, {"granted": 1})
    (closed,) = azyq.json("case", "list", "--state", "closed", "--service", LICENCE, **late)
    assert (closed["case"], closed["ending"]) == (case, "granted")
    assert azyq("audit", **late).returncode == 0


def test_S002_36_what_is_refused_is_said_with_its_code(azyq: Shell) -> None:
    case = azyq.json("case", "open", LICENCE, *application(), "--key", "k1")["case"]
    assert azyq.json("case", "open", LICENCE, *application(), "--key", "k1")["case"] == case
    again = azyq("case", "open", LICENCE, *application(subtypes="III"), "--key", "k1")
    refused(again, "idempotency_key_reused")
    refused(azyq("case", "act", case, "L2", "accepted", *as_("head")), "not_your_step")
    refused(azyq("case", "act", case, "L3", "registered", *as_("clerk")), "step_not_open")
    refused(azyq("case", "show", "LD-2026-22222222"), "case_unknown")
    refused(azyq("case", "open", "nothing", *application()), "service_unknown")
    refused(azyq("case", "open", LICENCE, "--kind", "issue", "--consent"), "applicant_missing")
    (azyq.folder / "empty.pdf").write_bytes(b"")
    refused(azyq("case", "open", LICENCE, *application()[:-1], "qualification=empty.pdf"), "document_empty")
    wrong(azyq("case", "act", case, "L2", "accepted"), "--as ID and --role ROLE")
    wrong(azyq("case", "open", LICENCE, "--field", "x"), "--field is ID=VALUE")
    wrong(azyq("case", "open", LICENCE, *application()[:-1], "qualification=gone.pdf"), "gone.pdf")
    wrong(azyq("case", "open", "gone.toml"), "gone.toml")
    wrong(azyq("case", "list"), "--role")
    wrong(azyq("case", "list", "--role", "head", "--due", "soon"), "--due")


def test_a_role_or_a_service_that_is_none_is_told_not_taken_for_no_work(azyq: Shell) -> None:
    assert azyq("case", "list", "--role", "head").stdout == "Nothing to do.\n"
    refused(azyq("case", "list", "--role", "hed"), "role_unknown")
    refused(azyq("case", "list", "--role", "head", "--service", "licence"), "service_unknown")
    refused(azyq("case", "list", "--role", "head", "--unit", "hed"), "unit_unknown")


def test_S000_L5a_what_is_missing_is_said_when_a_case_is_opened(azyq: Shell) -> None:
    papers = [one for one in application() if not one.startswith("fee_paid=")]
    papers.pop(papers.index("--document"))
    assert "missing: Proof that the licence fee is paid" in azyq("case", "open", LICENCE, *papers).stdout


def test_S002_03_an_outcome_that_can_not_be_taken_says_what_it_waits_for(azyq: Shell) -> None:
    asked = {"register_name": "Tea permit", "registered_on": "2026-03-01", "electronic": "yes"}
    asked |= {"via_corporation": "no", "answers_to_president": "no"}
    options = [part for name, value in asked.items() for part in ("--field", f"{name}={value}")]
    case = azyq.json("case", "open", "drafting-standard", "--kind", "new", *as_("drafter"), *options)["case"]
    assert "only when draft_name == register_name" in azyq("case", "show", case).stdout


def test_a_number_typed_by_hand_is_understood(azyq: Shell) -> None:
    case = azyq.json("case", "open", LICENCE, *application())["case"]
    begins, year, rest = case.split("-")
    cyrillic = rest.translate(str.maketrans("BCHKMPTX", "ВСНКМРТХ"))
    typed = f"{begins.lower()} – 2О{year[2:]} – {cyrillic}"
    assert azyq.json("case", "act", typed, "L2", "accepted", *as_("responsible"))["case"] == case
    assert azyq.json("case", "show", typed)["case"] == case
    assert azyq.json("why", typed) == azyq.json("case", "why", f"1D{year}{rest}") != []


def test_S000_L1_a_request_is_read_from_a_file(azyq: Shell) -> None:
    request = {
        "service": LICENCE,
        "kind": "issue",
        "consent": True,
        "language": "ru",
        "applicant": {"iin": IIN, "phone": PHONE},
        "fields": FIELDS,
        "documents": {"fee_paid": "fee.pdf", "qualification": "qualification.pdf"},
    }
    (azyq.folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    told = azyq.json("case", "open", "request.json", "--sign")
    assert (told["state"], told["missing"]) == ("open", [])
    for name, text, says in (
        ("broken.toml", "service = ", "not TOML"),
        ("more.toml", 'service = "x"\ncolour = "red"', "no such key: colour"),
        ("kind.json", '{"service": "x", "fields": []}', "fields is of another kind"),
        ("list.json", "[]", "not a table"),
    ):
        (azyq.folder / name).write_text(text, encoding="utf-8")
        wrong(azyq("case", "open", name, "--sign"), says)


def test_S000_T6_T16_a_commission_sits_over_many_cases(azyq: Shell) -> None:
    person = {"surname": "Сейткали", "given_name": "Айгүл", "iin": IIN, "phone": PHONE}
    person |= {"activity": "expert_works", "specialisation": "I"}
    options = [part for name, value in person.items() for part in ("--field", f"{name}={value}")]
    papers = ["--document", "diploma=fee.pdf", "--document", "work_proof=qualification.pdf"]
    cases = []
    for _ in range(2):
        asked = ["attestation", "--applicant-iin", IIN, *options, *papers, "--consent", "--sign"]
        cases.append(azyq.json("case", "open", *asked)["case"])
        for step, outcome, role in (
            ("T2", "accepted", "responsible"),
            ("T3", "registered", "clerk"),
            ("T4", "assigned", "head"),
        ):
            more = ["--assign", "e.executor"] if step == "T4" else []
            azyq.json("case", "act", cases[-1], step, outcome, *as_(role), *more)
    listed = [{"case": case, "outcome": "listed"} for case in cases]
    (azyq.folder / "list.json").write_text(
        json.dumps({"service": "attestation", "step": "T5", "members": ["e.executor"], "decisions": listed}),
        encoding="utf-8",
    )
    assert len(azyq.json("case", "sit", "list.json", *as_("executor"))["decisions"]) == 2
    refused(azyq("case", "act", cases[0], "T6", "admitted", *as_("commission"), "--sign"), "in_sitting_only")
    members = ["--member", "a.one", "--member", "b.two"]
    decided = [
        "--decide",
        f"{cases[0]}=admitted",
        "--decide",
        f"{cases[1]}=not_admitted:requirements_not_met",
    ]
    sitting = ["attestation", "T6", *members, *decided, *as_("commission"), "--sign", "--minutes", "fee.pdf"]
    told = azyq.json("case", "sit", *sitting, "--key", "s1")
    assert [one["outcome"] for one in told["decisions"]] == ["admitted", "not_admitted"]
    assert azyq.json("case", "sit", *sitting, "--key", "s1") == told
    # of many cases, which ones are not to be decided on
    none = azyq("case", "sit", "attestation", "T7", *members, "--decide", f"{cases[1]}=foo", *as_("executor"))
    assert f"outcome_unknown: {cases[1]}: " in none.stderr
    (azyq.folder / "empty.pdf").write_bytes(b"")
    empty = [*sitting[:-1], "empty.pdf"]
    told = azyq("case", "sit", *empty)
    assert "document_empty: The file of “minutes” is empty" in told.stderr
    # all or none, and each case once
    refused(azyq("case", "sit", *sitting, "--key", "s2"), "step_not_open")
    assert "T7" in azyq("case", "show", cases[1]).stdout


def test_S002_36_staff_is_enrolled_listed_and_revoked(azyq: Shell) -> None:
    told = azyq.json("staff", "enrol", "k.clerk", "--role", "clerk", "--unit", "clerk")
    assert told["key"].startswith("azyq_trial_staff_k.clerk_")
    (listed,) = azyq.json("staff", "list")
    assert (listed["staff"], listed["roles"], listed["stage"]) == ("k.clerk", ["clerk"], "enrolled")
    assert told["key"] not in str(listed)
    assert azyq.json("staff", "key", "k.clerk")["key"] != told["key"]
    assert azyq.json("staff", "change", "k.clerk", "--role", "clerk", "--role", "head")["now"] is True
    assert azyq.json("staff", "list")[0]["roles"] == ["clerk", "head"]
    assert azyq.json("staff", "revoke", "k.clerk", "--reason", "left")["now"] is True
    assert "отозван" in azyq("staff", "list", "--lang", "ru").stdout
    refused(azyq("staff", "key", "k.clerk"), "staff_revoked")
    refused(azyq("staff", "enrol", "k.clerk", "--role", "clerk"), "staff_known")
    refused(azyq("staff", "enrol", "Клерк", "--role", "clerk"), "staff_id_malformed")
    refused(azyq("staff", "enrol", "x.y", "--role", "wizard"), "role_unknown")
    refused(azyq("staff", "enrol", "x.y", "--role", "system"), "role_unknown")
    refused(azyq("staff", "enrol", "x.y", "--role", "clerk", "--unit", "moon"), "unit_unknown")
    wrong(azyq("staff", "enrol", "x.y"), "--role")
    assert azyq("audit").returncode == 0

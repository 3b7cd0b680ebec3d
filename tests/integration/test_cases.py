"""Cases on real PostgreSQL: the log, the views, the vault, many at once, and what is killed half-way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from domain.calendar import ALMATY
from domain.commands.case_calls import ActOnCase, Decision, HoldSitting
from domain.errors import Refusal
from domain.identity import case_link_name
from domain.ports import KeptPaper, LogConflict, PersonalData
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from infra.cases.service_levels import service_levels
from infra.parts.counter.wallet import Wallet
from infra.parts.scheduler import Scheduler
from infra.settings import ROOT
from tests.integration.cases_in_process import Office, an_office
from tests.integration.month_in_process import query
from tests.unit.case_desk import CLERK, DEPUTY, EXECUTOR, HEAD, PDF, OneService
from tests.unit.service_to_run import MONDAY, licence, outcome, running, service, step
from tests.unit.test_case_steps import attestation

EMPTY: dict[str, Any] = {"fields": {}, "documents": {}}


@pytest.fixture
def office(database: str, tmp_path: Path) -> Iterator[Office]:
    with an_office(database, tmp_path) as office:
        yield office


def test_S000_L1_to_L6_a_licence_is_in_the_log_and_in_both_views(office: Office) -> None:
    case = office.open(fields={"activity": "design", "phone": "+77011234567"})
    office.act(case, "accept", "accepted", CLERK)
    office.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    (row,) = office.rows("cases")
    assert (row["number"], row["state"], row["due_at"]) == (case.case, "open", "2026-03-23T13:30:00+00:00")
    steps = {(s["step"], s["state"], s["assignee"]) for s in office.rows("case_steps")}
    assert steps == {("accept", "done", ""), ("name", "done", ""), ("prepare", "open", "e.executor")}
    (to_do,) = office.azyq.case_lists.to_do("executor")
    assert (to_do.case, to_do.step, to_do.due_at) == (case.case, "prepare", case.due_at)
    office.act(case, "prepare", "licence", EXECUTOR, fields={"category": "2"})
    office.act(case, "sign", "granted", DEPUTY, sign=True)
    (row,) = office.rows("cases")
    assert (row["state"], row["ending"], row["term"], row["seconds"]) == ("closed", "granted", "kept", 0)
    assert (row["result"], row["valid_until"]) == ("licence", "2031-03-02")
    assert office.azyq.case_lists.to_do("head") == []
    again = office.azyq.known_cases.case(case.case.lower())
    assert office.azyq.known_cases.case(case.id.hex).case == again.case
    assert office.azyq.known_cases.sealed_values(again) == {"phone": "+77011234567"}
    verified = office.azyq.case_lists.by_result(f"{case.case}-1")
    assert verified is not None
    assert verified["number"] == case.case


def refusal_of(do: Any) -> str:
    try:
        do()
    except Refusal as refused:
        return refused.code
    return ""


def test_of_two_who_act_at_once_one_does(office: Office) -> None:
    cases = [office.open() for _ in range(10)]

    def accept(case: Case) -> str:
        return refusal_of(lambda: office.act(case, "accept", "accepted", CLERK))

    for case in cases:
        with ThreadPoolExecutor(4) as pool:
            assert Counter(pool.map(accept, [case] * 4)) == {"": 1, "step_not_open": 3}
    topics = query(office.azyq.dsn, "SELECT topic, count(*) FROM azyq_log.azyq_events GROUP BY topic")
    assert ("case.acted", 10) in topics


def test_the_same_request_at_once_opens_one_case(office: Office) -> None:
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(office.open, key="k1") for _ in range(8)]
    assert len({one.result().case for one in told}) == 1
    assert len(office.rows("cases")) == 1
    (kept,) = query(office.azyq.dsn, "SELECT count(*) FROM azyq_log.azyq_events WHERE topic = 'case.opened'")
    assert kept == (1,)


def test_S000_T16_a_sitting_over_200_cases_is_all_or_nothing(database: str, tmp_path: Path) -> None:
    with an_office(database, tmp_path, running(attestation())) as office:
        numbers = [office.open(**EMPTY).case for _ in range(200)]
        listed = [Decision(number, "listed") for number in numbers]
        call = HoldSitting("made-up", "list", EXECUTOR, ("e",), listed)
        head = office.azyq.log.head()
        # given one that is closed in between
        office.azyq.run_case.act(
            _act(numbers[150], "list", "incomplete", EXECUTOR, ground="untrue"), office.clock()
        )
        before = office.azyq.log.head()
        assert refusal_of(lambda: office.azyq.run_case.hold_sitting(call, office.clock())) == "case_closed"
        assert office.azyq.log.head() == before > head
        # when it is left out
        rest = [one for one in listed if one.case != numbers[150]]
        call = HoldSitting("made-up", "list", EXECUTOR, ("e",), rest)
        with ThreadPoolExecutor(2) as pool:
            told = [
                pool.submit(refusal_of, lambda: office.azyq.run_case.hold_sitting(call, office.clock()))
                for _ in range(2)
            ]
        assert sorted(one.result() for one in told) == ["", "step_not_open"]
        steps = Counter((row["step"], row["state"]) for row in office.rows("case_steps"))
        assert steps == {("list", "done"): 200, ("commission", "open"): 199}
        assert (
            len(query(office.azyq.dsn, "SELECT 1 FROM azyq_log.azyq_events WHERE topic = 'sitting.held'"))
            == 1
        )
        to_do = office.azyq.case_lists.to_do("commission", limit=150)
        more = office.azyq.case_lists.to_do("commission", after=to_do[-1], limit=150)
        assert len({one.case for one in (*to_do, *more)}) == 199


def _act(number: str, step_id: str, outcome_id: str, actor: Actor, **parts: Any) -> Any:
    return ActOnCase(number, step_id, outcome_id, actor, **parts)


def test_O5_2_of_an_applicant_who_was_erased_the_case_goes_on_without_a_trace(office: Office) -> None:
    case = office.open(fields={"activity": "design", "phone": "+77011234567"})
    papers, holder = office.azyq.vault.papers, case.id.hex
    digest = case.documents[0][1]
    assert papers.read(holder, digest) == PDF
    office.azyq.vault.erase(office.applicant)
    assert papers.read(holder, digest) is None
    assert office.azyq.known_cases.sealed_values(office.azyq.known_cases.case(case.case)) == {}
    assert query(office.azyq.dsn, "SELECT count(*) FROM vault.paper") == [(0,)]
    # the office goes on, and what comes later is not kept
    office.act(case, "accept", "accepted", CLERK)
    papers.keep(holder, office.applicant, [KeptPaper("0" * 64, b"late")])
    assert query(office.azyq.dsn, "SELECT count(*) FROM vault.paper") == [(0,)]
    outcome_of = office.azyq.drain_sms()
    assert (outcome_of.sent, outcome_of.failed) == (0, 1)


def test_S002_25_who_has_no_number_in_the_vault_is_told_at_the_one_in_the_request(office: Office) -> None:
    notices = {"accepted": dict.fromkeys(("kk", "ru", "en"), "{number}"), "done": {}}
    office.azyq.__dict__["services"] = OneService(running(licence(notices=notices)))
    (other,) = office.azyq.vault.enrol([PersonalData("900101300015", "Ахмет", "Дос", "", "")])
    actor = Actor(other, ("applicant",))
    case = office.open(actor=actor, applicant=other, fields={"activity": "design", "phone": "+77017654321"})
    office.act(case, "accept", "accepted", CLERK)
    assert office.azyq.drain_sms().sent == 1
    (line,) = (office.azyq.settings.data / "outbox.jsonl").read_text("utf-8").splitlines()
    assert orjson.loads(line)["to"] == "+77017654321"


def test_papers_of_one_case_are_no_other_cases(office: Office) -> None:
    first, second = office.open(), office.open(documents={"plan": b"%PDF-other", "diploma": PDF})
    papers, other = office.azyq.vault.papers, second.documents[0][1]
    assert papers.read(second.id.hex, other) == b"%PDF-other"
    assert papers.read(first.id.hex, other) is None
    assert papers.read(first.id.hex, "../../etc/passwd") is None
    # nobody's in particular are kept too, and what was uploaded and never used is purged
    holder = "0" * 31 + "1"
    staged = papers.stage(holder, PDF)
    assert papers.read(holder, staged) == PDF
    assert papers.purge_staged(datetime.now(ALMATY) - timedelta(days=1)) == 0
    assert papers.purge_staged(datetime.now(ALMATY) + timedelta(minutes=1)) == 1
    assert papers.read(holder, staged) is None
    # and a change of the master key leaves all of it readable
    office.azyq.vault.rotate_master_key(b"n" * 32)
    assert papers.read(second.id.hex, other) == b"%PDF-other"


def test_S002_08_a_service_that_changes_while_cases_run(database: str, tmp_path: Path) -> None:
    made = licence()
    only = step("accept", "clerk", outcome("accepted", ends="granted"))
    newer = service((only,), ("accept",), version="2", fields=made.fields, documents=made.documents)
    with an_office(database, tmp_path, running(made)) as office:
        case = office.open()
    # another process that has the new file alone takes the old one from the log
    with an_office(database, tmp_path, running(made), running(newer)) as office:
        office.azyq.services.versions.pop(0)  # type: ignore[attr-defined]
        assert list(office.act(case, "accept", "accepted", CLERK).steps) == ["name"]
        assert office.act(office.open(), "accept", "accepted", CLERK).end == "granted"
    with an_office(database, tmp_path, running(made, text="changed")) as office:
        assert refusal_of(office.open) == "service_version_changed"


def test_what_is_overdue_is_marked_by_two_schedulers_once(office: Office) -> None:
    cases = [office.open() for _ in range(30)]
    for case in cases[:10]:
        office.act(case, "accept", "accepted", CLERK)
    office.rows("case_steps")
    office.clock.now = MONDAY + timedelta(minutes=61)
    with ThreadPoolExecutor(2) as pool:
        told = [pool.submit(office.azyq.settle_cases.run_due, office.clock(), at_once=7) for _ in range(2)]
    assert sum(one.result().overdue for one in told) == 30
    assert Counter(row["overdue_at"] is not None for row in office.rows("case_steps")) == {
        True: 30,
        False: 10,
    }
    assert office.azyq.settle_cases.run_due(office.clock()).cases == 0
    assert len(office.azyq.case_lists.escalated("head")) == 20


def test_a_crash_between_the_vault_and_the_log_leaves_nothing_and_the_same_call_does_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def died(*_: Any, **__: Any) -> None:
        raise Died

    with monkeypatch.context() as broken:
        broken.setattr(office.azyq.log, "save", died)
        with pytest.raises(Died):
            office.open(key="k1")
    assert office.rows("cases") == []
    case = office.open(key="k1")
    assert office.azyq.vault.papers.read(case.id.hex, case.documents[0][1]) == PDF
    assert len(office.rows("cases")) == 1


CHILD = """
import sys, os
from pathlib import Path
from tests.integration.cases_in_process import an_office
from tests.unit.case_desk import CLERK
with an_office(sys.argv[1], Path(sys.argv[2])) as office:
    print("ready", flush=True)
    for number in range(10_000):
        case = office.open(key=f"k{number}")
        office.act(case, "accept", "accepted", CLERK, key=f"a{number}")
"""


def test_a_process_killed_half_way_leaves_whole_cases_and_the_next_goes_on(
    database: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with an_office(database, tmp_path) as office:
        applicant = office.applicant
        for _ in range(3):
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, database, str(tmp_path)],
                env=environment,
                stdout=subprocess.PIPE,
            )
            assert child.stdout is not None
            child.stdout.readline()
            seen = office.azyq.log.head()
            until = time.monotonic() + 30
            while office.azyq.log.head() < seen + 25 and time.monotonic() < until:
                time.sleep(0.01)
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
        assert office.applicant == applicant
        opened = query(
            database,
            "SELECT count(*) FILTER (WHERE topic = 'case.opened'), count(*) FILTER (WHERE topic = 'case.step_opened')"
            ", count(*) FILTER (WHERE topic = 'case.acted') FROM azyq_log.azyq_events",
        )
        ((cases, steps, acts),) = opened
        # each opening with its first step, each act with the step that follows
        assert steps == cases + acts > 3
        assert acts in (cases, cases - 1)
        rows = office.rows("cases")
        assert len(rows) == cases


def test_a_conflict_that_never_ends_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = office.open()

    def conflict(*_: Any, **__: Any) -> None:
        raise LogConflict

    monkeypatch.setattr(office.azyq.log, "save", conflict)
    with pytest.raises(LogConflict):
        office.act(case, "accept", "accepted", CLERK)


def test_S000_L2_the_applicant_is_told_by_sms_with_a_link_of_the_case(office: Office) -> None:
    notices = {"accepted": dict.fromkeys(("kk", "ru", "en"), "{number} {service} {due} {link}"), "done": {}}
    office.azyq.__dict__["services"] = OneService(running(licence(notices=notices)))
    case = office.act(office.open(language="ru"), "accept", "accepted", CLERK)
    assert office.azyq.drain_sms().sent == 1
    case = office.azyq.known_cases.case(case.case)
    (message,) = case.notices
    assert case.told == {message: "sent"}
    (line,) = (office.azyq.settings.data / "outbox.jsonl").read_text("utf-8").splitlines()
    link = office.azyq.case_texts.link_of(case)
    assert orjson.loads(line)["text"] == f"{case.case} made-up 23.03.2026 18:30 {link}"
    # the link is no wallet's, and its page can find the case
    token = link.rpartition("/c/")[2]
    assert Wallet(office.azyq).stream_of(token) is None
    assert office.azyq.vault.stream_of_token(token) == case_link_name(case.id)
    # and a notice without a text fails, but stops no other SMS
    office.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    office.act(case, "prepare", "licence", EXECUTOR, fields={"category": "2"})
    case = office.act(case, "sign", "granted", DEPUTY, sign=True)
    outcome_of = office.azyq.drain_sms()
    assert (outcome_of.sent, outcome_of.failed, outcome_of.waiting) == (0, 1, 0)


def test_R30_levels_of_a_service_are_counted_from_the_views(office: Office) -> None:
    # given three at noon on Monday: one granted in time, one refused late, one overdue; and one not accepted
    granted, refused, waiting = (office.open() for _ in range(3))
    office.open(channel="state_corporation", documents={"plan": PDF})
    for case in (granted, refused):
        office.act(case, "accept", "accepted", CLERK)
        office.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    office.act(granted, "prepare", "licence", EXECUTOR, fields={"category": "2"})
    office.clock.now += timedelta(hours=2)
    office.act(granted, "sign", "granted", DEPUTY, sign=True)
    office.clock.now += timedelta(days=30)
    office.act(refused, "prepare", "refusal", EXECUTOR, ground="unfit")
    office.act(refused, "sign", "refused", DEPUTY, sign=True)
    office.rows("cases")
    office.azyq.settle_cases.run_due(office.clock())
    office.rows("cases")
    # when March is counted
    report = service_levels(office.azyq.view_store, date(2026, 3, 1), date(2026, 3, 31), office.clock())
    # then
    assert report["services"] == {
        "made-up": {
            "opened": 4,
            "open": 1,
            "done": 2,
            "refused_acceptance": 1,
            "terms_kept": 1,
            "terms_missed": 1,
            "overdue": 1,
            "median_seconds": (2 * 3600 + (30 * 24 + 2) * 3600) // 2,
            "ends": {"acceptance_refused": 1, "granted": 1, "refused": 1},
            "refused_by_ground": {"unfit": 1},
        }
    }
    assert report["waiting"] == [
        {"service": "made-up", "role": "clerk", "unit": "", "open": 1, "overdue": 1},
    ]
    assert report["log_position"] == office.azyq.log.head()
    april = service_levels(office.azyq.view_store, date(2026, 4, 1), date(2026, 4, 30), office.clock())
    assert april["services"] == {}
    assert waiting.case in {one.case for one in office.azyq.case_lists.escalated("head")}


def test_the_scheduler_looks_after_cases(office: Office) -> None:
    case = office.open()
    staged = office.azyq.vault.papers.stage("1" * 32, PDF)
    office.rows("case_steps")
    office.clock.now += timedelta(minutes=30)
    Scheduler(office.azyq).tick()
    assert office.azyq.known_cases.case(case.case).steps["accept"].escalated_to == "head"
    assert office.azyq.vault.papers.read("1" * 32, staged) == PDF

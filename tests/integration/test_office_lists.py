"""Lists through the office, on real PostgreSQL: brought in, decided on by a second person, taken in, deleted (R14, R19)."""

from __future__ import annotations

import csv
import gzip
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.brought_list_refusals import (
    ApprovalTooLate,
    ApproverBroughtIt,
    BroughtListUnknown,
    ListDecided,
    ListNotFailed,
    ListWaitsAlready,
)
from domain.errors import Refusal
from domain.office import APPROVER, CLERK, OPERATOR, OfficeMember
from domain.office_acts import OfficeRoleMissing
from domain.programmes import MonthOutsideProgramme, ProgrammeUnknown
from domain.voucher_refusals import ListClosed, ListTooEarly
from infra.audit.run import run_audit
from infra.parts.office.list_work import ListWork, approved_months
from infra.parts.office.lists import OfficeLists
from infra.parts.scheduler import Scheduler
from infra.vault.brought import PIECE
from infra.web.office.lists_reading import ShownList
from tests.integration.month_in_process import (
    AKKOL,
    Household,
    Month,
    Town,
    a_month,
    as_csv,
    events_of,
    in_a_child,
    query,
)

A_CLERK = OfficeMember("a.clerk", frozenset({CLERK}))
A_HEAD = OfficeMember("b.head", frozenset({APPROVER}))
AN_OPERATOR = OfficeMember("o.operator", frozenset({OPERATOR}))
BOTH = OfficeMember("c.both", frozenset({CLERK, APPROVER}))


class Office:
    """The office of a month, and the work that is done for it when it is asked."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.lists = OfficeLists(month.azyq)
        self.town = Town(3)

    def given_brought(
        self, content: bytes, numbers: bytes | None = None, by: OfficeMember = A_CLERK, month: str = "2025-07"
    ) -> str:
        """A file that arrived, and was not looked at yet."""
        found = self.lists.check_bringing(by, AKKOL, month)
        upload = self.lists.upload(by)
        for part, data in (("list", content), ("numbers", numbers)):
            for start in range(0, len(data) or 1, 60_000) if data is not None else ():
                upload.write(part, (data or b"")[start : start + 60_000])
        return upload.finish(found)

    def given_waiting(self, households: Sequence[Household], spoiled: int = 0) -> str:
        rows = self.month.rows(households)
        for row in rows[:spoiled]:
            row[1] = "123"
        numbers = as_csv([[h.people[0].iin, str(h.phone)] for h in households if h.phone], "iin,phone")
        upload = self.given_brought(as_csv(rows).encode(), numbers.encode())
        self.work()
        assert self.find(upload).stage == "waiting"
        return upload

    def work(self) -> None:
        with closing(ListWork(self.month.azyq)) as work:
            work.round()

    def find(self, upload: str) -> ShownList:
        return self.lists.find(AN_OPERATOR, upload)

    def events(self, prefix: str = "list.") -> list[str]:
        return [event.topic for event in events_of(self.month.azyq.dsn) if event.topic.startswith(prefix)]

    def last(self, topic: str) -> dict[str, Any]:
        return [event.state for event in events_of(self.month.azyq.dsn) if event.topic == topic][-1]

    def kept(self) -> set[str]:
        rows = query(self.month.azyq.dsn, "SELECT DISTINCT part FROM vault.brought_part")
        return {part for (part,) in rows}

    def then_refused(self, content: bytes, code: str, numbers: bytes | None = None) -> ShownList:
        """The file is looked at, refused with this code, and nothing of it is kept."""
        upload = self.given_brought(content, numbers)
        self.work()
        shown = self.find(upload)
        assert (shown.stage, shown.file.told["code"]) == ("refused", code)
        assert set(shown.file.told["why"]) == {"kk", "ru", "en"}
        assert self.last("list.refused")["code"] == code
        assert self.kept() == set()
        assert self.month.counted()["cycle.opened"] == 0
        return shown


@pytest.fixture
def office(database: str, tmp_path: Path) -> Iterator[Office]:
    with a_month(database, tmp_path) as month:
        yield Office(month)


def rows_of(lists: OfficeLists, upload: str, which: str, language: str = "kk") -> list[list[str]]:
    text = b"".join(lists.rows(A_CLERK, upload, which, language)).decode()
    assert text[0] == "\ufeff"
    return list(csv.reader(io.StringIO(text[1:])))


# --- the way of a list ----------------------------------------------------------------------------


def test_R14_a_list_is_brought_in_checked_approved_and_taken_in(office: Office) -> None:
    named, silent = office.town.households(4), office.town.household(phone=False)
    upload = office.given_waiting([*named, silent], spoiled=1)
    shown = office.find(upload)
    assert office.lists.waiting() == (1, 0, 0)
    told = shown.file.told
    assert (told["rows"], told["accepted"], told["families"], told["no_number"]) == (10, 8, 4, 1)
    assert told["rejected"] == {"iin_not_12_digits": 1, "family_without_applicant": 1}
    assert (told["format"], told["encoding"], told["delimiter"], told["headings"]) == (
        "csv",
        "utf-8",
        ",",
        ["en"],
    )
    assert "CSV" in told["detected"]["ru"]
    assert office.month.counted()["family.eligible"] == 0

    office.lists.approve(A_HEAD, upload)
    office.work()
    shown = office.find(upload)
    assert (shown.stage, shown.list.delivery[:2] if shown.list else "") == ("taken_in", "1-")
    assert office.month.counted()["family.eligible"] == 4
    assert office.month.family(silent).stage == "no_number"
    assert office.events() == ["list.begun", "list.brought_in", "list.approved", "list.taken_in"]
    brought, approved = office.last("list.brought_in"), office.last("list.approved")
    assert (brought["by"], approved["by"]) == ("a.clerk", "b.head")
    assert office.last("cycle.list_started")["timestamp"] == approved["timestamp"]
    assert office.kept() == {"rejects", "no_number"}  # the file itself is gone
    office.work()
    assert office.month.lists_in() == 1
    azyq = office.month.azyq
    azyq.catch_up_views()
    verdict = run_audit(azyq.dsn, azyq.programmes, azyq.goods)
    assert verdict.holds, verdict.first
    assert verdict.checks["two_persons"] == 1


def test_R18_the_rows_that_go_back_are_read_by_clerk_and_approver_and_each_reading_is_an_event(
    office: Office,
) -> None:
    silent = office.town.household(phone=False)
    upload = office.given_waiting([office.town.household(), silent], spoiled=1)
    rejects = rows_of(office.lists, upload, "rejects")
    assert rejects[0][-3:] == ["row", "code", "reason"]
    assert [row[-2] for row in rejects[1:]] == ["iin_not_12_digits", "family_without_applicant"]
    english = rows_of(office.lists, upload, "rejects", "en")
    assert english[1][-1] != rejects[1][-1]
    without = rows_of(office.lists, upload, "no_number")
    assert [(row[1], row[-2]) for row in without[1:]] == [(silent.people[0].iin, "no_number")]
    reading = office.last("list.rejects_read")
    assert (reading["which"], reading["rows"], reading["by"]) == ("no_number", 1, "a.clerk")
    with pytest.raises(OfficeRoleMissing):
        office.lists.rows(AN_OPERATOR, upload, "rejects", "kk")
    refused = office.last("list.act_refused")
    assert (refused["act"], refused["by"], refused["code"]) == (
        "read rejects",
        "o.operator",
        "office_role_missing",
    )
    for which in ("list", "numbers", "no_such", "REJECTS"):
        with pytest.raises(BroughtListUnknown):
            office.lists.rows(A_CLERK, upload, which, "kk")


def test_O5_2_nothing_personal_is_in_events_nor_in_clear_anywhere(office: Office) -> None:
    household = office.town.household()
    upload = office.given_waiting([household, office.town.household()], spoiled=1)
    b"".join(office.lists.rows(A_CLERK, upload, "rejects", "kk"))
    person = household.people[1]
    clear = [person.iin.encode(), person.surname.encode(), str(household.phone).encode()]
    for table in ("vault.brought", "vault.brought_part", "azyq_log.azyq_events"):
        for (row,) in query(office.month.azyq.dsn, f"SELECT t::text FROM {table} t"):
            for some in clear:
                assert some.decode() not in row
                assert some.hex() not in row
    assert b"".join(office.month.azyq.vault.brought.pieces(upload, "list")).count(person.iin.encode()) == 1


# --- two persons ----------------------------------------------------------------------------------


def test_R14_whoever_brought_it_in_does_not_approve_it_and_the_attempt_is_recorded(office: Office) -> None:
    content = as_csv(office.month.rows(office.town.households(2))).encode()
    upload = office.given_brought(content, by=BOTH)
    office.work()
    with pytest.raises(ApproverBroughtIt):
        office.lists.approve(BOTH, upload)
    with pytest.raises(OfficeRoleMissing):
        office.lists.approve(A_CLERK, upload)
    refused = [event.state for event in events_of(office.month.azyq.dsn) if event.topic == "list.act_refused"]
    assert [(one["by"], one["act"], one["code"]) for one in refused] == [
        ("c.both", "approve", "same_person"),
        ("a.clerk", "approve", "office_role_missing"),
    ]
    assert office.find(upload).stage == "waiting"


def test_R14_of_two_who_decide_at_once_one_decides_and_the_other_is_told(office: Office) -> None:
    upload = office.given_waiting(office.town.households(2))
    heads = [replace(A_HEAD, staff=f"head.{number}") for number in range(6)]
    said: list[str] = []
    ready = threading.Barrier(len(heads))

    def decide(head: OfficeMember, act: Callable[[OfficeMember], None]) -> None:
        ready.wait()
        try:
            act(head)
            said.append("decided")
        except ListDecided as refusal:
            said.append(refusal.sentence("en"))

    acts = [
        lambda head: office.lists.approve(head, upload),
        lambda head: office.lists.decline(head, upload, "mistake"),
    ] * 3
    threads = [threading.Thread(target=decide, args=pair) for pair in zip(heads, acts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("decided") == 1
    decided = office.find(upload).list
    assert decided is not None
    assert [one for one in said if one != "decided"] == [
        ListDecided("list", by=decided.decided_by).sentence("en")
    ] * 5
    assert len([t for t in office.events() if t in ("list.approved", "list.declined")]) == 1


def test_R14_a_declined_list_is_deleted_and_no_longer_approved(office: Office) -> None:
    upload = office.given_waiting(office.town.households(2), spoiled=1)
    with pytest.raises(OfficeRoleMissing):
        office.lists.decline(replace(A_CLERK, staff="d.clerk"), upload, "mistake")
    office.lists.decline(A_CLERK, upload, "too_many_rejected")  # their own they may take back
    with pytest.raises(ListDecided):
        office.lists.approve(A_HEAD, upload)
    office.work()
    assert office.kept() == {"rejects"}
    assert office.find(upload).stage == "declined"
    with pytest.raises(ListNotFailed):
        office.lists.retry(A_HEAD, upload)


def test_R14_whoever_lost_the_role_meanwhile_does_nothing_any_more(office: Office) -> None:
    former = replace(A_CLERK, roles=frozenset())
    upload = office.given_waiting(office.town.households(2))
    acts: list[Callable[[], object]] = [
        lambda: office.lists.check_bringing(former, AKKOL, "2025-07"),
        lambda: office.lists.upload(former),
        lambda: office.lists.approve(former, upload),
        lambda: office.lists.decline(former, upload, "mistake"),
        lambda: office.lists.retry(former, upload),
        lambda: office.lists.rows(former, upload, "rejects", "kk"),
        lambda: office.lists.all(former),
        lambda: office.lists.find(former, upload),
    ]
    for act in acts:
        with pytest.raises(OfficeRoleMissing):
            act()
    assert office.last("list.act_refused")["by"] == "a.clerk"


# --- one list at a time, in time ------------------------------------------------------------------


def test_R19_two_lists_at_once_for_a_month_one_waits_and_the_other_is_refused(office: Office) -> None:
    contents = [as_csv(office.month.rows(office.town.households(2))).encode() for _ in range(2)]
    first, second = (office.given_brought(content) for content in contents)
    office.work()
    assert (office.find(first).stage, office.find(second).stage) == ("waiting", "refused")
    assert office.find(second).file.told["code"] == "list_waits_already"
    with pytest.raises(ListWaitsAlready):
        office.lists.check_bringing(A_CLERK, AKKOL, "2025-07")
    (july,) = [one for one in office.lists.months() if one.open_now]
    assert july.month == "2025-07"
    assert july.refusal is not None
    assert july.refusal.code == "list_waits_already"


def test_R19_the_same_list_twice_is_told_so(office: Office) -> None:
    content = as_csv(office.month.rows(office.town.households(2))).encode()
    first, second = office.given_brought(content), office.given_brought(content)
    office.work()
    assert office.find(second).file.told["code"] == "list_waits_itself"
    office.lists.approve(A_HEAD, first)
    office.work()
    third = office.given_brought(content)
    office.work()
    assert office.find(third).file.told["code"] == "list_in_already"


def test_R19_a_later_list_of_the_month_replaces_the_one_before(office: Office) -> None:
    kept, gone = office.town.household(), office.town.household()
    for households in ([kept, gone], [kept]):
        upload = office.given_waiting(households)
        office.lists.approve(A_HEAD, upload)
        office.work()
    assert office.month.family(gone).stage == "left"
    assert office.month.lists_in() == 2


@pytest.mark.parametrize(
    ("programme", "month", "day", "refusal"),
    [
        (AKKOL, "2025-07", 5, ListClosed),
        (AKKOL, "2025-08", 2, ListTooEarly),
        (AKKOL, "2031-01", 2, MonthOutsideProgramme),
        (AKKOL, "июль", 2, Refusal),
        ("no-such", "2025-07", 2, ProgrammeUnknown),
        ("", "", 2, ProgrammeUnknown),
    ],
)
def test_R19_a_month_that_is_over_or_a_programme_that_is_not_takes_no_list(
    office: Office, programme: str, month: str, day: int, refusal: type[Refusal]
) -> None:
    office.month.at(day)
    with pytest.raises(refusal):
        office.lists.check_bringing(A_CLERK, programme, month)
    assert office.events() == []


def test_R19_an_approval_after_the_cut_off_is_refused_however_early_the_list_came(office: Office) -> None:
    office.month.at(4, 23)
    upload = office.given_waiting(office.town.households(2))
    office.month.at(5, 0)
    with pytest.raises(ApprovalTooLate):
        office.lists.approve(A_HEAD, upload)
    assert (office.find(upload).stage, office.find(upload).late) == ("waiting", True)
    assert office.lists.waiting() == (0, 0, 1)
    office.lists.decline(A_HEAD, upload, "newer_list")
    assert office.lists.waiting() == (0, 0, 0)


def test_R19_what_was_approved_in_time_is_taken_in_before_the_calendar_closes_the_list(
    office: Office,
) -> None:
    household = office.town.household()
    upload = office.given_waiting([household])
    office.month.at(4, 23)
    office.lists.approve(A_HEAD, upload)
    office.month.at(5, 9)
    scheduler = Scheduler(office.month.azyq)
    scheduler.tick()
    assert office.events("cycle.") == []
    assert approved_months(office.month.azyq) == {(AKKOL, "2025-07")}
    office.work()
    assert office.find(upload).stage == "taken_in"
    scheduler.tick()
    assert office.month.family(household).stage == "asked"
    assert "cycle.task_done" in office.events("cycle.")


def test_R19_what_could_not_be_taken_in_says_why_and_is_tried_again_or_given_up(office: Office) -> None:
    upload = office.given_waiting(office.town.households(2))
    office.lists.approve(A_HEAD, upload)
    cycle_of_another = office.month.write_list(as_csv(office.month.rows(office.town.households(1))))
    office.month.receive(cycle_of_another)
    office.month.day(5)  # whoever sits at the server did not wait
    office.work()
    shown = office.find(upload)
    assert shown.stage == "failed"
    assert (shown.list.failure if shown.list else "") == "list_closed"
    assert office.lists.waiting() == (0, 1, 0)
    assert "05.07.2025" in shown.file.told["why"]["en"]
    with pytest.raises(OfficeRoleMissing):
        office.lists.retry(A_CLERK, upload)
    office.lists.retry(AN_OPERATOR, upload)
    office.work()
    assert office.find(upload).stage == "failed"
    office.lists.decline(A_HEAD, upload, "mistake")
    office.work()
    assert office.kept() == set()
    assert office.events()[-5:] == [
        *("list.failed", "list.act_refused", "list.retried", "list.failed", "list.declined")
    ]


# --- bad input ------------------------------------------------------------------------------------

HEADING = "family_id,iin,surname,given_name,patronymic,birth_date,role,kato,assistance_on\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "list_empty"),
        (HEADING.encode(), "list_empty"),
        (b"MZ\x90\x00\x03" + bytes(5000), None),
        (b"\x7fELF" + bytes(500), "list_not_a_list"),
        (b"%PDF-1.7\n", "list_not_a_list"),
        (b"<html><table></table></html>", "list_not_a_list"),
        (gzip.compress(b"a,b\n1,2\n")[:-9], "list_compression_broken"),
        (HEADING.encode() + b"1,123,A,B,,2000-01-01,applicant,113220100,2025-06-30\n", "nobody_accepted"),
        (b"iin,phone\n1,2\n", "list_column_missing"),
    ],
    ids=["empty", "no rows", "exe", "elf", "pdf", "html", "cut gzip", "nobody", "other columns"],
)
def test_R14_what_is_no_list_is_refused_and_nothing_is_kept(
    office: Office, content: bytes, code: str | None
) -> None:
    upload = office.given_brought(content)
    office.work()
    shown = office.find(upload)
    assert shown.stage == "refused"
    assert code in (None, shown.file.told["code"])
    assert office.events() == ["list.begun", "list.refused"]
    assert office.kept() == set()
    office.month.at(4, 9)
    office.work()
    with pytest.raises(BroughtListUnknown):
        office.find(upload)


def test_R14_a_bomb_is_refused_before_it_is_unpacked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.lists.container.MAX_BYTES", 20_000_000)
    office.then_refused(gzip.compress(bytes(30_000_000)), "list_too_large")
    office.then_refused(gzip.compress(HEADING.encode() + b"a" * 30_000_000), "list_too_large")


def test_R16_a_file_of_numbers_that_is_none_is_refused_with_the_list(office: Office) -> None:
    content = as_csv(office.month.rows(office.town.households(2))).encode()
    office.then_refused(content, "list_not_a_list", b"%PDF-1.7\n")
    office.then_refused(content, "list_empty", b"")


def test_an_upload_that_broke_off_leaves_nothing(office: Office) -> None:
    given_up, left = office.lists.upload(A_CLERK), office.lists.upload(A_CLERK)
    given_up.write("list", bytes(PIECE + 1))
    left.write("list", bytes(PIECE + 1))
    given_up.give_up()
    with pytest.raises(BroughtListUnknown):
        given_up.write("list", bytes(PIECE))
    with pytest.raises(BroughtListUnknown):
        office.find(left.id)  # not before it is whole
    office.work()
    assert query(office.month.azyq.dsn, "SELECT count(*) FROM vault.brought") == [(1,)]
    query(office.month.azyq.dsn, "UPDATE vault.brought SET touched_at = now() - interval '2 hours'")
    office.work()
    assert query(office.month.azyq.dsn, "SELECT count(*) FROM vault.brought") == [(0,)]


@pytest.mark.parametrize("upload", ["", "1", "0" * 32, "Z" * 32, "'; DROP TABLE vault.brought; --", "²" * 32])
def test_a_list_that_is_not_there_is_unknown(office: Office, upload: str) -> None:
    for act in (office.find, lambda upload: office.lists.approve(A_HEAD, upload)):
        with pytest.raises(BroughtListUnknown):
            act(upload)


# --- deleting -------------------------------------------------------------------------------------


def test_O5_2_a_list_that_nobody_decides_on_lapses_after_thirty_days(office: Office) -> None:
    upload = office.given_waiting(office.town.households(2), spoiled=1)
    office.month.clock.now += timedelta(days=30)
    office.work()
    assert office.find(upload).stage == "waiting"
    office.month.clock.now += timedelta(minutes=1)
    office.work()
    assert office.events()[-1] == "list.lapsed"
    assert query(office.month.azyq.dsn, "SELECT count(*) FROM vault.brought_part") == [(0,)]
    with pytest.raises(BroughtListUnknown):
        office.lists.approve(A_HEAD, upload)


def test_O5_2_the_rows_that_go_back_are_deleted_thirty_days_after_the_decision(office: Office) -> None:
    upload = office.given_waiting(office.town.households(2), spoiled=1)
    office.lists.approve(A_HEAD, upload)
    office.work()
    office.month.clock.now += timedelta(days=30, minutes=1)
    office.work()
    assert office.events()[-1] == "list.returns_deleted"
    assert query(office.month.azyq.dsn, "SELECT count(*) FROM vault.brought") == [(0,)]


@pytest.mark.parametrize("approved", [False, True])
def test_R19_a_list_whose_file_is_gone_keeps_no_other_waiting(office: Office, approved: bool) -> None:
    upload = office.given_waiting(office.town.households(2))
    if approved:
        office.lists.approve(A_HEAD, upload)
    query(office.month.azyq.dsn, "DELETE FROM vault.brought")
    office.work()
    assert office.events()[2:] == (
        ["list.approved", "list.failed", "list.lapsed"] if approved else ["list.lapsed"]
    )
    office.given_waiting(office.town.households(2))


# --- cut off --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kill_at", [1, 5, 9, 14, 20, 27, 35, 44, 54])
def test_R14_killed_while_it_is_checked_or_taken_in_it_goes_on_and_is_done_once(
    database: str, tmp_path: Path, kill_at: int
) -> None:
    town = Town(5)
    households = [town.household() for _ in range(30)]
    points = frozenset({"save", "append", "settle", "add", "reject", "write", "close", "progress", "enrol"})

    def given() -> str:
        with a_month(database, tmp_path) as month:
            office = Office(month)
            rows = month.rows(households)
            rows[0][1] = "123"
            numbers = as_csv([[h.people[0].iin, str(h.phone)] for h in households], "iin,phone")
            return office.given_brought(as_csv(rows).encode(), numbers.encode())

    def work() -> None:
        with a_month(database, tmp_path) as month, closing(ListWork(month.azyq)) as round_:
            round_.round()

    upload = given()
    killed = [in_a_child(work, kill_at=kill_at, functions=points)]
    work()
    with a_month(database, tmp_path) as month:
        Office(month).lists.approve(A_HEAD, upload)
    killed.append(in_a_child(work, kill_at=kill_at, functions=points))
    work()
    assert -9 in killed
    with a_month(database, tmp_path) as month:
        office = Office(month)
        assert office.find(upload).stage == "taken_in"
        counted = month.counted()
        assert [counted[t] for t in ("list.brought_in", "list.approved", "list.taken_in")] == [1, 1, 1]
        assert (counted["cycle.list_received"], counted["family.eligible"]) == (1, 29)
        assert office.kept() == {"rejects"}


def test_R14_two_processes_do_not_work_at_the_same_list(office: Office) -> None:
    upload = office.given_brought(as_csv(office.month.rows(office.town.households(20))).encode())
    works = [ListWork(office.month.azyq) for _ in range(3)]
    threads = [threading.Thread(target=work.round) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for work in works:
        work.close()
    office.work()
    assert office.find(upload).stage == "waiting"
    assert office.events() == ["list.begun", "list.brought_in"]

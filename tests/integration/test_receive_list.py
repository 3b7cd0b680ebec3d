"""Taking in lists, end to end: real files, real PostgreSQL (R2.2, R5, R14–R16, R18, R19)."""

from __future__ import annotations

import io
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import openpyxl
import orjson
import psycopg2
import pytest

from domain.commands.receive_list import ListBusy
from domain.commands.run_day import ListMissing
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.identity import membership_key
from domain.ports import LogConflict
from domain.voucher_refusals import ListClosed, ListTooEarly
from infra.audit.run import run_audit
from infra.lists.reading import open_list
from infra.lists.refusals import ListChanged, ListQuoteUnclosed
from infra.lists.rejects import NoNumberFile, RejectsFile
from infra.sample.mistakes import KINDS
from infra.sample.numbers import Iins
from tests.conftest import new_database
from tests.integration.month_in_process import (
    AKKOL,
    HEADER,
    Household,
    Month,
    Town,
    Twins,
    a_month,
    as_csv,
    by_stream,
    events_of,
    in_a_child,
    query,
)

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


def a_zero_led(town: Town) -> str:
    """An IIN of someone born in 2003: it starts with a zero, which Excel eats."""
    return Iins(Random(7)).next(date(2003, 5, 6), True)


def a_workbook(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Тізім", 0)
    for row in [HEADER.split(","), *rows]:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class TestBadRows:
    def test_each_bad_row_gets_its_code_and_no_row_is_lost(self, july: Month, town: Town) -> None:
        good = town.households(3)
        bad: list[tuple[int, Any, str]] = [
            (1, lambda iin: iin[:-1], "iin_not_12_digits"),
            (1, lambda iin: iin + "0", "iin_not_12_digits"),
            (1, lambda iin: iin[:-1] + str((int(iin[-1]) + 1) % 10), "iin_check_digit"),
            (1, lambda _: a_zero_led(town).lstrip("0"), "iin_leading_zero_lost"),
            (1, lambda iin: iin.translate(FULL_WIDTH), "iin_digits_not_ascii"),
            (1, lambda iin: f"{iin[0]}.{iin[1:5]}E+11", "iin_scientific"),
            (1, lambda _: "", "iin_missing"),
            (1, lambda iin: f"={iin}", "formula_in_cell"),
            (3, lambda _: '=HYPERLINK("http://x")', "formula_in_cell"),
            (2, lambda _: "@SUM(A1)", "formula_in_cell"),
            (2, lambda _: "", "surname_missing"),
            (2, lambda _: "Ә" * 201, "name_too_long"),
            (5, lambda _: "1990-02-30", "birth_date_invalid"),
            (5, lambda _: "2025-07-01", "birth_date_in_future"),
            (6, lambda _: "көрші", "role_unknown"),
            (6, lambda _: "member", "family_without_applicant"),
            (7, lambda _: "751110000", "outside_region"),
            (7, lambda _: "11322O100", "kato_not_9_digits"),
            (8, lambda _: "2025-05-31", "assistance_not_on_last_day"),
            (0, lambda _: "", "family_id_missing"),
            (3, lambda _: "x" * 10_001, "cell_too_long"),
        ]
        rows = july.rows(good)
        expected = {}
        for column, change, code in bad:
            (row,) = town.household(1).rows(july.month.assistance_on)
            row[column] = change(row[column])
            rows.append(row)
            expected[len(rows)] = code
        taken = list(rows[0])
        taken[0], taken[6] = "КО-99999", "applicant"
        rows.append(taken)
        expected[len(rows)] = "iin_in_other_family"
        rows.append(list(rows[1]))
        expected[len(rows)] = "iin_twice_in_file"
        double = town.household(2).rows(july.month.assistance_on)
        double[1][6] = "applicant"
        for row in double:
            rows.append(row)
            expected[len(rows)] = "family_with_two_applicants"
        for row in town.household(31).rows(july.month.assistance_on):
            rows.append(row)
            expected[len(rows)] = "family_too_large"
        text = as_csv(rows)
        text += "КО-1,1,2\n" + "КО-1,1,2,3,4,5,6,7,8,9,10,11\n"
        expected[len(rows) + 1], expected[len(rows) + 2] = "cells_too_few", "cells_too_many"

        outcome = july.receive(july.write_list(text))

        found = {row: code for row, code, _ in july.azyq.staging.rejections(july.cycle())}
        assert found == expected
        assert outcome.rejected == Counter(expected.values())
        assert (outcome.rows, outcome.accepted) == (len(rows) + 2, 6)
        assert outcome.accepted + sum(outcome.rejected.values()) == outcome.rows
        assert outcome.families["added"] == 3
        assert july.counted()["family.eligible"] == 3

    def test_every_mistake_of_the_sample_is_rejected(self, july: Month, town: Town) -> None:
        households = town.households(len(KINDS))
        rows = []
        for household, spoil in zip(households, KINDS.values(), strict=True):
            other = town.household(1)
            (row,) = household.rows(july.month.assistance_on)[:1]
            (clash,) = other.rows(july.month.assistance_on)
            spoil(row, tuple(clash))  # type: ignore[arg-type]
            rows += [clash, row]
        outcome = july.receive(july.write_list(as_csv(rows)))
        assert (outcome.rows, outcome.accepted) == (2 * len(KINDS), len(KINDS))

    def test_an_unclosed_quote_refuses_the_file_and_names_its_row(self, july: Month, town: Town) -> None:
        text = as_csv(july.rows(town.households(2, 1))) + '"КО-9,x\n'
        with pytest.raises(ListQuoteUnclosed) as caught:
            july.receive(july.write_list(text))
        assert caught.value.details["row"] == 3
        assert events_of(july.azyq.dsn) == []


class TestFiles:
    def test_R15_the_same_list_in_any_dress_changes_nothing(self, july: Month, town: Town) -> None:
        households = town.households(3)
        rows = july.rows(households)
        plain = as_csv(rows)
        assert july.receive(july.write_list(plain)).families["added"] == 3
        before = events_of(july.azyq.dsn)
        semicolons = "\n".join(line.replace(",", ";") for line in plain.splitlines()) + "\n"
        workbook = a_workbook(rows)
        lines = "".join(
            orjson.dumps(dict(zip(HEADER.split(","), r, strict=True))).decode() + "\n" for r in rows
        )
        mirrored = as_csv([row[::-1] for row in rows], ",".join(HEADER.split(",")[::-1]))
        extra = as_csv([[*row, "x"] for row in rows], HEADER + ",заметка")
        dressed: dict[str, tuple[bytes, str]] = {
            "bom": (b"\xef\xbb\xbf" + plain.encode(), "csv"),
            "utf-16": (plain.encode("utf-16"), "csv"),
            "kz1048": (plain.encode("kz1048"), "csv"),
            "semicolons": (semicolons.encode(), "csv"),
            "xlsx": (workbook, "xlsx"),
            "json lines": (lines.encode(), "jsonl"),
            "columns in another order": (mirrored.encode(), "csv"),
            "an extra column": (extra.encode(), "csv"),
        }
        for name, (content, suffix) in dressed.items():
            outcome = july.receive(july.write_list(content, suffix))
            assert outcome.families == {"added": 0, "changed": 0, "unchanged": 3, "left": 0}, name
            assert outcome.rejected == {}, name
        after = [event for event in events_of(july.azyq.dsn) if event.topic.startswith("family")]
        assert after == [event for event in before if event.topic.startswith("family")]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "list_empty"),
            (HEADER.encode() + b"\n", "list_empty"),
            (HEADER.replace(",iin", "").encode() + b"\nx,x,x,x,x,x,x,x\n", "list_column_missing"),
            (HEADER.encode() + b",IIN\nx,x,x,x,x,x,x,x,x,x\n", "list_column_doubled"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "list_not_a_list"),
        ],
    )
    def test_a_file_that_is_no_list_is_refused_whole(self, july: Month, content: bytes, code: str) -> None:
        with pytest.raises(Refusal) as caught:
            july.receive(july.write_list(content))
        assert caught.value.code == code
        assert all(caught.value.sentence(language) for language in ("kk", "ru", "en"))
        assert events_of(july.azyq.dsn) == []

    def test_a_file_that_turns_unreadable_half_way_does_not_block_the_month(
        self, july: Month, town: Town
    ) -> None:
        households = town.households(3)
        source = open_list(july.write_list(as_csv(july.rows(households))))

        def broken() -> Iterator[Any]:
            yield from list(source.rows())[:4]
            raise ListChanged("file")

        with pytest.raises(ListChanged):
            july.azyq.receive_list.run(july.month, broken(), "0" * 64, None, july.clock())
        assert events_of(july.azyq.dsn) == []
        with pytest.raises(ListMissing):
            july.day(5)
        july.list_of(households)
        # Neither when a good delivery is in already.
        with pytest.raises(ListChanged):
            july.azyq.receive_list.run(july.month, broken(), "1" * 64, None, july.clock())
        assert [outcome.task for outcome in july.day(5)] == ["close_list", "first_sms"]
        assert july.counted()["sms.sent"] == 3

    def test_a_workbook_torn_in_the_middle_is_refused(self, july: Month, town: Town) -> None:
        whole, torn = io.BytesIO(a_workbook(july.rows(town.households(200)))), io.BytesIO()
        with zipfile.ZipFile(whole) as before, zipfile.ZipFile(torn, "w", zipfile.ZIP_DEFLATED) as after:
            for name in before.namelist():
                data = before.read(name)
                after.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
        with pytest.raises(Refusal):
            july.receive(july.write_list(torn.getvalue(), "xlsx"))
        assert events_of(july.azyq.dsn) == []
        july.list_of(town.households(1))
        assert july.day(5)[-1].families == 1


class TestDeliveries:
    def test_the_same_file_twice_is_one_delivery(self, july: Month, town: Town) -> None:
        path = july.write_list(as_csv(july.rows(town.households(3))))
        first = july.receive(path)
        before = events_of(july.azyq.dsn)
        again = july.receive(path)
        assert (again.again, again.delivery) == (True, first.delivery)
        assert events_of(july.azyq.dsn) == before

    def test_R19_a_second_delivery_is_told_by_its_differences(self, july: Month, town: Town) -> None:
        stays, leaves, grows, new = town.household(), town.household(3), town.household(), town.household()
        july.list_of([stays, leaves, grows])
        baby = town.citizen()

        outcome = july.list_of([stays, grows.joined_by(baby), new], day=3)

        assert outcome.families == {"added": 1, "changed": 1, "unchanged": 1, "left": 1}
        assert july.topics(stays) == ["family.eligible"]
        assert july.topics(leaves) == ["family.eligible", "family.left"]
        assert july.topics(grows) == ["family.eligible", "family.changed"]
        assert july.topics(new) == ["family.eligible"]
        changed = next(e.state for e in events_of(july.azyq.dsn) if e.topic == "family.changed")
        assert (changed["added"], changed["removed"]) == ([july.subject(baby)], [])
        left = next(e.state for e in events_of(july.azyq.dsn) if e.topic == "family.left")
        assert left["members"] == 3
        members = [july.subject(p) for h in (stays, grows, new) for p in h.people] + [july.subject(baby)]
        assert set(july.claims()) == {membership_key(AKKOL, "2025-07", member) for member in members}

    def test_R19_who_left_comes_back_with_a_later_delivery(self, july: Month, town: Town) -> None:
        one, other = town.households(2)
        july.list_of([one, other])
        july.list_of([one], day=3)
        outcome = july.list_of([other, one], day=4)
        assert outcome.families == {"added": 0, "changed": 1, "unchanged": 1, "left": 0}
        assert july.family(other).stage == "eligible"
        assert len(july.claims()) == 4

    @pytest.mark.parametrize("at_once", [1, 500])
    def test_R5_a_person_moves_between_families_and_is_claimed_once(
        self, july: Month, town: Town, at_once: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("domain.commands.receive_list.FAMILIES_AT_ONCE", at_once)
        # Which family is decided first follows from random ids, hence several pairs at once.
        pairs = [(town.household(), town.household()) for _ in range(8)]
        july.list_of([h for pair in pairs for h in pair])
        moved = [h for a, b in pairs for h in (a.without(a.people[1]), b.joined_by(a.people[1]))]
        outcome = july.list_of(moved, day=3)
        assert outcome.families["changed"] == 16
        for a, b in pairs:
            key = membership_key(AKKOL, "2025-07", july.subject(a.people[1]))
            assert july.claims()[key] == july.stream(b)
            assert july.subject(a.people[1]) not in july.family(a).members
            assert july.subject(a.people[1]) in july.family(b).members
        assert len(july.claims()) == 32

    def test_R5_R19_a_list_cut_off_and_then_replaced_leaves_nobody_unclaimed(
        self, july: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("domain.commands.receive_list.FAMILIES_AT_ONCE", 1)
        # Which family is decided first follows from random ids, hence several pairs at once.
        pairs = [(town.household(), town.household()) for _ in range(8)]
        first = [h for pair in pairs for h in pair]
        july.list_of(first)
        # given a list in which people move, cut off half-way
        save, saved = july.azyq.log.save, list[str]()

        def save_some(*aggregates: object, **more: Any) -> None:
            saved.extend(["claims"] if "claims" in more else [])
            if len(saved) > 8:
                raise RuntimeError("cut off")
            save(*aggregates, **more)

        moved = [h for a, b in pairs for h in (a.without(a.people[1]), b.joined_by(a.people[1]))]
        with monkeypatch.context() as patched:
            patched.setattr(july.azyq.log, "save", save_some)
            with pytest.raises(RuntimeError, match="cut off"):
                july.list_of(moved, day=3)
        # when the list before comes again in its place
        july.list_of(first, day=4)
        # then each person is claimed by the family that has them
        for home in first:
            for person in home.people:
                key = membership_key(AKKOL, "2025-07", july.subject(person))
                assert july.claims().get(key) == july.stream(home)
        july.azyq.catch_up_views()
        verdict = run_audit(july.azyq.dsn, july.azyq.programmes, july.azyq.goods)
        assert verdict.holds, verdict.findings

    def test_R5_a_family_merges_into_another(self, july: Month, town: Town) -> None:
        one, other = town.household(2), town.household(3)
        july.list_of([one, other])
        outcome = july.list_of([one.joined_by(*other.people)], day=3)
        assert outcome.families == {"added": 0, "changed": 1, "unchanged": 0, "left": 1}
        assert len(july.family(one).members) == 5
        assert july.family(other).members == []
        assert set(july.claims().values()) == {july.stream(one)}

    def test_R16_the_same_person_with_a_new_phone_is_asked_on_the_new_one(
        self, july: Month, town: Town
    ) -> None:
        home = town.household()
        july.list_of([home])
        moved = Household(home.reference, home.people, town.phone())
        outcome = july.list_of([moved, town.household()], day=3)
        assert outcome.families["unchanged"] == 1
        july.day(5)
        assert moved.phone in [message["to"] for message in july.outbox()]
        assert home.phone not in [message["to"] for message in july.outbox()]

    def test_R19_a_list_after_the_cut_off_is_refused(self, july: Month, town: Town) -> None:
        with pytest.raises(ListClosed):
            july.list_of(town.households(1), day=5)
        assert events_of(july.azyq.dsn) == []
        july.at(4, 23)
        assert july.receive(july.write_list(as_csv(july.rows(town.households(1))))).families["added"] == 1

    def test_R2_2_a_list_before_the_last_day_of_the_month_before_is_refused(
        self, july: Month, town: Town
    ) -> None:
        july.at(1)
        july.clock.now = july.clock.now.replace(month=6, day=29)
        with pytest.raises(ListTooEarly):
            july.receive(july.write_list(as_csv(july.rows(town.households(1)))))
        assert events_of(july.azyq.dsn) == []

    def test_R5_the_store_itself_refuses_a_person_twice(self, july: Month, town: Town) -> None:
        home = town.household()
        july.list_of([home])
        member = july.subject(home.people[1])
        key = membership_key(AKKOL, "2025-07", member)
        family = FamilyVouchers.list_family(
            july.month, uuid4().hex, "113220100", member, [member], "1-x", july.clock()
        )
        before = events_of(july.azyq.dsn)
        with pytest.raises(LogConflict):
            july.azyq.log.save(family, claims=[(key, family.id)])
        assert events_of(july.azyq.dsn) == before
        with pytest.raises(psycopg2.errors.UniqueViolation):
            query(july.azyq.dsn, "INSERT INTO azyq_log.claim VALUES (%s, %s)", str(key), str(uuid4()))

    def test_two_imports_at_once_are_one_and_a_list_busy(
        self, july: Month, town: Town, database: str, tmp_path: Path
    ) -> None:
        entered, go_on = threading.Event(), threading.Event()
        source = open_list(july.write_list(as_csv(july.rows(town.households(2)))))

        def slowly() -> Iterator[Any]:
            entered.set()
            assert go_on.wait(30)
            yield from source.rows()

        first = threading.Thread(
            target=lambda: july.azyq.receive_list.run(july.month, slowly(), "0" * 64, None, july.clock())
        )
        first.start()
        assert entered.wait(30)
        with a_month(database, tmp_path) as other:
            try:
                with pytest.raises(ListBusy):
                    other.list_of(town.households(1))
            finally:
                go_on.set()
                first.join()
            assert other.list_of(town.households(1), day=3).families == {
                "added": 1,
                "changed": 0,
                "unchanged": 0,
                "left": 2,
            }


class TestOvertaken:
    """Another writes to the month while a list is taken in."""

    def overtake(
        self, month: Month, monkeypatch: pytest.MonkeyPatch, at_save: int, what: Callable[[], object]
    ) -> None:
        """Do `what` just before the `at_save`th save."""
        save, saves = month.azyq.log.save, 0

        def overtaken(*aggregates: Any, **more: Any) -> None:
            nonlocal saves
            saves += 1
            if saves == at_save:
                what()
            save(*aggregates, **more)

        monkeypatch.setattr(month.azyq.log, "save", overtaken)

    @pytest.fixture
    def other(self, database: str, tmp_path: Path) -> Iterator[Month]:
        with a_month(database, tmp_path) as opened:
            yield opened

    def test_R19_a_list_closed_while_the_file_was_read_is_closed(
        self, july: Month, other: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        july.list_of(town.households(1), day=2)
        before = july.counted()
        self.overtake(july, monkeypatch, 1, lambda: other.day(5))
        with pytest.raises(ListClosed):
            july.list_of(town.households(1), day=4)
        assert july.counted() - before == Counter({"cycle.task_done": 2, "sms.sent": 1}), (
            "a list that came too late left something"
        )

    def test_R19_a_list_begun_before_the_close_is_finished_after_it(
        self, july: Month, other: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # given that the month is closed for lists between the families and the end of the delivery
        def close() -> None:
            cycle = other.azyq.log.load([other.cycle()])[other.cycle()]
            cycle.finish_task(
                other.month,
                task="close_list",
                due_on=date(2025, 7, 5),
                days_late=0,
                families=0,
                at=other.at(5),
            )
            other.azyq.log.save(cycle)

        self.overtake(july, monkeypatch, 3, close)
        outcome = july.list_of(town.households(2), day=4)
        assert outcome.families["added"] == 2
        topics = [event.topic for event in events_of(july.azyq.dsn) if event.topic.startswith("cycle.")]
        assert topics == ["cycle.opened", "cycle.list_started", "cycle.task_done", "cycle.list_received"]

    @pytest.mark.parametrize("at_save", [2, 3])
    def test_R5_families_another_wrote_to_are_decided_again(
        self, july: Month, other: Month, town: Town, monkeypatch: pytest.MonkeyPatch, at_save: int
    ) -> None:
        # given a family that leaves and one that grows; both are written to while the second list is decided
        stays, leaves = town.household(), town.household()
        july.list_of([stays, leaves])
        grown = stays.joined_by(town.citizen())

        def write() -> None:
            for household in (stays, leaves):
                family = other.family(household)
                family.record_number(other.month, False, other.at(3))
                other.azyq.log.save(family)

        self.overtake(july, monkeypatch, at_save, write)
        outcome = july.list_of([grown], day=3)
        assert outcome.families == {"added": 0, "changed": 1, "unchanged": 0, "left": 1}
        assert (july.family(leaves).stage, len(july.family(stays).members)) == ("left", 3)
        assert len(july.claims()) == 3
        assert july.counted()["family.changed"] == july.counted()["family.left"] == 1

    def test_an_answer_that_was_lost_is_no_conflict(
        self, july: Month, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # As when the connection breaks after a commit: the repeat conflicts with what it recorded itself.
        save = july.azyq.log.save

        def twice(*aggregates: Any, **more: Any) -> None:
            changed = any(aggregate.pending_events for aggregate in aggregates)
            save(*aggregates, **more)
            if changed:
                raise LogConflict

        monkeypatch.setattr(july.azyq.log, "save", twice)
        assert july.list_of(town.households(2)).families["added"] == 2
        assert july.list_of(town.households(2), day=3).families["left"] == 2
        monkeypatch.undo()
        assert july.counted()["cycle.list_started"] == july.counted()["cycle.list_received"] == 2
        assert july.counted()["family.eligible"] == 4
        assert len(july.claims()) == 4


class TestNumbers:
    def test_R18_whoever_has_no_number_ends_here_and_is_reported_back(
        self, july: Month, town: Town, tmp_path: Path
    ) -> None:
        with_number, without = town.household(2), town.household(2, phone=False)
        path = july.write_list(as_csv(july.rows([with_number, without])))
        outcome = july.receive(path, july.write_numbers([with_number, without]))
        assert outcome.no_number == 1
        assert july.topics(without) == ["family.eligible", "family.number_missing"]
        assert july.topics(with_number) == ["family.eligible"]

        back = tmp_path / "no-number.csv"
        rows = july.azyq.staging.without_number(july.cycle())
        assert NoNumberFile(back, open_list(path), "ru").write_rows(rows) == 1
        assert without.people[0].iin in back.read_text(encoding="utf-8-sig")
        assert with_number.people[0].iin not in back.read_text(encoding="utf-8-sig")

    def test_R16_a_number_that_a_later_delivery_brings_opens_the_way_again(
        self, july: Month, town: Town
    ) -> None:
        home = town.household(2, phone=False)
        july.list_of([home])
        july.list_of([Household(home.reference, home.people, town.phone()), town.household()], day=3)
        assert july.topics(home) == ["family.eligible", "family.number_missing", "family.number_found"]
        july.day(5)
        assert july.family(home).stage == "asked"

    def test_R16_R18_another_applicant_without_a_file_of_numbers_is_looked_up_in_the_round(
        self, july: Month, town: Town
    ) -> None:
        # Both applicants have no number in July's first list; the vault knows one's number from before.
        known, unknown = town.household(2, phone=False), town.household(2, phone=False)
        july.list_of([known, unknown])
        july.azyq.vault.set_phones({july.subject(known.people[1]): town.phone()})
        july.at(3)
        turned = [Household(home.reference, home.people[::-1], None) for home in (known, unknown)]
        july.receive(july.write_list(as_csv(july.rows(turned))))
        july.azyq.catch_up_views()
        assert query(july.azyq.dsn, "SELECT stream FROM azyq_views.missing_numbers") == []
        july.day(5)
        assert july.family(known).stage == "asked"
        assert july.family(unknown).stage == "no_number"
        assert july.topics(unknown)[1:] == [
            "family.number_missing",
            "family.changed",
            "family.number_unsettled",
            "family.number_missing",
        ]
        july.azyq.catch_up_views()
        journal = query(july.azyq.dsn, "SELECT stream::text FROM azyq_views.missing_numbers")
        assert journal == [(str(july.stream(unknown)),)]
        stages = dict(query(july.azyq.dsn, "SELECT stream::text, stage FROM azyq_views.families"))
        assert stages == {str(july.stream(known)): "asked", str(july.stream(unknown)): "no_number"}
        verdict = run_audit(july.azyq.dsn, july.azyq.programmes, july.azyq.goods)
        assert verdict.holds, verdict.findings

    def test_rejected_rows_go_back_as_they_came(self, july: Month, town: Town, tmp_path: Path) -> None:
        rows = july.rows(town.households(2, 1))
        rows[1][5] = "30.02.1990"
        path = july.write_list(as_csv(rows))
        july.receive(path)
        back = tmp_path / "rejects.csv"
        written = RejectsFile(back, open_list(path), "kk").write(july.azyq.staging.rejections(july.cycle()))
        assert written == 1
        text = back.read_text(encoding="utf-8-sig")
        assert "birth_date_invalid" in text
        assert rows[1][1] in text
        assert rows[0][1] not in text

    def test_a_dry_run_keeps_nothing(self, july: Month, town: Town) -> None:
        rows = july.rows(town.households(3))
        rows[0][1] = "1"
        source = open_list(july.write_list(as_csv(rows)))
        outcome = july.azyq.receive_list.check(july.month, source.rows(), lambda *_: None)
        assert (outcome.rows, outcome.accepted) == (6, 4)
        assert outcome.rejected == {"iin_not_12_digits": 1, "family_without_applicant": 1}
        assert events_of(july.azyq.dsn) == []
        for table in ("azyq_log.claim", "vault.person", "vault.family", "vault.phone", "azyq_log.staged_row"):
            assert query(july.azyq.dsn, f"SELECT count(*) FROM {table}") == [(0,)], table
        assert july.list_of(town.households(1)).families["added"] == 1


KILLED_FAMILIES = 520  # more than a batch


class TestKilled:
    """SIGKILL at points drawn by seed, then the same file again: as if it had never happened."""

    @pytest.fixture
    def deliveries(self) -> list[list[Household]]:
        town = Town(seed=3)
        first = town.households(KILLED_FAMILIES)
        second = [h for number, h in enumerate(first) if number % 5]
        for a in range(0, 100, 2):
            mover = second[a].people[1]
            second[a], second[a + 1] = second[a].without(mover), second[a + 1].joined_by(mover)
        return [first, second + town.households(20)]

    def test_a_killed_import_goes_on_to_the_same_events(
        self, postgres_dsn: str, migrated_template: str, tmp_path: Path, deliveries: list[list[Household]]
    ) -> None:
        def deliver(dsn: str, folder: Path) -> None:
            with a_month(dsn, folder) as july:
                for index in range(july.lists_in(), len(deliveries)):
                    july.list_of(deliveries[index], day=2 + index)

        everyone = list({h.reference: h for delivery in deliveries for h in delivery}.values())
        with new_database(postgres_dsn, migrated_template) as template:
            twins = Twins(template, tmp_path / "template", everyone)
            with twins.twin("never-killed") as (dsn, folder):
                counted = tmp_path / "points"
                assert in_a_child(lambda: deliver(dsn, folder), counted=counted) == 0
                points = int(counted.read_text())
                expected, claims = by_stream(dsn), query(dsn, "SELECT * FROM azyq_log.claim ORDER BY 1")
            rng = Random(11)
            with twins.twin("killed") as (dsn, folder):
                for _ in range(4):
                    assert in_a_child(lambda: deliver(dsn, folder), rng.randrange(points)) in (-9, 0)
                deliver(dsn, folder)
                assert by_stream(dsn) == expected
                assert query(dsn, "SELECT * FROM azyq_log.claim ORDER BY 1") == claims

    def test_killed_at_first_sight_of_everyone_nobody_is_enrolled_twice(
        self, database: str, tmp_path: Path, deliveries: list[list[Household]]
    ) -> None:
        def deliver() -> None:
            with a_month(database, tmp_path) as july:
                july.list_of(deliveries[0])

        rng = Random(12)
        killed = [in_a_child(deliver, rng.randrange(2000)) for _ in range(3)]
        assert killed == [-9] * 3
        deliver()
        assert query(database, "SELECT count(*) FROM vault.person") == [(2 * KILLED_FAMILIES,)]
        topics = Counter(event.topic for event in events_of(database))
        assert topics == {
            "cycle.opened": 1,
            "cycle.list_started": 1,
            "family.eligible": KILLED_FAMILIES,
            "cycle.list_received": 1,
        }

"""The files that go back to the sender of a list (R15, R18): whose they are, and when they are left alone."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.commands.receive_list import ListBusy, NobodyAccepted
from domain.ports import PersonalData
from infra.importing import Import, ImportOutcome
from infra.lists.refusals import ListEmpty
from infra.lists.rejects import NoNumberFile, RejectsFile
from tests.integration.month_in_process import Household, Month, Town, a_month, as_csv, events_of


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        yield month


def imported(month: Month, file: Path, **how: Any) -> ImportOutcome:
    azyq = month.azyq
    return Import(azyq.receive_list, azyq.staging, azyq.vault, "en").run(
        file, month.month, at=month.clock(), **how
    )


def with_mistakes(month: Month, households: list[Household], *iins: str) -> Path:
    """A list of these households, in which the first ones have these IINs."""
    rows = month.rows(households)
    for row, iin in zip(rows, iins, strict=False):
        row[1] = iin
    return month.write_list(as_csv(rows))


def codes(path: Path) -> list[tuple[str, str]]:
    """(row, code) of a file that goes back."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["row"], row["code"]) for row in csv.DictReader(file)]


def test_R19_the_files_are_written_before_the_next_list_is_let_in(
    july: Month, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given another process that tries to take its list in just when the first one's files are written
    town = Town()
    first = with_mistakes(july, town.households(2, 1), "1")
    other_list = with_mistakes(july, town.households(3, 1), "1", "2", "3")
    busy: list[type] = []
    with a_month(database, tmp_path) as other:
        write = RejectsFile._write

        def interrupted(self: RejectsFile, joined: Any) -> int:
            with pytest.raises(ListBusy):
                imported(other, other_list)
            busy.append(type(self))
            return write(self, joined)

        monkeypatch.setattr(RejectsFile, "_write", interrupted)
        numbers = july.write_numbers([])
        found = imported(july, first, numbers=numbers, rejects=tmp_path / "r", no_number=tmp_path / "n")
    # then it is busy, and the files are of the first
    assert busy == [RejectsFile, NoNumberFile]
    assert codes(tmp_path / "r") == [("1", "iin_not_12_digits")]
    assert codes(tmp_path / "n") == [("2", "no_number")]
    assert found.written == {str(tmp_path / "r"): 1, str(tmp_path / "n"): 1}


def test_R15_the_same_file_again_gives_its_own_rejected_rows_again(july: Month, tmp_path: Path) -> None:
    town = Town()
    rejects, no_number, once_more = tmp_path / "r.csv", tmp_path / "n.csv", tmp_path / "again.csv"
    file = with_mistakes(july, town.households(3, 1), "1")
    numbers = july.write_numbers([])
    imported(july, file, numbers=numbers, rejects=rejects, no_number=no_number)
    wanted = rejects.read_bytes(), no_number.read_bytes()
    # given that a list that turned out unreadable half-way came after it
    torn = july.write_list(as_csv(july.rows(town.households(2, 1))) + 'КО-1,"unclosed')
    with pytest.raises(Exception, match="quote"):
        imported(july, torn)
    before = events_of(july.azyq.dsn)
    # when the same file comes again, with the same files out and with another
    found = imported(july, file, numbers=numbers, rejects=rejects, no_number=no_number)
    imported(july, file, rejects=once_more)
    # then what went back stays as it was, nothing is recorded, and the answer says what it was
    assert (rejects.read_bytes(), no_number.read_bytes()) == wanted
    assert once_more.read_bytes() == wanted[0]
    assert events_of(july.azyq.dsn) == before
    assert found.outcome.again
    assert found.outcome.rows == 0
    assert (found.written, found.left_alone) == ({str(rejects): 1}, [str(no_number)])
    for language in ("kk", "ru", "en"):
        lines = list(found.lines(language))
        assert any(found.outcome.delivery in line for line in lines)
        assert [line for line in lines if str(rejects) in line]
        assert [line for line in lines if str(no_number) in line]


def test_R18_a_dry_run_leaves_the_file_of_those_without_a_number_alone(july: Month, tmp_path: Path) -> None:
    # A dry run looks no numbers up, so it knows of nobody without one.
    rejects, no_number = tmp_path / "r.csv", tmp_path / "n.csv"
    no_number.write_text("of the list before")
    file = with_mistakes(july, Town().households(2, 1), "1")
    found = imported(july, file, rejects=rejects, no_number=no_number, dry_run=True)
    assert no_number.read_text() == "of the list before"
    assert codes(rejects) == [("1", "iin_not_12_digits")]
    assert (found.written, found.left_alone) == ({str(rejects): 1}, [str(no_number)])


@pytest.mark.parametrize("option", ["rejects", "no_number"])
def test_what_goes_back_never_takes_the_place_of_what_came(
    july: Month, tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    households = Town().households(2, 1)
    file, numbers = with_mistakes(july, households, "1"), july.write_numbers(households)
    came = file.read_bytes(), numbers.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    for path in (
        file,
        numbers,
        Path(file.name),
        tmp_path / "folder" / ".." / file.name,
        link,
        Path("."),
        Path("/"),
        tmp_path / "folder",
        tmp_path / "missing" / "r.csv",
        tmp_path / "pipe",  # as /dev/null: replaced by a file, it would be gone for everybody
        Path("/proc/r.csv"),
        tmp_path / ("x" * 300),
        file / "r.csv",
    ):
        with pytest.raises(OSError, match="can't be written"):
            imported(july, file, numbers=numbers, **{option: path})
    assert (file.read_bytes(), numbers.read_bytes()) == came
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert events_of(july.azyq.dsn) == []


def test_two_files_that_go_back_are_not_one(july: Month, tmp_path: Path) -> None:
    file = with_mistakes(july, Town().households(2, 1), "1")
    with pytest.raises(OSError, match="can't be written"):
        imported(july, file, rejects=tmp_path / "r.csv", no_number=tmp_path / "." / "r.csv")
    assert events_of(july.azyq.dsn) == []
    # and a file of an earlier time is written over
    (tmp_path / "r.csv").write_text("of the list before")
    imported(july, file, rejects=tmp_path / "r.csv")
    assert codes(tmp_path / "r.csv") == [("1", "iin_not_12_digits")]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


# --- lists that look like a mistake (R14, R19) ------------------------------------------------------------


def test_R19_a_file_without_one_acceptable_row_replaces_nothing(july: Month, tmp_path: Path) -> None:
    # given a good list, and its file of those without a number
    town = Town()
    july.list_of(town.households(3))
    kept = tmp_path / "no-number.csv"
    kept.write_text("as it was")
    before = events_of(july.azyq.dsn)
    wrong = with_mistakes(july, town.households(2, 1), "1", "2")
    rejects = tmp_path / "rejects.csv"
    # when a file comes in which every row is wrong, or one without rows
    for dry_run in (False, True):
        with pytest.raises(NobodyAccepted) as caught:
            imported(july, wrong, rejects=rejects, no_number=kept, dry_run=dry_run)
        # then it is refused, with the reasons, and nothing is recorded
        assert caught.value.code == "nobody_accepted"
        assert caught.value.rejected == {"iin_not_12_digits": 2}
        assert all("2" in caught.value.sentence(language) for language in ("kk", "ru", "en"))
        assert codes(rejects) == [("1", "iin_not_12_digits"), ("2", "iin_not_12_digits")]
        rejects.unlink()
    with pytest.raises(ListEmpty):
        imported(july, july.write_list(as_csv([])))
    assert events_of(july.azyq.dsn) == before
    assert kept.read_text() == "as it was"
    # and the month goes on with the list it had
    july.day(5)
    assert july.counted()["sms.sent"] == 3


def test_R19_a_list_that_drops_most_families_is_taken_and_said_aloud(july: Month) -> None:
    town = Town()
    homes = town.households(8)
    july.list_of(homes)
    some = imported(july, july.write_list(as_csv(july.rows(homes[:4]))))
    assert not any("ATTENTION" in line for line in some.lines("en"))
    few = imported(july, july.write_list(as_csv(july.rows(homes[:1]))))
    assert few.outcome.families == {"added": 0, "changed": 0, "unchanged": 1, "left": 3}
    assert any(line.startswith("ATTENTION: 3 of the 4 families") for line in few.lines("en"))
    assert few.as_dict()["warnings"] == ["most_families_left"]
    for language in ("kk", "ru", "en"):
        assert sum("3" in line and "4" in line for line in few.lines(language))


@pytest.mark.parametrize("with_numbers_after_all", [False, True])
def test_R16_R18_a_list_without_numbers_says_how_many_cant_be_asked(
    july: Month, tmp_path: Path, with_numbers_after_all: bool
) -> None:
    # given a list without the file of numbers, of families of which one's number is known from before
    town = Town()
    homes = town.households(3)
    file = july.write_list(as_csv(july.rows(homes)))
    july.azyq.vault.enrol([PersonalData(*_person(homes[0]))])
    july.azyq.vault.set_phones({july.subject(homes[0].people[0]): homes[0].phone or ""})
    no_number = tmp_path / "no-number.csv"
    found = imported(july, file, no_number=no_number)
    # then the others are counted, aloud, and no empty file says that all have a number
    assert (found.outcome.no_number, found.outcome.number_unknown) == (0, 2)
    assert any(line.startswith("ATTENTION: 2 ") and "--numbers" in line for line in found.lines("en"))
    assert not no_number.exists()
    assert found.left_alone == [str(no_number)]
    assert found.as_dict()["warnings"] == ["numbers_unknown"]
    # and the same list again, with the numbers this time as the sentence asks for, brings them
    if with_numbers_after_all:
        numbers = july.write_numbers(homes[:2])
        found = imported(july, file, numbers=numbers, no_number=no_number)
        assert not found.outcome.again
        assert (found.outcome.families["unchanged"], found.outcome.no_number) == (3, 1)
        assert codes(no_number) == [("5", "no_number")]
        # and is one with itself, with and without the numbers
        assert imported(july, file, numbers=numbers).outcome.again
        assert imported(july, file).outcome.again
        (_, first_sms) = july.day(5)
        assert (first_sms.families, first_sms.no_number) == (2, 1)
        return
    # and the 5th says whom it could not ask
    (_, first_sms) = july.day(5)
    assert (first_sms.families, first_sms.no_number) == (1, 2)


def _person(home: Household) -> tuple[str, str, str, str, str]:
    person = home.people[0]
    return person.iin, person.surname, person.given_name, "", person.birth_date

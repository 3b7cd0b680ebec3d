"""The sample files: the contract's formats, sound numbers, the same bytes for a seed, mistakes on demand."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.money import tiyn_from_kzt
from infra.sample import HEADERS, write_sample
from infra.sample.mistakes import KINDS
from infra.sample.numbers import check_digit, gtin13

PILOT: dict[str, Any] = {"month": "2025-07", "kato": ["113220"]}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_iin(text: str) -> bool:
    """The published rule, written anew: weights 1 to 11, and once more from 3 on when that gives 10."""
    if not re.fullmatch(r"[0-9]{12}", text):
        return False
    digits = [int(figure) for figure in text]
    total = sum((place + 1) * digits[place] for place in range(11)) % 11
    if total == 10:
        total = sum(((place + 2) % 11 + 1) * digits[place] for place in range(11)) % 11
    return total == digits[11]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "made"
    write_sample(out, families=1000, seed=1, **PILOT)
    return out


def test_the_files_have_the_contracts_columns(folder: Path) -> None:
    found = {path.name: path.read_text(encoding="utf-8").splitlines()[0] for path in folder.iterdir()}
    assert found == HEADERS


def test_the_summary_counts_what_the_files_hold(tmp_path: Path) -> None:
    summary = write_sample(tmp_path, families=1000, seed=3, **PILOT)

    people, numbers = read(tmp_path / "list.csv"), read(tmp_path / "numbers.csv")
    shared = Counter(row["phone"][-10:] for row in numbers)
    assert summary.members == len(people)
    assert summary.families == len({row["family_id"] for row in people}) == 1000
    assert summary.without_number == 1000 - len(numbers) == 20
    assert summary.sharing_a_number == sum(count == 2 for count in shared.values()) == 5
    assert max(shared.values()) == 2
    assert (summary.shops, summary.articles, summary.prices) == tuple(
        len(read(tmp_path / name)) for name in ("shops.csv", "articles.csv", "prices.csv")
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        write_sample(tmp_path / name, families=60, seed=seed, bad_rows=9, **PILOT)

    one, two, three = (
        {file: (tmp_path / name / file).read_bytes() for file in HEADERS} for name in ("one", "two", "three")
    )
    assert one == two
    assert one["list.csv"] != three["list.csv"]
    assert one["prices.csv"] != three["prices.csv"]


def test_R5_people_are_whole_and_nobody_is_there_twice(folder: Path) -> None:
    people = read(folder / "list.csv")

    assert all(is_iin(row["iin"]) for row in people)
    assert len({row["iin"] for row in people}) == len(people)
    assert all(row["surname"] and row["given_name"] for row in people)
    assert 3.8 < len(people) / 1000 < 4.2


def test_one_applicant_a_family_an_adult_and_first(folder: Path) -> None:
    families: dict[str, list[dict[str, str]]] = {}
    for row in read(folder / "list.csv"):
        families.setdefault(row["family_id"], []).append(row)

    for rows in families.values():
        assert [row["role"] for row in rows] == ["applicant"] + ["member"] * (len(rows) - 1)
        assert rows[0]["birth_date"] < "2007-06-30"
        assert all(row["birth_date"] <= "2025-06-30" for row in rows)


def test_most_but_not_all_iins_begin_with_the_birth_date(folder: Path) -> None:
    people = read(folder / "list.csv")
    matching = sum(row["iin"].startswith(row["birth_date"].replace("-", "")[2:]) for row in people)
    assert 0.98 * len(people) < matching < len(people)


def test_R2_2_assistance_is_of_the_last_day_of_the_month_before(folder: Path, tmp_path: Path) -> None:
    write_sample(tmp_path, families=2, seed=1, month="2024-03", kato=["111010", "551010000"])

    assert {row["assistance_on"] for row in read(folder / "list.csv")} == {"2025-06-30"}
    assert {row["assistance_on"] for row in read(tmp_path / "list.csv")} == {"2024-02-29"}


def test_R2_2_everyone_lives_where_the_programme_runs(tmp_path: Path) -> None:
    write_sample(tmp_path, families=50, seed=1, month="2026-01", kato=["111010", "551010000"])

    assert {row["kato"] for row in read(tmp_path / "list.csv")} == {"111010100", "551010000"}
    assert {row["kato"] for row in read(tmp_path / "market.csv")} == {"111010100", "551010000"}


def test_only_applicants_have_numbers_and_all_are_mobile(folder: Path) -> None:
    applicants = {row["iin"] for row in read(folder / "list.csv") if row["role"] == "applicant"}
    numbers = read(folder / "numbers.csv")

    assert {row["iin"] for row in numbers} < applicants
    assert all(re.fullmatch(r"(\+7|8)7[0-9]{9}", row["phone"]) for row in numbers)


@pytest.mark.parametrize(("month", "positions"), [("2025-07", 19), ("2026-02", 25)])
def test_R2_17_articles_of_each_position_in_force(tmp_path: Path, month: str, positions: int) -> None:
    write_sample(tmp_path, families=1, seed=1, month=month, kato=["113220"])

    articles = read(tmp_path / "articles.csv")
    each = Counter(int(row["position"]) for row in articles)
    assert set(each) == set(range(1, positions + 1))
    assert set(each.values()) <= {2, 3, 4}
    assert len({row["gtin"] for row in articles}) == len(articles)
    for row in articles:
        assert row["gtin"].startswith("487")
        assert (
            sum(int(figure) * (3 if place % 2 else 1) for place, figure in enumerate(row["gtin"])) % 10 == 0
        )
        assert row["measure"] in {"piece", "kg", "l"}


def test_R13_prices_are_money_and_below_the_market(folder: Path) -> None:
    position = {row["gtin"]: row["position"] for row in read(folder / "articles.csv")}
    market = {row["position"]: tiyn_from_kzt(row["market_price"]) for row in read(folder / "market.csv")}
    prices = read(folder / "prices.csv")

    assert {row["shop_id"] for row in prices} == {row["shop_id"] for row in read(folder / "shops.csv")}
    assert {row["source"] for row in prices} == {"trade", "farm"}
    assert {row["valid_from"] for row in prices} == {"2025-07-01", "2025-07-16"}
    for row in prices:
        assert re.fullmatch(r"[0-9]+\.[0-9]{2}", row["purchase_price"])
        assert tiyn_from_kzt(row["purchase_price"]) < market[position[row["gtin"]]]


def test_shops_are_sound(folder: Path) -> None:
    shops = read(folder / "shops.csv")

    assert len(shops) == len({row["shop_id"] for row in shops}) == len({row["bin"] for row in shops}) == 6
    assert all(is_iin(row["bin"]) for row in shops)
    for row in shops:
        assert date.fromisoformat(row["opened_on"]) < date(2025, 7, 1)
        assert (row["loan"] == "yes") == bool(row["loan_contract"]) == bool(row["loan_until"])


@pytest.mark.parametrize("families", [1, 3, 200])
def test_bad_rows_are_strewn_in_and_all_are_bad(tmp_path: Path, families: int) -> None:
    bad = 2 * len(KINDS)
    summary = write_sample(tmp_path, families=families, seed=1, bad_rows=bad, **PILOT)

    rows = list(csv.reader((tmp_path / "list.csv").open(encoding="utf-8", newline="")))[1:]
    good = [row for row in rows if row[0].startswith("F")]
    spoilt = [row for row in rows if not row[0].startswith("F")]
    assert (len(good), len(spoilt), summary.bad_rows) == (summary.members, bad, bad)
    taken = {row[1] for row in good}
    for row in spoilt:
        sound = (
            len(row) == 9
            and row[0] != ""
            and is_iin(row[1])
            and row[1] not in taken
            and row[2] != ""
            and not row[3].startswith("=")
            and row[5] < "2025-07-01"
            and not row[5].endswith("02-30")
            and row[6] == "applicant"
            and row[7] == "113220100"
            and row[8] == "2025-06-30"
        )
        assert not sound


@pytest.mark.parametrize(
    "wrong", [{"month": "2025-13"}, {"month": "２０２５-07"}, {"families": 0}, {"kato": []}, {"bad_rows": -1}]
)
def test_a_sample_that_can_not_be_made_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"families": 1, "seed": 1, **PILOT, **wrong}
    with pytest.raises(ValueError, match=r"month|at least one"):
        write_sample(tmp_path / "none", **asked)
    assert not (tmp_path / "none").exists()


def test_check_digits_by_known_examples() -> None:
    assert gtin13("400638133393") == "4006381333931"
    assert gtin13("590123412345") == "5901234123457"
    for eleven in ("88010130012", "04121250091", "99123145678"):
        digit = check_digit(eleven)
        assert digit is None or is_iin(f"{eleven}{digit}")

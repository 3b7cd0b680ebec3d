"""The goods list: which positions it has on which day, and what makes a file of it unusable."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from domain.goods import GoodsInvalid, GoodsListMissing, catalogue_of, load_goods
from infra.programmes import load_programmes

ROOT = Path(__file__).parents[2]
HEADER = "version,effective_from,effective_to,position,name_en,name_ru,name_kk,unit\n"
FLOUR = "a,2025-01-01,2025-06-30,1,Flour,Мука,Ұн,kg\n"
MILK = "b,2025-08-01,,1,Milk,Молоко,Сүт,litre\n"


def test_R2_3_the_official_list_by_day() -> None:
    catalogue = load_goods((ROOT / "goods" / "goods-list.csv").read_text(encoding="utf-8"))

    pilot, later = catalogue.on(date(2025, 7, 31)), catalogue.on(date(2026, 1, 5))

    assert (pilot.version, len(pilot.positions)) == ("166-NQ-2023", 19)
    assert (later.version, len(later.positions)) == ("2025-12-23", 25)
    assert pilot.positions[13].names["kk"] == "Тауық еті (жамбасы, сирағы)"
    assert pilot.positions[11].unit == "litre"


def test_R2_3_a_list_changes_at_the_end_of_its_last_day() -> None:
    catalogue = load_goods((ROOT / "goods" / "goods-list.csv").read_text(encoding="utf-8"))

    assert catalogue.on(date(2026, 1, 3)).version == "166-NQ-2023"
    assert catalogue.on(date(2026, 1, 4)).version == "2025-12-23"


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2025, 7, 1), date(2025, 7, 31)])
def test_R2_3_no_list_in_a_gap(day: date) -> None:
    with pytest.raises(GoodsListMissing) as refused:
        load_goods(HEADER + FLOUR + MILK).on(day)

    assert refused.value.code == "goods_list_missing"
    assert str(day) in refused.value.sentence("kk")


def test_R6_a_programme_with_goods_of_its_own_takes_no_foods() -> None:
    shared = load_goods((ROOT / "goods" / "goods-list.csv").read_text(encoding="utf-8"))
    programmes = load_programmes(ROOT / "programmes")

    gas = programmes["gas-2025"].catalogue(shared).on(date(2025, 9, 10))

    assert {number: position.names["en"] for number, position in gas.positions.items()} == {1: "Natural gas"}
    assert programmes["akkol-2025"].catalogue(shared) is shared


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + FLOUR + MILK,
        (HEADER + FLOUR + MILK).replace("\n", "\r\n"),
        HEADER + MILK + "\n" + FLOUR + ",,,,,,,\n",
    ],
    ids=["byte-order mark", "CRLF", "newest first and empty lines"],
)
def test_a_list_is_read_in_any_usual_form(text: str) -> None:
    assert [version.version for version in load_goods(text).versions] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "the file is empty"),
        (HEADER, 1, "the file has no positions"),
        (HEADER.replace(",unit", "") + "a\n", 1, "column unit is missing"),
        (HEADER.replace("unit", "unit,colour"), 1, "unknown column 'colour'"),
        (HEADER.replace("unit", "unit,unit"), 1, "column unit is doubled"),
        (HEADER + 'a,"2025', 0, "not a CSV file: unexpected end of data"),
        (HEADER + "a,2025-01-01\n", 2, "2 cells where the header has 8"),
        (HEADER + FLOUR.replace("a,", ",", 1), 2, "version is empty"),
        (HEADER + FLOUR.replace("2025-01-01", "01.01.2025"), 2, "effective_from '01.01.2025' is not a date"),
        (HEADER + FLOUR.replace("2025-01-01", "２０２５-01-01"), 2, "is not a date as 2025-07-31"),
        (HEADER + FLOUR.replace("06-30", "06-31"), 2, "effective_to '2025-06-31' is no day of the calendar"),
        (HEADER + FLOUR.replace(",1,", ",1.0,"), 2, "position '1.0' is not a whole number"),
        (HEADER + FLOUR.replace(",1,", ",²,"), 2, "position '²' is not a whole number"),
        (HEADER + FLOUR.replace(",1,", ",0,"), 2, "position '0' is not a whole number"),
        (HEADER + FLOUR.replace("kg", "pound"), 2, "unit 'pound' is none of kg, litre, piece"),
        (HEADER + FLOUR.replace("Ұн", " "), 2, "a name is empty"),
        (HEADER + FLOUR + FLOUR, 3, "position 1 is in version a twice"),
        (HEADER + FLOUR + FLOUR.replace("06-30,1", "07-30,2"), 3, "version a has other dates above"),
        (HEADER + FLOUR.replace("06-30", "08-01") + MILK, 1, "a and b overlap on 2025-08-01"),
        (HEADER + FLOUR.replace("2025-06-30", "") + MILK, 1, "a and b overlap on 2025-08-01"),
        (HEADER + FLOUR.replace("2025-06-30", "2024-06-30"), 1, "a ends before it begins"),
    ],
)
def test_a_faulty_list_is_refused_by_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(GoodsInvalid) as refused:
        load_goods(text)

    assert [at for at, _ in refused.value.problems] == [line]
    assert reason in refused.value.problems[0][1]


def test_a_faulty_list_names_every_fault() -> None:
    with pytest.raises(GoodsInvalid) as refused:
        load_goods(HEADER + FLOUR.replace("kg", "pound") + "x\n" + MILK.replace("Сүт", ""))

    assert [line for line, _ in refused.value.problems] == [2, 3, 4]
    assert all(f"line {line}" in refused.value.sentence("ru") for line in (2, 3, 4))


def test_an_empty_catalogue_has_no_list_on_any_day() -> None:
    with pytest.raises(GoodsListMissing):
        catalogue_of([]).on(date(2025, 7, 1))

"""Counts of fewer than 5 people, and what would tell them: nothing that is hidden follows from what is shown (A2)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from infra.reporting.small_cells import LEAST, hidden_cells, solved

ONE = Fraction(1)


def total(name: str, parts: list[str]) -> dict[str, Fraction]:
    return {name: ONE, **dict.fromkeys(parts, -ONE)}


def test_a_small_part_takes_the_next_smallest_with_it() -> None:
    values = {"all": 110, "a": 3, "b": 7, "c": 100}
    assert hidden_cells(values, ["a"], [total("all", ["a", "b", "c"])]) == {"a", "b"}


def test_two_small_parts_hide_one_another_unless_there_is_one_in_each() -> None:
    equations = [total("all", ["a", "b", "c"])]
    assert hidden_cells({"all": 105, "a": 3, "b": 2, "c": 100}, ["a", "b"], equations) == {"a", "b"}
    assert hidden_cells({"all": 102, "a": 1, "b": 1, "c": 100}, ["a", "b"], equations) == {"a", "b", "c"}


def test_the_only_part_hides_its_total_and_so_what_the_total_is_made_of_besides() -> None:
    values = {"all": 3, "north": 3, "one": 0, "two": 3}
    equations = [total("all", ["north"]), total("all", ["one", "two"])]
    assert hidden_cells(values, ["all", "north", "two"], equations) == {"all", "north", "two"}
    values = {"all": 9, "north": 9, "one": 2, "two": 7}
    assert hidden_cells(values, ["one"], equations) == {"one", "two"}


def test_a_sum_that_follows_from_a_count_goes_with_it() -> None:
    values = {"vouchers": 3, "tiyn": 3_000}
    assert hidden_cells(values, ["vouchers"], [{"tiyn": ONE, "vouchers": Fraction(-1000)}]) == {
        "vouchers",
        "tiyn",
    }


def test_what_two_equations_tell_together_is_seen() -> None:
    # x + y and x - y: each has two unknowns, both together tell them
    assert solved([{"x": ONE, "y": ONE}, {"x": ONE, "y": -ONE}]) == {"x", "y"}
    assert solved([{"x": ONE, "y": ONE}, {"x": Fraction(2), "y": Fraction(2)}]) == set()
    values = {"x": 3, "y": 2, "sum": 5, "difference": 1}
    equations = [
        {"sum": ONE, "x": -ONE, "y": -ONE},
        {"difference": ONE, "x": -ONE, "y": ONE},
    ]
    assert hidden_cells(values, ["x", "y"], equations) > {"x", "y"}


@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=5))
def test_A2_no_combination_of_totals_gives_a_hidden_count(table: list[list[int]]) -> None:
    # given a table with totals of its rows, its columns, and all
    values: dict[tuple[str, str], int] = {}
    equations = []
    columns = [str(n) for n in range(3)]
    names = [f"r{n}" for n in range(len(table))]
    for name, row in zip(names, table, strict=True):
        values |= {(name, column): value for column, value in zip(columns, row, strict=True)}
        values[name, "all"] = sum(row)
        equations.append({(name, "all"): ONE, **{(name, c): -ONE for c in columns}})
    for column in (*columns, "all"):
        values["all", column] = sum(values[name, column] for name in names)
        equations.append({("all", column): ONE, **{(name, column): -ONE for name in names}})
    small = [cell for cell, value in values.items() if 0 < value < LEAST]
    # when
    hidden = hidden_cells(values, small, equations)
    # then every small count is hidden, and every hidden one could be another: a whole number of people, by one or more
    assert set(small) <= hidden
    assert not solved([{c: k for c, k in one.items() if c in hidden} for one in equations]) & set(small)

"""Numbers of cases as people type them: each is the one that was meant, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import case_id
from domain.procedures.case_number import is_written_apart, number_of, read_number, stream_of_number

NUMBER = "LD-2031-4K7QXM2V"
PREFIXES = ("LD", "CM", "SJ", "AT", "R0")

TYPED = [
    (NUMBER, NUMBER),
    ("ld-2031-4k7qxm2v", NUMBER),
    ("  LD-2031-4K7QXM2V\n", NUMBER),
    ("LD 2031 4K7Q XM2V", NUMBER),
    ("LD20314K7QXM2V", NUMBER),
    ("LD–2031–4K7QXM2V", NUMBER),  # en dashes
    ("LD — 2031 — 4K7QXM2V", NUMBER),  # em dashes, no-break blanks
    ("LD‑2031‑4K7QXM2V", NUMBER),  # hyphens that don't break
    ("LD−2031−4K7QXM2V", NUMBER),  # minus
    ("LD_2031/4K7QXM2V.", NUMBER),
    ("LD-2031-4K7QXM\u00ad2V", NUMBER),  # a soft hyphen, copied from a paper
    ("\ufeffLD-2031-4K7QXM2V\u200b", NUMBER),
    ("№ LD-2031-4K7QXM2V", NUMBER),
    ("LD-2O31-4K7QXM2V", NUMBER),  # O
    ("LD-2О31-4K7QXM2V", NUMBER),  # Cyrillic О
    ("LD-203I-4K7QXM2V", NUMBER),
    ("LD-203l-4K7QXM2V", NUMBER),
    ("LD-203І-4K7QXM2V", NUMBER),  # Kazakh І
    ("lD-2031-4K7QXM2V", NUMBER),
    ("1D-2031-4K7QXM2V", NUMBER),
    ("ID-2031-4K7QXM2V", NUMBER),
    ("RO-2031-4K7QXM2V", "R0-2031-4K7QXM2V"),
    ("LD-2031-4К7QХМ2V", NUMBER),  # Cyrillic К, Х, М
    ("ld-2031-4к7qхм2v", NUMBER),
    ("СМ-2031-ВСНРТХКМ", "CM-2031-BCHPTXKM"),
    ("ＬＤ－２０３１－４Ｋ７ＱＸＭ２Ｖ", NUMBER),  # as a Chinese keyboard has them
    ("ZZ-2031-4K7QXM2V", "ZZ-2031-4K7QXM2V"),  # of a service that is gone
]
NONE = [
    "",
    "-",
    "LD-2031",
    "LD-2031-4K7QXM2",
    "LD-2031-4K7QXM2VV",
    "LD-1931-4K7QXM2V",
    "LD-2031-4K7OXM2V",  # no number has an O there, and Q would be a guess
    "LD-2031-4K71XM2V",
    "LD-2031-4K7ЯXM2V",
    "-2031-4K7QXM2V",
    "LD-2031-4K7QXM2V-1000",
    "F0000001",
    "9b1b7f5c2d4e4f0a8b6c1d2e3f405162",
    "LD-2031-" + " " * 100 + "4K7QXM2V",
    "\ud800LD-2031-4K7QXM2V",
]


@pytest.mark.parametrize(("typed", "meant"), TYPED)
def test_whoever_types_a_number_is_understood(typed: str, meant: str) -> None:
    found = read_number(typed, PREFIXES)
    assert found is not None
    assert found.case == meant
    assert found.result == ""
    assert stream_of_number(typed, PREFIXES) == case_id(meant)


@pytest.mark.parametrize("typed", NONE)
def test_what_can_be_no_number_is_not_guessed_at(typed: str) -> None:
    assert read_number(typed, PREFIXES) is None
    assert stream_of_number(typed, PREFIXES) != case_id(NUMBER)


@pytest.mark.parametrize(
    ("typed", "result"), [(f"{NUMBER}-1", "-1"), (f"{NUMBER.lower()} – l2", "-12"), (f"{NUMBER}-О7", "-7")]
)
def test_a_results_number_leads_to_its_case(typed: str, result: str) -> None:
    assert read_number(typed, PREFIXES) == (NUMBER, result)
    assert stream_of_number(typed, PREFIXES) == case_id(NUMBER)


def test_the_stream_itself_is_understood_too() -> None:
    stream = case_id(NUMBER)
    assert stream_of_number(stream.hex, PREFIXES) == stream_of_number(str(stream).upper(), PREFIXES) == stream


def test_a_reference_of_a_list_is_told_from_a_number_by_its_hyphens() -> None:
    assert read_number("F202623456789") is not None
    assert not is_written_apart("F202623456789")
    assert is_written_apart("ld – 2026–23456789")


@given(st.text(max_size=8), st.integers(2000, 2099))
def test_a_number_that_was_made_is_read_as_itself(name: str, year: int) -> None:
    number = number_of("LD", year, name)
    assert read_number(number) == (number, "")
    assert read_number(number.lower().replace("-", " – ").replace("0", "о"), ["LD"]) == (number, "")


@given(st.text(max_size=70))
def test_whatever_is_typed_is_read_or_not(typed: str) -> None:
    found = read_number(typed, PREFIXES)
    assert found is None or read_number("".join(found), PREFIXES) == found
    stream_of_number(typed, PREFIXES)

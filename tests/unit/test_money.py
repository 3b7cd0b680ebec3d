"""Money: whole tiyn, one rounding rule, amounts read and shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import kzt, line_total_tiyn, tiyn_from_kzt


@pytest.mark.parametrize(
    ("price", "quantity", "total"),
    [
        (1, "0.5", 1),
        (3, "0.5", 2),
        (5, "0.5", 3),
        (1, "0.499", 0),
        (393_200, "1", 393_200),
        (333, "0.333", 111),
    ],
)
def test_R2_1_a_line_total_is_rounded_half_up(price: int, quantity: str, total: int) -> None:
    assert line_total_tiyn(price, Decimal(quantity)) == total


@given(price=st.integers(0, 10**9), thousandths=st.integers(0, 10**7))
def test_R2_1_rounding_agrees_with_whole_numbers(price: int, thousandths: int) -> None:
    assert line_total_tiyn(price, Decimal(thousandths) / 1000) == (price * thousandths + 500) // 1000


@pytest.mark.parametrize(
    ("text", "tiyn"),
    [
        ("3932.00", 393_200),
        ("3932", 393_200),
        ("0.01", 1),
        ("0.1", 10),
        ("-1.50", -150),
        (" 7.00 ", 700),
        ("1.500", 150),
        ("0", 0),
    ],
)
def test_an_amount_is_read_as_tiyn(text: str, tiyn: int) -> None:
    assert tiyn_from_kzt(text) == tiyn


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "x", "1,5", "1 000", "1_000", "1e3", "1E+999999", "0x10", "+1", ".5", "5."),
        *("NaN", "Infinity", "-", "0.001", "1.005", "１２", "٣", "²", "1\n2", "9" * 5_000, "99999999999999"),
    ],
)
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount in KZT"):
        tiyn_from_kzt(text)


@pytest.mark.parametrize(
    ("tiyn", "text"),
    [(393_200, "3 932.00"), (0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-123_456_789, "-1 234 567.89")],
)
def test_an_amount_is_shown_in_groups_of_three(tiyn: int, text: str) -> None:
    assert kzt(tiyn) == text


@given(st.integers(-(10**14), 10**14))
def test_what_is_shown_can_be_read_again(tiyn: int) -> None:
    assert tiyn_from_kzt(kzt(tiyn).replace(" ", "")) == tiyn

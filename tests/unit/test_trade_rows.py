"""Rows of the files of shops, articles and prices: each is taken, or rejected with a code and a sentence."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from domain.beneficiary import iin_is_valid
from domain.errors import LANGUAGES
from domain.trade import rows, sentences
from domain.trade.catalogue import Article
from domain.trade.gtin import LENGTHS, canonical_gtin, gtin_is_valid, gtin_problem
from domain.trade.rows import (
    MarketRow,
    PriceRow,
    Rejected,
    ShopRow,
    check_article_row,
    check_market_row,
    check_price_row,
    check_shop_row,
)
from domain.trade.sentences import SENTENCES, trade_sentence
from domain.trade.shop import Loan

TODAY = date(2025, 7, 1)
GTIN = "4870000000012"
SHOP = ("S001", "120240000010", "Дүкен", "113220100", "Абая, 1", "2020-01-01", "no", "", "")
PRICE = ("S001", GTIN, "215.50", "trade", "2025-07-01")
POSITIONS = {1: "flour", 19: "curd"}


def changed(row: tuple[str, ...], place: int, cell: str) -> tuple[str, ...]:
    return (*row[:place], cell, *row[place + 1 :])


def test_R2_7_a_row_of_a_shop() -> None:
    row = check_shop_row(SHOP, TODAY)
    assert isinstance(row, ShopRow)
    assert (row.shop, row.facts.bin, row.facts.trader, row.loan) == ("S001", "120240000010", "", None)


def test_R9_R10_R11_a_row_of_a_shop_with_a_loan() -> None:
    row = check_shop_row((*SHOP[:6], "Да", "ОК-2025-001", "2026-07-01"), TODAY)
    assert isinstance(row, ShopRow)
    assert row.loan == Loan("ОК-2025-001", "2026-07-01")


def test_a_sole_traders_iin_is_kept_apart_from_companies_numbers() -> None:
    iin = next(number for number in (f"85041530012{digit}" for digit in range(10)) if iin_is_valid(number))
    row = check_shop_row(changed(SHOP, 1, iin), TODAY)
    assert isinstance(row, ShopRow)
    assert (row.facts.bin, row.facts.trader) == ("", iin)


@pytest.mark.parametrize(
    ("place", "cell", "code"),
    [
        (0, "", "shop_id_missing"),
        (0, "дүкен", "shop_id_malformed"),
        (0, "S 1", "shop_id_malformed"),
        (0, "S/1", "shop_id_malformed"),
        (0, "S" * 33, "shop_id_malformed"),
        (0, "=1+1", "formula_in_cell"),
        (1, "", "bin_missing"),
        (1, "12024000001", "bin_not_12_digits"),
        (1, "120240000011", "bin_check_digit"),
        (1, "１２０２４００００１２３", "bin_not_12_digits"),
        (2, "", "shop_name_missing"),
        (2, "=cmd", "formula_in_cell"),
        (2, "a\x07b", "control_character"),
        (2, "я" * 201, "text_too_long"),
        (3, "", "kato_missing"),
        (3, "11322010", "kato_not_9_digits"),
        (3, "١١٣٢٢٠١٠٠", "kato_not_9_digits"),
        (4, "я" * 301, "text_too_long"),
        (5, "", "date_missing"),
        (5, "01.01.2020", "date_invalid"),
        (5, "2025-02-30", "date_invalid"),
        (5, "1234-01-01", "date_invalid"),
        (5, "2027-01-01", "date_too_far"),
        (6, "maybe", "loan_unknown"),
        (6, "yes", "loan_contract_missing"),
        (7, "ОК-1", "loan_not_said"),
    ],
)
def test_R2_7_a_shop_that_is_not_taken(place: int, cell: str, code: str) -> None:
    row = check_shop_row(changed(SHOP, place, cell), TODAY)
    assert isinstance(row, Rejected)
    assert row.code == code


@pytest.mark.parametrize(("until", "code"), [("", "loan_until_missing"), ("2026-7-1", "date_invalid")])
def test_R11_a_loan_has_a_last_day(until: str, code: str) -> None:
    row = check_shop_row((*SHOP[:6], "иә", "ОК-1", until), TODAY)
    assert isinstance(row, Rejected)
    assert row.code == code


def test_a_bins_lost_zero_is_told() -> None:
    full = next(n for n in (f"01024000001{d}" for d in range(10)) if iin_is_valid(n))
    row = check_shop_row(changed(SHOP, 1, full[1:]), TODAY)
    assert isinstance(row, Rejected)
    assert row.code == "bin_leading_zero_lost"


@pytest.mark.parametrize("gtin", ["4870000000012", "96385074", "036000291452", "10614141000415"])
def test_R2_17_a_gtin_has_8_12_13_or_14_digits_and_a_check_digit(gtin: str) -> None:
    assert gtin_is_valid(gtin)
    assert gtin_problem(gtin) is None
    wrong = gtin[:-1] + str((int(gtin[-1]) + 1) % 10)
    assert gtin_problem(wrong) == "gtin_check_digit"


@pytest.mark.parametrize(
    ("gtin", "code"),
    [
        ("", "gtin_missing"),
        ("4.87E+12", "gtin_scientific"),
        ("٤٨٧٠٠٠٠٠٠٠٠١٦", "gtin_not_digits"),
        ("²", "gtin_not_digits"),
        ("48700000000121234", "gtin_length"),
        ("36000291452", "gtin_leading_zero_lost"),
        ("0000000000000", "gtin_check_digit"),
    ],
)
def test_R2_17_a_number_that_is_no_gtin(gtin: str, code: str) -> None:
    assert gtin_problem(gtin) == code


@given(st.sampled_from(LENGTHS).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)))
def test_R2_17_check_digits_are_those_of_another_implementation(gtin: str) -> None:
    assert gtin_is_valid(gtin) == (ean.is_valid(gtin) and bool(gtin.strip("0")))


def test_R2_17_zeros_before_a_gtin_make_no_other_article() -> None:
    assert canonical_gtin("036000291452") == canonical_gtin("0036000291452") == "0036000291452"
    assert canonical_gtin("04870000000012") == "4870000000012"
    assert canonical_gtin("10614141000415") == "10614141000415"


def test_R2_17_a_row_of_an_article() -> None:
    row = check_article_row(("036000291452", " Мука  «Дала» ", "1", "Кг"), POSITIONS, "L1")
    assert row == Article("0036000291452", "Мука «Дала»", 1, "kg")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ((GTIN, "", "1", "kg"), "article_name_missing"),
        ((GTIN, "Мука", "", "kg"), "position_missing"),
        ((GTIN, "Мука", "1.0", "kg"), "position_not_a_number"),
        ((GTIN, "Мука", "²", "kg"), "position_not_a_number"),
        ((GTIN, "Мука", "2", "kg"), "position_not_listed"),
        ((GTIN, "Мука", "1", "мешок"), "measure_unknown"),
        (("4870000000013", "Мука", "1", "kg"), "gtin_check_digit"),
    ],
)
def test_R2_3_an_article_that_is_not_taken(cells: tuple[str, ...], code: str) -> None:
    row = check_article_row(cells, POSITIONS, "L1")
    assert isinstance(row, Rejected)
    assert row.code == code


@pytest.mark.parametrize(
    ("text", "tiyn"),
    [("215.50", 21_550), ("215", 21_500), ("215,5", 21_550), ("0.01", 1), ("215.500", 21_550)],
)
def test_R13_a_price_is_read_to_the_tiyn(text: str, tiyn: int) -> None:
    assert check_price_row(changed(PRICE, 2, text), TODAY) == PriceRow(
        "S001", GTIN, tiyn, "trade", "2025-07-01"
    )
    assert check_market_row(("1", "113220100", text, "2025-07-01"), POSITIONS, "L1", TODAY) == MarketRow(
        1, "113220100", tiyn, "2025-07-01"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "price_missing"),
        ("1,505", "price_malformed"),
        ("1 505", "price_malformed"),
        ("1.505", "price_malformed"),
        ("1e3", "price_malformed"),
        ("NaN", "price_malformed"),
        ("١", "price_malformed"),
        ("9" * 5000, "price_malformed"),
        ("0", "price_out_of_bounds"),
        ("0.00", "price_out_of_bounds"),
        ("-5.00", "price_out_of_bounds"),
        ("10000000.01", "price_out_of_bounds"),
    ],
)
def test_R13_a_price_that_is_none(text: str, code: str) -> None:
    row = check_price_row(changed(PRICE, 2, text), TODAY)
    assert isinstance(row, Rejected)
    assert (row.code, row.field) == (code, "purchase_price")


@pytest.mark.parametrize(
    ("place", "cell", "code"),
    [
        (0, "", "shop_id_missing"),
        (1, "1", "gtin_length"),
        (3, "", "source_unknown"),
        (3, "moon", "source_unknown"),
        (4, "2025-7-1", "date_invalid"),
        (4, "2026-07-03", "date_too_far"),
    ],
)
def test_R13_a_row_of_a_price_that_is_not_taken(place: int, cell: str, code: str) -> None:
    row = check_price_row(changed(PRICE, place, cell), TODAY)
    assert isinstance(row, Rejected)
    assert row.code == code


def test_every_code_has_its_sentence_in_every_language() -> None:
    sources = [Path(rows.__file__), Path(rows.__file__).with_name("gtin.py")]
    sources.append(Path(rows.__file__).parent.parent / "commands" / "receive_trade.py")
    text = "".join(path.read_text("utf-8") for path in sources)
    codes = set(re.findall(r'Rejected\(\s*"([a-z0-9_]+)"', text)) | set(re.findall(r'"(gtin_[a-z_]+)"', text))
    codes |= {"date_missing", "loan_until_missing", "shop_twice", "article_twice", "price_twice"}
    details = {
        "field": "name",
        "limit": 5,
        "market": "1",
        "times": 3,
        "day": "d",
        "unit": "kg",
        "version": "L",
    }
    for code in codes:
        for language in LANGUAGES:
            sentence = trade_sentence(code, language, **details)
            assert sentence != code
            assert "{" not in sentence
    assert {code for code in SENTENCES if code not in codes} <= {
        "shop_name_missing",
        "article_name_missing",
        "loan_contract_missing",
    }
    assert all(len(words) == 3 for words in sentences.FIELD_WORDS.values())

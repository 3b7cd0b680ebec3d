"""A row of the list, rule by rule (R2.2, R14)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.beneficiary import (
    SENTENCES,
    Beneficiary,
    ListRule,
    Rejection,
    check_row,
    iin_is_valid,
    iin_problem,
    rejection_sentence,
)
from domain.errors import LANGUAGES
from infra.lists.rejects import rejection_of_many

RULE = ListRule(("1132", "55"), date(2025, 6, 30))
FIELDS = (
    "family_id",
    "iin",
    "surname",
    "given_name",
    "patronymic",
    "birth_date",
    "role",
    "kato",
    "assistance_on",
)


def with_check_digit(eleven: str) -> str | None:
    """The official rule, spelt out: weights 1..11; at 10 once more with 3..11, 1, 2; at 10 again no IIN."""
    digits = [int(c) for c in eleven]
    check = sum(d * w for d, w in zip(digits, range(1, 12), strict=True)) % 11
    if check == 10:
        check = sum(d * w for d, w in zip(digits, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2], strict=True)) % 11
    return None if check == 10 else eleven + str(check)


IIN = with_check_digit("85010130012") or ""
ZERO_IIN = with_check_digit("05010150012") or ""


def row(**changed: str) -> tuple[str, ...]:
    cells = {
        "family_id": "F-17",
        "iin": IIN,
        "surname": "Ахметова",
        "given_name": "Айгүл",
        "patronymic": "Серікқызы",
        "birth_date": "1985-01-01",
        "role": "applicant",
        "kato": "113220100",
        "assistance_on": "2025-06-30",
    }
    return tuple({**cells, **changed}[field] for field in FIELDS)


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 9))
def test_the_tables_agree_with_the_official_check_digit_rule(eleven: str, last: int) -> None:
    right = with_check_digit(eleven)
    assert iin_is_valid(eleven + str(last)) == (right == eleven + str(last) and right != "0" * 12)


def test_both_passes_of_the_check_digit_occur() -> None:
    second = [
        f"{n:011d}"
        for n in range(10**9, 10**9 + 200)
        if sum(int(d) * w for d, w in zip(f"{n:011d}", range(1, 12), strict=True)) % 11 == 10
    ]
    assert any(with_check_digit(eleven) for eleven in second)
    for eleven in second:
        assert sum(iin_is_valid(eleven + str(d)) for d in range(10)) == (with_check_digit(eleven) is not None)


def test_R2_2_a_good_row_is_a_beneficiary() -> None:
    assert check_row(row(), RULE) == Beneficiary(
        "F-17",
        IIN,
        "Ахметова",
        "Айгүл",
        "Серікқызы",
        "1985-01-01",
        "applicant",
        "113220100",
        date(2025, 6, 30),
    )


def test_blanks_around_cells_do_not_count_and_those_within_names_are_folded() -> None:
    blank = {field: f" \u00a0{cell}\u00a0 " for field, cell in zip(FIELDS, row(), strict=True)}
    assert check_row(row(**blank), RULE) == check_row(row(), RULE)
    taken = check_row(row(surname=" Ким \u00a0  Ли "), RULE)
    assert isinstance(taken, Beneficiary)
    assert taken.surname == "Ким Ли"


def test_digits_of_the_iin_need_not_match_the_birth_date() -> None:
    assert isinstance(check_row(row(birth_date="1999-12-31"), RULE), Beneficiary)


@pytest.mark.parametrize("patronymic", ["", "  ", "-", "—"])
def test_a_patronymic_may_be_empty(patronymic: str) -> None:
    taken = check_row(row(patronymic=patronymic), RULE)
    assert isinstance(taken, Beneficiary)
    assert taken.patronymic == ""


@pytest.mark.parametrize(
    ("role", "meant"),
    [
        ("APPLICANT", "applicant"),
        ("Өтініш  беруші", "applicant"),
        ("Заявитель", "applicant"),
        ("member", "member"),
        ("ОТБАСЫ МҮШЕСІ", "member"),
        ("Член семьи", "member"),
    ],
)
def test_roles_in_three_languages(role: str, meant: str) -> None:
    taken = check_row(row(role=role), RULE)
    assert isinstance(taken, Beneficiary)
    assert taken.role == meant


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("family_id", " ", "family_id_missing"),
        ("family_id", "F" * 65, "family_id_too_long"),
        ("family_id", "=1+1", "formula_in_cell"),
        ("family_id", "F\x07", "control_character"),
        ("iin", "", "iin_missing"),
        ("iin", IIN[:11], "iin_not_12_digits"),
        ("iin", IIN + "0", "iin_not_12_digits"),
        ("iin", "85010130012A", "iin_not_12_digits"),
        ("iin", IIN[:6] + " " + IIN[6:], "iin_not_12_digits"),
        ("iin", "５" + IIN[1:], "iin_digits_not_ascii"),
        ("iin", "²" + IIN[1:], "iin_digits_not_ascii"),
        ("iin", ZERO_IIN[1:], "iin_leading_zero_lost"),
        ("iin", "8.9E+11", "iin_scientific"),
        ("iin", "8,50101E+11", "iin_scientific"),
        ("iin", f'="{IIN}"', "formula_in_cell"),
        ("iin", IIN[:11] + str((int(IIN[11]) + 1) % 10), "iin_check_digit"),
        ("iin", "0" * 12, "iin_check_digit"),
        ("surname", "", "surname_missing"),
        ("surname", '=HYPERLINK("x")', "formula_in_cell"),
        ("surname", "+1", "formula_in_cell"),
        ("surname", "-2+3", "formula_in_cell"),
        ("surname", "@SUM(A1)", "formula_in_cell"),
        ("surname", "123", "name_without_letters"),
        ("surname", "Я" * 201, "name_too_long"),
        ("given_name", "\u00a0", "given_name_missing"),
        ("given_name", "Ай\x00гүл", "control_character"),
        ("patronymic", "=cmd|' /C calc'!A0", "formula_in_cell"),
        ("birth_date", "", "birth_date_missing"),
        ("birth_date", "2025-02-29", "birth_date_invalid"),
        ("birth_date", "01.02.1985", "birth_date_invalid"),
        ("birth_date", "１９８５-01-01", "birth_date_invalid"),
        ("birth_date", "2025-07-01", "birth_date_in_future"),
        ("birth_date", "1899-12-31", "birth_date_before_1900"),
        ("role", "", "role_missing"),
        ("role", "сосед", "role_unknown"),
        ("kato", "", "kato_missing"),
        ("kato", "11322010", "kato_not_9_digits"),
        ("kato", "１１３２２０１００", "kato_not_9_digits"),
        ("kato", "710000000", "outside_region"),
        ("assistance_on", "", "assistance_date_missing"),
        ("assistance_on", "=TODAY()", "formula_in_cell"),
        ("assistance_on", "30.06.2025", "assistance_date_invalid"),
        ("assistance_on", "2025-06-29", "assistance_not_on_last_day"),
        ("assistance_on", "2025-07-31", "assistance_not_on_last_day"),
    ],
)
def test_R2_2_a_row_that_breaks_one_rule_is_rejected_by_its_code(field: str, cell: str, code: str) -> None:
    assert check_row(row(**{field: cell}), RULE) == Rejection(code, field)
    for language in LANGUAGES:
        assert rejection_sentence(code, language, field=field) not in ("", code)


def test_the_last_possible_birthday_is_the_day_of_assistance() -> None:
    assert isinstance(check_row(row(birth_date="2025-06-30"), RULE), Beneficiary)
    assert isinstance(check_row(row(birth_date="1900-01-01"), RULE), Beneficiary)


def test_the_first_failing_rule_is_told_in_the_order_of_the_columns() -> None:
    broken = dict.fromkeys(FIELDS, "?")
    good = dict(zip(FIELDS, row(), strict=True))
    order = []
    for field in FIELDS:
        rejected = check_row(row(**broken), RULE)
        if isinstance(rejected, Rejection):
            order.append(rejected.field)
        broken[field] = good[field]
    assert order[1:] == [field for field in FIELDS if field != "family_id"]


@given(st.tuples(*[st.text(max_size=30)] * 9))
def test_any_text_at_all_is_taken_or_rejected(cells: tuple[str, ...]) -> None:
    checked = check_row(cells, RULE)
    assert isinstance(checked, Beneficiary) or checked.code in SENTENCES


@given(st.text(max_size=15))
def test_any_text_as_an_iin_has_a_verdict(text: str) -> None:
    assert (iin_problem(text) is None) == iin_is_valid(text)


def test_every_code_has_three_sentences_that_need_no_details() -> None:
    for code, texts in SENTENCES.items():
        assert len(set(texts)) == 3, code
        for language in LANGUAGES:
            assert "{" not in rejection_sentence(code, language).replace("{…}", ""), code


def test_a_sentence_names_the_column_in_the_readers_language() -> None:
    assert "фамилия" in rejection_sentence("formula_in_cell", "ru", field="surname")
    assert "строка 7" in rejection_sentence("iin_twice_in_file", "ru", first_row=7)
    assert rejection_sentence("no_such_code", "kk") == "no_such_code"


def test_R14_of_many_rows_it_is_said_without_what_differs() -> None:
    for code in SENTENCES:
        for language in ("kk", "ru", "en"):
            said = rejection_of_many(code, language)
            assert said.endswith("."), said
            assert "…" not in said.replace("{…}", "")
    assert rejection_of_many("cells_too_few", "ru") == "В строке не хватает ячеек."
    assert (
        rejection_of_many("formula_in_cell", "en")
        == "A cell starts with =, +, - or @. Formulas are not accepted."
    )
    assert rejection_of_many("no_such_code", "kk") == "no_such_code"

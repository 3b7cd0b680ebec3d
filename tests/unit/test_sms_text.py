"""What an SMS costs in parts, and its words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sms_text import GSM_BASIC, GSM_EXTENSION, deadline_in_words, parts, placeholders, render

EURO, SMILE = "€", "😀"


def _packed(units: list[int], alone: int, joined: int) -> int:
    """Parts by putting one character after another, as a phone does."""
    if sum(units) <= alone:
        return 1
    count, room = 1, joined
    for unit in units:
        if unit > room:
            count, room = count + 1, joined
        room -= unit
    return count


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        (EURO * 80, "GSM-7", 160, 1),
        ("a" * 159 + EURO, "GSM-7", 161, 2),
        ("a" * 152 + EURO + "a" * 152, "GSM-7", 306, 3),  # the euro may not be cut: it moves on
        ("я" * 70, "UCS-2", 70, 1),
        ("я" * 71, "UCS-2", 71, 2),
        ("я" * 134, "UCS-2", 134, 2),
        ("я" * 66 + SMILE + "я" * 66, "UCS-2", 134, 3),
        ("ç", "UCS-2", 1, 1),  # GSM has the capital only
        ("`", "UCS-2", 1, 1),
        ("\ud800", "UCS-2", 1, 1),
    ],
)
def test_parts(text: str, encoding: str, units: int, count: int) -> None:
    assert parts(text) == (encoding, units, count)


def test_the_gsm_tables_are_whole() -> None:
    assert len(set(GSM_BASIC)) == 127  # 128 less the escape
    assert len(set(GSM_EXTENSION)) == 10
    assert not set(GSM_BASIC) & set(GSM_EXTENSION)


@given(st.text(alphabet="ab€[", max_size=500))
def test_gsm_parts_are_what_packing_gives(text: str) -> None:
    assert parts(text).parts == _packed([2 if c in GSM_EXTENSION else 1 for c in text], 160, 153)


@given(st.text(alphabet="яб😀", min_size=1, max_size=300))
def test_ucs_2_parts_are_what_packing_gives(text: str) -> None:
    assert parts(text).units == len(text.encode("utf-16-be")) // 2
    assert parts(text).parts == _packed([2 if c == SMILE else 1 for c in text], 70, 67)


@given(st.text(max_size=400))
def test_parts_never_raises(text: str) -> None:
    assert parts(text).parts >= 1


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("kk", "2025 жылдың 31 шілдесіне дейін"),
        ("ru", "до 31 июля 2025 года"),
        ("en", "until 31 July 2025"),
    ],
)
def test_R20_the_deadline_in_words(language: str, words: str) -> None:
    assert deadline_in_words(date(2025, 7, 31), language) == words


def test_each_month_has_a_word_of_its_own() -> None:
    for language in ("kk", "ru", "en"):
        assert len({deadline_in_words(date(2026, month, 1), language) for month in range(1, 13)}) == 12
    assert deadline_in_words(date(2026, 1, 5), "kk") == "2026 жылдың 5 қаңтарына дейін"
    assert deadline_in_words(date(2026, 12, 31), "kk") == "2026 жылдың 31 желтоқсанына дейін"
    assert deadline_in_words(date(2028, 2, 29), "ru") == "до 29 февраля 2028 года"


def test_R20_the_months_own_deadline_stands_in_the_text() -> None:
    text = render("Келісім {deadline} беріледі.", "kk", deadline=date(2025, 9, 26))
    assert text == "Келісім 2025 жылдың 26 қыркүйегіне дейін беріледі."


def test_R23_the_link_stands_in_the_text() -> None:
    assert render("{{a}} {link}", "ru", link="http://x/{y}") == "{a} http://x/{y}"
    assert placeholders("{link} {deadline} {link}") == {"link", "deadline"}


@pytest.mark.parametrize(
    "template", ["{link}", "{link.x}", "{link!r}", "{link:>9}", "{}", "{0}", "{", "{link[0]}"]
)
def test_a_wrong_template_is_told(template: str) -> None:
    with pytest.raises(ValueError, match=r"SMS text|placeholder|brace|format"):
        render(template, "kk", other=1)


def test_an_unknown_language_is_told() -> None:
    with pytest.raises(ValueError, match="kk, ru, en"):
        deadline_in_words(date(2025, 7, 31), "de")

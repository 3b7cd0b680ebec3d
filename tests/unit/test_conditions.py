"""Conditions of service files: what they mean, and what makes one no condition."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.procedures.conditions import ALWAYS, Facts, Vocabulary, compiled, years_between

WORDS = Vocabulary(
    fields={
        **ALWAYS,
        "expired_on": "date",
        "graduated_on": "date",
        "credits": "number",
        "foreign": "yes_no",
        "sector": "choice",
        "about": "text",
        "iin": "iin",
    },
    choices={"kind": ("first", "confirmation"), "sector": ("tea", "milk")},
    documents={"diploma", "photo"},
    registers={"education"},
    personal={"iin"},
    outcomes={"check": ["good", "bad"]},
    named={"young": lambda facts: facts.values.get("credits") == 1},
)
FACTS = Facts(
    {
        "kind": "first",
        "channel": "portal",
        "received_on": date(2025, 7, 4),
        "complete": True,
        "expired_on": "2022-07-04",
        "credits": "2.5",
        "foreign": "false",
        "sector": "tea",
    },
    given={"diploma"},
    known={"education"},
    done={"check": "bad"},
)


def holds(text: str, facts: Facts = FACTS) -> bool:
    return compiled(text, WORDS)(facts)


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "complete",
        "not foreign",
        "kind == 'first'",
        'kind != "confirmation"',
        "kind in ('first', 'confirmation')",
        "sector not in ['milk']",
        "credits > 2",
        "credits == 2.5 and -1 < credits <= 2.5",
        "expired_on < received_on",
        "expired_on == date('2022-07-04')",
        "years(expired_on, received_on) == 3",
        "plus_years(expired_on, 3) == received_on",
        "date('2025-07-03') < received_on < date('2025-07-05')",
        "given('diploma') and not given('photo')",
        "known('education')",
        "has('credits') and not has('graduated_on')",
        "done('check', 'bad') and not done('check', 'good')",
        "foreign == false",
        "kind == 'confirmation' or (complete and not young)",
    ],
)
def test_a_condition_holds(text: str) -> None:
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "graduated_on < date('2015-01-01')",
        "graduated_on >= date('2015-01-01')",
        "graduated_on != date('2015-01-01')",
        "years(graduated_on, received_on) >= 0",
        "plus_years(graduated_on, 1) < received_on",
        "about == 'x'",
        "about != 'x'",
        "about in ('x', 'y')",
        "about not in ('x', 'y')",
    ],
)
def test_a_comparison_with_a_missing_fact_does_not_hold(text: str) -> None:
    assert not holds(text)


def test_a_missing_yes_or_no_is_neither() -> None:
    assert not holds("foreign", Facts({}))
    assert not holds("foreign == false", Facts({}))


@pytest.mark.parametrize(
    ("start", "end", "full"),
    [
        (date(2022, 7, 4), date(2025, 7, 3), 2),
        (date(2022, 7, 4), date(2025, 7, 4), 3),
        (date(2020, 2, 29), date(2023, 2, 28), 2),
        (date(2020, 2, 29), date(2023, 3, 1), 3),
        (date(2025, 7, 4), date(2024, 7, 4), -1),
        (date(2025, 7, 4), date(2024, 7, 5), 0),
    ],
)
def test_S003_A04_years_between_days_are_full_ones(start: date, end: date, full: int) -> None:
    assert years_between(start, end) == full


def test_three_years_after_29_february_is_the_28th() -> None:
    facts = Facts({"expired_on": date(2024, 2, 29)})
    assert holds("plus_years(expired_on, 3) == date('2027-02-28')", facts)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kind == 'frist'", "did you mean 'first'?"),
        ("sector in ('tea', 'mlik')", "did you mean 'milk'?"),
        ("expierd_on < received_on", "unknown fact 'expierd_on'; did you mean 'expired_on'?"),
        ("given('diplom')", "did you mean 'diploma'?"),
        ("known('eduction')", "did you mean 'education'?"),
        ("has('credit')", "did you mean 'credits'?"),
        ("has('young')", "young is a condition, not a field"),
        ("done('chek', 'bad')", "did you mean 'check'?"),
        ("done('check', 'bda')", "did you mean 'bad'?"),
        ("done('check')", "takes two"),
        ("iin == '1'", "iin is personal"),
        ("has('iin')", "iin is personal"),
        ("expired_on > 3", "a date, with 3, a number"),
        ("credits == '3'", "a number, with '3', a text"),
        ("kind < 'z'", "compared by == and != only"),
        ("kind", "neither true nor false by itself"),
        ("credits and complete", "neither true nor false by itself"),
        ("3", "neither true nor false by itself"),
        ("credits in ('a',)", "among what is not"),
        ("credits in (credits,)", "among what is not"),
        ("kind in 'first'", "a list in brackets"),
        ("kind is 'first'", "compares by"),
        ("kind = 'first'", "is not a condition"),
        ("kind == 'first", "is not a condition"),
        ("", "is not a condition"),
        ("years(expired_on)", "takes two"),
        ("years(expired_on, credits) > 1", "takes two dates"),
        ("plus_years(expired_on, credits) > received_on", "can't have credits"),
        ("plus_years(expired_on, 2.5) > received_on", "a whole number"),
        ("plus_years(expired_on, 9000) > received_on", "at most 100"),
        ("date('2025-02-30') < received_on", "not a day of the calendar"),
        ("date('2025-2-3') < received_on", "is not a date"),
        ("date('２０２５-01-01') < received_on", "is not a date"),
        ("date(2025) < received_on", "takes one text"),
        ("exec('x')", "unknown call 'exec'"),
        ("__import__('os')", "unknown call"),
        ("kind.upper() == 'X'", "can't have"),
        ("(lambda: 1)() == 1", "can't have"),
        ("[x for x in (1,)] == 1", "can't have"),
        ("f'{kind}' == 'first'", "can't have"),
        ("b'x' == kind", "can't have"),
        ("u'first' == kind", "can't have"),
        ("True", "can't have True"),
        ("credits > 1_000", "can't have 1_000"),
        ("credits > 0x10", "can't have 0x10"),
        ("credits > 1e9", "can't have 1e9"),
        ("credits > 1j", "can't have 1j"),
        ("credits + 1 > 2", "can't have credits + 1"),
        ("given(document='diploma')", "can't have"),
        ("given(*'diploma')", "takes one text"),
        ("ｋｉｎｄ == 'first'", "can't have"),
        ("kind == '\\x66irst'", "can't have a backslash"),
        ("complete # and foreign", "can't have a backslash or #"),
        ("complete) or (foreign", "is not a condition"),
        ("complete\x00", "is not a condition"),
        ("credits > " + "9" * 400, "can't have"),
        ("complete and " * 50 + "complete", "longer than 500"),
        ("not " * 30 + "complete", "more than 20 deep"),
        ("(" * 200 + "complete" + ")" * 200, ""),
        ("complete if complete else foreign", "can't have"),
        ("(x := 1) == 1", "can't have"),
    ],
)
def test_what_is_no_condition_is_told_with_the_reason(text: str, reason: str) -> None:
    if not reason:
        compiled_or_refused(text)
        return
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the reason is looked at below
        compiled(text, WORDS)
    assert reason in str(refused.value)


def compiled_or_refused(text: str) -> bool:
    try:
        compiled(text, WORDS)(FACTS)
    except ValueError:
        return False
    return True


@given(st.text(alphabet="kind =!<>()'\"[],.and ortfgive0123456789-+*\n\\#", max_size=60))
@example("(" * 99)
@example("-" * 400 + "1 == 1")
@example("[" * 300)
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    assert compiled_or_refused(text) in (True, False)


VALUES = st.sampled_from(["complete", "foreign", "given('diploma')", "has('about')", "credits > 2", "true"])
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda p: f"({p[0]}){p[1]}({p[2]})"),
    ),
    max_leaves=6,
)
AS_PYTHON: dict[str, Any] = {"complete": True, "foreign": False, "true": True, "credits": Decimal("2.5")}


@given(TREES)
def test_and_or_not_mean_what_they_say(text: str) -> None:
    python = text.replace("given('diploma')", "True").replace("has('about')", "False")
    assert holds(text) is eval(python, {}, AS_PYTHON)  # the text is our own, made above

"""Refusals at the till and at the list: a stable code each, and a sentence in each language."""

from __future__ import annotations

import inspect
import re
import string

import pytest

from domain import voucher_refusals
from domain.errors import LANGUAGES, Refusal
from infra.reporting.naming import sentences

REFUSALS = [
    found
    for _, found in inspect.getmembers(voucher_refusals, inspect.isclass)
    if issubclass(found, Refusal) and found is not Refusal
]
WORDS = {**voucher_refusals.STATES, **voucher_refusals.ENDINGS, **voucher_refusals.REASONS}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(
    "texts",
    [*(found.texts for found in REFUSALS), *WORDS.values()],
    ids=[*(found.code for found in REFUSALS), *WORDS],
)
def test_every_sentence_is_in_every_language_with_the_same_details(texts: dict[str, str]) -> None:
    assert set(texts) == set(LANGUAGES)
    assert len(set(texts.values())) == len(LANGUAGES)
    assert len({frozenset(placeholders(text)) for text in texts.values()}) == 1


def test_codes_are_stable_and_each_refusals_own() -> None:
    assert sorted(found.code for found in REFUSALS) == [
        "article_not_listed",
        "basket_invalid",
        "idempotency_key_reused",
        "list_after_cutoff",
        "list_closed",
        "list_too_early",
        "price_missing",
        "price_over_cap",
        "redemption_not_held",
        "redemption_unknown",
        "reversal_above_original",
        "reversal_nothing_left",
        "voucher_ended",
        "voucher_not_activated",
        "voucher_not_enough",
        "voucher_not_issued",
        "voucher_outside_window",
    ]


def test_each_refusal_at_a_till_names_its_rule() -> None:
    named = {found.code: found.clause for found in REFUSALS}
    assert (named["price_over_cap"], named["article_not_listed"]) == ("R13", "R6")
    nameless = {code for code, clause in named.items() if not re.fullmatch(r"R\d+(\.\d+)?", clause)}
    # How a call has to look is no rule of the order; lists name theirs in their sentences.
    assert nameless == {"basket_invalid", "list_after_cutoff", "list_closed", "list_too_early"}


def test_R29_what_a_report_says_of_a_code_has_no_hole_at_its_end() -> None:
    ended = sentences()["voucher_ended"]
    assert ended["en"] == "The voucher has ended: its last day is over, or the consent was withdrawn."
    for code in ("voucher_ended", "basket_invalid", "redemption_not_held"):
        for language in LANGUAGES:
            assert "…" not in sentences()[code][language], (code, language)
    # what stands within a sentence is still left open
    assert sentences()["price_over_cap"]["en"] == "Line …: … KZT is above the cap of … KZT."

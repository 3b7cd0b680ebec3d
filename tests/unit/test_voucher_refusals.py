"""Refusals at the till and at the list: a stable code each, and a sentence in each language."""

from __future__ import annotations

import inspect
import string

import pytest

from domain import voucher_refusals
from domain.errors import LANGUAGES, Refusal

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
        "voucher_ended",
        "voucher_not_activated",
        "voucher_not_enough",
        "voucher_not_issued",
        "voucher_outside_window",
    ]

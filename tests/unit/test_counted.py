"""Words that agree with their numbers."""

from __future__ import annotations

import pytest

from infra.web.counted import Counted

RU = "{count} {count:человек|человека|человек}"


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (0, "человек"),
        (1, "человек"),
        (2, "человека"),
        (4, "человека"),
        (5, "человек"),
        (11, "человек"),
        (12, "человек"),
        (21, "человек"),
        (22, "человека"),
        (111, "человек"),
        (1024, "человека"),
        (-3, "человека"),
        (None, "человек"),
    ],
)
def test_russian_has_three_forms(number: int | None, word: str) -> None:
    assert RU.format(count=Counted(number, "N")) == f"N {word}"


@pytest.mark.parametrize(("number", "word"), [(0, "days"), (1, "day"), (21, "days"), (None, "days")])
def test_english_has_two(number: int | None, word: str) -> None:
    assert "{count} {count:day|days}".format(count=Counted(number, "N")) == f"N {word}"


def test_kazakh_has_one() -> None:
    assert "{count} {count:күн}".format(count=Counted(5, "5")) == "5 күн"

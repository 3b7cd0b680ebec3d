"""Figures of the analysts' page that no report has as such."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from infra.web.analytics.panels import mean_rating


def rated(ratings: int | None, average: str | None, *stars: int | None) -> dict[str, Any]:
    """A programme's row of the report."""
    told = None if average is None else Decimal(average)
    return {"ratings": ratings, "average": told} | {f"stars_{n}": one for n, one in enumerate(stars, 1)}


@pytest.mark.parametrize(
    ("groups", "mean"),
    [
        ([rated(35, "3.06", 6, 7, 9, 5, 8)], "3.06"),
        ([rated(3, "2.67", 1, 0, 1, 1, 0), rated(1, "5", 0, 0, 0, 0, 1)], "3.25"),
        # to the nearest five below: the stars no longer make the average
        ([rated(35, "3.1", 5, 5, 5, 5, 5)], "3.1"),
        ([rated(20, "3.1", 5, None, 5, None, 5), rated(10, "4.0", 0, 0, 0, 5, 5)], "3.4"),
        ([rated(None, None, None, 0, None, 0, None)], None),
        ([rated(20, "3.1", 5, None, 5, None, 5), rated(None, None, 0, 0, 0, None, None)], None),
    ],
)
def test_R30_the_average_rating_is_that_of_the_report(groups: list[dict[str, Any]], mean: str | None) -> None:
    found = mean_rating(dict(enumerate(groups)))
    assert (None if found is None else str(found)) == mean

"""What a recipient says of a purchase (R30)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.given_when_then import Story, on, story


def bought(**asked: Any) -> Story:
    return story().given_activated().given_bought(("rice", "2"), **asked)


def rated(told: Story, stars: Any, redemption: str = "shop/k1", **at: Any) -> Story:
    return told.when(lambda f, m: f.rate(m, redemption=redemption, stars=stars, at=at.get("at", on(11))))


def test_R30_a_recipient_rates_the_service_at_a_purchase() -> None:
    told = rated(bought(), 5)
    told.then_event(
        "family.rated", redemption="shop/k1", shop="shop", stars=5, rules=told.month.terms.version
    )
    assert told.family.ratings == {"shop/k1": 5}


def test_R30_the_same_rating_again_is_once_and_another_one_replaces_it() -> None:
    told = rated(bought(), 2)
    told.new = []
    rated(told, 2).then_nothing(answer=False)
    rated(told, 4).then_event("family.rated", stars=4)
    assert told.family.ratings == {"shop/k1": 4}


@pytest.mark.parametrize("stars", [0, 6, -1, 2**63, True, 1.0, "5", None])
def test_R30_a_rating_is_one_to_five(stars: Any) -> None:
    rated(bought(), stars).then_refused("rating_out_of_bounds", "stars")


def test_R30_only_what_was_bought_and_paid_is_rated() -> None:
    rated(bought(), 5, redemption="shop/other").then_refused("redemption_unknown", "redemption")
    rated(bought(capture=False), 5).then_refused("redemption_not_held", "redemption")


def test_R30_a_rating_can_be_changed_until_the_month_ends() -> None:
    rated(bought(), 5, at=on(31, 23, 59)).then_event("family.rated")
    rated(bought(), 5, at=on(1, 0, month=8)).then_refused("voucher_outside_window")
    rated(bought().given_expired(), 5, at=on(31)).then_refused("voucher_ended")


def test_R30_what_came_back_can_still_be_rated() -> None:
    told = bought().when_brought_back(None)
    told.new = []
    rated(told, 1, at=on(13)).then_event("family.rated", stars=1)

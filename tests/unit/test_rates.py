"""Rates: so many at once, so many a second in the long run, each for himself."""

from __future__ import annotations

import pytest

from infra.api.problems import Problem
from infra.api.rates import Rate


class _Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def allowed(rate: Rate, name: str, tries: int) -> int:
    """How many of so many tries are let through."""
    count = 0
    for _ in range(tries):
        try:
            rate.take(name)
        except Problem:
            continue
        count += 1
    return count


def test_a_burst_then_the_steady_rate_each_for_himself() -> None:
    time = _Time()
    rate = Rate(2, 5, clock=time)
    assert allowed(rate, "a", 20) == 5
    assert allowed(rate, "b", 20) == 5
    time.now = 1.5
    assert allowed(rate, "a", 20) == 3
    time.now = 1000
    assert allowed(rate, "a", 20) == 5


def test_what_is_given_back_does_not_count() -> None:
    rate = Rate(1, 2, clock=_Time())
    for _ in range(10):
        rate.take("a")
        rate.give_back("a")
    assert allowed(rate, "a", 10) == 2


def test_how_long_to_wait_is_told_and_the_longest_unheard_of_is_forgotten() -> None:
    rate = Rate(0.1, 1, most=2, clock=_Time())
    rate.take("a")
    with pytest.raises(Problem) as caught:
        rate.take("a")
    assert (caught.value.status, caught.value.code) == (429, "too_many_requests")
    assert caught.value.headers == {"Retry-After": "10"}
    rate.take("b")
    rate.take("c")
    assert allowed(rate, "a", 1) == 1

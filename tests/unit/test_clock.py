"""Trial clocks: from where they are set, and on from where a trial stopped (ADR 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from infra.clock import resumed
from tests.unit.given_when_then import on

START = on(6, 9)


@pytest.mark.parametrize(
    ("newest", "begins"),
    [
        (None, START),
        (START - timedelta(seconds=1), START),
        (START, START + timedelta(seconds=1)),
        (START + timedelta(hours=3), START + timedelta(hours=3, seconds=1)),
        ((START + timedelta(hours=3)).astimezone(UTC), START + timedelta(hours=3, seconds=1)),
        # Data of another time, as of a month that was played: the clock shows what it was told.
        (START + timedelta(hours=24), START),
    ],
)
def test_a_trial_that_is_started_again_goes_on(newest: datetime | None, begins: datetime) -> None:
    found = resumed(START, newest)
    assert (found, found.utcoffset()) == (begins, START.utcoffset())

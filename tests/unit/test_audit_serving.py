"""The audit of measurements: each of the process it names, and adding up (R29)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.audit.log_fold import LogFold
from domain.identity import measurement_id
from tests.unit.test_audit import GOODS, PROGRAMMES

SPAN = {
    "process": "ab12",
    "number": 3,
    "timestamp": "2025-07-15T12:05:00+05:00",
    "day": "2025-07-15",
    "from_at": "2025-07-15T12:00:00+05:00",
    "upto_at": "2025-07-15T12:05:00+05:00",
    "latency": {"counter": [1, 2]},
    "errors": {"counter": [2, 1]},
    "refusals": {"over_cap": 2},
    "refusals_by_shop": {"S001": {"over_cap": 2}},
    "parked": 0,
}


def audited(version: int = 1, **changed: Any) -> list[str]:
    fold = LogFold(PROGRAMMES, GOODS, lambda _: None, lambda *_: None)
    fold.feed(1, measurement_id("ab12", 3).hex, version, "serving.measured", {**SPAN, **changed})
    fold.finish()
    return [finding.check for finding in fold.findings.first() if finding.check != "version_gap"]


def test_R29_a_measurement_that_adds_up_holds() -> None:
    assert audited() == []


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"process": "cd34"}, "stream_identity"),
        ({"number": 4}, "stream_identity"),
        ({"version": 2}, "stream_identity"),
        ({"upto_at": "2025-07-15T11:00:00+05:00"}, "serving_adds_up"),
        ({"errors": {"counter": [3, 1]}}, "serving_adds_up"),
        ({"errors": {"wallet": [1, 0]}}, "serving_adds_up"),
        ({"refusals": {"over_cap": -1}}, "serving_adds_up"),
        ({"latency": {"counter": [5, "x"]}}, "event_malformed"),
        ({"parked": True}, "serving_adds_up"),
    ],
)
def test_R29_a_measurement_that_was_changed_is_found(changed: dict[str, Any], check: str) -> None:
    assert audited(**changed) == [check]

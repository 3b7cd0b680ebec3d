"""The audit of what earlier audits left in the log (R29)."""

from __future__ import annotations

from typing import Any

import pytest

from domain.audit.log_fold import LogFold
from domain.identity import audits_id
from tests.unit.test_audit import GOODS, PROGRAMMES

AT = "2025-07-15T12:05:00+05:00"
ENDED = {"timestamp": AT, "upto": 40, "events": 40, "checks": 900, "findings": 0, "first": ""}


def audited(topic: str = "audit.ended", **changed: Any) -> list[str]:
    fold = LogFold(PROGRAMMES, GOODS, lambda _: None, lambda *_: None)
    fold.feed(40, audits_id().hex, 1, "audit.begun", {"timestamp": AT})
    fold.feed(41, audits_id().hex, 2, topic, {**ENDED, **changed})
    fold.finish()
    return [finding.check for finding in fold.findings.first()]


def test_R29_an_audit_of_what_was_there_holds() -> None:
    assert audited() == []
    assert audited(findings=2, first="claim") == []


@pytest.mark.parametrize(
    ("topic", "changed", "check"),
    [
        ("audit.ended", {"upto": 41}, "audit_verdict"),
        ("audit.ended", {"upto": -1, "events": -1}, "audit_verdict"),
        ("audit.ended", {"events": 41}, "audit_verdict"),
        ("audit.ended", {"findings": 2}, "audit_verdict"),
        ("audit.ended", {"first": "claim"}, "audit_verdict"),
        ("audit.ended", {"findings": "x"}, "event_malformed"),
        ("audit.begun", {}, "audit_verdict"),
    ],
)
def test_R29_an_audit_that_was_changed_is_found(topic: str, changed: dict[str, Any], check: str) -> None:
    assert check in audited(topic, **changed)

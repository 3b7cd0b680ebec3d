"""What an application and an act came to, told out of the log: the same whenever it is asked for again (S002-36)."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from infra.cases.history import CaseEvent
from infra.parts.cases.shown import act_shown, opening_shown

CASE: Any = SimpleNamespace(case="LD-2026-22222222", service="x", service_version="1", kind="first")
EMPTY = {"late": False, "documents": [], "number": 0}
AT = "2026-03-02T09:00:00+05:00"
OPENED = {"received_at": AT, "counted_from": AT, "due_at": "", "missing": ["fee"]}


def event(minute: int, topic: str, **data: Any) -> CaseEvent:
    return CaseEvent(minute, datetime(2026, 3, 2, 4, minute, tzinfo=UTC), f"case.{topic}", data)


def acted(minute: int, step: str, actor: str, key: str) -> CaseEvent:
    return event(minute, "acted", step=step, outcome="done", actor=actor, key=key, **EMPTY)


LIFE = [
    event(0, "opened", **OPENED),
    event(0, "step_opened", step="A"),
    acted(0, "A", "system", ""),
    event(0, "step_opened", step="B"),
    acted(1, "B", "k.clerk", "k1"),
    event(1, "step_opened", step="C"),
    acted(1, "C", "system", ""),
    event(1, "step_opened", step="D"),
    # the clock, long after
    acted(20, "D", "system", ""),
    event(20, "step_opened", step="E"),
    acted(21, "E", "k.clerk", "k2"),
    event(21, "result_issued", result="licence", number="1", valid_until=""),
    event(21, "closed", end="granted"),
]


def test_S002_36_an_act_is_told_with_what_it_brought_about_and_no_more() -> None:
    first = act_shown(CASE, LIFE, "k.clerk", "k1")
    assert (first["step"], first["opened"], first["ending"]) == ("B", ["C", "D"], "")
    assert act_shown(CASE, LIFE[:8], "k.clerk", "k1") == first
    second = act_shown(CASE, LIFE, "k.clerk", "k2")
    assert (second["step"], second["opened"], second["ending"]) == ("E", [], "granted")
    assert second["results"] == [{"result": "licence", "number": "1", "valid_until": ""}]
    unkeyed = [*LIFE[:4], acted(1, "B", "k.clerk", ""), acted(2, "C", "k.clerk", "")]
    assert act_shown(CASE, unkeyed, "k.clerk", "")["step"] == "C"


def test_S002_36_a_long_key_is_found_by_its_digest() -> None:
    key = "k" * 200
    life = [*LIFE[:4], acted(1, "B", "k.clerk", sha256(key.encode()).hexdigest()), *LIFE[5:]]
    assert act_shown(CASE, life, "k.clerk", key)["step"] == "B"


def test_S000_L1_an_application_is_told_with_what_was_missing_then() -> None:
    told = opening_shown(CASE, LIFE, "/c/x")
    assert (told["missing"], told["opened"], told["state"]) == (["fee"], ["A", "B"], "open")
    refused = [LIFE[0], event(0, "acceptance_refused", missing=["fee"])]
    assert opening_shown(CASE, refused, "/c/x")["state"] == "refused"

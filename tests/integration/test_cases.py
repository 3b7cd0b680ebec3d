"""Cases on real PostgreSQL: the log, the views, the vault, many at once, and what is killed half-way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cases_in_process import Office, an_office
from tests.unit.case_desk import CLERK, DEPUTY, EXECUTOR, HEAD


@pytest.fixture
def office(database: str, tmp_path: Path) -> Iterator[Office]:
    with an_office(database, tmp_path) as office:
        yield office


def test_S000_L1_to_L6_a_licence_is_in_the_log_and_in_both_views(office: Office) -> None:
    case = office.open(fields={"activity": "design", "phone": "+77011234567"})
    office.act(case, "accept", "accepted", CLERK)
    office.act(case, "name", "named", HEAD, assignee=EXECUTOR.id)
    (row,) = office.rows("cases")
    assert (row["number"], row["state"], row["due_at"]) == (case.case, "open", "2026-03-23T13:30:00+00:00")
    steps = {(s["step"], s["state"], s["assignee"]) for s in office.rows("case_steps")}
    assert steps == {("accept", "done", ""), ("name", "done", ""), ("prepare", "open", "e.executor")}
    (to_do,) = office.azyq.case_lists.to_do("executor")
    assert (to_do.case, to_do.step, to_do.due_at) == (case.case, "prepare", case.due_at)
    office.act(case, "prepare", "licence", EXECUTOR, fields={"category": "2"})
    office.act(case, "sign", "granted", DEPUTY, sign=True)
    (row,) = office.rows("cases")
    assert (row["state"], row["ending"], row["term"], row["seconds"]) == ("closed", "granted", "kept", 0)
    assert (row["result"], row["valid_until"]) == ("licence", "2031-03-02")
    assert office.azyq.case_lists.to_do("head") == []
    again = office.azyq.run_case.case(case.case.lower())
    assert office.azyq.run_case.case(case.id.hex).case == again.case
    assert office.azyq.run_case.sealed_values(again) == {"phone": "+77011234567"}

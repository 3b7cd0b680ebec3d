"""The fold of the audit over plain event data, without a database."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid5

import orjson
import pytest

from domain.audit.access import ACCESS_CHECKS
from domain.audit.audited_log import Findings
from domain.audit.audits import AUDIT_CHECKS
from domain.audit.cases import CASE_CHECKS, CASE_TOPICS
from domain.audit.facts import Finding, azyq_name, local_day_text, name_in, thousandths
from domain.audit.lists import LIST_CHECKS
from domain.audit.log_fold import LogFold, StreamEnd
from domain.audit.office import OFFICE_CHECKS
from domain.audit.purchases import FAMILY_CHECKS
from domain.audit.seals import SEAL_CHECKS
from domain.audit.serving import SERVING_CHECKS
from domain.audit.staff import STAFF_CHECKS, STAFF_TOPICS
from domain.audit.trade import TRADE_CHECKS, TRADE_TOPICS
from domain.calendar import ALMATY, day_start, local_day
from domain.family import FamilyVouchers
from domain.goods import load_goods
from domain.identity import AZYQ
from infra.audit.run import _Names
from infra.audit.sums import Sums
from infra.programmes import load_programmes
from projections.events import KNOWN_TOPICS
from tests.months import OUTCOMES, random_month

ROOT = Path(__file__).parents[2]
PROGRAMMES = load_programmes(ROOT / "programmes")
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))

Row = tuple[int, str, int, str, dict[str, Any]]


def rows_of(aggregates: Iterable[Any]) -> list[Row]:
    """Pending events as the log would have them, by stream and version."""
    rows = []
    for position, event in enumerate((e for a in aggregates for e in a.collect_events()), start=1):
        data = orjson.loads(orjson.dumps(vars(event), default=str))
        stream, version = event.originator_id.hex, event.originator_version
        rows.append((position, stream, version, type(event).TOPIC, data))
    return sorted(rows, key=lambda row: (row[1], row[2]))


def audited(rows: Iterable[Row]) -> tuple[LogFold, list[StreamEnd]]:
    ends: list[StreamEnd] = []
    fold = LogFold(PROGRAMMES, GOODS, ends.append, lambda *_: None)
    for row in rows:
        fold.feed(*row)
    fold.finish()
    return fold, ends


def told(seed: int, programme: str, month: str, outcome: str | None = None, families: int = 40) -> list[Any]:
    facts = PROGRAMMES[programme].month(month)
    goods = facts.programme.catalogue(GOODS).on(facts.valid_from)
    return random_month(seed, families, facts, goods, outcome)


@pytest.mark.parametrize(
    ("programme", "month"), [(p.id, month) for p in PROGRAMMES.values() for month in p.months()]
)
def test_what_the_aggregates_tell_holds_in_every_month_of_every_programme(programme: str, month: str) -> None:
    for seed in range(3):
        fold, _ = audited(rows_of(told(seed, programme, month)))
        assert fold.findings.first() == []
        assert fold.events > 200


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_fold_and_the_aggregate_end_alike(outcome: str) -> None:
    aggregates = told(11, "akkol-2025", "2025-07", outcome)
    families = {a.id.hex: a for a in aggregates if isinstance(a, FamilyVouchers)}
    _, ends = audited(rows_of(aggregates))
    assert {end.stream: (end.stage, list(end.members)) for end in ends} == {
        stream: (family.stage, family.members) for stream, family in families.items()
    }


def test_O9_the_last_month_ends_with_the_programme() -> None:
    aggregates = told(2, "akkol-2025", "2025-09", "buys")
    rows = rows_of(aggregates)
    assert audited(rows)[0].findings.first() == []
    row = next(row for row in rows if row[3] == "voucher.redeemed")
    row[4]["timestamp"] = "2025-09-27T10:00:00+05:00"
    (finding, *_) = audited(rows)[0].findings.first()
    assert (finding.check, finding.position) == ("spending_day", row[0])


def test_every_known_event_has_its_checks() -> None:
    fold, _ = audited(rows_of(told(1, "akkol-2025", "2025-07", families=300)))
    trade = {topic for topic in KNOWN_TOPICS if topic.startswith(TRADE_TOPICS)}
    others = {
        *SEAL_CHECKS,
        *CASE_CHECKS,
        *STAFF_CHECKS,
        *ACCESS_CHECKS,
        *LIST_CHECKS,
        *SERVING_CHECKS,
        *OFFICE_CHECKS,
        *AUDIT_CHECKS,
    }
    assert set(fold.topics) == set(KNOWN_TOPICS) - trade - others
    assert set(ACCESS_CHECKS) == {topic for topic in KNOWN_TOPICS if topic.startswith("access.")}
    assert set(LIST_CHECKS) == {topic for topic in KNOWN_TOPICS if topic.startswith("list.")}
    assert set(STAFF_CHECKS) == {topic for topic in KNOWN_TOPICS if topic.startswith(STAFF_TOPICS)}
    assert set(CASE_CHECKS) == {topic for topic in KNOWN_TOPICS if topic.startswith(CASE_TOPICS)}
    assert set(TRADE_CHECKS) == trade
    assert set(OFFICE_CHECKS) == {topic for topic in KNOWN_TOPICS if topic.startswith("office.")}
    assert set(SERVING_CHECKS) == {topic for topic in KNOWN_TOPICS if topic.startswith("serving.")}
    others = {
        topic
        for topic in KNOWN_TOPICS
        if topic.startswith(("audit.", "serving.", "office.", "cycle.", "reply.", "seal.", *STAFF_TOPICS))
    }
    assert set(FAMILY_CHECKS) == set(KNOWN_TOPICS) - trade - others - {
        *CASE_CHECKS,
        *ACCESS_CHECKS,
        *LIST_CHECKS,
    }


def test_the_fold_shares_no_code_with_the_aggregates() -> None:
    theirs = {"domain.family", "domain.family_events", "domain.family_purchases", "domain.purchase"}
    theirs |= {
        "domain.trade.shop",
        "domain.trade.shop_events",
        "domain.trade.catalogue",
        "domain.trade.market",
        "domain.trade.prices",
    }
    theirs |= {"domain.basket", "domain.cycle", "domain.money", "domain.identity", "eventsourcing.domain"}
    folds = sorted((ROOT / "domain" / "audit").glob("*.py"))
    assert len(folds) > 10
    for path in folds:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in theirs, f"{path.name} imports {node.module}"


def test_ids_are_made_as_the_standard_says() -> None:
    stream = uuid5(AZYQ, "x")
    for name in ("member", "Әлия", ""):
        assert name_in(stream.bytes, name) == uuid5(stream, name).hex
        assert azyq_name(name) == uuid5(AZYQ, name).hex


@pytest.mark.parametrize(
    "time",
    [
        "2025-07-31T23:59:59.999999+05:00",
        "2025-07-31T19:00:00+00:00",
        "2025-07-31T18:59:59Z",
        "2024-02-29T23:30:00+06:00",
        "2024-02-29T23:30:00+05:00",
        "2024-03-01T00:10:00+05:00",
        "2023-12-31T23:30:00+05:00",
    ],
)
def test_local_days_are_those_of_the_calendar(time: str) -> None:
    assert local_day_text(time) == local_day(datetime.fromisoformat(time)).isoformat()


@pytest.mark.parametrize(
    "time", ["2025-07-31T10:00:00", "2025-07-31", "soon", "", "2025-07-31 soon   +05:00"]
)
def test_a_time_that_is_none_has_no_day(time: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any
        local_day_text(time)


@pytest.mark.parametrize(("text", "thousandth"), [("1", 1000), ("0.5", 500), ("1.25", 1250), ("0.333", 333)])
def test_quantities_are_thousandths(text: str, thousandth: int) -> None:
    assert thousandths(text) == thousandth


@pytest.mark.parametrize("text", ["", "-1", "1.2345", "1e3", "１", "²", "1.", ".5", "01", " 1", "1\n", "NaN"])
def test_a_quantity_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        thousandths(text)


def test_R27_a_return_is_worth_its_share_half_up() -> None:
    def change(data: dict[str, Any]) -> None:
        data["reversed_tiyn"] += 1
        data["credits"][-1][1] += 1

    then_first_is(change, "voucher.reversed", "reversal_sum", "R27")


def test_R21_a_refusal_ends_the_month() -> None:
    def change(data: dict[str, Any]) -> None:
        data["timestamp"] = day_start(PROGRAMMES["akkol-2025"].month("2025-07").deadline).isoformat()

    rows = rows_of(told(4, "akkol-2025", "2025-07", "refuses"))
    refused = next(row for row in rows if row[3] == "family.refused")
    again = (10**6, refused[1], refused[2] + 1, "family.refused", {**refused[4], "reply": "f" * 32})
    change(again[4])
    last = max(row[2] for row in rows if row[1] == refused[1])
    rows.append((10**6, refused[1], last + 1, "family.refused", again[4]))
    rows.sort(key=lambda row: (row[1], row[2]))
    checks = {f.check for f in audited(rows)[0].findings.first() if f.position == 10**6}
    assert checks == {"after_end", "answer_asked"}


@pytest.mark.parametrize(("late_days", "finding"), [(0.5, False), (3, True)])
def test_R21_an_sms_handed_over_before_a_refusal_may_be_recorded_after_it(
    late_days: float, finding: bool
) -> None:
    rows = rows_of(told(4, "akkol-2025", "2025-07", "refuses"))
    streams = Counter(row[1] for row in rows if row[4].get("purpose") == "reminder")
    stream = next(row[1] for row in rows if row[3] == "family.refused" and row[1] not in streams)
    refused = next(row for row in rows if row[1] == stream and row[3] == "family.refused")
    sent = next(row for row in rows if row[1] == stream and row[3] == "sms.sent")
    # As if the refusal had come on the day of the reminder.
    refused[4]["timestamp"] = "2025-07-10T10:00:00+05:00"
    at = datetime.fromisoformat("2025-07-10T10:00:00+05:00").timestamp() + late_days * 86_400
    data = {**sent[4], "purpose": "reminder", "message": "9" * 32}
    data["timestamp"] = datetime.fromtimestamp(at, tz=ALMATY).isoformat()
    last = max(row[2] for row in rows if row[1] == stream)
    rows.append((10**6, stream, last + 1, "sms.sent", data))
    rows.sort(key=lambda row: (row[1], row[2]))
    checks = {f.check for f in audited(rows)[0].findings.first()}
    assert checks == ({"after_end"} if finding else set())


def then_first_is(change: Callable[[dict[str, Any]], None], topic: str, check: str, clause: str) -> None:
    rows = rows_of(told(4, "akkol-2025", "2025-07", "buys"))
    row = next(row for row in rows if row[3] == topic)
    change(row[4])
    (first, *_) = audited(rows)[0].findings.first()
    assert (first.check, first.clause, first.position) == (check, clause, row[0])


def test_the_first_findings_are_kept_in_order_of_the_log_and_all_are_counted() -> None:
    findings = Findings(keep=3)
    for position in (9, 4, None, 7, 1, 8):
        findings.add(Finding("check", "", position, "", 0, "", ""))
    assert [f.position for f in findings.first()] == [1, 4, 7]
    assert (findings.count, dict(findings.by_check)) == (6, {"check": 6})


def test_the_findings_of_two_parts_are_the_first_of_both_and_all_are_counted() -> None:
    ours, theirs = Findings(keep=3), Findings(keep=3)
    for position in (9, 2):
        ours.add(Finding("ours", "", position, "", 0, "", ""))
    for position in (4, None, 7, 1, 8):
        theirs.add(Finding("theirs", "", position, "", 0, "", ""))
    ours.take(theirs)
    assert [f.position for f in ours.first()] == [1, 2, 4]
    assert (ours.count, dict(ours.by_check)) == (7, {"ours": 2, "theirs": 5})


def test_names_that_came_twice_are_found_across_runs_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.audit.run.NAMES_IN_MEMORY", 10)
    names = _Names()
    for number in [*range(95), 3, 94]:
        names.add("check", str(number), 0, "", 0, "")
    names.add("other", "5", 0, "", 0, "")
    assert len(names.twice()) == 2


def test_sums_tell_a_difference_but_not_an_order() -> None:
    def sums(lines: list[bytes]) -> Sums:
        found = Sums()
        for line in lines:
            found.add(7, line)
        return found

    assert sums([b"a", b"b"]).differing(sums([b"b", b"a"])) == []
    assert sums([b"a", b"b"]).differing(sums([b"a", b"c"])) == [7]
    assert sums([b"a"]).differing(sums([b"a", b"a"])) == [7]
    # A sum, not an XOR: the same row twice more doesn't cancel out.
    assert sums([b"a"]).differing(sums([b"a", b"b", b"b"])) == [7]

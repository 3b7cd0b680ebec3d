"""Break a real database behind the log's back, and see the audit name exactly what was broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import UUID, uuid4

import orjson
import pytest
from psycopg2.extensions import parse_dsn
from structlog.testing import capture_logs

from domain.audit.facts import Finding
from domain.audit_events import record_verdict
from domain.goods import load_goods
from infra.apart import Apart
from infra.audit import views_beside
from infra.audit.run import AuditVerdict, run_audit, verdict_kept
from infra.postgres.connect import connect
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programmes
from projections.all_views import VIEWS
from streams.feed import Feed
from tests.conftest import as_url, new_database
from tests.integration.access_in_process import a_bureau
from tests.integration.cases_in_process import save_told
from tests.months import random_month, save_month
from tests.unit.test_audit_cases import told_by
from tests.unit.test_event_golden import measurement, price_sources, shop, staff, terminal
from tests.unit.test_services_construction import ISSUED

ROOT = Path(__file__).parents[2]
PROGRAMMES = load_programmes(ROOT / "programmes")
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def told(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """A database with two programmes' random months in its log."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        log = PostgresLog(dsn)
        for programme, month in (("akkol-2025", "2025-07"), ("gas-2025", "2025-10")):
            facts = PROGRAMMES[programme].month(month)
            goods = facts.programme.catalogue(GOODS).on(facts.valid_from)
            save_month(log, random_month(7, 60, facts, goods))
        log.close()
        yield dsn


CASE_VIEWS = {"cases", "case_steps", "case_course"}
TRADE_VIEWS = {"shops", "shop_prices", "shop_breaches", "articles", "market_prices", "terminals"}


class Tampered:
    """The told database, to be broken as superuser: the transaction of each test is undone."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._connection = connect(dsn, autocommit=True)
        self.run("SET session_replication_role = replica")  # past the trigger that keeps the log append-only

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self._connection.close()

    def event(self, topic: str, where: str = "true") -> tuple[int, str, int, dict[str, Any]]:
        """The first event of `topic` for which the SQL condition on its fields `s` holds."""
        rows = self.run(
            "SELECT notification_id, originator_id, originator_version, state FROM azyq_log.azyq_events,"
            " LATERAL (SELECT convert_from(state, 'UTF8')::jsonb AS s) f"
            f" WHERE topic = %s AND {where} ORDER BY 1 LIMIT 1",
            topic,
        )
        position, stream, version, state = rows[0]
        return position, UUID(stream).hex, version, orjson.loads(bytes(state))

    def change(self, topic: str, change: Change, where: str = "true") -> tuple[int, str]:
        """Rewrite an event; its position and stream."""
        position, stream, _, data = self.event(topic, where)
        change(data)
        self.run(
            "UPDATE azyq_log.azyq_events SET state = %s WHERE notification_id = %s",
            orjson.dumps(data),
            position,
        )
        return position, stream

    def audit(self) -> AuditVerdict:
        return run_audit(self.dsn, PROGRAMMES, GOODS)


@pytest.fixture
def tampered(postgres_dsn: str, told: str) -> Iterator[Tampered]:
    """A copy of the told database."""
    with new_database(postgres_dsn, _name(told)) as dsn:
        broken = Tampered(dsn)
        yield broken
        broken.close()


def then_first_is(verdict: AuditVerdict, check: str, clause: str, position: int | None, stream: str) -> None:
    first = verdict.first
    assert isinstance(first, Finding)
    assert (first.check, first.clause, first.position, first.stream) == (check, clause, position, stream)


def test_a_log_that_the_aggregates_wrote_holds(told: str) -> None:
    verdict = run_audit(told, PROGRAMMES, GOODS)
    assert verdict.findings == []
    assert verdict.holds
    assert verdict.events > 500
    assert verdict.head >= verdict.events
    assert verdict.streams > 120
    # Every check had something to look at: an audit that looks away holds as well.
    assert min(verdict.checks.values()) > 0


def test_R29_what_was_removed_from_a_streams_end_is_missed_by_who_counted_it(tampered: Tampered) -> None:
    log = PostgresLog(tampered.dsn)
    before = tampered.audit()
    record_verdict(log, verdict_kept(before), datetime(2025, 12, 31, tzinfo=UTC))
    log.close()
    assert tampered.audit().holds

    # The last of a stream, so that no version is missing.
    tampered.run(
        "DELETE FROM azyq_log.azyq_events WHERE notification_id = (SELECT max(notification_id) FROM"
        " azyq_log.azyq_events GROUP BY originator_id HAVING count(*) > 1 AND max(notification_id) <= %s LIMIT 1)",
        before.head,
    )
    found = [finding for finding in tampered.audit().findings if finding.check == "audit_verdict"]
    assert [finding.clause for finding in found] == ["R29"]
    assert f"{before.events} events up to position {before.head} were counted" in found[0].what


def test_an_empty_log_holds(database: str) -> None:
    verdict = run_audit(database, PROGRAMMES, GOODS)
    assert verdict.holds
    assert (verdict.events, verdict.first) == (0, None)


def _set(**values: Any) -> Change:
    return lambda data: data.update(values)


def _day(day: str) -> Change:
    return lambda data: data.update(timestamp=f"{day}T12:00:00+05:00")


def _first_row(name: str, column: int, by: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        old = data[name][0][column]
        data[name][0][column] = old + by if isinstance(by, int) else by

    return change


def _line(**values: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["lines"][0].update(
            {name: v(data["lines"][0]) if callable(v) else v for name, v in values.items()}
        )

    return change


AKKOL = "s->>'cycle' = 'akkol-2025/2025-07'"

BROKEN: list[tuple[str, str, Change, str, str, str]] = [
    # id, topic, change, where, check, clause
    ("R31_rules_unknown", "sms.sent", _set(rules="x@9"), AKKOL, "rules_version", "R31"),
    ("R31_rules_of_another", "sms.sent", _set(rules="gas-2025@1"), AKKOL, "rules_version", "R31"),
    (
        "R31_month_unknown",
        "family.eligible",
        _set(cycle="akkol-2025/2031-01"),
        AKKOL,
        "programme_known",
        "R31",
    ),
    ("R14_other_family", "family.eligible", _set(family="f" * 32), AKKOL, "stream_identity", "R14"),
    ("R5_no_members", "family.eligible", _set(members=[]), AKKOL, "member_once", "R5"),
    ("R2_2_listed_early", "family.eligible", _day("2025-06-29"), AKKOL, "list_day", "R2.2"),
    ("R18_left_count", "family.left", _set(members=99), AKKOL, "list_change", "R19"),
    ("R19_removes_a_stranger", "family.changed", _set(removed=["e" * 32]), AKKOL, "list_change", "R19"),
    ("R20_sms_early", "sms.sent", _day("2025-07-04"), AKKOL, "sms_day", "R20"),
    (
        "R21_reminder_early",
        "sms.sent",
        _day("2025-07-09"),
        f"{AKKOL} AND s->>'purpose' = 'reminder'",
        "sms_day",
        "R21",
    ),
    (
        "R21_second_request",
        "sms.sent",
        _set(purpose="consent_request"),
        f"{AKKOL} AND s->>'purpose' = 'reminder'",
        "sms_once",
        "R20",
    ),
    (
        "R23_confirmed_without_consent",
        "sms.sent",
        _set(purpose="consent_confirmed"),
        f"{AKKOL} AND s->>'purpose' = 'consent_request'",
        "sms_reason",
        "R23",
    ),
    (
        "R18_number_was_there",
        "family.left",
        _set(number_missing=True),
        f"{AKKOL} AND s->>'number_missing' = 'false'",
        "number",
        "R18",
    ),
    ("R30_stars", "family.rated", _set(stars=6), AKKOL, "rating", "R30"),
    ("R30_rated_elsewhere", "family.rated", _set(shop="0" * 32), AKKOL, "rating", "R30"),
    ("R30_rated_nothing", "family.rated", _set(redemption="0" * 32), AKKOL, "rating", "R30"),
    ("R30_rated_late", "family.rated", _day("2025-08-01"), AKKOL, "rating", "R30"),
    ("R7_other_vouchers", "voucher.activated", _set(vouchers=[]), AKKOL, "activation_once", "R7"),
    (
        "R8_expired_unused",
        "voucher.expired",
        _set(activated=False),
        f"{AKKOL} AND s->>'activated' = 'true'",
        "expiry",
        "R8",
    ),
    ("R19_other_list", "cycle.list_received", _set(delivery="9-x"), AKKOL, "cycle_order", "R19"),
    ("R14_month_of_another", "cycle.opened", _set(month="2025-08"), AKKOL, "stream_identity", "R14"),
    (
        "R20_task_twice",
        "cycle.task_done",
        _set(task="first_sms", due_on="2025-07-05"),
        f"{AKKOL} AND s->>'task' = 'reminder'",
        "task_once",
        "R20",
    ),
    (
        "R22_stray_reply_of_another",
        "reply.unknown_sender",
        _set(reply="0" * 32),
        "true",
        "stream_identity",
        "R22",
    ),
    ("R5_applicant_of_another", "family.eligible", _set(applicant="a" * 32), AKKOL, "member_once", "R5"),
    ("R27_source", "voucher.redeemed", _line(source="import"), AKKOL, "price_cap", "R13"),
    ("R20_report_on_nothing", "sms.reported", _set(message="0" * 32), AKKOL, "sms_report", "R20"),
    ("R21_consent_late", "family.consented", _day("2025-08-01"), AKKOL, "answer_day", "R21"),
    ("R21_refusal_late", "family.refused", _day("2025-08-01"), AKKOL, "answer_day", "R21"),
    ("R22_ignored_why", "family.answer_ignored", _set(reason="mood"), AKKOL, "answer_ignored", "R22"),
    ("R2_6_amount", "voucher.issued", _first_row("vouchers", 2, 1), AKKOL, "voucher_amount", "R2.6"),
    ("R24_sum", "voucher.issued", _set(issued_tiyn=1), AKKOL, "issued_sum", "R24"),
    (
        "R5_voucher_of_a_stranger",
        "voucher.issued",
        _first_row("vouchers", 1, "e" * 32),
        AKKOL,
        "voucher_member",
        "R5",
    ),
    (
        "R5_voucher_twice",
        "voucher.issued",
        lambda data: data["vouchers"].append(data["vouchers"][0]),
        AKKOL,
        "voucher_member",
        "R5",
    ),
    ("R7_other_days", "voucher.issued", _set(valid_to="2025-08-31"), AKKOL, "issued_days", "R7"),
    ("R7_activated_early", "voucher.activated", _day("2025-07-04"), AKKOL, "activation_day", "R7"),
    ("R7_activated_late", "voucher.activated", _day("2025-08-01"), AKKOL, "activation_day", "R7"),
    ("R8_spent_late", "voucher.redeemed", _day("2025-08-01"), AKKOL, "spending_day", "R8"),
    # 23:30 of the 31st in Almaty is still July, although 00:30 of the 1st isn't.
    (
        "R8_local_day",
        "voucher.redeemed",
        _set(timestamp="2025-07-31T19:30:00+00:00"),
        AKKOL,
        "spending_day",
        "R8",
    ),
    ("R2_3_other_list", "voucher.redeemed", _set(goods_version="2025-12-23"), AKKOL, "goods_listed", "R2.3"),
    ("R6_not_listed", "voucher.redeemed", _line(position=77), AKKOL, "goods_listed", "R6"),
    ("R13_over_cap", "voucher.redeemed", _line(cap_tiyn=1), AKKOL, "price_cap", "R13"),
    (
        "R2_1_total",
        "voucher.redeemed",
        _line(price_total_tiyn=lambda line: line["price_total_tiyn"] + 1),
        AKKOL,
        "line_totals",
        "R2.1",
    ),
    (
        "R2_1_draw",
        "voucher.redeemed",
        _line(pays_tiyn=lambda line: line["pays_tiyn"] + 1),
        AKKOL,
        "draw_rule",
        "R2.1",
    ),
    ("R2_1_cap_without_rule", "voucher.redeemed", _line(limit_tiyn=10**9), AKKOL, "discount_cap", "R2.1"),
    ("R26_draws", "voucher.redeemed", _first_row("draws", 1, -1), AKKOL, "drawn_sum", "R26"),
    (
        "R26_negative",
        "voucher.redeemed",
        lambda data: (data["draws"][0].__setitem__(1, 10**9), data.update(drawn_tiyn=10**9)),
        "s->>'cycle' LIKE 'gas%%' AND jsonb_array_length(s->'draws') = 1",
        "drawn_sum",
        "R2.1",
    ),
    ("R5_draw_elsewhere", "voucher.redeemed", _first_row("draws", 0, "d" * 32), AKKOL, "voucher_known", "R5"),
    (
        "R27_hold_time",
        "voucher.held",
        _set(hold_until="2025-07-20T12:00:00+05:00"),
        AKKOL,
        "hold_time",
        "R27",
    ),
    ("R27_capture_of_nothing", "voucher.captured", _set(redemption="c" * 32), AKKOL, "hold_once", "R27"),
    ("R27_captured_sum", "voucher.captured", _first_row("draws", 1, -1), AKKOL, "hold_sum", "R27"),
    ("R27_void_of_nothing", "voucher.voided", _set(redemption="c" * 32), AKKOL, "hold_once", "R27"),
    (
        "R8_credit_after_the_end",
        "voucher.reversed",
        _set(to="available"),
        "s->>'to' = 'expired'",
        "credit_to",
        "R8",
    ),
    (
        "R27_reversal_too_large",
        "voucher.reversed",
        lambda data: (
            data["credits"][-1].__setitem__(1, data["credits"][-1][1] + 10**6),
            data.update(reversed_tiyn=data["reversed_tiyn"] + 10**6),
        ),
        AKKOL,
        "reversal_sum",
        "R27",
    ),
    ("R27_reversed_sum", "voucher.reversed", _set(reversed_tiyn=1), AKKOL, "reversal_sum", "R27"),
    ("R21_lapse_early", "family.lapsed", _day("2025-07-30"), AKKOL, "lapse", "R21"),
    ("R8_expiry_early", "voucher.expired", _day("2025-07-30"), AKKOL, "expiry", "R8"),
    ("R8_expired_sum", "voucher.expired", _set(expired_tiyn=1), AKKOL, "expiry_sum", "R8"),
    (
        "R8_expired_less",
        "voucher.expired",
        lambda data: data.update(expired_tiyn=data["expired_tiyn"] - data["vouchers"].pop()[1]),
        f"{AKKOL} AND jsonb_array_length(s->'vouchers') > 0",
        "expiry_sum",
        "R8",
    ),
    (
        "R21_withdrawn_less",
        "family.consent_withdrawn",
        lambda data: data.update(cancelled_tiyn=data["cancelled_tiyn"] - data["cancelled"].pop()[1]),
        f"{AKKOL} AND jsonb_array_length(s->'cancelled') > 0",
        "withdrawn_sum",
        "R21",
    ),
    ("R19_list_late", "cycle.list_started", _day("2025-07-05"), AKKOL, "list_day", "R19"),
    ("R14_rows", "cycle.list_received", _set(rows=1), AKKOL, "list_rows", "R14"),
    (
        "R19_counts",
        "cycle.list_received",
        _set(families={"added": 1, "changed": 0, "left": 0, "unchanged": 0}),
        AKKOL,
        "list_counts",
        "R19",
    ),
    ("R20_task_early", "cycle.task_done", _day("2025-06-30"), AKKOL, "task_day", "R20"),
    ("malformed", "voucher.redeemed", lambda data: data.pop("lines"), AKKOL, "event_malformed", ""),
    ("malformed_time", "sms.sent", _set(timestamp="yesterday"), AKKOL, "event_malformed", ""),
    ("time_without_offset", "sms.sent", _set(timestamp="2025-07-05T10:00:00"), AKKOL, "event_malformed", ""),
    ("quantity_in_other_digits", "voucher.redeemed", _line(quantity="１"), AKKOL, "event_malformed", ""),
]


@pytest.mark.parametrize(
    ("topic", "change", "where", "check", "clause"),
    [row[1:] for row in BROKEN],
    ids=[row[0] for row in BROKEN],
)
def test_a_changed_event_is_named(
    tampered: Tampered, topic: str, change: Change, where: str, check: str, clause: str
) -> None:
    position, stream = tampered.change(topic, change, where)
    verdict = tampered.audit()
    assert not verdict.holds
    then_first_is(verdict, check, clause, position, stream)
    assert "can't be read" in verdict.findings[0].what or verdict.findings[0].topic == topic


def test_a_deleted_event_is_named_by_the_one_after_it(tampered: Tampered) -> None:
    position, stream, version, _ = tampered.event("sms.sent")
    tampered.run("DELETE FROM azyq_log.azyq_events WHERE notification_id = %s", position)
    after = tampered.run(
        "SELECT notification_id FROM azyq_log.azyq_events WHERE originator_id = %s AND originator_version = %s",
        stream,
        version + 1,
    )
    then_first_is(tampered.audit(), "version_gap", "", after[0][0], stream)


def test_O5_2_a_voucher_without_a_consent_is_named(tampered: Tampered) -> None:
    position, stream, version, _ = tampered.event("family.consented")
    tampered.run("DELETE FROM azyq_log.azyq_events WHERE notification_id = %s", position)
    tampered.run(
        "UPDATE azyq_log.azyq_events SET originator_version = originator_version - 1"
        " WHERE originator_id = %s AND originator_version > %s",
        stream,
        version,
    )
    issued = tampered.run(
        "SELECT notification_id FROM azyq_log.azyq_events WHERE originator_id = %s AND topic = 'voucher.issued'",
        stream,
    )
    then_first_is(tampered.audit(), "voucher_consent", "O5.2", issued[0][0], stream)


def test_R18_an_sms_after_the_number_was_missing_is_named(tampered: Tampered) -> None:
    position, stream, version, _ = tampered.event("sms.sent")
    lost = tampered.run(
        "SELECT notification_id - 1 FROM azyq_log.azyq_events WHERE notification_id = %s", position
    )
    # The event before the first SMS becomes: no number.
    (before,) = tampered.run(
        "SELECT notification_id, state FROM azyq_log.azyq_events WHERE topic = 'family.number_missing' LIMIT 1"
    )
    assert lost
    state = orjson.loads(bytes(before[1])) | {"cycle": "akkol-2025/2025-07", "rules": "akkol-2025@1"}
    tampered.run(
        "UPDATE azyq_log.azyq_events SET originator_version = originator_version + 1000"
        " WHERE originator_id = %s AND originator_version >= %s",
        stream,
        version,
    )
    tampered.run(
        "UPDATE azyq_log.azyq_events SET originator_version = originator_version - 999"
        " WHERE originator_id = %s AND originator_version >= 1000",
        stream,
    )
    tampered.run(
        "INSERT INTO azyq_log.azyq_events VALUES (%s, %s, 'family.number_missing', %s, -1)",
        stream,
        version,
        orjson.dumps(state),
    )
    checks = {f.check for f in tampered.audit().findings if f.position == position}
    assert "sms_number" in checks


@pytest.mark.parametrize(
    ("gone", "then", "check", "clause"),
    [
        ("family.eligible", None, "listed_first", "R14"),
        ("voucher.activated", "voucher.redeemed", "spending_open", "R7"),
        ("voucher.issued", "voucher.activated", "activation_once", "R7"),
        ("voucher.held", None, "hold_once", "R27"),
        ("family.consented", "voucher.issued", "voucher_consent", "O5.2"),
    ],
)
def test_an_event_taken_out_without_a_trace_is_missed(
    tampered: Tampered, gone: str, then: str | None, check: str, clause: str
) -> None:
    """The stream is numbered anew, so that only the rules can tell."""
    follows = {
        "voucher.issued": "voucher.activated",
        "voucher.held": "voucher.captured",
        "voucher.activated": "voucher.redeemed",
    }.get(gone, gone)
    position, stream, version, _ = tampered.event(
        gone,
        f"{AKKOL} AND originator_id IN (SELECT originator_id FROM azyq_log.azyq_events WHERE topic = '{follows}')",
    )
    tampered.run("DELETE FROM azyq_log.azyq_events WHERE notification_id = %s", position)
    for step in (1000, -1001):
        tampered.run(
            "UPDATE azyq_log.azyq_events SET originator_version = originator_version + %s"
            " WHERE originator_id = %s AND originator_version > %s",
            step,
            stream,
            version,
        )
    verdict = tampered.audit()
    ((_, head),) = [(f.check, f) for f in verdict.findings if f.check == check and f.clause == clause][:1]
    assert head.stream == stream
    assert then is None or head.topic == then
    assert verdict.first is not None
    assert verdict.first.stream == stream


def _repeat(tampered: Tampered, topic: str, stream: str | None = None, **changes: Any) -> int:
    """Append a copy of an event at the end of its own stream, or of another one; its position."""
    _, own, _, data = tampered.event(topic, AKKOL)
    stream = stream or own
    data.update(changes)
    rows = tampered.run(
        "INSERT INTO azyq_log.azyq_events SELECT %s, max(originator_version) + 1, %s, %s"
        " FROM azyq_log.azyq_events WHERE originator_id = %s RETURNING notification_id",
        stream,
        topic,
        orjson.dumps(data),
        stream,
    )
    return int(rows[0][0])


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("redemption_once", {"receipt": "R-new", "key": "new"}),
        ("receipt_once", {"redemption": "a" * 32, "key": "new"}),
        ("key_once", {"redemption": "a" * 32, "receipt": "R-new"}),
    ],
)
def test_R27_a_purchase_twice_in_one_family_is_named(
    tampered: Tampered, check: str, changes: dict[str, str]
) -> None:
    position = _repeat(tampered, "voucher.redeemed", **changes)
    verdict = tampered.audit()
    assert verdict.first is not None
    assert verdict.first.position == position
    assert check in {f.check for f in verdict.findings if f.position == position}
    assert "after_end" in {f.check for f in verdict.findings}


def test_R27_a_receipt_in_two_families_is_named_at_the_second(tampered: Tampered) -> None:
    _, _, _, first = tampered.event("voucher.redeemed", AKKOL)
    position, stream = tampered.change(
        "voucher.redeemed",
        lambda data: data.update(shop=first["shop"], receipt=first["receipt"]),
        "s->>'cycle' LIKE 'gas%%'",
    )
    verdict = tampered.audit()
    then_first_is(verdict, "receipt_once", "R27", position, stream)
    assert verdict.found == {"receipt_once": 1}


def test_R22_a_reply_twice_is_named(tampered: Tampered) -> None:
    position = _repeat(tampered, "family.answer_ignored")
    found = {f.check for f in tampered.audit().findings if f.position == position}
    assert "reply_once" in found


def test_R21_after_the_end_there_is_nothing_new(tampered: Tampered) -> None:
    position, stream, _, _ = tampered.event("family.lapsed", AKKOL)
    late = _repeat(
        tampered, "family.consented", stream, reply="b" * 32, timestamp="2025-07-30T10:00:00+05:00"
    )
    verdict = tampered.audit()
    then_first_is(verdict, "after_end", "R21", late, stream)
    assert late > position


def test_R21_a_family_left_open_in_a_closed_month_is_named(tampered: Tampered) -> None:
    position, stream, version, _ = tampered.event("family.lapsed", AKKOL)
    tampered.run(
        "DELETE FROM azyq_log.azyq_events WHERE originator_id = %s AND originator_version >= %s",
        stream,
        version,
    )
    verdict = tampered.audit()
    assert verdict.first is not None
    assert (verdict.first.check, verdict.first.clause, verdict.first.stream) == ("month_end", "R21", stream)
    # The table of stages tells of it too.
    assert verdict.found == {"month_end": 1, "stage_table": 1}
    assert position


def test_an_unknown_event_is_named(tampered: Tampered) -> None:
    position, stream, _, _ = tampered.event("sms.reported")
    tampered.run("UPDATE azyq_log.azyq_events SET topic = 'sms.eaten' WHERE notification_id = %s", position)
    then_first_is(tampered.audit(), "topic_unknown", "", position, stream)


@pytest.mark.parametrize("state", [b"not json", b"[1]", b"null", None])
def test_a_state_that_is_no_object_is_named(tampered: Tampered, state: bytes | None) -> None:
    position, stream, _, _ = tampered.event("family.consented")
    tampered.run("UPDATE azyq_log.azyq_events SET state = %s WHERE notification_id = %s", state, position)
    then_first_is(tampered.audit(), "event_malformed", "", position, stream)


def test_events_out_of_order_are_named(tampered: Tampered) -> None:
    position, stream, version, _ = tampered.event("voucher.issued")
    tampered.run(
        "UPDATE azyq_log.azyq_events SET notification_id = -5 WHERE originator_id = %s AND originator_version = %s",
        stream,
        version,
    )
    then_first_is(tampered.audit(), "position_order", "", -5, stream)
    assert position


# --- tables beside the log ------------------------------------------------------------------------


def test_R5_a_person_in_two_families_is_named_at_the_later_one(tampered: Tampered) -> None:
    _, _, _, first = tampered.event("family.eligible", AKKOL)
    stranger = first["members"][0]
    position, stream = tampered.change(
        "family.eligible",
        lambda data: data["members"].append(stranger),
        f"{AKKOL} AND s->'members'->>0 <> '{stranger}' AND originator_id IN"
        " (SELECT stream FROM azyq_log.family_stage WHERE stage = 'no_number')",
    )
    then_first_is(tampered.audit(), "member_one_family", "R5", position, stream)


def test_R5_a_claim_taken_away_is_found(tampered: Tampered) -> None:
    ((stream,),) = tampered.run(
        "DELETE FROM azyq_log.claim WHERE key = (SELECT key FROM azyq_log.claim LIMIT 1) RETURNING stream"
    )
    verdict = tampered.audit()
    then_first_is(verdict, "claim", "R5", None, UUID(stream).hex)
    assert verdict.found == {"claim": 1}


def test_R5_a_claim_too_many_is_found(tampered: Tampered) -> None:
    tampered.run("INSERT INTO azyq_log.claim VALUES (%s, %s)", str(uuid4()), "00" * 16)
    verdict = tampered.audit()
    then_first_is(verdict, "claim", "R5", None, "00" * 16)
    assert verdict.found == {"claim": 1}


def test_R5_a_claim_of_another_stream_is_found(tampered: Tampered) -> None:
    tampered.run(
        "UPDATE azyq_log.claim SET stream = %s WHERE key = (SELECT min(key::text)::uuid FROM azyq_log.claim)",
        "ff" * 16,
    )
    verdict = tampered.audit()
    assert verdict.found == {"claim": 2}
    assert "ff" * 16 in {f.stream for f in verdict.findings}


@pytest.mark.parametrize("change", ["stage = 'asked'", "held_until = now()", "cycle = gen_random_uuid()"])
def test_a_stage_that_isnt_the_events_is_found(tampered: Tampered, change: str) -> None:
    rows = tampered.run(
        f"UPDATE azyq_log.family_stage SET {change} WHERE stream = (SELECT stream FROM azyq_log.family_stage"
        " WHERE stage = 'expired' LIMIT 1) RETURNING stream"
    )
    verdict = tampered.audit()
    then_first_is(verdict, "stage_table", "R21", None, UUID(rows[0][0]).hex)
    assert verdict.found == {"stage_table": 1}


def test_a_stage_without_events_and_events_without_a_stage_are_found(tampered: Tampered) -> None:
    tampered.run("INSERT INTO azyq_log.family_stage VALUES (%s, %s, 'asked', NULL)", "11" * 16, "22" * 16)
    ((gone,),) = tampered.run(
        "DELETE FROM azyq_log.family_stage WHERE stream = (SELECT stream FROM azyq_log.family_stage"
        " WHERE stage = 'expired' LIMIT 1) RETURNING stream"
    )
    assert {f.stream for f in tampered.audit().findings} == {"22" * 16, UUID(gone).hex}


def test_gaps_in_positions_are_no_finding(tampered: Tampered) -> None:
    # A transaction that was rolled back leaves a gap in the sequence.
    tampered.run("SELECT nextval('azyq_log.azyq_events_notification_id_seq') FROM generate_series(1, 50)")
    log = PostgresLog(tampered.dsn)
    month = PROGRAMMES["akkol-2025"].month("2025-08")
    save_month(log, random_month(3, 10, month, GOODS.on(month.valid_from)))
    log.close()
    verdict = tampered.audit()
    assert verdict.holds
    assert verdict.head > verdict.events


def test_progress_and_the_number_of_findings_kept(tampered: Tampered) -> None:
    tampered.run("UPDATE azyq_log.azyq_events SET topic = 'x.y' WHERE topic = 'sms.reported'")
    seen: list[tuple[str, int, int | None]] = []
    verdict = run_audit(tampered.dsn, PROGRAMMES, GOODS, lambda *step: seen.append(step))
    assert len(verdict.findings) == 100
    assert verdict.found["topic_unknown"] > 100
    assert [f.position for f in verdict.findings] == sorted(f.position or 0 for f in verdict.findings)
    assert ("log", verdict.events, verdict.events) in seen


# --- views ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fed(postgres_dsn: str, told: str) -> Iterator[str]:
    """The told database with every view fed up to the head of the log."""
    with new_database(postgres_dsn, _name(told)) as dsn:
        _feed(dsn)
        yield dsn


def _name(dsn: str) -> str:
    return str(parse_dsn(dsn)["dbname"])


def _feed(dsn: str, batches: int | None = None) -> None:
    reader, store = LogReader(dsn), ViewStore(dsn)
    feed = Feed(reader, store, VIEWS)
    if batches is None:
        feed.catch_up()
    else:
        for _ in range(batches):
            feed.run_once(300)
    reader.close()
    store.close()


@pytest.fixture
def viewed(postgres_dsn: str, fed: str) -> Iterator[Tampered]:
    """A copy of the fed database, to be broken."""
    with new_database(postgres_dsn, _name(fed)) as dsn:
        broken = Tampered(dsn)
        yield broken
        broken.close()


def test_views_that_the_feed_wrote_hold(fed: str) -> None:
    verdict = run_audit(fed, PROGRAMMES, GOODS)
    assert verdict.findings == []
    assert verdict.notes == []
    assert verdict.checks["view"] > 500
    assert verdict.checks["parked"] > 0


def test_views_behind_the_log_hold_up_to_where_they_stand(postgres_dsn: str, told: str) -> None:
    with new_database(postgres_dsn, _name(told)) as dsn:
        _feed(dsn, batches=2)
        verdict = run_audit(dsn, PROGRAMMES, GOODS)
        assert verdict.findings == []
        assert 0 < verdict.checks["view"] < run_audit(told, PROGRAMMES, GOODS).events


def test_a_view_without_a_table_is_noted(told: str) -> None:
    assert len(run_audit(told, PROGRAMMES, GOODS).notes) == len(VIEWS)


@contextmanager
def _of_aggregates(postgres_dsn: str, template: str, *aggregates: Any) -> Iterator[str]:
    """A database with these in its log, every view fed."""
    with new_database(postgres_dsn, template) as dsn:
        log = PostgresLog(dsn)
        log.save(*aggregates)
        log.close()
        _feed(dsn)
        yield dsn


@pytest.fixture(scope="module")
def traded(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """A database with a shop, its prices and its terminal, every view fed."""
    with _of_aggregates(postgres_dsn, migrated_template, shop(), *price_sources(), terminal()) as dsn:
        yield dsn


def test_what_shops_and_terminals_tell_holds(traded: str) -> None:
    verdict = run_audit(traded, PROGRAMMES, GOODS)
    assert (verdict.findings, verdict.notes) == ([], [])
    assert verdict.checks["price_history"] == 2


@pytest.fixture(scope="module")
def requested(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """A database with a case of a shipped service, every view fed."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        save_told(dsn, told_by(ISSUED))
        _feed(dsn)
        yield dsn


def test_S000_L6_what_a_case_tells_holds(requested: str) -> None:
    verdict = run_audit(requested, PROGRAMMES, GOODS)
    assert (verdict.findings, verdict.notes) == ([], [])
    assert verdict.checks["case_two_persons"] == 5


@pytest.fixture(scope="module")
def employed(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """A database with an official, every view fed."""
    with _of_aggregates(postgres_dsn, migrated_template, staff()) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def measured(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    """A database with what a process of the API counted, every view fed."""
    with _of_aggregates(postgres_dsn, migrated_template, measurement()) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def admitted(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database with a reader whose access a case decided, and who signed in; every view fed."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        with a_bureau(as_url(dsn), tmp_path_factory.mktemp("bureau"), families=5) as bureau:
            reader, _ = bureau.granted()
            bureau.sign_in(reader)
            bureau.azyq.catch_up_views()
        yield dsn


@pytest.fixture
def view_of(request: pytest.FixtureRequest, postgres_dsn: str) -> Iterator[Callable[[str], Tampered]]:
    """A copy of a fed database in which the view has rows, to be broken."""
    named = dict.fromkeys(TRADE_VIEWS, "traded") | dict.fromkeys(CASE_VIEWS, "requested")
    named |= {"staff": "employed", "measurements": "measured", "accesses": "admitted", "sign_ins": "admitted"}
    with ExitStack() as stack:

        def copy(view: str) -> Tampered:
            source = request.getfixturevalue(named.get(view, "fed"))
            broken = Tampered(stack.enter_context(new_database(postgres_dsn, _name(source))))
            stack.callback(broken.close)
            return broken

        yield copy


_CHANGES = [
    (view.name, name, kind)
    for view in VIEWS
    for name, kind in view.table.columns
    if name not in view.table.key
]


_HEX = "0123456789abcdef"


@pytest.mark.parametrize(("view", "column", "kind"), _CHANGES, ids=[f"{v}.{c}" for v, c, _ in _CHANGES])
def test_an_altered_row_of_a_view_is_named(
    view_of: Callable[[str], Tampered], view: str, column: str, kind: str
) -> None:
    viewed = view_of(view)
    other = {
        # Another first letter, so that it falls among other streams than before.
        "uuid": f"overlay({column}::text placing translate(left({column}::text, 1), '{_HEX}', '{_HEX[1:]}0')"
        " from 1 for 1)::uuid",
        "text": f"coalesce({column}, '') || 'x\t'",
        "timestamptz": f"coalesce({column}, now()) + interval '1 microsecond'",
    }.get(kind, f"coalesce({column}, 0) + 1")
    viewed.run(
        f"UPDATE azyq_views.{view} t SET {column} = {other}"
        f" WHERE t = (SELECT s FROM azyq_views.{view} s ORDER BY s LIMIT 1)"
    )
    verdict = viewed.audit()
    assert set(verdict.found) == {"view"}
    assert verdict.found["view"] == (2 if column == "stream" else 1)
    first = verdict.first
    assert first is not None
    assert first.position is None
    assert first.what.startswith(f"{view}: the row ")
    if column != "stream":
        assert f": {column} is " in first.what


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_a_row_missing_from_a_view_is_named(view_of: Callable[[str], Tampered], view: str) -> None:
    viewed = view_of(view)
    viewed.run(
        f"DELETE FROM azyq_views.{view} t WHERE t = (SELECT s FROM azyq_views.{view} s ORDER BY s LIMIT 1)"
    )
    verdict = viewed.audit()
    assert verdict.found == {"view": 1}
    assert verdict.first is not None
    assert verdict.first.what.endswith("is missing")


def test_by_a_process_of_its_own_the_views_are_audited_the_same(
    viewed: Tampered, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a row too few in a view, and a purchase that was changed
    viewed.run(
        "DELETE FROM azyq_views.families WHERE stream = (SELECT stream FROM azyq_views.families LIMIT 1)"
    )
    viewed.change("voucher.redeemed", lambda data: data.update(shop="S999"))
    here = viewed.audit()
    # when the views are audited apart
    monkeypatch.setattr(views_beside, "APART_FROM", 0)
    apart = viewed.audit()
    # then the same is found
    assert here.found["view"] > 1
    assert replace(apart, seconds=0) == replace(here, seconds=0)


@pytest.mark.parametrize("program", ["tests.integration.programs.failing", "infra.nowhere", ""])
def test_where_that_process_ends_the_views_are_audited_all_the_same(
    viewed: Tampered, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    viewed.run("DELETE FROM azyq_views.families")
    here = viewed.audit()
    monkeypatch.setattr(views_beside, "APART_FROM", 0)
    monkeypatch.setattr(views_beside, "PROGRAM", program)
    if not program:  # there is no room for a process
        monkeypatch.setattr(views_beside, "Apart", Mock(side_effect=BlockingIOError))
    with capture_logs() as logged:
        apart = viewed.audit()
    assert replace(apart, seconds=0) == replace(here, seconds=0)
    assert [line["event"] for line in logged] == ["views_audited_here"]


def test_a_row_too_many_in_a_view_is_named(viewed: Tampered) -> None:
    viewed.run(
        "INSERT INTO azyq_views.voucher_balances"
        " SELECT (json_populate_record(t, json_build_object('voucher', repeat('9', 32)))).*"
        " FROM azyq_views.voucher_balances t LIMIT 1"
    )
    verdict = viewed.audit()
    assert verdict.found == {"view": 1}
    assert verdict.first is not None
    assert "not in the log" in verdict.first.what


def test_a_view_ahead_of_the_log_is_named(viewed: Tampered) -> None:
    viewed.run("UPDATE azyq_views.view_state SET position = position + 10 WHERE view = 'families'")
    verdict = viewed.audit()
    assert verdict.found == {"view": 1}
    assert verdict.first is not None
    assert "stands at" in verdict.first.what


def test_an_open_parked_event_is_a_finding_and_a_discarded_one_isnt(viewed: Tampered) -> None:
    position, stream, _, _ = viewed.event("sms.sent")
    viewed.run(
        "INSERT INTO azyq_views.parked (view, position, stream, topic, reason)"
        " VALUES ('families', %s, %s, 'sms.sent', 'no row')",
        position,
        stream,
    )
    then_first_is(viewed.audit(), "parked", "R32", position, stream)
    viewed.run("UPDATE azyq_views.parked SET state = 'discarded', note = 'known'")
    assert viewed.audit().holds


def test_an_event_that_cant_be_folded_and_isnt_parked_is_a_finding(viewed: Tampered) -> None:
    position, _, _, _ = viewed.event("sms.sent")
    viewed.run("UPDATE azyq_log.azyq_events SET topic = 'sms.eaten' WHERE notification_id = %s", position)
    parked = [f for f in viewed.audit().findings if f.check == "parked"]
    assert [f.what.partition(":")[0] for f in parked if f.position == position] == [
        view.name for view in VIEWS
    ]
    assert parked[0].position == position


def test_what_changes_while_the_views_are_audited_apart_is_not_seen(
    viewed: Tampered, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given that somebody writes once the audit has begun, before its process has
    def late(program: str, told: object) -> Apart:
        viewed.run("DELETE FROM azyq_views.families")
        return Apart(program, told)

    monkeypatch.setattr(views_beside, "APART_FROM", 0)
    monkeypatch.setattr(views_beside, "Apart", late)
    # then the audit is of the state that it began with
    assert viewed.audit().holds
    assert not viewed.audit().holds

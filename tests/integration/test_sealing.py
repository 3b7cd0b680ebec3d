"""Seals over a real log: what is changed behind them is named, and proofs hold without the database (R29, O6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from domain.identity import seals_id
from domain.seal import DayNotOver, DaySealed, Sealed, event_leaf, hash_of
from infra.audit.run import AuditVerdict, run_audit
from infra.parts.http_face import create_app
from infra.postgres.connect import connect
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.reporting.running import Reports, Request
from infra.sealing import (
    SealKeys,
    check_proof,
    prove,
    read_seals,
    seal_day,
    seal_what_is_over,
    seals_by,
)
from projections.all_views import VIEWS
from streams.feed import Feed
from tests.conftest import new_database
from tests.integration.test_audit import GOODS, PROGRAMMES
from tests.integration.test_cli import Shell
from tests.months import random_month, save_month

KEYS = SealKeys([bytes(range(32))])
OTHERS = SealKeys([bytes(range(1, 33))])


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 8, day, hour, tzinfo=UTC)


class SealedLog:
    """A log with two seals, and events after them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.log = PostgresLog(dsn)
        self.connection = connect(dsn, autocommit=True)

    def close(self) -> None:
        self.log.close()
        self.connection.close()

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def break_(self, statement: str, *values: Any) -> None:
        """As superuser, past the trigger that keeps the log append-only."""
        self.run("SET session_replication_role = replica")
        self.run(statement, *values)

    def seals(self) -> list[Sealed]:
        return [seal for _, seal in read_seals(self.connection)]

    def seal(self, day: int) -> Sealed:
        return seal_day(self.dsn, self.log, KEYS, date(2025, 8, day), at(day + 1))

    def month(self, programme: str, month: str, seed: int) -> None:
        facts = PROGRAMMES[programme].month(month)
        goods = facts.programme.catalogue(GOODS).on(facts.valid_from)
        save_month(self.log, random_month(seed, 25, facts, goods))

    def audit(self) -> AuditVerdict:
        return run_audit(self.dsn, PROGRAMMES, GOODS, seal_keys=KEYS.trusted)

    def streams(self, topic: str) -> list[UUID]:
        rows = self.run(
            "SELECT originator_id::text FROM azyq_log.azyq_events WHERE topic = %s ORDER BY notification_id",
            topic,
        )
        return [UUID(row[0]) for row in rows]


@pytest.fixture(scope="module")
def template(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    with new_database(postgres_dsn, migrated_template) as dsn:
        told = SealedLog(dsn)
        told.month("akkol-2025", "2025-07", 3)
        told.seal(1)
        told.run("SELECT nextval('azyq_log.azyq_events_notification_id_seq')")
        told.month("gas-2025", "2025-10", 4)
        told.seal(2)
        told.month("akkol-2025", "2025-08", 5)
        told.close()
        yield str(dsn.rpartition("dbname=")[2].split()[0])


@pytest.fixture
def told(postgres_dsn: str, template: str) -> Iterator[SealedLog]:
    with new_database(postgres_dsn, template) as dsn:
        told = SealedLog(dsn)
        yield told
        told.close()


def found(verdict: AuditVerdict) -> list[str]:
    return [finding.what for finding in verdict.findings if finding.check == "seal"]


def test_R29_a_sealed_log_holds_and_its_seals_are_chained(told: SealedLog) -> None:
    verdict = told.audit()
    assert (verdict.findings, verdict.checks["seal"]) == ([], 2)
    first, second = told.seals()
    assert (second.previous, second.after, first.after) == (first.hash, first.upto, 0)
    assert first.events + second.events < verdict.events
    # The database hashes a leaf as the domain has it.
    ((position, stream, version, topic, state, leaf),) = told.run(
        "SELECT notification_id, originator_id::text, originator_version, topic, state,"
        " sha256('\\x00'::bytea || int8send(notification_id) || uuid_send(originator_id)"
        " || int8send(originator_version) || int4send(octet_length(convert_to(topic, 'UTF8')))"
        " || convert_to(topic, 'UTF8') || state) FROM azyq_log.azyq_events ORDER BY 1 LIMIT 1"
    )
    assert bytes(leaf) == event_leaf(position, UUID(stream), version, topic, bytes(state))


@pytest.mark.parametrize("day", [1, 2, 3])
def test_R29_the_daily_report_prints_the_seal_of_its_day(told: SealedLog, day: int) -> None:
    Feed(reader := LogReader(told.dsn), store := ViewStore(told.dsn), VIEWS).catch_up()
    reports = Reports(told.dsn, PROGRAMMES)
    request = Request("daily", {"on": f"2025-08-{day:02d}"})
    answer, proved = reports.answer(request, at(9)), reports.from_log(request, at(9))
    reports.close()
    reader.close()
    store.close()
    (rows,) = (one.rows for one in answer.tables if one.section.id == "seal")
    assert [one.rows for one in answer.tables] == [one.rows for one in proved.tables]
    closing = [seal for seal in told.seals() if seal.on >= request.parameters["on"]][:1]
    assert [(row[0], row[1], row[5], row[7]) for row in rows] == [
        (str(seal.number), seal.on, seal.hash, seal.signature) for seal in closing
    ]
    assert bool(rows) is (day < 3)


def test_a_day_is_sealed_once_when_it_is_over_and_forward_only(told: SealedLog) -> None:
    assert told.seal(2) == told.seals()[-1]
    assert len(told.seals()) == 2
    with pytest.raises(DaySealed, match=r"up to 2025-08-02"):
        told.seal(1)
    with pytest.raises(DayNotOver, match=r"2025-08-05"):
        seal_day(told.dsn, told.log, KEYS, date(2025, 8, 5), at(5))
    third = seal_what_is_over(told.dsn, told.log, KEYS, at(6))
    assert third is not None
    assert (third.number, third.on, third.after) == (3, "2025-08-05", told.seals()[1].upto)
    assert seal_what_is_over(told.dsn, told.log, KEYS, at(6)) is None
    assert told.audit().findings == []


def test_an_empty_log_is_not_sealed_by_itself(database: str) -> None:
    empty = PostgresLog(database)
    assert seal_what_is_over(database, empty, KEYS, at(2)) is None
    empty.close()


BREAKS: dict[str, tuple[str, str]] = {
    "a byte of an event": (
        "UPDATE azyq_log.azyq_events SET state = state || ' '::bytea WHERE notification_id ="
        " (SELECT min(notification_id) + 5 FROM azyq_log.azyq_events)",
        "the log was changed after seal 1 of 2025-08-01: first between positions",
    ),
    "an event's topic": (
        "UPDATE azyq_log.azyq_events SET topic = 'cycle.task_done' WHERE notification_id ="
        " (SELECT min(notification_id) + 7 FROM azyq_log.azyq_events)",
        "the log was changed after seal 1",
    ),
    "the last event of a stream is gone": (
        "DELETE FROM azyq_log.azyq_events e WHERE (originator_id, originator_version) = (SELECT originator_id,"
        " max(originator_version) FROM azyq_log.azyq_events WHERE topic = 'voucher.expired' GROUP BY 1 LIMIT 1)",
        "events where",
    ),
    "the last sealed event is gone": (
        "DELETE FROM azyq_log.azyq_events WHERE notification_id = (SELECT max((convert_from(state, 'UTF8')::json"
        " ->> 'upto')::int) FROM azyq_log.azyq_events WHERE topic = 'seal.day_sealed')",
        "the log was changed after seal 2",
    ),
    "two events in another order": (
        "WITH few AS (SELECT min(notification_id) AS a, min(notification_id) + 1 AS b FROM azyq_log.azyq_events)"
        " UPDATE azyq_log.azyq_events e SET state = other.state, topic = other.topic,"
        " originator_id = other.originator_id, originator_version = other.originator_version + 1000"
        " FROM few, azyq_log.azyq_events other WHERE e.notification_id IN (a, b)"
        " AND other.notification_id = a + b - e.notification_id",
        "the log was changed after seal 1",
    ),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_what_is_changed_behind_a_seal_is_named(told: SealedLog, broken: str) -> None:
    statement, what = BREAKS[broken]
    told.break_(statement)
    assert any(what in one for one in found(told.audit())), found(told.audit())


def test_an_event_slipped_in_behind_a_seal_is_named(told: SealedLog) -> None:
    """A transaction that was undone leaves a position free."""
    told.break_(
        "INSERT INTO azyq_log.azyq_events SELECT gen_random_uuid(), 1, topic, state, notification_id - 1"
        " FROM azyq_log.azyq_events e WHERE notification_id > 1 AND NOT EXISTS"
        " (SELECT FROM azyq_log.azyq_events WHERE notification_id = e.notification_id - 1) LIMIT 1"
    )
    assert any("after seal 2" in one for one in found(told.audit()))


Change = Callable[[dict[str, Any]], object]


def rewrite(told: SealedLog, number: int, change: Change) -> None:
    """Change a seal in the log."""
    ((position, state),) = told.run(
        "SELECT notification_id, state FROM azyq_log.azyq_events WHERE originator_id = %s AND originator_version = %s",
        str(seals_id()),
        number + 1,
    )
    data = json.loads(bytes(state))
    change(data)
    told.break_(
        "UPDATE azyq_log.azyq_events SET state = %s WHERE notification_id = %s",
        json.dumps(data).encode(),
        position,
    )


def forge(data: dict[str, Any]) -> None:
    """A seal that fits its fields, by a key of the forger's own."""
    draft = Sealed(**{name: data[name] for name in Sealed._fields})._replace(events=7)
    digest = hash_of(draft)
    data.update(events=7, hash=digest, key=OTHERS.public, signature=OTHERS.sign(digest))


SEAL_BREAKS: dict[str, tuple[Change, str]] = {
    "a field": (lambda data: data.update(events=1), "its hash is not that of its fields"),
    "the signature": (lambda data: data.update(signature="00" * 64), "its signature is not by the key"),
    "the signature's form": (lambda data: data.update(signature="zz"), "its signature is not by the key"),
    "the chain": (lambda data: data.update(previous="0" * 64), "not chained to the seal before it"),
    "a key of one's own": (forge, "signed by a key that is not ours"),
    "the parts": (lambda data: data.update(parts=["0" * 64]), "the log was changed after seal 2"),
    "the root": (lambda data: data.update(root="0" * 64), "its root is not that of its parts"),
}


@pytest.mark.parametrize("broken", SEAL_BREAKS)
def test_a_changed_seal_is_named(told: SealedLog, broken: str) -> None:
    change, what = SEAL_BREAKS[broken]
    rewrite(told, 2, change)
    assert any(what in one for one in found(told.audit())), found(told.audit())


def test_seals_that_are_gone_are_missed_by_whoever_kept_one(told: SealedLog) -> None:
    """A chain cut off at its end still fits: what was published tells (the daily report, GET /v1/seals)."""
    kept = told.seals()[-1]
    told.break_(
        "DELETE FROM azyq_log.azyq_events WHERE originator_id = %s AND originator_version = 3",
        str(seals_id()),
    )
    assert kept not in told.seals()
    again = told.seal(2)
    assert (again.number, again.hash) == (kept.number, kept.hash) or again.root != kept.root


def proof_of(told: SealedLog, stream: UUID) -> dict[str, Any]:
    proof: dict[str, Any] = json.loads(json.dumps(prove(told.dsn, [stream], "a voucher")))
    return proof


def test_R29_a_proof_holds_without_the_database(told: SealedLog) -> None:
    stream = told.streams("voucher.redeemed")[0]
    verdict = check_proof(json.dumps(proof_of(told, stream)), KEYS.public)
    assert verdict.holds
    assert verdict.events[0]["topic"] == "family.eligible"
    rows = told.run("SELECT count(*) FROM azyq_log.azyq_events WHERE originator_id = %s", str(stream))
    assert len(verdict.events) == rows[0][0]
    assert not check_proof(json.dumps(proof_of(told, stream)), OTHERS.public).holds


def test_a_proof_of_something_else_or_with_a_gap_does_not_hold(told: SealedLog) -> None:
    stream = told.streams("voucher.redeemed")[0]
    proof = proof_of(told, stream)
    assert check_proof(json.dumps({**proof, "subject": stream.hex})).holds
    about = "0" * 31 + "1"
    assert check_proof(json.dumps({**proof, "subject": about})).wrong == [f"none of the events names {about}"]
    del proof["events"][1]
    verdict = check_proof(json.dumps(proof))
    assert not verdict.holds
    assert any("are left out" in one for one in verdict.wrong)


def test_what_is_not_sealed_yet_is_counted_and_not_proved(told: SealedLog) -> None:
    proof = proof_of(told, told.streams("family.eligible")[-1])
    assert (proof["events"], proof["unsealed"] > 0) == ([], True)
    assert not check_proof(json.dumps(proof)).holds


PROOF_BREAKS: dict[str, Change] = {
    "state": lambda proof: proof["events"][1].update(state="e30="),
    "topic": lambda proof: proof["events"][1].update(topic="voucher.redeemed"),
    "position": lambda proof: proof["events"][1].update(position=proof["events"][1]["position"] + 1),
    "stream": lambda proof: proof["events"][1].update(stream=str(UUID(int=1))),
    "version": lambda proof: proof["events"][1].update(version=9),
    "index": lambda proof: proof["events"][1].update(index=0),
    "path": lambda proof: proof["events"][1]["path"].pop(),
    "twice": lambda proof: proof["events"].insert(1, proof["events"][0]),
    "order": lambda proof: proof["events"].reverse(),
    "root": lambda proof: proof["seals"][0].update(root="0" * 64),
    "events": lambda proof: proof["seals"][0].update(events=1),
    "hash": lambda proof: proof["seals"][0].update(hash="0" * 64),
    "signature": lambda proof: proof["seals"][0].update(signature="0" * 128),
}


@pytest.mark.parametrize("broken", PROOF_BREAKS)
def test_a_changed_proof_does_not_hold(told: SealedLog, broken: str) -> None:
    proof = proof_of(told, told.streams("voucher.redeemed")[0])
    PROOF_BREAKS[broken](proof)
    assert not check_proof(json.dumps(proof)).holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "azyq-proof-1"}',
        '{"format":"azyq-proof-1","subject":"","seals":[1],"events":[],"unsealed":0}',
        '{"format":"azyq-proof-1","subject":"","seals":[],"events":[{"seal":1}],"unsealed":0}',
        b"\xff\xfe",
        "[" * 100_000,
    ],
)
def test_what_is_no_proof_is_said_to_be_none(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"azyq-proof-1|JSON|Expecting|utf-8"):
        check_proof(text)


def test_the_seals_are_published(told: SealedLog) -> None:
    reader = LogReader(told.dsn)
    with TestClient(create_app(_NoServices(), seals=lambda: seals_by(reader))) as client:
        answer = client.get("/v1/seals").json()["seals"]
    reader.close()
    assert [seal["hash"] for seal in answer] == [seal.hash for seal in told.seals()]
    assert answer[0]["key"] == KEYS.public


class _NoServices:
    sms_secret = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    kannel_token = "0" * 32

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked here")


def test_on_the_command_line(told: SealedLog, tmp_path: Path) -> None:
    azyq = Shell(told.dsn, tmp_path)
    stream = told.streams("voucher.redeemed")[0].hex
    listed = azyq.json("seal")
    assert [seal["number"] for seal in listed] == [1, 2]
    clock = {"AZYQ_CLOCK": "2025-08-09T12:00:00+05:00"}
    third = azyq.json("seal", "--on", "2025-08-08", **clock)
    assert third["previous"] == listed[1]["hash"]
    found = azyq("seal", "--on", "2025-08-09", **clock)
    assert (found.returncode, "day_not_over" in found.stderr) == (1, True)
    written = azyq("prove", stream, "--out", "proof.json")
    assert written.returncode == 0, written.stderr
    for language, word in (("en", "holds:"), ("ru", "верно:"), ("kk", "дұрыс:")):
        checked = azyq(
            "prove", "--check", "proof.json", "--lang", language, DATABASE_URL="postgresql:///nowhere"
        )
        assert (checked.returncode, word in checked.stdout) == (0, True)
    text = (tmp_path / "proof.json").read_text()
    (tmp_path / "proof.json").write_text(text.replace('"version": 2', '"version": 3'))
    broken = azyq("prove", "--check", "proof.json")
    assert (broken.returncode, "DOES NOT HOLD" in broken.stdout) == (3, True)
    assert azyq("prove").returncode == azyq("prove", "--check", "nothing.json").returncode == 2
    assert azyq("seal", "--on", "yesterday").returncode == 2

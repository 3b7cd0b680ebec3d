"""The feed from the log into the views, on a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psycopg2
import pytest
from structlog.testing import capture_logs

from domain.goods import load_goods
from infra.postgres.connect import connect
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programmes
from projections.all_views import VIEWS
from projections.events import read_event
from projections.folding import fold_steps, fold_stream, steps
from projections.view import Key, Row, Rows
from streams import feed as feeding
from streams.feed import Feed
from streams.rebuild import rebuild
from tests.months import random_month, save_month

ROOT = Path(__file__).parents[2]
PROGRAMME = load_programmes(ROOT / "programmes")["akkol-2025"]
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))
BY_NAME = {view.name: view for view in VIEWS}

Tables = dict[str, dict[Key, Row]]


class Parts:
    """A log, its reader and the views' tables over one database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.log = PostgresLog(dsn)
        self.reader = LogReader(dsn)
        self.store = ViewStore(dsn)
        self.feed = Feed(self.reader, self.store, VIEWS)

    def tell(self, seed: int, families: int = 40, outcome: str | None = None, month: str = "2025-07") -> int:
        facts = PROGRAMME.month(month)
        goods = PROGRAMME.catalogue(GOODS).on(facts.valid_from)
        return save_month(self.log, random_month(seed, families, facts, goods, outcome))

    def append(self, topic: str | None, data: Any, stream: str | None = None, version: int = 1) -> None:
        connection = connect(self.dsn, autocommit=True)
        with connection.cursor() as cursor:
            state = data if data is None or isinstance(data, bytes) else orjson.dumps(data)
            cursor.execute(
                "INSERT INTO azyq_log.azyq_events (originator_id, originator_version, topic, state)"
                " VALUES (%s, %s, %s, %s)",
                (stream or str(uuid4()), version, topic, state),
            )
        connection.close()

    def tables(self) -> Tables:
        return {view.name: self.store.rows(view) for view in VIEWS}

    def folded(self) -> Tables:
        """What the whole log says the tables hold."""
        found: Tables = {view.name: {} for view in VIEWS}
        across: dict[str, Rows] = {view.name: {} for view in VIEWS if not view.per_stream}

        def take(name: str, rows: Rows) -> None:
            found[name] |= {k: BY_NAME[name].canonical(r) for k, r in rows.items() if r is not None}

        for _, raws in groupby(self.reader.in_stream_order(self.reader.head()), key=attrgetter("stream")):
            events = [read_event(raw) for raw in raws]
            for view in VIEWS:
                if view.per_stream:
                    take(view.name, fold_stream(view, events)[0])
                else:
                    fold_steps(view, across[view.name], steps(view, events))
        for name, rows in across.items():
            take(name, rows)
        return found

    def close(self) -> None:
        self.log.close()
        self.reader.close()
        self.store.close()


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    parts = Parts(database)
    yield parts
    parts.close()


def test_O3_2_every_view_is_the_fold_of_the_log(parts: Parts) -> None:
    parts.tell(1)
    while parts.feed.run_once(max_events=37):
        pass
    assert parts.tables() == parts.folded()
    assert parts.store.parked() == []
    (month,) = parts.store.rows(BY_NAME["month_status"]).values()
    vouchers = parts.store.rows(BY_NAME["voucher_balances"]).values()
    assert month["vouchers_issued"] == len(vouchers) > 0
    for column in ("spent_tiyn", "held_tiyn", "expired_tiyn", "cancelled_tiyn"):
        assert month[column] == sum(voucher[column] for voucher in vouchers)
    assert month["issued_tiyn"] == sum(voucher["amount_tiyn"] for voucher in vouchers)
    assert any(voucher["spent_tiyn"] for voucher in vouchers)


def test_R18_the_journal_names_families_without_a_number(parts: Parts) -> None:
    parts.tell(2, 10, "no_number")
    parts.feed.catch_up()
    families = parts.store.rows(BY_NAME["families"])
    missing = parts.store.rows(BY_NAME["missing_numbers"])
    assert set(missing) == {key for key, row in families.items() if row["stage"] == "no_number"}
    assert len(missing) == 10


def test_fed_twice_is_fed_once(parts: Parts) -> None:
    parts.tell(3)
    parts.feed.catch_up()
    before = parts.tables()
    assert parts.feed.catch_up() == 0
    assert Feed(parts.reader, parts.store, VIEWS).catch_up() == 0
    assert parts.tables() == before


def test_two_feeds_at_once_apply_each_event_once(parts: Parts) -> None:
    parts.tell(4, 60)
    parts.feed.prepare()
    failures: list[Exception] = []

    def run() -> None:
        reader, store = LogReader(parts.dsn), ViewStore(parts.dsn)
        try:
            feed = Feed(reader, store, VIEWS)
            while feed.run_once(max_events=11):
                pass
        except Exception as error:
            failures.append(error)
        finally:
            reader.close()
            store.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert parts.tables() == parts.folded()


class Killed(BaseException):
    """The process ends here."""


def test_killed_between_batches_and_within_one_it_goes_on(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.tell(5)
    parts.feed.run_once(max_events=50)
    from streams import feed as module

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, "alarm", die)  # the batch is committed, what it parked is not told
        with pytest.raises(Killed):
            parts.feed.run_once(max_events=50)
    with monkeypatch.context() as patch:
        patch.setattr("infra.postgres.view_store.Turns.move", die)  # the rows are written, the position not
        with pytest.raises(Killed):
            parts.feed.run_once(max_events=50)
    parts.feed.catch_up()
    assert parts.tables() == parts.folded()


GOOD = {
    "timestamp": "2025-07-05T09:00:00+05:00",
    "cycle": "akkol-2025/2025-07",
    "message": "a" * 32,
    "purpose": "reminder",
    "reason": "gone",
    "rules": "1",
}


@pytest.mark.parametrize(
    ("topic", "data", "reason"),
    [
        ("family.moved_to_mars", GOOD, "unknown topic"),
        (None, GOOD, "unknown topic"),
        ("sms.failed", GOOD | {"class_version": 2}, "newer version"),
        ("sms.failed", {k: v for k, v in GOOD.items() if k != "reason"}, "no field reason"),
        ("sms.failed", None, "no state"),
        ("sms.failed", b"{", "not JSON"),
        ("sms.failed", b"[]", "not an object"),
        ("sms.failed", GOOD | {"reason": 7}, "the field reason is not str"),
        ("sms.failed", GOOD | {"reason": "a\x00b"}, "NUL"),
        ("sms.failed", GOOD | {"cycle": "akkol"}, "cycle is not"),
        ("sms.failed", GOOD | {"timestamp": "yesterday"}, "timestamp"),
        ("sms.failed", GOOD | {"reason": "x" * 10_000_000}, "more than 1,000,000 bytes"),
    ],
)
def test_a_bad_event_is_parked_and_the_others_go_on(
    parts: Parts, topic: str | None, data: Any, reason: str
) -> None:
    parts.append("sms.failed", GOOD | {"message": "b" * 32})
    parts.append(topic, data)
    parts.append("sms.failed", GOOD | {"message": "c" * 32})
    parts.feed.catch_up()
    assert set(parts.store.rows(BY_NAME["sms_journal"])) == {("b" * 32,), ("c" * 32,)}
    (month,) = parts.store.rows(BY_NAME["month_status"]).values()
    assert month["sms_failed"] == 2
    parked = parts.store.parked()
    assert {p.position for p in parked} == {2}
    assert {"sms_journal", "month_status"} <= {p.view for p in parked}
    assert all(reason in p.reason for p in parked)


def test_a_value_the_database_refuses_is_parked_alone(parts: Parts) -> None:
    issued = {
        "timestamp": GOOD["timestamp"],
        "cycle": GOOD["cycle"],
        "valid_from": "2025-07-05",
        "valid_to": "2025-07-31",
        "rules": "1",
        "issued_tiyn": 1,
    }
    for tiyn in (1, 2**63 + 5, 3):
        parts.append("voucher.issued", issued | {"vouchers": [[f"{tiyn:032x}", "d" * 32, tiyn]]})
    parts.feed.catch_up()
    amounts = {row["amount_tiyn"] for row in parts.store.rows(BY_NAME["voucher_balances"]).values()}
    assert amounts == {1, 3}
    assert [p.position for p in parts.store.parked("voucher_balances")] == [2]


def test_a_parked_event_is_retried_or_discarded_with_a_reason(parts: Parts) -> None:
    parts.append("sms.failed", GOOD | {"class_version": 2})
    parts.feed.catch_up()
    (parked,) = parts.store.parked("sms_journal")
    assert not parts.feed.retry(BY_NAME["sms_journal"], parked.position, parked.stream)
    with pytest.raises(ValueError, match="why"):
        parts.store.discard("sms_journal", 1, " ")
    assert parts.store.discard("sms_journal", 1, "a test")
    assert not parts.store.discard("sms_journal", 1, "again")
    assert parts.store.parked("sms_journal") == []
    assert parts.store.parked("sms_journal", None)[0].note == "a test"


def test_what_was_mended_is_folded_at_a_retry(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.tell(6)

    def broken(*_: object) -> None:
        raise RuntimeError("77010000000")

    for view in VIEWS:
        on = dict(view.on)
        if "sms.sent" in on:
            on["sms.sent"] = type(on["sms.sent"])(on["sms.sent"].keys, broken, on["sms.sent"].creates)
            monkeypatch.setattr(type(view), "on", on)
    parts.feed.catch_up()
    monkeypatch.undo()
    parked = parts.store.parked()
    assert parked
    assert not any("7701" in p.reason for p in parked)
    for event in parked:
        assert parts.feed.retry(BY_NAME[event.view], event.position, event.stream)
    assert parts.store.parked() == []
    assert parts.tables() == parts.folded()


def test_what_was_taken_in_and_is_parked_anew_is_announced_anew(parts: Parts) -> None:
    parts.append("sms.failed", GOOD | {"class_version": 2})
    parts.feed.catch_up()
    view = BY_NAME["sms_journal"]
    with parts.store.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE azyq_views.parked SET announced_at = now(), state = 'retried'")
    for announced in (0, 1):
        assert not parts.feed.retry(view, 1, parts.reader.after(0, 1)[0].stream)
        with parts.store.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT state, count(announced_at) FROM azyq_views.parked WHERE view = %s GROUP BY state",
                (view.name,),
            )
            assert cursor.fetchall() == [("open", announced)]
            cursor.execute("UPDATE azyq_views.parked SET announced_at = now()")


def test_a_view_of_another_version_is_fed_once_it_is_rebuilt_and_holds_up_no_other(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.tell(8, 10)
    parts.feed.catch_up()
    view, last = VIEWS[0], VIEWS[-1]
    monkeypatch.setattr(type(view), "version", view.version + 1)
    parts.tell(9, 10, None, "2025-08")
    with capture_logs() as logs:
        parts.feed.catch_up()
        parts.feed.catch_up()
    assert [line["view"] for line in logs if line["event"] == "view_outdated"] == [view.name]
    assert parts.store.position(view) < parts.store.position(last) == parts.reader.head()
    rebuild(parts.reader, parts.store, view)
    parts.tell(10, 10, None, "2025-09")
    monkeypatch.setattr(feeding, "LOOK_AGAIN_SECONDS", 0.0)
    parts.feed.catch_up()
    assert parts.tables() == parts.folded()


def test_who_hangs_in_a_turn_holds_the_others_up_for_a_while_only(parts: Parts) -> None:
    parts.tell(11, 10)
    parts.feed.prepare()
    hanging = ViewStore(parts.dsn, hung_seconds=0.5)
    turn = hanging.turn(VIEWS[0])
    turn.__enter__()
    parts.feed.catch_up()
    with pytest.raises(psycopg2.Error):
        turn.__exit__(None, None, None)
    hanging.close()
    assert parts.tables() == parts.folded()


class Announced(LogReader):
    """A log that tells when it listens, and when who follows it has all of it."""

    def __init__(self, dsn: str, store: ViewStore) -> None:
        super().__init__(dsn)
        self.listens = threading.Event()
        self.caught_up = threading.Event()
        self._store = store

    def wait(self, seconds: float) -> bool:
        announced = super().wait(0)
        self.listens.set()
        if self.head() == self._store.position(BY_NAME["families"]) > 0:
            self.caught_up.set()
        return announced or super().wait(seconds)


def test_an_append_wakes_who_follows(parts: Parts) -> None:
    stop = threading.Event()
    source = Announced(parts.dsn, parts.store)
    thread = threading.Thread(target=Feed(source, parts.store, VIEWS).follow, args=(stop, 60.0))
    thread.start()
    try:
        assert source.listens.wait(20)
        parts.tell(7, 10)
        assert source.caught_up.wait(20)  # a third of what it would wait unannounced
    finally:
        stop.set()
        parts.append("family.unheard_of", {})
        thread.join()
        source.close()
    parts.feed.catch_up()
    assert parts.tables() == parts.folded()


def test_appends_of_a_moment_are_fed_together(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a feed that is behind, then takes three, then finds nothing
    counts, waits = [feeding.BATCH, 3, 0], []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(("gathers", timeout))
            return False

    stop = Stop()

    def run_once(**_: object) -> int:
        if not counts:
            stop.set()
            return feeding.BATCH
        return counts.pop(0)

    monkeypatch.setattr(parts.feed, "run_once", run_once)
    monkeypatch.setattr(parts.reader, "wait", lambda seconds: waits.append(("listens", seconds)))
    # when it follows
    parts.feed.follow(stop, 60.0)
    # then it goes on at once where there is more, and gathers where there is not
    assert waits == [("gathers", feeding.GATHER_SECONDS), ("listens", 60.0)]


def test_views_that_stand_at_different_places_are_fed_together(parts: Parts) -> None:
    parts.tell(6)
    Feed(parts.reader, parts.store, VIEWS[:2]).run_once(60)
    Feed(parts.reader, parts.store, VIEWS[2:5]).run_once(25)
    while parts.feed.run_once(40):
        pass
    assert parts.tables() == parts.folded()
    assert {parts.store.position(view) for view in VIEWS} == {parts.reader.head()}

"""A view folded anew beside the old one, and switched, on a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from infra.postgres.connect import connect
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from projections.all_views import VIEWS
from streams.rebuild import rebuild
from tests.integration.test_feed import BY_NAME, GOOD, Killed, Parts


@pytest.fixture
def parts(database: str) -> Iterator[Parts]:
    parts = Parts(database)
    yield parts
    parts.close()


def tables_of(dsn: str) -> list[str]:
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'azyq_views' AND tablename LIKE '%%\\_v_'"
                " ORDER BY 1"
            )
            return [name for (name,) in cursor]
    finally:
        connection.close()


@pytest.mark.parametrize("seed", range(4))
def test_rebuilt_rows_are_the_fed_ones(parts: Parts, seed: int) -> None:
    parts.tell(seed, 30)
    parts.append("sms.failed", GOOD | {"class_version": 2})
    parts.feed.catch_up()
    before, parked = parts.tables(), parts.store.parked()
    for view in VIEWS:
        result = rebuild(parts.reader, parts.store, view)
        assert result.position == parts.reader.head()
    assert parts.tables() == before
    assert [p[:5] for p in parts.store.parked()] == [p[:5] for p in parked]
    assert tables_of(parts.dsn) == sorted(f"{view.name}_v2" for view in VIEWS)


def test_texts_with_what_copy_sets_apart_are_rebuilt_as_they_are(parts: Parts) -> None:
    for number, reason in enumerate(("tab\t", "line\n", "return\r", "\\N", "back\\", "", "плain")):
        parts.append("sms.failed", GOOD | {"message": f"{number:032d}", "reason": reason})
    parts.feed.catch_up()
    view = BY_NAME["sms_journal"]
    before = parts.store.rows(view)
    assert len(before) == 7
    rebuild(parts.reader, parts.store, view)
    assert parts.store.rows(view) == before


def test_a_rebuild_while_events_arrive(parts: Parts) -> None:
    parts.tell(11, 60)
    parts.feed.catch_up()
    stop = threading.Event()
    reader, store = LogReader(parts.dsn), ViewStore(parts.dsn)
    following = threading.Thread(target=parts.feed.follow, args=(stop, 0.05))
    following.start()
    writing = threading.Thread(target=parts.tell, args=(12, 60, None, "2025-08"))
    head = reader.head()
    writing.start()
    try:
        for view in VIEWS:
            rebuild(reader, store, view)
        writing.join()
    finally:
        stop.set()
        following.join()
    parts.feed.catch_up()
    assert reader.head() > head
    assert parts.tables() == parts.folded()
    reader.close()
    store.close()


@pytest.mark.parametrize("where", ["Builder.add", "Builder.finish", "Turn.settle"])
def test_killed_half_way_the_old_table_serves_and_the_next_rebuild_starts_over(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    parts.tell(13, 20)
    parts.feed.catch_up()
    before = parts.tables()
    view = BY_NAME["families"]

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"infra.postgres.view_store.{where}", die)
        with pytest.raises(Killed):
            rebuild(parts.reader, parts.store, view)
    assert parts.tables() == before
    parts.tell(14, 5, None, "2025-08")
    parts.feed.catch_up()
    rebuild(parts.reader, parts.store, view)
    assert parts.tables() == parts.folded()
    assert len(tables_of(parts.dsn)) == len(VIEWS)


def test_a_rebuild_settles_what_can_be_folded_now(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    parts.tell(15, 10)
    view = BY_NAME["sms_journal"]
    on = view.on["sms.sent"]

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(type(view), "on", {**view.on, "sms.sent": type(on)(on.keys, broken, True)})
        parts.feed.catch_up()
    assert parts.store.parked("sms_journal")
    rebuild(parts.reader, parts.store, view)
    assert parts.store.parked("sms_journal") == []
    assert parts.tables() == parts.folded()

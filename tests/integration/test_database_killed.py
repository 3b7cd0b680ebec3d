"""The embedded PostgreSQL is killed under a process: it ends with a sentence, or, where it serves, starts it again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from eventsourcing.persistence import OperationalError

from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.log import LogBusy, PostgresLog
from infra.postgres.schema import migrate
from tests.integration.served_site import Site, eventually
from tests.integration.test_log import a_stray


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An installation with a database of its own."""
    with ExitStack() as stack:
        yield Site("", tmp_path, stack)


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def test_R32_a_save_whose_database_is_gone_is_not_told_to_be_in_others_way(tmp_path: Path) -> None:
    # given a log that has saved, so that its pool holds connections
    with EmbeddedPostgres(tmp_path / "data") as dsn:
        migrate(dsn)
        log = PostgresLog(dsn, patience_seconds=6)
        log.save(a_stray())
        # when the database is killed, for good
        server = psutil.Process(postmaster(tmp_path / "data"))
        backends = server.children(recursive=True)
        server.kill()
        psutil.wait_procs(backends, timeout=30)  # they end when they notice
        begun = time.monotonic()
        with pytest.raises(OperationalError) as caught:
            log.save(a_stray())
        # then it ends in time, and not as if somebody else were writing
        assert not isinstance(caught.value, LogBusy)
        log.close()
        assert time.monotonic() - begun < 20


def test_R32_serve_starts_its_database_again_when_it_was_killed(site: Site) -> None:
    # given a server on its own database
    serve = site.start("serve")
    ready = f"{serve.address}/readyz"
    eventually(lambda: _status(ready) == 200)
    first = postmaster(site.folder / "data")
    # when the database is killed, and nobody does anything
    os.kill(first, signal.SIGKILL)
    # then the server notices, starts it again and says so, and all is well
    (line,) = eventually(lambda: serve.logged("embedded_database_restarted"))
    assert line["level"] == "warning"
    eventually(lambda: _status(ready) == 200)
    assert postmaster(site.folder / "data") != first
    # and it is still the server's to stop
    assert serve.end(seconds=30) == 0
    assert not (site.folder / "data" / "postgres" / "postmaster.pid").exists()


def test_R32_a_database_that_cannot_start_is_tried_again_less_and_less_often(site: Site) -> None:
    serve = site.start("serve")
    eventually(lambda: _status(f"{serve.address}/readyz") == 200)
    # given a cluster that is out of reach
    cluster = site.folder / "data" / "postgres"
    pid = postmaster(site.folder / "data")
    settings = (cluster / "PG_VERSION").read_text()
    (cluster / "PG_VERSION").write_text("1\n")
    os.kill(pid, signal.SIGKILL)
    # then each try is told, and when it is there again it starts
    told = eventually(lambda: len(found := serve.logged("embedded_database_not_started")) > 1 and found)
    assert [line["failures"] for line in told[:2]] == [1, 2]
    (cluster / "PG_VERSION").write_text(settings)
    eventually(lambda: serve.logged("embedded_database_restarted"), 60)
    assert serve.end(seconds=30) == 0


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.HTTPError:
        return 0

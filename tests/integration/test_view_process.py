"""The process that keeps the views beside the one that answers tills: what it feeds, and what becomes of it."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from structlog.testing import capture_logs

from infra.parts import process_beside
from infra.parts.view_process import NICE, keep_views
from tests.integration.month_in_process import Town, a_month, query
from tests.integration.processes_beside import has_ended, killed_while_it_hangs, running
from tests.integration.served_site import Process, Site, eventually, phone_of, post, reply_body

PROGRAM = "infra.parts.view_process"


def keeper_of(process: Process) -> psutil.Process:
    """The one process beside `process` that keeps the views."""
    (keeper,) = eventually(lambda: running(PROGRAM, process.process.pid))
    return keeper


def consented(site: Site) -> int:
    """Consents, as the view has them."""
    return sum(count for (count,) in query(site.dsn, "SELECT consented FROM azyq_views.month_status"))


def listed(dsn: str) -> int:
    """Families listed, as the view has them; 0 without a view."""
    if query(dsn, "SELECT to_regclass('azyq_views.month_status')::text") == [(None,)]:
        return 0
    return sum(count for (count,) in query(dsn, "SELECT families FROM azyq_views.month_status"))


def test_the_views_go_on_when_the_process_that_keeps_them_is_killed(site: Site) -> None:
    # given a round of SMS, served
    households = Town().households(2)
    site.listed(households)
    first, second = (phone_of(household) for household in households)
    serve = site.start("serve")
    address = serve.address
    keeper = keeper_of(serve)
    eventually(lambda: len(site.sms("consent_request")) == 2)
    # when a reply comes
    assert post(address, reply_body(first, "ИӘ", "m-1")).json() == {"outcome": "consented"}
    # then a view tells of it, by a process that yields the cores to the one of the tills
    eventually(lambda: consented(site) == 1)
    assert keeper.nice() == os.getpriority(os.PRIO_PROCESS, serve.process.pid) + NICE
    # when the process is killed, and another reply comes
    keeper.kill()
    assert post(address, reply_body(second, "ИӘ", "m-2")).json() == {"outcome": "consented"}
    # then it is said aloud, and another process brings the views up to date
    eventually(lambda: consented(site) == 2)
    (ended,) = serve.logged("process_ended")
    assert (ended["program"], ended["code"]) == (PROGRAM, -signal.SIGKILL)
    assert keeper_of(serve).pid != keeper.pid


def test_a_process_that_hangs_is_killed_and_another_keeps_the_views(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_month(database, tmp_path) as month, capture_logs() as logged:
        stop = threading.Event()
        keeping = threading.Thread(target=keep_views, args=(database, stop))
        keeping.start()
        try:
            (keeper,) = eventually(lambda: running(PROGRAM, os.getpid()))
            # given a process that hangs, when a list comes
            keeper.suspend()
            with monkeypatch.context() as soon:
                soon.setattr(process_beside, "HUNG_SECONDS", 2)
                eventually(lambda: logged)
            month.list_of(Town().households(3))
            # then another, which is given its time to start, brings the views up to date
            eventually(lambda: listed(database) == 3)
            assert not keeper.is_running()
            # and when nothing happens it is left alone
            (other,) = running(PROGRAM, os.getpid())
            monkeypatch.setattr(process_beside, "HUNG_SECONDS", 10)
            since = time.monotonic()
            eventually(lambda: time.monotonic() - since > 12)
            assert other.is_running()
        finally:
            stop.set()
            keeping.join(30)
        assert not other.is_running()
    assert [line["event"] for line in logged if line.get("program") == PROGRAM] == [
        "process_hung",
        "process_ended",
    ]


def test_whoever_asks_at_once_finds_the_views(site: Site) -> None:
    api = site.start("api")
    assert api.address
    assert query(site.dsn, "SELECT count(*) FROM azyq_views.month_status") == [(0,)]
    assert api.end() == 0, "".join(api.raw)


def test_a_signal_ends_both(site: Site) -> None:
    api = site.start("api")
    assert api.address
    keeper = keeper_of(api)
    assert api.end() == 0, "".join(api.raw)
    assert not keeper.is_running()
    assert not [line for line in api.raw if '"process_' in line]


def test_a_process_whose_parent_was_killed_ends(site: Site) -> None:
    api = site.start("api")
    assert api.address
    keeper = keeper_of(api)
    killed_while_it_hangs(api)
    assert eventually(lambda: has_ended(keeper), 30)


def test_a_scheduler_by_itself_keeps_the_views_in_its_own_process(site: Site) -> None:
    site.listed(Town().households(1))
    scheduler = site.start("scheduler")
    eventually(lambda: query(site.dsn, "SELECT to_regclass('azyq_views.month_status')::text") != [(None,)])
    eventually(lambda: query(site.dsn, "SELECT sms_consent_request FROM azyq_views.month_status") == [(1,)])
    assert not running(PROGRAM, scheduler.process.pid)
    assert scheduler.end() == 0, "".join(scheduler.raw)

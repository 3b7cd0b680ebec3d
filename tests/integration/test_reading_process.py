"""The process that answers analysts: what it reads, whom it lets in, and what becomes of readers when it dies."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient

from infra.parts import process_beside
from infra.parts.analytics import Analytics
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.parts.reading_process import NICE, ReadingProcess
from tests.integration.access_in_process import MONTH, Bureau, a_bureau
from tests.integration.processes_beside import has_ended, killed_while_it_hangs, running
from tests.integration.served_site import Process, Site, eventually
from tests.integration.test_analytics_access import FROM_ELSEWHERE, sign_in

PROGRAM = "infra.parts.reading_process"
REPORT = f"/v1/reports/month?month={MONTH}"
PAGE = f"/analytics?month={MONTH}&lang=en"


@contextmanager
def apart(bureau: Bureau) -> Iterator[TestClient]:
    """The API over `bureau`, with a process of its own for analysts."""
    process = ReadingProcess(bureau.azyq)
    process.start()
    analytics = Analytics(bureau.azyq, bureau.access)
    try:
        app = create_app(
            Replies(bureau.azyq, lambda: None),
            access=bureau.access,
            analytics=analytics,
            reached=process.reached,
        )
        with TestClient(
            app,
            base_url="https://azyq.example.kz",
            client=FROM_ELSEWHERE,
            raise_server_exceptions=False,
            follow_redirects=False,
        ) as http:
            eventually(lambda: http.get("/analytics").status_code == 401)
            yield http
    finally:
        process.close()
        analytics.close()
        assert running(PROGRAM, os.getpid()) == []


@pytest.fixture
def bureau(database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database, tmp_path) as bureau:
        yield bureau


def test_A2_A8_each_reads_its_own_regions_and_each_reading_is_recorded(bureau: Bureau) -> None:
    # given users of two oblasts, and one of the republic, to whom small counts are not told
    users = [bureau.granted(region=region)[0] for region in ("110000000", "550000000")]
    users.append(bureau.granted(body_kind="supreme_audit", region="")[0])
    with apart(bureau) as http:
        near = bureau.http
        bureau.http = http
        sessions = [bureau.sign_in(user) for user in users]
        # when they ask for the same, by turns and at once
        with ThreadPoolExecutor(4) as pool:
            asked = list(pool.map(lambda number: http.get(REPORT, headers=sessions[number % 3]), range(9)))
        # then each is told what the process of the tills would tell, of its own regions alone
        assert {told.status_code for told in asked} == {200}
        of_each = [near.get(REPORT, headers=session).json() for session in sessions]
        for number, told in enumerate(asked):
            assert told.json() == of_each[number % 3]
        assert [one["parameters"].get("region") for one in of_each] == ["11", "55", None]
        withheld = [str(one["sections"]).count("None") for one in of_each]
        assert withheld[:2] == [0, 0]
        assert withheld[2] > 0
        # and each reading is an event
        assert len(bureau.events("access.report_read")) == 12
        # and what is another's is refused, and recorded
        told = http.get(f"{REPORT}&region=55", headers=sessions[0])
        assert (told.status_code, told.json()["code"]) == (403, "region_foreign")
        assert len(bureau.events("access.reading_refused")) == 1
        # and who is blocked is let in no more by any process
        http.delete("/v1/access/sessions", headers=sessions[1])
        assert http.get(REPORT, headers=sessions[1]).status_code == 401


def test_A8_the_pages_are_signed_in_to_and_stand_where_they_say(bureau: Bureau) -> None:
    user, _ = bureau.granted()
    with apart(bureau) as http:
        assert sign_in(http, user).status_code == 303
        whole = http.get(PAGE)
        assert whole.status_code == 200
        assert whole.headers["content-language"] == "en"
        assert whole.headers["cache-control"] == "no-store"
        # as of a position: the same for ever, whatever is recorded since
        position = bureau.azyq.log_reader.head() // 2
        first = http.get(f"{PAGE}&as_of={position}").text
        before = len(bureau.events("access.report_read"))
        bureau.granted()
        again = http.get(f"{PAGE}&as_of={position}").text
        assert figures(first) == figures(again) != figures(whole.text)
        # and what was kept is a reading like another
        assert len(bureau.events("access.report_read")) > before


def figures(page: str) -> str:
    """A page's figures, without what tells of the system's state now."""
    return page.partition("<!-- figures -->")[2].partition('id="service"')[0]


def test_a_process_that_dies_is_started_again_and_its_readers_are_told(bureau: Bureau) -> None:
    user, _ = bureau.granted()
    with apart(bureau) as http:
        bureau.http = http
        session = bureau.sign_in(user)
        # given a reading under way, in a process that does not come to it
        (process,) = running(PROGRAM, os.getpid())
        assert process.nice() == os.getpriority(os.PRIO_PROCESS, 0) + NICE
        process.suspend()
        with ThreadPoolExecutor(2) as pool:
            report = pool.submit(http.get, REPORT, headers=session)
            page = pool.submit(http.get, "/analytics")
            time.sleep(0.3)
            # when it is killed
            process.kill()
            told, shown = report.result(30), page.result(30)
        # then whoever waits is told, with a code
        assert (told.status_code, told.json()["code"]) == (503, "not_available")
        assert told.headers["retry-after"] == "5"
        assert shown.status_code == 503
        assert shown.headers["content-type"].startswith("text/html")
        # and others, until there is another: with the same sessions
        answered = eventually(
            lambda: found if (found := http.get(REPORT, headers=session)).is_success else None
        )
        assert answered.json()["log_position"] > 0
        (other,) = running(PROGRAM, os.getpid())
        assert other.pid != process.pid


def test_a_process_that_hangs_is_killed_and_another_answers(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, _ = bureau.granted()
    with apart(bureau) as http:
        bureau.http = http
        session = bureau.sign_in(user)
        # given a process that hangs with a reading under way
        (process,) = running(PROGRAM, os.getpid())
        process.suspend()
        # then whoever waits is told, and another, which is given its time to start, answers
        with monkeypatch.context() as soon:
            soon.setattr(process_beside, "HUNG_SECONDS", 2)
            assert http.get(REPORT, headers=session).status_code == 503
        eventually(lambda: http.get(REPORT, headers=session).is_success)
        assert not process.is_running()
        # and one that is idle is left alone
        (other,) = running(PROGRAM, os.getpid())
        monkeypatch.setattr(process_beside, "HUNG_SECONDS", 10)
        since = time.monotonic()
        eventually(lambda: time.monotonic() - since > 12)
        assert other.is_running()


def serving(site: Site) -> tuple[Process, psutil.Process]:
    """`azyq api`, and the process that answers analysts, which has answered."""
    api = site.start("api")
    (process,) = eventually(lambda: running(PROGRAM, api.process.pid))
    # at the machine of a trial nobody signs in
    told = httpx.get(f"{api.address}/analytics?month=2025-07", timeout=60, trust_env=False)
    assert told.status_code == 200
    return api, process


def test_a_signal_ends_both(site: Site) -> None:
    api, process = serving(site)
    assert api.end() == 0, "".join(api.raw)
    assert not process.is_running()
    assert not [line for line in api.raw if '"process_' in line]


def test_a_process_whose_parent_was_killed_ends(site: Site) -> None:
    api, process = serving(site)
    killed_while_it_hangs(api)
    assert eventually(lambda: has_ended(process), 30)


def test_who_ends_while_it_starts_leaves_nothing(site: Site) -> None:
    api = site.start("api")
    assert api.address
    (process,) = eventually(lambda: running(PROGRAM, api.process.pid))
    assert api.end() == 0, "".join(api.raw)
    assert not process.is_running()

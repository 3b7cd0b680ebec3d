"""Lists through `azyq serve` as a process: killed in the middle it goes on, and memory does not grow with the file."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import httpx
import pytest

from domain.office import APPROVER, CLERK
from infra.parts.staff import enrol_staff
from tests.integration.month_in_process import Town, a_month, as_csv, events_of
from tests.integration.test_serve import Process, Site, eventually

IN_TIME = "2025-07-02T09:00:00+05:00"
FAMILIES = 1500


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Site]:
    with a_month(database, tmp_path) as month:
        for staff, role in (("k.clerk", CLERK), ("k.approver", APPROVER)):
            enrol_staff(month.azyq).enrol(staff, "", (role,), month.clock())
        month.azyq.catch_up_views()
    with ExitStack() as stack:
        yield Site(database, tmp_path, stack)


def a_list() -> tuple[bytes, bytes]:
    town = Town(9)
    households = town.households(FAMILIES)
    rows = [row for household in households for row in household.rows(date(2025, 6, 30))]
    numbers = [[household.people[0].iin, str(household.phone)] for household in households]
    return as_csv(rows).encode(), as_csv(numbers, "iin,phone").encode()


def browser(process: Process, staff: str) -> httpx.Client:
    """Somebody at this machine, signed in as a trial allows."""
    client = httpx.Client(base_url=process.address, timeout=60)
    entered = client.post("/office/sign-in/chosen", files={"staff": (None, staff)})
    assert entered.status_code == 303, entered.text
    return client


def topics(site: Site) -> list[str]:
    return [event.topic for event in events_of(site.dsn)]


def test_R14_killed_in_the_middle_of_checking_and_of_taking_in_serve_goes_on_and_does_it_once(
    site: Site,
) -> None:
    content, numbers = a_list()
    serving = site.start("serve", clock=IN_TIME)
    answer = browser(serving, "k.clerk").post(
        "/office/lists",
        files=[
            ("month", (None, "akkol-2025/2025-07")),
            ("list", ("l.csv", content)),
            ("numbers", ("n.csv", numbers)),
        ],
    )
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"].partition("?")[0]
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    assert "list.brought_in" not in topics(site)

    serving = site.start("serve", clock=IN_TIME)
    eventually(lambda: "list.brought_in" in topics(site))
    approver = browser(serving, "k.approver")
    assert approver.post(f"{path}/approve", files={"x": (None, "")}).status_code == 303
    eventually(lambda: "family.eligible" in topics(site))
    assert serving.end(signal.SIGKILL) == -signal.SIGKILL
    assert "list.taken_in" not in topics(site)

    serving = site.start("serve", clock=IN_TIME)
    eventually(lambda: "list.taken_in" in topics(site))
    found = topics(site)
    counted = {
        topic: found.count(topic) for topic in ("list.brought_in", "list.taken_in", "cycle.list_received")
    }
    assert set(counted.values()) == {1}
    assert found.count("family.eligible") == FAMILIES
    assert "k.approver" in browser(serving, "k.clerk").get(path).text
    assert serving.end() == 0


def test_R14_a_large_file_does_not_grow_the_memory_of_serve(site: Site) -> None:
    serving = site.start("serve", clock=IN_TIME)
    clerk = browser(serving, "k.clerk")
    clerk.get("/office/lists")
    before = peak_megabytes(serving)
    row = b"1,123,A,B,,2000-01-01,applicant,113220100,2025-06-30," + b"x" * 950 + b"\n"
    heading = b"family_id,iin,surname,given_name,patronymic,birth_date,role,kato,assistance_on,extra\n"
    content = heading + row * 60_000  # 60 MB, of which not one row can be taken
    answer = clerk.post(
        "/office/lists", files=[("month", (None, "akkol-2025/2025-07")), ("list", ("l.csv", content))]
    )
    assert answer.status_code == 303, answer.text
    eventually(lambda: "list.refused" in topics(site))
    grown = peak_megabytes(serving) - before
    assert grown < 60, f"{before} MB grew by {grown} MB"
    assert serving.end() == 0


def peak_megabytes(process: Process) -> int:
    """The most memory that the process has had."""
    text = Path(f"/proc/{process.process.pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) // 1024

"""Lists through `azyq serve` as a process: killed in the middle it goes on, and memory does not grow with the file."""

from __future__ import annotations

import signal
import socket
from datetime import date
from pathlib import Path

import httpx
import pytest

from domain.office import APPROVER, CLERK
from infra.parts.staff import enrol_staff
from infra.web.office.sign_in import COOKIE
from tests.integration.month_in_process import Town, a_month, as_csv, events_of, query
from tests.integration.served_site import Process, Site, eventually

IN_TIME = "2025-07-02T09:00:00+05:00"
FAMILIES = 1500


@pytest.fixture
def site(site: Site) -> Site:
    """Where a clerk and an approver work."""
    with a_month(site.dsn, site.folder) as month:
        for staff, role in (("k.clerk", CLERK), ("k.approver", APPROVER)):
            enrol_staff(month.azyq).enrol(staff, "", (role,), month.clock())
        month.azyq.catch_up_views()
    return site


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


def sent_by_hand(process: Process, session: str, said_length: int, body: bytes) -> bytes:
    """A form over a bare line, closed after `body`, if there is one, whatever length was said; what came back."""
    host, _, port = process.address.removeprefix("http://").partition(":")
    head = (
        f"POST /office/lists HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {COOKIE}={session}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {said_length}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), 30) as line:
        line.sendall(head.encode() + body)
        if body:
            line.shutdown(socket.SHUT_WR)
        line.settimeout(30)
        return line.recv(100)


def test_O5_2_an_upload_that_is_cut_off_or_lies_about_its_length_leaves_nothing(site: Site) -> None:
    serving = site.start("serve", clock=IN_TIME)
    session = browser(serving, "k.clerk").cookies[COOKIE]
    form = (
        b'--x\r\nContent-Disposition: form-data; name="month"\r\n\r\nakkol-2025/2025-07\r\n'
        b'--x\r\nContent-Disposition: form-data; name="list"; filename="l.csv"\r\n\r\n'
        + bytes(3_000_000)
        + b"\r\n--x--\r\n"
    )
    sent_by_hand(serving, session, 50_000_000, form)
    # What comes beyond the said length is no request: the server may say so before the form is found broken.
    assert sent_by_hand(serving, session, len(form) - 500, form)[9:12] in (b"400", b"422")
    assert b" 413 " in sent_by_hand(serving, session, 3_000_000_000, b"")
    assert b" 400 " in sent_by_hand(serving, session, -1, b"")
    eventually(lambda: query(site.dsn, "SELECT count(*) FROM vault.brought") == [(0,)])
    assert [topic for topic in topics(site) if topic.startswith("list.")] == []
    assert serving.end() == 0

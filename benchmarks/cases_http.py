"""The same 100,000 open cases over HTTP: `azyq serve` as a process, beside a plain CRUD application on one PostgreSQL."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table

from benchmarks.cases_filled import EXECUTOR, RARE, RARE_EXECUTOR, RARE_SERVICE, common_number
from benchmarks.counter.processes import Servers, free_port
from benchmarks.crud.cases_tables import LACKS, fill_crud
from benchmarks.http_calls import Call, measure
from benchmarks.phases import load
from benchmarks.slow_uploads import CUT_OFF, SLOW, UPLOADS, measure_uploads
from infra.bootstrap import Azyq
from infra.parts.staff import enrol_staff

AZYQ = str(Path(sys.executable).with_name("azyq"))
CALLS = 300
AT_ONCE = 16
SETTLING = 10.0  # seconds that a process which was just started has for what it missed
PAPER = b"%PDF-" + bytes(100_000)
UPLOADERS = 20
THREADS = 8  # of the CRUD application
# Of which cases the calls act, of those filled: none twice.
ACTED = {("ours", 1): 0, ("ours", AT_ONCE): 1, ("crud", 1): 2, ("crud", AT_ONCE): 3}


def measure_http(azyq: Azyq, folder: Path, cases: int, now: datetime) -> dict[str, Any]:
    """Ours, then the CRUD application; `folder` has the database of `azyq`, where `cases` are open."""
    figures: dict[str, Any] = {"load": load()[0]}
    keys = _keys(azyq, now)
    servers, port = Servers(folder / "serve.log"), free_port()
    environment = {
        **os.environ,
        "AZYQ_DATA": str(folder / "data"),
        "AZYQ_CLOCK": now.isoformat(),
        "AZYQ_LISTEN": f"127.0.0.1:{port}",
        "AZYQ_STAFF_PER_SECOND": "1000000",
    }
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
        environment.pop(name, None)
    try:
        servers.start([AZYQ, "serve"], environment, port)
        time.sleep(SETTLING)
        figures["ours"] = _ours(azyq, port, keys, cases)
        (pid,) = servers.pids()
        figures["memory"] = measure_uploads(port, pid, [keys[f"portal.{n}"] for n in range(UPLOADERS)])
    finally:
        servers.stop()
    fill_crud(azyq.dsn, cases)
    port = free_port()
    environment = {**os.environ, "CRUD_DSN": azyq.dsn, "CRUD_THREADS": str(THREADS)}
    arguments = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.crud.cases:app", *arguments]
    try:
        servers.start(command, environment, port)
        figures["crud"] = _crud(port, cases)
    finally:
        servers.stop()
    return figures


def _keys(azyq: Azyq, now: datetime) -> dict[str, str]:
    staff = enrol_staff(azyq)
    people = {EXECUTOR: "executor", RARE_EXECUTOR: "executor", "head.one": "head"}
    people |= {f"portal.{number}": "applicant" for number in range(UPLOADERS)}
    return {
        person: staff.enrol(person, "" if role == "applicant" else role, (role,), now).key
        for person, role in people.items()
    }


def _ours(azyq: Azyq, port: int, keys: dict[str, str], cases: int) -> dict[str, Any]:
    executor = {"Authorization": f"Bearer {keys[EXECUTOR]}"}
    rare = {"Authorization": f"Bearer {keys[RARE_EXECUTOR]}"}
    portal = {"Authorization": f"Bearer {keys['portal.0']}"}
    service = azyq.services.on("licence-design", azyq.clock().date()).service
    body = {"step": "L5", "outcome": "refusal_prepared", "ground": next(iter(service.grounds))}
    tomorrow = (azyq.clock() + timedelta(days=1)).date().isoformat()
    middle = _middle(port, executor, cases)
    lists: dict[str, tuple[dict[str, str], dict[str, str]]] = {
        "list": ({"role": "executor"}, executor),
        "list, due by tomorrow": ({"role": "executor", "due": tomorrow}, executor),
        "list, overdue": ({"due": "overdue"}, executor),
        "list, of a rare service": ({"role": "executor", "service": RARE_SERVICE}, executor),
        "list, mine": ({"mine": "yes"}, executor),
        "list, mine, who has few": ({"mine": "yes"}, rare),
        "list, page in the middle": ({"after": middle}, executor),
        "list, 500 of it": ({"limit": "500"}, executor),
        "list, escalated": ({"state": "escalated"}, {"Authorization": f"Bearer {keys['head.one']}"}),
        "list, closed": ({"state": "closed", "service": "licence-design"}, executor),
    }
    numbers = [common_number(cases * number // (CALLS // 3)) for number in range(CALLS // 3)]
    links = [
        azyq.case_texts.link_of(azyq.known_cases.case(number)).rpartition("/c/")[2] for number in numbers
    ]
    figures: dict[str, Any] = {}
    measure(port, [Call("GET", "/v1/cases?role=executor", headers=executor)] * 20)
    for name, (query, headers) in lists.items():
        calls = [Call("GET", f"/v1/cases?{urlencode(query)}", headers=headers)] * (CALLS // 3)
        figures[name] = measure(port, calls)
    measure(port, [Call("GET", f"/c/{links[0]}")] * 5)
    figures["a case"] = measure(port, [Call("GET", f"/v1/cases/{one}", headers=executor) for one in numbers])
    figures["status page"] = measure(port, [Call("GET", f"/c/{link}") for link in links])
    for clients in (1, AT_ONCE):
        numbers = [common_number(one) for one in _places("ours", clients, cases)]
        calls = [_act(f"/v1/cases/{one}/acts", body, executor, f"{clients}-{one}") for one in numbers]
        figures[f"act, {clients} at once"] = measure(port, calls, clients)
    uploads = [
        Call("POST", "/v1/papers", PAPER + str(number).encode(), portal) for number in range(CALLS // 3)
    ]
    figures["upload of 100 kB"] = measure(port, uploads)
    return figures


def _crud(port: int, cases: int) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {EXECUTOR}"}
    figures: dict[str, Any] = {}
    measure(port, [Call("GET", "/cases?role=executor", headers=headers)] * 20)
    for name, query in (
        ("list", {"role": "executor"}),
        ("list, of a rare service", {"role": "executor", "service": RARE_SERVICE}),
        ("list, mine", {"role": "executor", "mine": "yes"}),
    ):
        calls = [Call("GET", f"/cases?{urlencode(query)}", headers=headers)] * (CALLS // 3)
        figures[name] = measure(port, calls)
    spaced = [cases * number // (CALLS // 3) for number in range(CALLS // 3)]
    figures["a case"] = measure(port, [Call("GET", f"/cases/C-{one}", headers=headers) for one in spaced])
    figures["status page"] = measure(port, [Call("GET", f"/c/t{one}") for one in spaced])
    body = {"step": "L5", "outcome": "refusal_prepared", "ground": "untrue"}
    for clients in (1, AT_ONCE):
        calls = [
            _act(f"/cases/C-{one}/acts", body, headers, f"{clients}-{one}")
            for one in _places("crud", clients, cases)
        ]
        figures[f"act, {clients} at once"] = measure(port, calls, clients)
    uploads = [Call("POST", "/papers", PAPER + str(number).encode(), headers) for number in range(CALLS // 3)]
    figures["upload of 100 kB"] = measure(port, uploads)
    return figures


def _act(path: str, body: dict[str, str], headers: dict[str, str], key: str) -> Call:
    more = {"Content-Type": "application/json", "Idempotency-Key": f"bench-{key}"}
    return Call("POST", path, json.dumps(body).encode(), {**headers, **more})


def _places(side: str, clients: int, cases: int) -> Sequence[int]:
    """Every fourth from a place of its own on, in the lower half, so that no two runs act on one case."""
    return [4 * number + ACTED[side, clients] + RARE for number in range(min(CALLS, cases // 10))]


def _middle(port: int, headers: dict[str, str], cases: int) -> str:
    """Where a page in the middle of the executor's list begins: turned over page by page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    after = ""
    for _ in range(max(1, cases // 2 // 500)):
        query = urlencode({"role": "executor", "limit": 500, **({"after": after} if after else {})})
        connection.request("GET", f"/v1/cases?{query}", headers=headers)
        after = json.loads(connection.getresponse().read())["after"]
    connection.close()
    return after


def show_http(figures: dict[str, Any], console: Console) -> None:
    """Print what `measure_http` found."""
    table = Table(
        title=f"The same over HTTP, `azyq serve` beside a CRUD application; load {figures['load']}",
        title_justify="left",
    )
    for name in ("", "median", "99th percentile", "goal", "CRUD: median", "99th percentile"):
        table.add_column(name, justify="left" if not name else "right")
    for name, one in figures["ours"].items():
        plain = figures["crud"].get(name)
        goal = "10 ms" if name == "act, 1 at once" else "50 ms" if name.startswith("list") else ""
        theirs = (f"{plain['median_ms']:.1f} ms", f"{plain['p99_ms']:.1f} ms") if plain else ("", "")
        failed = sum(one["errors"].values()) + (sum(plain["errors"].values()) if plain else 0)
        told = name + (f" ({failed} failed)" if failed else "")
        table.add_row(told, f"{one['median_ms']:.1f} ms", f"{one['p99_ms']:.1f} ms", goal, *theirs)
    console.print(table)
    console.print(f"The CRUD application has {LACKS}.")
    memory = figures["memory"]
    for kind in ("papers", "forms"):
        one = memory[kind]
        console.print(
            f"{UPLOADS} {kind} of 10 MB at once, {SLOW} of them slow, {CUT_OFF} cut off: {memory['idle_mb']:.0f} MB before,"
            f" {one['peak_mb']:.0f} MB at most, the slowest whole one {one['slowest_whole_seconds']:.1f} s; {one['ends']}"
        )
    large = memory["too_large"]
    console.print(
        f"Of a document of 100 MB {large['sent_mb']:.1f} MB were sent when it was refused ({large['answer']})"
    )

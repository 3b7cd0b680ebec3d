"""An installation served by processes of its own, as `azyq serve` is; and replies as a gateway posts them."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook

from infra.settings import ROOT
from tests.integration.month_in_process import Household, a_month, events_of

KEY = base64.b64encode(bytes(range(32))).decode()
SECRET = "whsec_" + KEY
ROUND = "2025-07-05T09:00:00+05:00"
AZYQ = [sys.executable, "-c", "from infra.cli import main; main()"]


def eventually(what: Callable[[], Any], seconds: float = 90) -> Any:
    """The first true answer of `what`."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)
    return found


@dataclass
class Process:
    """A running part of azyq; its log is read as it comes."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.raw.append(line)
            if line.startswith("{"):
                self.lines.append(json.loads(line))

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.lines) if line.get("event") == event]

    @property
    def address(self) -> str:
        found = eventually(lambda: self.logged("serving") or self.process.poll() is not None)
        assert found is not True, "".join(self.raw)
        return str(found[0]["address"])

    def end(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)


@dataclass
class Site:
    """An installation: a database, a folder, and processes on them."""

    dsn: str
    folder: Path
    stack: ExitStack

    def environment(self, clock: str = ROUND, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.dsn,
            "AZYQ_DATA": str(self.folder / "data"),
            "AZYQ_MASTER_KEY": KEY,
            "AZYQ_SMS_SECRET": SECRET,
            "AZYQ_SMS_PER_SECOND": "100000",
            "AZYQ_LISTEN": "127.0.0.1:0",
            "AZYQ_CLOCK": clock,
            **more,
        }

    def start(self, *command: str, **environment: str) -> Process:
        process = subprocess.Popen(
            [*AZYQ, *command],
            cwd=self.folder,
            env=self.environment(**environment),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        running = Process(process)
        reader = threading.Thread(target=running.read, daemon=True)
        reader.start()
        self.stack.callback(reader.join, 10)
        self.stack.callback(process.wait, 10)
        self.stack.callback(process.kill)
        return running

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*AZYQ, *command],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def busy(self) -> float:
        """Seconds that a process takes from its start to its end, here and now: one is no quicker to end than that."""
        begun = time.monotonic()
        assert self.run("programme", "list").returncode == 0
        return time.monotonic() - begun

    def listed(self, households: list[Household]) -> None:
        with a_month(self.dsn, self.folder, AZYQ_MASTER_KEY=KEY) as month:
            month.list_of(households)

    def sms(self, purpose: str) -> list[dict[str, str]]:
        path = self.folder / "data" / "outbox.jsonl"
        if not path.exists():
            return []
        lines = path.read_bytes().splitlines(keepends=True)
        found = [json.loads(line) for line in lines if line.endswith(b"\n")]
        return [sms for sms in found if sms["purpose"] == purpose]

    def topics(self) -> list[str]:
        return [event.topic for event in events_of(self.dsn)]

    def tasks(self) -> list[dict[str, Any]]:
        return [event.state for event in events_of(self.dsn) if event.topic == "cycle.task_done"]


def signed(body: bytes, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg-1", at, body.decode()),
        "content-type": "application/json",
    }


def reply_body(phone: str, text: str, message: str, at: str = "2025-07-06T18:30:00+05:00") -> bytes:
    reply = {"message_id": message, "from": phone, "to": "1414", "text": text, "received_at": at}
    return json.dumps(reply, ensure_ascii=False).encode()


def post(address: str, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.post(
        f"{address}/v1/sms/replies",
        content=body,
        headers=headers or signed(body),
        timeout=30,
        trust_env=False,
    )


def phone_of(household: Household) -> str:
    assert household.phone is not None
    return household.phone

"""A counter's process that ends under load: what it acknowledged is in the log, whatever ended it (R32, R33)."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from infra.parts.api import listen
from infra.parts.counter.tills import terminals
from tests.integration.counter_in_process import AKKOL_KATO, line, open_vouchers, stock
from tests.integration.month_in_process import Town, a_month, events_of
from tests.integration.test_cli import AZYQ, KEY, Shell

TICKS_FROM = "2025-07-06T12:00:00+05:00"
ENOUGH = 20  # answers before the end


def free_port() -> int:
    listener = listen("127.0.0.1:0")
    port: int = listener.getsockname()[1]
    listener.close()
    return port


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_R32_what_was_acknowledged_is_in_the_log_however_the_process_ends(
    database: str, tmp_path: Path, ending: signal.Signals
) -> None:
    with a_month(database, tmp_path, AZYQ_MASTER_KEY=KEY) as month:
        stock(month, {"S001": AKKOL_KATO})
        streams = open_vouchers(month, Town().households(40, 1))
        month.at(6, 12)
        register = terminals(month.azyq)
        key = register.enrol(register.invite("S001", month.clock()).code, month.clock()).key
        sign, now = month.azyq.qr_keys.sign, month.clock()
        codes = [sign(stream, now).text for stream in streams]
    address = f"127.0.0.1:{free_port()}"
    environment = {
        **os.environ,
        **Shell(database, tmp_path).environment,
        "AZYQ_CLOCK": TICKS_FROM,
        "AZYQ_LISTEN": address,
        "AZYQ_TERMINAL_PER_SECOND": "100000",
    }
    process = subprocess.Popen([*AZYQ, "api"], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    acknowledged: list[str] = []
    ended = threading.Event()
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"http://{address}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                assert process.poll() is None
                time.sleep(0.1)

        def buy(number: int) -> None:
            body = {"code": codes[number], "receipt": f"r{number}", "cashier": "7", "lines": [line()]}
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"k{number}"}
            try:
                answer = httpx.post(
                    f"http://{address}/v1/redemptions", json=body, headers=headers, timeout=30
                )
            except httpx.TransportError:
                assert ended.is_set() or process.poll() is not None
                return
            if answer.status_code == 201:
                acknowledged.append(answer.json()["redemption"])
                if len(acknowledged) == ENOUGH:
                    ended.set()
                    process.send_signal(ending)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(buy, range(len(codes))))
        assert process.wait(30) == (0 if ending is signal.SIGTERM else -ending)
    finally:
        process.kill()
        process.wait()
    bought = [state["redemption"] for _, topic, state in events_of(database) if topic == "voucher.redeemed"]
    assert len(acknowledged) >= ENOUGH
    assert set(acknowledged) <= set(bought)
    assert len(bought) == len(set(bought))

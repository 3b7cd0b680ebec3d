"""README's walk: a month left open by the demonstration, `azyq serve`, a wallet on one side and the till on the other."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import PHONE, NewPage
from tests.browser.pixels import codes_in
from tests.integration.test_demo import AZYQ, azyq

MORNING = {"AZYQ_CLOCK": "2025-07-21T09:00:00+05:00"}


@dataclass
class Town:
    """A town whose vouchers are open, served."""

    data: Path
    settings: dict[str, str]

    def trial(self) -> dict[str, Any]:
        found = azyq(self.data, "terminal", "trial", "--json", **self.settings)
        assert found.returncode == 0, found.stderr
        told: dict[str, Any] = json.loads(found.stdout)
        return told


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    data = tmp_path_factory.mktemp("new") / "data"
    assert azyq(data, "demo", "--families", "20", "--until", "2025-07-20").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {**MORNING, "AZYQ_LISTEN": listen}
    with (data.parent / "serve.log").open("w") as log:
        serve = subprocess.Popen(
            [*AZYQ, "serve"],
            env={**os.environ, "PYTHONPATH": os.getcwd(), "AZYQ_DATA": str(data), **settings},
            stdout=log,
            stderr=log,
        )
        try:
            _ready(f"http://{listen}/readyz", serve)
            yield Town(data, settings)
        finally:
            serve.send_signal(signal.SIGTERM)
            ended = serve.wait(60)
    assert ended == 0, (data.parent / "serve.log").read_text()


def _ready(address: str, serve: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert serve.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)


def tiyn(page: Page, selector: str) -> int:
    """A sum as the page writes it in Russian, in tiyn."""
    text = re.sub(r"[^0-9,]", "", page.locator(selector).first.inner_text())
    whole, _, rest = text.partition(",")
    return int(whole) * 100 + int(rest or "0")


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_R25_R26_R27_R28_a_purchase_and_a_return_by_two_screens(
    town: Town, new_page: NewPage, size: dict[str, int]
) -> None:
    # given a customer's wallet on one side, and a till that is connected on the other
    trial = town.trial()
    wallet, till = new_page(), new_page(viewport=size)
    wallet.goto(trial["wallet"] + "?lang=ru")
    before = tiyn(wallet, ".sum")
    assert before == trial["available_tiyn"]
    till.goto(trial["till"] + "?lang=ru")
    till.locator("#enrol-code").fill(trial["code"])
    till.get_by_role("button", name="Подключить").click()
    # when the code is read off the wallet's picture, and a basket is filled from the shop's articles
    (code,) = codes_in(wallet.screenshot(full_page=True))
    till.locator("#code").fill(code)
    till.locator("#code").press("Enter")
    expect(till.locator("#left")).to_be_visible()
    assert tiyn(till, "#left-sum") == before
    for wanted in ("нан", "мук"):
        till.locator("#find").fill(wanted)
        till.locator("#find").press("Enter")
        line = till.locator("#lines li").last
        line.locator(".quantity").fill("2")
        line.locator(".shelf").fill("999")
    expect(till.locator("#pay")).to_be_enabled()
    pays = tiyn(till, "#pays")
    till.locator("#pay").click()
    # then it is paid, and the day and the wallet say so
    expect(till.locator("#done-h")).to_have_text("Оплачено")
    assert tiyn(till, "#done-sum") == pays
    (receipt,) = re.findall(r"Чек: (\S+)", till.locator("#done-rows").inner_text())
    till.locator("#done-next").click()
    sold = till.get_by_role("button", name=f"Возврат: {receipt}")
    expect(sold).to_be_visible()
    assert tiyn(till, "#day-paid") >= pays
    wallet.reload()
    assert tiyn(wallet, ".sum") == before - pays
    # and when one thing comes back, they say that too
    sold.click()
    till.locator("#return-lines input").first.fill("1")
    till.get_by_role("button", name="Вернуть указанное").click()
    expect(till.locator("#return-say")).to_contain_text("Возвращено на ваучер")
    back = tiyn(till, "#return-say")
    assert 0 < back < pays
    wallet.reload()
    assert tiyn(wallet, ".sum") == before - pays + back
    expect(wallet.locator(".purchase").first).to_contain_text("Возврат товара")
    # and the log holds
    assert azyq(town.data, "audit", **town.settings).returncode == 0

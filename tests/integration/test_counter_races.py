"""What happens to a voucher at once from several sides, and what a till's own clock is good for: on real PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from infra.audit.run import run_audit
from infra.parts.api import Replies
from infra.parts.counter.tills import Tills
from infra.parts.http_face import create_app
from tests.integration.counter_in_process import AKKOL_KATO, RICE, Counter, a_counter, line, stock
from tests.integration.month_in_process import Town, a_month

pytestmark = pytest.mark.views_ready

FAMILIES = 8
ISSUED = 393_200


def at_once(seed: int, *acts: Callable[[], Any]) -> list[Any]:
    """What each of the acts came to, begun together in some order."""
    order = list(enumerate(acts))
    random.Random(seed).shuffle(order)
    with ThreadPoolExecutor(len(acts)) as threads:
        begun = [(number, threads.submit(act)) for number, act in order]
    return [future.result() for _, future in sorted(begun, key=lambda one: one[0])]


def holds(counter: Counter) -> bool:
    azyq = counter.month.azyq
    azyq.catch_up_views()
    verdict = run_audit(azyq.dsn, azyq.programmes, azyq.goods)
    assert verdict.found == {}, verdict.findings
    return verdict.holds


def test_O5_2_R26_a_withdrawal_and_a_purchase_at_once_spend_no_tenge_twice(
    database: str, tmp_path: Path
) -> None:
    homes = Town().households(FAMILIES, 1)
    with a_counter(database, tmp_path, families=FAMILIES) as counter:
        till, month = counter.till(), counter.month
        for number, (stream, home) in enumerate(zip(counter.streams, homes, strict=True)):
            assert month.stream(home) == stream
            body = till.basket(counter.code(stream), line(RICE, "100"), draw_tiyn=ISSUED)

            # when somebody says no by SMS while the whole voucher is spent at a till
            withdrawn, bought = at_once(
                number,
                partial(month.reply, home.phone, "21*2", f"no-{number}"),
                partial(till.post, "/v1/redemptions", body, f"k-{number}"),
            )

            # then it was either spent or cancelled
            family = month.azyq.log.load([stream])[stream]
            (voucher,) = family.vouchers.values()
            assert withdrawn in ("refused", "already_answered")
            sums = voucher.spent_tiyn, voucher.cancelled_tiyn
            if bought.status_code == 201:
                assert sums == (ISSUED, 0)
            else:
                assert (bought.json()["code"], sums) == ("voucher_ended", (0, ISSUED))
            assert family.stage == "withdrawn"
        assert holds(counter)


def test_R8_R27_the_months_end_a_capture_and_a_release_at_once_end_a_hold_once(
    database: str, tmp_path: Path
) -> None:
    with a_counter(database, tmp_path, families=FAMILIES) as counter:
        till, month = counter.till(), counter.month
        # given a hold of each family, in the month's last minutes
        month.clock.now = month.at(31, 23) + timedelta(minutes=58)
        held = [
            till.buy(counter.code(stream), capture=False).json()["redemption"] for stream in counter.streams
        ]

        # when the month ends, the holds run out, and the payments are told of, all at once
        counter.later(minutes=20)
        last = month.clock().date() - timedelta(days=1)
        _, _, *captured = at_once(
            12,
            lambda: month.azyq.run_day.run(month.month, last, month.clock),
            lambda: month.azyq.run_programme.release_holds(month.clock),
            *(partial(till.settle, id, "capture", f"c-{id}") for id in held),
        )
        month.azyq.run_day.run(month.month, last, month.clock)

        # then each hold ended one way, and nothing is left
        for stream, answer, id in zip(counter.streams, captured, held, strict=True):
            family = month.azyq.log.load([stream])[stream]
            (voucher,) = family.vouchers.values()
            paid = answer.status_code == 200
            assert paid or answer.json()["code"] == "redemption_not_held"
            assert family.redemptions[id].status == ("captured" if paid else "voided")
            assert (voucher.held_tiyn, voucher.available_tiyn) == (0, 0)
            assert (voucher.spent_tiyn, voucher.expired_tiyn) == (
                (7_000, ISSUED - 7_000) if paid else (0, ISSUED)
            )
        assert holds(counter)


def test_R25_R27_two_shops_and_a_void_at_once(database: str, tmp_path: Path) -> None:
    with a_counter(database, tmp_path) as counter:
        here, there = counter.till("S001"), counter.till("S002")
        for number in range(6):
            # given a sum that is held, and nothing else
            before = counter.available()
            counter.later(seconds=31)
            held = here.buy(counter.code(), line(RICE, "100"), capture=False, draw_tiyn=before).json()
            counter.later(seconds=31)
            code = counter.code()

            # when it is given back while both shops want it
            first, second, _ = at_once(
                number,
                partial(here.buy, code, draw_tiyn=7_000),
                partial(there.buy, code, draw_tiyn=7_000),
                partial(here.settle, held["redemption"], "void", f"v-{number}"),
            )

            # then at most one of them got it
            won = [answer for answer in (first, second) if answer.status_code == 201]
            assert len(won) <= 1
            assert counter.available() == before - 7_000 * len(won)
        assert holds(counter)


@pytest.mark.parametrize(
    "date", ["Sat, 05 Jul 2025 07:00:00 GMT", "Mon, 07 Jul 2025 07:00:00 GMT", "rubbish"]
)
def test_R27_what_a_tills_clock_shows_makes_no_difference(database: str, tmp_path: Path, date: str) -> None:
    with a_counter(database, tmp_path) as counter:
        till = counter.till()
        answer = till.post("/v1/redemptions", till.basket(counter.code()), "k-1", Date=date)
        assert answer.status_code == 201
        found = till.get(f"/v1/redemptions/{answer.json()['redemption']}").json()
        assert found["bought_at"] == counter.month.clock().isoformat()
        # and a till can't tell us a time of its own
        asked = till.basket(counter.code(), at="2025-07-05T12:00:00+05:00")
        assert till.post("/v1/redemptions", asked, "k-2").json()["code"] == "field_unknown"


def test_R2_1_a_gram_is_bought_and_rounded_half_up(database: str, tmp_path: Path) -> None:
    with a_counter(database, tmp_path) as counter:
        bought = counter.till().buy(counter.code(), line(RICE, "0.001")).json()
        (only,) = bought["lines"]
        assert (only["shelf_total_tiyn"], only["price_total_tiyn"], bought["drawn_tiyn"]) == (52, 45, 7)


def test_R6_R31_a_code_of_another_programme_buys_what_that_one_pays_for_and_no_food(
    database: str, tmp_path: Path
) -> None:
    # given a family whose voucher is of the gas programme, and a shop of foods in its region
    with a_month(database, tmp_path, "gas-2025", "2025-09", AZYQ_TERMINAL_PER_SECOND=1e6) as month:
        stock(month, {"S001": AKKOL_KATO})
        (home,) = Town().households(1, 1)
        month.list_of([home])
        month.day(7)
        month.at(8, 12)
        assert month.reply(home.phone, "21*1") == "consented"
        month.azyq.use_wallet.activate(month.stream(home), month.clock())
        tills = Tills(month.azyq)
        app = create_app(Replies(month.azyq, lambda: None), counter=tills)
        counter = Counter(month, tills, app, TestClient(app), [month.stream(home)])
        try:
            till = counter.till()
            # then its code is good, and buys no food, whether or not the rest may be left out
            assert till.check(counter.code()).status_code == 200
            for without in (False, True):
                answer = till.buy(counter.code(), line(RICE), partial=without)
                assert (answer.status_code, answer.json()["code"]) == (422, "article_not_listed")
            assert "voucher.redeemed" not in counter.topics()
        finally:
            assert tills.lanes.close()

"""The audit of shops and prices: each fault is found, and nothing else (R2.7, R13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.audit.facts import MonthFacts
from domain.audit.log_fold import LogFold
from domain.audit.trade import TradeBook
from domain.goods import load_goods
from infra.programmes import load_programmes
from infra.settings import ROOT
from tests.unit.given_when_then import on
from tests.unit.test_event_golden import price_sources, shop, terminal

PROGRAMMES = load_programmes(ROOT / "programmes")
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))
FACTS = MonthFacts.of(PROGRAMMES["akkol-2025"].month("2025-07"))
RICE, FLOUR, MILK = "4870000000012", "4870000000029", "4870000000036"
L1, L2 = "166-NQ-2023", "2025-12-23"

Event = tuple[int, str, dict[str, Any]]


def time(day: int, hour: int = 9) -> str:
    return f"2025-07-{day:02}T{hour:02}:00:00+05:00"


def prices(position: int, at: str, valid_from: str, *rows: tuple[str, str, int]) -> Event:
    data = {"timestamp": at, "shop": "S001", "valid_from": valid_from, "prices": [list(row) for row in rows]}
    return position, "shop.prices_set", data


LOG: list[Event] = [
    (
        1,
        "shop.joined",
        {"timestamp": time(1), "shop": "S001", "kato": "113220100", "opened_on": "2025-07-02"},
    ),
    (
        2,
        "catalogue.articles_listed",
        {
            "timestamp": time(1),
            "goods_version": L1,
            "articles": [[RICE, "Rice", 5, "kg"], [FLOUR, "Flour", 1, "piece"], [MILK, "Potatoes", 6, "kg"]],
        },
    ),
    prices(3, time(1), "2025-07-01", (RICE, "trade", 10_000), (FLOUR, "trade", 20_000), (MILK, "farm", 1)),
    (
        4,
        "market.prices_set",
        {
            "timestamp": time(1),
            "kato": "113200000",
            "goods_version": L1,
            "valid_from": "2025-07-01",
            "prices": [[6, 33_333]],
        },
    ),
]


def findings(
    *more: Event,
    purchase: dict[str, Any] | None = None,
    position: int = 100,
    at: str = "",
    facts: dict[str, Any] | None = None,
) -> list[str]:
    """What the audit says of a purchase of rice at the right cap, or of `purchase`; `facts` are about the whole."""
    book = TradeBook()
    for event in (*LOG, *more):
        book.feed(*event)
    line = {"gtin": RICE, "position": 5, "source": "trade", "cap_tiyn": 10_000} | (purchase or {})
    found: list[str] = []
    data = {"timestamp": at or time(10), "shop": "S001", "terminal": "t1", "lines": [line]} | (facts or {})
    book.check(position, data, FACTS, (at or time(10))[:10], GOODS, lambda check, *_: found.append(check))
    return found


def test_R13_a_purchase_at_the_logs_price_is_right() -> None:
    assert findings() == []
    assert findings(purchase={"gtin": "0" + RICE}) == []
    # 10 % below the market price of the district, a part of a tiyn left off
    assert findings(purchase={"gtin": MILK, "position": 6, "source": "farm", "cap_tiyn": 29_999}) == []


@pytest.mark.parametrize(
    "purchase",
    [
        {"cap_tiyn": 10_001},
        {"position": 6},
        {"source": "farm"},
        {"gtin": FLOUR},
        {"gtin": "4870000000043"},
        {"gtin": MILK, "position": 6, "source": "farm", "cap_tiyn": 30_000},
    ],
)
def test_R13_a_cap_that_does_not_follow_from_the_log_is_found(purchase: dict[str, Any]) -> None:
    assert findings(purchase=purchase) == ["price_in_log"]


def test_R13_the_price_in_force_on_the_day_counts_as_the_log_had_it() -> None:
    later = prices(50, time(8), "2025-07-10", (RICE, "trade", 9_000))
    assert findings(later) == ["price_in_log"]
    assert findings(later, purchase={"cap_tiyn": 9_000}) == []
    assert findings(later, at=time(9)) == []
    # What was recorded after the purchase, or so shortly before it that the till may not have seen it, accuses nobody.
    assert findings(later, position=49) == []
    for at, found in (("08:59:30", []), ("08:58:30", ["price_in_log"])):
        before = prices(50, f"2025-07-10T{at}+05:00", "2025-07-10", (RICE, "trade", 9_000))
        assert findings(before) == found
        assert findings(before, purchase={"cap_tiyn": 9_000}) == []


@pytest.mark.parametrize(
    ("event", "check"),
    [
        ((50, "shop.closed", {"timestamp": time(9), "shop": "S001"}), ["shop_open"]),
        ((50, "shop.closed", {"timestamp": time(10), "shop": "S001"}), []),
        (
            (
                50,
                "shop.changed",
                {"timestamp": time(9), "shop": "S001", "kato": "551010000", "opened_on": "2025-07-02"},
            ),
            ["shop_open"],
        ),
        (
            (
                50,
                "shop.changed",
                {"timestamp": time(9), "shop": "S001", "kato": "113220100", "opened_on": "2025-07-11"},
            ),
            ["shop_open"],
        ),
    ],
)
def test_R2_7_a_purchase_at_a_shop_that_may_not_sell_is_found(event: Event, check: list[str]) -> None:
    assert findings(event) == check


def test_R2_7_a_shop_opened_again_may_sell() -> None:
    closed = (50, "shop.closed", {"timestamp": time(8), "shop": "S001"})
    assert findings(closed, (51, "shop.opened", {"timestamp": time(9), "shop": "S001"})) == []


def test_R2_7_a_purchase_at_an_unknown_shop_is_found() -> None:
    found: list[str] = []
    book = TradeBook()
    assert not book
    book.feed(*LOG[0])
    assert book
    data = {"timestamp": time(10), "shop": "S9", "terminal": "t1", "lines": []}
    book.check(9, data, FACTS, "2025-07-10", GOODS, lambda check, *_: found.append(check))
    assert found == ["shop_open"]


def a_terminal(position: int, happened: str, at: str = "", **changed: str) -> Event:
    data = {"timestamp": at or time(9), "terminal": "t1", "shop": "S001"} | changed
    return position, f"terminal.{happened}", data


INVITED, ENROLLED = a_terminal(10, "code_issued"), a_terminal(11, "enrolled")


@pytest.mark.parametrize(
    ("events", "check"),
    [
        ([], []),  # an import's, which no terminal of ours made
        ([INVITED, ENROLLED], []),
        ([INVITED], ["terminal_in"]),
        ([INVITED, a_terminal(101, "enrolled")], ["terminal_in"]),
        ([INVITED, ENROLLED, a_terminal(50, "revoked")], ["terminal_in"]),
        ([INVITED, ENROLLED, a_terminal(101, "revoked")], []),
        # A till that was let in a moment before accuses nobody.
        ([INVITED, ENROLLED, a_terminal(50, "revoked", "2025-07-10T08:59:30+05:00")], []),
        ([INVITED, ENROLLED, a_terminal(50, "revoked", "2025-07-10T08:58:30+05:00")], ["terminal_in"]),
        (
            [a_terminal(10, "code_issued", shop="S002"), a_terminal(11, "enrolled", shop="S002")],
            ["terminal_in"],
        ),
    ],
)
def test_R2_7_a_purchase_at_a_terminal_that_was_not_let_in_is_found(
    events: list[Event], check: list[str]
) -> None:
    assert findings(*events) == check


@pytest.mark.parametrize(
    ("topic", "other"),
    [
        ("terminal.enrolled", "terminal.revoked"),
        ("terminal.key_rotated", "terminal.enrolled"),
        ("terminal.revoked", "terminal.code_issued"),
        ("terminal.enrolled", "terminal.key_rotated"),
    ],
)
def test_R2_7_a_terminal_out_of_order_is_found(topic: str, other: str) -> None:
    def spoil(rows: list[list[Any]]) -> None:
        row_of(rows, topic)[3] = other

    assert "terminal_order" in folded(spoil)


def folded(spoil: Callable[[list[list[Any]]], object] = lambda rows: None) -> list[str]:
    """What the fold says of the golden shop, terminal, catalogue and market, some of it spoilt."""
    rows: list[list[Any]] = []
    for aggregate in (shop(), terminal(), *price_sources()):
        events: list[Any] = list(aggregate.collect_events())
        for event in events:
            data = {name: value for name, value in vars(event).items() if not name.startswith("originator_")}
            data["timestamp"] = event.timestamp.isoformat()
            topic = type(event).TOPIC
            rows.append([len(rows) + 1, event.originator_id.hex, event.originator_version, topic, data])
    spoil(rows)
    fold = LogFold(PROGRAMMES, GOODS, lambda _: None, lambda *_: None)
    for row in sorted(rows, key=lambda row: (row[1], row[2])):
        fold.feed(*row)
    fold.finish()
    return [finding.check for finding in fold.findings.first()]


def row_of(rows: list[list[Any]], topic: str) -> list[Any]:
    return next(row for row in rows if row[3] == topic)


def test_what_shops_tell_holds() -> None:
    assert folded() == []


@pytest.mark.parametrize(
    ("topic", "change", "check"),
    [
        ("shop.joined", {"shop": "S002"}, "stream_identity"),
        ("market.begun", {"kato": "113220200"}, "stream_identity"),
        ("shop.loan_ended", {"contract": "ОК-2"}, "shop_order"),
        ("shop.breach_mended", {"breach": "0" * 32}, "shop_order"),
        ("shop.prices_set", {"prices": [[RICE, "trade", 0]]}, "price_sane"),
        ("shop.prices_set", {"prices": [[RICE, "moon", 1]]}, "price_sane"),
        ("shop.prices_set", {"prices": [[RICE, "trade", "1"]]}, "price_sane"),
        ("market.prices_set", {"prices": [[5, -1]]}, "price_sane"),
        ("shop.prices_set", {"prices": 7}, "event_malformed"),
        ("terminal.code_issued", {"terminal": "k7qm2xvb"}, "stream_identity"),
        ("terminal.enrolled", {"shop": "S002"}, "terminal_order"),
    ],
)
def test_a_spoilt_event_is_found(topic: str, change: dict[str, Any], check: str) -> None:
    assert folded(lambda rows: row_of(rows, topic)[4].update(change))[0] == check


@pytest.mark.parametrize(("topic", "other"), [("shop.closed", "shop.opened"), ("shop.opened", "shop.closed")])
def test_a_shop_is_not_closed_twice(topic: str, other: str) -> None:
    def spoil(rows: list[list[Any]]) -> None:
        row_of(rows, topic)[3] = other

    assert "shop_order" in folded(spoil)


def test_R13_a_price_set_backwards_is_found() -> None:
    def spoil(rows: list[list[Any]]) -> None:
        data = {
            "timestamp": on(9).isoformat(),
            "shop": "S001",
            "valid_from": "2025-07-05",
            "prices": [[RICE, "trade", 5]],
        }
        row = row_of(rows, "shop.prices_set")
        row[4]["prices"] = [[RICE, "trade", 7]]
        last = max(r[2] for r in rows if r[1] == row[1])
        rows.append([99, row[1], last + 1, "shop.prices_set", data])

    assert folded(spoil) == ["price_history"]

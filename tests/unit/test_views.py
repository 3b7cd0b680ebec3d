"""Views as pure folds: given events, when folded, then rows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from projections.all_views import VIEWS
from projections.events import KNOWN_TOPICS
from projections.folding import fold_stream
from projections.view import Recorded, Row, View

STREAM = "00000000-0000-0000-0000-000000000001"
VOUCHER, OTHER = "a" * 32, "b" * 32
BY_NAME: dict[str, View] = {view.name: view for view in VIEWS}

ELIGIBLE = (
    "family.eligible",
    {
        "programme": "akkol-2025",
        "month": "2025-07",
        "family": "f",
        "applicant": "m1",
        "region": "116",
        "members": ["m1", "m2"],
    },
)
ISSUED = ("voucher.issued", {"vouchers": [[VOUCHER, "m1", 100], [OTHER, "m2", 100]], "issued_tiyn": 200})
LINES = [
    # 253 and 203
    {
        "gtin": "g1",
        "position": 5,
        "shelf_price_tiyn": 101,
        "price_tiyn": 81,
        "quantity": "2.5",
        "pays_tiyn": 50,
    },
    {
        "gtin": "g2",
        "position": 7,
        "shelf_price_tiyn": 247,
        "price_tiyn": 177,
        "quantity": "1",
        "pays_tiyn": 70,
    },
]
DRAWS = {
    "redemption": "r",
    "draws": [[VOUCHER, 100], [OTHER, 20]],
    "drawn_tiyn": 120,
    "goods_version": "166-NQ-2023",
}
REDEEMED = ("voucher.redeemed", {**DRAWS, "lines": LINES, "shop": "s", "receipt": "1"})
HELD = ("voucher.held", {**DRAWS, "lines": LINES, "shop": "s", "receipt": "1"})
CAPTURED = ("voucher.captured", DRAWS)
VOIDED = ("voucher.voided", {**DRAWS, "to": "available"})
EXPIRED = ("voucher.expired", {"vouchers": [[OTHER, 80]], "expired_tiyn": 80})


def folded(name: str, *events: tuple[str, dict[str, Any]]) -> dict[Any, Row | None]:
    common = {"timestamp": "2025-07-05T09:00:00+05:00", "cycle": "akkol-2025/2025-07", "rules": "1"}
    recorded = [
        Recorded(position, STREAM, position, topic, common | data)
        for position, (topic, data) in enumerate(events, start=1)
    ]
    rows, parked = fold_stream(BY_NAME[name], recorded)
    assert parked == []
    return rows


def test_every_topic_of_a_view_is_one_that_is_recorded() -> None:
    for view in VIEWS:
        assert view.topics <= KNOWN_TOPICS
        assert set(view.table.key) <= set(view.table.names)
        assert not view.per_stream or "stream" in view.table.names


def test_O3_2_a_voucher_is_used_when_something_of_it_is_spent() -> None:
    rows = folded("voucher_balances", ISSUED, REDEEMED, EXPIRED)
    first, second = rows[(VOUCHER,)], rows[(OTHER,)]
    assert first is not None
    assert second is not None
    assert (first["spent_tiyn"], first["available_tiyn"], first["status"]) == (100, 0, "spent")
    assert (second["spent_tiyn"], second["expired_tiyn"], second["status"]) == (20, 80, "expired")


@pytest.mark.parametrize("paid", [(REDEEMED,), (HELD, CAPTURED)])
def test_O3_2_what_is_paid_at_once_or_after_a_hold_counts_the_same(paid: tuple[Any, ...]) -> None:
    (month,) = folded("month_status", ISSUED, *paid, EXPIRED).values()
    assert month is not None
    assert (month["vouchers_issued"], month["issued_tiyn"], month["redemptions"]) == (2, 200, 1)
    assert (month["spent_tiyn"], month["held_tiyn"], month["expired_tiyn"]) == (120, 0, 80)


@pytest.mark.parametrize("paid", [(REDEEMED,), (HELD, CAPTURED)])
def test_O3_2_what_was_sold_is_without_what_came_back(paid: tuple[Any, ...]) -> None:
    def sums(*events: tuple[str, dict[str, Any]]) -> tuple[int, int, int]:
        row = folded("purchases", *events)[("r",)]
        assert row is not None
        assert row["status"] == "captured"
        return row["shelf_total_tiyn"], row["price_total_tiyn"], row["drawn_tiyn"]

    def back(tiyn: int, *lines: list[Any]) -> tuple[str, dict[str, Any]]:
        rest = {"lines": list(lines), "reversed_tiyn": tiyn, "to": "available", "credits": [[VOUCHER, tiyn]]}
        return "voucher.reversed", {"redemption": "r", **rest}

    assert sums(*paid) == (500, 380, 120)
    assert sums(*paid, back(20, [0, "1"])) == (152 + 247, 122 + 177, 100)
    # quantities are those returned in all
    assert sums(*paid, back(20, [0, "1"]), back(30, [0, "2.5"])) == (247, 177, 70)
    assert sums(*paid, back(120, [0, "2.5"], [1, "1"])) == (0, 0, 0)


def test_O3_2_what_is_held_or_came_to_nothing_is_not_sold() -> None:
    for events, status in (((HELD,), "held"), ((HELD, VOIDED), "voided")):
        row = folded("purchases", *events)[("r",)]
        assert row is not None
        assert row["status"] == status


@pytest.mark.parametrize("to", ["available", "expired", "cancelled"])
def test_R26_what_comes_back_goes_where_the_event_says(to: str) -> None:
    back = ("voucher.reversed", {"credits": [[OTHER, 20]], "reversed_tiyn": 20, "to": to})
    family = folded("families", ELIGIBLE, ISSUED, REDEEMED, back)[(STREAM,)]
    assert family is not None
    assert family["spent_tiyn"] == 100
    assert family[f"{to}_tiyn"] == (100 if to == "available" else 20)
    voucher = folded("voucher_balances", ISSUED, REDEEMED, back)[(OTHER,)]
    assert voucher is not None
    assert voucher[f"{to}_tiyn"] == (100 if to == "available" else 20)


def test_R18_the_row_is_there_while_the_number_is_missing() -> None:
    missing: tuple[str, dict[str, Any]] = ("family.number_missing", {})
    found: tuple[str, dict[str, Any]] = ("family.number_found", {})
    left = ("family.left", {"members": 2, "number_missing": True})
    assert folded("missing_numbers", missing)[(STREAM,)] is not None
    assert folded("missing_numbers", missing, found)[(STREAM,)] is None
    assert folded("missing_numbers", missing, left)[(STREAM,)] is None
    unsettled: tuple[str, dict[str, Any]] = ("family.number_unsettled", {})
    assert folded("missing_numbers", missing, unsettled)[(STREAM,)] is None
    assert folded("missing_numbers", missing, unsettled, missing)[(STREAM,)] is not None


def test_R20_a_message_has_one_row_and_the_last_word_on_it() -> None:
    sent = (
        "sms.sent",
        {
            "message": "m",
            "purpose": "consent_request",
            "language": "kk",
            "encoding": "ucs2",
            "parts": 6,
            "gateway": "g",
        },
    )
    reported = ("sms.reported", {"message": "m", "status": "delivered"})
    ((key, row),) = folded("sms_journal", sent, reported).items()
    assert row is not None
    assert (key, row["status"], row["parts"]) == (("m",), "delivered", 6)


def test_an_event_that_fails_half_way_leaves_no_trace() -> None:
    bad = {"draws": [[VOUCHER, 10], [OTHER, "5"]]}
    common = {"timestamp": "2025-07-05T09:00:00+05:00", "cycle": "akkol-2025/2025-07"}
    view = BY_NAME["voucher_balances"]
    events = [
        Recorded(1, STREAM, 1, "voucher.issued", common | ISSUED[1]),
        Recorded(2, STREAM, 2, "voucher.redeemed", common | bad),
        Recorded(3, STREAM, 3, "voucher.redeemed", common | REDEEMED[1]),
    ]
    rows, parked = fold_stream(view, events)
    assert [(p.position, p.reason) for p in parked] == [(2, "a sum is not an integer")]
    first = rows[(VOUCHER,)]
    assert first is not None
    assert first["spent_tiyn"] == 100


def test_R19_what_the_list_said_before_is_kept_with_its_position() -> None:
    changed = {"added": ["m3"], "removed": [], "applicant": "m1", "region": "117"}
    family = folded(
        "families",
        ELIGIBLE,
        ("family.number_missing", {}),
        ("family.changed", changed),
        ("family.left", {"members": 3, "number_missing": True}),
    )[(STREAM,)]
    assert family is not None
    assert (family["size"], family["no_number"], family["listed_position"]) == (0, 0, 4)
    assert json.loads(family["listed_before"]) == [[1, "116", 2, 0], [2, "116", 2, 1], [3, "117", 3, 1]]


def test_a_stage_keeps_the_position_at_which_it_was_first_reached() -> None:
    asked = ("sms.sent", {"purpose": "consent_request"})
    family = folded(
        "families", ELIGIBLE, asked, ("sms.sent", {"purpose": "reminder"}), asked, ISSUED, EXPIRED
    )[(STREAM,)]
    assert family is not None
    assert [
        family[f"{stage}_position"] for stage in ("asked", "reminded", "issued", "expired", "lapsed")
    ] == [*(2, 3, 5, 6, None)]
    assert (family["vouchers"], family["lapsed_tiyn"]) == (2, 80)


def test_a_purchase_keeps_when_it_was_paid_for_and_what_came_back() -> None:
    rest = {"lines": [[0, "1"]], "reversed_tiyn": 20, "to": "expired", "credits": [[VOUCHER, 20]]}
    row = folded("purchases", HELD, CAPTURED, ("voucher.reversed", {"redemption": "r", **rest}))[("r",)]
    assert row is not None
    assert (row["position"], row["captured_position"], row["voided_position"]) == (1, 2, None)
    assert (row["purchase_tiyn"], row["drawn_tiyn"]) == (120, 100)
    assert json.loads(row["returns"]) == [[3, "expired", 20, [[0, "1"]], [[VOUCHER, 20]]]]
    assert json.loads(row["lines"]) == [["g1", 5, 101, 81, "2.5", "1", 50], ["g2", 7, 247, 177, "1", "0", 70]]


def test_O3_2_purchases_are_counted_by_their_first_line_of_a_position_and_of_an_article() -> None:
    goods = [("g1", 5), ("g2", 5), ("g3", 7), ("g1", 5), ("g3", 7)]
    lines = [{**LINES[0], "gtin": gtin, "position": position} for gtin, position in goods]
    for topic, held in (("voucher.redeemed", 0), ("voucher.held", 1)):
        rows = folded("sold_lines", (topic, {**REDEEMED[1], "lines": lines}))
        told = [row for row in rows.values() if row is not None]
        assert [row["first_of"] for row in sorted(told, key=lambda row: row["line"])] == [2, 1, 2, 0, 0]
        assert {row["held"] for row in told} == {held}


def test_O3_2_a_line_says_where_and_when_it_was_bought_and_a_return_how_much_of_it_is_back() -> None:
    back = ("voucher.reversed", {"redemption": "r", "lines": [[0, "0.250"]], "to": "available"})
    bought, returned = (folded("sold_lines", REDEEMED, back)["r", "0", at] for at in ("", "2"))
    assert bought is not None
    assert returned is not None
    assert bought["goods_list"] == "166-NQ-2023"
    assert (bought["shop"], bought["bought_at"]) == (REDEEMED[1]["shop"], "2025-07-05T09:00:00+05:00")
    assert (returned["thousandths"], returned["position"], returned["bought_at"]) == (250, 2, None)


@pytest.mark.parametrize("paid", [(REDEEMED,), (HELD, CAPTURED)])
def test_O3_2_a_familys_row_tells_how_many_vouchers_were_used_and_since_when_it_is_so(
    paid: tuple[Any, ...],
) -> None:
    def row(*events: tuple[str, dict[str, Any]]) -> tuple[int, int, int]:
        found = folded("families", ELIGIBLE, ISSUED, *events)[(STREAM,)]
        assert found is not None
        return found["vouchers_used"], found["spent_tiyn"], found["position"]

    rest = {"redemption": "r", "lines": [[1, "1"]], "to": "available"}
    first = ("voucher.reversed", {**rest, "reversed_tiyn": 20, "credits": [[OTHER, 20]]})
    second = ("voucher.reversed", {**rest, "reversed_tiyn": 100, "credits": [[VOUCHER, 100]]})
    assert row() == (0, 0, 2)
    assert row(*paid) == (2, 120, 2 + len(paid))
    assert row(*paid, first) == (1, 100, 3 + len(paid))
    assert row(*paid, first, second) == (0, 0, 4 + len(paid))
    assert row(HELD, VOIDED) == (0, 0, 4)

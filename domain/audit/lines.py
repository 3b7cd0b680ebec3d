"""The audit of a purchase's lines: listed goods (R6), price caps (R13), totals and draws recomputed (R2.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.audit.facts import MonthFacts, thousandths

Bad = Callable[[str, str, str], None]


def check_lines(
    lines: list[dict[str, Any]], facts: MonthFacts, positions: frozenset[int] | None, bad: Bad
) -> int:
    """Check every line and return what the voucher may pay for all of them, in tiyn. `bad` is told of faults."""
    pays_all = 0
    discount = facts.draw == "discount"
    for number, line in enumerate(lines, start=1):
        shelf, price, cap = line["shelf_price_tiyn"], line["price_tiyn"], line["cap_tiyn"]
        pays, limit = line["pays_tiyn"], line["limit_tiyn"]
        quantity = thousandths(line["quantity"])
        pays_all += pays
        if positions is not None and line["position"] not in positions:
            bad(
                "goods_listed",
                "R6",
                f"line {number}: position {line['position']} is not on the list of the day",
            )
        if quantity <= 0:
            bad("line_totals", "R2.1", f"line {number}: nothing is bought")
        if not 0 < price <= cap:
            bad("price_cap", "R13", f"line {number}: a price of {price} tiyn, its cap is {cap}")
        if price > shelf:
            bad("line_totals", "R2.1", f"line {number}: the price is above the shelf price")
        if line["source"] not in ("trade", "farm"):
            bad("price_cap", "R13", f"line {number}: neither bought nor from a farm")
        shelf_total = (shelf * quantity + 500) // 1000
        price_total = (price * quantity + 500) // 1000
        if line["shelf_total_tiyn"] != shelf_total or line["price_total_tiyn"] != price_total:
            bad("line_totals", "R2.1", f"line {number}: the totals are {shelf_total} and {price_total} tiyn")
        due = shelf_total - price_total if discount else price_total
        if facts.cap_percent is None:
            if limit is not None:
                bad("discount_cap", "R2.1", f"line {number}: a cap on the discount where the rules have none")
        else:
            if limit is None:
                bad("discount_cap", "R2.1", f"line {number}: no cap on the discount where the rules have one")
                limit = due
            elif line["source"] == "trade":
                # A trade good's cap is its purchase price, which the discount's cap is a percentage of.
                over, under = facts.cap_percent
                whole = 100_000 * under
                if limit != (2 * cap * quantity * over + whole) // (2 * whole):
                    bad("discount_cap", "R2.1", f"line {number}: {limit} tiyn isn't the cap of the discount")
            if due > limit:
                if facts.over_cap == "refuse":
                    bad(
                        "discount_cap", "R2.1", f"line {number}: a discount of {due} tiyn, its cap is {limit}"
                    )
                due = limit
        if pays != due:
            bad("draw_rule", "R2.1", f"line {number}: the voucher pays {pays} tiyn, by the rules {due}")
    return pays_all

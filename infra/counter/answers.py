"""Answers of the counter as the JSON of contract.md. Lines are numbered as the till sent them, from 1."""

from __future__ import annotations

from typing import Any

from domain.commands.counter_calls import Bought, Returned, Settled
from domain.purchase import Redemption, Reversal

_LINE = ("gtin", "quantity", "position", "shelf_price_tiyn", "price_tiyn", "cap_tiyn")
_TOTALS = ("shelf_total_tiyn", "price_total_tiyn", "pays_tiyn")


def bought(answer: Bought | Settled) -> dict[str, Any]:
    """A purchase as it was answered at first, or a hold as it ended. Reads nothing of it that changes."""
    redemption = answer.redemption
    return {
        "redemption": redemption.id,
        "status": answer.status,
        "receipt": redemption.receipt,
        "drawn_tiyn": redemption.drawn_tiyn,
        "remaining_tiyn": answer.remaining_tiyn,
        "hold_until": redemption.hold_until if answer.status == "held" else None,
        "lines": _lines(redemption),
        "left_out": [{"line": line, "gtin": gtin, "code": code} for line, gtin, code in redemption.left_out],
        "draws": [{"voucher": voucher, "draw_tiyn": tiyn} for voucher, tiyn in redemption.draws],
    }


def standing(redemption: Redemption, available_tiyn: int) -> dict[str, Any]:
    """A purchase as it stands now; `available_tiyn` is what the vouchers have left today."""
    return {
        **bought(Settled(redemption, redemption.status, available_tiyn)),
        "bought_at": redemption.bought_at.isoformat() if redemption.bought_at else None,
        "reversed_tiyn": redemption.reversed_tiyn,
        "reversals": [_reversal(one, redemption) for one in redemption.reversals.values()],
    }


def returned(answer: Returned) -> dict[str, Any]:
    """Goods that came back, as it was answered at first."""
    reversal = answer.reversal
    return {
        **_reversal(reversal, answer.redemption),
        "redemption": answer.redemption.id,
        "remaining_tiyn": reversal.remaining_tiyn,
        "credits": [{"voucher": voucher, "credit_tiyn": tiyn} for voucher, tiyn in reversal.credits],
    }


def _lines(redemption: Redemption) -> list[dict[str, Any]]:
    return [
        {"line": number, **{name: line[name] for name in (*_LINE, *_TOTALS)}}
        for number, line in zip(redemption.numbers(), redemption.lines, strict=True)
    ]


def _reversal(reversal: Reversal, redemption: Redemption) -> dict[str, Any]:
    numbers = redemption.numbers()
    return {
        "reversal": reversal.id,
        "reversed_tiyn": reversal.amount_tiyn,
        "lines": [{"line": numbers[at], "returned": quantity} for at, quantity in reversal.lines],
    }

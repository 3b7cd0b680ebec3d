"""Answers of the counter as the JSON of contract.md. Lines are numbered as the till sent them, from 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from domain.basket import PricedBasket
from domain.commands.counter_calls import Bought, Returned, Settled
from domain.purchase import Redemption, Reversal

_LINE = ("gtin", "quantity", "position", "shelf_price_tiyn", "price_tiyn", "cap_tiyn")
_TOTALS = ("shelf_total_tiyn", "price_total_tiyn", "pays_tiyn")


class Quoted(Protocol):
    """A basket as a purchase would settle it (`infra.counter.reader.Quoted`)."""

    @property
    def basket(self) -> PricedBasket: ...

    @property
    def draws(self) -> Sequence[Sequence[Any]]: ...

    @property
    def available_tiyn(self) -> int: ...

    @property
    def draw(self) -> str: ...


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


def quoted(answer: Quoted) -> dict[str, Any]:
    """A basket as `bought` would have it, were it bought now."""
    basket = answer.basket
    left_out = [(refusal.details["line"], gtin, refusal.code) for refusal, gtin in basket.left_out]
    out = {line for line, _, _ in left_out}
    numbers = [n for n in range(1, len(basket.lines) + len(out) + 1) if n not in out]
    drawn = sum(tiyn for _, tiyn in answer.draws)
    return {
        "draw": answer.draw,
        "pays_tiyn": basket.pays_tiyn,
        "drawn_tiyn": drawn,
        "available_tiyn": answer.available_tiyn,
        "remaining_tiyn": answer.available_tiyn - drawn,
        "lines": _numbered(numbers, basket.lines),
        "left_out": [{"line": line, "gtin": gtin, "code": code} for line, gtin, code in left_out],
        "draws": [{"voucher": voucher, "draw_tiyn": tiyn} for voucher, tiyn in answer.draws],
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
    return _numbered(redemption.numbers(), redemption.lines)


def _numbered(numbers: Sequence[int], lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"line": number, **{name: line[name] for name in (*_LINE, *_TOTALS)}}
        for number, line in zip(numbers, lines, strict=True)
    ]


def _reversal(reversal: Reversal, redemption: Redemption) -> dict[str, Any]:
    numbers = redemption.numbers()
    return {
        "reversal": reversal.id,
        "reversed_tiyn": reversal.amount_tiyn,
        "lines": [{"line": numbers[at], "returned": quantity} for at, quantity in reversal.lines],
    }

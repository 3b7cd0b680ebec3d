"""A voucher, a redemption, and how sums are drawn on vouchers and returned to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from domain.voucher_refusals import BadBasket, ReversalTooLarge

_QUANTITY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")


@dataclass(slots=True)
class Voucher:
    """One member's voucher, sums in tiyn; what is not spent, held, expired or cancelled is available."""

    id: str
    member: str
    amount_tiyn: int
    spent_tiyn: int = 0
    held_tiyn: int = 0
    expired_tiyn: int = 0
    cancelled_tiyn: int = 0

    @property
    def available_tiyn(self) -> int:
        return self.amount_tiyn - self.spent_tiyn - self.held_tiyn - self.expired_tiyn - self.cancelled_tiyn


@dataclass(slots=True)
class Redemption:
    """One purchase: what each voucher paid, and what of it was reversed."""

    id: str
    shop: str
    receipt: str
    key: str
    body: str
    status: str  # held, captured, voided
    lines: list[dict[str, Any]]
    draws: list[list[Any]]  # [voucher, tiyn]
    hold_until: str | None
    returned: dict[int, str] = field(default_factory=dict)  # line -> quantity returned so far
    credited: dict[str, int] = field(default_factory=dict)  # voucher -> tiyn returned so far
    reversals: dict[str, tuple[str, int]] = field(default_factory=dict)  # key -> (body, tiyn)

    @property
    def drawn_tiyn(self) -> int:
        return sum(amount for _, amount in self.draws)

    @property
    def reversed_tiyn(self) -> int:
        return sum(self.credited.values())


def spread(drawn: int, vouchers: Iterable[Voucher]) -> list[list[Any]]:
    """`drawn` tiyn as [voucher, tiyn], the first vouchers first; they must have as much."""
    draws = []
    for voucher in vouchers:
        part = min(drawn, voucher.available_tiyn)
        if part:
            draws.append([voucher.id, part])
            drawn -= part
    assert drawn == 0
    return draws


def reversal_of(
    redemption: Redemption, lines: Sequence[tuple[int, str]] | None
) -> tuple[list[list[Any]], list[list[Any]], int]:
    """What comes back: [line, quantity returned in all], [voucher, tiyn] and their sum.

    The sum is cumulative: what all quantities returned so far are worth (half up over the whole redemption) less
    what was credited before, so that returning everything in any steps returns exactly what was drawn. The last
    voucher drawn on is credited first. Raises BadBasket, ReversalTooLarge.
    """
    bought = [Decimal(line["quantity"]) for line in redemption.lines]
    returned = {line: Decimal(quantity) for line, quantity in redemption.returned.items()}
    if lines is None:
        rest = {n: quantity - returned.get(n, Decimal(0)) for n, quantity in enumerate(bought)}
        back = [(number, quantity) for number, quantity in rest.items() if quantity > 0]
        if not back:
            raise ReversalTooLarge("lines", line=1)
    else:
        back = [(number, _quantity(number, text, len(bought))) for number, text in lines]
        if not back:
            raise BadBasket("lines", reason="no_lines")
    for number, quantity in back:
        returned[number] = returned.get(number, Decimal(0)) + quantity
        if returned[number] > bought[number]:
            raise ReversalTooLarge("lines", line=number + 1)
    amount = _worth_tiyn(redemption, returned) - redemption.reversed_tiyn
    credits = _credits(redemption, amount)
    touched = sorted({number for number, _ in back})
    return [[n, format(returned[n].normalize(), "f")] for n in touched], credits, amount


def _quantity(number: int, text: str, lines: int) -> Decimal:
    if not 0 <= number < lines:
        raise BadBasket("lines", reason="no_such_line", line=number + 1)
    # By hand before Decimal: it takes other scripts' digits, and exponents that overflow in a sum.
    if not (_QUANTITY.fullmatch(text) and Decimal(text) > 0):
        raise BadBasket("lines", reason="quantity_out_of_bounds", line=number + 1)
    return Decimal(text)


def _credits(redemption: Redemption, amount: int) -> list[list[Any]]:
    credits: list[list[Any]] = []
    for voucher, drawn in reversed(redemption.draws):
        part = min(amount, drawn - redemption.credited.get(voucher, 0))
        if part:
            credits.append([voucher, part])
            amount -= part
    assert amount == 0
    return credits


def _worth_tiyn(redemption: Redemption, returned: dict[int, Decimal]) -> int:
    whole: int = sum(line["pays_tiyn"] for line in redemption.lines)
    worth = sum(
        (
            line["pays_tiyn"] * Fraction(returned[number]) / Fraction(line["quantity"])
            for number, line in enumerate(redemption.lines)
            if number in returned
        ),
        Fraction(0),
    )
    return floor(worth * redemption.drawn_tiyn / whole + Fraction(1, 2))

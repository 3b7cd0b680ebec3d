"""A voucher, a redemption, and how sums are drawn on vouchers and returned to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from domain.voucher_refusals import BadBasket, ReversalTooLarge


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
    returned = {line: Decimal(quantity) for line, quantity in redemption.returned.items()}
    if lines is None:
        lines = [
            (number, str(Decimal(line["quantity"]) - returned.get(number, Decimal(0))))
            for number, line in enumerate(redemption.lines)
            if Decimal(line["quantity"]) > returned.get(number, Decimal(0))
        ]
    touched = set()
    for number, text in lines:
        if not 0 <= number < len(redemption.lines):
            raise BadBasket("lines", reason=f"there is no line {number + 1}")
        try:
            quantity = Decimal(text)
        except InvalidOperation:
            quantity = Decimal("NaN")
        if not (quantity.is_finite() and quantity > 0):
            raise BadBasket("lines", reason=f"line {number + 1}: the quantity is out of bounds")
        returned[number] = returned.get(number, Decimal(0)) + quantity
        if returned[number] > Decimal(redemption.lines[number]["quantity"]):
            raise ReversalTooLarge("lines", line=number + 1)
        touched.add(number)
    amount = _worth_tiyn(redemption, returned) - redemption.reversed_tiyn
    credits: list[list[Any]] = []
    rest = amount
    for voucher, drawn in reversed(redemption.draws):
        part = min(rest, drawn - redemption.credited.get(voucher, 0))
        if part:
            credits.append([voucher, part])
            rest -= part
    assert rest == 0
    return [[n, format(returned[n].normalize(), "f")] for n in sorted(touched)], credits, amount


def _worth_tiyn(redemption: Redemption, returned: dict[int, Decimal]) -> int:
    whole = sum(line["pays_tiyn"] for line in redemption.lines)
    worth = sum(
        (
            Decimal(line["pays_tiyn"]) * returned.get(number, Decimal(0)) / Decimal(line["quantity"])
            for number, line in enumerate(redemption.lines)
        ),
        Decimal(0),
    )
    share = Decimal(redemption.drawn_tiyn) / Decimal(whole)
    return int((worth * share).quantize(Decimal(1), rounding=ROUND_HALF_UP))

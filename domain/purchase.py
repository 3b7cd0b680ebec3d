"""A voucher, a redemption, and how sums are drawn on vouchers and returned to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from domain.money import kzt
from domain.voucher_refusals import BadBasket, NotEnough, NothingToReverse, ReversalTooLarge

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


@dataclass(frozen=True, slots=True)
class Reversal:
    """What one return of goods came to; sums in tiyn, `remaining_tiyn` is what the vouchers had left after it."""

    id: str
    body: str
    amount_tiyn: int
    remaining_tiyn: int
    lines: list[list[Any]]  # [line from 0, quantity returned in all]
    credits: list[list[Any]]  # [voucher, tiyn]


@dataclass(slots=True)
class Redemption:
    """One purchase: what each voucher paid, and what of it was reversed.

    `remaining_tiyn` is what the vouchers had left right after it, `settled_remaining_tiyn` after its capture or void.
    """

    id: str
    shop: str
    receipt: str
    key: str
    body: str
    status: str  # held, captured, voided
    lines: Sequence[dict[str, Any]]
    draws: list[list[Any]]  # [voucher, tiyn]
    hold_until: str | None
    returned: dict[int, str] = field(default_factory=dict)  # line -> quantity returned so far
    credited: dict[str, int] = field(default_factory=dict)  # voucher -> tiyn returned so far
    reversals: dict[str, Reversal] = field(default_factory=dict)  # by key
    left_out: list[list[Any]] = field(default_factory=list)  # [line of the basket from 1, gtin, why]
    bought_at: datetime | None = None
    cashier: str = ""
    remaining_tiyn: int = 0
    settle_key: str | None = None
    settle_reason: str | None = None  # why it was voided
    settled_remaining_tiyn: int = 0

    @property
    def drawn_tiyn(self) -> int:
        return sum(amount for _, amount in self.draws)

    @property
    def reversed_tiyn(self) -> int:
        return sum(self.credited.values())

    def numbers(self) -> list[int]:
        """Which line of the basket, from 1, each of `lines` is: those left out are not among them."""
        left_out = {number for number, _, _ in self.left_out}
        every = range(1, len(self.lines) + len(left_out) + 1)
        return [number for number in every if number not in left_out]


def asked_draws(
    asked: Sequence[tuple[str, int]], vouchers: Mapping[str, Voucher], most_tiyn: int
) -> list[list[Any]]:
    """The draws a shop asks for, voucher by voucher, at most `most_tiyn` together. Raises BadBasket, NotEnough."""
    if len({voucher for voucher, _ in asked}) < len(asked) or any(v not in vouchers for v, _ in asked):
        raise BadBasket("draws", reason="no_such_voucher")
    if any(amount <= 0 for _, amount in asked) or not 0 < sum(amount for _, amount in asked) <= most_tiyn:
        raise BadBasket("draws", reason="draw_out_of_bounds", limit=kzt(most_tiyn))
    for voucher, amount in asked:
        if amount > vouchers[voucher].available_tiyn:
            left = kzt(vouchers[voucher].available_tiyn)
            raise NotEnough("draws", available=left, needed=kzt(amount))
    return [[voucher, amount] for voucher, amount in asked]


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
    voucher drawn on is credited first. Raises BadBasket, ReversalTooLarge, NothingToReverse; they name lines as the
    basket had them.
    """
    names = redemption.numbers()
    bought = [Decimal(line["quantity"]) for line in redemption.lines]
    returned = {line: Decimal(quantity) for line, quantity in redemption.returned.items()}
    if lines is None:
        rest = {n: quantity - returned.get(n, Decimal(0)) for n, quantity in enumerate(bought)}
        back = [(number, quantity) for number, quantity in rest.items() if quantity > 0]
        if not back:
            raise NothingToReverse
    else:
        back = [(number, _quantity(at, number, text, names)) for at, (number, text) in enumerate(lines)]
        if not back:
            raise BadBasket("lines", reason="no_lines")
    for at, (number, quantity) in enumerate(back):
        returned[number] = returned.get(number, Decimal(0)) + quantity
        if returned[number] > bought[number]:
            raise ReversalTooLarge(f"lines/{at}/quantity", line=names[number])
    amount = _worth_tiyn(redemption, returned) - redemption.reversed_tiyn
    credits = _credits(redemption, amount)
    touched = sorted({number for number, _ in back})
    return [[n, format(returned[n].normalize(), "f")] for n in touched], credits, amount


def _quantity(at: int, number: int, text: str, names: Sequence[int]) -> Decimal:
    if not 0 <= number < len(names):
        raise BadBasket(f"lines/{at}/line", reason="no_such_line", line=number + 1)
    # By hand before Decimal: it takes other scripts' digits, and exponents that overflow in a sum.
    if not (_QUANTITY.fullmatch(text) and Decimal(text) > 0):
        raise BadBasket(f"lines/{at}/quantity", reason="quantity_out_of_bounds", line=names[number])
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

"""What is asked for at a counter (R25–R27), and what is answered: plain values, decided on in `domain.commands.counter`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.basket import BasketLine
from domain.errors import Refusal
from domain.purchase import Redemption, Reversal


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The QR's code that a purchase is made with: genuine, but maybe too old by `refusal` (R25)."""

    digest: str  # 32 hex digits
    issued_at: datetime
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A basket at a till; `draw_tiyn` None takes all that the voucher may pay.

    `draws` are (voucher, tiyn) as the shop asks; with `partial` the articles off the list are left out.
    """

    stream: UUID
    shop: str
    terminal: str
    cashier: str
    receipt: str
    key: str
    lines: tuple[BasketLine, ...]
    at: datetime
    draw_tiyn: int | None = None
    capture: bool = True
    draws: tuple[tuple[str, int], ...] | None = None
    partial: bool = False
    code: ShownCode | None = None

    def body(self) -> str:
        """Hash of what was asked: the same key must come with the same (Idempotency-Key)."""
        asked: tuple[Any, ...] = (
            *(self.stream, self.shop, self.receipt, self.lines, self.draw_tiyn, self.capture),
        )
        if self.draws is not None or self.partial or self.code is not None:
            asked += (self.draws, self.partial, self.code and self.code.digest)
        return _digest(asked)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The status of a held purchase's payment (R27): `captured` when it succeeded, else voided for a `reason`."""

    redemption: str
    shop: str
    terminal: str
    key: str
    at: datetime
    captured: bool
    reason: str = "not_paid"


@dataclass(frozen=True, slots=True)
class Return:
    """Goods that came back: (line of the basket from 1, quantity), None for the whole rest."""

    redemption: str
    shop: str
    terminal: str
    key: str
    at: datetime
    lines: tuple[tuple[int, str], ...] | None
    reason: str

    def body(self) -> str:
        """Hash of what was asked."""
        return _digest((self.redemption, self.lines, self.reason))


Call = Purchase | Settlement | Return


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase as it was answered at first, whatever became of it since; sums in tiyn."""

    redemption: Redemption
    status: str  # held, captured
    remaining_tiyn: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A hold that ended; `remaining_tiyn` is what the vouchers had left then."""

    redemption: Redemption
    status: str  # captured, voided
    remaining_tiyn: int


@dataclass(frozen=True, slots=True)
class Returned:
    """Goods that came back, and what went to the vouchers."""

    redemption: Redemption
    reversal: Reversal


Answer = Bought | Settled | Returned


def _digest(asked: tuple[Any, ...]) -> str:
    return hashlib.blake2b(repr(asked).encode(), digest_size=16).hexdigest()

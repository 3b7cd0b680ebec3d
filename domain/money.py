"""Money is integer tiyn (1 KZT = 100 tiyn); one rounding rule, half up, at the line total."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

TIYN_PER_KZT = 100
_WHOLE = Decimal(1)
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2}0*)?")


def line_total_tiyn(price_tiyn: int, quantity: Decimal) -> int:
    """Price of one unit times quantity, rounded half up to a whole tiyn (R2.1)."""
    return int((Decimal(price_tiyn) * quantity).quantize(_WHOLE, rounding=ROUND_HALF_UP))


def tiyn_from_kzt(text: str) -> int:
    """`"3932.00"` KZT as 393200 tiyn. Raises ValueError unless it is a plain number with at most two decimals."""
    # By hand before Decimal: it takes 1_000, 1e3, other scripts' digits, and exponents that overflow.
    if not _AMOUNT.fullmatch(text.strip()):
        raise ValueError(f"not an amount in KZT: {text!r}")
    return int(Decimal(text.strip()) * TIYN_PER_KZT)


def kzt(tiyn: int) -> str:
    """393200 tiyn as `"3 932.00"` KZT, for people."""
    sign = "-" if tiyn < 0 else ""
    whole, rest = divmod(abs(tiyn), TIYN_PER_KZT)
    return f"{sign}{whole:,}".replace(",", " ") + f".{rest:02d}"

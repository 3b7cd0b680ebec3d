"""Money is integer tiyn (1 KZT = 100 tiyn); one rounding rule, half up, at the line total."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

TIYN_PER_KZT = 100


def line_total_tiyn(price_tiyn: int, quantity: Decimal) -> int:
    """Price of one unit times quantity, rounded half up to a whole tiyn (R2.1)."""
    return int((Decimal(price_tiyn) * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def tiyn_from_kzt(text: str) -> int:
    """`"3932.00"` KZT as 393200 tiyn. Raises ValueError unless it is a plain number with at most two decimals."""
    if not text.isascii():
        raise ValueError(f"not an amount in KZT: {text!r}")
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"not an amount in KZT: {text!r}") from None
    tiyn = amount * TIYN_PER_KZT if amount.is_finite() else Decimal("NaN")
    if not tiyn.is_finite() or tiyn != tiyn.to_integral_value() or abs(tiyn) > 10**15:
        raise ValueError(f"not an amount in KZT: {text!r}")
    return int(tiyn)


def kzt(tiyn: int) -> str:
    """393200 tiyn as `"3 932.00"` KZT, for people."""
    sign = "-" if tiyn < 0 else ""
    whole, rest = divmod(abs(tiyn), TIYN_PER_KZT)
    return f"{sign}{whole:,}".replace(",", " ") + f".{rest:02d}"

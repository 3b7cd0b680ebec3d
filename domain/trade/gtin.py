"""GTIN and NTIN, the numbers that the national catalogue identifies articles by (R2.17)."""

from __future__ import annotations

LENGTHS = (8, 12, 13, 14)


def gtin_is_valid(text: str) -> bool:
    """Whether `text` is 8, 12, 13 or 14 ASCII digits, not all zero, with the right check digit."""
    if not (text.isascii() and text.isdigit() and len(text) in LENGTHS and text.strip("0")):
        return False
    return sum(int(figure) * (1 + 2 * (place % 2)) for place, figure in enumerate(reversed(text))) % 10 == 0


def canonical_gtin(text: str) -> str:
    """A valid number in the one form it is kept in: 13 digits, 14 only where they are needed.

    Zeros before a number change neither it nor its check digit: tills and Excel add and lose them.
    """
    return text if len(text) == 13 else text.lstrip("0").zfill(13)


def gtin_problem(text: str) -> str | None:
    """The code of what is wrong with a trimmed number, None if it is right."""
    if gtin_is_valid(text):
        return None
    if not text:
        return "gtin_missing"
    if not (text.isascii() and text.isdigit()):
        return "gtin_scientific" if "e" in text.lower() and text[:1].isdigit() else "gtin_not_digits"
    if len(text) not in LENGTHS:
        lost = len(text) < 13 and gtin_is_valid(text.zfill(13))
        return "gtin_leading_zero_lost" if lost else "gtin_length"
    return "gtin_check_digit"

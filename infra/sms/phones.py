"""Phones in any usual spelling as E.164 (R2.13): `8701…`, `8 (701) …` and `+7 701 …` are one number."""

from __future__ import annotations

import re
from functools import lru_cache

_USUAL = re.compile(r"(?:\+7|8|7)(7[0-9]{9})", re.ASCII)
_LOOKS_LIKE_ONE = re.compile(r"\s*\+?[\d\s().\-/]{6,40}")


def normalise_phone(text: str) -> str | None:
    """A mobile number as E.164 (`+7701…`), Kazakhstan's unless it says otherwise; None if it is not valid."""
    usual = _USUAL.fullmatch(text)
    if usual:
        national = usual[1]
        return f"+7{national}" if _is_mobile_prefix(national[:3]) else None
    return _slowly(text)


@lru_cache(maxsize=1000)
def _is_mobile_prefix(prefix: str) -> bool:
    # In +77 the three digits of the operator alone tell a mobile number.
    return _slowly(f"+7{prefix}1234567") is not None


@lru_cache(maxsize=4096)
def _slowly(text: str) -> str | None:
    # Imported late: its tables take a tenth of a second that `--help` should not wait for.
    import phonenumbers

    if not _LOOKS_LIKE_ONE.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, "KZ")
    except phonenumbers.NumberParseException:
        return None
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in mobile:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

"""What a purchase's body is hashed from stands in the log for ever: the same call must give the same hash (R27)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from domain.basket import BasketLine
from domain.commands.counter_calls import Purchase, ShownCode

AT = datetime(2025, 7, 10, tzinfo=UTC)


def test_R27_a_purchases_body_is_hashed_as_it_always_was() -> None:
    lines = (BasketLine("4870000000012", Decimal("1.50"), 100, 90), BasketLine("4'8", Decimal(2), 10**9, 1))
    text = (
        "(UUID('00000000-0000-0000-0000-000000000007'), 'S001', \"r'1\", ("
        "BasketLine(gtin='4870000000012', quantity=Decimal('1.50'), shelf_price_tiyn=100, price_tiyn=90), "
        "BasketLine(gtin=\"4'8\", quantity=Decimal('2'), shelf_price_tiyn=1000000000, price_tiyn=1)"
        "), None, True, None, False, 'abc')"
    )
    call = Purchase(
        UUID(int=7), "S001", "t", "7", "r'1", "k", lines, AT, code=ShownCode("abc", AT), capture=True
    )
    assert call.body() == hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

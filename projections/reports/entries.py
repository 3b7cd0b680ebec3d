"""What the ledger has entries of: shops, families, their purchases and what was bought, sums in tiyn."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True)
class Line:
    """An article of a purchase: prices in tiyn a unit, quantities in the article's unit."""

    gtin: str
    position: int
    shelf_tiyn: int
    price_tiyn: int
    bought: Decimal
    returned: Decimal
    pays_tiyn: int


@dataclass(slots=True)
class Purchase:
    """A purchase and what became of it: held, captured or voided; sums in tiyn. Its positions are of `goods_list`."""

    redemption: str
    family: Family
    shop: str
    receipt: str
    at: str
    status: str
    drawn_tiyn: int
    draws: dict[str, int]
    lines: list[Line]
    goods_list: str
    returned_tiyn: int = 0
    returns: int = 0


@dataclass(slots=True)
class Family:
    """A family in a programme's month."""

    programme: str
    month: str
    region: str
    size: int
    no_number: bool = False
    reached: set[str] = field(default_factory=set)
    vouchers: int = 0
    issued_tiyn: int = 0
    expired_tiyn: int = 0
    cancelled_tiyn: int = 0
    purchases: dict[str, Purchase] = field(default_factory=dict)


@dataclass(slots=True)
class Shop:
    """A shop, `region` its KATO code: its loan as (contract, until), "" when it ended; of each breach how many positions
    lack, None once mended."""

    name: str
    region: str
    closed: bool = False
    loan: tuple[str, str] | None = None
    breaches: dict[str, int | None] = field(default_factory=dict)

"""What the pages ask of the system behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.family import FamilyVouchers
from domain.goods import GoodsVersion
from domain.procedures.definition import Service
from domain.programmes import ProgrammeMonth
from infra.qr.keys import QrKeys
from infra.web.cases.reading import OwnCase
from infra.web.wallet.history import PastPurchase


class ShopShown(NamedTuple):
    """A shop where the voucher is taken, as a recipient is told of it."""

    id: str
    name: str
    address: str


class Offer(NamedTuple):
    """What an article costs a recipient at one shop: tiyn a `measure` (piece, kg, l); `position` is the goods list's."""

    shop: str
    position: int
    article: str
    measure: str
    price_tiyn: int


class WalletServices(Protocol):
    """Called from worker threads, by several at once. A database that can't be reached becomes a page that says so."""

    keys: QrKeys

    def now(self) -> datetime:
        """The time of the system."""
        ...

    def stream_of(self, token: str) -> UUID | None:
        """The family's month behind a link; None for a link that was never given."""
        ...

    def family(self, stream: UUID) -> FamilyVouchers | None:
        """The family's month as it stands."""
        ...

    def month_of(self, family: FamilyVouchers) -> ProgrammeMonth:
        """The programme's month of a family."""
        ...

    def purchases(self, stream: UUID) -> Sequence[PastPurchase]:
        """What was bought, the newest first (R28)."""
        ...

    def given_names(self, members: Sequence[str]) -> Mapping[str, str]:
        """Given name by subject; whoever was erased is absent."""
        ...

    def goods(self, family: FamilyVouchers, at: datetime) -> GoodsVersion | None:
        """What the voucher may buy at `at` (R2.3); None when no list is in force."""
        ...

    def shops(self, family: FamilyVouchers) -> Sequence[ShopShown]:
        """Where the voucher is taken."""
        ...

    def shop_names(self, shops: Sequence[str]) -> Mapping[str, str]:
        """Name by shop; unknown ones are absent."""
        ...

    def cheapest(self, family: FamilyVouchers) -> Mapping[int, Offer]:
        """The lowest price today of each position that one of these shops has (R13)."""
        ...

    def offers(self, family: FamilyVouchers, shop: str) -> Sequence[Offer]:
        """What one of these shops has on the list today; nothing where it is none of them."""
        ...

    def takes(self) -> Sequence[Service]:
        """Services that take requests from the wallet today, such as complaints (R30)."""
        ...

    def own_cases(self, family: FamilyVouchers) -> Sequence[OwnCase]:
        """Requests of the family's applicant, the newest first."""
        ...

    def activate(self, stream: UUID) -> bool:
        """Open the month's vouchers (R7); False when they were open. Raises Refusal."""
        ...

    def rate(self, stream: UUID, redemption: str, stars: int) -> bool:
        """Rate the service at a purchase (R30); False when it is rated so already. Raises Refusal."""
        ...

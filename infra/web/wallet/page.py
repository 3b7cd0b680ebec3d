"""What the wallet page shows of a family's month: which page it is, and what stands on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from domain.calendar import local_day
from domain.family import FamilyVouchers
from domain.family_purchases import ENDED
from domain.goods import GoodsVersion, Position
from domain.procedures.definition import Service
from domain.programmes import ComplaintDesk, ProgrammeMonth
from infra.qr.codec import SignedCode
from infra.qr.image import svg
from infra.web.cases.reading import OwnCase
from infra.web.wallet.history import PastPurchase
from infra.web.wallet.reading import Offer, ShopShown, WalletServices

Stage = Literal["early", "ready", "active", "spent", "withdrawn", "ended"]


def stage_of(family: FamilyVouchers, month: ProgrammeMonth, at: datetime) -> Stage | None:
    """Which page the family is shown at `at` (R7, R8); None without vouchers: nothing is to be seen."""
    if not family.vouchers:
        return None
    if family.stage in ENDED:
        return "withdrawn" if family.stage == "withdrawn" else "ended"
    day = local_day(at)
    if day > month.valid_to:
        return "ended"
    if day < month.valid_from:
        return "early"
    if family.stage != "activated":
        return "ready"
    return "active" if family.available_tiyn else "spent"


class MemberShown(NamedTuple):
    """A family member's voucher: the given name alone, None when nobody knows it any more; sums in tiyn."""

    name: str | None
    available_tiyn: int
    amount_tiyn: int


class CodeShown(NamedTuple):
    """A QR that can be shown at a till now."""

    text: str
    picture: str
    valid_until: datetime


class GoodShown(NamedTuple):
    """One position of the goods list in the reader's language, and where it costs least, if anywhere."""

    name: str
    unit: str
    cheapest: Offer | None


@dataclass(frozen=True, slots=True)
class WalletPage:
    """All that the page of an open voucher shows."""

    members: Sequence[MemberShown]
    purchases: Sequence[PastPurchase]
    shop_names: Mapping[str, str]
    goods: Sequence[GoodShown]
    shops: Sequence[ShopShown]
    desk: ComplaintDesk | None
    takes: Sequence[Service]
    own_cases: Sequence[OwnCase]
    lists: Mapping[str, GoodsVersion]
    language: str

    def good_name(self, purchase: PastPurchase, position: int) -> str | None:
        """The name of a position in the list that was in force at the purchase."""
        found = self._position(purchase, position)
        return found.names[self.language] if found else None

    def unit(self, purchase: PastPurchase, position: int) -> str | None:
        """The unit of a position in the list that was in force at the purchase."""
        found = self._position(purchase, position)
        return found.unit if found else None

    def _position(self, purchase: PastPurchase, position: int) -> Position | None:
        goods = self.lists.get(purchase.goods_version)
        return goods.positions.get(position) if goods else None


def code_shown(signed: SignedCode) -> CodeShown:
    """The code as the page draws it."""
    return CodeShown(signed.text, svg(signed.text).decode(), signed.code.valid_until)


def wallet_page(
    services: WalletServices, stream: UUID, family: FamilyVouchers, language: str, at: datetime
) -> WalletPage:
    """What there is to show of the family at `at`, in `language` (R26, R28, R30)."""
    vouchers = list(family.vouchers.values())
    names = services.given_names([voucher.member for voucher in vouchers])
    purchases = services.purchases(stream)
    goods = services.goods(family, at)
    then = [services.goods(family, purchase.at) for purchase in purchases]
    return WalletPage(
        members=[MemberShown(names.get(v.member), v.available_tiyn, v.amount_tiyn) for v in vouchers],
        purchases=purchases,
        shop_names=services.shop_names(sorted({purchase.shop for purchase in purchases})),
        goods=_goods(goods, services.cheapest(family), language),
        shops=services.shops(family),
        desk=services.month_of(family).programme.complaint_desk(family.region),
        takes=services.takes(),
        own_cases=services.own_cases(family),
        lists={version.version: version for version in (goods, *then) if version},
        language=language,
    )


def _goods(goods: GoodsVersion | None, cheapest: Mapping[int, Offer], language: str) -> list[GoodShown]:
    positions = sorted(goods.positions.items()) if goods else []
    return [
        GoodShown(position.names[language], position.unit, cheapest.get(number))
        for number, position in positions
    ]

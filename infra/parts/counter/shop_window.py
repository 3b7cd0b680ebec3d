"""Where a voucher is taken and what the listed goods cost there, as a recipient is told (R2.7, R6, R13)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

from domain.basket import cap_tiyn
from domain.calendar import local_day
from domain.family import FamilyVouchers
from domain.goods import GoodsListMissing, GoodsVersion
from domain.programmes import Programme, ProgrammeMonth
from domain.trade.catalogue import MEASURE_OF_UNIT
from infra.bootstrap import Azyq
from infra.postgres.desk import Look
from infra.web.wallet.reading import Offer, ShopShown

KEPT_SECONDS = 60.0
SHOPS_SHOWN = 100

T = TypeVar("T")


class ShopWindow:
    """Shops from the view `shops`, prices from the desk; kept for a minute, since a page may be so old as well."""

    def __init__(self, azyq: Azyq, seconds: Callable[[], float] = time.monotonic) -> None:
        self._azyq = azyq
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], tuple[float, object]] = {}

    def shops(self, family: FamilyVouchers) -> Sequence[ShopShown]:
        """The open shops of the family's place, by name."""
        place, day = self._place(family)
        return self._fresh(("shops", place, day.isoformat()), lambda: self._read_shops(place, day))

    def cheapest(self, family: FamilyVouchers) -> dict[int, Offer]:
        """The lowest price today of each position that a shop of the place has, in the position's own unit if any."""
        place, day = self._place(family)
        key = ("cheapest", family.programme, place, day.isoformat())
        return self._fresh(key, lambda: self._find_cheapest(family))

    def offers(self, family: FamilyVouchers, shop: str) -> list[Offer]:
        """What a shop of the place has on the list today, in the list's order; nothing where it is not one of them."""
        if shop not in {shown.id for shown in self.shops(family)}:
            return []
        found = self._offers(
            self._azyq.desk.look([shop]), [shop], self._azyq.month_of(family), self._azyq.clock()
        )
        return sorted(found, key=lambda offer: (offer.position, offer.article))

    def _place(self, family: FamilyVouchers) -> tuple[str, date]:
        """The part of the programme's region that the family lives in, as the programme names it; and today."""
        programme: Programme = self._azyq.month_of(family).programme
        regions = [region for region in programme.regions if family.region.startswith(region)]
        return (regions or [family.region])[0], local_day(self._azyq.clock())

    def _read_shops(self, place: str, day: date) -> list[ShopShown]:
        with self._azyq.log.connection().cursor() as cursor:
            cursor.execute("SELECT to_regclass('azyq_views.shops') IS NOT NULL")
            if cursor.fetchone() != (True,):  # before anything was brought into the views
                return []
            cursor.execute(
                "SELECT shop, name, address FROM azyq_views.shops"
                " WHERE status = 'open' AND opened_on <= %s AND starts_with(kato, %s) ORDER BY name, shop LIMIT %s",
                (day.isoformat(), place, SHOPS_SHOWN),
            )
            return [ShopShown(*row) for row in cursor]

    def _find_cheapest(self, family: FamilyVouchers) -> dict[int, Offer]:
        month, at = self._azyq.month_of(family), self._azyq.clock()
        goods = _list_of(month, self._azyq, local_day(at))
        shops = [shop.id for shop in self.shops(family)]
        if goods is None or not shops:
            return {}

        def rank(offer: Offer) -> tuple[bool, int]:
            unit = goods.positions[offer.position].unit
            return offer.measure != MEASURE_OF_UNIT[unit], offer.price_tiyn

        found: dict[int, Offer] = {}
        for offer in sorted(self._offers(self._azyq.desk.look(shops), shops, month, at), key=rank):
            found.setdefault(offer.position, offer)
        return found

    def _offers(self, look: Look, shops: Sequence[str], month: ProgrammeMonth, at: datetime) -> list[Offer]:
        goods, catalogue = _list_of(month, self._azyq, local_day(at)), look.catalogue
        if goods is None or catalogue is None:
            return []
        found = []
        for shop in shops:
            outlet = look.shop(shop)
            assortment = outlet.assortment(local_day(at)) if outlet is not None else []
            for gtin, price in look.of(shop, assortment, at).items():
                if price.goods_version == goods.version and price.position in goods.positions:
                    name, measure = catalogue.names[gtin]
                    found.append(Offer(shop, price.position, name, measure, cap_tiyn(price, month.terms)))
        return found

    def _fresh(self, key: tuple[str, ...], read: Callable[[], T]) -> T:
        now = self._seconds()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]  # type: ignore[return-value]
        value = read()
        with self._lock:
            if len(self._kept) > 1000:
                self._kept.clear()
            self._kept[key] = now, value
        return value


def _list_of(month: ProgrammeMonth, azyq: Azyq, day: date) -> GoodsVersion | None:
    try:
        return month.programme.catalogue(azyq.goods).on(day)
    except GoodsListMissing:
        return None

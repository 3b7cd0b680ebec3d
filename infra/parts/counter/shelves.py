"""What terminals ask of goods and prices (`infra.api.counter.goods.GoodsServices`)."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from pydantic import BaseModel

from domain.basket import cap_tiyn
from domain.calendar import day_start, local_day
from domain.commands.terminals import Credentials
from domain.goods import GoodsVersion
from domain.programmes import ProgrammeMonth
from domain.terminal import Terminal
from domain.terminal_refusals import KeyUnknown
from domain.trade.shop import Shop
from domain.trade.shop_refusals import ShopForeign, ShopUnknown
from infra.api.counter.goods import ArticleBody, CapBody, GoodsBody, PositionBody, PricesBody, Tagged
from infra.bootstrap import Azyq
from infra.postgres.desk import Look


class Shelves:
    """Goods lists from their file, prices from the desk."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq

    def goods(self, on: date | None) -> Tagged:
        """The official list in force on a day, today by default (R2.3). Raises GoodsListMissing."""
        version = self._azyq.goods.on(on or local_day(self._azyq.clock()))
        return Tagged(_etag(_goods(version).model_dump_json()), lambda: _goods(version))

    def prices(self, caller: Credentials, shop: str | None) -> Tagged:
        """Today's price caps of the terminal's shop (R13). Raises what `Terminal.authenticate` raises, KeyUnknown,
        ShopForeign, ShopUnknown."""
        azyq = self._azyq
        stream = Terminal.create_id(caller.terminal)
        till: Terminal | None = azyq.desk.look(streams=[stream]).stream(stream)
        if till is None:
            raise KeyUnknown
        now = azyq.clock()
        till.authenticate(caller.key_hash, azyq.settings.env, now)
        if shop is not None and shop != till.shop:
            raise ShopForeign
        day = local_day(now)
        look = azyq.desk.look([till.shop])
        outlet = look.shop(till.shop)
        if outlet is None:
            raise ShopUnknown(shop=till.shop)
        months = [
            programme.month(f"{day:%Y-%m}")
            for programme in azyq.programmes.values()
            if programme.covers(outlet.kato) and f"{day:%Y-%m}" in programme.months()
        ]
        # The caps follow from these; whether they are the same is known before they are made.
        made_of = [
            day.isoformat(),
            f"{outlet.shop} {outlet.version}",
            *(str(m.version) if m else "0" for m in (look.catalogue, *look.markets(outlet))),
            *(month.terms.version for month in months),
        ]
        return Tagged(_etag("\n".join(made_of)), lambda: self._caps(look, outlet, months, day))

    def _caps(self, look: Look, shop: Shop, months: list[ProgrammeMonth], day: date) -> BaseModel:
        at: datetime = day_start(day)
        catalogue = look.catalogue
        articles = []
        for gtin, price in look.of(shop.shop, shop.assortment(day), at).items():
            caps = [
                CapBody(
                    programme=month.programme.id,
                    rules=month.terms.version,
                    cap_tiyn=cap_tiyn(price, month.terms),
                )
                for month in months
                if price.goods_version == month.programme.catalogue(self._azyq.goods).on(day).version
            ]
            if caps and catalogue is not None:
                name, measure = catalogue.names[gtin]
                articles.append(
                    ArticleBody(
                        gtin=gtin,
                        name=name,
                        position=price.position,
                        measure=measure,
                        source=price.source,
                        caps=caps,
                    )
                )
        return PricesBody(
            shop=shop.shop, on=day, goods_version=self._azyq.goods.on(day).version, articles=articles
        )


def _goods(version: GoodsVersion) -> GoodsBody:
    return GoodsBody(
        version=version.version,
        effective_from=version.effective_from,
        effective_to=version.effective_to,
        positions=[
            PositionBody(position=number, names=dict(position.names), unit=position.unit)
            for number, position in sorted(version.positions.items())
        ],
    )


def _etag(text: str) -> str:
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'

"""What it takes to try a shop's software, or the till: a terminal to enrol and a wallet to pay from, in a trial alone."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from domain.calendar import local_day
from domain.commands.terminals import Invitation
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.identity import cycle_id
from infra.bootstrap import Azyq
from infra.parts.counter.tills import check_shop_takes_part, terminals

_LOOKED_THROUGH = 500


class TrialOnly(Refusal):
    """Real families' wallets are nobody's to try with."""

    code: ClassVar[str] = "trial_only"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Бұл тек сынақ ортасында жұмыс істейді.",
        "ru": "Это работает только в пробной среде.",
        "en": "This works in a trial environment only.",
    }


class NothingToTry(Refusal):
    """No family has an open voucher, or no shop of its place sells."""

    code: ClassVar[str] = "nothing_to_try"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{on} күні ашық ваучері бар отбасы не оған сататын дүкен жоқ. Өткен айды байқау үшін AZYQ_CLOCK керек.",
        "ru": "На {on} нет семьи с открытым ваучером или магазина для неё. Для прошедшего месяца нужен AZYQ_CLOCK.",
        "en": "On {on} no family has an open voucher, or no shop sells to it. A month gone by wants AZYQ_CLOCK.",
    }


class Rehearsal(NamedTuple):
    """A terminal's one-time code, and the wallet of a family that can buy at its shop; `available_tiyn` is left."""

    shop: str
    invitation: Invitation
    wallet: str
    available_tiyn: int


def rehearse(azyq: Azyq, shop: str | None) -> Rehearsal:
    """Invite a terminal of `shop`, by default of one that has most to sell, and find a family to buy there.

    Raises TrialOnly, NothingToTry, ShopUnknown, ShopClosed.
    """
    if azyq.settings.env != "trial":
        raise TrialOnly
    if shop is not None:
        check_shop_takes_part(azyq, shop)
    azyq.catch_up_views()
    family = _family(azyq, shop)
    shop = shop or _shop(azyq, family)
    token = azyq.vault.wallet_tokens([family.id.hex])[family.id.hex]
    return Rehearsal(
        shop,
        terminals(azyq).invite(shop, azyq.clock()),
        f"{azyq.settings.public_url}/w/{token}",
        family.available_tiyn,
    )


def _family(azyq: Azyq, shop: str | None) -> FamilyVouchers:
    """One that has much left, of a programme that holds where the shop is."""
    day = local_day(azyq.clock())
    outlet = azyq.desk.shop(shop) if shop else None
    for programme in azyq.programmes.values():
        if f"{day:%Y-%m}" not in programme.months() or (outlet and not programme.covers(outlet.kato)):
            continue
        month = programme.month(f"{day:%Y-%m}")
        if not month.valid_from <= day <= month.valid_to:
            continue
        for stage in ("activated", "consented"):
            streams = azyq.log.families(cycle_id(programme.id, month.month), [stage], None, _LOOKED_THROUGH)
            families = list(azyq.log.load(streams).values())
            found: FamilyVouchers | None = max(families, key=lambda one: one.available_tiyn, default=None)
            if found is not None and found.available_tiyn:
                return found
    raise NothingToTry(on=f"{day:%d.%m.%Y}")


def _shop(azyq: Azyq, family: FamilyVouchers) -> str:
    from infra.parts.counter.shop_window import ShopWindow

    window, day = ShopWindow(azyq), local_day(azyq.clock())
    shops = [shown.id for shown in window.shops(family)]
    look = azyq.desk.look(shops)
    sells = {shop: len(found.assortment(day)) for shop in shops if (found := look.shop(shop)) is not None}
    best = max(sells, key=lambda shop: sells[shop], default=None)
    if best is None or not sells[best]:
        raise NothingToTry(on=f"{day:%d.%m.%Y}")
    return best

"""Buy with vouchers: baskets priced by the shop's prices of the moment, decided and saved together (R25–R27)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from domain.basket import ArticlePrice, BasketLine, price_basket
from domain.calendar import local_day
from domain.commands.conflicts import until_saved
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue
from domain.identity import receipt_keys
from domain.ports import Log
from domain.programmes import ProgrammeMonth
from domain.purchase import Redemption
from domain.voucher_refusals import KeyReused, NotIssued


class Prices(Protocol):
    """What a shop may ask for its articles (R13)."""

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        """The price in force at `at` of each article the shop has one for."""
        ...


class ReceiptLog(Log, Protocol):
    """A log that also knows which receipts were used."""

    def receipt_owners(self, keys: Sequence[UUID]) -> dict[UUID, UUID]:
        """Which stream each receipt or key of a shop is of."""
        ...


@dataclass(frozen=True, slots=True)
class Purchase:
    """A basket at a till; `draw_tiyn` None takes all that the voucher may pay."""

    stream: UUID
    shop: str
    terminal: str
    cashier: str
    receipt: str
    key: str
    lines: tuple[BasketLine, ...]
    at: datetime
    draw_tiyn: int | None = None
    capture: bool = True

    def body(self) -> str:
        """Hash of what was asked: the same key must come with the same (Idempotency-Key)."""
        text = repr((self.stream, self.shop, self.receipt, self.lines, self.draw_tiyn, self.capture))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class Redeem:
    """`run` decides purchases in order and saves them in one transaction."""

    def __init__(
        self,
        log: ReceiptLog,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        prices: Prices,
        shared_goods: GoodsCatalogue,
    ) -> None:
        self._log = log
        self._month_of = month_of
        self._prices = prices
        self._goods = shared_goods

    def run(self, purchases: Sequence[Purchase]) -> list[Redemption | Refusal]:
        """What became of each; a refusal records nothing."""
        return until_saved(lambda: self._decide_all(purchases))

    def _decide_all(self, purchases: Sequence[Purchase]) -> list[Redemption | Refusal]:
        families: dict[UUID, FamilyVouchers] = self._log.load(list({p.stream for p in purchases}))
        keys = [receipt_keys(p.shop, p.receipt, p.key) for p in purchases]
        taken = dict(self._log.receipt_owners([key for pair in keys for key in pair]))
        claims: dict[UUID, UUID] = {}
        results: list[Redemption | Refusal] = []
        for purchase, pair in zip(purchases, keys, strict=True):
            owners = {taken[key] for key in pair if key in taken}
            if owners - {purchase.stream}:
                results.append(KeyReused("receipt" if pair[0] in taken else "Idempotency-Key"))
                continue
            result = self._decide(purchase, families.get(purchase.stream))
            if not isinstance(result, Refusal) and not owners:
                claims |= dict.fromkeys(pair, purchase.stream)
                taken |= dict.fromkeys(pair, purchase.stream)
            results.append(result)
        self._log.save(*families.values(), receipts=list(claims.items()))
        return results

    def _decide(self, purchase: Purchase, family: FamilyVouchers | None) -> Redemption | Refusal:
        try:
            if family is None:
                raise NotIssued("code")
            earlier = family.bought_before(
                shop=purchase.shop, receipt=purchase.receipt, key=purchase.key, body=purchase.body()
            )
            if earlier is not None:
                return earlier
            month = self._month_of(family)
            goods = month.programme.catalogue(self._goods).on(local_day(purchase.at))
            gtins = [line.gtin for line in purchase.lines]
            prices = self._prices.of(purchase.shop, gtins, purchase.at)
            basket = price_basket(purchase.lines, prices, goods, month.terms)
            return family.redeem(
                month,
                redemption=uuid5(family.id, f"redemption/{purchase.shop}/{purchase.key}").hex,
                shop=purchase.shop,
                terminal=purchase.terminal,
                cashier=purchase.cashier,
                receipt=purchase.receipt,
                key=purchase.key,
                body=purchase.body(),
                basket=basket,
                draw_tiyn=purchase.draw_tiyn,
                capture=purchase.capture,
                at=purchase.at,
            )
        except Refusal as refusal:
            return refusal

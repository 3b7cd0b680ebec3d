"""The recipient's wallet as the pages ask for it (`infra.web.wallet.reading.WalletServices`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from domain.calendar import local_day
from domain.family import FamilyVouchers
from domain.goods import GoodsListMissing, GoodsVersion
from domain.procedures.definition import Service
from domain.programmes import ProgrammeMonth
from infra.bootstrap import Azyq
from infra.parts.cases.pages import CasePages
from infra.parts.counter.shop_window import ShopWindow
from infra.web.cases.reading import OwnCase
from infra.web.wallet.history import TOPICS, PastPurchase, fold
from infra.web.wallet.reading import Offer, ShopShown


class Wallet:
    """Reads the log and the vault at each call, so that a page is never behind the till."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self.keys = azyq.qr_keys
        self._window = ShopWindow(azyq)
        self._cases = CasePages(azyq)

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

    def stream_of(self, token: str) -> UUID | None:
        """The family's month behind a link."""
        stream = self._azyq.vault.stream_of_token(token)
        return UUID(stream) if stream and not stream.startswith("case/") else None

    def family(self, stream: UUID) -> FamilyVouchers | None:
        """The family's month as it stands."""
        found: FamilyVouchers | None = self._azyq.log.load([stream]).get(stream)
        return found

    def month_of(self, family: FamilyVouchers) -> ProgrammeMonth:
        """The programme's month of a family."""
        return self._azyq.month_of(family)

    def purchases(self, stream: UUID) -> list[PastPurchase]:
        """What was bought, the newest first (R28)."""
        with self._azyq.log.connection().cursor() as cursor:
            cursor.execute(
                "SELECT topic, state FROM azyq_log.azyq_events"
                " WHERE originator_id = %s AND topic = ANY(%s) ORDER BY originator_version",
                (str(stream), list(TOPICS)),
            )
            return fold((topic, orjson.loads(bytes(state))) for topic, state in cursor)

    def given_names(self, members: Sequence[str]) -> dict[str, str]:
        """Given name by subject: no more of a person than tells a family's vouchers apart."""
        return {
            subject: person.given_name.title() for subject, person in self._azyq.vault.people(members).items()
        }

    def goods(self, family: FamilyVouchers, at: datetime) -> GoodsVersion | None:
        """What the voucher may buy at `at` (R2.3)."""
        programme = self._azyq.month_of(family).programme
        try:
            return programme.catalogue(self._azyq.goods).on(local_day(at))
        except GoodsListMissing:
            return None

    def shops(self, family: FamilyVouchers) -> Sequence[ShopShown]:
        """Where the voucher is taken."""
        return self._window.shops(family)

    def shop_names(self, shops: Sequence[str]) -> Mapping[str, str]:
        """Name by shop."""
        if not shops:
            return {}
        look = self._azyq.desk.look(shops)
        return {shop: found.name for shop in shops if (found := look.shop(shop)) is not None}

    def cheapest(self, family: FamilyVouchers) -> Mapping[int, Offer]:
        """The lowest price today of each position that one of these shops has (R13)."""
        return self._window.cheapest(family)

    def offers(self, family: FamilyVouchers, shop: str) -> Sequence[Offer]:
        """What one of these shops has on the list today."""
        return self._window.offers(family, shop)

    def takes(self) -> Sequence[Service]:
        """Services that take requests from the wallet today."""
        return [running.service for running in self._cases.open_to("wallet")]

    def own_cases(self, family: FamilyVouchers) -> Sequence[OwnCase]:
        """Requests of the family's applicant."""
        return self._cases.own_cases(family.applicant) if family.applicant else []

    def activate(self, stream: UUID) -> bool:
        """Open the month's vouchers (R7)."""
        return self._azyq.use_wallet.activate(stream, self.now())

    def rate(self, stream: UUID, redemption: str, stars: int) -> bool:
        """Rate the service at a purchase (R30)."""
        return self._azyq.use_wallet.rate(stream, redemption, stars, self.now())

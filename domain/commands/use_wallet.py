"""What a recipient does in the wallet: open the month's vouchers (R7, R23), rate the service (R30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.commands.conflicts import until_saved
from domain.family import FamilyVouchers
from domain.ports import Log
from domain.programmes import ProgrammeMonth
from domain.voucher_refusals import NotIssued

VIA = "wallet"


class UseWallet:
    """Each command decides on one family and saves; giving it twice is giving it once."""

    def __init__(self, log: Log, month_of: Callable[[FamilyVouchers], ProgrammeMonth]) -> None:
        self._log = log
        self._month_of = month_of

    def activate(self, stream: UUID, at: datetime) -> bool:
        """Open the vouchers of `stream` (R7); False when they were open. Raises NotIssued, VoucherEnded, OutsideWindow."""
        return self._decide(stream, lambda family, month: family.activate(month, via=VIA, at=at))

    def rate(self, stream: UUID, redemption: str, stars: int, at: datetime) -> bool:
        """Rate the service at a purchase (R30); False when it is rated so already. Raises what `family.rate` does."""
        return self._decide(
            stream, lambda family, month: family.rate(month, redemption=redemption, stars=stars, at=at)
        )

    def _decide(self, stream: UUID, command: Callable[[Any, ProgrammeMonth], bool]) -> bool:
        def decide() -> bool:
            family: FamilyVouchers | None = self._log.load([stream]).get(stream)
            if family is None:
                raise NotIssued("token")
            changed = command(family, self._month_of(family))
            self._log.save(family)
            return changed

        return until_saved(decide)

"""Buy with vouchers: the counter for whoever only buys, such as an import or the demo (R25–R27)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.commands.counter import Counter, Prices, PricesOnly, ReceiptLog
from domain.commands.counter_calls import Bought, Purchase
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue
from domain.programmes import ProgrammeMonth
from domain.purchase import Redemption

__all__ = ["Prices", "Purchase", "ReceiptLog", "Redeem"]


class Redeem:
    """`run` decides purchases in order and saves them in one transaction."""

    def __init__(
        self,
        log: ReceiptLog,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        prices: Prices,
        shared_goods: GoodsCatalogue,
    ) -> None:
        self._counter = Counter(log, month_of, shared_goods)
        self._desk = PricesOnly(prices)

    def run(self, purchases: Sequence[Purchase]) -> list[Redemption | Refusal]:
        """What became of each; a refusal records nothing."""
        return [
            answer.redemption if isinstance(answer, Bought) else answer
            for answer in self._counter.run(purchases, self._desk)
            if isinstance(answer, Bought | Refusal)
        ]

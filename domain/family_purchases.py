"""What a family does at a till with its vouchers (R25–R27): buy, hold, capture, void, bring back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain import family_events as events
from domain.basket import PricedBasket
from domain.calendar import local_day
from domain.money import kzt
from domain.programmes import ProgrammeMonth
from domain.purchase import Redemption, Voucher, asked_draws, reversal_of, spread
from domain.voucher_refusals import (
    BadBasket,
    KeyReused,
    NotActivated,
    NotEnough,
    NotHeld,
    NotIssued,
    OutsideWindow,
    UnknownRedemption,
    VoucherEnded,
)

ENDED = frozenset({"withdrawn", "expired"})


class Purchases:
    """The part of `FamilyVouchers` that is about money; its state lives there."""

    stage: str
    vouchers: dict[str, Voucher]
    redemptions: dict[str, Redemption]

    def _record(self, event_class: type[Any], **fields: Any) -> None:
        raise NotImplementedError

    @property
    def available_tiyn(self) -> int:
        """What the family's vouchers have left together (R26)."""
        left = 0
        for v in self.vouchers.values():  # at each replay of a purchase, so without a call a voucher
            left += v.amount_tiyn - v.spent_tiyn - v.held_tiyn - v.expired_tiyn - v.cancelled_tiyn
        return left

    def _must_be_open(self, month: ProgrammeMonth, at: datetime) -> None:
        if not self.vouchers:
            raise NotIssued("code")
        if self.stage in ENDED:
            raise VoucherEnded("code", stage=self.stage)
        if not month.valid_from <= local_day(at) <= month.valid_to:
            raise OutsideWindow(
                "code", valid_from=month.valid_from.isoformat(), valid_to=month.valid_to.isoformat()
            )

    def check_spendable(self, month: ProgrammeMonth, at: datetime) -> None:
        """Whether anything can be bought at `at` (R26). Raises NotIssued, VoucherEnded, OutsideWindow, NotActivated."""
        self._must_be_open(month, at)
        if self.stage != "activated":
            raise NotActivated("code")

    def bought_before(
        self, *, shop: str, receipt: str, key: str, body: str, cashier: str
    ) -> Redemption | None:
        """The purchase that `key` or `receipt` stands for in this shop, to be asked before prices are looked up:
        a repeated request gets its first answer whatever changed since (R27). Raises KeyReused for another `body`,
        or another `cashier`, whom the hash of a body never held.
        """
        for earlier in self.redemptions.values():
            if earlier.shop == shop and (earlier.key == key or earlier.receipt == receipt):
                if (earlier.body, earlier.cashier) != (body, cashier):
                    raise KeyReused("receipt" if earlier.key != key else "Idempotency-Key")
                return earlier
        return None

    def redeem(
        self,
        month: ProgrammeMonth,
        *,
        redemption: str,
        shop: str,
        terminal: str,
        cashier: str,
        receipt: str,
        key: str,
        body: str,
        basket: PricedBasket,
        draw_tiyn: int | None,
        capture: bool,
        at: datetime,
        draws: Sequence[tuple[str, int]] | None = None,
        code: str | None = None,
        code_at: datetime | None = None,
    ) -> Redemption:
        """Buy `basket` (R25–R27): draws `draw_tiyn`, by default all that the voucher may pay, on the vouchers in order,
        or `draws` as asked, voucher by voucher. `code` is the digest of the QR's code, `code_at` when it was made.

        Within a shop the same `key` or `receipt` with the same `body` (a hash) is the same purchase, whatever became
        of it. Raises KeyReused, NotIssued, NotActivated, VoucherEnded, OutsideWindow, BadBasket, NotEnough; holds
        expire `terms.hold_minutes` after `at`.
        """
        earlier = self.bought_before(shop=shop, receipt=receipt, key=key, body=body, cashier=cashier)
        if earlier is not None:
            return earlier
        self.check_spendable(month, at)
        drawn_on = self.draws_for(basket, draw_tiyn, draws)
        left_out = [[refusal.details["line"], gtin, refusal.code] for refusal, gtin in basket.left_out]
        fields: dict[str, Any] = {
            "redemption": redemption,
            "shop": shop,
            "terminal": terminal,
            "cashier": cashier,
            "receipt": receipt,
            "key": key,
            "body": body,
            "lines": basket.lines,
            "draws": drawn_on,
            "drawn_tiyn": sum(amount for _, amount in drawn_on),
            "goods_version": basket.goods_version,
            "rules": month.terms.version,
            "code": code,
            "code_at": None if code_at is None else code_at.isoformat(),
            "left_out": left_out or None,
            "timestamp": at,
        }
        if capture:
            self._record(events.Redeemed, **fields)
        else:
            until = at + timedelta(minutes=month.terms.hold_minutes)
            self._record(events.Held, hold_until=until.isoformat(), **fields)
        return self.redemptions[redemption]

    def draws_for(
        self, basket: PricedBasket, draw_tiyn: int | None, draws: Sequence[tuple[str, int]] | None
    ) -> list[list[Any]]:
        """[voucher, tiyn] of what a purchase of `basket` would take (R25). Raises BadBasket, NotEnough."""
        if not basket.pays_tiyn:
            raise BadBasket("lines", reason="nothing_to_pay")
        if draws is not None:
            return asked_draws(draws, self.vouchers, basket.pays_tiyn)
        drawn = basket.pays_tiyn if draw_tiyn is None else draw_tiyn
        if not 0 < drawn <= basket.pays_tiyn:
            raise BadBasket("draw_tiyn", reason="draw_out_of_bounds", limit=kzt(basket.pays_tiyn))
        if drawn > self.available_tiyn:
            raise NotEnough("lines", available=kzt(self.available_tiyn), needed=kzt(drawn))
        return spread(drawn, self.vouchers.values())

    def capture(self, month: ProgrammeMonth, *, redemption: str, key: str, at: datetime) -> Redemption:
        """The payment of a held redemption succeeded (R27). Raises UnknownRedemption, NotHeld; twice is once."""
        return self._settle(month, redemption, "captured", events.Captured, key=key, timestamp=at)

    def void(
        self, month: ProgrammeMonth, *, redemption: str, key: str, reason: str, at: datetime
    ) -> Redemption:
        """A held redemption came to nothing (R27). Raises UnknownRedemption, NotHeld; twice is once."""
        to = self._credits_go_to()
        return self._settle(
            month, redemption, "voided", events.Voided, key=key, reason=reason, to=to, timestamp=at
        )

    def _settle(
        self, month: ProgrammeMonth, redemption: str, status: str, event_class: type[Any], **fields: Any
    ) -> Redemption:
        found = self._redemption(redemption)
        if found.status == status:
            return found
        if found.status != "held":
            raise NotHeld("id", status=found.status)
        self._record(
            event_class,
            redemption=redemption,
            draws=found.draws,
            drawn_tiyn=found.drawn_tiyn,
            rules=month.terms.version,
            **fields,
        )
        return found

    def release_holds(self, month: ProgrammeMonth, at: datetime) -> int:
        """Void what was held past its time (R27); how many."""
        late = [
            r.id
            for r in self.redemptions.values()
            if r.status == "held" and r.hold_until and datetime.fromisoformat(r.hold_until) <= at
        ]
        for redemption in late:
            self.void(month, redemption=redemption, key=f"timeout/{redemption}", reason="timed_out", at=at)
        return len(late)

    def reverse(
        self,
        month: ProgrammeMonth,
        *,
        redemption: str,
        reversal: str,
        key: str,
        body: str,
        lines: Sequence[tuple[int, str]] | None,
        reason: str,
        at: datetime,
    ) -> int:
        """Goods came back: `lines` are (line from 0, quantity), None the whole rest; tiyn returned to the vouchers.

        0 tiyn when the voucher paid less than half a tiyn for what came back: the goods are recorded all the same.
        Raises UnknownRedemption, NotHeld (not captured yet), ReversalTooLarge, KeyReused, BadBasket.
        """
        found = self._redemption(redemption)
        if key in found.reversals:
            if found.reversals[key].body != body:
                raise KeyReused("Idempotency-Key")
            return found.reversals[key].amount_tiyn
        if found.status != "captured":
            raise NotHeld("id", status=found.status)
        reversed_lines, credits, amount = reversal_of(found, lines)
        self._record(
            events.Reversed,
            reversal=reversal,
            redemption=redemption,
            key=key,
            body=body,
            reason=reason,
            lines=reversed_lines,
            credits=credits,
            reversed_tiyn=amount,
            to=self._credits_go_to(),
            rules=month.terms.version,
            timestamp=at,
        )
        return amount

    def _redemption(self, redemption: str) -> Redemption:
        try:
            return self.redemptions[redemption]
        except KeyError:
            raise UnknownRedemption("id") from None

    def _credits_go_to(self) -> str:
        return {"expired": "expired", "withdrawn": "cancelled"}.get(self.stage, "available")

    # --- what events do -------------------------------------------------------------------------------

    def keep_redemption(self, event: Any, status: str, hold_until: str | None) -> None:
        """Applied by Redeemed and Held."""
        self.redemptions[event.redemption] = Redemption(
            event.redemption,
            event.shop,
            event.receipt,
            event.key,
            event.body,
            status,
            event.lines,
            event.draws,
            hold_until,
            left_out=getattr(event, "left_out", None) or [],  # what was recorded before it was
            bought_at=event.timestamp,
            cashier=event.cashier,
        )

    def keep_settled(self, redemption: str, status: str, key: str, reason: str | None = None) -> None:
        """Applied by Captured and Voided, once the sums are moved."""
        found = self.redemptions[redemption]
        found.status, found.settle_key, found.settle_reason = status, key, reason
        found.settled_remaining_tiyn = self.available_tiyn

    def credit(self, voucher: str, amount: int, to: str) -> None:
        """Applied by Voided and Reversed: where a returned sum goes."""
        if to == "expired":
            self.vouchers[voucher].expired_tiyn += amount
        elif to == "cancelled":
            self.vouchers[voucher].cancelled_tiyn += amount

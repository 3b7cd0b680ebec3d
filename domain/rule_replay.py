"""Rule replay: what came to a family, decided again under another programme (R31). Nothing is written.

What people did stays as it was: lists, SMS, answers, baskets, returns, each at its time. What the rules say of it is
asked anew, of the same aggregate that decided it then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from domain.basket import ArticlePrice, BasketLine, PricedBasket, price_basket
from domain.calendar import day_end, local_day
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue
from domain.money import kzt
from domain.programmes import ProgrammeMonth
from domain.replies import Answer
from domain.voucher_refusals import NotEnough, UnknownRedemption

Data = Mapping[str, Any]

_ANSWERS = {
    "family.consented": Answer.YES,
    "family.refused": Answer.NO,
    "family.consent_withdrawn": Answer.NO,
    "family.answer_not_understood": Answer.UNCLEAR,
}


class RuleReplay:
    """Plays families' events under `month`, which is of another programme, or of other terms, than they happened in.

    `happened_in` is the month as it was. `refused` counts what the other rules say no to, by code. Answers that were
    ignored then are not asked again, for their words are not kept; a price that was settled down to a cap stays.
    """

    def __init__(self, month: ProgrammeMonth, happened_in: ProgrammeMonth, goods: GoodsCatalogue) -> None:
        """`goods` is the official list (R2.3)."""
        self._month = month
        self._ends_sooner = month.deadline < happened_in.deadline or month.valid_to < happened_in.valid_to
        self._farm_percent = happened_in.terms.farm_discount_percent
        self._goods = month.programme.catalogue(goods)
        self.refused: Counter[str] = Counter()

    def play(self, events: Iterable[tuple[str, Data]], until: datetime) -> FamilyVouchers | None:
        """The family that these events, (topic, fields) in order, would have come to by `until`, when the log's last one
        was recorded; None without the first."""
        family: FamilyVouchers | None = None
        for topic, data in events:
            at = datetime.fromisoformat(data["timestamp"])
            if topic == "family.eligible":
                family = FamilyVouchers.list_family(
                    self._month,
                    data["family"],
                    data["region"],
                    data["applicant"],
                    data["members"],
                    data["delivery"],
                    at,
                )
            elif family is not None:
                self._end_what_is_over(family, at)
                self._happened(family, topic, data, at)
        if family is not None and self._ends_sooner:
            self._end_what_is_over(family, until)
        return family

    def _end_what_is_over(self, family: FamilyVouchers, at: datetime) -> None:
        """What the other rules end sooner is over by then, whatever ended it as it was (R8, R21)."""
        if at > day_end(self._month.deadline):
            family.lapse(self._month, day_end(self._month.deadline))
        if at > day_end(self._month.valid_to):
            family.expire(self._month, day_end(self._month.valid_to))

    def _happened(self, family: FamilyVouchers, topic: str, data: Data, at: datetime) -> None:
        try:
            if topic in _ANSWERS:
                family.record_reply(
                    self._month, reply=data["reply"], answer=_ANSWERS[topic], channel=data["channel"], at=at
                )
            elif topic in _STEPS:
                _STEPS[topic](self, family, data, at)
        except UnknownRedemption:
            pass  # of a purchase that was refused before
        except Refusal as refusal:
            self.refused[refusal.code] += 1

    # --- the list and the messages --------------------------------------------------------------------

    def _changed(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        gone = set(data["removed"])
        members = [member for member in family.members if member not in gone] + list(data["added"])
        family.list_again(self._month, data["region"], data["applicant"], members, data["delivery"], at)

    def _left(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        family.leave_list(self._month, data["delivery"], at)

    def _number_missing(self, family: FamilyVouchers, _data: Data, at: datetime) -> None:
        family.record_number(self._month, False, at)

    def _number_found(self, family: FamilyVouchers, _data: Data, at: datetime) -> None:
        family.record_number(self._month, True, at)

    def _sms(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        names = ("message", "purpose", "language", "encoding", "parts", "gateway")
        family.record_sms(self._month, **{name: data[name] for name in names}, at=at)

    # --- the vouchers ---------------------------------------------------------------------------------

    def _activated(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        family.activate(self._month, via=data["via"], at=at)

    def _bought(self, family: FamilyVouchers, data: Data, at: datetime, capture: bool) -> None:
        basket = self._priced(data, at)
        asked = sum(line["pays_tiyn"] for line in data["lines"])
        # Whoever drew less than the basket allowed chose to, or had no more.
        wanted = (
            basket.pays_tiyn if data["drawn_tiyn"] == asked else min(data["drawn_tiyn"], basket.pays_tiyn)
        )
        draw = min(wanted, family.available_tiyn)
        family.check_spendable(self._month, at)
        if draw <= 0 < wanted:
            raise NotEnough("draw_tiyn", needed=kzt(wanted), available=kzt(0))
        names = ("redemption", "shop", "terminal", "cashier", "receipt", "key", "body")
        family.redeem(
            self._month,
            **{name: data[name] for name in names},
            basket=basket,
            draw_tiyn=draw,
            capture=capture,
            at=at,
        )

    def _redeemed(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        self._bought(family, data, at, True)

    def _held(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        self._bought(family, data, at, False)

    def _priced(self, data: Data, at: datetime) -> PricedBasket:
        lines = [
            BasketLine(line["gtin"], Decimal(line["quantity"]), line["shelf_price_tiyn"], line["price_tiyn"])
            for line in data["lines"]
        ]
        prices = {
            line["gtin"]: ArticlePrice(line["position"], line["source"], self._base(line))
            for line in data["lines"]
        }
        return price_basket(lines, prices, self._goods.on(local_day(at)), self._month.terms)

    def _base(self, line: Data) -> int:
        """The price that the line's cap followed from (R13), to the tiyn that makes the same cap again."""
        cap: int = line["cap_tiyn"]
        if line["source"] != "farm" or self._farm_percent >= 100:
            return cap
        return int((Decimal(cap) * 100 / (100 - self._farm_percent)).to_integral_value(ROUND_CEILING))

    def _captured(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        family.capture(self._month, redemption=data["redemption"], key=data["key"], at=at)

    def _voided(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        family.void(self._month, redemption=data["redemption"], key=data["key"], reason=data["reason"], at=at)

    def _reversed(self, family: FamilyVouchers, data: Data, at: datetime) -> None:
        before = family.redemptions.get(data["redemption"])
        back = {} if before is None else before.returned
        lines = [(line, str(Decimal(total) - Decimal(back.get(line, "0")))) for line, total in data["lines"]]
        names = ("redemption", "reversal", "key", "body", "reason")
        family.reverse(self._month, **{name: data[name] for name in names}, lines=lines, at=at)

    # --- the end --------------------------------------------------------------------------------------

    def _lapsed(self, family: FamilyVouchers, _data: Data, _at: datetime) -> None:
        family.lapse(self._month, day_end(self._month.deadline))

    def _expired(self, family: FamilyVouchers, _data: Data, _at: datetime) -> None:
        family.expire(self._month, day_end(self._month.valid_to))


_STEPS: dict[str, Callable[[RuleReplay, FamilyVouchers, Data, datetime], None]] = {
    "family.changed": RuleReplay._changed,
    "family.left": RuleReplay._left,
    "family.number_missing": RuleReplay._number_missing,
    "family.number_found": RuleReplay._number_found,
    "sms.sent": RuleReplay._sms,
    "voucher.activated": RuleReplay._activated,
    "voucher.redeemed": RuleReplay._redeemed,
    "voucher.held": RuleReplay._held,
    "voucher.captured": RuleReplay._captured,
    "voucher.voided": RuleReplay._voided,
    "voucher.reversed": RuleReplay._reversed,
    "family.lapsed": RuleReplay._lapsed,
    "voucher.expired": RuleReplay._expired,
}

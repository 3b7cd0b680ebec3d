"""What happens at a counter, decided and saved together: buy, capture, void, bring back (R25–R27)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from domain.basket import ArticlePrice, BasketLine, PricedBasket, price_basket
from domain.calendar import local_day
from domain.code_refusals import CodeReplayed, CodeSpent
from domain.commands.conflicts import until_saved
from domain.commands.counter_calls import (
    Answer,
    Bought,
    Call,
    Purchase,
    Return,
    Returned,
    Settled,
    Settlement,
)
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue
from domain.identity import call_key, code_key, receipt_keys
from domain.ports import Log
from domain.programmes import Programme, ProgrammeMonth
from domain.purchase import Redemption
from domain.voucher_refusals import BadBasket, KeyReused, NotIssued, UnknownRedemption


class Prices(Protocol):
    """What a shop may ask for its articles (R13)."""

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        """The price in force at `at` of each article the shop has one for."""
        ...


class Standing(NamedTuple):
    """What calls are decided on, as the log has it at one moment; what is not there is absent."""

    families: dict[UUID, Any]  # by stream
    owners: dict[UUID, UUID]  # which stream each receipt, key or code is of
    seen: dict[UUID, datetime]  # when the newest code was made that a till has seen of each stream


class ReceiptLog(Log, Protocol):
    """A log that also knows which receipts, keys and codes were used."""

    def standing(self, streams: Sequence[UUID], keys: Sequence[UUID]) -> Standing:
        """The families of `streams`, the codes seen of them, and whose each of `keys` is."""
        ...


class Desk(Prices, Protocol):
    """Prices, and the register of shops."""

    def check_sale(self, shop: str, programme: Programme, at: datetime) -> None:
        """Raises a Refusal unless the shop takes part, is open and in the programme's region (R2.7)."""
        ...


class PricesOnly:
    """A desk for whoever has prices and no register of shops: every shop is open, wherever it is."""

    def __init__(self, prices: Prices) -> None:
        self.of = prices.of

    def check_sale(self, shop: str, programme: Programme, at: datetime) -> None:
        """Nothing is refused."""


def priced(
    month: ProgrammeMonth,
    shared_goods: GoodsCatalogue,
    desk: Desk,
    shop: str,
    lines: Sequence[BasketLine],
    at: datetime,
    partial: bool,
) -> PricedBasket:
    """What a basket costs at `at` (R6, R13). Raises what `check_sale`, GoodsCatalogue.on and `price_basket` raise."""
    desk.check_sale(shop, month.programme, at)
    goods = month.programme.catalogue(shared_goods).on(local_day(at))
    prices = desk.of(shop, [line.gtin for line in lines], at)
    return price_basket(lines, prices, goods, month.terms, partial)


class Counter:
    """`attempt` decides calls in order and saves them in one transaction; `run` again until they are saved."""

    def __init__(
        self,
        log: ReceiptLog,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        shared_goods: GoodsCatalogue,
    ) -> None:
        self._log = log
        self._month_of = month_of
        self._goods = shared_goods

    def run(self, calls: Sequence[Call], desk: Desk) -> list[Answer | Refusal]:
        """What became of each; a refusal records nothing."""
        return until_saved(lambda: self.attempt(calls, desk))

    def attempt(self, calls: Sequence[Call], desk: Desk) -> list[Answer | Refusal]:
        """The same, once. Raises LogConflict when another writer was first: nothing is recorded then."""
        claims = [_claims(call) for call in calls]
        wanted = {key for keys in claims for key in keys}
        wanted |= {UUID(call.redemption) for call in calls if isinstance(call, Settlement | Return)}
        streams = {call.stream for call in calls if isinstance(call, Purchase)}
        families, taken, seen = self._log.standing(list(streams), list(wanted))
        # Whose a purchase is that is settled, or comes back, is known only now.
        whose = {stream for call in calls if (stream := _stream(call, taken)) is not None}
        if more := whose - streams:
            families |= self._log.load(list(more))
        batch = _Batch(self, desk, taken, families, seen)
        results = [batch.decide(call, keys) for call, keys in zip(calls, claims, strict=True)]
        receipts, codes = list(batch.claims.items()), list(batch.shown.items())
        self._log.save(*families.values(), receipts=receipts, codes=codes)
        return results

    # --- one call, on a family that is loaded -----------------------------------------------------------

    def buy(self, call: Purchase, key: UUID, family: FamilyVouchers, body: str, desk: Desk) -> Redemption:
        """A purchase that was not made before. Raises what a rule says no to."""
        month = self._month_of(family)
        basket = priced(month, self._goods, desk, call.shop, call.lines, call.at, call.partial)
        return family.redeem(
            month,
            redemption=key.hex,
            shop=call.shop,
            terminal=call.terminal,
            cashier=call.cashier,
            receipt=call.receipt,
            key=call.key,
            body=body,
            basket=basket,
            draw_tiyn=call.draw_tiyn,
            draws=call.draws,
            capture=call.capture,
            code=call.code.digest if call.code else None,
            code_at=call.code.issued_at if call.code else None,
            at=call.at,
        )

    def settle(self, call: Settlement, family: FamilyVouchers) -> Redemption:
        """The hold ends as the call says."""
        month = self._month_of(family)
        if call.captured:
            return family.capture(month, redemption=call.redemption, key=call.key, at=call.at)
        return family.void(month, redemption=call.redemption, key=call.key, reason=call.reason, at=call.at)

    def bring_back(self, call: Return, key: UUID, family: FamilyVouchers) -> None:
        """Goods come back."""
        redemption = family.redemptions[call.redemption]
        family.reverse(
            self._month_of(family),
            redemption=call.redemption,
            reversal=key.hex,
            key=call.key,
            body=call.body(),
            lines=None if call.lines is None else _places(redemption, call.lines),
            reason=call.reason,
            at=call.at,
        )


class _Batch:
    """The calls of one transaction: what an earlier one took, a later one does not get."""

    def __init__(
        self,
        counter: Counter,
        desk: Desk,
        taken: dict[UUID, UUID],
        families: Mapping[UUID, FamilyVouchers],
        seen: dict[UUID, datetime],
    ) -> None:
        self._counter = counter
        self._desk = desk
        self._taken = taken
        self._families = families
        self._seen = seen
        self.claims: dict[UUID, UUID] = {}
        self.shown: dict[UUID, datetime] = {}

    def decide(self, call: Call, keys: tuple[UUID, ...]) -> Answer | Refusal:
        """What becomes of `call`, which stands for `keys`."""
        try:
            stream = _stream(call, self._taken)
            family = None if stream is None else self._families.get(stream)
            match call:
                case Purchase():
                    return self._buy(call, keys, family)
                case Settlement():
                    return self._settle(call, keys, family)
                case Return():
                    return self._bring_back(call, keys, family)
        except Refusal as refusal:
            return refusal

    def _buy(self, call: Purchase, keys: tuple[UUID, ...], family: FamilyVouchers | None) -> Bought:
        receipt, key, *codes = keys
        owners = {self._taken[one] for one in (receipt, key) if one in self._taken}
        reused = KeyReused("receipt" if receipt in self._taken else "Idempotency-Key")
        if owners - {call.stream}:
            raise reused
        if family is None:
            raise NotIssued("code")
        body = call.body()
        found = family.bought_before(
            shop=call.shop, receipt=call.receipt, key=call.key, body=body, cashier=call.cashier
        )
        if found is None:
            if owners:
                raise reused  # for a capture, a void or a return
            self._check_code(call, codes)
            found = self._counter.buy(call, key, family, body, self._desk)
            self._claim(family.id, *keys)
            if call.code and self._seen.get(family.id) != call.code.issued_at:
                self.shown[family.id] = self._seen[family.id] = call.code.issued_at
        return Bought(found, "held" if found.hold_until else "captured", found.remaining_tiyn)

    def _check_code(self, call: Purchase, codes: Sequence[UUID]) -> None:
        if call.code is None:
            return
        if any(code in self._taken for code in codes):
            raise CodeSpent("code")
        if call.code.refusal is not None:
            raise call.code.refusal
        newest = self._seen.get(call.stream)
        if newest is not None and call.code.issued_at < newest:
            raise CodeReplayed("code")

    def _settle(self, call: Settlement, keys: tuple[UUID, ...], family: FamilyVouchers | None) -> Settled:
        found = _own(call.redemption, call.shop, family)
        assert family is not None
        status = "captured" if call.captured else "voided"
        if keys[0] in self._taken:
            reason = None if call.captured else call.reason
            if (found.settle_key, found.status, found.settle_reason) != (call.key, status, reason):
                raise KeyReused("Idempotency-Key")
        else:
            self._counter.settle(call, family)
            if found.settle_key == call.key:
                self._claim(family.id, *keys)
        # What was paid in one step was never settled: its own answer says it all.
        left = found.remaining_tiyn if found.settle_key is None else found.settled_remaining_tiyn
        return Settled(found, status, left)

    def _bring_back(self, call: Return, keys: tuple[UUID, ...], family: FamilyVouchers | None) -> Returned:
        found = _own(call.redemption, call.shop, family)
        assert family is not None
        if keys[0] in self._taken and call.key not in found.reversals:
            raise KeyReused("Idempotency-Key")
        before = call.key in found.reversals
        self._counter.bring_back(call, keys[0], family)
        if not before:
            self._claim(family.id, *keys)
        return Returned(found, found.reversals[call.key])

    def _claim(self, stream: UUID, *keys: UUID) -> None:
        claimed = dict.fromkeys(keys, stream)
        self.claims |= claimed
        self._taken |= claimed


def _claims(call: Call) -> tuple[UUID, ...]:
    """What only one call may have."""
    match call:
        case Purchase():
            pair = receipt_keys(call.shop, call.receipt, call.key)
            return (*pair, code_key(call.code.digest)) if call.code else pair
        case Settlement() | Return():
            return (call_key(call.shop, call.key),)


def _stream(call: Call, taken: Mapping[UUID, UUID]) -> UUID | None:
    if isinstance(call, Purchase):
        return call.stream
    return taken.get(UUID(call.redemption))


def _own(redemption: str, shop: str, family: FamilyVouchers | None) -> Redemption:
    """The shop's own purchase. Raises UnknownRedemption, also for another shop's."""
    found = None if family is None else family.redemptions.get(redemption)
    if found is None or found.shop != shop:
        raise UnknownRedemption("id")
    return found


def _places(redemption: Redemption, lines: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Where in the redemption the basket's lines (from 1) stand. Raises BadBasket for one that is not there."""
    place = {number: at for at, number in enumerate(redemption.numbers())}
    for at, (number, _) in enumerate(lines):
        if number not in place:
            raise BadBasket(f"lines/{at}/line", reason="no_such_line", line=number)
    return [(place[number], quantity) for number, quantity in lines]

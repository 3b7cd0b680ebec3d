"""The reader: what terminals ask without recording anything, a batch at a time: check, look a purchase up (R26, R27)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from domain.basket import BasketLine, PricedBasket
from domain.calendar import day_end, local_day
from domain.code_refusals import CodeReplayed, CodeSpent
from domain.commands.counter import priced
from domain.commands.counter_calls import ShownCode
from domain.commands.terminals import Credentials
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue
from domain.identity import code_key, receipt_keys
from domain.programmes import ProgrammeMonth
from domain.voucher_refusals import NotIssued, UnknownRedemption
from infra.counter.admission import Admission, Caller
from infra.counter.answers import standing
from infra.counter.families import RememberingLog
from infra.postgres.desk import Look
from infra.postgres.log import PostgresLog

PRICING = timedelta(minutes=30)  # how long a code that was checked in time prices baskets


class Check(NamedTuple):
    """What is left on the vouchers behind a code (R26)."""

    stream: UUID
    code: ShownCode


class Find(NamedTuple):
    """What became of a purchase: by its id, or by the shop's receipt (R27)."""

    redemption: str | None
    receipt: str | None


class Quote(NamedTuple):
    """What the vouchers behind a code would pay for a basket: a purchase that isn't made."""

    stream: UUID
    code: ShownCode
    lines: tuple[BasketLine, ...]
    draw_tiyn: int | None
    draws: tuple[tuple[str, int], ...] | None
    partial: bool


class WhoAmI(NamedTuple):
    """Whether the key is good."""


class Question(NamedTuple):
    """Who asks, when, and what."""

    credentials: Credentials
    at: datetime
    what: Check | Find | Quote | WhoAmI


@dataclass(frozen=True, slots=True)
class Left:
    """What is left on a family's vouchers (R26); sums in tiyn."""

    family: str
    available_tiyn: int
    vouchers: list[tuple[str, int]]
    valid_until: datetime
    goods_version: str


@dataclass(frozen=True, slots=True)
class Found:
    """A purchase as it stands now, in JSON: made here, for the next batch may change what it is made of."""

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A basket as a purchase would settle it; sums in tiyn, draws by voucher."""

    basket: PricedBasket
    draws: list[list[Any]]
    available_tiyn: int
    draw: str  # what the programme's voucher pays: discount, price


Said = Left | Found | Quoted | Caller


class Reader:
    """`work` answers a batch; for one thread."""

    def __init__(
        self,
        log: PostgresLog,
        admission: Admission,
        month_of: Callable[[FamilyVouchers], ProgrammeMonth],
        shared_goods: GoodsCatalogue,
        refused: Callable[[str, str], None],
    ) -> None:
        """`refused` hears of each refusal: the shop, and the code."""
        self._refused = refused
        self._log = log
        self._families = RememberingLog(log)
        self._admission = admission
        self._month_of = month_of
        self._goods = shared_goods

    def work(self, batch: Sequence[Question]) -> list[Said | BaseException]:
        """The answer or the refusal of each, in order. Codes that were checked are noted as seen (R25)."""
        callers, floor = self._admission.admit([(one.credentials, one.at) for one in batch])
        asked = {one.what.stream for one in batch if isinstance(one.what, Check | Quote)}
        families, owners, seen = self._families.standing(list(asked), _keys(batch, callers))
        # Whose a purchase is that is looked up is known only now.
        whose = {s for one, caller in zip(batch, callers, strict=True) if (s := _stream(one, caller, owners))}
        if more := whose - asked:
            families |= self._families.load(list(more))
        said: list[Said | BaseException] = []
        newer: dict[UUID, datetime] = {}
        for one, caller in zip(batch, callers, strict=True):
            try:
                if isinstance(caller, Refusal):
                    raise caller
                family = families.get(_stream(one, caller, owners) or UUID(int=0))
                if isinstance(one.what, Check):
                    said.append(self._check(one.what, one.at, caller, family, floor, owners, seen))
                    if seen.get(one.what.stream) != one.what.code.issued_at:
                        newer[one.what.stream] = seen[one.what.stream] = one.what.code.issued_at
                elif isinstance(one.what, Quote):
                    said.append(self._quote(one.what, one.at, caller, family, floor, owners, seen))
                elif isinstance(one.what, Find):
                    said.append(_find(one.what, caller, family))
                else:
                    said.append(caller)
            except Refusal as refusal:
                said.append(refusal)
                if isinstance(caller, Caller):
                    self._refused(caller.shop, refusal.code)
        if newer:
            self._log.note_codes(list(newer.items()))
        return said

    def _check(
        self,
        check: Check,
        at: datetime,
        caller: Caller,
        family: FamilyVouchers | None,
        floor: Look,
        owners: dict[UUID, UUID],
        seen: dict[UUID, datetime],
    ) -> Left:
        if code_key(check.code.digest) in owners:
            raise CodeSpent("code")
        if check.code.refusal is not None:
            raise check.code.refusal
        newest = seen.get(check.stream)
        if newest is not None and check.code.issued_at < newest:
            raise CodeReplayed("code")
        if family is None:
            raise NotIssued("code")
        month = self._month_of(family)
        floor.check_sale(caller.shop, month.programme, at)
        family.check_spendable(month, at)
        return Left(
            family.id.hex,
            family.available_tiyn,
            [(voucher.id, voucher.available_tiyn) for voucher in family.vouchers.values()],
            day_end(month.valid_to).replace(microsecond=0),
            month.programme.catalogue(self._goods).on(local_day(at)).version,
        )

    def _quote(
        self,
        quote: Quote,
        at: datetime,
        caller: Caller,
        family: FamilyVouchers | None,
        floor: Look,
        owners: dict[UUID, UUID],
        seen: dict[UUID, datetime],
    ) -> Quoted:
        """Says no to what a purchase says no to, but for the code's age: a basket takes longer to fill than a code
        lives, so one that was checked in time, and is the family's newest, goes on pricing it for a while."""
        if code_key(quote.code.digest) in owners:
            raise CodeSpent("code")
        made, newest = quote.code.issued_at, seen.get(quote.stream)
        if quote.code.refusal is not None and not (made == newest and at - made < PRICING):
            raise quote.code.refusal
        if newest is not None and made < newest:
            raise CodeReplayed("code")
        if family is None:
            raise NotIssued("code")
        month = self._month_of(family)
        basket = priced(month, self._goods, floor, caller.shop, quote.lines, at, quote.partial)
        family.check_spendable(month, at)
        draws = family.draws_for(basket, quote.draw_tiyn, quote.draws)
        return Quoted(basket, draws, family.available_tiyn, month.terms.draw)


def _keys(batch: Sequence[Question], callers: Sequence[Caller | Refusal]) -> list[UUID]:
    keys = set()
    for one, caller in zip(batch, callers, strict=True):
        if isinstance(one.what, Check | Quote):
            keys.add(code_key(one.what.code.digest))
        elif isinstance(one.what, Find) and isinstance(caller, Caller):
            keys.add(_find_key(one.what, caller))
    return list(keys)


def _find_key(find: Find, caller: Caller) -> UUID:
    if find.redemption is not None:
        return UUID(find.redemption)
    return receipt_keys(caller.shop, find.receipt or "", "")[0]


def _stream(one: Question, caller: Caller | Refusal, owners: dict[UUID, UUID]) -> UUID | None:
    if isinstance(one.what, Check | Quote):
        return one.what.stream
    if isinstance(one.what, Find) and isinstance(caller, Caller):
        return owners.get(_find_key(one.what, caller))
    return None


def _find(find: Find, caller: Caller, family: FamilyVouchers | None) -> Found:
    """The shop's own purchase. Raises UnknownRedemption, also for another shop's."""
    if family is not None:
        for redemption in family.redemptions.values():
            asked = redemption.id == find.redemption or redemption.receipt == find.receipt
            if asked and redemption.shop == caller.shop:
                return Found(standing(redemption, family.available_tiyn))
    raise UnknownRedemption("id")

"""A voucher's life at the counter in any order, against a model of ten lines (R25–R27, R8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from domain.basket import ArticlePrice
from domain.calendar import day_end
from domain.commands.counter import Counter, PricesOnly, Standing
from domain.commands.counter_calls import Bought, Purchase, Return, Returned, Settled, Settlement, ShownCode
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue
from domain.replies import Answer
from tests.unit.given_when_then import AMOUNT, GOODS, MAPPER, PRICES, basket_lines, on, replayed, reply, story


class _Log:
    """Stored events in memory: each load replays them."""

    def __init__(self) -> None:
        self.streams: dict[UUID, list[StoredEvent]] = {}
        self.receipts: dict[UUID, UUID] = {}
        self.codes: dict[UUID, datetime] = {}

    def load(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        return {stream: replayed(self.streams[stream]) for stream in streams if stream in self.streams}

    def save(self, *aggregates: Any, receipts: Any = (), codes: Any = (), **_: Any) -> None:
        assert not self.receipts.keys() & dict(receipts).keys()
        self.receipts |= dict(receipts)
        self.codes |= dict(codes)
        for one in aggregates:
            events = [MAPPER.to_stored_event(event) for event in one.collect_events()]
            self.streams.setdefault(one.id, []).extend(events)

    def standing(self, streams: Sequence[UUID], keys: Sequence[UUID]) -> Standing:
        owners = {key: self.receipts[key] for key in keys if key in self.receipts}
        seen = {stream: self.codes[stream] for stream in streams if stream in self.codes}
        return Standing(self.load(streams), owners, seen)


class _Shelf:
    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        return PRICES


class Model:
    """What is left, what is held and what was bought, by purchase: kilograms of rice at 10 000 tiyn each."""

    def __init__(self) -> None:
        self.left, self.ended = 3 * AMOUNT, False
        self.held: dict[str, int] = {}
        self.kept: dict[str, int] = {}

    def buy(self, name: str, kilos: int, capture: bool) -> None:
        self.left -= 10_000 * kilos
        (self.kept if capture else self.held)[name] = kilos

    def give_back(self, kilos: int) -> None:
        self.left += 0 if self.ended else 10_000 * kilos

    def end(self) -> None:
        self.left, self.ended = 0, True


class Life(RuleBasedStateMachine):
    """Purchases, payments, returns, repeats and the end, in any order."""

    bought = Bundle("bought")

    @initialize()
    def begin(self) -> None:
        told = story().given_activated()
        self.month, self.stream = told.month, told.family.id
        self.log, self.model = _Log(), Model()
        self.log.streams[self.stream] = list(told.log)
        self.counter = Counter(self.log, lambda _: self.month, GoodsCatalogue((GOODS,)))  # type: ignore[arg-type]
        self.desk = PricesOnly(_Shelf())
        self.at, self.asked = on(8), 0
        self.calls: list[tuple[Any, Any]] = []

    def ask(self, call: Any) -> Any:
        (answer,) = self.counter.run([call], self.desk)
        if not isinstance(answer, Refusal):
            self.calls.append((call, shown(answer)))
        return answer

    def key(self) -> str:
        self.asked += 1
        self.at += timedelta(seconds=31)
        return f"k{self.asked}"

    @rule(target=bought, kilos=st.integers(1, 60), capture=st.booleans(), off_list=st.booleans())
    def buy(self, kilos: int, capture: bool, off_list: bool) -> str:
        key = self.key()
        lines = [*basket_lines(("rice", str(kilos))), *(basket_lines(("beer", "1")) if off_list else ())]
        call = Purchase(
            *(self.stream, "shop", "till", "7", f"r-{key}", key, tuple(lines), self.at),
            capture=capture,
            partial=off_list,
            code=ShownCode(f"{self.asked:032x}", self.at),
        )
        answer = self.ask(call)
        if self.model.ended or 10_000 * kilos > self.model.left:
            assert isinstance(answer, Refusal)
            assert answer.code in ("voucher_ended", "voucher_not_enough")
            return ""
        assert isinstance(answer, Bought)
        self.model.buy(answer.redemption.id, kilos, capture)
        assert answer.remaining_tiyn == self.model.left
        return answer.redemption.id

    @rule(name=bought, captured=st.booleans())
    def settle(self, name: str, captured: bool) -> None:
        answer = self.ask(Settlement(name or "0" * 32, "shop", "till", self.key(), self.at, captured))
        if name in self.model.held:
            kilos = self.model.held.pop(name)
            if captured:
                self.model.kept[name] = kilos
            else:
                self.model.give_back(kilos)
            assert isinstance(answer, Settled)
        elif not (isinstance(answer, Settled) and answer.status == ("captured" if captured else "voided")):
            assert isinstance(answer, Refusal)
            assert answer.code in ("redemption_not_held", "redemption_unknown")

    @rule(name=bought, kilos=st.integers(1, 60))
    def bring_back(self, name: str, kilos: int) -> None:
        call = Return(name or "0" * 32, "shop", "till", self.key(), self.at, ((1, str(kilos)),), "back")
        answer = self.ask(call)
        if kilos <= self.model.kept.get(name, 0):
            self.model.kept[name] -= kilos
            self.model.give_back(kilos)
            assert isinstance(answer, Returned)
            assert answer.reversal.amount_tiyn == 10_000 * kilos
        else:
            assert isinstance(answer, Refusal)

    @rule(name=bought)
    def another_shop_finds_nothing(self, name: str) -> None:
        answer = self.ask(Settlement(name or "0" * 32, "other", "till", self.key(), self.at, False))
        assert isinstance(answer, Refusal)
        assert answer.code == "redemption_unknown"

    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        if self.calls:
            call, first = data.draw(st.sampled_from(self.calls))
            (again,) = self.counter.run([call], self.desk)
            assert shown(again) == first

    @rule()
    def holds_run_out(self) -> None:
        self.at += timedelta(minutes=16)
        family = self.family()
        assert family.release_holds(self.month, self.at) == len(self.model.held)
        self.log.save(family)
        for kilos in self.model.held.values():
            self.model.give_back(kilos)
        self.model.held.clear()

    @rule(withdrawn=st.booleans(), sure=st.integers(0, 5))
    def end(self, withdrawn: bool, sure: int) -> None:
        if sure or self.model.ended:
            return
        family = self.family()
        if withdrawn:
            reply(family, self.month, Answer.NO, self.at, "withdrawal")
        else:
            self.at = day_end(self.month.valid_to) + timedelta(hours=1)
            family.expire(self.month, self.at)
        self.log.save(family)
        self.model.end()

    def family(self) -> FamilyVouchers:
        found: FamilyVouchers = self.log.load([self.stream])[self.stream]
        return found

    @invariant()
    def sums_are_the_models(self) -> None:
        if not hasattr(self, "model"):
            return
        vouchers = self.family().vouchers.values()
        assert sum(v.available_tiyn for v in vouchers) == self.model.left
        assert sum(v.held_tiyn for v in vouchers) == 10_000 * sum(self.model.held.values())
        assert sum(v.spent_tiyn for v in vouchers) == 10_000 * sum(self.model.kept.values())
        assert all(v.available_tiyn >= 0 for v in vouchers)


def shown(answer: Any) -> Any:
    """What of an answer must be the same however often it is given."""
    if isinstance(answer, Returned):
        return answer.reversal
    return type(answer), answer.redemption.id, answer.status, answer.remaining_tiyn


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)

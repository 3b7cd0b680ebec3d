"""Any life of a family's vouchers against a model of a few sums: they always add up, and none is ever negative."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.calendar import day_end
from domain.replies import Answer
from tests.unit.given_when_then import on, replayed, reply, story

AMOUNT = 25_000
SUMS = ("available", "held", "spent", "expired", "cancelled")
NUMBERS = st.integers(0, 11)
QUANTITIES = st.integers(1, 1_500).map(lambda n: f"{n // 1000}.{n % 1000:03d}")


class Life(RuleBasedStateMachine):
    """A family of two; the model is one account whose holds and purchases are known by their sums."""

    def __init__(self) -> None:
        super().__init__()
        self.told = story(members=("a", "b"), amount_tiyn=AMOUNT).given_activated()
        self.model = dict.fromkeys(SUMS, 0) | {"available": 2 * AMOUNT}
        self.status: dict[str, str] = {}
        self.drawn: dict[str, int] = {}
        self.ended: str | None = None

    def some(self, number: int) -> str:
        """A purchase that was made."""
        return list(self.status)[number % len(self.status)]

    def move(self, amount: int, source: str, to: str) -> None:
        self.model[source] -= amount
        self.model[to] += amount

    def close(self, ended: str) -> None:
        self.move(self.model["available"], "available", ended)
        self.ended = ended

    @rule(quantity=QUANTITIES, number=NUMBERS, capture=st.booleans(), part=st.integers(0, 3))
    def buy(self, quantity: str, number: int, capture: bool, part: int) -> None:
        key = f"k{number}"
        self.told.when_bought(
            ("rice", quantity), receipt=f"r{number}", key=key, draw_tiyn=part or None, capture=capture
        )
        if self.told.new:
            amount = self.told.new[0].drawn_tiyn
            assert self.ended is None
            assert key not in self.status
            self.status[key], self.drawn[key] = ("captured" if capture else "held"), amount
            self.move(amount, "available", "spent" if capture else "held")

    @precondition(lambda self: self.status)
    @rule(number=NUMBERS, paid=st.booleans())
    def settle(self, number: int, paid: bool) -> None:
        key = self.some(number)

        def command(family: Any, month: Any) -> Any:
            if paid:
                return family.capture(month, redemption=f"shop/{key}", key="s", at=on(20))
            return family.void(month, redemption=f"shop/{key}", key="s", reason="unpaid", at=on(20))

        held = self.status[key] == "held"
        self.told.when(command)
        assert bool(self.told.new) == held
        if held:
            self.status[key] = "captured" if paid else "voided"
            self.move(self.drawn[key], "held", "spent" if paid else self.ended or "available")

    @precondition(lambda self: self.status)
    @rule(number=NUMBERS, quantity=st.one_of(st.none(), QUANTITIES), step=st.integers(1, 4))
    def bring_back(self, number: int, quantity: str | None, step: int) -> None:
        key = self.some(number)
        lines = None if quantity is None else [(0, quantity)]
        self.told.when_brought_back(lines, key=f"b{step}", redemption=f"shop/{key}")
        if self.told.new:
            amount = self.told.new[0].reversed_tiyn
            assert self.status[key] == "captured"
            self.drawn[key] -= amount
            self.move(amount, "spent", self.ended or "available")

    @rule()
    def time_out(self) -> None:
        held = [key for key, status in self.status.items() if status == "held"]
        self.told.when(lambda f, m: f.release_holds(m, on(21)))
        assert self.told.answer == len(held)
        for key in held:
            self.status[key] = "voided"
            self.move(self.drawn[key], "held", self.ended or "available")

    @precondition(lambda self: len(self.status) > 1)
    @rule()
    def withdraw(self) -> None:
        self.told.when(lambda f, m: reply(f, m, Answer.NO, on(22), "withdrawal"))
        if self.ended is None:
            self.close("cancelled")

    @precondition(lambda self: len(self.status) > 1)
    @rule()
    def expire(self) -> None:
        self.told.when(lambda f, m: f.expire(m, day_end(m.valid_to)))
        if self.ended is None:
            self.close("expired")

    @invariant()
    def the_sums_are_those_of_the_model(self) -> None:
        self.told.refusal, self.told.new = None, []
        self.told.then_sums(**self.model)
        for voucher in self.told.family.vouchers.values():
            assert min(getattr(voucher, f"{name}_tiyn") for name in SUMS) >= 0
        assert all(drawn >= 0 for drawn in self.drawn.values())

    def teardown(self) -> None:
        assert vars(replayed(self.told.log)) == vars(self.told.family)


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase

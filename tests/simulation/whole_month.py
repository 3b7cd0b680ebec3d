"""A whole month played by rules that follow from each family's place: safe to play again from its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from domain.basket import ArticlePrice, BasketLine
from domain.commands.redeem import Purchase
from domain.family import HAS_VOUCHERS, FamilyVouchers
from domain.purchase import Redemption
from tests.integration.month_in_process import Household, Month, an_answer

FLOUR, MILK = "4870250000014", "4870250020012"
REPLIES_AT_ONCE = 7
# By the family's place; the silent answer nothing at first.
FIRST_ANSWERS = ("21*1", "иә", None, "21*2", "не знаю", "21*1", None, "да", "ИӘ")
SECOND_ANSWERS = {2: "келісемін", 4: "21*1", 5: "21*2"}


class OneShop:
    """Purchase prices of two articles, in tiyn."""

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        return {FLOUR: ArticlePrice(1, "trade", 21_500), MILK: ArticlePrice(2, "trade", 39_500)}


def play(month: Month, homes: Sequence[Household]) -> None:
    """The month from the first SMS to its end. Everything has happened at most once, however often it is played."""
    month.day(5)
    month.at(6)
    answer(month, [(home, FIRST_ANSWERS[n % 9], f"first-{n}") for n, home in enumerate(homes)])
    month.azyq.record_reply.run([an_answer("+77010000001", "21*1", "stranger", month.clock())])
    month.azyq.drain_sms()
    month.day(10)
    month.at(11)
    second = [(home, SECOND_ANSWERS.get(n % 9), f"second-{n}") for n, home in enumerate(homes)]
    answer(month, second)
    month.azyq.drain_sms()
    spend(month, homes)
    month.day(31, 23)


def spend(month: Month, homes: Sequence[Household]) -> None:
    """From the 12th to the 14th: vouchers are opened, used, and some goods come back."""
    month.at(12)
    for number, home in enumerate(homes):
        family = month.family(home)
        if family.stage == "consented" and number % 9 != 8:
            family.activate(month.month, via="link", at=month.clock())
            month.azyq.log.save(family)
    month.at(13)
    buy(month, homes)
    month.at(14)
    for number, home in enumerate(homes):
        settle(month, month.family(home), number)


def answer(month: Month, answers: Sequence[tuple[Household, str | None, str]]) -> None:
    """Replies in batches, as a gateway brings them."""
    replies = [
        an_answer(home.phone, text, message, month.clock())
        for home, text, message in answers
        if text and home.phone
    ]
    for start in range(0, len(replies), REPLIES_AT_ONCE):
        month.azyq.record_reply.run(replies[start : start + REPLIES_AT_ONCE])


def buy(month: Month, homes: Sequence[Household]) -> None:
    """One purchase a family, each third one held."""
    lines = (
        BasketLine(FLOUR, Decimal("2.5"), 30_000, 21_500),
        BasketLine(MILK, Decimal(1), 45_000, 39_000),
    )
    redeem = month.azyq.redeem(OneShop())
    for number, home in enumerate(homes):
        stream = month.stream(home)
        redeem.run(
            [
                Purchase(
                    stream,
                    "S001",
                    "T1",
                    "C1",
                    f"receipt-{number}",
                    f"key-{number}",
                    lines,
                    month.clock(),
                    capture=number % 3 != 0,
                )
            ]
        )


def settle(month: Month, family: FamilyVouchers, number: int) -> None:
    """Held ones are paid or called off; some goods come back."""
    redemptions: list[Redemption] = list(family.redemptions.values())
    if family.stage not in HAS_VOUCHERS:
        return
    for redemption in redemptions:
        if redemption.status == "held":
            if number % 2:
                family.void(
                    month.month,
                    redemption=redemption.id,
                    key=f"void-{number}",
                    reason="test",
                    at=month.clock(),
                )
            else:
                family.capture(month.month, redemption=redemption.id, key=f"paid-{number}", at=month.clock())
        elif redemption.status == "captured" and number % 4 == 1:
            family.reverse(
                month.month,
                redemption=redemption.id,
                reversal=f"{number:032x}",
                key=f"back-{number}",
                body="b",
                lines=[(0, "1")],
                reason="test",
                at=month.clock(),
            )
    month.azyq.log.save(family)

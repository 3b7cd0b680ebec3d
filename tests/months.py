"""Random months by seed, told through the aggregates: families with every outcome, purchases, holds, returns."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from domain.basket import ArticlePrice, BasketLine, price_basket
from domain.calendar import day_end, day_start, due_dates
from domain.cycle import Cycle, StrayReply
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsVersion
from domain.identity import membership_key, message_id
from domain.programmes import ProgrammeMonth
from domain.replies import Answer
from infra.postgres.log import PostgresLog

OUTCOMES = ("buys", "buys", "buys", "withdraws", "idle", "refuses", "silent", "no_number", "leaves", "open")
AT_ONCE = 500


def random_month(
    seed: int,
    families: int,
    month: ProgrammeMonth,
    goods: GoodsVersion,
    outcome: str | None = None,
    regions: Sequence[str] = (),
) -> list[Any]:
    """The month's `Cycle`, its families and some stray replies, with pending events; all have the `outcome` if given.

    `goods` is the list in force in the month. Families that stay `open` are there only when `outcome` says so, for
    then the month isn't closed. They live in `regions` by turns, and those that the second list changes move to the next;
    by default all live in the programme's first.
    """
    return list(stream_month(seed, families, month, goods, outcome, regions))


def stream_month(
    seed: int,
    families: int,
    month: ProgrammeMonth,
    goods: GoodsVersion,
    outcome: str | None = None,
    regions: Sequence[str] = (),
) -> Iterator[Any]:
    """`random_month` one aggregate at a time, the cycle last: for months that don't fit in memory."""
    rng = random.Random(f"{seed}/{month.programme.id}/{month.month}")
    teller = _Teller(rng, month, goods, regions or month.programme.regions[:1])
    for number in range(families):
        chosen = outcome or rng.choice(OUTCOMES[:-1])
        yield teller.family(chosen, number)
        if number % 50 == 49:
            yield StrayReply.receive(
                reply=f"{rng.getrandbits(128):032x}",
                channel="http",
                answer="yes",
                at=teller.at(month.first_sms_on),
            )
    yield teller.cycle(closed=outcome != "open")


def save_month(log: PostgresLog, aggregates: Iterator[Any] | Sequence[Any]) -> int:
    """Save in batches, with the claims of those who are members at the end; how many events."""
    iterator = iter(aggregates)
    events = 0
    while batch := list(islice(iterator, AT_ONCE)):
        events += sum(len(aggregate.pending_events) for aggregate in batch)
        log.save(*batch, claims=claims_of(batch))
    return events


def claims_of(aggregates: Sequence[Any]) -> list[tuple[UUID, UUID]]:
    """Who is a member of which stream (R5)."""
    return [
        (membership_key(family.programme, family.month, member), family.id)
        for family in aggregates
        if isinstance(family, FamilyVouchers)
        for member in family.members
    ]


class _Teller:
    def __init__(
        self, rng: random.Random, month: ProgrammeMonth, goods: GoodsVersion, regions: Sequence[str]
    ) -> None:
        self._rng = rng
        self._regions = regions
        self._month = month
        self._goods = goods
        self._counts = [{"added": 0, "changed": 0, "left": 0, "unchanged": 0} for _ in range(2)]
        self._lists = [f"{n + 1}-{rng.getrandbits(64):016x}" for n in range(2)]
        self._digests = [delivery[2:].ljust(64, "0") for delivery in self._lists]
        self._receipt = 0
        self._articles = {
            f"487{rng.randrange(10**10):010d}": ArticlePrice(
                rng.choice(sorted(goods.positions)),
                rng.choice(("trade", "farm")),
                rng.randrange(5_000, 300_000),
            )
            for _ in range(40)
        }

    def at(self, day: Any) -> datetime:
        return day_start(day) + timedelta(seconds=self._rng.randrange(3600, 80_000))

    def _hex(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"

    def family(self, outcome: str, number: int) -> FamilyVouchers:
        rng, month = self._rng, self._month
        members = [self._hex() for _ in range(rng.choice((1, 2, 3, 3, 4, 5, 7)))]
        first = 0 if outcome == "leaves" or number % 10 else 1
        at = self.at(month.list_cutoff - timedelta(days=1 - first))
        region, other = (self._regions[n % len(self._regions)] for n in (number, number + 1))
        family = FamilyVouchers.list_family(
            month, self._hex(), region, members[0], members, self._lists[first], at
        )
        self._counts[first]["added"] += 1
        if number % 7 == 0:
            family.record_number(month, False, at)
            if outcome != "no_number":
                family.record_number(month, True, at + timedelta(minutes=5))
        if first == 0:
            if outcome == "leaves":
                family.leave_list(month, self._lists[1], self.at(month.list_cutoff))
                self._counts[1]["left"] += 1
            elif number % 9 == 0 or family.stage == "no_number":
                joined = self._hex()
                family.list_again(
                    month,
                    other,
                    joined if family.stage == "no_number" else members[0],
                    [*members[:1], joined],
                    self._lists[1],
                    self.at(month.list_cutoff),
                )
                self._counts[1]["changed"] += 1
            else:
                self._counts[1]["unchanged"] += 1
        if outcome == "no_number":
            family.record_number(month, False, self.at(month.list_cutoff))
        elif outcome != "leaves":
            self._ask(family, outcome)
        return family

    def _sms(self, family: FamilyVouchers, purpose: str, at: datetime) -> None:
        message = message_id(family.id, purpose)
        family.record_sms(
            self._month,
            message=message,
            purpose=purpose,
            language="kk",
            encoding="ucs2",
            parts=6,
            gateway="outbox",
            at=at,
        )
        if self._rng.random() < 0.5:
            family.record_report(message, "buffered", at + timedelta(seconds=2))
        if self._rng.random() < 0.9:
            family.record_report(message, "delivered", at + timedelta(seconds=9))

    def _reply(self, family: FamilyVouchers, answer: Answer, at: datetime) -> None:
        family.record_reply(self._month, reply=self._hex(), answer=answer, channel="http", at=at)

    def _ask(self, family: FamilyVouchers, outcome: str) -> None:
        rng, month = self._rng, self._month
        if rng.random() < 0.02 and outcome == "silent":
            message = message_id(family.id, "consent_request")
            family.record_sms_failed(
                month,
                message=message,
                purpose="consent_request",
                reason="rejected",
                at=self.at(month.first_sms_on),
            )
            family.lapse(month, day_end(month.deadline))
            return
        self._sms(family, "consent_request", self.at(month.first_sms_on))
        if rng.random() < 0.1:
            at = self.at(month.first_sms_on + timedelta(days=1))
            self._reply(family, Answer.UNCLEAR, at)
            self._sms(family, "not_understood", at + timedelta(seconds=20))
        answered = month.first_sms_on + timedelta(days=rng.randrange(1, 4))
        if outcome == "silent" or rng.random() < 0.3:
            self._sms(family, "reminder", self.at(month.reminder_on))
            answered = month.reminder_on + timedelta(days=1)
        if outcome == "silent":
            family.lapse(month, day_end(month.deadline))
            if rng.random() < 0.2:
                self._reply(family, Answer.YES, day_end(month.deadline) + timedelta(days=2))
            return
        if outcome == "open" and rng.random() < 0.3:
            return
        at = self.at(answered)
        self._reply(family, Answer.NO if outcome == "refuses" else Answer.YES, at)
        if outcome == "refuses":
            return
        self._sms(family, "consent_confirmed", at + timedelta(seconds=30))
        if rng.random() < 0.05:
            self._reply(family, Answer.YES, at + timedelta(minutes=3))
        if outcome != "idle":
            family.activate(month, via="wallet", at=self.at(answered + timedelta(days=1)))
            days = (month.valid_to - answered).days - 2
            for step in sorted(rng.sample(range(2, days + 2), min(days, rng.randrange(1, 6)))):
                self._buy(family, self.at(answered + timedelta(days=step)))
        if outcome == "open":
            return
        if outcome == "withdraws":
            self._reply(family, Answer.NO, self.at(month.deadline) + timedelta(hours=1))
        else:
            family.expire(month, day_end(month.valid_to))
        self._afterwards(family)

    def _buy(self, family: FamilyVouchers, at: datetime) -> None:
        rng, month = self._rng, self._month
        lines = []
        for gtin in rng.sample(sorted(self._articles), rng.randrange(1, 5)):
            price = self._articles[gtin]
            cap = price.base_price_tiyn * (9 if price.source == "farm" else 10) // 10
            lines.append(
                BasketLine(
                    gtin,
                    Decimal(rng.choice(("1", "2", "0.5", "1.25", "0.333", "3"))),
                    price.base_price_tiyn * rng.randrange(100, 104 if price.source == "farm" else 112) // 100,
                    cap,
                )
            )
        if self._receipt % 5 == 0:
            lines.append(lines[0])  # the same article scanned twice
        basket = price_basket(lines, self._articles, self._goods, month.terms)
        self._receipt += 1
        redemption, key = self._hex(), self._hex()
        try:
            family.redeem(
                month,
                redemption=redemption,
                shop=f"{rng.randrange(20):032x}",
                terminal=f"{rng.randrange(60):032x}",
                cashier="7",
                receipt=f"{self._lists[0][2:10]}-{self._receipt}",
                key=key,
                body=self._hex(),
                basket=basket,
                draw_tiyn=None,
                capture=rng.random() < 0.7,
                at=at,
            )
        except Refusal:
            return
        kept = family.redemptions[redemption]
        if kept.status == "held" and rng.random() < 0.8:
            then = at + timedelta(minutes=5)
            if rng.random() < 0.7:
                family.capture(month, redemption=redemption, key=self._hex(), at=then)
            else:
                family.void(month, redemption=redemption, key=self._hex(), reason="cancelled", at=then)
        # By number, not by lot: the months of every seed stay what they were.
        if self._receipt % 7 == 0 and kept.status == "captured":
            family.rate(
                month, redemption=redemption, stars=self._receipt % 5 + 1, at=at + timedelta(minutes=20)
            )
        if rng.random() < 0.1:
            self._return(family, redemption, at + timedelta(hours=1))

    def _return(self, family: FamilyVouchers, redemption: str, at: datetime) -> None:
        kept = family.redemptions[redemption]
        whole = self._rng.random() < 0.5
        half_or_all = Decimal(kept.lines[0]["quantity"]) / (1 + self._receipt % 2)
        lines = None if whole else [(0, format(half_or_all, ".3f"))]
        try:
            family.reverse(
                self._month,
                redemption=redemption,
                reversal=self._hex(),
                key=self._hex(),
                body=self._hex(),
                lines=lines,
                reason="returned",
                at=at,
            )
        except Refusal:
            return

    def _afterwards(self, family: FamilyVouchers) -> None:
        at = day_end(self._month.valid_to) + timedelta(days=1)
        for redemption in list(family.redemptions):
            if self._rng.random() < 0.1:
                self._return(family, redemption, at)
        if self._rng.random() < 0.8:
            family.release_holds(self._month, at)

    def cycle(self, closed: bool) -> Cycle:
        month = self._month
        cycle = Cycle.open(month, self.at(month.list_cutoff - timedelta(days=1)))
        for number, digest in enumerate(self._digests):
            at = self.at(month.list_cutoff - timedelta(days=1 - number))
            delivery = cycle.start_list(month, digest, at)
            assert delivery == self._lists[number]
            rows = sum(self._counts[number].values())
            cycle.finish_list(
                month,
                delivery=delivery,
                rows=rows,
                accepted=rows - rows // 10,
                rejected={"iin_invalid": rows // 10},
                families=self._counts[number],
                members=rows,
                no_number=0,
                at=at + timedelta(minutes=9),
            )
        for task, due_on in due_dates(month):
            if closed or due_on < month.deadline:
                cycle.finish_task(
                    month, task=task.value, due_on=due_on, days_late=0, families=1, at=day_end(due_on)
                )
        return cycle

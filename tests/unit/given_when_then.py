"""The story of one family in one month, told for tests: given events, when a command, then events.

    story().given_activated().when_bought(("rice", "2")).then_event("voucher.redeemed", drawn_tiyn=20_000)

A `then_…` sees what happened since the last `given_…` or `then_…`, and replays the whole story from its stored form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from eventsourcing.persistence import JSONTranscoder, StoredEvent

from domain.basket import ArticlePrice, BasketLine, PricedBasket, price_basket
from domain.calendar import day_end, day_start
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.goods import GoodsVersion, Position
from domain.programmes import Programme, ProgrammeMonth, Terms
from domain.replies import Answer
from infra.postgres.log import FlatMapper

Step = Callable[[FamilyVouchers, ProgrammeMonth], Any]

AMOUNT = 393_200
MAPPER: FlatMapper = FlatMapper(JSONTranscoder())
NAMES = {"kk": "Күріш", "ru": "Рис", "en": "Rice"}
GOODS = GoodsVersion("2025-01", {n: Position(n, NAMES, "kg") for n in (1, 2, 3)}, date(2023, 1, 1))
PRICES = {
    "rice": ArticlePrice(1, "trade", 40_000),
    "milk": ArticlePrice(2, "farm", 33_333),
    "salt": ArticlePrice(3, "trade", 9_999),
    "bread": ArticlePrice(3, "trade", 5_000),
    "beer": ArticlePrice(99, "trade", 50_000),
}
# Shelf price and discounted price of a unit, in tiyn: the voucher pays 10 000 for rice, 1 for salt, 0 for bread.
TILL = {
    "rice": (50_000, 40_000),
    "milk": (33_333, 29_999),
    "salt": (10_000, 9_999),
    "bread": (5_000, 5_000),
    "beer": (60_000, 50_000),
}
TERMS = Terms(
    version="akkol-2025/2025-06-26",
    effective_from=date(2025, 6, 26),
    amount_tiyn=AMOUNT,
    draw="discount",
    discount_cap_percent=None,
    farm_discount_percent=Decimal(10),
    over_cap="refuse",
    list_cutoff_day=4,
    first_sms_day=5,
    reminder_after_days=5,
    activate_from_day=5,
    activate_to_day=None,
    texts={},
    sms_languages=("kk",),
    hold_minutes=15,
)


def terms(**changed: Any) -> Terms:
    """The pilot's terms, some of them changed."""
    return replace(TERMS, **changed)


def programme(*versions: Terms) -> Programme:
    """The pilot in Akkol (R4), 26.06.2025 to 26.09.2025."""
    return Programme(
        "akkol-2025", {}, ("113220",), date(2025, 6, 26), date(2025, 9, 26), versions or (TERMS,)
    )


def on(day: int, hour: int = 12, minute: int = 0, month: int = 7) -> datetime:
    """A time of 2025 in Kazakhstan (UTC+5), in UTC as clocks give it."""
    return day_start(date(2025, month, day)).replace(hour=hour, minute=minute).astimezone(UTC)


def hashed(*parts: object) -> str:
    """What a request asked for, as a hash."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def basket_lines(*articles: tuple[str, str], till: Mapping[str, tuple[int, int]] = TILL) -> list[BasketLine]:
    """Lines of (article, quantity) at the till's prices."""
    return [BasketLine(gtin, Decimal(quantity), *till[gtin]) for gtin, quantity in articles]


def replayed(stored: Sequence[StoredEvent]) -> Any:
    """The aggregate as its stored events make it."""
    aggregate = None
    for event in stored:
        aggregate = MAPPER.to_domain_event(event).mutate(aggregate)
    return aggregate


class Story:
    """A family of three (applicant `a`, members `a`, `b`, `c`) in July 2025."""

    def __init__(self, month: ProgrammeMonth, members: Sequence[str] = ("a", "b", "c")) -> None:
        self.month = month
        self.family = FamilyVouchers.list_family(
            month, "fam", "113220100", members[0], members, "1-d", on(2, month=_number(month))
        )
        self.log: list[StoredEvent] = []
        self.new: list[Any] = []
        self.answer: Any = None
        self.refusal: Refusal | None = None

    def given(self, *steps: Step) -> Story:
        """What happened before."""
        for step in steps:
            step(self.family, self.month)
        self._collect()
        self.new = []
        return self

    def given_asked(self) -> Story:
        return self.given(lambda f, m: sms(f, m, "consent_request", on(5, month=_number(m))))

    def given_consented(self) -> Story:
        return self.given_asked().given(lambda f, m: reply(f, m, Answer.YES, on(6, month=_number(m))))

    def given_activated(self) -> Story:
        return self.given_consented().given(
            lambda f, m: f.activate(m, via="link", at=on(7, month=_number(m)))
        )

    def given_bought(self, *articles: tuple[str, str], **asked: Any) -> Story:
        self.when_bought(*articles, **asked)
        assert self.refusal is None, self.refusal
        self.new = []
        return self

    def given_expired(self) -> Story:
        return self.given(lambda f, m: f.expire(m, day_end(m.valid_to)))

    def given_withdrawn(self) -> Story:
        return self.given(lambda f, m: reply(f, m, Answer.NO, on(20, month=_number(m)), "withdrawal"))

    def when(self, command: Step) -> Story:
        """A command; its refusal is kept for `then_refused`."""
        self.refusal = self.answer = None
        try:
            self.answer = command(self.family, self.month)
        except Refusal as refusal:
            self.refusal = refusal
        self._collect()
        return self

    def when_bought(
        self,
        *articles: tuple[str, str],
        shop: str = "shop",
        receipt: str = "r1",
        key: str = "k1",
        draw_tiyn: int | None = None,
        capture: bool = True,
        at: datetime | None = None,
        prices: Mapping[str, ArticlePrice] = PRICES,
        till: Mapping[str, tuple[int, int]] = TILL,
    ) -> Story:
        """A purchase of (article, quantity)."""
        lines = basket_lines(*articles, till=till)

        def command(family: FamilyVouchers, month: ProgrammeMonth) -> Any:
            return family.redeem(
                month,
                redemption=f"{shop}/{key}",
                shop=shop,
                terminal="t1",
                cashier="c1",
                receipt=receipt,
                key=key,
                body=hashed(shop, receipt, lines, draw_tiyn, capture),
                basket=price_basket(lines, prices, GOODS, month.terms),
                draw_tiyn=draw_tiyn,
                capture=capture,
                at=at or on(10, month=_number(month)),
            )

        return self.when(command)

    def when_brought_back(
        self,
        lines: Sequence[tuple[int, str]] | None,
        key: str = "back1",
        at: datetime | None = None,
        redemption: str = "shop/k1",
    ) -> Story:
        """Goods of a purchase come back: (line from 0, quantity), None for all."""
        return self.when(
            lambda f, m: f.reverse(
                m,
                redemption=redemption,
                reversal=f"id-{key}",
                key=key,
                body=hashed(lines),
                lines=lines,
                reason="spoilt",
                at=at or on(12, month=_number(m)),
            )
        )

    def then_event(self, topic: str, **fields: Any) -> Story:
        """Exactly this happened: `fields` are compared, the event's others may be anything."""
        assert self.refusal is None, self.refusal
        assert [event.TOPIC for event in self.new] == [topic]
        assert {name: getattr(self.new[0], name) for name in fields} == fields
        return self._settle()

    def then_in_order(self, *topics: str) -> Story:
        """Exactly these happened."""
        assert self.refusal is None, self.refusal
        assert [event.TOPIC for event in self.new] == list(topics)
        return self._settle()

    def then_nothing(self, answer: Any = ...) -> Story:
        """Nothing was recorded, and nothing was refused."""
        assert self.refusal is None, self.refusal
        assert self.new == []
        assert answer is ... or self.answer == answer
        return self._settle()

    def then_refused(self, code: str, field: str | None = None) -> Story:
        """A rule said no in three languages, and nothing was recorded."""
        assert self.refusal is not None, [event.TOPIC for event in self.new]
        assert self.refusal.code == code
        assert field is None or self.refusal.field == field
        sentences = {self.refusal.sentence(language) for language in ("kk", "ru", "en")}
        assert len(sentences) == 3
        assert not any("{" in sentence or "_" in sentence for sentence in sentences)
        assert self.new == []
        return self._settle()

    def refusal_text(self, language: str) -> str:
        return self.refusal.sentence(language) if self.refusal else ""

    def then_sums(self, **expected: int) -> Story:
        """The vouchers' sums together in tiyn: available, held, spent, expired, cancelled; what isn't named is 0."""
        vouchers = self.family.vouchers.values()
        names = ("available", "held", "spent", "expired", "cancelled")
        found = {name: sum(getattr(v, f"{name}_tiyn") for v in vouchers) for name in names}
        assert found == dict.fromkeys(names, 0) | expected
        assert sum(found.values()) == sum(v.amount_tiyn for v in vouchers)
        return self

    def _collect(self) -> None:
        for event in self.family.collect_events():
            self.new.append(event)
            self.log.append(MAPPER.to_stored_event(event))

    def _settle(self) -> Story:
        again = replayed(self.log)
        assert vars(again) == vars(self.family)
        self.new = []
        return self


def story(month: str = "2025-07", members: Sequence[str] = ("a", "b", "c"), **changed: Any) -> Story:
    """A family on the list of `month`, under the pilot's terms with some `changed`."""
    return Story(programme(terms(**changed)).month(month), members)


def sms(family: FamilyVouchers, month: ProgrammeMonth, purpose: str, at: datetime) -> bool:
    """A gateway takes the message of `purpose`, when the family wants it."""
    if not family.wants_sms(purpose, f"m-{purpose}"):
        return False
    return family.record_sms(
        month,
        message=f"m-{purpose}",
        purpose=purpose,
        language="kk",
        encoding="ucs2",
        parts=5,
        gateway="outbox",
        at=at,
    )


def reply(
    family: FamilyVouchers, month: ProgrammeMonth, answer: Answer, at: datetime, digest: str = "reply"
) -> str:
    """An answer by SMS; its outcome."""
    return family.record_reply(month, reply=digest, answer=answer, channel="http", at=at)


def priced(*articles: tuple[str, str], **changed: Any) -> PricedBasket:
    """A basket at the till's prices, under the pilot's terms with some `changed`."""
    return price_basket(basket_lines(*articles), PRICES, GOODS, terms(**changed))


def _number(month: ProgrammeMonth) -> int:
    return int(month.month[-2:])

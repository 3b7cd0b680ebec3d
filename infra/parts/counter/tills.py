"""The counter of a process: its lanes over the parts of azyq, what its terminals need to get in."""

from __future__ import annotations

import secrets
from datetime import datetime

from domain.commands.counter import Counter
from domain.commands.terminals import Credentials, IssuedKey, Terminals
from domain.trade.shop_refusals import ShopClosed, ShopUnknown
from infra.bootstrap import Azyq
from infra.counter.admission import Admission
from infra.counter.families import RememberingLog
from infra.counter.lanes import Lane
from infra.counter.reader import Reader
from infra.counter.tills import Lanes
from infra.counter.writer import Writer
from infra.measuring import Counts


def open_lanes(azyq: Azyq, counts: Counts) -> Lanes:
    """Lanes over the parts of `azyq`, each with a thread, to be closed; what they refuse is counted."""
    env, desk = azyq.settings.env, azyq.desk
    counter = Counter(RememberingLog(azyq.log), azyq.month_of, azyq.goods)
    writer = Writer(counter, Admission(desk, env), counts.refused_at)
    reader = Reader(azyq.log, Admission(desk, env), azyq.month_of, azyq.goods, counts.refused_at)
    return Lanes(Lane("counter-writes", writer.work), Lane("counter-reads", reader.work))


def terminals(azyq: Azyq) -> Terminals:
    """The commands about terminals."""
    return Terminals(azyq.log, azyq.settings.env, secrets.choice)


def check_shop_takes_part(azyq: Azyq, shop: str) -> None:
    """Whether a terminal can be enrolled there. Raises ShopUnknown, ShopClosed."""
    found = azyq.desk.shop(shop)
    if found is None:
        raise ShopUnknown("shop", shop=shop)
    if found.closed:
        raise ShopClosed("shop", shop=shop)


class Tills:
    """What terminals ask for (`infra.api.services.CounterServices`)."""

    def __init__(self, azyq: Azyq, counts: Counts | None = None) -> None:
        """Opens the lanes; `lanes.close` ends them."""
        self.env: str = azyq.settings.env
        self.terminal_per_second = azyq.settings.terminal_per_second
        self.qr_keys = azyq.qr_keys
        self.lanes = open_lanes(azyq, counts or Counts())
        self._azyq = azyq
        self._terminals = terminals(azyq)

    def enrol(self, code: str) -> IssuedKey:
        """A key for a one-time code."""
        return self._terminals.enrol(code, self.now())

    def rotate(self, caller: Credentials) -> IssuedKey:
        """Another key."""
        return self._terminals.rotate(caller, self.now())

    def now(self) -> datetime:
        """The time of the system."""
        return self._azyq.clock()

"""Ours as a side of the comparison: real events through the log, real terminals, codes signed for each run."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

from benchmarks.counter.plan import (
    KATO,
    MEMBERS,
    MONTH,
    NOW,
    PROGRAMME,
    TERMINALS_A_SHOP,
    Plan,
    some_families,
)
from benchmarks.counter.processes import Servers, free_port
from domain.calendar import ALMATY
from domain.family import FamilyVouchers
from domain.identity import message_id
from domain.programmes import ProgrammeMonth
from domain.replies import Answer
from infra.bootstrap import Azyq, open_azyq
from infra.clock import RESUMED_WITHIN, SetClock
from infra.parts.counter.tills import terminals
from infra.postgres.log_reader import newest_time
from infra.qr.keys import QrKeys
from infra.settings import Settings
from infra.trade_importing import import_trade

AT_ONCE = 500
# How long before the servers' time codes are made: they live 90 s, and a server's clock starts with its process
BEFORE = timedelta(seconds=40)
# All the load comes from one machine, and a till of it asks as fast as it is answered
TERMINAL_PER_SECOND = "2000"
NO_KAFKA = "127.0.0.1:9"  # the API by itself asks nothing of it
AZYQ = str(Path(sys.executable).with_name("azyq"))


class OursSide:
    """`azyq api`, a process a port; the views are kept elsewhere, as beside Kafka, or with `views` by each process."""

    name = "ours"

    def __init__(self, dsn: str, plan: Plan, views: bool = False) -> None:
        self._plan = plan
        self._begun = time.monotonic()
        self.data = plan.folder / "data"
        self._dsn = dsn
        self._views = views
        self._servers = Servers(plan.folder / "ours.log")
        self._rng = Random(2)
        self._streams: list[UUID] = []
        self._tills: list[dict[str, Any]] = []
        self._last = NOW - timedelta(days=1)

    def _settings(self) -> Settings:
        return Settings(DATABASE_URL=self._dsn, AZYQ_DATA=self.data, AZYQ_CLOCK=None)

    def fill(self) -> None:
        """Shops, prices, terminals and families as they come to be, in batches."""
        clock = SetClock(datetime(2025, 7, 1, 9, tzinfo=ALMATY))
        if (newest := newest_time(self._dsn)) and NOW <= newest < NOW + RESUMED_WITHIN:
            # Runs before these were on the same log: the servers go on from there, and so do the codes.
            self._begun -= (newest - NOW).total_seconds()
        with open_azyq(self._settings(), clock) as azyq:
            for kind in ("shops", "articles", "prices", "market"):
                path = self._plan.folder / f"{kind}.csv"
                taken = import_trade(azyq.receive_trade, kind, path, at=clock(), language="en")
                if taken.outcome.rejected:
                    raise SystemExit(f"{path.name}: {dict(taken.outcome.rejected)}")
            register = terminals(azyq)
            for _ in range(TERMINALS_A_SHOP):
                for shop in self._plan.shops:
                    key = register.enrol(register.invite(shop, clock()).code, clock()).key
                    self._tills.append({"key": key, "baskets": self._plan.baskets[shop]})
            month = azyq.programme(PROGRAMME).month(MONTH)
            for start in range(0, self._plan.families, AT_ONCE):
                self._families(azyq, month, min(AT_ONCE, self._plan.families - start))
            if self._views:
                azyq.catch_up_views()
            with azyq.log.connection().cursor() as cursor:
                cursor.execute("ANALYZE azyq_log.azyq_events, azyq_log.family_stage, azyq_log.receipt")

    def _families(self, azyq: Azyq, month: ProgrammeMonth, count: int) -> None:
        """So many that have been asked, have consented and opened their vouchers."""
        asked = datetime(2025, 7, 5, 9, tzinfo=ALMATY)
        families = []
        for _ in range(count):
            members = [uuid4().hex for _ in range(MEMBERS)]
            family = FamilyVouchers.list_family(
                month, uuid4().hex, KATO, members[0], members, "bench", asked - timedelta(days=3)
            )
            family.record_sms(
                month,
                message=message_id(family.id, "consent_request"),
                purpose="consent_request",
                language="kk",
                encoding="ucs2",
                parts=5,
                gateway="outbox",
                at=asked,
            )
            family.record_reply(
                month, reply=uuid4().hex, answer=Answer.YES, channel="http", at=asked + timedelta(hours=1)
            )
            family.activate(month, via="link", at=asked + timedelta(hours=2))
            families.append(family)
        azyq.log.save(*families)
        self._streams += [family.id for family in families]

    def now(self) -> datetime:
        """The time of the servers: the same day however often they are started."""
        return NOW + timedelta(seconds=time.monotonic() - self._begun)

    def start(self, workers: int) -> list[int]:
        ports = []
        for _ in range(workers):
            port = free_port()
            environment = {
                **os.environ,
                "DATABASE_URL": self._dsn,
                "AZYQ_DATA": str(self.data),
                "AZYQ_CLOCK": self.now().isoformat(),
                "AZYQ_LISTEN": f"127.0.0.1:{port}",
                "AZYQ_TERMINAL_PER_SECOND": TERMINAL_PER_SECOND,
                "KAFKA_BOOTSTRAP_SERVERS": "" if self._views else NO_KAFKA,
            }
            self._servers.start([AZYQ, "api"], environment, port)
            ports.append(port)
        return ports

    def stop(self) -> None:
        self._servers.stop()

    def pids(self) -> list[int]:
        return self._servers.pids()

    def tills(self) -> list[dict[str, Any]]:
        return self._tills

    def codes(self, call: str, wanted: int) -> tuple[list[str], bool]:
        """Signed now, one for each request, a family's in the order they were made: no signature is verified twice."""
        del call
        keys = QrKeys(self._settings().qr_seeds())
        first = max(self._last + timedelta(seconds=1), self.now() - BEFORE)
        used: Counter[int] = Counter()
        codes = []
        for number in some_families(len(self._streams), wanted, self._rng):
            at = first + timedelta(seconds=used[number])
            used[number] += 1
            codes.append(keys.sign(self._streams[number], at).text)
            self._last = max(self._last, at)
        return codes, False

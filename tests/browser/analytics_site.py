"""A month of random families behind the analysts' pages, served in the test's own process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from domain.calendar import ALMATY
from domain.trade.shop import Loan, Shop, ShopFacts
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.parts.access import AnalystAccess
from infra.parts.analytics import Analytics
from infra.parts.api import Replies
from infra.parts.http_face import create_app
from infra.sealing import seal_day, seals_by
from infra.web.analytics.reading import AnalyticsServices
from tests.integration.month_in_process import settings_for
from tests.integration.wallet_in_process import served
from tests.months import random_month, save_month

PROGRAMME, MONTH = "akkol-2025", "2025-07"
NAMES = ("«Береке» дүкені", "Магазин «Достык»", "=Сауда үйі", "<b>Нан</b> & Co", "Ақкөл-Маркет", "Дәм")


@dataclass
class AnalyticsSite:
    """Where it is served."""

    azyq: Azyq
    address: str


def shops() -> Iterator[Shop]:
    """Shops under the ids that random months buy at, some with loans and conditions that are not kept."""
    rng = random.Random(5)
    for number, name in enumerate(NAMES):
        facts = ShopFacts(name, "120240000013", "", "113220100", "Абая, 1", "2020-01-01")
        shop = Shop.join(f"{number:032x}", facts, _at(1))
        if number % 2 == 0:
            shop.record_loan(Loan(f"ОК-{number}", "2026-07-01"), _at(1))
            shop.check_assortment(
                rng.sample(range(1, 20), 1 + number), "166-NQ-2023", date(2025, 7, 3), _at(3)
            )
        yield shop


def _at(day: int) -> datetime:
    return datetime(2025, 7, day, 12, tzinfo=ALMATY)


@contextmanager
def analytics_site(
    dsn: str, folder: Path, families: int = 150, services: type[Analytics] = Analytics, **settings: str
) -> Iterator[AnalyticsSite]:
    """The pages over a random month, on the first of the next one."""
    clock = SetClock(datetime(2025, 8, 1, 9, tzinfo=ALMATY))
    with open_azyq(settings_for(dsn, folder, **settings), clock) as azyq:
        facts = azyq.programme(PROGRAMME).month(MONTH)
        goods = facts.programme.catalogue(azyq.goods).on(facts.valid_from)
        save_month(azyq.log, random_month(21, families, facts, goods))
        azyq.log.save(*shops())
        azyq.catch_up_views()
        if azyq.seal_keys:
            for day in (30, 31):
                seal_day(dsn, azyq.log, azyq.seal_keys, date(2025, 7, day), clock())
            azyq.catch_up_views()
        access = AnalystAccess(azyq)
        analytics: AnalyticsServices = services(azyq, access)
        app = create_app(
            Replies(azyq, lambda: None), analytics=analytics, seals=lambda: seals_by(azyq.log_reader)
        )
        with served(app) as address:
            yield AnalyticsSite(azyq, address)

"""Complaints told through the aggregate, by the service file of the project (R30)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from domain.calendar import ALMATY
from domain.procedures.acts import Act, Actor, Request
from domain.procedures.case import Case
from infra.cases.running_services import InstalledServices

SERVICES = InstalledServices(Path(__file__).parents[2] / "services")
CLERK = Actor("clerk", ("registrar", "executor", "head"))
SIGNED = {"upheld": "answer_signed", "not_upheld": "rejection_signed"}


def complaint(
    number: int, at: datetime, facts: dict[str, str], end: str = "", then: datetime | None = None
) -> Case:
    """A complaint received at `at`; with an `end`, answered `then`."""
    running = SERVICES.on("complaint", at.date())
    request = Request("complaint", "wallet", f"{number:032x}", "kk", True, facts, {}, [], [], [])
    case = Case.open(running, f"CM-2025-{number:08d}", Actor(f"{number:032x}", ("applicant",)), request, at)
    case.begin(running, at)
    if end:
        for step, outcome in (("register", "registered"), ("consider", end), ("sign", SIGNED[end])):
            case.act(running, CLERK, Act(step, outcome), then or at)
    return case


def random_complaints(rng: random.Random) -> Iterator[Case]:
    """Upheld and not, in time and late, and open ones; with shops as the wallet and as people name them."""
    for number in range(60):
        at = datetime(2025, 7, 1, 8, tzinfo=ALMATY) + timedelta(hours=rng.randrange(2400))
        shop = rng.choice([f"Дүкен, Абая 1 ({rng.randrange(9):032x})", f"{1:032x}", "the (old) shop", ""])
        facts = {
            "category": rng.choice(("price", "service", "other")),
            "region": rng.choice(("113220100", "113240100", "551010000")),
            **({"shop": shop} if shop else {}),
        }
        end = rng.choice(("upheld", "not_upheld", ""))
        yield complaint(number, at, facts, end, at + timedelta(hours=rng.randrange(1, 900)))

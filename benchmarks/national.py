"""A national month, phase by phase, in a process of its own: `python -m benchmarks.national --families N`."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import orjson

from benchmarks import plain
from benchmarks.phases import Phases, load, peak_mb
from benchmarks.server import server_settings
from domain.basket import ArticlePrice, BasketLine
from domain.calendar import ALMATY
from domain.commands.redeem import Purchase
from domain.errors import Refusal
from domain.identity import cycle_id
from domain.ports import IncomingReply
from infra.bootstrap import Azyq, open_azyq
from infra.clock import SetClock
from infra.lists.numbers import read_numbers
from infra.lists.reading import open_list
from infra.postgres.embedded import EmbeddedPostgres
from infra.sample import write_sample
from infra.settings import Settings
from infra.vault.mcdb import FileNumbers

PROGRAMME, MONTH, KATO = "akkol-2025", "2025-07", "113220100"
AT_ONCE = 500
LINES = 5

# What people write: mostly the combination, often a word, now and then more
YES = ("21*1",) * 6 + ("Иә", "иә", "да", "Келісемін", "21*1 ", "согласна", "1")
NO = ("21*2", "жоқ", "нет, спасибо", "бас тартамын")

T = TypeVar("T")


class SamplePrices:
    """The sample's prices of the month's first day, in memory: `domain.commands.redeem.Prices`."""

    def __init__(self, folder: Path) -> None:
        with (folder / "articles.csv").open(encoding="utf-8", newline="") as file:
            positions = {row["gtin"]: int(row["position"]) for row in csv.DictReader(file)}
        self.shops: dict[str, dict[str, ArticlePrice]] = {}
        with (folder / "prices.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                tiyn = int(Decimal(row["purchase_price"]) * 100)
                shop = self.shops.setdefault(row["shop_id"], {})
                if row["valid_from"].endswith("-01"):
                    shop[row["gtin"]] = ArticlePrice(positions[row["gtin"]], "trade", tiyn)

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        prices = self.shops[shop]
        return {gtin: prices[gtin] for gtin in gtins if gtin in prices}


def batches(items: Iterator[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch


def play(azyq: Azyq, clock: SetClock, folder: Path, phases: Phases, until_day: int = 31) -> dict[str, Any]:
    """Play the month over the files in `folder`, up to the end of `until_day`; what came of it."""
    month = azyq.programme(PROGRAMME).month(MONTH)
    cycle = cycle_id(PROGRAMME, MONTH)
    with phases.phase("import", "rows") as phase:
        source = open_list(folder / "list.csv")
        with FileNumbers(azyq.vault, read_numbers(folder / "numbers.csv")) as numbers:
            received = azyq.receive_list.run(month, source.rows(), source.detected.sha256, numbers, clock())
        phase.count = received.rows
    _set(clock, 5)
    with phases.phase("first SMS", "SMS") as phase:
        phase.count = sum(done.families for done in azyq.run_day.run(month, clock.now.date(), clock))
    outcomes: dict[str, int] = {}
    with phases.phase("replies and issue", "replies") as phase:
        for replies in batches(_replies(azyq.settings.data, clock)):
            for outcome in azyq.record_reply.run(replies):
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
            phase.count += len(replies)
    with phases.phase("confirmations", "SMS") as phase:
        phase.count = azyq.drain_sms().sent
    _set(clock, 6)
    activated: list[UUID] = []
    with phases.phase("activation", "families") as phase:
        after: UUID | None = None
        while streams := azyq.log.families(cycle, ("consented",), after, AT_ONCE):
            after = streams[-1]
            families = azyq.log.load(streams)
            for family in families.values():
                family.activate(month, via="link", at=clock())
            azyq.log.save(*families.values())
            activated += streams
        phase.count = len(activated)
    with phases.phase("purchases", "purchases") as phase:
        phase.count = _buy(azyq, clock, folder, activated, received.families["added"] // 3)
    for day, name, unit in ((10, "reminder", "SMS"), (31, "lapses and expiry", "families")):
        if day <= until_day:
            _set(clock, day)
            with phases.phase(name, unit) as phase:
                phase.count = sum(done.families for done in azyq.run_day.run(month, clock.now.date(), clock))
    return {
        "rows": received.rows,
        "members": received.members,
        "families": received.families["added"],
        "rejected": sum(received.rejected.values()),
        "replies": outcomes,
        "events": azyq.log.head(),
    }


def _set(clock: SetClock, day: int) -> None:
    clock.now = datetime(2025, 7, day, 9, tzinfo=ALMATY)


def _replies(data: Path, clock: SetClock) -> Iterator[IncomingReply]:
    """Nine of ten who were asked answer, one in twenty of them with a no."""
    with (data / "outbox.jsonl").open("rb") as file:
        for number, line in enumerate(file):
            if number % 10 == 9:
                continue
            message = orjson.loads(line)
            if message["purpose"] == "consent_request":
                texts = NO if number % 20 == 7 else YES
                text = texts[number % len(texts)]
                if number % 50 == 11:
                    text = f"{text}. Рахмет, {number}-үй, мен және балаларым"  # nobody wrote just this before
                yield IncomingReply(f"bench-{number}", message["to"], "7111", text, clock(), "http")


def purchases(
    prices: SamplePrices, clock: SetClock, streams: Sequence[UUID], tag: str = ""
) -> Iterator[Purchase]:
    """A basket for each of `streams`; `tag` keeps receipts and keys of one call apart from another's."""
    rng = Random(1)
    shops = sorted(prices.shops)
    for number, stream in enumerate(streams):
        shop = shops[number % len(shops)]
        cheap = sorted((p.base_price_tiyn, gtin) for gtin, p in prices.shops[shop].items())[:20]
        lines = tuple(
            BasketLine(gtin, Decimal(rng.randrange(1, 4)), price + price // 6, price)
            for price, gtin in rng.sample(cheap, LINES)
        )
        yield Purchase(stream, shop, f"{shop}-1", "1", f"r{tag}{number}", f"k{tag}{number}", lines, clock())


def _buy(azyq: Azyq, clock: SetClock, folder: Path, streams: Sequence[UUID], wanted: int) -> int:
    prices = SamplePrices(folder)
    redeem = azyq.redeem(prices)
    bought = 0
    for batch in batches(purchases(prices, clock, streams[:wanted])):
        for result in redeem.run(batch):
            if isinstance(result, Refusal):
                raise SystemExit(f"a purchase was refused: {result.code}")
            bought += 1
    return bought


def run(families: int, profiles: Path | None = None, feed_after: bool = False) -> dict[str, Any]:
    """The whole run in a folder of its own, removed at the end; its figures."""
    folder = Path(tempfile.mkdtemp(prefix="azyq-bench-"))
    try:
        begun = time.perf_counter()
        write_sample(folder, families=families, seed=1, month=MONTH, kato=[KATO], bad_rows=50)
        sampled = time.perf_counter() - begun
        clock = SetClock(datetime(2025, 7, 2, 9, tzinfo=ALMATY))
        settings = Settings(
            DATABASE_URL=None, AZYQ_DATA=folder / "data", AZYQ_SMS_PER_SECOND=1e9, AZYQ_SMS_GATEWAY="outbox:"
        )
        started = load()
        with open_azyq(settings, clock) as azyq:
            phases = Phases(folder / "data" / "postgres", profiles)
            if feed_after:
                figures = play(azyq, clock, folder, phases)
                fed: dict[str, Any] = {}
            else:
                feed, fed_to = _feed(folder)
                try:
                    figures = play(azyq, clock, folder, phases)
                    with phases.phase("views up to date"):  # what is left to wait for: no rate
                        feed.communicate()
                finally:
                    feed.terminate()
                fed = json.loads(fed_to.read_text())
            peak = peak_mb()
            figures["database"] = server_settings(azyq.dsn)
            plain.group_by(azyq.dsn, phases)
            figures["views"] = {**fed, "fed": "after" if feed_after else "beside", **_views(folder, profiles)}
            month = azyq.programme(PROGRAMME).month(MONTH)
        done = [asdict(phase) for phase in phases.done]
        with EmbeddedPostgres(folder / "plain") as dsn:
            phases = Phases(folder / "plain" / "postgres", profiles)
            figures["plain"] = plain.import_list(dsn, folder, month, phases)
        done += figures["views"].pop("phases") + [asdict(phase) for phase in phases.done]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        **figures,
        "sample_seconds": sampled,
        "phases": done,
        "peak_mb": peak,
        "load_before": started,
        "load_after": load(),
    }


def _feed(folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    """The views' feed beside the month, as a worker is; it ends when its standard input does."""
    out = folder / "feed.json"
    command = [sys.executable, "-m", "benchmarks.views", str(folder / "data"), "--follow", "--out", str(out)]
    return subprocess.Popen(command, stdin=subprocess.PIPE), out


def _views(folder: Path, profiles: Path | None) -> dict[str, Any]:
    out = folder / "views.json"
    command = [sys.executable, "-m", "benchmarks.views", str(folder / "data"), "--out", str(out)]
    if profiles:
        command += ["--profiles", str(profiles)]
    subprocess.run(command, check=True)
    figures: dict[str, Any] = json.loads(out.read_text())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--families", type=int, required=True)
    parser.add_argument("--profiles", type=Path)
    parser.add_argument("--feed-after", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder is removed then too
    text = json.dumps(
        run(arguments.families, profiles=arguments.profiles, feed_after=arguments.feed_after), indent=2
    )
    if arguments.out:
        arguments.out.write_text(text)
    else:
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()

"""What can be proved of the log: findings, the facts of a month, and the fold over every stream.

The fold is written anew over the events' plain data and shares no code with the aggregates that made them, so that it
can't repeat a mistake of theirs. Events come stream by stream; one family at a time is held in memory.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.audit_access import ACCESS_CHECKS, ACCESS_TOPICS, AccessBook, AccessFold
from domain.audit_cases import CASE_CHECKS, CASE_TOPICS, CaseBook, CaseFold, finish_sittings
from domain.audit_cycle import CYCLE_CHECKS, CycleFold, stray_reply
from domain.audit_facts import Finding, MonthFacts
from domain.audit_family import FamilyFold
from domain.audit_purchases import FAMILY_CHECKS
from domain.audit_seals import SEAL_CHECKS, SealFold
from domain.audit_staff import STAFF_CHECKS, StaffFold
from domain.audit_trade import TRADE_CHECKS, TRADE_TOPICS, TradeBook, TradeFold
from domain.goods import GoodsCatalogue, GoodsListMissing
from domain.programmes import Programme, ProgrammeNotInForce

FINDINGS_KEPT = 100
MONTHS_REMEMBERED = 10_000
MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """What a family's stream comes to: stage, members, the earliest end of a hold.

    `listed` is the (position, version, topic) of the event that last said who the members are.
    """

    stream: str
    cycle: str
    stage: str
    members: tuple[str, ...]
    held_until: str | None
    position: int
    listed: tuple[int, int, str]


class Findings:
    """The first findings in order of the log, and how many there are in all."""

    def __init__(self, keep: int = FINDINGS_KEPT) -> None:
        self._keep = keep
        self._heap: list[tuple[int, int, Finding]] = []  # negated: the last of those kept comes out first
        self.count = 0
        self.by_check: Counter[str] = Counter()

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it while it is among the first."""
        self.count += 1
        self.by_check[finding.check] += 1
        # Findings that no event is to blame for come after all events.
        place = 2**62 if finding.position is None else finding.position
        item = (-place, -self.count, finding)
        if len(self._heap) < self._keep:
            heapq.heappush(self._heap, item)
        else:
            heapq.heappushpop(self._heap, item)

    def first(self) -> list[Finding]:
        """Those kept, in order of position, then of discovery."""
        return [item[2] for item in sorted(self._heap, reverse=True)]


class LogFold:
    """Feed it every event in order of (stream, version); `finish` after the last.

    `on_end` is told of each family's stream when it is over; `on_unique` of each receipt of a shop and each redemption
    as (check, name, position, stream, version, topic), for only the whole log can show that a name is there once.
    `trade` is what purchases are judged by: shops and prices; of a log without a shop they are not.
    `cases` is what cases are judged by: their services, and sittings.
    """

    def __init__(
        self,
        programmes: Mapping[str, Programme],
        goods: GoodsCatalogue,
        on_end: Callable[[StreamEnd], None],
        on_unique: Callable[[str, str, int, str, int, str], None],
        trade: TradeBook | None = None,
        cases: CaseBook | None = None,
    ) -> None:
        self.trade = trade or TradeBook()
        self._cases = cases or CaseBook()
        self._in_sittings: Counter[str] = Counter()
        self._access = AccessBook()
        self._programmes = programmes
        self._goods = goods
        self._on_end = on_end
        self.on_unique = on_unique
        self.findings = Findings()
        self.topics: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.events = 0
        self.streams = 0
        self._months: dict[str, MonthFacts | None] = {}
        self._goods_days: dict[tuple[str, str], tuple[str, frozenset[int]] | None] = {}
        self._versions = {terms.version for programme in programmes.values() for terms in programme.terms}
        # Per delivery of a list, and per month: few of each.
        self.delivered: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.still_open: dict[tuple[str, str], tuple[int, str]] = {}
        self.received: list[tuple[int, str, int, str, str, dict[str, int]]] = []
        self.tasks_done: set[tuple[str, str]] = set()
        self._stream = ""
        self._version = 0
        self._position = 0
        self._fold: (
            FamilyFold | CycleFold | TradeFold | SealFold | CaseFold | StaffFold | AccessFold | None
        ) = None

    # --- what the folds ask ---------------------------------------------------------------------------

    def month(self, cycle: str) -> MonthFacts | None:
        """The facts of `programme/month`; None when there is no such programme or month."""
        try:
            return self._months[cycle]
        except KeyError:
            pass
        programme_id, _, month = cycle.partition("/")
        programme = self._programmes.get(programme_id)
        facts = None
        if programme is not None and month in programme.months():
            facts = MonthFacts.of(programme.month(month))
        if len(self._months) < MONTHS_REMEMBERED:
            self._months[cycle] = facts
        return facts

    def knows_rules(self, version: str) -> bool:
        return version in self._versions

    def goods_on(self, facts: MonthFacts, day: str) -> tuple[str, frozenset[int]] | None:
        """Version and positions of the goods list in force on the local day (R2.3); None when there is none."""
        key = (facts.programme.id, day)
        if key not in self._goods_days:
            found = None
            try:
                version = facts.programme.catalogue(self._goods).on(facts.day(day))
                found = version.version, frozenset(version.positions)
            except (GoodsListMissing, ProgrammeNotInForce):
                pass
            if len(self._goods_days) > MONTHS_REMEMBERED:
                self._goods_days.clear()
            self._goods_days[key] = found
        return self._goods_days[key]

    def goods_of(self, facts: MonthFacts) -> GoodsCatalogue:
        """The goods lists of the month's programme."""
        return facts.programme.catalogue(self._goods)

    def bad(
        self, check: str, clause: str, position: int | None, stream: str, version: int, topic: str, what: str
    ) -> None:
        self.findings.add(Finding(check, clause, position, stream, version, topic, what))

    # --- the fold -------------------------------------------------------------------------------------

    def feed(self, position: int, stream: str, version: int, topic: str, data: dict[str, Any]) -> None:
        """One event: its position in the log, stream (32 hex digits), version, topic and fields."""
        self.events += 1
        self.topics[topic] += 1
        if stream != self._stream:
            self._end_stream()
            self._stream = stream
            self._version = 0
            self._position = 0
            self.streams += 1
            if topic.startswith("cycle."):
                self._fold = CycleFold(self, stream)
            elif topic.startswith("reply."):
                self._fold = None
            elif topic.startswith("seal."):
                self._fold = SealFold(self, stream)
            elif topic.startswith(CASE_TOPICS):
                self._fold = CaseFold(self, stream, self._cases, self._in_sittings)
            elif topic.startswith(ACCESS_TOPICS):
                self._fold = AccessFold(self, stream, self._access)
            elif topic.startswith("staff."):
                self._fold = StaffFold(self, stream)
            elif topic.startswith(TRADE_TOPICS):
                self._fold = TradeFold(self, stream)
            else:
                self._fold = FamilyFold(self, stream)
        if version != self._version + 1:
            self.bad(
                "version_gap",
                "",
                position,
                stream,
                version,
                topic,
                f"version {version} follows version {self._version}",
            )
        if position <= self._position:
            self.bad(
                "position_order",
                "",
                position,
                stream,
                version,
                topic,
                f"stands before version {self._version}, at {self._position}",
            )
        self._version = version
        self._position = position
        try:
            if topic == "case.result_issued":
                self._access.note_result(position, data)
            if self._fold is not None:
                self._fold.apply(position, version, topic, data)
            else:
                problem = stray_reply(stream, version, topic, data)
                if problem is not None:
                    self.bad(*problem[:2], position, stream, version, topic, problem[2])
        except MALFORMED as error:
            # The kind of error only: its text may quote what stands in the event.
            what = f"can't be read: {type(error).__name__}"
            self.bad("event_malformed", "", position, stream, version, topic, what)

    def _end_stream(self) -> None:
        fold, self._fold = self._fold, None
        if isinstance(fold, FamilyFold) and fold.facts is not None:
            end = StreamEnd(
                fold.stream,
                fold.cycle,
                fold.stage,
                tuple(fold.members),
                fold.held_until(),
                self._position,
                fold.listed,
            )
            self.counts["stream_ends"] += 1
            if end.stage in ("eligible", "asked"):
                self._note_open("lapse", end)
            elif end.stage in ("consented", "activated"):
                self._note_open("expire", end)
            self._on_end(end)

    def _note_open(self, task: str, end: StreamEnd) -> None:
        at = self.still_open.get((end.cycle, task))
        if at is None or end.position < at[0]:
            self.still_open[end.cycle, task] = end.position, end.stream

    def finish(self) -> None:
        """After the last event: what only the whole log can tell."""
        self._end_stream()
        self._stream = ""
        finish_sittings(self, self._cases, self._in_sittings)
        self._access.finish(self)
        for (cycle, task), (position, stream) in self.still_open.items():
            self.counts["month_end"] += 1
            if (cycle, task) in self.tasks_done:
                clause = "R21" if task == "lapse" else "R8"
                what = f"the month is closed ({task} is done), yet this family is still open"
                self.bad("month_end", clause, position, stream, 0, "", what)
        for position, stream, version, cycle, delivery, families in self.received:
            self.counts["list_counts"] += 1
            seen = self.delivered.get((cycle, delivery), Counter())
            for kind in ("added", "changed", "left"):
                if seen[kind] != families.get(kind, 0):
                    what = (
                        f"{kind}: {families.get(kind, 0)} families by the list, {seen[kind]} by their events"
                    )
                    self.bad("list_counts", "R19", position, stream, version, "cycle.list_received", what)

    def checks(self) -> dict[str, int]:
        """How many times each check ran."""
        ran: Counter[str] = Counter(
            {"version_gap": self.events, "position_order": self.events, "event_malformed": self.events}
        )
        for topic, count in self.topics.items():
            for checks in (
                FAMILY_CHECKS,
                CYCLE_CHECKS,
                TRADE_CHECKS,
                SEAL_CHECKS,
                CASE_CHECKS,
                STAFF_CHECKS,
                ACCESS_CHECKS,
            ):
                for check in checks.get(topic, ()):
                    ran[check] += count
        ran.update({check: count for check, count in self.counts.items() if check != "stream_ends"})
        return dict(sorted(ran.items()))

"""What the audit knows beyond one stream: programmes, goods, lists and tasks, and the findings of every fold."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from domain.audit.facts import Finding, MonthFacts
from domain.goods import GoodsCatalogue, GoodsListMissing
from domain.programmes import Programme, ProgrammeNotInForce

FINDINGS_KEPT = 100
MONTHS_REMEMBERED = 10_000


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

    def take(self, others: Findings) -> None:
        """Those of another part of the audit, which keeps as many."""
        kept = others.first()
        for finding in kept:
            self.add(finding)
        self.count += others.count - len(kept)
        self.by_check += others.by_check - Counter(finding.check for finding in kept)

    def first(self) -> list[Finding]:
        """Those kept, in order of position, then of discovery."""
        return [item[2] for item in sorted(self._heap, reverse=True)]


class AuditedLog:
    """What the folds of single streams ask of the whole log, and tell it.

    `on_unique` is told of each receipt of a shop and each redemption as (check, name, position, stream, version, topic),
    for only the whole log can show that a name is there once.
    """

    def __init__(
        self,
        programmes: Mapping[str, Programme],
        goods: GoodsCatalogue,
        on_unique: Callable[[str, str, int, str, int, str], None],
    ) -> None:
        self._programmes = programmes
        self._goods = goods
        self.on_unique = on_unique
        self.findings = Findings()
        self.counts: Counter[str] = Counter()
        # Per delivery of a list, and per month: few of each.
        self.delivered: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.received: list[tuple[int, str, int, str, str, dict[str, int]]] = []
        self.tasks_done: set[tuple[str, str]] = set()
        self.taken_in: list[tuple[int, str, int, str, str]] = []
        self._months: dict[str, MonthFacts | None] = {}
        self._goods_days: dict[tuple[str, str], tuple[str, frozenset[int]] | None] = {}
        self._versions = {terms.version for programme in programmes.values() for terms in programme.terms}

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

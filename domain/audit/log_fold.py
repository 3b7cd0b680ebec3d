"""What can be proved of the log: findings, the facts of a month, and the fold over every stream.

The fold is written anew over the events' plain data and shares no code with the aggregates that made them, so that it
can't repeat a mistake of theirs. Events come stream by stream; one family at a time is held in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.audit.access import ACCESS_CHECKS, ACCESS_TOPICS, AccessBook, AccessFold
from domain.audit.audited_log import AuditedLog
from domain.audit.audits import AUDIT_CHECKS, AuditFold
from domain.audit.cases import CASE_CHECKS, CASE_TOPICS, CaseBook, CaseFold, finish_sittings
from domain.audit.cycle import CYCLE_CHECKS, CycleFold, stray_reply
from domain.audit.family import FamilyFold
from domain.audit.lists import LIST_CHECKS, ListFold, TakenIn, finish_lists
from domain.audit.office import OFFICE_CHECKS, OfficeFold
from domain.audit.purchases import FAMILY_CHECKS
from domain.audit.seals import SEAL_CHECKS, SealFold
from domain.audit.serving import SERVING_CHECKS, ServingFold
from domain.audit.staff import STAFF_CHECKS, STAFF_TOPICS, StaffBook, StaffFold
from domain.audit.trade import TRADE_CHECKS, TRADE_TOPICS, TradeBook, TradeFold
from domain.goods import GoodsCatalogue
from domain.programmes import Programme

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


class LogFold(AuditedLog):
    """Feed it every event in order of (stream, version); `finish` after the last.

    `on_end` is told of each family's stream when it is over, `on_unique` what `AuditedLog` says.
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
        super().__init__(programmes, goods, on_unique)
        self._trade = trade or TradeBook()
        self._cases = cases or CaseBook()
        self._in_sittings: Counter[str] = Counter()
        self._access = AccessBook()
        self._staff = StaffBook()
        self._taken_in: list[TakenIn] = []
        self._on_end = on_end
        self.topics: Counter[str] = Counter()
        self.events = 0
        self.streams = 0
        self.still_open: dict[tuple[str, str], tuple[int, str]] = {}
        self._stream = ""
        self._version = 0
        self._position = 0
        self._fold: (
            FamilyFold
            | CycleFold
            | TradeFold
            | SealFold
            | AuditFold
            | ServingFold
            | OfficeFold
            | CaseFold
            | StaffFold
            | AccessFold
            | ListFold
            | None
        ) = None

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
            elif topic.startswith("list."):
                self._fold = ListFold(self, stream, self._taken_in)
            elif topic.startswith("reply."):
                self._fold = None
            elif topic.startswith("seal."):
                self._fold = SealFold(self, stream)
            elif topic.startswith("audit."):
                self._fold = AuditFold(self, stream)
            elif topic.startswith("office."):
                self._fold = OfficeFold(self, stream)
            elif topic.startswith("serving."):
                self._fold = ServingFold(self, stream)
            elif topic.startswith(CASE_TOPICS):
                self._fold = CaseFold(self, stream, self._cases, self._in_sittings)
            elif topic.startswith(ACCESS_TOPICS):
                self._fold = AccessFold(self, stream, self._access)
            elif topic.startswith(STAFF_TOPICS):
                self._fold = StaffFold(self, stream, self._staff)
            elif topic.startswith(TRADE_TOPICS):
                self._fold = TradeFold(self, stream)
            else:
                self._fold = FamilyFold(self, stream, self._trade)
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
        self._staff.finish(self)
        finish_lists(self, self._taken_in)
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
                AUDIT_CHECKS,
                SERVING_CHECKS,
                OFFICE_CHECKS,
                CASE_CHECKS,
                STAFF_CHECKS,
                ACCESS_CHECKS,
                LIST_CHECKS,
            ):
                for check in checks.get(topic, ()):
                    ran[check] += count
        ran.update({check: count for check, count in self.counts.items() if check != "stream_ends"})
        return dict(sorted(ran.items()))

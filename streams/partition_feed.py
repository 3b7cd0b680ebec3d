"""The feed from Kafka: messages of some partitions into every view.

Kafka only carries. Where a view stands by partition is kept with its table, so that a message that comes again is
left out, and one that comes before its time shows by its `previous` that others are missing; those are read from
the log. Nothing here knows of a consumer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from operator import attrgetter
from typing import NamedTuple, Protocol

import structlog

from projections.events import Raw, read_event
from projections.folding import Batch, Parked
from projections.view import View
from streams.feed import BATCH, Source, Turn, Turns, alarm, apply_batch, not_held
from streams.messages import Carried, NotOurs, decode
from streams.topics import EVENTS, partition_of

_LOOKED_THROUGH = 50_000  # events of the log at once, for those of some partitions
_log = structlog.get_logger(__name__)


class Strange(NamedTuple):
    """A message that is to be parked: its place, why, and when it was written (ms since 1970, as Kafka has it).

    In a topic that was made anew places are used again, but not at the same time.
    """

    partition: int
    offset: int
    reason: str
    written_at: int | None = None


class Delivery(NamedTuple):
    """A message as a broker delivered it, with its place in its topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    written_at: int | None = None  # ms since 1970, as Kafka has it

    def strange(self, reason: str) -> Strange:
        """That it is to be parked, for `reason`."""
        return Strange(self.partition, self.offset, reason, self.written_at)


class Log(Source, Protocol):
    """The log; `identities` gives stream and version of the events at these positions, `streams_after` what is where."""

    def identities(self, positions: Sequence[int]) -> Mapping[int, tuple[str, int]]: ...
    def streams_after(self, position: int, limit: int) -> Sequence[tuple[int, str]]: ...
    def at(self, positions: Sequence[int]) -> Sequence[Raw]: ...


class ParkedMessages(Protocol):
    """Where messages that can't be read as ours are noted, without what is in them."""

    def park(self, topic: str, strange: Sequence[Strange]) -> list[tuple[int, int, str]]: ...


class Sent(Protocol):
    """What the publisher had acknowledged; `last` is the last log position sent to each partition, 0 for none.

    What went up to `renumbered` went by another number of partitions, and so told of another event before it.
    """

    @property
    def partitions(self) -> int: ...
    @property
    def renumbered(self) -> int: ...
    @property
    def last(self) -> Sequence[int]: ...


class Standing(Protocol):
    """Where a view's table stands."""

    @property
    def position(self) -> int: ...
    @property
    def ahead(self) -> Mapping[int, int]: ...


class PartitionStore(Protocol):
    """The views' tables."""

    def prepare(self, views: Sequence[View]) -> list[View]: ...
    def turn(self, view: View, status: str = "current") -> AbstractContextManager[Turn]: ...
    def turns(
        self, views: Sequence[View], partitions: Iterable[int] | None = None
    ) -> AbstractContextManager[Turns]: ...
    def places(self, views: Sequence[View]) -> Mapping[str, Standing]: ...
    def sent(self, topic: str) -> Sent | None: ...


class Taken(NamedTuple):
    """What became of a batch: messages of ours, events read from the log instead, messages parked."""

    messages: int
    refilled: int
    parked: int


class _Renumbered(Exception):
    """The topic's number of partitions is another than we went by."""


class _Chain:
    """What came of one partition, in order of the log; each message tells which position it follows on."""

    def __init__(self, carried: Iterable[Carried]) -> None:
        by_position = {one.event.position: one for one in carried}
        self.positions = sorted(by_position)
        self.carried = [by_position[position] for position in self.positions]
        self._breaks = [
            at for at in range(1, len(self.carried)) if self.carried[at].previous > self.positions[at - 1]
        ]

    def following(self, position: int) -> tuple[int, int, int]:
        """From which place to before which one they follow on `position`; then what is missing for more, 0 for nothing."""
        start = bisect_right(self.positions, position)
        if start == len(self.positions):
            return start, start, 0
        if self.carried[start].previous > position:
            return start, start, self.carried[start].previous
        later = bisect_right(self._breaks, start)
        if later == len(self._breaks):
            return start, len(self.positions), 0
        end = self._breaks[later]
        return start, end, self.carried[end].previous


class PartitionFeed:
    """Applies what Kafka delivers; any number of them may run, on the same partitions or others, beside any `Feed`.

    Not to be shared among threads. `partitions`: how many the topic has, where no publisher has said it yet.
    Whatever the database raises goes out, and the same deliveries may then be taken again.
    """

    def __init__(
        self,
        source: Log,
        store: PartitionStore,
        messages: ParkedMessages,
        views: Sequence[View],
        partitions: int,
        topic: str = EVENTS,
    ) -> None:
        if partitions < 1:
            raise ValueError("a topic has at least one partition")
        self._source = source
        self._store = store
        self._messages = messages
        self._all = tuple(views)
        self._views: list[View] = []
        self._partitions = partitions
        self._topic = topic
        self._prepared = False
        self._complained: set[str] = set()
        self._head = 0
        self._floor = 0
        self._refilled = 0

    def prepare(self) -> None:
        """Make tables that are missing, and let each view go by the topic's number of partitions.

        A view whose table is of another version waits for its rebuild; one that went by another number catches up
        from the log first.
        """
        sent = self._store.sent(self._topic)
        if sent is not None:
            self._partitions = sent.partitions
        outdated = self._store.prepare(self._all)
        for view in outdated:
            self._complain(view)
        self._views = [view for view in self._all if view not in outdated]
        renumbered = 0 if sent is None else sent.renumbered
        self._floor = min((self._renumber(view, renumbered) for view in self._views), default=0)
        self._prepared = True

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        """Apply what `deliveries` carry, in whatever order they come; done when it returns."""
        self._refilled = 0
        for last in (False, False, True):
            # The publisher notes another number before it sends by it, and the same position means another chain then.
            if not self._prepared or self._is_renumbered():
                self.prepare()
            try:
                found, parked = self._arrived(deliveries)
                chains = {partition: _Chain(carried) for partition, carried in found.items()}
                for group in self._groups(self._views):
                    self._apply(group, chains)
                return Taken(sum(map(len, found.values())), self._refilled, parked)
            except _Renumbered:
                self._prepared = False
                if last:
                    raise RuntimeError("the topic's number of partitions keeps changing") from None
        raise AssertionError

    def check_tails(self, partitions: Iterable[int]) -> int:
        """Read from the log what was published to `partitions` and never arrived; how many events.

        For partitions that nothing comes from: what was lost at the end of one shows in no message after it. Views
        that waited for a rebuild are looked at again, without any partition too.
        """
        if not self._prepared or len(self._views) < len(self._all):
            self.prepare()
        partitions = list(partitions)
        sent = self._store.sent(self._topic) if partitions else None
        if sent is None:
            return 0
        if sent.partitions != self._partitions:
            self.prepare()
        self._refilled = 0
        asked = [p for p in partitions if p < len(sent.last)]
        behind = {}
        for name, place in self._store.places(self._views).items():
            late = {p: sent.last[p] for p in asked if place.ahead.get(p, place.position) < sent.last[p]}
            if late:
                behind[name] = late
        try:
            for group in self._groups([view for view in self._views if view.name in behind]):
                self._refill(group, behind)
        except _Renumbered:
            self._prepared = False
        return self._refilled

    def _is_renumbered(self) -> bool:
        sent = self._store.sent(self._topic)
        return sent is not None and sent.partitions != self._partitions

    # --- messages -------------------------------------------------------------------------------------

    def _arrived(self, deliveries: Sequence[Delivery]) -> tuple[dict[int, list[Carried]], int]:
        """What `deliveries` carry, by partition; and how many were parked."""
        arrived: dict[int, list[Carried]] = {}
        strange: list[Strange] = []
        found: list[tuple[Delivery, Carried]] = []
        for delivery in deliveries:
            try:
                carried = self._read(delivery)
            except NotOurs as wrong:
                strange.append(delivery.strange(wrong.reason))
            else:
                if carried is not None:
                    found.append((delivery, carried))
        known = self._source.identities([carried.event.position for _, carried in found]) if found else {}
        for delivery, carried in found:
            event = carried.event
            if known.get(event.position) == (event.stream, event.version):
                arrived.setdefault(delivery.partition, []).append(carried)
            else:  # of another system, or of this one before its database was restored
                strange.append(delivery.strange("the log has another event at this id"))
        if strange:
            for partition, offset, reason in self._messages.park(self._topic, strange):
                _log.error(
                    "message_parked", topic=self._topic, partition=partition, offset=offset, reason=reason
                )
        return arrived, len(strange)

    def _read(self, delivery: Delivery) -> Carried | None:
        """The event of a message; None for one that every view has. Raises NotOurs."""
        try:
            carried = decode(delivery.key, delivery.value)
        except NotOurs:
            raise
        except Exception as error:  # one message must never hold up its partition
            raise NotOurs(f"it can't be read: {type(error).__name__}") from None
        event = carried.event
        if event.position > self._head:
            self._head = self._source.head()
            if event.position > self._head:
                raise NotOurs("the id is beyond the end of the log")
        if partition_of(event.stream, self._partitions) != delivery.partition:
            if event.position <= self._floor:
                return None  # of a time when the topic had another number of partitions
            raise NotOurs("the stream belongs to another partition")
        return self._from_log(carried) if carried.dataref else carried

    def _from_log(self, carried: Carried) -> Carried:
        position, stream = carried.event.position, carried.event.stream
        for raw in self._source.after(position - 1, 1):
            if (raw.position, raw.stream) == (position, stream):
                return Carried(read_event(raw), carried.previous, False)
        raise NotOurs("dataref is no event of the log")

    # --- views ----------------------------------------------------------------------------------------

    def _groups(self, views: Sequence[View]) -> Iterator[Sequence[View]]:
        """`views` by transactions: one for those per stream, and one for each that all partitions share rows of."""
        if apart := [view for view in views if view.per_stream]:
            yield apart
        yield from ([view] for view in views if not view.per_stream)

    def _apply(self, views: Sequence[View], chains: Mapping[int, _Chain]) -> None:
        while chains and views:
            gaps = self._apply_following(views, chains)
            if gaps:
                partitions = {partition for missing in gaps.values() for partition in missing}
                _log.info("gap", views=sorted(gaps), partitions=sorted(partitions))
            views = [view for view in views if view.name in gaps]
            self._refill(views, gaps)

    def _apply_following(
        self, views: Sequence[View], chains: Mapping[int, _Chain]
    ) -> dict[str, dict[int, int]]:
        """Apply what follows on what each view has; by view and partition, what is missing before the rest can follow."""
        gaps: dict[str, dict[int, int]] = {}
        reached: dict[str, dict[int, int]] = {}
        parked: list[tuple[View, list[Parked]]] = []
        batches: dict[tuple[tuple[int, int, int], ...], Batch] = {}  # nearly always one, for all views
        with self._turns(views, chains) as turns:
            for turn in turns.each:
                spans = []
                moved = {}
                missing = {}
                for partition, chain in chains.items():
                    start, end, previous = chain.following(turn.position_of(partition))
                    if previous:
                        missing[partition] = previous
                    if start < end:
                        spans.append((partition, start, end))
                        moved[partition] = chain.positions[end - 1]
                if missing:
                    gaps[turn.view.name] = missing
                if not spans:
                    continue
                reached[turn.view.name] = moved
                batch = batches.get(tuple(spans))
                if batch is None:
                    ready = [one.event for p, start, end in spans for one in chains[p].carried[start:end]]
                    batch = batches[tuple(spans)] = Batch(sorted(ready, key=attrgetter("position")))
                parked.append((turn.view, apply_batch(turn, batch.concerning(turn.view))))
            if reached:
                turns.move_partitions(reached)
        for view, some in parked:
            alarm(view, some)
        return gaps

    def _refill(self, views: Sequence[View], upto: Mapping[str, Mapping[int, int]]) -> None:
        """Read the events of each partition of `upto`, by view, up to its position from the log."""
        partitions = sorted({partition for view in views for partition in upto[view.name]})
        while partitions and views:
            parked: list[tuple[View, list[Parked]]] = []
            count = 0
            with self._turns(views, partitions) as turns:
                behind = {
                    turn.view.name: {
                        p: end for p, end in upto[turn.view.name].items() if turn.position_of(p) < end
                    }
                    for turn in turns.each
                }
                waiting = [turn for turn in turns.each if behind[turn.view.name]]
                if not waiting:
                    return
                start = min(turn.position_of(p) for turn in waiting for p in behind[turn.view.name])
                end = max(end for ends in behind.values() for end in ends.values())
                batch, read_upto = self._missing(start, end, partitions)
                reached = {}
                for turn in waiting:
                    ends = behind[turn.view.name]
                    missing = [
                        event
                        for event in batch.events
                        if turn.position_of(p := self._partition_of(event.stream))
                        < event.position
                        <= ends.get(p, 0)
                    ]
                    count += len(missing)
                    parked.append((turn.view, apply_batch(turn, missing)))
                    reached[turn.view.name] = {
                        p: min(end, read_upto) for p, end in ends.items() if turn.position_of(p) < read_upto
                    }
                turns.move_partitions(reached)
            self._refilled += count
            for view, some in parked:
                alarm(view, some)

    def _missing(self, position: int, end: int, partitions: Sequence[int]) -> tuple[Batch, int]:
        """Events of `partitions` after `position` and up to `end`, and the position that these are all of them up to."""
        places = self._source.streams_after(position, _LOOKED_THROUGH)
        if not places:
            raise RuntimeError("the log ends before what was published of it")
        found = [at for at, stream in places if at <= end and self._partition_of(stream) in partitions]
        read_upto = places[-1][0] if len(found) <= BATCH else found[BATCH - 1]
        return Batch([read_event(raw) for raw in self._source.at(found[:BATCH])]), read_upto

    def _partition_of(self, stream: str) -> int:
        return partition_of(stream, self._partitions)

    @contextmanager
    def _turns(self, views: Sequence[View], partitions: Iterable[int]) -> Iterator[Turns]:
        """Turns by partitions of views that go by our number of them. Raises _Renumbered at the start if one doesn't."""
        with self._store.turns(views, partitions) as turns:
            if any(turn.partitions != self._partitions for turn in turns.each):
                raise _Renumbered
            yield turns
        there = {turn.view.name for turn in turns.each}
        for view in [view for view in views if view.name not in there]:
            self._leave_out(view)

    def _renumber(self, view: View, renumbered: int) -> int:
        """Let `view` go by our number of partitions; the position that its table holds everything up to then.

        Before, it takes in from the log what was published by another number: up to `renumbered`, or up to the log's
        end when it went by that number itself.
        """
        head = self._source.head()
        while True:
            with self._store.turn(view) as turn:
                if turn.partitions == self._partitions:
                    return turn.position
                caught_up = turn.position >= (head if turn.partitions else renumbered)
                if caught_up and turn.furthest == turn.position:
                    turn.repartition(self._partitions)
                    return turn.position
                raws = self._source.after(turn.position, BATCH)
                if not raws:
                    raise RuntimeError("the log ends before what the view has of it")
                batch = Batch([read_event(raw) for raw in raws])
                parked = apply_batch(turn, not_held(turn, batch.concerning(view)))
                turn.move(raws[-1].position)
            alarm(view, parked)

    def _leave_out(self, view: View) -> None:
        self._complain(view)
        self._views = [other for other in self._views if other is not view]

    def _complain(self, view: View) -> None:
        if view.name not in self._complained:
            self._complained.add(view.name)
            _log.error("view_outdated", view=view.name, version=view.version)

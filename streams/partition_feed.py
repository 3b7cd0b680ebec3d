"""The feed from Kafka: messages of some partitions into every view, in one transaction a view.

Kafka only carries. Where a view stands by partition is kept with its table, so that a message that comes again is
left out, and one that comes before its time shows by its `previous` that others are missing; those are read from
the log. Nothing here knows of a consumer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from operator import attrgetter
from typing import NamedTuple, Protocol

import structlog

from projections.events import read_event
from projections.view import View, ViewMissing
from streams.feed import BATCH, Event, Source, Turn, alarm, apply_batch, not_held
from streams.messages import Carried, NotOurs, decode
from streams.topics import EVENTS, partition_of

_log = structlog.get_logger(__name__)


class Delivery(NamedTuple):
    """A message as a broker delivered it, with its place in its topic."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


class Log(Source, Protocol):
    """The log; `identities` gives stream and version of the events at these positions."""

    def identities(self, positions: Sequence[int]) -> Mapping[int, tuple[str, int]]: ...


class ParkedMessages(Protocol):
    """Where messages that can't be read as ours are noted, without what is in them."""

    def park(self, topic: str, strange: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]: ...


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
    def turn(
        self, view: View, status: str = "current", partitions: Iterable[int] | None = None
    ) -> AbstractContextManager[Turn]: ...
    def place(self, view: View) -> Standing | None: ...
    def sent(self, topic: str) -> Sent | None: ...


class Taken(NamedTuple):
    """What became of a batch: messages of ours, events read from the log instead, messages parked."""

    messages: int
    refilled: int
    parked: int


class _Renumbered(Exception):
    """The topic's number of partitions is another than we went by."""


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
                arrived, parked = self._arrived(deliveries)
                for view in list(self._views):
                    self._apply(view, arrived)
                return Taken(sum(map(len, arrived.values())), self._refilled, parked)
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
        for view in list(self._views):
            place = self._store.place(view)
            if place is not None:
                behind = {p: sent.last[p] for p in asked if place.ahead.get(p, place.position) < sent.last[p]}
                try:
                    if behind:
                        self._refill(view, behind)
                except _Renumbered:
                    self._prepared = False
                except ViewMissing:
                    self._leave_out(view)
        return self._refilled

    def _is_renumbered(self) -> bool:
        sent = self._store.sent(self._topic)
        return sent is not None and sent.partitions != self._partitions

    # --- messages -------------------------------------------------------------------------------------

    def _arrived(self, deliveries: Sequence[Delivery]) -> tuple[dict[int, list[Carried]], int]:
        """What `deliveries` carry, by partition and in order of the log; and how many were parked."""
        arrived: dict[int, list[Carried]] = {}
        strange: list[tuple[int, int, str]] = []
        found: list[tuple[Delivery, Carried]] = []
        for delivery in deliveries:
            try:
                carried = self._read(delivery)
            except NotOurs as wrong:
                strange.append((delivery.partition, delivery.offset, wrong.reason))
            else:
                if carried is not None:
                    found.append((delivery, carried))
        known = self._source.identities([carried.event.position for _, carried in found]) if found else {}
        for delivery, carried in found:
            event = carried.event
            if known.get(event.position) == (event.stream, event.version):
                arrived.setdefault(delivery.partition, []).append(carried)
            else:  # of another system, or of this one before its database was restored
                strange.append((delivery.partition, delivery.offset, "the log has another event at this id"))
        for of_partition in arrived.values():
            of_partition.sort(key=attrgetter("event.position"))
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

    def _apply(self, view: View, arrived: Mapping[int, Sequence[Carried]]) -> None:
        try:
            while arrived:
                gaps = self._apply_chained(view, arrived)
                if not gaps:
                    return
                _log.info("gap", view=view.name, partitions=sorted(gaps))
                self._refill(view, gaps)
        except ViewMissing:
            self._leave_out(view)

    def _apply_chained(self, view: View, arrived: Mapping[int, Sequence[Carried]]) -> dict[int, int]:
        """Apply what follows on what the view has; by partition, what is missing before the rest can follow."""
        gaps: dict[int, int] = {}
        ready: list[Event] = []
        reached: dict[int, int] = {}
        with self._turn(view, arrived) as turn:
            for partition, of_partition in arrived.items():
                at = before = turn.position_of(partition)
                for event, previous, _ in of_partition:
                    if event.position <= at:
                        continue
                    if previous > at:
                        gaps[partition] = previous
                        break
                    ready.append(event)
                    at = event.position
                if at > before:
                    reached[partition] = at
            if not ready:
                return gaps
            ready.sort(key=attrgetter("position"))
            parked = apply_batch(turn, ready)
            turn.move_partitions(reached)
        alarm(view, parked)
        return gaps

    def _refill(self, view: View, upto: Mapping[int, int]) -> None:
        """Read the events of each partition of `upto` up to its position from the log."""
        while True:
            with self._turn(view, upto) as turn:
                behind = {p: end for p, end in upto.items() if turn.position_of(p) < end}
                if not behind:
                    return
                raws = self._source.after(min(map(turn.position_of, behind)), BATCH)
                if not raws:
                    raise RuntimeError("the log ends before what was published of it")
                missing = []
                for raw in raws:
                    partition = partition_of(raw.stream, self._partitions)
                    if turn.position_of(partition) < raw.position <= behind.get(partition, 0):
                        missing.append(read_event(raw))
                parked = apply_batch(turn, missing)
                read_upto = raws[-1].position
                turn.move_partitions(
                    {p: min(end, read_upto) for p, end in behind.items() if turn.position_of(p) < read_upto}
                )
            self._refilled += len(missing)
            alarm(view, parked)

    def _turn(self, view: View, partitions: Iterable[int]) -> _NumberedTurn:
        return _NumberedTurn(self._store.turn(view, partitions=partitions), self._partitions)

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
                parked = apply_batch(turn, not_held(turn, [read_event(raw) for raw in raws]))
                turn.move(raws[-1].position)
            alarm(view, parked)

    def _leave_out(self, view: View) -> None:
        self._complain(view)
        self._views = [other for other in self._views if other is not view]

    def _complain(self, view: View) -> None:
        if view.name not in self._complained:
            self._complained.add(view.name)
            _log.error("view_outdated", view=view.name, version=view.version)


class _NumberedTurn:
    """A turn by partitions whose view goes by our number of them. Raises _Renumbered at the start when it doesn't."""

    def __init__(self, turn: AbstractContextManager[Turn], partitions: int) -> None:
        self._turn = turn
        self._partitions = partitions

    def __enter__(self) -> Turn:
        turn = self._turn.__enter__()
        if turn.partitions != self._partitions:
            wrong = _Renumbered()
            self._turn.__exit__(_Renumbered, wrong, None)
            raise wrong
        return turn

    def __exit__(self, *error: object) -> None:
        self._turn.__exit__(*error)  # type: ignore[arg-type]

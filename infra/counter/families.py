"""The log for one lane: the families it saw last stay in memory, and only what is newer is read of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.commands.counter import Standing
from infra.postgres.log import PostgresLog

FAMILIES_KEPT = 6_000  # some 5 to 20 kB each


class RememberingLog:
    """`domain.commands.counter.ReceiptLog` over a PostgresLog, for one thread.

    Reading is as fresh as without it: each `load` asks for all events after those that are known, in one query.
    """

    def __init__(self, log: PostgresLog, kept: int = FAMILIES_KEPT) -> None:
        self._log = log
        self._most = kept
        self._kept: OrderedDict[UUID, Any] = OrderedDict()

    def load(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        """Aggregates by stream; a stream without events is absent."""
        return self.standing(streams, ()).families if streams else {}

    def standing(self, streams: Sequence[UUID], keys: Sequence[UUID]) -> Standing:
        """The families of `streams`, the codes seen of them, and whose each of `keys` is."""
        known = {}
        for stream in streams:
            aggregate = self._kept.pop(stream, None)  # back below, unless the reading fails
            if aggregate is not None and not aggregate.pending_events:
                known[stream] = aggregate
        found = self._log.standing(streams, keys, known)
        self._kept.update(found.families)
        while len(self._kept) > max(self._most, len(streams)):
            self._kept.popitem(last=False)
        return found

    def save(
        self,
        *aggregates: Any,
        **beside: Any,
    ) -> None:
        """As PostgresLog's; what could not be saved is forgotten, and read again."""
        try:
            self._log.save(*aggregates, **beside)
        except BaseException:
            for aggregate in aggregates:
                self._kept.pop(aggregate.id, None)
            raise

    def families(self, cycle: UUID, stages: Sequence[str], after: UUID | None, limit: int) -> list[UUID]:
        """As PostgresLog's."""
        return self._log.families(cycle, stages, after, limit)

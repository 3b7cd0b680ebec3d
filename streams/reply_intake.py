"""Replies that a gateway wrote to Kafka: the same command as the HTTP call's, once however often they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from domain.ports import IncomingReply
from streams.messages import NotOurs
from streams.partition_feed import Delivery, ParkedMessages, Strange, Taken
from streams.topics import REPLIES

_log = structlog.get_logger(__name__)


class ReplyIntake:
    """Records batches of replies; what can't be read or recorded is parked without its content.

    `parse` reads a message's value and raises NotOurs; `record` records replies, the same message id once for good;
    `passing` tells of an error of `record` whether it will pass, as when the database is away: it goes out then, and
    the same deliveries may be taken again.
    """

    def __init__(
        self,
        parse: Callable[[bytes], IncomingReply],
        record: Callable[[Sequence[IncomingReply]], Sequence[object]],
        messages: ParkedMessages,
        passing: Callable[[Exception], bool],
        topic: str = REPLIES,
    ) -> None:
        self._parse = parse
        self._record = record
        self._messages = messages
        self._passing = passing
        self._topic = topic

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        """Record what `deliveries` carry, in order; done when it returns."""
        strange: list[Strange] = []
        replies: list[tuple[Delivery, IncomingReply]] = []
        for delivery in deliveries:
            try:
                replies.append((delivery, self._read(delivery)))
            except NotOurs as wrong:
                strange.append(delivery.strange(wrong.reason))
        strange += self._recorded(replies)
        if strange:
            for partition, offset, reason in self._messages.park(self._topic, strange):
                _log.error(
                    "message_parked", topic=self._topic, partition=partition, offset=offset, reason=reason
                )
        return Taken(len(deliveries) - len(strange), 0, len(strange))

    def _read(self, delivery: Delivery) -> IncomingReply:
        if delivery.value is None:
            raise NotOurs("a message without a value")
        return self._parse(delivery.value)

    def _recorded(self, replies: Sequence[tuple[Delivery, IncomingReply]]) -> list[Strange]:
        """Record `replies` together; or, when one can't be, one by one. Those that could not be, with the reason."""
        if not replies:
            return []
        try:
            self._record([reply for _, reply in replies])
            return []
        except Exception as error:
            if self._passing(error):
                raise
            if len(replies) == 1:
                return [replies[0][0].strange(f"can't be recorded: {type(error).__name__}")]
        return [wrong for one in replies for wrong in self._recorded([one])]

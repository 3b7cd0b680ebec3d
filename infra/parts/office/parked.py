"""What is parked, by its place: an event in a view, or a message of Kafka's in its topic; tried again, or left out."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from domain.errors import Refusal
from infra.bootstrap import Azyq
from infra.kafka.cluster import Cluster
from infra.kafka.reread import MessageGone, retry_message
from infra.kafka.sink import partition_count
from infra.parts.carrying import event_intake, reply_intake
from streams.topics import EVENTS, REPLIES
from streams.trouble import KafkaTrouble


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class ParkedUnknown(Refusal):
    """Nothing open is parked there."""

    code: ClassVar[str] = "parked_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{place} ішінде {number} орнында кейінге қалдырылған ештеңе жоқ: ол қабылданған немесе алынып тасталған.",
        "ru": "В {place} под номером {number} ничего отложенного нет: уже принято или исключено.",
        "en": "{place} has no open parked {what} at {at} {number}.",
    }


class ParkedMessageGone(Refusal):
    """Kafka does not keep the message any more."""

    code: ClassVar[str] = "message_gone"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Kafka бұл хабарламаны енді сақтамайды; оны тек себебін жазып алып тастауға болады.",
        "ru": "Kafka больше не хранит это сообщение; его можно только исключить, указав причину.",
        "en": "message_gone: {why}; what it was about can only be discarded, with a reason.",
    }


class KafkaAway(Refusal):
    """The cluster can't be asked."""

    code: ClassVar[str] = "kafka_away"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Kafka жауап бермейді; кейінірек қайталаңыз.",
        "ru": "Kafka не отвечает; повторите позже.",
        "en": "{trouble}: {why}",
    }


class PlaceMalformed(Refusal):
    """It names no view, nor a partition of a topic."""

    code: ClassVar[str] = "parked_place_malformed"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{place} – тақырыптың бөлігі емес: azyq.events.v1/0 түрінде жазылады.",
        "ru": "{place} – не раздел темы: он пишется как azyq.events.v1/0.",
        "en": "{place!r} is no partition of a topic, as azyq.events.v1/0",
    }


def place_of(text: str) -> Partition | str:
    """A partition of a topic, or the name of a view. Raises PlaceMalformed for a partition that is no number."""
    topic, slash, partition = text.rpartition("/")
    if not slash:
        return text
    if not (partition.isascii() and partition.isdecimal() and len(partition) < 10):
        raise PlaceMalformed("place", place=text[:100])
    return Partition(topic, int(partition))


class Parked:
    """Several threads may use it at once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq

    def retry(self, place: Partition | str, number: int) -> bool:
        """Try again: an event with what came after it in its stream, a message as Kafka keeps it; whether it went.

        Raises ParkedUnknown, ParkedMessageGone, KafkaAway.
        """
        if isinstance(place, Partition):
            return self._message_taken(place, number)
        return self._event_taken(place, number)

    def discard(self, place: Partition | str, number: int, reason: str) -> None:
        """Leave it out, saying why. Raises ParkedUnknown."""
        if isinstance(place, Partition):
            done = self._azyq.parked_messages.discard(*place, number, reason)
        else:
            done = self._azyq.view_store.discard(place, number, reason)
        if not done:
            raise _unknown(place, number)

    def _event_taken(self, view: str, position: int) -> bool:
        azyq = self._azyq
        streams = {(row.view, row.position): row.stream for row in azyq.view_store.parked(view)}
        known = {v.name: v for v in azyq.views}
        if (view, position) not in streams or view not in known:
            raise _unknown(view, position)
        return azyq.feed.retry(known[view], position, streams[view, position])

    def _message_taken(self, place: Partition, offset: int) -> bool:
        azyq, messages = self._azyq, self._azyq.parked_messages
        if not any((row.topic, row.partition, row.offset) == (*place, offset) for row in messages.list()):
            raise _unknown(place, offset)
        try:
            cluster = Cluster(azyq.settings, "azyq-admin")
            takers = {
                EVENTS: event_intake(azyq, partition_count(cluster, EVENTS)).take,
                REPLIES: reply_intake(azyq, lambda: None).take,
            }
            return retry_message(cluster, messages, takers, *place, offset)
        except KafkaTrouble as trouble:
            raise KafkaAway(trouble=trouble.code, why=str(trouble)) from None
        except MessageGone as gone:
            raise ParkedMessageGone(why=str(gone)) from None


def _unknown(place: Partition | str, number: int) -> ParkedUnknown:
    if isinstance(place, Partition):
        name, what, at = f"{place.topic}/{place.partition}", "message", "offset"
    else:
        name, what, at = place, "event", "position"
    return ParkedUnknown("number", place=name[:100], number=number, what=what, at=at)

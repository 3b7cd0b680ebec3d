"""`azyq parked`: what could not be taken in, by its place: an event in a view, or a message of Kafka's in its topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

import typer

from infra.cli.running import JSON, REFUSED, opened, print_json, usage

if TYPE_CHECKING:
    from infra.bootstrap import Azyq
    from infra.postgres.parked_messages import ParkedMessage

WHERE = typer.Argument(metavar="VIEW|TOPIC/PARTITION", help="Where it is parked, as `parked list` shows it.")
NUMBER = typer.Argument(metavar="POSITION|OFFSET", min=0, max=2**63 - 1, help="Which one it is there.")


class _Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


def parked_list(as_json: bool = JSON) -> None:
    """Events that a view could not take in, and messages that are none of ours, with the reason."""
    with opened() as azyq:
        of_views, of_topics = azyq.view_store.parked(state=None), azyq.parked_messages.list(None)
        if as_json:
            print_json(
                [
                    *({"what": "event", **row._asdict()} for row in of_views),
                    *({"what": "message", **row._asdict()} for row in of_topics),
                ]
            )
            return
        for row in of_views:
            typer.echo(f"{row.view} {row.position} {row.topic} {row.state}: {row.reason} {row.note or ''}")
        for one in of_topics:
            typer.echo(f"{one.topic}/{one.partition} {one.offset} {one.state}: {one.reason} {one.note or ''}")
        states = [*(row.state for row in of_views), *(one.state for one in of_topics)]
        typer.echo(f"{states.count('open')} open")


def parked_retry(where: str = WHERE, number: int = NUMBER, as_json: bool = JSON) -> None:
    """Try again: an event with what came after it in its stream, a message as Kafka keeps it; exit 1: still parked."""
    place = _place(where)
    with opened() as azyq:
        taken = _taken(azyq, place, number)
        if as_json:
            print_json({**_told(place, number), "taken_in": taken})
        else:
            typer.echo("taken in" if taken else "still parked")
        if not taken:
            raise typer.Exit(REFUSED)


def parked_discard(
    where: str = WHERE,
    number: int = NUMBER,
    reason: str = typer.Option(..., "--reason", help="Why it may be left out."),
    as_json: bool = JSON,
) -> None:
    """Leave a parked event or message out, with a reason."""
    place = _place(where)
    with opened() as azyq:
        if isinstance(place, _Place):
            done = azyq.parked_messages.discard(*place, number, reason)
        else:
            done = azyq.view_store.discard(place, number, reason)
        if not done:
            _not_there(place, number)
        if as_json:
            print_json({**_told(place, number), "state": "discarded", "reason": reason})
        else:
            typer.echo("discarded")


def _place(where: str) -> _Place | str:
    """A partition of a topic, or the name of a view. Exits 2 for a partition that is no number."""
    topic, slash, partition = where.rpartition("/")
    if not slash:
        return where
    if not (partition.isascii() and partition.isdecimal() and len(partition) < 10):
        usage(f"{where!r} is no partition of a topic, as azyq.events.v1/0")
    return _Place(topic, int(partition))


def _told(place: _Place | str, number: int) -> dict[str, object]:
    if isinstance(place, _Place):
        return {"topic": place.topic, "partition": place.partition, "offset": number}
    return {"view": place, "position": number}


def _not_there(place: _Place | str, number: int) -> NoReturn:
    if isinstance(place, _Place):
        usage(f"{place.topic}/{place.partition} has no open parked message at offset {number}")
    usage(f"{place} has no open parked event at position {number}")


def _taken(azyq: Azyq, place: _Place | str, number: int) -> bool:
    if isinstance(place, _Place):
        return _message_taken(azyq, place, number)
    return _event_taken(azyq, place, number)


def _event_taken(azyq: Azyq, view: str, position: int) -> bool:
    streams = {(row.view, row.position): row.stream for row in azyq.view_store.parked()}
    known = {v.name: v for v in azyq.views}
    if (view, position) not in streams or view not in known:
        _not_there(view, position)
    return azyq.feed.retry(known[view], position, streams[view, position])


def _message_taken(azyq: Azyq, place: _Place, offset: int) -> bool:
    from infra.kafka.cluster import Cluster
    from infra.kafka.reread import MessageGone, retry_message
    from infra.kafka.sink import partition_count
    from infra.parts.carrying import event_intake, reply_intake
    from streams.topics import EVENTS, REPLIES
    from streams.trouble import KafkaTrouble

    messages = azyq.parked_messages
    if not any(_at(row, place, offset) for row in messages.list()):
        _not_there(place, offset)
    try:
        cluster = Cluster(azyq.settings, "azyq-admin")
        takers = {
            EVENTS: event_intake(azyq, partition_count(cluster, EVENTS)).take,
            REPLIES: reply_intake(azyq, lambda: None).take,
        }
        return retry_message(cluster, messages, takers, *place, offset)
    except KafkaTrouble as trouble:
        usage(f"{trouble.code}: {trouble}")
    except MessageGone as gone:
        typer.echo(f"message_gone: {gone}; what it was about can only be discarded, with a reason.", err=True)
        raise typer.Exit(REFUSED) from None


def _at(row: ParkedMessage, place: _Place, offset: int) -> bool:
    return (row.topic, row.partition, row.offset) == (*place, offset)

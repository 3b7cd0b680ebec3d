"""`azyq parked`: what could not be taken in, by its place: an event in a view, or a message of Kafka's in its topic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from infra.cli.running import JSON, REFUSED, opened, print_json, usage

if TYPE_CHECKING:
    from infra.parts.office.parked import Partition

WHERE = typer.Argument(metavar="VIEW|TOPIC/PARTITION", help="Where it is parked, as `parked list` shows it.")
NUMBER = typer.Argument(metavar="POSITION|OFFSET", min=0, max=2**63 - 1, help="Which one it is there.")


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
    with opened() as azyq, _told_as_usage():
        from infra.parts.office.parked import Parked, place_of

        place = place_of(where)
        taken = Parked(azyq).retry(place, number)
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
    with opened() as azyq, _told_as_usage():
        from infra.parts.office.parked import Parked, place_of

        place = place_of(where)
        Parked(azyq).discard(place, number, reason)
        if as_json:
            print_json({**_told(place, number), "state": "discarded", "reason": reason})
        else:
            typer.echo("discarded")


@contextmanager
def _told_as_usage() -> Iterator[None]:
    """Whoever names what is not there used the command wrongly; a message that is gone is a refusal."""
    from infra.parts.office.parked import KafkaAway, ParkedMessageGone, ParkedUnknown, PlaceMalformed

    try:
        yield
    except (KafkaAway, ParkedUnknown, PlaceMalformed) as refusal:
        usage(refusal.sentence("en").rstrip("."))
    except ParkedMessageGone as refusal:
        typer.echo(refusal.sentence("en"), err=True)
        raise typer.Exit(REFUSED) from None


def _told(place: Partition | str, number: int) -> dict[str, object]:
    if isinstance(place, str):
        return {"view": place, "position": number}
    return {"topic": place.topic, "partition": place.partition, "offset": number}

"""`azyq kafka`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import JSON, REFUSED, opened, print_json, refusals, usage

if TYPE_CHECKING:
    from infra.kafka.cluster import Cluster
    from infra.kafka.topics import TopicStatus
    from infra.settings import Settings


def init(
    apply: bool = typer.Option(False, "--apply", help="Set the topics' configuration as the settings say."),
    repartition: bool = typer.Option(
        False, "--repartition", help="Also give the topic of events AZYQ_KAFKA_PARTITIONS partitions."
    ),
    as_json: bool = JSON,
) -> None:
    """Make the topics that are missing; run twice = once. What is there and differs from the settings is told."""
    with _cluster() as (cluster, settings):
        from infra.kafka import topics

        outcomes = topics.init(cluster, settings, apply)
    partitions = _repartitioned() if repartition else None
    if as_json:
        print_json(
            {
                "topics": [
                    {
                        "topic": o.topic,
                        "outcome": o.outcome,
                        "differences": [d._asdict() for d in o.differences],
                    }
                    for o in outcomes
                ],
                "partitions": partitions,
            }
        )
    else:
        for outcome in outcomes:
            typer.echo(f"{outcome.topic:24} {outcome.outcome}")
            for difference in outcome.differences:
                typer.echo(
                    f"    {difference.name} is {difference.found}, the settings say {difference.wanted}"
                )
        if partitions is not None:
            typer.echo(f"events go to {partitions} partitions from here on")


def status(as_json: bool = JSON) -> None:
    """Topics, replicas, offsets and what the workers have not read yet; exit 1 when something is not as it should be."""
    with _cluster() as (cluster, settings):
        from infra.kafka import topics

        found = topics.status(cluster, settings)
    if as_json:
        print_json([_as_dict(topic) for topic in found])
    else:
        for topic in found:
            for line in _lines(topic):
                typer.echo(line)
    if any(not topic.partitions or topic.differences or topic.under_replicated for topic in found):
        raise typer.Exit(REFUSED)


def _as_dict(topic: TopicStatus) -> dict[str, Any]:
    return {
        "topic": topic.topic,
        "lag": topic.lag,
        "under_replicated": topic.under_replicated,
        "differences": [difference._asdict() for difference in topic.differences],
        "partitions": [partition._asdict() for partition in topic.partitions],
    }


def _lines(topic: TopicStatus) -> Iterator[str]:
    if not topic.partitions:
        yield f"{topic.topic:24} missing: run `azyq kafka init`"
        return
    messages = sum(p.end - p.begin for p in topic.partitions)
    lag = "not read by the workers" if topic.lag is None else f"{topic.lag:,} not read yet"
    yield (
        f"{topic.topic:24} {len(topic.partitions)} partitions of {topic.partitions[0].replicas} replicas; "
        f"{messages:,} messages, {lag}"
    )
    if topic.under_replicated:
        yield f"    {topic.under_replicated} partitions have replicas that are not in sync"
    for difference in topic.differences:
        yield f"    {difference.name} is {difference.found}, the settings say {difference.wanted}"


def _repartitioned() -> int:
    with opened() as azyq, _cluster() as (cluster, settings):
        from infra.kafka import topics
        from infra.postgres.published import PublishedState
        from streams.topics import EVENTS

        return topics.repartition(cluster, settings, PublishedState(azyq.dsn, EVENTS))


@contextmanager
def _cluster() -> Iterator[tuple[Cluster, Settings]]:
    """The cluster of the settings; what is wrong with it is a code and a sentence, exit 2."""
    from infra.logging import configure_logging
    from infra.settings import Settings
    from streams.trouble import KafkaTrouble

    configure_logging()
    with refusals():
        settings = Settings()
        try:
            from infra.kafka.cluster import Cluster

            yield Cluster(settings, "azyq-admin"), settings
        except KafkaTrouble as trouble:
            usage(f"{trouble.code}: {trouble}")

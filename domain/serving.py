"""What the processes of the API did, five minutes at a time: use, refusals, latency, errors, uptime (R29, R32).

Nothing on the way of a request but a number that grows: a process counts in memory and tells the log what it counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.calendar import local_day
from domain.identity import measurement_id

# Upper bounds of latency's steps in ms; what takes longer is in the last. Other steps want another class_version.
LATENCY_STEPS = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 750),
    *(1_000, 2_000, 5_000, 10_000, 30_000, 60_000),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a process counted: by class of requests how many took up to each of LATENCY_STEPS, and how many were refused
    (4xx) and failed (5xx); the counter's refusals by code, and by shop and code where the shop was known."""

    latency: Mapping[str, Sequence[int]]
    errors: Mapping[str, tuple[int, int]]
    refusals: Mapping[str, int]
    refusals_by_shop: Mapping[str, Mapping[str, int]]


class Measurement(Aggregate):
    """What one process did in one span: a stream of its own each, so that no process waits for another."""

    TOPIC = "serving"

    class Event(Aggregate.Event):
        """Which process, a random id, and the how-manieth span of it."""

        process: str
        number: int

    class Created(Aggregate.Created, Event):
        """The first event of a measurement."""

        TOPIC = "serving.created"  # the library wants one; Measured is what happens

    class Measured(Created):
        """A process of the API was at work from a time to another, and answered so (R29, R32).

        `day` is the local one the span began on. By class of requests: `latency` how many took up to each of the steps
        of `domain.serving.LATENCY_STEPS`, the zeros after the last left out; `errors` [refused, failed]. The counter's
        refusals by code, and by shop and code where the terminal was known. `parked`: open at the end of the span.
        """

        TOPIC = "serving.measured"
        day: str
        from_at: str
        upto_at: str
        latency: dict[str, list[int]]
        errors: dict[str, list[int]]
        refusals: dict[str, int]
        refusals_by_shop: dict[str, dict[str, int]]
        parked: int

    def __init__(self, process: str, number: int, **_: Any) -> None:
        self.process = process
        self.number = number

    @staticmethod
    def create_id(process: str, number: int, **_: Any) -> UUID:
        return measurement_id(process, number)

    @classmethod
    def of(
        cls,
        *,
        process: str,
        number: int,
        from_at: datetime,
        upto_at: datetime,
        counted: Counted,
        parked: int,
    ) -> Measurement:
        """What was counted in a span; told twice it is the same stream, so that it counts once."""
        return cls._create(
            cls.Measured,
            process=process,
            number=number,
            day=local_day(from_at).isoformat(),
            from_at=from_at.isoformat(),
            upto_at=upto_at.isoformat(),
            latency={name: _trimmed(steps) for name, steps in sorted(counted.latency.items())},
            errors={name: list(pair) for name, pair in sorted(counted.errors.items()) if any(pair)},
            refusals=dict(sorted(counted.refusals.items())),
            refusals_by_shop={
                shop: dict(sorted(codes.items())) for shop, codes in sorted(counted.refusals_by_shop.items())
            },
            parked=parked,
            timestamp=upto_at,
        )


def _trimmed(steps: Sequence[int]) -> list[int]:
    last = max((place for place, count in enumerate(steps) if count), default=-1)
    return list(steps[: last + 1])

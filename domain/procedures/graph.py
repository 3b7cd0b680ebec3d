"""The order of a service's steps, checked at load."""

from __future__ import annotations

from collections.abc import Iterator

from domain.procedures.definition import Service


def check_graph(service: Service) -> Iterator[tuple[str, str]]:
    """What is wrong with the order of the steps, as (key, reason)."""
    yield from ()

"""The view `measurements`: what each process of the API did in each span, as it was told (R29, R32)."""

from __future__ import annotations

import json

from domain.serving import Measurement as M
from projections.view import On, Recorded, Rows, Table, View, amount, by_stream

_MAPS = ("latency", "errors", "refusals", "refusals_by_shop")


def _measured(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "position": event.position,
        "process": data["process"],
        "day": data["day"],
        "from_at": data["from_at"],
        "upto_at": data["upto_at"],
        "parked": amount(data["parked"]),
        **{name: json.dumps(data[name], sort_keys=True) for name in _MAPS},
    }


class Measurements(View):
    """One row a process and span; the maps are JSON, as in the event `serving.measured`."""

    name = "measurements"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("position", "bigint"),
            ("process", "text"),
            ("day", "text"),
            ("from_at", "timestamptz"),
            ("upto_at", "timestamptz"),
            ("parked", "integer"),
            *((name, "text") for name in _MAPS),
        ),
        key=("stream",),
        indexes=(("day",),),
    )
    on = {M.Measured.TOPIC: On(by_stream, _measured, creates=True)}

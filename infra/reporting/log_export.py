"""The event log's public part as Parquet: all of it but keys and hashes, for events hold no personal data (R29)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from psycopg2.extensions import connection as Connection

from infra.postgres.connect import APP_ROLE, connect

ROWS_AT_ONCE = 20_000
# What could help to pass for somebody: hashes of keys and codes, digests of calls.
_WITHHELD = ("key_hash", "old_hash", "code_hash", "trader", "key", "body", "code", "originator_topic")


def export_log(dsn: str, path: Path, after: int = 0) -> int:
    """Write the events after a position to `path`, in order; how many. Memory does not grow with the log."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        [
            ("position", pyarrow.int64()),
            ("stream", pyarrow.string()),
            ("version", pyarrow.int32()),
            ("type", pyarrow.dictionary(pyarrow.int16(), pyarrow.string())),
            ("recorded_at", pyarrow.timestamp("us", "UTC")),
            ("data", pyarrow.string()),
        ]
    )
    count = 0
    connection = connect(dsn, role=APP_ROLE, application_name="azyq-export")
    try:
        with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for rows in _batches(connection, after):
                columns = list(zip(*rows, strict=True))
                arrays = [
                    pyarrow.array(list(column), field.type)
                    for column, field in zip(columns, schema, strict=True)
                ]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
                count += len(rows)
    finally:
        connection.close()
    return count


def _batches(connection: Connection, after: int) -> Iterator[list[tuple[Any, ...]]]:
    with connection.cursor(name="azyq_export") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(
            "SELECT notification_id, originator_id::text, originator_version, topic,"
            " (convert_from(state, 'UTF8')::json ->> 'timestamp')::timestamptz, state"
            " FROM azyq_log.azyq_events WHERE notification_id > %s ORDER BY notification_id",
            (after,),
        )
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield [(*row[:5], public(bytes(row[5]))) for row in rows]


def public(state: bytes) -> str:
    """An event's fields as JSON, without what is withheld."""
    data = orjson.loads(state)
    return orjson.dumps({name: value for name, value in data.items() if name not in _WITHHELD}).decode()

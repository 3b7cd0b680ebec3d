"""The process that keeps the views in step with the log, beside the one that answers tills: it yields the cores to it,
and takes no turn of its interpreter. `python -m infra.parts.view_process` is its own program."""

from __future__ import annotations

import signal
import threading

from infra.apart import begun, when_let_go
from infra.logging import configure_logging
from infra.parts.process_beside import ProcessBeside, beat
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from projections.all_views import VIEWS
from streams.feed import Feed

NICE = 5


def keep_views(dsn: str, stop: threading.Event) -> None:
    """Have the views of the database `dsn` kept by such a process until `stop`."""
    process = ProcessBeside("infra.parts.view_process", lambda: dsn)
    process.start()
    stop.wait()
    process.close()


def main() -> None:
    """Feed until whoever started it lets go, or SIGTERM; a batch at hand is finished."""
    told = begun(NICE)
    if told is None:
        return
    control, dsn = told
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    when_let_go(control, stop.set)
    configure_logging()
    reader, store = LogReader(dsn), ViewStore(dsn)
    try:
        Feed(reader, store, VIEWS).follow(stop, turned=lambda: beat(control))
    finally:
        reader.close()
        store.close()


if __name__ == "__main__":
    main()

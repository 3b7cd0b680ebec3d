"""`python -m tests.broker fetch` gets what a broker needs, once; `run` runs one, with no data, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from tests.broker.java import NoKafka, fetch
from tests.broker.server import Broker, Template

LINE = "=" * 100


def main(words: list[str]) -> int:
    """Exit code: 0, also when `fetch` finds no way: then it says loudly which tests will be skipped."""
    if words not in (["fetch"], ["run"]):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        java = fetch()
        if words == ["run"]:
            with tempfile.TemporaryDirectory(prefix="azyq-kafka-template-") as folder:
                template = Template(java, Path(folder).resolve())
                with Broker(java, template) as broker:
                    print(f"KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap}", flush=True)
                    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except (NoKafka, OSError) as missing:
        print(f"{LINE}\nNO KAFKA: {missing}", file=sys.stderr)
        if words == ["run"]:
            return 1
        print(f"All tests on a real Kafka will be SKIPPED.\n{LINE}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    # Blocked from the start, so that sigwait gets them whenever they come.
    if sys.argv[1:] == ["run"]:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main(sys.argv[1:]))

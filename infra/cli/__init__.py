"""The command line, `azyq`: what clerks and operators type. Modules here import the rest only when a command runs."""

from __future__ import annotations

import os
import signal
import sys

_RUN_UNTIL_STOPPED = {"serve", "api", "scheduler", "publisher", "worker"}


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 refused by a rule, 2 wrong usage, 3 the audit found something."""
    if _RUN_UNTIL_STOPPED.intersection(sys.argv[1:2]) and "--once" not in sys.argv:
        # While it imports nothing is under way; an exception could end in an `except` of whoever is imported.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    from infra.cli.app import app

    app(prog_name="azyq")

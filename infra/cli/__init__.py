"""The command line, `azyq`: what clerks and operators type. Modules here import the rest only when a command runs."""

from __future__ import annotations


def main() -> None:
    """Run the command line; exit codes: 0 done, 1 refused by a rule, 2 wrong usage, 3 the audit found something."""
    from infra.cli.app import app

    app(prog_name="azyq")

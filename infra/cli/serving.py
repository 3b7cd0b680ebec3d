"""`azyq serve`, and its parts as processes of their own: `api`, `scheduler`."""

from __future__ import annotations

import typer

from infra.cli.running import LANGUAGE, opened


def serve(lang: str = LANGUAGE) -> None:
    """Everything in one process: the API, the views' feed, the scheduler."""
    _run(api=True, scheduler=True, lang=lang)


def api(lang: str = LANGUAGE) -> None:
    """The HTTP API alone (replies, delivery reports, health)."""
    _run(api=True, scheduler=False, lang=lang)


def scheduler(
    once: bool = typer.Option(False, "--once", help="Do what is due now, and end."), lang: str = LANGUAGE
) -> None:
    """The calendar of every programme, day by day, and the SMS that are due."""
    _run(api=False, scheduler=True, lang=lang, once=once)


def _run(api: bool, scheduler: bool, lang: str, once: bool = False) -> None:
    with opened(lang) as azyq:
        from infra.cli.parts import run_parts

        run_parts(azyq, api=api, scheduler=scheduler, once=once)

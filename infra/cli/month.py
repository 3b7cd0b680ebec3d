"""`azyq month`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import JSON, LANGUAGE, MONTH, PROGRAMME, language_of, moment, opened, print_json, usage

if TYPE_CHECKING:
    from infra.clock import Clock
    from infra.settings import Settings


def import_list(
    file: Path = typer.Argument(help="The list: CSV, XLSX or JSON lines, compressed or not."),
    programme: str = PROGRAMME,
    month: str = MONTH,
    numbers: Path = typer.Option(None, "--numbers", help="The numbers from MCDB: iin, phone (R16)."),
    at: str = typer.Option(None, "--at", help="When the list came (default: now)."),
    rejects: Path = typer.Option(
        None, "--rejects", help="Write the rejected rows, with code and reason, here."
    ),
    no_number: Path = typer.Option(None, "--no-number", help="Write the rows without a number here (R18)."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Check the file; record nothing."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take in a list of beneficiaries (R14–R19): every row is accepted, or rejected with a code and a sentence."""
    came = moment(at)
    language = language_of(lang)
    with opened(lang) as azyq:
        if came is not None and azyq.settings.keeps_time and came > azyq.clock():
            usage(
                f"--at {came.isoformat()} is not here yet; it is {azyq.clock().isoformat(timespec='seconds')}"
            )
        from domain.commands.receive_list import NobodyAccepted
        from infra.cli.progress import progress_bar
        from infra.importing import Import, reasons

        importing = Import(azyq.receive_list, azyq.staging, azyq.vault, language)
        with progress_bar(not as_json) as progress:
            try:
                outcome = importing.run(
                    file,
                    azyq.programme(programme).month(month),
                    numbers=numbers,
                    at=came or azyq.clock(),
                    rejects=rejects,
                    no_number=no_number,
                    dry_run=dry_run,
                    progress=progress,
                )
            except NobodyAccepted as refusal:
                for line in reasons(refusal.rejected, language):
                    typer.echo(line, err=True)
                raise
        if as_json:
            print_json(outcome.as_dict())
        else:
            for line in outcome.lines(language):
                typer.echo(line)


def run(
    programme: str = PROGRAMME,
    on: str = typer.Option(..., "--on", help="The day, as 2025-07-05."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Do what the calendar asks of that day, missed days first; run twice = once."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        usage(f"--on is a day as 2025-07-05, not {on!r}")
    with opened(lang) as azyq:
        # For the gateway too: what is played on a day is sent on it.
        azyq.clock = _acting_clock(day, azyq.clock, azyq.settings)
        done = azyq.run_programme.run(
            azyq.programme(programme), day, azyq.clock, only_when_over=azyq.settings.keeps_time
        )
        if as_json:
            print_json([{"programme": programme, "month": d.month, **asdict(d.outcome)} for d in done])
            return
        from infra.cli.month_tables import TITLES, grouped

        words = TITLES[language_of(lang)]
        if not done:
            typer.echo(f"{on}: {words['nothing_due']}")
        for month, task in ((d.month, d.outcome) for d in done):
            late = f"; {words['days_late']}: {task.days_late}" if task.days_late else ""
            left = f"; {words['waiting']}: {grouped(task.waiting)}" if task.waiting else ""
            without = f"; {words['no_number']}: {grouped(task.no_number)}" if task.no_number else ""
            typer.echo(
                f"{month}  {task.due_on}  {words[f'task_{task.task}']}; "
                f"{words['families']}: {grouped(task.families)}{without}{late}{left}"
            )


def _acting_clock(day: date, clock: Clock, settings: Settings) -> Clock:
    """The clock; in a trial without a time of its own, nine in the morning of `day` where that isn't today."""
    from domain.calendar import ALMATY, local_day

    today = local_day(clock())
    if settings.keeps_time:
        if day > today:
            usage(f"{day} is not here yet; today is {today}")
        return clock
    if day == today:
        return clock
    morning = datetime.combine(day, time(9), ALMATY)
    return lambda: morning


def status(
    programme: str = PROGRAMME, month: str = MONTH, as_json: bool = JSON, lang: str = LANGUAGE
) -> None:
    """Where the month stands: lists, calendar, families, vouchers, sums."""
    with opened(lang) as azyq:
        from infra.cli.month_tables import month_tables
        from infra.month_report import month_report

        azyq.catch_up_views()
        report: dict[str, Any] = month_report(azyq.view_store, azyq.programme(programme).month(month))
        if as_json:
            print_json(report)
        else:
            month_tables(report, language_of(lang))

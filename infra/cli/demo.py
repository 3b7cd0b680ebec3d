"""`azyq demo` and `azyq sample`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from infra.cli.running import FOUND, JSON, LANGUAGE, day_of, language_of, print_json, refusals, usage


def demo(
    families: int = typer.Option(250, "--families", min=1, max=200_000, help="How many families."),
    seed: int = typer.Option(1, "--seed", help="The same seed gives the same figures."),
    until: str = typer.Option(
        None,
        "--until",
        metavar="DAY",
        help="Stop in the evening of a day from 2025-07-06 to 30: the vouchers stay open, to try tills with.",
    ),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """The pilot's July 2025, told as it happens, then audited; exit 0 only if the audit holds."""
    with refusals(lang):
        from infra.cli.demonstration.month import LAST_DAY, play
        from infra.logging import configure_logging

        last = day_of(until, "--until") if until else date(2025, 7, LAST_DAY)
        if not date(2025, 7, 6) <= last <= date(2025, 7, LAST_DAY):
            usage(f"--until is a day from 2025-07-06 to 2025-07-30, not {until}")
        configure_logging()
        report, verdict = play(families, seed, language_of(lang), quiet=as_json, until=last.day)
        if as_json:
            print_json({"report": report, "audit": verdict})
        if verdict["findings"]:
            raise typer.Exit(FOUND)


def sample(
    out: Path = typer.Option(..., "--out", help="The folder to write into."),
    families: int = typer.Option(250, "--families", min=1, help="How many families."),
    seed: int = typer.Option(1, "--seed", help="The same seed gives the same files."),
    programme: str = typer.Option(
        None, "--programme", help="The programme whose regions to use (default: the first)."
    ),
    month: str = typer.Option(
        None, "--month", help="The month, as 2025-07 (default: the programme's first)."
    ),
    bad_rows: int = typer.Option(0, "--bad-rows", min=0, help="How many rows of the list to spoil."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Write list.csv, numbers.csv, shops.csv, articles.csv, prices.csv and market.csv."""
    with refusals(lang):
        if not next(place for place in (out, *out.absolute().parents) if place.exists()).is_dir():
            usage(f"--out {out} is not a folder")
        from dataclasses import asdict

        from domain.programmes import ProgrammeUnknown
        from infra.programmes import load_programmes
        from infra.sample import write_sample
        from infra.settings import Settings

        programmes = load_programmes(Settings().programmes)
        found = programmes.get(programme) if programme else next(iter(programmes.values()))
        if found is None:
            raise ProgrammeUnknown("programme", programme=programme)
        chosen = found.month(month or found.months()[0])
        summary = write_sample(
            out, families=families, seed=seed, month=chosen.month, kato=found.regions, bad_rows=bad_rows
        )
        if as_json:
            print_json(asdict(summary))
        else:
            typer.echo(
                f"{out}: {summary.families} families, {summary.members} members of {found.id} {chosen.month};"
                f" {summary.without_number} families without a number, {summary.bad_rows} bad rows"
            )

"""`azyq programme`."""

from __future__ import annotations

from pathlib import Path

import typer

from infra.cli.running import JSON, LANGUAGE, language_of, print_json, refusals


def list_programmes(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """The programmes, with their months."""
    with refusals(lang):
        from infra.programmes import load_programmes
        from infra.settings import Settings

        language = language_of(lang)
        programmes = load_programmes(Settings().programmes).values()
        if as_json:
            print_json(
                [
                    {
                        "id": p.id,
                        "names": dict(p.names),
                        "starts_on": p.starts_on,
                        "ends_on": p.ends_on,
                        "months": p.months(),
                    }
                    for p in programmes
                ]
            )
            return
        for p in programmes:
            typer.echo(
                f"{p.id:14} {p.starts_on} – {p.ends_on}  {p.names[language]}  ({', '.join(p.months())})"
            )


def show(programme: str, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """A programme's terms by date, and the calendar of its months."""
    with refusals(lang):
        from domain.calendar import due_dates
        from domain.money import kzt
        from domain.programmes import ProgrammeUnknown
        from infra.programmes import load_programmes
        from infra.settings import Settings

        found = load_programmes(Settings().programmes).get(programme)
        if found is None:
            raise ProgrammeUnknown("programme", programme=programme)
        months = [found.month(month) for month in found.months()]
        if as_json:
            print_json(
                {
                    "id": found.id,
                    "names": dict(found.names),
                    "regions": found.regions,
                    "starts_on": found.starts_on,
                    "ends_on": found.ends_on,
                    "terms": [
                        {
                            "version": t.version,
                            "effective_from": t.effective_from,
                            "amount_tiyn": t.amount_tiyn,
                            "draw": t.draw,
                            "over_cap": t.over_cap,
                        }
                        for t in found.terms
                    ],
                    "months": [
                        {
                            "month": m.month,
                            "rules": m.terms.version,
                            "assistance_on": m.assistance_on,
                            "list_cutoff": m.list_cutoff,
                            "valid_from": m.valid_from,
                            "valid_to": m.valid_to,
                            "tasks": [{"task": task, "on": day} for task, day in due_dates(m)],
                        }
                        for m in months
                    ],
                }
            )
            return
        typer.echo(f"{found.id}: {found.names[language_of(lang)]}, {found.starts_on} – {found.ends_on}")
        for t in found.terms:
            typer.echo(
                f"  {t.version} from {t.effective_from}: {kzt(t.amount_tiyn)} KZT a member, draws the {t.draw},"
                f" over the cap: {t.over_cap}"
            )
        for m in months:
            tasks = ", ".join(f"{task} {day:%d.%m}" for task, day in due_dates(m))
            typer.echo(
                f"  {m.month}: lists up to {m.list_cutoff}, valid {m.valid_from} – {m.valid_to}; {tasks}"
            )


def check(file: Path, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Check a programme file; each problem with file, key and reason."""
    with refusals(lang):
        from infra.programmes import load_programme

        found = load_programme(file)
        if as_json:
            versions = [terms.version for terms in found.terms]
            print_json({"file": str(file), "id": found.id, "months": found.months(), "versions": versions})
        else:
            typer.echo(f"{file}: {found.id} is in order, months {', '.join(found.months())}")

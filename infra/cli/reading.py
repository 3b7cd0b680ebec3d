"""What can be read and proved: reports, audit, rebuild, why, events, parked."""

from __future__ import annotations

from typing import Any

import typer

from infra.cli.running import FOUND, JSON, LANGUAGE, language_of, opened, print_json, usage


def report(
    name: str = typer.Argument(help="The report: month."),
    programme: str = typer.Option(..., "--programme", help="The programme's id."),
    month: str = typer.Option(..., "--month", help="The month, as 2025-07."),
    format_: str = typer.Option("table", "--format", help="table or json."),
    lang: str = LANGUAGE,
) -> None:
    """A report, with the log position it stands at."""
    if name != "month":
        usage(f"there is no report {name!r}; there is: month")
    if format_ not in ("table", "json"):
        usage(f"--format is table or json, not {format_!r}")
    with opened(lang) as azyq:
        from infra.reports import month_report, month_tables

        azyq.catch_up_views()
        found: dict[str, Any] = month_report(azyq, azyq.programme(programme).month(month))
        if format_ == "json":
            print_json(found)
        else:
            month_tables(found, language_of(lang))


def audit(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Prove the log and the views; exit 3 and the first offending event when something is wrong."""
    with opened(lang) as azyq:
        from infra.verdict import audit_now, verdict_dict, verdict_lines

        azyq.catch_up_views()
        verdict = audit_now(azyq, show_progress=not as_json)
        if as_json:
            print_json(verdict_dict(verdict))
        else:
            for line in verdict_lines(verdict):
                typer.echo(line)
        if verdict.first is not None:
            raise typer.Exit(FOUND)


def rebuild(
    view: str = typer.Argument(help="The view, or `all`."), as_json: bool = JSON, lang: str = LANGUAGE
) -> None:
    """Fold a view anew beside the old one and switch; readers notice nothing."""
    with opened(lang) as azyq:
        names = [v.name for v in azyq.views] if view == "all" else [view]
        if unknown := [name for name in names if name not in {v.name for v in azyq.views}]:
            usage(f"there is no view {unknown[0]!r}; there are: {', '.join(v.name for v in azyq.views)}")
        results = [azyq.rebuild(name) for name in names]
        if as_json:
            print_json(results)
        else:
            for result in results:
                typer.echo(
                    f"{result['view']}: {result['events']} events in {result['seconds']:.1f} s,"
                    f" now at position {result['position']}"
                )


def why(
    identity: str = typer.Argument(
        metavar="ID", help="A voucher, family, redemption or message id, or the list's family_id."
    ),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """The story of a voucher or family: each event, when, by which clause and programme version."""
    with opened(lang) as azyq:
        from infra.story import tell

        azyq.catch_up_views()
        lines = tell(azyq.dsn, azyq.vault, azyq.programmes, identity, language_of(lang))
        if as_json:
            print_json([line._asdict() for line in lines])
        else:
            for line in lines:
                typer.echo(
                    f"{line.at:%d.%m.%Y %H:%M:%S}  #{line.position:<8} {line.sentence}"
                    f"  [{', '.join(line.clauses)}; {line.rules or '-'}]"
                )


def events(
    follow: bool = typer.Option(False, "--follow", help="Go on with what comes."),
    after: int = typer.Option(0, "--after", help="Begin after this log position."),
    limit: int = typer.Option(0, "--limit", help="Stop after so many (0: no limit)."),
    as_json: bool = JSON,
) -> None:
    """The log, in order: position, time, type, stream, content."""
    with opened() as azyq:
        import orjson

        for shown, event in enumerate(azyq.read_log(after, follow), start=1):
            if as_json:
                typer.echo(orjson.dumps(event).decode())
            else:
                rest = {k: v for k, v in event["data"].items() if k not in ("timestamp", "originator_topic")}
                typer.echo(
                    f"{event['position']:>8}  {event['data'].get('timestamp', '')}  {event['type']:28}"
                    f" {event['stream']}  {orjson.dumps(rest).decode()}"
                )
            if limit and shown >= limit:
                return


def parked_list(as_json: bool = JSON) -> None:
    """Events that a view could not take in, with the reason."""
    with opened() as azyq:
        rows = azyq.parked()
        if as_json:
            print_json(rows)
        else:
            for row in rows:
                typer.echo(f"{row['view']} #{row['position']} {row['topic']} {row['state']}: {row['reason']}")
            typer.echo(f"{sum(row['state'] == 'open' for row in rows)} open")


def parked_retry(view: str, position: int) -> None:
    """Try a parked event again."""
    with opened() as azyq:
        typer.echo("taken in" if azyq.retry_parked(view, position) else "still parked")


def parked_discard(
    view: str, position: int, reason: str = typer.Option(..., "--reason", help="Why it may be left out.")
) -> None:
    """Leave a parked event out of the view, with a reason."""
    with opened() as azyq:
        azyq.discard_parked(view, position, reason)
        typer.echo("discarded")

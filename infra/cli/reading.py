"""What can be read and proved: audit, rebuild, why, events."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from infra.cli.case_reading import why as case_story
from infra.cli.running import FOUND, JSON, LANGUAGE, language_of, opened, print_json, usage


def audit(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Prove the log and the views; exit 3 and the first offending event when something is wrong.

    What it came to is left in the log, for the office's page.
    """
    with opened(lang) as azyq:
        from domain.audit_events import record_verdict
        from infra.audit.run import verdict_kept
        from infra.cli.verdict import audit_now, verdict_dict, verdict_lines

        azyq.catch_up_views()
        verdict = audit_now(azyq, show_progress=not as_json)
        if as_json:
            print_json(verdict_dict(verdict))
        else:
            for line in verdict_lines(verdict, language_of(lang)):
                typer.echo(line)
        record_verdict(azyq.log, verdict_kept(verdict), azyq.clock())
        if not verdict.holds:
            raise typer.Exit(FOUND)


def rebuild(
    view: str = typer.Argument(help="The view, or `all`."), as_json: bool = JSON, lang: str = LANGUAGE
) -> None:
    """Fold a view anew beside the old one and switch; readers notice nothing."""
    with opened(lang) as azyq:
        from streams.rebuild import rebuild as rebuild_view

        known = {v.name: v for v in azyq.views}
        if view != "all" and view not in known:
            usage(f"there is no view {view!r}; there are: {', '.join(known)}")
        azyq.catch_up_views()
        results = {}
        for name in known if view == "all" else [view]:
            result = results[name] = rebuild_view(azyq.log_reader, azyq.view_store, known[name])
            if not as_json:
                typer.echo(
                    f"{name}: {result.events} events in {result.seconds:.1f} s, now at position {result.position}"
                )
        if as_json:
            print_json({name: result._asdict() for name, result in results.items()})


def why(
    identity: str = typer.Argument(
        metavar="ID",
        help="A voucher, family, redemption or message id, the list's family_id, or a case's number.",
    ),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """The story of a voucher, a family or a case: each event, when, by which clause and version."""
    from domain.procedures.case_number import is_written_apart, read_number

    if is_written_apart(identity) and read_number(identity):
        case_story(identity, as_json, lang)
        return
    with opened(lang) as azyq:
        from infra.cli.story_lines import story_lines
        from infra.stories.story import tell

        azyq.catch_up_views()
        lines = tell(azyq.dsn, azyq.vault, azyq.programmes, identity, language_of(lang))
        if as_json:
            print_json([asdict(line) for line in lines])
        else:
            for shown in story_lines(lines, language_of(lang)):
                typer.echo(shown)


def events(
    follow: bool = typer.Option(False, "--follow", help="Go on with what comes."),
    after: int = typer.Option(0, "--after", help="Begin after this log position."),
    limit: int = typer.Option(0, "--limit", help="Stop after so many (0: no limit)."),
    parquet: Path = typer.Option(None, "--parquet", help="Write the log's public part to this Parquet file."),
    as_json: bool = JSON,
) -> None:
    """The log, in order: position, time, type, stream, content."""
    with opened() as azyq:
        if parquet is not None:
            from infra.reporting.log_export import export_log

            typer.echo(f"{parquet}: {export_log(azyq.dsn, parquet, after)} events")
            return
        import orjson

        from infra.cli.following import follow_log

        for shown, event in enumerate(follow_log(azyq.log_reader, after, follow), start=1):
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

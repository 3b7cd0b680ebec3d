"""`azyq db`."""

from __future__ import annotations

import typer

from infra.cli.running import JSON, print_json, refusals


def migrate(as_json: bool = JSON) -> None:
    """Bring the database to this version's schema; run twice = once."""
    from contextlib import ExitStack

    with refusals(), ExitStack() as stack:
        from infra import bootstrap
        from infra.postgres import schema
        from infra.settings import Settings

        applied = schema.migrate(bootstrap.database(Settings(), stack))
        if as_json:
            print_json({"applied": applied})
        else:
            typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do")


def status(as_json: bool = JSON) -> None:
    """Which migrations are applied, and when."""
    from contextlib import ExitStack

    with refusals(), ExitStack() as stack:
        from infra import bootstrap
        from infra.postgres import schema
        from infra.settings import Settings

        rows = schema.status(bootstrap.database(Settings(), stack))
        if as_json:
            print_json([{"name": name, "applied_at": at} for name, at in rows])
        else:
            for name, at in rows:
                typer.echo(f"{name:32} {at.isoformat(timespec='seconds') if at else 'to come'}")
        if any(at is None for _, at in rows):
            raise typer.Exit(1)


def stop() -> None:
    """Stop the embedded database if no process of azyq uses it."""
    with refusals():
        from infra.postgres.embedded import EmbeddedPostgres
        from infra.settings import Settings

        settings = Settings()
        if settings.database_url:
            typer.echo("DATABASE_URL names a server of its own; there is nothing to stop")
            return
        embedded = EmbeddedPostgres(settings.data)
        embedded.start()
        embedded.release()
        typer.echo("stopped, unless another process of azyq still uses it")

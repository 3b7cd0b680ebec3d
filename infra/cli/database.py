"""`azyq db`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import JSON, print_json, refusals

if TYPE_CHECKING:
    from contextlib import ExitStack


def migrate(as_json: bool = JSON) -> None:
    """Bring the database to this version's schema, and make the tables of views that have none; run twice = once."""
    from contextlib import ExitStack

    with refusals(), ExitStack() as stack:
        from infra import bootstrap
        from infra.postgres import schema
        from infra.postgres.view_store import ViewStore
        from infra.settings import Settings
        from projections.all_views import VIEWS

        dsn = bootstrap.database(Settings(), stack)
        applied = schema.migrate(dsn)
        store = ViewStore(dsn)
        stack.callback(store.close)
        made = [view.name for view in VIEWS if store.place(view) is None]
        outdated = [view.name for view in store.prepare(VIEWS)]
        if as_json:
            print_json({"applied": applied, "views": {"made": made, "outdated": outdated}})
            return
        lines = [f"applied {name}" for name in applied] + [f"made the view {name}" for name in made]
        lines += [f"the view {name} is of another version: azyq rebuild {name}" for name in outdated]
        typer.echo("\n".join(lines) or "nothing to do")


def status(as_json: bool = JSON) -> None:
    """Which migrations are applied, and when; the views, their versions and positions. Exit 1: something is to come."""
    from contextlib import ExitStack

    with refusals(), ExitStack() as stack:
        from infra import bootstrap
        from infra.postgres import schema
        from infra.postgres.reader_roles import open_ways, trouble
        from infra.settings import Settings

        dsn = bootstrap.database(Settings(), stack)
        migrations = schema.status(dsn)
        to_come = any(at is None for _, at in migrations)
        views = _views(dsn, stack, to_come)
        readers = "" if to_come else trouble(dsn)
        ways = [] if to_come else open_ways(dsn)
        if as_json:
            done = [{"name": name, "applied_at": at} for name, at in migrations]
            print_json(
                {"migrations": done, "views": views, "readers_want": readers or None, "readers_may": ways}
            )
        else:
            for name, at in migrations:
                typer.echo(f"{name:32} {at.isoformat(timespec='seconds') if at else 'to come'}")
            for view in views:
                typer.echo(f"{'view ' + view['name']:32} {_standing(view)}")
            if readers:
                typer.echo(f"{'roles of readers':32} can't be made; let an administrator run: {readers}")
            for statements in ways:
                typer.echo(f"{'readers may do harm':32} before anybody is granted access, run: {statements}")
        if to_come or any(view["version"] != view["wanted"] for view in views):
            raise typer.Exit(1)


def _views(dsn: str, stack: ExitStack, to_come: bool) -> list[dict[str, Any]]:
    """Each view, the version of its table (None: none yet), the one that this program wants, and its position."""
    from infra.postgres.view_store import ViewStore
    from projections.all_views import VIEWS

    if to_come:
        return [{"name": v.name, "version": None, "wanted": v.version, "position": 0} for v in VIEWS]
    store = ViewStore(dsn)
    stack.callback(store.close)
    places = [(view, store.place(view)) for view in VIEWS]
    return [
        {
            "name": view.name,
            "version": place.version if place else None,
            "wanted": view.version,
            "position": store.position(view),
        }
        for view, place in places
    ]


def _standing(view: dict[str, Any]) -> str:
    if view["version"] is None:
        return "to come"
    if view["version"] != view["wanted"]:
        return f"version {view['version']}, not {view['wanted']}: azyq rebuild {view['name']}"
    return f"version {view['version']}, position {view['position']}"


STOPPED = {
    None: "stopped",
    "in_use": "another process of azyq still uses it; it stops with the last one",
    "not_there": "there is no embedded database",
    "not_embedded": "DATABASE_URL names a server of its own; there is nothing to stop",
}


def stop(as_json: bool = JSON) -> None:
    """Stop the embedded database if no process of azyq uses it."""
    with refusals():
        from infra.postgres.embedded import EmbeddedPostgres
        from infra.settings import Settings

        settings = Settings()
        embedded = EmbeddedPostgres(settings.data)
        reason = None
        if settings.database_url:
            reason = "not_embedded"
        elif not embedded.cluster.exists():
            reason = "not_there"
        else:
            embedded.start()
            embedded.release()
            reason = "in_use" if (embedded.cluster / "postmaster.pid").exists() else None
        if as_json:
            print_json({"stopped": reason is None, "reason": reason})
        else:
            typer.echo(STOPPED[reason])

"""`azyq vault`."""

from __future__ import annotations

import typer

from infra.cli.running import JSON, opened, print_json, usage


def erase(
    subject: str = typer.Argument(help="The person's subject id, 32 hex digits."),
    yes: bool = typer.Option(False, "--yes", help="Don't ask."),
    as_json: bool = JSON,
) -> None:
    """Forget a person: the key is dropped, totals stay right. There is no way back."""
    with opened() as azyq:
        if subject not in azyq.vault.people([subject]):
            usage("the vault has nobody with this subject id")
        if not yes and not typer.confirm("Forget this person for good?", err=as_json):
            raise typer.Exit(1)
        azyq.vault.erase(subject)
        if as_json:
            print_json({"subject": subject, "erased": True})
        else:
            typer.echo("forgotten")


def rotate_key(
    new: str = typer.Argument(help="The new master key: a file, or 32 bytes in base64."),
    as_json: bool = JSON,
) -> None:
    """Wrap every person's key by a new master key; afterwards put the new key into AZYQ_MASTER_KEY."""
    with opened() as azyq:
        azyq.vault.rotate_master_key(azyq.settings.given_key(new, "NEW"))
        if as_json:
            print_json({"rotated": True})
        else:
            typer.echo("done: from now on AZYQ_MASTER_KEY is the new key")

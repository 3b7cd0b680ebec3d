"""`azyq sms`."""

from __future__ import annotations

import typer

from infra.cli.running import JSON, LANGUAGE, moment, opened, print_json


def reply(
    sender: str = typer.Option(..., "--from", help="The phone the reply came from."),
    text: str = typer.Option(..., "--text", help="What it says."),
    message: str = typer.Option(
        None, "--id", help="The gateway's message id; the same id is the same reply."
    ),
    at: str = typer.Option(None, "--at", help="When it came (default: now)."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Record a reply, as a gateway would (R21, R22), and send what follows from it."""
    import hashlib

    received = moment(at)
    with opened(lang) as azyq:
        from domain.ports import IncomingReply

        received = received or azyq.clock()
        if message is None:
            made = hashlib.sha256(f"{sender}\n{text}\n{received.isoformat()}".encode()).hexdigest()
            message = f"cli-{made[:32]}"
        (outcome,) = azyq.record_reply.run([IncomingReply(message, sender, "", text, received, "cli")])
        sent = azyq.drain_sms(lambda: received)
        if as_json:
            print_json({"outcome": outcome, "sent": sent.sent})
        else:
            typer.echo(outcome)


def send(as_json: bool = JSON) -> None:
    """Hand over to the gateway what is due."""
    with opened() as azyq:
        outcome = azyq.drain_sms()
        if as_json:
            print_json(
                {
                    "sent": outcome.sent,
                    "parts": outcome.parts,
                    "failed": outcome.failed,
                    "waiting": outcome.waiting,
                }
            )
        else:
            typer.echo(
                f"{outcome.sent} sent in {outcome.parts} parts, {outcome.failed} failed, {outcome.waiting} waiting"
            )


def addresses(as_json: bool = JSON) -> None:
    """Addresses and secret for a gateway's configuration: Kannel's get-url, the signed webhook. Keep them secret."""
    from infra.cli.running import refusals
    from infra.settings import Settings

    with refusals():
        settings = Settings()
        kannel = f"{settings.public_url}/v1/sms/kannel/{settings.kannel_token()}"
        found = {
            "kannel_get_url": f"{kannel}?from=%p&to=%P&text=%b&id=%I&charset=%C",
            "kannel_max_messages": 0,
            "webhook_replies": f"{settings.public_url}/v1/sms/replies",
            "webhook_receipts": f"{settings.public_url}/v1/sms/receipts",
            "webhook_secret": settings.sms_secret_text(),
        }
        if as_json:
            print_json(found)
        else:
            for name, value in found.items():
                typer.echo(f"{name} = {value}")

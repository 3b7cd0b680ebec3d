"""`azyq sms`."""

from __future__ import annotations

import typer

from infra.cli.running import JSON, LANGUAGE, language_of, moment, opened, print_json

SENTENCES = {
    "consented": {
        "kk": "Келісім қабылданды; ваучерлер берілді.",
        "ru": "Согласие принято; ваучеры выданы.",
        "en": "The consent is recorded; the vouchers are issued.",
    },
    "refused": {
        "kk": "Бас тарту қабылданды; бұл айда ваучер болмайды.",
        "ru": "Отказ принят; ваучера в этом месяце не будет.",
        "en": "The refusal is recorded; there will be no voucher this month.",
    },
    "not_understood": {
        "kk": "Жауап түсініксіз: ол келісім де, бас тарту да емес. Адамнан қайта сұралады, бірақ бір-ақ рет.",
        "ru": "Ответ непонятен: это не согласие и не отказ. Человека спросят ещё раз, но только один.",
        "en": "The reply was not understood: it is neither a yes nor a no. The person is asked again, but only once.",
    },
    "too_late": {
        "kk": "Жауап мерзімінен кеш келді; ол ештеңені өзгертпейді.",
        "ru": "Ответ пришёл после срока; он ничего не меняет.",
        "en": "The reply came after the deadline; it changes nothing.",
    },
    "unknown_sender": {
        "kk": "Бұл нөмірге сұрау жіберілмеген; жауап белгісіз жіберушіден келген деп сақталды.",
        "ru": "На этот номер запрос не отправляли; ответ сохранён как ответ неизвестного отправителя.",
        "en": "No request was sent to this number; the reply is kept as one of an unknown sender.",
    },
    "already_answered": {
        "kk": "Бұрын жауап берілген; бұл жауап ештеңені өзгертпейді.",
        "ru": "Ответ уже был дан раньше; этот ничего не меняет.",
        "en": "An answer was given before; this one changes nothing.",
    },
}


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

    language = language_of(lang)
    received = moment(at)
    with opened(lang) as azyq:
        from domain.ports import IncomingReply

        received = received or azyq.clock()
        if message is None:
            made = hashlib.sha256(f"{sender}\n{text}\n{received.isoformat()}".encode()).hexdigest()
            message = f"cli-{made[:32]}"
        if azyq.settings.keeps_time:
            received = min(received, azyq.clock())  # no reply comes from the future
        (outcome,) = azyq.record_reply.run([IncomingReply(message, sender, "", text, received, "cli")])
        sent = azyq.drain_sms()
        if as_json:
            print_json({"outcome": outcome, "sent": sent.sent})
        else:
            typer.echo(SENTENCES[outcome][language])


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

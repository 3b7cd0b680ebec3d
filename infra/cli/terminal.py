"""`azyq terminal`."""

from __future__ import annotations

import typer

from infra.cli.running import JSON, LANGUAGE, language_of, opened, print_json

INVITED = {
    "en": "Terminal {terminal} of shop {shop}. Its code, good for one terminal until {until}:\n  {code}",
    "ru": "Терминал {terminal} магазина {shop}. Его код, для одного терминала, до {until}:\n  {code}",
    "kk": "{shop} дүкенінің {terminal} терминалы. Оның коды, бір терминалға, {until} дейін:\n  {code}",
}
REVOKED = {
    "en": "Terminal {terminal} is revoked; its key is good for nothing from now on.",
    "ru": "Терминал {terminal} отозван; его ключ больше не действует.",
    "kk": "{terminal} терминалы қайтарып алынды; оның кілті енді жарамсыз.",
}
WAS_REVOKED = {
    "en": "Terminal {terminal} had been revoked before.",
    "ru": "Терминал {terminal} был отозван раньше.",
    "kk": "{terminal} терминалы бұрын қайтарып алынған.",
}
STAGES = {
    "invited": {"en": "has a code", "ru": "ждёт по коду", "kk": "коды бар"},
    "enrolled": {"en": "enrolled", "ru": "подключён", "kk": "қосылған"},
    "revoked": {"en": "revoked", "ru": "отозван", "kk": "қайтарып алынған"},
}

TRIAL = {
    "en": "Shop {shop}\n  the till: {till}, its one-time code until {until}: {code}\n"
    "  a customer's wallet, with {left} KZT: {wallet}",
    "ru": "Магазин {shop}\n  касса: {till}, одноразовый код до {until}: {code}\n"
    "  кошелёк покупателя, на нём {left} тг: {wallet}",
    "kk": "{shop} дүкені\n  касса: {till}, бір реттік коды {until} дейін: {code}\n"
    "  сатып алушының әмияны, онда {left} тг: {wallet}",
}


def enrol(
    shop: str = typer.Argument(help="The shop's id; `azyq shop list` shows them."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """A one-time code for a new terminal of a shop (R2.7). It is shown now and kept nowhere."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from domain.calendar import ALMATY
        from infra.parts.counter.tills import check_shop_takes_part, terminals

        check_shop_takes_part(azyq, shop)
        invited = terminals(azyq).invite(shop, azyq.clock())
        until = invited.expires_at.astimezone(ALMATY)
        if as_json:
            print_json(
                {
                    "terminal": invited.terminal,
                    "shop": shop,
                    "code": invited.code,
                    "expires_at": until.isoformat(),
                }
            )
        else:
            typer.echo(
                INVITED[language].format(
                    terminal=invited.terminal, shop=shop, code=invited.code, until=f"{until:%d.%m.%Y %H:%M}"
                )
            )


def trial(
    shop: str = typer.Argument(None, help="The shop's id; by default one that has most to sell."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """What it takes to try a till: a terminal's one-time code, and a customer's wallet. In a trial only."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from domain.calendar import ALMATY
        from domain.money import kzt
        from infra.parts.counter.rehearsal import rehearse

        found = rehearse(azyq, shop)
        until = found.invitation.expires_at.astimezone(ALMATY)
        till = f"{azyq.settings.public_url}/till"
        if as_json:
            print_json(
                {
                    "shop": found.shop,
                    "terminal": found.invitation.terminal,
                    "code": found.invitation.code,
                    "expires_at": until.isoformat(),
                    "till": till,
                    "wallet": found.wallet,
                    "available_tiyn": found.available_tiyn,
                }
            )
        else:
            typer.echo(
                TRIAL[language].format(
                    shop=found.shop,
                    till=till,
                    code=found.invitation.code,
                    until=f"{until:%d.%m.%Y %H:%M}",
                    left=kzt(found.available_tiyn),
                    wallet=found.wallet,
                )
            )


def revoke(
    terminal: str = typer.Argument(metavar="ID", help="The terminal's id."),
    reason: str = typer.Option("", "--reason", help="Why; no names."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Revoke a terminal, at once and for good (R2.7)."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from infra.parts.counter.tills import terminals

        done = terminals(azyq).revoke(terminal.strip().lower(), reason, azyq.clock())
        if as_json:
            print_json({"terminal": terminal, "revoked": True, "now": done})
        else:
            typer.echo((REVOKED if done else WAS_REVOKED)[language].format(terminal=terminal))


def list_terminals(
    shop: str = typer.Option(None, "--shop", help="Of this shop only."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """The terminals, with their shop and until when they can be used."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from datetime import datetime

        from domain.calendar import ALMATY
        from projections.terminals import Terminals

        azyq.catch_up_views()
        rows = sorted(
            (row for row in azyq.view_store.rows(Terminals()).values() if shop in (None, row["shop"])),
            key=lambda row: (row["shop"], row["invited_at"], row["terminal"]),
        )
        if as_json:
            print_json([{name: value for name, value in row.items() if name != "stream"} for row in rows])
            return
        for row in rows:
            ends = row["revoked_at"] if row["stage"] == "revoked" else row["expires_at"]
            until = datetime.fromisoformat(ends).astimezone(ALMATY)
            stage = STAGES[row["stage"]][language]
            typer.echo(f"{row['terminal']}  {row['shop']:12} {stage:16} {until:%Y-%m-%d %H:%M}")

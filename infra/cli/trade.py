"""`azyq article import`, `azyq price import`, `azyq market import`, and what they share with `azyq shop import`."""

from __future__ import annotations

from pathlib import Path

import typer

from infra.cli.running import JSON, LANGUAGE, day_of, language_of, moment, opened, print_json, usage

ENDED = {
    "en": "{shop}: no {gtin} from {day} on",
    "ru": "{shop}: {gtin} нет в продаже с {day}",
    "kk": "{shop}: {day} бастап {gtin} сатылмайды",
}
FILE = typer.Argument(help="The file: CSV, XLSX or JSON lines, compressed or not.")
AT = typer.Option(None, "--at", help="When it came (default: now).")
REJECTS = typer.Option(None, "--rejects", help="Write the rejected rows, with code and reason, here.")
GOODS = typer.Option(
    None, "--goods", help="Version of the goods list that positions are of (default: that of the day)."
)


def take_in(
    kind: str,
    file: Path,
    at: str | None,
    rejects: Path | None,
    as_json: bool,
    lang: str | None,
    goods_version: str | None = None,
) -> None:
    """Take in a file of one of the kinds and say what came of it."""
    came = moment(at)
    language = language_of(lang)
    with opened(lang) as azyq:
        from infra.cli.progress import progress_bar
        from infra.trade_importing import import_trade

        with progress_bar(not as_json) as progress:
            found = import_trade(
                azyq.receive_trade,
                kind,
                file,
                at=came or azyq.clock(),
                language=language,
                rejects=rejects,
                goods_version=goods_version,
                progress=progress,
            )
        if as_json:
            print_json(found.as_dict())
        else:
            for line in found.lines(language):
                typer.echo(line)


def import_articles(
    file: Path = FILE,
    goods: str = GOODS,
    at: str = AT,
    rejects: Path = REJECTS,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take in articles of the national catalogue: gtin, name, position, measure (R2.17)."""
    take_in("articles", file, at, rejects, as_json, lang, goods)


def import_prices(
    file: Path = FILE,
    at: str = AT,
    rejects: Path = REJECTS,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take in purchase prices: shop_id, gtin, purchase_price, source, valid_from (R13)."""
    take_in("prices", file, at, rejects, as_json, lang)


def import_market(
    file: Path = FILE,
    goods: str = GOODS,
    at: str = AT,
    rejects: Path = REJECTS,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take in official market prices: position, kato, market_price, valid_from (R13)."""
    take_in("market", file, at, rejects, as_json, lang, goods)


def end_price(
    shop: str = typer.Argument(metavar="SHOP", help="The shop's id."),
    gtin: str = typer.Argument(metavar="GTIN", help="The article that it has no more."),
    valid_from: str = typer.Option(None, "--from", help="From which day on, as 2025-07-05 (default: today)."),
    at: str = AT,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take an article out of a shop's assortment from a day on (O3.1)."""
    came = moment(at)
    if len(gtin) > 20 or not gtin.isascii() or not gtin.isdigit():
        usage("a GTIN has 8, 12, 13 or 14 digits")
    with opened(lang) as azyq:
        from domain.calendar import local_day

        now = came or azyq.clock()
        day = day_of(valid_from, "--from") if valid_from else local_day(now)
        azyq.inspect_shops.end_price(shop, gtin, day, now)
        if as_json:
            print_json({"shop": shop, "gtin": gtin, "from": day.isoformat()})
        else:
            typer.echo(ENDED[language_of(lang)].format(shop=shop, gtin=gtin, day=day))

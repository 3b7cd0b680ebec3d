"""`azyq shop`: shops, whether they are open, their loans and what they lack."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import JSON, LANGUAGE, day_of, language_of, moment, opened, print_json, usage
from infra.cli.trade import AT, FILE, REJECTS, take_in

if TYPE_CHECKING:
    from infra.bootstrap import Azyq

SHOP = typer.Argument(metavar="ID", help="The shop's id; `azyq shop list` shows them.")

WORDS = {
    "en": {
        "open": "open",
        "closed": "closed",
        "from": "from {opened_on}",
        "loan": "loan {contract} up to {until}",
        "no_loan": "no loan",
        "nothing_new": "{shop}: nothing new",
        "done_close": "{shop}: closed",
        "done_open": "{shop}: open",
        "done_loan": "{shop}: loan {contract} up to {until}",
        "done_end": "{shop}: the loan is over",
        "breach": "{shop}: breach {breach}",
        "mended": "{shop}: breach {breach} is mended",
        "condition_catalogue": "not by the national catalogue",
        "condition_assortment": "listed foods are missing",
        "condition_label": "no special label",
        "articles": "articles with a price: {count}",
        "checked": "{on}, list {goods_version}: shops {shops}, with everything {complete}",
        "missing": "missing {count} of {positions}: {names}",
        "is_breach": "breach of the loan's condition (R12)",
    },
    "ru": {
        "open": "открыт",
        "closed": "закрыт",
        "from": "с {opened_on}",
        "loan": "заём {contract} до {until}",
        "no_loan": "займа нет",
        "nothing_new": "{shop}: ничего нового",
        "done_close": "{shop}: закрыт",
        "done_open": "{shop}: открыт",
        "done_loan": "{shop}: заём {contract} до {until}",
        "done_end": "{shop}: заём завершён",
        "breach": "{shop}: нарушение {breach}",
        "mended": "{shop}: нарушение {breach} устранено",
        "condition_catalogue": "не по национальному каталогу",
        "condition_assortment": "нет товаров из перечня",
        "condition_label": "нет специального ценника",
        "articles": "товаров с ценой: {count}",
        "checked": "{on}, перечень {goods_version}: магазинов {shops}, с полным ассортиментом {complete}",
        "missing": "нет {count} из {positions}: {names}",
        "is_breach": "нарушение условия займа (R12)",
    },
    "kk": {
        "open": "ашық",
        "closed": "жабық",
        "from": "{opened_on} бастап",
        "loan": "{contract} қарызы, {until} дейін",
        "no_loan": "қарызы жоқ",
        "nothing_new": "{shop}: жаңа ештеңе жоқ",
        "done_close": "{shop}: жабылды",
        "done_open": "{shop}: ашық",
        "done_loan": "{shop}: {contract} қарызы, {until} дейін",
        "done_end": "{shop}: қарыз аяқталды",
        "breach": "{shop}: {breach} бұзушылығы",
        "mended": "{shop}: {breach} бұзушылығы жойылды",
        "condition_catalogue": "ұлттық каталог бойынша емес",
        "condition_assortment": "тізбедегі тауарлар жоқ",
        "condition_label": "арнайы белгі жоқ",
        "articles": "бағасы бар тауарлар: {count}",
        "checked": "{on}, {goods_version} тізбесі: {shops} дүкен, ассортименті толығы {complete}",
        "missing": "{positions} тауардың {count} жоқ: {names}",
        "is_breach": "қарыз шартын бұзу (R12)",
    },
}
_LISTED = (
    *("shop", "name", "bin", "kato", "address", "opened_on", "status", "loan_contract", "loan_until"),
    "breaches",
)


def import_shops(
    file: Path = FILE,
    at: str = AT,
    rejects: Path = REJECTS,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take in shops: shop_id, bin, name, kato, address, opened_on, loan, loan_contract, loan_until (R2.7, R9)."""
    take_in("shops", file, at, rejects, as_json, lang)


def list_shops(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Every shop: where, open or closed, its loan, breaches that stand."""
    words = WORDS[language_of(lang)]
    with opened(lang) as azyq:
        rows = _rows(azyq)
        if as_json:
            print_json(rows)
            return
        for row in rows:
            loan = words["no_loan"]
            if row["loan_contract"]:
                loan = words["loan"].format(contract=row["loan_contract"], until=row["loan_until"])
            conditions = "".join(f"; {words[f'condition_{condition}']}" for condition in row["breaches"])
            since = words["from"].format(opened_on=row["opened_on"])
            typer.echo(
                f"{row['shop']:<10} {row['kato']}  {words[row['status']]:<8} {row['name']}, {row['address']}"
                f" ({since}; {loan}{conditions})"
            )


def show(shop: str = SHOP, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """One shop, as the log has it at this moment."""
    words = WORDS[language_of(lang)]
    with opened(lang) as azyq:
        from domain.calendar import local_day
        from domain.trade.shop_refusals import ShopUnknown

        found = azyq.desk.shop(shop)
        if found is None:
            raise ShopUnknown("shop", shop=shop)
        today = local_day(azyq.clock())
        loan = found.loan_on(today)
        articles = len(found.assortment(today))
        standing = [
            {"breach": breach, "condition": c, "found_on": on, "missing": list(missing)}
            for breach, (c, on, missing, _) in found.breaches.items()
        ]
        status = "closed" if found.closed else "open"
        if as_json:
            print_json(
                {
                    "shop": shop,
                    **found.facts._asdict(),
                    "status": status,
                    "loan": loan._asdict() if loan else None,
                    "breaches": standing,
                    "articles": articles,
                }
            )
            return
        typer.echo(f"{shop}  {words[status]}  {found.name}, {found.kato}, {found.address}")
        typer.echo(f"  {words['from'].format(opened_on=found.opened_on)}")
        typer.echo(f"  {words['loan'].format(**loan._asdict()) if loan else words['no_loan']}")
        typer.echo(f"  {words['articles'].format(count=articles)}")
        for one in standing:
            typer.echo(f"  {one['found_on']}  {words['condition_' + str(one['condition'])]}  {one['breach']}")


def close(
    shop: str = SHOP,
    reason: str = typer.Option("", "--reason", help="Why, in a few words."),
    at: str = AT,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Close a shop: nothing can be bought there from now on (R2.7)."""
    came = moment(at)
    _plain(reason, "--reason")
    with opened(lang) as azyq:
        new = azyq.inspect_shops.close(shop, reason, came or azyq.clock())
        _say("done_close", new, as_json, lang, shop=shop, status="closed")


def open_(shop: str = SHOP, at: str = AT, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Open a closed shop again (R2.7)."""
    came = moment(at)
    with opened(lang) as azyq:
        new = azyq.inspect_shops.open(shop, came or azyq.clock())
        _say("done_open", new, as_json, lang, shop=shop, status="open")


def loan(
    shop: str = SHOP,
    contract: str = typer.Option(None, "--contract", help="Number of the loan's contract (R11)."),
    until: str = typer.Option(None, "--until", help="The loan's last day, as 2026-06-30."),
    end: bool = typer.Option(False, "--end", help="The loan ended before its day."),
    reason: str = typer.Option("", "--reason", help="Why it ended, in a few words."),
    at: str = AT,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Record a shop's loan of working capital, or its end (R9–R11)."""
    came = moment(at)
    _plain(reason, "--reason")
    if end == bool(contract or until) or (not end and not (contract and until)):
        usage("a loan has --contract and --until; or it is at its end: --end")
    if until:
        day_of(until, "--until")
    if contract:
        _plain(contract, "--contract")
    with opened(lang) as azyq:
        from domain.trade.shop import Loan

        now = came or azyq.clock()
        if end:
            new = azyq.inspect_shops.end_loan(shop, reason, now)
            _say("done_end", new, as_json, lang, shop=shop)
        else:
            new = azyq.inspect_shops.record_loan(shop, Loan(contract, until), now)
            _say("done_loan", new, as_json, lang, shop=shop, contract=contract, until=until)


def breach(
    shop: str = SHOP,
    condition: str = typer.Option(..., "--condition", help="catalogue, assortment or label (R12)."),
    detail: str = typer.Option("", "--detail", help="What the inspector saw."),
    at: str = AT,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Record that a shop doesn't keep a condition of its loan (R12); prints the breach's id."""
    came = moment(at)
    _plain(detail, "--detail")
    with opened(lang) as azyq:
        found = azyq.inspect_shops.breach(shop, condition, detail, came or azyq.clock())
        _say("breach", True, as_json, lang, shop=shop, breach=found)


def mend(
    shop: str = SHOP,
    breach: str = typer.Argument(help="The breach's id; `azyq shop show ID` shows them."),
    detail: str = typer.Option("", "--detail", help="What was done."),
    at: str = AT,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Record that a shop keeps the condition again (R12)."""
    came = moment(at)
    _plain(detail, "--detail")
    with opened(lang) as azyq:
        azyq.inspect_shops.mend(shop, breach, detail, came or azyq.clock())
        _say("mended", True, as_json, lang, shop=shop, breach=breach)


def check(
    shop: str = typer.Argument(None, metavar="[ID]", help="One shop (default: all)."),
    on: str = typer.Option(None, "--on", help="The day, as 2025-07-05 (default: today)."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """What of the goods list each shop has not got (O3.1); of shops with a loan a breach, recorded (R12)."""
    words = WORDS[language_of(lang)]
    day = day_of(on, "--on") if on else None
    with opened(lang) as azyq:
        from domain.calendar import ALMATY, local_day

        now = azyq.clock()
        day = day or local_day(now)
        if day > local_day(now) and azyq.settings.env == "production":
            usage(f"{day} is not here yet; today is {local_day(now)}")
        at = now if day == local_day(now) else datetime.combine(day, time(9), ALMATY)
        shops = [shop] if shop else [row["shop"] for row in _rows(azyq)]
        found = azyq.inspect_shops.check(shops, day, at)
        if as_json:
            print_json([one._asdict() for one in found])
            return
        goods = azyq.goods.on(day)
        complete = sum(not one.missing for one in found)
        typer.echo(
            words["checked"].format(on=day, goods_version=goods.version, shops=len(found), complete=complete)
        )
        for one in (one for one in found if one.missing):
            names = "; ".join(goods.positions[n].names[language_of(lang)] for n in one.missing)
            missing = words["missing"].format(count=len(one.missing), positions=one.positions, names=names)
            breach = f" – {words['is_breach']}" if one.loan else ""
            typer.echo(f"{one.shop:<10} {one.name}: {missing}{breach}")


def _rows(azyq: Azyq) -> list[dict[str, Any]]:
    azyq.catch_up_views()
    with azyq.view_store.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(_LISTED[:-1])}, (SELECT coalesce(array_agg(condition ORDER BY condition), '{{}}')"
            " FROM azyq_views.shop_breaches b WHERE b.shop = s.shop AND mended_on IS NULL)"
            " FROM azyq_views.shops s ORDER BY shop"
        )
        return [dict(zip(_LISTED, row, strict=True)) for row in cursor]


def _say(text: str, new: bool, as_json: bool, lang: str | None, **values: str) -> None:
    if as_json:
        print_json({**values, "new": new})
        return
    words = WORDS[language_of(lang)]
    typer.echo(words[text if new else "nothing_new"].format(**values))


def _plain(text: str, name: str) -> None:
    if len(text) > 500 or not text.isprintable():
        usage(f"{name} is a line of at most 500 characters")

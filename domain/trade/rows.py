"""Rows of the files of shops, articles, prices and market prices, checked: each by itself (R2.7, R2.17, R9–R13)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from domain.basket import PRICE_TIYN_MAX
from domain.beneficiary import FORMULA_STARTS, iin_is_valid
from domain.money import tiyn_from_kzt
from domain.trade.catalogue import Article
from domain.trade.gtin import canonical_gtin, gtin_problem
from domain.trade.shop import FARM, TRADE, Loan, ShopFacts

SHOP_FIELDS = (
    "shop_id",
    "bin",
    "name",
    "kato",
    "address",
    "opened_on",
    "loan",
    "loan_contract",
    "loan_until",
)
ARTICLE_FIELDS = ("gtin", "name", "position", "measure")
PRICE_FIELDS = ("shop_id", "gtin", "purchase_price", "source", "valid_from")
MARKET_FIELDS = ("position", "kato", "market_price", "valid_from")

NAME_LIMIT = 200
ADDRESS_LIMIT = 300
AHEAD = timedelta(days=366)
EARLIEST = date(1900, 1, 1)

MEASURES = {
    **dict.fromkeys(("piece", "pieces", "pc", "pcs", "шт", "шт.", "штука", "дана", "дн"), "piece"),
    **dict.fromkeys(("kg", "кг", "килограмм", "килограм"), "kg"),
    **dict.fromkeys(("l", "litre", "liter", "л", "литр"), "l"),
}
SOURCES = {
    **dict.fromkeys(("trade", "торговля", "поставщик", "сауда", "жеткізуші"), TRADE),
    **dict.fromkeys(
        ("farm", "ферма", "фермер", "сельхозпроизводитель", "шаруа", "шаруа қожалығы", "қожалық"), FARM
    ),
}
YES = frozenset({"yes", "y", "true", "1", "да", "иә", "ия", "бар", "есть"})
NO = frozenset({"no", "n", "false", "0", "нет", "жоқ", ""})

_SHOP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_POSITION = re.compile(r"[1-9][0-9]{0,3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COMMA = re.compile(r"[0-9]{1,11},[0-9]{1,2}")


class Rejected(NamedTuple):
    """Why a row is not taken: a stable code, the column it is about, and what fills its sentence."""

    code: str
    field: str | None = None
    details: Mapping[str, Any] = {}


class ShopRow(NamedTuple):
    """A shop as a file names it; with `trader` in place of a BIN, the IIN of a sole trader: it is to go no further."""

    shop: str
    facts: ShopFacts
    loan: Loan | None


class PriceRow(NamedTuple):
    """What a shop pays for an article from a day on, in tiyn."""

    shop: str
    gtin: str
    tiyn: int
    source: str
    valid_from: str


class MarketRow(NamedTuple):
    """What the market of a place asks for a position from a day on, in tiyn."""

    position: int
    kato: str
    tiyn: int
    valid_from: str


def check_shop_row(values: Sequence[str], today: date) -> ShopRow | Rejected:
    """The cells of SHOP_FIELDS as a shop, or the first rule that says no."""
    shop, number, name, kato, address, opened, loan, contract, until = (v.strip() for v in values)
    wrong = (
        _shop_problem(shop)
        or _number_problem(number)
        or _text_problem(name, "name", NAME_LIMIT, "shop_name_missing")
        or _kato_problem(kato)
        or _text_problem(address, "address", ADDRESS_LIMIT)
        or _day_problem(opened, "opened_on", today)
    )
    if wrong:
        return wrong
    answer = loan.casefold()
    if answer not in YES and answer not in NO:
        return Rejected("loan_unknown", "loan")
    company = number[4] in "456"
    facts = ShopFacts(
        " ".join(name.split()),
        number if company else "",
        "" if company else number,
        kato,
        " ".join(address.split()),
        opened,
    )
    if answer in NO:
        return Rejected("loan_not_said", "loan") if contract or until else ShopRow(shop, facts, None)
    wrong = _text_problem(contract, "loan_contract", 64, "loan_contract_missing") or _loan_day(until)
    return wrong or ShopRow(shop, facts, Loan(contract, until))


def check_article_row(
    values: Sequence[str], positions: Mapping[int, Any], goods_version: str
) -> Article | Rejected:
    """The cells of ARTICLE_FIELDS as an article whose position is one of `positions`."""
    gtin, name, position, measure = (v.strip() for v in values)
    wrong = (
        _gtin_problem(gtin)
        or _text_problem(name, "name", NAME_LIMIT, "article_name_missing")
        or _position_problem(position, positions, goods_version)
    )
    if wrong:
        return wrong
    known = MEASURES.get(measure.casefold())
    if known is None:
        return Rejected("measure_unknown", "measure")
    return Article(canonical_gtin(gtin), " ".join(name.split()), int(position), known)


def check_price_row(values: Sequence[str], today: date) -> PriceRow | Rejected:
    """The cells of PRICE_FIELDS as a purchase price."""
    shop, gtin, price, source, valid_from = (v.strip() for v in values)
    wrong = _shop_problem(shop) or _gtin_problem(gtin)
    if wrong:
        return wrong
    tiyn = _price(price, "purchase_price")
    if isinstance(tiyn, Rejected):
        return tiyn
    known = SOURCES.get(source.casefold())
    if known is None:
        return Rejected("source_unknown", "source")
    return _day_problem(valid_from, "valid_from", today) or PriceRow(
        shop, canonical_gtin(gtin), tiyn, known, valid_from
    )


def check_market_row(
    values: Sequence[str], positions: Mapping[int, Any], goods_version: str, today: date
) -> MarketRow | Rejected:
    """The cells of MARKET_FIELDS as an official market price of one of `positions`."""
    position, kato, price, valid_from = (v.strip() for v in values)
    wrong = _position_problem(position, positions, goods_version) or _kato_problem(kato)
    if wrong:
        return wrong
    tiyn = _price(price, "market_price")
    if isinstance(tiyn, Rejected):
        return tiyn
    return _day_problem(valid_from, "valid_from", today) or MarketRow(int(position), kato, tiyn, valid_from)


def _formula(text: str, field: str) -> Rejected | None:
    return Rejected("formula_in_cell", field) if text.startswith(FORMULA_STARTS) else None


def _shop_problem(shop: str) -> Rejected | None:
    if not shop:
        return Rejected("shop_id_missing", "shop_id")
    if _SHOP.fullmatch(shop):
        return None
    return _formula(shop, "shop_id") or Rejected("shop_id_malformed", "shop_id")


def _number_problem(number: str) -> Rejected | None:
    if not number:
        return Rejected("bin_missing", "bin")
    if not iin_is_valid(number):
        plain = number.isascii() and number.isdigit()
        if plain and len(number) < 12 and iin_is_valid(number.zfill(12)):
            return Rejected("bin_leading_zero_lost", "bin")
        if plain and len(number) == 12:
            return Rejected("bin_check_digit", "bin")
        return _formula(number, "bin") or Rejected("bin_not_12_digits", "bin")
    return Rejected("bin_of_nobody", "bin") if number[4] in "789" else None


def _text_problem(text: str, field: str, limit: int, missing: str | None = None) -> Rejected | None:
    if not text:
        return Rejected(missing, field) if missing else None
    if not " ".join(text.split()).isprintable():
        return Rejected("control_character", field)
    if len(text) > limit:
        return Rejected("text_too_long", field, {"limit": limit})
    return _formula(text, field)


def _kato_problem(kato: str) -> Rejected | None:
    if len(kato) == 9 and kato.isascii() and kato.isdigit():
        return None
    if not kato:
        return Rejected("kato_missing", "kato")
    return _formula(kato, "kato") or Rejected("kato_not_9_digits", "kato")


def _gtin_problem(gtin: str) -> Rejected | None:
    problem = gtin_problem(gtin)
    if problem is None:
        return None
    return _formula(gtin, "gtin") or Rejected(problem, "gtin")


def _position_problem(position: str, positions: Mapping[int, Any], goods_version: str) -> Rejected | None:
    if not _POSITION.fullmatch(position):
        if not position:
            return Rejected("position_missing", "position")
        return _formula(position, "position") or Rejected("position_not_a_number", "position")
    if int(position) not in positions:
        return Rejected("position_not_listed", "position", {"version": goods_version})
    return None


def _price(text: str, field: str) -> int | Rejected:
    if not text:
        return Rejected("price_missing", field)
    try:
        # A comma for the point, as Excel writes it in this country; with three digits after it, it could be thousands.
        tiyn = tiyn_from_kzt(text.replace(",", ".") if _COMMA.fullmatch(text) else text)
    except ValueError:
        return Rejected("price_malformed", field)
    if not 0 < tiyn <= PRICE_TIYN_MAX:
        return Rejected("price_out_of_bounds", field)
    return tiyn


def plain_day(text: str) -> date | None:
    """`2025-07-05` as a day; None for anything else."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_problem(text: str, field: str, today: date) -> Rejected | None:
    day = plain_day(text)
    if day is None:
        return Rejected("date_invalid" if text else "date_missing", field)
    if day < EARLIEST:
        return Rejected("date_invalid", field)
    return Rejected("date_too_far", field) if day > today + AHEAD else None


def _loan_day(text: str) -> Rejected | None:
    if plain_day(text) is None:
        return Rejected("date_invalid" if text else "loan_until_missing", "loan_until")
    return None

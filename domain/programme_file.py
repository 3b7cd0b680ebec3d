"""A programme's TOML file, read and checked whole: every problem is named by file, key and reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from domain.checked_file import (
    Problem,
    Table,
    https_address,
    kind_of,
    one_of,
    plain_date,
    plain_text,
    slug,
    toml_of,
    whole,
    with_placeholders,
)
from domain.errors import LANGUAGES, Refusal
from domain.goods import UNITS, GoodsCatalogue, GoodsListMissing, GoodsVersion, Position, catalogue_of
from domain.money import tiyn_from_kzt
from domain.programmes import (
    OWN_GOODS,
    SHARED_GOODS,
    STANDARD_TEXTS,
    TEXT_PURPOSES,
    ComplaintDesk,
    Programme,
    Terms,
)

T = TypeVar("T")

LAST_DAY_OF_EVERY_MONTH = 28
# Of each text: the placeholders it must have, and those it may have besides.
PLACEHOLDERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "consent_request": (frozenset({"deadline"}), frozenset()),
    "reminder": (frozenset({"deadline"}), frozenset()),
    "consent_confirmed": (frozenset({"link"}), frozenset()),
    "not_understood": (frozenset(), frozenset({"deadline"})),
}


class ProgrammeInvalid(Refusal):
    """Programme files that can't be used; `problems` has all of them, in the order of the files."""

    code: ClassVar[str] = "programme_invalid"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Бағдарлама файлында қателер бар:\n{problems}",
        "ru": "В файле программы есть ошибки:\n{problems}",
        "en": "The programme file has errors:\n{problems}",
    }

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems="\n".join(map(str, problems)))


def parse_programme(text: str, file: str) -> Programme:
    """The programme in the TOML `text`; `file` is its name in problems. Raises ProgrammeInvalid with all.

    Money is a string in KZT (`"3932.00"`), percentages are strings (`"15"`), days of the month whole numbers.
    Each `[[terms]]` inherits what it doesn't set from the one before, texts one by one; its `version` is
    `id@number` unless it says otherwise (R31).
    """
    problems: list[Problem] = []
    raw = toml_of(text, file, problems)
    if raw is None:
        raise ProgrammeInvalid(problems)
    programme = _programme(Table(raw, "", file, problems))
    if programme is not None and not problems:
        _check_months(programme, file, problems)
    if programme is None or problems:
        raise ProgrammeInvalid(problems)
    return programme


def _programme(top: Table) -> Programme | None:
    programme_id = top.required("id", slug)
    names = top.names()
    regions = top.required("regions", _regions)
    starts_on = top.required("starts_on", plain_date)
    ends_on = top.required("ends_on", plain_date)
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        top.problem("ends_on", f"{ends_on} is before starts_on {starts_on}")
        starts_on = ends_on = None
    terms = _all_terms(top, programme_id or "", starts_on, ends_on)
    goods, own_goods = _goods(top)
    complaints = _complaints(top)
    standard = _standard(top)
    top.finish()
    if programme_id is None or not names or regions is None or starts_on is None or ends_on is None:
        return None
    days = (starts_on, ends_on)
    return Programme(
        programme_id, names, regions, *days, tuple(terms), goods, own_goods, complaints, standard
    )


# Terms


def _all_terms(top: Table, programme_id: str, starts_on: date | None, ends_on: date | None) -> list[Terms]:
    result: list[Terms] = []
    # What the version before set, for the next to inherit. A key set wrongly is not reported as missing too.
    values: dict[str, Any] = {"activate_to_day": None, "discount_cap_percent": None}
    texts: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    before: date | None = None
    versions: set[str] = set()
    for number, table in enumerate(top.tables("terms"), start=1):
        problems_before = len(top.problems)
        version = table.optional("version", plain_text) or f"{programme_id}@{number}"
        if version in versions:
            table.problem("version", f"{version} is the version of other terms too")
        versions.add(version)

        effective_from = table.required("effective_from", plain_date)
        if effective_from is not None:
            _check_effective(table, effective_from, before, starts_on, ends_on)
            before = effective_from

        for key, read in _TERMS_KEYS.items():
            if key in table.raw:
                seen.add(key)
                value = table.optional(key, read)
                values.pop(key, None)
                if value is not None:
                    values[key] = None if value is _NONE else value
            else:
                table.taken.add(key)
                if key not in seen and key not in values:
                    seen.add(key)
                    table.problem(key, "is missing")
        _read_texts(table, texts, first=number == 1)
        table.finish()
        _check_days(table, values)
        if (
            len(top.problems) == problems_before
            and effective_from is not None
            and len(values) == len(_TERMS_KEYS)
        ):
            by_purpose = {
                purpose: {language: texts[purpose, language] for language in LANGUAGES}
                for purpose in TEXT_PURPOSES
                if all((purpose, language) in texts for language in LANGUAGES)
            }
            renamed = {"amount_tiyn" if key == "amount" else key: value for key, value in values.items()}
            result.append(Terms(version=version, effective_from=effective_from, texts=by_purpose, **renamed))
    return result


def _check_effective(
    table: Table, effective_from: date, before: date | None, starts_on: date | None, ends_on: date | None
) -> None:
    if before is not None and effective_from <= before:
        table.problem("effective_from", f"{effective_from} is not after that of the terms before, {before}")
    if before is None and starts_on is not None and effective_from > starts_on:
        table.problem("effective_from", f"{effective_from} leaves the first day, {starts_on}, without terms")
    if before is not None and starts_on is not None and before < effective_from < starts_on:
        table.problem("effective_from", f"{effective_from} is before the programme starts, on {starts_on}")
    if ends_on is not None and effective_from > ends_on:
        table.problem("effective_from", f"{effective_from} is after the programme ends, on {ends_on}")


def _check_days(table: Table, values: Mapping[str, Any]) -> None:
    cutoff, first = values.get("list_cutoff_day"), values.get("first_sms_day")
    activate_from, activate_to = values.get("activate_from_day"), values.get("activate_to_day")
    if cutoff is not None and first is not None and first <= cutoff:
        table.problem("first_sms_day", f"{first} is not after list_cutoff_day {cutoff}")
    if first is not None and activate_from is not None and activate_from < first:
        table.problem("activate_from_day", f"{activate_from} is before first_sms_day {first}")
    if activate_from is not None and activate_to is not None and activate_to < activate_from:
        table.problem("activate_to_day", f"{activate_to} is before activate_from_day {activate_from}")
    if values.get("draw") == "price" and values.get("discount_cap_percent") is not None:
        table.problem("discount_cap_percent", 'caps a discount, but draw = "price" pays the whole price')


def _read_texts(table: Table, texts: dict[tuple[str, str], str], *, first: bool) -> None:
    if not first and "texts" not in table.raw:
        table.taken.add("texts")
        return
    found = table.table("texts")
    if found is None:
        return
    for purpose in TEXT_PURPOSES:
        if not first and purpose not in found.raw:
            found.taken.add(purpose)
            continue
        by_language = found.table(purpose)
        if by_language is None:
            continue
        for language in LANGUAGES:
            read = with_placeholders(*PLACEHOLDERS[purpose])
            known = not first and language not in by_language.raw
            text = (by_language.optional if known else by_language.required)(language, read)
            if text is not None:
                texts[purpose, language] = text
        by_language.finish()
    found.finish()


# Goods


def _goods(top: Table) -> tuple[str, GoodsCatalogue | None]:
    if not isinstance(top.raw.get("goods"), list):
        return top.required("goods", one_of(SHARED_GOODS)) or SHARED_GOODS, None
    versions: list[GoodsVersion] = []
    for table in top.tables("goods"):
        version = table.required("version", plain_text)
        effective_from = table.required("effective_from", plain_date)
        effective_to = table.optional("effective_to", plain_date)
        positions: dict[int, Position] = {}
        for row in table.tables("positions"):
            number = row.required("number", whole(1, 9999))
            unit = row.required("unit", one_of(*UNITS))
            names = row.names()
            row.finish()
            if number in positions:
                row.problem("number", f"{number} is there twice")
            elif number is not None and unit is not None and names:
                positions[number] = Position(number, names, unit)
        table.finish()
        if version is not None and version in [other.version for other in versions]:
            table.problem("version", f"{version} is the version of another list too")
        if version is not None and effective_from is not None:
            versions.append(GoodsVersion(version, positions, effective_from, effective_to))
    try:
        return OWN_GOODS, catalogue_of(versions)
    except ValueError as error:
        top.problem("goods", str(error))
        return OWN_GOODS, None


def _complaints(top: Table) -> tuple[ComplaintDesk, ...]:
    """Who takes complaints, where (R30); a programme may name nobody."""
    desks = []
    for table in top.tables("complaints") if "complaints" in top.raw else ():
        regions, url = table.required("regions", _regions), table.required("url", https_address)
        names = table.names()
        table.finish()
        if regions is not None and url is not None and names:
            desks.append(ComplaintDesk(regions, names, url))
    return tuple(desks)


def _standard(top: Table) -> dict[str, dict[str, str]]:
    """What the programme's standard says beyond its terms (S002-F4); a programme may say nothing."""
    if "standard" not in top.raw:
        return {}
    table = top.table("standard")
    if table is None:
        return {}
    texts = {key: table.names(key) for key in STANDARD_TEXTS if key in table.raw}
    table.finish()
    return texts


# What only shows when the months are worked out


def _check_months(programme: Programme, file: str, problems: list[Problem]) -> None:
    months = [programme.month(month) for month in programme.months()]
    if not months:
        problems.append(
            Problem(file, "ends_on", "no month has its first SMS day and activation within the programme")
        )
    for month in months:
        key = f"terms[{programme.terms.index(month.terms) + 1}]"
        if month.reminder_on > month.deadline:
            reason = (
                f"in {month.month} the reminder, {month.reminder_on}, is after the last day, {month.deadline}"
            )
            problems.append(Problem(file, f"{key}.reminder_after_days", reason))
    if programme.own_goods is not None:
        day = programme.starts_on
        try:
            while day <= programme.ends_on:
                programme.own_goods.on(day)
                day += timedelta(days=1)
        except GoodsListMissing:
            problems.append(Problem(file, "goods", f"no goods list is in force on {day}"))


# Single values: each raises ValueError with the reason


def _amount(value: Any) -> int:
    if type(value) is not str:
        raise ValueError(f'must be a text in KZT as "3932.00", not {kind_of(value)}')
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]+)?", value):
        raise ValueError(f'{value!r} is not an amount in KZT as "3932.00"')
    try:
        tiyn = tiyn_from_kzt(value)
    except ValueError:
        raise ValueError(f"{value} KZT is not a whole number of tiyn: at most two decimals") from None
    if tiyn == 0:
        raise ValueError("must be more than 0")
    return tiyn


def _percent(value: Any) -> Decimal:
    if type(value) is not str or not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", value):
        raise ValueError('must be a text as "15" or "12.50", in percent')
    if Decimal(value) > 100:
        raise ValueError("must be from 0 to 100 percent")
    return Decimal(value)


_NONE = object()


def _percent_or_none(value: Any) -> Any:
    return _NONE if value == "none" else _percent(value)


def _day_or_last(value: Any) -> Any:
    return _NONE if value == "last" else whole(1, 31)(value)


def _languages(value: Any) -> tuple[str, ...]:
    if type(value) is not list or not value or any(item not in LANGUAGES for item in value):
        raise ValueError(f"must be an array of one or more of {', '.join(LANGUAGES)}")
    if len(set(value)) < len(value):
        raise ValueError("names a language twice")
    return tuple(value)


def _regions(value: Any) -> tuple[str, ...]:
    if type(value) is not list or not value or not all(type(item) is str for item in value):
        raise ValueError("must be an array of one or more texts: prefixes of KATO codes")
    for item in value:
        # The levels of the classifier: oblast, district, rural district or town, settlement.
        if not re.fullmatch(r"([0-9]{2}){1,3}|[0-9]{9}", item):
            raise ValueError(f"{item!r} is not a KATO code or prefix: 2, 4, 6 or 9 digits")
    for item in value:
        if sum(item.startswith(other) for other in value) > 1:
            raise ValueError(f"{item} is covered twice")
    return tuple(value)


_TERMS_KEYS: dict[str, Callable[[Any], Any]] = {
    "amount": _amount,
    "draw": one_of("discount", "price"),
    "discount_cap_percent": _percent_or_none,
    "farm_discount_percent": _percent,
    "over_cap": one_of("refuse", "settle"),
    "list_cutoff_day": whole(1, LAST_DAY_OF_EVERY_MONTH),
    "first_sms_day": whole(1, LAST_DAY_OF_EVERY_MONTH),
    "reminder_after_days": whole(1, 30),
    "activate_from_day": whole(1, LAST_DAY_OF_EVERY_MONTH),
    "activate_to_day": _day_or_last,
    "sms_languages": _languages,
    "hold_minutes": whole(1, 24 * 60),
}

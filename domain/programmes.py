"""Programmes as data: versions of the rules by date (R31) and the dates of a month that follow from them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from domain.errors import Refusal
from domain.goods import GoodsCatalogue

SHARED_GOODS = "socially-significant"
OWN_GOODS = "own"
# What a programme's published standard says beyond its terms, each a text in every language (S002-10 to S002-25).
STANDARD_TEXTS = (
    "basis",
    "drafter",
    "provider",
    "fee",
    "appeals",
    "vulnerable",
    "publication",
    "electronic_signature",
    "remote_status",
    "contacts",
)
TEXT_PURPOSES = ("consent_request", "reminder", "consent_confirmed", "not_understood")


class ProgrammeUnknown(Refusal):
    code: ClassVar[str] = "programme_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "«{programme}» бағдарламасы жоқ.",
        "ru": "Программы «{programme}» нет.",
        "en": "There is no programme “{programme}”.",
    }


class ProgrammeNotInForce(Refusal):
    code: ClassVar[str] = "programme_not_in_force"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{day} күні «{programme}» бағдарламасы жүрмейді: ол {starts_on} бастап {ends_on} дейін жүреді.",
        "ru": "{day} программа «{programme}» не действует: она идёт с {starts_on} по {ends_on}.",
        "en": "On {day} the programme “{programme}” is not in force: it runs from {starts_on} to {ends_on}.",
    }


class MonthMalformed(Refusal):
    code: ClassVar[str] = "month_malformed"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Айды 2025-07 түрінде жазыңыз.",
        "ru": "Укажите месяц в виде 2025-07.",
        "en": "Write the month as 2025-07.",
    }


class MonthOutsideProgramme(Refusal):
    code: ClassVar[str] = "month_outside_programme"
    texts: ClassVar[dict[str, str]] = {
        "kk": "{month} айы «{programme}» бағдарламасына кірмейді; оның айлары: {months}.",
        "ru": "Месяц {month} не входит в программу «{programme}»; её месяцы: {months}.",
        "en": "{month} is not a month of the programme “{programme}”; its months are {months}.",
    }


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a programme's rules, in force from `effective_from` until the next one (R31).

    `draw` is what a voucher pays: the discount, or the whole discounted price. `over_cap` is what happens to
    a line priced above its cap: refused, or settled at it. `texts` are templates by purpose and language;
    `sms_languages` are those an SMS carries, in order. `activate_to_day` None is the month's last day.
    """

    version: str
    effective_from: date
    amount_tiyn: int
    draw: Literal["discount", "price"]
    discount_cap_percent: Decimal | None
    farm_discount_percent: Decimal
    over_cap: Literal["refuse", "settle"]
    list_cutoff_day: int
    first_sms_day: int
    reminder_after_days: int
    activate_from_day: int
    activate_to_day: int | None
    texts: Mapping[str, Mapping[str, str]] = field(hash=False)
    sms_languages: tuple[str, ...]
    hold_minutes: int


@dataclass(frozen=True, slots=True)
class ComplaintDesk:
    """Who takes complaints from `regions` (prefixes of KATO codes), by language, and where (R30)."""

    regions: tuple[str, ...]
    names: Mapping[str, str] = field(hash=False)
    url: str


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme of vouchers (O1): where it runs, from which day to which, and its terms in order of date.

    `regions` are prefixes of KATO codes. `goods` is "socially-significant" for the official list (R2.3), or
    "own" for the catalogue in the programme's file, then found in `own_goods`. `standard` are the texts of its
    published standard that no term says, by those of `STANDARD_TEXTS` that the file has.
    """

    id: str
    names: Mapping[str, str] = field(hash=False)
    regions: tuple[str, ...]
    starts_on: date
    ends_on: date
    terms: tuple[Terms, ...]
    goods: str = SHARED_GOODS
    own_goods: GoodsCatalogue | None = None
    complaints: tuple[ComplaintDesk, ...] = ()
    standard: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)

    def complaint_desk(self, kato: str) -> ComplaintDesk | None:
        """Who takes the complaints of somebody who lives at `kato` (R30)."""
        return next((desk for desk in self.complaints if kato.startswith(desk.regions)), None)

    def covers(self, kato: str) -> bool:
        """Whether somebody who lives at `kato` lives in the programme's region (R2.2)."""
        return kato.startswith(self.regions)

    def catalogue(self, shared: GoodsCatalogue) -> GoodsCatalogue:
        """What a voucher of this programme may buy: the official list `shared`, or its own (R2.3, R6)."""
        return shared if self.own_goods is None else self.own_goods

    def terms_on(self, day: date) -> Terms:
        """The terms in force on `day` (R31). Raises ProgrammeNotInForce before it starts, after it ends."""
        in_force = [terms for terms in self.terms if terms.effective_from <= day]
        if not (self.starts_on <= day <= self.ends_on and in_force):
            raise ProgrammeNotInForce(
                programme=self.id, day=day, starts_on=self.starts_on, ends_on=self.ends_on
            )
        return in_force[-1]

    def months(self) -> list[str]:
        """The programme's months, as `"2025-07"`: those whose SMS and activation begin inside it (R4, O9)."""
        first = self.starts_on.year * 12 + self.starts_on.month - 1
        last = self.ends_on.year * 12 + self.ends_on.month - 1
        return [
            f"{year:04d}-{number + 1:02d}"
            for year, number in (divmod(index, 12) for index in range(first, last + 1))
            if self._month(year, number + 1) is not None
        ]

    def month(self, month: str) -> ProgrammeMonth:
        """The dates and terms of `month` (`"2025-07"`). Raises MonthMalformed, MonthOutsideProgramme."""
        parts = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", month)
        if parts is None or parts[1] == "0000":
            raise MonthMalformed("month")
        found = self._month(int(parts[1]), int(parts[2]))
        if found is None:
            raise MonthOutsideProgramme(
                "month", month=month, programme=self.id, months=", ".join(self.months())
            )
        return found

    def _month(self, year: int, number: int) -> ProgrammeMonth | None:
        terms = self._terms_of_month(year, number)
        if terms is None:
            return None
        first_sms_on = _day_in(year, number, terms.first_sms_day)
        valid_from = _day_in(year, number, terms.activate_from_day)
        if first_sms_on < self.starts_on or max(first_sms_on, valid_from) > self.ends_on:
            return None
        valid_to = min(_day_in(year, number, terms.activate_to_day or 31), self.ends_on)
        return ProgrammeMonth(
            programme=self,
            month=f"{year:04d}-{number:02d}",
            terms=terms,
            assistance_on=date(year, number, 1) - timedelta(days=1),
            list_cutoff=_day_in(year, number, terms.list_cutoff_day),
            first_sms_on=first_sms_on,
            reminder_on=first_sms_on + timedelta(days=terms.reminder_after_days),
            valid_from=valid_from,
            valid_to=valid_to,
            deadline=valid_to,
        )

    def _terms_of_month(self, year: int, number: int) -> Terms | None:
        # The first SMS day is itself a term: a version holds for the month if in force by its own such day.
        for terms in reversed(self.terms):
            if terms.effective_from <= _day_in(year, number, terms.first_sms_day):
                return terms
        return None


@dataclass(frozen=True, slots=True)
class ProgrammeMonth:
    """A month of a programme: the terms that hold in it, and its local days (Asia/Almaty), all inclusive.

    The list names recipients of `assistance_on` (R2.2) and is renewed up to `list_cutoff` (R19); the SMS go
    out on `first_sms_on` (R20) and `reminder_on` (R21); vouchers are activated and spent from `valid_from` to
    `valid_to` (R7, R8, O9); consent is given up to `deadline`.
    """

    programme: Programme
    month: str
    terms: Terms
    assistance_on: date
    list_cutoff: date
    first_sms_on: date
    reminder_on: date
    valid_from: date
    valid_to: date
    deadline: date


def _day_in(year: int, month: int, day: int) -> date:
    """`day` of the month, or its last day where the month is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))

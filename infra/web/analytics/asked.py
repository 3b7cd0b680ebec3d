"""What an address of the analysts' pages asks for, and the addresses that ask for something else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from domain.access_refusals import RegionForeign, RegionOfItsOwnBodies, ScopeEmpty
from domain.calendar import local_day
from domain.programmes import Programme
from infra.reporting.as_of import time_written
from infra.web.analytics.reading import Reader
from infra.web.analytics.refusals import AddressUnknown, NumberOutside, TimeUnclear

PATH = "/analytics"
_NAMES = ("programme", "month", "region", "on", "as_of", "compare", "lang")
_POSITION = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at: "" is all programmes, all regions, no day, now, no comparison."""

    language: str
    programme: str = ""
    month: str = ""
    region: str = ""
    on: str = ""
    as_of: str = ""
    compare: str = ""

    def link(self, path: str = "", /, **changes: str) -> str:
        """The address of a page of ours, as this one but for `changes`; those of `Asked`, or the page's own."""
        values = {**asdict(self), **changes}
        values["lang"] = values.pop("language")
        return f"{PATH}{path}?{urlencode([(name, value) for name, value in values.items() if value])}"

    def parameters(self, names: Sequence[str]) -> dict[str, str]:
        """What a report that is asked for by `names` is to be asked for."""
        values = asdict(self)
        return {name: values[name] for name in names if values.get(name)}

    def as_of_position(self) -> str:
        """`as_of` as reports take it. Raises TimeUnclear."""
        return exact_time(self.as_of, "as_of")

    def ahead(self, now: datetime) -> bool:
        """Whether `as_of` is a time yet to come. Raises TimeUnclear."""
        text = self.as_of_position()
        return bool(text) and not _POSITION.fullmatch(text) and datetime.fromisoformat(text) > now

    def compared_position(self) -> str:
        """`compare` as reports take it. Raises TimeUnclear."""
        return exact_time(self.compare, "compare")

    def on_day(self, day: str) -> Asked:
        """The same about a day."""
        return replace(self, on=day)


def read_address(
    given: Sequence[tuple[str, str]], language: str, reader: Reader, own: Sequence[str] = ()
) -> tuple[Asked, dict[str, str]]:
    """What is asked, and the page's `own` parameters; the region is the reader's where none is asked for.

    Raises AddressUnknown for a name of neither, or twice; RegionForeign, RegionOfItsOwnBodies, ScopeEmpty (A2).
    """
    values: dict[str, str] = {}
    for name, value in given:
        if name not in (*_NAMES, *own) or name in values:
            raise AddressUnknown(names=", ".join((*_NAMES, *own)))
        values[name] = value.strip()
    asked = Asked(language, **{name: values.get(name, "") for name in _NAMES if name != "lang"})
    if not reader.regions:
        raise ScopeEmpty
    if not asked.region and not reader.everything:
        asked = replace(asked, region=reader.regions[0])
    if asked.region and reader.outside:
        raise RegionOfItsOwnBodies("region")
    if not reader.may_read(asked.region):
        raise RegionForeign("region", regions=", ".join(reader.regions))
    return asked, {name: values.get(name, "") for name in own}


def with_month(asked: Asked, programmes: Mapping[str, Programme], now: datetime) -> Asked:
    """With a month, where none is asked for: this one, or the last before it in which a programme runs."""
    if asked.month:
        return asked
    chosen = [one for one in programmes.values() if asked.programme in ("", one.id)]
    months = sorted({month for one in chosen for month in one.months()})
    this = f"{local_day(now):%Y-%m}"
    past = [month for month in months if month <= this]
    found = past[-1] if past else months[0] if months else this
    return replace(asked, month=found)


def exact_time(text: str, field: str) -> str:
    """A position as it is; a local time, or the end of a day, with its offset. Raises TimeUnclear."""
    if not text or _POSITION.fullmatch(text):
        return text
    try:
        return time_written(text).isoformat()
    except ValueError:
        raise TimeUnclear(field) from None


def whole_number(values: Mapping[str, str], name: str, least: int, most: int, otherwise: int) -> int:
    """A number of the address. Raises NumberOutside."""
    text: Any = values.get(name, "")
    if not text:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise NumberOutside(name, parameter=name, least=least, most=most)
    return int(text)

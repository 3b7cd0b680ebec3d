"""Made-up input files for a month, in the contract's formats: the same seed gives the same bytes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol

from domain.goods import load_goods
from infra.sample.mistakes import spoilt
from infra.sample.numbers import Phones
from infra.sample.people import Families
from infra.sample.trade import articles_of, market_rows, price_rows, shop_rows
from infra.settings import ROOT

HEADERS = {
    "list.csv": "family_id,iin,surname,given_name,patronymic,birth_date,role,kato,assistance_on",
    "numbers.csv": "iin,phone",
    "shops.csv": "shop_id,bin,name,kato,address,opened_on,loan,loan_contract,loan_until",
    "articles.csv": "gtin,name,position,measure",
    "prices.csv": "shop_id,gtin,purchase_price,source,valid_from",
    "market.csv": "position,kato,market_price,valid_from",
}
# One family in 50 has no number (R18); in every 200, one shares the number of the family before it.
WITHOUT_NUMBER_ONE_IN = 50
SHARED_NUMBER_ONE_IN = 200
# Place in its 200 of the family that shares; those without a number come later in their 50.
_SHARES = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What the files hold; `members` and `families` without the bad rows."""

    families: int
    members: int
    without_number: int
    sharing_a_number: int
    bad_rows: int
    shops: int
    articles: int
    prices: int


def write_sample(
    out: Path,
    *,
    families: int,
    seed: int,
    month: str,
    kato: Sequence[str],
    bad_rows: int = 0,
    goods: Path = ROOT / "goods" / "goods-list.csv",
) -> SampleSummary:
    """Write list, numbers, shops, articles, prices and market as CSV into the folder `out`, made if need be.

    `month` is YYYY-MM; `kato` are the region prefixes or codes that a programme names. `bad_rows` rows of
    many kinds of mistake are strewn into the list. Memory does not grow with `families`. Raises ValueError.
    """
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise ValueError(f"not a month as 2025-07: {month!r}")
    if families < 1 or bad_rows < 0 or not kato:
        raise ValueError(
            "a sample needs at least one family and one region, and no negative number of bad rows"
        )
    first = date.fromisoformat(f"{month}-01")
    places = [_place(code) for code in kato]
    out.mkdir(parents=True, exist_ok=True)

    rng = Random(seed)  # noqa: S311
    with _csv_file(out / "list.csv") as rows, _csv_file(out / "numbers.csv") as numbers:
        counts = _write_people(rng, Families(rng, places, first - _DAY), families, bad_rows, rows, numbers)

    last = (first + 31 * _DAY).replace(day=1) - _DAY
    version = load_goods(goods.read_text(encoding="utf-8")).on(last)
    articles = articles_of(version)
    shops = shop_rows(rng, places, first)
    prices = price_rows(rng, articles, first)
    listed = [(article.gtin, article.name, str(article.position), article.measure) for article in articles]
    market = market_rows(rng, articles, list(dict.fromkeys(places)), first)
    for name, trade in (("shops", shops), ("articles", listed), ("prices", prices), ("market", market)):
        with _csv_file(out / f"{name}.csv") as file:
            file.writerows(trade)
    return SampleSummary(
        families=families,
        members=counts.members,
        without_number=counts.without_number,
        sharing_a_number=counts.sharing_a_number,
        bad_rows=bad_rows,
        shops=len(shops),
        articles=len(articles),
        prices=len(prices),
    )


@dataclass(slots=True)
class _Counts:
    members: int = 0
    without_number: int = 0
    sharing_a_number: int = 0


class _CsvWriter(Protocol):
    def writerow(self, row: Iterable[Any], /) -> Any: ...

    def writerows(self, rows: Iterable[Iterable[Any]], /) -> None: ...


@contextmanager
def _csv_file(path: Path) -> Iterator[_CsvWriter]:
    with path.open("w", encoding="utf-8", newline="", buffering=1 << 20) as file:
        file.write(HEADERS[path.name] + "\n")
        yield csv.writer(file, lineterminator="\n")


def _write_people(
    rng: Random, families: Families, count: int, bad_rows: int, rows: _CsvWriter, numbers: _CsvWriter
) -> _Counts:
    counts = _Counts()
    phones = Phones(rng)
    bad = spoilt(families)
    written_bad = 0
    numberless = -1
    for index, family in enumerate(families(count)):
        rows.writerows(family)
        counts.members += len(family)
        place = index % WITHOUT_NUMBER_ONE_IN
        if place == 0:
            numberless = rng.randrange(_SHARES + 1, WITHOUT_NUMBER_ONE_IN)
        if place == numberless:
            counts.without_number += 1
        else:
            shares = index % SHARED_NUMBER_ONE_IN == _SHARES
            counts.sharing_a_number += shares
            phone = phones.of(index - shares)
            numbers.writerow((family[0][1], phone if rng.random() < 0.9 else "8" + phone[2:]))
        while written_bad < bad_rows and (written_bad + 1) * count <= (index + 1) * (bad_rows + 1):
            rows.writerow(next(bad)(family[0]))
            written_bad += 1
    for _ in range(written_bad, bad_rows):
        rows.writerow(next(bad)(family[0]))
    return counts


def _place(code: str) -> str:
    """A nine-digit KATO code in the region of a prefix."""
    return code if len(code) >= 9 else f"{code}100".ljust(9, "0")[:9]

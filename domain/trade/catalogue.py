"""The articles of the national catalogue and the positions of goods lists that they are of (R2.3, R2.17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.goods import GoodsCatalogue, GoodsVersion
from domain.identity import catalogue_id

ARTICLES_AT_ONCE = 500
MEASURES = ("piece", "kg", "l")
MEASURE_OF_UNIT = {"kg": "kg", "litre": "l", "piece": "piece"}


class Article(NamedTuple):
    """An article as a goods list numbers it; `measure` is what it is sold by."""

    gtin: str
    name: str
    position: int
    measure: str


class Catalogue(Aggregate):
    """All articles: name and measure of each, and its position by version of a goods list."""

    TOPIC = "catalogue"

    class Event(Aggregate.Event):
        pass

    class Created(Aggregate.Created, Event):
        """The first articles; the stream has no other beginning."""

        TOPIC = "catalogue.created"  # the library wants one; Begun is what happens

    class Begun(Created):
        """There is a catalogue (R2.17)."""

        TOPIC = "catalogue.begun"

    class ArticlesListed(Event):
        """Articles [gtin, name, position, measure], numbered by a version of a goods list (R2.3, R2.17)."""

        TOPIC = "catalogue.articles_listed"
        goods_version: str
        articles: list[list[Any]]

        def apply(self, catalogue: Any) -> None:
            for gtin, name, position, measure in self.articles:
                catalogue.names[gtin] = (name, measure)
                catalogue.positions.setdefault(gtin, {})[self.goods_version] = position

    def __init__(self) -> None:
        self.names: dict[str, tuple[str, str]] = {}
        self.positions: dict[str, dict[str, int]] = {}

    @staticmethod
    def create_id() -> UUID:
        return catalogue_id()

    @classmethod
    def begin(cls, at: datetime) -> Catalogue:
        """The catalogue without an article."""
        return cls._create(cls.Begun, timestamp=at)

    def find(self, gtin: str, goods_version: str) -> Article | None:
        """The article as that version of a goods list numbers it."""
        position = self.positions.get(gtin, {}).get(goods_version)
        return None if position is None else Article(gtin, self.names[gtin][0], position, self.names[gtin][1])

    def list_articles(self, goods_version: str, articles: Sequence[Article], at: datetime) -> int:
        """Articles as that version numbers them; how many of them were not known as they are now."""
        new = [article for article in articles if self.find(article.gtin, goods_version) != article]
        for start in range(0, len(new), ARTICLES_AT_ONCE):
            self.trigger_event(
                self.ArticlesListed,
                goods_version=goods_version,
                articles=[list(article) for article in new[start : start + ARTICLES_AT_ONCE]],
                timestamp=at,
            )
        return len(new)

    def position_in(self, gtin: str, goods: GoodsVersion, versions: GoodsCatalogue) -> int | None:
        """The article's position in `goods`, one of `versions`; where it was listed by an earlier one only, the
        position that names the same goods in every language and by the same unit."""
        positions = self.positions.get(gtin)
        if positions is None:
            return None
        if goods.version in positions:
            return positions[goods.version]
        for before in reversed(versions.versions):
            listed = before.positions.get(positions.get(before.version, 0))
            if listed is not None and before.effective_from < goods.effective_from:
                same = listed.unit, dict(listed.names)
                return next((n for n, p in goods.positions.items() if (p.unit, dict(p.names)) == same), None)
        return None

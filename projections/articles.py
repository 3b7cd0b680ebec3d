"""The view `articles`: the national catalogue's articles and their positions in goods lists (R2.3, R2.17)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.trade.catalogue import Catalogue
from projections.view import Key, On, Recorded, Rows, Table, View, amount


def _articles(event: Recorded) -> Iterator[Key]:
    version = event.data["goods_version"]
    return ((gtin, version) for gtin, _, _, _ in event.data["articles"])


def _listed(rows: Rows, event: Recorded) -> None:
    version = event.data["goods_version"]
    for gtin, name, position, measure in event.data["articles"]:
        rows[gtin, version] = {
            "gtin": gtin,
            "goods_version": version,
            "stream": event.stream,
            "name": name,
            "position": amount(position),
            "measure": measure,
        }


class Articles(View):
    """One row an article and version of a goods list, as it was last listed by that version."""

    name = "articles"
    version = 1
    table = Table(
        columns=(
            ("gtin", "text"),
            ("goods_version", "text"),
            ("stream", "uuid"),
            ("name", "text"),
            ("position", "integer"),
            ("measure", "text"),
        ),
        key=("gtin", "goods_version"),
    )
    on = {Catalogue.ArticlesListed.TOPIC: On(_articles, _listed, creates=True)}

"""What a page of figures is about, in words: for its title and for paper, where there is no form to tell it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from domain.programmes import Programme
from infra.web.analytics.asked import Asked
from infra.web.analytics.region_names import region_name
from infra.web.analytics.words import analytics_words
from infra.web.words import WORDS


def about(
    asked: Asked, parameters: Collection[str], programmes: Mapping[str, Programme], only: str = ""
) -> list[str]:
    """The month, the day, the region, the programme, as far as a report is asked for by them (`parameters`), which rows
    `only`, and the time that is asked for."""
    words, texts = analytics_words(asked.language), WORDS[asked.language]
    told = []
    if "month" in parameters:
        told.append(texts.month(asked.month))
    if "on" in parameters and asked.on:
        told.append(texts.iso_day(asked.on))
    if "region" in parameters:
        told.append(region_name(asked.region, asked.language))
    if "programme" in parameters:
        programme = programmes.get(asked.programme)
        told.append(programme.names[asked.language] if programme else words("all_programmes"))
    if only:
        told.append(words("only", what=only))
    if asked.as_of.isascii() and asked.as_of.isdigit():
        told.append(words("stands", position=asked.as_of))
    elif asked.as_of:
        told.append(words("as_of_time", time=asked.as_of))
    return told

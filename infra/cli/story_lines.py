"""The story of `azyq why` in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.money import kzt
from infra.stories.story import StoryLine
from infra.stories.texts import BASKET_LINE, DETAILS

INDENT = " " * 31


def story_lines(lines: Iterable[StoryLine], language: str) -> Iterator[str]:
    """Each event's line, then what changed and what was bought, in `language`; times are local ones."""
    words = DETAILS[language]
    for line in lines:
        yield (
            f"{line.at:%d.%m.%Y %H:%M}  #{line.position:<8} {line.sentence}"
            f"  [{', '.join(line.clauses)}; {line.rules or '-'}]"
        )
        for name, value in line.details.items():
            yield f"{INDENT}{words[name]}: {value}"
        for number, bought in enumerate(line.basket, start=1):
            sums = {
                name.removesuffix("_tiyn"): kzt(value) if name.endswith("_tiyn") else value
                for name, value in bought.items()
            }
            yield INDENT + BASKET_LINE[language].format(number=number, **sums)

"""Lines of text that fit a width, without any font at hand: widths are those of a wide sans serif."""

from __future__ import annotations

from collections.abc import Iterator

SHORTEST_END = 3  # letters of a broken word that go to the next line
# In parts of the font's size, rounded up to the widest of the usual fonts.
_NARROW = frozenset("iljІіїI.,:;!|'’()[]{}«»·- \N{NO-BREAK SPACE}/ftr1")
_WIDE = frozenset("mwшщжмюыфMWШЩЖМЮЫФ@%—№")


def width_of(text: str, size: float) -> float:
    """About how wide `text` is at this font size, rather more than less."""
    return size * sum(
        0.4 if letter in _NARROW else 0.88 if letter in _WIDE else 0.7 if letter.isupper() else 0.6
        for letter in text
    )


def wrapped(text: str, size: float, width: float) -> list[str]:
    """`text` in lines of at most `width`; a word that is wider is broken."""
    lines: list[str] = []
    line = ""
    for word in _words(text, size, width):
        longer = f"{line} {word}" if line else word
        if line and width_of(longer, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    if line:
        lines.append(line)
    return lines


def _words(text: str, size: float, width: float) -> Iterator[str]:
    for word in text.split(" "):
        rest = word.strip()
        while len(rest) > 2 and width_of(rest, size) > width:
            cut = len(rest) - 1
            while cut > 1 and width_of(rest[:cut] + "-", size) > width:
                cut -= 1
            if len(rest) - cut < SHORTEST_END and len(rest) >= 2 * SHORTEST_END:
                cut = len(rest) - SHORTEST_END
            # A word is broken at its own hyphen where it has one.
            own = rest.rfind("-", 0, cut + 1)
            if own > 0:
                yield rest[: own + 1]
                rest = rest[own + 1 :]
            else:
                yield rest[:cut] + "-"
                rest = rest[cut:]
        if rest:
            yield rest

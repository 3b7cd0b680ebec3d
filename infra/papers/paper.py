"""What a paper consists of, before it becomes HTML or DOCX: the same parts in the same order in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some text; `tone` "fine" for what explains, "lead" for what matters most on the page."""

    block: ClassVar[str] = "paragraph"
    text: str
    tone: Literal["", "fine", "lead", "centre"] = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list, with what is said about it, and what it consists of."""

    text: str
    note: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list, numbered "1)", "2)" or with dashes; `title` stands above it."""

    block: ClassVar[str] = "items"
    items: tuple[Item, ...]
    numbered: bool = True
    title: str = ""
    boxes: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Labels, each with its lines; `rules`: the values stand on lines to be filled in by hand."""

    block: ClassVar[str] = "rows"
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    ruled: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """Lines of a cell of a table; what is `fine` explains."""

    lines: tuple[str, ...]
    fine: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a head; `widths` are shares of the page's width, in percent."""

    block: ClassVar[str] = "grid"
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]
    caption: str = ""
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who signs: a label and a name each; an empty name is left to be written."""

    block: ClassVar[str] = "signatures"
    rows: tuple[tuple[str, str], ...]
    hint: str


@dataclass(frozen=True, slots=True)
class Code:
    """A QR that proves the paper: as a vector and as pixels, the address it leads to, its beginning, what it is for."""

    block: ClassVar[str] = "code"
    svg: str
    png: bytes
    link: str
    shown: str
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing, cut into pages; `grid` says the same where no drawing can be shown."""

    block: ClassVar[str] = "drawing"
    pages: tuple[str, ...]
    alt: str
    grid: Grid


Block = Paragraph | Items | Rows | Grid | Signatures | Code | Drawing


@dataclass(frozen=True, slots=True)
class Point:
    """A numbered point: its title, its clause of the rules, what it states."""

    number: str
    title: str
    blocks: tuple[Block, ...]
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section with its points; without a title it is the paper's only one. `apart`: begins on a new page."""

    number: str
    title: str
    points: tuple[Point, ...]
    apart: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper. `head` stands above the title (who issues it), `about` under it, `foot` at its end.

    `certificate`: one page in a frame. `copies`: how often it is printed, each on a page of its own.
    """

    kind: str
    language: str
    title: str
    subtitle: str
    head: str
    about: tuple[tuple[str, tuple[str, ...]], ...]
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
    running: str
    made_at: datetime
    certificate: bool = False
    copies: int = 1
    copy_words: tuple[str, ...] = field(default=())

    def points(self) -> Sequence[Point]:
        """All points, in order."""
        return [point for section in self.sections for point in section.points]


def cell(*lines: str, fine: Sequence[str] = ()) -> Cell:
    """A cell of these lines, empty ones left out."""
    return Cell(tuple(line for line in lines if line), tuple(line for line in fine if line))

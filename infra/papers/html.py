"""A paper as one HTML file: A4 when printed, readable on a phone, nothing fetched, nothing run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from infra.papers.cleaning import clean
from infra.papers.paper import Grid, Paper
from infra.papers.words import WORDS

FOLDER = Path(__file__).with_name("templates")
TABULAR = ("requirements", "memo")


def html(paper: Paper) -> str:
    """The paper. Texts are escaped and cleaned; only drawings made here go in as they are."""
    style = Markup((FOLDER / "paper.css").read_text(encoding="utf-8") + _widths(paper) + _page(paper))  # noqa: S704
    return (
        _environment()
        .get_template("paper.html")
        .render(paper=paper, style=style, tabular=paper.kind in TABULAR)
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalised,
    )
    environment.filters["drawing"] = _drawing
    return environment


def _finalised(value: Any) -> Any:
    return clean(value) if type(value) is str else value


def _drawing(svg: str) -> Markup:
    """An SVG of `infra.papers.drawing` or `infra.qr.image`: made by an XML writer, never from outside."""
    return Markup(svg)  # noqa: S704


def _widths(paper: Paper) -> str:
    widths = {
        width
        for point in paper.points()
        for block in point.blocks
        if isinstance(block, Grid)
        for width in block.widths
    }
    return "".join(f"col.w{width} {{ width: {width}%; }}\n" for width in sorted(widths))


def _page(paper: Paper) -> str:
    """Page size, and what runs along the foot of each page."""
    said = WORDS[paper.language]["page"]
    before, between, after = said.replace("{page}", "\0").replace("{pages}", "\0").split("\0")
    counted = f"{_css(before)} counter(page) {_css(between)} counter(pages) {_css(after)}"
    font = "font: 8.5pt 'PT Serif', 'Times New Roman', 'Liberation Serif', serif; color: #4c5b62;"
    foot = (
        f"@bottom-left {{ content: {_css(paper.running)}; {font} }}"
        f" @bottom-right {{ content: {counted}; {font} }}"
    )
    return (
        f"@page {{ size: A4; margin: 17mm 15mm 17mm 22mm; {foot} }}\n"
        f"@page lying {{ size: A4 landscape; margin: 14mm 14mm 15mm 14mm; {foot} }}\n"
    )


def _css(text: str) -> str:
    """A text as a string of CSS, inside an HTML style."""
    kept = "".join(
        letter if letter.isalnum() or letter in " .,-–·:()«»/" else f"\\{ord(letter):x} "
        for letter in clean(text)
    )
    return f'"{kept}"'

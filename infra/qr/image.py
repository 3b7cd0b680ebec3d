"""A code as a picture: black on white with its quiet zone, as large as the page makes it."""

from __future__ import annotations

import io

import segno

QUIET_ZONE = 4  # modules of white around it, as the standard wants
LARGEST_VERSION = 6
LARGEST_ON_PAPER = 14
PIXELS = 8  # a module's, in the picture of pixels


def svg(text: str) -> bytes:
    """An SVG of `text`, without a size of its own: at most version 6 at level M, 41x41 modules (R2.23).

    Raises ValueError when `text` is too long, or holds what an alphanumeric QR can't.
    """
    code = segno.make_qr(text, error="m", mode="alphanumeric", boost_error=False)
    if int(code.version) > LARGEST_VERSION:
        raise ValueError(f"{len(text)} characters do not fit a QR of version {LARGEST_VERSION}")
    out = io.BytesIO()
    code.save(out, kind="svg", border=QUIET_ZONE, light="#fff", xmldecl=False, omitsize=True, nl=False)
    # Drawn as strokes: smoothed edges would leave grey seams between the rows.
    return out.getvalue().replace(b"<svg ", b'<svg shape-rendering="crispEdges" ', 1)


def on_paper(text: str) -> tuple[str, bytes]:
    """An SVG and a PNG of `text` for a printed page, at level M: at most version 14, 73x73 modules.

    Raises ValueError when `text` is too long.
    """
    code = segno.make_qr(text, error="m", boost_error=False)
    if int(code.version) > LARGEST_ON_PAPER:
        raise ValueError(f"{len(text)} characters do not fit a QR of version {LARGEST_ON_PAPER}")
    drawn, pixels = io.BytesIO(), io.BytesIO()
    code.save(drawn, kind="svg", border=QUIET_ZONE, light="#fff", xmldecl=False, omitsize=True, nl=False)
    code.save(pixels, kind="png", border=QUIET_ZONE, scale=PIXELS)
    picture = drawn.getvalue().replace(b"<svg ", b'<svg shape-rendering="crispEdges" ', 1)
    return picture.decode("ascii"), pixels.getvalue()

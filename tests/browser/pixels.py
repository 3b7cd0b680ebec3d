"""A screenshot as an independent QR reader sees it."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import zxingcpp


def codes_in(png: bytes) -> list[str]:
    """The texts of the QR codes in a PNG screenshot."""
    width, height, grey = grey_of(png)
    shown: Any = memoryview(grey).cast("B", (height, width))
    return [found.text for found in zxingcpp.read_barcodes(shown)]


def grey_of(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and grey pixels of a PNG as browsers write it: 8 bits, RGB or RGBA, not interlaced."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind, *_rest, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, interlaced) == (8, 0)
    size = {2: 3, 6: 4}[kind]
    packed, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += length + 12
    raw, stride = zlib.decompress(packed), width * size
    before = bytearray(stride)
    grey = bytearray()
    for row in range(height):
        start = row * (stride + 1)
        line = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), before, size)
        grey += bytes(
            (r * 3 + g * 6 + b) // 10
            for r, g, b in zip(line[::size], line[1::size], line[2::size], strict=True)
        )
        before = line
    return width, height, bytes(grey)


def _unfiltered(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    for place in range(len(line)):
        left = line[place - size] if place >= size else 0
        up = above[place]
        corner = above[place - size] if place >= size else 0
        match kind:
            case 1:
                guess = left
            case 2:
                guess = up
            case 3:
                guess = (left + up) // 2
            case 4:
                paeth = left + up - corner
                guess = min((left, up, corner), key=lambda value: abs(paeth - value))
            case _:
                return line
        line[place] = (line[place] + guess) & 255
    return line

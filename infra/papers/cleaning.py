"""Texts that XML can hold: what no reader sees, and what would break a file, is left out."""

from __future__ import annotations

import re

# All that XML 1.0 does not take, the marks that turn the direction of writing, and tabs and line ends as spaces.
_OUT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def clean(text: str) -> str:
    """`text` without control characters, lone surrogates and direction marks."""
    return re.sub(r"[\t\r\n]+", " ", _OUT.sub("", text))

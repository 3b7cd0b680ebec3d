"""The query string of Kannel's calls, in whatever charset it wrote the text."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from urllib.parse import unquote_to_bytes

from infra.api.problems import Problem, pointer_to

_CODECS = {
    "utf8": "utf-8",
    "utf16be": "utf-16-be",
    "ucs2": "utf-16-be",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "cp1251": "cp1251",
    "windows1251": "cp1251",
    "win1251": "cp1251",
    "koi8r": "koi8-r",
    "ptcp154": "ptcp154",
    "iso88591": "latin-1",
    "latin1": "latin-1",
    "iso88595": "iso8859-5",
    "usascii": "ascii",
    "ascii": "ascii",
}


def kannel_parameters(query: bytes) -> dict[str, bytes]:
    """The parameters of `query`, percent-decoded. Raises Problem 400 when one comes twice."""
    found: dict[str, bytes] = {}
    for pair in query.split(b"&"):
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        key = unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace")
        if key in found:
            raise Problem(400, "key_twice", pointer_to(key))
        found[key] = unquote_to_bytes(value.replace(b"+", b" "))
    return found


def decoded(text: bytes, charset: str) -> str:
    """`text` as written in `charset`; never raises.

    Without a charset, or with one we don't know (Kannel says `GSM` of what it made UTF-8): UTF-16BE
    if every other byte is that of a Cyrillic or Latin letter, else UTF-8, else Windows-1251.
    """
    codec = _CODECS.get("".join(c for c in charset.lower() if c.isalnum()))
    if codec is None:
        codec = "utf-16-be" if _looks_like_utf_16(text) else "utf-8"
        try:
            return text.decode(codec)
        except UnicodeDecodeError:
            codec = "cp1251"
    if codec == "utf-16" and text[:2] not in (BOM_UTF16_BE, BOM_UTF16_LE):
        codec = "utf-16-be"  # RFC 2781, 4.3
    return text.decode(codec, "replace")


def _looks_like_utf_16(text: bytes) -> bool:
    # SMS hold no control characters, so bytes 0 and 4 (or 5) in front can be nothing else.
    high = text[::2]
    return len(text) >= 2 and len(text) % 2 == 0 and sum(byte in (0, 4, 5) for byte in high) * 2 > len(high)

"""Which encoding a list is in, from all of its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.lists.refusals import ListEmpty, ListEncodingUnknown, ListNotAList

HEAD = 1 << 16  # bytes the guesses look at
LONG_LINE = 10_000  # characters a cell may have, so a line within it needs no look at its cells


@dataclass(frozen=True, slots=True)
class Text:
    """How to decode a list's bytes; `careful`: rows need a look at each cell; `quoted`: a quote occurs."""

    encoding: str
    errors: str
    bom: bytes
    careful: bool
    quoted: bool
    lines: int


_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SWAPPED_CASE = re.compile(r"\b[а-яё][А-ЯЁ]{2,}")
_NAME_CASE = re.compile(r"\b[А-ЯЁ][а-яё]{2,}|\b[а-яё]{3,}")
ENOUGH = 20_000  # characters that decide whether a text is UTF-8


class _Utf8:
    """Whether bytes are UTF-8: wholly, mostly (some rows are broken), or not."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.good = self.bad = 0

    def feed(self, chunk: bytes, final: bool = False) -> None:
        if self.bad + self.good > ENOUGH and self.bad > self.good:
            return
        text = self._decoder.decode(chunk, final)
        if not text.isascii():
            try:
                text.encode("utf-8")
                bad = 0
            except UnicodeEncodeError:
                bad = len(_NOT_UTF8.findall(text))
            self.bad += bad
            # Counting is dear: until something is broken, a chunk with letters counts for a hundred.
            self.good += (len(text) - len(text.encode("ascii", "ignore")) - bad) if bad or self.bad else 100

    def verdict(self) -> str:
        if not self.bad:
            return "whole"
        return "mostly" if self.good >= self.bad else "not"


def recognise_text(chunks: Iterator[bytes], known: Callable[[str], int]) -> Text:
    """How to decode the bytes; `known` counts what a text's first line has of our headings (or JSON).

    Raises ListEmpty, ListNotAList (binary), ListEncodingUnknown.
    """
    head = b""
    utf8 = _Utf8()
    nul = quoted = long = odd = False
    lines = tail = size = 0
    last = b""
    for chunk in chunks:
        if len(head) < HEAD:
            head += chunk[: HEAD - len(head)]
        utf8.feed(chunk)
        nul = nul or b"\0" in chunk
        quoted = quoted or b'"' in chunk
        odd = odd or b"\x98" in chunk  # the one byte Windows-1251 has no letter for
        lines += chunk.count(b"\n")
        size += len(chunk)
        if not long:
            long, tail = _has_long_line(chunk, tail)
        last = chunk
    utf8.feed(b"", final=True)
    if not head:
        raise ListEmpty
    lines += not last.endswith(b"\n")

    bom, encoding = next(((b, e) for b, e in _BOMS if head.startswith(b)), (b"", ""))
    if encoding == "utf-32":
        raise ListEncodingUnknown
    if not encoding and nul:
        encoding = next((e for e in ("utf-16-le", "utf-16-be") if known(_decoded(head, e))), "")
    if encoding.startswith("utf-16"):
        if not _decoded(head[len(bom) :], encoding).strip():
            raise ListEmpty
        if size % 2:
            raise ListEncodingUnknown
        return Text(encoding, "surrogatepass", bom, True, quoted, lines)

    verdict = utf8.verdict()
    if encoding == "utf-8" or verdict != "not":
        careful = nul or long or verdict != "whole"
        start = head[len(bom) :].decode("utf-8", "replace")
        if not start.strip():
            raise ListEmpty
        if _CONTROL.search(start) and not known(start):
            raise ListNotAList(None, kind="binary")
        return Text("utf-8", "surrogateescape", bom, careful, quoted, lines)
    return Text(_cyrillic(head, known), "surrogateescape", b"", nul or long or odd, quoted, lines)


def _cyrillic(head: bytes, known: Callable[[str], int]) -> str:
    start = head.decode("cp1251", "replace")
    kazakh = head.decode("kz1048", "replace")
    # The Kazakh variant of Windows-1251 has Kazakh letters where that has Serbian and Macedonian ones.
    encoding, text = ("cp1251", start)
    if known(kazakh) > known(start) or any(letter in start for letter in "ЈјЅѕЌќЋћ"):
        encoding, text = ("kz1048", kazakh)
    if known(text):
        _doubt_cyrillic(start)
        return encoding
    if _CONTROL.search(start):
        raise ListNotAList(None, kind="binary")
    if not start.lstrip().split("\n", 1)[0].isascii():
        raise ListEncodingUnknown
    return encoding


def _doubt_cyrillic(text: str) -> None:
    """Raise ListEncodingUnknown if the letters are those another Cyrillic encoding shows as when misread."""
    foreign = [c for c in text if not c.isascii()]
    usual = sum(1 for c in foreign if "А" <= c <= "я" or c in "ЁёІі№«»–—")
    if usual * 10 < len(foreign) * 6:
        raise ListEncodingUnknown
    if len(_SWAPPED_CASE.findall(text)) > len(_NAME_CASE.findall(text)):
        raise ListEncodingUnknown


def _decoded(head: bytes, encoding: str) -> str:
    return head[: len(head) // 2 * 2].decode(encoding, "replace")


def _has_long_line(chunk: bytes, tail: int) -> tuple[bool, int]:
    """Whether a line is longer than LONG_LINE bytes, `tail` of them before the chunk; the next tail."""
    at = 0
    allowed = LONG_LINE - tail
    while at + allowed < len(chunk):
        found = chunk.rfind(b"\n", at, at + max(allowed, 0))
        if found < 0:
            return True, 0
        at = found + 1
        allowed = LONG_LINE
    found = chunk.rfind(b"\n")
    return False, len(chunk) - found - 1 if found >= 0 else tail + len(chunk)

"""JSON bodies, read so that no two readers can take them for different things."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect

from infra.api.counter.often import Asked
from infra.api.problems import Problem, pointer_to

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 32
_MEDIA_TYPE = re.compile(r"application/(?:json|[a-z0-9.\-]+\+json)\s*(?:;\s*charset=\"?utf-?8\"?\s*)?", re.I)
_MAX_DIGITS = 40


async def read_body(
    request: Asked,
    most: int = MAX_BODY_BYTES,
    too_large: str = "body_too_large",
    came: Callable[[int], None] = lambda _: None,
) -> bytes:
    """The body of `request`, of at most so many bytes, 64 kB by default; `came` is told how many there are so far.

    Raises Problem 413 (`too_large`) as soon as it is over, however long it says to be, and 400 when the caller hung up.
    """
    check_length(request, most, too_large)
    pieces, size = [], 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > most:
                raise Problem(413, too_large, "", {"Connection": "close"}, most)
            pieces.append(piece)
            came(size)
    except ClientDisconnect:
        raise Problem(400, "body_incomplete") from None
    return b"".join(pieces)


def check_length(request: Asked, most: int, too_large: str) -> int:
    """How long the body is at most: what it says, else `most`. Raises Problem 413 where it says to be longer."""
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return most
    if len(length) > 12 or int(length) > most:
        raise Problem(413, too_large, "", {"Connection": "close"}, most)
    return int(length)


def check_media_type(request: Asked) -> None:
    """Raises Problem 415 unless the body says to be JSON in UTF-8."""
    given = request.headers.get("content-type", "")
    if given != "application/json" and not _MEDIA_TYPE.fullmatch(given.strip()):
        raise Problem(415, "media_type_unsupported")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises Problem 400 for anything else: not UTF-8, malformed, a key twice, NaN
    or Infinity, a number of over 40 digits, lone surrogates or NUL in names, over 32 levels deep."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(400, "encoding_wrong") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_not_finite,
            parse_int=_int,
            parse_float=_float,
        )
    except RecursionError:
        raise Problem(400, "nested_too_deep") from None
    except ValueError:
        raise Problem(400, "json_malformed") from None
    if not isinstance(value, dict):
        raise Problem(422, "field_wrong", "")
    # Most bodies can hold neither: too few brackets to be deep, and no escape that could spell half a character.
    if b"\\u" in body or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Problem(400, "key_twice", pointer_to(_printable(key)))
        found[key] = value
    return found


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()[:100]


def _not_finite(_: str) -> Any:
    raise Problem(400, "number_not_finite")


def _int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Problem(400, "number_not_finite")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if len(digits) > _MAX_DIGITS or not math.isfinite(number):
        raise Problem(400, "number_not_finite")
    return number


def _check(value: dict[str, Any]) -> None:
    """Depth and surrogates, without recursion."""
    waiting: list[tuple[Any, int, str]] = [(value, 1, "")]
    while waiting:
        one, depth, pointer = waiting.pop()
        if depth > MAX_DEPTH:
            raise Problem(400, "nested_too_deep")
        if isinstance(one, dict):
            for key, inner in one.items():
                _check_text(key, pointer)
                waiting.append((inner, depth + 1, pointer + pointer_to(key)))
        elif isinstance(one, list):
            waiting.extend((inner, depth + 1, f"{pointer}/{at}") for at, inner in enumerate(one))
        elif isinstance(one, str):
            _check_text(one, pointer)


def _check_text(text: str, pointer: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Problem(400, "text_broken", pointer) from None

"""Where the key of a till's page is kept: in a cookie that no script can read (docs/adr/0012).

The page asks under /till/v1/… what a terminal asks under /v1/…; here the cookie becomes the Bearer token.
"""

from __future__ import annotations

from datetime import datetime
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "azyq_till"
_PREFIX = "/till/v1/"
_NOT_HERE = "/till/v1/terminals/"  # its answers hold the key


def key_in(headers: Headers) -> str | None:
    """The key that the browser shows with a request of our own page."""
    # SameSite=Strict keeps other sites out; this keeps out other names of the same site.
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return None
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found and found.value.isascii() and found.value.isprintable() else None


def keep_key(response: Response, key: str, seconds: float, secure: bool) -> None:
    """The browser is to keep `key` for so many seconds, and to show it to /till only."""
    response.set_cookie(
        COOKIE,
        key,
        max_age=max(0, int(seconds)),
        path="/till",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def seconds_until(expires_at: datetime, now: datetime) -> float:
    """How long a key has to live, by the system's time: in a trial the browser's clock is another."""
    return (expires_at - now).total_seconds()


class TillKey:
    """ASGI middleware: /till/v1/… is /v1/… with the key of the cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, as it came or as a terminal's call."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(_PREFIX) and not path.startswith(_NOT_HERE):
            key = key_in(Headers(scope=scope))
            headers = [pair for pair in scope["headers"] if pair[0] not in (b"authorization", b"cookie")]
            if key:
                headers.append((b"authorization", b"Bearer " + key.encode("ascii")))
            path = path.removeprefix("/till")
            scope = {**scope, "path": path, "raw_path": path.encode(), "headers": headers}
        await self._app(scope, receive, send)

"""How a page is made: templates, the reader's language, and the headers that keep a page to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.errors import LANGUAGES
from infra.api.problems import language_of
from infra.web.assets import Assets
from infra.web.words import NAMES, WORDS

FIRST_LANGUAGE = "kk"  # the state's language, where a browser asks for none of ours

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A page about a family: kept by nobody, framed by nobody, and its address, which is a key, told to nobody.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive, nosnippet",
}


log = structlog.get_logger("azyq")


class Pages:
    """Renders the templates; safe to share among threads."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {"assets": assets, "names": NAMES}

    def render(
        self, template: str, language: str, status: int = 200, headers: Mapping[str, str] = {}, **values: Any
    ) -> HTMLResponse:
        """The page of `template` in `language`."""
        words = WORDS[language]
        text = self._environment.get_template(template).render(t=words, language=language, **values)
        return HTMLResponse(text, status, {**HEADERS, "Content-Language": language, **headers})

    def pieces(self, template: str, language: str, **values: Any) -> Iterator[str]:
        """The text of `template`, piece by piece, each made when it is taken."""
        words = WORDS[language]
        yield from self._environment.get_template(template).generate(t=words, language=language, **values)

    def plain(
        self,
        request: Request,
        status: int,
        heading: str,
        headers: Mapping[str, str] = {},
        why: str = "",
    ) -> HTMLResponse:
        """A page that only says something, in all three languages, the reader's own first.

        `heading` and `why` are keys of words; a heading's own `why` is that key with `_why`.
        """
        language = chosen_language(request)
        order = [language, *(other for other in LANGUAGES if other != language)]
        return self.render(
            "plain.html",
            language,
            status,
            headers,
            heading=heading,
            why=why or f"{heading}_why",
            all_words=[WORDS[one] for one in order],
        )

    def unavailable(
        self, request: Request, error: Exception | None = None, why: str = "unavailable_why"
    ) -> HTMLResponse:
        """What is said while PostgreSQL can't be asked: try again soon, and what has become of the reader's own (`why`).

        `error` is told in the log, without its text.
        """
        if error is not None:
            log.warning("not_available", error=type(error).__name__)
        return self.plain(request, 503, "unavailable", {"Retry-After": "5"}, why)


def chosen_language(request: Request) -> str:
    """The language of `?lang=`, else what the browser asks for, else Kazakh."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    return language_of(request.headers.get("accept-language", ""), otherwise=FIRST_LANGUAGE)

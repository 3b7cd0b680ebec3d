"""The office's page that only says why something was not done, and leads on."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from domain.errors import LANGUAGES
from infra.web.office.words import office_words
from infra.web.pages import Pages, chosen_language

PATH = "/office"
SIGN_IN = PATH + "/sign-in"


def plain_page(
    pages: Pages,
    request: Request,
    trial: bool,
    status: int,
    heading: str,
    why: str,
    *,
    way: str,
    way_words: str,
    here: str = PATH,
) -> Response:
    """The page, with a button that leads to the address `way`; in other languages it leads to `here`."""
    language = chosen_language(request)
    return pages.render(
        "office_plain.html",
        language,
        status,
        w=office_words(language),
        actor=None,
        trial=trial,
        home=f"{PATH}?lang={language}",
        languages={code: f"{here}?lang={code}" for code in LANGUAGES},
        heading=heading,
        why=why,
        way=way,
        way_words=way_words,
    )

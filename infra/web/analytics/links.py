"""Addresses of these pages that were asked for before somebody signed in, to be opened afterwards."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from infra.web.analytics.asked import PATH

SIGN_IN = PATH + "/sign-in"
MOST_FIELDS = 40
_LONGEST = 2000
# Nothing but our own pages: what stands in a link comes from anybody.
_OURS = re.compile(rf"{PATH}(?:/rows/[a-z0-9_]+/[a-z0-9_]+)?", re.ASCII)


def page_of(address: str, language: str, instead: bool = False, without: str = "") -> str:
    """The address of a page of ours (of a file: of its table), in the language it names, else in `language`; with
    `instead` in `language` whatever it names; without the parameter `without`. "" for any other address."""
    path, _, query = address.partition("?")
    path = path.removesuffix("/file")
    if len(address) > _LONGEST or not _OURS.fullmatch(path):
        return ""
    try:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    own = [value for name, value in fields if name == "lang"]
    kept = [(name, value) for name, value in fields if name not in ("lang", "form", without)]
    return f"{path}?{urlencode([*kept, ('lang', own[0] if own and not instead else language)])}"


def sign_in_for(address: str, language: str) -> str:
    """The sign-in after which the page `address` is opened; the first page where there is none."""
    return f"{SIGN_IN}?{urlencode({'lang': language, **({'to': address} if address else {})})}"

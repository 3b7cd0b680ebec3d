"""Refusals: what a rule says no to, with a stable code and a sentence a clerk understands."""

from __future__ import annotations

from typing import Any, ClassVar, Self

LANGUAGES = ("kk", "ru", "en")


class Refusal(Exception):
    """A rule said no; nothing was recorded.

    `code` is stable and public, `clause` is the order's (R13) where it says so, `field` names the part of the input it
    is about, and `details` fill the placeholders of `texts` (one sentence a language). `in_general` says it of the code,
    without details, where `texts` with none would break off. `also` are further ones about the same input, such as other
    lines of a basket.
    """

    code: ClassVar[str] = "refused"
    clause: ClassVar[str] = ""
    texts: ClassVar[dict[str, str]] = {"en": "Refused."}
    in_general: ClassVar[dict[str, str]] = {}
    also: tuple[Refusal, ...] = ()

    def __init__(self, field: str | None = None, **details: Any) -> None:
        self.field = field
        self.details = details
        super().__init__(f"{self.code}: {self.sentence('en')}")

    def sentence(self, language: str) -> str:
        """The reason in `language` (kk, ru or en; English where it has no text of its own)."""
        return self.texts.get(language, self.texts["en"]).format(**self.details)

    def retold(self, **details: Any) -> Self:
        """The same refusal with these details in place of its own of those names, as for a reader who knows no ids."""
        again = type(self).__new__(type(self), *self.args)
        again.__dict__.update(self.__dict__, details={**self.details, **details})
        return again

"""The texts by which an applicant is told of a case, out of its service's file (S000-L2, S002-25)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.calendar import ALMATY
from domain.identity import case_link_name
from domain.ports import Vault
from domain.procedures.case import Case
from domain.procedures.running import RunningService
from domain.sms_text import render

PURPOSE = "case:"


class CaseTexts:
    """Writes notices in the case's language, each with the unguessable link of its status page."""

    def __init__(
        self,
        running: Callable[[Case], RunningService],
        vault: Vault,
        link: Callable[[str], str],
        sealed: Callable[[Case], Mapping[str, str]],
    ) -> None:
        """`running` finds the version a case began with, `link` turns a token into the page's address.

        `sealed` has a case's personal values by field, as the vault keeps them.
        """
        self._running = running
        self._sealed = sealed
        self._vault = vault
        self._link = link

    def link_of(self, case: Case) -> str:
        """The address of the case's status page; the same at every call."""
        name = case_link_name(case.id)
        return self._link(self._vault.wallet_tokens([name])[name])

    def phone(self, case: Case) -> str | None:
        """The number that was told in the request, for whoever has none in the vault (A3)."""
        values = self._sealed(case)
        fields = self._running(case).service.fields
        return next((values[one.id] for one in fields if one.type == "phone" and one.id in values), None)

    def text(self, case: Case, purpose: str) -> tuple[str, str]:
        """(language, text) of the notice that `purpose` names, as `case:accepted`. Raises Refusal, KeyError."""
        service = self._running(case).service
        language = case.language
        text = render(
            service.notices[purpose.removeprefix(PURPOSE)][language].strip(),
            language,
            number=case.case,
            service=service.names[language],
            due=due_words(case),
            link=self.link_of(case),
        )
        return language, text


def due_words(case: Case) -> str:
    """The promised day and time as a notice says them (S000-09)."""
    return "–" if case.due_at is None else f"{case.due_at.astimezone(ALMATY):%d.%m.%Y %H:%M}"

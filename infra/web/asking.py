"""Asking for a service by a form: shown, sent, refused with what is wrong beside what it is about, or a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi.responses import RedirectResponse, Response

from domain.commands.case_calls import OpenCase
from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case_input import refused_documents
from domain.procedures.case_refusals import RequestKeyReused
from domain.procedures.definition import APPLICANT, Channel, Document
from domain.procedures.running import RunningService
from infra.web.case_services import CasePagesServices
from infra.web.forms import Known, papers_of, request_form, values_of
from infra.web.pages import HEADERS, Pages
from infra.web.uploads import Form
from infra.web.words import WORDS


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks through a channel, as the page before the form knows them: `subject` "" is somebody unknown."""

    channel: str
    subject: str
    known: Known
    language: str
    title: str
    path: str
    query: str
    back: str = ""


class Asking:
    """The form pages of all entrances; blocking, so for threads."""

    def __init__(self, services: CasePagesServices, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def open_to(self, channel: str, service: str) -> RunningService | None:
        """The service, if it is in force and takes requests through the channel."""
        found = [one for one in self._services.open_to(channel) if one.service.id == service]
        return found[0] if found else None

    def shown(
        self,
        asker: Asker,
        running: RunningService,
        sent: Form | None = None,
        refusal: Refusal | None = None,
        status: int = 200,
        errors: Sequence[str] = (),
        lacking: bool = False,
    ) -> Response:
        """The form, empty or as it was `sent`, each time with a key of its own."""
        services, service = self._services, running.service
        channel, words = _channel(running, asker), WORDS[asker.language]
        form = request_form(service, channel, words, services.new_key(), asker.known, sent, refusal)
        return self._pages.render(
            "apply.html",
            asker.language,
            status,
            form=form,
            service=service,
            channel=channel,
            errors=[*errors, *form.errors],
            megabytes=services.largest_document // 1_000_000,
            trial=services.trial,
            lacking=lacking,
            consented=bool(sent and sent.texts.get("consent")),
            title=asker.title,
            base=asker.path,
            action=asker.path + asker.query,
            back=asker.back,
        )

    def sent(self, asker: Asker, running: RunningService, form: Form) -> Response:
        """The case's page; the form again when it was refused, or lacks documents and nobody said that this is meant."""
        service, channel = running.service, _channel(running, asker)
        key = form.texts.get("key", "")[:64] or self._services.new_key()
        # Whoever is unknown is known by the form alone: its key is an id that nobody else has.
        actor = Actor(asker.subject or f"{asker.channel}-{key}", (APPLICANT,))
        call = OpenCase(
            service=service.id,
            actor=actor,
            channel=asker.channel,
            kind=form.texts.get("kind", ""),
            applicant=asker.subject,
            fields=values_of(service.fields, form, channel, asker.known),
            documents=papers_of(service.documents, form),
            consent=form.texts.get("consent") == "yes",
            language=asker.language,
            key=key,
        )
        try:
            if form.texts.get("lacking") != "yes":
                missing = self._services.lacking(call)
                if missing:
                    asked = [one for one in service.documents if one.id in missing]
                    return self.shown(asker, running, form, _refused(asked), 422, lacking=True)
            case = self._services.open(call)
        except RequestKeyReused:
            said = WORDS[asker.language]("form_sent_before")
            return self.shown(asker, running, form, None, 422, [said])
        except Refusal as refusal:
            return self.shown(asker, running, form, refusal, 422)
        return RedirectResponse(self._services.path_of(case) + asker.query, 303, headers=HEADERS)


def _refused(missing: Sequence[Document]) -> Refusal:
    first, *others = refused_documents(missing)
    first.also = tuple(others)
    return first


def _channel(running: RunningService, asker: Asker) -> Channel:
    return next(one for one in running.service.channels if one.id == asker.channel)

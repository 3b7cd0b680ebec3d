"""Asking for a service by a form: shown, sent, refused with what is wrong beside what it is about, or a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from fastapi.responses import RedirectResponse, Response

from domain.commands.case_calls import OpenCase
from domain.errors import Refusal
from domain.procedures.acts import Actor
from domain.procedures.case_input import refused_documents
from domain.procedures.case_refusals import RequestKeyReused
from domain.procedures.definition import APPLICANT, Channel, Document
from domain.procedures.running import RunningService
from infra.web.cases.reading import CasePagesServices
from infra.web.cases.signing import Signing, ToSign
from infra.web.forms import Known, request_form, values_of
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
        self._signing = Signing(services, pages)

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
            by_certificate=services.by_certificate,
            lacking=lacking,
            again=sent is not None,
            consented=bool(sent and sent.texts.get("consent")),
            title=asker.title,
            base=asker.path,
            action=asker.path + asker.query,
            back=asker.back,
        )

    def sent(self, asker: Asker, running: RunningService, form: Form | str) -> Response:
        """The case's page; the form again when it was refused, or lacks documents and nobody said that this is meant.

        A text instead of the form is the key of why there is none.
        """
        if isinstance(form, str):
            said = WORDS[asker.language](form, megabytes=self._services.largest_document // 1_000_000)
            return self.shown(asker, running, status=413 if form == "form_too_large" else 422, errors=[said])
        service, channel = running.service, _channel(running, asker)
        key = form.texts.get("key", "")[:64] or self._services.new_key()
        # Whoever is unknown is known by the form alone: its key is an id that nobody else has.
        actor = Actor(asker.subject or f"{asker.channel}-{key}", (APPLICANT,))
        if self._signing.wants_change(form):
            return self.shown(asker, running, form)
        try:
            call = OpenCase(
                service=service.id,
                actor=actor,
                channel=asker.channel,
                kind=form.texts.get("kind", ""),
                applicant=asker.subject,
                fields=values_of(service.fields, form, channel, asker.known),
                documents=self._signing.papers(service.documents, form, actor.id),
                consent=form.texts.get("consent") == "yes",
                language=asker.language,
                key=key,
            )
            if form.texts.get("lacking") != "yes":
                missing = self._services.lacking(call)
                if missing:
                    asked = [one for one in service.documents if one.id in missing]
                    return self.shown(asker, running, form, _refused(asked), 422, lacking=True)
            return self._signing.done(
                call,
                form,
                partial(self._opened, asker),
                partial(self._to_sign, asker, running, form, actor.id),
                f"{service.id}.json",
            )
        except RequestKeyReused:
            said = WORDS[asker.language]("form_sent_before")
            return self.shown(asker, running, form, None, 422, [said])
        except Refusal as refusal:
            return self.shown(asker, running, form, refusal, 422)

    def _opened(self, asker: Asker, call: OpenCase) -> Response:
        signed = bool(call.signature) and not asker.subject
        case = self._services.open(self._services.as_signer(call) if signed else call)
        return RedirectResponse(self._services.path_of(case) + asker.query, 303, headers=HEADERS)

    def _to_sign(self, asker: Asker, running: RunningService, form: Form, uploader: str) -> ToSign:
        service, channel, words = running.service, _channel(running, asker), WORDS[asker.language]
        filled = request_form(service, channel, words, "", asker.known, form)
        name = service.names[asker.language]
        return ToSign(
            asker.title,
            name,
            filled,
            asker.path + asker.query,
            asker.language,
            uploader,
        )


def _refused(missing: Sequence[Document]) -> Refusal:
    first, *others = refused_documents(missing)
    first.also = tuple(others)
    return first


def _channel(running: RunningService, asker: Asker) -> Channel:
    return next(one for one in running.service.channels if one.id == asker.channel)

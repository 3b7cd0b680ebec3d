"""/office/sign-in: by an electronic signature; at the machine of a trial, by choosing whom to be (docs/adr/0016)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from domain.errors import LANGUAGES, Refusal
from infra.api.services import UNAVAILABLE
from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.office.plain import PATH, SIGN_IN, plain_page
from infra.web.office.reading import OfficeServices
from infra.web.office.words import office_words
from infra.web.pages import Pages, chosen_language
from infra.web.sign_in import Door, door_router, from_elsewhere, let_in
from infra.web.uploads import Form, read_form

COOKIE = "azyq_office"
_LARGEST = 10_000


def office_door_router(services: OfficeServices, pages: Pages) -> APIRouter:
    """The sign-in's pages; blocking work is done in threads."""

    def shown(request: Request, challenge: str, refusal: Refusal | None) -> Response:
        language = chosen_language(request)
        choices = services.choices(request)
        return pages.render(
            "office_sign_in.html",
            language,
            200 if refusal is None else 422,
            w=office_words(language),
            languages={code: f"{SIGN_IN}?lang={code}" for code in LANGUAGES},
            home=f"{PATH}?lang={language}",
            actor=None,
            challenge=challenge,
            choices=choices,
            choices_behind=choices is not None and services.choices_behind(),
            error="" if refusal is None else refusal.sentence(language),
            action=f"{SIGN_IN}?lang={language}",
            choose=f"{SIGN_IN}/chosen?lang={language}",
            trial=services.trial,
        )

    # "strict": these pages change things, and no other site is to lead into them.
    door = Door(PATH, COOKIE, "strict", shown)
    router = door_router(services, door, pages)

    @router.post(f"{SIGN_IN}/chosen")
    async def chosen(request: Request) -> Response:
        if from_elsewhere(request):
            w = office_words(chosen_language(request))
            return plain_page(
                pages,
                request,
                services.trial,
                403,
                w("foreign"),
                w("foreign_why"),
                way=SIGN_IN,
                way_words=w("sign_in_do"),
                here=SIGN_IN,
            )
        try:
            form = await read_form(request, _LARGEST)
        except (FormMalformed, FormTooLarge):
            form = Form({}, {})

        def work() -> Response:
            try:
                session = services.chosen(request, form.texts.get("staff", "")[:64])
            except Refusal as refusal:
                return shown(request, services.challenge(), refusal)
            return let_in(request, door, session, services)

        try:
            return await run_in_threadpool(work)
        except UNAVAILABLE as error:
            return pages.unavailable(request, error)

    return router

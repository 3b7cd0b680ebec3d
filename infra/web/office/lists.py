"""/office/lists: a clerk brings a list in, an approver decides, both see how far it is (R14, R18, R19)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from domain.brought_list_refusals import BroughtListUnknown
from domain.brought_lists import DECLINE_REASONS
from domain.commands.bring_list import SEES_LISTS
from domain.errors import Refusal
from domain.office import OfficeMember
from domain.office_acts import OfficeRoleMissing
from domain.procedures.acts import Actor
from infra.api.services import UNAVAILABLE
from infra.web.assets import Assets
from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.office.list_upload import MOST, read_upload
from infra.web.office.lists_page import list_values, lists_values, progress_of
from infra.web.office.lists_reading import PARTS, ListServices, ListUpload
from infra.web.office.lists_words import list_words
from infra.web.office.page import frame, member_of
from infra.web.office.plain import PATH, SIGN_IN, plain_page
from infra.web.office.reading import OfficeServices
from infra.web.office.words import office_words
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.refusal_words import refusal_words
from infra.web.sign_in import from_elsewhere
from infra.web.uploads import read_form
from infra.web.words import WORDS

log = structlog.get_logger(__name__)

LISTS = PATH + "/lists"
_UPLOAD = re.compile(r"[0-9a-f]{32}", re.ASCII)
_DECISIONS = ("approve", "decline", "retry")
_AT_ONCE = 4  # uploads on their way in
_STATUS = {"office_role_missing": 403, "same_person": 403, "brought_list_unknown": 404}


class _NotHere(Exception):
    """Answered before anything was asked for: a status, and the key of the words."""

    def __init__(self, status: int, key: str) -> None:
        self.status, self.key = status, key


def lists_router(lists: ListServices, services: OfficeServices, assets: Assets) -> APIRouter:
    """The pages; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)
    coming = asyncio.Semaphore(_AT_ONCE)

    def page(
        request: Request, actor: Actor, status: int = 200, error: str = "", upload: str = ""
    ) -> Response:
        """One list, or all of them; with an error said on it."""
        language, member = chosen_language(request), member_of(actor)
        here = frame(services, language, actor, "lists", {})
        values: dict[str, Any] = {
            "l": list_words(language),
            "error": error,
            "reasons": DECLINE_REASONS,
            "megabytes": WORDS[language].size(MOST),
            "most": MOST,
        }
        if upload:
            shown = list_values(lists, lists.find(member, upload), member, language)
            return pages.render("office_list.html", language, status, **here, **values, **shown)
        shown = lists_values(lists, member, language)
        return pages.render("office_lists.html", language, status, **here, **values, **shown)

    def sentence(request: Request, refusal: Refusal) -> str:
        """The refusal in words, with roles as the pages call them."""
        language = chosen_language(request)
        if isinstance(refusal, OfficeRoleMissing):
            w = office_words(language)
            roles = str(refusal.details["roles"]).split(", ")
            refusal = OfficeRoleMissing(refusal.field, roles=", ".join(w(f"role_{role}") for role in roles))
        return refusal_words(refusal, language)

    def plain(request: Request, status: int, why: str, way: str = LISTS) -> Response:
        """A page that only says why."""
        language = chosen_language(request)
        listed, w = list_words(language), office_words(language)
        return plain_page(
            pages,
            request,
            lists.trial,
            status,
            listed("not_done"),
            why,
            way=f"{way}?lang={language}",
            way_words=w({LISTS: "tab_lists", SIGN_IN: "sign_in_do"}.get(way, "tab_morning")),
        )

    def actor_of(request: Request) -> Actor | None:
        """Who asks. Raises _NotHere for what another page asks for, or for a POST without a session."""
        if request.method == "POST" and from_elsewhere(request):
            raise _NotHere(403, "foreign")
        actor = services.actor(request)
        if actor is None and request.method == "POST":
            raise _NotHere(401, "signed_out")
        return actor

    async def answered(
        request: Request, work: Callable[[Actor], Response], act: str = "", upload: str = ""
    ) -> Response:
        """What `work` gives; refusals on the page that it was asked from, where that may be seen."""

        def carefully() -> Response:
            actor = None
            try:
                actor = actor_of(request)
                if actor is None:
                    way = f"{SIGN_IN}?lang={chosen_language(request)}"
                    return RedirectResponse(way, 303, headers=HEADERS)
                return work(actor)
            except _NotHere as told:
                why = list_words(chosen_language(request))(told.key)
                return plain(request, told.status, why, SIGN_IN if told.status == 401 else LISTS)
            except Refusal as refusal:
                status = _STATUS.get(refusal.code, 422)
                said = sentence(request, refusal)
                if actor is not None and refusal.code == "office_role_missing" and not act:
                    services.refused(actor, "lists", refusal)
                if actor is None or status == 404 or not member_of(actor).has(*SEES_LISTS):
                    return plain(request, status, said, PATH)
                return page(request, actor, status, said, upload)
            except UNAVAILABLE as error:
                return pages.unavailable(request, error)

        return await run_in_threadpool(carefully)

    # --- all of them, and one -------------------------------------------------------------------------

    @router.api_route(LISTS, methods=["GET", "HEAD"])
    async def all_lists(request: Request) -> Response:
        return await answered(request, lambda actor: page(request, actor))

    @router.api_route(LISTS + "/{upload}", methods=["GET", "HEAD"])
    async def one_list(upload: str, request: Request) -> Response:
        return await answered(request, lambda actor: page(request, actor, upload=upload))

    @router.get(LISTS + "/{upload}/progress")
    async def progress(upload: str, request: Request) -> Response:
        """How far it is, as JSON for the page's script."""

        def work() -> Response:
            language = chosen_language(request)
            try:
                actor = services.actor(request)
                if actor is None:
                    return JSONResponse({"over": True}, 401, HEADERS)
                shown = lists.find(member_of(actor), upload)
                return JSONResponse(progress_of(shown, language), headers=HEADERS)
            except Refusal as refusal:
                return JSONResponse({"over": True}, _STATUS.get(refusal.code, 422), HEADERS)
            except UNAVAILABLE as error:
                log.warning("not_available", error=type(error).__name__)
                return JSONResponse({}, 503, HEADERS)

        return await run_in_threadpool(work)

    # --- bringing in ----------------------------------------------------------------------------------

    @router.post(LISTS)
    async def bring_in(request: Request) -> Response:
        by_script = request.headers.get("accept", "") == "application/json"
        language = chosen_language(request)
        try:
            upload = await _brought_in(request)
        except _NotHere as told:
            why, status = list_words(language)(told.key, size=WORDS[language].size(MOST)), told.status
        except Refusal as refusal:
            why, status = sentence(request, refusal), _STATUS.get(refusal.code, 422)
        except UNAVAILABLE as error:
            log.warning("not_available", error=type(error).__name__)
            why, status = list_words(language)("unavailable"), 503
        else:
            way = f"{LISTS}/{upload}?lang={language}"
            if by_script:
                return JSONResponse({"next": way}, headers=HEADERS)
            return RedirectResponse(way, 303, headers=HEADERS)
        if by_script:
            return JSONResponse({"error": why}, status, HEADERS)
        if status in (401, 403, 503):
            return plain(request, status, why, SIGN_IN if status == 401 else PATH)
        return await answered(request, lambda actor: page(request, actor, status, why))

    async def _brought_in(request: Request) -> str:
        """The id of the upload. Raises _NotHere, and what the office refuses."""
        actor = await run_in_threadpool(actor_of, request)
        if actor is None:
            raise _NotHere(401, "signed_out")
        if coming.locked():
            raise _NotHere(503, "busy")
        async with coming, _kept(lists, member_of(actor)) as kept:
            try:
                texts = await _received(request, kept)
            except FormTooLarge:
                raise _NotHere(413, "too_large") from None
            except FormMalformed:
                raise _NotHere(422, "form_broken") from None
            # Whoever lost the role while it came brings nothing in.
            again = await run_in_threadpool(actor_of, request)
            if again is None:
                raise _NotHere(401, "signed_out")
            return await run_in_threadpool(kept.finish, member_of(again), texts)

    async def _received(request: Request, kept: _Kept) -> dict[str, str]:
        async def take(texts: dict[str, str], name: str, data: bytes) -> None:
            if name in PARTS:
                await run_in_threadpool(kept.take, texts.get("month", ""), name, data)

        return await read_upload(request, take)

    # --- deciding -------------------------------------------------------------------------------------

    async def decision(
        request: Request, upload: str, act: str, do: Callable[[OfficeMember, str], None]
    ) -> Response:
        try:
            form = await read_form(request, 1_000)
            reason = form.texts.get("reason", "")[:60]
        except (FormMalformed, FormTooLarge):
            reason = ""

        def work(actor: Actor) -> Response:
            do(member_of(actor), reason)
            way = f"{LISTS}/{upload}?lang={chosen_language(request)}"
            return RedirectResponse(way, 303, headers=HEADERS)

        found = upload if _UPLOAD.fullmatch(upload) else "0"
        return await answered(request, work, act, found)

    @router.post(LISTS + "/{upload}/approve")
    async def approve(upload: str, request: Request) -> Response:
        return await decision(request, upload, "approve", lambda by, _: lists.approve(by, upload))

    @router.post(LISTS + "/{upload}/decline")
    async def decline(upload: str, request: Request) -> Response:
        return await decision(
            request, upload, "decline", lambda by, reason: lists.decline(by, upload, reason)
        )

    @router.post(LISTS + "/{upload}/retry")
    async def retry(upload: str, request: Request) -> Response:
        return await decision(request, upload, "retry", lambda by, _: lists.retry(by, upload))

    @router.get(LISTS + "/{upload}/{which}.csv")
    async def rows(upload: str, which: str, request: Request) -> Response:
        """Rows that go back: personal data, for those who send them; each reading is recorded first."""

        def work(actor: Actor) -> Response:
            member, language = member_of(actor), chosen_language(request)
            kind = which.replace("-", "_")
            shown = lists.find(member, upload)
            found = lists.rows(member, upload, kind, language)
            name = f"azyq-{which}-{shown.file.programme}-{shown.file.month}.csv"
            headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
            return StreamingResponse(found, media_type="text/csv; charset=utf-8", headers=headers)

        return await answered(request, work, "rows", upload)

    @router.get(LISTS + "/{upload}/{act}")
    async def decided(upload: str, act: str, request: Request) -> Response:
        """Where the page of a decision that was refused leads to, in another language say."""

        def work(_: Actor) -> Response:
            if act not in _DECISIONS or not _UPLOAD.fullmatch(upload):
                raise BroughtListUnknown("list")
            way = f"{LISTS}/{upload}?lang={chosen_language(request)}"
            return RedirectResponse(way, 303, headers=HEADERS)

        return await answered(request, work)

    return router


class _Kept:
    """What is kept of one form while it comes: nothing before the month is known to take a list from this member."""

    def __init__(self, lists: ListServices, by: OfficeMember) -> None:
        self._lists, self._by = lists, by
        self._refusal: Refusal | None = None
        self._upload: ListUpload | None = None
        self.done = False

    def take(self, month: str, name: str, data: bytes) -> None:
        """More bytes of a file; after a refusal they are thrown away, so that the browser hears of it."""
        if self._refusal is not None:
            return
        try:
            if self._upload is None:
                self._lists.check_bringing(self._by, *_programme_and_month(month))
                self._upload = self._lists.upload(self._by)
            self._upload.write(name, data)
        except Refusal as refusal:
            self._refusal = refusal
            self.give_up()

    def finish(self, by: OfficeMember, texts: dict[str, str]) -> str:
        """The upload's id, for this member as of now. Raises what was refused, and _NotHere without a file."""
        if self._refusal is not None:
            raise self._refusal
        month = self._lists.check_bringing(by, *_programme_and_month(texts.get("month", "")))
        if self._upload is None or not self._upload.has_list:
            raise _NotHere(422, "choose_file")
        upload = self._upload.finish(month)
        self.done = True
        return upload

    def give_up(self) -> None:
        """Nothing is kept."""
        if self._upload is not None and not self.done:
            self._upload.give_up()


@asynccontextmanager
async def _kept(lists: ListServices, by: OfficeMember) -> AsyncIterator[_Kept]:
    """Whatever ends before the form does leaves nothing behind."""
    kept = _Kept(lists, by)
    try:
        yield kept
    finally:
        if not kept.done:
            # Also when the server ends the request: it is not to be interrupted then.
            await asyncio.shield(run_in_threadpool(kept.give_up))


def _programme_and_month(text: str) -> tuple[str, str]:
    """A choice of the form: the id of a programme, a slash, a month."""
    programme, _, month = text.partition("/")
    return programme[:60], month[:20]

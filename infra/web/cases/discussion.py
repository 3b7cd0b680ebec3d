"""GET /discussions, /discussions/{case}: drafts that are under public discussion, for anybody to read and to comment on.

Nothing runs in the browser. After the end the page says so, and shows the report once it is posted (S002-03 to S002-05).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from domain.errors import LANGUAGES, Refusal
from domain.procedures.case_refusals import RequestKeyReused
from domain.procedures.definition import Field
from infra.api.cases.discussion_services import Discussion, DiscussionServices
from infra.api.services import UNAVAILABLE
from infra.web.assets import Assets
from infra.web.cases.apply import form_of, query_of
from infra.web.cases.status import PAPER_POLICY, PAPER_TYPES
from infra.web.forms import FIELD, act_form, field_words, papers_of, values_of
from infra.web.pages import HEADERS, Pages, chosen_language
from infra.web.uploads import Form
from infra.web.words import WORDS

_KINDS = {
    "application/pdf": "PDF",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
}


def discussion_router(services: DiscussionServices, assets: Assets) -> APIRouter:
    """The pages; blocking work is done in threads."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(assets)

    async def answered(request: Request, work: Callable[[], Response]) -> Response:
        def carefully() -> Response:
            try:
                return work()
            except UNAVAILABLE as error:
                return pages.unavailable(request, error)
            except Refusal as refusal:
                if refusal.code == "too_many_requests":
                    return pages.plain(request, 429, "too_many_comments", {"Retry-After": "3600"})
                return pages.plain(request, 404, "unknown_discussion")

        return await run_in_threadpool(carefully)

    def page(
        request: Request,
        told: Discussion,
        sent: Form | None = None,
        refusal: Refusal | None = None,
        said: str = "",
    ) -> Response:
        language = chosen_language(request)
        words = WORDS[language]
        form = act_form(
            told.service, told.outcome, words, services.new_key(), sent or _first(told, language), refusal
        )
        taken = request.query_params.get("comment", "")
        closed = told.case.closed_at if told.case.closed_at and not told.posted else None
        ended = min((at for at in (told.until, closed) if at is not None), default=None)
        return pages.render(
            "discussion.html",
            language,
            422 if refusal is not None or said else 200,
            told=told,
            name=told.service.names[language],
            about=[
                (_capital(one, language), field_words(one, text, words, words.iso_day))
                for one, text in told.about
            ],
            answer=[
                (_capital(one, language), field_words(one, text, words, words.iso_day))
                for one, text in told.answer
            ],
            ended=ended,
            form=form,
            errors=[said] if said else form.errors,
            kinds=_KINDS,
            taken=taken if len(taken) < 7 and taken.isascii() and taken.isdigit() else "",
            megabytes=services.largest_document // 1_000_000,
            title=words("discussions"),
            base=f"/discussions/{told.case.case}",
            query=query_of(request),
        )

    @router.api_route("/discussions", methods=["GET", "HEAD"])
    async def listed(request: Request) -> Response:
        def work() -> Response:
            language, rows = chosen_language(request), services.listed()
            return pages.render(
                "discussion_list.html",
                language,
                going_on=[row for row in rows if row.open],
                over=[row for row in rows if not row.open],
                title=WORDS[language]("discussions"),
                base="/discussions",
                query=query_of(request),
            )

        return await answered(request, work)

    @router.api_route("/discussions/{case}", methods=["GET", "HEAD"])
    async def one(case: str, request: Request) -> Response:
        return await answered(request, lambda: page(request, services.found(case)))

    @router.api_route("/discussions/{case}/documents/{sha256}", methods=["GET", "HEAD"])
    async def document(case: str, sha256: str, request: Request) -> Response:
        def work() -> Response:
            found = services.document(case, sha256)
            if found is None:
                return pages.plain(request, 404, "unknown_discussion")
            kind, content = found
            name = f"{sha256[:12]}.{_KINDS.get(kind, 'bin').lower()}"
            # A file of somebody's making: shown by nothing of ours, run by nothing at all.
            headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
            return Response(content, media_type=kind, headers=headers)

        return await answered(request, work)

    @router.api_route("/discussions/{case}/report.{suffix}", methods=["GET", "HEAD"])
    async def report(case: str, suffix: str, request: Request) -> Response:
        def work() -> Response:
            language = chosen_language(request)
            made = services.report(case, language, suffix) if suffix in PAPER_TYPES else None
            if made is None:
                return pages.plain(request, 404, "unknown_discussion")
            headers = {**HEADERS, "Content-Security-Policy": PAPER_POLICY, "Content-Language": language}
            if suffix == "docx":
                headers["Content-Disposition"] = 'attachment; filename="report.docx"'
            return Response(made, media_type=PAPER_TYPES[suffix], headers=headers)

        return await answered(request, work)

    @router.post("/discussions/{case}")
    async def comment(case: str, request: Request) -> Response:
        address = request.client.host if request.client else ""

        def work(sent: Form | str) -> Response:
            told, words = services.found(case), WORDS[chosen_language(request)]
            if isinstance(sent, str):
                return page(request, told, said=words(sent, megabytes=services.largest_document // 1_000_000))
            key = sent.texts.get("key", "")[:64] or services.new_key()
            fields, documents = values_of(told.outcome.fields, sent), papers_of(told.outcome.documents, sent)
            try:
                number = services.comment(case, fields, documents, key, address)
            except RequestKeyReused:
                return page(request, told, sent, said=words("form_sent_before"))
            except Refusal as refusal:
                if refusal.code in ("too_many_requests", "discussion_unknown"):
                    raise
                return page(request, services.found(case), sent, refusal)
            query = query_of(request)
            where = f"/discussions/{told.case.case}{query}{'&' if query else '?'}comment={number}"
            return RedirectResponse(where, 303, headers=HEADERS)

        async with form_of(request, services.largest_document) as sent:
            return await answered(request, partial(work, sent))

    return router


def _first(told: Discussion, language: str) -> Form:
    """The empty form: where a field asks for a language, the reader's own is chosen."""
    return Form(
        {FIELD + one.id: language for one in told.outcome.fields if {*one.choices} == {*LANGUAGES}}, {}
    )


def _capital(one: Field, language: str) -> str:
    name = one.names[language].strip()
    return name[:1].upper() + name[1:]

"""Signing on a page, outside a trial: the very bytes are downloaded, and their signature is handed in as a file.

No JavaScript: what was filled in travels in the form, its documents wait in the vault, encrypted, for a day.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fastapi.responses import Response

from domain.commands.case_calls import ActOnCase, HoldSitting, OpenCase
from domain.errors import Refusal
from domain.procedures.case_refusals import SignatureMissing, SignatureOfAnother
from domain.procedures.definition import Document
from domain.signature_refusals import SignatureUnsound
from infra.web.cases.reading import CasePagesServices
from infra.web.forms import DOCUMENT, FormShown, papers_of
from infra.web.pages import HEADERS, Pages
from infra.web.uploads import Form

KEPT = "s."  # in front of a document's id: the SHA-256 of what was sent before
_DO, _CONTENT, _SIGN, _EDIT = "do", "content", "sign", "edit"
_FILE = "signature"

Call = TypeVar("Call", OpenCase, ActOnCase, HoldSitting)


@dataclass(frozen=True, slots=True)
class ToSign:
    """What somebody is about to sign, as its page shows it: what it is, the form as it was filled in, where it is sent.

    `uploader` is whose documents wait: an id that nobody else has. `base` is the page's address where that is not
    the action's.
    """

    title: str
    heading: str
    form: FormShown
    action: str
    language: str
    uploader: str
    base: str = ""


class Signing:
    """The page between a form and its case; blocking, so for threads."""

    def __init__(self, services: CasePagesServices, pages: Pages) -> None:
        self._services = services
        self._pages = pages

    def papers(self, documents: Sequence[Document], form: Form, uploader: str) -> dict[str, bytes]:
        """Contents by document, as sent now or before. Raises PaperUnknown for what waited too long."""
        sent = papers_of(documents, form)
        waiting = {
            one.id: form.texts[KEPT + one.id]
            for one in documents
            if one.id not in sent and form.texts.get(KEPT + one.id)
        }
        return sent | (self._services.kept(uploader, waiting) if waiting else {})

    def wants_change(self, form: Form) -> bool:
        """Whether the form is to be filled in again."""
        return self._services.by_certificate and form.texts.get(_DO) == _EDIT

    def done(
        self,
        call: Call,
        form: Form,
        take: Callable[[Call], Response],
        to_sign: Callable[[], ToSign],
        file: str,
    ) -> Response:
        """What `take` answers to the call; where that wants a signature, the page that asks for it, or the bytes as `file`.

        Raises what `take` raises, but for the want of a signature.
        """
        if not self._services.by_certificate:
            return take(call)
        asked = form.texts.get(_DO)
        if asked == _CONTENT:
            headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{file}"'}
            return Response(call.content(), media_type="application/octet-stream", headers=headers)
        if asked == _SIGN:
            call = replace(call, signature=_signature(form))
        try:
            return take(call)
        except Refusal as refusal:
            found = _but_for_the_want(refusal)
            if found.also or not isinstance(found, SignatureMissing | SignatureUnsound | SignatureOfAnother):
                raise found from None
            return self._page(call, form, to_sign(), found if asked == _SIGN else None)

    def _page(
        self, call: OpenCase | ActOnCase | HoldSitting, form: Form, shown: ToSign, refusal: Refusal | None
    ) -> Response:
        kept = self._services.keep(shown.uploader, call.documents)
        texts = {name: text for name, text in form.texts.items() if name != _DO and not name.startswith(KEPT)}
        holder = self._services.holder(call.content(), call.signature) if call.signature else ""
        names = {
            one.name.removeprefix(DOCUMENT): one.label for one in shown.form.inputs if one.shape == "file"
        }
        return self._pages.render(
            "sign.html",
            shown.language,
            200 if refusal is None else 422,
            title=shown.title,
            heading=shown.heading,
            said=_said(shown.form),
            papers=[(names.get(name, name), len(content)) for name, content in call.documents.items()],
            hidden={**texts, **{KEPT + name: digest for name, digest in kept.items()}},
            action=shown.action,
            base=shown.base or shown.action.partition("?")[0],
            error=refusal.sentence(shown.language) if refusal else "",
            holder=holder,
        )


def _but_for_the_want(refusal: Refusal) -> Refusal:
    """The refusal without what comes next, a signature, which each case of a sitting wants; the want if that is all."""
    others = [one for one in (refusal, *refusal.also) if not isinstance(one, SignatureMissing)]
    first = others[0] if others else refusal
    first.also = tuple(others[1:])
    return first


def _said(form: FormShown) -> list[tuple[str, str]]:
    """What was filled in, by the labels of the form."""
    said = []
    for one in form.inputs:
        value = one.other or one.value
        if one.shape != "file" and value.strip():
            said.append((one.label, next((c.name for c in one.choices if c.value == value), value)))
    return said


def _signature(form: Form) -> bytes:
    """The signature as a file has it: DER or PEM as it is, base64 read."""
    content = form.documents.get(_FILE, b"")
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except ValueError:
        return content

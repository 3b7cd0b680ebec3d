"""Public discussions: drafts that anybody reads and comments on (`infra.api.cases.discussion_services.DiscussionServices`).

What a discussion is follows from the service's file alone: a step with an outcome that is a remark and that the public
takes. Its draft is what was handed in when the step was opened, its report what ends the step that answers remarks.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.calendar import ALMATY
from domain.commands.case_calls import ActOnCase
from domain.commands.known_cases import SALT_BYTES
from domain.procedures.acts import Actor
from domain.procedures.case import Case
from domain.procedures.case_guards import who_takes
from domain.procedures.case_input import shown
from domain.procedures.case_refusals import CaseUnknown, ServiceUnknown
from domain.procedures.definition import PUBLIC, Field, Outcome, Service, Step
from infra.api.cases.discussion_services import Discussion, DiscussionRow, PublicPaper
from infra.bootstrap import Azyq
from infra.cases.discussion_lists import PublicTurn, public_turns
from infra.cases.history import CaseEvent, case_events
from infra.papers.case_papers import discussion_report
from infra.papers.docx import docx
from infra.papers.from_case import paper_of_case
from infra.papers.html import html
from infra.parts.cases.discussion_refusals import CommentsTooMany, DiscussionOver, DiscussionUnknown
from infra.parts.cases.shown import field_shown
from infra.web.guesses import Guesses

COMMENTS_AN_HOUR = 30  # tries from one address: a family, an office, a carrier's phones
COMMENTS_OF_ALL = 3_000  # an hour, in this process: beyond it somebody floods the log from many addresses
LISTED = 200
MOST_DRAFTS = 2_000  # names in this process's memory


class Discussions:
    """Reads the log at each call, so that nobody comments on what is over."""

    def __init__(self, azyq: Azyq, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` tells whoever sends SMS that there may be one."""
        self._azyq = azyq
        self._wake = wake
        self.largest_document = azyq.settings.largest_document
        self._drafts: OrderedDict[tuple[str, datetime], str] = OrderedDict()
        self._from_one = Guesses(COMMENTS_AN_HOUR, 3600.0)
        self._from_all = Guesses(COMMENTS_OF_ALL, 3600.0)

    def new_key(self) -> str:
        """A key for one form."""
        return secrets.token_hex(16)

    # --- what is read ---------------------------------------------------------------------------------

    def listed(self) -> Sequence[DiscussionRow]:
        """Those that go on as the views have them, the one that ends first in front, then those that are over."""
        now = self._azyq.clock()
        turns = public_turns(self._azyq.view_store, LISTED)
        rows = [row for turn in turns if (row := self._row(turn, now)) is not None]
        going_on = [row for row in rows if row.open]
        return [*going_on, *(row for row in rows if not row.open)]

    def _row(self, turn: PublicTurn, now: datetime) -> DiscussionRow | None:
        try:
            service = self._azyq.services.files.latest(turn.service)
        except ServiceUnknown:
            return None
        step = service.steps.get(turn.step)
        if step is None or comment_of(step) is None:
            return None
        is_open = turn.open and not (turn.due_at is not None and now > turn.due_at)
        return DiscussionRow(
            turn.case, service.names, self._draft(turn), turn.opened_at, turn.due_at, is_open
        )

    def _draft(self, turn: PublicTurn) -> str:
        """The draft's name, which a turn keeps: its case is read once, not at each look at the list."""
        key = turn.case, turn.opened_at
        if key not in self._drafts:
            try:
                self._drafts[key] = self.found(turn.case).draft
            except DiscussionUnknown:
                return ""
            if len(self._drafts) > MOST_DRAFTS:
                self._drafts.popitem(last=False)
        return self._drafts[key]

    def found(self, number: str) -> Discussion:
        """The last discussion of a case. Raises DiscussionUnknown."""
        return self._told(number)[0]

    def _told(self, number: str) -> tuple[Discussion, list[CaseEvent]]:
        try:
            case = self._azyq.known_cases.case(number)
        except CaseUnknown:
            raise DiscussionUnknown("case", case=shown(number)) from None
        events = case_events(self._azyq.log, case.id)
        service = self._azyq.known_cases.running(case).service
        told = discussion_of(case, service, events, self._azyq.clock())
        if told is None:
            raise DiscussionUnknown("case", case=shown(number))
        return told, events

    def document(self, number: str, sha256: str) -> tuple[str, bytes] | None:
        """A document of the draft or of the report."""
        told = self.found(number)
        for one in (*told.documents, *told.reworked):
            if one.sha256 == sha256:
                content = self._azyq.vault.papers.read(told.case.id.hex, sha256)
                return None if content is None else (one.type, content)
        return None

    def report(self, number: str, language: str, suffix: str) -> bytes | None:
        """The report on the discussion, once it is posted: before that, decisions on remarks are drafts."""
        told, events = self._told(number)
        if not told.posted:
            return None
        papers = self._azyq.vault.papers

        def unseal(digest: str) -> str | None:
            content = papers.read(told.case.id.hex, digest)
            return None if content is None else content[SALT_BYTES:].decode()

        paper = paper_of_case(told.case, told.service, [(one.topic, one.data) for one in events], unseal)
        made = discussion_report(paper, language, self._azyq.clock())
        return docx(made) if suffix == "docx" else html(made).encode()

    # --- what is done ---------------------------------------------------------------------------------

    def comment(
        self,
        number: str,
        fields: Mapping[str, object],
        documents: Mapping[str, bytes],
        key: str,
        whose: str,
        limited: bool = True,
    ) -> int:
        """A comment, as an event of the case; whoever made it is nobody but a key to us."""
        if limited:
            if self._from_one.too_many(whose) or self._from_all.too_many(""):
                raise CommentsTooMany("case")
            self._from_one.missed(whose)
            self._from_all.missed("")
        told = self.found(number)
        if not told.open:
            until = "" if told.until is None else f"{told.until.astimezone(ALMATY):%d.%m.%Y, %H:%M}"
            raise DiscussionOver("case", until=until)
        # Keyed by the vault, so that nobody can try out addresses on what the log has.
        person = f"public-{self._azyq.vault.digest('comment', f'{whose}/{key}')[:32]}"
        call = ActOnCase(
            case=told.case.case,
            step=told.step.id,
            outcome=told.outcome.id,
            actor=Actor(person, (PUBLIC,)),
            fields=fields,
            documents=documents,
            key=key,
        )
        self._azyq.run_case.act(call, self._azyq.clock())
        self._wake()
        made = [
            one.data["number"]
            for one in case_events(self._azyq.log, told.case.id)
            if one.topic == "case.remark_recorded" and one.data["actor"] == person
        ]
        return int(made[-1])


def comment_of(step: Step) -> Outcome | None:
    """The outcome by which the public remarks on something; None for a step that is no public discussion."""
    for outcome in step.outcomes:
        if outcome.remark == "made" and outcome.stays and who_takes(step, outcome) == PUBLIC:
            return outcome
    return None


def discussion_of(
    case: Case, service: Service, events: Sequence[CaseEvent], now: datetime
) -> Discussion | None:
    """The last public discussion of a case, folded from its events; None where there was none."""
    talks = {step.id: outcome for step in service.steps.values() if (outcome := comment_of(step))}
    answers = {
        step.id
        for step in service.steps.values()
        if any(outcome.remark in ("taken", "not_taken") for outcome in step.outcomes)
    }
    opened: CaseEvent | None = None
    placed: CaseEvent | None = None
    answered: CaseEvent | None = None
    comments = 0
    for event in events:
        data = event.data
        if event.topic == "case.step_opened" and data["step"] in talks:
            opened, answered, comments = event, None, 0
        elif event.topic == "case.acted":
            outcome = _outcome(service, data)
            if outcome is not None and {*outcome.opens} & {*talks}:
                placed = event
            elif outcome is not None and data["step"] in answers and outcome.opens:
                answered = event
        elif event.topic == "case.remark_recorded" and data["number"] and not data["late"]:
            comments += 1
    if opened is None:
        return None
    standing = case.steps.get(opened.data["step"])
    until = datetime.fromisoformat(opened.data["due_at"]) if opened.data["due_at"] else None
    step = service.steps[opened.data["step"]]
    about = _said(service, placed)
    return Discussion(
        case=case,
        service=service,
        step=step,
        outcome=talks[step.id],
        asks=[field_shown(one) for one in talks[step.id].fields],
        opened_at=opened.at,
        until=until,
        open=standing is not None and (until is None or now <= until),
        comments=comments,
        draft=next((value for one, value in about if one.type == "text"), ""),
        about=about,
        documents=_papers(service, placed),
        posted=answered is not None,
        answer=_said(service, answered),
        reworked=_papers(service, answered),
    )


def _outcome(service: Service, act: Mapping[str, Any]) -> Outcome | None:
    step = service.steps.get(act["step"])
    return next((one for one in step.outcomes if one.id == act["outcome"]), None) if step else None


def _said(service: Service, act: CaseEvent | None) -> list[tuple[Field, str]]:
    outcome = _outcome(service, act.data) if act is not None else None
    if act is None or outcome is None:
        return []
    return [(one, act.data["facts"][one.id]) for one in outcome.fields if one.id in act.data["facts"]]


def _papers(service: Service, act: CaseEvent | None) -> list[PublicPaper]:
    outcome = _outcome(service, act.data) if act is not None else None
    if act is None or outcome is None:
        return []
    names = {one.id: one.names for one in outcome.documents}
    return [
        PublicPaper(names[id_], sha256, kind, size)
        for id_, sha256, kind, size in act.data["documents"]
        if id_ in names
    ]

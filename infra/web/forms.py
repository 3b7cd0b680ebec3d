"""Forms of a service or of an act, made from the service's file: what is asked, in words, with what was wrong last time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from domain.errors import Refusal
from domain.procedures.case import Case
from domain.procedures.case_guards import who_takes
from domain.procedures.definition import APPLICANT, Channel, Document, Field, Names, Outcome, Service, Step
from domain.procedures.running import RunningService
from infra.papers.conditions_in_words import ConditionWords
from infra.sms.phones import normalise_phone
from infra.web.refusal_words import refusal_words, service_names
from infra.web.uploads import Form
from infra.web.words import Words

# What a channel knows of whoever asks: one value, which is not asked for again (S003-11), or several to choose from.
Known = Mapping[str, "str | Sequence[str]"]

FIELD, OTHER, DOCUMENT = "f.", ".other", "d."
_INPUTS = {"date": "date", "email": "email", "phone": "tel"}
_DIGITS = {"iin": 12, "bin": 12, "kato": 9}


class Choice(NamedTuple):
    """One of a list: the value that is sent, and its name."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Input:
    """One thing asked for: `shape` is text, long, choice, offer (a list, or something else typed), file or a type of HTML.

    `must`: nothing can be sent without it. `error`: why what was sent last time was refused.
    """

    name: str
    label: str
    shape: str
    must: bool
    hint: str = ""
    value: str = ""
    other: str = ""
    digits: int = 0
    choices: Sequence[Choice] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class FormShown:
    """A form: `key` makes a second press of its button the same request. `known`: what need not be said."""

    key: str
    inputs: Sequence[Input]
    consent: bool = False
    known: Sequence[str] = ()
    errors: Sequence[str] = ()
    summary: Sequence[tuple[str, str]] = field(default=())


@dataclass(frozen=True, slots=True)
class Offered:
    """An outcome that is the applicant's to take now."""

    step: Step
    outcome: Outcome
    form: FormShown

    @property
    def id(self) -> str:
        return f"{self.step.id}.{self.outcome.id}"


def request_form(
    service: Service,
    channel: Channel,
    words: Words,
    key: str,
    known: Known,
    sent: Form | None = None,
    refusal: Refusal | None = None,
) -> FormShown:
    """The form by which a service is asked for (S002-20), as it was `sent` when it was refused."""
    made = _Made(service, words, sent, refusal)
    inputs = []
    if len(service.kinds) > 1:
        inputs.append(made.kind())
    inputs += [
        made.field(one, known.get(one.id, ())) for one in service.fields if not _is_known(one, channel, known)
    ]
    inputs += [made.document(one) for one in service.documents if not one.filled]
    told = [one.names[words.language] for one in service.fields if _is_known(one, channel, known)]
    return replace(made.form(key, inputs), consent=service.consent, known=told)


def act_form(
    service: Service,
    outcome: Outcome,
    words: Words,
    key: str,
    sent: Form | None = None,
    refusal: Refusal | None = None,
) -> FormShown:
    """The form of an outcome that the applicant takes."""
    made = _Made(service, words, sent, refusal)
    inputs = [made.ground()] if outcome.grounds else []
    inputs += [made.field(one, ()) for one in outcome.fields]
    inputs += [made.document(one) for one in outcome.documents if not one.filled]
    return made.form(key, inputs)


def applicants_outcomes(case: Case, running: RunningService) -> list[tuple[Step, Outcome]]:
    """What the applicant may do on the case now: of the steps that are open, the outcomes of the role `applicant`."""
    facts = case.facts_with({})
    return [
        (step, outcome)
        for step in (running.service.steps[name] for name in case.steps)
        for outcome in step.outcomes
        if who_takes(step, outcome) == APPLICANT
        and not outcome.assigns
        and (outcome.alone or outcome.stays or not step.group)
        and running.holds(outcome.when, facts)
    ]


def values_of(
    fields: Sequence[Field], form: Form, channel: Channel | None = None, known: Known | None = None
) -> dict[str, str]:
    """Values by field: what was typed, and what the channel knows and so did not ask for."""
    known = known or {}
    found = {}
    for one in fields:
        typed = form.texts.get(FIELD + one.id, "")
        value = known.get(one.id, ()) if channel is not None else ()
        if isinstance(value, str) and channel is not None and _is_known(one, channel, known):
            typed = value
        elif value and not isinstance(value, str):
            typed = form.texts.get(FIELD + one.id + OTHER, "").strip() or typed
        found[one.id] = normalise_phone(typed[:40]) or typed if one.type == "phone" else typed
    return {name: value for name, value in found.items() if value.strip()}


def papers_of(documents: Sequence[Document], form: Form) -> dict[str, bytes]:
    """Contents by document; those that nobody asked for are left alone."""
    return {
        one.id: form.documents[DOCUMENT + one.id] for one in documents if DOCUMENT + one.id in form.documents
    }


def _is_known(one: Field, channel: Channel, known: Known) -> bool:
    return one.known_from == channel.id and isinstance(known.get(one.id), str) and bool(known[one.id])


class _Made:
    """Makes the inputs of one form."""

    def __init__(self, service: Service, words: Words, sent: Form | None, refusal: Refusal | None) -> None:
        self._service = service
        self._words = words
        self._language = words.language
        self._names = service_names(service, words.language)
        self._sent = sent or Form({}, {})
        self._conditions = ConditionWords(service, words.language, {}, annexed=False)
        self._refusals = [refusal, *refusal.also] if refusal else []
        self._told: set[int] = set()

    def form(self, key: str, inputs: Sequence[Input]) -> FormShown:
        general = [
            refusal_words(one, self._language, self._names)
            for place, one in enumerate(self._refusals)
            if place not in self._told
        ]
        summary = [(one.name, one.error) for one in inputs if one.error]
        return FormShown(key, inputs, errors=general, summary=summary)

    def kind(self) -> Input:
        kinds = self._service.kinds.values()
        return Input(
            "kind",
            self._words("case_kind"),
            "choice",
            True,
            value=self._sent.texts.get("kind", ""),
            choices=[Choice(one.id, self._name(one.names)) for one in kinds],
            error=self._error("kind"),
        )

    def ground(self) -> Input:
        grounds = self._service.grounds.values()
        return Input(
            "ground",
            self._words("case_ground"),
            "choice",
            True,
            value=self._sent.texts.get("ground", ""),
            choices=[Choice(one.id, self._name(one.names)) for one in grounds],
            error=self._error("ground"),
        )

    def field(self, one: Field, offered: str | Sequence[str]) -> Input:
        shape, choices = _INPUTS.get(one.type, "long" if one.long else "text"), []
        if one.type == "choice":
            shape, choices = "choice", [Choice(id_, self._name(names)) for id_, names in one.choices.items()]
        elif one.type == "yes_no":
            shape, choices = "choice", [Choice("yes", self._words("yes")), Choice("no", self._words("no"))]
        elif offered and not isinstance(offered, str):
            shape, choices = "offer", [Choice(value, value) for value in offered]
        elif one.type == "number":
            shape = "number"
        return Input(
            FIELD + one.id,
            self._name(one.names),
            shape,
            one.required.strip() == "true",
            hint=self._hint(one),
            value=self._sent.texts.get(FIELD + one.id, ""),
            other=self._sent.texts.get(FIELD + one.id + OTHER, ""),
            digits=_DIGITS.get(one.type, 0),
            choices=choices,
            error=self._error(f"fields.{one.id}"),
        )

    def document(self, one: Document) -> Input:
        must = one.required.strip() == "true" and not (one.if_any or one.known_from)
        return Input(
            DOCUMENT + one.id,
            self._name(one.names),
            "file",
            must,
            hint=self._hint(one, must),
            error=self._error(f"documents.{one.id}"),
        )

    def _hint(self, one: Field | Document, must: bool = True) -> str:
        condition = self._conditions.told(one.required)
        if condition:
            return self._words("asked_when", condition=condition)
        if condition is None or (isinstance(one, Document) and one.if_any):
            return self._words("may_be_left_out")
        if isinstance(one, Document) and not must:
            return self._words("asked_unless_known")
        return ""

    def _error(self, where: str) -> str:
        found = []
        for place, one in enumerate(self._refusals):
            if one.field == where:
                self._told.add(place)
                found.append(refusal_words(one, self._language, self._names))
        return " ".join(found)

    def _name(self, names: Names) -> str:
        name = names[self._language].strip()
        return name[:1].upper() + name[1:]


def field_words(one: Field, value: str, words: Words, day: Callable[[str], str]) -> str:
    """The value of a field as a reader is told it; `day` writes an ISO day."""
    if one.type == "choice" and value in one.choices:
        return one.choices[value][words.language]
    if one.type == "yes_no":
        return words("yes" if value == "true" else "no")
    return day(value) if one.type == "date" else value

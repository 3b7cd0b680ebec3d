"""What a service's file says, in one language, ready to be put on any of its papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.procedures.definition import (
    APPLICANT,
    PUBLIC,
    SYSTEM,
    Document,
    Field,
    Names,
    Outcome,
    Result,
    Service,
    Step,
    Term,
)
from domain.procedures.order import after_each, following
from infra.papers.conditions_in_words import ConditionWords, channel_word
from infra.papers.paper import Block, Item, Items, Paper, Paragraph, Section
from infra.papers.procedure_words import WORDS as PROCEDURE_WORDS
from infra.papers.spelling import (
    instant,
    listed,
    period_in_words,
    sentence,
    short_day,
    term_in_words,
)
from infra.papers.words import WORDS

ALWAYS_THERE = (APPLICANT, SYSTEM, PUBLIC)


class Lane(NamedTuple):
    """Who a step belongs to on a drawing: a unit, or a role that has none."""

    id: str
    name: str


class ServiceWords:
    """A service in `language` (kk, ru or en)."""

    def __init__(self, service: Service, language: str) -> None:
        self.service = service
        self.language = language
        self.words = {**WORDS[language], **PROCEDURE_WORDS[language]}
        self.steps: tuple[Step, ...] = _in_order(service)
        self._numbers = {step.id: place for place, step in enumerate(self.steps, start=1)}
        self.conditions = ConditionWords(service, language, self._numbers)

    def name(self, names: Names) -> str:
        """A name in this language."""
        return names[self.language]

    @property
    def title(self) -> str:
        """The service's own name."""
        return self.name(self.service.names)

    def quoted(self, text: str) -> str:
        """In the language's quotation marks."""
        return self.words["quoted"].format(text=text)

    def text(self, id_: str) -> tuple[Block, ...]:
        """A free element of the standard, a paragraph a line; that it is not set, where the file has none."""
        names = self.service.texts.get(id_)
        if names is None or not names[self.language].strip():
            return (Paragraph(self.words["not_set"]),)
        return paragraphs(names[self.language])

    def term(self, term: Term | None) -> str:
        """A term in words, or that none is set."""
        return self.words["no_term"] if term is None else term_in_words(term, self.language)

    def number(self, step: str) -> int:
        """The number of a procedure in the regulation's order, from 1."""
        return self._numbers[step]

    def numbers(self, steps: Sequence[str]) -> str:
        """Numbers of procedures, in order: "3, 5"."""
        return ", ".join(str(number) for number in sorted(self._numbers[step] for step in steps))

    def role(self, role: str) -> str:
        """What a role is called."""
        known = self.service.roles.get(role)
        if known is not None:
            return self.name(known.names)
        return self.words[role] if role in ALWAYS_THERE else role

    def lane(self, role: str) -> Lane:
        """The lane of a role: its unit's, else its own (S002-39)."""
        known = self.service.roles.get(role)
        if known is not None and known.unit in self.service.units:
            return Lane(f"unit:{known.unit}", self.name(self.service.units[known.unit]))
        return Lane(f"role:{role}", self.role(role))

    def doer(self, role: str) -> str:
        """A role with its unit, for tables."""
        lane, own = self.lane(role), self.role(role)
        return own if lane.name == own else f"{own} ({lane.name})"

    def step_term(self, step: Step) -> list[str]:
        """A procedure's term, with those of kinds of request, and how it is counted."""
        words, language = self.words, self.language
        lines = []
        if step.term is not None:
            lines.append(term_in_words(step.term, language))
        for kind, term in step.terms.items():
            label = self.name(self.service.kinds[kind].names) if kind in self.service.kinds else kind
            lines.append(words["of_kind"].format(kind=label, term=term_in_words(term, language)))
        if not lines:
            instantly = step.role == SYSTEM or (
                step.role in self.service.roles and self.service.roles[step.role].automatic
            )
            # A step within that has no term of its own is due with its case.
            shared = step.within and (
                self.service.term or any(kind.term for kind in self.service.kinds.values())
            )
            lines.append(words["at_once" if instantly else "with_the_service" if shared else "no_term"])
        if step.starts:
            lines.append(words["counted_from"].format(field=self.quoted(self.field_name(step.starts))))
        if step.clocked:
            lines.append(words["round_the_clock"])
        return lines

    def field_name(self, id_: str) -> str:
        """What a field is called, of the application's or of any step's."""
        for field in all_fields(self.service):
            if field.id == id_:
                return self.name(field.names)
        return id_

    def next_steps(self, step: Step, outcome: Outcome) -> tuple[str, ...]:
        """The procedures that an outcome leads to, joins among them."""
        return tuple(dict.fromkeys(following(self.service, step, outcome)))

    def where_next(self, step: Step, outcome: Outcome) -> str:
        """What an outcome leads to, in words."""
        words = self.words
        if outcome.stays:
            return words["goes_on"]
        opened = self.next_steps(step, outcome)
        told = []
        if opened:
            numbers = self.numbers(opened)
            told.append(words["to_step" if len(opened) == 1 else "to_steps"].format(numbers=numbers))
        if outcome.ends:
            told.append(words["to_end"].format(end=self.end(outcome.ends)))
        return "; ".join(told) or words["goes_on"]

    def end(self, end: str) -> str:
        """What an end of the case is called."""
        return self.name(self.service.ends[end]) if end in self.service.ends else end

    def outcome_notes(self, step: Step, outcome: Outcome) -> list[str]:
        """What an outcome asks for and gives, line by line."""
        words, notes = self.words, []
        condition = self.conditions.told(outcome.when)
        if condition:
            notes.append(words["if"].format(condition=condition))
        if step.at_due == outcome.id:
            notes.append(words["at_due"])
        if outcome.role and outcome.role != step.role:
            notes.append(self.doer(outcome.role))
        if outcome.term is not None:
            notes.append(f"{words['within']}: {term_in_words(outcome.term, self.language)}")
        if outcome.fields:
            names = listed([self.name(field.names) for field in outcome.fields], self.language)
            notes.append(words["asks"].format(fields=names))
        if outcome.documents:
            names = listed([self.name(one.names) for one in outcome.documents], self.language)
            notes.append(words["attaches"].format(documents=names))
        if outcome.grounds:
            notes.append(words["with_ground"])
        if outcome.assigns:
            notes.append(words["assigns"].format(role=self.role(outcome.assigns)))
        if outcome.other_than:
            notes.append(words["other_than"].format(numbers=self.numbers(outcome.other_than)))
        if outcome.signs:
            notes.append(words["signed"])
        if outcome.result in self.service.results:
            result = self.service.results[outcome.result]
            notes.append(words["gives"].format(result=self.name(result.names)))
        if outcome.notifies:
            notes.append(words["tells"])
        return notes

    def channel(self, id_: str) -> str:
        """What a channel is called."""
        return self.words[channel_word(id_)]

    def form(self) -> str:
        """Electronic, and how far automated, and/or on paper (S002-14)."""
        words, service = self.words, self.service
        electronic = words[f"electronic_{service.automation}"]
        told = {"electronic": [electronic], "paper": [words["paper"]], "both": [electronic, words["paper"]]}
        return ", ".join(told[service.form])

    def result_form(self) -> str:
        """How a result is given (S002-15)."""
        words = self.words
        told = {
            "electronic": [words["result_electronic"]],
            "paper": [words["paper"]],
            "both": [words["result_electronic"], words["paper"]],
        }
        return ", ".join(told[self.service.form])

    def result(self, result: Result) -> Item:
        """A result with how long it is valid."""
        note = ""
        if result.validity is not None:
            note = f"{self.words['valid']}: {term_in_words(result.validity, self.language)}"
        return Item(self.name(result.names), note)

    def documents_by_kind(self) -> list[tuple[str, tuple[Item, ...]]]:
        """The package of each kind of request, kinds that ask the same put together (S002-20).

        Each with its title, empty when there is one package for all.
        """
        kinds = list(self.service.kinds.values())
        packages: list[tuple[list[str], tuple[Item, ...]]] = []
        for kind in kinds:
            items = self._package(kind.id)
            same = next((names for names, others in packages if others == items), None)
            if same is None:
                packages.append(([self.name(kind.names)], items))
            else:
                same.append(self.name(kind.names))
        if not kinds:
            return [("", self._package(None))]
        if len(packages) == 1:
            return [("", packages[0][1])]
        return [(", ".join(names), items) for names, items in packages]

    def _package(self, kind: str | None) -> tuple[Item, ...]:
        found = []
        for document in self.service.documents:
            note = self.asked_when(document, kind)
            if note is not None:
                found.append(Item(self.name(document.names), note))
        return tuple(found)

    def asked_when(self, asked: Document | Field, kind: str | None) -> str | None:
        """When a document or a field is asked for, in words; None: never, for this kind of request."""
        condition = self.conditions.told(asked.required, kind)
        if condition is None:
            # What is never asked for by itself may still be handed in or filled in.
            return "" if asked.required.strip() == "false" else None
        notes = []
        if condition:
            notes.append(self.words["asked_if"].format(condition=condition))
        if asked.known_from:
            notes.append(self.words["known"])
        return "; ".join(notes)

    def grounds(self) -> tuple[Block, ...]:
        """The closed list of grounds for refusal (S002-22)."""
        if not self.service.grounds:
            return (Paragraph(sentence(self.words["no_grounds"]) + "."),)
        return (Items(tuple(Item(self.name(ground.names)) for ground in self.service.grounds.values())),)

    def paper(
        self,
        kind: str,
        sections: Sequence[Section],
        made_at: datetime,
        subtitle: str | None = None,
        basis: bool = True,
    ) -> Paper:
        """A paper of the service: title, version, basis in law, these sections, and when it was made."""
        service, words = self.service, self.words
        version = words["version_of_file"].format(version=service.version, id=service.id)
        about: list[tuple[str, tuple[str, ...]]] = [
            (words["service_version"], (version,)),
            (
                words["in_force"],
                (period_in_words(service.effective_from, service.effective_to, self.language),),
            ),
        ]
        if basis and service.basis:
            about.append((words["basis"], tuple(self.name(names) for names in service.basis)))
        return Paper(
            kind=kind,
            language=self.language,
            title=words[kind],
            subtitle=self.quoted(self.title) if subtitle is None else subtitle,
            head=self.name(service.provider),
            about=tuple(about),
            sections=tuple(sections),
            foot=self.foot(made_at),
            running=f"{service.id} · {words['version']} {service.version} · {short_day(service.effective_from)}",
            made_at=made_at,
        )

    def foot(self, made_at: datetime) -> tuple[str, ...]:
        """Of which version of which file the paper was made, and when."""
        service, words = self.service, self.words
        return (
            words["made_from"].format(id=service.id, version=service.version),
            words["made_at"].format(at=instant(made_at)),
        )


def paragraphs(text: str) -> tuple[Block, ...]:
    """Lines of a text, each a paragraph."""
    return tuple(Paragraph(line.strip()) for line in text.strip().splitlines() if line.strip())


def all_fields(service: Service) -> list[Field]:
    """The fields of the application and of every outcome."""
    return [
        *service.fields,
        *(field for step in service.steps.values() for outcome in step.outcomes for field in outcome.fields),
    ]


def _in_order(service: Service) -> tuple[Step, ...]:
    """The steps, each after all that lead to it; side by side as the file has them."""
    after = after_each(service)
    leads = {step: {before for before, others in after.items() if step in others} for step in after}
    ordered: list[Step] = []
    placed: set[str] = set()
    while len(ordered) < len(leads):
        ready = [step for step in leads if step not in placed and leads[step] <= placed]
        # A circle is refused where files are read; here it must only not hang.
        chosen = ready[0] if ready else next(step for step in leads if step not in placed)
        placed.add(chosen)
        ordered.append(service.steps[chosen])
    return tuple(ordered)

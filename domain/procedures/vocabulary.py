"""What the conditions of a service may speak of: its fields, documents, registers, steps and named conditions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from domain.procedures.conditions import ALWAYS, Condition, Vocabulary, compiled
from domain.procedures.definition import Document, Field, FieldType, Outcome, Service, Step


def vocabulary_of(service: Service) -> Vocabulary:
    """What the conditions of `service` may speak of, its named conditions compiled. Raises ValueError."""
    vocabulary = words_of(service)
    named: dict[str, Condition] = {}
    for name, text in service.conditions.items():
        named[name] = compiled(text, with_named(vocabulary, named))
    return with_named(vocabulary, named)


def words_of(service: Service) -> Vocabulary:
    """What they may speak of but for its named conditions."""
    fields: dict[str, FieldType] = dict(ALWAYS)
    choices: dict[str, Collection[str]] = {
        "kind": tuple(service.kinds),
        "channel": tuple(channel.id for channel in service.channels),
    }
    documents, registers, personal = set(), set(), set()
    for _, outcome_fields, outcome_documents in asked_for(service):
        for one in outcome_fields:
            fields.setdefault(one.id, one.type)
            if one.choices:
                choices[one.id] = tuple(one.choices)
            if one.personal:
                personal.add(one.id)
            registers.add(one.known_from)
        for document in outcome_documents:
            documents.add(document.id)
            registers.add(document.known_from)
    return Vocabulary(
        fields=fields,
        choices=choices,
        documents=documents,
        registers=registers - {""},
        personal=personal,
        outcomes={step.id: [one.id for one in step.outcomes] for step in service.steps.values()},
    )


def with_named(words: Vocabulary, named: Mapping[str, Condition]) -> Vocabulary:
    """The same words, and conditions by name."""
    return replace(words, named=dict(named))


def asked_for(service: Service) -> Iterator[tuple[str, tuple[Field, ...], tuple[Document, ...]]]:
    """The fields and documents of the service, then of each outcome, with their key in the file."""
    yield "", service.fields, service.documents
    for key, _, outcome in outcomes_of(service):
        yield f"{key}.", outcome.fields, outcome.documents


def outcomes_of(service: Service) -> Iterator[tuple[str, Step, Outcome]]:
    """Every outcome with its key in the file and its step."""
    for number, step in enumerate(service.steps.values(), start=1):
        for which, outcome in enumerate(step.outcomes, start=1):
            yield f"steps[{number}].outcomes[{which}]", step, outcome

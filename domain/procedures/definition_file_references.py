"""Names in a service's file that must lead somewhere: steps, roles, fields, grounds, results, ends, facts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from domain.procedures.conditions import Condition, Vocabulary, compiled
from domain.procedures.definition import Field, Service, Step
from domain.procedures.vocabulary import asked_for, outcomes_of, with_named, words_of

Fault = tuple[str, str]


def check_references(service: Service) -> Iterator[Fault]:
    """What names nothing, or not what it should, as (key, reason)."""
    yield from _check_fields(service)
    yield from _check_steps(service)
    yield from _check_conditions(service)


def _check_fields(service: Service) -> Iterator[Fault]:
    seen: dict[str, Field] = {}
    for key, fields, _ in asked_for(service):
        for number, one in enumerate(fields, start=1):
            before = seen.setdefault(one.id, one)
            if (before.type, before.personal, dict(before.choices)) != (
                one.type,
                one.personal,
                dict(one.choices),
            ):
                yield (
                    f"{key}fields[{number}].id",
                    f"{one.id} is another field elsewhere: type, choices or personal differ",
                )
    for number, id_ in enumerate(service.holder, start=1):
        yield from _unknown(f"holder[{number}]", id_, seen, "field")
    yield from _check_appeals(service)
    yield from _check_date("starts", service.starts, seen)
    for key, step in _numbered(service):
        yield from _check_date(f"{key}.starts", step.starts, seen)
    for key, _, outcome in outcomes_of(service):
        yield from _check_date(f"{key}.starts", outcome.starts, seen)
        yield from _check_number(f"{key}.withdraws_by", outcome.withdraws_by, seen)


def _check_appeals(service: Service) -> Iterator[Fault]:
    """What appeals are counted by is asked for at their opening, and is nobody's personal data (R30)."""
    if service.appeals is None:
        return
    asked = {one.id: one for one in service.fields}
    for name, type_ in (("topic", "choice"), ("shop", "text"), ("region", "kato")):
        id_ = getattr(service.appeals, name)
        yield from _unknown(f"appeals.{name}", id_, asked, "field of the application")
        if id_ in asked and asked[id_].type != type_:
            yield f"appeals.{name}", f"{id_} is not a field of type {type_}"
        elif id_ in asked and asked[id_].personal:
            yield f"appeals.{name}", f"{id_} is personal: no report may tell it"


def _check_date(key: str, id_: str, seen: dict[str, Field]) -> Iterator[Fault]:
    if not id_:
        return
    yield from _unknown(key, id_, seen, "field")
    if id_ in seen and seen[id_].type != "date":
        yield key, f"{id_} is not a field of type date"
    elif id_ in seen and seen[id_].personal:
        yield key, f"{id_} is personal: no term can be counted from it"


def _check_number(key: str, id_: str, seen: dict[str, Field]) -> Iterator[Fault]:
    """The number of a paper is looked up, so it is a text that is nobody's personal data."""
    yield from _unknown(key, id_, seen, "field")
    if id_ in seen and (seen[id_].type != "text" or seen[id_].personal):
        yield (
            key,
            f"{id_} is not a field of type text, or is personal: a paper's number can't be read from it",
        )


def _numbered(service: Service) -> Iterator[tuple[str, Step]]:
    for number, step in enumerate(service.steps.values(), start=1):
        yield f"steps[{number}]", step


def _check_steps(service: Service) -> Iterator[Fault]:
    for id_ in service.condition_names:
        yield from _unknown(f"condition_names.{id_}", id_, service.conditions, "condition")
    for number, id_ in enumerate(service.first, start=1):
        yield from _unknown(f"first[{number}]", id_, service.steps, "step")
    for role in service.roles.values():
        yield from _unknown(f"roles.{role.id}.unit", role.unit, service.units, "unit")
    for key, step in _numbered(service):
        yield from _unknown(f"{key}.role", step.role, service.roles, "role")
        yield from _unknown(f"{key}.escalates_to", step.escalates_to, service.roles, "role")
        yield from _unknown(
            f"{key}.at_due", step.at_due, [one.id for one in step.outcomes], "outcome of the step"
        )
        for number, id_ in enumerate(step.after, start=1):
            yield from _unknown(f"{key}.after[{number}]", id_, service.steps, "step")
        for kind in step.terms:
            yield from _unknown(f"{key}.terms.{kind}", kind, service.kinds, "kind")
    for key, _, outcome in outcomes_of(service):
        for number, id_ in enumerate(outcome.opens, start=1):
            yield from _unknown(f"{key}.opens[{number}]", id_, service.steps, "step")
        for number, id_ in enumerate(outcome.other_than, start=1):
            yield from _unknown(f"{key}.other_than[{number}]", id_, service.steps, "step")
        yield from _unknown(f"{key}.ends", outcome.ends, service.ends, "end")
        yield from _unknown(f"{key}.assigns", outcome.assigns, service.roles, "role")
        yield from _unknown(f"{key}.role", outcome.role, service.roles, "role")
        yield from _unknown(f"{key}.result", outcome.result, service.results, "result")
        yield from _unknown(f"{key}.notifies", outcome.notifies, service.notices, "notice")


def _check_conditions(service: Service) -> Iterator[Fault]:
    words = words_of(service)
    named: dict[str, Condition] = {}
    for name, text in service.conditions.items():
        if name in words.fields:
            yield f"conditions.{name}", "is the id of a field too"
            continue
        condition, fault = _compiled(text, with_named(words, named))
        if condition is None:
            yield f"conditions.{name}", fault
        else:
            named[name] = condition
    words = with_named(words, named)
    texts = [
        (f"kinds[{number}].when", one.when) for number, one in enumerate(service.kinds.values(), start=1)
    ]
    for key, fields, documents in asked_for(service):
        texts += [(f"{key}fields[{n}].required", one.required) for n, one in enumerate(fields, start=1)]
        texts += [(f"{key}documents[{n}].required", one.required) for n, one in enumerate(documents, start=1)]
    texts += [(f"{key}.when", step.when) for key, step in _numbered(service)]
    texts += [(f"{key}.when", outcome.when) for key, _, outcome in outcomes_of(service)]
    for key, text in texts:
        condition, fault = _compiled(text, words)
        if condition is None:
            yield key, fault


def _compiled(text: str, words: Vocabulary) -> tuple[Condition | None, str]:
    try:
        return compiled(text, words), ""
    except ValueError as error:
        return None, str(error)


def _unknown(key: str, id_: str, among: Collection[str], what: str) -> Iterator[Fault]:
    if id_ and id_ not in among:
        near = get_close_matches(id_, list(among), n=1)
        yield key, f"unknown {what} {id_}" + (f"; did you mean {near[0]}?" if near else "")

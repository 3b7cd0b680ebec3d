"""`azyq service`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import JSON, LANGUAGE, language_of, print_json, refusals

if TYPE_CHECKING:
    from domain.procedures.definition import Field, Outcome, Service, Step

VERSION = typer.Option(None, "--version", help="A version's number (default: the last to come into force).")

WORDS = {
    "kk": {
        "provider": "Қызмет беруші",
        "hours": "Жұмыс уақыты",
        "no_term": "мерзімі көрсетілмеген",
        "kinds": "Сұрау түрлері",
        "takes": "ең көбі {path}",
        "channels": "Өтініш беру тәсілдері",
        "fields": "Сұралатын мәліметтер",
        "if_any": "бар болса",
        "documents": "Құжаттар",
        "steps": "Рәсімдер",
        "after": "{steps} біткен соң",
        "at_due": "мерзімі біткенде: {outcome}",
        "opens": "бұдан әрі {steps}",
        "ends": "аяқталады: {end}",
        "stays": "тіркеледі, рәсім жалғасады",
        "grounds": "Бас тарту негіздері",
        "results": "Нәтижелер",
        "valid": "жарамдылығы {term}",
        "declared": "Заңда жауап жоқ жерде",
        "sound": "{file}: {id} {version} дұрыс, рәсімдер: {steps}",
    },
    "ru": {
        "provider": "Услугодатель",
        "hours": "Часы работы",
        "no_term": "срок не указан",
        "kinds": "Виды запросов",
        "takes": "не дольше {path}",
        "channels": "Способы подачи",
        "fields": "Запрашиваемые сведения",
        "if_any": "при наличии",
        "documents": "Документы",
        "steps": "Процедуры",
        "after": "после {steps}",
        "at_due": "по истечении срока: {outcome}",
        "opens": "далее {steps}",
        "ends": "конец: {end}",
        "stays": "записывается, процедура продолжается",
        "grounds": "Основания отказа",
        "results": "Результаты",
        "valid": "действует {term}",
        "declared": "Где закон не даёт ответа",
        "sound": "{file}: {id} {version} в порядке, процедур: {steps}",
    },
    "en": {
        "provider": "Provider",
        "hours": "Hours",
        "no_term": "no term given",
        "kinds": "Kinds of request",
        "takes": "at most {path}",
        "channels": "Where it is asked for",
        "fields": "Asked for",
        "if_any": "if any",
        "documents": "Documents",
        "steps": "Procedures",
        "after": "after {steps}",
        "at_due": "when its term is over: {outcome}",
        "opens": "then {steps}",
        "ends": "the end: {end}",
        "stays": "recorded, the procedure goes on",
        "grounds": "Grounds for refusal",
        "results": "Results",
        "valid": "valid for {term}",
        "declared": "Where the law gives no answer",
        "sound": "{file}: {id} {version} is in order, procedures: {steps}",
    },
}


def list_services(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """The services, version by version."""
    with refusals(lang):
        from infra.cases.services import load_services
        from infra.settings import Settings

        language = language_of(lang)
        services = [file.service for file in load_services(Settings().services)]
        if as_json:
            print_json(
                [
                    {
                        "id": one.id,
                        "version": one.version,
                        "names": dict(one.names),
                        "effective_from": one.effective_from,
                        "effective_to": one.effective_to,
                        "term": one.term,
                        "kinds": list(one.kinds),
                        "steps": len(one.steps),
                    }
                    for one in services
                ]
            )
            return
        from infra.papers.spelling import period_in_words

        for one in services:
            days = period_in_words(one.effective_from, one.effective_to, language)
            typer.echo(f"{one.id:28} {one.version:6} {days:28} {one.names[language]}")


def show(service: str, version: str = VERSION, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """A service: its terms, kinds, documents, procedures with their outcomes, grounds for refusal and results."""
    with refusals(lang):
        from infra.cases.services import load_services
        from infra.settings import Settings

        language = language_of(lang)
        services = load_services(Settings().services)
        found = services.version(service, version) if version else services.latest(service)
        if as_json:
            print_json(_as_json(found))
            return
        for line in _lines(found, language):
            typer.echo(line)


def check(file: Path, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Check a service file; each problem with file, key and reason."""
    with refusals(lang):
        from domain.procedures.definition_file import ServiceInvalid
        from domain.procedures.definition_file_sentences import reason_told
        from infra.cases.services import load_service

        language = language_of(lang)
        try:
            found = load_service(file).service
        except ServiceInvalid as refusal:
            if as_json:
                problems = [
                    {"file": one.file, "key": one.key, **reason_told(one.reason, language)._asdict()}
                    for one in refusal.problems
                ]
                print_json({"file": str(file), "problems": problems})
            raise
        if as_json:
            print_json(
                {"file": str(file), "id": found.id, "version": found.version, "steps": list(found.steps)}
            )
        else:
            told = {"file": file, "id": found.id, "version": found.version, "steps": len(found.steps)}
            typer.echo(WORDS[language]["sound"].format(**told))


def _as_json(service: Service) -> Any:
    """All that the file says; terms and hours as it writes them, and what the longest way takes by kind."""
    from dataclasses import fields

    from domain.procedures.longest_path import longest_path

    paths = {kind: longest_path(service, kind) for kind in service.kinds}
    return {
        **{one.name: getattr(service, one.name) for one in fields(service)},
        "longest_paths": {kind: {"steps": path.steps, "takes": str(path)} for kind, path in paths.items()},
    }


def _lines(service: Service, language: str) -> Iterator[str]:
    """The service in words, a line each."""
    from domain.procedures.longest_path import longest_path
    from infra.papers.conditions_in_words import channel_word
    from infra.papers.spelling import hours_in_words, period_in_words, term_in_words
    from infra.papers.words import WORDS as PAPER_WORDS

    words = WORDS[language]
    days = period_in_words(service.effective_from, service.effective_to, language)
    yield f"{service.id} {service.version}, {days}: {service.names[language]}"
    yield f"{words['provider']}: {service.provider[language]}"
    yield f"{words['hours']}: {hours_in_words(service.schedule.office, language)}"
    yield f"{words['kinds']}:"
    for kind in service.kinds.values():
        promised = kind.term or service.term
        told = term_in_words(promised, language) if promised is not None else words["no_term"]
        if sums := longest_path(service, kind.id).sums():
            takes = ", ".join(term_in_words(term, language) for term in sums)
            told += f"; {words['takes'].format(path=takes)}"
        yield f"  {kind.id}: {kind.names[language]} ({told})"
    yield f"{words['channels']}:"
    for channel in service.channels:
        yield f"  {channel.id}: {PAPER_WORDS[language][channel_word(channel.id)]}"
    if service.fields:
        yield f"{words['fields']}:"
        yield from (_field_line(one, words, language) for one in service.fields)
    if service.documents:
        yield f"{words['documents']}:"
        yield from (f"  {one.id}: {one.names[language]}" for one in service.documents)
    yield f"{words['steps']}:"
    for step in service.steps.values():
        yield from _step_lines(service, step, language)
    if service.grounds:
        yield f"{words['grounds']}:"
        yield from (f"  {one.id}: {one.names[language]}" for one in service.grounds.values())
    if service.results:
        yield f"{words['results']}:"
        for result in service.results.values():
            validity = result.validity
            valid = f" ({words['valid'].format(term=term_in_words(validity, language))})" if validity else ""
            yield f"  {result.id}: {result.names[language]}{valid}"
    if service.declared:
        yield f"{words['declared']}:"
        yield from (f"  {one.clause}: {one.takes[language]}" for one in service.declared)


def _field_line(field: Field, words: dict[str, str], language: str) -> str:
    """What `--field` of `azyq case open` is given for it: the id, what is meant, and the values to choose from."""
    about: list[str] = [] if field.type == "text" else [field.type]
    about += [f"{one} = {names[language]}" for one, names in field.choices.items()]
    about += (
        [] if field.required == "true" else [words["if_any"] if field.required == "false" else field.required]
    )
    told = "; ".join(about)
    return f"  {field.id}: {field.names[language]}{f' ({told})' if told else ''}"


def _step_lines(service: Service, step: Step, language: str) -> Iterator[str]:
    from infra.papers.spelling import term_in_words

    words = WORDS[language]
    told = [service.roles[step.role].names[language]]
    if step.term is not None:
        told.append(term_in_words(step.term, language))
    told += [f"{kind}: {term_in_words(term, language)}" for kind, term in step.terms.items()]
    if step.after:
        told.append(words["after"].format(steps=", ".join(step.after)))
    if step.at_due:
        told.append(words["at_due"].format(outcome=step.at_due))
    yield f"  {step.id}: {step.names[language]} ({'; '.join(told)})"
    for outcome in step.outcomes:
        yield f"    {outcome.id}: {outcome.names[language]}{_next(service, outcome, language)}"


def _next(service: Service, outcome: Outcome, language: str) -> str:
    words = WORDS[language]
    if outcome.stays:
        return f" – {words['stays']}"
    if outcome.ends:
        return f" – {words['ends'].format(end=service.ends[outcome.ends][language])}"
    return f" – {words['opens'].format(steps=', '.join(outcome.opens))}" if outcome.opens else ""

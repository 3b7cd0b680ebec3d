"""`azyq case list | show | why | levels`: what is read of cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.case import NUMBER
from infra.cli.case_words import WORDS, span, when
from infra.cli.running import JSON, LANGUAGE, day_of, language_of, opened, print_json, usage

if TYPE_CHECKING:
    from domain.procedures.definition import Service
    from infra.bootstrap import Azyq

SERVICE = typer.Option("", "--service", help="Of this service only.")


def list_cases(
    role: str = typer.Option("", "--role", help="What this role has to do, the one due first in front."),
    unit: str = typer.Option("", "--unit", help="Of this unit."),
    who: str = typer.Option("", "--as", metavar="ID", help="Without what is assigned to others."),
    due: str = typer.Option(
        "", "--due", help="What is due by the end of a day (2025-07-10), `today`, or `overdue`."
    ),
    escalated: bool = typer.Option(
        False, "--escalated", help="What is overdue and was brought before the role."
    ),
    service: str = SERVICE,
    state: str = typer.Option("open", "--state", help="open; closed or refused with --service."),
    limit: int = typer.Option(100, "--limit", min=1, max=10_000, help="At most so many."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """What there is to do, by role; or a service's cases that are over."""
    language = language_of(lang)
    if state not in ("open", "closed", "refused"):
        usage(f"--state is open, closed or refused, not {state}")
    if state == "open" and not role:
        usage("--role says whose steps are listed")
    if state != "open" and not service:
        usage("--service says whose cases are listed")
    with opened(lang) as azyq:
        from infra.parts.cases.desk import CaseDesk, Wanted
        from infra.parts.cases.shown import ended_shown, to_do_shown
        from infra.parts.staff import check_roles

        check_roles(azyq, [role] if role else [], unit)
        if service:
            azyq.services.files.latest(service)
        azyq.catch_up_views()
        desk, now = CaseDesk(azyq), azyq.clock()
        if state == "open":
            wanted = Wanted({(role, unit)}, (service,), who, _due_before(due, now), escalated)
            rows = [to_do_shown(one, now) for one in desk.to_do(wanted, limit=limit)]
        else:
            rows = [ended_shown(one) for one in desk.ended(service, state, limit=limit)]
        if as_json:
            print_json(rows)
            return
        for row in rows:
            typer.echo(_line(azyq, row, language))
        if not rows:
            typer.echo(WORDS[language]["nothing"])


def _due_before(due: str, now: datetime) -> datetime | None:
    from domain.calendar import day_start, local_day

    if not due:
        return None
    if due == "overdue":
        return now
    return day_start((local_day(now) if due == "today" else day_of(due, "--due")) + timedelta(days=1))


def _service(azyq: Azyq, service: str) -> Service | None:
    """The last version of a service; None when its file is gone."""
    return azyq.services.files.latest(service) if service in azyq.services.files.ids() else None


def _line(azyq: Azyq, row: dict[str, Any], language: str) -> str:
    words, service = WORDS[language], _service(azyq, row["service"])
    if row["step"]:
        step = service.steps.get(row["step"]) if service else None
        name = step.names[language] if step else row["service"]
        mark = f"  {words['overdue']}" if row["overdue"] else ""
        return f"{row['case']}  {when(row['due_at'], language):16}  {row['step']}: {name}  {row['assignee']}{mark}".rstrip()
    end = service.ends.get(row["ending"]) if service else None
    name = end[language] if end else words[f"state_{row['state']}"]
    late = f"  {words['late']}" if row["term"] == "missed" else ""
    return f"{row['case']}  {when(row['closed_at'], language):16}  {name}{late}"


def show(number: str = NUMBER, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """A case as it stands: what is open and how it can end, what was done, what was brought and issued."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from infra.parts.cases.desk import CaseDesk

        desk = CaseDesk(azyq)
        case = desk.case(number)
        told = desk.shown(case)
        if as_json:
            print_json(told)
            return
        for line in _lines(told, desk.running(case).service, language):
            typer.echo(line)


def _lines(told: dict[str, Any], service: Service, language: str) -> Iterator[str]:
    words = WORDS[language]
    kind = service.kinds[told["kind"]].names[language] if told["kind"] in service.kinds else ""
    state = words[f"state_{told['state']}"]
    if told["ending"] in service.ends:
        state += f": {service.ends[told['ending']][language]}"
    yield f"{told['case']}  {service.names[language]} ({service.id} {told['version']}), {kind}: {state}"
    received = words["received"].format(at=when(told["received_at"], language))
    due = words["due"].format(at=when(told["due_at"], language))
    yield f"{received}, {due}{', ' + words['overdue'] if told['overdue'] else ''}"
    if told["through"]:
        yield words["through"].format(portal=told["through"])
    documents = {one.id: one.names[language] for one in service.documents}
    if told["missing"]:
        yield words["missing"].format(documents=", ".join(documents[one] for one in told["missing"]))
    for one in told["registers"]:
        yield words["known" if one["known"] else "by_hand"].format(register=one["register"])
    fields = {one.id: one.names[language] for one in service.fields}
    if told["fields"] or told["personal"]:
        yield words["fields"]
        for name, value in (told["fields"] | told["personal"]).items():
            yield f"  {name}: {value}  ({fields.get(name, '')})".replace("  ()", "")
    if told["documents"]:
        yield words["documents"]
        yield from (
            f"  {one['document']}: {one['sha256'][:12]}…  {one['type']}  {one['size']}"
            for one in told["documents"]
        )
    if told["done"]:
        yield words["done"]
        for one in told["done"]:
            taken = {each.id: each.names[language] for each in service.steps[one["step"]].outcomes}
            if one["outcome"]:  # else the step was passed over
                yield f"  {one['step']} {one['outcome']}: {taken[one['outcome']]} ({one['actor']})"
    if told["results"]:
        yield words["results"]
        for one in told["results"]:
            yield f"  {words['result'].format(result=service.results[one['result']].names[language], number=one['number'])}"
    if told["steps"]:
        yield words["open_steps"]
        for step in told["steps"]:
            yield from _step_lines(step, service, language)
    yield words["page"].format(page=told["status_page"])


def _step_lines(step: dict[str, Any], service: Service, language: str) -> Iterator[str]:
    from infra.parts.cases.desk import role_name

    words = WORDS[language]
    about = [role_name(service, step["role"], language), step["assignee"]]
    about += [words["due"].format(at=when(step["due_at"], language))] if step["due_at"] else []
    about += [words["overdue"]] if step["overdue"] else []
    about += [words["by_sitting"]] if step["sitting"] else []
    yield f"  {step['step']}: {step['name'][language]} ({', '.join(one for one in about if one)})"
    for one in step["outcomes"]:
        asks = [field["field"] for field in one["fields"]] + [paper["document"] for paper in one["documents"]]
        asks += [words["a_ground"]] if one["grounds"] else []
        asks += [words["a_signature"]] if one["signs"] else []
        if one["assigns"]:
            asks.append(words["a_person"].format(role=role_name(service, one["assigns"], language)))
        notes = [] if one["open"] else [words["not_now"].format(when=one["when"])]
        notes += [words["asks"].format(what=", ".join(asks))] if asks else []
        yield f"    {one['outcome']}: {one['name'][language]}{' – ' + '; '.join(notes) if notes else ''}"


def why(number: str = NUMBER, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """What happened to a case: each event, when, by whom, by which clause and version; without personal data."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from infra.cases.story import case_story
        from infra.parts.cases.desk import CaseDesk

        desk = CaseDesk(azyq)
        case = desk.case(number)
        lines = case_story(desk.events(case), desk.running(case).service, language)
        if as_json:
            print_json(
                [
                    {
                        **line._asdict(),
                        "at": line.at.isoformat(),
                        "rules": f"{case.service}@{case.service_version}",
                    }
                    for line in lines
                ]
            )
            return
        for line in lines:
            clause = f"  [{line.clause}]" if line.clause else ""
            typer.echo(f"{line.position:>8}  {line.at:%d.%m.%Y %H:%M}  {line.sentence}{clause}")


def levels(
    service: str = SERVICE,
    start: str = typer.Option("", "--from", help="Cases received from this day on (default: 90 days ago)."),
    end: str = typer.Option("", "--to", help="To this day (default: today)."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """How services are kept up: opened, done, refused by ground, terms kept and missed, median time, who is behind."""
    language = language_of(lang)
    first, last = (day_of(text, name) if text else None for text, name in ((start, "--from"), (end, "--to")))
    with opened(lang) as azyq:
        from domain.calendar import local_day
        from infra.parts.cases.desk import CaseDesk

        azyq.catch_up_views()
        if service:
            azyq.services.files.latest(service)
        until = last or local_day(azyq.clock())
        told = CaseDesk(azyq).levels(first or until - timedelta(days=90), until, service)
        if as_json:
            print_json(told)
            return
        for line in _level_lines(azyq, told, language):
            typer.echo(line)


def _level_lines(azyq: Azyq, told: dict[str, Any], language: str) -> Iterator[str]:
    from infra.parts.cases.desk import role_name

    words = WORDS[language]
    yield words["period"].format(start=told["from"], end=told["to"])
    for name in sorted({*told["services"], *(one["service"] for one in told["waiting"])}):
        service, figures = _service(azyq, name), told["services"].get(name)
        if figures is not None:
            yield words["levels"].format(service=name, median=span(figures["median_seconds"]), **figures)
            for ground, count in figures["refused_by_ground"].items():
                said = (
                    service.grounds[ground].names[language]
                    if service and ground in service.grounds
                    else ground
                )
                yield words["refused_by"].format(ground=said, count=count)
            for end, count in figures["ends"].items():
                said = service.ends[end][language] if service and end in service.ends else end
                yield words["ended_by"].format(end=said, count=count)
        for one in told["waiting"]:
            if one["service"] == name:
                role = role_name(service, one["role"], language) if service else one["role"]
                yield words["waiting"].format(
                    role=role, unit=one["unit"] or "–", open=one["open"], overdue=one["overdue"]
                )

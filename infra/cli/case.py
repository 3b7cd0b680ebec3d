"""`azyq case open | act | sit | reassign`: what is done on cases."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.case_asked import (
    Brought,
    Request,
    brought_by,
    content_of,
    decision_in,
    decisions_in,
    file_of,
    papers_at,
    request_in,
    signature_at,
    write_to_sign,
)
from infra.cli.case_words import WORDS, when
from infra.cli.running import JSON, LANGUAGE, REFUSED, language_of, opened, print_json, usage

if TYPE_CHECKING:
    from domain.errors import Refusal
    from domain.procedures.acts import Actor
    from domain.procedures.case import Case
    from domain.procedures.definition import Service
    from infra.bootstrap import Azyq
    from infra.parts.cases.desk import CaseDesk

NUMBER = typer.Argument(metavar="NUMBER", help="The case's number, as LD-2025-4K7QXM2V.")
AS = typer.Option("", "--as", metavar="ID", help="Who does it; for the applicant it may be left out.")
ROLE = typer.Option("", "--role", help="In which role; `azyq service show` names them.")
UNIT = typer.Option("", "--unit", help="Of which unit.")
FIELDS = typer.Option([], "--field", metavar="ID=VALUE", help="A field; once for each.")
DOCUMENTS = typer.Option([], "--document", metavar="ID=FILE", help="A document (PDF, PNG, JPEG, DOCX).")
SIGN = typer.Option(False, "--sign", help="Sign electronically; in a trial azyq does it for you.")
SIGNATURE = typer.Option(None, "--signature", metavar="FILE", help="An electronic signature made elsewhere.")
CONTENT = typer.Option(
    None,
    "--content",
    metavar="FILE",
    help="Write what is to be signed to FILE (`-`: print it); do nothing else.",
)
KEY = typer.Option("", "--key", help="An idempotency key: the same call with the same key is done once.")


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, under which signature and idempotency key, as the options say."""

    who: str = ""
    role: str = ""
    unit: str = ""
    sign: bool = False
    signature: Path | None = None
    content: Path | None = None
    key: str = ""


def open_case(
    service: str = typer.Argument(
        metavar="SERVICE|FILE", help="The service's id, or a request as TOML or JSON."
    ),
    kind: str = typer.Option("", "--kind", help="The kind of request, where several are open."),
    channel: str = typer.Option("", "--channel", help="Where it came in, where the service has several."),
    fields: list[str] = FIELDS,
    documents: list[str] = DOCUMENTS,
    applicant_iin: str = typer.Option("", "--applicant-iin", help="The applicant; `-` reads it from stdin."),
    applicant_phone: str = typer.Option("", "--applicant-phone", help="Where SMS go, if no number is known."),
    applicant_name: str = typer.Option("", "--applicant-name", help="Surname, name, patronymic, by blanks."),
    consent: bool = typer.Option(
        False, "--consent", help="The applicant agrees to the use of protected data."
    ),
    told_in: str = typer.Option("", "--language", help="Language of what the applicant is told (kk)."),
    who: str = AS,
    role: str = ROLE,
    unit: str = UNIT,
    sign: bool = SIGN,
    signature: Path = SIGNATURE,
    content: Path = CONTENT,
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Open a case: a request for a service (S000-L1)."""
    language = language_of(lang)
    asked, brought = request_in(service), brought_by(fields, documents)
    asked.kind, asked.channel = kind or asked.kind, channel or asked.channel
    asked.language, asked.consent = told_in or asked.language, consent or asked.consent
    asked.fields |= brought.fields
    asked.documents |= brought.documents
    surname, given_name, patronymic = (*applicant_name.split(maxsplit=2), "", "", "")[:3]
    given = {
        "iin": sys.stdin.readline().strip() if applicant_iin == "-" else applicant_iin,
        "phone": applicant_phone,
        "surname": surname,
        "given_name": given_name,
        "patronymic": patronymic,
    }
    asked.applicant |= {name: value for name, value in given.items() if value}
    with opened(lang) as azyq:
        open_request(azyq, asked, By(who, role, unit, sign, signature, content, key), as_json, language)


def open_request(azyq: Azyq, asked: Request, by: By, as_json: bool, language: str) -> None:
    """Open the case that is asked for, and say what became of it. Raises what `RunCase.open` raises, ApplicantMissing."""
    from domain.calendar import local_day
    from domain.commands.case_calls import OpenCase
    from domain.procedures.definition import APPLICANT
    from infra.parts.cases.desk import Applicant, CaseDesk
    from infra.parts.cases.refusals import ApplicantMissing

    desk = CaseDesk(azyq)
    service = azyq.services.on(asked.service, local_day(azyq.clock())).service
    desk.check_consent(service, asked.consent)
    channels = [one.id for one in service.channels]
    subject = desk.subject(Applicant(**{"iin": "", **asked.applicant})) if asked.applicant else ""
    role = by.role or APPLICANT
    who = by.who or (subject if role == APPLICANT else "")
    if not who:
        if role != APPLICANT:
            usage("--as ID says who opens it")
        raise ApplicantMissing("applicant")
    call = OpenCase(
        service=asked.service,
        actor=desk.named(who, role, by.unit),
        channel=asked.channel or (channels[0] if len(channels) == 1 else ""),
        kind=asked.kind,
        applicant=subject,
        fields=asked.fields,
        documents=papers_at(asked.documents, desk.largest_document),
        consent=asked.consent,
        language=asked.language or "kk",
        signature=signature_at(by.signature),
        key=by.key,
    )
    if by.content:
        write_to_sign(by.content, call.content())
        return
    told = desk.open(desk.signed(call) if by.sign else call)
    if as_json:
        print_json(told)
    else:
        _say_opening(service, told, language)


def _say_opening(service: Service, told: dict[str, Any], language: str) -> None:
    words, name = WORDS[language], service.names[language]
    if told["state"] == "refused":
        missing = {one.id: one.names[language] for one in service.documents}
        typer.echo(words["not_accepted"].format(case=told["case"], service=name))
        for one in told["missing"]:
            typer.echo(f"  {one}: {missing[one]}")
        return
    typer.echo(words["opened"].format(case=told["case"], service=name, due=when(told["due_at"], language)))
    if told["missing"]:
        papers = {one.id: one.names[language] for one in service.documents}
        typer.echo(words["missing"].format(documents=", ".join(papers[one] for one in told["missing"])))
    _say_steps(service, told["opened"], language)
    typer.echo(words["page"].format(page=told["status_page"]))


def act(
    number: str = NUMBER,
    step: str = typer.Argument(metavar="STEP", help="The step that is open; `azyq case show` names it."),
    outcome: str = typer.Argument(metavar="OUTCOME", help="How it ends."),
    fields: list[str] = FIELDS,
    documents: list[str] = DOCUMENTS,
    ground: str = typer.Option("", "--ground", help="The ground of a refusal."),
    assignee: str = typer.Option("", "--assign", metavar="ID", help="The person that is named."),
    who: str = AS,
    role: str = ROLE,
    unit: str = UNIT,
    sign: bool = SIGN,
    signature: Path = SIGNATURE,
    content: Path = CONTENT,
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take an outcome of a step that is open (S002-36)."""
    language = language_of(lang)
    asked = Act(step, outcome, brought_by(fields, documents), ground, assignee)
    with opened(lang) as azyq:
        take(azyq, number, asked, By(who, role, unit, sign, signature, content, key), as_json, language)


@dataclass(frozen=True, slots=True)
class Act:
    """An outcome of a step, and what it brings, as the options say."""

    step: str
    outcome: str
    brought: Brought = field(default_factory=Brought)
    ground: str = ""
    assignee: str = ""


def take(azyq: Azyq, number: str, asked: Act, by: By, as_json: bool, language: str) -> None:
    """Take the outcome, and say what became of it. Raises what `RunCase.act` raises."""
    from domain.commands.case_calls import ActOnCase
    from infra.parts.cases.desk import CaseDesk

    desk = CaseDesk(azyq)
    case = desk.case(number)
    call = ActOnCase(
        case=case.case,
        step=asked.step,
        outcome=asked.outcome,
        actor=_actor(desk, case, by),
        fields=asked.brought.fields,
        documents=papers_at(asked.brought.documents, desk.largest_document),
        ground=asked.ground,
        assignee=asked.assignee,
        signature=signature_at(by.signature),
        key=by.key,
    )
    if by.content:
        write_to_sign(by.content, call.content())
        return
    told = desk.act(desk.signed(call) if by.sign else call)
    if as_json:
        print_json(told)
    else:
        _say_act(desk.running(case).service, told, language)


def _say_act(service: Service, told: dict[str, Any], language: str) -> None:
    words = WORDS[language]
    taken = next(one for one in service.steps[told["step"]].outcomes if one.id == told["outcome"])
    late = f" ({words['late']})" if told["late"] else ""
    typer.echo(f"{told['case']} {told['step']}: {taken.names[language]}{late}")
    for result in told["results"]:
        name = service.results[result["result"]].names[language]
        typer.echo(f"  {words['result'].format(result=name, number=result['number'])}")
    _say_steps(service, told["opened"], language)
    if told["ending"]:
        typer.echo(f"  {words['ended'].format(end=service.ends[told['ending']][language])}")


def _say_steps(service: Service, steps: Iterable[str], language: str) -> None:
    from infra.parts.cases.desk import role_name

    for one in steps:
        step = service.steps[one]
        typer.echo(f"  {one}: {step.names[language]} ({role_name(service, step.role, language)})")


def reassign(
    number: str = NUMBER,
    step: str = typer.Argument(metavar="STEP", help="The step that is open."),
    assignee: str = typer.Argument(metavar="ID", help="Who is to do it from now on."),
    who: str = AS,
    role: str = ROLE,
    unit: str = UNIT,
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Give a step to another person: by whoever names persons for it, or whom it escalates to."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from domain.commands.case_calls import ReassignStep
        from infra.parts.cases.desk import CaseDesk

        desk = CaseDesk(azyq)
        case = desk.case(number)
        call = ReassignStep(case.case, step, _actor(desk, case, By(who, role, unit)), assignee, key)
        azyq.run_case.reassign(call, azyq.clock())
        if as_json:
            print_json({"case": case.case, "step": step, "assignee": assignee})
        else:
            words = WORDS[language]["reassigned"]
            typer.echo(words.format(case=case.case, step=step, assignee=assignee))


def sit(
    service: str = typer.Argument(
        metavar="SERVICE|FILE", help="The service's id, or a sitting as TOML or JSON."
    ),
    step: str = typer.Argument("", metavar="[STEP]", help="The step that is done for many cases."),
    decisions: list[str] = typer.Option(
        [], "--decide", metavar="NUMBER=OUTCOME[:GROUND]", help="A case and what was decided; once for each."
    ),
    members: list[str] = typer.Option([], "--member", metavar="ID", help="Who sat; once for each."),
    minutes: Path = typer.Option(None, "--minutes", metavar="FILE", help="The signed minutes."),
    who: str = AS,
    role: str = ROLE,
    unit: str = UNIT,
    sign: bool = SIGN,
    signature: Path = SIGNATURE,
    content: Path = CONTENT,
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Hold a sitting: one step of many cases, all or none (S000-T6, S000-T16)."""
    language = language_of(lang)
    asked = file_of(service) or {"service": service}
    if unknown := set(asked) - {"service", "step", "members", "decisions", "minutes"}:
        usage(f"{service}: no such key: {', '.join(sorted(unknown))}")
    rows = [*decisions_in(asked.get("decisions", []), service), *map(decision_in, decisions)]
    with opened(lang) as azyq:
        from domain.commands.case_calls import Decision, HoldSitting
        from domain.errors import Refusal
        from infra.parts.cases.desk import CaseDesk

        desk = CaseDesk(azyq)
        if not who or not role:
            usage("--as ID and --role ROLE say who records the sitting")
        found = minutes or (Path(service).parent / asked["minutes"] if "minutes" in asked else None)
        call = HoldSitting(
            service=str(asked["service"]),
            step=step or str(asked.get("step", "")),
            actor=desk.named(who, role, unit),
            members=tuple(str(one) for one in (*asked.get("members", ()), *members)),
            decisions=[Decision(**row) for row in rows],
            minutes=content_of(found, desk.largest_document) if found else None,
            signature=signature_at(signature),
            key=key,
        )
        if content:
            write_to_sign(content, call.content())
            return
        try:
            told = desk.hold_sitting(desk.signed(call) if sign else call)
        except Refusal as refusal:
            raise _of_each(refusal, {one.case for one in call.decisions}, language) from None
        if as_json:
            print_json(told)
        else:
            words = WORDS[language]["sat"]
            typer.echo(words.format(sitting=told["sitting"], cases=len(told["decisions"])))


def _of_each(refusal: Refusal, cases: set[str], language: str) -> typer.Exit:
    """Says what a sitting is refused for, with the number of each of its `cases` that is refused."""
    for one in (refusal, *refusal.also):
        case = (one.field or "").partition(".")[0]
        about = f"{case}: " if case in cases else ""
        typer.echo(f"{one.code}: {about}{one.sentence(language)}", err=True)
    return typer.Exit(REFUSED)


def _actor(desk: CaseDesk, case: Case, by: By) -> Actor:
    from domain.procedures.definition import APPLICANT

    if by.role == APPLICANT and not by.who:
        return desk.applicant_of(case)
    if not by.who or not by.role:
        usage("--as ID and --role ROLE say who acts")
    return desk.named(by.who, by.role, by.unit)

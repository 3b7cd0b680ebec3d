"""`azyq case open | act | sit | reassign`: what is done on cases."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.case_words import WORDS, when
from infra.cli.running import JSON, LANGUAGE, language_of, opened, print_json, usage

if TYPE_CHECKING:
    from domain.procedures.acts import Actor
    from infra.parts.cases import CaseDesk

NUMBER = typer.Argument(metavar="NUMBER", help="The case's number, as LD-2025-4K7QXM2V.")
AS = typer.Option("", "--as", metavar="ID", help="Who does it; for the applicant it may be left out.")
ROLE = typer.Option("", "--role", help="In which role; `azyq service show` names them.")
UNIT = typer.Option("", "--unit", help="Of which unit.")
FIELDS = typer.Option([], "--field", metavar="ID=VALUE", help="A field; once for each.")
DOCUMENTS = typer.Option([], "--document", metavar="ID=FILE", help="A document (PDF, PNG, JPEG, DOCX).")
SIGN = typer.Option(False, "--sign", help="Sign electronically; in a trial azyq does it for you.")
SIGNATURE = typer.Option(None, "--signature", metavar="FILE", help="An electronic signature made elsewhere.")
KEY = typer.Option("", "--key", help="An idempotency key: the same call with the same key is done once.")


@dataclass
class Request:
    """What a request's file, or the options, say; paths of documents are as the shell sees them."""

    service: str = ""
    kind: str = ""
    channel: str = ""
    language: str = ""
    consent: bool = False
    fields: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, Path] = field(default_factory=dict)
    applicant: dict[str, str] = field(default_factory=dict)


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
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Open a case: a request for a service (S000-L1)."""
    language = language_of(lang)
    asked = _request(service)
    asked.kind, asked.channel = kind or asked.kind, channel or asked.channel
    asked.language, asked.consent = told_in or asked.language, consent or asked.consent
    asked.fields |= _pairs(fields, "--field")
    asked.documents |= {name: Path(path) for name, path in _pairs(documents, "--document").items()}
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
        from domain.calendar import local_day
        from domain.commands.case_calls import OpenCase
        from domain.procedures.acts import Actor
        from domain.procedures.definition import APPLICANT
        from infra.parts.case_refusals import ApplicantMissing
        from infra.parts.cases import Applicant, CaseDesk, role_name

        desk = CaseDesk(azyq)
        running = azyq.services.on(asked.service, local_day(azyq.clock()))
        desk.check_consent(running.service, asked.consent)
        channels = [one.id for one in running.service.channels]
        subject = desk.subject(Applicant(**{"iin": "", **asked.applicant})) if asked.applicant else ""
        role = role or APPLICANT
        who = who or (subject if role == APPLICANT else "")
        if not who:
            if role != APPLICANT:
                usage("--as ID says who opens it")
            raise ApplicantMissing("applicant")
        call = OpenCase(
            service=asked.service,
            actor=Actor(who, (role,), unit),
            channel=asked.channel or (channels[0] if len(channels) == 1 else ""),
            kind=asked.kind,
            applicant=subject,
            fields=asked.fields,
            documents=_contents(desk, asked.documents),
            consent=asked.consent,
            language=asked.language or "kk",
            signature=_file(signature) if signature else b"",
            key=key,
        )
        told = desk.open(desk.signed(call) if sign else call)
        if as_json:
            print_json(told)
            return
        words = WORDS[language]
        name = running.service.names[language]
        if told["state"] == "refused":
            missing = {one.id: one.names[language] for one in running.service.documents}
            typer.echo(words["not_accepted"].format(case=told["case"], service=name))
            for one in told["missing"]:
                typer.echo(f"  {one}: {missing[one]}")
            return
        typer.echo(
            words["opened"].format(case=told["case"], service=name, due=when(told["due_at"], language))
        )
        for step in told["opened"]:
            definition = running.service.steps[step]
            who_does = role_name(running.service, definition.role, language)
            typer.echo(f"  {step}: {definition.names[language]} ({who_does})")
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
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Take an outcome of a step that is open (S002-36)."""
    language = language_of(lang)
    values = _pairs(fields, "--field")
    paths = {name: Path(path) for name, path in _pairs(documents, "--document").items()}
    with opened(lang) as azyq:
        from domain.commands.case_calls import ActOnCase
        from infra.parts.cases import CaseDesk

        desk = CaseDesk(azyq)
        call = ActOnCase(
            case=number,
            step=step,
            outcome=outcome,
            actor=_actor(desk, number, who, role, unit),
            fields=values,
            documents=_contents(desk, paths),
            ground=ground,
            assignee=assignee,
            signature=_file(signature) if signature else b"",
            key=key,
        )
        told = desk.act(desk.signed(call) if sign else call)
        if as_json:
            print_json(told)
        else:
            _say_act(desk, number, told, language)


def _say_act(desk: CaseDesk, number: str, told: dict[str, Any], language: str) -> None:
    from infra.parts.cases import role_name

    words = WORDS[language]
    service = desk.running(desk.case(number)).service
    taken = next(one for one in service.steps[told["step"]].outcomes if one.id == told["outcome"])
    late = f" ({words['late']})" if told["late"] else ""
    typer.echo(f"{told['case']} {told['step']}: {taken.names[language]}{late}")
    for result in told["results"]:
        name = service.results[result["result"]].names[language]
        typer.echo(f"  {words['result'].format(result=name, number=result['number'])}")
    for one in told["opened"]:
        step = service.steps[one]
        typer.echo(f"  {one}: {step.names[language]} ({role_name(service, step.role, language)})")
    if told["ending"]:
        typer.echo(f"  {words['ended'].format(end=service.ends[told['ending']][language])}")


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
        from infra.parts.cases import CaseDesk

        desk = CaseDesk(azyq)
        call = ReassignStep(number, step, _actor(desk, number, who, role, unit), assignee, key)
        case = azyq.run_case.reassign(call, azyq.clock())
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
    key: str = KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Hold a sitting: one step of many cases, all or none (S000-T6, S000-T16)."""
    language = language_of(lang)
    asked = file_of(service) or {"service": service}
    if unknown := set(asked) - {"service", "step", "members", "decisions", "minutes"}:
        usage(f"{service}: no such key: {', '.join(sorted(unknown))}")
    rows = [*_decisions(asked.get("decisions", []), service), *map(_decision, decisions)]
    with opened(lang) as azyq:
        from domain.commands.case_calls import Decision, HoldSitting
        from domain.procedures.acts import Actor
        from infra.parts.cases import CaseDesk

        desk = CaseDesk(azyq)
        if not who or not role:
            usage("--as ID and --role ROLE say who records the sitting")
        found = minutes or (Path(service).parent / asked["minutes"] if "minutes" in asked else None)
        call = HoldSitting(
            service=str(asked["service"]),
            step=step or str(asked.get("step", "")),
            actor=Actor(who, (role,), unit),
            members=tuple(str(one) for one in (*asked.get("members", ()), *members)),
            decisions=[Decision(**row) for row in rows],
            minutes=_read(found, desk.largest_document) if found else b"",
            signature=_file(signature) if signature else b"",
            key=key,
        )
        told = desk.hold_sitting(desk.signed(call) if sign else call)
        if as_json:
            print_json(told)
        else:
            words = WORDS[language]["sat"]
            typer.echo(words.format(sitting=told["sitting"], cases=len(told["decisions"])))


def _actor(desk: CaseDesk, number: str, who: str, role: str, unit: str) -> Actor:
    from domain.procedures.acts import Actor
    from domain.procedures.definition import APPLICANT

    if role == APPLICANT and not who:
        return desk.applicant_of(desk.case(number))
    if not who or not role:
        usage("--as ID and --role ROLE say who acts")
    return Actor(who, (role,), unit)


def _pairs(given: list[str], option: str) -> dict[str, str]:
    """`ID=VALUE` of an option, each once."""
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = one.partition("=")
        if not sign or not name.strip():
            usage(f"{option} is ID=VALUE")  # without what was typed, which may be personal
        if name.strip() in found:
            usage(f"{option} {name.strip()} is given twice")
        found[name.strip()] = value
    return found


def _decision(text: str) -> dict[str, Any]:
    case, sign, rest = text.partition("=")
    if not sign:
        usage("--decide is NUMBER=OUTCOME or NUMBER=OUTCOME:GROUND")
    outcome, _, ground = rest.partition(":")
    return {"case": case.strip().upper(), "outcome": outcome.strip(), "ground": ground.strip()}


def _decisions(rows: Any, file: str) -> list[dict[str, Any]]:
    known = {"case", "outcome", "ground", "assignee", "fields"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) <= known for row in rows):
        usage(f"{file}: each of decisions has {', '.join(sorted(known))}")
    if not all({"case", "outcome"} <= set(row) for row in rows):
        usage(f"{file}: each of decisions has a case and an outcome")
    return [dict(row) for row in rows]


def _contents(desk: CaseDesk, paths: dict[str, Path]) -> dict[str, bytes]:
    return {name: _read(path, desk.largest_document) for name, path in paths.items()}


def _read(path: Path, most: int) -> bytes:
    """A file's content, of one that is too large a byte more than may be: what it is refused for is said elsewhere."""
    with path.open("rb") as file:
        return file.read(most + 1)


def _file(path: Path) -> bytes:
    return _read(path, 1_000_000)


def file_of(name: str) -> dict[str, Any] | None:
    """The table in a TOML or JSON file; None when the name is none of a file."""
    import json
    import tomllib

    readers: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
    reader = readers.get(Path(name).suffix.lower())
    if reader is None:
        return None
    try:
        found = reader(_file(Path(name)).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        usage(f"{name}: not {Path(name).suffix[1:].upper()} in UTF-8")
    except OSError as error:
        usage(f"{name}: {error.strerror}")
    if not isinstance(found, dict):
        usage(f"{name}: not a table")
    return found


def _request(name: str) -> Request:
    """The request in a file, else one for the service of this id."""
    found = file_of(name)
    if found is None:
        return Request(service=name)
    known = Request.__dataclass_fields__
    if unknown := set(found) - set(known):
        usage(f"{name}: no such key: {', '.join(sorted(unknown))}")
    asked = Request()
    for key, value in found.items():
        if not isinstance(value, type(getattr(asked, key))):
            usage(f"{name}: {key} is of another kind")
        setattr(asked, key, value)
    texts = {"iin", "phone", "surname", "given_name", "patronymic"}
    if not all(one in texts and isinstance(value, str) for one, value in asked.applicant.items()):
        usage(f"{name}: applicant has texts: {', '.join(sorted(texts))}")
    if not all(isinstance(path, str) for path in asked.documents.values()):
        usage(f"{name}: documents are paths of files")
    asked.documents = {one: Path(name).parent / path for one, path in asked.documents.items()}
    return asked

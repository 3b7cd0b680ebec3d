"""`azyq service document`, `azyq programme document`: papers made from what runs."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from infra.cli.running import LANGUAGE, day_of, language_of, moment, opened, refusals, usage

if TYPE_CHECKING:
    from domain.procedures.definition import Service
    from infra.settings import Settings

OUT = typer.Option(..., "--out", help="The file to write: .html or .docx; the drawing of a process .svg too.")
PAPER_LANGUAGE = typer.Option(None, "--language", help="Language of the paper: kk, ru or en.")
AT = typer.Option(None, "--at", help="When it is made, as 2025-07-05T09:00 (default: now).")


def service_document(
    service: str,
    kind: str = typer.Option(
        ...,
        "--kind",
        help="standard, regulation, requirements, memo, process, mechanism or forms;"
        " with --case: receipt, report or result.",
    ),
    out: Path = OUT,
    language: str = PAPER_LANGUAGE,
    version: str = typer.Option(
        None, "--version", help="A version of the service (default: that of the day)."
    ),
    on: str = typer.Option(None, "--on", help="The version in force on that day, as 2025-07-05."),
    case: str = typer.Option(None, "--case", help="The number of a case, for its own papers."),
    at: str = AT,
    lang: str = LANGUAGE,
) -> None:
    """Make a paper of a service from its file: standard, regulation, list of requirements, memo, drawing of its process.

    With --case, a paper of that case: the receipt of refusal to accept, the report on its discussion, what it gave out.
    """
    if case:
        _case_document(service, kind, case, out, language, at, lang)
        return
    with refusals(lang):
        from infra.papers.kinds import process_drawing, service_paper, written
        from infra.settings import Settings

        settings = Settings()
        made_at = _made_at(settings, at)
        chosen = language_of(language or lang)
        found = _service(settings, service, version, on, made_at)
        if kind == "process" and out.suffix.lower() == ".svg":
            content = process_drawing(found, chosen)
        else:
            content = written(service_paper(found, kind, chosen, made_at), out)
        _write(out, content)


def _case_document(
    service: str, kind: str, number: str, out: Path, language: str | None, at: str | None, lang: str | None
) -> None:
    with opened(lang) as azyq:
        from functools import partial

        import orjson

        from domain.commands.known_cases import SALT_BYTES
        from infra.papers.case_papers import discussion_report, receipt, result_paper
        from infra.papers.from_case import paper_of_case
        from infra.papers.kinds import CASE_PAPERS, PaperKindUnknown, PaperNotGiven, written
        from infra.parts.staff import name_of

        if kind not in CASE_PAPERS:
            raise PaperKindUnknown("kind", kind=kind, kinds=", ".join(CASE_PAPERS))
        case = azyq.known_cases.case(number)
        if case.service != service:
            usage(f"{number} is a case of {case.service}, not of {service}")

        def unseal(digest: str) -> str | None:
            content = azyq.vault.papers.read(case.id.hex, digest)
            return None if content is None else content[SALT_BYTES:].decode()

        rows = azyq.log_reader.of_stream(str(case.id), azyq.log_reader.head())
        events = [(row.topic, orjson.loads(row.state)) for row in rows if row.topic and row.state]
        names = partial(name_of, azyq)
        told = paper_of_case(case, azyq.known_cases.running(case).service, events, unseal, names)
        chosen = language_of(language or case.language or lang)
        made_at = moment(at) or azyq.clock()
        there = {
            "receipt": case.end == "acceptance_refused",
            "report": told.discussion is not None,
            "result": bool(told.result),
        }
        if not there[kind]:
            raise PaperNotGiven("kind", case=case.case, kind=kind)
        if kind == "receipt":
            paper = receipt(told, chosen, made_at)
        elif kind == "report":
            paper = discussion_report(told, chosen, made_at)
        else:
            paper = result_paper(told, chosen, made_at, azyq.qr_keys, azyq.settings.public_url)
        _write(out, written(paper, out))


def programme_document(
    programme: str, out: Path = OUT, language: str = PAPER_LANGUAGE, at: str = AT, lang: str = LANGUAGE
) -> None:
    """Make the standard of a voucher programme from the file that runs it."""
    with refusals(lang):
        from domain.goods import load_goods
        from domain.programmes import ProgrammeUnknown
        from infra.papers.kinds import written
        from infra.papers.programme_standard import programme_standard
        from infra.programmes import load_programmes
        from infra.settings import Settings

        settings = Settings()
        found = load_programmes(settings.programmes).get(programme)
        if found is None:
            raise ProgrammeUnknown("programme", programme=programme)
        goods = load_goods(Path(settings.goods).read_text(encoding="utf-8"))
        paper = programme_standard(found, goods, language_of(language or lang), _made_at(settings, at))
        _write(out, written(paper, out))


def _service(
    settings: Settings, service: str, version: str | None, on: str | None, made_at: datetime
) -> Service:
    from domain.calendar import local_day
    from domain.procedures.case_refusals import ServiceNotInForce
    from infra.cases.services import load_services

    if version and on:
        usage("--version or --on, not both")
    services = load_services(settings.services)
    if version:
        return services.version(service, version)
    day: date = day_of(on, "--on") if on else local_day(made_at)
    try:
        return services.on(service, day)
    except ServiceNotInForce:
        if on:
            raise
        # Of a service that is over, or still to come, the papers are those of its last version.
        return services.latest(service)


def _made_at(settings: Settings, at: str | None) -> datetime:
    from infra.clock import real_clock, trial_clock

    return moment(at) or (trial_clock(settings.clock) if settings.clock else real_clock)()


def _write(out: Path, content: bytes) -> None:
    """The whole file or none of it."""
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_bytes(content)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    typer.echo(str(out))

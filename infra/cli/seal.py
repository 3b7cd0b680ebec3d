"""`azyq seal` and `azyq prove`: the log's seals, and proofs that hold without the database."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import FOUND, JSON, LANGUAGE, language_of, opened, print_json, refusals, usage

if TYPE_CHECKING:
    from infra.sealing import ProofVerdict

_WORDS = {
    "en": {
        "seal": "seal {number} of {on}: {events} events up to position {upto}\n  {hash}\n  key {key}",
        "none": "the log is not sealed yet",
        "holds": "holds: {events} events of {subject} are in the sealed log",
        "holds_unnamed": "holds: {events} events are in the sealed log; that they are of {subject} says the file alone",
        "seals": "seal {number} of {on}, by the key {key}: {hash}",
        "compare": "Compare the seal and the key with those that were published (the daily report, /v1/seals).",
        "unsealed": "not sealed yet: {unsealed}",
        "broken": "DOES NOT HOLD",
        "nothing": "it proves no event",
        "written": "{events} events in {file}",
    },
    "ru": {
        "seal": "печать {number} за {on}: событий {events}, до позиции {upto}\n  {hash}\n  ключ {key}",
        "none": "журнал ещё не опечатан",
        "holds": "верно: событий {events} о {subject} есть в опечатанном журнале",
        "holds_unnamed": "верно: событий {events} есть в опечатанном журнале; что они о {subject}, говорит только сам файл",
        "seals": "печать {number} за {on}, ключ {key}: {hash}",
        "compare": "Сверьте печать и ключ с опубликованными (дневной отчёт, /v1/seals).",
        "unsealed": "ещё не опечатано: {unsealed}",
        "broken": "НЕ СХОДИТСЯ",
        "nothing": "не доказано ни одного события",
        "written": "событий {events} в {file}",
    },
    "kk": {
        "seal": "{on} күнінің {number}-мөрі: {events} оқиға, {upto} орнына дейін\n  {hash}\n  кілт {key}",
        "none": "журнал әлі мөрленген жоқ",
        "holds": "дұрыс: {subject} туралы {events} оқиға мөрленген журналда бар",
        "holds_unnamed": "дұрыс: {events} оқиға мөрленген журналда бар; {subject} туралы екенін файлдың өзі ғана айтады",
        "seals": "{on} күнінің {number}-мөрі, кілті {key}: {hash}",
        "compare": "Мөр мен кілтті жарияланғанымен салыстырыңыз (күндік есеп, /v1/seals).",
        "unsealed": "әлі мөрленбеген: {unsealed}",
        "broken": "ДҰРЫС ЕМЕС",
        "nothing": "бірде-бір оқиға дәлелденбеген",
        "written": "{file} файлында {events} оқиға",
    },
}


def seal(
    on: datetime = typer.Option(None, "--on", formats=["%Y-%m-%d"], help="Seal this day, which is over."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Seal the log for a day that is over; without --on, list the seals there are."""
    words = _WORDS[language_of(lang)]
    with opened(lang) as azyq:
        from infra.sealing import seal_day, seals_by

        if on is None:
            seals = seals_by(azyq.log_reader)
        elif azyq.seal_keys is None:
            usage("AZYQ_SEAL_KEY is unset")
        else:
            seals = [seal_day(azyq.dsn, azyq.log, azyq.seal_keys, on.date(), azyq.clock())]
        if as_json:
            shown = [found._asdict() for found in seals]
            print_json(shown if on is None else shown[0])
            return
        for found in seals:
            typer.echo(words["seal"].format(**found._asdict()))
        if not seals:
            typer.echo(words["none"])


def prove(
    identity: str = typer.Argument(
        None, metavar="ID", help="A voucher, family, redemption, ... (as for why)."
    ),
    out: Path = typer.Option(None, "--out", help="Write the proof here instead of to the screen."),
    check: Path = typer.Option(None, "--check", help="Check the proof in this file, without the database."),
    key: str = typer.Option(None, "--key", help="With --check: the public key the seals must be signed by."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """A proof that what happened to a voucher is in the sealed log; with --check, verify one."""
    language = language_of(lang)
    if (identity is None) == (check is None):
        usage("name an ID to prove, or a file to --check")
    if check is not None:
        with refusals(lang):
            _check(check, key, as_json, language)
        return
    with opened(lang) as azyq:
        from infra.sealing import prove as prove_stream
        from infra.stories.story import streams_of

        azyq.catch_up_views()
        streams = streams_of(azyq.dsn, azyq.vault, azyq.programmes, identity)
        proof = prove_stream(azyq.dsn, streams, identity)
        if out is None:
            print_json(proof)
            return
        import orjson

        out.write_bytes(orjson.dumps(proof, option=orjson.OPT_INDENT_2) + b"\n")
        words = _WORDS[language]
        typer.echo(words["written"].format(events=len(proof["events"]), file=out))
        if proof["unsealed"]:
            typer.echo(words["unsealed"].format(unsealed=proof["unsealed"]))


def _check(file: Path, key: str | None, as_json: bool, language: str) -> None:
    from infra.sealing import check_proof

    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        usage(f"{file} can't be read: {error.strerror}")
    try:
        verdict = check_proof(text, key)
    except ValueError as error:
        usage(f"{file}: {error}")
    if as_json:
        print_json(_verdict_dict(verdict))
    else:
        _tell(verdict, _WORDS[language])
    if not verdict.holds:
        raise typer.Exit(FOUND)


def _verdict_dict(verdict: ProofVerdict) -> dict[str, Any]:
    return {
        "holds": verdict.holds,
        "subject": verdict.subject,
        "subject_proved": verdict.named,
        "events": verdict.events,
        "seals": [
            {"number": one.number, "on": one.on, "hash": one.hash, "key": one.key} for one in verdict.seals
        ],
        "unsealed": verdict.unsealed,
        "wrong": verdict.wrong,
    }


def _tell(verdict: ProofVerdict, words: dict[str, str]) -> None:
    for event in verdict.events:
        typer.echo(f"{event['position']:>8}  {event['data'].get('timestamp', '')}  {event['topic']}")
    for one in verdict.seals:
        typer.echo(words["seals"].format(**one._asdict()))
    if verdict.unsealed:
        typer.echo(words["unsealed"].format(unsealed=verdict.unsealed))
    if verdict.holds:
        holds = words["holds" if verdict.named else "holds_unnamed"]
        typer.echo(holds.format(events=len(verdict.events), subject=verdict.subject))
        typer.echo(words["compare"])
        return
    typer.echo(words["broken"])
    for what in verdict.wrong or [words["nothing"]]:
        typer.echo(f"  {what}")

"""How every command runs: settings, language, refusals as code and sentence, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from infra.bootstrap import Azyq
    from infra.clock import Clock

REFUSED, USAGE, FOUND = 1, 2, 3

CONFLICT = {
    "en": "Others recorded something about the same at the same time, again and again. Try again.",
    "ru": "Другие одновременно записывали данные о том же, раз за разом. Повторите.",
    "kk": "Басқалар дәл сол туралы деректерді бір мезгілде қайта-қайта жазды. Қайталаңыз.",
}

JSON = typer.Option(False, "--json", help="Print the result as JSON.")
LANGUAGE = typer.Option(
    None, "--lang", help="Language of sentences: kk, ru or en (default: AZYQ_LANG, else English)."
)
PROGRAMME = typer.Option(..., "--programme", help="The programme's id; `azyq programme list` shows them.")
MONTH = typer.Option(..., "--month", help="The month, as 2025-07.")


def language_of(given: str | None) -> str:
    """The language asked for: kk, ru or en."""
    chosen = (given or os.environ.get("AZYQ_LANG") or "en").lower()[:2]
    if chosen not in ("kk", "ru", "en"):
        usage(f"--lang is kk, ru or en, not {given or chosen}")
    return chosen


def usage(sentence: str) -> NoReturn:
    """Wrong usage: say so and exit 2."""
    typer.echo(f"azyq: {sentence}", err=True)
    raise typer.Exit(USAGE)


@contextmanager
def refusals(language: str | None = None) -> Iterator[None]:
    """Turn a refusal into its code and sentence on stderr and exit 1; a wrong setting, or no database, into exit 2."""
    language = language_of(language)
    import psycopg2
    from eventsourcing.persistence import InterfaceError, OperationalError
    from pydantic import ValidationError

    from domain.errors import Refusal
    from domain.ports import LogConflict
    from infra.postgres.embedded import EmbeddedUnavailable
    from infra.postgres.log import LogBusy
    from infra.postgres.schema import SchemaError
    from infra.vault.sealing import VaultKeyWrong
    from projections.view import ViewMissing

    try:
        yield
    except Refusal as refusal:
        for one in (refusal, *refusal.also):
            typer.echo(f"{one.code}: {one.sentence(language)}", err=True)
        raise typer.Exit(REFUSED) from None
    except ValidationError as error:
        for problem in error.errors():
            where = ".".join(str(part) for part in problem["loc"]) or "settings"
            typer.echo(f"azyq: {where}: {problem['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(USAGE) from None
    except LogBusy as busy:
        typer.echo(f"{busy.code}: {busy.sentence(language)}", err=True)
        raise typer.Exit(REFUSED) from None
    except LogConflict:
        typer.echo(f"log_conflict: {CONFLICT[language]}", err=True)
        raise typer.Exit(REFUSED) from None
    except (psycopg2.OperationalError, psycopg2.InterfaceError, OperationalError, InterfaceError) as error:
        lines = str(error).strip().splitlines() or ["no reason given"]
        typer.echo(f"azyq: the database can't be reached: {lines[0]}", err=True)
        raise typer.Exit(USAGE) from None
    except BrokenPipeError:  # whoever reads has enough; an OSError too, so it comes first
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except (EmbeddedUnavailable, SchemaError, VaultKeyWrong, ViewMissing, ValueError, OSError) as error:
        typer.echo(f"azyq: {error}", err=True)
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        typer.echo(
            "azyq: stopped; what was recorded stays, and the same command goes on from there", err=True
        )
        raise typer.Exit(130) from None


@contextmanager
def opened(language: str | None = None, clock: Clock | None = None) -> Iterator[Azyq]:
    """The system as the settings say, with refusals turned into exit codes."""
    with refusals(language):
        from infra.bootstrap import open_azyq
        from infra.logging import configure_logging

        configure_logging()
        with open_azyq(clock=clock) as azyq:
            if azyq.settings.clock is not None:
                typer.echo(f"azyq: trial clock, now {azyq.clock().isoformat(timespec='seconds')}", err=True)
            yield azyq


def moment(text: str | None) -> datetime | None:
    """`--at`: a time with an offset, or a local one of Kazakhstan. Exits 2 when it can't be read."""
    if text is None:
        return None
    from domain.calendar import ALMATY

    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=ALMATY)
        for days in (-1, 1):  # the first and last days of all times have none beside them
            (at + timedelta(days)).astimezone(ALMATY)
    except (ValueError, OverflowError):
        usage(f"--at is a time as 2025-07-05T09:00:00+05:00, not {text!r}")
    return at


def day_of(text: str, name: str) -> date:
    """A day as 2025-07-05. Exits 2 when it can't be read."""
    from domain.trade.rows import plain_day

    day = plain_day(text)
    if day is None:
        usage(f"{name} is a day as 2025-07-05, not {text!r}")
    return day


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    import json

    import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
    except TypeError:  # the name of a file may hold bytes that are no text; orjson won't have them
        text = json.dumps(value, indent=2, default=str)
    typer.echo(text)

"""`azyq access`: who may read the reports; each word is an act on a case of the service analyst-access (A3–A9)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from infra.cli import case
from infra.cli.case_asked import Brought, request_in
from infra.cli.running import JSON, LANGUAGE, language_of, opened, print_json, usage

if TYPE_CHECKING:
    from infra.bootstrap import Azyq

NUMBER = typer.Argument(metavar="ID", help="The case's number, as AA-2026-4K7QXM2V.")
AS = typer.Option(..., "--as", metavar="ID", help="Who does it.")
_WORDS = {
    "en": {
        "none": "nobody has access",
        "granted": "granted until {until}; by SQL as {role}",
        "nothing": "granted until {until}; the body sees nothing that is kept here",
        "blocked": "blocked: sessions and the role of the database are over",
        "republic": "the republic",
        "never": "never signed in",
        "states": {"granted": "granted", "blocked": "blocked", "ended": "ended"},
    },
    "ru": {
        "none": "доступа нет ни у кого",
        "granted": "предоставлен до {until}; по SQL – {role}",
        "nothing": "предоставлен до {until}; данных этого органа здесь нет",
        "blocked": "заблокирован: сеансы и роль базы данных закончились",
        "republic": "республика",
        "never": "не входил",
        "states": {"granted": "предоставлен", "blocked": "заблокирован", "ended": "закончился"},
    },
    "kk": {
        "none": "ешкімде қолжетімділік жоқ",
        "granted": "{until} дейін берілді; SQL арқылы – {role}",
        "nothing": "{until} дейін берілді; бұл органның деректері мұнда жоқ",
        "blocked": "бұғатталды: сеанстар мен дерекқордың рөлі аяқталды",
        "republic": "республика",
        "never": "кірмеген",
        "states": {"granted": "берілген", "blocked": "бұғатталған", "ended": "аяқталған"},
    },
}


def apply(
    file: Path = typer.Argument(
        metavar="FILE", help="The form (A3) as TOML or JSON: fields, documents, applicant."
    ),
    sign: bool = case.SIGN,
    signature: Path = case.SIGNATURE,
    content: Path = case.CONTENT,
    key: str = case.KEY,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Apply for somebody's access; the applicant is who will sign in (A3)."""
    language, asked = language_of(lang), request_in(str(file))
    with opened(lang) as azyq:
        from domain.calendar import local_day
        from domain.commands.grant_access import RESULT

        if RESULT not in azyq.services.on(asked.service, local_day(azyq.clock())).service.results:
            usage(f"{file}: its service is none that decides on access")
        case.open_request(
            azyq, asked, case.By(sign=sign, signature=signature, content=content, key=key), as_json, language
        )


def decide(
    number: str = NUMBER,
    outcome: str = typer.Option("passed_on", "--outcome", help="passed_on or refused."),
    ground: str = typer.Option("", "--ground", help="The ground of a refusal."),
    who: str = AS,
    sign: bool = case.SIGN,
    signature: Path = case.SIGNATURE,
    content: Path = case.CONTENT,
    lang: str = LANGUAGE,
) -> None:
    """The authorised body considers it within two working days (A4)."""
    by = case.By(who, "authorised", "authorised", sign, signature, content)
    _act(number, case.Act("consider", outcome, ground=ground), by, lang)


def grant(
    number: str = NUMBER,
    trained_on: str = typer.Option(..., "--trained-on", help="The day of the user's training (A7)."),
    account_role: str = typer.Option("analyst", "--account-role", help="The role that the user was given."),
    who: str = AS,
    lang: str = LANGUAGE,
) -> None:
    """The integrator grants it within two working days more, for a calendar year (A4, A5)."""
    facts = {"trained_on": trained_on, "account_role": account_role}
    by = case.By(who, "integrator", "integrator")
    _act(number, case.Act("grant", "granted", Brought(facts)), by, lang, follow=True)


def block(
    number: str = NUMBER,
    who: str = typer.Option("", "--as", metavar="ID", help="Who does it; the applicant needs no name."),
    role: str = typer.Option(
        "integrator", "--role", help="applicant (with --left-on), authorised, or integrator."
    ),
    left_on: str = typer.Option("", "--left-on", help="The day the user left or changed post (A6)."),
    lang: str = LANGUAGE,
) -> None:
    """One role's part of a block: the body tells who left, the authorised body asks, the integrator blocks (A6)."""
    if role == "applicant":
        left = case.Act("access", "left", Brought({"left_on": left_on}))
        _act(number, left, case.By(who, role), lang)
    elif role == "authorised":
        with opened(lang) as azyq:
            asked = "request_block" in azyq.known_cases.case(number).steps
        step, outcome = ("request_block", "requested") if asked else ("access", "withdrawn")
        _act(number, case.Act(step, outcome), case.By(who, role, role), lang)
    elif role == "integrator":
        _act(number, case.Act("block", "blocked"), case.By(who, role, role), lang, follow=True)
    else:
        usage("--role is applicant, authorised or integrator")


def list_accesses(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Who has access, by which case, of which regions, until when, and who signed in last when (A8)."""
    words: dict[str, Any] = _WORDS[language_of(lang)]
    with opened(lang) as azyq:
        rows = _rows(azyq)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        regions = ", ".join(region or words["republic"] for region in row["regions"]) or "-"
        last = row["last_sign_in"]
        seen = f"{last:%Y-%m-%d %H:%M} {row['last_way']}" if last else words["never"]
        state = words["states"][row["state"]]
        typer.echo(f"{row['case']}  {state:14} {row['until']:%Y-%m-%d}  {regions:12} {seen:26} {row['body']}")
    if not rows:
        typer.echo(words["none"])


def _rows(azyq: Azyq) -> list[dict[str, Any]]:
    from domain.calendar import ALMATY
    from domain.identity import access_id
    from infra.postgres.reader_roles import role_of

    azyq.catch_up_views()
    with azyq.view_store.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, user_id, state, body, body_kind, regions, granted_at, until, signed_in_at, way"
            " FROM azyq_views.accesses a LEFT JOIN (SELECT DISTINCT ON (number, user_id) * FROM azyq_views.sign_ins"
            " ORDER BY number, user_id, signed_in_at DESC) s USING (number, user_id) ORDER BY granted_at, number"
        )
        found = cursor.fetchall()
    return [
        {
            "case": number,
            "user": user,
            "state": state,
            "body": body,
            "body_kind": kind,
            "regions": json.loads(regions),
            "granted_at": granted_at.astimezone(ALMATY),
            "until": until.astimezone(ALMATY),
            "role": role_of(access_id(user), number) if json.loads(regions) else None,
            "last_sign_in": signed_in_at and signed_in_at.astimezone(ALMATY),
            "last_way": way,
        }
        for number, user, state, body, kind, regions, granted_at, until, signed_in_at, way in found
    ]


def _act(number: str, asked: case.Act, by: case.By, lang: str, follow: bool = False) -> None:
    """`follow`: what the case has come to is done at once, not at the scheduler's next round."""
    language = language_of(lang)
    with opened(lang) as azyq:
        case.take(azyq, number, asked, by, as_json=False, language=language)
        if follow:
            _follow(azyq, number, language)


def _follow(azyq: Azyq, number: str, language: str) -> None:
    from infra.parts.access import AnalystAccess

    words, followed = _WORDS[language], azyq.known_cases.case(number)
    AnalystAccess(azyq).follow(followed.id)
    for row in _rows(azyq):
        if row["case"] == followed.case:
            told = "nothing" if row["state"] == "granted" and not row["regions"] else row["state"]
            typer.echo(f"  {str(words[told]).format(until=row['until'].date(), role=row['role'])}")

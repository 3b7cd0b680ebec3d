"""`azyq staff`: who may act on cases by HTTP."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from infra.cli.running import JSON, LANGUAGE, language_of, opened, print_json, usage

if TYPE_CHECKING:
    from infra.bootstrap import Azyq

STAFF = typer.Argument(metavar="ID", help="The member's id, as k.clerk; no name.")
ROLES = typer.Option(
    [], "--role", help="A role; once for each. `applicant` is a portal, which speaks for applicants."
)
UNIT = typer.Option("", "--unit", help="The unit; without one, any.")
KEY = {
    "en": "{staff}: the key, until {until}. It is shown now and kept nowhere:\n  {key}",
    "ru": "{staff}: ключ, до {until}. Он показан один раз и нигде не хранится:\n  {key}",
    "kk": "{staff}: кілт, {until} дейін. Ол бір рет көрсетіледі, еш жерде сақталмайды:\n  {key}",
}
CHANGED = {
    "en": "{staff}: {roles} ({unit}) from now on.",
    "ru": "{staff}: теперь {roles} ({unit}).",
    "kk": "{staff}: енді {roles} ({unit}).",
}
IDENTIFIED = {
    "en": "{staff} is identified; the certificate of this person signs for {staff} from now on.",
    "ru": "{staff}: лицо известно; за {staff} теперь подписывает сертификат этого лица.",
    "kk": "{staff}: адам белгілі; енді {staff} үшін осы адамның сертификаты қол қояды.",
}
SAME = {
    "en": "{staff}: nothing new.",
    "ru": "{staff}: ничего нового.",
    "kk": "{staff}: жаңа ештеңе жоқ.",
}
REVOKED = {
    "en": "{staff} is revoked; the keys are good for nothing from now on.",
    "ru": "{staff}: доступ отозван; ключи больше не действуют.",
    "kk": "{staff}: рұқсат қайтарып алынды; кілттер енді жарамсыз.",
}
PERSON = {"en": "certificate known", "ru": "сертификат известен", "kk": "сертификаты белгілі"}
STAGES = {
    "enrolled": {"en": "enrolled", "ru": "действует", "kk": "қолданыста"},
    "revoked": {"en": "revoked", "ru": "отозван", "kk": "қайтарып алынған"},
}


def enrol(
    staff: str = STAFF,
    roles: list[str] = ROLES,
    unit: str = UNIT,
    iin: str = typer.Option(
        "", "--iin", help="Whose certificate signs for the member; `-` reads it from stdin."
    ),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """A key for a new member of staff, good for a year. It is shown now and kept nowhere."""
    if not roles:
        usage("--role says what the member does; `azyq service show` names roles")
    with opened(lang) as azyq:
        from infra.parts.staff import check_roles, enrol_staff

        check_roles(azyq, roles, unit)
        subject = _subject(azyq, iin) if iin else ""
        issued = enrol_staff(azyq).enrol(staff, unit, roles, azyq.clock(), subject)
        _show_key(issued.staff, issued.key, issued.expires_at, as_json, language_of(lang))


def identify(
    staff: str = STAFF,
    iin: str = typer.Option(..., "--iin", help="The person's IIN; `-` reads it from stdin."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Tell whose certificate signs for a member; the IIN goes to the vault, the log has the vault's id of the person."""
    with opened(lang) as azyq:
        from infra.parts.staff import enrol_staff

        done = enrol_staff(azyq).identify(staff, _subject(azyq, iin), azyq.clock())
        if as_json:
            print_json({"staff": staff, "identified": True, "now": done})
        else:
            typer.echo((IDENTIFIED if done else SAME)[language_of(lang)].format(staff=staff))


def key(staff: str = STAFF, as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Another key for one that was lost; the old ones end at once."""
    with opened(lang) as azyq:
        from infra.parts.staff import enrol_staff

        issued = enrol_staff(azyq).issue_key(staff, azyq.clock())
        _show_key(issued.staff, issued.key, issued.expires_at, as_json, language_of(lang))


def change(
    staff: str = STAFF,
    roles: list[str] = ROLES,
    unit: str = UNIT,
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """Other roles, another unit, from now on; those that are not named are gone."""
    if not roles:
        usage("--role says what the member does from now on; `azyq staff revoke` ends it")
    with opened(lang) as azyq:
        from infra.parts.staff import check_roles, enrol_staff

        check_roles(azyq, roles, unit)
        done = enrol_staff(azyq).change(staff, unit, roles, azyq.clock())
        if as_json:
            print_json({"staff": staff, "roles": roles, "unit": unit, "now": done})
        else:
            said = (CHANGED if done else SAME)[language_of(lang)]
            typer.echo(said.format(staff=staff, roles=", ".join(roles), unit=unit or "–"))


def revoke(
    staff: str = STAFF,
    reason: str = typer.Option("", "--reason", help="Why; no names."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """End a member's access, at once and for good."""
    with opened(lang) as azyq:
        from infra.parts.staff import enrol_staff

        done = enrol_staff(azyq).revoke(staff, reason, azyq.clock())
        if as_json:
            print_json({"staff": staff, "revoked": True, "now": done})
        else:
            typer.echo((REVOKED if done else SAME)[language_of(lang)].format(staff=staff))


def list_staff(
    unit: str = typer.Option("", "--unit", help="Of this unit only."),
    as_json: bool = JSON,
    lang: str = LANGUAGE,
) -> None:
    """The members of staff, their roles, and until when their keys can be used."""
    language = language_of(lang)
    with opened(lang) as azyq:
        from domain.calendar import ALMATY
        from projections.staff import StaffMembers

        azyq.catch_up_views()
        found = azyq.view_store.rows(StaffMembers()).values()
        rows = sorted((row for row in found if unit in ("", row["unit"])), key=lambda row: str(row["staff"]))
        if as_json:
            print_json(
                [
                    {name: value for name, value in row.items() if name not in ("stream", "roles")}
                    | {"roles": row["roles"].split(",")}
                    for row in rows
                ]
            )
            return
        for row in rows:
            ends = row["revoked_at"] if row["stage"] == "revoked" else row["expires_at"]
            until = datetime.fromisoformat(ends).astimezone(ALMATY)
            stage = STAGES[row["stage"]][language]
            person = PERSON[language] if row["subject"] else ""
            typer.echo(
                f"{row['staff']:20} {row['roles']:30} {row['unit']:16} {stage:16} {until:%Y-%m-%d %H:%M}"
                f"  {person}".rstrip()
            )


def _subject(azyq: Azyq, iin: str) -> str:
    from infra.parts.cases.desk import Applicant, CaseDesk

    return CaseDesk(azyq).subject(Applicant(sys.stdin.readline().strip() if iin == "-" else iin.strip()))


def _show_key(staff: str, secret: str, expires_at: datetime, as_json: bool, language: str) -> None:
    from domain.calendar import ALMATY

    until = expires_at.astimezone(ALMATY)
    if as_json:
        print_json({"staff": staff, "key": secret, "expires_at": until.isoformat()})
    else:
        typer.echo(KEY[language].format(staff=staff, key=secret, until=f"{until:%d.%m.%Y %H:%M}"))

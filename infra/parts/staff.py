"""Who may act on cases by HTTP, over the parts of azyq."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from domain.commands.enrol_staff import EnrolStaff, person_of
from domain.office import OFFICE_ROLES
from domain.procedures.acts import Actor
from domain.procedures.case_input import shown
from domain.procedures.definition import PUBLIC, SYSTEM
from domain.staff_refusals import RoleUnknown, UnitUnknown
from infra.bootstrap import Azyq


def enrol_staff(azyq: Azyq) -> EnrolStaff:
    """The commands about staff."""
    return EnrolStaff(azyq.log, azyq.settings.env, secrets.choice)


def member_of(azyq: Azyq, subject: str) -> Actor | None:
    """The member of staff that a person, by the vault's subject, is now, as the log has it; None for nobody."""
    return enrol_staff(azyq).of_subject(subject)


def name_of(azyq: Azyq, staff: str) -> str:
    """Surname and given name of a member of staff, from the vault; "" where the person is not known by name."""
    subject = person_of(azyq.log, staff)
    person = azyq.vault.people([subject]).get(subject) if subject != staff else None
    return f"{person.surname} {person.given_name}".strip().title() if person else ""


def check_roles(azyq: Azyq, roles: Iterable[str], unit: str) -> None:
    """Whether somebody can be enrolled so: some service, or the office, has the roles; some service the unit.

    Raises RoleUnknown, UnitUnknown.
    """
    services = [file.service for file in azyq.services.files]
    known = {role.id for service in services for role in service.roles.values() if not role.automatic}
    known = (known | {*OFFICE_ROLES}) - {SYSTEM, PUBLIC}
    for role in roles:
        if role not in known:
            raise RoleUnknown("role", role=shown(role), roles=", ".join(sorted(known)))
    units = {one for service in services for one in service.units}
    if unit and unit not in units:
        raise UnitUnknown("unit", unit=shown(unit), units=", ".join(sorted(units)))

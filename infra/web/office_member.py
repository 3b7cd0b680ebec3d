"""Who is at /office: a member of staff with the roles the office knows, as the sign-in has them for this request."""

from __future__ import annotations

from dataclasses import dataclass

CLERK, APPROVER, OPERATOR = "office-clerk", "office-approver", "office-operator"
OFFICE_ROLES = (CLERK, APPROVER, OPERATOR)


@dataclass(frozen=True, slots=True)
class OfficeMember:
    """`staff` is the id of the enrolled member, `roles` all the roles held now, `subject` the person's in the vault.

    `subject` is "" where the person is not known to the vault, as in a trial.
    """

    staff: str
    roles: frozenset[str]
    subject: str = ""

    def has(self, *roles: str) -> bool:
        """Whether one of `roles` is held."""
        return not self.roles.isdisjoint(roles)

"""The office: who works there. Whoever brings a list in doesn't approve it, so that it takes two persons."""

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

    def is_the_same_as(self, staff: str, subject: str) -> bool:
        """Whether it is that person: by the id of the member, or by the person where both are known."""
        return self.staff == staff or (bool(subject) and self.subject == subject)

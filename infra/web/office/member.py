"""Who is at /office: a member of staff with the roles the office knows, as the sign-in has them for this request."""

from __future__ import annotations

from domain.office import APPROVER, CLERK, OFFICE_ROLES, OPERATOR, OfficeMember

__all__ = ["APPROVER", "CLERK", "OFFICE_ROLES", "OPERATOR", "OfficeMember"]

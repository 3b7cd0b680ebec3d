"""What a case gave out, and what of it stands no longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from domain.calendar import local_day
from domain.procedures import case_events as events
from domain.procedures.case_number import read_number
from domain.procedures.case_refusals import ResultUnknown
from domain.procedures.definition import Outcome
from domain.procedures.running import RunningService, valid_until


class Withdrawn(NamedTuple):
    """How and when a result ended: withdrawn, annulled or replaced, by a decision of the case `decided_in`."""

    how: str
    at: datetime
    decided_in: str
    replaced_by: str


class GivesResults:
    """The part of a case that knows its results: (result, number, first day, last day or ""), and those withdrawn."""

    case: str
    results: list[tuple[str, str, str, str]]
    withdrawn: dict[str, Withdrawn]
    note: Callable[..., Any]

    def issue(self, running: RunningService, result_id: str, at: datetime) -> None:
        """Give out a result (S002-15)."""
        result = running.service.results[result_id]
        today = local_day(at)
        until = "" if result.validity is None else valid_until(today, result.validity).isoformat()
        self.note(
            events.ResultIssued,
            at,
            result=result_id,
            form=result.form,
            number=self.next_number(),
            refusal=result.refusal,
            valid_from=today.isoformat(),
            valid_until=until,
        )

    def next_number(self) -> str:
        """The number that the next result will have."""
        return f"{self.case}-{len(self.results) + 1}"

    def standing(self) -> list[str]:
        """The numbers of what was given out and not withdrawn; some may be past their last day."""
        return [number for _, number, _, _ in self.results if number not in self.withdrawn]

    def withdraw(self, number: str, how: str, decided_in: str, replaced_by: str, at: datetime) -> None:
        """A result that stands does so no longer."""
        self.note(
            events.ResultWithdrawn, at, number=number, how=how, decided_in=decided_in, replaced_by=replaced_by
        )

    def end_result(self, event: Any) -> None:
        """ResultWithdrawn."""
        self.withdrawn[event.number] = Withdrawn(
            event.how, event.timestamp, event.decided_in, event.replaced_by
        )


Giver = TypeVar("Giver", bound=GivesResults)


class Deciding(Protocol):
    """The case in which it is decided that a result stands no longer, after its act."""

    case: str
    facts: dict[str, str]
    results: list[tuple[str, str, str, str]]


def withdraw_elsewhere(
    deciding: Deciding, outcome: Outcome, case_of: Callable[[str], Giver | None], at: datetime
) -> Giver | None:
    """End the result whose number an act of `deciding` names; the case that gave it out, changed, if it is another.

    `case_of` finds a case by its number. A paper of some earlier register can be replaced, though nothing of ours ends
    with it. Raises ResultUnknown where a result is to be withdrawn or annulled, and none of this number stands.
    """
    typed = deciding.facts.get(outcome.withdraws_by, "")
    read = read_number(typed)
    found = case_of(read.case) if read is not None and read.result else None
    number = f"{found.case}{read.result}" if found is not None and read is not None else ""
    if found is None or number not in found.standing():
        if outcome.withdraws == "replaced":
            return None
        names: Mapping[str, str] = next(
            (one.names for one in outcome.fields if one.id == outcome.withdraws_by), {}
        )
        raise ResultUnknown(f"fields.{outcome.withdraws_by}", number=typed[:40], name=names)
    instead = deciding.results[-1][1] if outcome.result else ""
    found.withdraw(number, outcome.withdraws, deciding.case, instead, at)
    return found

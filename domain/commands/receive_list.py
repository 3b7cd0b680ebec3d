"""Take in a list of beneficiaries: every row accepted or rejected, differences to the delivery before as events.

Rows are staged by random subject ids, so that a file of any order and size is decided family by family. Killed
half-way, the same file goes on: a family's event and its claims are one transaction, and each family remembers the
delivery it was decided in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from domain.beneficiary import FAMILY_LIMIT, Beneficiary, ListRule, Rejection, check_row
from domain.cycle import Cycle
from domain.errors import Refusal
from domain.family import FamilyVouchers
from domain.identity import cycle_id, family_stream_id, membership_key
from domain.ports import Log, NumberDatabase, PersonalData, Vault
from domain.programmes import ProgrammeMonth

ROWS_AT_ONCE = 4000
FAMILIES_AT_ONCE = 500  # bounded, so that redemptions never wait long for the log's lock

Progress = Callable[[str, int, int | None], None]
T = TypeVar("T")


class ListBusy(Refusal):
    """Another process is taking in a list of the same month."""

    code = "list_busy"
    texts = {
        "en": "Another list of this month is being taken in just now; try again when it is done.",
        "ru": "Сейчас принимается другой список этого месяца; повторите, когда он будет принят.",
        "kk": "Қазір осы айдың басқа тізімі қабылдануда; ол аяқталғанда қайталаңыз.",
    }


class ListRow(Protocol):
    """A row as the reader gives it: its values in the list's columns, or why it can't be read."""

    @property
    def values(self) -> tuple[str, ...]: ...
    @property
    def rejection(self) -> Rejection | None: ...
    @property
    def details(self) -> dict[str, object] | None: ...


class StagedRow(NamedTuple):
    """An accepted row without personal data: subjects of family and member."""

    row: int
    family: str
    member: str
    applicant: bool
    region: str
    has_number: bool | None


class StagedFamily(NamedTuple):
    """A family as the delivery names it."""

    family: str
    applicant: str
    region: str
    members: list[str]
    has_number: bool | None


class Staging(Protocol):
    """Where the rows of a delivery wait to be decided; nothing of it is needed once the list is in."""

    def exclusive(self, cycle: UUID) -> AbstractContextManager[bool]:
        """Hold the right to take in lists of this cycle; False when another process has it."""
        ...

    def begin(self, cycle: UUID) -> None: ...

    def add(self, cycle: UUID, rows: Sequence[StagedRow]) -> None: ...

    def reject(self, cycle: UUID, rejections: Iterable[tuple[int, str, Mapping[str, object]]]) -> None: ...

    def forget_accepted(self, cycle: UUID) -> None: ...

    def settle(self, cycle: UUID, family_limit: int) -> None:
        """Reject what only the whole file tells: a person twice, a family with none or two applicants, or too large."""
        ...

    def families(self, cycle: UUID, at_once: int) -> Iterator[list[StagedFamily]]: ...

    def count_families(self, cycle: UUID) -> int: ...

    def names(self, cycle: UUID, families: Sequence[str]) -> set[str]:
        """Which of these families the delivery names."""
        ...

    def rejections(self, cycle: UUID) -> Iterator[tuple[int, str, dict[str, object]]]:
        """(row, code, details) in row order."""
        ...

    def rejected(self, cycle: UUID) -> dict[str, int]: ...

    def accepted(self, cycle: UUID) -> tuple[int, int]:
        """(rows, families) accepted."""
        ...

    def owners(self, keys: Sequence[UUID]) -> dict[UUID, UUID]:
        """Which stream holds each claim."""
        ...


@dataclass(slots=True)
class ListOutcome:
    """What came of a delivery; `again` when the same file was in already."""

    delivery: str = ""
    again: bool = False
    rows: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=dict)
    members: int = 0
    no_number: int = 0


class ReceiveList:
    """`run` takes in one file for a month (R14–R16, R18, R19)."""

    def __init__(self, log: Log, vault: Vault, staging: Staging) -> None:
        self._log = log
        self._vault = vault
        self._staging = staging

    def run(
        self,
        month: ProgrammeMonth,
        rows: Iterable[tuple[int, ListRow]],
        digest: str,
        numbers: NumberDatabase | None,
        at: datetime,
        progress: Progress = lambda stage, done, total: None,
    ) -> ListOutcome:
        """Take in `rows`, whose file has this `digest`. Raises ListTooEarly, ListClosed (R19), ListBusy."""
        cycle_stream = cycle_id(month.programme.id, month.month)
        with self._staging.exclusive(cycle_stream) as mine:
            if not mine:
                raise ListBusy("file")
            cycle: Cycle = self._log.load([cycle_stream]).get(cycle_stream) or Cycle.open(month, at)
            delivery = cycle.start_list(month, digest, at)
            if delivery is None:
                assert cycle.received is not None
                return ListOutcome(delivery=cycle.received[0], again=True)
            outcome = ListOutcome(delivery=delivery)
            outcome.rows = self._stage(cycle_stream, month, rows, numbers, progress)
            self._log.save(cycle)  # begun only now: a file that turns out unreadable half-way was never begun
            outcome.accepted, _ = self._staging.accepted(cycle_stream)
            outcome.rejected = self._staging.rejected(cycle_stream)
            counted: Counter[str] = Counter(added=0, changed=0, unchanged=0, left=0)
            self._let_go(month, cycle_stream, delivery, at, counted, progress)
            self._take_in(month, cycle_stream, delivery, at, outcome, counted, progress)
            outcome.families = dict(counted)
            cycle.finish_list(
                month,
                delivery=delivery,
                rows=outcome.rows,
                accepted=outcome.accepted,
                rejected=outcome.rejected,
                families=outcome.families,
                members=outcome.members,
                no_number=outcome.no_number,
                at=at,
            )
            self._log.save(cycle)
            return outcome

    def check(
        self, month: ProgrammeMonth, rows: Iterable[tuple[int, ListRow]], progress: Progress
    ) -> ListOutcome:
        """What would come of the file (`--dry-run`): nothing is kept but the rejections, for the rejects file."""
        cycle_stream = cycle_id(month.programme.id, f"{month.month}/dry-run")
        with self._staging.exclusive(cycle_stream) as mine:
            if not mine:
                raise ListBusy("file")
            outcome = ListOutcome(delivery="dry-run")
            outcome.rows = self._stage(cycle_stream, month, rows, None, progress, keep=False)
            outcome.accepted, families = self._staging.accepted(cycle_stream)
            outcome.members = outcome.accepted
            outcome.rejected = self._staging.rejected(cycle_stream)
            outcome.families = {"named": families}
            self._staging.forget_accepted(cycle_stream)
            return outcome

    def _stage(
        self,
        cycle: UUID,
        month: ProgrammeMonth,
        rows: Iterable[tuple[int, ListRow]],
        numbers: NumberDatabase | None,
        progress: Progress,
        keep: bool = True,
    ) -> int:
        self._staging.begin(cycle)
        rule = ListRule(month.programme.regions, month.assistance_on)
        total = 0
        with _Behind() as behind:
            for batch in _batches(rows, ROWS_AT_ONCE):
                accepted: list[tuple[int, Beneficiary]] = []
                rejected: list[tuple[int, str, Mapping[str, object]]] = []
                for number, row in batch:
                    found = row.rejection or check_row(row.values, rule)
                    if isinstance(found, Rejection):
                        details = {"field": found.field, **(row.details or {})}
                        rejected.append((number, found.code, details))
                    else:
                        accepted.append((number, found))
                behind.do(partial(self._keep_rows, cycle, accepted, rejected, numbers, keep))
                total += len(batch)
                progress("rows", total, None)
        self._staging.settle(cycle, FAMILY_LIMIT)
        return total

    def _keep_rows(
        self,
        cycle: UUID,
        accepted: Sequence[tuple[int, Beneficiary]],
        rejected: Sequence[tuple[int, str, Mapping[str, object]]],
        numbers: NumberDatabase | None,
        keep: bool,
    ) -> None:
        self._staging.reject(cycle, rejected)
        self._staging.add(cycle, self._identified(accepted, numbers, keep))

    def _identified(
        self, accepted: Sequence[tuple[int, Beneficiary]], numbers: NumberDatabase | None, keep: bool
    ) -> list[StagedRow]:
        people = [person for _, person in accepted]
        references = list({person.family_reference: None for person in people})
        if keep:
            families = dict(zip(references, self._vault.families(references), strict=True))
            subjects = self._vault.enrol(
                [PersonalData(p.iin, p.surname, p.given_name, p.patronymic, p.birth_date) for p in people]
            )
        else:
            families = {reference: self._vault.digest("family", reference) for reference in references}
            subjects = [self._vault.digest("person", person.iin) for person in people]
        phones: Mapping[str, str] = {}
        if numbers is not None:
            phones = numbers.numbers_of([p.iin for p in people if p.role == "applicant"])
            self._vault.set_phones(
                {
                    subject: phones[person.iin]
                    for subject, person in zip(subjects, people, strict=True)
                    if person.iin in phones
                }
            )
        return [
            StagedRow(
                number,
                families[person.family_reference],
                subject,
                person.role == "applicant",
                person.kato,
                None if numbers is None or person.role != "applicant" else person.iin in phones,
            )
            for (number, person), subject in zip(accepted, subjects, strict=True)
        ]

    def _let_go(
        self,
        month: ProgrammeMonth,
        cycle: UUID,
        delivery: str,
        at: datetime,
        counted: Counter[str],
        progress: Progress,
    ) -> None:
        after: UUID | None = None
        done = 0
        stages = ("eligible", "no_number", "left")
        while streams := self._log.families(cycle, stages, after, FAMILIES_AT_ONCE):
            after = streams[-1]
            families = self._log.load(streams)
            named = self._staging.names(cycle, [family.family for family in families.values()])
            gone = [family for family in families.values() if family.family not in named]
            releases = [(_key(month, member), family.id) for family in gone for member in family.members]
            for family in gone:
                counted[family.leave_list(month, delivery, at)] += 1
            self._log.save(*gone, releases=releases)
            done += len(streams)
            progress("earlier families", done, None)
        del counted["absent"]

    def _take_in(
        self,
        month: ProgrammeMonth,
        cycle: UUID,
        delivery: str,
        at: datetime,
        outcome: ListOutcome,
        counted: Counter[str],
        progress: Progress,
    ) -> None:
        total, done = self._staging.count_families(cycle), 0
        with _Behind() as behind:
            for batch in self._staging.families(cycle, FAMILIES_AT_ONCE):
                known = self._log.load(
                    [family_stream_id(month.programme.id, month.month, named.family) for named in batch]
                )
                changed: list[Any] = []
                claims: list[tuple[UUID, UUID]] = []
                releases: list[tuple[UUID, UUID]] = []
                for named in batch:
                    stream = family_stream_id(month.programme.id, month.month, named.family)
                    family = known.get(stream)
                    before = set() if family is None else set(family.members)
                    if family is None:
                        family = FamilyVouchers.list_family(
                            month, named.family, named.region, named.applicant, named.members, delivery, at
                        )
                        counted["added"] += 1
                    else:
                        counted[
                            family.list_again(
                                month, named.region, named.applicant, named.members, delivery, at
                            )
                        ] += 1
                    if named.has_number is not None:
                        family.record_number(month, named.has_number, at)
                    outcome.no_number += family.stage == "no_number"
                    outcome.members += len(named.members)
                    now = set(family.members)
                    claims += [
                        (_key(month, member), stream) for member in family.members if member not in before
                    ]
                    releases += [(_key(month, member), stream) for member in before - now]
                    changed.append(family)
                behind.do(partial(self._save_families, changed, claims, releases))
                done += len(batch)
                progress("families", done, total)

    def _save_families(
        self,
        changed: Sequence[Any],
        claims: Sequence[tuple[UUID, UUID]],
        releases: list[tuple[UUID, UUID]],
    ) -> None:
        # Who moved from another family of an earlier delivery is given up there first: this file says so.
        for key, owner in self._staging.owners([key for key, _ in claims]).items():
            releases.append((key, owner))
        self._log.save(*changed, claims=claims, releases=releases)


class _Behind:
    """Saves a batch in a thread while the next is prepared: one at a time, in order; a failure surfaces here."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "azyq-list")
        self._last: Future[None] | None = None

    def do(self, work: Callable[[], None]) -> None:
        """Begin `work` when the one before it is done; raises what that raised."""
        self._wait()
        self._last = self._thread.submit(work)

    def _wait(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            last.result()

    def __enter__(self) -> _Behind:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        try:
            if kind is None:
                self._wait()
        finally:
            self._thread.shutdown()


def _key(month: ProgrammeMonth, member: str) -> UUID:
    return membership_key(month.programme.id, month.month, member)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

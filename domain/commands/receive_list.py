"""Take in a list of beneficiaries: every row accepted or rejected, differences to the delivery before as events.

Rows are staged by random subject ids, so that a file of any order and size is decided family by family. Killed
half-way, the same file goes on: a family's event and its claims are one transaction, and each family remembers the
delivery it was decided in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar
from uuid import UUID

from domain.beneficiary import FAMILY_LIMIT, Beneficiary, ListRule, Rejection, check_row
from domain.commands.conflicts import until_saved
from domain.commands.list_staging import ListRow, StagedFamily, StagedRow, Staging
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


class NobodyAccepted(Refusal):
    """Not one row of the file can be accepted: the wrong file, or a broken one, and no list that replaces another."""

    code = "nobody_accepted"
    texts = {
        "en": "Not one row of the file can be accepted (rows: {rows}). Nothing was recorded, and an earlier list stays.",
        "ru": "Ни одну строку файла нельзя принять (строк: {rows}). Ничего не записано, прежний список остаётся в силе.",
        "kk": "Файлдың бірде-бір жолын қабылдау мүмкін емес ({rows} жол). Ештеңе жазылған жоқ, бұрынғы тізім күшінде.",
    }

    def __init__(self, rows: int, rejected: Mapping[str, int]) -> None:
        self.rejected = rejected
        super().__init__("file", rows=rows)


@dataclass(slots=True)
class ListOutcome:
    """What came of a delivery; `again` when the same file was in already.

    `number_unknown` counts families whose number was not looked up and isn't known from an earlier list.
    """

    delivery: str = ""
    again: bool = False
    rows: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=dict)
    members: int = 0
    no_number: int = 0
    number_unknown: int = 0


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
        back: Callable[[ListOutcome], None] = lambda outcome: None,
    ) -> ListOutcome:
        """Take in `rows`, of the delivery with this `digest`; then `back` while the month's list is still ours.

        `back` writes what goes back to the sender; it is not called for a file that was in already. Raises
        ListTooEarly, ListClosed (R19), ListBusy, and NobodyAccepted after `back`.
        """
        stream = cycle_id(month.programme.id, month.month)
        with self._staging.exclusive(stream) as mine:
            if not mine:
                raise ListBusy("file")
            started = self._started(month, stream, digest, at, numbers is None)
            if isinstance(started, ListOutcome):
                return started
            outcome = ListOutcome(rows=self._stage(stream, month, rows, numbers, progress))
            self._count_rows(stream, outcome, back)
            # Begun only now: a file that turns out unreadable half-way was never begun.
            started = until_saved(
                lambda: self._started(month, stream, digest, at, numbers is None, save=True)
            )
            if isinstance(started, ListOutcome):
                return started
            outcome.delivery = started
            counted: Counter[str] = Counter(added=0, changed=0, unchanged=0, left=0)
            self._let_go(month, stream, started, at, counted, progress)
            self._take_in(month, stream, started, at, outcome, counted, progress)
            outcome.families = dict(counted)
            until_saved(lambda: self._finish(month, stream, outcome, at))
            back(outcome)
            return outcome

    def _count_rows(self, cycle: UUID, outcome: ListOutcome, back: Callable[[ListOutcome], None]) -> int:
        """Put into `outcome` what became of the rows; how many families they name. Raises NobodyAccepted."""
        outcome.accepted, families = self._staging.accepted(cycle)
        outcome.rejected = self._staging.rejected(cycle)
        if not outcome.accepted:
            back(outcome)
            raise NobodyAccepted(outcome.rows, outcome.rejected)
        return families

    def _started(
        self, month: ProgrammeMonth, stream: UUID, digest: str, at: datetime, alone: bool, save: bool = False
    ) -> str | ListOutcome:
        """The delivery that the file is; or the whole outcome, when it is in already. Raises LogConflict to `save`."""
        cycle: Cycle = self._log.load([stream]).get(stream) or Cycle.open(month, at)
        delivery = cycle.start_list(month, digest, at, alone)
        if delivery is None:
            assert cycle.received is not None
            return ListOutcome(delivery=cycle.received[0], again=True)
        if save:
            self._log.save(cycle)
        return delivery

    def _finish(self, month: ProgrammeMonth, stream: UUID, outcome: ListOutcome, at: datetime) -> None:
        cycle: Cycle = self._log.load([stream])[stream]
        if cycle.received is not None and cycle.received[0] == outcome.delivery:
            return  # by us: the answer to the commit was lost
        if cycle.started is None or cycle.started[0] != outcome.delivery:
            raise ListBusy("file")
        cycle.finish_list(
            month,
            delivery=outcome.delivery,
            rows=outcome.rows,
            accepted=outcome.accepted,
            rejected=outcome.rejected,
            families=outcome.families,
            members=outcome.members,
            no_number=outcome.no_number,
            at=at,
        )
        self._log.save(cycle)

    def check(
        self,
        month: ProgrammeMonth,
        rows: Iterable[tuple[int, ListRow]],
        progress: Progress,
        back: Callable[[ListOutcome], None] = lambda outcome: None,
        numbers: NumberDatabase | None = None,
    ) -> ListOutcome:
        """What would come of the file (`--dry-run`): nothing is kept but the rejections; `back` as for `run`.

        With `numbers`, `no_number` counts the families without one. Raises ListBusy, and NobodyAccepted after `back`.
        """
        cycle_stream = cycle_id(month.programme.id, f"{month.month}/dry-run")
        with self._staging.exclusive(cycle_stream) as mine:
            if not mine:
                raise ListBusy("file")
            outcome = ListOutcome(delivery="dry-run")
            outcome.rows = self._stage(cycle_stream, month, rows, numbers, progress, keep=False)
            families = self._count_rows(cycle_stream, outcome, back)
            outcome.members = outcome.accepted
            outcome.families = {"named": families}
            if numbers is not None:
                outcome.no_number = len(self._staging.without_number(cycle_stream))
            back(outcome)
            self._staging.forget_accepted(cycle_stream)
            return outcome

    def is_in(self, month: ProgrammeMonth, digest: str, alone: bool, at: datetime) -> bool:
        """Whether the delivery is in already; `alone`: no numbers came with it. Raises ListTooEarly, ListClosed (R19)."""
        stream = cycle_id(month.programme.id, month.month)
        return isinstance(self._started(month, stream, digest, at, alone), ListOutcome)

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
        if numbers is not None and keep:
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
            counted.update(until_saved(partial(self._let_go_batch, streams, month, cycle, delivery, at)))
            done += len(streams)
            progress("earlier families", done, None)
        del counted["absent"]

    def _let_go_batch(
        self, streams: Sequence[UUID], month: ProgrammeMonth, cycle: UUID, delivery: str, at: datetime
    ) -> Counter[str]:
        families: dict[UUID, FamilyVouchers] = self._log.load(streams)
        named = self._staging.names(cycle, [family.family for family in families.values()])
        gone = [family for family in families.values() if family.family not in named]
        releases = [(_key(month, member), family.id) for family in gone for member in family.members]
        counted = Counter(family.leave_list(month, delivery, at) for family in gone)
        self._log.save(*gone, releases=releases)
        return counted

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
                decide = partial(self._decide, month, batch, delivery, at)
                behind.do(partial(self._save_families, decide(), decide, outcome, counted))
                done += len(batch)
                progress("families", done, total)

    def _decide(
        self, month: ProgrammeMonth, batch: Sequence[StagedFamily], delivery: str, at: datetime
    ) -> _Decided:
        streams = [family_stream_id(month.programme.id, month.month, named.family) for named in batch]
        known: dict[UUID, FamilyVouchers] = self._log.load(streams)
        decided = _Decided()
        asked_nobody = [named.applicant for named in batch if named.has_number is None]
        known_phones = self._vault.phones(asked_nobody) if asked_nobody else {}
        for named, stream in zip(batch, streams, strict=True):
            family = known.get(stream)
            before = [] if family is None else list(family.members)
            if family is None:
                family = FamilyVouchers.list_family(
                    month, named.family, named.region, named.applicant, named.members, delivery, at
                )
                decided.counted["added"] += 1
            else:
                decided.counted[
                    family.list_again(month, named.region, named.applicant, named.members, delivery, at)
                ] += 1
            if named.has_number is not None:
                family.record_number(month, named.has_number, at)
            elif family.stage != "no_number":
                decided.number_unknown += named.applicant not in known_phones
            decided.no_number += family.stage == "no_number"
            decided.members += len(named.members)
            now = set(family.members)
            decided.members_of += [(_key(month, member), stream) for member in family.members]
            decided.releases += [(_key(month, member), stream) for member in before if member not in now]
            decided.families.append(family)
        return decided

    def _save_families(
        self,
        decided: _Decided,
        decide: Callable[[], _Decided],
        outcome: ListOutcome,
        counted: Counter[str],
    ) -> None:
        """Save, and count, what was `decided`; after a conflict what `decide` says then."""
        ready: _Decided | None = decided

        def save() -> _Decided:
            nonlocal ready
            batch, ready = ready or decide(), None
            # Who moved from another family of an earlier delivery is given up there first: this file says so. All
            # are looked at, for a delivery that was cut off may have moved somebody whom this one leaves in place.
            owners = self._staging.owners([key for key, _ in batch.members_of])
            claims = [(key, stream) for key, stream in batch.members_of if owners.get(key) != stream]
            given_up = [(key, owners[key]) for key, _ in claims if key in owners]
            self._log.save(*batch.families, claims=claims, releases=[*batch.releases, *given_up])
            return batch

        saved = until_saved(save)
        counted.update(saved.counted)
        outcome.members += saved.members
        outcome.no_number += saved.no_number
        outcome.number_unknown += saved.number_unknown


@dataclass(slots=True)
class _Decided:
    """A batch of families as the delivery has them, not saved yet."""

    families: list[FamilyVouchers] = field(default_factory=list)
    members_of: list[tuple[UUID, UUID]] = field(default_factory=list)  # (claim, stream)
    releases: list[tuple[UUID, UUID]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    members: int = 0
    no_number: int = 0
    number_unknown: int = 0


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

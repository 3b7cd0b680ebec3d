"""Take in a list file: open it, look numbers up, run the command, write the files that go back to the sender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.commands.receive_list import ListOutcome, Progress, ReceiveList
from domain.cycle import delivery_digest
from domain.identity import cycle_id
from domain.ports import NumberDatabase
from domain.programmes import ProgrammeMonth
from infra.lists.numbers import Numbers, read_numbers
from infra.lists.reading import Detected, ListSource, open_list
from infra.lists.rejects import NoNumberFile, RejectsFile, check_place, rejection_of_many
from infra.postgres.staging import PostgresStaging
from infra.vault.mcdb import FileNumbers
from infra.vault.store import PostgresVault

WORDS = {
    "en": {
        "detected": "detected",
        "rows": "rows: {rows}, accepted {accepted}, rejected {rejected}",
        "told": "the reasons are those of the list before",
        "families": "families: {added} added, {changed} changed, {unchanged} unchanged, {left} left",
        "members": "members: {members}; families without a number: {no_number}",
        "again": "this file is in already (delivery {delivery}); nothing changed",
        "dry": "dry run: families {families}, members {members}; nothing was recorded",
        "numbers": "numbers not taken",
        "file": "written: {path} (rows: {count})",
        "left": "left as it is: {path}; numbers are looked up only when a list is taken in with --numbers",
        "most_left": "ATTENTION: {left} of the {before} families of the list before are not in this one",
        "unknown": "ATTENTION: {count} families will not be asked: no number of theirs is known; import with --numbers",
    },
    "ru": {
        "detected": "определено",
        "rows": "строк: {rows}, принято {accepted}, отклонено {rejected}",
        "told": "причины те же, что в прежнем списке",
        "families": "семьи: добавлено {added}, изменено {changed}, без изменений {unchanged}, выбыло {left}",
        "members": "человек: {members}; семей без номера телефона: {no_number}",
        "again": "этот файл уже принят (поставка {delivery}); ничего не изменилось",
        "dry": "проверка: семей {families}, человек {members}; ничего не записано",
        "numbers": "номера не приняты",
        "file": "записан: {path} (строк: {count})",
        "left": "не изменён: {path}; номера проверяются только при приёме списка с --numbers",
        "most_left": "ВНИМАНИЕ: семей прежнего списка, которых нет в этом: {left} из {before}",
        "unknown": "ВНИМАНИЕ: запрос не получат семей: {count}; номера неизвестны, загрузите с --numbers",
    },
    "kk": {
        "detected": "анықталды",
        "rows": "{rows} жол: {accepted} қабылданды, {rejected} қабылданбады",
        "told": "себептері бұрынғы тізімдегідей",
        "families": "отбасылар: {added} қосылды, {changed} өзгерді, {unchanged} өзгеріссіз, {left} шықты",
        "members": "{members} адам; нөмірі жоқ отбасылар: {no_number}",
        "again": "бұл файл бұрын қабылданған ({delivery} жеткізілімі); ештеңе өзгерген жоқ",
        "dry": "тексеру: {families} отбасы, {members} адам; ештеңе жазылған жоқ",
        "numbers": "нөмірлер қабылданбады",
        "file": "жазылды: {path} ({count} жол)",
        "left": "өзгерген жоқ: {path}; нөмірлер тек тізім --numbers файлымен қабылданғанда тексеріледі",
        "most_left": "НАЗАР АУДАРЫҢЫЗ: бұрынғы тізімдегі {before} отбасының {left}-і бұл тізімде жоқ",
        "unknown": "НАЗАР АУДАРЫҢЫЗ: {count} отбасыға сұрау жіберілмейді: нөмірлері белгісіз; --numbers файлымен жүктеңіз",
    },
}


@dataclass(slots=True)
class ImportOutcome:
    """What came of a file, for a clerk: what it was, what was taken, what was written beside, what was left alone."""

    detected: Detected
    outcome: ListOutcome
    numbers_rejected: dict[str, int]
    written: dict[str, int]
    left_alone: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "detected": asdict(self.detected),
            **asdict(self.outcome),
            "numbers_rejected": self.numbers_rejected,
            "written": self.written,
            "left_alone": self.left_alone,
            "warnings": self.warnings(),
        }

    def warnings(self) -> list[str]:
        """What looks like a mistake of the sender's, by code: `most_families_left`, `numbers_unknown`."""
        found = []
        if self._left > self._before / 2:
            found.append("most_families_left")
        if self.outcome.number_unknown:
            found.append("numbers_unknown")
        return found

    @property
    def _left(self) -> int:
        return self.outcome.families.get("left", 0)

    @property
    def _before(self) -> int:
        """Families of the list before, those of them that changed included."""
        return sum(self.outcome.families.get(key, 0) for key in ("changed", "unchanged", "left"))

    def lines(self, language: str, told: Mapping[str, int] | None = None) -> Iterator[str]:
        """For a clerk, in `language`; of the reasons, those that are not `told` already with the same count."""
        words, outcome = WORDS[language], self.outcome
        yield f"{words['detected']}: {self.detected.sentence(language)}"
        if outcome.again:
            yield words["again"].format(delivery=outcome.delivery)
        else:
            yield from self._taken(language, told)
        for path, count in self.written.items():
            yield words["file"].format(path=path, count=count)
        for path in self.left_alone:
            yield words["left"].format(path=path)

    def _taken(self, language: str, told: Mapping[str, int] | None) -> Iterator[str]:
        words, outcome = WORDS[language], self.outcome
        yield words["rows"].format(
            rows=outcome.rows, accepted=outcome.accepted, rejected=sum(outcome.rejected.values())
        )
        new = {code: n for code, n in outcome.rejected.items() if not told or told.get(code) != n}
        yield from reasons(new, language)
        if len(new) < len(outcome.rejected):
            yield f"           {words['told']}"
        if "named" in outcome.families:
            yield words["dry"].format(families=outcome.families["named"], members=outcome.members)
        else:
            yield words["families"].format(**outcome.families)
            yield words["members"].format(members=outcome.members, no_number=outcome.no_number)
        warnings = self.warnings()
        if "most_families_left" in warnings:
            yield words["most_left"].format(left=self._left, before=self._before)
        if "numbers_unknown" in warnings:
            yield words["unknown"].format(count=outcome.number_unknown)
        for code, count in self.numbers_rejected.items():
            yield f"  {count:>7}  {words['numbers']}: {code}: {rejection_of_many(code, language)}"


def reasons(rejected: Mapping[str, int], language: str) -> Iterator[str]:
    """Why rows were rejected and how many, the most frequent first."""
    for code, count in sorted(rejected.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {count:>7}  {code}: {rejection_of_many(code, language)}"


class Import:
    """Takes in one file after another; sentences in `language`."""

    def __init__(
        self, receive_list: ReceiveList, staging: PostgresStaging, vault: PostgresVault, language: str
    ) -> None:
        self._receive_list = receive_list
        self._staging = staging
        self._vault = vault
        self._language = language

    def run(
        self,
        file: Path,
        month: ProgrammeMonth,
        *,
        at: datetime,
        numbers: Path | None = None,
        rejects: Path | None = None,
        no_number: Path | None = None,
        dry_run: bool = False,
        progress: Progress = lambda stage, done, total: None,
    ) -> ImportOutcome:
        """Take in `file` (or only check it), and write its rejected rows to `rejects`, those without a number beside.

        They are written before another list of the month is let in. A file that is in already changes nothing, but
        whoever lost its rejected rows gets them again: they are read from the file itself anew. With other numbers it is
        another delivery, for they may say who can be asked. Its `no_number`,
        like that of a dry run or of a list without `numbers`, is left as it is, for no numbers are looked up then.
        Raises ListRefusal, ListClosed, ListTooEarly, ListBusy, NobodyAccepted (the rejected rows are written all the
        same), and OSError before anything when one of them can't be written.
        """
        taken = [path for path in (file, numbers) if path is not None]
        for path in (rejects, no_number):
            if path is not None:
                check_place(path, taken)
                taken.append(path)
        source = open_list(file)
        kept = no_number if numbers is not None else None
        phone_list = read_numbers(numbers) if numbers else None
        rejected = dict(phone_list.rejected) if phone_list else {}
        found = ImportOutcome(source.detected, ListOutcome(), rejected, {})
        if dry_run:
            found.outcome = self._check(source, month, rejects, progress, found)
        else:
            with self._database(phone_list) as database:
                found.outcome = self._receive_list.run(
                    month,
                    source.rows(),
                    delivery_digest(
                        source.detected.sha256, phone_list.detected.sha256 if phone_list else None
                    ),
                    database,
                    at,
                    progress,
                    lambda outcome: self._write(
                        source, month, rejects, kept if outcome.accepted else None, found.written
                    ),
                )
            if found.outcome.again and rejects is not None:
                self._check(source, month, rejects, progress, found)
        if no_number is not None and str(no_number) not in found.written:
            found.left_alone.append(str(no_number))
        return found

    def _check(
        self,
        source: ListSource,
        month: ProgrammeMonth,
        rejects: Path | None,
        progress: Progress,
        found: ImportOutcome,
    ) -> ListOutcome:
        cycle = cycle_id(month.programme.id, f"{month.month}/dry-run")

        def back(outcome: ListOutcome) -> None:
            if rejects is not None:
                found.written[str(rejects)] = self._write_rejects(source, cycle, rejects)

        return self._receive_list.check(month, source.rows(), progress, back)

    def _database(self, numbers: Numbers | None) -> AbstractContextManager[NumberDatabase | None]:
        return FileNumbers(self._vault, numbers) if numbers is not None else nullcontext(None)

    def _write(
        self,
        source: ListSource,
        month: ProgrammeMonth,
        rejects: Path | None,
        no_number: Path | None,
        written: dict[str, int],
    ) -> None:
        cycle = cycle_id(month.programme.id, month.month)
        if rejects is not None:
            written[str(rejects)] = self._write_rejects(source, cycle, rejects)
        if no_number is not None:
            written[str(no_number)] = NoNumberFile(no_number, source, self._language).write_rows(
                self._staging.without_number(cycle)
            )

    def _write_rejects(self, source: ListSource, cycle: UUID, path: Path) -> int:
        return RejectsFile(path, source, self._language).write(self._staging.rejections(cycle))

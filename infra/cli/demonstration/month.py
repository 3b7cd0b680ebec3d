"""Play the pilot's July 2025 (R4) and tell it as it happens."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from pathlib import Path
from random import Random
from textwrap import fill
from typing import Any, TypeVar
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from domain.calendar import ALMATY, day_end
from domain.commands.counter import Counter as Tills
from domain.commands.counter_calls import Purchase
from domain.errors import Refusal
from domain.identity import cycle_id
from domain.ports import IncomingReply
from domain.programmes import ProgrammeMonth
from infra.bootstrap import Azyq, open_azyq
from infra.cli.demonstration import people
from infra.cli.demonstration.place import prepared_place
from infra.cli.demonstration.words import WORDS
from infra.cli.month_tables import grouped, month_tables
from infra.cli.progress import progress_bar
from infra.cli.verdict import audit_now, verdict_dict, verdict_lines
from infra.clock import SetClock
from infra.importing import Import
from infra.lists.columns import SHOP_COLUMNS
from infra.lists.numbers import read_numbers
from infra.lists.reading import open_list
from infra.month_report import month_report
from infra.sample import write_sample
from infra.settings import Settings
from infra.trade_importing import KINDS, import_trade

PROGRAMME, MONTH = "akkol-2025", "2025-07"
LAST_DAY = 31
AT_ONCE = 200
REPLIES_AT_ONCE = 20

Item = TypeVar("Item")


def play(
    families: int, seed: int, language: str, quiet: bool = False, until: int = LAST_DAY
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Play the month on the embedded PostgreSQL; the month report and the audit's verdict. Same seed, same figures.

    With `until` the month is played to the evening of that day of July (from 6), and its vouchers stay open.

    What AZYQ_DATA held of an earlier demonstration is made anew; other data are set aside, never lost.
    """
    settings = Settings().model_copy(
        update={
            "database_url": None,
            "env": "trial",
            "sms_gateway": "outbox:",
            "sms_per_second": 1e6,
            "clock": None,
        }
    )
    with prepared_place(settings) as (dsn, set_aside), tempfile.TemporaryDirectory() as folder:
        clock = SetClock(datetime(2025, 7, 1, 9, tzinfo=ALMATY))
        with open_azyq(settings.model_copy(update={"database_url": dsn}), clock) as azyq:
            story = Story(azyq, clock, Path(folder), seed, language, quiet)
            if set_aside:
                story.tell("set_aside", name=set_aside)
            return story.run(families, until)


class Story:
    """One month, told a day at a time."""

    def __init__(
        self, azyq: Azyq, clock: SetClock, folder: Path, seed: int, language: str, quiet: bool
    ) -> None:
        self._azyq = azyq
        self._clock = clock
        self._folder = folder
        self._seed = seed
        self._rng = Random(seed)  # noqa: S311
        self._language = language
        self._console = Console(quiet=quiet, highlight=False)
        self._quiet = quiet
        self._month: ProgrammeMonth = azyq.programme(PROGRAMME).month(MONTH)
        self._message = 0
        self._names: dict[UUID, str] = {}
        self._rejected: dict[str, int] = {}

    def tell(self, text: str, **values: Any) -> None:
        """One line of the story, in the language asked for; numbers with a space between thousands."""
        shown = {key: grouped(value) if isinstance(value, int) else value for key, value in values.items()}
        self._line(WORDS[self._language][text].format(**shown))

    def _line(self, text: str) -> None:
        """Indented; in a terminal broken between words, elsewhere left whole."""
        if self._console.is_terminal:
            hang = " " * (6 + len(text) - len(text.lstrip()))
            text = fill(text, self._console.width - 1, initial_indent="  ", subsequent_indent=hang)
        else:
            text = f"  {text}"
        self._console.print(text, markup=False, soft_wrap=True)

    def _day(self, day: int, hour: int = 9) -> date:
        self._clock.now = datetime.combine(date(2025, 7, day), time(hour), ALMATY)
        self._tell_date()
        return self._clock.now.date()

    def _tell_date(self) -> None:
        self._console.print(f"[bold cyan]{self._clock.now:%d.%m.%Y}[/bold cyan]")

    def run(self, families: int, until: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """July, to the evening of the day `until`; the report and the verdict."""
        self._console.print(
            f"[bold]{self._month.programme.names[self._language]}[/bold]"
            f"  ({MONTH}, {WORDS[self._language]['seed'].format(seed=self._seed)})"
        )
        self._lists(families)
        self._day(5)
        self._calendar(5)
        phones = sorted({phone for _, phone in read_numbers(self._folder / "numbers.csv")})
        shared = sum(len(asked) > 1 for asked in self._azyq.vault.asked_on(phones).values())
        if shared:
            self.tell("shared", count=shared)
        said = people.answers(self._rng, phones, people.ANSWER_FIRST, self._clock.now, 5)
        self._days(5, 10, said, until)
        if until >= 10:
            self._day(10)
            self._calendar(10)
            quiet = self._unanswered(phones)
            said = people.answers(self._rng, quiet, people.ANSWER_REMINDER, self._clock.now, 15)
            self._days(10, 26, said, until)
        if until >= 26:
            self._tell_replies(self._second_thoughts(phones))
            self._days(26, 32, (), until)
        if until < LAST_DAY:
            return self._end(open_vouchers=True)
        self._day(31, 23)
        self._calendar(31)
        self._late_answer(phones)
        return self._end()

    # --- the list -------------------------------------------------------------------------------------

    def _lists(self, families: int) -> None:
        bad = max(8, families // 25)
        summary = write_sample(
            self._folder,
            families=families,
            seed=self._seed,
            month=MONTH,
            kato=self._month.programme.regions,
            bad_rows=bad,
        )
        self._day(1)
        self._trade()
        self._day(2)
        self.tell("first_list", members=summary.members, families=summary.families)
        self._import(self._folder / "list.csv", datetime(2025, 7, 2, 11, tzinfo=ALMATY))
        self._day(4)
        second = self._folder / "list-2.csv"
        with (
            (self._folder / "list.csv").open(encoding="utf-8") as before,
            second.open("w", encoding="utf-8") as after,
        ):
            lines = list(islice(before, 30))
            gone = lines[1].split(",")[0]
            after.writelines(line for line in lines if not line.startswith(f"{gone},"))
            after.writelines(before)
        self.tell("second_list")
        self._import(second, datetime(2025, 7, 4, 17, tzinfo=ALMATY))

    def _trade(self) -> None:
        taken = {
            kind: import_trade(
                self._azyq.receive_trade,
                kind,
                self._folder / f"{kind}.csv",
                at=self._clock.now,
                language=self._language,
            ).outcome.new
            for kind in KINDS
        }
        self.tell("trade", **taken)
        found = self._azyq.inspect_shops.check(self._shops, self._clock.now.date(), self._clock.now)
        complete = sum(not one.missing for one in found)
        self.tell("assortment", shops=len(found), complete=complete)

    @cached_property
    def _shops(self) -> list[str]:
        rows = open_list(self._folder / "shops.csv", SHOP_COLUMNS).rows()
        return [row.values[0] for _, row in rows]

    def _import(self, file: Path, at: datetime) -> None:
        self._clock.now = at
        azyq = self._azyq
        importing = Import(azyq.receive_list, azyq.staging, azyq.vault, self._language)
        with progress_bar(not self._quiet, transient=True) as progress:
            outcome = importing.run(
                file,
                self._month,
                numbers=self._folder / "numbers.csv",
                at=at,
                rejects=self._folder / "rejects.csv",
                no_number=self._folder / "no-number.csv",
                progress=progress,
            )
        outcome.written.clear()  # they are gone with the folder
        for line in outcome.lines(self._language, told=self._rejected):
            self._line(line)
        self._rejected = outcome.outcome.rejected

    # --- the calendar and the answers -----------------------------------------------------------------

    def _calendar(self, day: int) -> None:
        programme = self._month.programme
        for done in self._azyq.run_programme.run(programme, date(2025, 7, day), self._clock):
            self.tell(f"task_{done.outcome.task}", families=done.outcome.families)

    def _replies(self, said: Sequence[people.Said]) -> Counter[str]:
        """These answers arrive, and what follows from them is sent; how many had which outcome."""
        outcomes: Counter[str] = Counter()
        for batch in _batches(said, REPLIES_AT_ONCE):
            replies = []
            for one in batch:
                self._message += 1
                replies.append(
                    IncomingReply(f"demo-{self._message}", one.phone, "1414", one.text, one.at, "demo")
                )
            outcomes.update(self._azyq.record_reply.run(replies))
            self._clock.now = max(self._clock.now, batch[-1].at)
            self._azyq.drain_sms()
        return outcomes

    def _tell_replies(self, outcomes: Counter[str]) -> None:
        words = WORDS[self._language]
        kinds = ", ".join(
            f"{words[code]} {grouped(count)}" for code, count in outcomes.most_common() if count
        )
        if kinds:
            self.tell("replies", count=outcomes.total(), kinds=kinds)

    def _unanswered(self, phones: Sequence[str]) -> list[str]:
        asked = self._azyq.vault.asked_on(phones)
        waiting = {s.hex for s in self._all_in("asked")}
        return [phone for phone in phones if any(stream in waiting for stream in asked.get(phone, []))]

    def _second_thoughts(self, phones: Sequence[str]) -> Counter[str]:
        asked = self._azyq.vault.asked_on(phones)
        opened = {s.hex for s in self._all_in("activated")}
        holders = [p for p in phones if any(s in opened for s in asked.get(p, []))]
        said = [people.Said(p, "21*2", self._clock.now + timedelta(hours=1)) for p in holders]
        return self._replies([one for one in said if self._rng.randrange(100) < people.WITHDRAW])

    def _late_answer(self, phones: Sequence[str]) -> None:
        self._clock.now = day_end(date(2025, 7, 31)) + timedelta(hours=9)
        self._tell_date()
        asked = sorted(self._azyq.vault.asked_on(phones))
        late = [people.Said(phone, "21*1", self._clock.now) for phone in asked[:2]]
        self._tell_replies(self._replies(late))

    # --- the vouchers ---------------------------------------------------------------------------------

    def _all_in(self, *stages: str) -> list[UUID]:
        """Families in these stages, in the order of the list's family_id: ids of ours differ from run to run."""
        after: UUID | None = None
        found: list[UUID] = []
        while streams := self._azyq.log.families(cycle_id(PROGRAMME, MONTH), stages, after, AT_ONCE):
            found += streams
            after = streams[-1]
        return self._in_order(found)

    def _in_order(self, streams: Sequence[UUID]) -> list[UUID]:
        unknown = [stream for stream in streams if stream not in self._names]
        subjects = {stream: family.family for stream, family in self._azyq.log.load(unknown).items()}
        names = self._azyq.vault.family_references(list(subjects.values()))
        self._names.update((stream, names[subject]) for stream, subject in subjects.items())
        return sorted(streams, key=self._names.__getitem__)

    def _days(self, first: int, end: int, said: Sequence[people.Said], last: int) -> None:
        """The days from `first` until before `end`, none after `last`: recipients open their vouchers, buy, and
        answer as `said`."""
        if last < end - 1:
            end = last + 1
            said = [one for one in said if one.at <= day_end(date(2025, 7, last))]
        opened, bought, refused, outcomes = 0, 0, Counter[str](), Counter[str]()
        shopping, tills = self._shopping
        with self._bar("days", end - first) as step:
            for day in range(first, end):
                self._clock.now = datetime.combine(date(2025, 7, day), time(9, 30), ALMATY)
                opened += self._activate(50 if day < 31 else 0)
                self._settle_holds()
                look = self._azyq.desk.look(self._shops)
                shopping.go_to(look, self._clock.now.date())
                purchases = self._purchases(shopping, day)
                for result in tills.run(purchases, look) if purchases else []:
                    if isinstance(result, Refusal):
                        refused[result.code] += 1
                    else:
                        bought += 1
                until = day_end(date(2025, 7, day)) if day < end - 1 else None
                today = [one for one in said if until is None or one.at <= until]
                said = said[len(today) :]
                outcomes += self._replies(today)
                self._clock.now = max(self._clock.now, datetime.combine(date(2025, 7, day), time(22), ALMATY))
                step(1)
        self._tell_replies(outcomes)
        self.tell("opened", families=opened, first=first, last=end - 1)
        words = WORDS[self._language]
        why = "; ".join(f"{words.get(code, code)} {count}" for code, count in refused.most_common())
        at_tills = words["tills"].format(why=why) if why else ""
        self.tell("bought", first=first, last=end - 1, count=bought, refused=at_tills)

    @cached_property
    def _shopping(self) -> tuple[people.Shopping, Tills]:
        azyq = self._azyq
        goods = self._month.programme.catalogue(azyq.goods).on(self._month.valid_from)
        shopping = people.Shopping(self._rng, self._shops, goods, self._month.terms)
        return shopping, Tills(azyq.log, azyq.month_of, azyq.goods)

    def _activate(self, share: int) -> int:
        count = 0
        for streams in _batches(self._all_in("consented"), AT_ONCE):
            families = self._azyq.log.load([s for s in streams if self._rng.randrange(100) < share])
            for family in families.values():
                count += family.activate(self._month, via="link", at=self._clock.now)
            self._azyq.log.save(*families.values())
        return count

    def _purchases(self, shopping: people.Shopping, day: int) -> list[Purchase]:
        buyers = [s for s in self._all_in("activated") if self._rng.randrange(100) < people.BUY_A_DAY]
        opens = datetime.combine(date(2025, 7, day), time(10), ALMATY)
        return [
            shopping.basket(stream, opens + timedelta(minutes=self._rng.randrange(0, 660)))
            for stream in buyers
        ]

    def _settle_holds(self) -> None:
        """Most payments that were held succeed the next moment; the rest time out, or come back the day after."""
        streams = self._azyq.log.held_until(day_end(self._clock.now.date()), AT_ONCE)
        families = self._azyq.log.load(streams)
        for stream in self._in_order(list(families)):
            family = families[stream]
            for held in [r for r in family.redemptions.values() if r.status == "held"]:
                until = datetime.fromisoformat(str(held.hold_until))
                if self._rng.randrange(4):
                    family.capture(
                        self._month, redemption=held.id, key=f"c-{held.key}", at=until - timedelta(minutes=9)
                    )
                    if not self._rng.randrange(3):
                        family.reverse(
                            self._month,
                            redemption=held.id,
                            reversal=f"{held.id[:24]}reversal",
                            key=f"r-{held.key}",
                            body="whole",
                            lines=None,
                            reason="goods returned",
                            at=self._clock.now,
                        )
            family.release_holds(self._month, self._clock.now)
        self._azyq.log.save(*families.values())

    # --- the end --------------------------------------------------------------------------------------

    def _end(self, open_vouchers: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        self._azyq.catch_up_views()
        report = month_report(self._azyq.view_store, self._month)
        if not self._quiet:
            month_tables(report, self._language)
        verdict = audit_now(self._azyq, show_progress=False)
        for line in verdict_lines(verdict, self._language):
            self._console.print(line, markup=False, soft_wrap=True)
        if not self._quiet:
            self.tell("look", data=self._azyq.settings.data)
            if open_vouchers:
                morning = datetime.combine(self._clock.now.date() + timedelta(days=1), time(9), ALMATY)
                self.tell("counter", clock=morning.isoformat())
            else:
                self.tell("counter_closed")
        return report, verdict_dict(verdict)

    @contextmanager
    def _bar(self, text: str, total: int) -> Iterator[Any]:
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as progress:
            task = progress.add_task(WORDS[self._language][f"bar_{text}"], total=total)
            yield lambda done: progress.advance(task, done)


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

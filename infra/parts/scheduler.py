"""The scheduler: the calendar of every programme, holds that time out, SMS that are due."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta

import structlog

from domain.calendar import local_day
from domain.commands.inspect_shops import SHOPS_AT_ONCE
from domain.commands.run_day import ListMissing
from domain.errors import Refusal
from infra.bootstrap import Azyq
from infra.clock import real_clock
from infra.parts.access import AnalystAccess
from infra.parts.nightly_audit import audit_nightly
from infra.parts.office.list_work import approved_months
from infra.parts.reader_watch import release_months, watch_readers
from infra.postgres.shop_lists import shops_in_batches
from infra.sealing import seal_what_is_over
from streams.trouble import where

SCHEDULER_SECONDS = 5.0
UPLOADS_WAIT = timedelta(days=1)

log = structlog.get_logger("azyq")


class _Stopped(Exception):
    """The process is to end."""


class Scheduler:
    """Does what is due: SMS, holds that timed out, and the calendar's days, each once."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._complained: set[str] = set()
        self._inspected_on: date | None = None
        self._sealed_on: date | None = None
        self._access = AnalystAccess(azyq)

    def tick(self) -> None:
        """One round. What a rule refuses, or what the gateway leaves waiting, is tried again at the next.

        When the process is to end, it ends after the batch or the messages at hand: the next round goes on.
        """
        with suppress(_Stopped):
            self._round()

    def _round(self) -> None:
        azyq = self._azyq
        try:
            azyq.run_programme.release_holds(azyq.clock)
        except Exception as error:
            self._lament_once("holds", error)
        day = local_day(azyq.clock())
        approved = {programme for programme, _ in approved_months(azyq)}
        for programme in azyq.programmes.values():
            self._go_on()
            if programme.id in approved:
                continue  # whom the list names is to be known before anybody is asked, or the list is closed
            try:
                done = azyq.run_programme.run(
                    programme, day, azyq.clock, only_when_over=True, progress=self._go_on
                )
            except ListMissing as refusal:
                self._complain_once(f"{programme.id} {day:%Y-%m}", refusal)
            except Refusal as refusal:
                self._complain_once(f"{programme.id} {refusal.code} {day}", refusal)
            except _Stopped:
                raise
            except Exception as error:
                self._lament_once(programme.id, error)
            else:
                for task in done:
                    log.info("calendar", programme=programme.id, month=task.month, **asdict(task.outcome))
        self._look_after_cases()
        self._look_after_readers()
        azyq.drain_sms()
        self._inspect(day)
        self._seal(day)

    def _seal(self, day: date) -> None:
        """Once a day: seal the log of the days that are over (R29)."""
        azyq = self._azyq
        if self._sealed_on == day or not azyq.settings.keeps_time:
            return
        self._sealed_on = day
        if azyq.seal_keys is None:
            log.warning("seal_key_unset", reason="AZYQ_SEAL_KEY is unset: the log is not sealed")
            return
        seal = seal_what_is_over(azyq.dsn, azyq.log, azyq.seal_keys, azyq.clock())
        if seal is not None:
            log.info(
                "sealed", on=seal.on, number=seal.number, upto=seal.upto, events=seal.events, seal=seal.hash
            )

    def _look_after_cases(self) -> None:
        """Terms of cases that are over (S002-04), and uploads that no case took over within a day."""
        azyq, now = self._azyq, self._azyq.clock()
        try:
            done = azyq.settle_cases.run_due(now, self._go_on)
            azyq.vault.papers.purge_staged(real_clock() - UPLOADS_WAIT)
        except _Stopped:
            raise
        except Exception as error:
            self._lament_once("cases", error)
            return
        for case, code in done.failed.items():
            self._lament_case_once(case, code)
        if done.acted or done.overdue:
            log.info("cases", looked_at=done.cases, acted=done.acted, overdue=done.overdue)

    def _look_after_readers(self) -> None:
        """What cases of analysts and auditors have come to: their grants and roles, and the end of both (A4–A6)."""
        try:
            refused = self._access.follow_cases(self._go_on)
        except _Stopped:
            raise
        except Exception as error:
            self._lament_once("readers", error)
            return
        for about, code in refused.items():
            self._lament_case_once(about, code)

    def _lament_case_once(self, case: str, code: str) -> None:
        if (lament := f"case {case} {code}") not in self._complained:
            self._complained.add(lament)
            log.error("case_failed", case=case, code=code)

    def _inspect(self, day: date) -> None:
        """Once a day: which listed foods shops have not got (O3.1), for those with a loan a breach (R12)."""
        if self._inspected_on == day:
            return
        azyq, checked, lacking = self._azyq, 0, 0
        try:
            for shops in shops_in_batches(azyq.view_store, SHOPS_AT_ONCE):
                self._go_on()
                found = azyq.inspect_shops.check(shops, day, azyq.clock())
                checked += len(found)
                lacking += sum(bool(one.missing) for one in found)
        except Refusal as refusal:
            self._complain_once(f"assortment {refusal.code}", refusal)
        self._inspected_on = day
        if checked:
            log.info("assortment", on=day.isoformat(), shops=checked, lacking=lacking)

    def _go_on(self, *progress: object) -> None:
        if self._azyq.stopping.is_set():
            raise _Stopped

    def _complain_once(self, about: str, refusal: Refusal) -> None:
        if about not in self._complained:
            self._complained.add(about)
            log.warning("calendar", about=about, code=refusal.code, reason=refusal.sentence("en"))

    def _lament_once(self, about: str, error: Exception) -> None:
        """Tell what no rule foresaw, without its text, which may hold values; the rest of the round goes on."""
        kind, at = type(error).__name__, where(error)
        if (lament := f"{about} {kind} {at}") not in self._complained:
            self._complained.add(lament)
            log.error("calendar_failed", about=about, error=kind, at=at)


def schedule(azyq: Azyq, stop: threading.Event, wake: threading.Event) -> None:
    """A round every few seconds, and when `wake` is set, until `stop`."""
    scheduler = Scheduler(azyq)
    # A round may take long; a reader that holds up the database may not.
    beside = [
        threading.Thread(target=work, args=(azyq, AnalystAccess(azyq), stop), name=name, daemon=True)
        for name, work in (("readers", watch_readers), ("releases", release_months))
    ]
    beside.append(threading.Thread(target=audit_nightly, args=(azyq, stop), name="audits", daemon=True))
    for thread in beside:
        thread.start()
    while not stop.is_set():
        try:
            scheduler.tick()
        except Exception as error:
            log.error("scheduler round failed; trying again", exc_info=error)
        wake.wait(SCHEDULER_SECONDS)
        wake.clear()
    for thread in beside:
        thread.join()

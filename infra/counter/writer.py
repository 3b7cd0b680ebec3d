"""The writer: what was asked for at the counters is decided a batch at a time and saved in one transaction (R25–R27)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import psycopg2
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from domain.commands.conflicts import until_saved
from domain.commands.counter import Counter
from domain.commands.counter_calls import Answer, Call
from domain.commands.terminals import Credentials
from domain.errors import Refusal
from domain.ports import LogConflict
from infra.counter.admission import Admission, Caller
from infra.postgres.desk import Look

UNAVAILABLE = (psycopg2.OperationalError, psycopg2.InterfaceError, OperationalError, InterfaceError)

log = structlog.get_logger("azyq")


class Wanted(NamedTuple):
    """What a terminal asks for: who it says to be, when it asked, and the call once it is known who asks."""

    credentials: Credentials
    at: datetime
    call: Callable[[Caller], Call]


class Writer:
    """`work` decides and saves a batch; for one thread."""

    def __init__(self, counter: Counter, admission: Admission, refused: Callable[[str, str], None]) -> None:
        """`refused` hears of each refusal: the shop, and the code."""
        self._refused = refused
        self._counter = counter
        self._admission = admission

    def work(self, batch: Sequence[Wanted]) -> list[Answer | BaseException]:
        """The answer, the refusal or the trouble of each, in order. An answer is given only for what is committed.

        A batch that met another writer's events, or a call that fails by itself, is gone through one by one.
        Raises UNAVAILABLE when nothing could be recorded.
        """
        callers, floor = self._admission.admit([(one.credentials, one.at) for one in batch])
        results: list[Answer | BaseException] = list(callers)  # type: ignore[arg-type]
        calls: dict[int, Call] = {}
        for at, (one, caller) in enumerate(zip(batch, callers, strict=True)):
            if isinstance(caller, Caller):
                calls[at] = one.call(caller)
        if not calls:
            return results
        try:
            answers: Sequence[Answer | BaseException] = self._counter.attempt(list(calls.values()), floor)
        except UNAVAILABLE:
            raise
        except Exception as error:
            if not isinstance(error, LogConflict):
                log.error("batch_failed", error=type(error).__name__, calls=len(calls))
            answers = self._one_by_one(list(calls.values()), floor)
        for at, answer in zip(calls, answers, strict=True):
            results[at] = answer
            if isinstance(answer, Refusal):
                caller = callers[at]
                assert isinstance(caller, Caller)
                self._refused(caller.shop, answer.code)
        return results

    def _one_by_one(self, calls: Sequence[Call], floor: Look) -> list[Answer | BaseException]:
        answers: list[Answer | BaseException] = []
        gone: BaseException | None = None
        for call in calls:
            if gone is not None:
                answers.append(gone)  # it would wait as long, and all behind it
                continue
            try:
                answers.append(self._alone(call, floor))
            except UNAVAILABLE as error:
                gone = error
                answers.append(error)
            except Exception as error:
                answers.append(error)
        return answers

    def _alone(self, call: Call, floor: Look) -> Answer | Refusal:
        return until_saved(lambda: self._counter.attempt([call], floor)[0])

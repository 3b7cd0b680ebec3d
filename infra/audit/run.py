"""The audit of a database: its log by the rules, and the tables beside the log by the log.

One pass over the log in order of stream, in one snapshot; what is held in memory does not grow with the log. Tables
are compared by sums of hashes, which no order of rows changes, kept apart by the first byte of the stream; only where
a sum differs are the streams of that byte folded again to find the row.
"""

from __future__ import annotations

import heapq
import tempfile
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC
from typing import IO, Any, cast

import orjson
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from domain.audit.audited_log import Findings
from domain.audit.cases import CaseBook
from domain.audit.facts import Finding, azyq_name, instant
from domain.audit.log_fold import MALFORMED, LogFold, StreamEnd
from domain.audit.trade import TradeBook
from domain.audit_events import Verdict
from domain.goods import GoodsCatalogue
from domain.programmes import Programme
from infra.audit.counts import Counted, compare_counts, counted
from infra.audit.streams import LogStreams, open_snapshot
from infra.audit.sums import Sums, bounds, sums_of
from infra.audit.views import ViewsAudited
from infra.audit.views_beside import views_beside
from infra.sealing import SealCheck, check_seals

PROGRESS_EVERY = 20_000
NAMES_IN_MEMORY = 2_000_000
_MASK = 2**64 - 1

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What an audit saw: the first of the findings (100 at most), and how many there are of each check.

    `checks` is how many times each check ran; `head` the log position that the audit is about.
    """

    head: int
    events: int
    streams: int
    findings: list[Finding]
    found: dict[str, int]
    checks: dict[str, int]
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def first(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    @property
    def holds(self) -> bool:
        return not self.found


def run_audit(
    dsn: str,
    programmes: Mapping[str, Programme],
    goods: GoodsCatalogue,
    progress: Progress = lambda stage, done, total: None,
    seal_keys: Sequence[str] = (),
) -> AuditVerdict:
    """Audit the database `dsn` as of now; writers are not held up. `progress(stage, done, total)`.

    `seal_keys` are the public keys that seals may be signed by; without any, whatever a seal names is trusted.
    """
    started = time.perf_counter()
    with closing(open_snapshot(dsn)) as connection:
        head, total = _size(connection)
        # Beside the fold: the database hashes what is sealed, while Python folds.
        with (
            ThreadPoolExecutor(1, "azyq-seals") as beside,
            views_beside(connection, dsn, head, total) as views,
        ):
            seals = beside.submit(check_seals, dsn, seal_keys)
            audit = _Audit(connection, programmes, goods, progress)
            return audit.run(head, total, started, views, seals.result)


def verdict_kept(verdict: AuditVerdict) -> Verdict:
    """What of it is left in the log."""
    first = verdict.first.check if verdict.first else ""
    checks, findings = sum(verdict.checks.values()), sum(verdict.found.values())
    return Verdict(verdict.head, verdict.events, checks, findings, first)


def _size(connection: Connection) -> tuple[int, int]:
    """The log's last position, and how many events there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(notification_id), 0), count(*) FROM azyq_log.azyq_events")
        return cast(tuple[int, int], cursor.fetchone())


class _Audit:
    def __init__(
        self,
        connection: Connection,
        programmes: Mapping[str, Programme],
        goods: GoodsCatalogue,
        progress: Progress,
    ) -> None:
        self._connection = connection
        self._programmes = programmes
        self._goods = goods
        self._progress = progress
        self._log = LogStreams(connection)

    def run(
        self,
        head: int,
        total: int,
        started: float,
        views: Callable[[], ViewsAudited],
        seals: Callable[[], SealCheck],
    ) -> AuditVerdict:
        names = _Names()
        tables = {"stage_table": Sums(), "claim": Sums()}

        def on_end(end: StreamEnd) -> None:
            bucket = int(end.stream[:2], 16)
            tables["stage_table"].add(bucket, _stage_line(end))
            for line in _claim_lines(end):
                tables["claim"].add(bucket, line)

        fold = LogFold(
            self._programmes, self._goods, on_end, names.add, self._trade_book(), self._case_book()
        )
        earlier: list[Counted] = []
        for done, raw in enumerate(self._log.raws(), 1):
            hexed, data = raw.stream.replace("-", ""), _object(raw.state)
            fold.feed(raw.position, hexed, raw.version, raw.topic or "", data)
            if raw.topic == "audit.ended":
                earlier += counted(raw.position, hexed, raw.version, data)
            if done % PROGRESS_EVERY == 0:
                self._progress("log", done, total)
        fold.finish()
        self._progress("log", total, total)
        findings = fold.findings
        for finding in self._twice(names):
            findings.add(finding)
        ran = fold.checks()
        self._progress("tables", 0, None)
        self._compare_stages(tables["stage_table"], findings, ran)
        self._compare_claims(tables["claim"], findings, ran)
        of_views = views()
        findings.take(of_views.findings)
        ran |= of_views.ran
        for finding in compare_counts(self._connection, earlier):
            findings.add(finding)
        sealed = seals()
        for finding in sealed.findings:
            findings.add(finding)
        if sealed.seals:
            ran["seal"] = sealed.seals
        return AuditVerdict(
            head,
            fold.events,
            fold.streams,
            findings.first(),
            dict(findings.by_check),
            ran,
            time.perf_counter() - started,
            of_views.notes,
        )

    # --- the log --------------------------------------------------------------------------------------

    def _trade_book(self) -> TradeBook:
        """Shops, articles, prices and terminals, in order of the log; what can't be read is the fold's to tell."""
        book = TradeBook()
        for raw in self._log.in_order(
            "WHERE topic ^@ 'shop.' OR topic ^@ 'catalogue.' OR topic ^@ 'market.' OR topic ^@ 'terminal.'"
        ):
            with suppress(*MALFORMED):
                book.feed(raw.position, raw.topic or "", _object(raw.state))
        return book

    def _case_book(self) -> CaseBook:
        """Services, sittings and the persons of staff, in order of the log; what can't be read is the fold's to tell."""
        book = CaseBook()
        for raw in self._log.in_order(
            "WHERE topic ^@ 'service.' OR topic ^@ 'sitting.' OR topic = 'staff.identified'"
        ):
            with suppress(*MALFORMED):
                book.feed(raw.position, raw.stream.replace("-", ""), raw.topic or "", _object(raw.state))
        return book

    def _refold(self, fold: LogFold, where: str = "", values: tuple[Any, ...] = ()) -> Iterator[None]:
        """Feed `fold` these streams again."""
        for raw in self._log.raws(where, values):
            fold.feed(
                raw.position, raw.stream.replace("-", ""), raw.version, raw.topic or "", _object(raw.state)
            )
            yield
        fold.finish()
        yield

    def _ends(self, where: str, values: tuple[Any, ...]) -> Iterator[StreamEnd]:
        """What these streams come to, folded again."""
        ends: list[StreamEnd] = []
        fold = LogFold(self._programmes, self._goods, ends.append, lambda *_: None)
        for _ in self._refold(fold, where, values):
            yield from ends
            ends.clear()

    def _bucket_ends(self, bucket: int) -> Iterator[StreamEnd]:
        return self._ends("WHERE originator_id BETWEEN %s AND %s", bounds(bucket))

    # --- names that are there once --------------------------------------------------------------------

    def _twice(self, names: _Names) -> Iterator[Finding]:
        suspects = names.twice()
        if not suspects:
            return
        seen: dict[tuple[str, str], list[tuple[int, str, int, str]]] = defaultdict(list)

        def note(check: str, name: str, position: int, stream: str, version: int, topic: str) -> None:
            if _digest(check, name) in suspects:
                seen[check, name].append((position, stream, version, topic))

        for _ in self._refold(LogFold(self._programmes, self._goods, lambda _: None, note)):
            pass
        for (check, _), places in seen.items():
            # By position: the first use is right, each later one is to blame.
            first, *later = sorted(places)
            for position, stream, version, topic in later:
                what = f"was used before, at position {first[0]} by the stream {first[1]}"
                name = "the shop's receipt" if check == "receipt_once" else "the redemption's id"
                yield Finding(check, "R27", position, stream, version, topic, f"{name} {what}")

    # --- tables beside the log ------------------------------------------------------------------------

    def _compare_stages(self, expected: Sums, findings: Findings, ran: dict[str, int]) -> None:
        select = (
            "SELECT encode(uuid_send(stream), 'hex') || ' ' || encode(uuid_send(cycle), 'hex') || ' ' || stage"
            " || ' ' || coalesce(to_char(held_until AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '')"
            " FROM azyq_log.family_stage"
        )
        ran["stage_table"] = expected.rows
        for bucket in self._differing(select, expected):
            lines = self._bucket_lines(select, bucket)
            found = {line[:32].decode(): line for line in lines}
            for end in self._bucket_ends(bucket):
                line, now = _stage_line(end), found.pop(end.stream, None)
                if now != line:
                    is_now = "nothing" if now is None else now[66:].decode(errors="replace")
                    what = f"the stage is {line[66:].decode()}by the events, {is_now} in the table"
                    findings.add(Finding("stage_table", "R21", None, end.stream, 0, "", what))
            for stream in found:
                what = "a stage of a family that has no events"
                findings.add(Finding("stage_table", "R21", None, stream, 0, "", what))

    def _compare_claims(self, expected: Sums, findings: Findings, ran: dict[str, int]) -> None:
        select = "SELECT encode(uuid_send(stream), 'hex') || ' ' || encode(uuid_send(key), 'hex') FROM azyq_log.claim"
        ran["claim"] = ran["member_one_family"] = expected.rows
        for bucket in self._differing(select, expected):
            found = set(self._bucket_lines(select, bucket))
            for end in self._bucket_ends(bucket):
                for line in _claim_lines(end):
                    if line in found:
                        found.discard(line)
                    else:
                        findings.add(self._missing_claim(end, line))
            for line in found:
                what = "claims a person whom its events don't name"
                findings.add(Finding("claim", "R5", None, line[:32].decode(), 0, "", what))

    def _missing_claim(self, end: StreamEnd, line: bytes) -> Finding:
        key = line[33:65].decode()
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT stream FROM azyq_log.claim WHERE key = %s", (key,))
            row = cursor.fetchone()
        if row is not None:
            owner = str(row[0]).replace("-", "")
            for other in self._ends("WHERE originator_id = %s", (owner,)):
                if owner != end.stream and any(claim[33:65].decode() == key for claim in _claim_lines(other)):
                    # Both name the person: the event that came later is to blame.
                    late, early = sorted((end, other), key=lambda e: e.listed[0], reverse=True)
                    position, version, topic = late.listed
                    what = f"a person who is a member of the family {early.stream} too"
                    return Finding("member_one_family", "R5", position, late.stream, version, topic, what)
        what = "a person of this family is claimed by another stream" if row else "a person isn't claimed"
        return Finding("claim", "R5", None, end.stream, 0, "", what)

    def _differing(self, select: str, expected: Sums) -> list[int]:
        return expected.differing(sums_of(self._connection, sql.SQL(select)))

    def _bucket_lines(self, select: str, bucket: int) -> list[bytes]:
        with self._connection.cursor() as cursor:
            cursor.execute(f"{select} WHERE stream BETWEEN %s AND %s", bounds(bucket))
            return [f"{row[0]}\n".encode() for row in cursor]


def _object(state: bytes | memoryview | None) -> dict[str, Any]:
    """An event's fields; none when the state is no object, which the fold then says of it."""
    try:
        found = orjson.loads(state or b"")
    except orjson.JSONDecodeError:
        return {}
    return found if type(found) is dict else {}


def _stage_line(end: StreamEnd) -> bytes:
    held = ""
    if end.held_until:
        held = instant(end.held_until).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{end.stream} {azyq_name(f'cycle/{end.cycle}')} {end.stage} {held}\n".encode()


def _claim_lines(end: StreamEnd) -> list[bytes]:
    prefix = f"member/{end.cycle}/"
    return [f"{end.stream} {azyq_name(prefix + member)}\n".encode() for member in end.members]


class _Names:
    """Which names came twice: by 64-bit digests, in sorted runs on disk when there are many."""

    def __init__(self) -> None:
        self._digests = array("Q")
        self._runs: list[IO[bytes]] = []

    def add(self, check: str, name: str, position: int, stream: str, version: int, topic: str) -> None:
        self._digests.append(_digest(check, name))
        if len(self._digests) >= NAMES_IN_MEMORY:
            run = tempfile.TemporaryFile(prefix="azyq-audit-")  # noqa: SIM115 - lives until `twice`
            array("Q", sorted(self._digests)).tofile(run)
            self._runs.append(run)
            self._digests = array("Q")

    def twice(self) -> set[int]:
        """Digests that came more than once."""
        found: set[int] = set()
        before = -1
        for digest in heapq.merge(sorted(self._digests), *map(_read_run, self._runs)):
            if digest == before:
                found.add(digest)
            before = digest
        for run in self._runs:
            run.close()
        return found


def _read_run(run: IO[bytes]) -> Iterator[int]:
    run.seek(0)
    while chunk := run.read(8 * 65536):
        yield from memoryview(chunk).cast("Q")


def _digest(check: str, name: str) -> int:
    return hash((check, name)) & _MASK

"""Where the rows of a delivery wait: by subject ids, in unlogged tables that a crash may empty (the file is read again)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

import orjson
from psycopg2.extensions import connection as Connection

from domain.commands.list_staging import StagedFamily, StagedRow
from infra.postgres.connect import APP_ROLE, connect

STAGING_MIGRATIONS: list[tuple[str, str]] = [
    (
        "staging-1-tables",
        """
        CREATE UNLOGGED TABLE azyq_log.staged_row (
            cycle uuid NOT NULL, row integer NOT NULL, family uuid NOT NULL, member uuid NOT NULL,
            applicant boolean NOT NULL, region text NOT NULL, has_number boolean
        );
        CREATE INDEX staged_row_family ON azyq_log.staged_row (cycle, family);
        CREATE UNLOGGED TABLE azyq_log.staged_rejection (
            cycle uuid NOT NULL, row integer NOT NULL, code text NOT NULL, details jsonb NOT NULL
        );
        CREATE INDEX staged_rejection_row ON azyq_log.staged_rejection (cycle, row);
        GRANT SELECT, INSERT, UPDATE, DELETE ON azyq_log.staged_row, azyq_log.staged_rejection TO azyq_app;
        """,
    ),
    (
        "staging-2-owner",
        """
        -- Only an owner's ANALYZE counts, and without it each page of families sorts all that follow.
        ALTER TABLE azyq_log.staged_row OWNER TO azyq_app;
        ALTER TABLE azyq_log.staged_rejection OWNER TO azyq_app;
        """,
    ),
]


class PostgresStaging:
    """`domain.commands.list_staging.Staging` on PostgreSQL; one import at a time uses an object of it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(
                self._dsn, role=APP_ROLE, autocommit=True, application_name="azyq-import"
            )
        return self._connection

    @contextmanager
    def exclusive(self, cycle: UUID) -> Iterator[bool]:
        """An advisory lock of the session: the server frees it when this process dies."""
        key = cycle.int & (2**63 - 1)
        connection = self._open()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (key,))
            row = cursor.fetchone()
            mine = bool(row and row[0])
            try:
                yield mine
            finally:
                if mine and not connection.closed:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", (key,))

    def begin(self, cycle: UUID) -> None:
        """Forget what an earlier run staged."""
        with self._open().cursor() as cursor:
            for table in ("staged_row", "staged_rejection"):
                cursor.execute(f"DELETE FROM azyq_log.{table} WHERE cycle = %s", (str(cycle),))

    def add(self, cycle: UUID, rows: Sequence[StagedRow]) -> None:
        """Stage accepted rows."""
        text = "".join(
            "\t".join(
                (
                    str(cycle),
                    str(r.row),
                    r.family,
                    r.member,
                    "t" if r.applicant else "f",
                    r.region,
                    "\\N" if r.has_number is None else ("t" if r.has_number else "f"),
                )
            )
            + "\n"
            for r in rows
        )
        with self._open().cursor() as cursor:
            cursor.copy_expert("COPY azyq_log.staged_row FROM STDIN", io.StringIO(text))

    def reject(self, cycle: UUID, rejections: Iterable[tuple[int, str, Mapping[str, object]]]) -> None:
        """Note rows that were not accepted."""
        found = [
            {"cycle": str(cycle), "row": row, "code": code, "details": dict(details)}
            for row, code, details in rejections
        ]
        if found:
            with self._open().cursor() as cursor:
                cursor.execute(
                    "INSERT INTO azyq_log.staged_rejection"
                    " SELECT * FROM json_populate_recordset(NULL::azyq_log.staged_rejection, %s::json)",
                    (orjson.dumps(found, default=str).decode(),),
                )

    def forget_accepted(self, cycle: UUID) -> None:
        """Keep the rejections alone."""
        with self._open().cursor() as cursor:
            cursor.execute("DELETE FROM azyq_log.staged_row WHERE cycle = %s", (str(cycle),))

    def settle(self, cycle: UUID, family_limit: int) -> None:
        """Reject what only the whole file tells."""
        with self._open().cursor() as cursor:
            cursor.execute("ANALYZE azyq_log.staged_row")
            cursor.execute(
                """
                WITH ranked AS (
                    SELECT row, family, row_number() OVER w AS nth, first_value(family) OVER w AS first,
                           first_value(row) OVER w AS first_row
                    FROM azyq_log.staged_row WHERE cycle = %(cycle)s
                    WINDOW w AS (PARTITION BY member ORDER BY row)
                ), doubled AS (
                    DELETE FROM azyq_log.staged_row s USING ranked r
                    WHERE s.cycle = %(cycle)s AND s.row = r.row AND r.nth > 1 RETURNING s.row
                )
                INSERT INTO azyq_log.staged_rejection
                SELECT %(cycle)s, r.row,
                       CASE WHEN r.family = r.first THEN 'iin_twice_in_file' ELSE 'iin_in_other_family' END,
                       jsonb_build_object('field', 'iin', 'first_row', r.first_row)
                FROM ranked r WHERE r.nth > 1
                """,
                {"cycle": str(cycle)},
            )
            cursor.execute(
                """
                WITH wrong AS (
                    SELECT family, CASE
                        WHEN count(*) FILTER (WHERE applicant) = 0 THEN 'family_without_applicant'
                        WHEN count(*) FILTER (WHERE applicant) > 1 THEN 'family_with_two_applicants'
                        ELSE 'family_too_large' END AS code
                    FROM azyq_log.staged_row WHERE cycle = %(cycle)s GROUP BY family
                    HAVING count(*) FILTER (WHERE applicant) <> 1 OR count(*) > %(limit)s
                ), gone AS (
                    DELETE FROM azyq_log.staged_row s USING wrong w
                    WHERE s.cycle = %(cycle)s AND s.family = w.family RETURNING s.row, w.code
                )
                INSERT INTO azyq_log.staged_rejection
                SELECT %(cycle)s, row, code, jsonb_build_object('field', 'family_id', 'limit', %(limit)s) FROM gone
                """,
                {"cycle": str(cycle), "limit": family_limit},
            )

    def families(self, cycle: UUID, at_once: int) -> Iterator[list[StagedFamily]]:
        """Families by id, `at_once` a list, applicant first, then in the file's order."""
        with self._open().cursor() as cursor:
            after = str(UUID(int=0))
            while True:
                cursor.execute(
                    """
                    SELECT family, array_agg(member ORDER BY applicant DESC, row)::text[],
                           (array_agg(region ORDER BY applicant DESC))[1],
                           (array_agg(has_number ORDER BY applicant DESC))[1]
                    FROM azyq_log.staged_row WHERE cycle = %s AND family > %s
                    GROUP BY family ORDER BY family LIMIT %s
                    """,
                    (str(cycle), after, at_once),
                )
                rows = cursor.fetchall()
                if not rows:
                    return
                after = rows[-1][0]
                yield [
                    StagedFamily(
                        family.replace("-", ""),
                        members[0].replace("-", ""),
                        region,
                        [member.replace("-", "") for member in members],
                        has_number,
                    )
                    for family, members, region, has_number in rows
                ]

    def count_families(self, cycle: UUID) -> int:
        """How many families the delivery names."""
        return self.accepted(cycle)[1]

    def names(self, cycle: UUID, families: Sequence[str]) -> set[str]:
        """Which of these families the delivery names."""
        with self._open().cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT family FROM azyq_log.staged_row WHERE cycle = %s AND family = ANY(%s::uuid[])",
                (str(cycle), list(families)),
            )
            return {row[0].replace("-", "") for row in cursor}

    def rejections(self, cycle: UUID) -> Iterator[tuple[int, str, dict[str, object]]]:
        """(row, code, details) in row order."""
        after, at_once = 0, 10_000
        with self._open().cursor() as cursor:
            while True:
                cursor.execute(
                    "SELECT row, code, details FROM azyq_log.staged_rejection"
                    " WHERE cycle = %s AND row > %s ORDER BY row LIMIT %s",
                    (str(cycle), after, at_once),
                )
                rows = cursor.fetchall()
                yield from rows
                if len(rows) < at_once:
                    return
                after = rows[-1][0]

    def rejected(self, cycle: UUID) -> dict[str, int]:
        """Rejected rows by code."""
        with self._open().cursor() as cursor:
            cursor.execute(
                "SELECT code, count(*) FROM azyq_log.staged_rejection WHERE cycle = %s GROUP BY code ORDER BY code",
                (str(cycle),),
            )
            return dict(cursor.fetchall())

    def without_number(self, cycle: UUID) -> list[int]:
        """Rows of applicants without a number (R18), in row order."""
        with self._open().cursor() as cursor:
            cursor.execute(
                "SELECT row FROM azyq_log.staged_row WHERE cycle = %s AND has_number = false ORDER BY row",
                (str(cycle),),
            )
            return [row[0] for row in cursor]

    def accepted(self, cycle: UUID) -> tuple[int, int]:
        """(rows, families) accepted."""
        with self._open().cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(DISTINCT family) FROM azyq_log.staged_row WHERE cycle = %s",
                (str(cycle),),
            )
            rows, families = cursor.fetchone() or (0, 0)
            return int(rows), int(families)

    def owners(self, keys: Sequence[UUID]) -> dict[UUID, UUID]:
        """Which stream holds each claim."""
        with self._open().cursor() as cursor:
            cursor.execute(
                "SELECT key, stream FROM azyq_log.claim WHERE key = ANY(%s::uuid[])",
                ([str(k) for k in keys],),
            )
            return {UUID(key): UUID(stream) for key, stream in cursor}

"""What one would write instead, for comparison: a CRUD import into plain tables, and sums by GROUP BY.

Written with care for speed: the same reader and the same rules for a row, execute_values in pages of 1,000, one
transaction, ON CONFLICT for a person twice, phones joined in SQL. What it leaves out is said with its figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg2.extras import execute_values

from benchmarks.phases import Phases
from domain.beneficiary import Beneficiary, ListRule, Rejection, check_row
from domain.programmes import ProgrammeMonth
from infra.lists.numbers import read_numbers
from infra.lists.reading import open_list
from infra.postgres.connect import connect

TABLES = """
CREATE SCHEMA plain;
CREATE TABLE plain.number (iin text PRIMARY KEY, phone text NOT NULL);
CREATE TABLE plain.member (
    programme text NOT NULL, month text NOT NULL, iin text NOT NULL, family_id text NOT NULL,
    surname text NOT NULL, given_name text NOT NULL, patronymic text NOT NULL, birth_date date NOT NULL,
    role text NOT NULL, kato text NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (programme, month, iin)
);
CREATE INDEX ON plain.member (programme, month, family_id);
CREATE TABLE plain.family (
    programme text NOT NULL, month text NOT NULL, family_id text NOT NULL, phone text, members integer NOT NULL,
    status text NOT NULL DEFAULT 'eligible', PRIMARY KEY (programme, month, family_id)
);
CREATE TABLE plain.rejected (row integer NOT NULL, code text NOT NULL);
"""

IMPORT_LACKS = (
    "personal data in plain text (no key a person, no erasure); no history of what changed; killed half-way it "
    "starts anew; one transaction that holds everything back; a second delivery overwrites, families that left stay"
)
GROUP_BY_LACKS = (
    "totals of a month only: no rows a family or voucher, no position they stand at, nothing kept: each look is a "
    "whole scan; what can't be read fails the whole query"
)


def import_list(dsn: str, folder: Path, month: ProgrammeMonth, phases: Phases) -> dict[str, int]:
    """Take in the list and numbers of `folder` into plain tables; how many rows and families."""
    connection = connect(dsn, application_name="azyq-bench-plain")
    rejected: list[tuple[int, str]] = []
    names = (month.programme.id, month.month)

    def members() -> Iterator[tuple[Any, ...]]:
        rule = ListRule(month.programme.regions, month.assistance_on)
        for number, row in open_list(folder / "list.csv").rows():
            found = row.rejection or check_row(row.values, rule)
            if isinstance(found, Rejection):
                rejected.append((number, found.code))
                continue
            assert isinstance(found, Beneficiary)
            yield (
                *names,
                found.iin,
                found.family_reference,
                found.surname,
                found.given_name,
                found.patronymic,
                found.birth_date,
                found.role,
                found.kato,
            )

    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLES)
        with phases.phase("plain CRUD import", "rows") as phase, connection, connection.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO plain.number VALUES %s ON CONFLICT (iin) DO UPDATE SET phone = EXCLUDED.phone",
                read_numbers(folder / "numbers.csv"),
                page_size=1000,
            )
            execute_values(
                cursor,
                "INSERT INTO plain.member (programme, month, iin, family_id, surname, given_name, patronymic,"
                " birth_date, role, kato) VALUES %s ON CONFLICT (programme, month, iin) DO NOTHING",
                members(),
                page_size=1000,
            )
            cursor.execute(
                "INSERT INTO plain.family (programme, month, family_id, phone, members)"
                " SELECT programme, month, family_id, max(phone) FILTER (WHERE role = 'applicant'), count(*)"
                " FROM plain.member LEFT JOIN plain.number USING (iin)"
                " WHERE programme = %s AND month = %s GROUP BY programme, month, family_id"
                " HAVING count(*) FILTER (WHERE role = 'applicant') = 1"
                " ON CONFLICT (programme, month, family_id) DO UPDATE"
                " SET phone = EXCLUDED.phone, members = EXCLUDED.members",
                names,
            )
            families = cursor.rowcount
            execute_values(cursor, "INSERT INTO plain.rejected VALUES %s", rejected, page_size=1000)
            cursor.execute("SELECT count(*) FROM plain.member")
            phase.count = int((cursor.fetchone() or (0,))[0])
        return {"members": phase.count, "families": families}
    finally:
        connection.close()


def group_by(dsn: str, phases: Phases) -> dict[str, list[int | None]]:
    """The month's totals by one GROUP BY over the log itself: events, sums in tiyn."""
    connection = connect(dsn, autocommit=True, application_name="azyq-bench-plain")
    try:
        with phases.phase("plain GROUP BY", "events") as phase, connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT topic, count(*), sum((e->>'issued_tiyn')::bigint), sum((e->>'drawn_tiyn')::bigint),
                       sum((e->>'expired_tiyn')::bigint), sum((e->>'parts')::bigint)
                FROM (SELECT topic, convert_from(state, 'UTF8')::jsonb AS e FROM azyq_log.azyq_events) events
                GROUP BY e->>'cycle', topic ORDER BY topic
                """
            )
            found = {row[0]: [None if v is None else int(v) for v in row[1:]] for row in cursor}
            phase.count = sum(row[0] or 0 for row in found.values())
        return found
    finally:
        connection.close()

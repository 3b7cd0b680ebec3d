"""What readers of the reports see by SQL: the schema azyq_reports, under row-level security (A1, A2; pitfall 18).

Views are of whoever asks (`security_invoker`), the tables below force row-level security on their owner too, and the
readers own nothing. A table of a view is one of many generations: each is opened when it is shown.
"""

from __future__ import annotations

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from infra.postgres.connect import APP_ROLE, READER_ROLE
from infra.postgres.turn import SCHEMA

SHOWN: dict[str, tuple[str, ...]] = {
    # Neither the family's nor the applicant's id; `stream` names a family within its month, and nobody.
    "families": (
        *("stream", "programme", "month", "region", "size", "no_number", "stage", "vouchers", "issued_tiyn"),
        *("available_tiyn", "spent_tiyn", "held_tiyn", "expired_tiyn", "cancelled_tiyn", "redemptions"),
    ),
    "purchases": (
        *("stream", "programme", "month", "shop", "status", "bought_at", "position", "drawn_tiyn"),
        *("shelf_total_tiyn", "price_total_tiyn", "lines"),
    ),
}
# Whoever sees the republic is of no region's own body: totals of months that are over, and none of fewer than 5 people.
_MONTHS = """
    CREATE VIEW azyq_reports.months AS
    SELECT programme, month, count(*) AS families, sum(size) AS members, sum(vouchers) AS vouchers,
        sum(issued_tiyn) AS issued_tiyn, sum(spent_tiyn) AS spent_tiyn
    FROM {families}
    WHERE size > 0 AND month < to_char(now() AT TIME ZONE 'Asia/Almaty', 'YYYY-MM') AND EXISTS (
        SELECT FROM azyq_access.scope s WHERE s.role = current_user AND s.region = '' AND now() < s.until)
    GROUP BY programme, month HAVING sum(size) >= 5
"""


def open_to_readers(cursor: Cursor, view: str, table: str) -> None:
    """Let readers see `table` as the view `view`, if it is one of theirs; within the caller's transaction, as azyq_app."""
    if view not in SHOWN:
        return
    cursor.execute("SELECT to_regclass('azyq_access.scope')")
    if cursor.fetchone() == (None,):
        return  # a database that is migrated only so far
    cursor.execute(
        "SELECT view, table_name FROM azyq_views.view_state WHERE status = 'current' AND view = ANY(%s)",
        (list(SHOWN),),
    )
    tables = {**dict(cursor.fetchall()), view: table}
    _protect(cursor, tables[view])
    if families := tables.get("families"):
        if view == "families":
            rows = "region ^@ ANY (ARRAY(SELECT s.region FROM azyq_access.scope s WHERE s.region <> ''))"
            _allow(cursor, families, sql.SQL(rows))
            cursor.execute("DROP VIEW IF EXISTS azyq_reports.months")
            cursor.execute(sql.SQL(_MONTHS).format(families=sql.Identifier(SCHEMA, families)))
            cursor.execute(f"GRANT SELECT ON azyq_reports.months TO {READER_ROLE}")
        if purchases := tables.get("purchases"):
            # Those of the families that the reader sees: these rows are under the other table's policy.
            rows_of = sql.SQL("stream IN (SELECT f.stream FROM {} f)").format(
                sql.Identifier(SCHEMA, families)
            )
            _allow(cursor, purchases, rows_of)
    columns = sql.SQL(", ").join(map(sql.Identifier, SHOWN[view]))
    names = {
        "shown": sql.Identifier("azyq_reports", view),
        "table": sql.Identifier(SCHEMA, table),
        "columns": columns,
        "reader": sql.Identifier(READER_ROLE),
    }
    for statement in (
        "GRANT SELECT ({columns}) ON {table} TO {reader}",
        "DROP VIEW IF EXISTS {shown}",
        "CREATE VIEW {shown} WITH (security_invoker = true, security_barrier = true)"
        " AS SELECT {columns} FROM {table}",
        "GRANT SELECT ON {shown} TO {reader}",
    ):
        cursor.execute(sql.SQL(statement).format(**names))


def open_current(cursor: Cursor) -> None:
    """Open the tables that are shown now and were made before there were readers; as azyq_app."""
    cursor.execute(
        "SELECT view, table_name FROM azyq_views.view_state WHERE status = 'current' AND view = ANY(%s)"
        " AND to_regclass('azyq_reports.' || view) IS NULL ORDER BY view",
        (list(SHOWN),),
    )
    for view, table in cursor.fetchall():
        open_to_readers(cursor, view, table)


def _protect(cursor: Cursor, table: str) -> None:
    name = sql.Identifier(SCHEMA, table)
    cursor.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY").format(name))
    cursor.execute(sql.SQL("DROP POLICY IF EXISTS ours ON {}").format(name))
    cursor.execute(
        sql.SQL("CREATE POLICY ours ON {} TO {} USING (true) WITH CHECK (true)").format(
            name, sql.Identifier(APP_ROLE)
        )
    )


def _allow(cursor: Cursor, table: str, rows: sql.Composable) -> None:
    """Let readers select `rows` of the table."""
    name = sql.Identifier(SCHEMA, table)
    cursor.execute(sql.SQL("DROP POLICY IF EXISTS readers ON {}").format(name))
    cursor.execute(
        sql.SQL("CREATE POLICY readers ON {} FOR SELECT TO {} USING ({})").format(
            name, sql.Identifier(READER_ROLE), rows
        )
    )

"""What readers of the reports see by SQL: the schema azyq_reports, under row-level security (A1, A2; pitfall 18).

Views are of whoever asks (`security_invoker`), the tables below force row-level security on their owner too, and the
readers own nothing. A table of a view is one of many generations: each is opened when it is shown. The rows come out of a
function that also runs as whoever asks: where the planner sees a table, EXPLAIN tells what its statistics know of all rows.
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
_ROWS = """
    CREATE FUNCTION {rows}() RETURNS TABLE ({typed}) LANGUAGE sql SECURITY INVOKER SET search_path = pg_catalog
    BEGIN ATOMIC SELECT {columns} FROM {table}; END
"""
_VIEW = (
    "CREATE VIEW {shown} WITH (security_invoker = true, security_barrier = true) AS SELECT * FROM {rows}()"
)


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
        if purchases := tables.get("purchases"):
            # Those of the families that the reader sees: these rows are under the other table's policy.
            rows_of = sql.SQL("stream IN (SELECT f.stream FROM {} f)").format(
                sql.Identifier(SCHEMA, families)
            )
            _allow(cursor, purchases, rows_of)
    columns = sql.SQL(", ").join(map(sql.Identifier, SHOWN[view]))
    named = sql.Identifier(SCHEMA, table)
    cursor.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        (f"{SCHEMA}.{table}",),
    )
    types = dict(cursor.fetchall())
    cursor.execute(
        sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(columns, named, sql.Identifier(READER_ROLE))
    )
    typed = [sql.Identifier(name) + sql.SQL(f" {types[name]}") for name in SHOWN[view]]
    _show(
        cursor,
        view,
        sql.SQL(_ROWS).format(
            rows=sql.Identifier("azyq_access", view),
            typed=sql.SQL(", ").join(typed),
            columns=columns,
            table=named,
        ),
    )


def _show(cursor: Cursor, view: str, function: sql.Composable) -> None:
    """Make the view of readers over the `function` that has its rows."""
    names = {
        "shown": sql.Identifier("azyq_reports", view),
        "rows": sql.Identifier("azyq_access", view),
        "reader": sql.Identifier(READER_ROLE),
    }
    for statement in (
        "DROP VIEW IF EXISTS {shown}",
        "DROP FUNCTION IF EXISTS {rows}",
        "",
        "REVOKE ALL ON FUNCTION {rows} FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION {rows} TO {reader}",
        _VIEW,
        "GRANT SELECT ON {shown} TO {reader}",
    ):
        cursor.execute(sql.SQL(statement).format(**names) if statement else function)


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

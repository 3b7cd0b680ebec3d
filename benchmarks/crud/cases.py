"""Cases as a good team would write them plainly: FastAPI, a psycopg2 pool, tables of cases and steps, one commit an act."""

from __future__ import annotations

import hashlib
import html
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from benchmarks.crud.serving import Refused, as_json, bearer, cursor_of_pool, plain_app

LARGEST = 10_000_000
NEXT = {"L5": ("L6", "head")}
TERM = timedelta(days=3)


class ActIn(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    step: str = Field(max_length=60)
    outcome: str = Field(max_length=60)
    ground: str = Field(default="", max_length=60)


app = plain_app()


@app.post("/cases/{number}/acts")
def act(
    number: str,
    body: ActIn,
    idempotency_key: Annotated[str, Header(max_length=255)],
    key_hash: Annotated[bytes, Depends(bearer)],
) -> Response:
    hashed = hashlib.sha256(orjson.dumps([number, body.model_dump()])).digest()
    now = datetime.now(UTC)
    with cursor_of_pool() as cursor:
        caller, role = _staff(cursor, key_hash)
        cursor.execute(
            "SELECT body_hash, answer FROM crud_cases.answered WHERE caller = %s AND key = %s",
            (caller, idempotency_key),
        )
        if found := cursor.fetchone():
            if bytes(found[0]) != hashed:
                raise Refused(422, "key_reused")
            return Response(found[1], 201, media_type="application/json")
        cursor.execute(
            "SELECT s.id, c.id, c.service FROM crud_cases.one c JOIN crud_cases.step s ON s.case_id = c.id"
            " WHERE c.number = %s AND s.step = %s AND s.state = 'open' AND s.role = %s AND s.assignee IN (%s, '')"
            " FOR UPDATE OF s",
            (number, body.step, role, caller),
        )
        row = cursor.fetchone()
        if row is None:
            raise Refused(422, "step_not_open")
        step, case, service = row
        cursor.execute(
            "UPDATE crud_cases.step SET state = 'done', outcome = %s, ground = %s, done_at = %s, done_by = %s"
            " WHERE id = %s",
            (body.outcome, body.ground, now, caller, step),
        )
        opened = []
        if body.step in NEXT:
            following, who = NEXT[body.step]
            cursor.execute(
                "INSERT INTO crud_cases.step (case_id, step, service, role, assignee, state, due_at)"
                " VALUES (%s, %s, %s, %s, '', 'open', %s)",
                (case, following, service, who, now + TERM),
            )
            opened.append(following)
        else:
            cursor.execute("UPDATE crud_cases.one SET state = 'closed' WHERE id = %s", (case,))
        cursor.execute(
            "INSERT INTO crud_cases.history (case_id, at, who, what) VALUES (%s, %s, %s, %s)",
            (case, now, caller, f"{body.step}: {body.outcome}"),
        )
        answer = orjson.dumps({"case": number, "step": body.step, "outcome": body.outcome, "opened": opened})
        cursor.execute(
            "INSERT INTO crud_cases.answered VALUES (%s, %s, %s, %s)",
            (caller, idempotency_key, hashed, answer.decode()),
        )
    return Response(answer, 201, media_type="application/json")


@app.get("/cases")
def to_do(
    role: str,
    key_hash: Annotated[bytes, Depends(bearer)],
    service: str = "",
    mine: str = "no",
    limit: Annotated[int, Field(ge=1, le=500)] = 100,
) -> Response:
    with cursor_of_pool(autocommit=True) as cursor:
        caller, own = _staff(cursor, key_hash)
        if role != own:
            raise Refused(403, "role_not_yours")
        where, values = "", [role]
        if service:
            where, values = " AND s.service = %s", [role, service]
        if mine == "yes":
            where += " AND s.assignee = %s"
            values.append(caller)
        cursor.execute(
            "SELECT c.number, s.service, s.step, s.role, s.assignee, s.due_at, s.due_at < now()"
            " FROM crud_cases.step s JOIN crud_cases.one c ON c.id = s.case_id"
            f" WHERE s.role = %s AND s.state = 'open'{where} ORDER BY s.due_at, s.id LIMIT %s",
            (*values, limit),
        )
        rows = cursor.fetchall()
    names = ("case", "service", "step", "role", "assignee", "due_at", "overdue")
    return as_json({"cases": [dict(zip(names, row, strict=True)) for row in rows]})


@app.get("/cases/{number}")
def by_number(number: str, key_hash: Annotated[bytes, Depends(bearer)]) -> Response:
    with cursor_of_pool(autocommit=True) as cursor:
        _staff(cursor, key_hash)
        return as_json(_whole(cursor, "number = %s", number))


@app.get("/c/{token}")
def status(token: str) -> Response:
    with cursor_of_pool(autocommit=True) as cursor:
        told = _whole(cursor, "token = %s", token)
    rows = "".join(f"<tr><td>{one['at']}<td>{html.escape(one['what'])}" for one in told["history"])
    page = f"<!doctype html><title>{told['case']}</title><h1>{told['case']}</h1><p>{told['state']}<table>{rows}</table>"
    return HTMLResponse(page)


@app.post("/papers")
async def upload(request: Request, key_hash: Annotated[bytes, Depends(bearer)]) -> Response:
    content = await request.body()
    if not content or len(content) > LARGEST:
        raise Refused(413, "too_large")

    def keep() -> Response:
        digest = hashlib.sha256(content)
        with cursor_of_pool() as cursor:
            caller, _ = _staff(cursor, key_hash)
            cursor.execute(
                "INSERT INTO crud_cases.paper VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (caller, digest.digest(), content),
            )
        return as_json({"sha256": digest.hexdigest(), "size": len(content)}, 201)

    return await run_in_threadpool(keep)


def _whole(cursor: Any, where: str, value: str) -> dict[str, Any]:
    cursor.execute(
        f"SELECT id, number, service, state, received_at, due_at FROM crud_cases.one WHERE {where}", (value,)
    )
    row = cursor.fetchone()
    if row is None:
        raise Refused(404, "case_unknown")
    cursor.execute("SELECT at, who, what FROM crud_cases.history WHERE case_id = %s ORDER BY id", (row[0],))
    history = [{"at": at, "who": who, "what": what} for at, who, what in cursor]
    cursor.execute(
        "SELECT step, role, assignee, due_at FROM crud_cases.step WHERE case_id = %s AND state = 'open'",
        (row[0],),
    )
    steps = [dict(zip(("step", "role", "assignee", "due_at"), one, strict=True)) for one in cursor]
    names = ("case", "service", "state", "received_at", "due_at")
    return {**dict(zip(names, row[1:], strict=True)), "history": history, "steps": steps}


def _staff(cursor: Any, key_hash: bytes) -> tuple[str, str]:
    cursor.execute("SELECT id, role FROM crud_cases.staff WHERE key_hash = %s", (key_hash,))
    row: tuple[str, str] | None = cursor.fetchone()
    if row is None:
        raise Refused(401, "not_signed_in")
    return row

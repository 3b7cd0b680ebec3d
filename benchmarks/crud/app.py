"""The counter as a good team would write it plainly: FastAPI, a psycopg2 pool, one commit a purchase.

`CRUD_DSN` names the database, `CRUD_THREADS` how many threads and connections a process has. Endpoints are plain
functions in the threadpool; a request takes one connection and as few statements as plain SQL needs.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import orjson
import psycopg2
from fastapi import Depends, Header, Response
from psycopg2.extras import execute_values, register_uuid
from pydantic import BaseModel, ConfigDict, Field

from benchmarks.crud.pricing import Books, LineRefused
from benchmarks.crud.serving import Refused, as_json, bearer, cursor_of_pool, plain_app

HOLD = timedelta(minutes=15)
register_uuid()  # type: ignore[no-untyped-call]
books = Books()
# The trial's day, as ours has it by AZYQ_CLOCK
DAY = date.fromisoformat(os.environ["CRUD_DAY"])


class Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    gtin: str = Field(pattern=r"^[0-9]{8,14}$")
    quantity: str = Field(pattern=r"^[0-9]{1,5}(\.[0-9]{1,3})?$")
    shelf_price_tiyn: int = Field(gt=0, le=10**9)
    price_tiyn: int = Field(gt=0, le=10**9)


class CheckIn(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    code: str = Field(max_length=200)


class RedemptionIn(CheckIn):
    receipt: str = Field(min_length=1, max_length=64)
    cashier: str = Field(min_length=1, max_length=64)
    lines: list[Line] = Field(min_length=1, max_length=200)
    draw_tiyn: int | None = Field(default=None, gt=0)
    capture: bool = True


app = plain_app()


@app.post("/v1/vouchers/check")
def check(body: CheckIn, key_hash: Annotated[bytes, Depends(bearer)]) -> Response:
    with cursor_of_pool(autocommit=True) as cursor:
        _terminal(cursor, key_hash)
        book = books.now(cursor)
        cursor.execute(
            "SELECT f.id, f.balance_tiyn, f.issued_tiyn, f.valid_to, v.id, v.amount_tiyn"
            " FROM crud.family_balance f JOIN crud.voucher v ON v.family = f.id"
            " WHERE f.code = %s AND f.activated ORDER BY v.member",
            (body.code,),
        )
        rows = cursor.fetchall()
    if not rows:
        raise Refused(422, "code_unknown")
    family, balance, issued, valid_to = rows[0][:4]
    spent, vouchers = issued - balance, []
    for *_, voucher, amount in rows:
        taken = min(spent, amount)
        spent -= taken
        vouchers.append({"voucher": voucher.hex, "available_tiyn": amount - taken})
    return as_json(
        {
            "family": str(family),
            "available_tiyn": balance,
            "vouchers": vouchers,
            "valid_until": valid_to.isoformat(),
            "goods_version": next(iter(book.listed.values())),
        }
    )


@app.post("/v1/redemptions")
def redeem(
    body: RedemptionIn,
    idempotency_key: Annotated[str, Header(max_length=255)],
    key_hash: Annotated[bytes, Depends(bearer)],
) -> Response:
    text = orjson.dumps(body.model_dump())
    body_hash = hashlib.blake2b(text, digest_size=16).digest()
    with cursor_of_pool() as cursor:
        terminal, shop = _terminal(cursor, key_hash)
        cursor.execute(
            "SELECT id, valid_from, valid_to, activated FROM crud.family_balance WHERE code = %s",
            (body.code,),
        )
        row = cursor.fetchone()
        if row is None:
            raise Refused(422, "code_unknown")
        family, valid_from, valid_to, activated = row
        if not activated or not valid_from <= DAY <= valid_to:
            raise Refused(422, "outside_window")
        book = books.now(cursor)
        if shop not in book.kato:
            raise Refused(403, "shop_closed")
        try:
            lines = [book.price_line(number, line, shop, DAY) for number, line in enumerate(body.lines)]
        except LineRefused as error:
            raise Refused(422, error.code, line=error.line) from None
        pays = sum(line[-1] for line in lines)
        drawn = min(pays, body.draw_tiyn or pays)
        cursor.execute(
            "UPDATE crud.family_balance SET balance_tiyn = balance_tiyn - %s, updated_at = now()"
            " WHERE id = %s AND balance_tiyn >= %s RETURNING balance_tiyn",
            (drawn, family, drawn),
        )
        row = cursor.fetchone()
        if row is None:
            return _earlier(cursor, shop, body, idempotency_key, body_hash)
        (remaining,) = row
        redemption = uuid.uuid4()
        status = "captured" if body.capture else "held"
        hold_until = None if body.capture else datetime.now().astimezone() + HOLD
        try:
            cursor.execute(
                "INSERT INTO crud.redemption (id, family, shop, terminal, cashier, receipt, idempotency_key,"
                " body_hash, status, drawn_tiyn, remaining_tiyn, hold_until)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    redemption,
                    family,
                    shop,
                    terminal,
                    body.cashier,
                    body.receipt,
                    idempotency_key,
                    body_hash,
                    status,
                    drawn,
                    remaining,
                    hold_until,
                ),
            )
        except psycopg2.errors.UniqueViolation:
            cursor.connection.rollback()
            return _earlier(cursor, shop, body, idempotency_key, body_hash)
        execute_values(
            cursor,
            "INSERT INTO crud.redemption_line VALUES %s",
            [(redemption, number, *line) for number, line in enumerate(lines)],
            page_size=len(lines),
        )
    return _answer(redemption, status, drawn, remaining, lines, hold_until)


def _terminal(cursor: Any, key_hash: bytes) -> tuple[str, str]:
    cursor.execute(
        "SELECT id, shop FROM crud.terminal WHERE key_hash = %s AND expires_at > now() AND NOT revoked",
        (key_hash,),
    )
    row: tuple[str, str] | None = cursor.fetchone()
    if row is None:
        raise Refused(401, "not_signed_in")
    return row


def _earlier(cursor: Any, shop: str, body: RedemptionIn, key: str, body_hash: bytes) -> Response:
    """The answer of the purchase that had this key or receipt first; without one there was not enough left."""
    cursor.execute(
        "SELECT id, status, drawn_tiyn, remaining_tiyn, hold_until, body_hash, idempotency_key FROM crud.redemption"
        " WHERE shop = %s AND (idempotency_key = %s OR receipt = %s) ORDER BY idempotency_key = %s DESC LIMIT 1",
        (shop, key, body.receipt, key),
    )
    row = cursor.fetchone()
    if row is None:
        raise Refused(422, "not_enough")
    redemption, status, drawn, remaining, hold_until, hashed, _ = row
    if bytes(hashed) != body_hash:
        raise Refused(422, "key_reused")
    cursor.execute(
        "SELECT gtin, position, quantity::text, source, shelf_price_tiyn, price_tiyn, cap_tiyn, shelf_total_tiyn,"
        " price_total_tiyn, pays_tiyn FROM crud.redemption_line WHERE redemption = %s ORDER BY line",
        (redemption,),
    )
    return _answer(redemption, status, drawn, remaining, cursor.fetchall(), hold_until)


_LINE = (
    "gtin",
    "position",
    "quantity",
    "source",
    "shelf_price_tiyn",
    "price_tiyn",
    "cap_tiyn",
    "shelf_total_tiyn",
    "price_total_tiyn",
    "pays_tiyn",
)


def _answer(
    redemption: uuid.UUID,
    status: str,
    drawn: int,
    remaining: int,
    lines: list[tuple[Any, ...]],
    hold_until: datetime | None,
) -> Response:
    return as_json(
        {
            "redemption": redemption.hex,
            "status": status,
            "drawn_tiyn": drawn,
            "remaining_tiyn": remaining,
            "lines": [dict(zip(_LINE, line, strict=True)) for line in lines],
            "hold_until": hold_until,
        },
        201,
    )

"""The CRUD application's tables, and how they are filled: COPY, then indexes, then ANALYZE."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from domain.money import tiyn_from_kzt
from infra.postgres.connect import connect

LACKS = (
    "no history beyond the purchases; codes that neither expire nor are signed; no holds that end by themselves, no "
    "reversals, no partial baskets, no rate limit; prices up to a minute old; no foreign keys (in its favour)"
)

TABLES = """
DROP SCHEMA IF EXISTS crud CASCADE;
CREATE SCHEMA crud;
CREATE TABLE crud.shop (id text PRIMARY KEY, kato text NOT NULL, open boolean NOT NULL DEFAULT true);
CREATE TABLE crud.terminal (
    key_hash bytea PRIMARY KEY, id text NOT NULL UNIQUE, shop text NOT NULL, expires_at timestamptz NOT NULL,
    revoked boolean NOT NULL DEFAULT false
);
CREATE TABLE crud.article (gtin text PRIMARY KEY, position integer NOT NULL);
CREATE TABLE crud.goods (position integer PRIMARY KEY, version text NOT NULL);
CREATE TABLE crud.price (
    shop text NOT NULL, gtin text NOT NULL, valid_from date NOT NULL, source text NOT NULL, tiyn bigint NOT NULL,
    PRIMARY KEY (shop, gtin, valid_from)
);
CREATE TABLE crud.market (
    position integer NOT NULL, kato text NOT NULL, valid_from date NOT NULL, tiyn bigint NOT NULL,
    PRIMARY KEY (position, kato, valid_from)
);
CREATE TABLE crud.family_balance (
    id bigint NOT NULL, code text NOT NULL, issued_tiyn bigint NOT NULL, balance_tiyn bigint NOT NULL,
    valid_from date NOT NULL, valid_to date NOT NULL, activated boolean NOT NULL, updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE TABLE crud.voucher (
    id uuid NOT NULL DEFAULT gen_random_uuid(), family bigint NOT NULL, member integer NOT NULL,
    amount_tiyn bigint NOT NULL
);
CREATE TABLE crud.redemption (
    id uuid PRIMARY KEY, family bigint NOT NULL, shop text NOT NULL, terminal text NOT NULL, cashier text NOT NULL,
    receipt text NOT NULL, idempotency_key text NOT NULL, body_hash bytea NOT NULL, status text NOT NULL,
    drawn_tiyn bigint NOT NULL, remaining_tiyn bigint NOT NULL, hold_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (shop, idempotency_key), UNIQUE (shop, receipt)
);
CREATE INDEX ON crud.redemption (family);
CREATE TABLE crud.redemption_line (
    redemption uuid NOT NULL, line integer NOT NULL, gtin text NOT NULL, position integer NOT NULL,
    quantity numeric NOT NULL, source text NOT NULL, shelf_price_tiyn bigint NOT NULL, price_tiyn bigint NOT NULL,
    cap_tiyn bigint NOT NULL, shelf_total_tiyn bigint NOT NULL, price_total_tiyn bigint NOT NULL,
    pays_tiyn bigint NOT NULL, PRIMARY KEY (redemption, line)
);
"""
INDEXES = """
ALTER TABLE crud.family_balance ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON crud.family_balance (code);
ALTER TABLE crud.voucher ADD PRIMARY KEY (id);
CREATE INDEX ON crud.voucher (family);
"""


def fill(
    dsn: str,
    folder: Path,
    *,
    families: int,
    members: int,
    amount_tiyn: int,
    goods: tuple[str, Iterable[int]],
    span: tuple[str, str],
    terminals: Sequence[tuple[str, str]],
) -> list[str]:
    """Make and fill the tables from the sample's files in `folder`; the families' codes.

    `goods` is the list's version and its positions, `span` the voucher's first and last day, `terminals` each one's
    shop and id. The terminals' keys are `terminal_key(id)`.
    """
    codes = [secrets.token_urlsafe(16) for _ in range(families)]
    connection = connect(dsn, application_name="azyq-bench-crud")
    version, positions = goods
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(TABLES)

            def copy(table: str, rows: Iterable[Sequence[Any]]) -> None:
                cursor.copy_expert(f"COPY crud.{table} FROM STDIN", _Lines(rows))

            copy("shop (id, kato)", ((r["shop_id"], r["kato"]) for r in _rows(folder / "shops.csv")))
            copy("article", ((r["gtin"], r["position"]) for r in _rows(folder / "articles.csv")))
            copy("goods", ((position, version) for position in positions))
            copy(
                "price (shop, gtin, valid_from, source, tiyn)",
                (
                    (
                        r["shop_id"],
                        r["gtin"],
                        r["valid_from"],
                        r["source"],
                        tiyn_from_kzt(r["purchase_price"]),
                    )
                    for r in _rows(folder / "prices.csv")
                ),
            )
            copy(
                "market",
                (
                    (r["position"], r["kato"], r["valid_from"], tiyn_from_kzt(r["market_price"]))
                    for r in _rows(folder / "market.csv")
                ),
            )
            copy(
                "terminal (key_hash, id, shop, expires_at)",
                (
                    (
                        "\\\\x" + hashlib.sha256(terminal_key(name).encode()).hexdigest(),
                        name,
                        shop,
                        "2100-01-01",
                    )
                    for shop, name in terminals
                ),
            )
            whole = members * amount_tiyn
            copy(
                "family_balance",
                ((n, code, whole, whole, *span, "t", f"{span[0]} 09:00+05") for n, code in enumerate(codes)),
            )
            copy(
                "voucher (family, member, amount_tiyn)",
                ((family, member, amount_tiyn) for family in range(families) for member in range(members)),
            )
            cursor.execute(INDEXES)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE crud.family_balance, crud.voucher, crud.terminal, crud.price")
    finally:
        connection.close()
    return codes


def terminal_key(name: str) -> str:
    """The made-up Bearer key of terminal `name`: 256 bits, the same at every call."""
    return "crud_" + hashlib.sha256(json.dumps(["bench", name]).encode()).hexdigest()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


class _Lines(io.RawIOBase):
    """`rows` in COPY's text format, read as they are asked for."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = iter(rows)
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        pieces, length = [self._left], len(self._left)
        for row in self._rows:
            piece = ("\t".join(map(str, row)) + "\n").encode()
            pieces.append(piece)
            length += len(piece)
            if 0 <= size <= length:
                break
        whole = b"".join(pieces)
        cut = len(whole) if size < 0 else size
        self._left = whole[cut:]
        return whole[:cut]

"""What both plain programs are made of: the app, its pool of connections, whose key it is, and answers.

`CRUD_DSN` names the database, `CRUD_THREADS` how many threads and connections a process has. Endpoints are plain
functions in the threadpool.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import anyio.to_thread
import orjson
import psycopg2
from fastapi import FastAPI, Header, Response
from psycopg2.pool import ThreadedConnectionPool

from infra.postgres.connect import clean_dsn

THREADS = int(os.environ.get("CRUD_THREADS", "8"))
# As many at least as at most: beyond the least, psycopg2's pool closes what is given back
pool = ThreadedConnectionPool(
    THREADS, THREADS, clean_dsn(os.environ["CRUD_DSN"]), application_name="azyq-bench-crud"
)


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, **said: Any) -> None:
        self.answer = as_json({"status": status, "code": code, **said}, status, "application/problem+json")
        super().__init__(code)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    # As ours does: Python's collector walks through what is there for good a hundred times less often
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    yield
    pool.closeall()


def plain_app() -> FastAPI:
    """An app that answers /healthz and says refusals."""
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None)

    @app.exception_handler(Refused)
    async def refused(_: Any, error: Any) -> Response:
        answer: Response = error.answer
        return answer

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


async def bearer(authorization: Annotated[str, Header()] = "") -> bytes:
    """The hash of the Bearer key."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Refused(401, "not_signed_in")
    return hashlib.sha256(key.encode()).digest()


@contextmanager
def cursor_of_pool(autocommit: bool = False) -> Iterator[Any]:
    """A connection of the pool: committed at the end, rolled back on an error."""
    connection = pool.getconn()
    broken = False
    try:
        connection.autocommit = autocommit
        with connection.cursor() as cursor:
            yield cursor
        if not autocommit:
            connection.commit()
    except psycopg2.OperationalError:
        broken = True
        raise
    except BaseException:
        if not autocommit:
            connection.rollback()
        raise
    finally:
        pool.putconn(connection, close=broken)


def as_json(value: Any, status: int = 200, media_type: str = "application/json") -> Response:
    """The answer."""
    return Response(orjson.dumps(value), status, media_type=media_type)

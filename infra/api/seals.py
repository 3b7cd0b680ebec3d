"""The log's seals, published: whoever kept one can see that the log is still the one that was sealed (R29)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from domain.seal import Sealed

PAGE = 400  # more than a year


class Seal(BaseModel):
    """A seal: the log after a position up to another, the Merkle root over its events (RFC 6962), the hash chained to
    the seal before, and its Ed25519 signature by a public key; all in hex."""

    number: int
    on: str
    after: int
    upto: int
    events: int
    root: str
    part_leaves: int
    previous: str
    hash: str
    key: str
    signature: str


class SealPage(BaseModel):
    """Seals in order, the newest last."""

    seals: list[Seal]


def seals_router(read: Callable[[], Sequence[Sealed]]) -> APIRouter:
    """GET /v1/seals over what `read` gives; it is called from worker threads."""
    router = APIRouter(tags=["auditors"])

    @router.get("/v1/seals", summary="The newest seals of the log, in order")
    async def seals() -> SealPage:
        found = await run_in_threadpool(read)
        return SealPage(
            seals=[Seal(**{k: v for k, v in one._asdict().items() if k != "parts"}) for one in found[-PAGE:]]
        )

    return router

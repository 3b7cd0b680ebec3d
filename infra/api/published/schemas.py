"""The published JSON Schemas over HTTP: where `dataschema` of a message points."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import Response

from infra.api.problems import Problem
from infra.api.published.files import FOLDER, rendered, todays

# They change seldom and only compatibly.
CACHE_CONTROL = "public, max-age=86400"


class _Served(NamedTuple):
    content: bytes
    etag: str


def schemas_router(folder: Path = FOLDER) -> APIRouter:
    """The calls, over the schemas kept in `folder`; what is missing there is made from the code of today."""
    router = APIRouter(tags=["operators"])

    @cache
    def served() -> dict[str, _Served]:
        texts = {f"{name}.json": rendered(schema).encode() for name, schema in todays().items()}
        texts |= {path.name: path.read_bytes() for path in folder.glob("*.json")}
        return {
            name: _Served(text, f'"{hashlib.sha256(text).hexdigest()[:32]}"') for name, text in texts.items()
        }

    @router.get(
        "/schemas/{name}",
        summary="A JSON Schema of what is written to Kafka, as voucher.redeemed.v1.json",
        response_class=Response,
        responses={
            200: {"content": {"application/schema+json": {}}},
            304: {"description": "as it was: If-None-Match names its ETag"},
            404: {"description": "no such schema"},
        },
    )
    def schema(name: str, request: Request) -> Response:
        found = served().get(name)
        if found is None:
            raise Problem(404, "not_found")
        headers = {"ETag": found.etag, "Cache-Control": CACHE_CONTROL}
        known = request.headers.get("if-none-match", "")
        if known.strip() == "*" or found.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(found.content, media_type="application/schema+json", headers=headers)

    return router

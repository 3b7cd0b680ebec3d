"""The public keys of the QR codes, so that a terminal can verify without the network (R25)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from infra.qr.keys import QrKeys

MEDIA_TYPE = "application/jwk-set+json"
# A key is published before it signs: by then every terminal has asked again.
KEPT_SECONDS = 300
_EXAMPLE = {
    "keys": [
        {
            "crv": "Ed25519",
            "kty": "OKP",
            "x": "iyWEuVRwV2HdEQcWEjWDMYnYC17XOjS33NPaWrKWYw4",
            "kid": "a9ce84e3",
            "use": "sig",
            "alg": "EdDSA",
        }
    ]
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The keys; `kid` is the key id in the code",
        "content": {MEDIA_TYPE: {"example": _EXAMPLE}},
    },
    304: {"description": "The keys are those of the ETag in If-None-Match"},
}


def qr_keys_router(keys: QrKeys) -> APIRouter:
    """GET /v1/qr-keys."""
    router = APIRouter(tags=["terminals"])
    body = json.dumps(keys.jwks()).encode()
    headers = {
        "Cache-Control": f"public, max-age={KEPT_SECONDS}",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    }

    @router.get(
        "/v1/qr-keys",
        response_class=Response,
        responses=_RESPONSES,
        summary="Public keys of the QR codes (RFC 7517, RFC 8037)",
    )
    async def qr_keys(request: Request) -> Response:
        known = [
            tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
        ]
        if headers["ETag"] in known or known == ["*"]:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=MEDIA_TYPE, headers=headers)

    return router

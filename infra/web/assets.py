"""Static files, served from memory under names that change with their content, packed where the browser takes it."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

FOLDER = Path(__file__).with_name("static")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: where it is served, what the browser holds it against (Subresource Integrity), and its bytes."""

    url: str
    integrity: str
    media_type: str
    plain: bytes
    packed: bytes


class Assets:
    """The style and script files of `folder`, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._by_name = {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in TYPES}
        self._by_url = {asset.url: asset for asset in self._by_name.values()}

    def __getitem__(self, name: str) -> Asset:
        return self._by_name[name]

    def router(self) -> APIRouter:
        """GET /static/…"""
        router = APIRouter(include_in_schema=False)

        @router.api_route("/static/{name}", methods=["GET", "HEAD"])
        async def static(name: str, request: Request) -> Response:
            asset = self._by_url.get(f"/static/{name}")
            if asset is None:
                return Response(status_code=404)
            headers = {
                "Cache-Control": FOR_A_YEAR,
                "Vary": "Accept-Encoding",
                "X-Content-Type-Options": "nosniff",
            }
            body = asset.plain
            if "gzip" in request.headers.get("accept-encoding", ""):
                body, headers["Content-Encoding"] = asset.packed, "gzip"
            return Response(body, media_type=asset.media_type, headers=headers)

        return router


def _asset(path: Path) -> Asset:
    plain = path.read_bytes()
    digest = hashlib.sha384(plain).digest()
    return Asset(
        url=f"/static/{path.stem}.{digest.hex()[:12]}{path.suffix}",
        integrity="sha384-" + base64.b64encode(digest).decode(),
        media_type=TYPES[path.suffix],
        plain=plain,
        packed=_packed(plain),
    )


# An application packs 20 files when it is made, which takes longer than all the rest of making it.
@lru_cache(maxsize=64)
def _packed(plain: bytes) -> bytes:
    return gzip.compress(plain, 9, mtime=0)

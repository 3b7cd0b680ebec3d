"""The schemas where `dataschema` of a message points: over HTTP, from the kept files, with caching."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from domain.ports import DeliveryReport, IncomingReply
from infra.api.published.files import FOLDER, todays
from infra.api.published.schemas import schemas_router
from infra.api.services import ReplyOutcome
from infra.parts.http_face import create_app
from projections.events import Raw
from streams.messages import encode, encode_parked_event

STREAM = "2d6b8a4a-f55b-5a65-ad89-7ed4b41e1791"


class NoServices:
    """An API without anything behind it."""

    sms_secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    kannel_token = "t0ken-" + "x" * 26

    def record_replies(self, replies: Sequence[IncomingReply]) -> list[ReplyOutcome]:
        raise NotImplementedError

    def record_reports(self, reports: Sequence[DeliveryReport]) -> None:
        raise NotImplementedError

    def ready(self) -> dict[str, str | bool]:
        return {}

    def now(self) -> datetime:
        return datetime(2025, 7, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(NoServices()))


@pytest.mark.parametrize("name", sorted(todays()))
def test_a_kept_schema_is_served(client: TestClient, name: str) -> None:
    answer = client.get(f"/schemas/{name}.json")
    assert answer.status_code == 200
    assert answer.content == (FOLDER / f"{name}.json").read_bytes()
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.headers["cache-control"] == "public, max-age=86400"


def test_the_address_in_a_message_leads_to_its_schema(client: TestClient) -> None:
    schemas = "http://testserver/schemas"
    event = encode(Raw(9, STREAM, 2, "voucher.held", b"{}"), 0, schemas)
    parked = encode_parked_event("families", 9, STREAM, "", "why", datetime.now(UTC), schemas=schemas)
    for message in (event, parked):
        address = json.loads(message.value)["dataschema"]
        assert client.get(urlsplit(address).path).json()["$id"] == address.rpartition("/")[2]


@pytest.mark.parametrize("tags", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
def test_who_has_it_is_not_sent_it_again(client: TestClient, tags: str) -> None:
    etag = client.get("/schemas/voucher.held.v1.json").headers["etag"]
    again = client.get("/schemas/voucher.held.v1.json", headers={"if-none-match": tags.format(etag=etag)})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("tags", ["", '"other"', "x" * 5_000])
def test_who_has_another_is_sent_it(client: TestClient, tags: str) -> None:
    assert client.get("/schemas/voucher.held.v1.json", headers={"if-none-match": tags}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "voucher.held.v2.json",
        "voucher.held.v1",
        "..%2Fasyncapi.json",
        "..%2F..%2Fpyproject.toml",
        "%00.json",
        "%FF",
        "voucher.held.v1.json%20",
        "VOUCHER.HELD.V1.JSON",
    ],
)
def test_anything_else_is_no_address(client: TestClient, name: str) -> None:
    answer = client.get(f"/schemas/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_an_older_version_stays_and_what_is_missing_is_made(tmp_path: Path) -> None:
    (tmp_path / "voucher.held.v0.json").write_text("{}", "utf-8")
    app = FastAPI()
    app.include_router(schemas_router(tmp_path))
    bare = TestClient(app)
    assert bare.get("/schemas/voucher.held.v0.json").content == b"{}"
    assert bare.get("/schemas/voucher.held.v1.json").json() == todays()["voucher.held.v1"]


def test_openapi_names_the_address(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/schemas/{name}"]["get"]["responses"]) >= {"200", "304", "404"}

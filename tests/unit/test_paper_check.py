"""The page behind a paper's QR: genuine, over, forged, of somebody else, in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from infra.papers.seal import Seal, facts_digest, link, sealed
from infra.qr.keys import QrKeys
from infra.web.assets import Assets
from infra.web.paper_check import paper_check_router

KEYS = QrKeys([b"a" * 32])
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FACTS = facts_digest({"name": "A"})
GENUINE = sealed(Seal("CP-2026-AAAA", "KZ-7", FACTS, date(2026, 1, 5), date(2030, 1, 1)), KEYS)
OVER = sealed(Seal("CP-2026-AAAA", "KZ-7", FACTS, date(2020, 1, 5), date(2026, 11, 20)), KEYS)
OTHER = sealed(Seal("CP-2026-AAAA", "KZ-7", FACTS, date(2026, 1, 5), None), QrKeys([b"b" * 32]))


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.include_router(paper_check_router(KEYS, lambda: NOW, Assets()))
    return TestClient(app, base_url="https://azyq.example")


@pytest.mark.parametrize(
    ("seal", "status", "said"),
    [
        (GENUINE, 200, "The paper is genuine and in force."),
        (OVER, 200, "The paper is genuine, but its time is over."),
        (OTHER, 404, "This code is not of our system."),
        (GENUINE[:-2] + "AA", 404, "The code is not genuine, or was changed."),
        ("AZYQD1-<script>", 404, "The code is not genuine, or was changed."),
        ("nothing", 404, "This code is not of our system."),
    ],
)
def test_S000_07_whoever_scans_a_paper_is_told_what_it_is_worth(
    client: TestClient, seal: str, status: int, said: str
) -> None:
    page = client.get(f"/V/{seal}?lang=en")
    assert page.status_code == status
    assert said in page.text
    assert ("KZ-7" in page.text) == (status == 200)
    assert "<script>" not in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("language", "said"), [("kk", "Құжат түпнұсқа"), ("ru", "Документ подлинный"), ("en", "is genuine")]
)
def test_S003_A03_in_the_language_of_the_reader(client: TestClient, language: str, said: str) -> None:
    page = client.get(link("https://azyq.example", GENUINE), headers={"Accept-Language": language})
    assert page.status_code == 200
    assert said in page.text
    assert page.headers["content-language"] == language

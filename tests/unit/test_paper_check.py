"""The page behind a paper's QR: genuine, over, forged, of somebody else, in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from infra.api.services import UNAVAILABLE
from infra.papers.seal import Seal, facts_digest, link, sealed
from infra.qr.keys import QrKeys
from infra.web.assets import Assets
from infra.web.cases.paper_check import paper_check_router
from infra.web.cases.paper_standing import PaperStanding, Standing

KEYS = QrKeys([b"a" * 32])
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
FACTS = facts_digest({"name": "A"})
GENUINE = sealed(Seal("CP-2026-AAAA", "KZ-7", FACTS, date(2026, 1, 5), date(2030, 1, 1)), KEYS)
OVER = sealed(Seal("CP-2026-AAAA", "KZ-7", FACTS, date(2020, 1, 5), date(2026, 11, 20)), KEYS)
OTHER = sealed(Seal("CP-2026-AAAA", "KZ-7", FACTS, date(2026, 1, 5), None), QrKeys([b"b" * 32]))


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()
    app.include_router(
        paper_check_router(KEYS, lambda: NOW, lambda _: PaperStanding(Standing.IN_FORCE), Assets())
    )
    return TestClient(app, base_url="https://azyq.example")


def standing(found: PaperStanding | Exception) -> TestClient:
    def look(seal: Seal) -> PaperStanding:
        assert seal.result == "KZ-7"
        if isinstance(found, Exception):
            raise found
        return found

    app = FastAPI()
    app.include_router(paper_check_router(KEYS, lambda: NOW, look, Assets()))
    return TestClient(app, base_url="https://azyq.example")


ENDED = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("found", "status", "said", "rows"),
    [
        (
            PaperStanding(Standing.WITHDRAWN, ENDED),
            200,
            "but was withdrawn",
            ["Withdrawn on", "9\N{NO-BREAK SPACE}March 2026"],
        ),
        (
            PaperStanding(Standing.ANNULLED, ENDED),
            200,
            "but was annulled",
            ["Annulled on", "9\N{NO-BREAK SPACE}March 2026"],
        ),
        (
            PaperStanding(Standing.REPLACED, ENDED, "KZ-8"),
            200,
            "replaced by another",
            ["Replaced on", "9\N{NO-BREAK SPACE}March 2026", "Given out instead", "KZ-8"],
        ),
        (PaperStanding(Standing.UNRECORDED), 404, "our records have no such paper", []),
        (UNAVAILABLE[0]("down"), 503, "could not be checked now", ["KZ-7"]),
    ],
)
def test_S002_15_a_genuine_paper_that_stands_no_longer_is_told_as_such(
    found: PaperStanding | Exception, status: int, said: str, rows: list[str]
) -> None:
    page = standing(found).get(f"/V/{GENUINE}?lang=en")
    assert page.status_code == status
    assert said in page.text
    assert all(row in page.text for row in rows)
    assert 'class="refusal"' in page.text
    assert ("KZ-7" in page.text) == (status != 404)


def test_S002_15_what_was_withdrawn_before_its_last_day_is_told_as_withdrawn() -> None:
    page = standing(PaperStanding(Standing.WITHDRAWN, ENDED)).get(f"/V/{OVER}?lang=en")
    assert "but was withdrawn" in page.text


@pytest.mark.parametrize("seal", [OTHER, GENUINE[:-2] + "AA", "nothing"])
def test_S000_07_what_is_not_of_our_signing_is_not_looked_up(seal: str) -> None:
    assert standing(AssertionError("looked up")).get(f"/V/{seal}").status_code == 404


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

"""The pages, and what terminals keep at hand, asked with anything: never a 5xx, and nothing recorded that shouldn't be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from infra.parts.api import Replies
from infra.parts.cases.pages import CasePages
from infra.parts.counter.sales import Sales
from infra.parts.counter.shelves import Shelves
from infra.parts.counter.tills import Tills, terminals
from infra.parts.counter.wallet import Wallet
from infra.parts.http_face import create_app
from infra.web.till.key import COOKIE
from tests.conftest import as_url, new_database
from tests.integration.test_case_pages import complain
from tests.integration.test_counter_fuzz import bounded
from tests.integration.wallet_in_process import Site, a_site

AT_HAND = (
    ("POST", "/v1/vouchers/preview"),
    ("GET", "/v1/sales"),
    ("GET", "/v1/goods"),
    ("GET", "/v1/prices"),
    ("GET", "/v1/qr-keys"),
)
PAGES = (
    *("/", "/w/{token}", "/w/{token}/full", "/w/{token}/code", "/w/{token}/qr.svg", "/w/{token}/open"),
    *("/w/{token}/ratings", "/w/{token}/shops/{shop}", "/till", "/till/enrol", "/till/rotate", "/till/leave"),
    *(
        "/till/v1/vouchers/check",
        "/till/v1/sales",
        "/till/v1/prices",
        "/till/v1/terminals/enrol",
        "/static/{name}",
    ),
    *("/apply", "/apply/{name}", "/w/{token}/apply/{name}", "/c/{token}", "/c/{token}/acts"),
    *("/c/{token}/{name}.html", "/c/{token}/result.{name}", "/v/{name}"),
)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
ANYTHING = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b'{"code": 1}',
            b'{"code": "x"}',
            b"stars=5&redemption=x",
            b"stars=%ff",
            b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n\xff\r\n--x--\r\n',
            b'--x\r\nContent-Disposition: form-data; name="d.evidence"; filename="a"\r\n\r\n\0\r\n--x--\r\n',
            b'--x\r\nContent-Disposition: form-data; name="step"\r\n\r\nregister\r\n--x--\r\n',
            b"\xff",
        ]
    ),
)
NAMES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "S001", "complaint", "analyst-access", "..", "%00", "💶", "x" * 3000, "' OR 1=1--"]),
)
KINDS = st.sampled_from(
    [
        *("application/json", "application/x-www-form-urlencoded", "text/plain", "x"),
        *("multipart/form-data; boundary=x", "multipart/form-data; boundary="),
    ]
)


@dataclass
class Whole:
    """The whole application, a family's wallet, a terminal that is let in."""

    app: FastAPI
    client: TestClient
    site: Site
    key: str
    request: str


@pytest.fixture(scope="module")
def whole(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Whole]:
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_site(as_url(dsn), tmp_path_factory.mktemp("pages")) as site,
    ):
        site.activate()
        azyq = site.month.azyq
        tills, sales = Tills(azyq), Sales(azyq)
        app = create_app(
            Replies(azyq, lambda: None),
            wallet=Wallet(azyq),
            counter=tills,
            goods=Shelves(azyq),
            sales=sales,
            case_pages=CasePages(azyq),
        )
        made = terminals(azyq)
        key = made.enrol(made.invite("S001", site.month.clock()).code, site.month.clock()).key
        client = TestClient(app, follow_redirects=False)
        yield Whole(app, client, site, key, complain(site, client).rpartition("/")[2])
        sales.close()
        assert tills.lanes.close()


@pytest.mark.parametrize("wrong", [False, True], ids=["as told", "otherwise"])
@pytest.mark.parametrize(("method", "path"), AT_HAND)
def test_R32_what_terminals_keep_at_hand_is_answered(
    whole: Whole, method: str, path: str, wrong: bool
) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", whole.app)[path][method]
    if wrong and not operation.body and not operation.query:
        return
    mode = GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE
    month = whole.site.month
    code = month.azyq.qr_keys.sign(month.stream(whole.site.household), month.clock()).text
    statuses = set()

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("code"), str):
            case.body["code"] = code  # it can't be guessed
        response = case.call(headers={"Authorization": f"Bearer {whole.key}"})
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    ask()
    assert statuses


def test_R32_whatever_is_asked_of_the_pages_is_answered(whole: Whole) -> None:
    recorded = whole.site.month.counted()

    @settings(max_examples=250, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        path=st.sampled_from(PAGES),
        method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
        token=st.one_of(st.just(whole.site.token), st.just(whole.request), NAMES),
        name=NAMES,
        query=st.dictionaries(st.sampled_from(["lang", "seen", "on", "x"]), NAMES, max_size=2),
        body=ANYTHING,
        kind=KINDS,
        cookie=st.one_of(st.just(whole.key), st.text("azyq_\x7f;= ", max_size=10)),
    )
    def ask(
        path: str,
        method: str,
        token: str,
        name: str,
        query: dict[str, str],
        body: bytes,
        kind: str,
        cookie: str,
    ) -> None:
        if path == "/w/{token}/open" or path.startswith("/till/rotate"):
            cookie, token = "", name
        address = path.replace("{token}", quote(token, safe="")).replace("{shop}", quote(name, safe=""))
        answer = whole.client.request(
            method,
            address.replace("{name}", quote(name, safe="")),
            params=query,
            content=body,
            headers={"content-type": kind, "cookie": f"{COOKIE}={cookie}"},
        )
        assert answer.status_code < 500, (method, path, name)
        assert "Traceback" not in answer.text

    ask()
    # then nothing happened to anybody
    assert whole.site.month.counted() == recorded

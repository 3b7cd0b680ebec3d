"""What the OpenAPI promises of cases, asked with whatever it allows and what it doesn't: never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.conftest import as_url, new_database
from tests.integration.clerks_in_process import LICENCE, PDF, Bureau, Member, a_bureau
from tests.integration.test_counter_fuzz import bounded

CALLS = (
    ("POST", "/v1/cases"),
    ("GET", "/v1/cases"),
    ("GET", "/v1/cases/{id}"),
    ("POST", "/v1/cases/{id}/acts"),
    ("POST", "/v1/cases/{id}/assignments"),
    ("GET", "/v1/cases/{id}/documents/{sha256}"),
    ("POST", "/v1/sittings"),
    ("POST", "/v1/cases/content"),
    ("POST", "/v1/cases/{id}/acts/content"),
    ("POST", "/v1/sittings/content"),
    ("POST", "/v1/papers"),
    ("GET", "/v1/services"),
    ("GET", "/v1/services/{id}"),
    ("GET", "/v1/services/{id}/levels"),
    ("GET", "/v1/staff/me"),
)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def fuzzed(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Bureau, Member, str]]:
    """A bureau, somebody who may do everything, and a case that is open."""
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_bureau(as_url(dsn), tmp_path_factory.mktemp("fuzz")) as bureau,
    ):
        portal = bureau.member("portal", "applicant")
        case = portal.post("/v1/cases", bureau.licence(portal)).json()["case"]
        yield bureau, bureau.member("a.all", "applicant", "responsible", "clerk", "head", "executor"), case


@pytest.fixture(scope="module")
def schema(fuzzed: tuple[Bureau, Member, str]) -> Any:
    """What the application tells of itself, read once."""
    return schemathesis.openapi.from_asgi("/openapi.json", fuzzed[0].app)


@pytest.mark.parametrize("wrong", [False, True], ids=["as told", "otherwise"])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_S002_36_whatever_the_openapi_allows_is_answered(
    fuzzed: tuple[Bureau, Member, str], schema: Any, method: str, path: str, wrong: bool
) -> None:
    _, member, number = fuzzed
    operation = schema[path][method]
    mode = GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE
    statuses = set()

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known and "id" in (case.path_parameters or {}):  # it can't be guessed
            case.path_parameters["id"] = LICENCE if "services" in path else number
        if known and isinstance(case.body, dict):
            case.body |= (
                {"service": LICENCE} if "service" in case.body else {"step": "L2", "outcome": "accepted"}
            )
        response = case.call(headers=member.headers)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    with suppress(Unsatisfiable):  # with some nothing can be wrong
        ask()
        assert statuses


def test_whatever_is_in_an_upload_or_an_address_is_answered(fuzzed: tuple[Bureau, Member, str]) -> None:
    bureau, member, number = fuzzed
    before = bureau.topics()

    @settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        content=st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda b: b"PK\x03\x04" + b)),
        name=st.one_of(st.text(max_size=30), st.just(number)),
        kind=st.sampled_from(["application/pdf", "text/html", "x", "multipart/form-data"]),
    )
    def ask(content: bytes, name: str, kind: str) -> None:
        answer = member.upload(content, **{"Content-Type": kind})
        assert answer.status_code in (201, 415, 422), answer.text
        answer = member.get("/v1/cases", role=name, after=name, service=name)
        assert answer.status_code < 500
        answer = member.get(f"/v1/cases/{number}/documents/{''.join(c for c in name if c.isalnum())}x")
        assert answer.status_code < 500

    ask()
    assert member.upload(PDF).status_code == 201
    assert bureau.topics() == before


def test_the_openapi_tells_who_may_ask_and_what_keys_are_for(fuzzed: tuple[Bureau, Member, str]) -> None:
    told = fuzzed[0].client.get("/openapi.json").json()
    scheme = told["components"]["securitySchemes"]["staffKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in told["paths"].items():
        if path.startswith(("/v1/cases", "/v1/papers", "/v1/sittings", "/v1/staff")):
            for method, operation in operations.items():
                assert operation["security"] == [{"staffKey": []}], path
                names = {parameter["name"] for parameter in operation.get("parameters", ())}
                keyed = method == "post" and path.startswith(("/v1/cases", "/v1/sittings"))
                keyed &= not path.endswith("/content")
                assert ("Idempotency-Key" in names) == keyed, path

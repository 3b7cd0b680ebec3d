"""What the OpenAPI promises of the counter, asked with whatever it allows and what it doesn't: never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.conftest import as_url, new_database
from tests.integration.counter_in_process import Counter, Till, a_counter, line

CALLS = (
    ("POST", "/v1/terminals/enrol"),
    ("POST", "/v1/terminals/rotate"),
    ("POST", "/v1/vouchers/check"),
    ("POST", "/v1/redemptions"),
    ("GET", "/v1/redemptions"),
    ("GET", "/v1/redemptions/{id}"),
    ("POST", "/v1/redemptions/{id}/capture"),
    ("POST", "/v1/redemptions/{id}/void"),
    ("POST", "/v1/redemptions/{id}/reversals"),
)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
bounded = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def fuzzed(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Counter, Till]]:
    with (
        new_database(postgres_dsn, migrated_template) as dsn,
        a_counter(as_url(dsn), tmp_path_factory.mktemp("fuzz")) as counter,
    ):
        yield counter, counter.till()


@pytest.mark.parametrize("wrong", [False, True], ids=["as told", "otherwise"])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_R32_whatever_the_openapi_allows_is_answered(
    fuzzed: tuple[Counter, Till], method: str, path: str, wrong: bool
) -> None:
    counter, till = fuzzed
    operation = schemathesis.openapi.from_asgi("/openapi.json", counter.app)[path][method]
    mode = GenerationMode.NEGATIVE if wrong else GenerationMode.POSITIVE
    statuses = set()

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("code"), str) and "vouchers" in path:
            case.body["code"] = counter.code()  # it can't be guessed
        response = case.call(headers=till.headers)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        pytest.skip("nothing can be wrong with it")
    assert statuses


def test_the_openapi_tells_who_may_ask_and_what_keys_are_for(fuzzed: tuple[Counter, Till]) -> None:
    told = fuzzed[0].client.get("/openapi.json").json()
    scheme = told["components"]["securitySchemes"]["terminalKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in told["paths"].items():
        if path.startswith(("/v1/vouchers", "/v1/redemptions", "/v1/terminals/rotate")):
            for method, operation in operations.items():
                assert operation["security"] == [{"terminalKey": []}], path
                names = {parameter["name"] for parameter in operation.get("parameters", ())}
                assert ("Idempotency-Key" in names) == (method == "post" and "/redemptions" in path), path


def test_a_call_as_the_openapi_shows_it_is_taken(fuzzed: tuple[Counter, Till]) -> None:
    counter, till = fuzzed
    counter.later(seconds=31)
    answer = till.buy(counter.code(), line(), draw_tiyn=100)
    assert answer.status_code == 201
    told = counter.client.get("/openapi.json").json()["components"]["schemas"]["RedemptionAnswer"]
    assert set(answer.json()) == set(told["properties"])

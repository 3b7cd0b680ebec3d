"""The quick way to read a till's body takes nothing that the careful way refuses, and for the same call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Refusal
from infra.api.counter.models import CheckCall, RedemptionCall, read_call, read_quickly
from infra.api.problems import Problem
from infra.api.strict_json import parse_object

LINE = {"gtin": "4870000000012", "quantity": "1.5", "shelf_price_tiyn": 100, "price_tiyn": 90}
BODY = {"code": "AZYQ1:X", "receipt": "r-1", "cashier": "7", "lines": [LINE, LINE]}
FULL = {**BODY, "draws": [{"voucher": "a" * 32, "draw_tiyn": 5}], "capture": False, "partial": True}


def carefully(raw: bytes) -> RedemptionCall | None:
    try:
        return read_call(RedemptionCall, parse_object(raw))
    except (Problem, Refusal):
        return None


@pytest.mark.parametrize("body", [BODY, FULL, {**BODY, "draw_tiyn": None, "draws": None}])
def test_R25_a_call_as_tills_send_it_is_read_quickly(body: dict[str, Any]) -> None:
    for raw in (json.dumps(body).encode(), json.dumps(body, indent=1, ensure_ascii=False).encode()):
        assert read_quickly(RedemptionCall, raw) == carefully(raw) is not None
    assert read_quickly(CheckCall, b'{"code":"AZYQ1:X"}') == CheckCall(code="AZYQ1:X")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"cashier": "7"', '"cashier": "7", "cashier": "8"'),
        ('"price_tiyn": 90', '"price_tiyn": 90, "price_tiyn": 1'),
        ('"price_tiyn": 90', '"price_tiyn": 90.0'),
        ('"price_tiyn": 90', '"price_tiyn": 9e1'),
        ('"price_tiyn": 90', '"price_tiyn": true'),
        ('"price_tiyn": 90', '"price_tiyn": "90"'),
        ('"price_tiyn": 90', '"price_tiyn": NaN'),
        ('"price_tiyn": 90', '"price_tiyn": 1' + "0" * 50),
        ('"cashier": "7"', '"cashier": 7'),
        ('"cashier": "7"', '"cashier": "\\u0037"'),
        ('"cashier": "7"', '"cashier": "a\u00a0b"'),
        ('"cashier": "7"', '"cashier": "7\n"'),
        ('"cashier": "7"', '"cashier": "7", "note": "x"'),
        ('"cashier": "7"', '"cashier": "7", "capture": 1'),
        ('"cashier": "7"', '"cashier": "7", "capture": "yes"'),
        ('"cashier": "7"', "'cashier': '7'"),
        ("}]", "},]"),
        ("{", "[{"),
        ("{", "\ufeff{"),
        (
            "}]",
            '}], "draws": [{"voucher": "' + "a" * 32 + '", "draw_tiyn": 1, "voucher": "' + "b" * 32 + '"}]',
        ),
    ],
)
def test_R32_what_is_out_of_the_ordinary_is_left_to_the_careful_way(before: str, after: str) -> None:
    raw = json.dumps(BODY).replace(before, after, 1).encode()
    assert raw != json.dumps(BODY).encode()
    assert read_quickly(RedemptionCall, raw) is None


def test_R32_bytes_that_are_no_utf8_are_left_to_the_careful_way() -> None:
    for bad in (b"\xff", b"\xed\xa0\x80", b"\x00", b"\x1f"):
        raw = json.dumps(BODY).encode().replace(b"r-1", b"r-" + bad)
        assert read_quickly(RedemptionCall, raw) is None


_value: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["1", "4870000000012", "a" * 32]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["gtin", "quantity", "voucher", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(FULL)),
    _value,
    st.sampled_from(["", "lines", "draws"]),
    st.booleans(),
    st.booleans(),
)
def test_R32_both_ways_read_the_same(
    name: str, value: Any, inside: str, twice: bool, ascii_only: bool
) -> None:
    body: dict[str, Any] = json.loads(json.dumps(FULL))
    if inside and isinstance(body[inside][0], dict):
        body[inside][0][next(iter(body[inside][0]))] = value
    else:
        body[name] = value
    text = json.dumps(body, ensure_ascii=ascii_only)
    if twice:
        text = text[:-1] + ', "receipt": "r-1"}'
    raw = text.encode("utf-8", "surrogatepass")
    quickly = read_quickly(RedemptionCall, raw)
    assert quickly is None or (quickly == carefully(raw) and not twice)

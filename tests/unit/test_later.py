"""A purchase's event read without its lines is the event, whatever stands in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.postgres.later import Later, without_lines

LINES = [{"gtin": "4870000000012", "quantity": "1.5", "pays_tiyn": 90}, {"gtin": "1", "x": '],"draws":['}]


def state(**fields: Any) -> str:
    before = {"redemption": "a" * 32, "receipt": "r-1", "body": "b"}
    return orjson.dumps({**before, "lines": LINES, "draws": [["v", 5]], "rules": "1"} | fields).decode()


def put_together(topic: str, text: str) -> Any:
    rest, lines = without_lines(topic, text)
    found = orjson.loads(rest)
    if lines is not None:
        assert found["lines"] == []
        found["lines"] = list(lines)
    return found


@given(
    st.text(),
    st.lists(st.dictionaries(st.text(max_size=9), st.text() | st.integers(0, 9), max_size=3), max_size=3),
)
def test_R27_nothing_is_lost_whatever_the_texts_are(text: str, lines: list[Any]) -> None:
    try:
        whole = state(receipt=text + ',"lines":[],"draws":[', lines=lines, code=text)
    except orjson.JSONEncodeError:  # half a character: it never got into the log
        return
    for topic in ("voucher.redeemed", "voucher.held"):
        assert without_lines(topic, whole)[1] is not None
        assert put_together(topic, whole) == orjson.loads(whole)


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("voucher.reversed", state()),
        ("voucher.redeemed", '{"draws":[],"lines":[]}'),
        ("voucher.redeemed", '{"lines": [], "draws": []}'),
        ("voucher.redeemed", "{}"),
    ],
)
def test_R27_what_has_another_form_is_read_whole(topic: str, text: str) -> None:
    assert without_lines(topic, text) == (text, None)


def test_lines_are_a_list_to_whoever_asks() -> None:
    lines = Later(orjson.dumps(LINES).decode())
    assert lines == LINES
    assert len(lines) == 2
    assert lines[0]["gtin"] == "4870000000012"
    assert lines[1:] == LINES[1:]
    assert list(lines) == LINES
    assert lines != UUID(int=0)

"""Our reading of base45 beside the library's (RFC 9285), letter by letter."""

from __future__ import annotations

import base45
from hypothesis import example, given
from hypothesis import strategies as st

from domain.code_refusals import CodeMalformed
from infra.qr.codec import _decode

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@given(st.binary(max_size=120))
def test_R25_what_was_written_is_read(raw: bytes) -> None:
    assert _decode(base45.b45encode(raw).decode()) == raw


@given(st.text(ALPHABET, max_size=12))
@example("::::")
@example(":::")
@example("GGW")
@example("FGW")
@example("V5")
@example("U5")
def test_R25_what_can_not_be_written_is_not_read_and_has_one_spelling(text: str) -> None:
    try:
        expected = base45.b45decode(text)
    except ValueError:
        expected = None
    try:
        found = _decode(text)
    except CodeMalformed:
        found = None
    assert found == expected
    assert found is None or base45.b45encode(found).decode() == text

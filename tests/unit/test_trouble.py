"""What is logged of an error whose text may hold values."""

from __future__ import annotations

import json

import pytest

from streams.trouble import where


def test_an_error_is_placed_at_our_own_line_without_what_it_says() -> None:
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{87010000000")
    line = test_an_error_is_placed_at_our_own_line_without_what_it_says.__code__.co_firstlineno + 2
    assert where(caught.value) == (
        f"test_trouble.py:{line} test_an_error_is_placed_at_our_own_line_without_what_it_says"
    )


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert where(ValueError("x")) == ""

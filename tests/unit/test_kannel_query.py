"""The text of a reply in the charset that Kannel names."""

from __future__ import annotations

import pytest

from infra.api.sms.kannel_query import decoded


@pytest.mark.parametrize(
    ("codec", "charset"),
    [
        ("utf-16-be", "UTF-16BE"),
        ("utf-16-be", "UTF-16"),  # without a byte order mark: RFC 2781, 4.3
        ("utf-16", "UTF-16"),  # with one
        ("utf-16-le", "UTF-16LE"),
        ("utf-8", "UTF-8"),
        ("utf-8", ""),
    ],
)
def test_a_reply_is_read_in_its_charset(codec: str, charset: str) -> None:
    assert decoded("иә".encode(codec), charset) == "иә"


def test_a_russian_reply_in_windows_1251() -> None:
    assert decoded("да".encode("cp1251"), "windows-1251") == "да"

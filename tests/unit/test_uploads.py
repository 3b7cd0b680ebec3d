"""Forms with documents, read as they come: whatever comes, no more is kept than may be."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from infra.web.multipart import FormMalformed, FormTooLarge
from infra.web.uploads import Form, read_form

LARGEST = 1_000_000
KIND = "multipart/form-data; boundary=x"


def read(pieces: Iterator[bytes], kind: str = KIND) -> Form:
    """The form that arrives in these pieces."""

    async def receive() -> dict[str, object]:
        piece = next(pieces, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return asyncio.run(read_form(Request(scope, receive), LARGEST))


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content + b"\r\n"


END = b"--x--\r\n"


def test_texts_and_documents_are_told_apart_whatever_the_pieces() -> None:
    whole = (
        part("text", "бір\r\nекі".encode())
        + part("d", b"%PDF-\r\n--y", "../a.pdf")
        + part("none", b"", "")
        + END
    )
    for size in (1, 7, 1000):
        form = read(whole[at : at + size] for at in range(0, len(whole), size))
        assert form.texts == {"text": "бір\nекі"}
        assert form.documents == {"d": b"%PDF-\r\n--y"}


def test_a_file_of_no_bytes_is_a_file_and_none_chosen_is_none() -> None:
    form = read(iter([part("a", b"", "a.pdf") + part("b", b"", "") + END]))
    assert form.documents == {"a": b""}


def test_what_comes_twice_is_not_believed() -> None:
    form = read(iter([part("a", b"1") + part("a", b"2") + part("b", b"3") + END]))
    assert form.texts == {"b": "3"}


def test_of_a_document_that_is_too_large_just_enough_is_kept_to_refuse_it() -> None:
    form = read(iter([part("d", bytes(3 * LARGEST), "a.pdf") + part("t", b"kept") + END]))
    assert len(form.documents["d"]) == LARGEST + 1
    assert form.texts == {"t": "kept"}


def test_a_hundred_megabytes_fill_no_memory() -> None:
    def pieces() -> Iterator[bytes]:
        for number in range(10):
            yield part(f"d{number}", b"", "a.pdf")[:-2]
            for _ in range(10):
                yield bytes(LARGEST)
            yield b"\r\n"
        yield END

    tracemalloc.start()
    with pytest.raises(FormTooLarge):
        read(pieces())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * LARGEST


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", KIND),
        (part("a", b"1"), KIND),
        (END[:3], KIND),
        (part("a", b"1") * 300 + END, KIND),
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"--x\r\n" + b"h" * 100_000, KIND),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(FormMalformed):
        read(iter([body]), kind)


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_whatever_comes_is_a_form_or_refused(pieces: list[bytes]) -> None:
    try:
        found = read(iter([part("a", b"1", "x"), *pieces]))
    except (FormMalformed, FormTooLarge):
        return
    assert "a" in found.documents

"""What a log line may show: levels, form, and no IIN or phone, whoever wrote it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from infra.logging import configure_logging, mask


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    yield
    root.handlers[:], root.level = handlers, level
    logging.raiseExceptions = raises
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("iin=880101300123.", "iin=<iin>."),
        ("880101 300123", "<iin>"),
        ("８８０１０１３００１２３", "<iin>"),
        ("call +77011234567 or 8 (701) 123-45-67", "call <phone> or <phone>"),
        ("from=87011234567&to=", "from=<phone>&to="),
        ("77011234567", "<phone>"),
        ("family 5f0e5a3c-6e0b-5d1f-9b8a-012345678901", "family 5f0e5a3c-6e0b-5d1f-9b8a-012345678901"),
        ("subject aa123456789012bbccddeeff00112233", "subject aa123456789012bbccddeeff00112233"),
        (
            "gtin 4870001234567, at 2025-07-05T09:00:00.123456Z",
            "gtin 4870001234567, at 2025-07-05T09:00:00.123456Z",
        ),
    ],
)
def test_an_iin_or_a_phone_is_masked_and_ids_are_not(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_values_however_deep_are_masked() -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)

    structlog.get_logger("azyq").info(
        "rows of 880101300123",
        row=880101300123,
        sums=[{"+77011234567": ("880101300123",)}],
        drawn_tiyn=235920000000,
    )

    assert "880101300123" not in stream.getvalue()
    assert "77011234567" not in stream.getvalue()
    (line,) = _lines(stream)
    assert (line["event"], line["row"], line["level"], line["logger"]) == (
        "rows of <iin>",
        "<iin>",
        "info",
        "azyq",
    )
    assert line["drawn_tiyn"] == 235920000000


def test_tracebacks_and_other_libraries_are_masked() -> None:
    stream = io.StringIO()
    configure_logging("INFO", stream)

    try:
        raise ValueError("no such person: 880101300123")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("uvicorn.error").warning("GET /?from=%s", "87011234567", exc_info=True)

    ours, theirs = _lines(stream)
    assert "ValueError: no such person: <iin>" in ours["exception"]
    assert theirs["event"] == "GET /?from=<phone>"
    assert "880101300123" not in stream.getvalue()


def test_the_level_is_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setenv("AZYQ_LOG_LEVEL", "warning")
    configure_logging(stream=stream)

    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in _lines(stream)] == ["loud"]


def test_an_unknown_level_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZYQ_LOG_LEVEL", "chatty")
    with pytest.raises(ValueError, match="AZYQ_LOG_LEVEL is none of DEBUG"):
        configure_logging()


def test_a_terminal_gets_lines_to_read() -> None:
    stream = Terminal()
    configure_logging("INFO", stream)

    structlog.get_logger().info("list imported", rows=3)

    assert "list imported" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_a_line_that_cannot_be_written_is_told_nowhere_unmasked(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    configure_logging(stream=stream)
    stream.close()
    logging.getLogger("azyq").error("about %s", "880101300123")
    assert "880101300123" not in "".join(capsys.readouterr())


def test_a_library_that_repeats_itself_while_a_server_is_away_is_heard_once_a_minute() -> None:
    # given Kafka's client, which says the same many times a second
    clock = [0.0]
    stream = io.StringIO()
    configure_logging("INFO", stream, now=lambda: clock[0])
    client, fetcher = logging.getLogger("aiokafka"), logging.getLogger("aiokafka.consumer.fetcher")
    # when a broker is away for two minutes
    for second in range(121):
        clock[0] = float(second)
        for port in range(50):
            client.error("Unable connect to node with id %s: %s", 1, port)
            fetcher.error("Failed fetch messages from %s: %s", 1, "NodeNotReadyError")
    # then each sentence comes at once, and then again each minute
    said = [line["event"] for line in _lines(stream)]
    assert len(said) == 6
    assert said[0] == "Unable connect to node with id 1: 0"
    # and nobody else is held back
    logging.getLogger("azyq").error("worker_waits")
    logging.getLogger("azyq").error("worker_waits")
    assert len(_lines(stream)) == 8

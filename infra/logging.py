"""Logs: structlog to stderr, JSON lines, or coloured ones in a terminal; what looks personal is masked.

Personal data have no business in a log line to begin with. The mask is the last line of defence, for what a
library or an exception's text might carry; the records of the standard library's loggers pass through it too.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MASK_IIN = "<iin>"
MASK_PHONE = "<phone>"
_AGAIN_SECONDS = 60.0
_MOST_SENTENCES = 200

# \d takes digits of every script. A hexadecimal id may hold twelve digits in a row: ids are left whole.
_PERSONAL = re.compile(
    r"(?P<id>(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f])"
    r"|(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-f]))"
    r"|(?P<phone>(?<!\d)(?:\+?7|8)[\s(.\-]{0,2}7\d\d[\s).\-]{0,2}\d{3}[\s.\-]?\d{2}[\s.\-]?\d{2}(?!\d))"
    r"|(?P<iin>(?<!\d)\d{6}[\s\-]?\d{6}(?!\d))"
)


def mask(text: str) -> str:
    """`text` with everything that looks like an IIN (12 digits) or a Kazakhstan mobile number masked."""
    return _PERSONAL.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    if match["id"]:
        return match["id"]
    return MASK_PHONE if match["phone"] else MASK_IIN


def mask_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: masks every value of `event`, however deep; sums (`…_tiyn`) are left alone."""
    return {
        key: value if key.endswith("_tiyn") and isinstance(value, int) else _mask_value(value)
        for key, value in event.items()
    }


def _mask_value(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        masked = mask(str(value))
        return value if masked == str(value) else masked
    if isinstance(value, Mapping):
        return {mask(str(key)): _mask_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask_value(item) for item in value]
    return mask(str(value))


class _OnceAMinute(logging.Filter):
    """What faust's Kafka client says, each sentence once a minute: with a broker away it says it many times a second."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != "aiokafka" and not record.name.startswith("aiokafka."):
            return True
        sentence = (record.name, str(record.msg))
        now = self._now()
        if now - self._said.get(sentence, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return False
        if len(self._said) >= _MOST_SENTENCES:
            self._said.clear()
        self._said[sentence] = now
        return True


def configure_logging(
    level: str | None = None, stream: TextIO | None = None, now: Callable[[], float] = time.monotonic
) -> None:
    """Send all logs to `stream` (stderr) from `level` on: AZYQ_LOG_LEVEL, else INFO. Raises ValueError.

    A terminal gets coloured lines, anything else JSON lines. Calling it again replaces the set-up.
    """
    chosen = (level or os.environ.get("AZYQ_LOG_LEVEL") or "INFO").upper()
    if chosen not in LEVELS:
        raise ValueError(f"AZYQ_LOG_LEVEL is none of {', '.join(LEVELS)}: {chosen}")
    # A line that can't be written would be told on stderr with all that it was to say, unmasked.
    logging.raiseExceptions = False
    target = stream if stream is not None else sys.stderr
    pretty = target.isatty()

    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # The traceback becomes text before the mask sees it; it never shows local variables.
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False)
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_personal_data,
                renderer,
            ],
        )
    )
    handler.addFilter(_OnceAMinute(now))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(chosen)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # uvicorn may have set up handlers of its own, which know no mask.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # At INFO it tells every address called, and a gateway's address holds a phone and a text.
    for talkative in ("httpx", "httpcore", "eventsourcing"):
        logging.getLogger(talkative).setLevel(max(logging.WARNING, root.level))
    # Without a broker it tells of each attempt, and at DEBUG of passwords. What matters we say ourselves, once.
    logging.getLogger("kafka").setLevel(logging.INFO if chosen == "DEBUG" else logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )

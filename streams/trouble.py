"""What keeps Kafka from being used, in a sentence that tells an administrator what to do."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from traceback import walk_tb

_NOT_OURS = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "<")


class KafkaTrouble(RuntimeError):
    """Kafka can't be used now. `code` is stable: unreachable, not_authenticated, not_authorised, topic_missing …

    The sentence names addresses, topics and settings; no password and nothing of a message.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class TooLarge(KafkaTrouble):
    """The broker refuses a message of what was sent for its size; which one it doesn't tell."""

    def __init__(self, topic: str) -> None:
        super().__init__("message_too_large", f"Kafka refuses a message of {topic} as too large.")


def where(error: BaseException) -> str:
    """The last line of our own that `error` came through, as `turn.py:120 write`; nothing of what it says.

    An error's text may hold values, so that it is not for the log; without it, its kind alone tells too little.
    """
    found = ""
    for frame, line in walk_tb(error.__traceback__):
        code = frame.f_code
        if not code.co_filename.startswith(_NOT_OURS):
            found = f"{Path(code.co_filename).name}:{line} {code.co_name}"
    return found

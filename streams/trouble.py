"""What keeps Kafka from being used, in a sentence that tells an administrator what to do."""

from __future__ import annotations


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

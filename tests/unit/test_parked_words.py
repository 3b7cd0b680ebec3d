"""Why something is parked, in words: each text that is recorded has its sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.problem_sentences import SENTENCES
from infra.web.office.parked_words import PARKED_WORDS, parked_reason
from projections.events import UNKNOWN

ROOT = Path(__file__).parents[2]
GENERAL = {PARKED_WORDS["message"][2], PARKED_WORDS["event"][2]}
WRITTEN = [
    reason
    for name in ("streams/messages.py", "streams/partition_feed.py", "streams/reply_intake.py")
    for reason in re.findall(r'NotOurs\(f?"([^"]+)"', (ROOT / name).read_text("utf-8"))
]


def test_every_reason_of_a_message_that_the_code_has_is_known_by_a_sentence() -> None:
    assert len(WRITTEN) > 15
    told = {one: parked_reason("azyq.events.v1/0", one.replace("{name}", "id"), "en") for one in WRITTEN}
    assert [one for one, said in told.items() if said in GENERAL] == [
        "it can't be read: {type(error).__name__}"
    ]


@pytest.mark.parametrize(
    ("place", "reason", "said"),
    [
        (
            "azyq.sms.replies.v1/3",
            "field_missing /message_id",
            "A required field is missing. Field: message_id.",
        ),
        ("azyq.sms.replies.v1/3", "encoding_wrong", SENTENCES["encoding_wrong"][2]),
        ("azyq.events.v1/0", "the log has another event at this id", PARKED_WORDS["other_log"][2]),
        ("families", UNKNOWN, PARKED_WORDS["newer"][2]),
        ("families", "no row: the event that makes it is missing or parked", PARKED_WORDS["no_row"][2]),
        ("families", "the fold failed: KeyError", PARKED_WORDS["event"][2]),
        ("families", "encoding_wrong", PARKED_WORDS["event"][2]),
    ],
)
def test_the_sentence_is_that_of_the_cause(place: str, reason: str, said: str) -> None:
    assert parked_reason(place, reason, "en") == said


def test_each_language_has_its_own_sentence() -> None:
    for texts in PARKED_WORDS.values():
        assert len(set(texts)) == 3
    assert parked_reason("azyq.events.v1/0", "the message is not JSON", "kk") == PARKED_WORDS["not_json"][0]
    assert parked_reason("azyq.sms.replies.v1/0", "field_missing /from", "ru").endswith("Поле: from.")

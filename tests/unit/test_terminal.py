"""A terminal's life: code, key, another key, end (R2.7); given events, when asked, then events or a refusal."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.access_keys import hashed
from domain.commands.terminals import Terminals, credentials_of
from domain.errors import Refusal
from domain.terminal import Terminal
from tests.unit.given_when_then import MAPPER, on

CODE, KEY, OTHER, THIRD = "c" * 64, "a" * 64, "b" * 64, "d" * 64
HOUR = timedelta(hours=1)


def invited() -> Terminal:
    return Terminal.invite(terminal="k7qm2xva", shop="S001", code_hash=CODE, at=on(1))


def enrolled() -> Terminal:
    till = invited()
    assert till.enrol(code_hash=CODE, key_hash=KEY, env="trial", at=on(1)) == on(1) + timedelta(days=365)
    return till


def refused(act: Any) -> str:
    """The code of the refusal, which has a sentence in three languages."""
    with pytest.raises(Refusal) as caught:
        act()
    sentences = {caught.value.sentence(language) for language in ("kk", "ru", "en")}
    assert len(sentences) == 3
    return caught.value.code


def replay(till: Terminal) -> Terminal:
    found: Any = None
    for event in till.collect_events():
        found = MAPPER.to_domain_event(MAPPER.to_stored_event(event)).mutate(found)
    assert {k: v for k, v in vars(found).items() if k != "_pending_events"} == {
        k: v for k, v in vars(till).items() if k != "_pending_events"
    }
    return found  # type: ignore[no-any-return]


def test_R2_7_a_code_is_good_once_and_for_a_day() -> None:
    till = enrolled()
    topics = [getattr(event, "TOPIC", "") for event in till.pending_events]
    assert topics == ["terminal.code_issued", "terminal.enrolled"]
    again = {"code_hash": CODE, "key_hash": OTHER, "env": "trial"}
    assert refused(lambda: till.enrol(**again, at=on(1))) == "enrolment_code_used"
    late = on(1) + timedelta(hours=24)
    assert refused(lambda: invited().enrol(**again, at=late)) == "enrolment_code_expired"
    assert invited().enrol(**again, at=late - timedelta(microseconds=1))
    wrong = again | {"code_hash": OTHER}
    assert refused(lambda: till.enrol(**wrong, at=on(1))) == "enrolment_code_unknown"


def test_R2_7_a_key_opens_for_a_year_and_for_its_environment() -> None:
    till = replay(enrolled())
    till.authenticate(KEY, "trial", on(2))
    year = on(1) + timedelta(days=365)
    till.authenticate(KEY, "trial", year - timedelta(microseconds=1))
    assert refused(lambda: till.authenticate(KEY, "trial", year)) == "terminal_key_expired"
    assert refused(lambda: till.authenticate(OTHER, "trial", on(2))) == "terminal_key_unknown"
    assert refused(lambda: till.authenticate(KEY, "production", on(2))) == "terminal_key_of_other_environment"
    assert refused(lambda: invited().authenticate(CODE, "trial", on(1))) == "terminal_key_unknown"


def test_R2_7_the_old_key_works_a_day_after_the_rotation_and_the_answer_may_be_lost() -> None:
    till = enrolled()
    till.rotate(key_hash=OTHER, old_hash=KEY, env="trial", at=on(2))
    till.authenticate(KEY, "trial", on(2) + 23 * HOUR)
    till.authenticate(OTHER, "trial", on(2))
    assert refused(lambda: till.authenticate(KEY, "trial", on(2) + 24 * HOUR)) == "terminal_key_expired"
    # The answer with the key was lost: asked again with the one there is, which lives no longer for that.
    till.rotate(key_hash=THIRD, old_hash=KEY, env="trial", at=on(2) + HOUR)
    assert refused(lambda: till.authenticate(OTHER, "trial", on(2) + HOUR)) == "terminal_key_unknown"
    assert refused(lambda: till.authenticate(KEY, "trial", on(2) + 24 * HOUR)) == "terminal_key_expired"
    replay(till).authenticate(THIRD, "trial", on(4))


def test_R2_7_a_revoked_terminal_is_revoked_at_once_and_for_good() -> None:
    for till in (invited(), enrolled()):
        assert till.revoke(reason="lost", at=on(2)) is True
        assert till.revoke(reason="again", at=on(3)) is False
        assert refused(lambda till=till: till.authenticate(KEY, "trial", on(2))) == "terminal_revoked"
        again = {"code_hash": CODE, "key_hash": OTHER, "env": "trial"}
        assert refused(lambda till=till, again=again: till.enrol(**again, at=on(2))) == "terminal_revoked"
        rotate = {"key_hash": OTHER, "old_hash": KEY, "env": "trial"}
        assert refused(lambda till=till, rotate=rotate: till.rotate(**rotate, at=on(2))) == "terminal_revoked"
        assert replay(till).stage == "revoked"


class _Memory:
    """A log in memory."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Any] = {}

    def load(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        return {stream: self.kept[stream] for stream in streams if stream in self.kept}

    def save(self, *aggregates: Any, **_: Any) -> None:
        self.kept |= {aggregate.id: aggregate for aggregate in aggregates}


def commands(env: str, at: datetime) -> tuple[Terminals, _Memory]:
    log = _Memory()
    return Terminals(log, env, secrets.choice), log  # type: ignore[arg-type]


@pytest.mark.parametrize(("env", "prefix"), [("trial", "azyq_trial_"), ("production", "azyq_live_")])
def test_a_key_says_where_it_is_good_and_only_its_hash_is_kept(env: str, prefix: str) -> None:
    found, log = commands(env, on(1))
    told = found.invite("S001", on(1))
    issued = found.enrol(told.code, on(1))
    assert issued.key.startswith(prefix)
    shown = credentials_of(issued.key)
    assert (shown.terminal, shown.env, shown.key_hash) == (told.terminal, env, hashed(issued.key))
    (till,) = log.kept.values()
    secret = told.code.replace("-", "").lower()
    events = "".join(str(vars(event)) for event in till.pending_events)
    assert issued.key not in events
    assert secret not in events
    assert hashed(secret) in events


SHOWN = "azyq_trial_k7qm2xva_"


@pytest.mark.parametrize(
    "key",
    [
        *("", "azyq_trial_", "azyq_test_k7qm2xva_" + "a" * 43, "x" * 10_000),
        *(SHOWN + "a" * 42, SHOWN + "é" * 43, SHOWN + "a" * 43 + "\n"),
    ],
)
def test_what_can_be_no_key_is_no_key(key: str) -> None:
    assert refused(lambda: credentials_of(key)) == "terminal_key_unknown"


@pytest.mark.parametrize("code", ["", "x", "k7qm2xva", "0" * 24, "я" * 24, "k" * 10_000, "\x00" * 24])
def test_what_can_be_no_code_is_no_code(code: str) -> None:
    found, _ = commands("trial", on(1))
    assert refused(lambda: found.enrol(code, on(1))) == "enrolment_code_unknown"

"""What staff do in the office besides lists and cases, each a record of its own: who, when, what, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.errors import Refusal

LONGEST_REASON = 200


class ReasonMissing(Refusal):
    """Nothing is left out without a reason, and the reason names nobody."""

    code: ClassVar[str] = "reason_missing"
    texts: ClassVar[dict[str, str]] = {
        "kk": f"Себебін {LONGEST_REASON} таңбаға дейін жазыңыз: аты-жөні, ЖСН және телефон нөмірі болмасын.",
        "ru": f"Напишите причину, до {LONGEST_REASON} знаков: без имён, ИИН и номеров телефонов.",
        "en": f"Say why, in at most {LONGEST_REASON} characters: no names, IINs or phone numbers.",
    }


class OfficeRoleMissing(Refusal):
    """What was asked is for another role of the office."""

    code: ClassVar[str] = "office_role_missing"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Бұл әрекет сіздің рөліңізге жатпайды: оған {roles} рөлі керек. Әрекет жасалмады, талпыныс жазылды.",
        "ru": "Это действие не вашей роли: нужна роль {roles}. Ничего не сделано, попытка записана.",
        "en": "This is not for your role: it takes the role {roles}. Nothing was done; the attempt is recorded.",
    }


def reason_of(text: str) -> str:
    """A reason as it is recorded. Raises ReasonMissing where it is empty, too long, or holds a long number."""
    reason = " ".join(text.split())
    run = longest = 0
    for letter in reason:
        run = run + 1 if letter.isdigit() else run if letter in " -()+" else 0
        longest = max(longest, run)
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable() or longest >= 10:
        raise ReasonMissing("reason")
    return reason


class OfficeAct(Aggregate):
    """One act in a stream of its own, so that people at work never wait for one another."""

    TOPIC = "office"

    class Event(Aggregate.Event):
        """`staff` is the id of the enrolled member."""

        staff: str

    class Created(Aggregate.Created, Event):
        """The first event of an act, which is the only one."""

        TOPIC = "office.created"  # the library wants one; those below are what happens

    class SignedIn(Created):
        """A session began: by an electronic signature, or chosen at the machine of a trial."""

        TOPIC = "office.signed_in"
        way: str

    class SignedOut(Created):
        """The session was ended by its owner."""

        TOPIC = "office.signed_out"

    class Refused(Created):
        """Something was asked for and not done: what, and the refusal's code. Without `staff` where nobody is enrolled."""

        TOPIC = "office.refused"
        act: str
        code: str

    class NumbersMissingRead(Created):
        """Families without a phone number were given out as a file (R18)."""

        TOPIC = "office.missing_numbers_read"
        programme: str
        month: str
        families: int

    class ParkedRetried(Created):
        """A parked event of a view, or a message of a topic's partition, was tried again."""

        TOPIC = "office.parked_retried"
        place: str
        number: int
        taken_in: bool

    class ParkedDiscarded(Created):
        """A parked event or message was left out, with a reason."""

        TOPIC = "office.parked_discarded"
        place: str
        number: int
        reason: str

    def __init__(self, staff: str, **_: Any) -> None:
        self.staff = staff

    @classmethod
    def of(
        cls, kind: type[OfficeAct.Created], stream: UUID, staff: str, at: datetime, **told: Any
    ) -> OfficeAct:
        """An act of this kind, in the stream of this random id."""
        return cls._create(kind, id=stream, staff=staff, timestamp=at, **told)

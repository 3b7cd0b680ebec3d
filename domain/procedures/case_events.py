"""What happens to a case: the events of `domain.procedures.case.Case`.

Stored for ever by TOPIC and fields, as those of `domain.family_events`. Times are ISO 8601 with an offset, "" for none.
No personal data: of a person there is the vault's subject, of a sealed value or a document its digest.
"""

from __future__ import annotations

from typing import Any

from eventsourcing.domain import Aggregate


class Event(Aggregate.Event):
    """What all have in common, so that each can be read by itself: the case's number and its service."""

    case: str
    service: str


class Created(Aggregate.Created, Event):
    """The first event of a case."""

    TOPIC = "case.created"  # the library wants one; Opened is what happens


class Opened(Created):
    """A request was made (S000-L1, S002-20): from now on it runs under this version of its service.

    `facts` are the values that conditions may ask for, by field; `sealed` the digests of those that the vault keeps;
    `documents` [id, SHA-256, type, bytes]; `known` the registers that know the applicant (S003-11); `missing` the
    documents still wanted; `signature` [signer, digest of the signature] or empty (S000-06). Terms run from
    `counted_from` (S002-19); `due_at` is the promised time (S000-09). `through` is the member of staff, a portal, whose
    key opened it for its applicant; empty for any other way.
    """

    TOPIC = "case.opened"
    class_version = 2
    version: str
    digest: str
    kind: str
    channel: str
    applicant: str
    opener: str
    opener_role: str
    language: str
    consent: bool
    facts: dict[str, str]
    sealed: dict[str, str]
    documents: list[list[Any]]
    known: list[str]
    missing: list[str]
    signature: list[str]
    received_at: str
    counted_from: str
    due_at: str
    key: str
    body: str
    through: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Version 1 did not tell through whom: such a case is no portal's."""
        state["through"] = ""


class AcceptanceRefused(Event):
    """The package was incomplete where that is refused: the receipt F3 is given, and the case is over (S002-23)."""

    TOPIC = "case.acceptance_refused"
    missing: list[str]
    actor: str

    def apply(self, case: Any) -> None:
        """The case is over."""
        case.closed_at = self.timestamp
        case.end = "acceptance_refused"


class StepOpened(Event):
    """Somebody's turn (S002-36): `turn` counts how often the step was opened.

    Its term runs from `from_at` to `due_at`. `automatic`: the system does it.
    """

    TOPIC = "case.step_opened"
    step: str
    turn: int
    role: str
    unit: str
    assignee: str
    automatic: bool
    from_at: str
    due_at: str

    def apply(self, case: Any) -> None:
        """The step is open, and no longer done."""
        case.open_step(self)


class StepPassedOver(Event):
    """A step whose condition does not hold: it counts as done for those that wait for it (S002-07)."""

    TOPIC = "case.step_passed_over"
    step: str

    def apply(self, case: Any) -> None:
        """Nothing waits for the step."""
        case.done[self.step] = ""


class Acted(Event):
    """A step was done, with this outcome (S002-36). What is done after its time, `due_at`, is `late`.

    `assigned` is [role, person] or empty; `signature` [signer, digest of the signature] or empty; `sitting` names the
    sitting in which it was decided.
    """

    TOPIC = "case.acted"
    step: str
    turn: int
    outcome: str
    actor: str
    role: str
    due_at: str
    late: bool
    facts: dict[str, str]
    sealed: dict[str, str]
    documents: list[list[Any]]
    ground: str
    assigned: list[str]
    signature: list[str]
    sitting: str
    key: str
    body: str

    def apply(self, case: Any) -> None:
        """The step is done, and what it brought is known."""
        case.close_step(self)


class RemarkRecorded(Event):
    """Something was said on a step that goes on (S002-04). After the step's end it is `late`.

    `number` counts the remarks of a discussion; 0 for what is none of them, such as the answer to one (S002-F2).
    """

    TOPIC = "case.remark_recorded"
    step: str
    turn: int
    outcome: str
    number: int
    actor: str
    role: str
    late: bool
    facts: dict[str, str]
    sealed: dict[str, str]
    documents: list[list[Any]]
    signature: list[str]
    key: str
    body: str

    def apply(self, case: Any) -> None:
        """A remark counts; facts of remarks are each one's own and no condition asks for them."""
        case.remarks = max(case.remarks, self.number)
        case.remember(self.actor, self.key, self.body)


class Reassigned(Event):
    """The step was given to another person."""

    TOPIC = "case.reassigned"
    step: str
    turn: int
    assignee: str
    actor: str
    role: str
    key: str
    body: str

    def apply(self, case: Any) -> None:
        """The step is the other person's."""
        case.reassign_step(self)


class BecameOverdue(Event):
    """The step's term is over, and it is not done."""

    TOPIC = "case.became_overdue"
    step: str
    turn: int
    due_at: str

    def apply(self, case: Any) -> None:
        """The step is overdue."""
        case.mark_overdue(self.step)


class Escalated(Event):
    """The step that is overdue was brought before another role."""

    TOPIC = "case.escalated"
    step: str
    turn: int
    to_role: str

    def apply(self, case: Any) -> None:
        """Told once."""
        case.mark_escalated(self.step, self.to_role)


class ResultIssued(Event):
    """The applicant has a result (S002-15); days, both included, `valid_until` "" for without an end (S003-A03)."""

    TOPIC = "case.result_issued"
    result: str
    form: str
    number: str
    refusal: bool
    valid_from: str
    valid_until: str

    def apply(self, case: Any) -> None:
        """One more result."""
        case.results.append((self.result, self.number, self.valid_from, self.valid_until))


class ResultWithdrawn(Event):
    """What was given out stands no longer (S002-15): `how` is withdrawn, annulled or replaced.

    `decided_in` is the case whose act it follows from, this one or another; `replaced_by` the number of what stands
    instead, "" for nothing. A case that is over may come to this.
    """

    TOPIC = "case.result_withdrawn"
    number: str
    how: str
    decided_in: str
    replaced_by: str

    def apply(self, case: Any) -> None:
        """The result stands no longer."""
        case.end_result(self)


class NoticeDue(Event):
    """The applicant is to be told something (S000-L2): in the cabinet, and by SMS as `message` where there is a number."""

    TOPIC = "case.notice_due"
    notice: str
    message: str
    language: str

    def apply(self, case: Any) -> None:
        """The notice waits for its SMS."""
        case.notices[self.message] = self.notice


class NoticeSent(Event):
    """The SMS of a notice was handed to the gateway."""

    TOPIC = "case.notice_sent"
    message: str
    purpose: str
    language: str
    encoding: str
    parts: int
    gateway: str

    def apply(self, case: Any) -> None:
        """No other hand-over."""
        case.told[self.message] = "sent"


class NoticeFailed(Event):
    """The SMS of a notice can't be sent; the cabinet has it all the same."""

    TOPIC = "case.notice_failed"
    message: str
    purpose: str
    reason: str

    def apply(self, case: Any) -> None:
        """No further try."""
        case.told[self.message] = "failed"


class NoticeReported(Event):
    """What the network says of a notice's SMS: delivered, failed, buffered, accepted or rejected."""

    TOPIC = "case.notice_reported"
    message: str
    status: str

    def apply(self, case: Any) -> None:
        """The last word on it."""
        case.told[self.message] = self.status


class Closed(Event):
    """The case is over; `dropped` are the [step, turn] that were still open. `late`: after the promised time."""

    TOPIC = "case.closed"
    end: str
    late: bool
    dropped: list[list[Any]]

    def apply(self, case: Any) -> None:
        """Nothing happens on it any more, but for notices."""
        case.closed_at = self.timestamp
        case.end = self.end
        case.steps.clear()

"""The audit of cases and sittings: every guard proved again from the log, by the service's text that the log has.

Written anew over the events' plain data, as the rest of the audit. The book of services and sittings is filled before
the fold, for a case is judged by the version that it began with, and a sitting by the acts that name it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from domain.audit.audited_log import AuditedLog
from domain.audit.facts import azyq_name, instant
from domain.errors import Refusal
from domain.procedures.definition import APPLICANT, SYSTEM, Outcome, Service, Step
from domain.procedures.definition_file import parse_service

Data = dict[str, Any]

CASE_TOPICS = ("case.", "sitting.", "service.")
_AFTER_THE_END = (
    *("case.notice_due", "case.notice_sent", "case.notice_failed", "case.notice_reported"),
    "case.result_withdrawn",
)
_TURN = ("case_identity", "case_order", "case_role")
CASE_CHECKS: dict[str, tuple[str, ...]] = {
    "case.opened": ("case_identity", "case_version"),
    "case.acceptance_refused": ("case_identity", "case_order"),
    "case.step_opened": ("case_identity", "case_order", "case_path"),
    "case.step_passed_over": ("case_identity", "case_order", "case_path"),
    "case.acted": (*_TURN, "case_outcome", "case_late", "case_two_persons", "case_ground", "case_signed"),
    "case.remark_recorded": (*_TURN, "case_outcome"),
    "case.reassigned": ("case_identity", "case_order"),
    "case.became_overdue": ("case_identity", "case_order", "case_late"),
    "case.escalated": ("case_identity", "case_order"),
    "case.result_issued": ("case_identity", "case_outcome"),
    "case.result_withdrawn": ("case_identity", "case_outcome"),
    "case.notice_due": ("case_identity",),
    "case.notice_sent": ("case_identity",),
    "case.notice_failed": ("case_identity",),
    "case.notice_reported": ("case_identity",),
    "case.closed": ("case_identity", "case_order", "case_late", "case_path"),
    "sitting.held": ("case_identity", "case_sitting"),
    "service.begun": ("case_identity",),
    "service.version_published": ("case_identity", "case_version"),
}


class _Held(NamedTuple):
    position: int
    stream: str
    step: str
    actor: str
    decisions: dict[str, str]


class CaseBook:
    """Services by version, and sittings, as the log has them. Feed it their events in order of position."""

    def __init__(self, parse: Callable[[str], Service] = lambda text: parse_service(text, "the log")) -> None:
        """`parse` reads a service's text; it raises a Refusal for one that can't be read."""
        self._parse = parse
        self.services: dict[tuple[str, str], tuple[str, Service | None]] = {}
        self.sittings: dict[str, _Held] = {}
        self.persons: dict[str, str] = {}  # the vault's subject by member of staff

    def feed(self, position: int, stream: str, topic: str, data: Data) -> None:
        """One event of a service or a sitting, or of who a member of staff is. Raises what a malformed event raises."""
        if topic == "service.version_published":
            try:
                service: Service | None = self._parse(data["text"])
            except Refusal:
                service = None
            self.services[data["service"], data["version"]] = (data["digest"], service)
        elif topic == "staff.identified":
            self.persons[data["staff"]] = data["subject"]
        elif topic == "sitting.held":
            decisions = dict(data["decisions"])
            self.sittings[data["sitting"]] = _Held(position, stream, data["step"], data["actor"], decisions)


class CaseFold:
    """One stream of a case, of a sitting or of a service's versions."""

    def __init__(self, audit: AuditedLog, stream: str, book: CaseBook, seen: Counter[str]) -> None:
        """`seen` counts the acts that name each sitting, over all streams."""
        self._audit = audit
        self._stream = stream
        self._book = book
        self._seen = seen
        self._service: Service | None = None
        self._at: tuple[int, int, str] = (0, 0, "")
        self._open: dict[str, int] = {}
        self._turns: dict[str, int] = {}
        self._over: set[str] = set()
        self._actors: dict[str, str] = {}
        self._expected: set[str] = set()
        self._result = ""
        self._withdraws = ""
        self._standing_results: set[str] = set()
        self._ends = ""
        self._due_at = ""
        self._closed = False

    def apply(self, position: int, version: int, topic: str, data: Data) -> None:
        """One event of the stream. Raises what a malformed event raises."""
        self._at = position, version, topic
        kind = topic.partition(".")[0]
        if topic not in CASE_CHECKS:
            self._bad("topic_unknown", "", "the audit knows no such event")
            return
        if azyq_name(f"{kind}/{data[kind]}") != self._stream:
            self._bad("case_identity", "S000-L1", "the stream isn't that of what it names")
        first = {"case": "case.opened", "sitting": "sitting.held", "service": "service.begun"}[kind]
        if (version == 1) != (topic == first):
            self._bad("case_identity", "S000-L1", "the stream doesn't begin with its first event")
        if kind == "case" and self._closed and topic not in _AFTER_THE_END:
            self._bad("case_order", "S002-36", "something happened after the end")
        handle = getattr(self, f"_{topic.replace('.', '_')}", None)
        if handle is not None:
            handle(data)

    def _bad(self, check: str, clause: str, what: str) -> None:
        position, version, topic = self._at
        self._audit.bad(check, clause, position, self._stream, version, topic, what)

    # --- services -------------------------------------------------------------------------------------

    def _service_version_published(self, data: Data) -> None:
        if sha256(data["text"].encode()).hexdigest() != data["digest"]:
            self._bad("case_version", "S002-08", "the text isn't that of the digest")
        if self._book.services.get((data["service"], data["version"]), ("", None))[1] is None:
            self._bad("case_version", "S002-08", "the text can't be read as a service")

    def _case_opened(self, data: Data) -> None:
        digest, service = self._book.services.get((data["service"], data["version"]), ("", None))
        if digest != data["digest"]:
            self._bad("case_version", "S002-08", "the version it began with is not in the log")
            service = None
        if data.get("through") and data["opener_role"] != APPLICANT:  # version 1 has no such field
            self._bad("case_identity", "S000-L1", "opened through a portal, and not as the applicant")
        self._service = service
        self._due_at = data["due_at"]
        if service is not None:
            self._expected = set(service.first)

    # --- steps ----------------------------------------------------------------------------------------

    def _case_step_opened(self, data: Data) -> None:
        step, turn = data["step"], data["turn"]
        if step in self._open or turn != self._turns.get(step, 0) + 1:
            self._bad("case_order", "S002-36", f"{step} was opened as turn {turn}")
        self._expect(step)
        self._open[step] = self._turns[step] = turn
        self._over.discard(step)
        definition = self._step(step)
        if definition is not None and data["role"] != definition.role:
            self._bad("case_role", "S002-36", f"{step} is a step of {definition.role}, not of {data['role']}")

    def _case_step_passed_over(self, data: Data) -> None:
        self._expect(data["step"])
        self._is_over(data["step"])

    def _expect(self, step: str) -> None:
        if self._service is None:
            return
        if step not in self._expected:
            self._bad("case_path", "S002-36", f"nothing opened {step}")

    def _is_over(self, step: str) -> None:
        """The step is done: what waits for it, and for others that are done, may open."""
        self._over.add(step)
        if self._service is not None:
            for join in self._service.steps.values():
                if step in join.after and self._over >= {*join.after}:
                    self._expected.add(join.id)

    def _standing(self, data: Data) -> bool:
        """Whether the step was open at this turn."""
        if self._open.get(data["step"]) == data["turn"]:
            return True
        self._bad("case_order", "S002-36", f"it was not the turn of {data['step']}")
        return False

    def _case_became_overdue(self, data: Data) -> None:
        self._standing(data)
        self._late(data, True)

    def _case_escalated(self, data: Data) -> None:
        self._standing(data)

    def _case_reassigned(self, data: Data) -> None:
        self._standing(data)

    def _case_remark_recorded(self, data: Data) -> None:
        step = data["step"]
        is_open = self._open.get(step) == data["turn"]
        if not is_open and (step not in self._over or not data["late"]):
            self._bad("case_order", "S002-04", f"a remark on {step} that was not open, and not marked late")
        outcome = self._outcome(data)
        if outcome is not None and not outcome.stays:
            self._bad("case_outcome", "S002-04", f"{outcome.id} is no remark")

    def _case_acted(self, data: Data) -> None:
        step = data["step"]
        self._standing(data)
        self._late(data, data["late"])
        outcome = self._outcome(data)
        self._expected, self._result, self._ends, self._withdraws = set(), "", "", ""
        if outcome is not None:
            self._check_outcome(outcome, data)
            self._expected = set(outcome.opens)
            self._result, self._ends = outcome.result, outcome.ends
            self._withdraws = outcome.withdraws
        self._sitting(data)
        self._open.pop(step, None)
        self._actors[step] = data["actor"]
        self._is_over(step)

    def _check_outcome(self, outcome: Outcome, data: Data) -> None:
        system = data["actor"] == SYSTEM
        for other in outcome.other_than:
            before = self._actors.get(other)
            if before is not None and self._person(before) == self._person(data["actor"]):
                self._bad("case_two_persons", "S000-L6", f"whoever did {other} did {data['step']} too")
        grounds = self._service.grounds if self._service is not None and outcome.grounds else {}
        if (outcome.grounds and not system and not data["ground"]) or data["ground"] not in {"", *grounds}:
            self._bad("case_ground", "S002-22", f"the ground {data['ground']!r} is not of the closed list")
        if outcome.signs and not system and not data["signature"]:
            self._bad("case_signed", "S000-L6", f"{outcome.id} without a signature")
        if data["signature"] and data["signature"][0] not in {data["actor"], self._person(data["actor"])}:
            self._bad("case_signed", "S000-L6", f"{outcome.id} signed by somebody else than who acted")
        if outcome.stays:
            self._bad("case_outcome", "S002-04", f"{outcome.id} is a remark, and ended the step")

    def _person(self, actor: str) -> str:
        return self._book.persons.get(actor, actor)

    def _sitting(self, data: Data) -> None:
        name = data["sitting"]
        if not name:
            return
        held = self._book.sittings.get(name)
        self._seen[name] += 1
        if held is None or (held.step, held.actor, held.decisions.get(data["case"])) != (
            data["step"],
            data["actor"],
            data["outcome"],
        ):
            self._bad("case_sitting", "S000-T16", "the sitting it names did not decide so")

    def _case_result_issued(self, data: Data) -> None:
        if self._service is not None and data["result"] != self._result:
            self._bad("case_outcome", "S002-15", f"the result {data['result']} is not what the outcome gives")
        self._standing_results.add(data["number"])

    def _case_result_withdrawn(self, data: Data) -> None:
        """Of one that another case withdraws, that it stood; of one that this case does, that its outcome says so."""
        if data["number"] not in self._standing_results:
            self._bad("case_outcome", "S002-15", f"{data['number']} was not given out, or stood no longer")
        self._standing_results.discard(data["number"])
        here = data["decided_in"] == data["case"]
        if here and self._service is not None and data["how"] != self._withdraws:
            self._bad(
                "case_outcome",
                "S002-15",
                f"{data['number']} is told as {data['how']}, and no outcome says so",
            )

    def _case_acceptance_refused(self, data: Data) -> None:
        if not data["missing"]:
            self._bad("case_outcome", "S002-23", "refused, and nothing was missing")
        self._closed = True

    def _case_closed(self, data: Data) -> None:
        if self._service is not None and data["end"] != self._ends:
            self._bad("case_path", "S002-36", f"the outcome doesn't end the case as {data['end']}")
        if {(step, turn) for step, turn in data["dropped"]} != set(self._open.items()):
            self._bad("case_order", "S002-36", "other steps were open than those dropped")
        self._late({**data, "due_at": self._due_at}, data["late"])
        self._closed = True

    def _late(self, data: Data, said: bool) -> None:
        due = data["due_at"]
        if said != bool(due and instant(data["timestamp"]) > instant(due)):
            self._bad("case_late", "S002-36", f"it is told as {'late' if said else 'in time'}, and is not")

    def _step(self, step: str) -> Step | None:
        if self._service is None:
            return None
        found = self._service.steps.get(step)
        if found is None:
            self._bad("case_path", "S002-36", f"the service has no step {step}")
        return found

    def _outcome(self, data: Data) -> Outcome | None:
        step = self._step(data["step"])
        if step is None:
            return None
        outcome = next((one for one in step.outcomes if one.id == data["outcome"]), None)
        if outcome is None:
            self._bad("case_outcome", "S002-36", f"{step.id} has no outcome {data['outcome']}")
            return None
        role = SYSTEM if outcome.id == step.at_due else outcome.role or step.role
        if data["role"] != role and data["actor"] != SYSTEM:
            self._bad("case_role", "S002-36", f"{outcome.id} is for {role}, not for {data['role']}")
        if step.group and not outcome.stays and not outcome.alone and not data["sitting"]:
            self._bad("case_sitting", "S000-T16", f"{step.id} was done outside a sitting")
        return outcome


def finish_sittings(audit: AuditedLog, book: CaseBook, seen: Counter[str]) -> None:
    """After the last stream: every decision of a sitting has its act."""
    for name, held in book.sittings.items():
        if seen[name] != len(held.decisions):
            what = f"{len(held.decisions)} cases were decided on, {seen[name]} have the act"
            audit.bad("case_sitting", "S000-T16", held.position, held.stream, 1, "sitting.held", what)

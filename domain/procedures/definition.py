"""A state service as data (S002-10 to S002-39): what its file says, checked and ready to run.

Names are texts by language (kk, ru, en). Terms are maxima. Conditions are expressions over a case's facts
(`domain.procedures.conditions`). Nothing here knows any one service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Literal, NamedTuple

Names = Mapping[str, str]

SYSTEM, APPLICANT, PUBLIC = "system", "applicant", "public"
FieldType = Literal[
    "text", "date", "number", "yes_no", "choice", "email", "phone", "iin", "bin", "kato", "file"
]


class Unit(StrEnum):
    """What a term is counted in."""

    MINUTES = "min"
    HOURS = "h"
    WORKING_DAYS = "wd"
    CALENDAR_DAYS = "cd"
    MONTHS = "mo"
    YEARS = "y"


class Term(NamedTuple):
    """At most so much time: "20 min", "1 h", "2 wd", "30 cd", "3 mo", "1 y" in files."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


class Hours(NamedTuple):
    """A working day: its weekdays (ISO, 1 = Monday), from when to when, and the break, if any."""

    weekdays: tuple[int, ...]
    opens: time
    closes: time
    break_from: time | None = None
    break_to: time | None = None

    def __str__(self) -> str:
        """As files have it: "1-5 09:00-18:30 break 13:00-14:30"."""
        first, last = self.weekdays[0], self.weekdays[-1]
        days = f"{first}-{last}" if last > first else f"{first}"
        pause = (
            f" break {self.break_from:%H:%M}-{self.break_to:%H:%M}"
            if self.break_from and self.break_to
            else ""
        )
        return f"{days} {self.opens:%H:%M}-{self.closes:%H:%M}{pause}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The office's hours, those of reception (S002-17, S002-18), and what arrives outside them (S002-19, S003-06).

    `rolls_over`: what arrives after hours or on a day off counts as received when the office next opens; else at once.
    """

    office: Hours
    reception: Hours
    rolls_over: bool


@dataclass(frozen=True, slots=True)
class Field:
    """Something an applicant or an official is asked for. `personal` goes to the vault, never into an event.

    `required` is a condition; `known_from` names the register where it is looked up first (S003-11). `long`: a text of
    several lines.
    """

    id: str
    names: Names = field(hash=False)
    type: FieldType = "text"
    required: str = "true"
    personal: bool = False
    choices: Mapping[str, Names] = field(default_factory=dict, hash=False)
    known_from: str = ""
    long: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of the package (S002-20), asked for when `required` holds and `known_from` does not know it (S003-11).

    `filled`: the application itself or a form made of the case's fields: listed, never uploaded, never missing.
    `if_any`: asked for of those who have it, so never missing either (S003-A01).
    """

    id: str
    names: Names = field(hash=False)
    required: str = "true"
    known_from: str = ""
    clause: str = ""
    filled: bool = False
    if_any: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """Who may act: an official of a `unit`, another body, a commission, the applicant, the public or the system."""

    id: str
    names: Names = field(hash=False)
    unit: str = ""
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """One of the closed list of grounds for refusal (S002-22, S003-07)."""

    id: str
    names: Names = field(hash=False)
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request: open when its condition holds (S003-A04), with a term of its own (S000-L5b)."""

    id: str
    names: Names = field(hash=False)
    term: Term | None = None
    when: str = "true"


@dataclass(frozen=True, slots=True)
class Result:
    """What the applicant gets (S002-15): `form` is the paper's template; `validity` None is without an end."""

    id: str
    names: Names = field(hash=False)
    form: str = "notice"
    validity: Term | None = None
    refusal: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to end a step: what it asks for, what it opens, and what it hands out.

    `opens` are the next steps (several run side by side); with `ends` the case is over. `grounds`: a refusal ground
    must be named. `signs`: under an electronic signature. `assigns`: names the person for a role. `other_than`: steps
    whose actor must be somebody else (the two-person rule). `stays`: recorded, and the step goes on (a comment).
    `notifies`: the notice the applicant gets. `term`: taken later, counted from the step's opening or from the date
    field `starts`, it is late, though the step is not due yet (S000-L5a). `role`: who takes it, when not the step's.
    `alone`: taken for one case although the step is a group's (S000-T5a). `remark`: how the report on a discussion
    reads it: "made", "taken" or "not_taken" (S002-F2); the last two name its number in the field `remark`. `withdraws`:
    how what was given out ends with it: all that the case gave out, or the result whose number stands in the field
    `withdraws_by`, whatever case gave it.
    """

    id: str
    names: Names = field(hash=False)
    opens: tuple[str, ...] = ()
    ends: str = ""
    when: str = "true"
    fields: tuple[Field, ...] = ()
    documents: tuple[Document, ...] = ()
    grounds: bool = False
    signs: bool = False
    assigns: str = ""
    other_than: tuple[str, ...] = ()
    stays: bool = False
    result: str = ""
    notifies: str = ""
    clause: str = ""
    term: Term | None = None
    starts: str = ""
    role: str = ""
    alone: bool = False
    remark: Literal["", "made", "taken", "not_taken"] = ""
    withdraws: Literal["", "withdrawn", "annulled", "replaced"] = ""
    withdraws_by: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A procedure of the regulation (S002-36): who does it, within what term, and how it can end.

    `after`: opens once all these steps are done (joins what ran side by side). `at_due`: the outcome that the system
    takes when the term is over; without it the step becomes overdue and goes to `escalates_to`. `group`: done for
    many cases in one sitting (S000-T16). `within`: the step's term lies inside the service's (default inside).
    `clocked`: minutes and hours run round the clock, not in working time. `starts`: None for the instant it opened;
    else the id of a date field that its term is counted from. A step `within` that has no term is due when its case is.
    `when`: a step whose condition does not hold is passed over, and counts as done for those `after` it (S002-07).
    """

    id: str
    names: Names = field(hash=False)
    role: str
    outcomes: tuple[Outcome, ...]
    clause: str = ""
    term: Term | None = None
    terms: Mapping[str, Term] = field(default_factory=dict, hash=False)
    after: tuple[str, ...] = ()
    at_due: str = ""
    escalates_to: str = ""
    group: bool = False
    within: bool = True
    clocked: bool = False
    starts: str = ""
    when: str = "true"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where applications come in (S002-13, S002-23): `incomplete` is what an incomplete package meets there.

    `refuse`: acceptance is refused with the receipt F3; `accept`: it goes to the first step, which sees what is missing.
    Waiting and serving are minutes, 0 where nobody waits. `signs`: applications bear an electronic signature (S000-06).
    `department`, `address` and `phone` are what the receipt of refusal says of the place (S002-F3), empty where not set.
    """

    id: Literal["portal", "office", "state_corporation", "wallet", "internal"]
    incomplete: Literal["refuse", "accept"]
    wait_minutes: int = 0
    serving_minutes: int = 0
    signs: bool = False
    department: str = ""
    address: Names = field(default_factory=dict, hash=False)
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """Where the law is silent, contradicts itself, or its annex is missing: what the file takes, and why."""

    clause: str
    state: Literal["silent", "conflict", "missing"]
    takes: Names = field(hash=False)


@dataclass(frozen=True, slots=True)
class Appeals:
    """Whose cases are appeals (R30): the ids of the fields that name the topic, the shop, the region; "" for none."""

    topic: str = ""
    shop: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One version of a service. A case ends under the version that it began with.

    `first` are the steps that open with a case. `term` is the standard's, for kinds that have none of their own.
    `texts` are the standard's free elements by id (fee, appeals, vulnerable groups, contacts, publication, ...), by
    language; `notices` what an applicant is told, by id and language. `starts`: the date field that the service's term
    is counted from, instead of the receipt (S002-02). `holder`: the fields that name the applicant on papers, in order.
    `conditions`: conditions by name, which others may use as a fact; each may use those above it; `condition_names`
    says what one means to whoever reads the papers. `appeals`: its cases are appeals, reported as such (R30).
    """

    id: str
    version: str
    effective_from: date
    effective_to: date | None
    names: Names = field(hash=False)
    basis: tuple[Names, ...] = field(hash=False)
    provider: Names = field(hash=False)
    drafter: Names = field(hash=False)
    prefix: str
    automation: Literal["full", "partial", "none"]
    form: Literal["electronic", "paper", "both"]
    schedule: Schedule
    channels: tuple[Channel, ...]
    term: Term | None
    units: Mapping[str, Names] = field(hash=False)
    roles: Mapping[str, Role] = field(hash=False)
    kinds: Mapping[str, Kind] = field(hash=False)
    fields: tuple[Field, ...]
    documents: tuple[Document, ...]
    grounds: Mapping[str, Ground] = field(hash=False)
    results: Mapping[str, Result] = field(hash=False)
    first: tuple[str, ...]
    steps: Mapping[str, Step] = field(hash=False)
    ends: Mapping[str, Names] = field(hash=False)
    consent: bool
    texts: Mapping[str, Names] = field(default_factory=dict, hash=False)
    notices: Mapping[str, Names] = field(default_factory=dict, hash=False)
    declared: tuple[Declared, ...] = ()
    starts: str = ""
    holder: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict, hash=False)
    condition_names: Mapping[str, Names] = field(default_factory=dict, hash=False)
    appeals: Appeals | None = None

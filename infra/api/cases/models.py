"""The bodies of calls about cases and of what they are answered, and how their fields are checked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from infra.api.counter.models import Call


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("text_broken")
    return text


_Id = Annotated[str, StringConstraints(max_length=100), AfterValidator(_printable)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
_Key = Annotated[str, StringConstraints(min_length=1, max_length=60)]
_Digest = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256 of a file uploaded by POST /v1/papers, or of a document of this case"),
]
_Value = Annotated[str, StringConstraints(max_length=10_000)] | bool | int
Values = Annotated[
    dict[_Key, _Value],
    Field(max_length=200, description='by field: texts, days as "2026-01-31", decimals as texts'),
]
_Documents = Annotated[dict[_Key, _Digest], Field(max_length=100)]
_Signature = Annotated[
    str,
    StringConstraints(max_length=100_000, pattern=r"^[A-Za-z0-9+/]*={0,2}$"),
    Field(description="an electronic signature over what …/content answers to the same call, in base64"),
]
_Sign = Annotated[bool, Field(description="in a trial: azyq signs in the actor's name")]


class ApplicantCall(Call):
    """Who asks; kept in the vault only. A phone is taken where none is known."""

    iin: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
    phone: Annotated[str, StringConstraints(max_length=30)] = ""
    surname: _Id = ""
    given_name: _Id = ""
    patronymic: _Id = ""


class OpenCall(Call):
    """A request for a service (S000-L1). The channel and the kind may be left out where there is one."""

    service: _Name
    kind: _Id = ""
    channel: _Id = ""
    applicant: ApplicantCall | None = None
    fields: Values = Field(default_factory=dict)
    documents: _Documents = Field(default_factory=dict)
    consent: Annotated[bool, Field(description="the applicant agrees to the use of protected data")] = False
    language: Literal["kk", "ru", "en"] = "kk"
    signature: _Signature = ""
    sign: _Sign = False


class ActCall(Call):
    """An outcome of a step that is open (S002-36)."""

    step: _Name
    outcome: _Name
    fields: Values = Field(default_factory=dict)
    documents: _Documents = Field(default_factory=dict)
    ground: _Id = ""
    assignee: Annotated[_Id, Field(description="the person that the outcome names for a role")] = ""
    signature: _Signature = ""
    sign: _Sign = False


class ReassignCall(Call):
    """Another person for a step that is open."""

    step: _Name
    assignee: _Name


class DecisionCall(Call):
    """What a sitting decides on one case."""

    case: _Name
    outcome: _Name
    fields: Values = Field(default_factory=dict)
    documents: _Documents = Field(default_factory=dict)
    ground: _Id = ""
    assignee: _Id = ""


class SittingCall(Call):
    """One step of many cases, all or none (S000-T16)."""

    service: _Name
    step: _Name
    members: Annotated[list[_Name], Field(max_length=200)]
    decisions: Annotated[list[DecisionCall], Field(max_length=1000)]
    minutes: Annotated[_Digest, Field(description="the signed minutes, uploaded")] | None = None
    signature: _Signature = ""
    sign: _Sign = False


Names = dict[str, str]


class PaperAnswer(BaseModel):
    """An upload that was taken; it waits a day for the case that takes it over."""

    sha256: str
    type: str
    size: int


class OpenedAnswer(BaseModel):
    """What an application came to; the same at every repetition."""

    case: str
    service: str
    version: str
    kind: str
    state: Literal["open", "refused"]
    received_at: str
    counted_from: str
    due_at: str | None
    missing: list[str]
    opened: list[str]
    status_page: str


class IssuedResult(BaseModel):
    """What the applicant gets."""

    result: str
    number: str
    valid_until: str


class ActAnswer(BaseModel):
    """What an act came to; the same at every repetition. `number` is a remark's, 0 for none."""

    case: str
    step: str
    outcome: str
    at: str
    late: bool
    number: int
    opened: list[str]
    results: list[IssuedResult]
    ending: str


class ToSignAnswer(BaseModel):
    """What an electronic signature of the call is over, in base64."""

    content: str


class ReassignAnswer(BaseModel):
    """Whose step it is now."""

    case: str
    step: str
    assignee: str


class DecidedAnswer(BaseModel):
    """One case of a sitting."""

    case: str
    outcome: str


class SittingAnswer(BaseModel):
    """A sitting as it was recorded."""

    sitting: str
    service: str
    step: str
    members: list[str]
    decisions: list[DecidedAnswer]


class FieldShown(BaseModel):
    """What is asked for; `required` is a condition."""

    field: str
    name: Names
    type: str
    required: str
    personal: bool
    choices: dict[str, Names]


class DocumentShown(BaseModel):
    """A paper that is asked for."""

    document: str
    name: Names
    required: str
    filled: bool
    if_any: bool


class OutcomeShown(BaseModel):
    """One way to end a step."""

    outcome: str
    name: Names
    role: str
    fields: list[FieldShown]
    documents: list[DocumentShown]
    grounds: list[str]
    signs: bool
    assigns: str
    stays: bool
    when: str
    other_than: list[str]
    ends: str
    opens: list[str]


class OpenOutcome(OutcomeShown):
    """`open`: whether its condition holds now."""

    open: bool


class OpenStepShown(BaseModel):
    """A step whose turn it is."""

    step: str
    name: Names
    role: str
    unit: str
    assignee: str
    sitting: bool
    from_at: str
    due_at: str | None
    overdue: bool
    escalated_to: str
    outcomes: list[OpenOutcome]


class KeptDocument(BaseModel):
    """A document of the case; GET /v1/cases/{id}/documents/{sha256} gives it."""

    document: str
    sha256: str
    type: str
    size: int


class DoneStep(BaseModel):
    """A step that is over; without an outcome it was passed over."""

    step: str
    outcome: str
    actor: str


class CaseResult(BaseModel):
    """A licence, a certificate, a refusal; `withdrawn`, `annulled` or `replaced` once it stands no longer, else empty."""

    result: str
    number: str
    valid_from: str
    valid_until: str
    withdrawn: str


class RegisterAsked(BaseModel):
    """A state register that is asked first (S003-11); `known` false: a clerk confirms by hand."""

    register_: Annotated[str, Field(alias="register")]
    known: bool


class CaseAnswer(BaseModel):
    """A case as it stands; `status_page` for whoever opened it, else empty. `through`: the portal, else empty."""

    case: str
    service: str
    version: str
    name: Names
    kind: str
    channel: str
    language: str
    state: Literal["open", "closed", "refused"]
    received_at: str
    counted_from: str
    due_at: str | None
    overdue: bool
    opener: str
    through: str
    fields: dict[str, str]
    personal: dict[str, str]
    documents: list[KeptDocument]
    missing: list[str]
    registers: list[RegisterAsked]
    steps: list[OpenStepShown]
    done: list[DoneStep]
    remarks: int
    ground: str
    results: list[CaseResult]
    ending: str
    closed_at: str | None
    status_page: str


class ListedCase(BaseModel):
    """A step to do (`state` open), or a case that is over."""

    case: str
    service: str
    state: Literal["open", "closed", "refused"]
    step: str
    role: str
    unit: str
    assignee: str
    opened_at: str | None
    due_at: str | None
    overdue: bool
    escalated_to: str
    ending: str
    term: str
    closed_at: str | None


class CaseList(BaseModel):
    """A page; `after` asks for the next one, null at the end."""

    cases: list[ListedCase]
    after: str | None


class ChannelShown(BaseModel):
    """Where applications come in."""

    channel: str
    incomplete: str
    signs: bool


class KindShown(BaseModel):
    """A kind of request, open when its condition holds."""

    kind: str
    name: Names
    term: str | None
    when: str


class GroundShown(BaseModel):
    """A ground for refusal."""

    ground: str
    name: Names


class StepShown(BaseModel):
    """A procedure."""

    step: str
    name: Names
    role: str
    unit: str
    sitting: bool
    term: str | None
    terms: dict[str, str]
    outcomes: list[OutcomeShown]


class ServiceAnswer(BaseModel):
    """A service in force, with what is asked for and what its steps are."""

    service: str
    version: str
    name: Names
    provider: Names
    effective_from: str
    effective_to: str | None
    term: str | None
    consent: bool
    channels: list[ChannelShown]
    kinds: list[KindShown]
    fields: list[FieldShown]
    documents: list[DocumentShown]
    grounds: list[GroundShown]
    conditions: dict[str, str]
    steps: list[StepShown]


class ListedService(BaseModel):
    """A service in force."""

    service: str
    version: str
    name: Names
    kinds: list[KindShown]


class ServiceList(BaseModel):
    """The services in force today."""

    services: list[ListedService]


class ServiceLevel(BaseModel):
    """Of the cases received in the period."""

    opened: int
    open: int
    done: int
    refused_acceptance: int
    terms_kept: int
    terms_missed: int
    overdue: int
    median_seconds: int | None
    ends: dict[str, int]
    refused_by_ground: dict[str, int]


class Waiting(BaseModel):
    """Who has how many steps to do now, and how many of them are over their time."""

    service: str
    role: str
    unit: str
    open: int
    overdue: int


class LevelsAnswer(BaseModel):
    """How a service is kept up; as new as the views are."""

    service: str
    first_day: str
    last_day: str
    log_position: int
    figures: ServiceLevel | None
    waiting: list[Waiting]


class StaffAnswer(BaseModel):
    """Who the key is of."""

    staff: str
    roles: list[str]
    unit: str


class StaffKeyAnswer(BaseModel):
    """The key is shown this once."""

    staff: str
    key: str
    expires_at: str

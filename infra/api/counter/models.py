"""The bodies of terminals' calls and of what they are answered, and how their fields are checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.basket import BasketLine
from infra.api.problems import Problem, pointer_to

_BIGGEST_TIYN = 10**12


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("text_broken")
    return text


_Name = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_printable)]
_Reason = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
_Code = Annotated[str, StringConstraints(min_length=1, max_length=300)]
_Quantity = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$"),
    Field(description="decimal with at most 3 places, above zero", examples=["1", "0.5"]),
]
_Tiyn = Annotated[int, Field(ge=0, le=_BIGGEST_TIYN)]
_Voucher = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Call(BaseModel):
    """A body: no field that isn't known, for a mistyped one would be money."""

    model_config = ConfigDict(strict=True, extra="forbid")


class EnrolCall(Call):
    """A new terminal, with its one-time code as it was told, in any case, with or without dashes."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class CheckCall(Call):
    """What is left behind a code."""

    code: _Code

    def quotes(self) -> int:
        """How many quotation marks its JSON has, when nothing in it is escaped: two a name, two a text."""
        return 4


class LineCall(Call):
    """One article; prices are of one unit."""

    gtin: Annotated[str, StringConstraints(pattern=r"^[0-9]{8,14}$")]
    quantity: _Quantity
    shelf_price_tiyn: _Tiyn
    price_tiyn: _Tiyn

    def basket_line(self) -> BasketLine:
        """The line as it is priced."""
        return BasketLine(self.gtin, Decimal(self.quantity), self.shelf_price_tiyn, self.price_tiyn)


class DrawCall(Call):
    """What one voucher is to pay."""

    voucher: _Voucher
    draw_tiyn: _Tiyn


class RedemptionCall(Call):
    """A basket. Without `draw_tiyn` or `draws` the vouchers pay all they may, in the order of `check`."""

    code: _Code
    receipt: Annotated[_Name, Field(description="the shop's number of the receipt, one purchase each")]
    cashier: Annotated[_Name, Field(description="the cashier's number, no name")]
    lines: Annotated[list[LineCall], Field(max_length=1000)]
    draw_tiyn: _Tiyn | None = None
    draws: Annotated[list[DrawCall], Field(max_length=100)] | None = None
    capture: Annotated[bool, Field(description="false: held until the payment's status is known")] = True
    partial: Annotated[bool, Field(description="articles off the list are left out, and named")] = False

    def quotes(self) -> int:
        """How many quotation marks its JSON has, when nothing in it is escaped: two a name, two a text."""
        texts = 3 + 2 * len(self.lines) + len(self.draws or ())
        names = len(self.model_fields_set) + 4 * len(self.lines) + 2 * len(self.draws or ())
        return 2 * (names + texts)

    def basket(self) -> tuple[BasketLine, ...]:
        """The lines."""
        return tuple(line.basket_line() for line in self.lines)


class CaptureCall(Call):
    """Nothing but the call itself."""


class VoidCall(Call):
    """Why a held purchase came to nothing."""

    reason: _Reason = "not_paid"


class ReturnLineCall(Call):
    """A line by its number in the answer to the purchase."""

    line: Annotated[int, Field(ge=1, le=1000)]
    quantity: _Quantity


class ReversalCall(Call):
    """Goods that came back; without `lines` all that is left."""

    lines: Annotated[list[ReturnLineCall], Field(max_length=1000)] | None = None
    reason: _Reason


class KeyAnswer(BaseModel):
    """The key is shown this once."""

    terminal_id: str
    key: str
    expires_at: str


class VoucherLeft(BaseModel):
    """One voucher of the family."""

    voucher: str
    available_tiyn: int


class CheckAnswer(BaseModel):
    """What is left (R26)."""

    family: str
    available_tiyn: int
    vouchers: list[VoucherLeft]
    valid_until: str
    goods_version: str


class LineAnswer(BaseModel):
    """A line the voucher was asked for; `price_tiyn` is the one that was settled at."""

    line: int
    gtin: str
    quantity: str
    position: int
    shelf_price_tiyn: int
    price_tiyn: int
    cap_tiyn: int
    shelf_total_tiyn: int
    price_total_tiyn: int
    pays_tiyn: int


class LeftOut(BaseModel):
    """A line of a mixed basket that the voucher doesn't pay for, and why."""

    line: int
    gtin: str
    code: str


class DrawAnswer(BaseModel):
    """What one voucher paid."""

    voucher: str
    draw_tiyn: int


class RedemptionAnswer(BaseModel):
    """A purchase; `hold_until` while it is held."""

    redemption: str
    status: str
    receipt: str
    drawn_tiyn: int
    remaining_tiyn: int
    hold_until: str | None
    lines: list[LineAnswer]
    left_out: list[LeftOut]
    draws: list[DrawAnswer]


class ReturnedLine(BaseModel):
    """How much of a line came back so far."""

    line: int
    returned: str


class ReversalStanding(BaseModel):
    """One return of goods."""

    reversal: str
    reversed_tiyn: int
    lines: list[ReturnedLine]


class RedemptionStanding(RedemptionAnswer):
    """A purchase as it stands now."""

    bought_at: str | None
    reversed_tiyn: int
    reversals: list[ReversalStanding]


class CreditAnswer(BaseModel):
    """What went back to one voucher."""

    voucher: str
    credit_tiyn: int


class ReversalAnswer(ReversalStanding):
    """A return of goods and what went back to the vouchers."""

    redemption: str
    remaining_tiyn: int
    credits: list[CreditAnswer]


_Model = TypeVar("_Model", bound=Call)


def read_call(model: type[_Model], value: dict[str, Any]) -> _Model:
    """`value` as `model`. Raises Problem 422 with a pointer to the first field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = pointer_to(*first["loc"])
        raise Problem(422, _code_of(first), pointer[:200]) from None


_Counted = TypeVar("_Counted", CheckCall, RedemptionCall)


def read_quickly(model: type[_Counted], raw: bytes) -> _Counted | None:
    """The JSON in `raw` as `model`, in one go; None for what has to be read with more care.

    With nothing escaped, a text without a field that is there twice has as many quotation marks as the call needs.
    """
    if b"\\" in raw:
        return None
    try:
        call = model.model_validate_json(raw)
    except ValidationError:
        return None
    return call if raw.count(b'"') == call.quotes() else None


def _code_of(first: Any) -> str:
    name = str(first["loc"][-1]) if first["loc"] else ""
    if first["type"] == "missing":
        return "field_missing"
    if first["type"] == "extra_forbidden":
        return "field_unknown"
    if name == "quantity":
        return "quantity_wrong"
    if name.endswith("_tiyn"):
        return "amount_wrong"
    if str(first.get("ctx", {}).get("error", "")) == "text_broken":
        return "text_broken"
    return "field_wrong"


def schema_of(model: type[Call]) -> dict[str, Any]:
    """The JSON Schema of a body, in one piece."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return inlined(definitions[part["$ref"].rpartition("/")[2]])
            return {name: inlined(value) for name, value in part.items()}
        return [inlined(value) for value in part] if isinstance(part, list) else part

    found: dict[str, Any] = inlined(schema)
    return found

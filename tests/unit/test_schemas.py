"""What is published: the schemas are those of the code, true of what is written, and never break a promise."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from domain.goods import load_goods
from infra.api.published.asyncapi import document
from infra.api.published.files import FOLDER, rendered, stored, todays
from infra.api.published.renewal import ASYNCAPI, BrokenPromise, main, renew
from infra.api.sms.models import ReplyCall
from infra.postgres.log import AGGREGATES
from infra.programmes import load_programmes
from infra.settings import ROOT
from projections.events import KNOWN, Known, Raw
from streams.messages import encode, encode_parked_event, encode_parked_message
from streams.schema_changes import breaches
from streams.schemas import Unspeakable, of_annotation
from tests.months import random_month
from tests.unit.given_when_then import MAPPER
from tests.unit.test_event_golden import FOLDER as GOLDEN_FOLDER

SCHEMAS = "https://azyq.example/schemas"
GOLDEN = [(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(GOLDEN_FOLDER.glob("*.json"))]
PROGRAMMES = load_programmes(ROOT / "programmes")
GOODS = load_goods((ROOT / "goods/goods-list.csv").read_text(encoding="utf-8"))
AT = datetime(2025, 7, 10, 7, tzinfo=UTC)


@cache
def registry() -> Registry[Any]:
    resources = [(f"schemas/{n}.json", DRAFT202012.create_resource(s)) for n, s in stored().items()]
    return Registry().with_resources(resources)


@cache
def validator(name: str) -> Draft202012Validator:
    """Checks against a kept schema, formats included."""
    return Draft202012Validator(stored()[name], format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def message_validator(name: str) -> Draft202012Validator:
    """Checks a whole message against the payload that the AsyncAPI document gives it."""
    payload = json.loads(ASYNCAPI.read_text("utf-8"))["components"]["messages"][name]["payload"]
    return Draft202012Validator(
        payload["schema"], registry=registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def test_what_is_kept_is_what_the_code_says() -> None:
    assert stored().keys() >= todays().keys()
    assert {name: stored()[name] for name in todays()} == todays(), "make schemas"


@pytest.mark.parametrize("name", sorted(todays()))
def test_every_schema_is_one(name: str) -> None:
    schema = todays()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{name}.json"
    assert schema["description"]


def test_every_type_of_event_has_its_schema() -> None:
    assert {f"{aggregate.TOPIC}" for aggregate in AGGREGATES if aggregate.TOPIC in KNOWN} == set()
    assert {name for name in todays() if name.rpartition(".v")[0] in KNOWN} == {
        f"{topic}.v{known.version}" for topic, known in KNOWN.items()
    }


@pytest.mark.parametrize(("name", "golden"), GOLDEN, ids=[name for name, _ in GOLDEN])
def test_a_golden_event_is_what_its_schema_says(name: str, golden: dict[str, Any]) -> None:
    published = name.replace("@", ".v")
    assert list(validator(published).iter_errors(golden["state"])) == []
    raw = Raw(9, golden["stream"], 3, golden["topic"], orjson.dumps(golden["state"]))
    message = orjson.loads(encode(raw, 8, SCHEMAS).value)
    assert list(message_validator(published).iter_errors(message)) == []


@pytest.mark.parametrize(("name", "golden"), GOLDEN, ids=[name for name, _ in GOLDEN])
def test_a_schema_sees_a_field_that_is_gone_or_of_another_type(name: str, golden: dict[str, Any]) -> None:
    check = validator(name.replace("@", ".v"))
    for field, value in golden["state"].items():
        wrong = {**golden["state"], field: 1.5 if isinstance(value, int | str) else "text"}
        assert not check.is_valid(wrong), field
        if field != "originator_topic":
            del wrong[field]
            assert not check.is_valid(wrong), field


@pytest.mark.parametrize(
    ("programme", "month_text"), [("akkol-2025", "2025-07"), ("gas-2025", "2025-10"), ("tsa-2026", "2026-02")]
)
def test_every_event_of_a_month_is_what_its_schema_says(programme: str, month_text: str) -> None:
    month = PROGRAMMES[programme].month(month_text)
    goods = GOODS.on(month.valid_from)
    seen = set()
    for aggregate in random_month(11, 120, month, goods):
        for event in aggregate.collect_events():
            recorded = MAPPER.to_stored_event(event)
            name = f"{recorded.topic}.v1"
            raw = Raw(9, str(recorded.originator_id), 3, recorded.topic, recorded.state)
            message = orjson.loads(encode(raw, 8, SCHEMAS).value)
            message_validator(name).validate(message)
            validator(name).validate(message["data"])
            seen.add(recorded.topic)
    assert len(seen) >= 20, seen


def test_announcements_and_what_the_log_can_hold_are_what_their_schemas_say() -> None:
    event = encode_parked_event(
        "families", 9, GOLDEN[0][1]["stream"], "", "unknown topic", AT, schemas=SCHEMAS
    )
    message_validator("parked.event.v1").validate(orjson.loads(event.value))
    validator("parked.event.v1").validate(orjson.loads(event.value)["data"])
    message = encode_parked_message("azyq.sms.replies.v1", 0, 0, "field_missing", AT)
    message_validator("parked.message.v1").validate(orjson.loads(message.value))
    with pytest.raises(ValidationError):
        message_validator("parked.event.v1").validate(orjson.loads(message.value))
    for topic, state in (
        (None, b"{}"),
        ("a b", None),
        ("voucher.held", b"torn"),
        ("voucher.held", b"1" * 10**6),
    ):
        written = encode(Raw(9, GOLDEN[0][1]["stream"], 3, topic, state), 0, SCHEMAS)
        validator("envelope.v1").validate(orjson.loads(written.value))


@pytest.mark.parametrize(
    "reply",
    [
        {"message_id": "1", "from": "+77011234567", "text": "21*1"},
        {
            "message_id": "1",
            "from": "8701",
            "to": "1414",
            "text": "",
            "received_at": "2025-07-06T09:00:00+05:00",
        },
        {"message_id": "1", "from": "8701", "text": "", "received_at": None},
        {"message_id": 1, "from": "8701", "text": ""},
        {"message_id": "", "from": "8701", "text": ""},
        {"from": "8701", "text": ""},
        {"message_id": "1", "from": "8701", "text": "", "received_at": "yesterday"},
        {"message_id": "1" * 201, "from": "8701", "text": ""},
    ],
)
def test_the_schema_of_a_reply_takes_what_we_take(reply: dict[str, Any]) -> None:
    try:
        ReplyCall.model_validate(reply)
        taken = True
    except ValueError:
        taken = False
    assert validator("sms.reply.v1").is_valid(reply) is taken


# --- what may change


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, dict[str, Any]]:
    """Today's schemas with a change to that of voucher.held."""
    schemas: dict[str, dict[str, Any]] = json.loads(json.dumps(todays()))
    change(schemas["voucher.held.v1"])
    return schemas


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert renew(tmp_path) == list(todays())
    return tmp_path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s: s["properties"].pop("shop"), "the field /shop is gone"),
        (
            lambda s: s["properties"]["shop"].update(type="integer"),
            "/shop type was 'string' and is 'integer'",
        ),
        (lambda s: s["properties"]["shop"].update(maxLength=3), "/shop maxLength is new"),
        (lambda s: s["properties"]["drawn_tiyn"].pop("minimum"), "/drawn_tiyn minimum is gone"),
        (
            lambda s: (s["properties"].update(note={"type": "string"}), s["required"].append("note")),
            "the field /note is required now",
        ),
        (lambda s: s["required"].remove("shop"), "the field /shop is not required any more"),
        (
            lambda s: s["properties"]["lines"]["items"]["properties"].pop("gtin"),
            "the field /lines items/gtin is gone",
        ),
        (
            lambda s: s["properties"]["draws"]["items"]["prefixItems"][1].update(type="string"),
            "/draws items prefixItems[1] type was 'integer' and is 'string'",
        ),
        (lambda s: s.update(additionalProperties=False), "additionalProperties is new"),
    ],
)
def test_a_change_that_readers_would_trip_over_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    before = stored(folder)
    schemas = changed(change) | {"voucher.lent.v1": todays()["voucher.held.v1"]}
    with pytest.raises(BrokenPromise) as refused:
        renew(folder, schemas)
    assert str(refused.value) == (
        f"voucher.held.v1: {reason}. It needs class_version = 2 with upcast_v1_v2; the file of version 1 stays."
    )
    assert stored(folder) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].update(note={"type": "string"}),
        lambda s: s["properties"]["lines"]["items"]["properties"].update(note={"type": "string"}),
        lambda s: s.update(description="Other words.", title="Another", examples=[{}]),
    ],
)
def test_a_further_optional_field_and_words_may_change(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    schemas = changed(change)
    assert renew(folder, schemas) == ["voucher.held.v1"]
    assert stored(folder)["voucher.held.v1"] == schemas["voucher.held.v1"]
    assert renew(folder, schemas) == []


def test_a_new_type_may_come(folder: Path) -> None:
    assert renew(folder, todays() | {"voucher.lent.v1": {"type": "object"}}) == ["voucher.lent.v1"]


class HeldTwo:
    class_version = 2

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Nothing."""


def second_version(event_class: type[Any]) -> tuple[dict[str, Any], dict[str, Known]]:
    schemas = copy.deepcopy(todays())
    schemas["voucher.held.v2"] = schemas.pop("voucher.held.v1")
    return schemas, {**KNOWN, "voucher.held": Known(event_class, 2, ())}


def test_a_new_version_comes_beside_the_old_one(folder: Path) -> None:
    schemas, known = second_version(HeldTwo)
    assert renew(folder, schemas, known) == ["voucher.held.v2"]
    assert (folder / "voucher.held.v1.json").read_text("utf-8") == rendered(todays()["voucher.held.v1"])


def test_a_new_version_without_an_upcast_is_refused(folder: Path) -> None:
    schemas, known = second_version(type("Held", (), {}))
    with pytest.raises(BrokenPromise, match=r"voucher\.held\.v1: Held has no upcast_v1_v2"):
        renew(folder, schemas, known)


def test_neither_a_type_nor_a_version_goes_away(folder: Path) -> None:
    gone = {name: schema for name, schema in todays().items() if name != "voucher.held.v1"}
    known = {topic: event for topic, event in KNOWN.items() if topic != "voucher.held"}
    with pytest.raises(BrokenPromise, match=r"voucher\.held\.v1: nothing of this name any more"):
        renew(folder, gone, known)
    (folder / "voucher.held.v2.json").write_text("{}", "utf-8")
    with pytest.raises(BrokenPromise, match=r"voucher\.held\.v2: the code writes version 1 only"):
        renew(folder)


def test_the_command_tells_and_writes_nothing_when_a_promise_would_be_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored()
    assert main() == 0
    assert capsys.readouterr().out == "All as it was.\n"
    monkeypatch.setattr(
        "infra.api.published.renewal.todays", lambda: changed(lambda s: s["properties"].pop("shop"))
    )
    assert main() == 1
    assert "voucher.held.v1: the field /shop is gone. It needs class_version = 2" in capsys.readouterr().err
    assert stored() == before


def test_the_kept_schemas_would_be_renewed_without_a_breach() -> None:
    kept = stored()
    assert [b for name, schema in todays().items() for b in breaches(kept[name], schema)] == []
    assert renew(FOLDER) == []


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("str", {"type": "string"}),
        ("int | None", {"type": ["integer", "null"]}),
        ("list[list[Any]]", {"type": "array", "items": {"type": "array"}}),
        ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("list[dict[str, Any]]", {"type": "array", "items": {"type": "object"}}),
    ],
)
def test_an_annotation_as_a_schema(annotation: str, schema: dict[str, Any]) -> None:
    assert of_annotation(annotation) == schema


@pytest.mark.parametrize(
    "annotation", ["Decimal", "dict[int, str]", "set[str]", "str | int", "tuple[int, ...]"]
)
def test_an_annotation_that_json_can_not_hold_is_refused(annotation: str) -> None:
    with pytest.raises(Unspeakable):
        of_annotation(annotation)


# --- AsyncAPI


def test_the_asyncapi_document_is_what_the_code_says_and_valid() -> None:
    kept = json.loads(ASYNCAPI.read_text("utf-8"))
    assert ASYNCAPI.read_text("utf-8") == rendered(document(stored())), "make schemas"
    specification = json.loads((ROOT / "tests/data/asyncapi/3.0.0.json").read_text("utf-8"))
    check = Draft7Validator(specification)
    assert [error.message for error in check.iter_errors(kept)] == []
    wrong = copy.deepcopy(kept)
    wrong["operations"]["publishEvents"]["action"] = "publish"
    assert not check.is_valid(wrong)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    kept = json.loads(ASYNCAPI.read_text("utf-8"))
    files: set[str] = set()
    places: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, dict):
            reference = node.get("$ref", "")
            (places if reference.startswith("#/") else files).add(reference)
            node = list(node.values())
        for inner in node if isinstance(node, list) else ():
            visit(inner)

    visit(kept)
    for reference in files - {""}:
        assert (ROOT / "docs" / reference).is_file(), reference
    for place in places:
        found = kept
        for step in place.removeprefix("#/").split("/"):
            found = found[step]
    assert {reference.split("/")[-1][:-5] for reference in files - {""}} == stored().keys()

"""JSON Schemas (draft 2020-12) of what azyq publishes: each type of event, the envelope, what was parked.

They are made from the event classes: fields and types from the annotations, the description and the clauses from the
docstring. An annotation says `list[list[Any]]` at most; what such a list holds stands here, by name of the field.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from typing import Any

from eventsourcing.domain import Aggregate

from domain.brought_lists import DECLINE_REASONS
from domain.sign_ins import BY_SIGNATURE, BY_SQL
from projections.events import KNOWN, Known
from streams.messages import PARKED_EVENT, PARKED_MESSAGE, PARKED_SOURCE, SOURCE

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE = "envelope"
PARKED_ENVELOPE = "parked.envelope"

_CLAUSE = re.compile(
    r"\b(?:[ROA][0-9]+(?:\.[0-9]+)*(?:–[ROA][0-9]+(?:\.[0-9]+)*)?|S00[0-9]-[A-Z]*[0-9]+[ab]?)"
)
_PLAIN: Mapping[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "Any": {},
}
_TIYN: Schema = {"type": "integer", "minimum": 0}
_POSITION: Schema = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,18})$"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def _row(description: str, *columns: Schema) -> Schema:
    return {
        "type": "array",
        "description": description,
        "items": {
            "type": "array",
            "prefixItems": list(columns),
            "minItems": len(columns),
            "maxItems": len(columns),
        },
    }


_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 1}
_SUMS = _row("[voucher, tiyn]", _TEXT, _TIYN)
_BASKET: Schema = {
    "type": "array",
    "description": "the basket, line by line; prices are of one unit",
    "items": {
        "type": "object",
        "properties": {
            "gtin": _TEXT,
            "position": {"type": "integer", "description": "number in the list of goods (R2.3)"},
            "quantity": {"type": "string", "description": "decimal, at most 3 places"},
            "source": {"type": "string", "examples": ["trade", "farm"]},
            "shelf_price_tiyn": _TIYN,
            "price_tiyn": _TIYN,
            "cap_tiyn": {**_TIYN, "description": "the highest discounted price (R13)"},
            "limit_tiyn": {
                "type": ["integer", "null"],
                "description": "the highest discount, if there is one",
            },
            "shelf_total_tiyn": _TIYN,
            "price_total_tiyn": _TIYN,
            "pays_tiyn": {**_TIYN, "description": "what the voucher pays"},
        },
        "required": [
            *("gtin", "position", "quantity", "source", "shelf_price_tiyn", "price_tiyn", "cap_tiyn"),
            *("limit_tiyn", "shelf_total_tiyn", "price_total_tiyn", "pays_tiyn"),
        ],
    },
}
_COUNTS: Schema = {"type": "integer", "minimum": 0}
_PAPERS = _row(
    "[document, SHA-256, media type, bytes]", _TEXT, _TEXT, _TEXT, {"type": "integer", "minimum": 1}
)
_SIGNED: Schema = {"description": "[signer, digest of the signature], or empty", "maxItems": 2}
_MAYBE_TIME: Schema = {"description": "time with an offset; empty for none"}

# More than the annotation tells: of a field wherever it occurs, and of a field of one topic.
_OF_FIELD: Mapping[str, Schema] = {
    "timestamp": {**_TIME, "description": "when it was decided"},
    "cycle": {"description": "programme/month"},
    "brought": {"description": "the list: its number in the month and the beginning of its digest"},
    "by": {"description": "id of the member of staff"},
    "programme": {"description": "the programme's id, as its file is named"},
    "month": {"description": "YYYY-MM", "pattern": "^[0-9]{4}-[0-9]{2}$"},
    "rules": {"description": "version of the programme's rules that it was decided under (R31)"},
    "region": {"description": "KATO code"},
    "delivery": {"description": "delivery of the list: its number and the beginning of the file's digest"},
    "applicant": {"description": "a token of the person, no personal data"},
    "added": {"description": "tokens of persons"},
    "removed": {"description": "tokens of persons"},
    "message": {"description": "id of our message"},
    "purpose": {"examples": ["consent_request", "reminder", "consent_confirmed", "not_understood"]},
    "language": {"examples": ["kk", "ru", "en"]},
    "encoding": {"examples": ["gsm7", "ucs2"]},
    "parts": {"minimum": 1},
    "status": {"examples": ["delivered", "failed", "buffered", "accepted", "rejected"]},
    "reply": {"description": "keyed digest of the gateway's message id"},
    "channel": {"examples": ["http", "kannel", "kafka"]},
    "draws": _SUMS,
    "credits": _SUMS,
    "cancelled": _SUMS,
    "to": {"enum": ["available", "expired", "cancelled"], "description": "where the sum goes"},
    "body": {"description": "digest of the call"},
    "key": {"description": "idempotency key of the call"},
    "hold_until": _TIME,
    "valid_from": {"format": "date"},
    "valid_to": {"format": "date"},
    "due_on": {"format": "date"},
    "opened_on": {"format": "date"},
    "until": {"format": "date"},
    "found_on": {"format": "date"},
    "mended_on": {"format": "date"},
    "shop": {"description": "id of the shop"},
    "kato": {"description": "KATO code"},
    "trader": {"description": "keyed digest of a sole trader's IIN; empty for a company"},
    "condition": {"examples": ["catalogue", "assortment", "label"]},
    "goods_version": {"description": "version of the list of goods that positions are numbered by"},
    "days_late": {"minimum": 0},
    "case": {"description": "number of the case"},
    "service": {"description": "id of the service, as its file is named"},
    "version": {"description": "version of the service's file"},
    "sealed": {"description": "by field, the SHA-256 of a salted value that the vault keeps"},
    "documents": _PAPERS,
    "due_at": _MAYBE_TIME,
    "received_at": _TIME,
    "counted_from": _TIME,
    "from_at": _TIME,
    "turn": {"minimum": 1},
    "dropped": _row("[step, turn] of steps that were open still", _TEXT, _NUMBER),
    "decisions": _row("[case, outcome]", _TEXT, _TEXT),
    "minutes": {"description": "[SHA-256, media type, bytes] of the minutes, or empty"},
    "assigned": {"description": "[role, person], or empty", "maxItems": 2},
    "rows": {"minimum": 0},
    "accepted": {"minimum": 0},
    "no_number": {"minimum": 0},
    "rejected": {"additionalProperties": _COUNTS, "description": "rows by reason"},
    "digest": {
        "pattern": "^[0-9a-f]{64}$",
        "description": "SHA-256 of the file; its second half is another where numbers came with it",
    },
}
_OF_TOPIC: Mapping[tuple[str, str], Schema] = {
    ("office.signed_in", "way"): {"enum": ["signature", "trial"]},
    ("office.missing_numbers_read", "families"): {"minimum": 0},
    ("office.parked_retried", "number"): {"description": "position in the log, or offset in the partition"},
    ("office.parked_discarded", "number"): {"description": "position in the log, or offset in the partition"},
    ("shop.prices_set", "prices"): _row(
        "[GTIN, source: trade, farm or none, tiyn a unit that the shop pays]", _TEXT, _TEXT, _TIYN
    ),
    ("market.prices_set", "prices"): _row("[position in the goods list, tiyn a unit]", _NUMBER, _TIYN),
    ("catalogue.articles_listed", "articles"): _row(
        "[GTIN, name, position in the goods list, measure: piece, kg or l]", _TEXT, _TEXT, _NUMBER, _TEXT
    ),
    ("shop.breach_recorded", "missing"): {"description": "positions of the goods list (O3.1)"},
    **{
        ("service.version_published", name): {"description": what}
        for name, what in (
            ("digest", "SHA-256 of the text"),
            ("effective_to", "the last day in force; empty for none"),
        )
    },
    **{
        (topic, "signature"): _SIGNED
        for topic in ("case.opened", "case.acted", "case.remark_recorded", "sitting.held")
    },
    **{
        (topic, "user"): {"description": "a token of the person, no personal data"}
        for topic in (
            *("access.begun", "access.granted", "access.blocked", "access.ended"),
            *("access.report_read", "access.reading_refused"),
            *("access.signed_in", "access.signed_out", "access.disconnected"),
        )
    },
    ("list.brought_in", "digest"): {
        "description": "SHA-256 of the list, half of it of the numbers where some came"
    },
    ("list.brought_in", "upload"): {"description": "id of the file that came"},
    ("list.brought_in", "numbers_sha256"): {
        "description": "SHA-256 of the file of numbers; empty without one"
    },
    ("list.brought_in", "headings"): {"description": "languages of the headings: kk, ru, en"},
    ("list.brought_in", "families"): {"minimum": 0},
    ("list.brought_in", "numbers_rejected"): {
        "additionalProperties": _COUNTS,
        "description": "rows of the file of numbers by reason",
    },
    ("list.declined", "reason"): {"enum": [*DECLINE_REASONS]},
    ("list.rejects_read", "which"): {"enum": ["rejects", "no_number"]},
    **{
        (topic, "subject"): {
            "description": "a token of the person, no personal data; empty where it is not known"
        }
        for topic in ("list.brought_in", "list.approved")
    },
    ("access.sign_in_refused", "user"): {
        "description": "a token of the person, no personal data; empty where the signature is nobody's"
    },
    ("access.signed_in", "way"): {"enum": [BY_SIGNATURE, BY_SQL]},
    ("access.granted", "until"): {"format": "date-time"},
    ("access.granted", "regions"): {
        "description": "prefixes of KATO codes (A2); an empty one is the republic"
    },
    ("serving.measured", "process"): {"description": "a random id of the process"},
    ("serving.measured", "day"): {"format": "date"},
    ("serving.measured", "upto_at"): _TIME,
    ("serving.measured", "parked"): _COUNTS,
    ("serving.measured", "latency"): {"description": "requests by class, and by step of latency"},
    ("serving.measured", "errors"): {"description": "[refused, failed] by class of requests"},
    ("serving.measured", "refusals"): {"description": "the counter's refusals by code"},
    ("serving.measured", "refusals_by_shop"): {
        "description": "the counter's refusals by shop and code, where the terminal was known"
    },
    ("access.report_read", "regions"): {"description": "prefixes of KATO codes that the reader may see"},
    ("case.opened", "digest"): {"description": "SHA-256 of the service's file"},
    ("case.opened", "applicant"): {"description": "a token of the person; empty for nobody in particular"},
    ("case.opened", "known"): {"description": "registers that know the applicant (S003-11)"},
    ("case.opened", "through"): {
        "description": "id of the member of staff, a portal, whose key opened it for its applicant; empty for none"
    },
    ("case.opened", "missing"): {"description": "documents that are still wanted"},
    ("case.acceptance_refused", "missing"): {"description": "documents that were not given (S002-23)"},
    ("case.result_issued", "valid_until"): {"description": "the last day; empty for without an end"},
    ("case.result_withdrawn", "how"): {"enum": ["withdrawn", "annulled", "replaced"]},
    ("case.result_withdrawn", "decided_in"): {"description": "the case whose act it follows from"},
    ("case.result_withdrawn", "replaced_by"): {"description": "what stands instead; empty for nothing"},
    ("voucher.issued", "vouchers"): _row("[voucher, token of the member, tiyn]", _TEXT, _TEXT, _TIYN),
    ("voucher.expired", "vouchers"): _SUMS,
    ("voucher.reversed", "lines"): _row(
        "[line of the basket from 0, quantity returned in all]", {"type": "integer", "minimum": 0}, _TEXT
    ),
    ("voucher.redeemed", "lines"): _BASKET,
    ("voucher.held", "lines"): _BASKET,
    ("family.eligible", "members"): {"description": "tokens of persons, one voucher each (R5)"},
    ("family.left", "members"): {"minimum": 0},
    ("cycle.list_received", "members"): {"minimum": 0},
    ("cycle.list_received", "families"): {
        "properties": dict.fromkeys(("added", "changed", "unchanged", "left"), _COUNTS),
        "required": ["added", "changed", "unchanged", "left"],
    },
    ("cycle.task_done", "families"): {"minimum": 0},
}


class Unspeakable(TypeError):
    """An annotation that has no JSON Schema here."""


def event_schemas() -> dict[str, Schema]:
    """The schema of each type of event in the version that is written today, by name: `voucher.redeemed.v1`."""
    return {f"{topic}.v{known.version}": _event(topic, known) for topic, known in sorted(KNOWN.items())}


def _event(topic: str, known: Known) -> Schema:
    event_class, version, _ = known
    description = inspect.cleandoc(event_class.__doc__ or "")
    properties: dict[str, Schema] = {"timestamp": _field(topic, "timestamp", "str")}
    optional = set()
    if issubclass(event_class, Aggregate.Created):
        properties["originator_topic"] = {"type": "string", "description": "the kind of the stream"}
        optional.add("originator_topic")
    if version > 1:
        properties["class_version"] = {"const": version}
    for cls in reversed(event_class.__mro__):
        if cls.__module__.startswith("domain."):
            for name, annotation in vars(cls).get("__annotations__", {}).items():
                if not annotation.startswith("ClassVar"):
                    properties[name] = _field(topic, name, annotation)
                    if _may_be_none(annotation):
                        optional.add(name)
    return {
        "$schema": DRAFT,
        "$id": f"{topic}.v{version}.json",
        "title": f"{topic}, version {version}",
        "description": description,
        "x-clauses": _CLAUSE.findall(description),
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _field(topic: str, name: str, annotation: str) -> Schema:
    found = of_annotation(annotation)
    if name.endswith("_tiyn"):
        found |= {"minimum": 0, "description": "a sum in tiyn"}
    return found | _OF_FIELD.get(name, {}) | _OF_TOPIC.get((topic, name), {})


def of_annotation(annotation: str) -> Schema:
    """The schema of a type as an event class spells it. Raises Unspeakable for what JSON can't hold."""
    return _of(ast.parse(annotation, mode="eval").body, annotation)


def _of(node: ast.expr, annotation: str) -> Schema:
    match node:
        case ast.Name(id=name) if name in _PLAIN:
            return dict(_PLAIN[name])
        case ast.Subscript(value=ast.Name(id="list"), slice=items):
            inner = _of(items, annotation)
            return {"type": "array", "items": inner} if inner else {"type": "array"}
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[ast.Name(id="str"), values])):
            inner = _of(values, annotation)
            return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            inner = _of(left, annotation)
            return inner | {"type": [inner["type"], "null"]} if "type" in inner else inner
    raise Unspeakable(f"{annotation} has no JSON Schema")


def _may_be_none(annotation: str) -> bool:
    return annotation.replace(" ", "").endswith("|None")


def _envelope(source: str, title: str, properties: dict[str, Schema], required: tuple[str, ...]) -> Schema:
    return {
        "title": title,
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1},
            "source": {"const": source},
            "type": {"type": "string", "pattern": "^kz\\.azyq\\."},
            "subject": {"type": "string", "minLength": 1, "description": "the message's key"},
            "time": _TIME,
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"type": "string", "format": "uri", "description": "the schema of data"},
            **properties,
        },
        "required": ["specversion", "id", "source", "type", "subject", *required],
    }


def message_schemas() -> dict[str, Schema]:
    """Schemas of the CloudEvents around the events and the announcements, and of what is announced, by name."""
    parked_at = {**_TIME, "description": "when it was parked"}
    reason = {"type": "string", "description": "why, without the event's values"}
    schemas: dict[str, Schema] = {
        f"{ENVELOPE}.v1": {
            "description": "An event of the log on its way: a CloudEvent 1.0 in structured JSON.",
            **_envelope(
                SOURCE,
                "An event of the log",
                {
                    "id": {**_POSITION, "description": "the event's position in the log"},
                    "stream": {**_UUID, "description": "the stream that the event belongs to"},
                    "streamversion": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                    "previous": {
                        **_POSITION,
                        "description": "position of the one before it in its partition",
                    },
                    "data": {"description": "the event as it is stored; dataschema describes it"},
                    "data_base64": {"type": "string", "description": "instead of data, when it isn't JSON"},
                    "dataref": {
                        "type": "string",
                        "format": "uri-reference",
                        "description": "instead of data, when it can't be carried: the event's place in the log",
                    },
                },
                ("stream", "streamversion", "previous"),
            ),
        },
        f"{PARKED_ENVELOPE}.v1": {
            "description": "What was parked, announced as a CloudEvent 1.0 in structured JSON; at least once.",
            **_envelope(PARKED_SOURCE, "An announcement", {"data": {"type": "object"}}, ("time", "data")),
        },
        f"{PARKED_EVENT}.v1": {
            "title": "An event was parked",
            "description": "A view could not take an event of the log. Nothing of the event's content is in here.",
            "type": "object",
            "properties": {
                "view": {"type": "string"},
                "position": {**_POSITION, "description": "the event's position in the log"},
                "stream": _UUID,
                "topic": {"type": "string", "description": "the event's type; empty when it has none"},
                "reason": reason,
                "parked_at": parked_at,
            },
            "required": ["view", "position", "stream", "topic", "reason", "parked_at"],
        },
        f"{PARKED_MESSAGE}.v1": {
            "title": "A message was parked",
            "description": "A message of Kafka could not be read. Nothing of its content is in here.",
            "type": "object",
            "properties": {
                "topic": {"type": "string", "description": "Kafka's topic"},
                "partition": {"type": "integer", "minimum": 0},
                "offset": {**_POSITION, "description": "the message's offset in its partition"},
                "reason": reason,
                "parked_at": parked_at,
            },
            "required": ["topic", "partition", "offset", "reason", "parked_at"],
        },
    }
    return {name: {"$schema": DRAFT, "$id": f"{name}.json", **schema} for name, schema in schemas.items()}

"""The AsyncAPI 3 document of what azyq writes to Kafka and reads from there; schemas are those of docs/schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from infra.kafka.topics import GROUP, wanted
from infra.settings import Settings
from projections.events import KNOWN
from streams.messages import CONTENT_TYPE, PARKED_EVENT, PARKED_MESSAGE, TYPE_PREFIX
from streams.schemas import ENVELOPE, PARKED_ENVELOPE, Schema
from streams.topics import EVENTS, PARKED, REPLIES

BINDING = "0.5.0"  # version of AsyncAPI's Kafka bindings
# As `azyq kafka init` makes the topics where no setting says otherwise; the environment is not asked.
_DEFAULTS = Settings.model_construct()
_DIALECT = "application/schema+json;version=2020-12"
_HEADERS: Schema = {
    "type": "object",
    "properties": {"content-type": {"type": "string", "const": CONTENT_TYPE}},
    "required": ["content-type"],
}


def document(names: Iterable[str]) -> dict[str, Any]:
    """The document, to stand in docs/ beside schemas/; `names` are those of the schemas (`voucher.redeemed.v1`).

    An older version of an event is in it as long as its schema is kept: the log is sent as it was written.
    """
    schemas = set(names)
    written = {f"{topic}.v{known.version}" for topic, known in KNOWN.items()}
    missing = {*written, f"{ENVELOPE}.v1", f"{PARKED_EVENT}.v1", f"{PARKED_MESSAGE}.v1"} - schemas
    assert not missing, missing
    events = sorted((name for name in schemas if name.rpartition(".v")[0] in KNOWN), key=_by_version)
    parked = [f"{PARKED_EVENT}.v1", f"{PARKED_MESSAGE}.v1"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "azyq",
            "version": "1.0.0",
            "description": (
                "Digital food vouchers. The log of events in PostgreSQL is the truth and Kafka carries it: each event"
                " as a CloudEvent 1.0, whose `id` is its position in the log. Events arrive at least once; within a"
                " partition in the order of the log, where `previous` names the one before. The partition of a"
                " message is CRC-32 of its stream's UUID, modulo the number of partitions. Only replies hold personal data."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "plain": {**_server("kafka"), "description": "within a network of one's own"},
            "secure": {
                **_server("kafka-secure"),
                "security": [
                    {"$ref": "#/components/securitySchemes/scram"},
                    {"$ref": "#/components/securitySchemes/plain"},
                    {"$ref": "#/components/securitySchemes/certificate"},
                ],
            },
        },
        "channels": {
            "events": _channel(EVENTS, "Events of the log", events),
            "replies": _channel(
                REPLIES, "Replies of recipients, from gateways that write to Kafka", ["sms.reply.v1"]
            ),
            "parked": _channel(
                PARKED, "Announcements of what could not be taken and waits for a decision", parked
            ),
        },
        "operations": {
            "publishEvents": _operation("send", "events", "The publisher sends each event of the log."),
            "applyEvents": _operation("receive", "events", "Workers fold the events into the views.", GROUP),
            "takeReplies": _operation(
                "receive", "replies", "Workers record replies as the HTTP call does.", GROUP
            ),
            "announceParked": _operation(
                "send", "parked", "What was parked is announced, without its content."
            ),
        },
        "components": {
            "messages": {
                **{name: _event(name) for name in events},
                **{name: _announcement(name) for name in parked},
                "sms.reply.v1": _reply(),
            },
            "securitySchemes": {
                "scram": {"type": "scramSha512"},
                "plain": {"type": "plain"},
                "certificate": {"type": "X509"},
            },
        },
    }


def _by_version(name: str) -> tuple[str, int]:
    topic, _, version = name.rpartition(".v")
    return topic, int(version)


def _server(protocol: str) -> dict[str, Any]:
    return {
        "host": "{bootstrap}",
        "protocol": protocol,
        "variables": {
            "bootstrap": {
                "default": "localhost:9092",
                "description": "KAFKA_BOOTSTRAP_SERVERS: one of the brokers",
            }
        },
    }


def _channel(topic: str, title: str, messages: list[str]) -> dict[str, Any]:
    partitions, configs = wanted(_DEFAULTS)[topic]
    return {
        "address": topic,
        "title": title,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": partitions,
                "replicas": _DEFAULTS.kafka_replication,
                "topicConfiguration": {
                    name: [value] if name == "cleanup.policy" else int(value)
                    for name, value in configs.items()
                },
                "bindingVersion": BINDING,
            }
        },
    }


def _operation(action: str, channel: str, summary: str, group: str | None = None) -> dict[str, Any]:
    reading: Schema = {"groupId": {"type": "string", "const": group}} if group else {}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "bindings": {"kafka": {**reading, "bindingVersion": BINDING}},
    }


def _event(name: str) -> dict[str, Any]:
    topic = name.rpartition(".v")[0]
    words = (KNOWN[topic].event_class.__doc__ or "").strip().partition("\n")[0]
    key = "programme/month" if topic.startswith("cycle.") else "UUID of the stream"
    return _cloud_event(name, f"{ENVELOPE}.v1", words, key)


def _announcement(name: str) -> dict[str, Any]:
    key = "UUID of the stream" if name.startswith(PARKED_EVENT) else "topic/partition of the message"
    return _cloud_event(name, f"{PARKED_ENVELOPE}.v1", "Something was parked, and why.", key)


def _cloud_event(name: str, envelope: str, summary: str, key: str) -> dict[str, Any]:
    kind = TYPE_PREFIX + name.rpartition(".v")[0]
    return {
        "name": kind,
        "summary": summary,
        "contentType": CONTENT_TYPE,
        "headers": _HEADERS,
        "payload": {
            "schemaFormat": _DIALECT,
            "schema": {
                "allOf": [{"$ref": f"schemas/{envelope}.json"}],
                "properties": {"type": {"const": kind}, "data": {"$ref": f"schemas/{name}.json"}},
            },
        },
        "bindings": _key(key),
    }


def _reply() -> dict[str, Any]:
    return {
        "name": "sms.reply",
        "summary": "The same JSON as the HTTP call; taken once by message_id, however often it is delivered.",
        "contentType": "application/json",
        "payload": {"schemaFormat": _DIALECT, "schema": {"$ref": "schemas/sms.reply.v1.json"}},
        "bindings": _key("as the gateway likes"),
    }


def _key(description: str) -> dict[str, Any]:
    return {"kafka": {"key": {"type": "string", "description": description}, "bindingVersion": BINDING}}

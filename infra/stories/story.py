"""Why: what happened to a voucher, a family, a purchase or a message, and by which clause; without personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from psycopg2.extensions import connection as Connection

from domain.calendar import ALMATY
from domain.errors import LANGUAGES, Refusal
from domain.identity import family_stream_id, shop_id
from domain.money import kzt
from domain.ports import Vault
from domain.programmes import Programme
from infra.postgres.connect import APP_ROLE, connect
from infra.stories.texts import TOPICS, WORDS

_ID = re.compile(r"[0-9a-f]{32}\Z")
_CODE = re.compile(r"[a-z0-9_./-]{1,40}\Z", re.ASCII)
# What led to a purchase, and what led to a message.
_LEADS_TO_PURCHASE = {"family.eligible", "family.consented", "voucher.issued", "voucher.activated"}
_LEADS_TO_MESSAGE = {
    *("family.eligible", "family.number_missing", "family.number_unsettled", "family.number_found"),
}
# Views that know which stream an id belongs to, and the events whose ids none knows.
_KEPT_IN = (("voucher_balances", "voucher"), ("purchases", "redemption"), ("sms_journal", "message"))
_SCANNED = (
    *("family.consented", "family.refused", "family.answer_not_understood", "family.answer_ignored"),
    *("family.consent_withdrawn", "reply.unknown_sender", "voucher.reversed"),
)
_LINE = ("gtin", "position", "quantity", "price_tiyn", "shelf_price_tiyn", "cap_tiyn", "pays_tiyn")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_PUBLIC = ("shop", "terminal", "goods_version")
_PUBLIC_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}\Z")
_NAMES = ("redemption", "reversal", "message", "reply")


class IdUnknown(Refusal):
    """Nothing in the log has this id."""

    code: ClassVar[str] = "id_unknown"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Мұндай ваучер, отбасы, сатып алу немесе хабарлама жоқ.",
        "ru": "Нет ни ваучера, ни семьи, ни покупки, ни сообщения с таким номером.",
        "en": "There is no voucher, family, purchase or message with this id.",
    }


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One event: where and when (local time), what happened in words, by which clauses and rules.

    `details` are names and values for a table: what changed on the voucher, what remains (KZT). `basket` are the
    lines of a purchase, prices in tiyn a unit.
    """

    position: int
    at: datetime
    topic: str
    sentence: str
    clauses: tuple[str, ...]
    rules: str
    details: Mapping[str, str] = field(default_factory=dict)
    basket: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class _Event:
    position: int
    stream: str
    topic: str
    data: Mapping[str, Any]


def tell(
    dsn: str, vault: Vault, programmes: Mapping[str, Programme], id: str, language: str = "en"
) -> list[StoryLine]:
    """The story of `id`, in order of the log. Raises IdUnknown.

    `id` is that of a voucher, a family (its stream or subject, or the list's own `family_id`), a programme's month, a
    redemption, a reversal, a message or a reply; with dashes or without. A voucher's story carries its own sums, a
    family's those of all its vouchers of the month a line is about; a purchase's or a message's has only what led to
    it and what became of it.
    """
    events, plain = _found(dsn, vault, programmes, id)
    spoken = language if language in LANGUAGES else "en"
    return list(_lines(events, plain, spoken))


def streams_of(dsn: str, vault: Vault, programmes: Mapping[str, Programme], id: str) -> list[UUID]:
    """The streams that the story of `id` is told from, in order of the log. Raises IdUnknown."""
    events, _ = _found(dsn, vault, programmes, id)
    return list(dict.fromkeys(UUID(event.stream) for event in events))


# --- finding --------------------------------------------------------------------------------------------


def _found(dsn: str, vault: Vault, programmes: Mapping[str, Programme], id: str) -> tuple[list[_Event], str]:
    """The events of `id`, and the id as the log has it. Raises IdUnknown."""
    connection = connect(dsn, role=APP_ROLE, autocommit=True, application_name="azyq-why")
    try:
        plain = id.strip().replace("-", "").lower()
        events: list[_Event] = []
        if _ID.match(plain):
            events = _find(connection, programmes, plain)
        if not events:
            subject = vault.find_family(id.strip())
            if subject is not None:
                plain = subject
                events = _events(connection, _streams_of_family(programmes, subject))
        if not events and _ID.match(plain):
            events = _events(connection, _by_listing(connection, plain))
        if not events:
            events = _events(connection, [shop_id(id.strip()).hex])
    finally:
        connection.close()
    if not events:
        raise IdUnknown("id")
    return events, plain


def _find(connection: Connection, programmes: Mapping[str, Programme], plain: str) -> list[_Event]:
    direct = [plain, *_streams_of_family(programmes, plain)]
    if events := _events(connection, direct):
        return events
    stream = None
    for view, column in _KEPT_IN:
        stream = stream or _by_view(connection, view, column, plain)
    if stream is not None:
        return _events(connection, [stream])
    events = _events(connection, _by_scan(connection, plain))
    # It may have been found as something else: a shop, a person.
    return events if _kind(events, plain) != "stream" else []


def _streams_of_family(programmes: Mapping[str, Programme], subject: str) -> list[str]:
    return [
        family_stream_id(programme.id, month, subject).hex
        for programme in programmes.values()
        for month in programme.months()
    ]


def _by_view(connection: Connection, view: str, column: str, plain: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", (f"azyq_views.{view}",))
        if cursor.fetchone() == (None,):
            return None
        cursor.execute(f"SELECT stream::text FROM azyq_views.{view} WHERE {column} = %s LIMIT 1", (plain,))
        row = cursor.fetchone()
        return None if row is None else str(row[0])


def _by_scan(connection: Connection, plain: str) -> list[str]:
    """Streams with an event that has this id somewhere, by reading the log: answers and returns, which no view has
    by id, some 0.3 s a million events; every event where a view is missing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT originator_id::text FROM azyq_log.azyq_events"
            " WHERE (topic = ANY(%s) OR (topic NOT LIKE 'cycle.%%' AND EXISTS"
            " (SELECT FROM unnest(%s::text[]) view WHERE to_regclass('azyq_views.' || view) IS NULL)))"
            " AND position(convert_to(%s, 'UTF8') IN state) > 0 LIMIT 100",
            (list(_SCANNED), [view for view, _ in _KEPT_IN], f'"{plain}"'),
        )
        return [row[0] for row in cursor]


def _by_listing(connection: Connection, subject: str) -> list[str]:
    """Streams of a family in programmes that have no file any more, by reading which families were listed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT originator_id::text FROM azyq_log.azyq_events"
            " WHERE topic = 'family.eligible' AND position(convert_to(%s, 'UTF8') IN state) > 0",
            (f'"family":"{subject}"',),
        )
        return [row[0] for row in cursor]


def _events(connection: Connection, streams: Sequence[str]) -> list[_Event]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT notification_id, originator_id::text, topic, state FROM azyq_log.azyq_events"
            " WHERE originator_id = ANY(%s::uuid[]) ORDER BY notification_id",
            (list(streams),),
        )
        return [_Event(row[0], UUID(row[1]).hex, row[2], orjson.loads(bytes(row[3]))) for row in cursor]


# --- telling --------------------------------------------------------------------------------------------


def _lines(events: Sequence[_Event], plain: str, language: str) -> Iterator[StoryLine]:
    kind = _kind(events, plain)
    months: dict[str, dict[str, int]] = {}  # what each voucher has left, by stream: a family's month
    draws: dict[str, Sequence[Sequence[Any]]] = {}
    for event in events:
        left = months.setdefault(event.stream, {})
        changes = dict(_changes(event, draws))
        for voucher, change in changes.items():
            left[voucher] = left.get(voucher, 0) + change
        if not _belongs(event, plain, kind):
            continue
        details: dict[str, str] = {}
        if kind == "voucher":
            if changes.get(plain):
                details["change"] = _signed(changes[plain])
            if plain in left:
                details["remaining"] = kzt(left[plain])
        elif left:
            if changes and sum(changes.values()):
                details["change"] = _signed(sum(changes.values()))
            details["remaining"] = kzt(sum(left.values()))
        clauses, sentence = _told(event, language)
        at = datetime.fromisoformat(event.data["timestamp"]).astimezone(ALMATY)
        rules = event.data.get("rules", "")
        yield StoryLine(event.position, at, event.topic, sentence, clauses, rules, details, _basket(event))


def _kind(events: Sequence[_Event], plain: str) -> str:
    for event in events:
        if event.topic == "voucher.issued" and any(row[0] == plain for row in event.data["vouchers"]):
            return "voucher"
        for name in _NAMES:
            if event.data.get(name) == plain:
                return name
    return "stream"


def _belongs(event: _Event, plain: str, kind: str) -> bool:
    match kind:
        case "redemption":
            return event.data.get("redemption") == plain or event.topic in _LEADS_TO_PURCHASE
        case "message":
            return event.data.get("message") == plain or event.topic in _LEADS_TO_MESSAGE
        case "reversal":
            return event.data.get("reversal") == plain or event.topic in _LEADS_TO_PURCHASE
        case "reply":
            return event.data.get("reply") == plain or event.topic == "family.eligible"
    return True


def _changes(event: _Event, draws: dict[str, Sequence[Sequence[Any]]]) -> Iterable[tuple[str, int]]:
    """What the event changes of what each voucher has left, in tiyn."""
    data = event.data
    match event.topic:
        case "voucher.issued":
            return [(voucher, amount) for voucher, _, amount in data["vouchers"]]
        case "voucher.redeemed" | "voucher.held":
            return [(voucher, -amount) for voucher, amount in data["draws"]]
        case "voucher.voided" if data["to"] == "available":
            return [(voucher, amount) for voucher, amount in data["draws"]]
        case "voucher.reversed" if data["to"] == "available":
            return [(voucher, amount) for voucher, amount in data["credits"]]
        case "voucher.expired":
            return [(voucher, -amount) for voucher, amount in data["vouchers"]]
        case "family.consent_withdrawn":
            return [(voucher, -amount) for voucher, amount in data["cancelled"]]
    return []


def _basket(event: _Event) -> tuple[Mapping[str, Any], ...]:
    if event.topic not in ("voucher.redeemed", "voucher.held"):
        return ()
    return tuple({name: line[name] for name in _LINE} for line in event.data["lines"])


def _told(event: _Event, language: str) -> tuple[tuple[str, ...], str]:
    topic = TOPICS.get(event.topic)
    if topic is None:
        return (), event.topic
    clauses = topic.clauses
    if topic.by is not None:
        clauses = topic.clauses_by.get(str(event.data.get(topic.by, "")), clauses)
    words = {name: _word(name, value, language) for name, value in event.data.items()}
    words |= {name.removesuffix("_tiyn"): text for name, text in words.items() if name.endswith("_tiyn")}
    return clauses, topic.texts[language].format(**words)


def _word(name: str, value: Any, language: str) -> str:
    """A field's value for people: sums in KZT, lists by their length, days as dd.mm.yyyy, codes in words."""
    if name.endswith("_tiyn") and type(value) is int:
        return kzt(value)
    if isinstance(value, list | dict):
        return str(len(value))
    text = str(value)
    if day := _DAY.match(text):
        return ".".join(reversed(day.groups()))
    known = WORDS.get(text)
    if known is not None:
        return known[language]
    # Free text may have come from outside: codes and ids only.
    plain = _CODE.match(text) or (name in _PUBLIC and _PUBLIC_NAME.match(text))
    return text if plain or type(value) is int else "…"


def _signed(tiyn: int) -> str:
    return f"+{kzt(tiyn)}" if tiyn > 0 else kzt(tiyn)

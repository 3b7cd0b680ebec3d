"""Names of streams: the same inputs give the same id, so that a second run meets the first one's streams."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from uuid import UUID, uuid5

AZYQ = UUID("5f0e5a3c-6e0b-5d1f-9b8a-0a2f1c7e4d25")


_BEGUN = sha1(AZYQ.bytes, usedforsecurity=False)


def _named(name: str) -> UUID:
    """uuid5 of `name` within AZYQ, in a third of the time: a purchase needs three."""
    begun = _BEGUN.copy()
    begun.update(name.encode())
    number = int.from_bytes(begun.digest()[:16], "big")
    return UUID(int=number & _KEPT | _VERSION_5)


_KEPT = ~(0xF000 << 64 | 0xC000 << 48)
_VERSION_5 = 0x5000 << 64 | 0x8000 << 48


@lru_cache(maxsize=100)
def cycle_id(programme: str, month: str) -> UUID:
    """The stream of a programme's month."""
    return uuid5(AZYQ, f"cycle/{programme}/{month}")


@lru_cache(maxsize=100)
def brought_lists_id(programme: str, month: str) -> UUID:
    """The stream of the lists that were brought to the office for a programme's month."""
    return uuid5(AZYQ, f"lists/{programme}/{month}")


def family_stream_id(programme: str, month: str, family: str) -> UUID:
    """The stream of a family (subject id) in a programme's month."""
    return uuid5(AZYQ, f"family/{programme}/{month}/{family}")


def voucher_id(stream: UUID, member: str) -> str:
    """The voucher of one member (subject id), 32 hex digits (R5)."""
    return uuid5(stream, member).hex


def message_id(stream: UUID, purpose: str) -> str:
    """The SMS of one purpose for a stream: the same at every attempt, so that none is sent twice."""
    return uuid5(stream, f"sms/{purpose}").hex


def membership_key(programme: str, month: str, member: str) -> UUID:
    """What may be taken only once: a person within a programme and month (R5)."""
    return uuid5(AZYQ, f"member/{programme}/{month}/{member}")


def reply_stream_id(reply: str) -> UUID:
    """The stream of a reply that no family stands behind."""
    return uuid5(AZYQ, f"reply/{reply}")


def receipt_keys(shop: str, receipt: str, key: str) -> tuple[UUID, UUID]:
    """What stands for one purchase within a shop: its receipt, and its idempotency key (R27)."""
    return _named(f"receipt/{shop}/{receipt}"), call_key(shop, key)


def call_key(shop: str, key: str) -> UUID:
    """What a shop's idempotency key stands for: one purchase, whose id it is, one capture or void, one return (R27)."""
    return _named(f"key/{shop}/{key}")


def code_key(digest: str) -> UUID:
    """What a QR's code stands for: one purchase, wherever it was made (R25)."""
    return _named(f"code/{digest}")


@lru_cache(maxsize=50_000)
def terminal_stream_id(terminal: str) -> UUID:
    """The stream of a terminal."""
    return uuid5(AZYQ, f"terminal/{terminal}")


@lru_cache(maxsize=10_000)
def staff_stream_id(staff: str) -> UUID:
    """The stream of a member of staff."""
    return uuid5(AZYQ, f"staff/{staff}")


def signatory_id(subject: str) -> UUID:
    """The stream of a person (subject id) who signs for staff."""
    return uuid5(AZYQ, f"signatory/{subject}")


@lru_cache(maxsize=50_000)
def shop_id(shop: str) -> UUID:
    """The stream of a shop (R2.7)."""
    return uuid5(AZYQ, f"shop/{shop}")


@lru_cache(maxsize=1)
def catalogue_id() -> UUID:
    """The one stream of the national catalogue's articles (R2.17)."""
    return uuid5(AZYQ, "catalogue")


@lru_cache(maxsize=50_000)
def market_id(kato: str) -> UUID:
    """The stream of the official market prices of a place (R13)."""
    return uuid5(AZYQ, f"market/{kato}")


@lru_cache(maxsize=1)
def seals_id() -> UUID:
    """The one stream of the log's seals (R29)."""
    return uuid5(AZYQ, "seals")


@lru_cache(maxsize=1)
def audits_id() -> UUID:
    """The one stream of what audits came to (R29)."""
    return uuid5(AZYQ, "audits")


def measurement_id(process: str, number: int) -> UUID:
    """The stream of a process' span (R29)."""
    return uuid5(AZYQ, f"serving/{process}/{number}")


def case_id(number: str) -> UUID:
    """The stream of a case, by its number."""
    return uuid5(AZYQ, f"case/{number}")


def case_link_name(stream: UUID) -> str:
    """What the vault's token of a case's status page stands for; a family's wallet link stands for its stream."""
    return f"case/{stream.hex}"


@lru_cache(maxsize=10_000)
def access_id(user: str) -> UUID:
    """The stream of a user's access to the reports (a subject of the vault)."""
    return uuid5(AZYQ, f"access/{user}")


def sitting_id(sitting: str) -> UUID:
    """The stream of a commission's sitting."""
    return uuid5(AZYQ, f"sitting/{sitting}")


def service_id(service: str) -> UUID:
    """The stream of a service's published versions."""
    return uuid5(AZYQ, f"service/{service}")

"""The audit of the chain of seals, as far as its own stream tells (R29); the log they seal is `infra.sealing`'s."""

from __future__ import annotations

from typing import Any

from domain.audit.audited_log import AuditedLog

SEAL_CHECKS = {"seal.begun": ("seal_chain",), "seal.day_sealed": ("seal_chain",)}


class SealFold:
    """One chain: numbers, days and positions go up, each seal begins where the one before ended."""

    def __init__(self, log: AuditedLog, stream: str) -> None:
        self._log = log
        self._stream = stream
        self._number = 0
        self._on = ""
        self._upto = 0

    def apply(self, position: int, version: int, topic: str, data: dict[str, Any]) -> None:
        """One event. Raises KeyError, TypeError when it is malformed."""
        if topic == "seal.begun" and version == 1:
            return
        if topic != "seal.day_sealed":
            self._bad(position, version, topic, "not an event of the chain of seals")
            return
        follows = (data["number"], data["after"]) == (self._number + 1, self._upto)
        if not follows or data["on"] <= self._on or not self._upto <= data["upto"] < position:
            self._bad(position, version, topic, f"seal {data['number']} does not follow seal {self._number}")
        self._number, self._on, self._upto = data["number"], data["on"], data["upto"]

    def _bad(self, position: int, version: int, topic: str, what: str) -> None:
        self._log.bad("seal_chain", "R29", position, self._stream, version, topic, what)

"""What the page behind a paper's QR asks of the log: how a result that was given out stands now."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Standing(StrEnum):
    """In force, as far as its last day goes; ended by a decision; or none that the log has, though its seal is ours."""

    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    ANNULLED = "annulled"
    REPLACED = "replaced"
    UNRECORDED = "unrecorded"


class PaperStanding(NamedTuple):
    """How a result stands: when it ended, and the number of what stands instead, "" for nothing."""

    standing: Standing
    ended_on: date | None = None
    replaced_by: str = ""

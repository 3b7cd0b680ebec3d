"""The schemas that are published: kept in docs/schemas, which the package holds as `schema_files`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.api.sms.models import ReplyCall
from streams.schemas import DRAFT, Schema, event_schemas, message_schemas

FOLDER = Path(__file__).with_name("schema_files")
REPLY = "sms.reply.v1"


def todays() -> dict[str, Schema]:
    """Every schema as the code of today has it, by name (`voucher.redeemed.v1`)."""
    reply = ReplyCall.model_json_schema()
    reply["title"] = "A reply of a recipient, as a gateway writes it"
    return {
        **event_schemas(),
        **message_schemas(),
        REPLY: {"$schema": DRAFT, "$id": f"{REPLY}.json", **reply},
    }


def stored(folder: Path = FOLDER) -> dict[str, Schema]:
    """The schemas that are kept, by name."""
    return {path.name[:-5]: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def rendered(value: Any) -> str:
    """JSON as it is kept in the repository."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"

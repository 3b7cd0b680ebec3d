"""Which gateway AZYQ_SMS_GATEWAY names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from domain.ports import SmsGateway
from infra.sms.kannel import KannelGateway
from infra.sms.outbox import OutboxGateway

_SETTING = "AZYQ_SMS_GATEWAY"


def gateway_from(
    url: str,
    *,
    dsn: str,
    data: Path,
    dlr_url: str | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SmsGateway:
    """The gateway `url` names: `outbox:` (its file is `data`/outbox.jsonl) or
    `kannel:http://user:pass@host:13013/cgi-bin/sendsms`, to which `?from=1414` adds the sending number.

    `dsn`: the outbox's database; `clock`: what it writes as time of sending; `dlr_url`: our address for
    delivery reports. Raises ValueError, without the value for it may hold a password.
    """
    scheme, colon, rest = url.partition(":")
    if url == "outbox:":
        return OutboxGateway(dsn, data / "outbox.jsonl", clock)
    if scheme != "kannel" or not colon:
        raise ValueError(f"{_SETTING} is neither `outbox:` nor `kannel:http://user:pass@host:port/path`")
    try:
        address = urlsplit(rest)
        port = address.port
    except ValueError:
        raise ValueError(f"{_SETTING}: the address after `kannel:` can't be read") from None
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError(f"{_SETTING}: after `kannel:` comes an http or https address")
    if not address.username or not address.password:
        raise ValueError(f"{_SETTING}: the address of Kannel wants a user and a password (`user:pass@host`)")
    query = parse_qs(address.query, keep_blank_values=True)
    if address.fragment or set(query) - {"from"} or any(len(values) > 1 for values in query.values()):
        raise ValueError(f"{_SETTING}: the only parameter the address of Kannel takes is `from`")
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    asked = f"{address.scheme}://{host}{f':{port}' if port else ''}{address.path or '/cgi-bin/sendsms'}"
    try:
        httpx.URL(asked)  # stricter than urlsplit: what it can't read could never be asked
    except httpx.InvalidURL:
        raise ValueError(f"{_SETTING}: the address after `kannel:` can't be read") from None
    if any(character.isspace() for character in rest):
        raise ValueError(f"{_SETTING}: there is a space in the address after `kannel:`")
    return KannelGateway(
        asked,
        username=unquote(address.username),
        password=unquote(address.password),
        dlr_url=dlr_url,
        sender=(query.get("from") or [""])[0] or None,
    )

"""`azyq status`: the chain log → Kafka → views at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from infra.cli.running import JSON, LANGUAGE, language_of, opened, print_json

if TYPE_CHECKING:
    from infra.chain import Chain

_WORDS = {
    "en": {
        "log": "log",
        "publisher": "publisher",
        "never": "nothing published yet",
        "none": "no Kafka: the views are fed from the log",
        "active": "at work",
        "idle": "NONE AT WORK",
        "last": "last moved",
        "at": "at",
        "behind": "behind",
        "up": "up to date",
        "parked": "parked",
        "outdated": "waits for its rebuild",
        "messages": "Kafka messages parked",
        "sms": "SMS due",
        "look": "see: azyq parked list",
    },
    "ru": {
        "log": "журнал",
        "publisher": "публикация",
        "never": "ещё ничего не опубликовано",
        "none": "без Kafka: представления питаются прямо из журнала",
        "active": "работает",
        "idle": "НИКТО НЕ РАБОТАЕТ",
        "last": "последний сдвиг",
        "at": "на",
        "behind": "отстаёт на",
        "up": "актуально",
        "parked": "отложено",
        "outdated": "ждёт перестройки",
        "messages": "отложено сообщений Kafka",
        "sms": "SMS к отправке",
        "look": "см.: azyq parked list",
    },
    "kk": {
        "log": "журнал",
        "publisher": "жариялау",
        "never": "әлі ештеңе жарияланған жоқ",
        "none": "Kafka жоқ: көріністер журналдың өзінен толады",
        "active": "жұмыс істеп тұр",
        "idle": "ЕШКІМ ЖҰМЫС ІСТЕП ТҰРҒАН ЖОҚ",
        "last": "соңғы жылжу",
        "at": "орны",
        "behind": "қалып тұр:",
        "up": "жаңартылған",
        "parked": "кейінге қалдырылған",
        "outdated": "қайта құруды күтіп тұр",
        "messages": "кейінге қалдырылған Kafka хабарламалары",
        "sms": "жіберілетін SMS",
        "look": "қараңыз: azyq parked list",
    },
}


def status(as_json: bool = JSON, lang: str = LANGUAGE) -> None:
    """Where the log, the publisher and each view stand, what is parked, which SMS are due; exit 0 whatever it shows."""
    language = language_of(lang)
    with opened(lang) as azyq:
        chain = azyq.chain.read()
        kafka = bool(azyq.settings.kafka_bootstrap_servers)
        if as_json:
            print_json(as_dict(chain))
        else:
            for line in lines(chain, kafka, _WORDS[language]):
                typer.echo(line)


def as_dict(chain: Chain) -> dict[str, Any]:
    """The chain as JSON has it; positions are those of the log."""
    return {
        "log_position": chain.head,
        "publisher": None if chain.published is None else chain.published._asdict(),
        "views": [place._asdict() for place in chain.views],
        "parked_messages": chain.parked_messages,
        "sms_due": {state: chain.sms_due.get(state, 0) for state in ("waiting", "sending")},
    }


def lines(chain: Chain, kafka: bool, words: dict[str, str]) -> list[str]:
    """The chain as a clerk reads it, a link a line."""
    found = [f"{words['log']:<24}{chain.head:>12,}"]
    published = chain.published
    if published is not None and (kafka or published.active):
        lag = chain.head - published.position
        found.append(
            f"  └─ {words['publisher']:<19}{published.position:>12,}  {_lag(lag, words)}; "
            f"{words['active'] if published.active else words['idle']}; "
            f"{words['last']} {published.moved_at.astimezone():%d.%m.%Y %H:%M:%S}"
        )
    else:
        found.append(f"  └─ {words['never'] if kafka else words['none']}")
    for place in chain.views:
        state = words["outdated"] if place.outdated else _lag(place.behind, words)
        parked = f"; {words['parked']}: {place.parked:,} ({words['look']})" if place.parked else ""
        found.append(f"       └─ {place.view:<18}{place.position:>8,}  {state}{parked}")
    if chain.parked_messages:
        found.append(f"{words['messages']}: {chain.parked_messages:,} ({words['look']})")
    waiting = sum(chain.sms_due.get(state, 0) for state in ("waiting", "sending"))
    if waiting:
        found.append(f"{words['sms']}: {waiting:,}")
    return found


def _lag(behind: int, words: dict[str, str]) -> str:
    return f"{words['behind']} {behind:,}" if behind > 0 else words["up"]

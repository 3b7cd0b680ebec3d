"""The seal of a day's log, as the daily report prints it: whoever keeps the report can tell a changed log (R29, O6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.identity import seals_id
from projections.reports.ledger import Ledger
from projections.reports.report import Cells, Column, Scope, Section, named

SEALED_TOPIC = "seal.day_sealed"
_FIELDS = ("number", "on", "after", "upto", "events", "hash", "key", "signature")
# One seal may close several days: it is that of the first day not before this one.
_SQL = f"""
    SELECT {", ".join(f"data ->> '{name}'" for name in _FIELDS)} FROM (
        SELECT convert_from(state, 'UTF8')::json AS data FROM azyq_log.azyq_events
        WHERE originator_id = '{seals_id()}' AND topic = '{SEALED_TOPIC}' AND notification_id <= %(upto)s
    ) sealed WHERE data ->> 'on' >= %(on)s ORDER BY (data ->> 'number')::bigint LIMIT 1
    """


def _from_log(ledger: Ledger, scope: Scope) -> Sequence[Cells]:
    found: dict[str, Any] | None = next((one for one in ledger.seals if one["on"] >= scope.on), None)
    return [] if found is None else [tuple(str(found[name]) for name in _FIELDS)]


SEAL = Section(
    "seal",
    named("Журналдың мөрі", "Печать журнала", "The log's seal"),
    (
        Column("number", named("нөмірі", "номер", "number"), "text"),
        Column("sealed_on", named("мөрленген күн", "опечатан по день", "sealed day"), "day"),
        Column("after", named("орыннан кейін", "после позиции", "after position"), "text"),
        Column("upto", named("орынға дейін", "по позицию", "up to position"), "text"),
        Column("events", named("оқиғалар", "событий", "events"), "text"),
        Column("hash", named("хэш", "хэш", "hash"), "text"),
        Column("key", named("ашық кілт", "открытый ключ", "public key"), "text"),
        Column("signature", named("қолтаңба", "подпись", "signature"), "text"),
    ),
    8,
    (),
    _SQL,
    _from_log,
    definition=named(
        "seal.day_sealed: осы күнді жапқан мөр – журналдың алдыңғы мөрге тізбектелген хэші (SHA-256) және оның қолтаңбасы "
        "(Ed25519). Күн мөрленгенше жол жоқ. azyq prove --check осымен салыстырылады.",
        "seal.day_sealed: печать, закрывшая этот день, – хэш журнала (SHA-256), сцепленный с прежней печатью, и его подпись "
        "(Ed25519). Пока день не опечатан, строки нет. С нею сверяют azyq prove --check.",
        "seal.day_sealed: the seal that closed this day is the log's hash (SHA-256), chained to the seal before, and its "
        "signature (Ed25519). Until the day is sealed there is no row. Compare azyq prove --check with it.",
    ),
)

"""Take in a file of shops, articles, prices or market prices: open it, run the command, write what goes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from domain.commands.receive_list import Progress
from domain.commands.receive_trade import ReceiveTrade, TradeOutcome
from domain.trade.sentences import trade_sentence
from infra.lists.columns import ARTICLE_COLUMNS, MARKET_COLUMNS, PRICE_COLUMNS, SHOP_COLUMNS, ColumnSet
from infra.lists.reading import Detected, open_list
from infra.lists.rejects import RejectsFile, check_place

KINDS: Mapping[str, ColumnSet] = {
    "shops": SHOP_COLUMNS,
    "articles": ARTICLE_COLUMNS,
    "prices": PRICE_COLUMNS,
    "market": MARKET_COLUMNS,
}
WORDS = {
    "en": {
        "detected": "detected",
        "rows": "rows: {rows}, accepted {accepted} (new or changed {new}), rejected {rejected}",
        "file": "written: {path} (rows: {count})",
    },
    "ru": {
        "detected": "определено",
        "rows": "строк: {rows}, принято {accepted} (новых и изменённых {new}), отклонено {rejected}",
        "file": "записан: {path} (строк: {count})",
    },
    "kk": {
        "detected": "анықталды",
        "rows": "{rows} жол: {accepted} қабылданды (жаңа не өзгергені {new}), {rejected} қабылданбады",
        "file": "жазылды: {path} ({count} жол)",
    },
}


@dataclass(slots=True)
class TradeImport:
    """What came of a file, for a clerk: what it was, what was taken, what was written beside."""

    detected: Detected
    outcome: TradeOutcome
    written: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        outcome = self.outcome
        return {
            "detected": asdict(self.detected),
            "rows": outcome.rows,
            "accepted": outcome.accepted,
            "new": outcome.new,
            "known": outcome.known,
            "rejected": outcome.rejected,
            "written": self.written,
        }

    def lines(self, language: str) -> Iterator[str]:
        """For a clerk, in `language`; of each code the sentence of its first row."""
        words, outcome = WORDS[language], self.outcome
        yield f"{words['detected']}: {self.detected.sentence(language)}"
        rejected = outcome.rejected
        yield words["rows"].format(
            rows=outcome.rows, accepted=outcome.accepted, new=outcome.new, rejected=sum(rejected.values())
        )
        first: dict[str, dict[str, object]] = {}
        for _, code, details in outcome.rejections:
            first.setdefault(code, details)
        for code, count in sorted(rejected.items(), key=lambda item: (-item[1], item[0])):
            yield f"  {count:>7}  {code}: {trade_sentence(code, language, **first[code])}"
        for path, count in self.written.items():
            yield words["file"].format(path=path, count=count)


def import_trade(
    receive: ReceiveTrade,
    kind: str,
    file: Path,
    *,
    at: datetime,
    language: str,
    rejects: Path | None = None,
    goods_version: str | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> TradeImport:
    """Take in `file` of `kind`, one of KINDS; its rejected rows go to `rejects`, with code and reason.

    `goods_version` is the list that positions are numbered by; by default the official one of the day.
    Raises ListRefusal, GoodsVersionUnknown, GoodsListMissing, and OSError before anything when `rejects` can't be
    written.
    """
    if rejects is not None:
        check_place(rejects, [file])
    run: Callable[..., TradeOutcome] = getattr(receive, kind)
    if goods_version is not None:
        run = partial(run, goods_version=goods_version)
    source = open_list(file, KINDS[kind])
    found = TradeImport(source.detected, run(source.rows(), at, progress), {})
    if rejects is not None:
        written = RejectsFile(rejects, source, language, trade_sentence).write(found.outcome.rejections)
        found.written[str(rejects)] = written
    return found

"""The view `shops`: the shops that take part, open or closed, with their loans (R2.7, R9–R11)."""

from __future__ import annotations

from typing import Any

from domain.trade.shop import Shop as S
from projections.view import Key, On, Recorded, Row, Rows, Table, View, changing

_FACTS = ("name", "bin", "trader", "kato", "address", "opened_on")


def _shop(event: Recorded) -> tuple[Key]:
    return ((event.data["shop"],),)


def _joined(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(data["shop"],)] = {
        "shop": data["shop"],
        "stream": event.stream,
        **{name: data[name] for name in _FACTS},
        "status": "open",
        "status_since": data["timestamp"],
        "loan_contract": None,
        "loan_until": None,
    }


def _changed(row: Row, data: dict[str, Any]) -> None:
    row.update({name: data[name] for name in _FACTS})


def _status(status: str) -> On:
    def change(row: Row, data: dict[str, Any]) -> None:
        row["status"] = status
        row["status_since"] = data["timestamp"]

    return changing(change, _shop)


def _loan_recorded(row: Row, data: dict[str, Any]) -> None:
    row["loan_contract"] = data["contract"]
    row["loan_until"] = data["until"]


def _loan_ended(row: Row, _data: dict[str, Any]) -> None:
    row["loan_contract"] = row["loan_until"] = None


class Shops(View):
    """One row a shop; days are YYYY-MM-DD, `trader` is a keyed digest where the shop is a sole trader's."""

    name = "shops"
    version = 1
    table = Table(
        columns=(
            ("shop", "text"),
            ("stream", "uuid"),
            *((name, "text") for name in _FACTS),
            ("status", "text"),
            ("status_since", "timestamptz"),
            ("loan_contract", "text"),
            ("loan_until", "text"),
        ),
        key=("shop",),
    )
    on = {
        S.Joined.TOPIC: On(_shop, _joined, creates=True),
        S.Changed.TOPIC: changing(_changed, _shop),
        S.Opened.TOPIC: _status("open"),
        S.Closed.TOPIC: _status("closed"),
        S.LoanRecorded.TOPIC: changing(_loan_recorded, _shop),
        S.LoanEnded.TOPIC: changing(_loan_ended, _shop),
    }

"""The view `ratings`: each time a recipient rated the service at a purchase (R30). Rows are never changed."""

from __future__ import annotations

from domain.family import FamilyVouchers as F
from projections.view import Key, On, Recorded, Rows, Table, View, amount, programme_month


def _key(event: Recorded) -> tuple[Key]:
    return ((event.data["redemption"], str(event.version)),)


def _rated(rows: Rows, event: Recorded) -> None:
    data = event.data
    programme, month = programme_month(data["cycle"])
    ((redemption, number),) = _key(event)
    rows[redemption, number] = {
        "redemption": redemption,
        "number": number,
        "stream": event.stream,
        "position": event.position,
        "programme": programme,
        "month": month,
        "shop": data["shop"],
        "stars": amount(data["stars"]),
    }


class Ratings(View):
    """One row a rating, `position` its place in the log: of those of one purchase the last one holds.

    `number` is the event's version in its stream, in text; `programme` and `month` those of the voucher.
    """

    name = "ratings"
    version = 1
    table = Table(
        columns=(
            ("redemption", "text"),
            ("number", "text"),
            ("stream", "uuid"),
            ("position", "bigint"),
            ("programme", "text"),
            ("month", "text"),
            ("shop", "text"),
            ("stars", "integer"),
        ),
        key=("redemption", "number"),
        indexes=(("programme", "month"),),
    )
    on = {F.Rated.TOPIC: On(_key, _rated, creates=True)}

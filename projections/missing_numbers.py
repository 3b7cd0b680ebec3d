"""The view `missing_numbers`: the journal of families whose applicant has no phone number (R18)."""

from __future__ import annotations

from domain.family import FamilyVouchers as F
from projections.view import On, Recorded, Rows, Table, View, by_stream, programme_month


def _missing(rows: Rows, event: Recorded) -> None:
    data = event.data
    programme, month = programme_month(data["cycle"])
    rows[(event.stream,)] = {
        "stream": event.stream,
        "programme": programme,
        "month": month,
        "rules": data["rules"],
        "missing_since": data["timestamp"],
    }


def _gone(rows: Rows, event: Recorded) -> None:
    rows[(event.stream,)] = None


class MissingNumbers(View):
    """A row while the number is missing; who the family and the applicant are is in `families`, by `stream`."""

    name = "missing_numbers"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("programme", "text"),
            ("month", "text"),
            ("rules", "text"),
            ("missing_since", "timestamptz"),
        ),
        key=("stream",),
        indexes=(("programme", "month"),),
    )
    on = {
        F.NumberMissing.TOPIC: On(by_stream, _missing, creates=True),
        F.NumberUnsettled.TOPIC: On(by_stream, _gone, creates=True),
        F.NumberFound.TOPIC: On(by_stream, _gone, creates=True),
        F.Left.TOPIC: On(by_stream, _gone, creates=True),
    }

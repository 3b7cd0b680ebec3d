"""The view `sign_ins`: when analysts and auditors signed in, by which grant, and how (A8)."""

from __future__ import annotations

from domain.sign_ins import SignIn
from projections.view import On, Recorded, Rows, Table, View, by_stream


def _signed_in(rows: Rows, event: Recorded) -> None:
    data = event.data
    rows[(event.stream,)] = {
        "stream": event.stream,
        "user_id": data["user"],
        "number": data["case"],
        "way": data["way"],
        "signed_in_at": data["timestamp"],
    }


class SignIns(View):
    """One row a sign-in: `number` is of the grant's case, `way` signature or sql."""

    name = "sign_ins"
    version = 1
    table = Table(
        columns=(
            ("stream", "uuid"),
            ("user_id", "text"),
            ("number", "text"),
            ("way", "text"),
            ("signed_in_at", "timestamptz"),
        ),
        key=("stream",),
        indexes=(("number", "signed_in_at"),),
    )
    on = {SignIn.SignedIn.TOPIC: On(by_stream, _signed_in, creates=True)}

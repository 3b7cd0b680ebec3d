"""Analysts and auditors on real PostgreSQL: granted by a case, signed in by a certificate, within their scope (A1–A9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.access_in_process import MONTH, Bureau, a_bureau


@pytest.fixture
def bureau(database: str, tmp_path: Path) -> Iterator[Bureau]:
    with a_bureau(database, tmp_path) as bureau:
        yield bureau


def test_A1_to_A8_granted_signed_in_read_recorded_and_blocked(bureau: Bureau) -> None:
    # given an auditor of one oblast whose body applied and was granted access
    user, case = bureau.granted()
    (granted,) = bureau.events("access.granted")
    assert (granted["user"], granted["case"], granted["regions"]) == (user.subject, case.case, ["11"])
    # when the auditor signs in and reads
    headers = bureau.sign_in(user)
    told = bureau.http.get(f"/v1/reports/month?month={MONTH}", headers=headers)
    # then it is the own region's, says where it stands, and the reading is in the log
    assert told.status_code == 200, told.text
    regions = {row["region"] for row in told.json()["sections"]["regions"]}
    assert regions == {"1132"}
    (read,) = bureau.events("access.report_read")
    assert (read["user"], read["report"], read["regions"]) == (user.subject, "month", ["11"])
    assert read["log_position"] == told.json()["log_position"] == int(told.headers["azyq-log-position"])
    assert read["parameters"] == {"month": MONTH, "region": "11"}
    # when the account is blocked
    bureau.block(case)
    bureau.follow()
    # then nothing is given any more
    told = bureau.http.get(f"/v1/reports/month?month={MONTH}", headers=headers)
    assert (told.status_code, told.json()["code"]) == (403, "access_blocked")
    assert bureau.try_sign_in(user).json()["code"] == "access_blocked"

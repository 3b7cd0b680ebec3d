"""Access of analysts and auditors: what a case gives, of which regions, until when, and its end (A1, A2, A5, A6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from domain.access import Access, Grant, Reading, region_prefix, regions_of
from domain.calendar import ALMATY, day_end
from domain.errors import Refusal

APRIL = datetime(2026, 4, 9, 10, tzinfo=ALMATY)
YEAR_ON = date(2027, 4, 9)
OBLAST = {"body_kind": "revision_commission", "region": "110000000", "body": "Тексеру комиссиясы"}


def granted(case: str = "AA-1", at: datetime = APRIL, until: date = YEAR_ON) -> Access:
    access = Access.begin("u" * 32, at)
    assert access.grant(case=case, facts=OBLAST, valid_until=until, at=at)
    return access


def code_of(access: Access, at: datetime) -> str:
    with pytest.raises(Refusal) as refusal:
        access.in_force(at)
    return refusal.value.code


@pytest.mark.parametrize(
    ("kind", "regions"),
    [
        *((kind, [""]) for kind in ("parliament", "supreme_audit", "state_audit")),
        *((kind, ["11"]) for kind in ("maslikhat", "revision_commission", "local_audit")),
        *((kind, []) for kind in ("central_audit", "interior_department", "nobody", "")),
    ],
)
def test_A2_what_each_body_sees(kind: str, regions: list[str]) -> None:
    assert regions_of({"body_kind": kind, "region": "110000000"}) == regions


def test_A2_without_a_region_a_local_body_sees_nothing() -> None:
    assert regions_of({"body_kind": "maslikhat"}) == []
    assert regions_of({"body_kind": "maslikhat", "region": "0"}) == []


@pytest.mark.parametrize(
    ("kato", "prefix"),
    [
        ("110000000", "11"),
        ("111000000", "1110"),
        ("111010000", "111010"),
        ("113220100", "113220100"),
        ("", ""),
        ("11", ""),
    ],
)
def test_a_place_is_the_prefix_of_what_lies_within_it(kato: str, prefix: str) -> None:
    assert region_prefix(kato) == prefix


def test_A5_a_grant_lasts_to_the_end_of_its_last_day() -> None:
    access = granted()
    assert access.in_force(APRIL).regions == ("11",)
    end = day_end(YEAR_ON)
    assert access.in_force(end - timedelta(seconds=1)).case == "AA-1"
    assert code_of(access, end) == "access_over"
    # and the note that it ended changes nothing but that
    assert access.end(case="AA-1", at=end)
    assert not access.end(case="AA-1", at=end)
    assert code_of(access, end) == "access_over"


def test_A6_a_block_holds_at_once_and_for_good() -> None:
    access = granted()
    assert access.block(case="AA-1", reason="requested", at=APRIL)
    assert not access.block(case="AA-1", reason="requested", at=APRIL)
    assert not access.end(case="AA-1", at=APRIL)
    assert code_of(access, APRIL) == "access_blocked"


def test_A4_a_case_grants_once_and_another_one_anew() -> None:
    access = granted()
    assert not access.grant(case="AA-1", facts=OBLAST, valid_until=YEAR_ON, at=APRIL)
    access.block(case="AA-1", reason="requested", at=APRIL)
    assert not access.grant(case="AA-1", facts=OBLAST, valid_until=YEAR_ON, at=APRIL)
    assert access.grant(case="AA-2", facts=OBLAST, valid_until=YEAR_ON, at=APRIL)
    assert access.in_force(APRIL).case == "AA-2"


def test_what_was_never_granted_is_neither_blocked_nor_ended() -> None:
    access = Access.begin("u" * 32, APRIL)
    assert not access.block(case="AA-1", reason="requested", at=APRIL)
    assert not access.end(case="AA-1", at=APRIL)
    assert code_of(access, APRIL) == "access_unknown"


def test_a_reading_says_who_read_what_under_which_scope_and_as_of_when() -> None:
    grant = Grant("AA-1", "", ("11",), day_end(YEAR_ON))
    (event,) = Reading.of(
        uuid4(), "u" * 32, grant, "month", {"month": "2026-03", "region": "11"}, 77, "csv", APRIL
    ).collect_events()
    told = vars(event)
    assert (told["report"], told["log_position"], told["regions"]) == ("month", 77, ["11"])
    assert told["parameters"] == {"month": "2026-03", "region": "11"}
    refused = Reading.refused(uuid4(), "u" * 32, "AA-1", "month", "region_foreign", "75", APRIL)
    (event,) = refused.collect_events()
    assert vars(event)["code"] == "region_foreign"

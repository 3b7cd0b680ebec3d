"""Rule replay: the same programme gives the same month; another one what its rules make of it; nothing is written (R31)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import ALMATY, day_end
from domain.family import FamilyVouchers
from domain.replies import Answer
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programme
from infra.reporting.whatif import WhatIf, side_by_side, what_if
from projections.all_views import VIEWS
from streams.feed import Feed
from tests.conftest import new_database
from tests.integration.test_audit import GOODS, PROGRAMMES, ROOT
from tests.integration.test_cli import Shell
from tests.months import random_month, save_month

MONTHS = (
    ("akkol-2025", "2025-07"),
    ("tsa-2026", "2026-02"),
    ("gas-2025", "2025-10"),
    ("akkol-2025", "2025-09"),
)


@pytest.fixture(scope="module")
def told(postgres_dsn: str, migrated_template: str) -> Iterator[str]:
    with new_database(postgres_dsn, migrated_template) as dsn:
        log = PostgresLog(dsn)
        for seed, (programme, month) in enumerate(MONTHS):
            facts = PROGRAMMES[programme].month(month)
            goods = facts.programme.catalogue(GOODS).on(facts.valid_from)
            save_month(log, random_month(seed, 80, facts, goods))
        log.close()
        reader, store = LogReader(dsn), ViewStore(dsn)
        Feed(reader, store, VIEWS).catch_up()
        head = reader.head()
        yield dsn
        assert reader.head() == head
        reader.close()
        store.close()


def other(tmp_path: Path, *changes: tuple[str, str]) -> Any:
    """The pilot's file with `changes`."""
    text = (ROOT / "programmes" / "akkol-2025.toml").read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "akkol-2025.toml"
    path.write_text(text, "utf-8")
    return load_programme(path)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 7, day, hour, tzinfo=ALMATY)


def figures(found: WhatIf) -> dict[str, tuple[int, int]]:
    return {id: (is_, would_be) for id, _, is_, would_be in side_by_side(found, "en")}


def under(told: str, programme: Any) -> tuple[dict[str, tuple[int, int]], WhatIf]:
    found = what_if(told, PROGRAMMES["akkol-2025"], programme, "2025-07", GOODS)
    return figures(found), found


@pytest.mark.parametrize(("programme", "month"), MONTHS)
def test_R31_the_same_rules_make_the_same_month(told: str, programme: str, month: str) -> None:
    found = what_if(told, PROGRAMMES[programme], PROGRAMMES[programme], month, GOODS)
    assert found.families > 50
    assert found.refused == {}
    assert found.happened == found.would_be
    assert figures(found)["spent_tiyn"][0] > 0


def test_R31_half_the_amount(told: str, tmp_path: Path) -> None:
    shown, _ = under(told, other(tmp_path, ('amount = "3932.00"', 'amount = "1966.00"')))
    assert shown["issued_tiyn"][1] * 2 == shown["issued_tiyn"][0]
    assert shown["consented"][0] == shown["consented"][1]
    assert 0 < shown["spent_tiyn"][1] < shown["spent_tiyn"][0]
    assert shown["issued_tiyn"][1] == sum(
        shown[f"{end}_tiyn"][1] for end in ("spent", "held", "expired", "cancelled", "available")
    )


def test_R31_a_shorter_window(told: str, tmp_path: Path) -> None:
    shown, found = under(told, other(tmp_path, ('activate_to_day = "last"', "activate_to_day = 12")))
    assert shown["activated"][1] <= shown["activated"][0]
    assert shown["consented"][1] <= shown["consented"][0]
    assert shown["spent_tiyn"][1] < shown["spent_tiyn"][0]
    # purchases that are refused now; what came of them later is not refused once more
    assert set(found.refused) == {"voucher_ended"}


def test_R31_nothing_is_left_of_a_month_that_is_over(told: str, tmp_path: Path) -> None:
    # given families that took their consent back after the other window's end
    for day in (11, 14, 20):
        change = ('activate_to_day = "last"', f"activate_to_day = {day}")
        shown, _ = under(told, other(tmp_path, change))
        assert shown["available_tiyn"] == (0, 0), day


@pytest.mark.parametrize("closed", [True, False])
def test_R21_who_did_not_answer_by_the_other_day_lapses(database: str, tmp_path: Path, closed: bool) -> None:
    # given a month, over or not, in which some answered after the other window's end, or not at all
    month = PROGRAMMES["akkol-2025"].month("2025-07")
    answers = {"early": (10, Answer.YES), "declined": (30, Answer.NO), "late": (31, Answer.YES)}
    families = []
    for number, name in enumerate(("silent", "idle", *answers)):
        family = FamilyVouchers.list_family(month, name, "113220100", name, [name, f"{name}-2"], "1-a", at(1))
        sent: dict[str, Any] = {"language": "kk", "encoding": "ucs2", "parts": 6, "gateway": "outbox"}
        family.record_sms(month, message=f"{number}", purpose="consent_request", at=at(5), **sent)
        day, answer = answers.get(name, (11, Answer.YES))
        if name != "silent":
            family.record_reply(month, reply=f"{number}", answer=answer, channel="http", at=at(day))
        if name == "late":
            family.activate(month, via="wallet", at=at(31, 15))
        if closed:
            family.lapse(month, day_end(month.deadline))
            family.expire(month, day_end(month.valid_to))
        families.append(family)
    log, reader, store = PostgresLog(database), LogReader(database), ViewStore(database)
    log.save(*families)
    Feed(reader, store, VIEWS).catch_up()
    for one in (log, reader, store):
        one.close()
    # when
    shown, found = under(database, other(tmp_path, ('activate_to_day = "last"', "activate_to_day = 20")))
    # then each family that was asked is told once, and the sums are those of its vouchers
    assert [shown[name] for name in ("asked", "consented", "refused")] == [(5, 5), (3, 2), (1, 0)]
    assert [shown[name] for name in ("lapsed", "expired")] == (
        [(1, 3), (3, 2)] if closed else [(0, 3), (0, 2)]
    )
    assert shown["expired_tiyn"][1] == shown["issued_tiyn"][1] == 2 * 2 * 393_200
    assert shown["available_tiyn"] == (0 if closed else 3 * 2 * 393_200, 0)
    assert found.refused == {"voucher_not_issued": 1}
    # and under its own rules the month is what it is
    assert what_if(database, month.programme, month.programme, "2025-07", GOODS).would_be == found.happened


def test_R31_families_are_counted_one_way(told: str, tmp_path: Path) -> None:
    # given a month that some families left the list of
    shown, found = under(told, other(tmp_path, ('amount = "3932.00"', 'amount = "1966.00"')))
    assert (found.families, found.families) == shown["families"]


def test_R31_the_voucher_pays_the_price(told: str, tmp_path: Path) -> None:
    shown, _ = under(told, other(tmp_path, ('draw = "discount"', 'draw = "price"')))
    assert shown["spent_tiyn"][1] > shown["spent_tiyn"][0]


def test_on_the_command_line(told: str, tmp_path: Path) -> None:
    other(tmp_path, ('amount = "3932.00"', 'amount = "1966.00"'))
    azyq = Shell(told, tmp_path)
    asked = ("whatif", "--programme", "akkol-2025.toml", "--month", "2025-07")
    found = azyq.json(*asked)["figures"]["issued_tiyn"]
    assert found["would_be"] * 2 == found["is"]
    for language, word in (("en", "as it would be"), ("ru", "как было бы"), ("kk", "басқаша болғанда")):
        assert word in azyq(*asked, "--lang", language).stdout
    other(tmp_path, ('activate_to_day = "last"', "activate_to_day = 12"))
    assert "voucher_ended: Действие ваучера прекращено" in azyq(*asked, "--lang", "ru").stdout
    assert azyq("whatif", "--programme", "nothing.toml", "--month", "2025-07").returncode == 2
    refused = azyq("whatif", "--programme", "akkol-2025.toml", "--month", "2025-12")
    assert (refused.returncode, "month_outside_programme" in refused.stderr) == (1, True)

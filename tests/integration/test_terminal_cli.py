"""`azyq terminal` from outside: a code, a list, an end (R2.7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.commands.terminals import credentials_of
from domain.trade.shop import Shop, ShopFacts
from infra.parts.counter.rehearsal import NothingToTry, TrialOnly, rehearse
from infra.parts.counter.tills import terminals
from tests.integration.counter_in_process import AKKOL_KATO, ELSEWHERE, open_vouchers, stock
from tests.integration.month_in_process import Month, Town, a_month, query
from tests.integration.test_cli import KEY, Shell

NOON = {"AZYQ_CLOCK": "2025-07-06T12:00:00+05:00"}


@pytest.fixture
def shop(database: str, tmp_path: Path) -> Iterator[tuple[Shell, Month]]:
    """One shop, and a shell beside it."""
    with a_month(database, tmp_path, AZYQ_MASTER_KEY=KEY) as month:
        stock(month, {"S001": AKKOL_KATO})
        month.at(6, 12)
        yield Shell(database, tmp_path), month


def test_R2_7_a_terminal_is_enrolled_listed_and_revoked(shop: tuple[Shell, Month]) -> None:
    azyq, month = shop
    told = azyq.json("terminal", "enrol", "S001", **NOON)
    assert (told["shop"], told["expires_at"][:16]) == ("S001", "2025-07-07T12:00")
    key = terminals(month.azyq).enrol(told["code"], month.clock()).key
    assert credentials_of(key).terminal == told["terminal"]
    (listed,) = azyq.json("terminal", "list", **NOON)
    assert (listed["terminal"], listed["shop"], listed["stage"], listed["env"]) == (
        *(told["terminal"], "S001", "enrolled", "trial"),
    )
    assert azyq.json("terminal", "list", "--shop", "S002", **NOON) == []
    shown = azyq("terminal", "list", "--lang", "ru", **NOON).stdout
    assert "подключён" in shown
    assert (
        azyq.json("terminal", "revoke", told["terminal"].upper(), "--reason", "lost", **NOON)["now"] is True
    )
    assert azyq.json("terminal", "revoke", told["terminal"], **NOON)["now"] is False
    (listed,) = azyq.json("terminal", "list", **NOON)
    assert (listed["stage"], listed["revoked_at"][:10]) == ("revoked", "2025-07-06")
    assert azyq("audit", **NOON).returncode == 0
    kept = str(query(month.azyq.dsn, "SELECT string_agg(t::text, '') FROM azyq_views.terminals_v1 t"))
    assert key not in kept


def test_a_terminal_that_can_not_be_is_refused(shop: tuple[Shell, Month]) -> None:
    azyq, month = shop
    for arguments, code in (
        (("enrol", "NOSHOP"), "shop_unknown"),
        (("enrol", ""), "shop_unknown"),
        (("revoke", "nobody"), "terminal_unknown"),
    ):
        found = azyq("terminal", *arguments, **NOON)
        assert (found.returncode, found.stderr.splitlines()[-1].split(":")[0]) == (1, code)
    shop_id = month.azyq.desk.shop("S001")
    assert shop_id is not None
    month.azyq.inspect_shops.close("S001", "test", month.clock())
    found = azyq("terminal", "enrol", "S001", "--lang", "kk", **NOON)
    assert (found.returncode, found.stderr.splitlines()[-1].split(":")[0]) == (1, "shop_closed")


def test_R25_a_trial_gives_a_code_and_a_wallet_that_buy_at_each_other(shop: tuple[Shell, Month]) -> None:
    azyq, month = shop
    # given no family that could buy
    found = azyq("terminal", "trial", **NOON)
    assert (found.returncode, found.stderr.splitlines()[-1].split(":")[0]) == (1, "nothing_to_try")
    # when one has opened its vouchers
    (stream,) = open_vouchers(month, Town().households(1))
    told = azyq.json("terminal", "trial", **NOON)
    # then there are its wallet and a terminal of a shop beside it
    assert (told["shop"], told["till"]) == ("S001", "http://127.0.0.1:8080/till")
    token = told["wallet"].rpartition("/w/")[2]
    assert month.azyq.vault.stream_of_token(token) == stream.hex
    assert told["available_tiyn"] == 786_400
    assert terminals(month.azyq).enrol(told["code"], month.clock()).terminal == told["terminal"]
    assert told["wallet"] in azyq("terminal", "trial", "S001", "--lang", "kk", **NOON).stdout


def test_R25_nobody_tries_with_real_families(shop: tuple[Shell, Month]) -> None:
    _, month = shop
    open_vouchers(month, Town().households(1))
    month.azyq.settings = month.azyq.settings.model_copy(update={"env": "production"})
    with pytest.raises(TrialOnly):
        rehearse(month.azyq, None)
    assert "terminal.code_issued" not in month.counted()


def test_R25_a_shop_elsewhere_has_nothing_to_try(shop: tuple[Shell, Month]) -> None:
    _, month = shop
    open_vouchers(month, Town().households(1))
    far = Shop.join("FAR", ShopFacts("", "", "", ELSEWHERE, "", "2025-01-01"), month.clock())
    month.azyq.log.save(far)
    with pytest.raises(NothingToTry):
        rehearse(month.azyq, "FAR")


def test_R25_a_trial_that_is_started_again_goes_on_from_the_codes_it_saw(shop: tuple[Shell, Month]) -> None:
    azyq, month = shop
    (stream,) = open_vouchers(month, Town().households(1))
    newest = month.at(6, 12) + timedelta(minutes=20)
    month.azyq.log.note_codes([(stream, newest)])
    told = azyq.json("terminal", "enrol", "S001", **NOON)
    # the command takes a moment of its own
    ahead = datetime.fromisoformat(told["expires_at"]) - newest - timedelta(hours=24)
    assert timedelta(0) < ahead < timedelta(minutes=5)

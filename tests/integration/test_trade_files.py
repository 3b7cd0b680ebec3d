"""Files of shops, articles and prices taken in on real PostgreSQL, by hand and by the command line (R2.7, R2.17, R9–R13)."""

from __future__ import annotations

import json
from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.basket import ArticlePrice, BasketLine
from domain.beneficiary import iin_is_valid
from domain.commands import receive_trade
from domain.commands.counter import Counter
from domain.commands.counter_calls import Bought, Purchase
from domain.identity import catalogue_id
from domain.trade.catalogue import Catalogue
from domain.trade.shop import Loan, Shop
from domain.trade.shop_refusals import GoodsVersionUnknown, ShopClosed
from infra.audit.run import run_audit
from infra.cli.app import app
from infra.counter.families import RememberingLog
from infra.sample import HEADERS, write_sample
from infra.trade_importing import KINDS, TradeImport, import_trade
from tests.integration.month_in_process import Month, a_month, as_csv
from tests.integration.test_redeem import with_vouchers

RICE, FLOUR, POTATOES = "4870000000012", "4870000000029", "4870000000036"
SHOP = ["S001", "120240000010", "Дүкен", "113220100", "Абая, 1", "2020-01-01", "no", "", ""]
ARTICLES = [[RICE, "Rice", "5", "kg"], [FLOUR, "Flour", "1", "piece"], [POTATOES, "Potatoes", "6", "kg"]]


@pytest.fixture
def july(database: str, tmp_path: Path) -> Iterator[Month]:
    with a_month(database, tmp_path) as month:
        month.at(1)
        yield month


def take(month: Month, kind: str, rows: Sequence[Sequence[str]], **more: Any) -> TradeImport:
    """What comes of a file of `kind` with these rows."""
    path = month.folder / f"{kind}.csv"
    path.write_text(as_csv(rows, HEADERS[f"{kind}.csv"]), "utf-8")
    return import_trade(
        month.azyq.receive_trade, kind, path, at=more.pop("at", month.clock()), language="en", **more
    )


def shop_of(month: Month, name: str = "S001") -> Shop:
    found: Shop = month.azyq.log.load([Shop.create_id(name)])[Shop.create_id(name)]
    return found


def counts(month: Month) -> Counts[str]:
    """Events of shops and prices, by topic."""
    return Counts(
        {t: n for t, n in month.counted().items() if t.startswith(("shop.", "catalogue.", "market."))}
    )


@pytest.fixture
def stocked(july: Month) -> Month:
    take(july, "shops", [SHOP])
    take(july, "articles", ARTICLES)
    return july


def test_a_whole_sample_is_taken_in_once(july: Month, tmp_path: Path) -> None:
    write_sample(tmp_path / "sample", families=1, seed=5, month="2025-07", kato=july.month.programme.regions)
    files = {kind: tmp_path / "sample" / f"{kind}.csv" for kind in KINDS}
    receive = july.azyq.receive_trade
    for kind, path in files.items():
        found = import_trade(receive, kind, path, at=july.clock(), language="kk").outcome
        assert found.rejections == []
        assert found.new == found.rows > 0
    before = counts(july)
    assert before["shop.joined"] == 6
    for kind, path in files.items():
        found = import_trade(receive, kind, path, at=july.clock(), language="kk").outcome
        assert (found.new, found.known) == (0, found.rows)
    assert counts(july) == before


def test_R2_7_what_a_later_file_says_of_a_shop_is_a_change(july: Month) -> None:
    take(july, "shops", [SHOP, ["S002", *SHOP[1:]]])
    july.azyq.inspect_shops.close("S001", "", july.clock())
    found = take(july, "shops", [[*SHOP[:4], "Абая, 2", *SHOP[5:]]]).outcome
    assert (found.new, found.rows) == (1, 1)
    assert shop_of(july).address == "Абая, 2"
    assert shop_of(july).closed  # a file opens nobody
    assert shop_of(july, "S002").address == "Абая, 1"


def test_R9_R11_a_files_loan_comes_and_goes(july: Month) -> None:
    take(july, "shops", [[*SHOP[:6], "yes", "ОК-1", "2026-07-01"]])
    assert shop_of(july).loan == ("ОК-1", "2026-07-01")
    take(july, "shops", [SHOP])
    assert shop_of(july).loan is None
    assert counts(july) == {"shop.joined": 1, "shop.loan_recorded": 1, "shop.loan_ended": 1}


def test_a_sole_traders_iin_never_enters_the_log(july: Month) -> None:
    iin = next(n for n in (f"85041530012{d}" for d in range(10)) if iin_is_valid(n))
    take(july, "shops", [[SHOP[0], iin, *SHOP[2:]]])
    shop = shop_of(july)
    assert shop.bin == ""
    assert len(shop.trader) == 32
    with july.azyq.log.connection().cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM azyq_log.azyq_events WHERE position(convert_to(%s, 'UTF8') IN state) > 0",
            (iin,),
        )
        assert cursor.fetchone() == (0,)
    assert take(july, "shops", [[SHOP[0], iin, *SHOP[2:]]]).outcome.new == 0


def test_R2_17_articles_are_numbered_by_the_list_in_force_or_the_one_that_is_named(july: Month) -> None:
    take(july, "articles", ARTICLES)
    new = take(july, "articles", [[RICE, "Rice", "25", "kg"]], goods_version="2025-12-23").outcome
    assert new.new == 1
    late = take(july, "articles", [[RICE, "Rice", "25", "kg"]]).outcome
    assert [(code, details["version"]) for _, code, details in late.rejections] == [
        ("position_not_listed", "166-NQ-2023")
    ]
    catalogue: Catalogue = july.azyq.log.load([catalogue_id()])[catalogue_id()]
    assert catalogue.positions[RICE] == {"166-NQ-2023": 5, "2025-12-23": 25}
    with pytest.raises(GoodsVersionUnknown):
        take(july, "articles", ARTICLES, goods_version="1999")


def test_each_row_is_accepted_or_rejected_with_its_reason(stocked: Month) -> None:
    take(
        stocked,
        "market",
        [["5", "113220100", "300.00", "2025-07-01"], ["6", "110000000", "200.00", "2025-07-01"]],
    )
    rows = [
        ["S001", RICE, "250.00", "trade", "2025-07-01"],
        ["S001", RICE, "250.00", "trade", "2025-07-01"],
        ["S009", RICE, "250.00", "trade", "2025-07-01"],
        ["S001", "4870000000043", "250.00", "trade", "2025-07-01"],
        ["S001", RICE, "900.01", "trade", "2025-07-10"],
        ["S001", RICE, "900.00", "trade", "2025-07-11"],
        ["S001", FLOUR, "9999.00", "farm", "2025-07-01"],
        ["S001", FLOUR, "9999.00", "trade", "2025-07-01"],
        ["S001", POTATOES, "250,50", "farm", "2025-07-01"],
        ["S001", POTATOES, "60000", "farm"],
    ]
    rejects = stocked.folder / "rejects.csv"
    found = take(stocked, "prices", rows, rejects=rejects)
    assert [(number, code) for number, code, _ in found.outcome.rejections] == [
        (2, "price_twice"),
        (3, "shop_unknown"),
        (4, "article_unknown"),
        (5, "price_absurd"),
        (7, "farm_measure"),
        (8, "price_twice"),
        (10, "cells_too_few"),
    ]
    assert (found.outcome.rows, found.outcome.new) == (10, 3)
    lines = rejects.read_text("utf-8-sig").splitlines()
    assert lines[0] == "shop_id,gtin,purchase_price,source,valid_from,row,code,reason"
    assert lines[4].startswith(
        f'S001,{RICE},900.01,trade,2025-07-10,5,price_absurd,"The price is over 3 times'
    )
    assert shop_of(stocked).prices[POTATOES] == [("2025-07-01", "farm", 25_050)]


def test_R13_prices_are_not_changed_backwards(stocked: Month) -> None:
    take(stocked, "prices", [["S001", RICE, "250.00", "trade", "2025-07-01"]])
    stocked.at(10)
    found = take(
        stocked,
        "prices",
        [
            ["S001", RICE, "250.00", "trade", "2025-07-01"],
            ["S001", RICE, "240.00", "trade", "2025-07-01"],
            ["S001", RICE, "240.00", "trade", "2025-07-09"],
            ["S001", RICE, "240.00", "trade", "2025-06-30"],
            ["S001", FLOUR, "240.00", "trade", "2025-07-01"],
            ["S001", RICE, "230.00", "trade", "2025-07-10"],
        ],
    ).outcome
    assert [(number, code) for number, code, _ in found.rejections] == [
        (2, "price_twice"),
        (3, "price_backdated"),
    ]
    assert shop_of(stocked).prices[RICE] == [
        ("2025-06-30", "trade", 24_000),
        ("2025-07-01", "trade", 25_000),
        ("2025-07-10", "trade", 23_000),
    ]
    take(stocked, "market", [["5", "113220100", "300.00", "2025-07-01"]])
    late = take(stocked, "market", [["5", "113220100", "310.00", "2025-07-02"]]).outcome
    assert late.rejected == {"price_backdated": 1}


def test_files_larger_than_a_batch_and_others_who_write_meanwhile(
    stocked: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_trade, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(receive_trade, "STREAMS_KEPT", 3)
    days = [f"2025-07-{day:02}" for day in range(1, 12)]
    rows = [["S001", RICE, f"2{day[-2:]}.00", "trade", day] for day in days]
    saves = []

    def interfering(stage: str, done: int, total: int | None) -> None:
        # Another writer is first, again and again: what was held in memory is stale.
        saves.append(done)
        stocked.azyq.inspect_shops.record_loan("S001", Loan(f"L{done}", "2026-01-01"), stocked.clock())

    found = take(stocked, "prices", rows, progress=interfering)
    assert found.outcome.new == 11
    assert saves == [2, 4, 6, 8, 10, 11]
    assert [valid_from for valid_from, _, _ in shop_of(stocked).prices[RICE]] == days
    assert counts(stocked)["shop.prices_set"] == 11


def test_O3_1_R12_what_is_missing_is_reported_and_recorded_where_there_is_a_loan(stocked: Month) -> None:
    take(stocked, "shops", [[*SHOP[:6], "yes", "ОК-1", "2026-07-01"], ["S002", *SHOP[1:]]])
    take(stocked, "prices", [[shop, RICE, "250.00", "trade", "2025-07-01"] for shop in ("S001", "S002")])
    inspect = stocked.azyq.inspect_shops
    today = stocked.clock().date()
    first, second = inspect.check(["S001", "S002"], today, stocked.clock())
    assert (first.loan, first.recorded, second.loan, second.recorded) == (True, True, False, False)
    assert first.missing == second.missing == [n for n in range(1, 20) if n != 5]
    assert [one.recorded for one in inspect.check(["S001", "S002"], today, stocked.clock())] == [False, False]
    inspect.close("S002", "", stocked.clock())
    assert [one.shop for one in inspect.check(["S001", "S002"], today, stocked.clock())] == ["S001"]
    stocked.azyq.catch_up_views()
    with stocked.azyq.view_store.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT shop, condition, missing, mended_on FROM azyq_views.shop_breaches")
        assert cursor.fetchall() == [("S001", "assortment", ",".join(map(str, first.missing)), None)]


# --- the command line ------------------------------------------------------------------------------------


class Cli:
    """azyq as a clerk calls it."""

    def __init__(self, month: Month) -> None:
        self.folder = month.folder

    def __call__(self, *arguments: str, exits: int = 0) -> str:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == exits, result.output
        return result.output

    def json(self, *arguments: str) -> Any:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def cli(stocked: Month, monkeypatch: pytest.MonkeyPatch) -> Cli:
    settings = stocked.azyq.settings
    monkeypatch.setenv("DATABASE_URL", str(settings.database_url))
    monkeypatch.setenv("AZYQ_DATA", str(settings.data))
    monkeypatch.setenv("AZYQ_CLOCK", "2025-07-05T09:00:00+05:00")
    return Cli(stocked)


def test_a_clerks_day_with_the_shops(cli: Cli) -> None:
    prices = cli.folder / "clerk.csv"
    rows = f"S001;{RICE};250,00;торговля;2025-07-05\nS001;1;1;торговля;2025-07-05\n"
    prices.write_text(f"магазин;штрихкод;закупочная цена;источник;действует с\n{rows}", "cp1251")
    taken = cli.json("price", "import", str(prices))
    assert (taken["new"], taken["rejected"], taken["detected"]["encoding"]) == (
        1,
        {"gtin_length": 1},
        "cp1251",
    )
    assert "GTIN состоит из" in cli("price", "import", str(prices), "--lang", "ru")
    cli("shop", "loan", "S001", "--contract", "ОК-7", "--until", "2026-01-01")
    (row,) = cli.json("shop", "list")
    assert (row["shop"], row["status"], row["loan_contract"], row["breaches"]) == ("S001", "open", "ОК-7", [])
    (found,) = cli.json("shop", "check", "--on", "2025-07-05")
    assert (len(found["missing"]), found["loan"], found["recorded"]) == (18, True, True)
    cli("price", "end", "S001", f"0{RICE}", "--from", "2025-07-06")
    (found,) = cli.json("shop", "check", "--on", "2025-07-06")
    assert len(found["missing"]) == 19
    breach = cli.json("shop", "breach", "S001", "--condition", "label")["breach"]
    assert [b["condition"] for b in cli.json("shop", "show", "S001")["breaches"]] == ["assortment", "label"]
    cli("shop", "mend", "S001", breach)
    assert "breach_unknown" in cli("shop", "mend", "S001", breach, exits=1)
    assert cli.json("shop", "close", "S001", "--reason", "repairs") == {
        "shop": "S001",
        "status": "closed",
        "new": True,
    }
    assert cli.json("shop", "close", "S001")["new"] is False
    assert cli.json("shop", "show", "S001")["status"] == "closed"
    cli("shop", "open", "S001")
    cli("shop", "loan", "S001", "--end", "--reason", "repaid")
    assert "магазин" in cli("why", "S001", "--lang", "ru").casefold()
    assert cli.json("audit")["holds"]


@pytest.mark.parametrize(
    ("arguments", "exits", "said"),
    [
        (("shop", "close", "S9"), 1, "shop_unknown"),
        (("shop", "show", "S9"), 1, "shop_unknown"),
        (("shop", "breach", "S001", "--condition", "label"), 1, "loan_missing"),
        (("shop", "breach", "S001", "--condition", "smile"), 1, "condition_unknown"),
        (("shop", "loan", "S001"), 2, "--contract"),
        (("shop", "loan", "S001", "--contract", "X", "--until", "tomorrow"), 2, "2025-07-05"),
        (("shop", "loan", "S001", "--end", "--contract", "X"), 2, "--end"),
        (("shop", "check", "--on", "2025-7-5"), 2, "2025-07-05"),
        (("shop", "check", "S9"), 1, "shop_unknown"),
        (("shop", "check", "--on", "1999-01-01"), 1, "goods_list_missing"),
        (("shop", "close", "S001", "--reason", "x" * 501), 2, "500"),
        (("shop", "import", "no-such-file.csv"), 1, "list_not_found"),
        (("article", "import", "no-such-file.csv", "--goods", "X"), 1, "list_not_found"),
        (("price", "end", "S001", RICE), 1, "price_unknown"),
        (("price", "end", "S001", "٤"), 2, "digits"),
        (("price", "end", "S001", RICE, "--from", "soon"), 2, "2025-07-05"),
        (("price", "import"), 2, "Missing argument"),
    ],
)
def test_what_a_clerk_gets_wrong_is_told(cli: Cli, arguments: tuple[str, ...], exits: int, said: str) -> None:
    assert said in cli(*arguments, exits=exits)


@pytest.mark.parametrize("kind", ["shop", "article", "price", "market"])
def test_a_file_of_another_kind_is_refused_by_its_columns(cli: Cli, kind: str) -> None:
    other = cli.folder / "other.csv"
    other.write_text("iin,phone\n1,2\n")
    assert "list_column_missing" in cli(kind, "import", str(other), exits=1)


# --- the audit -------------------------------------------------------------------------------------------


class Believing:
    """Prices that a till was told, whatever the log says."""

    def of(self, shop: str, gtins: Sequence[str], at: datetime) -> Mapping[str, ArticlePrice]:
        return {RICE: ArticlePrice(5, "trade", 25_100)}


def test_R2_7_R13_a_purchase_beside_the_logs_prices_or_at_a_closed_shop_is_found(stocked: Month) -> None:
    take(stocked, "prices", [["S001", RICE, "250.00", "trade", "2025-07-01"]])
    (stream,) = with_vouchers(stocked, 1)
    desk = stocked.azyq.desk
    tills = Counter(RememberingLog(stocked.azyq.log), stocked.azyq.month_of, stocked.azyq.goods)
    rice = BasketLine(RICE, Decimal(1), 30_000, 25_000)

    def buy(number: int) -> Purchase:
        return Purchase(stream, "S001", "T1", "C1", f"r{number}", f"k{number}", (rice,), stocked.clock())

    def found() -> dict[str, int]:
        stocked.azyq.catch_up_views()
        return dict(run_audit(stocked.azyq.dsn, stocked.azyq.programmes, stocked.azyq.goods).found)

    (bought,) = tills.run([buy(1)], desk.look(["S001"]))
    assert isinstance(bought, Bought)
    assert found() == {}
    stocked.azyq.redeem(Believing()).run([buy(2)])
    assert found() == {"price_in_log": 1}
    stocked.at(7)
    stocked.azyq.inspect_shops.close("S001", "", stocked.clock())
    stocked.at(8)
    (refused,) = tills.run([buy(3)], desk.look(["S001"]))
    assert isinstance(refused, ShopClosed)
    stocked.azyq.redeem(Believing()).run([buy(4)])
    assert found() == {"price_in_log": 2, "shop_open": 1}

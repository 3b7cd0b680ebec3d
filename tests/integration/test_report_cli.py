"""`azyq report` as an analyst types it: tables in three languages, files with types, as of a time, differences."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pyarrow import parquet

from domain.money import kzt
from infra.cli.report import SHOWN
from infra.postgres.log import PostgresLog
from infra.reporting.formats import defused
from tests.conftest import new_database
from tests.integration.month_in_process import query
from tests.integration.test_audit import GOODS, PROGRAMMES
from tests.integration.test_cli import Shell
from tests.months import random_month, save_month


@pytest.fixture(scope="module")
def azyq(
    postgres_dsn: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    with new_database(postgres_dsn, migrated_template) as dsn:
        log = PostgresLog(dsn)
        facts = PROGRAMMES["akkol-2025"].month("2025-07")
        save_month(log, random_month(21, 60, facts, facts.programme.catalogue(GOODS).on(facts.valid_from)))
        log.close()
        yield Shell(dsn, tmp_path_factory.mktemp("reports"))


@pytest.mark.parametrize(("language", "words"), [("en", "Goods"), ("ru", "Товары"), ("kk", "Тауарлар")])
def test_a_table_says_where_it_stands(azyq: Shell, language: str, words: str) -> None:
    found = azyq("report", "goods", "--month", "2025-07", "--lang", language)
    assert (found.returncode, words in found.stdout) == (0, True), found.stderr
    assert str(azyq.json("report", "goods", "--month", "2025-07")["log_position"]) in found.stdout


def test_json_csv_xlsx_and_parquet_say_the_same(azyq: Shell) -> None:
    asked = ("report", "goods", "--month", "2025-07")
    rows = azyq.json(*asked)["sections"]["articles"]
    assert len(rows) > 3
    text = azyq(*asked, "--format", "csv", "--section", "articles").stdout
    plain = list(csv.DictReader(io.StringIO(text)))
    assert plain == [{name: str(value) for name, value in row.items()} for row in rows]
    for format_ in ("xlsx", "parquet"):
        out = f"goods.{format_}"
        assert azyq(*asked, "--format", format_, "--out", out, "--section", "articles").returncode == 0
    book = openpyxl.load_workbook(azyq.folder / "goods.xlsx")
    assert book.sheetnames == ["By position of the list", "By article", "How computed"]
    cells: list[list[Any]] = [[cell.value for cell in row] for row in book["By article"].iter_rows(min_row=2)]
    assert [row[2] for row in cells] == [row["position_name"] for row in rows]
    assert [row[3] for row in cells] == [row["list"] for row in rows]
    assert [row[4] for row in cells] == [row["gtin"] for row in rows]
    assert [round(row[8] * 100) for row in cells] == [row["shelf_total_tiyn"] for row in rows]
    assert book["By article"]["I2"].number_format == "#,##0.00"
    assert any("voucher.redeemed" in str(row[1].value) for row in book["How computed"].iter_rows())
    table = parquet.read_table(azyq.folder / "goods.parquet")
    assert table.column("shelf_total_tiyn").to_pylist() == [row["shelf_total_tiyn"] for row in rows]
    assert json.loads(table.schema.metadata[b"azyq"])["report"] == "goods"


@pytest.mark.parametrize(
    "asked",
    [
        ("month", "--month", "2025-07", "--region", "11"),
        ("reconciliation", "--month", "2025-07"),
        ("goods", "--month", "2025-07"),
        ("diff", "month", "--month", "2025-07", "--from", "1"),
    ],
    ids=lambda asked: asked[0],
)
def test_a_table_wider_than_the_screen_shows_every_figure_whole(azyq: Shell, asked: tuple[str, ...]) -> None:
    # given a screen of 80 columns, as where there is none
    told = azyq("report", *asked).stdout
    # then each sum stands there in one piece
    sections = azyq.json("report", *asked)["sections"]
    for rows in sections.values():
        for row in rows[:SHOWN]:
            for name, value in row.items():
                if name.endswith("_tiyn"):
                    assert kzt(value) in told, (name, kzt(value))
    assert max(len(line) for line in told.splitlines() if "log" not in line) <= 80


def test_days_are_days_in_workbooks_and_parquet(azyq: Shell) -> None:
    asked = ("report", "reconciliation", "--month", "2025-07")
    days = [row["day"] for row in azyq.json(*asked)["sections"]["days"]]
    for format_ in ("xlsx", "parquet"):
        assert azyq(*asked, "--format", format_, "--out", f"days.{format_}").returncode == 0
    sheet = openpyxl.load_workbook(azyq.folder / "days.xlsx").worksheets[0]
    assert [f"{row[2]:%Y-%m-%d}" for row in sheet.iter_rows(min_row=2, values_only=True)] == days
    assert sheet["C2"].is_date
    table = parquet.read_table(azyq.folder / "days.parquet")
    assert [day.isoformat() for day in table.column("day").to_pylist()] == days


def test_a_difference_goes_to_files_too(azyq: Shell) -> None:
    asked = ("report", "diff", "pilot", "--month", "2025-07", "--from", "2025-07-15T00:00:00+05:00")
    (row,) = azyq.json(*asked)["sections"]["vouchers"]
    told = list(csv.DictReader(io.StringIO(azyq(*asked, "--format", "csv").stdout)))
    assert [one["used_tiyn"] for one in told] == [str(row["used_tiyn"])]
    assert azyq(*asked, "--format", "xlsx", "--out", "diff.xlsx").returncode == 0
    book = openpyxl.load_workbook(azyq.folder / "diff.xlsx")
    used: Any = book["Vouchers"]["H2"].value
    assert round(used * 100) == row["used_tiyn"]
    how = {line[0].value: line[1].value for line in book["How computed"].iter_rows()}
    assert "from=" in str(how["Parameters"])
    assert azyq(*asked, "--format", "parquet", "--out", "diff.parquet").returncode == 0


def test_as_of_and_the_difference_to_it(azyq: Shell) -> None:
    then = ("--as-of", "2025-07-15T00:00:00+05:00")
    asked = ("report", "pilot", "--month", "2025-07")
    before, after = azyq.json(*asked, *then), azyq.json(*asked)
    assert before["log_position"] < after["log_position"]
    for written in ("2025-07-14", "2025-07-15 00:00", "2025-07-14T19:00Z"):
        assert azyq.json(*asked, "--as-of", written)["sections"] == before["sections"]
    changed = azyq.json("report", "diff", *asked[1:], "--from", then[1])
    (whole,), (old,), (new,) = (one["sections"]["vouchers"] for one in (changed, before, after))
    for figure in ("issued", "issued_tiyn", "used", "used_tiyn"):
        assert whole[figure] == new[figure] - old[figure]
    found = azyq("report", "diff", *asked[1:], "--from", then[1], "--lang", "ru")
    assert "+" in found.stdout
    same = azyq("report", "diff", *asked[1:], "--from", str(after["log_position"]))
    assert "nothing changed" in same.stdout
    assert azyq("report", "diff", "pilot").returncode == 2


def test_the_month_has_its_tables_beside_what_it_had(azyq: Shell) -> None:
    found: dict[str, Any] = azyq.json("report", "month", "--month", "2025-07", "--programme", "akkol-2025")
    (whole,) = found["sections"]["months"]
    assert whole["issued_tiyn"] == found["sums"]["issued_tiyn"]
    assert whole["spent_tiyn"] == found["sums"]["spent_tiyn"]
    assert whole["expired_tiyn"] == found["sums"]["expired_tiyn"]
    assert whole["consented"] == found["answers"]["consented"]
    assert sum(row["families"] for row in found["sections"]["regions"]) == whole["families"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("daily", "--month", "2025-07"), "parameter_foreign"),
        (("daily", "--on", "2025-02-30"), "parameter_malformed"),
        (("daily", "--on", "2025-07-07", "--shop", "' OR 1=1--"), "parameter_malformed"),
        (("goods", "--month", "2025-07", "--as-of", "999999"), "as_of_ahead"),
        (("goods", "--month", "2025-07", "--as-of", "2025-07-32"), "parameter_malformed"),
        (("goods", "--month", "2025-07", "--as-of", "yesterday"), "parameter_malformed"),
        (("goods", "--month", "1999-07"), "parameter_malformed"),
        (("goods", "--month", "2029-07"), "month_without_programme"),
        (("goods", "--month", "2025-07", "--programme", "other"), "programme_unknown"),
    ],
)
def test_what_it_cannot_be_asked_for_is_said(azyq: Shell, arguments: tuple[str, ...], code: str) -> None:
    found = azyq("report", *arguments)
    assert (found.returncode, code in found.stderr) == (1, True), found.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("diff", "nothing"),
        ("goods", "--format", "pdf"),
        ("goods", "--format", "xlsx"),
        ("goods", "--section", "none"),
    ],
)
def test_wrong_usage(azyq: Shell, arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert azyq("report", *arguments, "--month", "2025-07").returncode == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_calculate_is_defused(text: str) -> None:
    assert defused(text) == f"'{text}"
    assert defused(f"a{text}") == f"a{text}"


def test_the_logs_public_part_as_parquet(azyq: Shell) -> None:
    assert azyq("events", "--parquet", "log.parquet").returncode == 0
    table = parquet.read_table(azyq.folder / "log.parquet")
    listed = [json.loads(line) for line in azyq("events", "--json").stdout.splitlines()]
    assert table.column("position").to_pylist() == [event["position"] for event in listed]
    assert table.column("type").to_pylist() == [event["type"] for event in listed]
    sold = next(
        json.loads(data)
        for data, type_ in zip(
            table.column("data").to_pylist(), table.column("type").to_pylist(), strict=True
        )
        if type_ == "voucher.redeemed"
    )
    assert sold["lines"]
    assert not {"key", "body", "code"} & set(sold)


def test_until_a_view_is_rebuilt_after_an_upgrade_its_reports_say_so(azyq: Shell) -> None:
    rows = azyq.json("report", "pilot")["sections"]["goods"]
    # given the view as it was before lines said which list they are of
    query(azyq.dsn, "ALTER VIEW azyq_views.sold_lines RENAME COLUMN goods_list TO was_not_there")
    found = azyq("report", "pilot")
    assert (found.returncode, "azyq rebuild" in found.stderr, "Traceback" in found.stderr) == (2, True, False)
    assert azyq("rebuild", "sold_lines").returncode == 0
    assert azyq.json("report", "pilot")["sections"]["goods"] == rows


def test_R27_receipts_of_a_shop_that_there_is_none_of_are_refused(azyq: Shell) -> None:
    (azyq.folder / "none.csv").write_text("receipt,amount\nR1,10.00\n", encoding="utf-8")
    asked = ("report", "reconciliation", "--month", "2025-07", "--shop", "S999", "--against", "none.csv")
    found = azyq(*asked)
    assert (found.returncode, "shop_unknown" in found.stderr) == (1, True), found.stderr


def test_R27_a_shops_own_receipts_against_the_log(azyq: Shell) -> None:
    day = azyq.json("report", "reconciliation", "--month", "2025-07")["sections"]["days"][0]
    asked = ("report", "reconciliation", "--month", "2025-07", "--shop", day["shop"], "--against", "own.csv")
    own = azyq.folder / "own.csv"
    own.write_text("receipt,amount\nother,5.00\n", "utf-8")
    found = azyq(*asked, "--json")
    assert found.returncode == 3
    ours = [one for one in json.loads(found.stdout)["differences"] if one["kind"] == "only_in_log"]
    # given the shop's file as the log has it
    rows = [f"{one['receipt']},{one['log_tiyn'] / 100:.2f}" for one in ours]
    own.write_text("\n".join(["receipt,amount", *rows]), "utf-8")
    agreed = azyq.json(*asked)
    assert (agreed["agree"], agreed["differences"]) == (len(ours), [])
    assert agreed["log_tiyn"] == agreed["file_tiyn"] > 0
    # when one is another sum, one is there twice, one is unknown, one is not a sum
    spoilt = [f"{ours[0]['receipt']},0.01", *rows[1:], rows[-1], "other,5.00", "bad,x"]
    own.write_text("\n".join(["чек;сумма", *(row.replace(",", ";") for row in spoilt)]), "utf-8")
    found = azyq(*asked, "--json")
    kinds = sorted(one["kind"] for one in json.loads(found.stdout)["differences"])
    assert kinds == sorted(["differs", "only_in_file", "twice_in_file", "unreadable"])
    for language, word in (("en", "not in the log"), ("ru", "нет в журнале"), ("kk", "журналда жоқ")):
        shown = azyq(*asked, "--lang", language)
        assert (shown.returncode, word in shown.stdout) == (3, True)

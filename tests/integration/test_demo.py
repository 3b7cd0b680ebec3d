"""The demonstration: the same seed tells the same month, its figures agree, and nobody's data are lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from infra.cli.month_tables import month_tables
from infra.postgres.embedded import EmbeddedPostgres
from infra.settings import ROOT
from tests.integration.month_in_process import query

AZYQ = [sys.executable, "-c", "from infra.cli import main; main()"]


def azyq(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    found = subprocess.run(
        [*AZYQ, *arguments],
        cwd=data.parent,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(data.parent),
            "PYTHONPATH": str(ROOT),
            "AZYQ_DATA": str(data),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "Traceback" not in found.stderr, found.stderr
    return found


def demo(data: Path, families: int, seed: int = 1, **environment: str) -> dict[str, Any]:
    """What a demonstration reported; its audit held."""
    found = azyq(data, "demo", "--families", str(families), "--seed", str(seed), "--json", **environment)
    assert found.returncode == 0, found.stderr
    told: dict[str, Any] = json.loads(found.stdout)
    assert told["audit"]["holds"] is True
    assert told["audit"]["findings"] == []
    agrees(told["report"])
    return told


def agrees(report: dict[str, Any]) -> None:
    """The figures of a month that is over add up."""
    sums, answers = report["sums"], report["answers"]
    assert sums["issued_tiyn"] == sum(
        sums[f"{part}_tiyn"] for part in ("spent", "expired", "cancelled", "held", "available")
    )
    assert (sums["held_tiyn"], sums["available_tiyn"]) == (0, 0)
    assert all(value >= 0 for value in sums.values())
    # Whoever withdrew had consented before.
    assert report["list"]["families"] == (
        answers["consented"] + answers["refused"] + answers["lapsed"] + report["list"]["no_number"]
    )
    assert answers["withdrawn"] <= answers["consented"]
    assert report["sms"]["consent_confirmed"] == answers["consented"]
    assert report["sms"]["consent_request"] == report["list"]["families"] - report["list"]["no_number"]
    assert report["vouchers"]["activated"] <= report["vouchers"]["issued"] <= report["list"]["members"]
    assert sums["price_total_tiyn"] <= sums["shelf_total_tiyn"]


def without_time(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "audit": {**told["audit"], "seconds": 0}}


def databases(data: Path) -> dict[str, int]:
    """Events by database of the embedded server."""
    found = {}
    with EmbeddedPostgres(data) as dsn:
        for (name,) in query(dsn, "SELECT datname FROM pg_database WHERE datname LIKE 'azyq%%'"):
            inside = psycopg2.extensions.make_dsn(dsn, dbname=name)
            ((count,),) = query(inside, "SELECT count(*) FROM azyq_log.azyq_events")
            found[str(name)] = int(count)
    return found


def test_the_same_seed_tells_the_same_month_and_another_another(tmp_path: Path) -> None:
    # given a folder whose name has a space and Kazakh letters
    first = demo(tmp_path / "деректер қоры 1", 40, seed=7)
    again = demo(tmp_path / "деректер қоры 1", 40, seed=7)
    elsewhere = demo(tmp_path / "b", 40, seed=7)
    other = demo(tmp_path / "b", 40, seed=8)
    assert without_time(first) == without_time(again) == without_time(elsewhere)
    assert first["report"]["sums"] != other["report"]["sums"]
    # and a demonstration that nobody added to is replaced, not kept
    assert set(databases(tmp_path / "b")) == {"azyq"}


@pytest.mark.parametrize("families", [1, 2, 7])
def test_small_towns_work_too(tmp_path: Path, families: int) -> None:
    report = demo(tmp_path / "data", families)["report"]
    assert report["list"]["lists"] == 2


def test_data_of_ones_own_are_set_aside(tmp_path: Path) -> None:
    # given a list that somebody imported by hand
    data = tmp_path / "data"
    azyq(data, "sample", "--families", "3", "--programme", "akkol-2025", "--month", "2025-07", "--out", "s")
    arguments = ("--programme", "akkol-2025", "--month", "2025-07", "--at", "2025-07-03T10:00")
    assert azyq(data, "month", "import", "s/list.csv", *arguments).returncode == 0
    (before,) = databases(data).values()
    (data / "outbox.jsonl").write_text('{"message_id": "mine"}\n')
    # when the demonstration is played twice
    told = azyq(data, "demo", "--families", "5")
    assert told.returncode == 0
    assert "azyq_kept_1" in told.stdout
    assert told.stderr == ""
    demo(data, 5, seed=2)
    # then the list is there still
    kept = databases(data)
    assert kept["azyq_kept_1"] == before
    assert set(kept) == {"azyq", "azyq_kept_1"}
    # and so is what somebody adds to a demonstration
    reply = azyq(data, "sms", "reply", "--from", "+77010000000", "--text", "yes", "--at", "2025-07-06T10:00")
    assert reply.returncode == 0, reply.stderr
    added = databases(data)["azyq"]
    sent = (data / "outbox.jsonl").read_bytes()
    told = azyq(data, "demo", "--families", "5", "--seed", "3")
    assert (told.returncode, told.stderr) == (0, "")
    assert databases(data)["azyq_kept_2"] == added
    # with what was sent out of it
    assert json.loads((data / "outbox.azyq_kept_1.jsonl").read_text()) == {"message_id": "mine"}
    assert (data / "outbox.azyq_kept_2.jsonl").read_bytes() == sent


def test_a_folder_that_another_process_works_in_is_left_alone(tmp_path: Path) -> None:
    # given a demonstration that somebody serves
    data = tmp_path / "data"
    assert azyq(data, "demo", "--families", "2").returncode == 0
    before = databases(data)
    with EmbeddedPostgres(data) as dsn:
        served = psycopg2.connect(dsn)
        # when it is to be played again
        again = azyq(data, "demo", "--families", "3", "--lang", "en")
        # then nothing is taken from under him
        assert again.returncode == 1
        assert again.stderr.startswith("data_in_use: ")
        with served.cursor() as cursor:
            cursor.execute("SELECT 1")
        served.close()
    assert databases(data) == before
    assert azyq(data, "demo", "--families", "3").returncode == 0


def test_an_outbox_of_another_database_is_set_aside(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for mine in ("one", "two"):
        (data / "outbox.jsonl").write_text(mine)
        told = azyq(data, "demo", "--families", "2")
        assert (told.returncode, told.stderr) == (0, "")
        if mine == "one":
            with EmbeddedPostgres(data) as dsn:
                server = psycopg2.extensions.make_dsn(dsn, dbname="postgres")
                query(server, "DROP DATABASE azyq WITH (FORCE)")
                query(server, "CREATE DATABASE azyq")
    assert (data / "outbox.kept_1.jsonl").read_text() == "one"
    assert (data / "outbox.kept_2.jsonl").read_text() == "two"


def test_a_database_that_is_set_is_left_alone(tmp_path: Path, database: str) -> None:
    demo(tmp_path / "data", 3, DATABASE_URL=database, AZYQ_CLOCK="2030-01-01T00:00:00Z")
    assert query(database, "SELECT count(*) FROM azyq_log.azyq_events") == [(0,)]


def test_the_report_fits_the_terminal_in_each_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = demo(tmp_path / "data", 20)["report"]
    # sums of the whole country are wider than a town's
    report["sums"] = {key: value * 10**5 for key, value in report["sums"].items()}
    for language in ("kk", "ru", "en"):
        for width in (80, 120):
            monkeypatch.setenv("COLUMNS", str(width))
            month_tables(report, language)
            told = capsys.readouterr().out
            assert max(map(len, told.splitlines())) <= width, told
            assert report["names"][language] in told


def test_it_tells_the_month_in_each_language(tmp_path: Path) -> None:
    for language, said in (("kk", "аудит: дұрыс"), ("ru", "аудит: сходится"), ("en", "audit: holds")):
        found = azyq(tmp_path / "data", "demo", "--families", "5", "--lang", language)
        assert found.returncode == 0
        assert said in found.stdout
        assert "{" not in found.stdout


def test_R8_a_month_can_be_left_with_its_vouchers_open(tmp_path: Path) -> None:
    # given a demonstration that stops before the month ends
    data = tmp_path / "d"
    found = azyq(data, "demo", "--families", "20", "--until", "2025-07-12", "--json")
    assert found.returncode == 0, found.stderr
    sums = json.loads(found.stdout)["report"]["sums"]
    assert (sums["available_tiyn"] > 0, sums["expired_tiyn"]) == (True, 0)
    # then a till can be tried the morning after
    morning = {"AZYQ_CLOCK": "2025-07-13T09:00:00+05:00"}
    tried = azyq(data, "terminal", "trial", "--json", **morning)
    assert tried.returncode == 0, tried.stderr
    assert json.loads(tried.stdout)["available_tiyn"] > 0
    # and one that would stop before anybody answers, or after the month, is wrong usage
    for day in ("2025-07-05", "2025-08-01", "x"):
        assert azyq(data, "demo", "--until", day).returncode == 2

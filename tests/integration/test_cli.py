"""The command line from outside: help, JSON, exit codes, sentences in three languages, and never a traceback."""

from __future__ import annotations

import base64
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from infra.api.services import OUTCOMES
from infra.cli.app import app
from infra.cli.sms import SENTENCES
from infra.settings import ROOT
from tests import warm
from tests.integration.month_in_process import Household, Town, a_month, as_csv, events_of, query
from tests.integration.test_send_sms import Scripted, Sending

AZYQ = [sys.executable, "-c", "from infra.cli import main; main()"]
KEY = base64.b64encode(bytes(range(32))).decode()
AKKOL = ("--programme", "akkol-2025", "--month", "2025-07")
ON_TIME = ("--at", "2025-07-03T10:00")
Result = subprocess.CompletedProcess[str]


class Shell:
    """Runs azyq in a folder of its own, on a database of its own."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": dsn,
            "AZYQ_DATA": str(folder / "data"),
            "AZYQ_MASTER_KEY": KEY,
        }

    def __call__(self, *arguments: str, **environment: str) -> Result:
        found = subprocess.run(
            [*warm.azyq(), *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in found.stderr, found.stderr
        return found

    def json(self, *arguments: str, **environment: str) -> Any:
        found = self(*arguments, "--json", **environment)
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout)


@pytest.fixture
def azyq(database: str, tmp_path: Path) -> Shell:
    return Shell(database, tmp_path)


@pytest.fixture
def town(azyq: Shell) -> list[Household]:
    """Three households on a list, and their numbers, as files."""
    households = Town().households(3)
    with a_month(azyq.dsn, azyq.folder, AZYQ_MASTER_KEY=KEY) as month:
        month.write_list(as_csv(month.rows(households))).rename(azyq.folder / "list.csv")
        month.write_numbers(households).rename(azyq.folder / "numbers.csv")
    return households


def refused(found: Result, code: str) -> None:
    assert found.returncode == 1, (found.returncode, found.stdout, found.stderr)
    last = found.stderr.strip().splitlines()
    assert any(line.startswith(f"{code}: ") for line in last), found.stderr


def wrong(found: Result, says: str) -> None:
    assert found.returncode == 2, (found.returncode, found.stdout, found.stderr)
    assert says in found.stderr, found.stderr


# --- help ---------------------------------------------------------------------------------------------


def commands(of: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its path; typer brings a click of its own, so by what it has."""
    for name, command in getattr(of, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


TREE = dict(commands(typer.main.get_command(app)))


def test_every_command_says_what_it_does() -> None:
    for path, command in TREE.items():
        assert inspect.getdoc(command.callback), path
        assert command.help, path
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert parameter.help, (path, parameter.name)


def test_the_contracts_commands_are_there() -> None:
    for line in (
        "demo",
        "sample",
        "serve",
        "api",
        "scheduler",
        "db migrate",
        "db status",
        "programme list",
        "programme show",
        "programme check",
        "month import",
        "month run",
        "month status",
        "sms reply",
        "report",
        "audit",
        "rebuild",
        "parked list",
        "parked retry",
        "parked discard",
        "why",
        "events",
    ):
        assert tuple(line.split()) in TREE, line


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom infra.cli import main\nsys.argv = ['azyq', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"fastapi", "psycopg2", "psycopg", "eventsourcing", "rich", "uvicorn", "openpyxl", "pydantic"}
    loaded = set(re.findall(r"'(\w+)'", found.stderr))
    assert "typer" in loaded
    assert not heavy & loaded
    assert "month" in found.stdout


# --- exit codes ---------------------------------------------------------------------------------------


def test_a_month_by_commands_and_its_json(azyq: Shell, town: list[Household]) -> None:
    # given a list; when it is imported, twice
    taken = azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    assert (taken["rows"], taken["accepted"], taken["families"]["added"]) == (6, 6, 3)
    assert azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME)["again"] is True
    # and the 5th is run, twice
    run = ("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05")
    assert [task["task"] for task in azyq.json(*run)] == ["close_list", "first_sms"]
    assert azyq.json(*run) == []
    # and one answers, twice
    phone = str(town[0].phone)
    reply = ("sms", "reply", "--from", phone, "--text", "ИӘ", "--at", "2025-07-06T18:30")
    assert azyq.json(*reply) == {"outcome": "consented", "sent": 1}
    assert azyq.json(*reply) == {"outcome": "consented", "sent": 0}
    # then all that reports agrees
    report = azyq.json("month", "status", *AKKOL)
    assert (report["answers"]["consented"], report["sms"]["consent_request"]) == (1, 3)
    told = azyq.json("report", "month", *AKKOL)
    assert told.pop("sections")["months"][0]["consented"] == 1
    assert told == report
    assert json.loads(azyq("report", "month", *AKKOL, "--format", "json").stdout).items() >= report.items()
    assert azyq.json("audit")["holds"] is True
    assert azyq.json("parked", "list") == []
    assert azyq.json("db", "migrate") == {"applied": [], "views": {"made": [], "outdated": []}}
    assert all(row["applied_at"] for row in azyq.json("db", "status")["migrations"])
    assert azyq.json("sms", "send")["waiting"] == 0
    assert {row["id"] for row in azyq.json("programme", "list")} >= {"akkol-2025"}
    assert azyq.json("programme", "show", "akkol-2025")["months"][0]["month"] == "2025-07"
    assert azyq.json("sms", "addresses")["webhook_secret"].startswith("whsec_")
    lines = azyq("events", "--json", "--limit", "3").stdout.splitlines()
    assert [json.loads(line)["position"] for line in lines] == [1, 2, 3]
    told = azyq.json("why", town[0].reference)
    assert len(told) == sum(count for topic, count in _topics(azyq.dsn, told[0]))
    assert set(azyq.json("rebuild", "all")) >= {"month_status"}
    assert azyq.json("month", "status", *AKKOL)["answers"] == report["answers"]


def _topics(dsn: str, line: dict[str, Any]) -> list[tuple[str, int]]:
    rows = query(
        dsn,
        "SELECT topic, count(*) FROM azyq_log.azyq_events WHERE originator_id ="
        " (SELECT originator_id FROM azyq_log.azyq_events WHERE notification_id = %s) GROUP BY topic",
        line["position"],
    )
    return [(str(topic), int(count)) for topic, count in rows]


def test_what_a_rule_refuses_is_1_with_code_and_sentence(azyq: Shell, town: list[Household]) -> None:
    (azyq.folder / "binary.csv").write_bytes(bytes(range(256)) * 8)
    (azyq.folder / "empty.csv").write_bytes(b"")
    (azyq.folder / "wrong.toml").write_text("id = 1")
    for arguments, code in (
        (("programme", "show", "nope"), "programme_unknown"),
        (("programme", "check", "wrong.toml"), "programme_invalid"),
        (("month", "status", "--programme", "nope", "--month", "2025-07"), "programme_unknown"),
        (("month", "status", "--programme", "akkol-2025", "--month", "2025-7"), "month_malformed"),
        (("month", "status", "--programme", "akkol-2025", "--month", "2025-٠٧"), "month_malformed"),
        (("month", "status", "--programme", "akkol-2025", "--month", "2031-01"), "month_outside_programme"),
        (("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05"), "list_missing"),
        (("month", "import", "missing.csv", *AKKOL, *ON_TIME), "list_not_found"),
        (("month", "import", ".", *AKKOL, *ON_TIME), "list_not_found"),
        (("month", "import", "/dev/null", *AKKOL, *ON_TIME), "list_not_found"),
        (("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "missing.csv"), "list_not_found"),
        (("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "."), "list_not_found"),
        (("month", "import", "list.csv", "--programme", "nope", "--month", "2025-07"), "programme_unknown"),
        (
            ("month", "import", "list.csv", "--programme", "akkol-2025", "--month", "2025-13"),
            "month_malformed",
        ),
        (("month", "run", "--programme", "nope", "--on", "2025-07-05"), "programme_unknown"),
        (("month", "import", "binary.csv", *AKKOL, *ON_TIME), "list_not_a_list"),
        (("month", "import", "empty.csv", *AKKOL, *ON_TIME), "list_empty"),
        (("month", "import", "list.csv", *AKKOL, "--at", "2025-07-06T10:00"), "list_after_cutoff"),
        (("month", "import", "list.csv", *AKKOL, "--at", "2025-05-06T10:00"), "list_too_early"),
        (("why", "nobody"), "id_unknown"),
    ):
        refused(azyq(*arguments), code)
    assert query(azyq.dsn, "SELECT count(*) FROM azyq_log.azyq_events") == [(0,)]


def test_wrong_usage_is_2_and_says_what_would_be_right(azyq: Shell, town: list[Household]) -> None:
    unreachable = {"DATABASE_URL": "postgresql://azyq:secret@127.0.0.1:1/azyq"}
    unreadable = {"DATABASE_URL": "://secret"}
    for arguments, environment, says in (
        (("nonsense",), {}, "nonsense"),
        (("month", "status"), {}, "--programme"),
        (("month", "import", "list.csv", *AKKOL, "--at", "yesterday"), {}, "--at is a time"),
        (("month", "import", "list.csv", *AKKOL, *ON_TIME, "--rejects", "no/r.csv"), {}, "can't be written"),
        (("month", "import", "list.csv", *AKKOL, *ON_TIME, "--rejects", "."), {}, "can't be written"),
        (("month", "run", "--programme", "akkol-2025", "--on", "2025-13-01"), {}, "--on is a day"),
        (("month", "run", "--programme", "akkol-2025", "--on", ""), {}, "--on is a day"),
        (("month", "import", "list.csv", *AKKOL, "--at", "0001-01-01T00:00+14:00"), {}, "--at is a time"),
        (("month", "import", "list.csv", *AKKOL, "--at", "9999-12-31T23:59-12:00"), {}, "--at is a time"),
        (("sms", "reply", "--from", "x", "--text", "x", "--at", "9999-12-31"), {}, "--at is a time"),
        (("month", "import", "list.csv", *AKKOL, *ON_TIME, "--rejects", "list.csv"), {}, "can't be written"),
        (
            ("month", "import", "list.csv", *AKKOL, *ON_TIME, "--no-number", "/dev/null"),
            {},
            "can't be written",
        ),
        (("programme", "list", "--lang", "de"), {}, "--lang is kk, ru or en"),
        (("audit",), {"AZYQ_LANG": "de"}, "--lang is kk, ru or en"),
        (("rebuild", "nonsense"), {}, "month_status"),
        (("report", "nonsense", *AKKOL), {}, "there are: appeals, daily, goods"),
        (("report", "month", *AKKOL, "--format", "pdf"), {}, "--format"),
        (("parked", "retry", "month_status", "5"), {}, "no open parked event"),
        (("vault", "erase", "nobody", "--yes"), {}, "nobody"),
        (("vault", "rotate-key", "short"), {}, "base64"),
        (("demo", "--families", "0"), {}, "--families"),
        (("audit",), unreachable, "can't be reached"),
        (("audit",), unreadable, "DATABASE_URL: not an address"),
        (("audit",), {"AZYQ_CLOCK": "2025-07-05T09:00"}, "needs an offset"),
        (("programme", "list"), {"AZYQ_CLOCK": "0001-01-01T00:00:00+14:00"}, "AZYQ_CLOCK"),
        (("audit",), {"AZYQ_LOG_LEVEL": "loud"}, "AZYQ_LOG_LEVEL"),
        (("audit",), {"AZYQ_SMS_PER_SECOND": "-1"}, "AZYQ_SMS_PER_SECOND"),
        (("sms", "send"), {"AZYQ_SMS_GATEWAY": "pigeon:"}, "AZYQ_SMS_GATEWAY"),
        (("scheduler",), {"AZYQ_SMS_GATEWAY": "kannel:http://u:secret@1.2.3.999/x"}, "AZYQ_SMS_GATEWAY"),
        (("api",), {"AZYQ_LISTEN": "8080"}, "host:port"),
        (("audit",), {"AZYQ_ENV": "production"}, "AZYQ_SMS_GATEWAY is the outbox"),
        (("audit",), {"AZYQ_ENV": "production", "DATABASE_URL": ""}, "DATABASE_URL is unset"),
        (("audit",), {"AZYQ_ENV": "production", "AZYQ_CLOCK": "2025-07-05T09:00Z"}, "trial clock"),
    ):
        found = azyq(*arguments, **environment)
        wrong(found, says)
        assert "secret" not in found.stderr.replace("AZYQ_SMS_SECRET", "")
    assert query(azyq.dsn, "SELECT count(*) FROM azyq_log.azyq_events") == [(0,)]


def test_an_audit_that_finds_something_is_3(azyq: Shell, town: list[Household]) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    assert azyq("audit").returncode == 0
    # when someone takes a family out of the log
    query(azyq.dsn, "ALTER TABLE azyq_log.azyq_events DISABLE TRIGGER ALL")
    query(
        azyq.dsn, "DELETE FROM azyq_log.azyq_events WHERE topic = 'family.eligible' AND notification_id = 3"
    )
    found = azyq("audit")
    assert found.returncode == 3, found.stdout
    assert "findings" in found.stdout
    broken = azyq("audit", "--json")
    assert broken.returncode == 3
    assert json.loads(broken.stdout)["findings"]
    told = query(azyq.dsn, "SELECT state FROM azyq_log.azyq_events WHERE topic = 'audit.ended' ORDER BY 1")
    findings = [json.loads(bytes(state))["findings"] for (state,) in told]
    assert sorted(findings)[0] == 0
    assert len([count for count in findings if count]) == 2


def test_R20_a_reply_dated_ahead_sends_nothing_again(azyq: Shell) -> None:
    """`--at` is when the reply came; how long an SMS has been without a word is told by the clock."""
    homes = Town().households(2)
    with a_month(azyq.dsn, azyq.folder, AZYQ_MASTER_KEY=KEY) as july:
        july.list_of(homes)
        Sending(july, Scripted(*["unknown"] * 2))
        july.day(5)
    state = "SELECT state, attempts FROM azyq_log.sms_due"
    assert query(azyq.dsn, state) == [("sending", 1), ("sending", 1)]
    unreachable = "kannel:http://azyq:pass@127.0.0.1:1/cgi-bin/sendsms"
    soon = {"AZYQ_CLOCK": "2025-07-05T09:05:00+05:00", "AZYQ_SMS_GATEWAY": unreachable}
    ahead = ("sms", "reply", "--from", "+77770000000", "--text", "ИӘ", "--at", "2025-07-20T10:00")
    assert azyq.json(*ahead, **soon) == {"outcome": "unknown_sender", "sent": 0}
    assert query(azyq.dsn, state) == [("sending", 1), ("sending", 1)]


def test_R7_R21_a_trial_clock_that_is_set_says_what_time_it_is(azyq: Shell, town: list[Household]) -> None:
    run = ("month", "run", "--programme", "akkol-2025", "--on")
    at = "2025-07-{}+05:00"
    # given the evening before; then neither a list nor a day that is yet to come is taken
    eve = {"AZYQ_CLOCK": at.format("04T23:00:00")}
    wrong(azyq("month", "import", "list.csv", *AKKOL, "--at", "2025-07-05T10:00", **eve), "not here yet")
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv", **eve)
    wrong(azyq(*run, "2025-07-05", **eve), "not here yet")
    assert events_of(azyq.dsn)[-1].topic == "cycle.list_received"
    # and a day that was missed is done when it is done
    tasks = azyq.json(*run, "2025-07-05", AZYQ_CLOCK=at.format("07T12:00:00"))
    assert [(task["task"], task["days_late"]) for task in tasks] == [("close_list", 2), ("first_sms", 2)]
    sent = [event.state["timestamp"][:10] for event in events_of(azyq.dsn) if event.topic == "sms.sent"]
    assert sent == ["2025-07-07"] * 3
    # and the last day ends when it is over
    tasks = azyq.json(*run, "2025-07-31", AZYQ_CLOCK=at.format("31T13:00:00"))
    assert [task["task"] for task in tasks] == ["reminder"]
    tasks = azyq.json(*run, "2025-07-31", AZYQ_CLOCK="2025-08-01T00:00:00+05:00")
    assert [(task["task"], task["days_late"]) for task in tasks] == [
        ("lapse", 0),
        ("expire", 0),
        ("close", 0),
    ]


def test_R22_a_reply_from_the_future_is_one_of_now(azyq: Shell, town: list[Household]) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    azyq.json("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05")
    now = {"AZYQ_CLOCK": "2025-07-06T12:00:00+05:00"}
    for household, at in zip(town, ("2025-07-20T10:00", "2025-09-01T10:00"), strict=False):
        reply = ("sms", "reply", "--from", str(household.phone), "--text", "ИӘ", "--at", at)
        for sent in (1, 0):  # the same reply again is the same, though time goes on
            assert azyq.json(*reply, **now) == {"outcome": "consented", "sent": sent}
    given = [e.state["timestamp"][:13] for e in events_of(azyq.dsn) if e.topic == "family.consented"]
    assert given == ["2025-07-06T12"] * 2
    assert azyq.json("audit")["holds"] is True


def test_a_reader_that_has_enough_is_no_error(azyq: Shell, town: list[Household]) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    found = subprocess.Popen(
        [*AZYQ, "events"],
        cwd=azyq.folder,
        env=azyq.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # given that nobody reads what it writes
    assert found.stdout is not None
    found.stdout.close()
    assert found.stderr is not None
    said = found.stderr.read()
    assert (found.wait(60), said) == (0, "")


def test_a_folder_for_samples_that_is_a_file_is_wrong_usage(azyq: Shell, town: list[Household]) -> None:
    before = (azyq.folder / "list.csv").read_bytes()
    wrong(azyq("sample", "--out", "list.csv"), "--out list.csv is not a folder")
    wrong(azyq("sample", "--out", "list.csv/deeper"), "--out list.csv/deeper is not a folder")
    assert (azyq.folder / "list.csv").read_bytes() == before


def test_R20_a_day_that_is_played_is_sent_on_that_day(azyq: Shell, town: list[Household]) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    azyq.json("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05")
    lines = (azyq.folder / "data" / "outbox.jsonl").read_text().splitlines()
    assert {json.loads(line)["sent_at"] for line in lines} == {"2025-07-05T09:00:00+05:00"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("21*1", {"kk": "Келісім қабылданды", "ru": "Согласие принято", "en": "The consent is recorded"}),
        ("21*2", {"kk": "Бас тарту", "ru": "Отказ", "en": "The refusal is recorded"}),
        ("?", {"kk": "түсініксіз", "ru": "непонятен", "en": "not understood"}),
    ],
)
def test_R22_the_outcome_of_a_reply_is_told_in_three_languages(
    azyq: Shell, town: list[Household], text: str, words: dict[str, str]
) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    azyq.json("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05")
    reply = ("sms", "reply", "--from", str(town[0].phone), "--text", text, "--at", "2025-07-06T18:30")
    for language, sentence in words.items():
        assert sentence in azyq(*reply, "--lang", language).stdout
        assert sentence in azyq(*reply, AZYQ_LANG=language).stdout


def test_every_outcome_of_a_reply_has_a_sentence_in_each_language() -> None:
    assert set(SENTENCES) == set(OUTCOMES)
    for sentences in SENTENCES.values():
        assert set(sentences) == {"kk", "ru", "en"}
        assert len(set(sentences.values())) == 3


def test_odd_texts_do_no_harm(azyq: Shell, town: list[Household]) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    azyq.json("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05")
    phone = str(town[0].phone)
    for number, (sender, text, outcome) in enumerate(
        (
            ("", "ИӘ", "unknown_sender"),
            ("abc", "ИӘ", "unknown_sender"),
            ("+77770000000", "ИӘ", "unknown_sender"),
            (phone, "", "not_understood"),
            (phone, "👍", "not_understood"),
            (phone, "я" * 10_000, "not_understood"),
            (phone, "' OR 1=1--", "not_understood"),
            ("8" + phone[2:], " 21 * 1 ", "consented"),
        )
    ):
        at = f"2025-07-06T10:{number:02}"
        assert azyq.json("sms", "reply", "--from", sender, "--text", text, "--at", at)["outcome"] == outcome
    assert azyq(
        "sms", "reply", "--from", phone, "--text", os.fsdecode(b"\xff"), "--at", "2025-07-07"
    ).returncode in (0, 2)
    assert azyq("audit").returncode == 0


def test_a_file_s_name_that_is_no_text_is_told_all_the_same(azyq: Shell, town: list[Household]) -> None:
    name = os.fsdecode(b"r\xff.csv")
    command = ("month", "import", "list.csv", *AKKOL, *ON_TIME, "--rejects", name)
    assert azyq.json(*command)["written"] == {name: 0}


@pytest.mark.parametrize(("language", "sentence"), [("kk", "файл"), ("ru", "Файл"), ("en", "The file")])
def test_sentences_come_in_three_languages(azyq: Shell, language: str, sentence: str) -> None:
    arguments = ("month", "import", "missing.csv", *AKKOL, *ON_TIME)
    asked, by_setting = azyq(*arguments, "--lang", language), azyq(*arguments, AZYQ_LANG=language)
    assert sentence.lower() in asked.stderr.lower()
    assert asked.stderr == by_setting.stderr


def test_every_word_is_there_in_each_language() -> None:
    from infra import importing
    from infra.cli import month_tables, verdict
    from infra.cli.demonstration import words

    for texts in (importing.WORDS, month_tables.TITLES, verdict.SENTENCES, words.WORDS):
        assert set(texts) == {"kk", "ru", "en"}
        for language in ("kk", "ru"):
            assert texts[language].keys() == texts["en"].keys()
            for key, text in texts["en"].items():
                placeholders = [set(re.findall(r"{(\w+)", t)) for t in (text, texts[language][key])]
                assert placeholders[0] == placeholders[1], (language, key)


def test_nothing_personal_is_told_by_the_list_of_commands(azyq: Shell, town: list[Household]) -> None:
    azyq.json("month", "import", "list.csv", *AKKOL, *ON_TIME, "--numbers", "numbers.csv")
    azyq.json("month", "run", "--programme", "akkol-2025", "--on", "2025-07-05")
    person = town[0].people[0]
    for arguments in (("events",), ("month", "status", *AKKOL), ("audit",), ("why", town[0].reference)):
        found = azyq(*arguments)
        for secret in (person.iin, person.surname, str(town[0].phone)):
            assert secret not in found.stdout + found.stderr, arguments

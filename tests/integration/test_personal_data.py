"""No IIN, name, phone, family reference or wallet link leaves the vault: not into a table, not into a log line (O5.2)."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
import structlog

from domain.family import FamilyVouchers
from domain.ports import OutgoingSms
from infra.logging import configure_logging
from infra.sample import write_sample
from tests.integration.month_in_process import Citizen, Household, Month, a_month, query
from tests.simulation.whole_month import play

FAMILIES = 60


class Everything(logging.Handler):
    """All records of all loggers as they were written, before any mask."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        self.lines.append(f"{record.name} {record.msg!s} {record.args!s} {trace}")


@pytest.fixture
def logged() -> Iterator[Everything]:
    root = logging.getLogger()
    before, level, structured = list(root.handlers), root.level, structlog.get_config()
    configure_logging("DEBUG")
    everything = Everything()
    root.addHandler(everything)
    for talkative in ("httpx", "httpcore", "eventsourcing"):
        logging.getLogger(talkative).setLevel(logging.DEBUG)
    yield everything
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**structured)


def households_of(folder: Path) -> list[Household]:
    """The sample's sound families."""
    with (folder / "numbers.csv").open(encoding="utf-8") as file:
        phones = {row["iin"]: row["phone"] for row in csv.DictReader(file)}
    with (folder / "list.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["family_id"] or "").startswith("F")]
    found = []
    for reference, members in groupby(rows, key=lambda row: row["family_id"]):
        people = tuple(Citizen(m["iin"], m["surname"], m["given_name"], m["birth_date"]) for m in members)
        found.append(Household(reference, people, phones.get(people[0].iin)))
    return found


def outside_the_vault(dsn: str) -> dict[str, str]:
    """Every table and view that is not the vault's, as text."""
    tables = query(
        dsn,
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_schema NOT IN ('vault', 'pg_catalog', 'information_schema')",
    )
    texts = {}
    for schema, table in tables:
        columns = query(
            dsn,
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s",
            schema,
            table,
        )
        shown = ", ".join(
            f"convert_from(\"{name}\", 'UTF8')" if kind == "bytea" else f'"{name}"::text'
            for name, kind in columns
        )
        rows = query(dsn, f'SELECT {shown} FROM "{schema}"."{table}"')
        texts[f"{schema}.{table}"] = "\n".join("\t".join(map(str, row)) for row in rows)
    return texts


def spellings(phone: str) -> set[str]:
    national = "".join(filter(str.isdigit, phone))[-10:]
    a, b, c, d = national[:3], national[3:6], national[6:8], national[8:]
    return {
        national,
        f"{a} {b} {c} {d}",
        f"{a} {b}-{c}-{d}",
        f"({a}) {b}",
        f"{a}-{b}-{c}-{d}",
        f"{a} {b} {c}{d}",
    }


def personal(month: Month, homes: list[Household], folder: Path) -> set[str]:
    """All that must not occur, in lower case."""
    found: set[str] = set()
    with (folder / "list.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found |= {row["family_id"], row["iin"]} if len(row["iin"] or "") > 10 else set()
            surname, given = row["surname"] or "", row["given_name"] or ""
            found |= {f"{surname} {given}", f"{given} {surname}"} if surname and given else set()
            found |= {name for name in (surname, given, row["patronymic"] or "") if len(name) >= 4}
    for home in homes:
        found |= spellings(home.phone) if home.phone else set()
    tokens = month.azyq.vault.wallet_tokens([month.stream(home).hex for home in homes])
    return {text.casefold() for text in (found | set(tokens.values())) if text}


def leaks(texts: dict[str, str], secrets: set[str]) -> list[tuple[str, str]]:
    return [
        (place, secret)
        for place, text in texts.items()
        for folded in [text.casefold()]
        for secret in secrets
        if secret in folded
    ]


def test_O5_2_nothing_personal_leaves_the_vault_in_a_whole_month(
    database: str, tmp_path: Path, logged: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    write_sample(tmp_path, families=FAMILIES, seed=4, month="2025-07", kato=["113220100"], bad_rows=34)
    homes = households_of(tmp_path)
    assert len(homes) == FAMILIES
    with a_month(database, tmp_path) as month:
        outcome = month.receive(tmp_path / "list.csv", tmp_path / "numbers.csv")
        assert outcome.rejected
        play(month, homes)
        # What goes wrong is logged too: a gateway without its table, a reply without sense.
        query(database, "ALTER TABLE vault.outbox RENAME TO gone")
        phone = homes[0].phone or ""
        (result,) = month.azyq.gateway.send([OutgoingSms("f" * 32, phone, phone, "consent_request", "kk")])
        assert result.reason == "outbox_unavailable"
        month.reply(
            homes[0].phone, f"{homes[0].people[0].surname} {homes[0].people[0].iin}", homes[0].phone or ""
        )
        secrets = personal(month, homes, tmp_path)
        assert len(secrets) > 6 * FAMILIES
        printed = capfd.readouterr()
        texts = outside_the_vault(database) | {
            "log": "\n".join(logged.lines),
            "stdout": printed.out,
            "stderr": printed.err,
        }
        assert "family.consented" in texts["azyq_log.azyq_events"]
        assert "outbox_unavailable" in texts["log"]
        assert texts["azyq_log.staged_row"]
        assert texts["azyq_log.staged_rejection"]
        assert leaks(texts, secrets) == []

        # The check itself sees what it is to see, in each of its places.
        person = homes[1].people[0]
        event = FamilyVouchers.list_family(
            month.month,
            person.iin,
            person.surname,
            homes[1].phone or "",
            [person.given_name],
            "1",
            month.clock(),
        )
        month.azyq.log.save(event)
        logging.getLogger("azyq").debug("planted %s", homes[2].reference)
        texts = outside_the_vault(database) | {"log": "\n".join(logged.lines)}
        planted = {secret for _, secret in leaks(texts, secrets)}
        assert {person.iin, person.surname.casefold(), homes[2].reference.casefold()} <= planted
        assert spellings(homes[1].phone or "") & planted

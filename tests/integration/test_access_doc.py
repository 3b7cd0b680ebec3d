"""docs/access.md does what it says: from the form to the block, with openssl, curl, and psql by a client certificate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from infra.settings import ROOT
from tests.integration.month_in_process import query
from tests.integration.test_terminals_doc import run_page, then_as_shown
from tests.postgres_with_tls import TlsServer, key_of, tls_server

TEXT = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json|text)\n(.*?)^```", TEXT, re.S | re.M)
(HBA,) = re.findall(r"^```pg_hba\n(.*?)^```", TEXT, re.S | re.M)


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    with tls_server(HBA) as server:
        yield server


@pytest.fixture(scope="module")
def played(server: TlsServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder in which the page was played, and what each block of commands printed."""
    folder = tmp_path_factory.mktemp("auditor")
    (folder / "database.pem").write_bytes(server.authority.certificate.public_bytes(Encoding.PEM))
    (folder / "database.key").write_bytes(key_of(server.authority))
    script = [
        text.replace("host=db.example", f"host=localhost port={server.port}")
        for kind, text in BLOCKS
        if kind == "sh"
    ]
    return folder, run_page(script, folder, DATABASE_URL=server.url)


def test_A1_to_A9_the_commands_are_answered_as_the_page_shows(played: tuple[Path, list[str]]) -> None:
    _, answers = played
    printed = iter(answers)
    answer, shown = "", 0
    for kind, text in BLOCKS:
        if kind == "sh":
            answer = next(printed)
            continue
        shown += 1
        if kind == "text":
            lines = [
                line
                for line in answer.strip().splitlines()
                if not line.startswith(("DETAIL", "HINT", "LINE", " "))
            ]
            assert lines == text.splitlines()
            continue
        start = re.search(r"^[\[{]", answer, re.M)
        assert start is not None, answer
        given, _ = json.JSONDecoder().raw_decode(answer[start.start() :])
        said = json.loads(text)
        if isinstance(given, list):
            (given,), (said,) = given, said
        then_as_shown(
            given,
            said,
            "type title code detail status rule pointer state body body_kind regions last_sign_in",
        )
    assert shown == 5


def test_A5_as_of_before_the_list_came_there_was_nothing_and_a_file_opens(
    played: tuple[Path, list[str]],
) -> None:
    folder, _ = played
    now, before = (json.loads((folder / name).read_text()) for name in ("now.json", "before-the-list.json"))
    assert before["log_position"] < now["log_position"]
    assert now["sections"] != before["sections"]
    assert openpyxl.load_workbook(folder / "pilot.xlsx").worksheets


def test_A6_after_the_block_the_server_lets_the_role_in_no_more_and_has_each_try_in_its_log(
    played: tuple[Path, list[str]], server: TlsServer
) -> None:
    _, answers = played
    # It is no member of azyq_reader any more, for it is not there.
    assert re.search(r'FATAL:  no pg_hba.conf entry for host .* user "azyq_reader_\w+"', answers[-2]), (
        answers[-2]
    )
    told = server.log.read_text(encoding="utf-8")
    assert re.search(r"azyq_reader_\w+@azyq ERROR:  permission denied for schema azyq_log", told)
    assert re.search(r"azyq_reader_\w+@azyq LOG:  connection authorized", told)
    assert query(server.admin, "SELECT rolname FROM pg_roles WHERE rolname ^@ 'azyq_reader_'") == []

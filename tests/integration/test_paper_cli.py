"""A case's paper by the command line, from the log and the vault of a real PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.calendar import local_day
from domain.commands.case_calls import OpenCase
from domain.procedures.acts import Actor
from infra.bootstrap import open_azyq
from infra.cli.app import app
from infra.clock import SetClock
from infra.papers.seal import Verdict, verify
from tests.integration.cases_in_process import PERSON
from tests.integration.month_in_process import settings_for
from tests.unit.case_desk import PDF
from tests.unit.test_services_construction import ACCREDITED
from tests.unit.ways_through import moment, service

WAY = ACCREDITED


def test_S000_C2_what_the_system_gave_out_is_printed_and_verifies(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = moment(WAY.at)
    with open_azyq(settings_for(database, tmp_path), SetClock(at)) as azyq:
        (applicant,) = azyq.vault.enrol([PERSON])
        call = OpenCase(
            service=WAY.service,
            actor=Actor(applicant, ("applicant",)),
            channel=WAY.channel,
            kind=WAY.kind,
            applicant=applicant,
            fields=WAY.fields,
            documents=dict.fromkeys(WAY.documents, PDF),
            consent=service(WAY.service).consent,
        )
        signatures: Any = azyq.signatures
        case = azyq.run_case.open(replace(call, signature=signatures.sign(applicant, call.content())), at)
        keys = azyq.qr_keys
    assert case.results
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("AZYQ_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("AZYQ_PUBLIC_URL", "https://azyq.example")
    out = tmp_path / "certificate.html"
    arguments = [
        "service",
        "document",
        WAY.service,
        "--case",
        case.case,
        "--out",
        str(out),
        "--language",
        "kk",
    ]
    for kind in ("receipt", "report"):  # it was accepted, and nothing was discussed
        none = CliRunner().invoke(app, [*arguments, "--kind", kind])
        assert (none.exit_code, none.output.count("paper_not_given")) == (1, 1)
    assert not out.exists()
    done = CliRunner().invoke(app, [*arguments, "--kind", "result"])
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert WAY.fields["organisation"] in page
    assert WAY.fields["phone"] not in page
    (link,) = re.findall(r'href="([^"]+)"', page)
    found = verify(link, keys, local_day(at))
    assert found.verdict is Verdict.GENUINE
    assert found.seal is not None
    assert found.seal.case == case.case
    for wrong, code in (
        ([*arguments, "--kind", "standard"], 1),
        ([*arguments, "--kind", "report"], 1),
        (["service", "document", "complaint", *arguments[3:], "--kind", "result"], 2),
        ([*arguments[:4], "AC-2026-NOSUCH00", *arguments[5:], "--kind", "result"], 1),
    ):
        assert CliRunner().invoke(app, wrong).exit_code == code, wrong

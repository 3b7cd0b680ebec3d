"""The page behind a paper's QR asks the log on a real PostgreSQL: in force, ended on a day, replaced, not recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from domain.procedures.case import Case
from infra.papers.seal import sealed
from infra.parts.cases.pages import CasePages
from infra.web.assets import Assets
from infra.web.cases.paper_check import paper_check_router
from tests.integration.cases_in_process import Office, an_office
from tests.unit.case_desk import CLERK, HEAD
from tests.unit.service_to_run import MONDAY, running
from tests.unit.test_results_withdrawn import HOW, by_number, licences


@pytest.fixture
def office(database: str, tmp_path: Path) -> Iterator[Office]:
    services = running(by_number("annulled")), running(licences())
    with an_office(database, tmp_path, *services) as office:
        yield office


def given_out(office: Office) -> Case:
    case = office.open(fields={}, documents={})
    return office.act(case, "give", "given", HEAD)


def scanned(office: Office, case: Case) -> str:
    """What whoever scans the paper of a case's result reads, in English."""
    pages = CasePages(office.azyq)
    code = pages.code(case)
    assert code is not None
    return page_of(office, urlsplit(code[0]).path)


def page_of(office: Office, path: str) -> str:
    pages, app = CasePages(office.azyq), FastAPI()
    app.include_router(paper_check_router(office.azyq.qr_keys, office.clock, pages.standing, Assets()))
    return str(TestClient(app).get(f"{path}?lang=en").text)


@pytest.mark.parametrize("how", HOW)
def test_S002_15_what_was_ended_after_it_was_given_out_is_told_on_a_scan(office: Office, how: str) -> None:
    case = given_out(office)
    assert "genuine and in force" in scanned(office, case)
    office.clock.now = MONDAY + timedelta(days=7)
    case = office.act(case, "life", how, CLERK)
    page = scanned(office, case)
    assert f"but was {how}" in page
    assert "9\N{NO-BREAK SPACE}March 2026" in page


def test_S002_15_a_paper_that_was_replaced_names_the_one_in_force(office: Office) -> None:
    case = given_out(office)
    code = CasePages(office.azyq).code(case)
    assert code is not None
    case = office.act(case, "life", "again", CLERK)
    assert f"{case.case}-2" in page_of(office, urlsplit(code[0]).path)
    assert "genuine and in force" in scanned(office, case)


def test_S002_15_a_paper_that_another_case_annulled_is_told_so(office: Office) -> None:
    case = given_out(office)
    asked = office.open(
        service="made-up-too", kind="first", fields={"paper": f"{case.case}-1"}, documents={}, key="annul"
    )
    office.act(asked, "decide", "decided", HEAD)
    assert "but was annulled" in scanned(office, case)


def test_S000_07_a_seal_of_ours_for_what_was_never_given_out_is_not_trusted(office: Office) -> None:
    case = given_out(office)
    seal = CasePages(office.azyq)._paper_of(case).seal()
    for other in (
        replace(seal, case="MU-2026-22222222"),
        replace(seal, result=f"{case.case}-2"),
        replace(seal, valid_until=None),
    ):
        page = page_of(office, f"/V/{sealed(other, office.azyq.qr_keys)}")
        assert "our records have no such paper" in page
        assert case.case not in page

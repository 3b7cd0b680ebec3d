"""docs/office.md does what it says: its commands run one after the other, on an installation of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.commands.bring_list import BRINGS_IN, SEES_LISTS
from domain.office import OFFICE_ROLES
from infra.settings import ROOT
from tests.integration.test_terminals_doc import run_page

TEXT = (ROOT / "docs" / "office.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.S | re.M)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Where the commands ran, and what each block printed."""
    folder = tmp_path_factory.mktemp("кеңсе office")
    return folder, run_page(BLOCKS, folder)


def test_R19_the_clerk_is_told_what_the_page_shows(done: tuple[Path, list[str]]) -> None:
    folder, printed = done
    assert "No list has come, and today is the last day." in printed[1]
    assert "k.clerk" in (folder / "morning.html").read_text(encoding="utf-8")
    assert "Traceback" not in (folder / "serve.log").read_text(encoding="utf-8")


def test_each_act_is_an_event(done: tuple[Path, list[str]]) -> None:
    folder, _ = done
    acts = (folder / "acts.txt").read_text(encoding="utf-8").splitlines()
    assert len(acts) == 1
    assert "office.signed_in" in acts[0]
    assert "k.clerk" in acts[0]


def test_R14_a_list_takes_two_persons(done: tuple[Path, list[str]]) -> None:
    folder, printed = done
    assert "it takes the role approver. Nothing was done; the attempt is recorded." in printed[-1]
    assert "iin" in (folder / "rejects.csv").read_text(encoding="utf-8-sig")
    lists = (folder / "lists.txt").read_text(encoding="utf-8")
    assert re.findall(r" (list\.[a-z_]+)", lists) == [
        *(
            "list.begun",
            "list.brought_in",
            "list.rejects_read",
            "list.act_refused",
            "list.approved",
            "list.taken_in",
        )
    ]


def test_the_page_names_every_role_of_the_office() -> None:
    assert set(OFFICE_ROLES) == set(re.findall(r"^\| `(office-[a-z]+)`", TEXT, re.M))
    assert set(SEES_LISTS) == set(OFFICE_ROLES)
    assert BRINGS_IN == ("office-clerk",)

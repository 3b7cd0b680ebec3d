"""A service file says that its cases are appeals, and what they are counted by (R30)."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.procedures.definition import Appeals
from infra.cases.services import load_services
from infra.reporting.running import appeal_services
from tests.service_example import parsed, problems

HEAD = 'prefix = "TEA"\n'


def with_appeals(text: str) -> tuple[str, str]:
    return HEAD, f"{HEAD}appeals = {{ {text} }}\n"


def test_R30_a_service_without_the_key_is_not_about_appeals() -> None:
    assert parsed().appeals is None
    assert parsed(with_appeals("")).appeals == Appeals()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('topic = "nothing"', "appeals.topic: unknown field of the application nothing"),
        ('topic = "picked_on"', "appeals.topic: picked_on is not a field of type choice"),
        ('region = "picked_on"', "appeals.region: picked_on is not a field of type kato"),
        ('shop = "name"', "appeals.shop: name is personal: no report may tell it"),
        ('colour = "name"', "appeals.colour: unknown key"),
        ("topic = 1", "appeals.topic: must be"),
    ],
)
def test_R30_what_appeals_are_counted_by_is_a_field_of_its_type_and_nobodys(text: str, problem: str) -> None:
    (found,) = problems(with_appeals(text))
    assert found.startswith(problem), found


def test_R30_complaints_are_the_appeals_of_the_project() -> None:
    services = load_services(Path(__file__).parents[2] / "services")
    (complaint,) = appeal_services(services)
    assert complaint == ("complaint", complaint.version, "category", "shop", "region")

"""Refusals on pages: months, days and ids of a service in words; what is neither stays as it is."""

from __future__ import annotations

import pytest

from domain.brought_list_refusals import ApprovalTooLate, ListDecided
from domain.procedures.case_refusals import GroundMissing, StepNotOpen
from infra.web.refusal_words import refusal_words

STEP = {"kk": "Тіркеу", "ru": "Регистрация", "en": "Registration"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("kk", "2025 жылғы шілде айының тізімдері 04.07.2025 күнін"),
        ("ru", "Списки за июль 2025 года принимались по 04.07.2025 включительно, а сегодня 05.07.2025"),
        ("en", "Lists for July 2025 were taken in up to 04.07.2025, and today is 05.07.2025"),
    ],
)
def test_R19_months_and_days_are_told_in_words(language: str, said: str) -> None:
    refusal = ApprovalTooLate("list", month="2025-07", cutoff="2025-07-04", day="2025-07-05")
    assert refusal_words(refusal, language).startswith(said)
    assert refusal.details["month"] == "2025-07"


def test_S002_36_ids_are_told_by_their_names() -> None:
    names = {"open": {"consider": "Рассмотрение"}, "grounds": {"a": "Первое", "b": "Второе"}}
    refusal = StepNotOpen("step", step=STEP, open="consider")
    assert (
        refusal_words(refusal, "ru", names) == "Сейчас не очередь шага «Регистрация» (открыты: Рассмотрение)."
    )
    wanted = refusal_words(GroundMissing("ground", grounds="a, b"), "ru", names)
    assert wanted == "Нужно основание отказа. Основания: Первое; Второе."
    assert refusal_words(GroundMissing("ground", grounds="a, c"), "ru", names).endswith(": a, c.")


@pytest.mark.parametrize("by", ["2025-13", "2025-02-31", "２０２５-07", "2025-7", "", "{by}", "k.clerk"])
def test_what_only_looks_like_a_month_stays(by: str) -> None:
    assert f"“{by}”" in refusal_words(ListDecided("list", by=by), "en")

"""The tests themselves: each asserts something, and each clause that the system carries out has one."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.source import Function, dotted, every_test

# Clauses marked "system" in the rules, of the month of a programme.
CLAUSES = [
    *("O1", "O3.1", "O3.2", "O5.2", "O9"),
    *("R2.2", "R2.3", "R2.6", "R2.7", "R2.10", "R2.16", "R2.17"),
    *("R9", "R10", "R11", "R12", "R13"),
    *("R4", "R5", "R6", "R7", "R8"),
    *("R14", "R15", "R16", "R18", "R19", "R20", "R21", "R22", "R23", "R24", "R25"),
    *("R2.23", "R28", "R30"),
    "R31",
    # Access of oversight bodies.
    *(f"A{number}" for number in range(1, 10)),
]
# Clauses of the state services around the vouchers: of standards and regulations, construction, medicine.
# What none of them asks (more time, suspension, silence as consent, ...) has no id, and no test claims one.
SERVICE_CLAUSES = [
    *(f"S002-{number:02}" for number in (*range(1, 9), *range(10, 26), *range(30, 40))),
    *(f"S002-F{form}" for form in range(1, 9)),
    *(f"S000-{number:02}" for number in range(1, 10)),
    *(f"S000-L{row}" for row in ("1", "2", "3", "4", "5a", "5b", "6")),
    *(f"S000-T{row}" for row in ("1", "2", "3", "4", "5a", "5b", *range(6, 18))),
    *(f"S000-C{row}" for row in range(1, 4)),
    *(f"S003-{number:02}" for number in range(1, 14)),
    *(f"S003-A{number:02}" for number in range(1, 10)),
    *(f"S003-B{number:02}" for number in range(1, 3)),
    *(f"S003-C{number:02}" for number in range(1, 4)),
    *(f"S003-D{number:02}" for number in range(1, 6)),
    "S003-F1",
]
CHECKS = ("then_", "assert_", "check_")


def asserts_something(test: Function) -> bool:
    """Whether a test can fail on what it sees: an assert, an expected error, or a call of a `then_…`."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = dotted(node.func).rpartition(".")[2]
            if name in {"raises", "fail", "warns"} or name.startswith(CHECKS):
                return True
        # Playwright's: expect(…).to_have_text(…)
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Call)
            and dotted(node.value.func) == "expect"
            and node.attr.startswith(("to_", "not_to_"))
        ):
            return True
    return False


def names_clause(test: str, clause: str) -> bool:
    """Whether `test_R2_6_…` is named after the clause R2.6, and `test_S000_L5a_…` after S000-L5a."""
    return test.startswith(f"test_{_in_a_name(clause)}_")


def _in_a_name(clause: str) -> str:
    return clause.replace(".", "_").replace("-", "_")


def test_every_test_asserts_something() -> None:
    wrong = [
        f"{module.shown}:{test.lineno} {test.name}"
        for module, test in every_test()
        if not asserts_something(test)
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("clause", [*CLAUSES, *SERVICE_CLAUSES])
def test_every_clause_the_system_carries_out_has_a_test(clause: str) -> None:
    named = [test.name for _, test in every_test() if names_clause(test.name, clause)]
    assert named != [], f"no test is named test_{_in_a_name(clause)}_…"


def test_the_rule_itself_tells_tests_apart() -> None:
    def function(text: str) -> Function:
        node = ast.parse(text).body[0]
        assert isinstance(node, Function)
        return node

    assert asserts_something(function("def test_x():\n    with pytest.raises(ValueError):\n        f()"))
    assert asserts_something(function("def test_x():\n    story.then_lapsed()"))
    assert asserts_something(function("def test_x():\n    expect(page.main).to_be_visible()"))
    assert not asserts_something(function("def test_x():\n    expect(page.main)"))
    assert not asserts_something(function("def test_x():\n    f()"))
    assert names_clause("test_R2_6_the_amount", "R2.6")
    assert not names_clause("test_R21_lapse", "R2.1")
    assert not names_clause("test_R2_10_consent", "R2.1")
    assert names_clause("test_S000_L5a_in_two_days", "S000-L5a")
    assert not names_clause("test_S003_A04_the_kind", "S003-A0")


def test_no_test_is_named_after_a_clause_that_there_is_not() -> None:
    known = {_in_a_name(clause) for clause in SERVICE_CLAUSES}
    named = {
        (test.name, found[1])
        for _, test in every_test()
        if (found := re.match(r"test_(S00[0-9]_[0-9A-Z][0-9]*[ab]?)_", test.name))
    }
    assert [name for name, clause in sorted(named) if clause not in known] == []

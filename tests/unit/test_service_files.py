"""Service files: what is read, and every way that a file can be wrong, named by key and reason."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from datetime import date, time
from pathlib import Path

import pytest

from domain.errors import LANGUAGES
from domain.procedures.case_refusals import ServiceNotInForce, ServiceUnknown
from domain.procedures.definition import (
    Channel,
    Declared,
    Document,
    Field,
    Ground,
    Kind,
    Outcome,
    Result,
    Role,
    Service,
    Step,
    Term,
    Unit,
)
from domain.procedures.definition_file import ServiceInvalid, digest_of
from domain.procedures.terms import hours, term
from infra.cases.services import load_service, load_services
from tests.service_example import DOC, EXAMPLE, example_with, parsed, problems, problems_of


def test_the_example_of_the_documentation_is_a_service() -> None:
    service = parsed()
    assert (service.id, service.version, service.prefix) == ("tea-permit", "1", "TEA")
    assert service.term == Term(5, Unit.WORKING_DAYS)
    assert service.first == ("take",)
    assert list(service.steps) == ["take", "check", "sign", "sign_refusal"]
    assert service.steps["sign"].outcomes[0].other_than == ("check",)
    assert service.results["permit"].validity == Term(5, Unit.YEARS)
    assert service.ends["granted"]["en"] == "Granted"
    assert service.kinds["again"].when == "has('picked_on') and not late"
    assert {role.id for role in service.roles.values()} == {"applicant", "system", "public", "clerk", "head"}
    assert service.roles["system"].automatic


def test_S002_17_hours_reception_and_break() -> None:
    schedule = parsed().schedule
    assert (schedule.office.opens, schedule.office.closes) == (time(9), time(18, 30))
    assert (schedule.office.break_from, schedule.office.break_to) == (time(13), time(14, 30))
    assert (schedule.reception.closes, schedule.rolls_over) == (time(17, 30), True)
    alone = parsed(('reception = "1-5 09:00-17:30 break 13:00-14:30"\n', "")).schedule
    assert alone.reception == alone.office


def test_the_documentation_names_every_key_of_a_service_file() -> None:
    told = set(re.findall(r"`([a-z_]+)`", DOC)) | set(re.findall(r"`\[+([a-z_]+)(?:\.ID)?\]+`", DOC))
    kinds = (Service, Channel, Role, Kind, Field, Document, Ground, Result, Step, Outcome, Declared)
    for kind in kinds:
        assert {one.name for one in fields_of(kind)} - told - {"steps", "outcomes"} == set(), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_in_each_language_is_asked_for(language: str) -> None:
    name = {"kk": 'kk = "Маман", ', "ru": 'ru = "Специалист", ', "en": ', en = "Clerk"'}[language]
    assert problems((name, "")) == [f"roles.clerk.names.{language}: is missing"]


NAMES = 'names = { kk = "а", ru = "б", en = "c" }'


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ([("effective_from = 2025-01-01\n", "")], "effective_from: is missing"),
        (
            [("effective_from = 2025-01-01", 'effective_from = "2025-01-01"')],
            "effective_from: must be a date",
        ),
        (
            [('version = "1"', 'version = "1"\neffective_to = 2024-01-01')],
            "is before effective_from 2025-01-01",
        ),
        ([('version = "1"', "version = 1")], "version: must be a text, not a whole number"),
        ([('version = "1"', 'version = "../1"')], "version: '../1' must be"),
        ([('id = "tea-permit"', 'id = "Tea permit"')], "id: 'Tea permit' must be small Latin letters"),
        ([('prefix = "TEA"', 'prefix = "tea"')], "prefix: 'tea' must be capital Latin letters"),
        (
            [('automation = "partial"', 'automation = "partly"')],
            'automation: must be "full" or "partial" or "none"',
        ),
        ([("consent = true", "consent = 1")], "consent: must be true or false, not a whole number"),
        ([("consent = true", "consnet = true")], "consnet: unknown key; did you mean consent?"),
        ([('first = ["take"]', 'first = "take"')], "first: must be an array of ids"),
        ([('first = ["take"]', 'first = ["take", "take"]')], "first: names one twice"),
        ([('term = "5 wd"', 'term = "5 days"')], "term: '5 days' is not a term"),
        ([('term = "5 wd"', 'term = "٥ wd"')], "term: '٥ wd' is not a term"),
        ([('term = "5 wd"', 'term = "0 wd"')], "term: must be from 1 to 1000 wd"),
        ([('term = "5 wd"', 'term = "99999 y"')], "term: must be from 1 to 100 y"),
        ([('term = "5 wd"', "term = 5")], "term: must be a text, not a whole number"),
        ([('office = "1-5', 'office = "5-1')], "schedule.office: the weekday 1 is before 5"),
        ([("1-5 09:00-18:30 break", "1-5 19:00-18:30 break")], "schedule.office: closes at 18:30, not after"),
        ([("18:30 break 13:00-14:30", "18:30 break 13:00-19:30")], "schedule.office: the break 13:00-19:30"),
        ([("1-5 09:00-18:30 break", "1-5 09:00-25:30 break")], "schedule.office: 25:30 is not a time of day"),
        ([("rolls_over = true\n", "")], "schedule.rolls_over: is missing"),
        ([('id = "portal"', 'id = "post"')], 'channels[1].id: must be "portal" or'),
        (
            [('incomplete = "accept"', 'incomplete = "accept"\nwait_minutes = -1')],
            "channels[1].wait_minutes: must be",
        ),
        (
            [('unit = "tea"\n\n[[kinds]]', 'unit = "tee"\n\n[[kinds]]')],
            "roles.head.unit: unknown unit tee; did you",
        ),
        ([('id = "again"', 'id = "first"')], "kinds[2].id: first is there twice"),
        (
            [("[units.tea]", '[[channels]]\nid = "portal"\nincomplete = "refuse"\n\n[units.tea]')],
            "channels[2].id: portal is there twice",
        ),
        ([('id = "picked_on"', 'id = "Picked on"')], "fields[2].id: 'Picked on' must be small Latin letters"),
        ([('id = "picked_on"', 'id = "kind"')], "fields[2].id: kind is a word of conditions already"),
        ([('type = "date"', 'type = "day"')], 'fields[2].type: must be "text" or "date"'),
        ([('type = "date"', 'type = "choice"')], "fields[2].choices: is missing"),
        ([('type = "date"', 'type = "iin"')], "fields[2].personal: must be true for type iin"),
        (
            [('type = "date"', 'type = "date"\nchoices = { a = { kk = "а", ru = "а", en = "a" } }')],
            'fields[2].choices: are for type = "choice" only',
        ),
        (
            [("required = \"kind == 'again'\"", "required = \"kind == 'agian'\"")],
            "fields[2].required: unknown choice",
        ),
        ([("picked_on < date", "name < date")], "documents[1].required: name is personal"),
        ([('form = "licence"', 'form = "paper"')], 'results[1].form: must be "licence" or'),
        ([('validity = "5 y"', 'validity = "for ever"')], "results[1].validity: 'for ever' is not a term"),
        (
            [('role = "clerk"\nterm = "20 min"', 'role = "clrek"\nterm = "20 min"')],
            "unknown role clrek; did you mean",
        ),
        (
            [('term = "20 min"', 'term = "20 min"\nterms = { frist = "1 h" }')],
            "steps[1].terms.frist: unknown kind",
        ),
        ([('escalates_to = "head"', 'escalates_to = "haed"')], "steps[2].escalates_to: unknown role haed"),
        ([('escalates_to = "head"', 'at_due = "god"')], "steps[2].at_due: unknown outcome of the step god"),
        (
            [('opens = ["check"]', 'opens = ["chek"]')],
            "steps[1].outcomes[1].opens[1]: unknown step chek; did you mean",
        ),
        ([('result = "permit"', 'result = "permti"')], "steps[3].outcomes[1].result: unknown result permti"),
        ([('ends = "granted"', 'ends = "grnated"')], "steps[3].outcomes[1].ends: unknown end grnated"),
        ([('notifies = "ready"', 'notifies = "redy"')], "steps[3].outcomes[1].notifies: unknown notice redy"),
        ([('holder = ["name"]', 'holder = ["nmae"]')], "holder[1]: unknown field nmae; did you mean name?"),
        ([('holder = ["name"]', 'starts = "name"')], "starts: name is not a field of type date"),
        (
            [('{link}"\n\n[[declared]]', '{url}"\n\n[[declared]]')],
            "notices.ready.en: unknown placeholder {url}",
        ),
        ([('state = "silent"', 'state = "quiet"')], 'declared[1].state: must be "silent" or'),
        (
            [('late = "years', 'late = "yeras')],
            "conditions.late: unknown call 'yeras'; did you mean 'years'?",
        ),
        ([('late = "years', 'name = "true"\nlate = "years')], "conditions.name: is the id of a field too"),
        ([('names = { kk = "Аты", ru', 'names = { kk = "", ru')], "fields[1].names.kk: is empty"),
        ([('kk = "Аты"', 'kk = "Аты\\u0007"')], "fields[1].names.kk: holds the control character U+0007"),
        ([("personal = true", "personal = true\nfields = []")], "fields[1].fields: unknown key"),
    ],
)
def test_a_problem_is_named_by_key_and_reason(changes: list[tuple[str, str]], problem: str) -> None:
    assert problem in "\n".join(problems(*changes))


def test_all_problems_of_a_file_are_told_at_once() -> None:
    found = problems(('prefix = "TEA"', 'prefix = "tea"'), ('term = "20 min"', 'term = "soon"'))
    assert [one.split(":")[0] for one in found] == ["prefix", "steps[1].term"]


def test_a_condition_by_name_uses_those_above_it_only() -> None:
    above = 'late = "years(picked_on, received_on) >= 3"'
    assert problems((above, f'{above}\nsooner = "not late"')) == []
    assert problems((above, f'sooner = "not late"\n{above}')) == ["conditions.sooner: unknown fact 'late'"]


def test_no_term_is_counted_from_a_personal_date() -> None:
    starts = ('term = "3 wd"', 'term = "3 wd"\nstarts = "picked_on"')
    secret = ('type = "date"', 'type = "date"\npersonal = true')
    assert problems(starts) == []
    assert "steps[2].starts: picked_on is personal: no term can be counted from it" in problems(
        starts, secret
    )


def test_the_same_field_asked_for_twice_is_one_field() -> None:
    same = f'grounds = true\nfields = [{{ id = "picked_on", {NAMES}, type = "date" }}]'
    other = f'grounds = true\nfields = [{{ id = "picked_on", {NAMES} }}]'
    assert problems(("grounds = true", same)) == []
    assert problems(("grounds = true", other)) == [
        "steps[2].outcomes[2].fields[1].id: picked_on is another field elsewhere: type, choices or personal differ"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "id: is missing"),
        ("id = ", "not TOML"),
        ('id = "a"\nid = "b"', "not TOML"),
        ("x = " + "[" * 5000, "not TOML"),
        ("x = " + "9" * 5000, "not TOML: a number has too many digits"),
        ("steps = 3", "steps: must be one or more [[steps]] tables"),
        ("steps = [3]", "steps: must be one or more [[steps]] tables"),
        ("steps = []", "steps: must be one or more [[steps]] tables"),
        ("schedule = 3", "schedule: must be a table, not a whole number"),
        ("units = 3", "units: must be a table, not a whole number"),
        ("units = { a = 3 }", "units.a: must be a table, not a whole number"),
        ('units = { "../a" = { names = "x" } }', "'../a' must be Latin letters"),
        ("conditions = 3", "conditions: must be a table, not a whole number"),
    ],
)
def test_a_broken_file_is_told(text: str, problem: str) -> None:
    assert problem in "\n".join(problems_of(text))


WRONG = ("0", '""', "[]", "{}", '["check"]', "true", "2025-01-01", '"x == 1"')


@pytest.mark.parametrize("wrong", [None, *WRONG])
def test_any_line_can_be_missing_or_wrong(wrong: str | None) -> None:
    """Whatever one line says instead, the file is a service or its problems are told; nothing else is raised."""
    lines = EXAMPLE.splitlines()
    refused = 0
    for number, line in enumerate(lines):
        key = re.match(r"[a-z_]+ = ", line)
        if wrong is None or key:
            instead = [] if wrong is None or key is None else [key[0] + wrong]
            refused += bool(problems_of("\n".join([*lines[:number], *instead, *lines[number + 1 :]])))
    assert refused > 50


def test_an_over_long_file_is_refused_unread() -> None:
    assert problems_of(EXAMPLE + "#" * 300_000) == ["is longer than 300 kB"]


def test_too_many_steps_and_outcomes_are_refused() -> None:
    step = f'\n[[steps]]\nid = "s"\n{NAMES}\nrole = "clerk"\n'
    assert "steps: are more than 200" in problems_of(
        EXAMPLE.replace("\n[[steps]]", step * 200 + "\n[[steps]]", 1)
    )
    outcome = f'\n[[steps.outcomes]]\nid = "o"\n{NAMES}\n'
    many = EXAMPLE.replace("\n[ends.granted]", outcome * 50 + "\n[ends.granted]", 1)
    assert "steps[4].outcomes: are more than 50" in problems_of(many)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            [('id = "portal"', 'id = "state_corporation"'), ("consent = true", "consent = false")],
            "consent: must be",
        ),
        (
            [('ends = "granted"', 'ends = "granted"\nopens = ["sign_refusal"]')],
            "steps[3].outcomes[1].opens: can't open anything: the case ends, as granted",
        ),
        (
            [('ends = "granted"', 'ends = "granted"\nstays = true')],
            "steps[3].outcomes[1].ends: can't be: the outcome",
        ),
        ([("grounds = true", "grounds = true\nalone = true")], "steps[2].outcomes[2].alone: says nothing"),
        (
            [("grounds = true", 'grounds = true\nremark = "taken"')],
            "steps[2].outcomes[2].remark: needs a field remark",
        ),
        (
            [("grounds = true", 'grounds = true\nstarts = "picked_on"')],
            "outcomes[2].starts: says nothing without",
        ),
        (
            [("grounds = true", 'grounds = true\nother_than = ["check"]')],
            "outcomes[2].other_than: names the step itself",
        ),
        (
            [('escalates_to = "head"', 'at_due = "bad"')],
            "steps[2].outcomes[2].grounds: can't be asked of the system",
        ),
        (
            [('escalates_to = "head"', 'escalates_to = "head"\nwithin = false'), ('term = "3 wd"\n', "")],
            "never comes",
        ),
        (
            [
                ('role = "clerk"\nterm = "20 min"', 'role = "system"\nterm = "20 min"'),
                ('opens = ["check"]', f'opens = ["check"]\nfields = [{{ id = "note", {NAMES} }}]'),
            ],
            "steps[1].outcomes[1].fields[1].required: can't be asked of the system",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_told(changes: list[tuple[str, str]], problem: str) -> None:
    assert problem in "\n".join(problems(*changes))


def test_S002_21_without_consent_the_state_corporation_takes_nothing_in() -> None:
    channel = ('id = "portal"', 'id = "state_corporation"')
    assert problems(channel) == []
    assert problems(channel, ("consent = true", "consent = false")) == [
        "consent: must be true: the State Corporation takes in nothing without it (S002-21)"
    ]


# A folder of them

LATER = [
    ('version = "1"', 'version = "2"'),
    ("effective_from = 2025-01-01", "effective_from = 2026-01-01"),
]
UNTIL = ("effective_from = 2025-01-01", "effective_from = 2025-01-01\neffective_to = 2025-12-31")


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def told(folder: Path) -> str:
    with pytest.raises(ServiceInvalid) as refused:
        load_services(folder)
    return refused.value.sentence("en")


def test_S002_08_the_version_in_force_on_the_day_is_found(tmp_path: Path) -> None:
    put(tmp_path, "tea-permit.toml", example_with(UNTIL))
    put(tmp_path, "tea-permit@2.toml", example_with(*LATER))
    services = load_services(tmp_path)
    assert services.on("tea-permit", date(2025, 12, 31)).version == "1"
    assert services.on("tea-permit", date(2026, 1, 1)).version == "2"
    assert services.latest("tea-permit").version == "2"
    assert services.version("tea-permit", "1").effective_to == date(2025, 12, 31)
    assert services.file("tea-permit", "2").digest == digest_of(example_with(*LATER))
    assert services.ids() == ("tea-permit",)
    with pytest.raises(ServiceNotInForce):
        services.on("tea-permit", date(2024, 12, 31))
    with pytest.raises(ServiceUnknown):
        services.on("coffee-permit", date(2025, 1, 1))
    with pytest.raises(ServiceUnknown):
        services.version("tea-permit", "3")


def test_S002_08_two_versions_are_never_in_force_on_one_day(tmp_path: Path) -> None:
    put(tmp_path, "tea-permit.toml", EXAMPLE)
    put(tmp_path, "tea-permit@2.toml", example_with(*LATER))
    assert (
        "tea-permit@2.toml: effective_from: is in force on days on which version 1 of tea-permit.toml is too"
        in told(tmp_path)
    )


def test_two_files_of_one_version_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "tea-permit.toml", EXAMPLE)
    put(tmp_path, "tea-permit@1.toml", EXAMPLE)
    assert "tea-permit@1.toml: version: 1 is the version of tea-permit.toml too" in told(tmp_path)


def test_S002_32_no_two_services_have_one_name_or_begin_case_numbers_alike(tmp_path: Path) -> None:
    put(tmp_path, "tea-permit.toml", EXAMPLE)
    put(tmp_path, "tea-leave.toml", example_with(('id = "tea-permit"', 'id = "tea-leave"')))
    found = told(tmp_path)
    assert "tea-permit.toml: prefix: TEA is that of tea-leave too" in found
    assert "tea-permit.toml: names.kk: is the name of tea-leave too" in found


def test_no_two_services_begin_case_numbers_so_that_who_types_can_not_tell_them_apart(tmp_path: Path) -> None:
    put(tmp_path, "tea-permit.toml", example_with(('prefix = "TEA"', 'prefix = "T0L"')))
    other = ('id = "tea-permit"', 'id = "tea-leave"'), ('prefix = "TEA"', 'prefix = "TO1"')
    put(tmp_path, "tea-leave.toml", example_with(*other))
    assert "tea-permit.toml: prefix: T0L looks like TO1 of tea-leave: case numbers would begin alike" in told(
        tmp_path
    )


REGISTERED = "id,kk,ru,en\ntea-permit,Шай рұқсаты,Разрешение на чай,Tea permit\n"


def test_a_service_that_begins_with_nothing_is_told() -> None:
    assert problems(('first = ["take"]', "first = []")) == [
        "first: names no step: a case would have nothing to begin with"
    ]


def test_S002_32_the_name_is_that_of_the_register(tmp_path: Path) -> None:
    put(tmp_path, "tea-permit.toml", EXAMPLE)
    put(tmp_path, "register.csv", REGISTERED + "another,а,б,c\n")
    assert load_services(tmp_path).ids() == ("tea-permit",)
    put(tmp_path, "tea-permit.toml", example_with(('ru = "Разрешение на чай"', 'ru = "Разрешение  на чай"')))
    assert told(tmp_path).splitlines()[1:] == [
        "tea-permit.toml: names.ru: is not the name in register.csv, 'Разрешение на чай' (S002-10, S002-32)"
    ]


@pytest.mark.parametrize(
    ("register", "problem"),
    [
        ("id,ru\n", "register.csv: line 1: must be id,kk,ru,en"),
        (REGISTERED + "tea-permit,а,б,c\n", "register.csv: line 3: tea-permit is there twice"),
        (REGISTERED + "coffee,,б,c\n", "register.csv: line 3: is empty"),
        (REGISTERED + "coffee,а\n", "register.csv: line 3: must have id, kk, ru, en"),
    ],
)
def test_a_register_that_is_wrong_is_told_by_line(tmp_path: Path, register: str, problem: str) -> None:
    put(tmp_path, "tea-permit.toml", EXAMPLE)
    put(tmp_path, "register.csv", register)
    assert problem in told(tmp_path)


def test_a_file_is_named_after_its_service(tmp_path: Path) -> None:
    put(tmp_path, "coffee.toml", EXAMPLE)
    assert "coffee.toml: id: the file must be named tea-permit.toml or tea-permit@1.toml" in told(tmp_path)


def test_a_file_that_is_no_text_or_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'id = "\xff"')
    (tmp_path / "b.toml").mkdir()
    found = told(tmp_path)
    assert "a.toml: not in UTF-8 from byte 7 on" in found
    assert "b.toml: can't be read" in found


def test_an_empty_folder_has_no_services(tmp_path: Path) -> None:
    assert "no service files (*.toml) in this folder" in told(tmp_path)


def test_the_very_text_of_a_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "tea-permit.toml").write_bytes(EXAMPLE.replace("\n", "\r\n").encode())
    file = load_service(tmp_path / "tea-permit.toml")
    assert file.text == EXAMPLE.replace("\n", "\r\n")
    assert file.service == parsed()


# Values


def test_terms_and_hours_are_read() -> None:
    assert term("20 min") == Term(20, Unit.MINUTES)
    assert str(term("3 mo")) == "3 mo"
    assert hours("6 10:00-14:00").weekdays == (6,)
    assert hours("1-6 10:00-14:00").break_from is None


def test_a_condition_by_name_may_be_told_in_words() -> None:
    words = '[condition_names.late]\nkk = "кеш"\nru = "поздно"\nen = "late"\n\n[schedule]'
    assert parsed(("[schedule]", words)).condition_names["late"]["en"] == "late"
    wrong = words.replace("condition_names.late", "condition_names.lat")
    assert problems(("[schedule]", wrong)) == [
        "condition_names.lat: unknown condition lat; did you mean late?"
    ]

"""A service's TOML file, read and checked whole: every problem is named by file, key and reason (S002-33)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar

from domain.checked_file import Problem, Table, one_of, plain_date, plain_text, slug, toml_of, truth, whole
from domain.checked_file import with_placeholders as placeholders
from domain.errors import Refusal
from domain.procedures.definition import (
    APPLICANT,
    PUBLIC,
    SYSTEM,
    Appeals,
    Channel,
    Declared,
    Ground,
    Hours,
    Kind,
    Result,
    Role,
    Schedule,
    Service,
)
from domain.procedures.definition_file_references import check_references
from domain.procedures.definition_file_sense import check_sense
from domain.procedures.definition_file_sentences import line
from domain.procedures.definition_file_steps import (
    a_condition,
    an_id,
    documents_of,
    fact_id,
    fields_of,
    ids,
    maybe_id,
    optional_term,
    steps_of,
    unique,
)
from domain.procedures.graph import check_graph
from domain.procedures.terms import hours

LONGEST_FILE = 300_000
NOTICE_WORDS = frozenset({"number", "service", "due", "link"})
STANDING_ROLES: Mapping[str, Role] = {
    APPLICANT: Role(APPLICANT, {"kk": "Өтініш беруші", "ru": "Заявитель", "en": "Applicant"}),
    SYSTEM: Role(SYSTEM, {"kk": "Жүйе", "ru": "Система", "en": "System"}, automatic=True),
    PUBLIC: Role(PUBLIC, {"kk": "Жұртшылық", "ru": "Общественность", "en": "Public"}),
}


class ServiceInvalid(Refusal):
    """Service files that can't be used; `problems` has all of them, in the order of the files."""

    code: ClassVar[str] = "service_invalid"
    texts: ClassVar[dict[str, str]] = {
        "kk": "Қызмет файлында қателер бар:\n{problems}",
        "ru": "В файле услуги есть ошибки:\n{problems}",
        "en": "The service file has errors:\n{problems}",
    }

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems="\n".join(map(str, problems)))

    def sentence(self, language: str) -> str:
        """The reason in `language` (kk, ru or en), a line for each problem."""
        lines = "\n".join(line(problem, language) for problem in self.problems)
        return self.texts.get(language, self.texts["en"]).format(problems=lines)


def digest_of(text: str) -> str:
    """What tells one text of a service's file from another: SHA-256, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def parse_service(text: str, file: str) -> Service:
    """The service in the TOML `text`; `file` is its name in problems. Raises ServiceInvalid with all of them.

    What a key alone shows is told first; when that is sound, names that lead nowhere; then the order of the steps.
    """
    problems: list[Problem] = []
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_FILE:
        raise ServiceInvalid([Problem(file, "", f"is longer than {LONGEST_FILE // 1000} kB")])
    raw = toml_of(text, file, problems)
    service = _service(Table(raw, "", file, problems)) if raw is not None else None
    for check in (check_references, check_sense, check_graph):
        if service is not None and not problems:
            problems += [Problem(file, key, reason) for key, reason in check(service)]
    if service is None or problems:
        raise ServiceInvalid(problems)
    return service


def _service(top: Table) -> Service | None:
    values: dict[str, Any] = {
        "id": top.required("id", slug),
        "version": top.required("version", _version),
        "effective_from": top.required("effective_from", plain_date),
        "names": top.names(),
        "provider": top.names("provider"),
        "drafter": top.names("drafter"),
        "basis": tuple(table.by_language() for table in top.tables("basis")),
        "prefix": top.required("prefix", _prefix),
        "automation": top.required("automation", one_of("full", "partial", "none")),
        "form": top.required("form", one_of("electronic", "paper", "both")),
        "schedule": _schedule(top),
        "channels": tuple(unique(top, "channels", [_channel(t) for t in top.tables("channels")]).values()),
        "units": {id_: _named(table) for id_, table in _by_id(top, "units").items()},
        "roles": {**STANDING_ROLES, **{id_: _role(id_, t) for id_, t in _by_id(top, "roles").items()}},
        "kinds": unique(top, "kinds", [_kind(table) for table in top.tables("kinds")]),
        "fields": tuple(fields_of(top).values()),
        "documents": tuple(documents_of(top).values()),
        "grounds": unique(top, "grounds", [_ground(table) for table in top.tables("grounds", needed=False)]),
        "results": unique(top, "results", [_result(table) for table in top.tables("results", needed=False)]),
        "first": top.required("first", ids),
        "steps": steps_of(top),
        "ends": {id_: table.by_language() for id_, table in _by_id(top, "ends", needed=True).items()},
        "consent": top.required("consent", truth),
        "texts": {id_: table.by_language(_lines) for id_, table in _by_id(top, "texts").items()},
        "notices": {id_: table.by_language(_notice) for id_, table in _by_id(top, "notices").items()},
        "declared": tuple(_declared(table) for table in top.tables("declared", needed=False)),
        "holder": top.optional("holder", ids) or (),
        "conditions": _conditions(top),
        "condition_names": {
            id_: table.by_language() for id_, table in top.by_id("condition_names", needed=False).items()
        },
        "appeals": _appeals(top),
    }
    effective_to = top.optional("effective_to", plain_date)
    term, starts = optional_term(top), top.optional("starts", maybe_id) or ""
    top.finish()
    _check_dates(top, values["effective_from"], effective_to)
    if top.problems:
        return None
    return Service(**values, effective_to=effective_to, term=term, starts=starts)


def _check_dates(top: Table, effective_from: date | None, effective_to: date | None) -> None:
    if effective_from is not None and effective_to is not None and effective_to < effective_from:
        top.problem("effective_to", f"{effective_to} is before effective_from {effective_from}")


def _by_id(top: Table, key: str, *, needed: bool = False) -> dict[str, Table]:
    found = top.by_id(key, needed=needed)
    for id_ in found:
        try:
            an_id(id_)
        except ValueError as error:
            top.problem(f"{key}.{id_}", str(error))
    return found


def _named(table: Table) -> dict[str, str]:
    names = table.names()
    table.finish()
    return names


def _schedule(top: Table) -> Schedule | None:
    table = top.table("schedule")
    if table is None:
        return None
    office: Hours | None = table.required("office", hours)
    reception = table.optional("reception", hours)
    rolls_over = table.required("rolls_over", truth)
    table.finish()
    return Schedule(office, reception or office, rolls_over) if office and rolls_over is not None else None


def _channel(table: Table) -> tuple[Table, Channel]:
    values: dict[str, Any] = {
        "id": table.required("id", one_of("portal", "office", "state_corporation", "wallet", "internal")),
        "incomplete": table.required("incomplete", one_of("refuse", "accept")),
        "wait_minutes": table.optional("wait_minutes", whole(0, 480)) or 0,
        "serving_minutes": table.optional("serving_minutes", whole(0, 480)) or 0,
        "signs": table.optional("signs", truth) or False,
        "department": table.optional("department", plain_text) or "",
        "address": table.names("address") if "address" in table.raw else {},
        "phone": table.optional("phone", plain_text) or "",
    }
    table.finish()
    return table, Channel(**values)


def _role(id_: str, table: Table) -> Role:
    names = table.names()
    unit = table.optional("unit", maybe_id) or ""
    automatic = table.optional("automatic", truth)
    table.finish()
    standing = STANDING_ROLES.get(id_)
    if standing is not None and automatic not in (None, standing.automatic):
        table.problem("automatic", f"of the role {id_} can't be changed")
    return Role(id_, names, unit, standing.automatic if standing is not None else bool(automatic))


def _kind(table: Table) -> tuple[Table, Kind]:
    id_, names = table.required("id", an_id) or "", table.names()
    kind = Kind(id_, names, optional_term(table), table.optional("when", a_condition) or "true")
    table.finish()
    return table, kind


def _ground(table: Table) -> tuple[Table, Ground]:
    id_, names = table.required("id", an_id) or "", table.names()
    ground = Ground(id_, names, table.optional("clause", plain_text) or "")
    table.finish()
    return table, ground


_FORMS = one_of("licence", "certificate", "accreditation", "refusal", "notice", "minutes")


def _result(table: Table) -> tuple[Table, Result]:
    id_, names = table.required("id", an_id) or "", table.names()
    form = table.required("form", _FORMS) or ""
    validity, refusal = optional_term(table, "validity"), table.optional("refusal", truth) or False
    table.finish()
    return table, Result(id_, names, form, validity, refusal)


def _declared(table: Table) -> Declared:
    values: dict[str, Any] = {
        "clause": table.required("clause", plain_text),
        "state": table.required("state", one_of("silent", "conflict", "missing")),
        "takes": table.names("takes"),
    }
    table.finish()
    return Declared(**values)


def _appeals(top: Table) -> Appeals | None:
    if "appeals" not in top.raw:
        top.taken.add("appeals")
        return None
    table = top.table("appeals")
    if table is None:
        return None
    found = Appeals(*(table.optional(name, maybe_id) or "" for name in ("topic", "shop", "region")))
    table.finish()
    return found


def _conditions(top: Table) -> dict[str, str]:
    if "conditions" not in top.raw:
        top.taken.add("conditions")
        return {}
    table = top.table("conditions")
    found = {}
    for name in table.raw if table is not None else ():
        assert table is not None
        text = table.required(name, a_condition)
        try:
            fact_id(name)
        except ValueError as error:
            table.problem(name, str(error))
        if text is not None:
            found[name] = text
    return found


# Single values: each raises ValueError with the reason


def _version(value: Any) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]+([.-][0-9A-Za-z]+)*", plain_text(value)) or len(value) > 20:
        raise ValueError(f"{value!r} must be Latin letters and digits, joined by dots or hyphens, at most 20")
    return plain_text(value)


def _prefix(value: Any) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", plain_text(value)):
        raise ValueError(
            f"{value!r} must be capital Latin letters and digits, at most 8: case numbers begin so"
        )
    return plain_text(value)


def _lines(value: Any) -> str:
    return plain_text(value, besides="\n")


_notice = placeholders(frozenset(), NOTICE_WORDS)

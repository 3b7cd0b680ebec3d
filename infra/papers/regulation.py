"""The regulation F8, the business-process reference F7 and the mechanism F1, F6, from a service (S002-35 to S002-39)."""

from __future__ import annotations

from datetime import datetime

from domain.procedures.definition import APPLICANT, PUBLIC, SYSTEM, Service
from domain.procedures.longest_path import longest_path
from infra.papers.drawing import drawn, is_wide
from infra.papers.lanes import process_of
from infra.papers.paper import Block, Cell, Drawing, Grid, Item, Items, Paper, Paragraph, Point, Section, cell
from infra.papers.service_words import ServiceWords
from infra.papers.spelling import sentence, term_in_words
from infra.papers.standard import intake, results


def regulation(service: Service, language: str, made_at: datetime) -> Paper:
    """The regulation, with the process drawn in its annex (S002-F8)."""
    told = ServiceWords(service, language)
    words = told.words
    general = (
        Point("1", words["provider"], (Paragraph(told.name(service.provider)), intake(told)), "S002-35"),
        Point("2", words["form"], (Paragraph(sentence(told.form())),), "S002-35"),
        Point("3", words["result"], results(told), "S002-35"),
    )
    actions = (
        Point("4", words["ground_to_start"], (Paragraph(sentence(_ground(told)) + "."),), "S002-36"),
        Point("5", words["procedures"], (_procedures(told),), "S002-36"),
        Point("6", words["procedure_results"], (_results(told),), "S002-36"),
    )
    together = (
        Point("7", words["units"], (_units(told),), "S002-37"),
        Point("8", words["sequence"], (_sequence(told), *_longest(told)), "S002-37"),
    )
    outside = (
        Point("9", words["corporation"], _corporation(told), "S002-38"),
        Point("10", words["other_providers"], _others(told), "S002-38"),
        Point("11", words["portal_sequence"], _portal(told), "S002-38"),
    )
    sections = [
        Section(str(n), words[f"r{n}"], points)
        for n, points in enumerate((general, actions, together, outside), start=1)
    ]
    annex = Section(
        "", words["annex_process"], (Point("", "", (_drawing(told),), "S002-39"),), True, is_wide(told)
    )
    return told.paper("regulation", [*sections, annex], made_at)


def process(service: Service, language: str, made_at: datetime) -> Paper:
    """The business-process reference: the procedures as a table, and the drawing (S002-F7)."""
    told = ServiceWords(service, language)
    drawing, wide = Point("", "", (_drawing(told),), "S002-39"), is_wide(told)
    sections = [
        Section("", told.words["procedures"], (Point("", "", (_procedures(told),), "S002-39"),)),
        Section("", told.words["process"], (drawing,), True, wide),
    ]
    return told.paper("process", sections, made_at, basis=False)


def mechanism(service: Service, language: str, made_at: datetime) -> Paper:
    """The mechanism: the stages in order, who does each and within what time, and the drawing (S002-F1, S002-F6)."""
    told = ServiceWords(service, language)
    wide = is_wide(told)
    sections = [
        Section("", told.words["stages"], (Point("", "", (_stages(told),), "S002-F1"),)),
        Section("", told.words["process"], (Point("", "", (_drawing(told),), "S002-F1"),), True, wide),
    ]
    return told.paper("mechanism", sections, made_at)


def _drawing(told: ServiceWords) -> Drawing:
    return Drawing(drawn(told), told.words["drawing_alt"], _as_table(told))


def _as_table(told: ServiceWords) -> Grid:
    """The lanes as columns, a row for all that stands side by side."""
    process = process_of(told)
    count = len(process.lanes)
    ways: dict[str, list[str]] = {}
    for way in process.ways:
        ends = [process.boxes[target] for target in way.targets if process.boxes[target].shape != "choice"]
        said = ", ".join(f"№ {box.number}" if box.number else box.title for box in ends)
        if said:
            source = way.source.replace("choice:", "step:")
            ways.setdefault(source, []).append(f"{way.label} → {said}" if way.label else f"→ {said}")
    by_row: dict[int, dict[str, Cell]] = {}
    for box in process.boxes.values():
        if box.shape != "choice":
            title = f"{box.number}. {box.title}" if box.number else f"● {box.title}"
            fine = (box.doer, box.term, *ways.get(box.id, ()))
            by_row.setdefault(process.rows[box.id], {})[box.lane] = cell(title, fine=fine)
    rows = tuple(
        tuple(cells.get(lane.id, Cell(("",))) for lane in process.lanes)
        for _, cells in sorted(by_row.items())
    )
    widths = tuple([100 // count] * (count - 1) + [100 - 100 // count * (count - 1)])
    return Grid(tuple(lane.name for lane in process.lanes), rows, widths)


def _ground(told: ServiceWords) -> str:
    channels = [one.id for one in told.service.channels]
    if any(channel != "internal" for channel in channels):
        return told.words["ground_application"]
    return told.words["internal"]


def _procedures(told: ServiceWords) -> Grid:
    words, rows = told.words, []
    for step in told.steps:
        notes = []
        if step.after:
            notes.append(words["after_steps"].format(numbers=told.numbers(step.after)))
        condition = told.conditions.told(step.when)
        if condition:
            notes.append(words["if"].format(condition=condition))
        if step.group:
            notes.append(words["is_group"])
        late = []
        if step.escalates_to:
            late.append(words["escalates"].format(role=told.role(step.escalates_to)))
        if not step.within:
            late.append(words["outside"])
        rows.append(
            (
                cell(str(told.number(step.id))),
                cell(told.name(step.names), fine=notes),
                cell(told.doer(step.role)),
                cell(*told.step_term(step), fine=late),
            )
        )
    heads = (words["no"], words["procedure"], words["who"], words["within"])
    return Grid(heads, tuple(rows), (7, 43, 28, 22))


def _results(told: ServiceWords) -> Grid:
    words, rows = told.words, []
    for step in told.steps:
        for outcome in step.outcomes:
            rows.append(
                (
                    cell(str(told.number(step.id))),
                    cell(told.name(outcome.names), fine=told.outcome_notes(step, outcome)),
                    cell(told.where_next(step, outcome)),
                )
            )
    return Grid((words["no"], words["outcome"], words["next"]), tuple(rows), (7, 58, 35))


def _stages(told: ServiceWords) -> Grid:
    words, rows = told.words, []
    for step in told.steps:
        ways = [f"{told.name(outcome.names)} – {told.where_next(step, outcome)}" for outcome in step.outcomes]
        rows.append(
            (
                cell(str(told.number(step.id))),
                cell(told.name(step.names)),
                cell(told.doer(step.role)),
                cell(*told.step_term(step)),
                cell(*ways),
            )
        )
    heads = (words["no"], words["procedure"], words["who"], words["within"], words["next"])
    return Grid(heads, tuple(rows), (6, 26, 20, 16, 32))


def _units(told: ServiceWords) -> Block:
    lanes: dict[str, tuple[str, list[str]]] = {}
    for step in told.steps:
        for role in (step.role, *(outcome.role for outcome in step.outcomes if outcome.role)):
            if role in (APPLICANT, PUBLIC, SYSTEM) and role not in told.service.roles:
                continue
            lane = told.lane(role)
            roles = lanes.setdefault(lane.id, (lane.name, []))[1]
            if told.role(role) not in roles and told.role(role) != lane.name:
                roles.append(told.role(role))
    if not lanes:
        return Paragraph(sentence(told.words["is_automatic"]) + f": {told.role(SYSTEM)}.")
    return Items(tuple(Item(name, ", ".join(roles)) for name, roles in lanes.values()))


def _sequence(told: ServiceWords) -> Grid:
    words, rows = told.words, []
    first = [
        (cell(told.role(APPLICANT)), cell(told.doer(told.service.steps[step].role)), _done(told, step))
        for step in told.service.first
        if any(channel.id != "internal" for channel in told.service.channels)
    ]
    rows.extend(first)
    for step in told.steps:
        reached: list[str] = []
        for outcome in step.outcomes:
            reached += [one for one in told.next_steps(step, outcome) if one not in reached]
        for target in reached:
            to = told.service.steps[target]
            rows.append((cell(told.doer(step.role)), cell(told.doer(to.role)), _done(told, target)))
        ends = list(dict.fromkeys(outcome.ends for outcome in step.outcomes if outcome.ends))
        if ends:
            said = [words["to_end"].format(end=told.end(end)) for end in ends]
            rows.append((cell(told.doer(step.role)), cell(_ends_with(told)), cell(*said)))
    heads = (words["from_unit"], words["to_unit"], f"{words['procedure']}; {words['within'].lower()}")
    return Grid(heads, tuple(rows), (30, 30, 40))


def _longest(told: ServiceWords) -> tuple[Block, ...]:
    """What the procedures take at most one after another, beside the standard's term (S002-33)."""
    words, items = told.words, []
    for kind in told.service.kinds.values():
        sums = longest_path(told.service, kind.id).sums()
        if sums:
            together = " + ".join(term_in_words(term, told.language) for term in sums)
            promised = told.term(kind.term or told.service.term)
            items.append(
                Item(f"{told.name(kind.names)} – {together}", f"{words['term'].lower()}: {promised}")
            )
    return (Items(tuple(items), numbered=False, title=words["longest"]),) if items else ()


def _ends_with(told: ServiceWords) -> str:
    applied = any(channel.id != "internal" for channel in told.service.channels)
    return told.role(APPLICANT) if applied else "–"


def _done(told: ServiceWords, step: str) -> Cell:
    found = told.service.steps[step]
    return cell(f"{told.number(step)}. {told.name(found.names)}", fine=told.step_term(found))


def _corporation(told: ServiceWords) -> tuple[Block, ...]:
    if "state_corporation" not in {channel.id for channel in told.service.channels}:
        return (Paragraph(sentence(told.words["corporation_none"]) + "."),)
    found = next(channel for channel in told.service.channels if channel.id == "state_corporation")
    does = told.words[f"incomplete_{found.incomplete}"]
    item = Item(told.channel(found.id), f"{told.words['channel_incomplete'].lower()}: {does}")
    return (Items((item,)),)


def _others(told: ServiceWords) -> tuple[Block, ...]:
    """Steps of roles that belong to no unit of the provider: other bodies that are asked."""
    ours = (APPLICANT, SYSTEM, PUBLIC)
    items = tuple(
        Item(
            f"{told.number(step.id)}. {told.name(step.names)} – {told.role(step.role)}",
            "; ".join(told.step_term(step)),
        )
        for step in told.steps
        if step.role not in ours
        and not told.service.roles[step.role].unit
        and not told.service.roles[step.role].automatic
    )
    if not items:
        return (Paragraph(sentence(told.words["no_others"]) + "."),)
    return (Items(items, numbered=False),)


def _portal(told: ServiceWords) -> tuple[Block, ...]:
    words = told.words
    blocks: list[Block] = []
    if "portal" in {channel.id for channel in told.service.channels}:
        items = [Item(words["portal_fills"])]
        items += [
            Item(f"{told.name(step.names)} – {told.role(step.role)}", "; ".join(told.step_term(step)))
            for step in told.steps
            if step.role in (APPLICANT, SYSTEM)
            or (step.role in told.service.roles and told.service.roles[step.role].automatic)
        ]
        items.append(Item(words["portal_gets"]))
        blocks.append(Items(tuple(items)))
    else:
        blocks.append(Paragraph(sentence(words["portal_none"]) + "."))
    if "systems" in told.service.texts:
        blocks.extend(told.text("systems"))
    return tuple(blocks)

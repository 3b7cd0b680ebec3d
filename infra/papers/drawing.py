"""A process drawn as SVG: lanes with their heads, boxes, lines and the legend (S002-39, S000-08)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as Xml

from infra.papers.cleaning import clean
from infra.papers.lanes import process_of
from infra.papers.routes import (
    CHOICE_HEIGHT,
    CHOICE_WIDTH,
    FINE,
    FINE_LINE,
    LINE,
    STANDING_LANES,
    TEXT,
    Label,
    Placed,
    Plan,
    Route,
    plan_of,
)
from infra.papers.service_words import Lane, ServiceWords
from infra.papers.wrapping import width_of, wrapped

SVG = "http://www.w3.org/2000/svg"
FONTS = "'Noto Sans', 'Liberation Sans', Arial, 'DejaVu Sans', sans-serif"
DEEP, INK, FAINT, LINE_COLOUR = "#00525c", "#17242a", "#4c5b62", "#3d5a61"
LEGEND = 54.0
CORNER = 6.0
# How much of a drawing fits a page, as height by width: A4 lying and standing, less margins and the title.
LYING, STANDING = 0.64, 1.5

Node = Xml.Element


def drawn(told: ServiceWords) -> tuple[str, ...]:
    """The process of a service, cut into pages, each with the lanes' heads and, the last, the legend."""
    process = process_of(told)
    plan = plan_of(process)
    longest = plan.width * (LYING if is_wide(told) else STANDING)
    return tuple(
        _page(told, process.lanes, plan, top, bottom, bottom == plan.height)
        for top, bottom in _parts(plan, longest)
    )


def drawn_whole(told: ServiceWords) -> str:
    """The process of a service as one SVG file, however tall."""
    process = process_of(told)
    plan = plan_of(process)
    return _page(told, process.lanes, plan, plan.head, plan.height, True, titled=True)


def is_wide(told: ServiceWords) -> bool:
    """Whether the drawing wants a page that lies."""
    return len(process_of(told).lanes) > STANDING_LANES


def _parts(plan: Plan, longest: float) -> Iterable[tuple[float, float]]:
    """From where to where each page goes: cut between rows, as few pages as can be, of about the same height."""
    room = longest - plan.head - LEGEND
    top = plan.head
    while plan.height - top > room:
        left = plan.height - top
        even = left / -(-left // room)
        reachable = [cut for cut in plan.cuts if top < cut <= top + room]
        if not reachable:
            break
        bottom = min(reachable, key=lambda cut: abs(cut - top - even))
        yield top, bottom
        top = bottom
    yield top, plan.height


def _page(
    told: ServiceWords,
    lanes: tuple[Lane, ...],
    plan: Plan,
    top: float,
    bottom: float,
    last: bool,
    titled: bool = False,
) -> str:
    title_lines = (
        wrapped(f"{told.words['process']}: {told.quoted(told.title)}", 18, plan.width - 20) if titled else []
    )
    above = len(title_lines) * 24 + (44 if titled else 0)
    version = f"{told.service.id}, {told.words['version']} {told.service.version}"
    height = above + plan.head + (bottom - top) + (LEGEND if last else 0)
    root = Xml.Element(
        "svg",
        {
            "xmlns": SVG,
            "viewBox": f"0 0 {plan.width:g} {height:g}",
            "role": "img",
            "aria-label": clean(f"{told.words['process']}: {told.title}"),
            "font-family": FONTS,
            "lang": told.language,
        },
    )
    if titled:
        root.set("width", f"{plan.width:g}")
        root.set("height", f"{height:g}")
        Xml.SubElement(root, "title").text = clean(f"{told.words['process']}: {told.title}")
        _rect(root, 0, 0, plan.width, height, fill="#fff")
        for place, line in enumerate(title_lines):
            _text(root, 10, 26 + place * 24, line, 18, weight="bold", fill=INK)
        _text(root, 10, 28 + len(title_lines) * 24, version, FINE + 1, fill=FAINT)
    _defs(root)
    frame = Xml.SubElement(root, "g", {"transform": f"translate(0 {above:g})"})
    for place, lane in enumerate(lanes):
        _lane(frame, plan, place, lane, plan.head + bottom - top)
    body = Xml.SubElement(
        frame,
        "svg",
        {
            "y": f"{plan.head:g}",
            "width": f"{plan.width:g}",
            "height": f"{bottom - top:g}",
            "viewBox": f"0 {top:g} {plan.width:g} {bottom - top:g}",
        },
    )
    _lines(body, [one for one in plan.routes if _spans(one, top, bottom)])
    for label in plan.labels:
        if top <= label.y <= bottom:
            _label(body, label)
    for placed in plan.boxes:
        if top <= placed.y < bottom:
            _box(body, placed)
    if last:
        _legend(root, told.words, plan.width, height - LEGEND)
    return Xml.tostring(root, encoding="unicode")


def _spans(route: Route, top: float, bottom: float) -> bool:
    heights = [y for _, y in route.points]
    return min(heights) < bottom and max(heights) > top


def _defs(root: Node) -> None:
    marker = Xml.SubElement(
        Xml.SubElement(root, "defs"),
        "marker",
        {
            "id": "arrow",
            "viewBox": "0 0 10 10",
            "refX": "9",
            "refY": "5",
            "markerWidth": "7",
            "markerHeight": "7",
            "orient": "auto",
        },
    )
    Xml.SubElement(marker, "path", {"d": "M0 0L10 5L0 10z", "fill": LINE_COLOUR})


def _lane(parent: Node, plan: Plan, place: int, lane: Lane, height: float) -> None:
    x = place * plan.lane_width
    _rect(parent, x, 0, plan.lane_width, height, fill="#f3f7f8" if place % 2 else "#fff", stroke="#d5dde0")
    _rect(parent, x, 0, plan.lane_width, plan.head, fill=DEEP, stroke="#fff")
    lines = wrapped(lane.name, TEXT, plan.lane_width - 16)
    first = (plan.head - len(lines) * LINE) / 2 + LINE - 4
    for number, line in enumerate(lines):
        _text(
            parent,
            x + plan.lane_width / 2,
            first + number * LINE,
            line,
            TEXT,
            anchor="middle",
            weight="bold",
            fill="#fff",
        )


def _lines(parent: Node, routes: Iterable[Route]) -> None:
    """Lines, those of each box over a white edge, so that a crossing is seen as one."""
    by_source: dict[str, list[str]] = {}
    for route in routes:
        by_source.setdefault(route.source, []).append(_path(route.points))
    for paths in by_source.values():
        for path in paths:
            Xml.SubElement(
                parent,
                "path",
                {"d": path, "fill": "none", "stroke": "#fff", "stroke-width": "5", "opacity": ".85"},
            )
        for path in paths:
            Xml.SubElement(
                parent,
                "path",
                {
                    "d": path,
                    "fill": "none",
                    "stroke": LINE_COLOUR,
                    "stroke-width": "1.4",
                    "marker-end": "url(#arrow)",
                },
            )


def _path(points: tuple[tuple[float, float], ...]) -> str:
    """The corners, rounded."""
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _toward(corner, before), _toward(corner, after)
        parts.append(f"L{a[0]:g} {a[1]:g}Q{corner[0]:g} {corner[1]:g} {b[0]:g} {b[1]:g}")
    parts.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(parts)


def _toward(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    share = min(CORNER, length / 2) / length if length else 0.0
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share


def _label(parent: Node, label: Label) -> None:
    anchor = "end" if label.before else "start"
    first = label.y - (len(label.lines) - 1) * FINE_LINE
    for place, line in enumerate(label.lines):
        node = _text(parent, label.x, first + place * FINE_LINE, line, FINE, anchor=anchor, fill="#7a4a00")
        node.set("stroke", "#fff")
        node.set("stroke-width", "3")
        node.set("paint-order", "stroke")


def _box(parent: Node, placed: Placed) -> None:
    shape = placed.box.shape
    left, middle = placed.x - placed.width / 2, placed.x
    if shape == "choice":
        _diamond(parent, placed.x, placed.y)
        return
    group = Xml.SubElement(parent, "g")
    if shape == "step":
        _rect(group, left, placed.y, placed.width, placed.height, 5, "#fff", DEEP)
    else:
        fill = DEEP if shape == "start" else "#e3f1f3"
        round_ = min(placed.height / 2, 22)
        _rect(group, left, placed.y, placed.width, placed.height, round_, fill, DEEP)
    ink = "#fff" if shape == "start" else INK
    y = placed.y + 10 + LINE - 4
    weight = "normal" if shape == "step" else "bold"
    for line in placed.title:
        _text(group, middle, y, line, TEXT, anchor="middle", weight=weight, fill=ink)
        y += LINE
    if placed.box.number:
        # In a round of its own, on the corner of the box.
        x, top = left + 9, placed.y + 1
        Xml.SubElement(group, "circle", {"cx": f"{x:g}", "cy": f"{top:g}", "r": "11", "fill": DEEP})
        _text(group, x, top + 4, placed.box.number, FINE, anchor="middle", weight="bold", fill="#fff")
    y += 4
    for lines, weight, fill in (
        (placed.doer, "normal", FAINT),
        (placed.notes, "normal", "#fff" if shape == "start" else FAINT),
        (placed.term, "bold", DEEP),
    ):
        for line in lines:
            _text(group, middle, y, line, FINE, anchor="middle", weight=weight, fill=fill)
            y += FINE_LINE


def _diamond(parent: Node, x: float, y: float) -> None:
    w, h = CHOICE_WIDTH / 2, CHOICE_HEIGHT / 2
    d = f"M{x:g} {y:g}L{x + w:g} {y + h:g}L{x:g} {y + 2 * h:g}L{x - w:g} {y + h:g}z"
    Xml.SubElement(parent, "path", {"d": d, "fill": "#fff4d6", "stroke": "#b7791f", "stroke-width": "1.4"})
    _text(parent, x, y + h + 5, "?", TEXT, anchor="middle", weight="bold", fill="#7a4a00")


def _legend(root: Node, words: Mapping[str, str], width: float, top: float) -> None:
    group = Xml.SubElement(root, "g", {"transform": f"translate(0 {top:g})"})
    x, y = 10.0, 32.0
    _text(group, x, y, f"{words['legend']}:", FINE + 1, weight="bold", fill=INK)
    x += width_of(f"{words['legend']}:", FINE + 1) + 14
    for key in ("legend_end", "legend_step", "legend_choice", "legend_transition"):
        if key == "legend_end":
            _rect(group, x, y - 15, 40, 22, 11, "#e3f1f3", DEEP)
        elif key == "legend_step":
            _rect(group, x, y - 15, 40, 22, 4, "#fff", DEEP)
        elif key == "legend_choice":
            _diamond(group, x + 20, y - 4 - CHOICE_HEIGHT / 2)
        else:
            line = {
                "d": f"M{x:g} {y - 4:g}L{x + 40:g} {y - 4:g}",
                "stroke": LINE_COLOUR,
                "stroke-width": "1.4",
            }
            Xml.SubElement(group, "path", {**line, "marker-end": "url(#arrow)"})
        _text(group, x + 50, y, words[key], FINE + 1, fill=INK)
        x += 50 + width_of(words[key], FINE + 1) + 20


def _rect(
    parent: Node,
    x: float,
    y: float,
    width: float,
    height: float,
    radius: float = 0,
    fill: str = "none",
    stroke: str = "none",
) -> None:
    Xml.SubElement(
        parent,
        "rect",
        {
            "x": f"{x:g}",
            "y": f"{y:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "rx": f"{radius:g}",
            "fill": fill,
            "stroke": stroke,
        },
    )


def _text(
    parent: Node,
    x: float,
    y: float,
    text: str,
    size: float,
    anchor: str = "start",
    weight: str = "normal",
    fill: str = INK,
) -> Node:
    node = Xml.SubElement(
        parent,
        "text",
        {
            "x": f"{x:g}",
            "y": f"{y:g}",
            "font-size": f"{size:g}",
            "text-anchor": anchor,
            "font-weight": weight,
            "fill": fill,
        },
    )
    node.text = clean(text)
    return node

"""Where the boxes of a process stand on the drawing and which way its lines run, in pixels; nothing is drawn yet.

Between two rows lies a channel, in which each way has a track of its own with room for its label; between two lanes
a gutter. A line runs in its source's or its target's lane where that is free, else in the gutter beside the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.papers.lanes import Box, Process, Way
from infra.papers.wrapping import width_of, wrapped

TEXT, FINE = 13.0, 11.0
LINE, FINE_LINE = 16.0, 14.0
PAGE_WIDTH = 1280.0
NARROWEST, WIDEST, NARROWEST_BOX = 176.0, 250.0, 142.0
STANDING_WIDTH, STANDING_LANES = 1056.0, 6
GUTTER = 34.0  # between the boxes of two lanes
TRACK = 14.0  # between two tracks without labels
MARGIN = 10.0  # above the first track of a channel and below its last
CHOICE_WIDTH, CHOICE_HEIGHT = 48.0, 34.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A box where it stands, its texts in lines."""

    box: Box
    x: float  # of its middle
    y: float  # of its top
    width: float
    height: float
    title: tuple[str, ...] = ()
    doer: tuple[str, ...] = ()
    term: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def bottom(self) -> float:
        """Where lines leave it."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Label:
    """Words at a line: `before` it (to its left) or after it, `y` of the last line's foot."""

    lines: tuple[str, ...]
    x: float
    y: float
    before: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A line by its corners, from a box's foot to another's top."""

    source: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole drawing. `cuts` are heights at which it may be parted into pages."""

    width: float
    height: float
    lane_width: float
    head: float
    boxes: tuple[Placed, ...]
    routes: tuple[Route, ...]
    labels: tuple[Label, ...]
    cuts: tuple[float, ...]


@dataclass(slots=True)
class _Track:
    """A horizontal piece in a channel: a way's departure, or the last piece of a line that came by a gutter."""

    way: int
    left: float
    right: float
    height: float
    below: float = 0.0  # from the channel's top


@dataclass(slots=True)
class _Leg:
    """How one way reaches one target: down the target's column, the source's, or a gutter at `gutter`."""

    way: int
    target: str
    by: str
    border: int = 0
    place: int = 0
    gutter: float = 0.0
    arrival: _Track | None = None


@dataclass(slots=True)
class _Routing:
    process: Process
    lane_width: float
    columns: dict[str, int]
    held: dict[tuple[int, int], str] = field(default_factory=dict)
    gutters: dict[tuple[int, int], set[int]] = field(default_factory=dict)

    def middle(self, column: int) -> float:
        return (column + 0.5) * self.lane_width

    def column(self, box: str) -> int:
        return self.columns[self.process.boxes[box].lane]

    def free(self, column: int, rows: range, owner: str) -> bool:
        return all(self.held.get((column, row), owner) == owner for row in rows)

    def hold(self, column: int, rows: range, owner: str) -> None:
        self.held.update({(column, row): owner for row in rows})

    def place(self, border: int, rows: range) -> int:
        """Which line of the gutter at this border of lanes nothing else uses in these rows, from 1."""
        place = 1
        while any(place in self.gutters.get((border, row), ()) for row in rows):
            place += 1
        for row in rows:
            self.gutters.setdefault((border, row), set()).add(place)
        return place

    def gutter(self, border: int, place: int) -> float:
        """Where that line runs."""
        return border * self.lane_width + self._aside(border, place)

    def _aside(self, border: int, place: int) -> float:
        """How far from the border: to both sides in turn, at the drawing's own edges inwards."""
        if border in (0, len(self.columns)):
            return 6.0 * (place if border == 0 else -place)
        return 6.0 * ((place + 1) // 2) * (-1 if place % 2 else 1)

    def widest_gutter(self) -> float:
        """How far from its border the outermost line of any gutter runs."""
        asides = (
            abs(self._aside(border, place))
            for (border, _), places in self.gutters.items()
            for place in places
        )
        return max(asides, default=0.0)


def plan_of(process: Process) -> Plan:
    """Where everything stands and runs."""
    count = len(process.lanes)
    wanted = STANDING_WIDTH if count <= STANDING_LANES else PAGE_WIDTH
    lane_width = min(WIDEST, max(NARROWEST, wanted / count))
    columns = {lane.id: place for place, lane in enumerate(process.lanes)}
    routing = _Routing(process, lane_width, columns)
    for box, row in process.rows.items():
        routing.held[routing.column(box), row] = f"box:{box}"
    row_count = max(process.rows.values()) + 1
    legs = _legs(routing)
    between = max(GUTTER, 2 * routing.widest_gutter() + 10)
    routing.lane_width = lane_width = max(lane_width, NARROWEST_BOX + between)
    for leg in legs:
        leg.gutter = routing.gutter(leg.border, leg.place)
    sized = {box.id: _sized(box, lane_width - between) for box in process.boxes.values()}
    channels = _channels(routing, legs, row_count)

    heads = [wrapped(lane.name, TEXT, lane_width - 16) for lane in process.lanes]
    head = max(len(lines) for lines in heads) * LINE + 18
    tops, bottoms, y = [], [], head + 20
    for row in range(row_count):
        tops.append(y)
        tallest = max(sized[box].height for box in process.boxes if process.rows[box] == row)
        bottoms.append(y + tallest)
        y += tallest + channels[row][1]
    height = bottoms[-1] + 20
    boxes = {
        box: Placed(
            one.box,
            routing.middle(routing.column(box)),
            tops[process.rows[box]],
            one.width,
            one.height,
            one.title,
            one.doer,
            one.term,
            one.notes,
        )
        for box, one in sized.items()
    }
    routes, labels = _drawn(routing, legs, channels, boxes, bottoms)
    return Plan(
        lane_width * count,
        height,
        lane_width,
        head,
        tuple(boxes.values()),
        tuple(routes),
        tuple(labels),
        tuple(bottom + 2 for bottom in bottoms[:-1]),
    )


def _sized(box: Box, width: float) -> Placed:
    inner = width - 14
    if box.shape == "choice":
        return Placed(box, 0, 0, CHOICE_WIDTH, CHOICE_HEIGHT)
    title = tuple(wrapped(box.title, TEXT, inner))
    doer = tuple(wrapped(box.doer, FINE, inner)) if box.doer else ()
    term = tuple(wrapped(box.term, FINE, inner)) if box.term else ()
    notes = tuple(line for note in box.notes for line in wrapped(note, FINE, inner))
    fine = len(doer) + len(term) + len(notes)
    height = 20 + len(title) * LINE + (6 + fine * FINE_LINE if fine else 0)
    return Placed(box, 0, 0, width, height, title, doer, term, notes)


def _legs(routing: _Routing) -> list[_Leg]:
    """How each way reaches each of its targets; short ones choose first."""
    process = routing.process
    wanted = [
        (process.rows[target] - process.rows[way.source], place, target)
        for place, way in enumerate(process.ways)
        for target in way.targets
    ]
    legs = []
    for _, place, target in sorted(wanted, key=lambda one: (one[0], one[1])):
        way = process.ways[place]
        between = range(process.rows[way.source] + 1, process.rows[target])
        source, column = routing.column(way.source), routing.column(target)
        if routing.free(column, between, f"to:{target}"):
            routing.hold(column, between, f"to:{target}")
            legs.append(_Leg(place, target, "target"))
        elif len(way.targets) == 1 and routing.free(source, between, f"from:{place}"):
            routing.hold(source, between, f"from:{place}")
            legs.append(_Leg(place, target, "source"))
        else:
            border = column + 1 if source > column or (source == column == 0) else column
            legs.append(_Leg(place, target, "gutter", border, routing.place(border, between)))
    return legs


def _channels(
    routing: _Routing, legs: Sequence[_Leg], row_count: int
) -> list[tuple[dict[int, _Track], float]]:
    """The tracks of the channel under each row, by way, and the channel's height."""
    process = routing.process
    channels: list[tuple[dict[int, _Track], float]] = []
    for row in range(row_count):
        departing = _ordered(routing, _departures(routing, legs, row), row)
        arriving = []
        for leg in legs:
            if leg.by == "target" or process.rows[leg.target] - 1 != row:
                continue
            if leg.by == "source" and process.rows[process.ways[leg.way].source] == row:
                continue  # the departure's own track leads there already
            start = leg.gutter if leg.by == "gutter" else _middle(routing, process.ways[leg.way].source)
            end = _middle(routing, leg.target)
            leg.arrival = _Track(leg.way, min(start, end), max(start, end), TRACK)
            arriving.append(leg.arrival)
        placed: list[_Track] = []
        for track in [*departing, *arriving]:
            above = [
                one.below for one in placed if one.left - 10 < track.right and track.left - 10 < one.right
            ]
            track.below = max(above, default=MARGIN) + track.height
            placed.append(track)
        depth = max((track.below for track in placed), default=MARGIN) + MARGIN + 4
        channels.append(({track.way: track for track in departing}, depth))
    return channels


def _departures(routing: _Routing, legs: Sequence[_Leg], row: int) -> list[_Track]:
    process, found = routing.process, []
    for place, way in enumerate(process.ways):
        if process.rows[way.source] != row:
            continue
        start = _middle(routing, way.source)
        reached = [start]
        for leg in legs:
            if leg.way == place and leg.by != "source":
                reached.append(leg.gutter if leg.by == "gutter" else _middle(routing, leg.target))
        left, right, height = min(reached), max(reached), TRACK
        if way.label:
            lines = wrapped(way.label, FINE, routing.lane_width - 28)
            widest = max(width_of(line, FINE) for line in lines) + 12
            height = len(lines) * FINE_LINE + 10
            if left < start and right == start:
                left = min(left, start - widest)
            else:
                right = max(right, start + widest)
        elif left == right:
            continue
        found.append(_Track(place, left, right, height))
    return found


def _ordered(routing: _Routing, tracks: list[_Track], row: int) -> list[_Track]:
    """From the top: of one source the ways that go far first; none enters a lane above what leaves a box there."""
    process = routing.process

    def span(track: _Track) -> float:
        start = _middle(routing, process.ways[track.way].source)
        ends = [_middle(routing, target) for target in process.ways[track.way].targets]
        return max(abs(end - start) for end in ends)

    def lies_over(upper: _Track, lower: _Track) -> bool:
        one, other = process.ways[upper.way], process.ways[lower.way]
        if one.source == other.source:
            return span(upper) > span(lower)
        return any(routing.column(target) == routing.column(one.source) for target in other.targets)

    left = sorted(tracks, key=span, reverse=True)
    found: list[_Track] = []
    while left:
        top = next(
            (one for one in left if not any(lies_over(other, one) for other in left if other is not one)),
            left[0],
        )
        left.remove(top)
        found.append(top)
    return found


def _middle(routing: _Routing, box: str) -> float:
    return routing.middle(routing.column(box))


def _drawn(
    routing: _Routing,
    legs: Sequence[_Leg],
    channels: Sequence[tuple[dict[int, _Track], float]],
    boxes: dict[str, Placed],
    bottoms: Sequence[float],
) -> tuple[list[Route], list[Label]]:
    process = routing.process
    routes, labels = [], []
    for leg in legs:
        way = process.ways[leg.way]
        source, target = boxes[way.source], boxes[leg.target]
        track = channels[process.rows[way.source]][0].get(leg.way)
        points = [(source.x, source.bottom)]
        if leg.by != "source" and track is not None:
            y = bottoms[process.rows[way.source]] + track.below
            across = leg.gutter if leg.by == "gutter" else target.x
            points += [(source.x, y), (across, y)]
        if leg.arrival is not None:
            y = bottoms[process.rows[leg.target] - 1] + leg.arrival.below
            points += [(points[-1][0], y), (target.x, y)]
        elif leg.by == "source" and track is not None and source.x != target.x:
            y = bottoms[process.rows[way.source]] + track.below
            points += [(source.x, y), (target.x, y)]
        points.append((target.x, target.y))
        routes.append(Route(way.source, _straightened(points)))
    for place, way in enumerate(process.ways):
        track = channels[process.rows[way.source]][0].get(place)
        if way.label and track is not None:
            labels.append(_label(routing, way, track, boxes[way.source], bottoms[process.rows[way.source]]))
    return routes, labels


def _label(routing: _Routing, way: Way, track: _Track, source: Placed, bottom: float) -> Label:
    lines = tuple(wrapped(way.label, FINE, routing.lane_width - 28))
    before = all(_middle(routing, target) <= source.x for target in way.targets) and any(
        _middle(routing, target) < source.x for target in way.targets
    )
    x = source.x - 7 if before else source.x + 7
    return Label(lines, x, bottom + track.below - 5, before)


def _straightened(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Without corners that are none."""
    found: list[tuple[float, float]] = []
    for point in points:
        if found and found[-1] == point:
            continue
        if len(found) > 1 and (
            found[-2][0] == found[-1][0] == point[0] or found[-2][1] == found[-1][1] == point[1]
        ):
            found[-1] = point
        else:
            found.append(point)
    return tuple(found)
